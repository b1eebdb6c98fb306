//! Communities: modularity is what it says, rounds of labels are replayed.

use std::collections::BTreeMap;

use super::{Edges, Verdict, ensure};
use crate::algo::{LabelPropagationConfig, LabelPropagationResult, LouvainConfig, LouvainResult};

/// Room for rounding in sums over all edges.
const ROUNDING: f64 = 1e-9;

/// Proves that a partition has the reported modularity, and at least that of single vertices.
///
/// If no threshold ended the search early, no two communities can be joined with a gain, from which
/// follows a modularity of at least one minus the resolution. O(n + m).
pub fn check_louvain(edges: &Edges, config: &LouvainConfig, result: &LouvainResult) -> Verdict {
    check_numbers(edges, &result.community, result.count)?;
    let of = |community: &dyn Fn(usize) -> usize| modularity(edges, config, community);
    let Some(expected) = of(&|v| result.community[v] as usize) else {
        let is_apart = result.count == edges.num_vertices;
        return ensure(is_apart && result.modularity == 0.0, || "there is no weight".into());
    };
    let found = result.modularity;
    ensure((found - expected).abs() <= ROUNDING, || format!("{found} should be {expected}"))?;
    let single = of(&|v| v).unwrap_or(f64::NAN);
    ensure(found >= single - ROUNDING, || format!("{found} is below {single} of single vertices"))?;
    let is_complete = config.threshold <= 0.0 && config.max_level.is_none();
    let bound = 1.0 - config.resolution - ROUNDING;
    ensure(!is_complete || found >= bound, || format!("{found} is below {bound}: not finished"))
}

/// Modularity by its definition; `None` without edge weight.
fn modularity(
    edges: &Edges,
    config: &LouvainConfig,
    community: &dyn Fn(usize) -> usize,
) -> Option<f64> {
    let n = edges.num_vertices;
    let (mut within, mut total) = (0.0, 0.0);
    let (mut out, mut incoming) = (vec![0.0; n], vec![0.0; n]);
    for row in 0..edges.src.len() {
        let weight = edges.weight.filter(|_| config.weighted).map_or(1.0, |weight| weight[row]);
        let (u, v) = (edges.src[row] as usize, edges.dst[row] as usize);
        total += weight;
        if community(u) == community(v) {
            within += weight;
        }
        let ends = if edges.directed {
            vec![(u, v, weight)]
        } else {
            vec![(u, v, weight / 2.0), (v, u, weight / 2.0)]
        };
        for (tail, head, weight) in ends {
            out[community(tail)] += weight;
            incoming[community(head)] += weight;
        }
    }
    let expected: f64 = out.iter().zip(&incoming).map(|(o, i)| (o / total) * (i / total)).sum();
    (total > 0.0).then(|| within / total - config.resolution * expected)
}

/// Proves label propagation by doing it again with a map per vertex. O(m log m) per round.
pub fn check_label_propagation(
    edges: &Edges,
    config: &LabelPropagationConfig,
    result: &LabelPropagationResult,
) -> Verdict {
    let n = edges.num_vertices;
    check_numbers(edges, &result.community, result.count)?;
    ensure((1..=config.max_iter).contains(&result.iterations), || "rounds".into())?;
    let mut labels: Vec<usize> = (0..n).collect();
    let mut has_changed = true;
    for round in 0..result.iterations {
        ensure(has_changed, || format!("round {round} was one too many"))?;
        let mut votes = vec![BTreeMap::new(); n];
        for (&u, &v) in edges.src.iter().zip(edges.dst).filter(|(u, v)| u != v) {
            *votes[u as usize].entry(labels[v as usize]).or_insert(0) += 1;
            *votes[v as usize].entry(labels[u as usize]).or_insert(0) += 1;
        }
        let mut next = labels.clone();
        for (label, votes) in next.iter_mut().zip(&votes) {
            let most = votes.values().max();
            if let Some((&winner, _)) = votes.iter().find(|(_, count)| Some(*count) == most) {
                *label = winner;
            }
        }
        has_changed = next != labels;
        labels = next;
    }
    ensure(result.converged != has_changed, || "converged is wrong".into())?;
    ensure(result.converged || result.iterations == config.max_iter, || "gave up early".into())?;
    let mut number = BTreeMap::new();
    for (v, &label) in labels.iter().enumerate() {
        let next = number.len() as i64;
        let expected = *number.entry(label).or_insert(next);
        ensure(result.community[v] == expected, || format!("vertex {v} is not in {expected}"))?;
    }
    Ok(())
}

/// Labels are `0..count` in the order of their first vertices.
fn check_numbers(edges: &Edges, community: &[i64], count: usize) -> Verdict {
    ensure(community.len() == edges.num_vertices, || "wrong length".into())?;
    let mut known = 0;
    for (v, &label) in community.iter().enumerate() {
        ensure((0..=known).contains(&label), || format!("vertex {v}: label {label}"))?;
        known = known.max(label + 1);
    }
    ensure(known == count as i64, || format!("{known} labels, count says {count}"))
}
