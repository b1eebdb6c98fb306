//! What a kernel needs from a processor: 64 bytes at a time become masks of 64 bits.

use super::plain::{Plan, Run, by_words};

/// One set of instructions. Bit `i` of a mask stands for byte `i` of a block.
///
/// # Safety
/// All functions may be called only where the processor has the instructions.
pub(super) unsafe trait Level: Sized {
    /// 64 bytes in registers.
    type Block: Copy;

    /// Loads a block.
    ///
    /// # Safety
    /// 64 bytes must be readable at `from`; the instructions must be there.
    unsafe fn load(from: *const u8) -> Self::Block;

    /// Which bytes are this one.
    ///
    /// # Safety
    /// The instructions must be there.
    unsafe fn equal(block: Self::Block, byte: u8) -> u64;

    /// Which bytes are not ASCII.
    ///
    /// # Safety
    /// The instructions must be there.
    unsafe fn high(block: Self::Block) -> u64;

    /// Bit `i` is the parity of bits `0..=i`.
    ///
    /// # Safety
    /// The instructions must be there.
    #[inline(always)]
    unsafe fn parity(mask: u64) -> u64 {
        parity_by_shifts(mask)
    }

    /// Not zero if the bits of `some` are not just those bits of `all` that `turn` says: bit `i` of
    /// it stands for the `i`-th bit of `all`. All bits of `some` are in `all`.
    ///
    /// # Safety
    /// The instructions must be there.
    #[inline(always)]
    unsafe fn misplaced(some: u64, all: u64, turn: u64) -> u64 {
        let known = u64::MAX.checked_shr(64 - all.count_ones()).unwrap_or(0);
        extract_by_bits(some, all) ^ turn & known
    }

    /// Counts the records of plain text, or notices that it is none.
    ///
    /// # Safety
    /// The instructions must be there.
    #[inline(always)]
    unsafe fn plain<const QUOTES: bool>(plan: &Plan, blocks: &[[u8; 64]], run: &mut Run) {
        // SAFETY: the caller vouches for the instructions.
        unsafe { by_words::<Self, QUOTES>(plan, blocks, run) }
    }

    /// Writes `base + i` for each bit `i` that is set, in order.
    ///
    /// # Safety
    /// 64 places must be writable at `to`, whatever the mask; the instructions must be there.
    #[inline(always)]
    unsafe fn places(mask: u64, base: u32, to: *mut u32) {
        // SAFETY: the caller says that 64 places can be written.
        unsafe { places_by_bits(mask, base, to) }
    }
}

/// The parity of all lower bits and this one, by doubling the distance.
#[inline(always)]
pub(super) fn parity_by_shifts(mut mask: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        mask ^= mask << shift;
    }
    mask
}

/// Bit `i` is the bit of `from` at the `i`-th bit that is set in `at`; `from` has no others.
#[inline(always)]
pub(super) fn extract_by_bits(mut from: u64, at: u64) -> u64 {
    let mut found = 0;
    while from != 0 {
        let lowest = from & from.wrapping_neg();
        found |= 1 << (at & (lowest - 1)).count_ones();
        from ^= lowest;
    }
    found
}

/// Places bit by bit, eight at a time so that the number of turns is easy to predict.
///
/// # Safety
/// 64 places must be writable at `to`.
#[inline(always)]
pub(super) unsafe fn places_by_bits(mut mask: u64, base: u32, to: *mut u32) {
    let count = mask.count_ones() as usize;
    let mut done = 0;
    while done < count {
        for slot in 0..8 {
            // SAFETY: `done` is a multiple of 8 below 64, so this is one of 64 places.
            unsafe { *to.add(done + slot) = base.wrapping_add(mask.trailing_zeros()) };
            mask &= mask.wrapping_sub(1);
        }
        done += 8;
    }
}
