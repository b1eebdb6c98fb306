//! Weak components by hooking roots under smaller ones, with a sample that saves most of the work.
//!
//! Every vertex first takes over the root of the least of a few neighbours and is linked with another
//! one; on real graphs that joins nearly all of the largest component. Its vertices then need no
//! further look: an arc between it and the rest is met again at its other end, or, where only tails
//! know their arcs, looked for with a bitmap of the rest. `parent[v] <= v` always, and
//! the roots end as the smallest vertices of their components whatever the order of the links and
//! the number of threads. Pieces are taken in ascending order, so that vertices mostly find their
//! smaller neighbours with roots and chains stay short. O(n + m) in practice, 8 bytes per vertex.
//!
//! Source: Sutton, Ben-Nun, Barak, "Optimizing parallel graph connectivity computation via subgraph
//! sampling", IPDPS 2018.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

use super::vertex_set::VertexSet;
use crate::control::Control;
use crate::crew::pull_jobs;
use crate::generate::Random;
use crate::par::row_blocks;
use crate::{Csr, Graph, GraphError};

/// Vertices looked at to find the largest component.
const SAMPLES: usize = 1024;
/// Vertices per piece of parallel work.
const PIECE: usize = 1 << 13;

/// The smallest vertex of each vertex's component.
pub(super) fn weak_labels(graph: &Graph, control: &Control<'_>) -> Result<Vec<u32>, GraphError> {
    control.check()?;
    let out = graph.out();
    let n = out.num_vertices();
    let incoming = graph.incoming_if_made();
    let turned = incoming.filter(|_| graph.is_directed());
    let parent: Vec<AtomicU32> =
        (0..n as u32).into_par_iter().with_min_len(PIECE).map(AtomicU32::new).collect();
    let second: Vec<AtomicU32> =
        (0..n).into_par_iter().with_min_len(PIECE).map(|_| AtomicU32::new(0)).collect();
    in_order(n, &control.part(0.0, 0.2), |v| {
        let [least, other] = two_neighbours(out, turned, v);
        let above = parent[least as usize].load(Relaxed);
        if above < v {
            parent[v as usize].store(above, Relaxed); // no thread else writes here: no exchange
        }
        second[v as usize].store(other, Relaxed);
    })?;
    in_order(n, &control.part(0.2, 0.4), |v| {
        compress(&parent, v);
        link(&parent, v, second[v as usize].load(Relaxed));
    })?;
    drop(second);

    let others = VertexSet::new(n);
    if collect_others(&parent, &others, control)? > 0 {
        link_others(&parent, &others, graph, incoming, &control.part(0.6, 0.8))?;
        in_order(n, &control.part(0.8, 0.9), |v| {
            compress(&parent, v);
        })?;
    }
    Ok(parent.into_iter().map(AtomicU32::into_inner).collect())
}

/// Puts the vertices outside the largest component, as the sample found it, into an empty set, and
/// points all vertices at their roots; how many there are.
fn collect_others(
    parent: &[AtomicU32],
    others: &VertexSet,
    control: &Control<'_>,
) -> Result<usize, GraphError> {
    let largest = largest_component(parent);
    let collect = |i: usize, word: &AtomicU64| {
        let vertices = (64 * i as u32..parent.len() as u32).take(64).enumerate();
        let is_outside = |v: u32| u64::from(compress(parent, v) != largest);
        let outside = vertices.fold(0, |word, (bit, v)| word | is_outside(v) << bit);
        word.store(outside, Relaxed);
        outside.count_ones() as usize
    };
    let count = others.sum_words(|| control.check(), collect)?;
    control.progress(0.6)?;
    Ok(count)
}

/// Links the others with all their neighbours. Without the arcs by head those that lead to them have
/// to be looked for.
fn link_others(
    parent: &[AtomicU32],
    others: &VertexSet,
    graph: &Graph,
    incoming: Option<&Csr>,
    control: &Control<'_>,
) -> Result<(), GraphError> {
    let out = graph.out();
    let turned = incoming.filter(|_| graph.is_directed());
    let blocks = row_blocks(out.offsets());
    let block = |(): &mut (), block: usize| {
        for u in blocks[block].start as u32..blocks[block].end as u32 {
            if others.has(u) {
                let row = out.row(u).iter().chain(turned.map_or(&[][..], |rows| rows.row(u)));
                row.for_each(|&v| link(parent, u, v));
            } else if incoming.is_none() && others.has_any(out.row(u)) {
                out.row(u).iter().filter(|&&v| others.has(v)).for_each(|&v| link(parent, u, v));
            }
        }
        Ok(())
    };
    pull_jobs(blocks.len(), usize::MAX, control, || (), block).map(drop)
}

/// Calls `work` for each vertex, on all threads.
fn in_order(n: usize, control: &Control<'_>, work: impl Fn(u32) + Sync) -> Result<(), GraphError> {
    let piece = |(): &mut (), piece: usize| {
        (piece * PIECE..((piece + 1) * PIECE).min(n)).for_each(|v| work(v as u32));
        Ok(())
    };
    pull_jobs(n.div_ceil(PIECE), usize::MAX, control, || (), piece).map(drop)
}

/// The least of the first four neighbours of `v` and another of them; itself for want of one.
#[inline]
fn two_neighbours(out: &Csr, turned: Option<&Csr>, v: u32) -> [u32; 2] {
    let row = out.row(v);
    let (first, second, least) = match *row {
        [first, second, third, fourth, ..] => {
            (first, second, first.min(second).min(third.min(fourth)))
        }
        [first, second, third] => (first, second, first.min(second).min(third)),
        [first, second] => (first, second, first.min(second)),
        _ => {
            let mut all = row.iter().chain(turned.map_or(&[][..], |turned| turned.row(v)));
            let [first, second] = [(); 2].map(|()| all.next().copied().unwrap_or(v));
            (first, second, first.min(second))
        }
    };
    [least, if least == first { second } else { first }]
}

/// Makes `u` and `v` share a root.
#[inline]
fn link(parent: &[AtomicU32], u: u32, v: u32) {
    let at = |v: u32| parent[v as usize].load(Relaxed);
    let (mut above_u, mut above_v) = (at(u), at(v));
    while above_u != above_v {
        let (low, high) = (above_u.min(above_v), above_u.max(above_v));
        let above_high = at(high);
        if above_high == low {
            return;
        }
        if above_high == high
            && parent[high as usize].compare_exchange(high, low, Relaxed, Relaxed).is_ok()
        {
            return;
        }
        (above_u, above_v) = (at(at(high)), at(low)); // another link came first: go on from there
    }
}

/// The last vertex above `v`.
#[inline]
fn root(parent: &[AtomicU32], v: u32) -> u32 {
    let mut root = v;
    loop {
        let above = parent[root as usize].load(Relaxed);
        if above == root {
            return root;
        }
        root = above;
    }
}

/// Points `v` and what was above it at their root. Links change roots only, so no other thread's
/// store is undone.
#[inline]
fn compress(parent: &[AtomicU32], v: u32) -> u32 {
    let first = parent[v as usize].load(Relaxed);
    let root = root(parent, first);
    if root != first {
        parent[v as usize].store(root, Relaxed);
        parent[first as usize].store(root, Relaxed);
    }
    root
}

/// The root that most of a fixed sample of vertices have; the smallest of equals.
fn largest_component(parent: &[AtomicU32]) -> u32 {
    let mut random = Random::new(0, 0);
    let n = parent.len() as u64;
    let sample = (0..SAMPLES.min(parent.len())).map(|_| random.below(n) as u32);
    let mut roots: Vec<u32> = sample.map(|v| root(parent, v)).collect();
    roots.sort_unstable();
    let groups =
        roots.chunk_by(|a, b| a == b).map(|group| (group.len(), std::cmp::Reverse(group[0])));
    groups.max().map_or(0, |(_, root)| root.0)
}
