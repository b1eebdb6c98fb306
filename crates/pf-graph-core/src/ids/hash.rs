//! The hash of ids: folded multiplication with two random keys per build.
//!
//! Nobody who writes the ids knows the keys, so no input can aim at collisions; what comes out of a
//! build does not depend on them. Not for storage: each build has its own keys.

use std::hash::{BuildHasher, RandomState};

pub(super) struct Hasher {
    start: u64,
    factor: u64,
}

impl Hasher {
    pub(super) fn new() -> Self {
        let random = RandomState::new(); // keys SipHash from the system's randomness
        Self { start: random.hash_one(0u8), factor: random.hash_one(1u8) | 1 }
    }

    #[inline]
    pub(super) fn integer(&self, key: u64) -> u64 {
        // One product of keys that differ in few bits only is too even for some factors.
        fold(fold(key ^ self.start, self.factor), self.factor)
    }

    #[inline]
    pub(super) fn bytes(&self, bytes: &[u8]) -> u64 {
        let mut hash = self.start;
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            hash = fold(hash ^ u64::from_le_bytes(*word), self.factor);
        }
        let rest = match rest.split_first_chunk() {
            Some((low, high)) => u64::from(u32::from_le_bytes(*low)) | u64::from(few(high)) << 32,
            None => u64::from(few(rest)),
        };
        // The length comes where no byte can undo it.
        fold(fold(hash ^ rest, self.factor) ^ bytes.len() as u64, self.factor)
    }
}

/// Up to three bytes as a number.
#[inline]
fn few(bytes: &[u8]) -> u32 {
    match *bytes {
        [x, y, z] => u32::from_le_bytes([x, y, z, 0]),
        [x, y] => u32::from_le_bytes([x, y, 0, 0]),
        [x] => u32::from(x),
        _ => 0,
    }
}

/// Both halves of the full product: every input bit reaches the low and the high bits.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Keys that collide under the identity, or lie in one bucket of a table without a seed.
    fn hostile() -> Vec<(&'static str, Vec<u64>)> {
        let keys = 0..if cfg!(miri) { 1 << 10 } else { 1u64 << 16 };
        vec![
            ("dense", keys.clone().collect()),
            ("low bits equal", keys.clone().map(|i| i << 32).collect()),
            ("high bits only", keys.clone().map(|i| i << 48).collect()),
            ("inverse of the golden factor", {
                keys.map(|i| i.wrapping_mul(0xf1de_83e1_9937_733d) << 20).collect()
            }),
        ]
    }

    #[test]
    fn no_structure_fills_few_buckets() {
        for (name, keys) in hostile() {
            let hasher = Hasher::new();
            let texts: Vec<String> = keys.iter().map(|key| format!("{key:020}")).collect();
            let both: [Vec<u64>; 2] = [
                keys.iter().map(|&key| hasher.integer(key)).collect(),
                texts.iter().map(|text| hasher.bytes(text.as_bytes())).collect(),
            ];
            for hashes in both {
                let low: HashSet<u64> = hashes.iter().map(|hash| hash & 0xffff).collect();
                let high: HashSet<u64> = hashes.iter().map(|hash| hash >> 56).collect();
                // Random balls leave 37 % of as many bins empty.
                assert!(low.len() * 2 > keys.len(), "{name}: {} low parts", low.len());
                assert!(high.len() > 200, "{name}: {} high parts", high.len());
            }
        }
    }

    #[test]
    fn every_byte_and_the_length_count() {
        let hasher = Hasher::new();
        let mut seen = HashSet::new();
        for len in 0..40 {
            let mut bytes = vec![0u8; len];
            assert!(seen.insert(hasher.bytes(&bytes)), "{len} zeros");
            for place in 0..len {
                bytes[place] = 1;
                assert!(seen.insert(hasher.bytes(&bytes)), "{place} of {len}");
                bytes[place] = 0;
            }
        }
    }
}
