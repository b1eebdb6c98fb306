//! Shortest paths from one source, by hops or by weight.
//!
//! Breadth-first search without weights, Dijkstra's algorithm or delta-stepping with weights of at
//! least zero, Bellman-Ford otherwise; each in a file of its name. Rounded addition is monotone, so
//! the least distances over sums from the source on are the same bits from each method that fits;
//! predecessors follow the one rule of `predecessors.rs`. Parallel edges all count; an edge of
//! weight `inf` is never used.

use rayon::prelude::*;
use serde::Deserialize;

use super::bellman_ford::bellman_ford;
use super::bfs::{BfsConfig, bfs};
use super::delta::delta_stepping;
use super::dijkstra::dijkstra;
use super::predecessors::predecessors;
use crate::control::{CHUNK, Control};
use crate::{Graph, GraphError, NO_VERTEX};

/// How distances are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShortestPathMethod {
    /// The cheapest of the others that fits the graph: without weights `bfs`, with a negative one
    /// `bellman-ford`, else `dijkstra` below a million arcs and `delta` from there on.
    #[default]
    Auto,
    /// Every edge counts as one hop, weights are ignored.
    Bfs,
    /// Weights of at least zero, one thread.
    Dijkstra,
    /// Weights of at least zero, all threads.
    Delta,
    /// Any weights.
    BellmanFord,
}

/// Settings of [`shortest_paths`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `ShortestPathConfig::DEFAULT_*`
pub struct ShortestPathConfig {
    /// How distances are found. Without weights, where every edge has length 1, each of them is
    /// `bfs`.
    pub method: ShortestPathMethod,
    /// Largest distance that counts as reached; needs weights of at least zero.
    pub cutoff: Option<f64>,
    /// Width of the rings that `delta` settles one after the other, above 0; `None` takes the
    /// largest weight over the average degree. It has no say in the answer, only in the time.
    pub delta: Option<f64>,
    /// Whether to find predecessors, one more pass over the arcs.
    pub predecessors: bool,
}

impl ShortestPathConfig {
    /// The cheapest method that fits.
    pub const DEFAULT_METHOD: ShortestPathMethod = ShortestPathMethod::Auto;
    /// No limit.
    pub const DEFAULT_CUTOFF: Option<f64> = None;
    /// From the weights and degrees of the graph.
    pub const DEFAULT_DELTA: Option<f64> = None;
    /// They are found.
    pub const DEFAULT_PREDECESSORS: bool = true;
}

impl Default for ShortestPathConfig {
    fn default() -> Self {
        Self {
            method: Self::DEFAULT_METHOD,
            cutoff: Self::DEFAULT_CUTOFF,
            delta: Self::DEFAULT_DELTA,
            predecessors: Self::DEFAULT_PREDECESSORS,
        }
    }
}

/// From this many arcs on, delta-stepping on all threads beats a heap on one.
const DELTA_ARCS: usize = 1_000_000;

/// Answer of [`shortest_paths`], by vertex index.
#[derive(Debug, Clone, PartialEq)]
pub struct ShortestPathResult {
    /// Length of a shortest path from the source, infinite where there is none.
    pub distance: Vec<f64>,
    /// The vertex before on it, [`NO_VERTEX`] for the source and unreached vertices; empty if not
    /// asked for.
    pub predecessor: Vec<u32>,
    /// What was run, never [`ShortestPathMethod::Auto`].
    pub method: ShortestPathMethod,
}

/// Finds a shortest path from `source` to every vertex.
pub fn shortest_paths(
    graph: &Graph,
    config: &ShortestPathConfig,
    source: u32,
    control: &Control<'_>,
) -> Result<ShortestPathResult, GraphError> {
    graph.check_vertex("source", source)?;
    let has_negative = graph.has_negative_weight();
    let method = match config.method {
        _ if !graph.is_weighted() => ShortestPathMethod::Bfs,
        ShortestPathMethod::Auto if has_negative => ShortestPathMethod::BellmanFord,
        ShortestPathMethod::Auto if graph.out().num_arcs() < DELTA_ARCS => {
            ShortestPathMethod::Dijkstra
        }
        ShortestPathMethod::Auto => ShortestPathMethod::Delta,
        given => given,
    };
    if let Some(delta) = config.delta
        && !(delta > 0.0 && delta.is_finite())
    {
        let message = format!("{delta} is not a number > 0");
        return Err(GraphError::BadParameter { name: "delta", message });
    }
    let cutoff = config.cutoff.unwrap_or(f64::INFINITY);
    let bad_cutoff = |message: String| Err(GraphError::BadParameter { name: "cutoff", message });
    if cutoff.is_nan() || cutoff < 0.0 {
        return bad_cutoff(format!("{cutoff} is not a number >= 0"));
    }
    if config.cutoff.is_some() && has_negative && method == ShortestPathMethod::BellmanFord {
        return bad_cutoff("needs weights >= 0: a path may come back from beyond it".into());
    }

    let advice = "; use method 'bellman-ford'";
    let search = control.part(0.0, if config.predecessors { 0.7 } else { 1.0 });
    let distance = match method {
        ShortestPathMethod::Bfs => return hops(graph, cutoff, source, config, control),
        ShortestPathMethod::BellmanFord => bellman_ford(graph, cutoff, source, &search)?,
        ShortestPathMethod::Delta => {
            graph.refuse_negative("delta", advice)?;
            delta_stepping(graph, config.delta, cutoff, source, &search)?
        }
        ShortestPathMethod::Dijkstra | ShortestPathMethod::Auto => {
            graph.refuse_negative("dijkstra", advice)?;
            dijkstra(graph, cutoff, source, &search)?
        }
    };
    let predecessor = if config.predecessors {
        predecessors(graph.out(), source, &distance, has_negative, &control.part(0.7, 1.0))?
    } else {
        Vec::new()
    };
    control.progress(1.0)?;
    Ok(ShortestPathResult { distance, predecessor, method })
}

/// The vertices of the reported path from the source to `target`, both included; `None` if there is
/// no path, or none was asked for.
pub fn path_to(result: &ShortestPathResult, target: u32) -> Option<Vec<u32>> {
    if !result.distance.get(target as usize)?.is_finite() {
        return None;
    }
    let mut path = vec![target];
    let mut before = *result.predecessor.get(target as usize)?;
    while before != NO_VERTEX {
        path.push(before);
        before = *result.predecessor.get(before as usize)?;
    }
    path.reverse();
    Some(path)
}

fn hops(
    graph: &Graph,
    cutoff: f64,
    source: u32,
    config: &ShortestPathConfig,
    control: &Control<'_>,
) -> Result<ShortestPathResult, GraphError> {
    let max_depth = (cutoff < f64::from(u32::MAX)).then_some(cutoff as u32); // whole hops: floor
    let search = BfsConfig { max_depth, ..BfsConfig::default() };
    let found = bfs(graph, &search, &[source], control)?;
    let length = |&hops: &i32| if hops < 0 { f64::INFINITY } else { f64::from(hops) };
    Ok(ShortestPathResult {
        distance: found.distance.par_iter().with_min_len(CHUNK).map(length).collect(),
        predecessor: if config.predecessors { found.predecessor } else { Vec::new() },
        method: ShortestPathMethod::Bfs,
    })
}
