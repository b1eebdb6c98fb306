//! A spanning forest is a forest, spans, and cannot be made lighter.

use super::{Edges, Verdict, ensure};
use crate::algo::SpanningForestResult;

/// Proves a minimum spanning forest, O(n m): the chosen rows have no cycle, no edge joins two trees,
/// and every other edge comes after all edges of the way that joins its ends in the forest, by
/// weight and then row. Such a forest is the only one. Directions do not count.
pub fn check_spanning_forest(edges: &Edges, result: &SpanningForestResult) -> Verdict {
    let n = edges.num_vertices;
    let rank = |row: usize| (edges.weight.map_or(1.0, |weight| weight[row]) + 0.0, row);
    let before = |a: (f64, usize), b: (f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).is_lt();
    let lengths = [result.src.len(), result.dst.len(), result.weight.len()];
    ensure(lengths == [result.edge_id.len(); 3], || "wrong length".into())?;
    let chosen: Vec<usize> = result.edge_id.iter().map(|&row| row as usize).collect();
    ensure(chosen.iter().all(|&row| row < edges.src.len()), || "a row does not exist".into())?;
    ensure(chosen.windows(2).all(|w| before(rank(w[0]), rank(w[1]))), || "order".into())?;

    let mut joined = vec![Vec::new(); n];
    for &row in &chosen {
        let (u, v) = (edges.src[row] as usize, edges.dst[row] as usize);
        joined[u].push((v, row));
        joined[v].push((u, row));
    }
    let mut tree = vec![usize::MAX; n];
    let mut above = vec![(usize::MAX, usize::MAX, 0); n]; // vertex, row, depth
    let mut num_trees = 0;
    for root in 0..n {
        if tree[root] != usize::MAX {
            continue;
        }
        num_trees += 1;
        tree[root] = root;
        let mut stack = vec![root];
        while let Some(u) = stack.pop() {
            for &(v, row) in &joined[u] {
                if row == above[u].1 {
                    continue;
                }
                ensure(tree[v] == usize::MAX, || format!("row {row} closes a cycle"))?;
                tree[v] = root;
                above[v] = (u, row, above[u].2 + 1);
                stack.push(v);
            }
        }
    }
    ensure(chosen.len() + num_trees == n, || "edges and trees do not add up".into())?;
    ensure(result.num_trees == num_trees, || format!("{num_trees} trees"))?;

    let mut is_chosen = vec![false; edges.src.len()];
    for &row in &chosen {
        is_chosen[row] = true;
    }
    for (row, is_chosen) in is_chosen.into_iter().enumerate() {
        let (mut u, mut v) = (edges.src[row] as usize, edges.dst[row] as usize);
        ensure(tree[u] == tree[v], || format!("row {row} joins two trees"))?;
        while u != v && !is_chosen {
            if above[u].2 < above[v].2 {
                (u, v) = (v, u);
            }
            ensure(before(rank(above[u].1), rank(row)), || {
                format!("row {row} is lighter than row {} of the forest", above[u].1)
            })?;
            u = above[u].0;
        }
    }
    for (i, &row) in chosen.iter().enumerate() {
        let ends = (edges.src[row], edges.dst[row]);
        let found = (result.src[i], result.dst[i]);
        let is_turned = !edges.directed && found == (ends.1, ends.0);
        ensure(found == ends || is_turned, || format!("row {row} joins {ends:?}, not {found:?}"))?;
        let weight = edges.weight.map_or(1.0, |weight| weight[row]);
        ensure(result.weight[i].total_cmp(&weight).is_eq(), || format!("row {row}: weight"))?;
    }
    let total: f64 = chosen.iter().map(|&row| rank(row).0).sum();
    let error = (total - result.total_weight).abs();
    ensure(error <= 1e-9 * total.abs().max(1.0), || format!("weights add up to {total}"))
}
