//! Core numbers of shapes with many levels, long ways down and very uneven degrees.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;

use common::{GO, Rows, on_any_threads};
use pf_graph_core::IdOrder;
use pf_graph_core::algo::core_number;
use pf_graph_core::verify::check_core_number;
use proptest::collection::vec;
use proptest::prelude::*;

fn cores(rows: &Rows) -> Vec<u32> {
    let found = on_any_threads(|| core_number(&rows.graph(IdOrder::Appearance), &GO).unwrap());
    assert_eq!(check_core_number(&rows.edges(), &found), Ok(()));
    found.core_number
}

fn clique(first: u32, size: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..size).flat_map(move |u| (0..u).map(move |v| (first + u, first + v)))
}

#[test]
fn a_clique_is_one_level_far_up() {
    let edges: Vec<_> = clique(0, 300).collect();
    assert_eq!(cores(&Rows::new(301, &edges, false)), [vec![299; 300], vec![0]].concat());
    let both_ways: Vec<_> = edges.iter().flat_map(|&(u, v)| [(u, v), (v, u)]).collect();
    assert_eq!(cores(&Rows::new(300, &both_ways, true)), vec![598; 300]);
}

#[test]
fn cliques_of_all_sizes_are_as_many_levels() {
    let (mut edges, mut expected) = (Vec::new(), Vec::new());
    for size in 1..120 {
        let first = expected.len() as u32;
        edges.extend(clique(first, size));
        edges.extend((first > 0).then_some((first - 1, first))); // the smaller one is not drawn up
        expected.extend(std::iter::repeat_n(size - 1, size as usize));
    }
    expected[0] = 1; // joined to the clique of two
    assert_eq!(cores(&Rows::new(expected.len() as u32, &edges, false)), expected);
}

#[test]
fn long_ways_down() {
    let n = 100_000;
    let path: Vec<_> = (1..n).map(|v| (v - 1, v)).collect();
    assert_eq!(cores(&Rows::new(n, &path, false)), vec![1; n as usize]);
    let cycle: Vec<_> = path.iter().copied().chain([(n - 1, 0)]).collect();
    assert_eq!(cores(&Rows::new(n, &cycle, false)), vec![2; n as usize]);
    // A ladder without its outer rungs: its ends go first, the rest rung after rung.
    let half = n / 2;
    let rungs = (1..half - 1).map(|v| (v, half + v));
    let ladder: Vec<_> = path.iter().copied().filter(|arc| arc.1 != half).chain(rungs).collect();
    let found = cores(&Rows::new(n, &ladder, false));
    assert_eq!([found[0], found[1], found[half as usize / 2]], [1, 2, 2]);
    let star: Vec<_> = (1..n).map(|v| (0, v)).collect();
    assert_eq!(cores(&Rows::new(n, &star, true)), vec![1; n as usize]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Arcs both ways count twice: degrees fall by two and must not fall below the level.
    #[test]
    fn mixed_arcs(
        edges in vec((0..40u32, 0..40u32, any::<bool>()), 0..900),
        directed in any::<bool>(),
    ) {
        let both = |(u, v, both): (u32, u32, bool)| [(u, v), if both { (v, u) } else { (u, v) }];
        let arcs: Vec<_> = edges.into_iter().flat_map(both).collect();
        cores(&Rows::new(40, &arcs, directed));
    }
}
