//! No arc shortens a distance, every distance is that of a path, predecessors follow the rule.

use super::{Edges, Verdict, ensure};
use crate::NO_VERTEX;
use crate::algo::ShortestPathResult;

/// Proves single-source shortest paths over the weights of `edges` (1 if it has none).
///
/// Predecessors must obey the documented tie rule, recomputed here by plain relaxation; since they
/// then lead to the source over tight arcs, no distance is too small. O(nm) in the worst case.
pub fn check_shortest_paths(
    edges: &Edges,
    source: u32,
    cutoff: Option<f64>,
    result: &ShortestPathResult,
) -> Verdict {
    let ShortestPathResult { distance, predecessor, .. } = result;
    let n = edges.num_vertices;
    let source = source as usize;
    ensure(distance.len() == n && predecessor.len() == n, || "wrong length".into())?;
    ensure(distance[source] == 0.0, || "the source is not at 0".into())?;
    let limit = cutoff.unwrap_or(f64::INFINITY);
    for (u, v, w) in edges.arcs() {
        let through = distance[u] + w;
        ensure(through >= distance[v] || through > limit, || format!("arc {u}->{v} is shorter"))?;
    }
    for v in 0..n {
        let reached = distance[v] < f64::INFINITY;
        ensure(!reached || distance[v] <= limit, || format!("vertex {v} lies beyond cutoff"))?;
        ensure(reached || predecessor[v] == NO_VERTEX, || format!("{v} is not reached"))?;
    }

    let expected = expected_predecessors(edges, source, distance);
    for v in 0..n {
        ensure(predecessor[v] == expected[v], || {
            format!("vertex {v}: predecessor {} should be {}", predecessor[v], expected[v])
        })?;
        let (mut at, mut steps) = (v, 0);
        while distance[v] < f64::INFINITY && at != source {
            ensure(predecessor[at] != NO_VERTEX, || format!("no path to {v}"))?;
            at = predecessor[at] as usize;
            steps += 1;
            ensure(steps < n, || format!("predecessors of {v} go in circles"))?;
        }
    }
    Ok(())
}

/// The tie rule of the kernel's documentation.
fn expected_predecessors(edges: &Edges, source: usize, distance: &[f64]) -> Vec<u32> {
    let n = edges.num_vertices;
    let has_negative = edges.arcs().any(|(_, _, w)| w < 0.0);
    let tight: Vec<(usize, usize)> = edges
        .arcs()
        .filter(|&(u, v, w)| distance[v] < f64::INFINITY && distance[u] + w <= distance[v])
        .map(|(u, v, _)| (u, v))
        .collect();
    let mut expected = vec![NO_VERTEX; n];
    let mut hops = vec![usize::MAX; n];
    hops[source] = 0;
    if !has_negative {
        for &(u, v) in &tight {
            if distance[u] < distance[v] {
                expected[v] = expected[v].min(u as u32);
                hops[v] = 0;
            }
        }
    }
    let ties = || tight.iter().filter(|&&(u, v)| has_negative || distance[u] >= distance[v]);
    loop {
        let mut changed = false;
        for &(u, v) in ties() {
            if hops[u] != usize::MAX && hops[u] + 1 < hops[v] {
                hops[v] = hops[u] + 1;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for &(u, v) in ties() {
        if hops[v] != 0 && hops[u] != usize::MAX && hops[u] + 1 == hops[v] {
            expected[v] = expected[v].min(u as u32);
        }
    }
    expected
}
