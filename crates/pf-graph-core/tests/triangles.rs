//! Triangles, clustering, transitivity and core numbers against their checkers.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;
mod small;

use common::{GO, Rows, bits, large, on_any_threads, rows};
use pf_graph_core::IdOrder;
use pf_graph_core::algo::{clustering, core_number, transitivity, triangle_count, triangles};
use pf_graph_core::verify::{check_clustering, check_core_number, check_triangles};
use proptest::prelude::*;

fn check(rows: &Rows) {
    let graph = rows.graph(IdOrder::Appearance);
    let counted = triangles(&graph, &GO).unwrap();
    assert_eq!(check_triangles(&rows.edges(), &counted), Ok(()), "{rows:?}");
    assert_eq!(triangle_count(&graph, &GO).unwrap(), counted.total, "{rows:?}");
    let clustered = clustering(&graph, &GO).unwrap();
    assert_eq!(check_clustering(&rows.edges(), &clustered), Ok(()), "{rows:?}");
    let cores = core_number(&graph, &GO).unwrap();
    assert_eq!(check_core_number(&rows.edges(), &cores), Ok(()), "{rows:?}");

    let share = transitivity(&graph, &GO).unwrap();
    let undirected = Rows { directed: false, ..rows.clone() };
    let mut neighbours = vec![std::collections::BTreeSet::new(); rows.n as usize];
    for (u, v, _) in undirected.edges().arcs().filter(|arc| arc.0 != arc.1) {
        neighbours[u].insert(v);
    }
    let pairs: usize = neighbours.iter().map(|set| set.len() * set.len().saturating_sub(1)).sum();
    let expected = if counted.total == 0 { 0.0 } else { 6.0 * counted.total as f64 / pairs as f64 };
    assert_eq!(bits(&[share]), bits(&[expected]), "{rows:?}");
}

/// Few vertices and many edges, so that triangles abound.
fn dense() -> impl Strategy<Value = Rows> {
    (3..14u32, any::<bool>()).prop_flat_map(|(n, directed)| {
        let edges = prop::collection::vec((0..n, 0..n), 0..150);
        edges.prop_map(move |edges| Rows::new(n, &edges, directed))
    })
}

/// A hub that all others are joined to, itself first, and some edges between the others: ranks by
/// degree are needed.
fn hub() -> impl Strategy<Value = Rows> {
    (60..120u32, any::<bool>()).prop_flat_map(|(n, directed)| {
        let edges = prop::collection::vec((0..n, 0..n), 0..40);
        edges.prop_map(move |mut edges| {
            edges.extend((1..n).map(|v| if v % 3 == 0 { (v, 0) } else { (0, v) }));
            edges.extend((1..n / 2).map(|v| (v, 0)));
            Rows::new(n, &edges, directed)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn sparse_graphs(rows in rows(0.0..1.0f64)) {
        check(&rows);
    }

    #[test]
    fn dense_graphs(rows in dense()) {
        check(&rows);
    }

    #[test]
    fn names_of_vertices_do_not_matter(rows in dense(), seed in any::<u64>()) {
        let name = small::names(rows.n, seed);
        let graph = rows.graph(IdOrder::Appearance);
        let other = small::renamed(&rows, &name).graph(IdOrder::Sorted);
        let moved = small::at_new_names(&triangles(&graph, &GO).unwrap().triangles, &name);
        prop_assert_eq!(moved, triangles(&other, &GO).unwrap().triangles);
        let moved = small::at_new_names(&clustering(&graph, &GO).unwrap().clustering, &name);
        prop_assert_eq!(bits(&moved), bits(&clustering(&other, &GO).unwrap().clustering));
        let moved = small::at_new_names(&core_number(&graph, &GO).unwrap().core_number, &name);
        prop_assert_eq!(moved, core_number(&other, &GO).unwrap().core_number);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn hubs(rows in hub()) {
        check(&rows);
    }
}

#[test]
fn every_small_graph() {
    for directed in [true, false] {
        small::every_graph(directed).for_each(|rows| check(&rows));
    }
}

#[test]
fn values_of_networkx() {
    // networkx 3.6 for these rows without loops: nx.clustering, nx.core_number.
    let edges = [(0, 1), (1, 2), (2, 0), (1, 0), (2, 3), (3, 0), (3, 4), (4, 2), (0, 1), (3, 3)];
    let graph = Rows::new(5, &edges, true).graph(IdOrder::Appearance);
    let expected = [0.3, 0.5, 1.0 / 3.0, 1.0 / 3.0, 0.5];
    assert_eq!(bits(&clustering(&graph, &GO).unwrap().clustering), bits(&expected));
    assert_eq!(core_number(&graph, &GO).unwrap().core_number, [2; 5]);
    let graph = Rows::new(5, &edges, false).graph(IdOrder::Appearance);
    let expected = [2.0 / 3.0, 1.0, 0.5, 2.0 / 3.0, 1.0];
    assert_eq!(bits(&clustering(&graph, &GO).unwrap().clustering), bits(&expected));
    assert_eq!(core_number(&graph, &GO).unwrap().core_number, [2; 5]);
    assert_eq!(core_number(&graph, &GO).unwrap().degeneracy, 2);
    assert_eq!(triangles(&graph, &GO).unwrap().triangles, [2, 1, 3, 2, 1]);
}

#[test]
fn large_graphs_at_any_threads() {
    for directed in [true, false] {
        let rows = large(directed);
        let (counted, total, clustered, cores) = on_any_threads(|| {
            let graph = rows.graph(IdOrder::Sorted);
            let clustered = clustering(&graph, &GO).unwrap();
            let counted = triangles(&graph, &GO).unwrap();
            (counted, triangle_count(&graph, &GO), clustered, core_number(&graph, &GO).unwrap())
        });
        assert_eq!(check_triangles(&rows.edges(), &counted), Ok(()));
        assert_eq!(total, Ok(counted.total));
        assert_eq!(check_clustering(&rows.edges(), &clustered), Ok(()));
        assert_eq!(check_core_number(&rows.edges(), &cores), Ok(()));
    }
}
