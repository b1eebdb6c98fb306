//! Sixteen digits at a time.
//!
//! A number's last sixteen bytes are loaded at once, whatever its length, and what is before it is
//! made zero. So no branch depends on the number of digits, which no processor can predict. Joining
//! neighbours to pairs, pairs to fours and so on takes four steps (Langdale, Muła; Lemire, "Quickly
//! parsing eight digits", 2022).

#![expect(clippy::inline_always, reason = "the loop over a column is around it")]

#[cfg(target_arch = "x86_64")]
pub(crate) use sse2::{Sixteen, move16};

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use portable::{Sixteen, move16};

/// Windows of 16 bytes into this have all ones before the place where they were asked for.
static EDGE: [u8; 48] = {
    let mut edge = [0; 48];
    let mut at = 0;
    while at < 16 {
        edge[at] = 0xff;
        at += 1;
    }
    edge
};

/// The window in which the bytes before `at` are all ones and the others zero; `at` counts modulo 32,
/// and above 16 it is 16.
#[inline(always)]
fn ones_before(at: usize) -> &'static [u8; 16] {
    let from = 16_usize.saturating_sub(at & 31);
    // SAFETY: 16 bytes follow each of the first 17.
    unsafe { &*EDGE.as_ptr().add(from).cast() }
}

/// The digits and the point of a number, as far as they are at most 16.
#[derive(Clone, Copy)]
pub(crate) struct Signed {
    pub negative: bool,
    /// How many bytes follow the sign: 1 to 16.
    pub count: usize,
    /// The first of them is `0`.
    pub zero: bool,
    pub digits: Sixteen,
}

impl Signed {
    /// The bytes between `start` and `end`, whatever they are; `None` if they are too many, or too
    /// near to the start of all.
    #[inline(always)]
    pub(crate) fn new(bytes: &[u8], start: usize, end: usize) -> Option<Self> {
        let count = end.wrapping_sub(start);
        let latest = bytes.len().checked_sub(17)?;
        if end.wrapping_sub(17) > latest || count.wrapping_sub(1) > 16 {
            return None;
        }
        // SAFETY: `end` is at least 17 and at most the length.
        let end = unsafe { bytes.as_ptr().add(end) };
        // SAFETY: the 17 bytes before `end` can be read.
        let negative = unsafe { *end.sub(count) } == b'-';
        let count = count - usize::from(negative);
        if count.wrapping_sub(1) > 15 {
            return None;
        }
        // SAFETY: as above.
        let (zero, word) = unsafe { (*end.sub(count) == b'0', &*end.sub(16).cast()) };
        Some(Self { negative, count, zero, digits: Sixteen::last(word, count) })
    }
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::{
        __m128i, _mm_add_epi16, _mm_and_si128, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_cvtsi128_si64,
        _mm_loadu_si128, _mm_madd_epi16, _mm_max_epu8, _mm_movemask_epi8, _mm_mullo_epi16,
        _mm_or_si128, _mm_packs_epi32, _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32,
        _mm_slli_si128, _mm_srli_epi16, _mm_storeu_si128, _mm_xor_si128,
    };

    use super::ones_before;

    /// Sixteen characters less `0`, the first one in the lowest byte.
    #[derive(Clone, Copy)]
    pub(crate) struct Sixteen(__m128i);

    #[inline(always)]
    fn load(bytes: &[u8; 16]) -> __m128i {
        // SAFETY: SSE2 is part of x86-64, and 16 bytes can be read.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    /// Copies 16 bytes and says which of them are `byte`.
    ///
    /// # Safety
    /// As many bytes can be read and written, and do not overlap.
    #[inline(always)]
    pub(crate) unsafe fn move16(from: *const u8, to: *mut u8, byte: u8) -> u16 {
        // SAFETY: SSE2 is part of x86-64; the caller vouches for the memory.
        unsafe {
            let all = _mm_loadu_si128(from.cast());
            _mm_storeu_si128(to.cast(), all);
            _mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_set1_epi8(byte.cast_signed()))) as u16
        }
    }

    impl Sixteen {
        /// The last `count` of the bytes, which is 1 to 16; zero for the others.
        #[inline(always)]
        pub(crate) fn last(bytes: &[u8; 16], count: usize) -> Self {
            let others = load(ones_before(16_usize.wrapping_sub(count)));
            // SAFETY: SSE2 is part of x86-64.
            Self(unsafe {
                let word = _mm_xor_si128(load(bytes), _mm_set1_epi8(b'0'.cast_signed()));
                _mm_andnot_si128(others, word)
            })
        }

        /// Where the first `byte` is, 16 if there is none; `byte` is no `0`.
        #[inline(always)]
        pub(crate) fn find(self, byte: u8) -> usize {
            // SAFETY: SSE2 is part of x86-64.
            let found = unsafe {
                let wanted = _mm_set1_epi8((byte ^ b'0').cast_signed());
                _mm_movemask_epi8(_mm_cmpeq_epi8(self.0, wanted))
            };
            (found | 1 << 16).trailing_zeros() as usize
        }

        /// Without the byte at this place: what is before it moves up. All stays if it is 16.
        #[inline(always)]
        pub(crate) fn without(self, place: usize) -> Self {
            let before = load(ones_before(place & 15));
            let through = load(ones_before((place & 15) + usize::from(place < 16)));
            // SAFETY: SSE2 is part of x86-64.
            Self(unsafe {
                let moved = _mm_slli_si128::<1>(_mm_and_si128(before, self.0));
                _mm_or_si128(moved, _mm_andnot_si128(through, self.0))
            })
        }

        /// Whether all are digits.
        #[inline(always)]
        pub(crate) fn are_digits(self) -> bool {
            // SAFETY: SSE2 is part of x86-64.
            unsafe {
                let nine = _mm_set1_epi8(9);
                _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(self.0, nine), nine)) == 0xffff
            }
        }

        /// The number they are.
        #[inline(always)]
        pub(crate) fn join(self) -> u64 {
            // SAFETY: SSE2 is part of x86-64.
            let eights = unsafe {
                let tens = _mm_and_si128(self.0, _mm_set1_epi16(0xff));
                let ones = _mm_srli_epi16::<8>(self.0);
                let pairs = _mm_add_epi16(_mm_mullo_epi16(tens, _mm_set1_epi16(10)), ones);
                let fours = _mm_madd_epi16(pairs, _mm_set1_epi32((1 << 16) + 100));
                let fours = _mm_packs_epi32(fours, fours);
                let eights = _mm_madd_epi16(fours, _mm_set1_epi32((1 << 16) + 10_000));
                _mm_cvtsi128_si64(eights).cast_unsigned()
            };
            (eights & 0xffff_ffff) * 100_000_000 + (eights >> 32)
        }
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
mod portable {
    use super::super::ints;
    use super::ones_before;

    /// Sixteen characters less `0`, the first one in the lowest byte.
    #[derive(Clone, Copy)]
    pub(crate) struct Sixteen(u128);

    const ONES: u128 = u128::from_le_bytes([1; 16]);

    /// Copies 16 bytes and says which of them are `byte`.
    ///
    /// # Safety
    /// As many bytes can be read and written, and do not overlap.
    #[inline(always)]
    pub(crate) unsafe fn move16(from: *const u8, to: *mut u8, byte: u8) -> u16 {
        // SAFETY: the caller vouches for the memory.
        let all = unsafe { from.cast::<[u8; 16]>().read() };
        // SAFETY: as above.
        unsafe { to.cast::<[u8; 16]>().write(all) };
        let bit = |(at, one): (usize, &u8)| u16::from(*one == byte) << at;
        all.iter().enumerate().map(bit).fold(0, |mask, bit| mask | bit)
    }

    impl Sixteen {
        /// The last `count` of the bytes, which is 1 to 16; zero for the others.
        #[inline(always)]
        pub(crate) fn last(bytes: &[u8; 16], count: usize) -> Self {
            let others = u128::from_le_bytes(*ones_before(16_usize.wrapping_sub(count)));
            Self((u128::from_le_bytes(*bytes) ^ (ONES * u128::from(b'0'))) & !others)
        }

        /// Where the first `byte` is, 16 if there is none; `byte` is no `0`.
        #[inline(always)]
        pub(crate) fn find(self, byte: u8) -> usize {
            const LOW: u128 = ONES * 0x7f;
            let word = self.0 ^ (ONES * u128::from(byte ^ b'0'));
            let zeros = !(((word & LOW) + LOW) | word | LOW);
            zeros.trailing_zeros() as usize / 8
        }

        /// Without the byte at this place: what is before it moves up. All stays if it is 16.
        #[inline(always)]
        pub(crate) fn without(self, place: usize) -> Self {
            if place >= 16 {
                return self;
            }
            let before = u128::from_le_bytes(*ones_before(place));
            let through = u128::from_le_bytes(*ones_before(place + 1));
            Self(((self.0 & before) << 8) | (self.0 & !through))
        }

        /// Whether all are digits.
        #[inline(always)]
        pub(crate) fn are_digits(self) -> bool {
            ints::are_digits(self.0 as u64) & ints::are_digits((self.0 >> 64) as u64)
        }

        /// The number they are.
        #[inline(always)]
        pub(crate) fn join(self) -> u64 {
            ints::join(self.0 as u64) * 100_000_000 + ints::join((self.0 >> 64) as u64)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Signed, Sixteen, move16, portable};

    proptest! {
        #[test]
        fn test_levels_agree_with_plain_text(
            text in "[0-9./:, -]{1,16}",
            before in "[0-9.,]{16}",
            place in 0_usize..17,
        ) {
            let all = before + &text;
            let (bytes, count) = (all.as_bytes(), text.len());
            let last = bytes.last_chunk().unwrap();
            let (fast, plain) = (Sixteen::last(last, count), portable::Sixteen::last(last, count));
            let found = text.find('.').map_or(16, |at| 16 - count + at);
            prop_assert_eq!(fast.find(b'.'), found);
            prop_assert_eq!(plain.find(b'.'), found);
            let mut padded = format!("{text:0>16}");
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            prop_assert_eq!(fast.are_digits(), digits(&padded));
            prop_assert_eq!(plain.are_digits(), digits(&padded));
            if place < 16 {
                padded.remove(place);
                padded.insert(0, '0');
            }
            let (fast, plain) = (fast.without(place), plain.without(place));
            prop_assert_eq!(fast.are_digits(), digits(&padded));
            prop_assert_eq!(plain.are_digits(), digits(&padded));
            if digits(&padded) {
                let number: u64 = padded.parse().unwrap();
                prop_assert_eq!(fast.join(), number);
                prop_assert_eq!(plain.join(), number);
            }
        }

        #[test]
        fn test_moves_agree_with_plain_text(from: [u8; 16], byte in 0_u8..4) {
            let from = from.map(|one| one & 3);
            let (mut to, mut other) = ([0; 16], [0; 16]);
            // SAFETY: 16 bytes each.
            let (fast, plain) = unsafe {
                (
                    move16(from.as_ptr(), to.as_mut_ptr(), byte),
                    portable::move16(from.as_ptr(), other.as_mut_ptr(), byte),
                )
            };
            prop_assert_eq!((to, other), (from, from));
            prop_assert_eq!(fast, plain);
            prop_assert!((0..16).all(|at| (fast >> at & 1 != 0) == (from[at] == byte)));
        }

        #[test]
        fn test_any_places_are_safe(
            bytes in prop::collection::vec(prop::sample::select(b"-0917.".to_vec()), 0..60),
            start in 0_usize..60, end in 0_usize..60, far: usize,
        ) {
            for (start, end) in [(start, end), (start, far), (far, end), (far, far)] {
                let found = Signed::new(&bytes, start, end);
                let text = bytes.get(start..end).unwrap_or_default();
                let negative = text.first() == Some(&b'-');
                let rest = &text[usize::from(negative)..];
                let some = end >= 17 && (1..17).contains(&rest.len());
                let expected = some.then(|| (negative, rest.len(), rest[0] == b'0'));
                prop_assert_eq!(found.map(|one| (one.negative, one.count, one.zero)), expected);
            }
        }
    }
}
