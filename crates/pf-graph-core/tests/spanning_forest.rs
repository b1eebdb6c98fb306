//! Minimum spanning forest against its checker and petgraph.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;
mod small;

use common::{GO, Rows, large, message, on_any_threads, rows};
use petgraph::algo::min_spanning_tree;
use petgraph::data::FromElements;
use petgraph::graph::{NodeIndex, UnGraph};
use pf_graph_core::algo::{SpanningForestConfig, SpanningForestResult, minimum_spanning_forest};
use pf_graph_core::generate::Random;
use pf_graph_core::verify::check_spanning_forest;
use pf_graph_core::{BuildOptions, Duplicates, Graph, GraphError, IdOrder, SelfLoops};
use proptest::prelude::*;

fn graph(rows: &Rows) -> Graph {
    let options =
        BuildOptions { directed: rows.directed, edge_rows: true, ..BuildOptions::default() };
    let weight = rows.weight.as_deref();
    Graph::from_arrays(&rows.src, &rows.dst, weight, rows.n as usize, &options, &GO).unwrap()
}

fn run(rows: &Rows) -> Result<SpanningForestResult, GraphError> {
    minimum_spanning_forest(&graph(rows), &SpanningForestConfig::default(), &GO)
}

fn check(rows: &Rows) {
    let result = run(rows).unwrap();
    assert_eq!(check_spanning_forest(&rows.edges(), &result), Ok(()), "{rows:?}");
    let mut oracle = UnGraph::<(), f64>::new_undirected();
    (0..rows.n).for_each(|_| {
        oracle.add_node(());
    });
    for row in 0..rows.src.len() {
        let weight = rows.weight.as_ref().map_or(1.0, |weight| weight[row]);
        let ends = (NodeIndex::new(rows.src[row] as usize), NodeIndex::new(rows.dst[row] as usize));
        oracle.add_edge(ends.0, ends.1, weight);
    }
    let expected = UnGraph::<(), f64>::from_elements(min_spanning_tree(&oracle));
    assert_eq!(result.edge_id.len(), expected.edge_count());
    let total: f64 = expected.edge_weights().sum();
    assert!((result.total_weight - total).abs() < 1e-9, "{rows:?}");
}

/// Weights that tie, zeros of both signs, negative ones.
fn awkward() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![prop::sample::select(vec![0.0, -0.0, 1.0, 2.0, -1.0]), -5.0..5.0f64]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn forests_are_lightest(rows in rows(awkward())) {
        check(&rows);
    }
}

#[test]
fn every_small_graph() {
    for rows in small::every_graph(false) {
        let weight = (0..rows.src.len()).map(|row| f64::from(row as u32 * 7 % 3)).collect();
        check(&Rows { weight: Some(weight), ..rows });
    }
}

#[test]
fn ties_go_to_the_first_row() {
    let edges = [(0, 1, 2.0), (1, 2, 1.0), (2, 0, 2.0), (0, 1, 2.0), (1, 2, -0.0), (2, 1, 0.0)];
    let result = run(&Rows::weighted(4, &edges, false)).unwrap();
    assert_eq!((result.edge_id, result.num_trees), (vec![4, 0], 2));
}

#[test]
fn weights_of_every_spread_at_any_threads() {
    // Large enough to be split: all different, a few different, all equal, one huge group.
    let rows = large(false);
    let weights: [fn(usize) -> f64; 5] = [
        |row| (row as f64 * 0.754_877_666).fract(),
        |row| (row % 255) as f64,
        |_| 3.0,
        |row| if row % 100 == 0 { row as f64 } else { 0.0 },
        |row| -(row as f64),
    ];
    for weight in weights {
        let weight = Some((0..rows.src.len()).map(weight).collect());
        let rows = Rows { weight, ..rows.clone() };
        let result = on_any_threads(|| run(&rows).unwrap());
        // Kruskal's algorithm, the plain way.
        let mut order: Vec<usize> = (0..rows.src.len()).collect();
        let weights = rows.weight.as_ref().unwrap();
        order.sort_by(|&a, &b| weights[a].total_cmp(&weights[b]));
        let mut label: Vec<u32> = (0..rows.n).collect();
        let mut members: Vec<Vec<u32>> = label.iter().map(|&v| vec![v]).collect();
        let mut expected = Vec::new();
        for row in order {
            let (u, v) = (label[rows.src[row] as usize], label[rows.dst[row] as usize]);
            if u == v {
                continue;
            }
            expected.push(row as u32);
            let is_larger = members[u as usize].len() > members[v as usize].len();
            let (from, to) = if is_larger { (v, u) } else { (u, v) };
            let moved = std::mem::take(&mut members[from as usize]);
            for &w in &moved {
                label[w as usize] = to;
            }
            members[to as usize].extend(moved);
        }
        assert_eq!(result.edge_id, expected);
        assert_eq!(result.num_trees, rows.n as usize - expected.len());
    }
}

#[test]
fn many_light_edges_that_join_nothing() {
    // More than are joined at once, several times over, before the first that matters.
    let mut random = Random::new(1, 0);
    let mut end = || random.below(1000) as u32;
    let edges: Vec<(u32, u32, f64)> = (0..200_000)
        .map(|row| match row % 4 {
            0 => (end(), end(), 2.0 + f64::from(row % 7)),
            _ => (row % 3, row % 5 % 2, -f64::from(row % 11)),
        })
        .collect();
    for directed in [false, true] {
        let rows = Rows::weighted(1000, &edges, directed);
        let result = on_any_threads(|| run(&rows).unwrap());
        assert_eq!(check_spanning_forest(&rows.edges(), &result), Ok(()));
        let few = Rows::weighted(1000, &edges[..1000], directed);
        assert_eq!(check_spanning_forest(&few.edges(), &run(&few).unwrap()), Ok(()));
    }
}

#[test]
fn settings_and_errors() {
    let rows = Rows::weighted(3, &[(0, 1, 9.0), (1, 2, 2.0), (0, 2, 2.0)], true);
    let config = SpanningForestConfig { weighted: false };
    let result = minimum_spanning_forest(&graph(&rows), &config, &GO).unwrap();
    assert_eq!((result.edge_id, result.weight), (vec![0, 1], vec![1.0, 1.0]));
    let result = run(&rows).unwrap();
    assert_eq!((result.edge_id, result.src, result.dst), (vec![1, 2], vec![1, 0], vec![2, 2]));

    let infinite = Rows::weighted(2, &[(0, 1, 1.0), (0, 1, f64::INFINITY)], false);
    let error = "edge row 2: weight is inf; minimum_spanning_forest needs finite weights";
    assert_eq!(message(run(&infinite)), error);
    let without = rows.graph(IdOrder::Appearance);
    let error = "edge_rows: minimum_spanning_forest needs a graph built with edge_rows";
    assert_eq!(message(minimum_spanning_forest(&without, &config, &GO)), error);
    assert_eq!(run(&Rows::new(0, &[], false)).unwrap().num_trees, 0);
}

#[test]
fn rows_that_are_not_in_the_graph_keep_their_numbers() {
    let options = BuildOptions {
        directed: false,
        edge_rows: true,
        self_loops: SelfLoops::Drop,
        duplicates: Duplicates::Min,
        id_order: IdOrder::Sorted,
        ..BuildOptions::default()
    };
    let (src, dst) = ([1u32, 0, 2, 2, 1], [1u32, 1, 1, 3, 0]);
    let weight = [0.0, 4.0, 3.0, 2.0, 5.0];
    let graph = Graph::from_arrays(&src, &dst, Some(&weight), 4, &options, &GO).unwrap();
    let result = minimum_spanning_forest(&graph, &SpanningForestConfig::default(), &GO).unwrap();
    assert_eq!((result.edge_id, result.weight), (vec![3, 2, 1], vec![2.0, 3.0, 4.0]));
}
