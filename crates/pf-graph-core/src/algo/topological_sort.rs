//! Topological order and generations of a directed graph without cycles.
//!
//! Kahn's algorithm with a first-in first-out queue that starts with the vertices without
//! predecessors in vertex order: the order and the generations of networkx. Parallel arcs count
//! once, at their first place in the row. O(n + m), 12 bytes per vertex: the queue is the order, and
//! a generation is a stretch of it. Arcs by head are counted on all threads, and not where they are
//! at hand; vertices are ordered by one.
//! Source: Kahn, "Topological sorting of large networks", CACM 5(11), 1962.

use std::hint::black_box;
use std::ops::{AddAssign, SubAssign};

use rayon::prelude::*;

use crate::control::{CHUNK, Meter};
use crate::{Control, Csr, Graph, GraphError, NO_VERTEX};

/// Vertices whose arcs are fetched together.
const BATCH: usize = 16;
/// Threads that count arcs by head, each into an array of its own.
const COUNTERS: usize = 4;
/// Arcs per vertex and thread that make such an array worth it.
const ARCS: usize = 4;

/// Answer of [`topological_sort`]: all vertices, tails before heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopologicalSortResult {
    /// Vertices in order.
    pub order: Vec<u32>,
    /// Parallel to `order`, ascending: arcs on the longest path that ends at the vertex.
    pub generation: Vec<u32>,
}

/// Orders the vertices; a cycle is [`GraphError::NotADag`] and named.
pub fn topological_sort(
    graph: &Graph,
    control: &Control<'_>,
) -> Result<TopologicalSortResult, GraphError> {
    if !graph.is_directed() {
        let message = "topological_sort needs a directed graph".into();
        return Err(GraphError::BadParameter { name: "directed", message });
    }
    if graph.out().num_arcs() < u32::MAX as usize {
        sort::<u32>(graph, control)
    } else {
        sort::<u64>(graph, control)
    }
}

/// How many arcs lead to a vertex from those not yet in order.
trait Count: Copy + Default + Ord + Send + Sync + From<bool> + AddAssign + SubAssign {
    fn of(arcs: usize) -> Self;
}

impl Count for u32 {
    fn of(arcs: usize) -> Self {
        arcs as Self
    }
}

impl Count for u64 {
    fn of(arcs: usize) -> Self {
        arcs as Self
    }
}

fn sort<C: Count>(
    graph: &Graph,
    control: &Control<'_>,
) -> Result<TopologicalSortResult, GraphError> {
    let out = graph.out();
    let n = out.num_vertices();
    let none = C::default();
    let mut waiting: Vec<C> = arcs_in(graph, &control.part(0.0, 0.3))?;
    let mut order = vec![0; n];
    let mut len = 0;
    for (v, &arcs) in (0..).zip(&waiting) {
        order[len] = v;
        len += usize::from(arcs == none);
    }
    let mut generation = Vec::with_capacity(n);
    let last = control.part(0.3, 1.0);
    let mut meter = Meter::with_total(&last, n, out.num_arcs())?;
    for number in 0.. {
        let (mut head, end) = (generation.len(), len);
        if head == end {
            break;
        }
        while head < end {
            let next = end.min(head + BATCH);
            touch(out, &order[head..next]);
            for at in head..next {
                let row = out.row(order[at]);
                meter.spend(row.len())?;
                let first = len;
                // Backwards, a vertex is released at its first place in the row. Whether it is can
                // hardly be told before: no branch.
                for &v in row.iter().rev() {
                    let arcs = &mut waiting[v as usize];
                    *arcs -= C::from(true);
                    order[len] = v; // `v` is not in order yet, so there is room
                    len += usize::from(*arcs == none);
                }
                order[first..len].reverse();
            }
            head = next;
        }
        generation.resize(end, number);
    }
    if len < n {
        let waits = |v: u32| waiting[v as usize] > none;
        let indices = cycle_among(out, waits, &mut meter)?;
        let vertices = indices.iter().map(|&v| graph.label(v)).collect();
        return Err(GraphError::NotADag { vertices, indices });
    }
    control.progress(1.0)?;
    Ok(TopologicalSortResult { order, generation })
}

/// Has the rows of a few vertices fetched at the same time.
#[inline]
fn touch(out: &Csr, few: &[u32]) {
    let ends = few.iter().map(|&u| {
        let row = out.row(u);
        row.first().copied().unwrap_or(0) ^ row.last().copied().unwrap_or(0)
    });
    black_box(ends.fold(0, |all, end| all ^ end));
}

/// The number of arcs to each vertex.
fn arcs_in<C: Count>(graph: &Graph, control: &Control<'_>) -> Result<Vec<C>, GraphError> {
    control.check()?;
    let (n, heads) = (graph.num_vertices(), graph.out().targets());
    if let Some(back) = graph.incoming_if_made() {
        let arcs = |v: u32| C::of(back.degree(v));
        return Ok((0..n as u32).into_par_iter().with_min_len(CHUNK).map(arcs).collect());
    }
    let useful = heads.len() / (ARCS * n.max(1));
    let counters = rayon::current_num_threads().min(COUNTERS).min(useful).max(1);
    let count = |(part, heads): (usize, &[u32])| {
        let mut counts = vec![C::default(); n];
        for (piece, heads) in heads.chunks(CHUNK).enumerate() {
            for &v in heads {
                counts[v as usize] += C::from(true);
            }
            if part == 0 {
                control
                    .progress((piece * CHUNK * counters) as f64 / graph.out().num_arcs() as f64)?;
            } else {
                control.check()?;
            }
        }
        Ok(counts)
    };
    let width = heads.len().div_ceil(counters).max(1);
    let parts = heads.par_chunks(width).enumerate().map(count);
    let mut parts = parts.collect::<Result<Vec<Vec<C>>, GraphError>>()?.into_iter();
    let mut counts = parts.next().unwrap_or_else(|| vec![C::default(); n]);
    for part in parts {
        let both = counts.par_iter_mut().zip(part).with_min_len(CHUNK);
        both.for_each(|(count, more)| *count += more);
    }
    Ok(counts)
}

/// A cycle in the direction of its arcs, from its smallest vertex on. Every vertex that still waits
/// has a predecessor that does: walking back must come round.
fn cycle_among(
    out: &Csr,
    waits: impl Fn(u32) -> bool,
    meter: &mut Meter,
) -> Result<Vec<u32>, GraphError> {
    let n = out.num_vertices();
    let mut before = vec![NO_VERTEX; n];
    let mut at = NO_VERTEX;
    for u in (0..n as u32).rev().filter(|&u| waits(u)) {
        at = u;
        meter.spend(out.row(u).len())?;
        for &v in out.row(u) {
            before[v as usize] = u; // the smallest is the last to be written
        }
    }
    let mut place = vec![usize::MAX; n];
    let mut path = Vec::new();
    while at != NO_VERTEX && place[at as usize] == usize::MAX {
        place[at as usize] = path.len();
        path.push(at);
        at = before[at as usize];
    }
    let mut cycle = path.split_off(place.get(at as usize).copied().unwrap_or(0));
    cycle.reverse();
    let smallest = (0..cycle.len()).min_by_key(|&i| cycle[i]).unwrap_or(0);
    cycle.rotate_left(smallest);
    Ok(cycle)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::BuildOptions;
    use crate::generate::uniform;

    /// No test has so many arcs that it would take the wider one by itself.
    #[test]
    fn both_widths_of_counts_give_the_same() {
        let cancel = AtomicBool::new(false);
        let control = Control::new(&cancel);
        let edges = uniform(500, 3000, 1);
        for is_acyclic in [true, false] {
            let ends = edges.src.iter().zip(&edges.dst).filter(|(u, v)| u != v);
            let turned =
                ends.map(|(&u, &v)| if is_acyclic { (u.max(v), u.min(v)) } else { (u, v) });
            let (src, dst): (Vec<u32>, Vec<u32>) = turned.unzip();
            let graph =
                Graph::from_arrays(&src, &dst, None, 500, &BuildOptions::default(), &control);
            let graph = graph.unwrap();
            let narrow = sort::<u32>(&graph, &control);
            assert_eq!(narrow.is_ok(), is_acyclic);
            assert_eq!(narrow, sort::<u64>(&graph, &control));
            graph.incoming(&control).unwrap(); // whose rows say how many arcs there are
            assert_eq!(narrow, sort::<u32>(&graph, &control));
            assert_eq!(narrow, sort::<u64>(&graph, &control));
        }
    }
}
