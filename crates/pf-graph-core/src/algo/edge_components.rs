//! Weakly connected components of a bare edge list: the label of a vertex is the smallest vertex of
//! its component.
//!
//! Union-find by compare-and-swap: a link always makes the larger root point to the smaller, and
//! finds halve the path behind them. O(m + n log n) on one thread, 4 bytes per vertex. Invariant:
//! `parent[v] <= v`, so labels depend neither on the order of edges nor on threads.
//! Source: Tarjan, van Leeuwen, "Worst-case analysis of set union algorithms", J. ACM 31(2), 1984.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use rayon::prelude::*;

use crate::columns::{VertexInt, first_bad, indices};
use crate::control::{CHUNK, Control};
use crate::{GraphError, Side};

/// Labels the vertices `0..num_vertices`; rows of `src` and `dst` join them, whatever the direction.
///
/// Writing to the arrays meanwhile gives labels of some edges, or an error.
pub fn edge_components<S: VertexInt, D: VertexInt>(
    src: &[S],
    dst: &[D],
    num_vertices: usize,
    control: &Control<'_>,
) -> Result<Vec<u32>, GraphError> {
    control.check()?;
    if src.len() != dst.len() {
        return Err(GraphError::LengthsDiffer { src: src.len(), column: "dst", rows: dst.len() });
    }
    let tails = indices(src, Side::Src, num_vertices, control)?;
    let heads = indices(dst, Side::Dst, num_vertices, control)?;
    let parent: Vec<AtomicU32> = (0..num_vertices as u32).map(AtomicU32::new).collect();
    let total = tails.len().div_ceil(CHUNK).max(1) as f64;
    let done = std::sync::atomic::AtomicUsize::new(0);
    let is_whole = tails.par_chunks(CHUNK).zip(heads.par_chunks(CHUNK)).map(|(tails, heads)| {
        let mut is_whole = true;
        for (&u, &v) in tails.iter().zip(heads) {
            // Read once and checked here: a caller's array may change under us.
            if u.max(v) as usize >= num_vertices {
                is_whole = false;
            } else if u != v {
                link(&parent, u, v);
            }
        }
        control.progress(0.9 * (1 + done.fetch_add(1, Relaxed)) as f64 / total)?;
        Ok(is_whole)
    });
    let is_whole: Vec<bool> = is_whole.collect::<Result<_, GraphError>>()?;
    if is_whole.contains(&false) {
        let src = first_bad(src, num_vertices).map(|(row, v)| (row, Side::Src, v));
        let dst = first_bad(dst, num_vertices).map(|(row, v)| (row, Side::Dst, v));
        let first = [src, dst].into_iter().flatten().min_by_key(|bad| bad.0);
        return Err(first.map_or(GraphError::ArraysChanged, |(row, side, vertex)| {
            let (row, vertices) = (row as u64 + 1, num_vertices as u64);
            GraphError::IndexOutOfRange { row, side, vertex, vertices }
        }));
    }
    let mut label: Vec<u32> = parent.into_iter().map(AtomicU32::into_inner).collect();
    for v in 0..label.len() {
        label[v] = label[label[v] as usize]; // ascending: a parent is final before its children
    }
    control.progress(1.0)?;
    Ok(label)
}

fn link(parent: &[AtomicU32], u: u32, v: u32) {
    let (mut u, mut v) = (u, v);
    loop {
        (u, v) = (root(parent, u), root(parent, v));
        if u == v {
            return;
        }
        let (low, high) = (u.min(v), u.max(v));
        if parent[high as usize].compare_exchange(high, low, Relaxed, Relaxed).is_ok() {
            return;
        }
    }
}

fn root(parent: &[AtomicU32], mut v: u32) -> u32 {
    loop {
        let above = parent[v as usize].load(Relaxed);
        if above == v {
            return v;
        }
        let next = parent[above as usize].load(Relaxed);
        if next != above {
            // Lost races only leave a longer path.
            let _ = parent[v as usize].compare_exchange(above, next, Relaxed, Relaxed);
        }
        v = above;
    }
}
