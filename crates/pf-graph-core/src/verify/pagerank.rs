//! Ranks sum to 1 and nearly solve the equation, as nearly as they claim.

use super::{Edges, Verdict, ensure};
use crate::algo::{PageRankConfig, PageRankResult, PageRankVectors};

/// Room for rounding in sums over all vertices.
const ROUNDING: f64 = 1e-9;

/// Proves ranks by one exact step from the edge list: with residual `r = |F(x) - x|` (L1), the error
/// is at most `r / (1 - alpha)`, which must not exceed the reported `error_bound`.
pub fn check_pagerank(
    edges: &Edges,
    config: &PageRankConfig,
    vectors: &PageRankVectors<'_>,
    result: &PageRankResult,
) -> Verdict {
    let n = edges.num_vertices;
    let PageRankResult { rank, iterations, converged, error_bound } = result;
    ensure(rank.len() == n, || "wrong length".into())?;
    if n == 0 {
        return Ok(());
    }
    ensure(rank.iter().all(|&x| x >= 0.0), || "a rank is negative or NaN".into())?;
    let total = exact_sum(rank.iter().copied());
    ensure((total - 1.0).abs() <= ROUNDING, || format!("ranks sum to {total}"))?;
    ensure(*iterations <= config.max_iter, || format!("{iterations} iterations"))?;
    ensure(*converged || *iterations == config.max_iter, || "gave up early".into())?;

    let shares = |pairs: Option<&[(u32, f64)]>| {
        pairs.map(|pairs| {
            let mut shares = vec![0.0; n];
            for &(v, weight) in pairs {
                shares[v as usize] += weight;
            }
            let total = exact_sum(shares.iter().copied());
            shares.into_iter().map(|share| share / total).collect::<Vec<f64>>()
        })
    };
    let jump = shares(vectors.personalization).unwrap_or_else(|| vec![1.0 / n as f64; n]);
    let dangling = shares(vectors.dangling).unwrap_or_else(|| jump.clone());
    let edges = if config.weighted { *edges } else { Edges { weight: None, ..*edges } };
    let mut out_terms = vec![Vec::new(); n];
    for (u, _, w) in edges.arcs() {
        out_terms[u].push(w);
    }
    let out: Vec<f64> = out_terms.into_iter().map(|terms| exact_sum(terms.into_iter())).collect();
    let stuck = exact_sum((0..n).filter(|&v| out[v] == 0.0).map(|v| rank[v]));
    let mut terms = vec![Vec::new(); n];
    for (u, v, w) in edges.arcs() {
        if out[u] > 0.0 {
            terms[v].push(config.alpha * rank[u] * (w / out[u]));
        }
    }
    let mut residual = 0.0;
    for (v, mut terms) in terms.into_iter().enumerate() {
        terms.push((1.0 - config.alpha) * jump[v]);
        terms.push(config.alpha * stuck * dangling[v]);
        residual += (exact_sum(terms.into_iter()) - rank[v]).abs();
    }
    // An alpha of 1 claims no bound.
    let claimed = if config.alpha < 1.0 { error_bound * (1.0 - config.alpha) } else { f64::MAX };
    let allowed = claimed + ROUNDING;
    ensure(residual <= allowed, || format!("residual {residual:e} is above {allowed:e}"))
}

/// Compensated sum: Neumaier, Z. angew. Math. Mech. 54, 1974.
fn exact_sum(terms: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0f64, 0.0f64);
    for term in terms {
        let next = sum + term;
        lost += if sum.abs() >= term.abs() { (sum - next) + term } else { (term - next) + sum };
        sum = next;
    }
    sum + lost
}
