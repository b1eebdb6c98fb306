//! Louvain and label propagation against their checkers.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;
mod small;

use common::{GO, Rows, bits, large, message, on_any_threads, rows};
use pf_graph_core::IdOrder;
use pf_graph_core::algo::{
    LabelPropagationConfig, LouvainConfig, LouvainResult, label_propagation, louvain,
};
use pf_graph_core::verify::{check_label_propagation, check_louvain};
use proptest::prelude::*;

fn check(rows: &Rows, config: &LouvainConfig) -> LouvainResult {
    let result = louvain(&rows.graph(IdOrder::Appearance), config, &GO).unwrap();
    assert_eq!(check_louvain(&rows.edges(), config, &result), Ok(()), "{config:?} {rows:?}");
    result
}

fn check_labels(rows: &Rows, max_iter: u32) {
    let config = LabelPropagationConfig { max_iter };
    let result = label_propagation(&rows.graph(IdOrder::Appearance), &config, &GO).unwrap();
    assert_eq!(check_label_propagation(&rows.edges(), &config, &result), Ok(()), "{rows:?}");
}

/// Cliques of `size` in a ring, an edge between neighbours.
fn ring_of_cliques(cliques: u32, size: u32, directed: bool) -> Rows {
    let mut edges = Vec::new();
    for c in 0..cliques {
        let first = c * size;
        edges.extend((0..size).flat_map(|u| (0..u).map(move |v| (first + u, first + v))));
        edges.push((first, (c + 1) % cliques * size + 1));
    }
    Rows::new(cliques * size, &edges, directed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn communities_of_any_graph(
        rows in rows(prop_oneof![Just(0.0), Just(1.0), 0.0..9.0f64]),
        resolution in prop_oneof![Just(1.0), 0.0..3.0f64],
        seed in any::<u64>(),
        threshold in prop::sample::select(vec![0.0, 1e-7, 0.1]),
        max_level in prop::option::of(1..3u32),
        weighted in any::<bool>(),
    ) {
        let config = LouvainConfig { resolution, seed, threshold, max_level, weighted };
        let result = check(&rows, &config);
        prop_assert!(max_level.is_none_or(|max| result.levels <= max));
        let again = check(&rows, &config);
        prop_assert_eq!(bits(&[result.modularity]), bits(&[again.modularity]));
        prop_assert_eq!(result.community, again.community);
    }

    #[test]
    fn labels_of_any_graph(rows in rows(0.0..1.0f64), max_iter in 1..12u32) {
        check_labels(&rows, max_iter);
    }
}

#[test]
fn every_small_graph() {
    for directed in [true, false] {
        for (i, rows) in small::every_graph(directed).enumerate() {
            check_labels(&rows, 1 + i as u32 % 8);
            let config = LouvainConfig { threshold: 0.0, ..LouvainConfig::default() };
            check(&rows, &LouvainConfig { seed: i as u64, ..config });
        }
    }
}

#[test]
fn cliques_are_communities() {
    for directed in [true, false] {
        let rows = ring_of_cliques(12, 6, directed);
        for seed in 0..20 {
            let config = LouvainConfig { seed, ..LouvainConfig::default() };
            let result = check(&rows, &config);
            let expected: Vec<i64> = (0..72).map(|v| v / 6).collect();
            assert_eq!((result.count, result.community), (12, expected));
        }
        // Resolution 0 rewards weight within communities only: all is one.
        let config = LouvainConfig { resolution: 0.0, ..LouvainConfig::default() };
        assert_eq!(check(&rows, &config).count, 1);
    }
}

#[test]
fn weights_count_only_if_asked() {
    // A square: two sides of three light edges, two of one heavy edge.
    let (light, heavy) = ([(0, 1, 1.0), (2, 3, 1.0)], [(1, 2, 10.0), (3, 0, 10.0)]);
    let rows = Rows::weighted(4, &[light, light, light, heavy].concat(), false);
    assert_eq!(check(&rows, &LouvainConfig::default()).community, [0, 1, 1, 0]);
    let config = LouvainConfig { weighted: false, ..LouvainConfig::default() };
    assert_eq!(check(&rows, &config).community, [0, 0, 1, 1]);
}

#[test]
fn levels_and_bad_settings() {
    let rows = ring_of_cliques(30, 5, false);
    let config = LouvainConfig::default();
    let full = check(&rows, &config);
    assert!(full.levels > 1);
    let first = check(&rows, &LouvainConfig { max_level: Some(1), ..config.clone() });
    assert_eq!(first.levels, 1);
    assert!(first.modularity < full.modularity);
    let early = check(&rows, &LouvainConfig { threshold: 2.0, ..config.clone() });
    assert_eq!((early.levels, &early.community), (1, &first.community));

    let run = |rows: &Rows, config: LouvainConfig| {
        message(louvain(&rows.graph(IdOrder::Sorted), &config, &GO))
    };
    let bad = LouvainConfig { resolution: -1.0, ..config.clone() };
    assert_eq!(run(&rows, bad), "resolution: -1 is not a number >= 0");
    let bad = LouvainConfig { threshold: f64::NAN, ..config.clone() };
    assert_eq!(run(&rows, bad), "threshold: NaN is not a finite number");
    let bad = LouvainConfig { max_level: Some(0), ..config.clone() };
    assert_eq!(run(&rows, bad), "max_level: needs at least 1");
    let weigh = |weight| Rows::weighted(2, &[(0, 1, weight), (0, 1, weight)], true);
    let error = "weight -1 on edge 0->1 (row 1): louvain needs weights >= 0";
    assert_eq!(run(&weigh(-1.0), config.clone()), error);
    let error = "edge row 1: weight is inf; louvain needs finite weights";
    assert_eq!(run(&weigh(f64::INFINITY), config.clone()), error);
    let error = "weight: edges add up to inf, beyond floating point";
    assert_eq!(run(&weigh(1e308), config), error);
    let labels = LabelPropagationConfig { max_iter: 0 };
    let result = label_propagation(&rows.graph(IdOrder::Sorted), &labels, &GO);
    assert_eq!(message(result), "max_iter: needs at least 1");
}

#[test]
fn labels_of_a_bipartite_graph_swap() {
    // A single edge: both ends take the label of the other, for ever.
    let graph = Rows::new(2, &[(0, 1)], true).graph(IdOrder::Appearance);
    let result = label_propagation(&graph, &LabelPropagationConfig::default(), &GO).unwrap();
    assert_eq!((result.count, result.iterations, result.converged), (2, 10, false));
}

#[test]
fn large_graphs_at_any_threads() {
    for directed in [true, false] {
        let rows = large(directed);
        let (labels, communities) = on_any_threads(|| {
            let graph = rows.graph(IdOrder::Appearance);
            let labels = label_propagation(&graph, &LabelPropagationConfig::default(), &GO);
            (labels.unwrap(), louvain(&graph, &LouvainConfig::default(), &GO).unwrap())
        });
        let config = LabelPropagationConfig::default();
        assert_eq!(check_label_propagation(&rows.edges(), &config, &labels), Ok(()));
        let config = LouvainConfig::default();
        assert_eq!(check_louvain(&rows.edges(), &config, &communities), Ok(()));
    }
}
