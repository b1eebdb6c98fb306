//! Depth-first search in true recursive order, without recursion.
//!
//! A vertex is discovered, its neighbours are searched one after the other in the order of its row,
//! then it is finished; one clock counts both events. A stack of (vertex, next arc) replaces the
//! calls, a bitmap answers "seen?" from the cache. O(n + m), 29 bytes per vertex, sequential.
//!
//! The depth limit is that of networkx: a vertex first met at `max_depth` hops along the search is
//! finished at once, and never expanded when met again on a shorter way. The answer is therefore
//! *not* all vertices within `max_depth` hops; that is what breadth-first search gives.
//! (networkx treats a limit of 0 like 1; here 0 visits the sources alone.)
//! Source: Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1(2), 1972.

use serde::Deserialize;

use super::marks::Marks;
use crate::control::Meter;
use crate::{Control, Direction, Graph, GraphError, NO_VERTEX};

/// Settings of [`dfs`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `DfsConfig::DEFAULT_*`, those of `Default`
pub struct DfsConfig {
    /// Hops along the search below which vertices are expanded; `None` expands all.
    pub max_depth: Option<u32>,
    /// Which way arcs are followed; neighbours other than by `out` are searched by ascending
    /// vertex, and with `both` each once.
    pub direction: Direction,
    /// Whether neighbours are searched by ascending vertex instead of in the order of edges.
    pub sort_neighbors: bool,
}

impl DfsConfig {
    /// No limit.
    pub const DEFAULT_MAX_DEPTH: Option<u32> = None;
    /// From tail to head.
    pub const DEFAULT_DIRECTION: Direction = Direction::Out;
    /// The order of edges.
    pub const DEFAULT_SORT_NEIGHBORS: bool = false;
}

/// Answer of [`dfs`], by vertex index except for `order`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DfsResult {
    /// Clock at the discovery, -1 if not reached.
    pub discover: Vec<i64>,
    /// Clock when all neighbours were searched, -1 if not reached.
    pub finish: Vec<i64>,
    /// The vertex it was discovered from, [`NO_VERTEX`] for roots and unreached vertices.
    pub predecessor: Vec<u32>,
    /// The root of its tree, [`NO_VERTEX`] if not reached.
    pub root: Vec<u32>,
    /// The reached vertices by discovery.
    pub order: Vec<u32>,
}

/// Searches from `source`, or from every vertex not yet reached, in vertex order.
pub fn dfs(
    graph: &Graph,
    config: &DfsConfig,
    source: Option<u32>,
    control: &Control<'_>,
) -> Result<DfsResult, GraphError> {
    if let Some(source) = source {
        graph.check_vertex("source", source)?;
    }
    let rows = match config.direction {
        Direction::In if graph.is_directed() => graph.incoming(control)?,
        Direction::Both if graph.is_directed() => graph.simple(control)?,
        _ if config.sort_neighbors => graph.sorted(control)?,
        _ => graph.out(),
    };
    let (offsets, targets) = (rows.offsets(), rows.targets());
    let n = rows.num_vertices();
    let mut result = DfsResult {
        discover: vec![-1; n],
        finish: vec![-1; n],
        predecessor: vec![NO_VERTEX; n],
        root: vec![NO_VERTEX; n],
        order: Vec::new(),
    };
    let max_depth = config.max_depth.map_or(usize::MAX, |depth| depth as usize);
    let mut seen = Marks::new(n);
    let mut path: Vec<(u32, u64)> = Vec::new(); // open vertices, each with its next arc
    let mut clock = 0;
    let mut meter = Meter::with_total(control, n, targets.len())?;
    let all = 0..n as u32;
    let starts = source.map_or(all, |source| source..source + 1);
    for start in starts {
        if !seen.insert(start) {
            continue;
        }
        result.root[start as usize] = start;
        let mut enter = start;
        loop {
            // `enter` was just marked as seen.
            result.discover[enter as usize] = clock;
            result.order.push(enter);
            clock += 1;
            path.push((enter, offsets[enter as usize]));
            if path.len() > max_depth {
                // At the limit: without its arcs.
                path.pop();
                result.finish[enter as usize] = clock;
                clock += 1;
            }
            let next = loop {
                let Some((u, arc)) = path.last_mut() else { break None };
                let u = *u;
                let end = offsets[u as usize + 1];
                let from = *arc;
                let mut found = None;
                while *arc < end && found.is_none() {
                    let v = targets[*arc as usize];
                    *arc += 1;
                    found = seen.insert(v).then_some(v);
                }
                meter.spend((*arc - from) as usize)?;
                if let Some(v) = found {
                    result.predecessor[v as usize] = u;
                    result.root[v as usize] = start;
                    break found;
                }
                path.pop();
                result.finish[u as usize] = clock;
                clock += 1;
            };
            match next {
                Some(v) => enter = v,
                None => break,
            }
        }
    }
    control.progress(1.0)?;
    Ok(result)
}
