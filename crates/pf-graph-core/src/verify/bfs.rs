//! Levels are shortest and parents are the smallest possible.

use super::{Edges, Verdict, ensure};
use crate::NO_VERTEX;
use crate::algo::BfsResult;

/// Proves a breadth-first search from `sources`, O(n + m).
///
/// Sources are at 0; no arc shortens a level; every other reached vertex names the smallest vertex
/// one level nearer that has an arc to it, so no level is too small either.
pub fn check_bfs(
    edges: &Edges,
    sources: &[u32],
    max_depth: Option<u32>,
    result: &BfsResult,
) -> Verdict {
    let BfsResult { distance, predecessor } = result;
    let n = edges.num_vertices;
    ensure(distance.len() == n && predecessor.len() == n, || "wrong length".into())?;
    for &source in sources {
        ensure(distance[source as usize] == 0, || format!("source {source} is not at 0"))?;
    }
    let limit = max_depth.map_or(i64::MAX, i64::from);
    let mut smallest = vec![NO_VERTEX; n];
    for (u, v, _) in edges.arcs() {
        let (near, far) = (i64::from(distance[u]), i64::from(distance[v]));
        if near < 0 {
            continue;
        }
        ensure(near >= limit || (0..=near + 1).contains(&far), || {
            format!("arc {u}->{v} leads from level {near} to {far}")
        })?;
        if far == near + 1 {
            smallest[v] = smallest[v].min(u as u32);
        }
    }
    for v in 0..n {
        let at = distance[v];
        ensure(i64::from(at) <= limit, || format!("vertex {v} lies beyond max_depth"))?;
        ensure(at != 0 || sources.contains(&(v as u32)), || format!("{v} is not a source"))?;
        let expected = if at > 0 { smallest[v] } else { NO_VERTEX };
        ensure(predecessor[v] == expected && (at <= 0 || expected != NO_VERTEX), || {
            format!("vertex {v}: predecessor {} should be {expected}", predecessor[v])
        })?;
    }
    Ok(())
}
