//! Strongly connected components by depth-first search with an explicit stack.
//!
//! One array holds the visiting order of open vertices; O(n + m) time, 8 bytes per vertex and the
//! search path, sequential.
//! Source: Pearce, "A space-efficient algorithm for finding strongly connected components", IPL
//! 116(1), 2016, after Tarjan, SIAM J. Comput. 1(2), 1972.

use crate::control::Meter;
use crate::{Csr, GraphError};

/// The order of vertices whose component is complete, after all others.
pub(super) const DONE: u32 = u32::MAX;

/// A vertex on the search path.
struct Frame {
    vertex: u32,
    /// Position of the next arc to follow.
    next: usize,
    /// Whether no arc has yet led above this vertex.
    is_root: bool,
}

/// Labels each vertex of order 0 with the smallest vertex of its component; the others must be
/// [`DONE`] and are not entered.
pub(super) fn search(
    out: &Csr,
    mut order: Vec<u32>,
    label: &mut [u32],
    meter: &mut Meter,
) -> Result<(), GraphError> {
    // 0: unseen. Open vertices hold 1, 2, .. from below, at most n of them.
    let mut next_order = 1;
    let mut path: Vec<Frame> = Vec::new();
    let mut open: Vec<u32> = Vec::new(); // left by the search, component not yet complete

    let (offsets, targets) = (out.offsets(), out.targets());
    let frame = |v: u32| Frame { vertex: v, next: offsets[v as usize] as usize, is_root: true };
    for start in 0..order.len() as u32 {
        if order[start as usize] != 0 {
            continue;
        }
        order[start as usize] = next_order;
        next_order += 1;
        path.push(frame(start));
        while let Some(top) = path.last_mut() {
            let v = top.vertex as usize;
            meter.spend(0)?;
            if top.next < offsets[v + 1] as usize {
                let w = targets[top.next] as usize;
                if order[w] == 0 {
                    // The same arc is read once more when the search comes back from w.
                    order[w] = next_order;
                    next_order += 1;
                    path.push(frame(w as u32));
                    continue;
                }
                top.next += 1;
                if order[w] < order[v] {
                    order[v] = order[w];
                    top.is_root = false;
                }
                continue;
            }
            let is_root = top.is_root;
            path.pop();
            if !is_root {
                open.push(v as u32);
                continue;
            }
            let mut members = open.len();
            while members > 0 && order[v] <= order[open[members - 1] as usize] {
                members -= 1;
            }
            let first = open[members..].iter().fold(v as u32, |first, &w| first.min(w));
            next_order -= 1 + (open.len() - members) as u32;
            for w in open.drain(members..) {
                order[w as usize] = DONE;
                label[w as usize] = first;
            }
            order[v] = DONE;
            label[v] = first;
        }
    }
    Ok(())
}
