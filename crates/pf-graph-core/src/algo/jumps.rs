//! Where the walker of `PageRank` starts, jumps, and goes from vertices without out-weight.

use super::pagerank::PageRankVectors;
use crate::{Graph, GraphError};

/// Shares that sum to 1, by vertex; `None` is the same for all.
pub(super) struct Jumps {
    pub(super) jump: Option<Vec<f64>>,
    /// `None` also where it is that of `jump`.
    pub(super) dangling: Option<Vec<f64>>,
    pub(super) start: Option<Vec<f64>>,
}

impl Jumps {
    pub(super) fn new(graph: &Graph, vectors: &PageRankVectors<'_>) -> Result<Self, GraphError> {
        let shares = |name, pairs: Option<&[(u32, f64)]>| {
            pairs.map(|pairs| shares(graph, name, pairs)).transpose()
        };
        Ok(Self {
            jump: shares("personalization", vectors.personalization)?,
            dangling: shares("dangling", vectors.dangling)?,
            start: shares("nstart", vectors.nstart)?,
        })
    }
}

/// Weights of single vertices as shares of their sum.
fn shares(graph: &Graph, name: &'static str, pairs: &[(u32, f64)]) -> Result<Vec<f64>, GraphError> {
    let bad = |message: String| GraphError::BadParameter { name, message };
    let mut shares = vec![0.0; graph.num_vertices()];
    for &(vertex, weight) in pairs {
        graph.check_vertex(name, vertex)?;
        if !(weight >= 0.0 && weight.is_finite()) {
            let id = graph.label(vertex);
            return Err(bad(format!("weight {weight} of vertex {id} is not a number >= 0")));
        }
        shares[vertex as usize] += weight;
    }
    let total: f64 = shares.iter().sum();
    if !(total > 0.0 && total.is_finite()) {
        return Err(bad(format!("weights add up to {total}; at least one must be above 0")));
    }
    for share in &mut shares {
        *share /= total;
    }
    Ok(shares)
}
