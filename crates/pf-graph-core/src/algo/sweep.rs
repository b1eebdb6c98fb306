//! Breadth-first search from up to `64 * W` sources at once, a bit per source and vertex.
//!
//! A level is pushed along the arcs of its vertices, or, when they are many, pulled by every vertex
//! that some source has not seen. All sources share one pass over the arcs per level; on graphs of
//! small diameter nearly all of them meet in the same few levels. O(m) per level at most, 3 * 8W
//! bytes per vertex, sequential: callers run batches of sources in parallel.
//! Source: Then, Kaufmann, Chirigati, Hoang-Vu, Pham, Kemper, Neumann, Vo, "The more the merrier:
//! efficient multi-source graph traversal", PVLDB 8(4), 2014.

use super::vertex_set::bits;
use crate::control::Meter;
use crate::{Control, Csr, Direction, Graph, GraphError};

/// Pull when the arcs of a level are more than this share of all.
const PULL_SHARE: u64 = 4;

/// Whether so many sources should come 512 at a time instead of 64: if each thread gets a batch.
pub(super) fn is_wide(sources: usize) -> bool {
    sources >= Sweep::<8>::WIDTH * rayon::current_num_threads()
}

/// The arcs along which a search goes in a direction, and the same by their far ends, which are made
/// if need be: a batch is worth it.
pub(super) fn both_ends<'a>(
    graph: &'a Graph,
    direction: Direction,
    control: &Control<'_>,
) -> Result<(&'a Csr, &'a Csr), GraphError> {
    Ok(match direction {
        Direction::Both if graph.is_directed() => {
            let simple = graph.simple(control)?;
            (simple, simple)
        }
        Direction::In => (graph.incoming(control)?, graph.out()),
        Direction::Out | Direction::Both => (graph.out(), graph.incoming(control)?),
    })
}

/// Calls `f` with the number of each bit that is set.
pub(super) fn each_bit<const W: usize>(words: &[u64; W], mut f: impl FnMut(usize)) {
    for (i, &word) in words.iter().enumerate() {
        bits(word).for_each(|bit| f(64 * i + bit as usize));
    }
}

/// Working memory of a batch of `64 * W` sources, clean between batches.
pub(super) struct Sweep<const W: usize> {
    seen: Vec<[u64; W]>,
    front: Vec<[u64; W]>,
    next: Vec<[u64; W]>,
    /// Vertices with bits in `front`.
    level: Vec<u32>,
}

impl<const W: usize> Sweep<W> {
    /// Sources of a batch.
    pub(super) const WIDTH: usize = 64 * W;

    pub(super) fn new(n: usize) -> Self {
        let empty = || vec![[0; W]; n];
        Self { seen: empty(), front: empty(), next: empty(), level: Vec::new() }
    }

    /// Follows `rows` from `sources`, at most [`WIDTH`](Self::WIDTH), for at most `most` hops;
    /// `reverse` are the same arcs by head. Calls `visit(hops, vertex, sources that reach it in so
    /// many hops)` level by level from 1 on, in any order of vertices; the i-th source is bit
    /// `i % 64` of word `i / 64`.
    pub(super) fn run(
        &mut self,
        (rows, reverse): (&Csr, &Csr),
        sources: &[u32],
        most: u32,
        meter: &mut Meter,
        mut visit: impl FnMut(u32, u32, &[u64; W]),
    ) -> Result<(), GraphError> {
        let mut all = [0; W];
        for (i, &source) in sources.iter().enumerate() {
            let bit = 1 << (i % 64);
            all[i / 64] |= bit;
            self.seen[source as usize][i / 64] |= bit;
            if self.front[source as usize] == [0; W] {
                self.level.push(source);
            }
            self.front[source as usize][i / 64] |= bit;
        }
        let offsets = rows.offsets();
        let mut hops = 0;
        while !self.level.is_empty() && hops < most {
            hops += 1;
            let degree = |&v: &u32| offsets[v as usize + 1] - offsets[v as usize];
            let arcs: u64 = self.level.iter().map(degree).sum();
            let found = if arcs > rows.num_arcs() as u64 / PULL_SHARE {
                self.pull(reverse, &all, meter)?
            } else {
                self.push(rows, meter)?
            };
            for v in std::mem::replace(&mut self.level, found) {
                self.front[v as usize] = [0; W];
            }
            std::mem::swap(&mut self.front, &mut self.next);
            meter.spend(self.level.len())?;
            for &v in &self.level {
                let new = &self.front[v as usize];
                for (seen, new) in self.seen[v as usize].iter_mut().zip(new) {
                    *seen |= new;
                }
                visit(hops, v, new);
            }
        }
        for v in self.level.drain(..) {
            self.front[v as usize] = [0; W];
        }
        self.seen.fill([0; W]);
        Ok(())
    }

    /// Along the arcs of the level; the vertices that new bits reach.
    fn push(&mut self, rows: &Csr, meter: &mut Meter) -> Result<Vec<u32>, GraphError> {
        let mut found = Vec::new();
        for &u in &self.level {
            let bits = self.front[u as usize];
            let row = rows.row(u);
            meter.spend(row.len())?;
            for &v in row {
                let (seen, next) = (&self.seen[v as usize], &mut self.next[v as usize]);
                let mut new = *next;
                for w in 0..W {
                    new[w] |= bits[w] & !seen[w];
                }
                if *next == [0; W] && new != [0; W] {
                    found.push(v);
                }
                *next = new;
            }
        }
        Ok(found)
    }

    /// The same from the side of the heads.
    fn pull(
        &mut self,
        reverse: &Csr,
        all: &[u64; W],
        meter: &mut Meter,
    ) -> Result<Vec<u32>, GraphError> {
        let mut found = Vec::new();
        for v in 0..self.seen.len() as u32 {
            let seen = self.seen[v as usize];
            if seen == *all {
                continue;
            }
            let row = reverse.row(v);
            meter.spend(row.len())?;
            let mut new = [0; W];
            for &u in row {
                let bits = &self.front[u as usize];
                for w in 0..W {
                    new[w] |= bits[w];
                }
            }
            for w in 0..W {
                new[w] &= !seen[w];
            }
            if new != [0; W] {
                self.next[v as usize] = new;
                found.push(v);
            }
        }
        Ok(found)
    }
}

/// Counts how often each of `64 * W` bits was set, in few operations per word: the counters of 64
/// bits stand upright, a word per binary digit, and are added to like numbers on paper.
pub(super) struct BitCounters<const W: usize> {
    digits: [Vec<u64>; W],
}

impl<const W: usize> BitCounters<W> {
    pub(super) fn new() -> Self {
        Self { digits: std::array::from_fn(|_| Vec::new()) }
    }

    pub(super) fn add(&mut self, bits: &[u64; W]) {
        for (digits, &bits) in self.digits.iter_mut().zip(bits) {
            let mut carry = bits;
            for digit in digits.iter_mut() {
                if carry == 0 {
                    break;
                }
                let both = *digit & carry;
                *digit ^= carry;
                carry = both;
            }
            if carry != 0 {
                digits.push(carry);
            }
        }
    }

    /// Calls `f(bit, count)` for each bit that was ever set, and starts again from zero.
    pub(super) fn take(&mut self, mut f: impl FnMut(usize, u64)) {
        for (word, digits) in self.digits.iter_mut().enumerate() {
            let any = digits.iter().fold(0, |any, digit| any | digit);
            for bit in bits(any) {
                let count = digits.iter().rev().fold(0, |sum, digit| sum << 1 | digit >> bit & 1);
                f(64 * word + bit as usize, count);
            }
            digits.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn counters_count_bits() {
        let (mut random, mut counters) = (Random::new(3), BitCounters::<2>::new());
        for rounds in [0, 1, 5, 1000] {
            let mut expected = [0u64; 128];
            for _ in 0..rounds {
                let bits = [random.bits() & random.bits(), random.bits() | 1];
                counters.add(&bits);
                for (i, count) in expected.iter_mut().enumerate() {
                    *count += bits[i / 64] >> (i % 64) & 1;
                }
            }
            let mut found = [0u64; 128];
            counters.take(|bit, count| found[bit] = count);
            assert_eq!(found, expected);
        }
    }
}
