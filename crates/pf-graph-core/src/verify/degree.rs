//! Degrees counted from the edges.

use super::{Edges, Verdict, ensure};
use crate::{Direction, LoopDegree};

/// Proves degrees, O(n + m).
pub fn check_degrees(
    edges: &Edges,
    direction: Direction,
    loops: LoopDegree,
    degrees: &[u64],
) -> Verdict {
    let mut expected = vec![0u64; edges.num_vertices];
    for (&u, &v) in edges.src.iter().zip(edges.dst) {
        let counts_tail = !edges.directed || direction != Direction::In;
        let counts_head = !edges.directed || direction != Direction::Out;
        let is_second = u == v && !edges.directed && loops == LoopDegree::Once;
        expected[u as usize] += u64::from(counts_tail);
        expected[v as usize] += u64::from(counts_head && !is_second);
    }
    ensure(degrees == expected, || format!("{degrees:?} should be {expected:?}"))
}
