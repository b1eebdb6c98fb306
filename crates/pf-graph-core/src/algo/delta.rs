//! Shortest paths with weights of at least zero on all threads: vertices are settled ring by ring,
//! each ring `delta` wide, those of one ring in any order and again if they come nearer.
//!
//! Rings lie in a circle of bins, enough for the heaviest arc to end within it, one circle per
//! thread. An entry is a vertex with the distance it had when it was put in; one that has come
//! nearer since is skipped. Small bins are worked off on one thread, so long paths cost no
//! synchronisation. O(n + m) on random weights; 4 or 8 bytes per vertex, 8 or 16 per entry.
//!
//! Whole weights below 2³² are added as 32-bit integers, which is exact and halves the traffic; if
//! a distance does not fit, or with other weights, sums are f64. Both give the least distances over
//! sums from the source on, so neither the ring width nor the number of threads has a say in them.
//!
//! Sources: Meyer, Sanders, "Delta-stepping: a parallelizable shortest path algorithm", J.
//! Algorithms 49(1), 2003; Zhang et al., "Optimizing ordered graph algorithms with `GraphIt`", CGO
//! 2020 (bins of one thread, small bins without a barrier).

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::control::{CHUNK, Control, Meter};
use crate::prefetch::prefetch;
use crate::{Csr, Graph, GraphError};

/// Bins of fewer entries are quicker on one thread.
const PARALLEL_ENTRIES: usize = 1 << 10;
/// Most bins in a circle; a narrower ring would need more.
const MAX_BINS: usize = 1 << 12;
/// How many entries ahead of its turn the heads of a vertex are fetched; its row and its boundaries
/// two and three times as many.
const AHEAD: usize = 6;
/// So many heads of each.
const HEADS: usize = 16;

/// Distances from `source`, infinite beyond `cutoff`; the graph has weights, none negative.
pub(super) fn delta_stepping(
    graph: &Graph,
    delta: Option<f64>,
    cutoff: f64,
    source: u32,
    control: &Control<'_>,
) -> Result<Vec<f64>, GraphError> {
    control.check()?;
    let out = graph.out();
    let max = graph.weight_facts().max;
    let degree = out.num_arcs() as f64 / out.num_vertices().max(1) as f64;
    let wanted = delta.unwrap_or(max / degree.max(1.0));
    // Not so narrow that the circle gets too large.
    let delta = wanted.max(max / (MAX_BINS - 4) as f64);
    if let Some(weights) = graph.integer_weights() {
        let shift = (delta as u32).max(1).ilog2();
        let limit = if cutoff < f64::from(u32::MAX) { cutoff as u32 } else { u32::MAX - 1 };
        let bins = ((max as u64 >> shift) + 2).next_power_of_two() as usize;
        let is_cut = cutoff < f64::from(u32::MAX);
        let whole = Whole { weights, shift, limit, is_cut, has_overflown: AtomicBool::new(false) };
        let distance = run(out, &whole, bins, source, control)?;
        if !whole.has_overflown.load(Relaxed) {
            let length = |cell: AtomicU32| match cell.into_inner() {
                Whole::FAR => f64::INFINITY,
                length => f64::from(length),
            };
            return Ok(distance.into_par_iter().with_min_len(CHUNK).map(length).collect());
        }
    }
    let weights = out.weights().unwrap_or_default();
    let scale = if max > 0.0 { 1.0 / delta } else { 1.0 };
    let bins = ((max * scale) as usize + 3).next_power_of_two();
    let distance = run(out, &Real { weights, scale, cutoff }, bins, source, control)?;
    Ok(distance.into_iter().map(|cell| f64::from_bits(cell.into_inner())).collect())
}

/// Numbers that distances are added up in.
trait Length: Sync {
    type Word: Copy + PartialOrd + Send + Sync;
    type Cell: Send + Sync;
    const FAR: Self::Word;
    const ZERO: Self::Word;
    fn cell(word: Self::Word) -> Self::Cell;
    fn load(cell: &Self::Cell) -> Self::Word;
    fn store(cell: &Self::Cell, word: Self::Word);
    fn exchange(cell: &Self::Cell, old: Self::Word, new: Self::Word) -> Result<(), Self::Word>;
    /// The distance at the end of an arc, `FAR` if it is out of bounds.
    fn sum(&self, from: Self::Word, arc: usize) -> Self::Word;
    /// Has the weight of an arc fetched.
    fn prefetch(&self, arc: usize);
    /// The ring of a distance; ascends with it.
    fn ring(&self, word: Self::Word) -> usize;
}

/// 32-bit integers.
struct Whole<'a> {
    weights: &'a [u32],
    shift: u32,
    limit: u32,
    /// Whether the limit is the caller's.
    is_cut: bool,
    has_overflown: AtomicBool,
}

impl Length for Whole<'_> {
    type Word = u32;
    type Cell = AtomicU32;
    const FAR: u32 = u32::MAX;
    const ZERO: u32 = 0;

    fn cell(word: u32) -> AtomicU32 {
        AtomicU32::new(word)
    }

    #[inline]
    fn load(cell: &AtomicU32) -> u32 {
        cell.load(Relaxed)
    }

    #[inline]
    fn store(cell: &AtomicU32, word: u32) {
        cell.store(word, Relaxed);
    }

    #[inline]
    fn exchange(cell: &AtomicU32, old: u32, new: u32) -> Result<(), u32> {
        cell.compare_exchange_weak(old, new, Relaxed, Relaxed).map(|_| ())
    }

    #[inline]
    fn sum(&self, from: u32, arc: usize) -> u32 {
        let sum = from.saturating_add(self.weights[arc]);
        if sum <= self.limit {
            return sum;
        }
        if !self.is_cut {
            self.has_overflown.store(true, Relaxed);
        }
        Self::FAR
    }

    #[inline]
    fn prefetch(&self, arc: usize) {
        prefetch(self.weights, arc);
    }

    #[inline]
    fn ring(&self, word: u32) -> usize {
        (word >> self.shift) as usize
    }
}

/// Floats as their bits, which order alike from zero on.
struct Real<'a> {
    weights: &'a [f64],
    scale: f64,
    cutoff: f64,
}

impl Length for Real<'_> {
    type Word = u64;
    type Cell = AtomicU64;
    const FAR: u64 = f64::INFINITY.to_bits();
    const ZERO: u64 = 0;

    fn cell(word: u64) -> AtomicU64 {
        AtomicU64::new(word)
    }

    #[inline]
    fn load(cell: &AtomicU64) -> u64 {
        cell.load(Relaxed)
    }

    #[inline]
    fn store(cell: &AtomicU64, word: u64) {
        cell.store(word, Relaxed);
    }

    #[inline]
    fn exchange(cell: &AtomicU64, old: u64, new: u64) -> Result<(), u64> {
        cell.compare_exchange_weak(old, new, Relaxed, Relaxed).map(|_| ())
    }

    #[inline]
    fn sum(&self, from: u64, arc: usize) -> u64 {
        let sum = f64::from_bits(from) + self.weights[arc];
        if sum <= self.cutoff { sum.to_bits() } else { Self::FAR }
    }

    #[inline]
    fn prefetch(&self, arc: usize) {
        prefetch(self.weights, arc);
    }

    #[inline]
    fn ring(&self, word: u64) -> usize {
        (f64::from_bits(word) * self.scale) as usize
    }
}

/// A vertex and its distance when it was put into a bin.
type Entry<L> = (<L as Length>::Word, u32);

/// The bins of one thread.
struct Circle<L: Length> {
    bins: Vec<Vec<Entry<L>>>,
    /// Entries put in so far.
    pushed: usize,
    /// Emptied bins, whose memory serves again.
    spare: Vec<Vec<Entry<L>>>,
}

/// `bins` is a power of two, larger than the rings an arc can cross by at least two.
fn run<L: Length>(
    out: &Csr,
    length: &L,
    bins: usize,
    source: u32,
    control: &Control<'_>,
) -> Result<Vec<L::Cell>, GraphError> {
    let n = out.num_vertices();
    let distance: Vec<L::Cell> =
        (0..n).into_par_iter().with_min_len(CHUNK).map(|_| L::cell(L::FAR)).collect();
    let empty =
        || Mutex::new(Circle { bins: vec![Vec::new(); bins], pushed: 0, spare: Vec::new() });
    let mut circles: Vec<Mutex<Circle<L>>> =
        (0..rayon::current_num_threads()).map(|_| empty()).collect();
    let search = Search { out, length, distance: &distance, mask: bins - 1 };
    let mut meter = Meter::with_total(control, n, out.num_arcs())?;
    L::store(&distance[source as usize], L::ZERO);
    inner(&mut circles[0]).push(0, (L::ZERO, source));
    let (mut ring, mut taken) = (0, 0);
    while circles.iter_mut().map(|circle| inner(circle).pushed).sum::<usize>() > taken {
        let bin = ring & search.mask;
        while circles.iter_mut().any(|circle| !inner(circle).bins[bin].is_empty()) {
            let entries: Vec<Vec<Entry<L>>> =
                circles.iter_mut().map(|circle| inner(circle).take(bin)).collect();
            let len: usize = entries.iter().map(Vec::len).sum();
            taken += len;
            if len < PARALLEL_ENTRIES {
                let circle = inner(&mut circles[0]);
                for entries in &entries {
                    meter.spend(search.relax_some::<false>(entries, circle))?;
                }
            } else {
                meter.spend(search.relax_all(&entries, &circles, control)?)?;
            }
            for (circle, entries) in circles.iter_mut().zip(entries) {
                inner(circle).give_back(entries);
            }
        }
        ring += 1;
    }
    Ok(distance)
}

fn inner<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}

struct Search<'a, L: Length> {
    out: &'a Csr,
    length: &'a L,
    distance: &'a [L::Cell],
    mask: usize,
}

impl<L: Length> Circle<L> {
    #[inline]
    fn push(&mut self, bin: usize, entry: Entry<L>) {
        self.bins[bin].push(entry);
        self.pushed += 1;
    }

    fn take(&mut self, bin: usize) -> Vec<Entry<L>> {
        std::mem::replace(&mut self.bins[bin], self.spare.pop().unwrap_or_default())
    }

    fn give_back(&mut self, mut entries: Vec<Entry<L>>) {
        entries.clear();
        self.spare.push(entries);
    }
}

impl<L: Length> Search<'_, L> {
    /// Follows the arcs of all entries on all threads; the answer is how many arcs that were.
    fn relax_all(
        &self,
        entries: &[Vec<Entry<L>>],
        circles: &[Mutex<Circle<L>>],
        control: &Control<'_>,
    ) -> Result<usize, GraphError> {
        let len: usize = entries.iter().map(Vec::len).sum();
        let width = len.div_ceil(8 * circles.len()).clamp(64, 1 << 11);
        let pieces: Vec<&[Entry<L>]> = entries.iter().flat_map(|part| part.chunks(width)).collect();
        let work = pieces.into_par_iter().map(|piece| {
            control.check()?;
            let own = rayon::current_thread_index().unwrap_or_default() % circles.len();
            let mut circle = circles[own].lock().unwrap_or_else(PoisonError::into_inner);
            Ok(self.relax_some::<true>(piece, &mut circle))
        });
        let work: Vec<usize> = work.collect::<Result<_, GraphError>>()?;
        Ok(work.into_iter().sum())
    }

    /// Follows the arcs of those entries that are the last of their vertex, and has what later ones
    /// need fetched meanwhile; the answer is how many arcs and vertices that were.
    fn relax_some<const SHARED: bool>(
        &self,
        entries: &[Entry<L>],
        circle: &mut Circle<L>,
    ) -> usize {
        let is_last = |&&(from, u): &&Entry<L>| L::load(&self.distance[u as usize]) == from;
        let mut work = 0;
        for (i, entry) in entries.iter().enumerate() {
            if let Some(&(_, later)) = entries.get(i + 3 * AHEAD) {
                prefetch(self.distance, later as usize);
                self.out.prefetch_range(later);
            }
            if let Some(&(_, next)) = entries.get(i + 2 * AHEAD).filter(is_last) {
                let start = self.out.range(next).start;
                prefetch(self.out.targets(), start);
                self.length.prefetch(start);
            }
            if let Some(&(_, soon)) = entries.get(i + AHEAD).filter(is_last) {
                let row = self.out.row(soon);
                row[..row.len().min(HEADS)]
                    .iter()
                    .for_each(|&v| prefetch(self.distance, v as usize));
            }
            if is_last(&entry) {
                work += self.out.degree(entry.1) + 1;
                self.relax::<SHARED>(entry.1, entry.0, circle);
            }
        }
        work
    }

    /// Follows the arcs of `u`, which lies at `from`.
    fn relax<const SHARED: bool>(&self, u: u32, from: L::Word, circle: &mut Circle<L>) {
        for arc in self.out.range(u) {
            let v = self.out.targets()[arc];
            let cell = &self.distance[v as usize];
            let to = self.length.sum(from, arc);
            let mut old = L::load(cell);
            while to < old {
                if SHARED {
                    if let Err(found) = L::exchange(cell, old, to) {
                        old = found;
                        continue;
                    }
                } else {
                    L::store(cell, to);
                }
                circle.push(self.length.ring(to) & self.mask, (to, v));
                break;
            }
        }
    }
}
