//! Tails stand before heads, generations are minimal, and the order is that of the queue.

use super::{Edges, Verdict, ensure};
use crate::algo::TopologicalSortResult;

/// Proves an order of edges taken as they come, O(n log n + m).
///
/// A vertex joins the queue when its last predecessor in the order is done, at the place of the
/// first arc from it; vertices without predecessors come first, ascending.
pub fn check_topological_sort(edges: &Edges, result: &TopologicalSortResult) -> Verdict {
    let TopologicalSortResult { order, generation } = result;
    let n = edges.num_vertices;
    ensure(order.len() == n && generation.len() == n, || "wrong length".into())?;
    let mut place = vec![usize::MAX; n];
    for (i, &v) in order.iter().enumerate() {
        ensure(place[v as usize] == usize::MAX, || format!("vertex {v} is there twice"))?;
        place[v as usize] = i;
    }
    let mut expected_generation = vec![0; n];
    let mut released = vec![(0, 0); n]; // place of the last predecessor + 1, and of the arc
    let rows = edges.neighbours(false);
    for &u in order {
        let u = u as usize;
        for (arc, &v) in rows[u].iter().enumerate() {
            ensure(place[u] < place[v], || format!("arc {u}->{v} leads back"))?;
            let above = generation[place[u]] + 1;
            expected_generation[v] = above.max(expected_generation[v]);
            if released[v].0 != place[u] + 1 {
                released[v] = (place[u] + 1, arc); // places ascend: the last predecessor stays
            }
        }
    }
    let keys: Vec<_> = order.iter().map(|&v| (released[v as usize], v)).collect();
    for (i, &v) in order.iter().enumerate() {
        let expected = expected_generation[v as usize];
        ensure(generation[i] == expected, || {
            format!("vertex {v}: generation {} should be {expected}", generation[i])
        })?;
    }
    ensure(keys.is_sorted(), || "vertices do not stand as the queue releases them".into())
}
