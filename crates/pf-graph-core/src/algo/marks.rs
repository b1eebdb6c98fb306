//! A set of vertices as a bitmap: 128 KiB per million, which stays in a second-level cache.

/// A set of vertices or ranks, a bit each.
pub(super) struct Marks {
    words: Vec<u64>,
}

impl Marks {
    pub(super) fn new(n: usize) -> Self {
        Self { words: vec![0; n.div_ceil(64)] }
    }

    /// Adds `v`; whether it is new.
    #[inline]
    pub(super) fn insert(&mut self, v: u32) -> bool {
        let (word, bit) = (&mut self.words[v as usize / 64], 1 << (v % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Adds all of `vertices`.
    pub(super) fn set(&mut self, vertices: &[u32]) {
        for &v in vertices {
            self.words[v as usize / 64] |= 1 << (v % 64);
        }
    }

    /// Removes all; `vertices` must hold every vertex of the set.
    pub(super) fn clear(&mut self, vertices: &[u32]) {
        for &v in vertices {
            self.words[v as usize / 64] = 0;
        }
    }

    /// 1 if `v` is in the set, else 0.
    #[inline]
    pub(super) fn get(&self, v: u32) -> u64 {
        self.words[v as usize / 64] >> (v % 64) & 1
    }
}
