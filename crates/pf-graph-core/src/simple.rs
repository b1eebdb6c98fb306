//! Arcs without loops and parallels: how many ways two neighbours are joined, and rows in which a
//! neighbour stands once, with the smallest weight.
//!
//! O(m log d) time for the longest row d, blocks of rows in parallel; a byte per arc, and 8 bytes
//! per vertex with 4 or 12 per arc.

use std::ops::Range;

use rayon::prelude::*;

use crate::par::{row_blocks, split_mut};
use crate::{Control, Csr, Graph, GraphError};

/// Rows of a simple graph with a value per arc.
#[derive(Debug)]
pub(crate) struct SimpleRows<T> {
    /// Row boundaries: `n + 1` values.
    pub(crate) offsets: Vec<u64>,
    /// The other ends, ascending within a row.
    pub(crate) targets: Vec<u32>,
    /// Parallel to `targets`; empty if all arcs are alike.
    pub(crate) values: Vec<T>,
}

impl<T> SimpleRows<T> {
    pub(crate) fn num_vertices(&self) -> usize {
        self.offsets.len() - 1
    }

    pub(crate) fn range(&self, v: u32) -> Range<usize> {
        self.offsets[v as usize] as usize..self.offsets[v as usize + 1] as usize
    }

    pub(crate) fn row(&self, v: u32) -> &[u32] {
        &self.targets[self.range(v)]
    }
}

/// For each arc of the simple view of a directed graph, 2 if its ends are joined both ways, else 1;
/// parallel to the targets of [`Graph::simple`]. Nothing for an undirected graph: all are 1.
pub(crate) fn arcs_between(graph: &Graph, control: &Control<'_>) -> Result<Vec<u8>, GraphError> {
    if !graph.is_directed() {
        return Ok(Vec::new());
    }
    let simple = graph.simple(control)?;
    let (heads, tails) = (graph.sorted(control)?, graph.incoming(control)?);
    let blocks = row_blocks(simple.offsets());
    let length = |block: &Range<usize>| {
        (simple.offsets()[block.end] - simple.offsets()[block.start]) as usize
    };
    let mut times = vec![0; simple.num_arcs()];
    let pieces = split_mut(&mut times, blocks.iter().map(length));
    blocks.par_iter().zip(pieces).try_for_each(|(block, piece)| {
        control.check()?;
        let mut piece = piece.iter_mut();
        for v in block.start as u32..block.end as u32 {
            let (mut heads, mut tails) = (heads.row(v), tails.row(v)); // all three ascend
            for (&u, times) in simple.row(v).iter().zip(&mut piece) {
                *times = u8::from(skip_to(&mut heads, u)) + u8::from(skip_to(&mut tails, u));
            }
        }
        Ok(())
    })?;
    Ok(times)
}

/// Drops what is below `v` from an ascending row; whether it goes on with `v`.
fn skip_to(row: &mut &[u32], v: u32) -> bool {
    while let Some((&first, rest)) = row.split_first()
        && first < v
    {
        *row = rest;
    }
    row.first() == Some(&v)
}

/// The arcs of `rows`, parallel ones once with their smallest weight; without weights, or if they
/// are not asked for, there are no values.
pub(crate) fn arcs_once(
    rows: &Csr,
    weighted: bool,
    control: &Control<'_>,
) -> Result<SimpleRows<f64>, GraphError> {
    let blocks = row_blocks(rows.offsets());
    if !(weighted && rows.weights().is_some()) {
        return assemble(rows.num_vertices(), &blocks, control, |v, block| {
            let start = block.targets.len();
            block.targets.extend_from_slice(rows.row(v));
            keep_once(&mut block.targets, start, v);
        });
    }
    assemble(rows.num_vertices(), &blocks, control, |v, block| {
        let mut arcs: Vec<(u32, f64)> = rows.weighted_row(v).filter(|arc| arc.0 != v).collect();
        arcs.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        arcs.dedup_by_key(|arc| arc.0); // keeps the first, which is the lightest
        block.targets.extend(arcs.iter().map(|arc| arc.0));
        block.values.extend(arcs.iter().map(|arc| arc.1));
    })
}

/// Orders the targets from `start` on and drops repeats and `v` itself.
fn keep_once(targets: &mut Vec<u32>, start: usize, v: u32) {
    let row = &mut targets[start..];
    if row.windows(2).all(|pair| pair[0] < pair[1]) && row.binary_search(&v).is_err() {
        return;
    }
    row.sort_unstable();
    let mut kept = start;
    for i in start..targets.len() {
        let target = targets[i];
        if target != v && (kept == start || targets[kept - 1] != target) {
            targets[kept] = target;
            kept += 1;
        }
    }
    targets.truncate(kept);
}

/// Finished rows of a block.
#[derive(Default)]
struct Block<T> {
    ends: Vec<u64>,
    targets: Vec<u32>,
    values: Vec<T>,
}

/// Makes blocks of rows in parallel and joins them.
fn assemble<T: Default + Copy + Send + Sync>(
    n: usize,
    blocks: &[Range<usize>],
    control: &Control<'_>,
    fill: impl Fn(u32, &mut Block<T>) + Sync,
) -> Result<SimpleRows<T>, GraphError> {
    control.check()?;
    let make = |rows: &Range<usize>| {
        control.check()?;
        let mut block = Block::default();
        for v in rows.clone() {
            fill(v as u32, &mut block);
            block.ends.push(block.targets.len() as u64);
        }
        Ok(block)
    };
    let finished: Vec<Block<T>> = blocks.par_iter().map(make).collect::<Result<_, GraphError>>()?;

    let mut offsets = Vec::with_capacity(n + 1);
    offsets.push(0);
    let mut before = 0;
    for block in &finished {
        offsets.extend(block.ends.iter().map(|end| before + end));
        before += block.targets.len() as u64;
    }
    control.check()?;
    let mut targets = vec![0; before as usize];
    split_mut(&mut targets, finished.iter().map(|block| block.targets.len()))
        .into_par_iter()
        .zip(&finished)
        .for_each(|(to, block)| to.copy_from_slice(&block.targets));
    let mut values = vec![T::default(); finished.iter().map(|block| block.values.len()).sum()];
    split_mut(&mut values, finished.iter().map(|block| block.values.len()))
        .into_par_iter()
        .zip(&finished)
        .for_each(|(to, block)| to.copy_from_slice(&block.values));
    Ok(SimpleRows { offsets, targets, values })
}
