//! Label propagation: every vertex takes the label that most of its neighbours have.
//!
//! Synchronous: all labels of a round come from the round before, so the answer depends neither on
//! the order of vertices in memory nor on threads. At the start every vertex is its own label; of
//! equally frequent labels the smallest wins. Neighbours count along arcs out and in, once per
//! parallel arc; loops and weights do not count. Bipartite parts may swap labels for ever, hence
//! `max_iter`. O(m log d) per round for the largest degree d; 8 bytes per vertex.
//! Source: Raghavan, Albert, Kumara, "Near linear time algorithm to detect community structures in
//! large-scale networks", Phys. Rev. E 76, 2007.

use rayon::prelude::*;
use serde::Deserialize;

use super::numbering::number_by_first;
use crate::par::{row_blocks, split_mut};
use crate::{Control, Graph, GraphError};

/// Settings of [`label_propagation`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `LabelPropagationConfig::DEFAULT_*`
pub struct LabelPropagationConfig {
    /// Rounds to try, at least 1.
    pub max_iter: u32,
}

impl LabelPropagationConfig {
    /// Most labels are settled after five rounds.
    pub const DEFAULT_MAX_ITER: u32 = 10;
}

impl Default for LabelPropagationConfig {
    fn default() -> Self {
        Self { max_iter: Self::DEFAULT_MAX_ITER }
    }
}

/// Answer of [`label_propagation`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelPropagationResult {
    /// Community of each vertex, `0..count`, numbered by first vertex.
    pub community: Vec<i64>,
    /// Number of communities.
    pub count: usize,
    /// Rounds done.
    pub iterations: u32,
    /// Whether the last round changed nothing.
    pub converged: bool,
}

/// Partitions the vertices by their labels.
pub fn label_propagation(
    graph: &Graph,
    config: &LabelPropagationConfig,
    control: &Control<'_>,
) -> Result<LabelPropagationResult, GraphError> {
    if config.max_iter == 0 {
        let message = "needs at least 1".into();
        return Err(GraphError::BadParameter { name: "max_iter", message });
    }
    let out = graph.out();
    let incoming = if graph.is_directed() { Some(graph.incoming(control)?) } else { None };
    let blocks = row_blocks(out.offsets());
    let mut labels: Vec<u32> = (0..graph.num_vertices() as u32).collect();
    let mut next = labels.clone();
    let (mut iterations, mut converged) = (0, false);
    while iterations < config.max_iter && !converged {
        let parts = split_mut(&mut next, blocks.iter().map(ExactSizeIterator::len));
        let changes = blocks.par_iter().zip(parts).map(|(block, next)| {
            control.check()?;
            let mut met = Vec::new();
            let mut has_changed = false;
            for (v, next) in block.clone().zip(next) {
                let v = v as u32;
                let tails = incoming.map_or(&[][..], |incoming| incoming.row(v));
                let others = out.row(v).iter().chain(tails).filter(|&&u| u != v);
                met.clear();
                met.extend(others.map(|&u| labels[u as usize]));
                let label = labels[v as usize];
                *next = most_frequent(&mut met).unwrap_or(label);
                has_changed |= *next != label;
            }
            Ok(has_changed)
        });
        let changes: Vec<bool> = changes.collect::<Result<_, GraphError>>()?;
        std::mem::swap(&mut labels, &mut next);
        iterations += 1;
        converged = !changes.contains(&true);
        control.progress(f64::from(iterations) / f64::from(config.max_iter))?;
    }
    let (community, count) = number_by_first(&labels);
    control.progress(1.0)?;
    Ok(LabelPropagationResult { community, count, iterations, converged })
}

/// The label that occurs most often, the smallest of several; sorts the labels.
fn most_frequent(labels: &mut [u32]) -> Option<u32> {
    labels.sort_unstable();
    let mut best = None;
    let mut best_count = 0;
    for run in labels.chunk_by(|a, b| a == b) {
        if run.len() > best_count {
            (best, best_count) = (run.first().copied(), run.len());
        }
    }
    best
}
