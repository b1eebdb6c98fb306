//! A spanning forest is a forest, spans, and cannot be made lighter.

use super::{Edges, Verdict, ensure};
use crate::algo::SpanningForestResult;

/// Proves a minimum spanning forest, O(m log n): the chosen rows have no cycle, no edge joins two
/// trees, and every other edge comes after all edges of the way that joins its ends in the forest,
/// by weight and then row. Such a forest is the only one. Directions do not count.
pub fn check_spanning_forest(edges: &Edges, result: &SpanningForestResult) -> Verdict {
    let n = edges.num_vertices;
    let rank = |row: usize| (edges.weight.map_or(1.0, |weight| weight[row]) + 0.0, row);
    let before = |a: (f64, usize), b: (f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).is_lt();
    let lengths = [result.src.len(), result.dst.len(), result.weight.len()];
    ensure(lengths == [result.edge_id.len(); 3], || "wrong length".into())?;
    let chosen: Vec<usize> = result.edge_id.iter().map(|&row| row as usize).collect();
    ensure(chosen.iter().all(|&row| row < edges.src.len()), || "a row does not exist".into())?;
    ensure(chosen.windows(2).all(|w| before(rank(w[0]), rank(w[1]))), || "order".into())?;

    // Trees hang below each other as the edges join them, the smaller below the larger: the way up
    // is short, and the last edge on the way between two vertices is the top one that joined them.
    let mut above = (0..n).map(|v| (v, usize::MAX)).collect::<Vec<_>>(); // vertex, place of the edge
    let mut size = vec![1usize; n];
    for (place, &row) in chosen.iter().enumerate() {
        let top = |mut v: usize| {
            while above[v].0 != v {
                v = above[v].0;
            }
            v
        };
        let (u, v) = (top(edges.src[row] as usize), top(edges.dst[row] as usize));
        ensure(u != v, || format!("row {row} closes a cycle"))?;
        let (low, high) = if size[u] < size[v] { (u, v) } else { (v, u) };
        above[low] = (high, place);
        size[high] += size[low];
    }
    let num_trees = n - chosen.len();
    ensure(result.num_trees == num_trees, || format!("{num_trees} trees"))?;

    let mut is_chosen = vec![false; edges.src.len()];
    for &row in &chosen {
        is_chosen[row] = true;
    }
    for (row, is_chosen) in is_chosen.into_iter().enumerate() {
        let (mut u, mut v) = (edges.src[row] as usize, edges.dst[row] as usize);
        let mut last = None;
        while u != v {
            if above[v].1 < above[u].1 {
                (u, v) = (v, u); // places ascend on the way up: the lower edge comes first
            }
            ensure(above[u].0 != u, || format!("row {row} joins two trees"))?;
            last = Some(chosen[above[u].1]);
            u = above[u].0;
        }
        if let (Some(last), false) = (last, is_chosen) {
            ensure(before(rank(last), rank(row)), || {
                format!("row {row} is lighter than row {last} of the forest")
            })?;
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
