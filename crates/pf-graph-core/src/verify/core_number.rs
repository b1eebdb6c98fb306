//! Core numbers are large enough and not too large.

use std::collections::BTreeSet;

use super::{Edges, Verdict, ensure};
use crate::algo::CoreNumberResult;

/// Proves core numbers, O(n + m log m).
///
/// Within the vertices of at least the same number every vertex has so many neighbours: none is too
/// large. And the graph can be taken apart, smallest numbers first, such that no vertex has more
/// neighbours left than its number when it goes: none is too small.
pub fn check_core_number(edges: &Edges, result: &CoreNumberResult) -> Verdict {
    let CoreNumberResult { core_number: core, degeneracy } = result;
    let n = edges.num_vertices;
    ensure(core.len() == n, || "wrong length".into())?;
    let arcs: BTreeSet<(usize, usize)> =
        edges.arcs().map(|(u, v, _)| (u, v)).filter(|(u, v)| u != v).collect();
    let mut neighbours = vec![Vec::new(); n];
    for &(u, v) in &arcs {
        neighbours[u].push(v);
        if edges.directed {
            neighbours[v].push(u); // pairs joined both ways are there twice
        }
    }
    for v in 0..n {
        let inside = neighbours[v].iter().filter(|&&u| core[u] >= core[v]).count();
        ensure(inside >= core[v] as usize, || format!("vertex {v}: {} is too large", core[v]))?;
    }

    let mut left: Vec<usize> = neighbours.iter().map(Vec::len).collect();
    let mut is_gone = vec![false; n];
    let mut by_core: Vec<usize> = (0..n).collect();
    by_core.sort_by_key(|&v| core[v]);
    for level in by_core.chunk_by(|&a, &b| core[a] == core[b]) {
        let number = core[level[0]] as usize;
        let mut free: Vec<usize> = level.iter().copied().filter(|&v| left[v] <= number).collect();
        while let Some(v) = free.pop() {
            if std::mem::replace(&mut is_gone[v], true) {
                continue;
            }
            for &u in &neighbours[v] {
                left[u] -= 1;
                if left[u] <= number && core[u] as usize == number && !is_gone[u] {
                    free.push(u);
                }
            }
        }
        let stuck = level.iter().find(|&&v| !is_gone[v]);
        ensure(stuck.is_none(), || format!("vertex {stuck:?}: {number} is too small"))?;
    }
    let largest = core.iter().max().copied().unwrap_or(0);
    ensure(*degeneracy == largest, || format!("degeneracy should be {largest}"))
}
