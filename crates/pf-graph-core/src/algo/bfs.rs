//! Breadth-first search: hops from the nearest source.
//!
//! Level by level, O(n + m), 16 bytes per vertex and three bits. A level is searched either top-down
//! (each frontier vertex claims its unseen heads) or, while the frontier is a large part of what is
//! left and the arcs are known from the other end, bottom-up (each unseen vertex looks for a tail in
//! the frontier and stops at the first).
//!
//! `predecessor[v]` is the smallest vertex with an arc to `v` among those one level nearer, whatever
//! the direction of the search and the number of threads: bottom-up rows ascend, so the first hit is
//! the smallest; top-down a vertex met again on the level that found it keeps the smaller one.
//! networkx and scipy keep whichever came first in adjacency order instead. Level and predecessor
//! are one word, the level in the high half: the least word that is offered wins, and a vertex costs
//! one access where two arrays cost two.
//!
//! Source: Beamer, Asanović, Patterson, "Direction-optimizing breadth-first search", SC 2012.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;
use serde::Deserialize;

use super::bfs_thin::{THIN_ARCS, thin_levels};
use super::vertex_set::bits;
use crate::control::{CHUNK, Control};
use crate::prefetch::prefetch;
use crate::{Csr, Direction, Graph, GraphError, NO_VERTEX};

/// Bottom-up once the arcs of the frontier are more than this part of those not yet followed.
const ALPHA: usize = 15;
/// Top-down again once the frontier shrinks below this part of all vertices.
const BETA: usize = 18;
/// A level with fewer arcs is not worth the fork and join of the pool.
pub(super) const PARALLEL_ARCS: usize = 1 << 13;
/// How many frontier vertices ahead of its turn the heads of a vertex are fetched; its row twice
/// as many.
const AHEAD: usize = 8;
/// So many heads of each.
const HEADS: usize = 16;
/// Words of a bitmap per piece of parallel work.
const WORDS: usize = 64;

/// Settings of [`bfs`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `BfsConfig::DEFAULT_*`, those of `Default`
pub struct BfsConfig {
    /// Hops after which the search stops; `None` goes on to the end.
    pub max_depth: Option<u32>,
    /// Which way arcs are followed.
    pub direction: Direction,
}

impl BfsConfig {
    /// No limit.
    pub const DEFAULT_MAX_DEPTH: Option<u32> = None;
    /// From tail to head.
    pub const DEFAULT_DIRECTION: Direction = Direction::Out;
}

/// Answer of [`bfs`], by vertex index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BfsResult {
    /// Hops from the nearest source, -1 where none leads.
    pub distance: Vec<i32>,
    /// The vertex before on a shortest way, [`NO_VERTEX`] for sources and unreached vertices.
    pub predecessor: Vec<u32>,
}

/// Searches from all `sources` at once; there must be at least one, repeats are harmless.
///
/// The first search of a directed graph goes top-down only, unless its arcs by head have been made
/// for something else; later ones make and use them.
pub fn bfs(
    graph: &Graph,
    config: &BfsConfig,
    sources: &[u32],
    control: &Control<'_>,
) -> Result<BfsResult, GraphError> {
    check_sources(graph, sources)?;
    control.check()?;
    let (forward, back) = graph.search_rows(config.direction, control)?;
    let n = graph.num_vertices();
    let search = Search {
        forward,
        found: (0..n).into_par_iter().with_min_len(CHUNK).map(|_| AtomicU64::new(UNSEEN)).collect(),
    };
    let mut frontier = sources.to_vec();
    frontier.sort_unstable();
    frontier.dedup();
    for &source in &frontier {
        search.found[source as usize].store(word(0, NO_VERTEX), Relaxed);
    }
    let reached = frontier.len();
    let mut wave = Wave { frontier, level: 0, arcs_left: forward.num_arcs(), reached };
    let max_depth = config.max_depth.unwrap_or(u32::MAX);
    let mut next = Vec::new();
    let mut is_bottom_up_due = true; // not at once after coming back from it
    while wave.goes_on(n, max_depth) {
        let arcs = frontier_arcs(forward, &wave.frontier);
        let bottom_up =
            back.filter(|_| is_bottom_up_due && arcs > (wave.arcs_left / ALPHA).max(PARALLEL_ARCS));
        if let Some(back) = bottom_up {
            search.bottom_up(back, &mut wave, max_depth, control)?;
            is_bottom_up_due = false;
            continue;
        }
        is_bottom_up_due = true;
        if (THIN_ARCS..PARALLEL_ARCS).contains(&arcs) && rayon::current_num_threads() > 1 {
            thin_levels(&search, &mut wave, max_depth, control)?;
            continue;
        }
        wave.step(&search, arcs, control)?;
        if arcs < PARALLEL_ARCS {
            search.top_down_serial(&wave.frontier, wave.level, &mut next);
            std::mem::swap(&mut wave.frontier, &mut next);
        } else {
            wave.frontier = search.top_down(&wave.frontier, wave.level, control)?;
        }
        wave.reached += wave.frontier.len();
    }
    let mut result = BfsResult { distance: Vec::new(), predecessor: Vec::new() };
    let halves = |word: &AtomicU64| {
        let word = word.load(Relaxed);
        ((word >> 32) as i32, word as u32) // those of `UNSEEN` are -1 and `NO_VERTEX`
    };
    search
        .found
        .par_iter()
        .with_min_len(CHUNK)
        .map(halves)
        .unzip_into_vecs(&mut result.distance, &mut result.predecessor);
    control.progress(1.0)?;
    Ok(result)
}

/// The word of a vertex that no source leads to, above all others.
const UNSEEN: u64 = u64::MAX;

/// A level and the vertex before; less is better.
pub(super) fn word(level: i32, before: u32) -> u64 {
    u64::from(level.unsigned_abs()) << 32 | u64::from(before)
}

/// An error unless there are sources and all are vertices.
pub(crate) fn check_sources(graph: &Graph, sources: &[u32]) -> Result<(), GraphError> {
    if sources.is_empty() {
        let message = "needs at least one vertex".into();
        return Err(GraphError::BadParameter { name: "sources", message });
    }
    sources.iter().try_for_each(|&source| graph.check_vertex("sources", source))
}

fn next_level(level: i32, n: usize) -> Result<i32, GraphError> {
    let limit = i32::MAX as u64;
    level.checked_add(1).ok_or(GraphError::TooLarge { vertices: n as u64, limit })
}

fn frontier_arcs(rows: &Csr, frontier: &[u32]) -> usize {
    if frontier.len() < PARALLEL_ARCS {
        frontier.iter().map(|&v| rows.degree(v)).sum()
    } else {
        frontier.par_iter().with_min_len(PARALLEL_ARCS / 2).map(|&v| rows.degree(v)).sum()
    }
}

/// How far a search has come.
pub(super) struct Wave {
    /// The vertices of the last level.
    pub frontier: Vec<u32>,
    pub level: i32,
    /// Arcs that were not followed yet.
    arcs_left: usize,
    pub reached: usize,
}

impl Wave {
    fn goes_on(&self, n: usize, max_depth: u32) -> bool {
        !self.frontier.is_empty() && self.may_go_on(n, max_depth)
    }

    /// Whether there may be vertices on a next level.
    pub fn may_go_on(&self, n: usize, max_depth: u32) -> bool {
        self.level.unsigned_abs() < max_depth && self.reached < n
    }

    /// Begins the next level, top-down, along so many arcs.
    pub fn step(
        &mut self,
        search: &Search<'_>,
        arcs: usize,
        control: &Control<'_>,
    ) -> Result<(), GraphError> {
        self.level = next_level(self.level, search.found.len())?;
        self.arcs_left = self.arcs_left.saturating_sub(arcs);
        let all = search.forward.num_arcs() as f64 + 2.0;
        control.progress(1.0 - (self.arcs_left as f64 + 1.0) / all)
    }
}

pub(super) struct Search<'a> {
    pub forward: &'a Csr,
    pub found: Vec<AtomicU64>,
}

impl Search<'_> {
    /// One level, by one thread; `next` holds the vertices it found.
    fn top_down_serial(&self, frontier: &[u32], level: i32, next: &mut Vec<u32>) {
        next.clear();
        let Ok(()) = self.follow::<Infallible>(frontier, |u, row| {
            next.extend(row.iter().filter(|&&v| self.claim(v, word(level, u))));
            Ok(())
        });
    }

    /// Offers a vertex of which no other thread knows a level and a predecessor; whether it had none.
    #[inline]
    pub fn claim(&self, v: u32, offered: u64) -> bool {
        let found = &self.found[v as usize];
        let before = found.load(Relaxed);
        if offered >= before {
            return false;
        }
        found.store(offered, Relaxed);
        if before == UNSEEN {
            self.forward.prefetch_range(v);
        }
        before == UNSEEN
    }

    /// Hands over each row of the frontier, and has what later ones need fetched meanwhile.
    #[inline]
    pub fn follow<E>(
        &self,
        frontier: &[u32],
        mut each: impl FnMut(u32, &[u32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let rows = self.forward;
        for (i, &u) in frontier.iter().enumerate() {
            if let Some(&later) = frontier.get(i + 2 * AHEAD) {
                rows.prefetch_row(later);
            }
            if let Some(&soon) = frontier.get(i + AHEAD) {
                let row = rows.row(soon);
                row[..row.len().min(HEADS)].iter().for_each(|&v| prefetch(&self.found, v as usize));
            }
            each(u, rows.row(u))?;
        }
        Ok(())
    }

    /// Offers a vertex a level and a predecessor; whether it had none.
    #[inline]
    fn offer(&self, v: u32, offered: u64) -> bool {
        let found = &self.found[v as usize];
        offered < found.load(Relaxed) && found.fetch_min(offered, Relaxed) == UNSEEN
    }

    /// One level on all threads; the vertices that it found.
    fn top_down(
        &self,
        frontier: &[u32],
        level: i32,
        control: &Control<'_>,
    ) -> Result<Vec<u32>, GraphError> {
        let width = frontier.len().div_ceil(8 * rayon::current_num_threads()).clamp(1, 1 << 12);
        let found = frontier.par_chunks(width).map(|frontier| {
            let mut next = Vec::new();
            self.follow(frontier, |u, row| {
                for row in row.chunks(CHUNK) {
                    control.check()?;
                    next.extend(row.iter().filter(|&&v| self.offer(v, word(level, u))));
                }
                Ok(())
            })?;
            Ok(next)
        });
        let found: Vec<Vec<u32>> = found.collect::<Result<_, GraphError>>()?;
        Ok(found.concat())
    }

    /// Levels until the frontier is small again, which then ascends.
    fn bottom_up(
        &self,
        back: &Csr,
        wave: &mut Wave,
        max_depth: u32,
        control: &Control<'_>,
    ) -> Result<(), GraphError> {
        let n = self.found.len();
        let words = n.div_ceil(64);
        let (mut front, mut next, mut seen) =
            (vec![0u64; words], vec![0u64; words], vec![0; words]);
        self.bitmaps(wave.level, &mut front, &mut seen);
        let mut before = front.par_iter().map(|word| word.count_ones() as usize).sum::<usize>();
        loop {
            wave.level = next_level(wave.level, n)?;
            control.progress(wave.reached as f64 / (n as f64 + 1.0))?;
            let count =
                self.bottom_up_level(back, wave.level, &front, &mut seen, &mut next, control)?;
            std::mem::swap(&mut front, &mut next);
            wave.reached += count;
            let is_large = count >= before || count > n / BETA;
            if !is_large || wave.reached == n || wave.level.unsigned_abs() >= max_depth {
                break;
            }
            before = count;
        }
        wave.frontier.clear();
        let words = front.iter().enumerate();
        wave.frontier
            .extend(words.flat_map(|(i, &word)| bits(word).map(move |bit| 64 * i as u32 + bit)));
        Ok(())
    }

    /// Marks the vertices of a level, and those reached or beyond the last.
    fn bitmaps(&self, level: i32, front: &mut [u64], seen: &mut [u64]) {
        let of_vertices = self.found.par_chunks(64 * WORDS);
        let pieces = front.par_chunks_mut(WORDS).zip(seen.par_chunks_mut(WORDS)).zip(of_vertices);
        pieces.for_each(|((front, seen), found)| {
            let words = front.iter_mut().zip(seen).zip(found.chunks(64));
            for ((front, seen), found) in words {
                *seen = !0;
                for (bit, word) in found.iter().enumerate() {
                    let at = (word.load(Relaxed) >> 32) as i32;
                    *front |= u64::from(at == level) << bit;
                    *seen ^= u64::from(at == -1) << bit;
                }
            }
        });
    }

    /// One level; the answer is how many vertices it found.
    fn bottom_up_level(
        &self,
        back: &Csr,
        level: i32,
        front: &[u64],
        seen: &mut [u64],
        next: &mut [u64],
        control: &Control<'_>,
    ) -> Result<usize, GraphError> {
        let in_front = |u: u32| front[u as usize / 64] >> (u % 64) & 1 != 0;
        let pieces = next.par_chunks_mut(WORDS).zip(seen.par_chunks_mut(WORDS)).enumerate();
        let counts = pieces.map(|(piece, (next, seen))| {
            control.check()?;
            let mut count = 0;
            for (i, (next, seen)) in next.iter_mut().zip(seen).enumerate() {
                let first = 64 * (piece * WORDS + i) as u32;
                let mut found = 0u64;
                let mut open = !*seen;
                while open != 0 {
                    let bit = open.trailing_zeros();
                    open &= open - 1;
                    let v = first + bit;
                    if let Some(&u) = back.row(v).iter().find(|&&u| in_front(u)) {
                        self.found[v as usize].store(word(level, u), Relaxed);
                        found |= 1 << bit;
                    }
                }
                *next = found;
                *seen |= found;
                count += found.count_ones() as usize;
            }
            Ok(count)
        });
        let counts: Vec<usize> = counts.collect::<Result<_, GraphError>>()?;
        Ok(counts.into_iter().sum())
    }
}
