//! Harmonic centrality: the sum of one over the hops between a vertex and each other vertex, where
//! no way counts 0.
//!
//! Sums are exact up to one rounding. Weights are not used. Cost and method: see `hop_sums.rs`.
//! Source: Marchiori, Latora, "Harmony in the small-world", Physica A 285, 2000.

use serde::Deserialize;

use super::hop_sums::{Inverse, hop_sums};
use crate::{Control, Direction, Graph, GraphError};

/// Settings of [`harmonic`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `HarmonicConfig::DEFAULT_*`
pub struct HarmonicConfig {
    /// Which distances count: `in` from the others to the vertex, `out` from the vertex to the
    /// others, `both` over arcs either way.
    pub direction: Direction,
}

impl HarmonicConfig {
    /// From the others to the vertex, as in networkx.
    pub const DEFAULT_DIRECTION: Direction = Direction::In;
}

impl Default for HarmonicConfig {
    fn default() -> Self {
        Self { direction: Self::DEFAULT_DIRECTION }
    }
}

/// Answer of [`harmonic`].
#[derive(Debug, Clone, PartialEq)]
pub struct HarmonicResult {
    /// Harmonic centrality of each vertex, or of those asked for in their order.
    pub harmonic: Vec<f64>,
}

/// Finds the harmonic centrality of every vertex, or of `vertices`.
pub fn harmonic(
    graph: &Graph,
    config: &HarmonicConfig,
    vertices: Option<&[u32]>,
    control: &Control<'_>,
) -> Result<HarmonicResult, GraphError> {
    let sums: Vec<Inverse> = hop_sums(graph, config.direction, vertices, control)?;
    let harmonic = sums.iter().map(|sum| sum.value()).collect();
    control.progress(1.0)?;
    Ok(HarmonicResult { harmonic })
}
