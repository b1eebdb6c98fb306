//! Strongly connected components by depth-first search with an explicit stack.
//!
//! One array serves as visiting order while a vertex is open and as label once its component is
//! complete; O(n + m) time, sequential.
//! Source: Pearce, "A space-efficient algorithm for finding strongly connected components", IPL
//! 116(1), 2016, after Tarjan, SIAM J. Comput. 1(2), 1972.

use crate::control::{Control, Meter};
use crate::{Csr, GraphError};

/// A vertex on the search path.
struct Frame {
    vertex: u32,
    /// Position of the next arc to follow.
    next: usize,
    /// Whether no arc has yet led above this vertex.
    is_root: bool,
}

/// A label below n per vertex, equal exactly within components; labels follow completion order.
pub(super) fn strong_labels(out: &Csr, control: &Control<'_>) -> Result<Vec<u32>, GraphError> {
    let n = out.num_vertices();
    // 0: unseen. Open vertices hold 1, 2, .. from below, complete ones their label from above
    // (u32::MAX first); with n <= u32::MAX - 1 the two never meet.
    let mut order = vec![0u32; n];
    let mut next_order = 1;
    let mut next_label = u32::MAX;
    let mut path: Vec<Frame> = Vec::new();
    let mut open: Vec<u32> = Vec::new(); // left by the search, component not yet complete
    let mut meter = Meter::with_total(control, n, out.num_arcs())?;

    let (offsets, targets) = (out.offsets(), out.targets());
    let frame = |v: u32| Frame { vertex: v, next: offsets[v as usize] as usize, is_root: true };
    for start in 0..n as u32 {
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
            next_order -= 1;
            while let Some(w) = open.pop_if(|w| order[v] <= order[*w as usize]) {
                order[w as usize] = next_label;
                next_order -= 1;
            }
            order[v] = next_label;
            next_label -= 1;
        }
    }
    for label in &mut order {
        *label = u32::MAX - *label;
    }
    Ok(order)
}
