//! Weak components by union-find over a sample of the arcs, then over what the sample left open.
//!
//! Two rounds link every vertex with its first and second neighbour, which on most graphs joins
//! nearly all of the largest component; the remaining arcs of its vertices are then skipped where
//! the arcs at the other end are known. Links go towards the smaller vertex by compare-and-swap, so
//! `parent[v] <= v` always, and the roots end as the smallest vertices of their components whatever
//! the order of the links and the number of threads. O(n + m) in practice, 4 bytes per vertex.
//!
//! Source: Sutton, Ben-Nun, Barak, "Optimizing parallel graph connectivity computation via subgraph
//! sampling", IPDPS 2018.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use rayon::prelude::*;

use crate::control::Control;
use crate::generate::Random;
use crate::par::row_blocks;
use crate::{Graph, GraphError};

/// Neighbours of each vertex in the sample.
const ROUNDS: usize = 2;
/// Vertices looked at to find the largest component.
const SAMPLES: usize = 1024;
/// Vertices per piece of parallel work.
const PIECE: usize = 1 << 13;

/// The smallest vertex of each vertex's component.
pub(super) fn weak_labels(graph: &Graph, control: &Control<'_>) -> Result<Vec<u32>, GraphError> {
    control.check()?;
    let out = graph.out();
    let n = out.num_vertices();
    let parent: Vec<AtomicU32> =
        (0..n as u32).into_par_iter().with_min_len(PIECE).map(AtomicU32::new).collect();
    for round in 0..ROUNDS {
        in_pieces(n, control, |u| {
            if let Some(&v) = out.row(u).get(round) {
                link(&parent, u, v);
            }
        })?;
        compress(&parent, control)?;
        control.progress(0.25 * (round + 1) as f64)?;
    }

    let largest = largest_component(&parent);
    let incoming = graph.incoming_if_made();
    let is_in_largest = |v: u32| parent[v as usize].load(Relaxed) == largest;
    row_blocks(out.offsets()).into_par_iter().try_for_each(|block| {
        control.check()?;
        for u in block.start as u32..block.end as u32 {
            let is_largest = is_in_largest(u);
            if is_largest && incoming.is_some() {
                continue; // each arc out of the largest component is met again at its other end
            }
            for &v in out.row(u).get(ROUNDS..).unwrap_or_default() {
                if !(is_largest && is_in_largest(v)) {
                    link(&parent, u, v);
                }
            }
            if let Some(incoming) = incoming.filter(|_| graph.is_directed()) {
                incoming.row(u).iter().for_each(|&v| link(&parent, u, v));
            }
        }
        Ok(())
    })?;
    compress(&parent, control)?;
    control.progress(0.9)?;
    Ok(parent.into_iter().map(AtomicU32::into_inner).collect())
}

/// Calls `work` for each vertex, on all threads.
fn in_pieces(n: usize, control: &Control<'_>, work: impl Fn(u32) + Sync) -> Result<(), GraphError> {
    (0..n.div_ceil(PIECE)).into_par_iter().try_for_each(|piece| {
        control.check()?;
        (piece * PIECE..((piece + 1) * PIECE).min(n)).for_each(|u| work(u as u32));
        Ok(())
    })
}

/// Makes `u` and `v` share a root.
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

/// Points every vertex at its root.
fn compress(parent: &[AtomicU32], control: &Control<'_>) -> Result<(), GraphError> {
    in_pieces(parent.len(), control, |v| {
        let first = parent[v as usize].load(Relaxed);
        let mut root = first;
        loop {
            let above = parent[root as usize].load(Relaxed);
            if above == root {
                break;
            }
            root = above;
        }
        if root != first {
            parent[v as usize].store(root, Relaxed);
        }
    })
}

/// The root that most of a fixed sample of vertices have; the smallest of equals.
fn largest_component(parent: &[AtomicU32]) -> u32 {
    let mut random = Random::new(0, 0);
    let n = parent.len() as u64;
    let sample = (0..SAMPLES.min(parent.len())).map(|_| random.below(n) as usize);
    let mut roots: Vec<u32> = sample.map(|v| parent[v].load(Relaxed)).collect();
    roots.sort_unstable();
    let groups =
        roots.chunk_by(|a, b| a == b).map(|group| (group.len(), std::cmp::Reverse(group[0])));
    groups.max().map_or(0, |(_, root)| root.0)
}
