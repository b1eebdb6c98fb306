//! PageRank: the share of time a walker spends at each vertex who follows edges with probability
//! `alpha` and else jumps.
//!
//! Jacobi iteration in f64, pulling over in-rows: O(n + m) per iteration, 24 bytes per vertex.
//! Every step keeps the sum of ranks at 1: the mass of vertices without out-weight goes where jumps
//! go. Blocks of rows are fixed by the graph and their partial sums are added in block order, so
//! the bits do not depend on the number of threads.
//!
//! Parallel edges and weights add up. networkx stops at an L1 step of `n * tol`, this kernel at `tol`
//! itself.
//! Source: Page, Brin, Motwani, Winograd, "The PageRank citation ranking", Stanford, 1999.

use std::ops::Range;

use rayon::prelude::*;
use serde::Deserialize;

use super::jumps::Jumps;
use crate::control::{CHUNK, Control};
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
    /// Whether edges count by weight; otherwise, and without weights, each counts 1.
    pub weighted: bool,
}

impl PageRankConfig {
    /// As in the original paper and in networkx.
    pub const DEFAULT_ALPHA: f64 = 0.85;
    /// Absolute, whatever the number of vertices.
    pub const DEFAULT_TOL: f64 = 1e-6;
    /// Enough for `tol` at the default `alpha`: the step shrinks by `alpha` per iteration.
    pub const DEFAULT_MAX_ITER: u32 = 100;
    /// By weight.
    pub const DEFAULT_WEIGHTED: bool = true;

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

    /// A guess: steps shrink by a steady factor until they are below `tol`.
    fn share_done(&self, iterations: u32, first: f64, step: f64) -> f64 {
        let by_count = f64::from(iterations) / f64::from(self.max_iter);
        let by_step = (first / step).ln() / (first / self.tol).ln();
        let share = if by_step.is_finite() { by_step.max(by_count) } else { by_count };
        share.clamp(0.0, 0.99)
    }
}

impl Default for PageRankConfig {
    fn default() -> Self {
        Self {
            alpha: Self::DEFAULT_ALPHA,
            tol: Self::DEFAULT_TOL,
            max_iter: Self::DEFAULT_MAX_ITER,
            weighted: Self::DEFAULT_WEIGHTED,
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

/// Vertices that matter more, as `(vertex, weight)` pairs; weights of one vertex add up, at least
/// one must be above 0, vertices not named have none. All are optional.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PageRankVectors<'a> {
    /// Where jumps go; `None`: everywhere alike.
    pub personalization: Option<&'a [(u32, f64)]>,
    /// Where the mass of vertices without out-weight goes; `None`: where jumps go.
    pub dangling: Option<&'a [(u32, f64)]>,
    /// Where the walk starts, which the ranks forget; `None`: everywhere alike.
    pub nstart: Option<&'a [(u32, f64)]>,
}

/// Ranks all vertices.
pub fn pagerank(
    graph: &Graph,
    config: &PageRankConfig,
    vectors: &PageRankVectors<'_>,
    control: &Control<'_>,
) -> Result<PageRankResult, GraphError> {
    config.check()?;
    let weighted = config.weighted && graph.is_weighted();
    if weighted {
        graph.refuse_negative("pagerank", "")?;
        graph.refuse_infinite("pagerank needs finite weights")?;
    }
    let n = graph.num_vertices();
    let Jumps { jump, dangling, start } = Jumps::new(graph, vectors)?;
    if n == 0 {
        let rank = Vec::new();
        return Ok(PageRankResult { rank, iterations: 0, converged: true, error_bound: 0.0 });
    }
    control.check()?;
    let incoming = graph.incoming(control)?;
    let inverse = inverse_out_weights(graph, weighted)?;
    let walk = Walk {
        incoming,
        weights: incoming.weights().filter(|_| weighted),
        blocks: row_blocks(incoming.offsets()),
        inverse: &inverse,
        jump: jump.as_deref(),
        dangling: dangling.as_deref(),
        alpha: config.alpha,
    };

    let mut rank = start.unwrap_or_else(|| vec![1.0 / n as f64; n]);
    let mut given: Vec<f64> = rank
        .par_iter()
        .zip(&inverse)
        .with_min_len(CHUNK)
        .map(|(rank, inverse)| rank * inverse)
        .collect();
    let mut given_next = vec![0.0; n];
    let stuck = rank.iter().zip(&inverse).filter(|(_, inverse)| **inverse == 0.0);
    let mut sums = Sums { step: f64::INFINITY, stuck: stuck.map(|(rank, _)| rank).sum() };
    let mut iterations = 0;
    let mut first_step = None;
    while iterations < config.max_iter && !(iterations > 0 && sums.step < config.tol) {
        sums = walk.iterate(&mut rank, &given, &mut given_next, sums.stuck, control)?;
        std::mem::swap(&mut given, &mut given_next);
        iterations += 1;
        let first = *first_step.get_or_insert(sums.step);
        control.progress(config.share_done(iterations, first, sums.step))?;
    }
    control.progress(1.0)?;
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
    weights: Option<&'a [f64]>,
    blocks: Vec<Range<usize>>,
    inverse: &'a [f64],
    jump: Option<&'a [f64]>,
    dangling: Option<&'a [f64]>,
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
        control: &Control<'_>,
    ) -> Result<Sums, GraphError> {
        // What is handed out to all, and what goes where the vectors say.
        let (lost, jumping) = (self.alpha * stuck, 1.0 - self.alpha);
        let n = rank.len() as f64;
        let (to_all, to_jump, to_dangling) = match (self.jump, self.dangling) {
            (None, None) => ((lost + jumping) / n, 0.0, 0.0),
            (Some(_), None) => (0.0, lost + jumping, 0.0),
            (None, Some(_)) => (jumping / n, 0.0, lost),
            (Some(_), Some(_)) => (0.0, jumping, lost),
        };
        let ranks = split_mut(rank, self.blocks.iter().map(ExactSizeIterator::len));
        let nexts = split_mut(given_next, self.blocks.iter().map(ExactSizeIterator::len));
        let blocks = self.blocks.par_iter().zip(ranks).zip(nexts);
        let partial = blocks.map(|((block, ranks), nexts)| {
            control.check()?;
            let mut sums = Sums { step: 0.0, stuck: 0.0 };
            for (i, v) in block.clone().enumerate() {
                let mut new = self.alpha * self.received(v, given) + to_all;
                if let Some(jump) = self.jump {
                    new += jump[v] * to_jump;
                }
                if let Some(dangling) = self.dangling {
                    new += dangling[v] * to_dangling;
                }
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
        match self.weights {
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
fn inverse_out_weights(graph: &Graph, weighted: bool) -> Result<Vec<f64>, GraphError> {
    let out = graph.out();
    let inverse = |v: u32| {
        let total = if weighted {
            out.weighted_row(v).map(|(_, weight)| weight).sum()
        } else {
            out.degree(v) as f64
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
