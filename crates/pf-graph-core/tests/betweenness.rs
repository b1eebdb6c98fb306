//! Betweenness against its checkers.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;
mod small;

use common::{GO, Rows, bits, large, message, on_any_threads, rows};
use pf_graph_core::algo::{BetweennessConfig, betweenness};
use pf_graph_core::verify::{check_betweenness, check_betweenness_sum};
use pf_graph_core::{GraphError, IdOrder};
use proptest::prelude::*;

fn check(rows: &Rows, config: &BetweennessConfig, sources: Option<&[u32]>) {
    let graph = rows.graph(IdOrder::Appearance);
    let result = betweenness(&graph, config, sources, &GO).unwrap();
    let sampled = result.sources.as_ref().map(Vec::len);
    let all = rows.n as usize;
    let wanted = config.k.map(|k| k as usize).or(sources.map(<[u32]>::len));
    assert_eq!(sampled, wanted.filter(|&k| k < all));
    assert_eq!(check_betweenness(&rows.edges(), config, &result), Ok(()), "{config:?} {rows:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn all_settings(
        rows in rows(prop::sample::select(vec![1.0, 1.0, 2.0, 3.0, 0.5, f64::INFINITY])),
        k in prop::option::of(any::<prop::sample::Index>()),
        seed in any::<u64>(),
        normalized in any::<bool>(),
        endpoints in any::<bool>(),
        weighted in any::<bool>(),
        own_sample in any::<bool>(),
    ) {
        let k = k.map(|k| k.index(rows.n as usize) as u32 + 1);
        let config = BetweennessConfig { k, seed, normalized, endpoints, weighted };
        match k {
            Some(k) if own_sample => {
                let sources: Vec<u32> = small::names(rows.n, seed)[..k as usize].to_vec();
                check(&rows, &BetweennessConfig { k: None, ..config }, Some(&sources));
            }
            _ => check(&rows, &config, None),
        }
    }

    #[test]
    fn names_of_vertices_do_not_matter(rows in rows(1.0..4.0f64), seed in any::<u64>()) {
        let name = small::names(rows.n, seed);
        let config = BetweennessConfig::default();
        let value = |rows: &Rows| {
            betweenness(&rows.graph(IdOrder::Sorted), &config, None, &GO).unwrap().betweenness
        };
        let moved = small::at_new_names(&value(&rows), &name);
        for (a, b) in moved.iter().zip(value(&small::renamed(&rows, &name))) {
            prop_assert!((a - b).abs() <= 1e-12);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The search by hops and the one by weight share nothing but the sums.
    #[test]
    fn hops_are_weights_of_one(rows in rows(1.0..4.0f64), endpoints in any::<bool>()) {
        let value = |weighted: bool| {
            let weight = weighted.then(|| vec![1.0; rows.src.len()]);
            let graph = Rows { weight, ..rows.clone() }.graph(IdOrder::Appearance);
            let config = BetweennessConfig { weighted, endpoints, ..Default::default() };
            bits(&betweenness(&graph, &config, None, &GO).unwrap().betweenness)
        };
        prop_assert_eq!(value(true), value(false));
    }
}

#[test]
fn every_small_graph() {
    for directed in [true, false] {
        for (i, rows) in small::every_graph(directed).enumerate() {
            let config = BetweennessConfig {
                normalized: i % 2 == 0,
                endpoints: i % 3 == 0,
                ..BetweennessConfig::default()
            };
            check(&rows, &config, None);
        }
    }
}

#[test]
fn values_of_networkx() {
    // networkx 3.6 on the path 0-1-2: the examples of its documentation for samples.
    let graph = Rows::new(3, &[(0, 1), (1, 2)], false).graph(IdOrder::Appearance);
    let value = |config: &BetweennessConfig, sources: &[u32]| {
        betweenness(&graph, config, Some(sources), &GO).unwrap().betweenness
    };
    let raw = BetweennessConfig { normalized: false, ..BetweennessConfig::default() };
    let ends = BetweennessConfig { endpoints: true, ..BetweennessConfig::default() };
    let raw_ends = BetweennessConfig { endpoints: true, ..raw.clone() };
    assert_eq!(value(&raw_ends, &[0, 2]), [2.25, 3.0, 2.25]);
    assert_eq!(value(&ends, &[2, 0]), [0.75, 1.0, 0.75]);
    assert_eq!(value(&raw, &[0, 1, 2]), [0.0, 1.0, 0.0]);
    let one = value(&raw, &[0]);
    assert!(one[0].is_nan(), "one source says nothing about itself");
    assert_eq!(one[1..], [1.0, 0.0]);
}

/// A row of `steps` diamonds: twice as many shortest paths after each.
fn diamonds(steps: u32) -> Rows {
    let edges: Vec<(u32, u32)> = (0..steps)
        .map(|i| 3 * i)
        .flat_map(|v| [(v, v + 1), (v, v + 2), (v + 1, v + 3), (v + 2, v + 3)])
        .collect();
    Rows::new(3 * steps + 1, &edges, false)
}

#[test]
fn more_paths_than_a_float_can_count() {
    // 2^1500 paths from end to end; a vertex besides the middle of a diamond has half of them.
    let rows = diamonds(1500);
    let n = rows.n as usize;
    let config = BetweennessConfig { normalized: false, ..BetweennessConfig::default() };
    let graph = rows.graph(IdOrder::Appearance);
    let result = betweenness(&graph, &config, None, &GO).unwrap().betweenness;
    assert_eq!(check_betweenness_sum(&rows.edges(), &result), Ok(()));
    for step in [0, 400, 749, 1499] {
        let (joint, side) = (3 * step, 3 * step + 1);
        // Pairs apart from the joint, and pairs apart from the diamond, which half their paths
        // cross at each side, and the pair of its ends.
        let (left, right) = (joint as f64, (n - 1 - joint) as f64);
        assert!((result[joint] - left * right - pair_of_sides(step)).abs() < 1e-3, "{step}");
        let (left, right) = (joint as f64 + 1.0, (n - 3 - joint) as f64);
        assert!((result[side] - left * right / 2.0).abs() < 1e-3, "{step}");
    }
    let weighted = Rows { weight: Some(vec![1.0; rows.src.len()]), ..rows };
    let config = BetweennessConfig { weighted: true, k: Some(20), ..config };
    let graph = weighted.graph(IdOrder::Appearance);
    let by_length = betweenness(&graph, &config, None, &GO).unwrap().betweenness;
    let config = BetweennessConfig { weighted: false, ..config };
    let by_hops = betweenness(&graph, &config, None, &GO).unwrap().betweenness;
    for (a, b) in by_length.iter().zip(by_hops) {
        assert!((a - b).abs() <= 1e-9 * b.max(1.0), "{a} {b}");
    }
}

/// The two sides of a diamond have two ways to each other, each over one of its ends: the joint is
/// the end of the diamond before it and of the one after it.
fn pair_of_sides(step: usize) -> f64 {
    if step == 0 { 0.5 } else { 1.0 }
}

#[test]
fn bad_settings_are_errors() {
    let graph = Rows::weighted(3, &[(0, 1, 1.0), (1, 2, 0.0)], true).graph(IdOrder::Sorted);
    let default = BetweennessConfig::default;
    let run = |config: &BetweennessConfig, sources: Option<&[u32]>| {
        message(betweenness(&graph, config, sources, &GO))
    };
    let k = |k| BetweennessConfig { k: Some(k), ..default() };
    assert_eq!(run(&k(4), None), "k: 4 is not between 1 and the 3 vertices");
    assert_eq!(run(&k(0), None), "k: 0 is not between 1 and the 3 vertices");
    assert_eq!(run(&k(1), Some(&[1])), "k: sources are given");
    assert_eq!(run(&default(), Some(&[])), "sources: needs at least one vertex");
    assert_eq!(run(&default(), Some(&[3])), "sources: vertex index 3 of 3 vertices");
    assert_eq!(run(&default(), Some(&[1, 1])), "sources: vertex 1 is repeated");
    let config = BetweennessConfig { weighted: true, ..default() };
    let error = "weight: edge 1->2 has weight 0; betweenness needs weights > 0";
    assert_eq!(run(&config, None), error);
    let negative = Rows::weighted(2, &[(0, 1, -1.0)], true).graph(IdOrder::Sorted);
    let error = betweenness(&negative, &config, None, &GO).unwrap_err();
    assert!(matches!(error, GraphError::NegativeWeight { .. }));
    assert!(betweenness(&negative, &default(), None, &GO).is_ok(), "weights are not looked at");
}

#[test]
fn large_graphs_at_any_threads() {
    for directed in [true, false] {
        let rows = large(directed);
        let rows =
            Rows { weight: rows.weight.map(|w| w.iter().map(|w| w + 1.0).collect()), ..rows };
        for weighted in [true, false] {
            let config = BetweennessConfig { k: Some(40), weighted, ..Default::default() };
            on_any_threads(|| {
                let graph = rows.graph(IdOrder::Sorted);
                bits(&betweenness(&graph, &config, None, &GO).unwrap().betweenness)
            });
        }
    }
    let rows = large(true);
    let some: Vec<usize> =
        (0..rows.src.len()).filter(|&i| rows.src[i] < 900 && rows.dst[i] < 900).collect();
    let rows = Rows { n: 900, ..rows.shuffled(&some) };
    let config = BetweennessConfig { normalized: false, ..Default::default() };
    let graph = rows.graph(IdOrder::Appearance);
    let result = betweenness(&graph, &config, None, &GO).unwrap().betweenness;
    assert_eq!(check_betweenness_sum(&rows.edges(), &result), Ok(()));
}
