//! The class of every edge in a depth-first search, in the order in which the search meets them.
//!
//! When the search stands at `u` and looks along the arc to `v`: `v` is undiscovered (tree), open
//! (back: it is `u` or above it), finished and discovered after `u` (forward), or finished before
//! `u` was discovered (cross). In an undirected graph every edge is reported once, when it is met
//! first, and is tree or back; a parallel to a tree edge and a loop are back edges.
//! O(n + m), 16 bytes per vertex and 9 per edge, sequential. Order of the search: see `dfs.rs`.

use serde::Deserialize;

use crate::control::Meter;
use crate::{Control, Graph, GraphError};

/// Settings of [`dfs_edges`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `DfsEdgesConfig::DEFAULT_*`
pub struct DfsEdgesConfig {
    /// Whether neighbours are searched by ascending vertex instead of in the order of edges.
    pub sort_neighbors: bool,
}

impl DfsEdgesConfig {
    /// The order of edges.
    pub const DEFAULT_SORT_NEIGHBORS: bool = false;
}

/// What an edge is to a depth-first search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeClass {
    /// It discovers its head.
    Tree,
    /// It leads to an open vertex.
    Back,
    /// It leads to a finished vertex further down in the same subtree.
    Forward,
    /// It leads to a finished vertex elsewhere.
    Cross,
}

impl EdgeClass {
    /// The name as tables show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Back => "back",
            Self::Forward => "forward",
            Self::Cross => "cross",
        }
    }
}

/// Answer of [`dfs_edges`]: rows in the order of the search, each from the end it is met at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DfsEdgesResult {
    /// Where the search stands.
    pub src: Vec<u32>,
    /// Where the edge leads.
    pub dst: Vec<u32>,
    /// What it is.
    pub edge_class: Vec<EdgeClass>,
}

/// When a vertex was discovered; open ones are marked apart.
const UNSEEN: i64 = -1;

/// An open vertex.
struct Frame {
    vertex: u32,
    /// Its next arc.
    next: u64,
    /// The neighbour whose next occurrence is the tree edge that led here.
    skip: Option<u32>,
}

/// Classifies the edges reachable from `source`, or all.
pub fn dfs_edges(
    graph: &Graph,
    config: &DfsEdgesConfig,
    source: Option<u32>,
    control: &Control<'_>,
) -> Result<DfsEdgesResult, GraphError> {
    if let Some(source) = source {
        graph.check_vertex("source", source)?;
    }
    let rows = if config.sort_neighbors { graph.sorted(control)? } else { graph.out() };
    let (offsets, targets) = (rows.offsets(), rows.targets());
    let n = rows.num_vertices();
    let directed = graph.is_directed();
    let mut discover = vec![UNSEEN; n];
    let mut is_open = vec![false; n];
    let mut result = DfsEdgesResult { src: Vec::new(), dst: Vec::new(), edge_class: Vec::new() };
    let mut path: Vec<Frame> = Vec::new();
    let mut clock = 0;
    let mut meter = Meter::with_total(control, n, targets.len())?;
    let starts = source.map_or(0..n as u32, |source| source..source + 1);
    for start in starts {
        if discover[start as usize] != UNSEEN {
            continue;
        }
        let mut enter = Some((start, None));
        loop {
            if let Some((v, skip)) = enter.take() {
                discover[v as usize] = clock;
                clock += 1;
                is_open[v as usize] = true;
                path.push(Frame { vertex: v, next: offsets[v as usize], skip });
            }
            let Some(top) = path.last_mut() else { break };
            let u = top.vertex;
            if top.next == offsets[u as usize + 1] {
                is_open[u as usize] = false;
                path.pop();
                continue;
            }
            let v = targets[top.next as usize];
            top.next += 1;
            meter.spend(0)?;
            let class = if discover[v as usize] == UNSEEN {
                // Its first arc back to u is this edge: parallel edges stand in the same order in
                // both rows.
                enter = Some((v, (!directed).then_some(u)));
                EdgeClass::Tree
            } else if top.skip == Some(v) {
                top.skip = None;
                continue;
            } else if is_open[v as usize] {
                EdgeClass::Back
            } else if !directed {
                continue; // met before, from below
            } else if discover[u as usize] < discover[v as usize] {
                EdgeClass::Forward
            } else {
                EdgeClass::Cross
            };
            result.src.push(u);
            result.dst.push(v);
            result.edge_class.push(class);
        }
    }
    control.progress(1.0)?;
    Ok(result)
}
