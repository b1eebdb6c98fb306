//! Bit unpacking with AVX2, chosen at run time: eight values at once.

use std::arch::x86_64::{
    _mm_loadu_si128, _mm256_and_si256, _mm256_loadu_si256, _mm256_set_m128i, _mm256_set1_epi32,
    _mm256_shuffle_epi8, _mm256_srlv_epi32, _mm256_storeu_si256,
};

use super::bits::{LANE, Unpack, unpack};

/// Bytes that may be read behind the packed ones.
const SLACK: usize = 16;
/// A value of more bits may lie in five bytes, which do not fit in a lane of four.
const WIDEST: usize = 25;

macro_rules! table {
    ($($w:literal)*) => {
        &[unpack::<0> as Unpack, $(checked::<$w>),*]
    };
}

/// For widths up to [`WIDEST`].
static TABLE: &[Unpack; WIDEST + 1] =
    table!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25);

/// A function for integers of `width` bits, if there is one and this processor has AVX2.
pub(super) fn kernel(width: usize) -> Option<Unpack> {
    TABLE.get(width).copied().filter(|_| is_x86_feature_detected!("avx2"))
}

/// Only to be reached through [`kernel`].
fn checked<const W: usize>(input: &[u8], out: &mut [u32; LANE]) {
    if input.len() < 4 * W + SLACK {
        return unpack::<W>(input, out);
    }
    // SAFETY: `kernel` gives this function away only where the processor has AVX2.
    unsafe { eight_at_once::<W>(input, out) }
}

/// Unpacks 32 values; `input` has [`SLACK`] bytes more than they take.
#[target_feature(enable = "avx2")]
fn eight_at_once<const W: usize>(input: &[u8], out: &mut [u32; LANE]) {
    const { assert!(W > 0 && W <= WIDEST, "each value lies in four bytes") };
    assert!(input.len() >= 4 * W + SLACK, "every load lies inside the input");
    let (bytes, shifts) = const { (bytes_of(W), shifts_of(W)) };
    // SAFETY: both arrays have 32 bytes.
    let (bytes, shifts) = unsafe {
        (_mm256_loadu_si256(bytes.as_ptr().cast()), _mm256_loadu_si256(shifts.as_ptr().cast()))
    };
    let mask = _mm256_set1_epi32((1 << W) - 1);
    for (group, target) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        // Eight values take W bytes; the second four of them begin in byte W / 2.
        let (at, middle) = (group * W, group * W + W / 2);
        let (Some(first), Some(second)) = (half(input, at), half(input, middle)) else { return };
        // SAFETY: both have sixteen bytes, which need not be aligned.
        let both = unsafe {
            _mm256_set_m128i(
                _mm_loadu_si128(second.as_ptr().cast()),
                _mm_loadu_si128(first.as_ptr().cast()),
            )
        };
        let words = _mm256_shuffle_epi8(both, bytes);
        let values = _mm256_and_si256(_mm256_srlv_epi32(words, shifts), mask);
        // SAFETY: the target has room for eight values.
        unsafe { _mm256_storeu_si256(target.as_mut_ptr().cast(), values) };
    }
}

/// Sixteen bytes from byte `at` on.
fn half(input: &[u8], at: usize) -> Option<&[u8; 16]> {
    input.get(at..)?.first_chunk()
}

/// Which four bytes of its half each of eight values lies in.
const fn bytes_of(width: usize) -> [u8; 32] {
    let mut bytes = [0; 32];
    let mut index = 0;
    while index < 32 {
        let value = index / 4;
        let half = if value < 4 { 0 } else { width / 2 };
        bytes[index] = (value * width / 8 - half + index % 4) as u8;
        index += 1;
    }
    bytes
}

/// Where in their first byte eight values begin.
const fn shifts_of(width: usize) -> [u32; 8] {
    let mut shifts = [0; 8];
    let mut value = 0;
    while value < 8 {
        shifts[value] = (value * width % 8) as u32;
        value += 1;
    }
    shifts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parquet::flat::bits::PORTABLE;

    proptest! {
        #[test]
        fn test_as_the_portable_code(
            data in prop::collection::vec(any::<u8>(), 4 * 32 + SLACK),
            more in 0_usize..=SLACK,
        ) {
            for width in 0..=32 {
                let Some(kernel) = kernel(width) else { continue };
                let data = &data[..4 * width + more];
                let (mut found, mut expected) = ([1; LANE], [2; LANE]);
                kernel(data, &mut found);
                PORTABLE[width](data, &mut expected);
                prop_assert_eq!(found, expected, "{} bits", width);
            }
        }
    }
}
