//! Compressed sparse rows.
//!
//! Invariant: `offsets` has `n + 1` ascending values from 0 to the number of arcs; row `v` is
//! `targets[offsets[v]..offsets[v + 1]]`; every target is below `n`; `weights`, if any, is parallel
//! to `targets`. Memory: 8 bytes per vertex, 4 (12 with weights) per arc.

use rayon::prelude::*;

use crate::par::{row_blocks, split_mut};

/// Arcs of a graph grouped by one end. An undirected edge is two arcs, an undirected loop one.
#[derive(Debug, Clone, PartialEq)]
pub struct Csr {
    pub(crate) offsets: Vec<u64>,
    pub(crate) targets: Vec<u32>,
    pub(crate) weights: Option<Vec<f64>>,
}

impl Csr {
    /// Number of rows.
    pub fn num_vertices(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of stored arcs.
    pub fn num_arcs(&self) -> usize {
        self.targets.len()
    }

    /// Row boundaries: `n + 1` values.
    pub fn offsets(&self) -> &[u64] {
        &self.offsets
    }

    /// The other ends of all arcs, row after row.
    pub fn targets(&self) -> &[u32] {
        &self.targets
    }

    /// Weights parallel to [`targets`](Self::targets), if the graph has any.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The other ends of the arcs of `v`.
    pub fn row(&self, v: u32) -> &[u32] {
        &self.targets[self.range(v)]
    }

    /// The arcs of `v` with their weights; 1 on a graph without weights.
    pub fn weighted_row(&self, v: u32) -> impl Iterator<Item = (u32, f64)> + '_ {
        let range = self.range(v);
        let weights = self.weights.as_deref().map(|weights| &weights[range.clone()]);
        let weight = move |i: usize| weights.map_or(1.0, |weights| weights[i]);
        self.targets[range].iter().enumerate().map(move |(i, &target)| (target, weight(i)))
    }

    fn range(&self, v: u32) -> std::ops::Range<usize> {
        self.offsets[v as usize] as usize..self.offsets[v as usize + 1] as usize
    }

    /// Orders each row by target, parallel arcs by weight: the same rows for any order of edges.
    pub(crate) fn sort_rows(&mut self) {
        let blocks = row_blocks(&self.offsets);
        let offsets = &self.offsets;
        let arcs =
            |block: &std::ops::Range<usize>| (offsets[block.end] - offsets[block.start]) as usize;
        let row = |block: &std::ops::Range<usize>, v: usize| {
            (offsets[v] - offsets[block.start]) as usize
                ..(offsets[v + 1] - offsets[block.start]) as usize
        };
        let targets = split_mut(&mut self.targets, blocks.iter().map(arcs));
        match &mut self.weights {
            None => targets.into_par_iter().zip(&blocks).for_each(|(targets, block)| {
                for v in block.clone() {
                    targets[row(block, v)].sort_unstable();
                }
            }),
            Some(weights) => {
                let weights = split_mut(weights, blocks.iter().map(arcs));
                targets.into_par_iter().zip(weights).zip(&blocks).for_each(
                    |((targets, weights), block)| {
                        let mut pairs: Vec<(u32, f64)> = Vec::new();
                        for v in block.clone() {
                            let range = row(block, v);
                            sort_pairs(
                                &mut targets[range.clone()],
                                &mut weights[range],
                                &mut pairs,
                            );
                        }
                    },
                );
            }
        }
    }
}

/// Sorts two parallel slices by `(target, weight)`; `pairs` is scratch space.
fn sort_pairs(targets: &mut [u32], weights: &mut [f64], pairs: &mut Vec<(u32, f64)>) {
    if targets.len() < 2 {
        return;
    }
    pairs.clear();
    pairs.extend(targets.iter().copied().zip(weights.iter().copied()));
    pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    for (i, &(target, weight)) in pairs.iter().enumerate() {
        targets[i] = target;
        weights[i] = weight;
    }
}
