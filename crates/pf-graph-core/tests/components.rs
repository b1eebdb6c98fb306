//! Components against their checkers and petgraph.

mod common;

use common::{GO, Rows, large, on_any_threads, rows};
use petgraph::algo::{connected_components, kosaraju_scc};
use petgraph::graph::DiGraph;
use pf_graph_core::algo::{ComponentsMode, components};
use pf_graph_core::generate::{grid, rmat, uniform};
use pf_graph_core::verify::{Edges, check_strong_components, check_weak_components};
use pf_graph_core::{BuildOptions, Graph, IdOrder};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn both_modes(rows in rows(0.0..1.0f64)) {
        let graph = rows.graph(IdOrder::Appearance);
        let mut oracle =
            DiGraph::<(), ()>::from_edges(rows.edges().arcs().map(|(u, v, _)| (u as u32, v as u32)));
        while oracle.node_count() < rows.n as usize {
            oracle.add_node(());
        }

        let weak = components(&graph, ComponentsMode::Weak, &GO).unwrap();
        prop_assert_eq!(check_weak_components(&rows.edges(), &weak), Ok(()));
        prop_assert_eq!(weak.count, connected_components(&oracle));

        let strong = components(&graph, ComponentsMode::Strong, &GO).unwrap();
        prop_assert_eq!(check_strong_components(&rows.edges(), &strong), Ok(()));
        let expected = kosaraju_scc(&oracle);
        prop_assert_eq!(strong.count, expected.len());
        for members in expected {
            let label = strong.component[members[0].index()];
            prop_assert!(members.iter().all(|v| strong.component[v.index()] == label));
        }
        if !rows.directed {
            prop_assert_eq!(weak, strong);
        }
    }
}

#[test]
fn labels_count_from_the_first_vertex() {
    let rows = Rows::new(6, &[(5, 1), (1, 5), (4, 2), (2, 2), (0, 4)], true);
    let graph = rows.graph(IdOrder::Appearance);
    let weak = components(&graph, ComponentsMode::Weak, &GO).unwrap();
    assert_eq!((weak.component, weak.count), (vec![0, 1, 0, 2, 0, 1], 3));
    let strong = components(&graph, ComponentsMode::Strong, &GO).unwrap();
    assert_eq!((strong.component, strong.count), (vec![0, 1, 2, 3, 4, 1], 5));
}

#[test]
fn deep_graphs_need_no_call_stack() {
    let n = 200_000;
    let mut edges: Vec<(u32, u32)> = (1..n).map(|v| (v - 1, v)).collect();
    let path = Rows::new(n, &edges, true).graph(IdOrder::Appearance);
    assert_eq!(components(&path, ComponentsMode::Strong, &GO).unwrap().count, n as usize);
    edges.push((n - 1, 0));
    let cycle = Rows::new(n, &edges, true).graph(IdOrder::Appearance);
    assert_eq!(components(&cycle, ComponentsMode::Strong, &GO).unwrap().count, 1);
}

#[test]
fn large_graphs_at_any_threads() {
    for directed in [true, false] {
        let rows = large(directed);
        for (mode, check) in [
            (ComponentsMode::Weak, check_weak_components as fn(&_, &_) -> _),
            (ComponentsMode::Strong, check_strong_components as fn(&_, &_) -> _),
        ] {
            let result =
                on_any_threads(|| components(&rows.graph(IdOrder::Sorted), mode, &GO).unwrap());
            assert_eq!(check(&rows.edges(), &result), Ok(()));
        }
    }
}

#[test]
fn generated_graphs_with_and_without_arcs_by_head() {
    for shape in [rmat(15, 4, 9), uniform(50_000, 60_000, 9), grid(100, 300)] {
        let (n, options) = (shape.num_vertices, BuildOptions::default());
        let weak = on_any_threads(|| {
            let graph = Graph::from_arrays(&shape.src, &shape.dst, None, n, &options, &GO).unwrap();
            let first = components(&graph, ComponentsMode::Weak, &GO).unwrap();
            graph.incoming(&GO).unwrap();
            assert!(components(&graph, ComponentsMode::Weak, &GO).unwrap() == first);
            first
        });
        let edges = Edges {
            num_vertices: n,
            src: &shape.src,
            dst: &shape.dst,
            weight: None,
            directed: true,
        };
        assert_eq!(check_weak_components(&edges, &weak), Ok(()));
        let strong = on_any_threads(|| {
            let graph = Graph::from_arrays(&shape.src, &shape.dst, None, n, &options, &GO).unwrap();
            components(&graph, ComponentsMode::Strong, &GO).unwrap()
        });
        assert_eq!(check_strong_components(&edges, &strong), Ok(()));
    }
}

#[test]
fn strong_components_of_large_and_of_many_small() {
    // Two large ones, a bridge, a tail of 20,000, and 20,000 of three in between.
    let n = 200_000;
    let mut edges: Vec<(u32, u32)> = Vec::new();
    let mut state = 7u64;
    for i in 0..400_000u32 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(11);
        let (u, v) = ((state >> 40) as u32 % 50_000, (state >> 20) as u32 % 50_000);
        let half = i % 2 * 50_000;
        edges.push((u + half, v + half));
    }
    edges.push((0, 50_000));
    edges.extend((100_000..120_000).map(|v| (v, v + 1)));
    edges.extend(
        (120_001..180_001).map(|v| (v, if (v - 120_001) % 3 == 2 { v - 2 } else { v + 1 })),
    );
    let rows = Rows::new(n, &edges, true);
    let strong = on_any_threads(|| {
        components(&rows.graph(IdOrder::Appearance), ComponentsMode::Strong, &GO).unwrap()
    });
    assert_eq!(check_strong_components(&rows.edges(), &strong), Ok(()));
}
