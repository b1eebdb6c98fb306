//! The edge list between the caller's table and the CSR: ends as indices, weights, and which rows
//! of the table are left after nulls, loops and parallel edges have been dealt with.

use std::borrow::Cow;

use rayon::prelude::*;

use crate::arcs::{EdgeRows, RowArcs};
use crate::build::sort_arcs;
use crate::control::Control;
use crate::par::row_blocks;
use crate::{Duplicates, GraphError, SelfLoops};

/// Edges in table order.
#[derive(Debug, Default)]
pub(crate) struct EdgeList {
    pub(crate) src: Vec<u32>,
    pub(crate) dst: Vec<u32>,
    pub(crate) weight: Option<Vec<f64>>,
    /// Position in the table of each edge, if rows have been left out.
    pub(crate) rows: Option<Vec<u32>>,
}

impl EdgeList {
    /// Number of edges.
    pub(crate) fn len(&self) -> usize {
        self.src.len()
    }

    /// Position in the table, from 0.
    pub(crate) fn row(&self, edge: usize) -> usize {
        self.rows.as_ref().map_or(edge, |rows| rows[edge] as usize)
    }

    /// Applies the policy for loops; `label` names a vertex in an error.
    pub(crate) fn apply_self_loops(
        &mut self,
        policy: SelfLoops,
        label: impl Fn(u32) -> String,
    ) -> Result<(), GraphError> {
        if policy == SelfLoops::Keep {
            return Ok(());
        }
        let is_loop = |edge: usize| self.src[edge] == self.dst[edge];
        let Some(first) = (0..self.len()).find(|&edge| is_loop(edge)) else { return Ok(()) };
        if policy == SelfLoops::Error {
            let vertex = label(self.src[first]);
            return Err(GraphError::SelfLoop { row: self.row(first) as u64 + 1, vertex });
        }
        let keep: Vec<bool> = (0..self.len()).map(|edge| !is_loop(edge)).collect();
        self.retain(&keep)
    }

    /// Applies the policy for parallel edges among `n` vertices. O(m log d) for rows of d edges.
    pub(crate) fn apply_duplicates(
        &mut self,
        policy: Duplicates,
        n: usize,
        directed: bool,
        label: impl Fn(u32) -> String,
        control: &Control<'_>,
    ) -> Result<(), GraphError> {
        if policy == Duplicates::Keep {
            return Ok(());
        }
        check_rows(self.len())?;
        if policy == Duplicates::Sum && self.weight.is_none() {
            self.weight = Some(vec![1.0; self.len()]);
        }
        let arcs = if directed { RowArcs::Directed } else { RowArcs::Folded };
        let rows = EdgeRows { src: Cow::Borrowed(&self.src), dst: Cow::Borrowed(&self.dst), arcs };
        let sorted = sort_arcs(n, rows, |edge| edge as u32, control)?;
        let weights = self.weight.as_deref();
        // Per block of rows: the edges that stay, and the second edge of the first repeated pair.
        let groups = row_blocks(&sorted.offsets).into_par_iter().map(|block| {
            control.check()?;
            let mut kept: Vec<(u32, f64)> = Vec::new();
            let mut repeat: Option<(u32, u32)> = None;
            let mut row: Vec<(u32, u32)> = Vec::new();
            for v in block {
                let range = sorted.offsets[v] as usize..sorted.offsets[v + 1] as usize;
                let (targets, edges) = (&sorted.targets[range.clone()], &sorted.payload[range]);
                row.clear();
                row.extend(targets.iter().copied().zip(edges.iter().copied()));
                row.sort_unstable();
                for group in row.chunk_by(|a, b| a.0 == b.0) {
                    kept.push(merge(policy, group, weights));
                    if let [first, second, ..] = group {
                        let found = (second.1, first.1);
                        repeat = Some(repeat.map_or(found, |repeat| repeat.min(found)));
                    }
                }
            }
            Ok((kept, repeat))
        });
        let groups: Vec<_> = groups.collect::<Result<_, GraphError>>()?;
        let repeat = groups.iter().filter_map(|group| group.1).min();
        let Some((second, first)) = repeat else { return Ok(()) };
        if policy == Duplicates::Error {
            let (second, first) = (second as usize, first as usize);
            return Err(GraphError::DuplicateEdge {
                row: self.row(second) as u64 + 1,
                first_row: self.row(first) as u64 + 1,
                src: label(self.src[second]),
                dst: label(self.dst[second]),
            });
        }
        let mut keep = vec![false; self.len()];
        for (edge, weight) in groups.into_iter().flat_map(|group| group.0) {
            keep[edge as usize] = true;
            if let Some(weights) = &mut self.weight {
                weights[edge as usize] = weight;
            }
        }
        self.retain(&keep)
    }

    /// Leaves out the edges that are not to be kept.
    fn retain(&mut self, keep: &[bool]) -> Result<(), GraphError> {
        check_rows(self.len())?;
        let kept: Vec<u32> = (0..self.len() as u32).filter(|&edge| keep[edge as usize]).collect();
        let take = |values: &[u32]| kept.par_iter().map(|&edge| values[edge as usize]).collect();
        self.src = take(&self.src);
        self.dst = take(&self.dst);
        if let Some(weights) = &self.weight {
            self.weight = Some(kept.par_iter().map(|&edge| weights[edge as usize]).collect());
        }
        self.rows = Some(match &self.rows {
            Some(rows) => take(rows),
            None => kept,
        });
        Ok(())
    }
}

/// The edge that stands for a group of parallel ones, `(target, edge)` by ascending edge, and its
/// weight.
fn merge(policy: Duplicates, group: &[(u32, u32)], weights: Option<&[f64]>) -> (u32, f64) {
    let weight = |edge: u32| weights.map_or(1.0, |weights| weights[edge as usize]);
    let edges = group.iter().map(|&(_, edge)| edge);
    let (first, last) = (group[0].1, group[group.len() - 1].1);
    let lighter = |a: u32, b: u32| if weight(b) < weight(a) { b } else { a };
    let heavier = |a: u32, b: u32| if weight(b) > weight(a) { b } else { a };
    match policy {
        Duplicates::Sum => (first, edges.map(weight).sum()),
        Duplicates::Min => {
            let edge = edges.fold(first, lighter);
            (edge, weight(edge))
        }
        Duplicates::Max => {
            let edge = edges.fold(first, heavier);
            (edge, weight(edge))
        }
        Duplicates::Last => (last, weight(last)),
        Duplicates::First | Duplicates::Keep | Duplicates::Error => (first, weight(first)),
    }
}

/// Edge rows are remembered in 32 bits.
pub(crate) fn check_rows(rows: usize) -> Result<(), GraphError> {
    if u32::try_from(rows).is_ok() {
        return Ok(());
    }
    Err(GraphError::TooManyRows { rows: rows as u64, limit: u64::from(u32::MAX) })
}
