//! Core numbers: the largest k for which a vertex is in a subgraph whose vertices all have degree
//! k or more.
//!
//! Vertices are kept in buckets by remaining degree and taken away from the smallest up. O(n + m),
//! sequential; 16 bytes per vertex beside the simple view. Degrees are those of networkx: loops do
//! not count, parallel edges once, and in a directed graph arcs out and in add up.
//! Source: Batagelj, Zaveršnik, "An O(m) algorithm for cores decomposition of networks", 2003,
//! arXiv cs/0310049.

use crate::control::Meter;
use crate::simple::arcs_between;
use crate::{Control, Graph, GraphError};

/// Answer of [`core_number`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreNumberResult {
    /// Core number of each vertex.
    pub core_number: Vec<u32>,
    /// The largest of them, 0 without vertices.
    pub degeneracy: u32,
}

/// Finds the core number of every vertex.
pub fn core_number(graph: &Graph, control: &Control<'_>) -> Result<CoreNumberResult, GraphError> {
    let view = graph.simple(control)?;
    let times = arcs_between(graph, control)?;
    let n = view.num_vertices();
    let work = control.part(0.4, 1.0);
    let mut meter = Meter::with_total(&work, 2 * n, view.num_arcs())?;
    let mut core: Vec<u32> = (0..n as u32)
        .map(|v| match times.get(view.range(v)) {
            Some(times) if graph.is_directed() => times.iter().map(|&t| u32::from(t)).sum(),
            _ => view.degree(v) as u32,
        })
        .collect();

    // `order` holds the vertices by remaining degree; `start[d]` is where those of degree d begin.
    let max = core.iter().max().map_or(0, |&max| max as usize);
    let mut start = vec![0u32; max + 2];
    for &d in &core {
        start[d as usize + 1] += 1;
    }
    for d in 0..=max {
        start[d + 1] += start[d];
    }
    let mut cursor = start.clone();
    let mut order = vec![0u32; n];
    let mut place = vec![0u32; n];
    for v in 0..n as u32 {
        meter.spend(0)?;
        let at = &mut cursor[core[v as usize] as usize];
        order[*at as usize] = v;
        place[v as usize] = *at;
        *at += 1;
    }
    for i in 0..n {
        let v = order[i];
        let arcs = view.range(v);
        meter.spend(arcs.len())?;
        for arc in arcs {
            let u = view.targets()[arc] as usize;
            for _ in 0..times.get(arc).copied().unwrap_or(1) {
                let d = core[u];
                if d <= core[v as usize] {
                    break;
                }
                // Swap u with the first of its bucket, then move the border over it.
                let (from, first) = (place[u], start[d as usize]);
                let other = order[first as usize];
                order.swap(from as usize, first as usize);
                place[other as usize] = from;
                place[u] = first;
                start[d as usize] += 1;
                core[u] -= 1;
            }
        }
    }
    let degeneracy = core.iter().max().copied().unwrap_or(0);
    control.progress(1.0)?;
    Ok(CoreNumberResult { core_number: core, degeneracy })
}
