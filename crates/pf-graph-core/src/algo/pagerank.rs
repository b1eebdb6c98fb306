//! PageRank: the share of time a walker spends at each vertex who follows edges with probability
//! `alpha` and else jumps.
//!
//! Jacobi iteration in f64, pulling over in-rows: O(n + m) per iteration, 24 bytes per vertex.
//! Every step keeps the sum of ranks at 1: the mass of vertices without out-weight goes where jumps
//! go. Blocks of rows are fixed by the graph and their partial sums are added in block order, so
//! the bits do not depend on the number of threads.
//!
//! Parallel edges and weights add up. The walk starts uniform, as in networkx; networkx stops at an
//! L1 step of `n * tol`, this kernel at `tol` itself.
//! Source: Page, Brin, Motwani, Winograd, "The PageRank citation ranking", Stanford, 1999.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use rayon::prelude::*;
use serde::Deserialize;

use crate::cancel::check;
use crate::par::{row_blocks, split_mut};
use crate::{Csr, Graph, GraphError};

/// Settings of [`pagerank`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `PageRankConfig::DEFAULT_*`
pub struct PageRankConfig {
    /// Share of rank that follows an edge, `0.0..=1.0`; the rest jumps.
    pub alpha: f64,
    /// Stop when one iteration changes the ranks by less than this (L1 norm, all vertices).
    pub tol: f64,
    /// Iterations to try, at least 1; past them the result says `converged: false`.
    pub max_iter: u32,
}

impl PageRankConfig {
    /// As in the original paper and in networkx.
    pub const DEFAULT_ALPHA: f64 = 0.85;
    /// Absolute, whatever the number of vertices.
    pub const DEFAULT_TOL: f64 = 1e-6;
    /// Enough for `tol` at the default `alpha`: the step shrinks by `alpha` per iteration.
    pub const DEFAULT_MAX_ITER: u32 = 100;

    fn check(&self) -> Result<(), GraphError> {
        let bad = |name, message: String| Err(GraphError::BadParameter { name, message });
        if !(0.0..=1.0).contains(&self.alpha) {
            return bad("alpha", format!("{} is not between 0 and 1", self.alpha));
        }
        if !(self.tol >= 0.0 && self.tol.is_finite()) {
            return bad("tol", format!("{} is not a number >= 0", self.tol));
        }
        if self.max_iter == 0 {
            return bad("max_iter", "needs at least 1".into());
        }
        Ok(())
    }
}

impl Default for PageRankConfig {
    fn default() -> Self {
        Self {
            alpha: Self::DEFAULT_ALPHA,
            tol: Self::DEFAULT_TOL,
            max_iter: Self::DEFAULT_MAX_ITER,
        }
    }
}

/// Answer of [`pagerank`].
#[derive(Debug, Clone, PartialEq)]
pub struct PageRankResult {
    /// Rank of each vertex; they sum to 1.
    pub rank: Vec<f64>,
    /// Iterations done.
    pub iterations: u32,
    /// Whether the last step was below `tol`.
    pub converged: bool,
    /// Bound on the L1 distance to the exact ranks: `alpha / (1 - alpha)` times the last step.
    pub error_bound: f64,
}

/// Ranks all vertices.
///
/// `personalization` holds `(vertex, weight)` pairs: jumps, and the mass of vertices without
/// out-weight, go there in proportion; without it they go everywhere alike. Weights of one vertex
/// add up.
pub fn pagerank(
    graph: &Graph,
    config: &PageRankConfig,
    personalization: Option<&[(u32, f64)]>,
    cancel: &AtomicBool,
) -> Result<PageRankResult, GraphError> {
    config.check()?;
    graph.refuse_negative("pagerank", "")?;
    graph.refuse_infinite("pagerank needs finite weights")?;
    let n = graph.num_vertices();
    let jump = personalization.map(|pairs| jump_shares(graph, pairs)).transpose()?;
    if n == 0 {
        let rank = Vec::new();
        return Ok(PageRankResult { rank, iterations: 0, converged: true, error_bound: 0.0 });
    }
    check(cancel)?;
    let incoming = graph.incoming(cancel)?;
    let inverse = inverse_out_weights(graph)?;
    let walk = Walk {
        incoming,
        blocks: row_blocks(incoming.offsets()),
        inverse: &inverse,
        jump: jump.as_deref(),
        alpha: config.alpha,
    };

    let uniform = 1.0 / n as f64;
    let mut rank = vec![uniform; n];
    let mut given: Vec<f64> = inverse.iter().map(|inverse| uniform * inverse).collect();
    let mut given_next = vec![0.0; n];
    let stuck = inverse.iter().filter(|&&inverse| inverse == 0.0).count();
    let mut sums = Sums { step: f64::INFINITY, stuck: stuck as f64 * uniform };
    let mut iterations = 0;
    while iterations < config.max_iter && !(iterations > 0 && sums.step < config.tol) {
        sums = walk.iterate(&mut rank, &given, &mut given_next, sums.stuck, cancel)?;
        std::mem::swap(&mut given, &mut given_next);
        iterations += 1;
    }
    let converged = sums.step < config.tol;
    let error_bound = match config.alpha {
        0.0 => 0.0, // one step arrives
        alpha => alpha / (1.0 - alpha) * sums.step.max(f64::MIN_POSITIVE),
    };
    Ok(PageRankResult { rank, iterations, converged, error_bound })
}

/// What does not change between iterations.
struct Walk<'a> {
    incoming: &'a Csr,
    blocks: Vec<Range<usize>>,
    inverse: &'a [f64],
    jump: Option<&'a [f64]>,
    alpha: f64,
}

/// Sums over the vertices of a block, or over all.
#[derive(Clone, Copy)]
struct Sums {
    /// L1 distance of the last two rank vectors.
    step: f64,
    /// Rank on vertices without out-weight.
    stuck: f64,
}

impl Walk<'_> {
    /// One step: `rank` in place; `given` is rank per unit of out-weight, before and after.
    fn iterate(
        &self,
        rank: &mut [f64],
        given: &[f64],
        given_next: &mut [f64],
        stuck: f64,
        cancel: &AtomicBool,
    ) -> Result<Sums, GraphError> {
        let jumping = self.alpha * stuck + (1.0 - self.alpha);
        let uniform = jumping / rank.len() as f64;
        let ranks = split_mut(rank, self.blocks.iter().map(ExactSizeIterator::len));
        let nexts = split_mut(given_next, self.blocks.iter().map(ExactSizeIterator::len));
        let blocks = self.blocks.par_iter().zip(ranks).zip(nexts);
        let partial = blocks.map(|((block, ranks), nexts)| {
            check(cancel)?;
            let mut sums = Sums { step: 0.0, stuck: 0.0 };
            for (i, v) in block.clone().enumerate() {
                let jump = self.jump.map_or(uniform, |jump| jump[v] * jumping);
                let new = self.alpha * self.received(v, given) + jump;
                let inverse = self.inverse[v];
                sums.step += (new - ranks[i]).abs();
                if inverse == 0.0 {
                    sums.stuck += new;
                }
                ranks[i] = new;
                nexts[i] = new * inverse;
            }
            Ok(sums)
        });
        let partial: Vec<Sums> = partial.collect::<Result<_, GraphError>>()?;
        Ok(partial.iter().fold(Sums { step: 0.0, stuck: 0.0 }, |all, block| Sums {
            step: all.step + block.step,
            stuck: all.stuck + block.stuck,
        }))
    }

    /// What the in-neighbours of `v` hand on.
    fn received(&self, v: usize, given: &[f64]) -> f64 {
        let offsets = self.incoming.offsets();
        let range = offsets[v] as usize..offsets[v + 1] as usize;
        let sources = &self.incoming.targets()[range.clone()];
        match self.incoming.weights() {
            None => sum_by_four(sources, |_, &u| given[u as usize]),
            Some(weights) => {
                let weights = &weights[range];
                sum_by_four(sources, |i, &u| given[u as usize] * weights[i])
            }
        }
    }
}

/// Adds terms in four interleaved sums: a fixed order that does not wait for each addition.
fn sum_by_four<T>(items: &[T], term: impl Fn(usize, &T) -> f64) -> f64 {
    let mut sums = [0.0; 4];
    let (fours, rest) = items.as_chunks::<4>();
    for (c, four) in fours.iter().enumerate() {
        for (lane, item) in four.iter().enumerate() {
            sums[lane] += term(4 * c + lane, item);
        }
    }
    for (lane, item) in rest.iter().enumerate() {
        sums[lane] += term(4 * fours.len() + lane, item);
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// One over the out-weight of each vertex, 0 if it has none.
fn inverse_out_weights(graph: &Graph) -> Result<Vec<f64>, GraphError> {
    let out = graph.out();
    let inverse = |v: u32| {
        let total = match out.weights() {
            None => out.row(v).len() as f64,
            Some(_) => out.weighted_row(v).map(|(_, weight)| weight).sum(),
        };
        let inverse = if total == 0.0 { 0.0 } else { 1.0 / total };
        if total.is_finite() && inverse.is_finite() {
            return Ok(inverse);
        }
        let id = graph.label(v);
        let message =
            format!("edges out of vertex {id} add up to {total:e}, beyond floating point");
        Err(GraphError::BadParameter { name: "weight", message })
    };
    (0..out.num_vertices() as u32).into_par_iter().map(inverse).collect()
}

/// Where jumps go: shares that sum to 1.
fn jump_shares(graph: &Graph, pairs: &[(u32, f64)]) -> Result<Vec<f64>, GraphError> {
    let name = "personalization";
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
