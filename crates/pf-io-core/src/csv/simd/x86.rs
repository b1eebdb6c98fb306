//! x86-64: registers of 16, 32 and 64 bytes.

use std::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_clmulepi64_si128, _mm_cmpeq_epi8, _mm_cvtsi128_si64,
    _mm_loadu_si128, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm512_add_epi32,
    _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cvtepu8_epi32,
    _mm512_extracti32x4_epi32, _mm512_loadu_si512, _mm512_maskz_compress_epi8, _mm512_movepi8_mask,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_storeu_si512, _pdep_u64,
};

use super::groups::by_groups;
use super::level::Level;
use super::plain::{Plan, Run, by_words};

/// What every x86-64 processor has.
pub(super) struct Sse2;

/// AVX2 with carry-less multiplication.
pub(super) struct Avx2;

/// AVX-512 with byte masks, and with what Intel has since Ice Lake and AMD since Zen 4: shuffles and
/// compression of bytes, counts of bits, products without carries and of bit matrices.
pub(super) struct Avx512;

// SAFETY: SSE2 is part of x86-64; only it is used.
unsafe impl Level for Sse2 {
    type Block = [__m128i; 4];

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self::Block {
        // SAFETY: the caller says that 64 bytes can be read.
        unsafe { [0, 16, 32, 48].map(|index| _mm_loadu_si128(from.add(index).cast())) }
    }

    #[inline(always)]
    unsafe fn equal(block: Self::Block, byte: u8) -> u64 {
        // SAFETY: SSE2 is part of x86-64.
        let equal = |part| unsafe { _mm_cmpeq_epi8(part, _mm_set1_epi8(byte as i8)) };
        join16(block.map(equal))
    }

    #[inline(always)]
    unsafe fn high(block: Self::Block) -> u64 {
        join16(block)
    }
}

/// The top bits of 64 bytes.
#[inline(always)]
fn join16(parts: [__m128i; 4]) -> u64 {
    // SAFETY: SSE2 is part of x86-64.
    let [a, b, c, d] =
        parts.map(|part| u64::from(unsafe { _mm_movemask_epi8(part) }.cast_unsigned()));
    a | b << 16 | c << 32 | d << 48
}

// SAFETY: only the features are used that [`has_avx2`] asks for.
unsafe impl Level for Avx2 {
    type Block = [__m256i; 2];

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self::Block {
        // SAFETY: the caller says that 64 bytes can be read, and vouches for AVX2.
        unsafe { [_mm256_loadu_si256(from.cast()), _mm256_loadu_si256(from.add(32).cast())] }
    }

    #[inline(always)]
    unsafe fn equal([low, high]: Self::Block, byte: u8) -> u64 {
        // SAFETY: the caller vouches for AVX2.
        unsafe {
            let wanted = _mm256_set1_epi8(byte as i8);
            let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
            let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
            u64::from(low.cast_unsigned()) | u64::from(high.cast_unsigned()) << 32
        }
    }

    #[inline(always)]
    unsafe fn high([low, high]: Self::Block) -> u64 {
        // SAFETY: the caller vouches for AVX2.
        let (low, high) = unsafe { (_mm256_movemask_epi8(low), _mm256_movemask_epi8(high)) };
        u64::from(low.cast_unsigned()) | u64::from(high.cast_unsigned()) << 32
    }

    #[inline(always)]
    unsafe fn parity(mask: u64) -> u64 {
        // SAFETY: the caller vouches for the carry-less multiplication.
        unsafe { multiply(mask) }
    }

    #[inline(always)]
    unsafe fn misplaced(some: u64, all: u64, turn: u64) -> u64 {
        // SAFETY: the caller vouches for BMI2.
        some ^ unsafe { _pdep_u64(turn, all) }
    }
}

// SAFETY: only the features are used that [`has_avx512`] asks for.
unsafe impl Level for Avx512 {
    type Block = __m512i;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self::Block {
        // SAFETY: the caller says that 64 bytes can be read, and vouches for AVX-512.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn equal(block: Self::Block, byte: u8) -> u64 {
        // SAFETY: the caller vouches for AVX-512BW.
        unsafe { _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(byte as i8)) }
    }

    #[inline(always)]
    unsafe fn high(block: Self::Block) -> u64 {
        // SAFETY: the caller vouches for AVX-512BW.
        unsafe { _mm512_movepi8_mask(block) }
    }

    #[inline(always)]
    unsafe fn parity(mask: u64) -> u64 {
        // SAFETY: the caller vouches for the carry-less multiplication.
        unsafe { multiply(mask) }
    }

    #[inline(always)]
    unsafe fn misplaced(some: u64, all: u64, turn: u64) -> u64 {
        // SAFETY: the caller vouches for BMI2.
        some ^ unsafe { _pdep_u64(turn, all) }
    }

    #[inline(always)]
    unsafe fn plain<const QUOTES: bool>(plan: &Plan, blocks: &[[u8; 64]], run: &mut Run) {
        let (groups, rest) = blocks.as_chunks::<8>();
        // SAFETY: the caller vouches for all that [`has_avx512`] asks for.
        unsafe {
            by_groups::<QUOTES>(plan, groups, run);
            by_words::<Self, QUOTES>(plan, rest, run);
        }
    }

    #[inline(always)]
    unsafe fn places(mask: u64, base: u32, to: *mut u32) {
        // SAFETY: the caller says that 64 places can be written, and vouches for AVX-512VBMI2.
        unsafe {
            let numbers = _mm512_loadu_si512(NUMBERS.as_ptr().cast());
            let packed = _mm512_maskz_compress_epi8(mask, numbers);
            let base = _mm512_set1_epi32(base.cast_signed());
            let write = |part: __m128i, index: usize| {
                let wide = _mm512_add_epi32(_mm512_cvtepu8_epi32(part), base);
                _mm512_storeu_si512(to.add(16 * index).cast(), wide);
            };
            let count = mask.count_ones();
            write(_mm512_castsi512_si128(packed), 0);
            if count > 16 {
                write(_mm512_extracti32x4_epi32::<1>(packed), 1);
                if count > 32 {
                    write(_mm512_extracti32x4_epi32::<2>(packed), 2);
                    write(_mm512_extracti32x4_epi32::<3>(packed), 3);
                }
            }
        }
    }
}

static NUMBERS: [u8; 64] = {
    let mut numbers = [0; 64];
    let mut index = 0;
    while index < 64 {
        numbers[index] = index as u8;
        index += 1;
    }
    numbers
};

/// The product with all ones, without carries, has the parity of all lower bits in each bit.
///
/// # Safety
/// The processor must have the carry-less multiplication.
#[inline(always)]
unsafe fn multiply(mask: u64) -> u64 {
    // SAFETY: the caller vouches for it.
    unsafe {
        let product =
            _mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, mask.cast_signed()), _mm_set1_epi8(-1));
        _mm_cvtsi128_si64(product).cast_unsigned()
    }
}

/// Whether the kernels for [`Avx2`] may run.
pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

/// Whether the kernels for [`Avx512`] may run.
pub(super) fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("avx512vpopcntdq")
        && is_x86_feature_detected!("gfni")
        && is_x86_feature_detected!("vpclmulqdq")
}
