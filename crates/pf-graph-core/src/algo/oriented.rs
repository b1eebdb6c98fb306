//! All triangles of a simple graph, each met once.
//!
//! Vertices are ranked and every edge points to the higher rank, so each triangle has a low, a
//! middle and a high vertex. Ranking by degree leaves forward rows of length O(√m), and O(m^1.5)
//! pairs within them; where ranking by index already leaves few, vertices keep their place.
//!
//! A job takes a range of base vertices, marks the forward row of each, and looks up forward rows of
//! its partners. There are two ways, and the lengths of rows tell which is cheaper: the base is the
//! low vertex and partners are the middle ones, whose whole rows are looked up; or the base is the
//! middle vertex and partners are the low ones, of whose rows only what follows the middle is looked
//! up, every pair within a row once. The second needs edges by head too.
//! Memory: 4 bytes per edge for rows, 12 for edges by head, 12 per vertex.
//! Sources: Chiba, Nishizeki, "Arboricity and subgraph listing algorithms", SIAM J. Comput. 14(1),
//! 1985; Latapy, "Main-memory triangle computations", Theor. Comput. Sci. 407, 2008.

use std::hint::black_box;
use std::ops::Range;

use rayon::prelude::*;

use crate::arcs::{Arcs, Reversed};
use crate::build::{Sorted, sort_arcs};
use crate::control::{CHUNK, Meter};
use crate::crew::pull_jobs;
use crate::par::{row_blocks, split_mut};
use crate::{Control, Csr, GraphError};

/// Ranking by degree costs a few lookups per edge: worth it above this many pairs per edge.
const PAIRS_PER_EDGE: u64 = 16;
/// What an edge by head costs to make and to read, in lookups.
const LOOKUPS_PER_EDGE: u64 = 12;
/// Places are packed with the length of what follows: rows are shorter than this, or m above 2⁴⁷.
const LENGTH_BITS: u32 = 24;

/// Rows that are fetched at the same time.
const BATCH: usize = 16;

/// Edges from low to high rank.
pub(super) struct Oriented {
    /// Forward rows by rank, of ranks.
    forward: Csr,
    /// How often the ends were joined, parallel to `forward`; empty if always once.
    times: Vec<u8>,
    /// Edges by head, if middle vertices are the base: low vertices, and where what follows the
    /// edge in their row begins, with its length.
    backward: Option<Sorted<u64>>,
    /// The vertex of each rank; `None` if they are the same.
    vertex_of: Option<Vec<u32>>,
}

/// A vertex joined with the base, and vertices that may be joined with both.
pub(super) struct Partner<'a> {
    pub(super) rank: u32,
    /// How often it was joined with the base.
    pub(super) times: u8,
    /// Ranks of the others.
    pub(super) others: &'a [u32],
    /// How often the partner was joined with each of them; empty if always once.
    pub(super) others_times: &'a [u8],
}

impl Oriented {
    /// Ranks the vertices of a simple view and turns its edges; `times` says how often the ends of
    /// each arc were joined, nothing if always once.
    pub(super) fn new(view: &Csr, times: &[u8], control: &Control<'_>) -> Result<Self, GraphError> {
        control.check()?;
        let n = view.num_vertices();
        let edges = view.num_arcs() as u64 / 2;
        let by_index = |v: u32| view.degree(v) - view.row(v).partition_point(|&w| w < v);
        let pairs = sum(n, |v| pairs_of(by_index(v)));
        let vertex_of = (pairs > PAIRS_PER_EDGE * edges).then(|| by_degree(view));
        let (forward, times) = keep_forward(view, times, vertex_of.as_deref(), control)?;
        let mut oriented = Self { forward, times, backward: None, vertex_of };

        control.progress(0.5)?;
        let forward = &oriented.forward;
        let pairs = sum(n, |r| pairs_of(forward.degree(r)));
        let whole_rows = sum(n, |r| {
            let row = forward.row(r);
            row.iter().map(|&v| forward.degree(v) as u64).sum()
        });
        if whole_rows > pairs + LOOKUPS_PER_EDGE * edges {
            oriented.base_on_middle(&control.part(0.5, 1.0))?;
        }
        Ok(oriented)
    }

    /// Makes the edges by head, which makes middle vertices the base.
    fn base_on_middle(&mut self, control: &Control<'_>) -> Result<(), GraphError> {
        if self.vertex_of.is_some() && self.times.is_empty() {
            self.forward.sort_rows(None); // they ascend by vertex, not by rank
        }
        let (n, arcs) = (self.forward.num_vertices(), WithRest(&self.forward));
        self.backward = Some(sort_arcs(n, &arcs, |rest| rest as u64, control)?);
        Ok(())
    }

    /// Calls `work(state, base)` for each base; it returns the number of lookups.
    pub(super) fn walk<S: Send>(
        &self,
        workers: usize,
        control: &Control<'_>,
        new_state: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, Base<'_>) -> usize + Sync,
    ) -> Result<Vec<S>, GraphError> {
        let offsets = match &self.backward {
            None => self.forward.offsets(),
            Some(backward) => &backward.offsets,
        };
        let blocks = row_blocks(offsets);
        pull_jobs(blocks.len(), workers, control, new_state, |state, job| {
            let mut meter = Meter::new(control)?;
            for rank in blocks[job].clone() {
                let edges = offsets[rank] as usize..offsets[rank + 1] as usize;
                let forward = self.forward.range(rank as u32);
                if edges.is_empty() || forward.is_empty() {
                    continue;
                }
                let heads = &self.forward.targets()[forward.clone()];
                let times = self.times.get(forward).unwrap_or(&[]);
                let spent =
                    work(state, Base { oriented: self, rank: rank as u32, heads, times, edges });
                meter.spend(spent)?;
            }
            Ok(())
        })
    }

    /// Values by rank as values by vertex.
    pub(super) fn by_vertex(&self, by_rank: Vec<u64>) -> Vec<u64> {
        let Some(vertex_of) = &self.vertex_of else { return by_rank };
        let mut by_vertex = vec![0; by_rank.len()];
        for (&v, count) in vertex_of.iter().zip(by_rank) {
            by_vertex[v as usize] = count;
        }
        by_vertex
    }
}

/// A vertex with its forward row and partners.
pub(super) struct Base<'a> {
    oriented: &'a Oriented,
    pub(super) rank: u32,
    /// Its forward row.
    pub(super) heads: &'a [u32],
    /// How often it was joined with each of them; empty if always once.
    pub(super) times: &'a [u8],
    /// Edges to its partners, forward or backward.
    edges: Range<usize>,
}

impl<'a> Base<'a> {
    /// The partners of the base, as an inner loop. Rows of partners lie anywhere in memory: those
    /// of a batch are found and touched first, so that they are fetched at the same time.
    #[inline]
    pub(super) fn each_partner(&self, mut f: impl FnMut(Partner<'a>)) {
        let Oriented { forward, times, backward, .. } = self.oriented;
        let targets = forward.targets();
        for start in self.edges.clone().step_by(BATCH) {
            let edges = start..self.edges.end.min(start + BATCH);
            let mut batch = [(0, 0, 0, 0); BATCH];
            for (slot, edge) in batch.iter_mut().zip(edges.clone()) {
                *slot = match backward {
                    None => {
                        let row = forward.range(targets[edge]);
                        (targets[edge], row.start, row.end, edge)
                    }
                    Some(backward) => {
                        let rest = backward.payload[edge];
                        let start = (rest >> LENGTH_BITS) as usize;
                        let length = (rest & ((1 << LENGTH_BITS) - 1)) as usize;
                        (backward.targets[edge], start, start + length, start - 1)
                    }
                };
            }
            let touch = |sum: u32, slot: &(u32, usize, usize, usize)| {
                sum.wrapping_add(targets.get(slot.1).copied().unwrap_or(0))
            };
            black_box(batch.iter().fold(0, touch));
            for &(rank, start, end, edge) in &batch[..edges.len()] {
                f(Partner {
                    rank,
                    times: times.get(edge).copied().unwrap_or(1),
                    others: &targets[start..end],
                    others_times: times.get(start..end).unwrap_or(&[]),
                });
            }
        }
    }
}

/// Forward edges by head; instead of its index each hands out what follows it in its row, and edges
/// that nothing follows are left out.
struct WithRest<'a>(&'a Csr);

impl Arcs for WithRest<'_> {
    fn max_len(&self) -> usize {
        self.0.num_arcs()
    }

    fn split(&self, parts: usize) -> Vec<Range<usize>> {
        Reversed(self.0).split(parts)
    }

    fn visit(
        &self,
        range: Range<usize>,
        control: &Control<'_>,
        mut f: impl FnMut(u32, u32, usize),
    ) -> Result<(), GraphError> {
        let mut meter = Meter::new(control)?;
        for u in range.start as u32..range.end as u32 {
            let arcs = self.0.range(u);
            meter.spend(arcs.len())?;
            let end = arcs.end;
            for arc in arcs.start..end.saturating_sub(1) {
                f(self.0.targets()[arc], u, (arc + 1) << LENGTH_BITS | (end - arc - 1));
            }
        }
        Ok(())
    }

    fn out_of_range(&self, n: usize) -> GraphError {
        Reversed(self.0).out_of_range(n)
    }
}

/// The arcs of a simple view that lead to a higher rank, by rank, with their times. Rows ascend by
/// rank if vertices keep their place or there are times, else by vertex.
fn keep_forward(
    view: &Csr,
    times: &[u8],
    vertex_of: Option<&[u32]>,
    control: &Control<'_>,
) -> Result<(Csr, Vec<u8>), GraphError> {
    let n = view.num_vertices();
    let vertex = |r: u32| vertex_of.map_or(r, |vertices| vertices[r as usize]);
    let mut rank = vec![0; if vertex_of.is_some() { n } else { 0 }];
    for (r, &v) in vertex_of.unwrap_or_default().iter().enumerate() {
        rank[v as usize] = r as u32;
    }
    let mut arcs_before = Vec::with_capacity(n + 1);
    arcs_before.push(0);
    for r in 0..n as u32 {
        arcs_before.push(arcs_before[r as usize] + view.degree(vertex(r)) as u64);
    }
    let blocks = row_blocks(&arcs_before);
    let made = blocks.par_iter().map(|block| {
        control.check()?;
        let mut made = Made::default();
        let mut pairs: Vec<(u32, u8)> = Vec::new();
        for r in block.start as u32..block.end as u32 {
            let v = vertex(r);
            let row = view.row(v);
            if vertex_of.is_none() {
                let skipped = row.partition_point(|&w| w < v);
                made.targets.extend_from_slice(&row[skipped..]);
                made.times.extend(times.get(view.range(v)).unwrap_or(&[]).iter().skip(skipped));
            } else if times.is_empty() {
                let ranks = row.iter().map(|&w| rank[w as usize]);
                made.targets.extend(ranks.filter(|&w| w > r));
            } else {
                pairs.clear();
                let ranks = row.iter().map(|&w| rank[w as usize]);
                pairs.extend(ranks.zip(times[view.range(v)].iter().copied()));
                pairs.retain(|pair| pair.0 > r);
                pairs.sort_unstable();
                made.targets.extend(pairs.iter().map(|pair| pair.0));
                made.times.extend(pairs.iter().map(|pair| pair.1));
            }
            made.ends.push(made.targets.len() as u64);
        }
        Ok(made)
    });
    let made: Vec<Made> = made.collect::<Result<_, GraphError>>()?;
    let mut offsets = Vec::with_capacity(n + 1);
    offsets.push(0);
    let mut before = 0;
    for block in &made {
        offsets.extend(block.ends.iter().map(|end| before + end));
        before += block.targets.len() as u64;
    }
    let mut targets = vec![0; before as usize];
    split_mut(&mut targets, made.iter().map(|block| block.targets.len()))
        .into_par_iter()
        .zip(&made)
        .for_each(|(to, block)| to.copy_from_slice(&block.targets));
    let times = made.iter().flat_map(|block| &block.times).copied().collect();
    Ok((Csr { offsets, targets, weights: None }, times))
}

/// Finished rows of a block.
#[derive(Default)]
struct Made {
    ends: Vec<u64>,
    targets: Vec<u32>,
    times: Vec<u8>,
}

/// The sum of `value` over `0..n`.
fn sum(n: usize, value: impl Fn(u32) -> u64 + Sync) -> u64 {
    (0..n as u32).into_par_iter().with_min_len(CHUNK).map(&value).sum()
}

/// Pairs among so many.
fn pairs_of(length: usize) -> u64 {
    let length = length as u64;
    length * length.saturating_sub(1) / 2
}

/// The vertices by ascending degree, equal ones by index.
fn by_degree(view: &Csr) -> Vec<u32> {
    let n = view.num_vertices();
    let max = (0..n as u32).map(|v| view.degree(v)).max().unwrap_or(0);
    let mut start = vec![0u32; max + 2];
    for v in 0..n as u32 {
        start[view.degree(v) + 1] += 1;
    }
    for d in 0..=max {
        start[d + 1] += start[d];
    }
    let mut vertex_of = vec![0; n];
    for v in 0..n as u32 {
        let at = &mut start[view.degree(v)];
        vertex_of[*at as usize] = v;
        *at += 1;
    }
    vertex_of
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::random::Random;

    #[test]
    fn both_ways_meet_every_triangle_once() {
        let never = AtomicBool::new(false);
        let control = Control::new(&never);
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let n = random.below(30) as u32 + 1;
            let mut rows = vec![BTreeSet::new(); n as usize];
            for _ in 0..random.below(120) {
                let skew = random.below(u64::from(n)) + 1;
                let (u, v) = (random.below(skew) as u32, random.below(u64::from(n)) as u32);
                if u != v {
                    rows[u as usize].insert(v);
                    rows[v as usize].insert(u);
                }
            }
            let mut offsets = vec![0];
            offsets.extend(rows.iter().scan(0, |sum, row| {
                *sum += row.len() as u64;
                Some(*sum)
            }));
            let targets: Vec<u32> = rows.iter().flatten().copied().collect();
            let view = Csr { offsets, targets, weights: None };
            let mut expected = Vec::new();
            for u in 0..n {
                for &v in rows[u as usize].range(u..) {
                    let common = rows[v as usize].range(v..);
                    expected.extend(
                        common.filter(|w| rows[u as usize].contains(w)).map(|&w| [u, v, w]),
                    );
                }
            }
            let by_degree = by_degree(&view);
            for vertex_of in [None, Some(by_degree)] {
                let (forward, times) =
                    keep_forward(&view, &[], vertex_of.as_deref(), &control).unwrap();
                let mut oriented = Oriented { forward, times, backward: None, vertex_of };
                for is_middle in [false, true] {
                    if is_middle {
                        oriented.base_on_middle(&control).unwrap();
                    }
                    let met = oriented.walk(2, &control, Vec::new, |met, base| {
                        base.each_partner(|partner| {
                            for w in partner.others.iter().filter(|w| base.heads.contains(w)) {
                                let ranks = [base.rank, partner.rank, *w];
                                let vertex = |r: u32| {
                                    oriented.vertex_of.as_ref().map_or(r, |of| of[r as usize])
                                };
                                let mut triangle = ranks.map(vertex);
                                triangle.sort_unstable();
                                met.push(triangle);
                            }
                        });
                        1
                    });
                    let mut met = met.unwrap().concat();
                    met.sort_unstable();
                    assert_eq!(met, expected, "seed {seed}, middle {is_middle}");
                }
            }
        }
    }
}
