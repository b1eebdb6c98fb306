//! Seeded numbers that are the same on every machine and in every release.
//!
//! The generator is `SplitMix64` (Steele, Lea, Flood, "Fast splittable pseudorandom number
//! generators", OOPSLA 2014); numbers below a bound are drawn without bias as in Lemire, "Fast
//! random integer generation in an interval", ACM TOMACS 29(1), 2019.

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is at least 1.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            // The lowest 2^64 mod bound products would make some numbers likelier than others.
            if product as u64 >= bound || product as u64 >= bound.wrapping_neg() % bound {
                return (product >> 64) as u64;
            }
        }
    }

    /// Puts items in random order (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i as u64 + 1) as usize;
            items.swap(i, j);
        }
    }

    /// `k` different numbers below `n`, ascending; `k` is at most `n`.
    pub(crate) fn sample(&mut self, n: u32, k: u32) -> Vec<u32> {
        // Floyd's method: the j-th draw is below n - k + j + 1, and taken by its bound if repeated.
        let mut taken = std::collections::BTreeSet::new();
        for last in n - k..n {
            let pick = self.below(u64::from(last) + 1) as u32;
            if !taken.insert(pick) {
                taken.insert(last);
            }
        }
        taken.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_the_paper() {
        // First outputs of the reference implementation for seed 1234567.
        let mut random = Random::new(1_234_567);
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([random.bits(), random.bits(), random.bits()], expected);
    }

    #[test]
    fn numbers_below_a_bound_are_even() {
        let mut random = Random::new(1);
        for bound in [1, 2, 3, 7, 10] {
            let mut seen = vec![0u32; bound as usize];
            for _ in 0..10_000 {
                seen[random.below(bound) as usize] += 1;
            }
            let expected = 10_000.0 / bound as f64;
            let close = |&count: &u32| (f64::from(count) - expected).abs() < 5.0 * expected.sqrt();
            assert!(seen.iter().all(close), "{bound}: {seen:?}");
        }
        assert!((0..100).all(|_| random.below(u64::MAX) < u64::MAX));
    }

    #[test]
    fn samples_hold_each_number_at_most_once_and_all_alike() {
        let mut seen = [0u32; 8];
        for seed in 0..4000 {
            let sample = Random::new(seed).sample(8, 3);
            assert_eq!(sample.len(), 3);
            assert!(sample.windows(2).all(|pair| pair[0] < pair[1]));
            for &v in &sample {
                seen[v as usize] += 1;
            }
        }
        assert!(seen.iter().all(|&count| (1350..1650).contains(&count)), "{seen:?}");
        assert_eq!(Random::new(1).sample(5, 5), [0, 1, 2, 3, 4]);
        assert_eq!(Random::new(1).sample(0, 0), [0u32; 0]);
    }

    #[test]
    fn shuffles_reach_every_order() {
        let mut orders = std::collections::BTreeMap::new();
        for seed in 0..2400 {
            let mut items = [0, 1, 2, 3];
            Random::new(seed).shuffle(&mut items);
            *orders.entry(items).or_insert(0) += 1;
        }
        assert_eq!(orders.len(), 24);
        assert!(orders.values().all(|&count| (50..160).contains(&count)));
    }
}
