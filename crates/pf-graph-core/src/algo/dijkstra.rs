//! Shortest paths with weights of at least zero, one vertex after the other from the nearest on:
//! a 4-ary heap, outdated entries skipped, O((n + m) log n), 8 bytes per vertex and 16 per arc in the
//! worst case.
//!
//! Sources: Dijkstra, Numer. Math. 1, 1959; Johnson, "Priority queues with update and finding
//! minimum spanning trees", IPL 4(3), 1975 (d-ary heaps).

use crate::control::{Control, Meter};
use crate::{Graph, GraphError};

/// Children of a node: two levels of a binary heap in one, and a cache line holds four.
const ARITY: usize = 4;

/// Distances from `source`, infinite beyond `cutoff`.
pub(super) fn dijkstra(
    graph: &Graph,
    cutoff: f64,
    source: u32,
    control: &Control<'_>,
) -> Result<Vec<f64>, GraphError> {
    let out = graph.out();
    let mut distance = vec![f64::INFINITY; graph.num_vertices()];
    let mut heap = Heap::default();
    let mut meter = Meter::with_total(control, graph.num_vertices(), out.num_arcs())?;
    distance[source as usize] = 0.0;
    heap.push((0.0f64.to_bits(), source)); // bits of floats >= 0 order like the floats
    while let Some((bits, u)) = heap.pop() {
        let from = f64::from_bits(bits);
        if from > distance[u as usize] {
            continue; // a shorter way was found since
        }
        meter.spend(out.degree(u))?;
        for (v, weight) in out.weighted_row(u) {
            let to = from + weight;
            if to < distance[v as usize] && to <= cutoff {
                distance[v as usize] = to;
                heap.push((to.to_bits(), v));
            }
        }
    }
    Ok(distance)
}

/// A heap whose smallest entry is on top.
#[derive(Default)]
struct Heap(Vec<(u64, u32)>);

impl Heap {
    fn push(&mut self, entry: (u64, u32)) {
        let mut at = self.0.len();
        self.0.push(entry);
        while at > 0 {
            let above = (at - 1) / ARITY;
            if self.0[above] <= entry {
                break;
            }
            self.0[at] = self.0[above];
            at = above;
        }
        self.0[at] = entry;
    }

    fn pop(&mut self) -> Option<(u64, u32)> {
        let top = *self.0.first()?;
        let last = self.0.pop()?;
        let len = self.0.len();
        if len == 0 {
            return Some(top);
        }
        let mut at = 0;
        loop {
            let first = ARITY * at + 1;
            if first >= len {
                break;
            }
            let children = first..(first + ARITY).min(len);
            let nearest = children.fold(first, |a, b| if self.0[b] < self.0[a] { b } else { a });
            if self.0[nearest] >= last {
                break;
            }
            self.0[at] = self.0[nearest];
            at = nearest;
        }
        self.0[at] = last;
        Some(top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_out_in_order() {
        let mut random = crate::generate::Random::new(3, 0);
        for len in [0, 1, 2, 5, 6, 100, 1000] {
            let mut heap = Heap::default();
            let mut entries: Vec<(u64, u32)> = (0..len).map(|i| (random.below(50), i)).collect();
            for &entry in &entries {
                heap.push(entry);
            }
            entries.sort_unstable();
            assert_eq!(std::iter::from_fn(|| heap.pop()).collect::<Vec<_>>(), entries);
        }
    }
}
