//! The set of vertices that one leads to, without levels or predecessors.
//!
//! Since only the set is wanted, threads need not meet after each level: each follows its part of
//! the frontier on its own for a while, and what is then left of all parts is the next frontier.
//! While the frontier is a large part of what is left, vertices look for a neighbour that is reached
//! instead; one that was reached in the same sweep counts. O(n + m) in practice, at most four bits
//! per vertex.
//!
//! Source of the second: Beamer, Asanović, Patterson, "Direction-optimizing breadth-first search",
//! SC 2012.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

use super::vertex_set::{VertexSet, bits};
use crate::control::{CHUNK, Control};
use crate::{Csr, GraphError};

/// Vertices look for reached ones once the arcs of the frontier are more than this part of those of
/// the vertices that are not reached.
const ALPHA: usize = 15;
/// And until a sweep reaches less than this part of all vertices.
const BETA: usize = 18;
/// Vertices of the frontier per piece of parallel work.
const WIDTH: usize = 1 << 10;
/// A frontier of fewer vertices is narrow.
const NARROW: usize = 16;
/// Rows that are fetched together.
const BATCH: usize = 16;

/// In which order arcs are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// First in, first out, on all threads.
    Broad,
    /// Last in, first out, on one thread: where arcs lead to the next rows this runs along them, and
    /// a second thread would want the same words.
    Deep,
}

/// How a search divides its work; all give the same set.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// Arcs that a thread follows before it meets the others again.
    pub(super) alone: usize,
    /// A frontier with fewer arcs is never large.
    pub(super) least_arcs: usize,
    /// Part of the work of a full search that may be spent on narrow frontiers.
    pub(super) narrow_part: usize,
}

impl Pace {
    pub(super) const USUAL: Self = Self { alone: 1 << 14, least_arcs: 1 << 13, narrow_part: 16 };
}

/// A search from one vertex.
pub(super) struct Reach<'a> {
    /// Arcs to follow.
    pub(super) rows: &'a Csr,
    /// The same arcs by their other end.
    pub(super) back: &'a Csr,
    /// Vertices not to leave.
    pub(super) within: &'a VertexSet,
    /// How many they are.
    pub(super) size: usize,
    pub(super) walk: Walk,
    pub(super) pace: Pace,
}

/// What is reached, and how many vertices.
pub(super) struct Reached {
    pub(super) set: VertexSet,
    pub(super) count: usize,
}

/// What a piece of work leaves.
struct Left {
    frontier: Vec<u32>,
    found: usize,
    spent: usize,
}

impl Reach<'_> {
    /// The vertices that `source` leads to, itself too; nothing if the frontier stays so narrow that
    /// one thread would do as well.
    pub(super) fn from(
        &self,
        source: u32,
        control: &Control<'_>,
    ) -> Result<Option<Reached>, GraphError> {
        let n = self.rows.num_vertices();
        let open = self.within.copy(); // not reached
        open.remove_alone(source);
        let (mut frontier, mut count, mut narrow) = (vec![source], 1, 0);
        let all = n + self.rows.num_arcs();
        let mut is_sweep_due = true; // not at once after the last
        let mut sweeps = 0;
        while !frontier.is_empty() && count < self.size {
            control.progress(count as f64 / (self.size as f64 + 1.0))?;
            let arcs_left = (self.size - count) as f64 / n as f64 * self.rows.num_arcs() as f64;
            let large = (arcs_left as usize / ALPHA).max(self.pace.least_arcs);
            // Twice as many each time: sweeps never cost more than a few looks at all arcs.
            let large = large.saturating_mul(1 << sweeps.min(32));
            if is_sweep_due && self.arcs(&frontier) > large {
                count += self.sweeps(&open, &mut frontier, control)?;
                is_sweep_due = false;
                sweeps += 1;
                continue;
            }
            is_sweep_due = true;
            let left = self.follow(&open, &frontier, control)?;
            if frontier.len() < NARROW {
                narrow += left.spent;
                if narrow > all / self.pace.narrow_part && left.frontier.len() < NARROW {
                    return Ok(None);
                }
            }
            count += left.found;
            frontier = left.frontier;
        }
        Ok(Some(Reached { set: self.within.minus(&open), count }))
    }

    fn arcs(&self, frontier: &[u32]) -> usize {
        let degree = |&v: &u32| self.rows.degree(v);
        if frontier.len() < 4 * WIDTH {
            frontier.iter().map(degree).sum()
        } else {
            frontier.par_iter().with_min_len(2 * WIDTH).map(degree).sum()
        }
    }

    /// Follows arcs from a frontier; what it leaves is the next.
    fn follow(
        &self,
        open: &VertexSet,
        frontier: &[u32],
        control: &Control<'_>,
    ) -> Result<Left, GraphError> {
        let threads = rayon::current_num_threads();
        if threads == 1 || frontier.len() == 1 || self.walk == Walk::Deep {
            return self.follow_part(frontier, |v| open.remove_alone(v), control);
        }
        let width = frontier.len().div_ceil(4 * threads).clamp(1, WIDTH);
        let follow = |part| self.follow_part(part, |v| open.remove(v), control);
        let parts = frontier.par_chunks(width).map(follow);
        let parts: Vec<Left> = parts.collect::<Result<_, GraphError>>()?;
        Ok(Left {
            found: parts.iter().map(|left| left.found).sum(),
            spent: parts.iter().map(|left| left.spent).sum(),
            frontier: parts.into_iter().flat_map(|left| left.frontier).collect(),
        })
    }

    /// One thread's part of [`follow`](Self::follow).
    fn follow_part(
        &self,
        part: &[u32],
        take: impl Fn(u32) -> bool,
        control: &Control<'_>,
    ) -> Result<Left, GraphError> {
        let mut frontier = part.to_vec();
        let (mut found, mut spent, mut head) = (0, 0, 0);
        let mut few = Vec::with_capacity(BATCH);
        while spent < self.pace.alone && head < frontier.len() {
            few.clear();
            match self.walk {
                Walk::Deep => few.extend(frontier.pop()),
                Walk::Broad => {
                    let end = frontier.len().min(head + BATCH);
                    few.extend_from_slice(&frontier[head..end]);
                    head = end;
                    // Has the rows fetched at the same time.
                    let heads = few.iter().map(|&u| self.rows.row(u).first().copied());
                    black_box(heads.fold(0, |all, head| all ^ head.unwrap_or(0)));
                }
            }
            let before = frontier.len();
            for &u in &few {
                let row = self.rows.row(u);
                spent += row.len() + 1;
                for row in row.chunks(CHUNK) {
                    control.check()?;
                    for &v in row {
                        if take(v) {
                            frontier.push(v);
                        }
                    }
                }
            }
            found += frontier.len() - before;
        }
        frontier.drain(..head);
        Ok(Left { frontier, found, spent })
    }

    /// Lets the other vertices look for reached ones until few are found; those of the last sweep are
    /// the frontier. The answer is how many were found.
    fn sweeps(
        &self,
        open: &VertexSet,
        frontier: &mut Vec<u32>,
        control: &Control<'_>,
    ) -> Result<usize, GraphError> {
        let n = self.rows.num_vertices();
        let (reached, last) = (self.within.minus(open), VertexSet::new(n));
        let sweep = |i: usize, found: &AtomicU64| {
            // This thread alone has these words.
            let (open, known) = (&open.words()[i], &reached.words()[i]);
            let within = self.within.words()[i].load(Relaxed);
            let before = open.load(Relaxed);
            let mut now = before;
            for bit in bits(before) {
                let v = 64 * i as u32 + bit;
                if self.back.row(v).iter().any(|&u| reached.has(u)) {
                    now ^= 1 << bit;
                    known.store(within & !now, Relaxed);
                }
            }
            open.store(now, Relaxed);
            found.store(before ^ now, Relaxed);
            (before ^ now).count_ones() as usize
        };
        let mut total = 0;
        loop {
            let found = last.sum_words(|| control.check(), sweep)?;
            total += found;
            if found <= n / BETA {
                break;
            }
        }
        frontier.clear();
        frontier.extend(last.iter());
        Ok(total)
    }
}
