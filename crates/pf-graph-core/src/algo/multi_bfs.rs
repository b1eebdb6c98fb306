//! Breadth-first searches from many sources at once, each on its own: 64 of them share one pass over
//! the arcs, one bit per source.
//!
//! A vertex keeps a word of the sources that have reached it and a word of those that reached it on
//! the last level. While few vertices are active they push their words to their heads; otherwise,
//! if the arcs are known from the other end, every vertex that some source has not reached pulls the
//! words of its tails. Batches of 64 run side by side. O(n + m) per level and batch in the worst
//! case, usually far less than 64 searches; 24 bytes per vertex and thread, 12 per row of the answer.
//!
//! Source: Then et al., "The more the merrier: efficient multi-source graph traversal", PVLDB 8(4),
//! 2014.

use rayon::prelude::*;
use serde::Deserialize;

use super::bfs::check_sources;
use crate::control::{Control, Meter};
use crate::{Csr, Direction, Graph, GraphError};

/// Sources of a batch: the bits of a word.
pub(crate) const BATCH: usize = 64;
/// Pulling pays once the active vertices have more than this part of all arcs.
const PULL: usize = 8;

/// Settings of [`multi_bfs`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `MultiBfsConfig::DEFAULT_*`, as `Default`
pub struct MultiBfsConfig {
    /// Hops after which the searches stop; `None` goes on to the end.
    pub max_depth: Option<u32>,
    /// Which way arcs are followed.
    pub direction: Direction,
}

impl MultiBfsConfig {
    /// No limit.
    pub const DEFAULT_MAX_DEPTH: Option<u32> = None;
    /// From tail to head.
    pub const DEFAULT_DIRECTION: Direction = Direction::Out;
}

/// Answer of [`multi_bfs`]: one row per source and vertex it reaches, in the order of the sources,
/// for each by ascending vertex, the source itself included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MultiBfsResult {
    /// The source.
    pub source: Vec<u32>,
    /// The vertex it reaches.
    pub vertex: Vec<u32>,
    /// Hops between them.
    pub distance: Vec<u32>,
}

/// Searches from each of the `sources`; there must be at least one, a repeated one is answered twice.
pub fn multi_bfs(
    graph: &Graph,
    config: &MultiBfsConfig,
    sources: &[u32],
    control: &Control<'_>,
) -> Result<MultiBfsResult, GraphError> {
    check_sources(graph, sources)?;
    control.check()?;
    let rows = SearchRows::new(graph, config.direction, control)?;
    let batches: Vec<&[u32]> = sources.chunks(BATCH).collect();
    let done = std::sync::atomic::AtomicUsize::new(0);
    let found = batches.par_iter().map_init(
        || BatchSearch::new(&rows),
        |search, batch| {
            let mut reached: Vec<Vec<(u32, u32)>> = vec![Vec::new(); batch.len()];
            search.run(batch, config.max_depth, control, |level, v, bits| {
                each_bit(bits, |bit| reached[bit].push((v, level)));
            })?;
            for rows in &mut reached {
                rows.sort_unstable();
            }
            let done = 1 + done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            control.progress(done as f64 / (batches.len() + 1) as f64)?;
            Ok(reached)
        },
    );
    let found: Vec<Vec<Vec<(u32, u32)>>> = found.collect::<Result<_, GraphError>>()?;
    let mut result = MultiBfsResult::default();
    for (&source, rows) in sources.iter().zip(found.into_iter().flatten()) {
        result.source.resize(result.source.len() + rows.len(), source);
        result.vertex.extend(rows.iter().map(|row| row.0));
        result.distance.extend(rows.iter().map(|row| row.1));
    }
    control.progress(1.0)?;
    Ok(result)
}

/// Calls `f` with the number of each bit that is set.
pub(crate) fn each_bit(mut bits: u64, mut f: impl FnMut(usize)) {
    while bits != 0 {
        f(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

/// The arcs of a search, from both ends.
pub(crate) struct SearchRows<'a> {
    forward: &'a Csr,
    back: &'a Csr,
}

impl<'a> SearchRows<'a> {
    /// Makes the arcs by head: a batch is worth it.
    pub(crate) fn new(
        graph: &'a Graph,
        direction: Direction,
        control: &Control<'_>,
    ) -> Result<Self, GraphError> {
        let (out, incoming) = (graph.out(), graph.incoming(control)?);
        Ok(match direction {
            Direction::Out => Self { forward: out, back: incoming },
            Direction::In => Self { forward: incoming, back: out },
            Direction::Both => {
                let simple = if graph.is_directed() { graph.simple(control)? } else { out };
                Self { forward: simple, back: simple }
            }
        })
    }
}

/// Working space for one batch after the other.
pub(crate) struct BatchSearch<'a> {
    rows: &'a SearchRows<'a>,
    /// Sources that have reached a vertex; on the last level; on the next.
    seen: Vec<u64>,
    front: Vec<u64>,
    next: Vec<u64>,
}

impl<'a> BatchSearch<'a> {
    pub(crate) fn new(rows: &'a SearchRows<'a>) -> Self {
        let n = rows.forward.num_vertices();
        Self { rows, seen: vec![0; n], front: vec![0; n], next: vec![0; n] }
    }

    /// Searches from up to [`BATCH`] vertices; bit `i` stands for `sources[i]`.
    ///
    /// `visit(level, v, bits)` is called once per level and vertex with the sources that reach it
    /// then, level by level from 0.
    pub(crate) fn run(
        &mut self,
        sources: &[u32],
        max_depth: Option<u32>,
        control: &Control<'_>,
        mut visit: impl FnMut(u32, u32, u64),
    ) -> Result<(), GraphError> {
        let SearchRows { forward, back } = *self.rows;
        let all = u64::MAX >> (BATCH - sources.len().clamp(1, BATCH));
        self.seen.fill(0);
        let mut active: Vec<u32> = Vec::new();
        for (bit, &source) in sources.iter().enumerate() {
            if self.next[source as usize] == 0 {
                active.push(source);
            }
            self.next[source as usize] |= 1 << bit;
        }
        let control = control.silent(); // the caller counts batches
        let mut meter = Meter::new(&control)?;
        let mut level = 0;
        loop {
            let mut arcs = 0;
            for &v in &active {
                let bits = std::mem::take(&mut self.next[v as usize]);
                self.front[v as usize] = bits;
                self.seen[v as usize] |= bits;
                arcs += forward.degree(v);
                visit(level, v, bits);
            }
            if active.is_empty() || max_depth.is_some_and(|max| level >= max) {
                break;
            }
            level += 1;
            let mut touched = Vec::new();
            if arcs > forward.num_arcs() / PULL {
                for v in 0..self.seen.len() as u32 {
                    let seen = self.seen[v as usize];
                    if seen == all {
                        continue;
                    }
                    meter.spend(back.degree(v))?;
                    let mut bits = 0;
                    for &u in back.row(v) {
                        bits |= self.front[u as usize];
                        if bits | seen == all {
                            break;
                        }
                    }
                    if bits & !seen != 0 {
                        self.next[v as usize] = bits & !seen;
                        touched.push(v);
                    }
                }
            } else {
                for &u in &active {
                    meter.spend(forward.degree(u))?;
                    let bits = self.front[u as usize];
                    for &v in forward.row(u) {
                        let new = bits & !self.seen[v as usize];
                        if new != 0 {
                            let next = &mut self.next[v as usize];
                            if *next == 0 {
                                touched.push(v);
                            }
                            *next |= new;
                        }
                    }
                }
            }
            for &u in &active {
                self.front[u as usize] = 0;
            }
            active = touched;
        }
        for &u in &active {
            self.front[u as usize] = 0;
        }
        Ok(())
    }
}
