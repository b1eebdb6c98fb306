//! Core numbers: the largest k for which a vertex is in a subgraph whose vertices all have degree
//! k or more.
//!
//! Vertices of the smallest remaining degree are taken away, and with them those that they bring
//! down to it; no order by degree is kept, since a look at all remaining vertices per level costs no
//! more than their arcs: a vertex is still there for at most as many levels as it has neighbours.
//! O(n + m), sequential: an arc is one access and no branch; 12 bytes per vertex beside the simple
//! view. Degrees are those of networkx: loops do not count, parallel edges once, and in a directed
//! graph arcs out and in add up.
//! Sources: Batagelj, Zaveršnik, "An O(m) algorithm for cores decomposition of networks", 2003,
//! arXiv cs/0310049; Kabir, Madduri, "Parallel k-core decomposition on multicore platforms", IPDPS
//! workshops 2017, for levels without buckets.

use std::hint::black_box;

use crate::control::{CHUNK, Meter};
use crate::simple::arcs_between;
use crate::{Control, Csr, Graph, GraphError};

/// Rows that are fetched together.
const BATCH: usize = 16;

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
    let work = control.part(0.4, 1.0);
    let core = if graph.is_directed() {
        peel(view, |arc| u32::from(times[arc]), &work)?
    } else {
        peel(view, |_| 1, &work)?
    };
    let degeneracy = core.iter().max().copied().unwrap_or(0);
    control.progress(1.0)?;
    Ok(CoreNumberResult { core_number: core, degeneracy })
}

/// Lowers degrees to core numbers; `times` tells how often an arc counts.
fn peel(
    view: &Csr,
    times: impl Fn(usize) -> u32,
    control: &Control<'_>,
) -> Result<Vec<u32>, GraphError> {
    let n = view.num_vertices();
    let mut meter = Meter::with_total(control, 2 * n, 2 * view.num_arcs())?;
    let mut degree = Vec::with_capacity(n);
    for v in 0..n as u32 {
        meter.spend(view.degree(v))?;
        degree.push(view.range(v).map(&times).sum::<u32>());
    }
    let mut rest: Vec<u32> = (0..n as u32).collect();
    // Those taken away and, behind `done`, not yet followed; one place more for what is written
    // before it is known whether it stays.
    let mut gone = vec![0u32; n + 1];
    let (mut done, mut taken) = (0, 0);
    let mut level = 0;
    while taken < n {
        // Drop those that went after the last look.
        let mut lowest = u32::MAX;
        let mut kept = 0;
        for start in (0..rest.len()).step_by(CHUNK) {
            control.check()?;
            for i in start..rest.len().min(start + CHUNK) {
                let v = rest[i];
                let d = degree[v as usize];
                let stays = d > level || taken == 0;
                rest[kept] = v;
                kept += usize::from(stays);
                lowest = lowest.min(if stays { d } else { u32::MAX });
            }
        }
        rest.truncate(kept);
        level = lowest;
        for rest in rest.chunks(CHUNK) {
            control.check()?;
            for &v in rest {
                gone[taken] = v;
                taken += usize::from(degree[v as usize] == level);
            }
        }
        while done < taken {
            let end = taken.min(done + BATCH);
            let few = &gone[done..end];
            // Has the rows fetched at the same time.
            let ends = few.iter().map(|&v| match view.row(v) {
                [first, .., last] => first ^ last,
                _ => 0,
            });
            black_box(ends.fold(0, |all, ends| all ^ ends));
            for i in done..end {
                let arcs = view.range(gone[i]);
                meter.spend(arcs.len())?;
                for (arc, &u) in arcs.clone().zip(&view.targets()[arcs]) {
                    let before = degree[u as usize];
                    let step = times(arc).min(before.saturating_sub(level));
                    degree[u as usize] = before - step;
                    gone[taken] = u;
                    taken += usize::from(step > 0) & usize::from(before - step == level);
                }
            }
            done = end;
        }
    }
    Ok(degree)
}
