//! Shortest paths with weights of any sign: rounds over the vertices that changed, O(nm), usually
//! far less; a negative cycle within reach is an error that names it.
//!
//! Sources: Bellman, Quart. Appl. Math. 16, 1958; Cherkassky, Goldberg, "Negative-cycle detection
//! algorithms", Math. Program. 85, 1999.

use crate::control::{Control, Meter};
use crate::{Graph, GraphError, NO_VERTEX};

/// Rounds over the vertices whose distance changed in the round before.
///
/// A cycle of parents is a negative cycle, and after n rounds there must be one. It is looked for
/// each time n arcs have been read, which costs O(1) per arc. Sums are rounded: a cycle that adds up
/// to zero only in exact arithmetic may count as negative.
pub(super) fn bellman_ford(
    graph: &Graph,
    cutoff: f64,
    source: u32,
    control: &Control<'_>,
) -> Result<Vec<f64>, GraphError> {
    let out = graph.out();
    let n = graph.num_vertices();
    let mut distance = vec![f64::INFINITY; n];
    let mut parent = vec![NO_VERTEX; n];
    let mut is_queued = vec![false; n];
    let mut frontier = vec![source];
    let mut next = Vec::new();
    let mut arcs_since_check = 0;
    let mut meter = Meter::new(control)?;
    distance[source as usize] = 0.0;
    while !frontier.is_empty() {
        for &u in &frontier {
            is_queued[u as usize] = false;
            let from = distance[u as usize];
            let row = out.row(u).len();
            meter.spend(row)?;
            arcs_since_check += row;
            for (v, weight) in out.weighted_row(u) {
                let to = from + weight;
                if to < distance[v as usize] && to <= cutoff {
                    distance[v as usize] = to;
                    parent[v as usize] = u;
                    if !is_queued[v as usize] {
                        is_queued[v as usize] = true;
                        next.push(v);
                    }
                }
            }
        }
        std::mem::swap(&mut frontier, &mut next);
        next.clear();
        if arcs_since_check >= n || frontier.is_empty() {
            arcs_since_check = 0;
            if let Some(indices) = cycle_of_parents(&parent) {
                let vertices = indices.iter().map(|&v| graph.label(v)).collect();
                return Err(GraphError::NegativeCycle { vertices, indices });
            }
        }
    }
    Ok(distance)
}

/// A cycle in the parent graph in the direction of its edges, starting at its smallest vertex.
fn cycle_of_parents(parent: &[u32]) -> Option<Vec<u32>> {
    let mut seen_from = vec![NO_VERTEX; parent.len()];
    for start in 0..parent.len() as u32 {
        let mut v = start;
        while v != NO_VERTEX && seen_from[v as usize] == NO_VERTEX {
            seen_from[v as usize] = start;
            v = parent[v as usize];
        }
        if v == NO_VERTEX || seen_from[v as usize] != start {
            continue; // ended at the source or on a path known to be free of cycles
        }
        let mut cycle = vec![v];
        let mut above = parent[v as usize];
        while above != v {
            cycle.push(above);
            above = parent[above as usize];
        }
        cycle.reverse();
        let smallest = (0..cycle.len()).min_by_key(|&i| cycle[i])?;
        cycle.rotate_left(smallest);
        return Some(cycle);
    }
    None
}
