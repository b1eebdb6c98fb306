//! Breadth-first search against its checker and petgraph.

mod common;

use common::{GO, Rows, large, on_any_threads, rows};
use petgraph::algo::dijkstra;
use petgraph::graph::{DiGraph, NodeIndex};
use pf_graph_core::algo::{BfsConfig, bfs};
use pf_graph_core::verify::check_bfs;
use pf_graph_core::{IdOrder, NO_VERTEX};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn levels_and_parents(
        rows in rows(0.0..1.0f64),
        picks in vec(any::<prop::sample::Index>(), 1..4),
        max_depth in prop::option::of(0..6u32),
    ) {
        let graph = rows.graph(IdOrder::Appearance);
        let sources: Vec<u32> = picks.iter().map(|pick| pick.index(rows.n as usize) as u32).collect();
        let result = bfs(&graph, &BfsConfig { max_depth }, &sources, &GO).unwrap();
        prop_assert_eq!(check_bfs(&rows.edges(), &sources, max_depth, &result), Ok(()));

        let arcs = rows.edges().arcs().map(|(u, v, _)| (u as u32, v as u32));
        let mut oracle = DiGraph::<(), ()>::from_edges(arcs);
        while oracle.node_count() < rows.n as usize {
            oracle.add_node(());
        }
        for v in 0..rows.n {
            let hops = |source: &u32| {
                dijkstra(&oracle, NodeIndex::new(*source as usize), None, |_| 1)
                    .get(&NodeIndex::new(v as usize)).copied()
            };
            let expected = sources.iter().filter_map(hops).min()
                .filter(|&hops: &u32| max_depth.is_none_or(|max| hops <= max));
            prop_assert_eq!(result.distance[v as usize], expected.map_or(-1, |hops| hops as i32));
        }
    }
}

#[test]
fn parent_is_the_smallest_on_the_level_before() {
    // 4 is met first from 3, then from 1; 2 is nearer to 4 in index but on the same level.
    let graph = Rows::new(5, &[(0, 3), (0, 1), (3, 4), (1, 4), (1, 2), (2, 4)], true);
    let result = bfs(&graph.graph(IdOrder::Appearance), &BfsConfig::default(), &[0], &GO).unwrap();
    assert_eq!(result.distance, [0, 1, 2, 1, 2]);
    assert_eq!(result.predecessor, [NO_VERTEX, 0, 1, 0, 1]);
}

#[test]
fn large_graphs_at_any_threads() {
    for directed in [true, false] {
        let rows = large(directed);
        let result = on_any_threads(|| {
            bfs(&rows.graph(IdOrder::Sorted), &BfsConfig::default(), &[0, 7], &GO).unwrap()
        });
        assert_eq!(check_bfs(&rows.edges(), &[0, 7], None, &result), Ok(()));
    }
}
