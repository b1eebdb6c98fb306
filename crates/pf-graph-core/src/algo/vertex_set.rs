//! A set of vertices that threads add to and take from at once: a bit each, 128 KiB per million.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

/// Words of 64 vertices per piece of parallel work.
const PIECE: usize = 64;

/// A set of vertices below a bound.
pub(super) struct VertexSet {
    words: Vec<AtomicU64>,
}

impl VertexSet {
    pub(super) fn new(n: usize) -> Self {
        Self { words: (0..n.div_ceil(64)).map(|_| AtomicU64::new(0)).collect() }
    }

    #[inline]
    pub(super) fn has(&self, v: u32) -> bool {
        self.words[v as usize / 64].load(Relaxed) >> (v % 64) & 1 != 0
    }

    /// Whether one of a few is there; without a branch for each, as nearly always none is.
    #[inline]
    pub(super) fn has_any(&self, vertices: &[u32]) -> bool {
        vertices.iter().fold(false, |any, &v| any | self.has(v))
    }

    /// Removes `v`; whether it was there.
    #[inline]
    pub(super) fn remove(&self, v: u32) -> bool {
        let (word, bit) = (&self.words[v as usize / 64], 1 << (v % 64));
        word.load(Relaxed) & bit != 0 && word.fetch_and(!bit, Relaxed) & bit != 0
    }

    /// Removes `v`, while no other thread changes the set; whether it was there.
    #[inline]
    pub(super) fn remove_alone(&self, v: u32) -> bool {
        let (word, bit) = (&self.words[v as usize / 64], 1 << (v % 64));
        let before = word.load(Relaxed);
        if before & bit == 0 {
            return false;
        }
        word.store(before ^ bit, Relaxed);
        true
    }

    pub(super) fn copy(&self) -> Self {
        Self { words: self.words.iter().map(|word| AtomicU64::new(word.load(Relaxed))).collect() }
    }

    /// What is in this set but not in `other`.
    pub(super) fn minus(&self, other: &Self) -> Self {
        let words = self.words.iter().zip(&other.words);
        let words = words.map(|(word, other)| word.load(Relaxed) & !other.load(Relaxed));
        Self { words: words.map(AtomicU64::new).collect() }
    }

    /// The first 64 vertices, the next 64, ...
    pub(super) fn words(&self) -> &[AtomicU64] {
        &self.words
    }

    /// The smallest of all.
    pub(super) fn first(&self) -> Option<u32> {
        self.iter().next()
    }

    /// All in ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let words = self.words.iter().enumerate();
        words.flat_map(|(i, word)| bits(word.load(Relaxed)).map(move |bit| 64 * i as u32 + bit))
    }

    /// Sums up `work`, called for each word with the word's number, on all threads; the first error
    /// ends it. Before each piece `check` is called.
    pub(super) fn sum_words<E: Send>(
        &self,
        check: impl Fn() -> Result<(), E> + Sync,
        work: impl Fn(usize, &AtomicU64) -> usize + Sync,
    ) -> Result<usize, E> {
        let piece = |(piece, words): (usize, &[AtomicU64])| {
            check()?;
            let words = words.iter().enumerate();
            Ok(words.map(|(i, word)| work(piece * PIECE + i, word)).sum())
        };
        self.words
            .par_chunks(PIECE)
            .enumerate()
            .map(piece)
            .try_reduce(|| 0, |a: usize, b: usize| Ok(a + b))
    }
}

/// The places of the ones of a word, ascending.
#[inline]
pub(super) fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (bit < 64).then_some(bit)
    })
}
