//! Triangles and clustering by their definitions, through sets of pairs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edges, Verdict, ensure};
use crate::algo::{ClusteringResult, TrianglesResult};

/// Proves counts of triangles: every two neighbours of every vertex are looked up. O(sum of d²).
pub fn check_triangles(edges: &Edges, result: &TrianglesResult) -> Verdict {
    let neighbours = neighbours(edges);
    let mut total = 0;
    ensure(result.triangles.len() == edges.num_vertices, || "wrong length".into())?;
    for (v, around) in neighbours.iter().enumerate() {
        let mut count = 0;
        for u in around {
            count += around.range(u + 1..).filter(|w| neighbours[*u].contains(w)).count() as u64;
        }
        let found = result.triangles[v];
        ensure(found == count, || format!("vertex {v}: {found} triangles should be {count}"))?;
        total += count;
    }
    ensure(3 * result.total == total, || format!("{} triangles in all", result.total))
}

/// Proves clustering coefficients to the bit from numbers of arcs between three vertices. O(sum of
/// d²).
pub fn check_clustering(edges: &Edges, result: &ClusteringResult) -> Verdict {
    let mut joined: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for (u, v, _) in edges.arcs() {
        joined.insert((u, v), 1);
    }
    let arcs = |u: usize, v: usize| {
        let one_way = |u, v| joined.get(&(u, v)).copied().unwrap_or(0);
        one_way(u, v) + if edges.directed { one_way(v, u) } else { 0 }
    };
    let neighbours = neighbours(edges);
    ensure(result.clustering.len() == edges.num_vertices, || "wrong length".into())?;
    for (v, around) in neighbours.iter().enumerate() {
        let (mut closed, mut degree, mut mutual) = (0, 0, 0);
        for &u in around {
            degree += arcs(v, u);
            mutual += u64::from(arcs(v, u) == 2);
            for &w in around.iter().filter(|&&w| w != u) {
                closed += arcs(v, u) * arcs(u, w) * arcs(w, v);
            }
        }
        let mut possible = degree * degree.saturating_sub(1);
        if edges.directed {
            possible = 2 * (possible - 2 * mutual);
        }
        let expected = if closed == 0 { 0.0 } else { closed as f64 / possible as f64 };
        let found = result.clustering[v];
        ensure(found.total_cmp(&expected).is_eq(), || {
            format!("vertex {v}: clustering {found} should be {expected}")
        })?;
    }
    Ok(())
}

/// Other vertices joined to each in any direction.
fn neighbours(edges: &Edges) -> Vec<BTreeSet<usize>> {
    let mut sets = vec![BTreeSet::new(); edges.num_vertices];
    for (u, v, _) in edges.arcs().filter(|arc| arc.0 != arc.1) {
        sets[u].insert(v);
        sets[v].insert(u);
    }
    sets
}
