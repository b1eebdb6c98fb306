//! Shortest paths from one source, by hops or by weight.
//!
//! Breadth-first search without weights, Dijkstra with weights of at least zero (binary heap,
//! outdated entries skipped, O((n + m) log n)), Bellman-Ford otherwise (only vertices that changed,
//! O(nm), usually far less). Rounded addition is monotone, so the distances are the same bits from
//! each method that fits; predecessors follow the one rule of `predecessors.rs`. Parallel edges all
//! count; an edge of weight `inf` is never used.
//! Sources: Dijkstra, Numer. Math. 1, 1959; Cherkassky, Goldberg, "Negative-cycle detection
//! algorithms", Math. Program. 85, 1999.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::AtomicBool;

use serde::Deserialize;

use super::bfs::{BfsConfig, bfs};
use super::predecessors::predecessors;
use crate::cancel::Meter;
use crate::{Graph, GraphError, NO_VERTEX};

/// How distances are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShortestPathMethod {
    /// The cheapest of the others that fits the graph: without weights `bfs`, with a negative one
    /// `bellman-ford`, else `dijkstra`.
    #[default]
    Auto,
    /// Every edge counts as one hop, weights are ignored.
    Bfs,
    /// Weights of at least zero; 1 on a graph without weights.
    Dijkstra,
    /// Any weights; 1 on a graph without weights.
    BellmanFord,
}

/// Settings of [`shortest_paths`].
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `ShortestPathConfig::DEFAULT_*`, as `Default`
pub struct ShortestPathConfig {
    /// How distances are found.
    pub method: ShortestPathMethod,
    /// Largest distance that counts as reached; needs weights of at least zero.
    pub cutoff: Option<f64>,
}

impl ShortestPathConfig {
    /// The cheapest method that fits.
    pub const DEFAULT_METHOD: ShortestPathMethod = ShortestPathMethod::Auto;
    /// No limit.
    pub const DEFAULT_CUTOFF: Option<f64> = None;
}

/// Answer of [`shortest_paths`], by vertex index.
#[derive(Debug, Clone, PartialEq)]
pub struct ShortestPathResult {
    /// Length of a shortest path from the source, infinite where there is none.
    pub distance: Vec<f64>,
    /// The vertex before on it, [`NO_VERTEX`] for the source and unreached vertices.
    pub predecessor: Vec<u32>,
    /// What was run, never [`ShortestPathMethod::Auto`].
    pub method: ShortestPathMethod,
}

/// Finds a shortest path from `source` to every vertex.
pub fn shortest_paths(
    graph: &Graph,
    config: &ShortestPathConfig,
    source: u32,
    cancel: &AtomicBool,
) -> Result<ShortestPathResult, GraphError> {
    graph.check_vertex("source", source)?;
    let has_negative = graph.has_negative_weight();
    let method = match config.method {
        ShortestPathMethod::Auto if !graph.is_weighted() => ShortestPathMethod::Bfs,
        ShortestPathMethod::Auto if has_negative => ShortestPathMethod::BellmanFord,
        ShortestPathMethod::Auto => ShortestPathMethod::Dijkstra,
        given => given,
    };
    let cutoff = config.cutoff.unwrap_or(f64::INFINITY);
    let bad_cutoff = |message: String| Err(GraphError::BadParameter { name: "cutoff", message });
    if cutoff.is_nan() || cutoff < 0.0 {
        return bad_cutoff(format!("{cutoff} is not a number >= 0"));
    }
    if config.cutoff.is_some() && has_negative && method == ShortestPathMethod::BellmanFord {
        return bad_cutoff("needs weights >= 0: a path may come back from beyond it".into());
    }

    let distance = match method {
        ShortestPathMethod::Bfs => return hops(graph, cutoff, source, cancel),
        ShortestPathMethod::BellmanFord => bellman_ford(graph, cutoff, source, cancel)?,
        ShortestPathMethod::Dijkstra | ShortestPathMethod::Auto => {
            graph.refuse_negative("dijkstra", "; use method 'bellman-ford'")?;
            dijkstra(graph, cutoff, source, cancel)?
        }
    };
    let predecessor = predecessors(graph.out(), source, &distance, has_negative, cancel)?;
    Ok(ShortestPathResult { distance, predecessor, method })
}

/// The vertices of the reported path from the source to `target`, both included; `None` if there is
/// no path.
pub fn path_to(result: &ShortestPathResult, target: u32) -> Option<Vec<u32>> {
    if !result.distance.get(target as usize)?.is_finite() {
        return None;
    }
    let mut path = vec![target];
    let mut v = target;
    while result.predecessor[v as usize] != NO_VERTEX {
        v = result.predecessor[v as usize];
        path.push(v);
    }
    path.reverse();
    Some(path)
}

fn hops(
    graph: &Graph,
    cutoff: f64,
    source: u32,
    cancel: &AtomicBool,
) -> Result<ShortestPathResult, GraphError> {
    let max_depth = (cutoff < f64::from(u32::MAX)).then_some(cutoff as u32); // whole hops: floor
    let found = bfs(graph, &BfsConfig { max_depth }, &[source], cancel)?;
    let length = |&hops: &i32| if hops < 0 { f64::INFINITY } else { f64::from(hops) };
    Ok(ShortestPathResult {
        distance: found.distance.iter().map(length).collect(),
        predecessor: found.predecessor,
        method: ShortestPathMethod::Bfs,
    })
}

fn dijkstra(
    graph: &Graph,
    cutoff: f64,
    source: u32,
    cancel: &AtomicBool,
) -> Result<Vec<f64>, GraphError> {
    let out = graph.out();
    let mut distance = vec![f64::INFINITY; graph.num_vertices()];
    let mut heap = BinaryHeap::new();
    let mut meter = Meter::new(cancel)?;
    distance[source as usize] = 0.0;
    heap.push(Reverse((0.0f64.to_bits(), source))); // bits of floats >= 0 order like the floats
    while let Some(Reverse((bits, u))) = heap.pop() {
        let from = f64::from_bits(bits);
        if from > distance[u as usize] {
            continue; // a shorter way was found since
        }
        meter.spend(out.row(u).len())?;
        for (v, weight) in out.weighted_row(u) {
            let to = from + weight;
            if to < distance[v as usize] && to <= cutoff {
                distance[v as usize] = to;
                heap.push(Reverse((to.to_bits(), v)));
            }
        }
    }
    Ok(distance)
}

/// Rounds over the vertices whose distance changed in the round before.
///
/// A cycle of parents is a negative cycle, and after n rounds there must be one. It is looked for
/// each time n arcs have been read, which costs O(1) per arc. Sums are rounded: a cycle that adds up
/// to zero only in exact arithmetic may count as negative.
fn bellman_ford(
    graph: &Graph,
    cutoff: f64,
    source: u32,
    cancel: &AtomicBool,
) -> Result<Vec<f64>, GraphError> {
    let out = graph.out();
    let n = graph.num_vertices();
    let mut distance = vec![f64::INFINITY; n];
    let mut parent = vec![NO_VERTEX; n];
    let mut is_queued = vec![false; n];
    let mut frontier = vec![source];
    let mut next = Vec::new();
    let mut arcs_since_check = 0;
    let mut meter = Meter::new(cancel)?;
    distance[source as usize] = 0.0;
    while !frontier.is_empty() {
        for &u in &frontier {
            is_queued[u as usize] = false;
            let from = distance[u as usize];
            let row = out.row(u).len();
            meter.spend(row)?;
            arcs_since_check += row;
            for (v, weight) in out.weighted_row(u) {
                let to = from + weight;
                if to < distance[v as usize] && to <= cutoff {
                    distance[v as usize] = to;
                    parent[v as usize] = u;
                    if !is_queued[v as usize] {
                        is_queued[v as usize] = true;
                        next.push(v);
                    }
                }
            }
        }
        std::mem::swap(&mut frontier, &mut next);
        next.clear();
        if arcs_since_check >= n || frontier.is_empty() {
            arcs_since_check = 0;
            if let Some(cycle) = cycle_of_parents(&parent) {
                let vertices = cycle.into_iter().map(|v| graph.label(v)).collect();
                return Err(GraphError::NegativeCycle { vertices });
            }
        }
    }
    Ok(distance)
}

/// A cycle in the parent graph in the direction of its edges, starting at its smallest vertex.
fn cycle_of_parents(parent: &[u32]) -> Option<Vec<u32>> {
    let mut seen_from = vec![NO_VERTEX; parent.len()];
    for start in 0..parent.len() as u32 {
        let mut v = start;
        while v != NO_VERTEX && seen_from[v as usize] == NO_VERTEX {
            seen_from[v as usize] = start;
            v = parent[v as usize];
        }
        if v == NO_VERTEX || seen_from[v as usize] != start {
            continue; // ended at the source or on a path known to be free of cycles
        }
        let mut cycle = vec![v];
        let mut above = parent[v as usize];
        while above != v {
            cycle.push(above);
            above = parent[above as usize];
        }
        cycle.reverse();
        let smallest = (0..cycle.len()).min_by_key(|&i| cycle[i])?;
        cycle.rotate_left(smallest);
        return Some(cycle);
    }
    None
}
