//! Edges to CSR by stable counting sort: within a row, arcs keep the order they are given in.
//!
//! O(n + m) work per part. Parts own disjoint vertex ranges: each reads all arcs and writes only
//! its own rows, so no two write to the same place and the result does not depend on their number.
//! The transpose is the same sort over the rows of a CSR, which leaves in-rows sorted by source.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use crate::cancel::{CHUNK, Meter, check};
use crate::par::split_mut;
use crate::{Csr, GraphError};

/// Below this many arcs a second thread costs more than it brings.
const PARALLEL_ARCS: usize = 1 << 16;
/// Every part reads all arcs, so more parts than this only wait for memory.
const MAX_PARTS: usize = 8;

/// A list of arcs that can be read several times.
pub(crate) trait Arcs: Sync {
    /// Number of arcs.
    fn len(&self) -> usize;
    /// Calls `f(row, target, index into the weights)` for each arc, in order.
    fn visit(&self, cancel: &AtomicBool, f: impl FnMut(u32, u32, usize)) -> Result<(), GraphError>;
    /// The weights that the indices point into.
    fn weights(&self) -> Option<&[f64]>;
}

/// Edge rows as indices; an undirected edge is two arcs, a loop one.
pub(crate) struct EdgeRows<'a> {
    pub(crate) src: &'a [u32],
    pub(crate) dst: &'a [u32],
    pub(crate) weights: Option<&'a [f64]>,
    pub(crate) directed: bool,
}

impl Arcs for EdgeRows<'_> {
    fn len(&self) -> usize {
        if self.directed { self.src.len() } else { 2 * self.src.len() }
    }

    fn visit(
        &self,
        cancel: &AtomicBool,
        mut f: impl FnMut(u32, u32, usize),
    ) -> Result<(), GraphError> {
        for (c, (src, dst)) in self.src.chunks(CHUNK).zip(self.dst.chunks(CHUNK)).enumerate() {
            check(cancel)?;
            for (i, (&u, &v)) in src.iter().zip(dst).enumerate() {
                f(u, v, c * CHUNK + i);
                if !self.directed && u != v {
                    f(v, u, c * CHUNK + i);
                }
            }
        }
        Ok(())
    }

    fn weights(&self) -> Option<&[f64]> {
        self.weights
    }
}

/// The arcs of a CSR turned round.
pub(crate) struct Reversed<'a>(pub(crate) &'a Csr);

impl Arcs for Reversed<'_> {
    fn len(&self) -> usize {
        self.0.num_arcs()
    }

    fn visit(
        &self,
        cancel: &AtomicBool,
        mut f: impl FnMut(u32, u32, usize),
    ) -> Result<(), GraphError> {
        let mut meter = Meter::new(cancel)?;
        let mut index = 0;
        for u in 0..self.0.num_vertices() as u32 {
            let row = self.0.row(u);
            meter.spend(row.len())?;
            for &v in row {
                f(v, u, index);
                index += 1;
            }
        }
        Ok(())
    }

    fn weights(&self) -> Option<&[f64]> {
        self.0.weights()
    }
}

/// Sorts arcs into `n` rows, in the caller's rayon pool.
pub(crate) fn counting_sort(
    n: usize,
    arcs: &impl Arcs,
    cancel: &AtomicBool,
) -> Result<Csr, GraphError> {
    let parts = if arcs.len() < PARALLEL_ARCS {
        1
    } else {
        rayon::current_num_threads().clamp(1, MAX_PARTS)
    };
    let offsets = count(n, arcs, parts, cancel)?;
    let num_arcs = offsets[n] as usize;

    // Ranges of vertices with about equally many arcs.
    let bounds: Vec<usize> = (0..=parts)
        .map(|part| match part {
            0 => 0,
            part if part == parts => n,
            part => offsets.partition_point(|&o| o < (num_arcs * part / parts) as u64).min(n),
        })
        .collect();
    let arcs_of = |bounds: &[usize]| (offsets[bounds[1]] - offsets[bounds[0]]) as usize;

    let mut targets = vec![0u32; num_arcs];
    let mut weights = arcs.weights().map(|_| vec![0f64; num_arcs]);
    let mut cursors = offsets[..n].to_vec();

    let target_parts = split_mut(&mut targets, bounds.windows(2).map(arcs_of));
    let weight_parts: Vec<&mut [f64]> = match &mut weights {
        Some(weights) => split_mut(weights, bounds.windows(2).map(arcs_of)),
        None => (0..parts).map(|_| <&mut [f64]>::default()).collect(),
    };
    let cursor_parts = split_mut(&mut cursors, bounds.windows(2).map(|b| b[1] - b[0]));
    bounds.par_windows(2).zip(target_parts).zip(weight_parts).zip(cursor_parts).try_for_each(
        |(((bounds, targets), weights), cursors)| {
            let (first, base) = (bounds[0] as u32, offsets[bounds[0]]);
            arcs.visit(cancel, |row, target, index| {
                if let Some(cursor) = cursors.get_mut(row.wrapping_sub(first) as usize) {
                    let place = (*cursor - base) as usize;
                    *cursor += 1;
                    targets[place] = target;
                    if let Some(all) = arcs.weights() {
                        weights[place] = all[index];
                    }
                }
            })
        },
    )?;
    Ok(Csr { offsets, targets, weights })
}

/// Row boundaries of the arcs.
fn count(
    n: usize,
    arcs: &impl Arcs,
    parts: usize,
    cancel: &AtomicBool,
) -> Result<Vec<u64>, GraphError> {
    let mut offsets = vec![0u64; n + 1];
    let width = n.div_ceil(parts).max(1);
    offsets[1..].par_chunks_mut(width).enumerate().try_for_each(|(part, counts)| {
        let first = (part * width) as u32;
        arcs.visit(cancel, |row, _, _| {
            if let Some(count) = counts.get_mut(row.wrapping_sub(first) as usize) {
                *count += 1;
            }
        })
    })?;
    let mut sum = 0;
    for offset in &mut offsets {
        sum += *offset;
        *offset = sum;
    }
    Ok(offsets)
}
