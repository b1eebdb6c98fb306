//! Which shortest path is reported when several are equally short: a rule that looks at distances
//! alone, so every method gives the same answer.
//!
//! An arc `u -> v` is tight if `distance[u] + weight == distance[v]`.
//!
//! - Without negative weights, the predecessor of `v` is the smallest `u` with a tight arc and
//!   `distance[u] < distance[v]`. Where there is none (all tight arcs have weight 0, or one too
//!   small to change the sum), it is the smallest `u` one hop nearer, over tight arcs between
//!   vertices at the same distance, to one that has such a predecessor or to the source.
//! - With negative weights, it is the smallest `u` one hop nearer to the source over tight arcs.
//!
//! Both lead to the source without going in circles. O(n + m).

use crate::control::{Control, Meter};
use crate::{Csr, GraphError, NO_VERTEX};

/// Predecessors of all vertices with a finite distance, except the source.
pub(super) fn predecessors(
    out: &Csr,
    source: u32,
    distance: &[f64],
    has_negative: bool,
    control: &Control<'_>,
) -> Result<Vec<u32>, GraphError> {
    let mut predecessor = vec![NO_VERTEX; distance.len()];
    let mut roots = vec![source];
    if !has_negative {
        let mut meter = Meter::new(control)?;
        for u in 0..distance.len() as u32 {
            let from = distance[u as usize];
            if from.is_infinite() {
                continue;
            }
            meter.spend(out.row(u).len())?;
            for (v, weight) in out.weighted_row(u) {
                let to = distance[v as usize];
                if predecessor[v as usize] == NO_VERTEX && from < to && is_tight(from, weight, to) {
                    predecessor[v as usize] = u; // u ascends: the first is the smallest
                }
            }
        }
        let mut has_ties = false; // reached vertices still without a predecessor
        for v in 0..distance.len() as u32 {
            if predecessor[v as usize] != NO_VERTEX {
                roots.push(v);
            } else if v != source && distance[v as usize].is_finite() {
                has_ties = true;
            }
        }
        if !has_ties {
            return Ok(predecessor);
        }
    }
    hop_by_hop(out, distance, roots, has_negative, &mut predecessor, control)?;
    Ok(predecessor)
}

/// Extends the tree from `level` (its first vertices) over tight arcs, fewest arcs first.
fn hop_by_hop(
    out: &Csr,
    distance: &[f64],
    mut level: Vec<u32>,
    has_negative: bool,
    predecessor: &mut [u32],
    control: &Control<'_>,
) -> Result<(), GraphError> {
    let mut is_placed = vec![false; distance.len()];
    for &v in &level {
        is_placed[v as usize] = true;
    }
    let mut meter = Meter::new(control)?;
    while !level.is_empty() {
        level.sort_unstable(); // so that the first to claim a vertex is the smallest
        let mut next = Vec::new();
        for &u in &level {
            let from = distance[u as usize];
            meter.spend(out.row(u).len())?;
            for (v, weight) in out.weighted_row(u) {
                let to = distance[v as usize];
                let may_lead = has_negative || from.total_cmp(&to).is_eq();
                if !is_placed[v as usize] && may_lead && is_tight(from, weight, to) {
                    is_placed[v as usize] = true;
                    predecessor[v as usize] = u;
                    next.push(v);
                }
            }
        }
        level = next;
    }
    Ok(())
}

/// Whether the arc lies on a shortest path to its head.
fn is_tight(from: f64, weight: f64, to: f64) -> bool {
    to < f64::INFINITY && (from + weight).total_cmp(&to).is_eq()
}
