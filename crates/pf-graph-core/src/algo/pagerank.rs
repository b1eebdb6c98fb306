//! PageRank: the share of time a walker spends at each vertex who follows edges with probability
//! `alpha` and else jumps.
//!
//! Jacobi iteration in f64, pulling over in-rows: O(n + m) per iteration, 20 bytes per vertex (24
//! with weights). An iteration waits for memory, so there is one vector of what each vertex gives
//! per unit of out-weight, before and after; ranks are that times the out-weight.
//! Every step keeps the sum of ranks at 1: the mass of vertices without out-weight goes where jumps
//! go. Where arcs go both ways, the matrix has real eigenvalues, and if steps shrink slowly,
//! `chebyshev.rs` takes about half as many. Blocks of rows are fixed by the graph and their partial
//! sums are added in block order, so the bits do not depend on the number of threads.
//!
//! Parallel edges and weights add up. networkx stops at an L1 step of `n * tol`, this kernel at `tol`
//! itself.
//! Source: Page, Brin, Motwani, Winograd, "The PageRank citation ranking", Stanford, 1999.

use std::ops::Range;

use rayon::prelude::*;
use serde::Deserialize;

use super::chebyshev::Chebyshev;
use super::jumps::Jumps;
use super::scattered::{fetch_ahead, is_scattered};
use crate::control::{CHUNK, Control};
use crate::opposites::Opposites;
use crate::par::{row_blocks, split_mut};
use crate::{Csr, Graph, GraphError};

/// How to iterate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PageRankMethod {
    /// Power iteration, or fewer steps with Chebyshev's weights where that is possible and quicker.
    #[default]
    Auto,
    /// Power iteration, step by step what networkx does.
    Power,
}

/// Settings of [`pagerank`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `PageRankConfig::DEFAULT_*`
pub struct PageRankConfig {
    /// Share of rank that follows an edge, `0.0..=1.0`; the rest jumps.
    pub alpha: f64,
    /// Stop when one iteration (a plain one, where others were done) changes the ranks by less than
    /// this (L1 norm, all vertices).
    pub tol: f64,
    /// Iterations to try, at least 1; past them the result says `converged: false`.
    pub max_iter: u32,
    /// Whether edges count by weight; otherwise, and without weights, each counts 1.
    pub weighted: bool,
    /// How to iterate.
    pub method: PageRankMethod,
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
    /// As quick as can be.
    pub const DEFAULT_METHOD: PageRankMethod = PageRankMethod::Auto;

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
            method: Self::DEFAULT_METHOD,
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
    /// Bound on the L1 distance to the exact ranks: `alpha / (1 - alpha)` times the last step, and
    /// up to three times that behind steps of `chebyshev.rs`.
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
    let weights = incoming.weights().filter(|_| weighted);
    let (jump, dangling) = (jump.as_deref(), dangling.as_deref());
    let walk = Walk { graph, incoming, weights, jump, dangling };
    match (!weighted).then(|| degrees(graph)).flatten() {
        Some(degrees) => walk.run(config, &degrees, start, control),
        None => walk.run(config, &out_weights(graph, weighted)?, start, control),
    }
}

/// What does not change between iterations.
struct Walk<'a> {
    graph: &'a Graph,
    incoming: &'a Csr,
    weights: Option<&'a [f64]>,
    jump: Option<&'a [f64]>,
    dangling: Option<&'a [f64]>,
}

/// What a step hands out: along arcs, to all vertices, and where the vectors say.
#[derive(Clone, Copy)]
struct Shares {
    alpha: f64,
    to_all: f64,
    to_jump: f64,
    to_dangling: f64,
    /// How far to go towards the new ranks from those before the last, if not from the last.
    weight: Option<f64>,
}

/// The weights of a vertex's out-arcs together, or how many there are.
trait OutWeight: Copy + Send + Sync {
    fn is_none(&self) -> bool;

    /// What rank is divided by: without out-weight nobody asks what a vertex gives, and its rank
    /// is kept in that place.
    fn divisor(&self) -> f64;
}

impl OutWeight for u32 {
    fn is_none(&self) -> bool {
        *self == 0
    }

    fn divisor(&self) -> f64 {
        f64::from((*self).max(1))
    }
}

impl OutWeight for f64 {
    fn is_none(&self) -> bool {
        *self == 0.0
    }

    fn divisor(&self) -> f64 {
        if *self == 0.0 { 1.0 } else { *self }
    }
}

/// Sums over the vertices of a block, or over all.
#[derive(Clone, Copy)]
struct Sums {
    /// L1 distance of a plain step.
    step: f64,
    /// Rank on vertices without out-weight.
    stuck: f64,
}

impl Walk<'_> {
    /// Iterates to the end; `out` is the out-weight of each vertex.
    fn run<O: OutWeight>(
        &self,
        config: &PageRankConfig,
        out: &[O],
        start: Option<Vec<f64>>,
        control: &Control<'_>,
    ) -> Result<PageRankResult, GraphError> {
        let n = out.len();
        let blocks = row_blocks(self.incoming.offsets()).into_iter();
        let blocks: Vec<_> =
            blocks.map(|rows| (is_scattered::<f64>(self.incoming, &rows), rows)).collect();
        let mut given = start.unwrap_or_else(|| vec![1.0 / n as f64; n]);
        let stuck = given.iter().zip(out).filter(|(_, out)| out.is_none()).map(|(rank, _)| rank);
        let mut sums = Sums { step: f64::INFINITY, stuck: stuck.sum() };
        let pairs = given.par_iter_mut().zip(out).with_min_len(CHUNK);
        pairs.for_each(|(rank, out)| *rank /= out.divisor());
        let mut next = vec![0.0; n];
        let mut iterations = 0;
        let mut first_step = None;
        // The radius must be below 1.
        let mut is_asked = config.method == PageRankMethod::Power || config.alpha >= 1.0;
        let mut chebyshev = None;
        // What a plain step from the ranks would be, at most.
        let mut residual = f64::INFINITY;
        while iterations < config.max_iter && !(iterations > 0 && sums.step < config.tol) {
            let before = sums.step;
            let weight = chebyshev.as_mut().map(Chebyshev::advance);
            let shares = self.shares(config.alpha, sums.stuck, weight);
            sums = self.iterate(&blocks, out, &given, &mut next, shares, control)?;
            std::mem::swap(&mut given, &mut next);
            iterations += 1;
            residual = weight.map_or(config.alpha * sums.step, |weight| {
                weight * config.alpha * sums.step + (weight - 1.0) * before
            });
            if !is_asked && iterations > 1 && Chebyshev::is_worth_it(before, sums.step) {
                is_asked = true;
                chebyshev = self.is_symmetric(control)?.then(|| Chebyshev::new(config.alpha));
            }
            let first = *first_step.get_or_insert(sums.step);
            control.progress(config.share_done(iterations, first, sums.step))?;
        }
        drop(next);
        let mut rank = given;
        let below = into_ranks(&mut rank, out);
        control.progress(1.0)?;
        let converged = sums.step < config.tol;
        residual += 2.0 * (1.0 + config.alpha) * below;
        let error_bound = match config.alpha {
            0.0 => 0.0, // one step arrives
            alpha => residual.max(f64::MIN_POSITIVE) / (1.0 - alpha),
        };
        Ok(PageRankResult { rank, iterations, converged, error_bound })
    }

    /// Whether the matrix is similar to a symmetric one, so that its eigenvalues are real.
    fn is_symmetric(&self, control: &Control<'_>) -> Result<bool, GraphError> {
        if self.weights.is_some() {
            return Ok(!self.graph.is_directed());
        }
        Ok(self.graph.opposites(&control.silent())? == Opposites::Paired)
    }

    /// What a step hands out, `stuck` being the rank on vertices without out-weight.
    fn shares(&self, alpha: f64, stuck: f64, weight: Option<f64>) -> Shares {
        let (lost, jumping) = (alpha * stuck, 1.0 - alpha);
        let n = self.incoming.num_vertices() as f64;
        let (to_all, to_jump, to_dangling) = match (self.jump, self.dangling) {
            (None, None) => ((lost + jumping) / n, 0.0, 0.0),
            (Some(_), None) => (0.0, lost + jumping, 0.0),
            (None, Some(_)) => (jumping / n, 0.0, lost),
            (Some(_), Some(_)) => (0.0, jumping, lost),
        };
        Shares { alpha, to_all, to_jump, to_dangling, weight }
    }

    /// One step from `given` to `next`, which holds what was given before that.
    fn iterate<O: OutWeight>(
        &self,
        blocks: &[(bool, Range<usize>)],
        out: &[O],
        given: &[f64],
        next: &mut [f64],
        shares: Shares,
        control: &Control<'_>,
    ) -> Result<Sums, GraphError> {
        let nexts = split_mut(next, blocks.iter().map(|(_, rows)| rows.len()));
        let partial = blocks.par_iter().zip(nexts).map(|((is_scattered, rows), nexts)| {
            control.check()?;
            let offsets = &self.incoming.offsets()[rows.start..=rows.end];
            let before = Block { vertices: rows.clone(), offsets, out, given };
            Ok(if *is_scattered {
                self.step::<O, true>(&before, nexts, shares)
            } else {
                self.step::<O, false>(&before, nexts, shares)
            })
        });
        let partial: Vec<Sums> = partial.collect::<Result<_, GraphError>>()?;
        Ok(partial.iter().fold(Sums { step: 0.0, stuck: 0.0 }, |all, block| Sums {
            step: all.step + block.step,
            stuck: all.stuck + block.stuck,
        }))
    }

    /// One step of a block; `SCATTERED` is what [`is_scattered`] says of it.
    fn step<O: OutWeight, const SCATTERED: bool>(
        &self,
        before: &Block<'_, O>,
        nexts: &mut [f64],
        shares: Shares,
    ) -> Sums {
        let (targets, given) = (self.incoming.targets(), before.given);
        let given_by = |tail: u32, arc: usize| {
            if SCATTERED {
                fetch_ahead(given, targets, arc);
            }
            given[tail as usize]
        };
        match self.weights {
            None => before.step(nexts, shares.weight, |v, row| {
                let first = row.start;
                let received = sum_by_four(&targets[row], |i, &u| given_by(u, first + i));
                self.jumped(shares.alpha * received + shares.to_all, v, shares)
            }),
            Some(weights) => before.step(nexts, shares.weight, |v, row| {
                let (first, weights) = (row.start, &weights[row.clone()]);
                let term = |i: usize, &u: &u32| given_by(u, first + i) * weights[i];
                let received = sum_by_four(&targets[row], term);
                self.jumped(shares.alpha * received + shares.to_all, v, shares)
            }),
        }
    }

    /// The rank of `v` with what comes where the vectors say.
    #[inline]
    fn jumped(&self, mut rank: f64, v: usize, shares: Shares) -> f64 {
        if let Some(jump) = self.jump {
            rank += jump[v] * shares.to_jump;
        }
        if let Some(dangling) = self.dangling {
            rank += dangling[v] * shares.to_dangling;
        }
        rank
    }
}

/// Consecutive vertices, and what they gave before.
struct Block<'a, O> {
    vertices: Range<usize>,
    offsets: &'a [u64],
    out: &'a [O],
    given: &'a [f64],
}

impl<O: OutWeight> Block<'_, O> {
    /// `rank` is asked for the new rank of each vertex, given its row.
    #[inline]
    fn step(
        &self,
        nexts: &mut [f64],
        weight: Option<f64>,
        rank: impl Fn(usize, Range<usize>) -> f64,
    ) -> Sums {
        let mut sums = Sums { step: 0.0, stuck: 0.0 };
        let (out, given) = (&self.out[self.vertices.clone()], &self.given[self.vertices.clone()]);
        let before = out.iter().zip(given);
        let rows = self.offsets.windows(2).zip(self.vertices.clone());
        for (((ends, v), (out, given)), next) in rows.zip(before).zip(nexts) {
            let new = rank(v, ends[0] as usize..ends[1] as usize);
            let divisor = out.divisor();
            sums.step += (new - given * divisor).abs();
            let plain = new / divisor;
            *next = weight.map_or(plain, |weight| *next + weight * (plain - *next));
            if out.is_none() {
                sums.stuck += *next;
            }
        }
        sums
    }
}

/// Turns what vertices give into their ranks. A weighted step can end below 0 where ranks are as
/// good as 0: those become 0, and the others pay for it. Returns how much that was.
fn into_ranks<O: OutWeight>(given: &mut [f64], out: &[O]) -> f64 {
    let blocks = given.par_chunks_mut(CHUNK).zip(out.par_chunks(CHUNK)).map(|(given, out)| {
        given.iter_mut().zip(out).fold(0.0, |below, (given, out)| {
            let rank = *given * out.divisor();
            *given = rank.max(0.0);
            below - rank.min(0.0)
        })
    });
    let below: f64 = blocks.collect::<Vec<f64>>().iter().sum();
    if below > 0.0 {
        given.par_iter_mut().with_min_len(CHUNK).for_each(|rank| *rank /= 1.0 + below);
    }
    below
}

/// Adds terms in four interleaved sums: a fixed order that does not wait for each addition.
#[inline]
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

/// The number of arcs out of each vertex, if that fits.
fn degrees(graph: &Graph) -> Option<Vec<u32>> {
    let out = graph.out();
    let vertices = (0..out.num_vertices() as u32).into_par_iter().with_min_len(CHUNK);
    vertices.map(|v| u32::try_from(out.degree(v)).ok()).collect()
}

/// The out-weight of each vertex.
fn out_weights(graph: &Graph, weighted: bool) -> Result<Vec<f64>, GraphError> {
    let out = graph.out();
    let total = |v: u32| {
        if !weighted {
            return Ok(out.degree(v) as f64);
        }
        let total: f64 = out.weighted_row(v).map(|(_, weight)| weight).sum();
        if total == 0.0 || (total.is_finite() && (1.0 / total).is_finite()) {
            return Ok(total);
        }
        let id = graph.label(v);
        let message =
            format!("edges out of vertex {id} add up to {total:e}, beyond floating point");
        Err(GraphError::BadParameter { name: "weight", message })
    };
    (0..out.num_vertices() as u32).into_par_iter().map(total).collect()
}
