//! Graphs: rows, order, levels, cycles, size.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod graphs;

use std::collections::BTreeSet;

use graphs::{ancestors, dags, edges, names};
use pf_workflow_core::{Dag, WorkflowError};
use proptest::collection::vec;
use proptest::prelude::*;

fn cycle(count: usize, edges: &[(u32, u32)]) -> Vec<String> {
    match Dag::new(names(count), edges) {
        Err(WorkflowError::Cycle { path }) => path,
        other => panic!("no cycle: {other:?}"),
    }
}

#[test]
fn dependencies_keep_the_order_of_their_edges_and_count_once() {
    let dag = Dag::new(names(4), &[(2, 3), (0, 3), (2, 3), (1, 3), (0, 1)]).unwrap();
    assert_eq!(dag.dependencies(3), [2, 0, 1]);
    assert_eq!(dag.dependents(0), [1, 3]);
    assert_eq!(dag.edges().collect::<Vec<_>>(), [(0, 1), (0, 3), (1, 3), (2, 3)]);
    assert_eq!(dag.levels(), [vec![0, 2], vec![1], vec![3]]);
    assert_eq!(dag.name(2), "s2");
}

#[test]
fn empty_graph() {
    let dag = Dag::new(Vec::new(), &[]).unwrap();
    assert!(dag.is_empty() && dag.topological_order().is_empty() && dag.levels().is_empty());
}

#[test]
fn duplicate_name_and_edge_out_of_range() {
    let twice = Dag::new(vec!["a".into(), "b".into(), "a".into()], &[]).unwrap_err();
    assert_eq!(twice.to_string(), "two steps are named 'a'");
    let outside = Dag::new(names(2), &[(0, 2)]).unwrap_err();
    assert!(matches!(outside, WorkflowError::InvalidEdge { from: 0, to: 2, nodes: 2 }));
    assert_eq!(outside.to_string(), "edge 0 -> 2 leaves the graph of 2 nodes");
}

#[test]
fn cycles_are_named_from_their_lowest_node() {
    assert_eq!(cycle(1, &[(0, 0)]), ["s0", "s0"]);
    assert_eq!(cycle(4, &[(0, 3), (3, 2), (2, 3), (2, 1)]), ["s2", "s3", "s2"]);
    let error = Dag::new(names(3), &[(2, 0), (0, 1), (1, 2)]).unwrap_err();
    assert_eq!(error.to_string(), "steps wait for each other: s0 -> s1 -> s2 -> s0");
}

#[test]
fn long_cycle_does_not_recurse() {
    let count = 100_000u32;
    let ring: Vec<_> = (0..count).map(|node| (node, (node + 1) % count)).collect();
    let path = cycle(count as usize, &ring);
    assert_eq!(path.len(), count as usize + 1);
    assert_eq!(path[0], path[count as usize]);
}

#[test]
fn hundred_thousand_nodes_in_a_chain_and_in_a_fan() {
    let count = 100_000u32;
    let chain: Vec<_> = (1..count).map(|node| (node - 1, node)).collect();
    let dag = Dag::new(names(count as usize), &chain).unwrap();
    assert_eq!(dag.levels().len(), count as usize);
    assert!(dag.topological_order().into_iter().eq(0..count));
    let fan_in: Vec<_> = (1..count).map(|node| (node, 0)).collect();
    let dag = Dag::new(names(count as usize), &fan_in).unwrap();
    assert_eq!(dag.dependencies(0).len(), count as usize - 1);
    assert_eq!(dag.levels().len(), 2);
    assert_eq!(dag.topological_order().last(), Some(&0));
}

proptest! {
    #[test]
    fn rows_hold_the_edges((count, edges) in edges(20)) {
        let dag = Dag::new(names(count), &edges).unwrap();
        let expected: BTreeSet<_> = edges.iter().copied().collect();
        prop_assert!(dag.edges().eq(expected.iter().copied()));
        for node in 0..count as u32 {
            let mut first_seen: Vec<u32> = Vec::new();
            for &(from, _) in edges.iter().filter(|&&(_, to)| to == node) {
                if !first_seen.contains(&from) {
                    first_seen.push(from);
                }
            }
            prop_assert_eq!(dag.dependencies(node), first_seen);
        }
    }

    #[test]
    fn order_takes_the_lowest_free_node(dag in dags(20)) {
        let order = dag.topological_order();
        let mut taken = BTreeSet::new();
        for &node in &order {
            let free = |candidate: &u32| {
                !taken.contains(candidate)
                    && dag.dependencies(*candidate).iter().all(|d| taken.contains(d))
            };
            prop_assert_eq!(Some(node), (0..dag.len() as u32).find(free));
            taken.insert(node);
        }
        prop_assert_eq!(taken.len(), dag.len());
    }

    #[test]
    fn level_is_the_longest_path(dag in dags(20)) {
        let levels = dag.levels();
        let level = |node| levels.iter().position(|level| level.contains(&node));
        prop_assert_eq!(levels.iter().map(Vec::len).sum::<usize>(), dag.len());
        for node in 0..dag.len() as u32 {
            let above = dag.dependencies(node).iter().filter_map(|&d| level(d)).max();
            prop_assert_eq!(level(node), Some(above.map_or(0, |above| above + 1)));
        }
    }

    #[test]
    fn reported_cycles_exist_and_none_is_missed(
        count in 1..12u32,
        pairs in vec((0..12u32, 0..12u32), 0..40),
    ) {
        let edges: Vec<_> = pairs.iter().map(|&(a, b)| (a % count, b % count)).collect();
        match Dag::new(names(count as usize), &edges) {
            Ok(dag) => {
                for node in 0..count {
                    prop_assert!(!ancestors(&dag, node).contains(&node));
                }
            }
            Err(WorkflowError::Cycle { path }) => {
                prop_assert!(path.len() > 1);
                prop_assert_eq!(path.first(), path.last());
                let nodes: Vec<u32> = path.iter().map(|name| name[1..].parse().unwrap()).collect();
                prop_assert_eq!(nodes.iter().min(), nodes.first());
                let distinct: BTreeSet<_> = nodes.iter().collect();
                prop_assert_eq!(distinct.len(), nodes.len() - 1);
                for pair in nodes.windows(2) {
                    prop_assert!(edges.contains(&(pair[0], pair[1])));
                }
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}
