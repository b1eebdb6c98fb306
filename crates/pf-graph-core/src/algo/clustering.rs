//! Clustering: how often two neighbours of a vertex are neighbours of each other.
//!
//! Undirected, the share of pairs of neighbours that are joined: `2 t / (d (d - 1))` for t triangles
//! and degree d. Directed, the formula of Fagiolo: directed triangles in all roles over the largest
//! possible number, `t / (2 (d (d - 1) - 2 b))` where d is the number of arcs out and in, b that of
//! neighbours joined both ways, and a pair joined both ways counts twice in every triangle over it.
//! Loops are ignored, parallel arcs count once; weights are not used. The values are those of
//! networkx to the bit: whole numbers up to the one division.
//! Cost: that of triangles, see `oriented.rs`.
//! Source: Fagiolo, "Clustering in complex directed networks", Phys. Rev. E 76, 2007.

use super::oriented::Oriented;
use super::triangles::{add_up, count_all, count_at_vertices, most_workers};
use crate::simple::arcs_between;
use crate::{Control, Csr, Graph, GraphError};

/// Answer of [`clustering`].
#[derive(Debug, Clone, PartialEq)]
pub struct ClusteringResult {
    /// Clustering coefficient of each vertex, 0 if it has no triangle.
    pub clustering: Vec<f64>,
}

/// The clustering coefficient of every vertex.
pub fn clustering(graph: &Graph, control: &Control<'_>) -> Result<ClusteringResult, GraphError> {
    let view = graph.simple(&control.part(0.0, 0.1))?;
    let rest = control.part(0.1, 1.0);
    let clustering = if graph.is_directed() {
        fagiolo(view, &arcs_between(graph, &rest)?, &rest)?
    } else {
        plain(view, &rest)?
    };
    control.progress(1.0)?;
    Ok(ClusteringResult { clustering })
}

/// The share of connected triples that are closed: three times the triangles over the pairs of
/// neighbours of all vertices; 0 if there is no triangle. Directions are ignored.
pub fn transitivity(graph: &Graph, control: &Control<'_>) -> Result<f64, GraphError> {
    let view = graph.simple(&control.part(0.0, 0.1))?;
    let total = count_all(view, &control.part(0.1, 1.0))?;
    let ordered_pairs = |v: u32| {
        let d = view.degree(v) as u128;
        d * d.saturating_sub(1)
    };
    let pairs: u128 = (0..view.num_vertices() as u32).map(ordered_pairs).sum();
    control.progress(1.0)?;
    Ok(ratio(6 * u128::from(total), pairs))
}

fn plain(view: &Csr, control: &Control<'_>) -> Result<Vec<f64>, GraphError> {
    let triangles = count_at_vertices(view, control)?;
    let coefficient = |(v, t): (usize, u64)| {
        let d = view.degree(v as u32) as u128;
        ratio(2 * u128::from(t), d * d.saturating_sub(1))
    };
    Ok(triangles.into_iter().enumerate().map(coefficient).collect())
}

fn fagiolo(view: &Csr, times: &[u8], control: &Control<'_>) -> Result<Vec<f64>, GraphError> {
    let n = view.num_vertices();
    let oriented = Oriented::new(view, times, &control.part(0.0, 0.2))?;
    // Instead of bits, how often the base is joined with each rank.
    let new_state = || (vec![0u8; n], vec![0u64; n]);
    let rest = control.part(0.2, 1.0);
    let counts = oriented.walk(most_workers(n), &rest, new_state, |state, base| {
        let (joined, counts) = state;
        base.heads.iter().zip(base.times).for_each(|(&w, &times)| joined[w as usize] = times);
        let (mut lookups, mut at_base) = (base.heads.len(), 0);
        base.each_partner(|partner| {
            let mut at_partner = 0;
            for (&w, &times) in partner.others.iter().zip(partner.others_times) {
                let triangles = u64::from(joined[w as usize] * times * partner.times);
                if triangles > 0 {
                    counts[w as usize] += triangles;
                    at_partner += triangles;
                }
            }
            counts[partner.rank as usize] += at_partner;
            at_base += at_partner;
            lookups += partner.others.len() + 1;
        });
        counts[base.rank as usize] += at_base;
        for &w in base.heads {
            joined[w as usize] = 0;
        }
        lookups
    })?;
    let sum = add_up(n, counts.into_iter().map(|(_, counts)| counts));
    let coefficient = |(v, t): (usize, u64)| {
        let times = &times[view.range(v as u32)];
        let arcs: u128 = times.iter().map(|&times| u128::from(times)).sum();
        let both = arcs - times.len() as u128; // those with a second arc
        // Both orders of the two other vertices count, hence 2t.
        match t {
            0 => 0.0,
            t => ratio(2 * u128::from(t), 2 * (arcs * (arcs - 1) - 2 * both)),
        }
    };
    Ok(oriented.by_vertex(sum).into_iter().enumerate().map(coefficient).collect())
}

/// The quotient, rounded once; 0 if nothing is above the line.
fn ratio(above: u128, below: u128) -> f64 {
    if above == 0 { 0.0 } else { above as f64 / below as f64 }
}
