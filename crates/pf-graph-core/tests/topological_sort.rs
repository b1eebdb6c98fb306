//! Topological sort against its checker and petgraph.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]
#![allow(clippy::panic, reason = "helpers are part of the tests")]

mod common;
mod small;

use common::{GO, Rows, large, message, on_any_threads, rows};
use petgraph::algo::is_cyclic_directed;
use petgraph::graph::DiGraph;
use pf_graph_core::algo::topological_sort;
use pf_graph_core::verify::check_topological_sort;
use pf_graph_core::{GraphError, IdOrder};
use proptest::prelude::*;

fn check(rows: &Rows) {
    let arcs = rows.edges().arcs().map(|(u, v, _)| (u as u32, v as u32));
    let is_cyclic = is_cyclic_directed(&DiGraph::<(), ()>::from_edges(arcs));
    match topological_sort(&rows.graph(IdOrder::Appearance), &GO) {
        Ok(result) => {
            assert!(!is_cyclic, "{rows:?}");
            assert_eq!(check_topological_sort(&rows.edges(), &result), Ok(()), "{rows:?}");
        }
        Err(GraphError::NotADag { vertices, .. }) => {
            assert!(is_cyclic, "{rows:?}");
            let cycle: Vec<u32> = vertices.iter().map(|id| id.parse().unwrap()).collect();
            for (i, &u) in cycle.iter().enumerate() {
                let v = cycle[(i + 1) % cycle.len()];
                let has_arc = rows.src.iter().zip(&rows.dst).any(|arc| arc == (&u, &v));
                assert!(has_arc, "{cycle:?} in {rows:?}");
                assert!(!cycle[..i].contains(&u), "{cycle:?}");
                assert!(cycle[0] <= u, "{cycle:?}");
            }
        }
        Err(other) => panic!("{other}"),
    }
}

/// Arcs turned so that they ascend under some names of the vertices.
fn without_cycles(rows: &Rows, seed: u64) -> Rows {
    let name = small::names(rows.n, seed);
    let mut rows = rows.clone();
    for (u, v) in rows.src.iter_mut().zip(&mut rows.dst) {
        if name[*u as usize] > name[*v as usize] {
            std::mem::swap(u, v);
        }
    }
    let keep: Vec<usize> = (0..rows.src.len()).filter(|&i| rows.src[i] != rows.dst[i]).collect();
    Rows { directed: true, ..rows.shuffled(&keep) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn orders_and_cycles(rows in rows(0.0..1.0f64), seed in any::<u64>()) {
        check(&without_cycles(&rows, seed));
        check(&Rows { directed: true, ..rows });
    }
}

#[test]
fn every_small_graph() {
    small::every_graph(true).for_each(|rows| check(&rows));
}

#[test]
fn order_and_generations_of_networkx() {
    // networkx 3.6 on a MultiDiGraph with these rows; vertex 1 is released by the first of its
    // parallel arcs from 3, before 2.
    let edges = [(0, 4), (5, 3), (0, 4), (3, 1), (4, 2), (3, 2), (4, 1), (3, 1)];
    let rows = Rows::new(6, &edges, true);
    let result = topological_sort(&rows.graph(IdOrder::Appearance), &GO).unwrap();
    assert_eq!(result.order, [0, 5, 4, 3, 1, 2]);
    assert_eq!(result.generation, [0, 0, 1, 1, 2, 2]);
}

#[test]
fn errors_name_the_cycle() {
    let control = &GO;
    let rows = Rows::new(6, &[(4, 3), (3, 1), (1, 4), (4, 0), (0, 2), (5, 4)], true);
    let error = "graph has a cycle: 1->4->3->1";
    assert_eq!(message(topological_sort(&rows.graph(IdOrder::Sorted), control)), error);
    let rows = Rows::new(2, &[(0, 1), (1, 1)], true);
    let error = "graph has a cycle: 1->1";
    assert_eq!(message(topological_sort(&rows.graph(IdOrder::Sorted), control)), error);
    let rows = Rows::new(2, &[(0, 1)], false);
    let error = "directed: topological_sort needs a directed graph";
    assert_eq!(message(topological_sort(&rows.graph(IdOrder::Sorted), control)), error);
}

#[test]
fn large_graphs_at_any_threads() {
    let rows = without_cycles(&large(true), 1);
    let result =
        on_any_threads(|| topological_sort(&rows.graph(IdOrder::Appearance), &GO).unwrap());
    assert_eq!(check_topological_sort(&rows.edges(), &result), Ok(()));
}
