//! Compressed sparse rows.
//!
//! Invariant: `offsets` has `n + 1` ascending values from 0 to the number of arcs; row `v` is
//! `targets[offsets[v]..offsets[v + 1]]`; every target is below `n`; `weights`, if any, is parallel
//! to `targets`. Memory: 8 bytes per vertex, 4 (12 with weights) per arc.

use std::ops::Range;

use rayon::prelude::*;

use crate::GraphError;
use crate::arcs::Reversed;
use crate::build::{Sorted, sort_arcs};
use crate::control::Control;
use crate::par::{row_blocks, split_mut};
use crate::prefetch::prefetch;

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

    /// Bytes of the arrays.
    pub(crate) fn nbytes(&self) -> usize {
        let weights = self.weights.as_ref().map_or(0, |weights| 8 * weights.len());
        8 * self.offsets.len() + 4 * self.targets.len() + weights
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
    #[inline]
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

    #[inline]
    pub(crate) fn range(&self, v: u32) -> Range<usize> {
        self.offsets[v as usize] as usize..self.offsets[v as usize + 1] as usize
    }

    /// Number of arcs of `v`.
    #[inline]
    pub fn degree(&self, v: u32) -> usize {
        (self.offsets[v as usize + 1] - self.offsets[v as usize]) as usize
    }

    /// Has the boundaries of the row of `v` fetched.
    #[inline]
    pub(crate) fn prefetch_range(&self, v: u32) {
        prefetch(&self.offsets, v as usize);
    }

    /// Has the start of the row of `v` fetched, whose boundaries should be near.
    #[inline]
    pub(crate) fn prefetch_row(&self, v: u32) {
        prefetch(&self.targets, self.offsets[v as usize] as usize);
    }

    /// Rows from outside, checked: O(n + m).
    pub(crate) fn checked(
        offsets: Vec<u64>,
        targets: Vec<u32>,
        weights: Option<Vec<f64>>,
    ) -> Result<Self, GraphError> {
        let bad = |name, message| Err(GraphError::BadCsr { name, message });
        let Some(n) = offsets.len().checked_sub(1) else {
            return bad("offsets", "is empty; n vertices have n + 1 offsets".into());
        };
        if offsets[0] != 0 {
            return bad("offsets", format!("starts at {}, not at 0", offsets[0]));
        }
        if let Some(v) = offsets.par_windows(2).position_first(|pair| pair[1] < pair[0]) {
            let message = format!("falls from {} to {} at vertex {v}", offsets[v], offsets[v + 1]);
            return bad("offsets", message);
        }
        if offsets[n] != targets.len() as u64 {
            return bad("offsets", format!("ends at {}, with {} arcs", offsets[n], targets.len()));
        }
        if let Some(arc) = targets.par_iter().position_first(|&target| target as usize >= n) {
            return bad("targets", format!("arc {arc} leads to {} of {n} vertices", targets[arc]));
        }
        match &weights {
            Some(weights) if weights.len() != targets.len() => {
                bad("weights", format!("{} values for {} arcs", weights.len(), targets.len()))
            }
            _ => Ok(Self { offsets, targets, weights }),
        }
    }

    /// An error unless each arc has its opposite, of the same weight.
    pub(crate) fn check_symmetric(&self, control: &Control<'_>) -> Result<(), GraphError> {
        let control = control.silent();
        let mut rows = self.clone();
        rows.sort_rows(None);
        let mut columns = self.transposed(&control)?;
        columns.sort_rows(None);
        for v in 0..self.num_vertices() as u32 {
            if !rows.weighted_row(v).eq(columns.weighted_row(v)) {
                let message = format!(
                    "the arcs of vertex {v} differ from those that lead to it; an undirected graph \
                     holds each edge in both rows"
                );
                return Err(GraphError::BadCsr { name: "targets", message });
            }
        }
        Ok(())
    }

    /// The arcs turned round, each row by ascending tail.
    pub(crate) fn transposed(&self, control: &Control<'_>) -> Result<Self, GraphError> {
        let (n, arcs) = (self.num_vertices(), Reversed(self));
        if let Some(weights) = &self.weights {
            let Sorted { offsets, targets, payload } =
                sort_arcs(n, &arcs, |arc| weights[arc], control)?;
            return Ok(Self { offsets, targets, weights: Some(payload) });
        }
        let Sorted { offsets, targets, .. } = sort_arcs(n, &arcs, |_| (), control)?;
        Ok(Self { offsets, targets, weights: None })
    }

    /// Whether each row ascends.
    pub(crate) fn is_sorted(&self) -> bool {
        row_blocks(&self.offsets)
            .into_par_iter()
            .all(|block| (block.start as u32..block.end as u32).all(|v| self.row(v).is_sorted()))
    }

    /// Orders each row by target, parallel arcs by weight and edge row: the same rows for any order
    /// of edges. `edge_rows` is parallel to the targets and moves with them.
    pub(crate) fn sort_rows(&mut self, edge_rows: Option<&mut [u32]>) {
        let blocks = row_blocks(&self.offsets);
        let offsets = &self.offsets;
        let lens =
            || blocks.iter().map(|block| (offsets[block.end] - offsets[block.start]) as usize);
        let row = |block: &Range<usize>, v: usize| {
            let start = offsets[block.start];
            (offsets[v] - start) as usize..(offsets[v + 1] - start) as usize
        };
        let targets = split_mut(&mut self.targets, lens());
        if self.weights.is_none() && edge_rows.is_none() {
            targets.into_par_iter().zip(&blocks).for_each(|(targets, block)| {
                for v in block.clone() {
                    targets[row(block, v)].sort_unstable();
                }
            });
            return;
        }
        let none = || blocks.iter().map(|_| None).collect();
        let weights: Vec<Option<&mut [f64]>> = self
            .weights
            .as_mut()
            .map_or_else(none, |all| split_mut(all, lens()).into_iter().map(Some).collect());
        let none = || blocks.iter().map(|_| None).collect();
        let edge_rows: Vec<Option<&mut [u32]>> = edge_rows
            .map_or_else(none, |all| split_mut(all, lens()).into_iter().map(Some).collect());
        targets.into_par_iter().zip(weights).zip(edge_rows).zip(&blocks).for_each(
            |(((targets, mut weights), mut edge_rows), block)| {
                let mut arcs: Vec<(u32, f64, u32)> = Vec::new();
                for v in block.clone() {
                    let range = row(block, v);
                    if targets[range.clone()].len() < 2 {
                        continue;
                    }
                    arcs.clear();
                    arcs.extend(range.clone().map(|i| {
                        let weight = weights.as_ref().map_or(1.0, |weights| weights[i]);
                        let edge = edge_rows.as_ref().map_or(0, |rows| rows[i]);
                        (targets[i], weight, edge)
                    }));
                    arcs.sort_unstable_by(|a, b| {
                        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
                    });
                    for (i, &(target, weight, edge)) in range.zip(&arcs) {
                        targets[i] = target;
                        if let Some(weights) = &mut weights {
                            weights[i] = weight;
                        }
                        if let Some(rows) = &mut edge_rows {
                            rows[i] = edge;
                        }
                    }
                }
            },
        );
    }
}
