//! Betweenness by counting paths between all pairs.

use super::{Edges, Verdict, ensure};
use crate::algo::{BetweennessConfig, BetweennessResult};

/// Room for rounding, relative to the largest value.
const ROUNDING: f64 = 1e-9;

/// Proves betweenness on graphs of small whole weights: distances by Floyd and Warshall, numbers of
/// paths by a sum over last arcs, then the share of every vertex in every pair. O(n³).
pub fn check_betweenness(
    edges: &Edges,
    config: &BetweennessConfig,
    result: &BetweennessResult,
) -> Verdict {
    let n = edges.num_vertices;
    let BetweennessResult { betweenness, sources } = result;
    ensure(betweenness.len() == n, || "wrong length".into())?;
    let mut length = vec![vec![f64::INFINITY; n]; n];
    for (u, v, w) in edges.arcs().filter(|arc| arc.0 != arc.1) {
        let w = if config.weighted { w } else { 1.0 };
        length[u][v] = w.min(length[u][v]);
    }
    let mut distance = length.clone();
    for (v, row) in distance.iter_mut().enumerate() {
        row[v] = 0.0;
    }
    for k in 0..n {
        for u in 0..n {
            for v in 0..n {
                distance[u][v] = distance[u][v].min(distance[u][k] + distance[k][v]);
            }
        }
    }
    let is_tight = |d: f64, sum: f64| sum.is_finite() && (d - sum).abs() <= 1e-12 * d.abs();
    let mut paths = vec![vec![0.0; n]; n];
    for s in 0..n {
        let mut order: Vec<usize> = (0..n).filter(|&v| distance[s][v].is_finite()).collect();
        order.sort_by(|&a, &b| distance[s][a].total_cmp(&distance[s][b]));
        paths[s][s] = 1.0;
        for &v in order.iter().filter(|&&v| v != s) {
            let before =
                order.iter().filter(|&&u| is_tight(distance[s][v], distance[s][u] + length[u][v]));
            paths[s][v] = before.map(|&u| paths[s][u]).sum();
        }
    }

    let chosen = sources.clone().unwrap_or_else(|| (0..n as u32).collect());
    let mut expected = vec![0.0; n];
    for &s in &chosen {
        let s = s as usize;
        for t in (0..n).filter(|&t| t != s && distance[s][t].is_finite()) {
            for v in 0..n {
                let is_end = v == s || v == t;
                if is_end && !config.endpoints {
                    continue;
                }
                if is_tight(distance[s][t], distance[s][v] + distance[v][t]) {
                    expected[v] += paths[s][v] * paths[v][t] / paths[s][t];
                }
            }
        }
    }
    let others = n as f64 - if config.endpoints { 0.0 } else { 1.0 };
    for v in 0..n {
        // As a source, a vertex is an inner vertex of the paths of the other sources only.
        let is_source = chosen.contains(&(v as u32)) && !config.endpoints;
        let searches = chosen.len() as f64 - if is_source { 1.0 } else { 0.0 };
        // With all vertices as sources, each is inner for the same number.
        let searches = if sources.is_none() { others } else { searches };
        let pairs = others - 1.0;
        let scaled = match (config.normalized, others >= 2.0) {
            (_, false) => expected[v],
            (true, true) => expected[v] / (searches * pairs),
            (false, true) if edges.directed => expected[v] * others / searches,
            (false, true) => expected[v] * others / searches / 2.0,
        };
        let found = betweenness[v];
        let is_equal = (found - scaled).abs() <= ROUNDING * scaled.abs().max(1.0);
        ensure(is_equal || (found.is_nan() && scaled.is_nan()), || {
            format!("vertex {v}: betweenness {found} should be {scaled}")
        })?;
    }
    Ok(())
}

/// Proves the sum of exact betweenness of a graph of any size: paths of k hops have k - 1 inner
/// vertices. O(n m). Takes values that are neither normalized nor weighted, without endpoints.
pub fn check_betweenness_sum(edges: &Edges, betweenness: &[f64]) -> Verdict {
    let rows = edges.neighbours(false);
    let mut expected = 0.0;
    let mut hops = vec![usize::MAX; rows.len()];
    for s in 0..rows.len() {
        hops.fill(usize::MAX);
        hops[s] = 0;
        let mut queue = vec![s];
        let mut head = 0;
        while let Some(&u) = queue.get(head) {
            head += 1;
            expected += hops[u].saturating_sub(1) as f64;
            for &v in &rows[u] {
                if hops[v] == usize::MAX {
                    hops[v] = hops[u] + 1;
                    queue.push(v);
                }
            }
        }
    }
    let expected = if edges.directed { expected } else { expected / 2.0 };
    let sum: f64 = betweenness.iter().sum();
    ensure((sum - expected).abs() <= 1e-9 * expected.max(1.0), || {
        format!("betweenness adds up to {sum}, not {expected}")
    })
}
