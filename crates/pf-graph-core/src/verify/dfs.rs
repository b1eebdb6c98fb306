//! Depth-first search visits in recursive order, and names every edge rightly.

use super::{Edges, Verdict, ensure};
use crate::algo::{DfsConfig, DfsEdgesResult, DfsResult, EdgeClass};
use crate::{Direction, NO_VERTEX};

/// The rows a search follows: in the order of the edges, or ascending.
fn rows(edges: &Edges, direction: Direction, sorted: bool) -> Vec<Vec<usize>> {
    let turned = edges.directed && direction != Direction::Out;
    let mut rows = edges.neighbours(turned);
    if turned && direction == Direction::Both {
        rows.iter_mut().zip(edges.neighbours(false)).for_each(|(row, more)| row.extend(more));
    }
    if turned || sorted {
        for row in &mut rows {
            row.sort_unstable();
        }
    }
    rows
}

/// Proves a depth-first search over edges in their order, O(n + m).
///
/// Clock by clock: whoever is searched from `u` next is the first in the row of `u` that is not yet
/// discovered, and is finished before the row goes on; so intervals are nested or disjoint and the
/// order is that of the recursion. At the depth limit a vertex has no subtree.
pub fn check_dfs(
    edges: &Edges,
    source: Option<u32>,
    config: &DfsConfig,
    result: &DfsResult,
) -> Verdict {
    let DfsResult { discover, finish, predecessor, root, order } = result;
    let n = edges.num_vertices;
    let lengths = [discover.len(), finish.len(), predecessor.len(), root.len()];
    ensure(lengths == [n; 4], || "wrong length".into())?;
    let rows = rows(edges, config.direction, config.sort_neighbors);
    let max_depth = config.max_depth.map_or(usize::MAX, |depth| depth as usize);

    let mut depth = vec![usize::MAX; n];
    let mut clock = 0;
    let starts = source.map_or((0..n).collect(), |source| vec![source as usize]);
    for start in starts {
        if discover[start] >= 0 && discover[start] < clock {
            continue;
        }
        ensure(discover[start] == clock, || format!("{start} should start at {clock}"))?;
        ensure(predecessor[start] == NO_VERTEX, || format!("{start} is a root"))?;
        depth[start] = 0;
        clock = finish[start] + 1;
    }
    let reached = discover.iter().filter(|&&time| time >= 0).count();
    ensure(order.len() == reached, || "order has not all reached vertices".into())?;
    ensure(clock == 2 * reached as i64, || format!("the clock ends at {clock}"))?;
    let times = order.iter().map(|&v| discover[v as usize]);
    ensure(times.is_sorted_by(|a, b| 0 <= *a && a < b), || "order is not by discovery".into())?;

    for &u in order {
        // Predecessors come first in the order: depths are known.
        let u = u as usize;
        ensure(depth[u] != usize::MAX, || format!("{u} is in no tree"))?;
        let above = predecessor[u];
        let expected = if above == NO_VERTEX { u as u32 } else { root[above as usize] };
        ensure(root[u] == expected, || format!("{u} has root {}", root[u]))?;
        let mut clock = discover[u] + 1;
        let row: &[usize] = if depth[u] < max_depth { &rows[u] } else { &[] };
        for &v in row {
            if discover[v] == clock {
                ensure(predecessor[v] == u as u32, || format!("{v} is discovered from {u}"))?;
                depth[v] = depth[u] + 1;
                clock = finish[v] + 1;
            }
            ensure((0..clock).contains(&discover[v]), || format!("{u} passes over {v}"))?;
        }
        ensure(finish[u] == clock, || format!("{u} should be finished at {clock}"))?;
    }
    let unreached = |v: &usize| discover[*v] < 0;
    let blank = |v: usize| finish[v] < 0 && predecessor[v] == NO_VERTEX && root[v] == NO_VERTEX;
    ensure((0..n).filter(unreached).all(blank), || "an unreached vertex has values".into())
}

/// Proves edge classes by the intervals of a search that [`check_dfs`] has proved, O(n + m log m).
pub fn check_dfs_edges(edges: &Edges, search: &DfsResult, result: &DfsEdgesResult) -> Verdict {
    let DfsEdgesResult { src, dst, edge_class } = result;
    let m = src.len();
    ensure(dst.len() == m && edge_class.len() == m, || "wrong length".into())?;
    let reached = |v: usize| search.discover[v] >= 0;
    let key = |u: usize, v: usize| {
        if edges.directed { (u, v) } else { (u.min(v), u.max(v)) }
    };
    let rows = edges.src.iter().zip(edges.dst).map(|(&u, &v)| (u as usize, v as usize));
    let mut expected: Vec<_> = rows.filter(|&(u, _)| reached(u)).map(|(u, v)| key(u, v)).collect();
    let ends = || src.iter().zip(dst).map(|(&u, &v)| (u as usize, v as usize));
    let mut found: Vec<_> = ends().map(|(u, v)| key(u, v)).collect();
    expected.sort_unstable();
    found.sort_unstable();
    ensure(found == expected, || "rows are not the edges of the reached part".into())?;

    let mut has_tree_edge = vec![false; edges.num_vertices];
    for ((u, v), &class) in ends().zip(edge_class) {
        let spans = |a: usize, b: usize| {
            search.discover[a] <= search.discover[b] && search.finish[b] <= search.finish[a]
        };
        let is_tree = search.predecessor[v] == u as u32 && !has_tree_edge[v];
        let expected = if is_tree {
            has_tree_edge[v] = true;
            EdgeClass::Tree
        } else if spans(v, u) {
            EdgeClass::Back
        } else if spans(u, v) {
            EdgeClass::Forward
        } else {
            EdgeClass::Cross
        };
        ensure(class == expected, || format!("{u}->{v} is {class:?}, not {expected:?}"))?;
        let is_possible = edges.directed || matches!(class, EdgeClass::Tree | EdgeClass::Back);
        ensure(is_possible, || format!("{u}-{v} cannot be {class:?}"))?;
    }
    let tree = has_tree_edge.iter().filter(|&&has| has).count();
    let below = (0..edges.num_vertices).filter(|&v| search.predecessor[v] != NO_VERTEX).count();
    ensure(tree == below, || format!("{tree} tree edges for {below} vertices"))
}
