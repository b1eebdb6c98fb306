//! Hubs and authorities: good hubs lead to good authorities, which good hubs lead to.
//!
//! Power iteration: `authority = Aᵀ hub`, `hub = A authority`, each divided by its sum, from
//! uniform hubs. O(n + m) per iteration, 32 bytes per vertex. Parallel edges and weights add up;
//! without edge weight all values are 0. Blocks of rows are fixed by the graph and their sums are
//! added in block order, so the bits do not depend on the number of threads.
//! In a disconnected graph the part with the largest singular value takes all; networkx computes
//! the same vectors by a sparse decomposition.
//! Source: Kleinberg, "Authoritative sources in a hyperlinked environment", J. ACM 46(5), 1999.

use std::ops::Range;

use rayon::prelude::*;
use serde::Deserialize;

use super::scattered::{fetch_ahead, is_scattered};
use crate::control::CHUNK;
use crate::par::{row_blocks, split_mut};
use crate::{Control, Csr, Graph, GraphError};

/// Settings of [`hits`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `HitsConfig::DEFAULT_*`
pub struct HitsConfig {
    /// Stop when one iteration changes the hubs by less than this (L1 norm, all vertices).
    pub tol: f64,
    /// Iterations to try, at least 1; past them the result says `converged: false`.
    pub max_iter: u32,
    /// Whether the weights of the graph count; otherwise every edge weighs 1.
    pub weighted: bool,
}

impl HitsConfig {
    /// As in networkx.
    pub const DEFAULT_TOL: f64 = 1e-8;
    /// As in networkx.
    pub const DEFAULT_MAX_ITER: u32 = 100;
    /// The graph's weights, if it has any.
    pub const DEFAULT_WEIGHTED: bool = true;

    fn check(&self) -> Result<(), GraphError> {
        let bad = |name, message: String| Err(GraphError::BadParameter { name, message });
        if !(self.tol >= 0.0 && self.tol.is_finite()) {
            return bad("tol", format!("{} is not a number >= 0", self.tol));
        }
        if self.max_iter == 0 {
            return bad("max_iter", "needs at least 1".into());
        }
        Ok(())
    }
}

impl Default for HitsConfig {
    fn default() -> Self {
        Self {
            tol: Self::DEFAULT_TOL,
            max_iter: Self::DEFAULT_MAX_ITER,
            weighted: Self::DEFAULT_WEIGHTED,
        }
    }
}

/// Answer of [`hits`].
#[derive(Debug, Clone, PartialEq)]
pub struct HitsResult {
    /// Hub value of each vertex; they sum to 1.
    pub hub: Vec<f64>,
    /// Authority value of each vertex; they sum to 1.
    pub authority: Vec<f64>,
    /// Iterations done.
    pub iterations: u32,
    /// Whether the last step was below `tol`.
    pub converged: bool,
}

/// Finds hubs and authorities.
pub fn hits(
    graph: &Graph,
    config: &HitsConfig,
    control: &Control<'_>,
) -> Result<HitsResult, GraphError> {
    config.check()?;
    if config.weighted {
        graph.refuse_negative("hits", "")?;
        graph.refuse_infinite("hits needs finite weights")?;
    }
    let n = graph.num_vertices();
    let out = graph.out();
    let mut result =
        HitsResult { hub: vec![0.0; n], authority: vec![0.0; n], iterations: 0, converged: true };
    let has_weight = |v| !config.weighted || out.weighted_row(v).any(|(_, weight)| weight > 0.0);
    if !(0..n as u32).any(|v| !out.row(v).is_empty() && has_weight(v)) {
        control.progress(1.0)?;
        return Ok(result);
    }
    let forward = Matrix::new(out, config.weighted);
    let backward = Matrix::new(graph.incoming(control)?, config.weighted);
    result.hub.fill(1.0 / n as f64);
    result.converged = false;
    let mut hub = vec![0.0; n];
    while result.iterations < config.max_iter && !result.converged {
        backward.multiply(&result.hub, &mut result.authority, control)?;
        forward.multiply(&result.authority, &mut hub, control)?;
        let step = forward.distance(&hub, &result.hub);
        std::mem::swap(&mut result.hub, &mut hub);
        result.iterations += 1;
        result.converged = step < config.tol;
        control.progress(f64::from(result.iterations) / f64::from(config.max_iter))?;
    }
    control.progress(1.0)?;
    Ok(result)
}

/// Rows of arcs as a matrix.
struct Matrix<'a> {
    rows: &'a Csr,
    weighted: bool,
    /// Blocks of rows, and whether the values they need are scattered.
    blocks: Vec<(bool, Range<usize>)>,
}

impl<'a> Matrix<'a> {
    fn new(rows: &'a Csr, weighted: bool) -> Self {
        let blocks = row_blocks(rows.offsets()).into_iter();
        let blocks = blocks.map(|block| (is_scattered::<f64>(rows, &block), block)).collect();
        Self { rows, weighted, blocks }
    }

    /// The product with `from`, divided by its sum.
    fn multiply(
        &self,
        from: &[f64],
        to: &mut [f64],
        control: &Control<'_>,
    ) -> Result<(), GraphError> {
        let parts = split_mut(to, self.blocks.iter().map(|(_, block)| block.len()));
        let sums = self.blocks.par_iter().zip(parts).map(|((is_scattered, block), to)| {
            control.check()?;
            Ok(if *is_scattered {
                self.multiply_block::<true>(block.clone(), from, to)
            } else {
                self.multiply_block::<false>(block.clone(), from, to)
            })
        });
        let sums: Vec<f64> = sums.collect::<Result<_, GraphError>>()?;
        let sum: f64 = sums.iter().sum();
        if !sum.is_normal() {
            let message = "products of weights leave the range of floating point".into();
            return Err(GraphError::BadParameter { name: "weight", message });
        }
        to.par_iter_mut().with_min_len(CHUNK).for_each(|value| *value /= sum);
        Ok(())
    }

    /// The product for a block of rows, and its sum; `SCATTERED` is what [`is_scattered`] says of it.
    fn multiply_block<const SCATTERED: bool>(
        &self,
        block: Range<usize>,
        from: &[f64],
        to: &mut [f64],
    ) -> f64 {
        let (targets, mut sum) = (self.rows.targets(), 0.0);
        for (v, to) in block.zip(to) {
            let v = v as u32;
            let first = self.rows.range(v).start;
            let value = |i: usize, u: u32| {
                if SCATTERED {
                    fetch_ahead(from, targets, first + i);
                }
                from[u as usize]
            };
            *to = if self.weighted {
                let arcs = self.rows.weighted_row(v).enumerate();
                arcs.map(|(i, (u, weight))| weight * value(i, u)).sum()
            } else {
                self.rows.row(v).iter().enumerate().map(|(i, &u)| value(i, u)).sum()
            };
            sum += *to;
        }
        sum
    }

    /// L1 distance of two vectors, added block by block.
    fn distance(&self, a: &[f64], b: &[f64]) -> f64 {
        let of_block = |(_, block): &(bool, Range<usize>)| -> f64 {
            a[block.clone()].iter().zip(&b[block.clone()]).map(|(a, b)| (a - b).abs()).sum()
        };
        let sums: Vec<f64> = self.blocks.par_iter().map(of_block).collect();
        sums.iter().sum()
    }
}
