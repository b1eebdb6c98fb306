//! Hubs and authorities, and degrees, against their checkers.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;
mod small;

use common::{GO, Rows, bits, large, message, on_any_threads, rows};
use pf_graph_core::algo::{HitsConfig, hits};
use pf_graph_core::verify::{check_degrees, check_hits};
use pf_graph_core::{Direction, IdOrder, LoopDegree};
use proptest::prelude::*;

fn check(rows: &Rows, config: &HitsConfig) {
    let result = hits(&rows.graph(IdOrder::Appearance), config, &GO).unwrap();
    assert_eq!(check_hits(&rows.edges(), config, &result), Ok(()), "{rows:?}");
}

fn check_all_degrees(rows: &Rows) {
    let graph = rows.graph(IdOrder::Appearance);
    for direction in [Direction::Out, Direction::In, Direction::Both] {
        for loops in [LoopDegree::Twice, LoopDegree::Once] {
            let degrees = graph.degrees(direction, loops, &GO).unwrap();
            let verdict = check_degrees(&rows.edges(), direction, loops, &degrees);
            assert_eq!(verdict, Ok(()), "{direction:?} {loops:?} {rows:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn hubs_and_authorities(
        rows in rows(prop_oneof![Just(0.0), 0.0..9.0f64]),
        tol in prop::sample::select(vec![0.0, 1e-8, 1e-3]),
        max_iter in 1..200u32,
        weighted in any::<bool>(),
    ) {
        check(&rows, &HitsConfig { tol, max_iter, weighted });
    }

    #[test]
    fn degrees(rows in rows(0.0..1.0f64)) {
        check_all_degrees(&rows);
    }

    #[test]
    fn names_of_vertices_do_not_matter(rows in rows(0.0..1.0f64), seed in any::<u64>()) {
        let name = small::names(rows.n, seed);
        let values = |rows: &Rows| {
            hits(&rows.graph(IdOrder::Sorted), &HitsConfig::default(), &GO).unwrap().hub
        };
        let moved = small::at_new_names(&values(&rows), &name);
        for (a, b) in moved.iter().zip(values(&small::renamed(&rows, &name))) {
            prop_assert!((a - b).abs() <= 1e-7, "{} {}", a, b);
        }
    }
}

#[test]
fn every_small_graph() {
    for directed in [true, false] {
        for rows in small::every_graph(directed) {
            check(&rows, &HitsConfig::default());
            check_all_degrees(&rows);
        }
    }
}

#[test]
fn values_of_networkx() {
    // networkx 3.6: nx.hits(G) for 0->2, 0->3, 1->2, 4->1.
    let rows = Rows::new(5, &[(0, 2), (0, 3), (1, 2), (4, 1)], true);
    let graph = rows.graph(IdOrder::Appearance);
    let result =
        hits(&graph, &HitsConfig { tol: 1e-14, max_iter: 1000, weighted: true }, &GO).unwrap();
    assert!(result.converged);
    let golden = f64::midpoint(5.0f64.sqrt(), -1.0); // of hubs 1 to 0, authorities 3 to 2
    let hub = [1.0 / (1.0 + golden), golden / (1.0 + golden), 0.0, 0.0, 0.0];
    let authority = [0.0, 0.0, 1.0 / (1.0 + golden), golden / (1.0 + golden), 0.0];
    for (found, expected) in
        result.hub.iter().zip(hub).chain(result.authority.iter().zip(authority))
    {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }
}

#[test]
fn bad_settings_are_errors() {
    let weigh = |weight| Rows::weighted(2, &[(0, 1, weight)], true).graph(IdOrder::Sorted);
    let default = HitsConfig::default;
    let error = "tol: NaN is not a number >= 0";
    assert_eq!(message(hits(&weigh(1.0), &HitsConfig { tol: f64::NAN, ..default() }, &GO)), error);
    let config = HitsConfig { max_iter: 0, ..default() };
    assert_eq!(message(hits(&weigh(1.0), &config, &GO)), "max_iter: needs at least 1");
    let error = "weight -1 on edge 0->1 (row 1): hits needs weights >= 0";
    assert_eq!(message(hits(&weigh(-1.0), &default(), &GO)), error);
    let error = "edge row 1: weight is inf; hits needs finite weights";
    assert_eq!(message(hits(&weigh(f64::INFINITY), &default(), &GO)), error);
    let error = "weight: products of weights leave the range of floating point";
    assert_eq!(message(hits(&weigh(5e-324), &default(), &GO)), error);
    assert!(hits(&weigh(-1.0), &HitsConfig { weighted: false, ..default() }, &GO).is_ok());
}

#[test]
fn large_graphs_at_any_threads() {
    for directed in [true, false] {
        let rows = large(directed);
        check_all_degrees(&rows);
        check(&rows, &HitsConfig::default());
        on_any_threads(|| {
            let result = hits(&rows.graph(IdOrder::Sorted), &HitsConfig::default(), &GO).unwrap();
            (bits(&result.hub), bits(&result.authority), result.iterations)
        });
    }
}
