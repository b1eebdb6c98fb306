//! Closeness: one over the mean hops between a vertex and the others that are connected to it.
//!
//! With r reached vertices, itself included, and a sum of hops s it is `(r - 1) / s`, times
//! `(r - 1) / (n - 1)` if `wf_improved` (Wasserman, Faust, "Social network analysis", 1994), which
//! makes parts of a disconnected graph comparable; 0 if nothing is reached. Values are those of
//! networkx to the bit. Weights are not used. Cost and method: see `hop_sums.rs`.

use serde::Deserialize;

use super::hop_sums::{Far, hop_sums};
use crate::{Control, Direction, Graph, GraphError};

/// Settings of [`closeness`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `ClosenessConfig::DEFAULT_*`
pub struct ClosenessConfig {
    /// Which distances count: `in` from the others to the vertex, `out` from the vertex to the
    /// others, `both` over arcs either way.
    pub direction: Direction,
    /// Whether to multiply by the share of the graph that is reached.
    pub wf_improved: bool,
}

impl ClosenessConfig {
    /// From the others to the vertex, as in networkx.
    pub const DEFAULT_DIRECTION: Direction = Direction::In;
    /// Parts of a disconnected graph are comparable.
    pub const DEFAULT_WF_IMPROVED: bool = true;
}

impl Default for ClosenessConfig {
    fn default() -> Self {
        Self { direction: Self::DEFAULT_DIRECTION, wf_improved: Self::DEFAULT_WF_IMPROVED }
    }
}

/// Answer of [`closeness`].
#[derive(Debug, Clone, PartialEq)]
pub struct ClosenessResult {
    /// Closeness of each vertex, or of those asked for in their order.
    pub closeness: Vec<f64>,
}

/// Finds the closeness of every vertex, or of `vertices`.
pub fn closeness(
    graph: &Graph,
    config: &ClosenessConfig,
    vertices: Option<&[u32]>,
    control: &Control<'_>,
) -> Result<ClosenessResult, GraphError> {
    let sums: Vec<Far> = hop_sums(graph, config.direction, vertices, control)?;
    let others = graph.num_vertices() as f64 - 1.0;
    let value = |far: &Far| {
        if far.hops == 0 {
            return 0.0;
        }
        let reached = far.reached as f64;
        let closeness = reached / far.hops as f64;
        if config.wf_improved { closeness * (reached / others) } else { closeness }
    };
    let closeness = sums.iter().map(value).collect();
    control.progress(1.0)?;
    Ok(ClosenessResult { closeness })
}
