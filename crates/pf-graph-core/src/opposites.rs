//! Whether each arc has its opposite, as in undirected graphs that were stored both ways.

use std::ops::Range;

use rayon::prelude::*;

use crate::control::Control;
use crate::par::row_blocks;
use crate::{Csr, Graph, GraphError};

/// Vertices whose arcs are looked at to see that not all have their opposite.
const FIRST: usize = 64;
/// A row of so few is looked through, others by halves.
const SHORT: usize = 16;

/// How the arcs of a graph stand to their opposites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Opposites {
    /// Some arc has none.
    Missing,
    /// Each arc has at least one.
    Met,
    /// As many arcs go from `u` to `v` as from `v` to `u`, whatever the two.
    Paired,
}

impl Graph {
    /// How arcs stand to their opposites; weights have no say. Of directed graphs with parallel arcs
    /// it is not said that they are paired. Found at the first call, which makes the arcs by head
    /// of a directed graph, and kept.
    pub(crate) fn opposites(&self, control: &Control<'_>) -> Result<Opposites, GraphError> {
        if !self.is_directed() {
            return Ok(Opposites::Paired);
        }
        if let Some(&known) = self.views.opposites.get() {
            return Ok(known);
        }
        let found = compare(&self.out, self.incoming(control)?, control)?;
        Ok(*self.views.opposites.get_or_init(|| found)) // a racing caller found the same
    }
}

/// Looks at the arcs of all vertices, or up to one that has no opposite.
fn compare(out: &Csr, back: &Csr, control: &Control<'_>) -> Result<Opposites, GraphError> {
    let vertex = |v: u32| {
        let (tails, heads) = (back.row(v), out.row(v));
        if !has_all(tails, heads) {
            return Opposites::Missing;
        }
        // Without parallel arcs, opposites are one to one.
        if tails.is_sorted_by(|a, b| a < b) { Opposites::Paired } else { Opposites::Met }
    };
    let vertices = |mut range: Range<u32>| {
        range.try_fold(Opposites::Paired, |least, v| match vertex(v) {
            Opposites::Missing => None,
            found => Some(least.min(found)),
        })
    };
    if vertices(0..out.num_vertices().min(FIRST) as u32).is_none() {
        return Ok(Opposites::Missing); // before there are blocks
    }
    let block = |block: Range<usize>| {
        control.check().map_err(Some)?;
        vertices(block.start as u32..block.end as u32).ok_or(None)
    };
    let blocks = row_blocks(out.offsets()).into_par_iter().map(block);
    match blocks.try_reduce(|| Opposites::Paired, |a, b| Ok(a.min(b))) {
        Ok(least) => Ok(least),
        Err(None) => Ok(Opposites::Missing),
        Err(Some(error)) => Err(error),
    }
}

/// Whether an ascending row has all of some vertices.
#[inline]
fn has_all(row: &[u32], vertices: &[u32]) -> bool {
    if row.len() > SHORT {
        return vertices.iter().all(|v| row.binary_search(v).is_ok());
    }
    // Four at a time take the place of one.
    let (fours, others) = vertices.as_chunks::<4>();
    let mut all = others.iter().fold(true, |all, v| all & row.contains(v));
    for four in fours {
        let mut met = [false; 4];
        for u in row {
            met.iter_mut().zip(four).for_each(|(met, v)| *met |= u == v);
        }
        all &= met == [true; 4];
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::BuildOptions;

    static NEVER: AtomicBool = AtomicBool::new(false);
    static GO: Control<'static> = Control::new(&NEVER);

    #[test]
    fn arcs_and_their_opposites() {
        let side = 200u32;
        let n = side * side;
        let right = (0..n).filter(|v| v % side + 1 < side).map(|v| (v, v + 1));
        let down = (0..n - side).map(|v| (v, v + side));
        let hub = (0..n).step_by(7).map(|v| (v, n)); // a row that is not short
        let ends = right.chain(down).filter(|&(u, v)| u % 1000 != 0 && v % 1000 != 999).chain(hub);
        let all: Vec<_> = ends.flat_map(|(u, v)| [(u, v), (v, u)]).collect();
        let parallel = [&all[..], &all[..5], &all[8..9], &[(3, 3)]].concat();
        for (arcs, expected) in [
            (all[1..].to_vec(), Opposites::Missing),
            (all[..all.len() - 1].to_vec(), Opposites::Missing),
            ([&all[..], &[(3, 5)]].concat(), Opposites::Missing),
            (parallel, Opposites::Met),
            ([&all[..], &[(3, 3)]].concat(), Opposites::Paired),
            (all, Opposites::Paired),
            (vec![], Opposites::Paired),
        ] {
            let (src, dst): (Vec<u32>, Vec<u32>) = arcs.iter().copied().unzip();
            for directed in [true, false] {
                let options = BuildOptions { directed, ..BuildOptions::default() };
                let count = n as usize + 1;
                let graph = Graph::from_arrays(&src, &dst, None, count, &options, &GO).unwrap();
                let expected = if directed { expected } else { Opposites::Paired };
                assert_eq!(graph.opposites(&GO).unwrap(), expected);
                assert_eq!(graph.opposites(&GO).unwrap(), expected); // as it was kept
            }
        }
    }

    #[test]
    fn rows_that_have_all() {
        let rows: [&[u32]; 4] = [&[], &[1, 5, 9], &[0, 1, 2, 3, 4, 5], &[7; 20]];
        for row in rows {
            for vertices in rows {
                let expected = vertices.iter().all(|v| row.contains(v));
                assert_eq!(has_all(row, vertices), expected, "{row:?} {vertices:?}");
            }
        }
    }
}
