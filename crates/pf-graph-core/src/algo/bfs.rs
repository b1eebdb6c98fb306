//! Breadth-first search: hops from the nearest source, along the edges.
//!
//! Level by level from a queue, O(n + m). A vertex that is met again within the level that found it
//! keeps the smaller predecessor, so the answer does not depend on the order of edges:
//! `predecessor[v]` is the smallest vertex with an arc to `v` among those one level nearer.
//! networkx and scipy keep whichever came first in adjacency order instead.

use std::sync::atomic::AtomicBool;

use serde::Deserialize;

use crate::cancel::Meter;
use crate::{Graph, GraphError, NO_VERTEX};

/// Settings of [`bfs`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `BfsConfig::DEFAULT_*`, those of `Default`
pub struct BfsConfig {
    /// Hops after which the search stops; `None` goes on to the end.
    pub max_depth: Option<u32>,
}

impl BfsConfig {
    /// No limit.
    pub const DEFAULT_MAX_DEPTH: Option<u32> = None;
}

/// Answer of [`bfs`], by vertex index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BfsResult {
    /// Hops from the nearest source, -1 where none leads.
    pub distance: Vec<i32>,
    /// The vertex before on a shortest way, [`NO_VERTEX`] for sources and unreached vertices.
    pub predecessor: Vec<u32>,
}

/// Searches from all `sources` at once; there must be at least one, repeats are harmless.
pub fn bfs(
    graph: &Graph,
    config: &BfsConfig,
    sources: &[u32],
    cancel: &AtomicBool,
) -> Result<BfsResult, GraphError> {
    if sources.is_empty() {
        let message = "needs at least one vertex".into();
        return Err(GraphError::BadParameter { name: "sources", message });
    }
    let mut distance = vec![-1; graph.num_vertices()];
    let mut predecessor = vec![NO_VERTEX; graph.num_vertices()];
    let mut frontier = Vec::new();
    for &source in sources {
        graph.check_vertex("sources", source)?;
        if distance[source as usize] != 0 {
            distance[source as usize] = 0;
            frontier.push(source);
        }
    }

    let out = graph.out();
    let max_depth = config.max_depth.unwrap_or(u32::MAX);
    let mut meter = Meter::new(cancel)?;
    let mut next = Vec::new();
    let mut level: i32 = 0;
    while !frontier.is_empty() && level.unsigned_abs() < max_depth {
        level = level.checked_add(1).ok_or(GraphError::TooLarge {
            vertices: graph.num_vertices() as u64,
            limit: i32::MAX as u64,
        })?;
        for &u in &frontier {
            let row = out.row(u);
            meter.spend(row.len())?;
            for &v in row {
                let found = &mut distance[v as usize];
                if *found == -1 {
                    *found = level;
                    predecessor[v as usize] = u;
                    next.push(v);
                } else if *found == level && u < predecessor[v as usize] {
                    predecessor[v as usize] = u;
                }
            }
        }
        std::mem::swap(&mut frontier, &mut next);
        next.clear();
    }
    Ok(BfsResult { distance, predecessor })
}
