//! Connected components, numbered `0..k` by their first vertex.
//!
//! Weak: union-find by compare-and-swap over blocks of rows in parallel, smaller root wins, path
//! halving; O(n + m log n) work, 4n bytes. Invariant: `parent[v] <= v`, and a root changes only to
//! a smaller vertex of its component, so the roots end as the smallest vertices whatever the order
//! of edges and the number of threads.
//! Source: Tarjan, van Leeuwen, "Worst-case analysis of set union algorithms", J. ACM 31(2), 1984.
//! Strong: see `strong.rs`.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use rayon::prelude::*;
use serde::Deserialize;

use super::strong::strong_labels;
use crate::cancel::check;
use crate::par::row_blocks;
use crate::{Graph, GraphError, NO_VERTEX};

/// What makes two vertices of a directed graph belong together; undirected graphs have one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComponentsMode {
    /// Edges taken both ways connect them. The default.
    #[default]
    Weak,
    /// Each can reach the other along the edges.
    Strong,
}

/// Answer of [`components`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentsResult {
    /// Component of each vertex, `0..count`, numbered by first vertex.
    pub component: Vec<i64>,
    /// Number of components.
    pub count: usize,
}

/// Labels every vertex with its component.
pub fn components(
    graph: &Graph,
    mode: ComponentsMode,
    cancel: &AtomicBool,
) -> Result<ComponentsResult, GraphError> {
    let labels = match mode {
        ComponentsMode::Strong if graph.is_directed() => strong_labels(graph.out(), cancel)?,
        _ => weak_labels(graph, cancel)?,
    };
    Ok(number_by_first_vertex(&labels))
}

/// The smallest vertex of each vertex's component.
fn weak_labels(graph: &Graph, cancel: &AtomicBool) -> Result<Vec<u32>, GraphError> {
    check(cancel)?;
    let out = graph.out();
    let parent: Vec<AtomicU32> = (0..out.num_vertices() as u32).map(AtomicU32::new).collect();
    row_blocks(out.offsets()).into_par_iter().try_for_each(|block| {
        check(cancel)?;
        for u in block.start as u32..block.end as u32 {
            for &v in out.row(u) {
                link(&parent, u, v);
            }
        }
        Ok(())
    })?;
    let mut labels: Vec<u32> = parent.into_iter().map(AtomicU32::into_inner).collect();
    for v in 0..labels.len() {
        labels[v] = labels[labels[v] as usize]; // ascending: a parent is final before its children
    }
    Ok(labels)
}

/// Makes `u` and `v` share a root.
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
        // Another thread linked `high` first: look for the new roots.
    }
}

/// The root above `v`; shortens the path on the way.
fn root(parent: &[AtomicU32], mut v: u32) -> u32 {
    loop {
        let above = parent[v as usize].load(Relaxed);
        if above == v {
            return v;
        }
        let top = parent[above as usize].load(Relaxed);
        if top != above {
            // A late store only restores an older ancestor: the invariant holds.
            parent[v as usize].store(top, Relaxed);
        }
        v = top;
    }
}

/// Renumbers labels below `n` in the order in which they first occur.
fn number_by_first_vertex(labels: &[u32]) -> ComponentsResult {
    let mut number = vec![NO_VERTEX; labels.len()];
    let mut count = 0;
    let component = labels
        .iter()
        .map(|&label| {
            let number = &mut number[label as usize];
            if *number == NO_VERTEX {
                *number = count;
                count += 1;
            }
            i64::from(*number)
        })
        .collect();
    ComponentsResult { component, count: count as usize }
}
