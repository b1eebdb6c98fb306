//! Topological order and generations of a directed graph without cycles.
//!
//! Kahn's algorithm with a first-in first-out queue that starts with the vertices without
//! predecessors in vertex order: the order and the generations of networkx. Parallel arcs count
//! once, at their first place in the row. O(n + m), 16 bytes per vertex, sequential.
//! Source: Kahn, "Topological sorting of large networks", CACM 5(11), 1962.

use crate::control::Meter;
use crate::{Control, Csr, Graph, GraphError, NO_VERTEX};

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
    let out = graph.out();
    let n = out.num_vertices();
    let mut meter = Meter::with_total(control, 2 * n, 2 * out.num_arcs())?;
    let mut waiting = vec![0u32; n]; // distinct predecessors not yet in order
    let mut met_from = vec![NO_VERTEX; n]; // the last row in which a vertex was met
    for u in 0..n as u32 {
        let row = out.row(u);
        meter.spend(row.len())?;
        for &v in row {
            if met_from[v as usize] != u {
                met_from[v as usize] = u;
                waiting[v as usize] += 1;
            }
        }
    }

    met_from.fill(NO_VERTEX);
    let mut order: Vec<u32> = (0..n as u32).filter(|&v| waiting[v as usize] == 0).collect();
    let mut generation = vec![0; order.len()];
    let mut head = 0;
    while let Some(&u) = order.get(head) {
        let next_generation = generation[head] + 1;
        head += 1;
        let row = out.row(u);
        meter.spend(row.len())?;
        for &v in row {
            if met_from[v as usize] == u {
                continue;
            }
            met_from[v as usize] = u;
            waiting[v as usize] -= 1;
            if waiting[v as usize] == 0 {
                order.push(v);
                generation.push(next_generation);
            }
        }
    }
    if order.len() < n {
        let indices = cycle_among(out, &waiting, &mut meter)?;
        let vertices = indices.iter().map(|&v| graph.label(v)).collect();
        return Err(GraphError::NotADag { vertices, indices });
    }
    control.progress(1.0)?;
    Ok(TopologicalSortResult { order, generation })
}

/// A cycle in the direction of its arcs, from its smallest vertex on. Every vertex that still waits
/// has a predecessor that does: walking back must come round.
fn cycle_among(out: &Csr, waiting: &[u32], meter: &mut Meter) -> Result<Vec<u32>, GraphError> {
    let mut before = vec![NO_VERTEX; waiting.len()];
    let mut at = NO_VERTEX;
    for u in (0..waiting.len() as u32).rev().filter(|&u| waiting[u as usize] > 0) {
        at = u;
        meter.spend(out.row(u).len())?;
        for &v in out.row(u) {
            before[v as usize] = u; // the smallest is the last to be written
        }
    }
    let mut place = vec![usize::MAX; waiting.len()];
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
