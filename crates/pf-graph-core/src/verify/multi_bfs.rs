//! Each search of many is the one a plain queue makes.

use super::{Edges, Verdict, ensure};
use crate::algo::MultiBfsResult;

/// Proves searches along the arcs of `edges`: O(n + m) per source.
pub fn check_multi_bfs(
    edges: &Edges,
    sources: &[u32],
    max_depth: Option<u32>,
    result: &MultiBfsResult,
) -> Verdict {
    let MultiBfsResult { source, vertex, distance } = result;
    let rows = source.len();
    ensure(vertex.len() == rows && distance.len() == rows, || "wrong length".into())?;
    let neighbours = edges.neighbours(false);
    let mut row = 0;
    for &from in sources {
        let mut level = vec![None; edges.num_vertices];
        let mut queue = vec![from as usize];
        level[from as usize] = Some(0);
        let mut next = 0;
        while let Some(&u) = queue.get(next) {
            next += 1;
            let Some(at) = level[u].filter(|&at| max_depth.is_none_or(|max| at < max)) else {
                continue;
            };
            for &v in &neighbours[u] {
                if level[v].is_none() {
                    level[v] = Some(at + 1);
                    queue.push(v);
                }
            }
        }
        for (v, at) in level.into_iter().enumerate() {
            let Some(at) = at else { continue };
            let found = source.get(row).zip(vertex.get(row)).zip(distance.get(row));
            ensure(found == Some(((&from, &(v as u32)), &at)), || {
                format!("row {row} should be {from}, {v}, {at}")
            })?;
            row += 1;
        }
    }
    ensure(row == rows, || format!("{} rows too many", rows - row))
}
