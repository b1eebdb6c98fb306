//! AArch64: registers of 16 bytes.

use std::arch::aarch64::{
    uint8x16_t, vandq_u8, vceqq_u8, vcgeq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vpaddq_u8,
    vreinterpretq_u64_u8,
};

use super::level::Level;

/// What every AArch64 processor has.
pub(super) struct Neon;

// SAFETY: NEON is part of AArch64; only it is used.
unsafe impl Level for Neon {
    type Block = [uint8x16_t; 4];

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self::Block {
        // SAFETY: the caller says that 64 bytes can be read.
        unsafe { [0, 16, 32, 48].map(|offset| vld1q_u8(from.add(offset))) }
    }

    #[inline(always)]
    unsafe fn equal(block: Self::Block, byte: u8) -> u64 {
        // SAFETY: NEON is part of AArch64.
        join(block.map(|part| unsafe { vceqq_u8(part, vdupq_n_u8(byte)) }))
    }

    #[inline(always)]
    unsafe fn high(block: Self::Block) -> u64 {
        // SAFETY: NEON is part of AArch64.
        join(block.map(|part| unsafe { vcgeq_u8(part, vdupq_n_u8(0x80)) }))
    }
}

/// One bit of each byte, all of whose bits are equal: each keeps the bit of its place in eight, and
/// neighbours are added three times.
#[inline(always)]
fn join(parts: [uint8x16_t; 4]) -> u64 {
    const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    // SAFETY: NEON is part of AArch64, and `BITS` has 16 bytes.
    unsafe {
        let bits = vld1q_u8(BITS.as_ptr());
        let [a, b, c, d] = parts.map(|part| vandq_u8(part, bits));
        let pairs = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)))
    }
}
