//! Closeness and harmonic centrality against their checkers.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;
mod small;

use common::{GO, Rows, bits, large, message, on_any_threads, rows};
use pf_graph_core::algo::{ClosenessConfig, HarmonicConfig, closeness, harmonic};
use pf_graph_core::verify::{check_closeness, check_harmonic};
use pf_graph_core::{Direction, IdOrder};
use proptest::prelude::*;

fn check(rows: &Rows, direction: Direction, wf_improved: bool, some: Option<&[u32]>) {
    let graph = rows.graph(IdOrder::Appearance);
    let config = ClosenessConfig { direction, wf_improved };
    let result = closeness(&graph, &config, some, &GO).unwrap();
    assert_eq!(check_closeness(&rows.edges(), &config, some, &result), Ok(()), "{rows:?}");
    let config = HarmonicConfig { direction };
    let result = harmonic(&graph, &config, some, &GO).unwrap();
    assert_eq!(check_harmonic(&rows.edges(), &config, some, &result), Ok(()), "{rows:?}");
}

fn direction(out: bool) -> Direction {
    if out { Direction::Out } else { Direction::In }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn all_settings(
        rows in rows(0.0..1.0f64),
        direction in prop::sample::select(vec![Direction::Out, Direction::In, Direction::Both]),
        wf_improved in any::<bool>(),
        picks in prop::option::of(prop::collection::vec(any::<prop::sample::Index>(), 0..90)),
    ) {
        let pick = |pick: prop::sample::Index| pick.index(rows.n as usize) as u32;
        let some: Option<Vec<u32>> = picks.map(|picks| picks.into_iter().map(pick).collect());
        check(&rows, direction, wf_improved, some.as_deref());
    }

    #[test]
    fn names_of_vertices_do_not_matter(rows in rows(0.0..1.0f64), seed in any::<u64>()) {
        let name = small::names(rows.n, seed);
        let values = |rows: &Rows| {
            let graph = rows.graph(IdOrder::Sorted);
            let closeness = closeness(&graph, &ClosenessConfig::default(), None, &GO).unwrap();
            let harmonic = harmonic(&graph, &HarmonicConfig::default(), None, &GO).unwrap();
            (closeness.closeness, harmonic.harmonic)
        };
        let (here, there) = (values(&rows), values(&small::renamed(&rows, &name)));
        prop_assert_eq!(bits(&small::at_new_names(&here.0, &name)), bits(&there.0));
        prop_assert_eq!(bits(&small::at_new_names(&here.1, &name)), bits(&there.1));
    }
}

#[test]
fn every_small_graph() {
    for directed in [true, false] {
        for (i, rows) in small::every_graph(directed).enumerate() {
            check(&rows, direction(i % 2 == 0), i % 3 == 0, None);
        }
    }
}

#[test]
fn long_and_wide_graphs() {
    // A grid has many levels of few vertices each; a random graph has few levels of many.
    let side = 24;
    let grid: Vec<(u32, u32)> = (0..side * side)
        .flat_map(|v| {
            [(v % side + 1 < side, v + 1), (v / side + 1 < side, v + side)].map(|e| (v, e))
        })
        .filter_map(|(v, (is_inside, w))| is_inside.then_some((v, w)))
        .collect();
    let rows = large(true);
    let some: Vec<usize> =
        (0..rows.src.len()).filter(|&i| rows.src[i] < 2500 && rows.dst[i] < 2500).collect();
    let random = Rows { n: 2500, ..rows.shuffled(&some) };
    for rows in [Rows::new(side * side, &grid, false), Rows::new(side * side, &grid, true), random]
    {
        let some: Vec<u32> = (0..1100).map(|i| i * 13 % rows.n).collect();
        for out in [true, false] {
            check(&rows, direction(out), true, None);
            check(&rows, direction(out), true, Some(&some));
        }
    }
}

#[test]
fn values_of_networkx() {
    // networkx 3.6: nx.closeness_centrality(G) and nx.harmonic_centrality(G), 0->1->2, 0->2, 3->0.
    let rows = Rows::new(4, &[(0, 1), (1, 2), (0, 2), (3, 0)], true);
    let graph = rows.graph(IdOrder::Appearance);
    let result = closeness(&graph, &ClosenessConfig::default(), None, &GO).unwrap();
    assert_eq!(bits(&result.closeness), bits(&[1.0 / 3.0, 4.0 / 9.0, 0.75, 0.0]));
    let result = harmonic(&graph, &HarmonicConfig::default(), None, &GO).unwrap();
    assert_eq!(result.harmonic, [1.0, 1.5, 2.5, 0.0]);
    let error = "vertices: vertex index 4 of 4 vertices";
    assert_eq!(message(harmonic(&graph, &HarmonicConfig::default(), Some(&[4]), &GO)), error);
}

#[test]
fn large_graphs_at_any_threads() {
    for directed in [true, false] {
        let rows = large(directed);
        let some: Vec<u32> = (0..2000).collect();
        let (all, some_values) = on_any_threads(|| {
            let graph = rows.graph(IdOrder::Sorted);
            let config = HarmonicConfig::default();
            let all = harmonic(&graph, &config, None, &GO).unwrap();
            let some = harmonic(&graph, &config, Some(&some), &GO).unwrap();
            (bits(&all.harmonic), bits(&some.harmonic))
        });
        assert_eq!(all[..2000], some_values, "both ways to add up are exact");
    }
}
