//! Every graph of up to four vertices, and graphs under other names.
#![allow(dead_code, reason = "each test file uses its part")]

use crate::common::Rows;

/// All sets of pairs, loops included: 66 064 directed or 1 099 undirected graphs; every second one
/// has its rows from last to first.
pub fn every_graph(directed: bool) -> impl Iterator<Item = Rows> {
    (0..=4u32).flat_map(move |n| {
        let pairs: Vec<(u32, u32)> = (0..n)
            .flat_map(|u| (0..n).map(move |v| (u, v)))
            .filter(|&(u, v)| directed || u <= v)
            .collect();
        (0..1u32 << pairs.len()).map(move |mask| {
            let chosen = pairs.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1);
            let mut edges: Vec<(u32, u32)> = chosen.map(|(_, &pair)| pair).collect();
            if mask.count_ones() % 2 == 1 {
                edges.reverse();
            }
            Rows::new(n, &edges, directed)
        })
    })
}

/// The same rows over vertices `name[v]`.
pub fn renamed(rows: &Rows, name: &[u32]) -> Rows {
    let rename = |ends: &[u32]| ends.iter().map(|&v| name[v as usize]).collect();
    Rows { src: rename(&rows.src), dst: rename(&rows.dst), weight: rows.weight.clone(), ..*rows }
}

/// `values[v]` at the place `name[v]`.
pub fn at_new_names<T: Clone>(values: &[T], name: &[u32]) -> Vec<T> {
    let mut moved = values.to_vec();
    for (value, &v) in values.iter().zip(name) {
        moved[v as usize] = value.clone();
    }
    moved
}

/// An order of `0..n` from a seed.
pub fn names(n: u32, seed: u64) -> Vec<u32> {
    let mut names: Vec<u32> = (0..n).collect();
    let mut state = seed;
    for i in (1..names.len()).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        names.swap(i, (state >> 33) as usize % (i + 1));
    }
    names
}
