//! Eight bytes at a time in an ordinary register.

use super::level::Level;

/// Works on every processor.
pub(super) struct Portable;

const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// The top bit of each byte becomes one of eight bits.
#[inline(always)]
fn gather(tops: u64) -> u64 {
    // Bit 8i+7 has to come to 56+i: each factor moves one of them there, and no two sums meet.
    (tops >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

// SAFETY: these instructions are everywhere.
unsafe impl Level for Portable {
    type Block = [u64; 8];

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self::Block {
        // SAFETY: the caller says that 64 bytes can be read; the read is unaligned.
        let mut words = unsafe { from.cast::<Self::Block>().read_unaligned() };
        for word in &mut words {
            *word = u64::from_le(*word);
        }
        words
    }

    #[inline(always)]
    unsafe fn equal(block: Self::Block, byte: u8) -> u64 {
        let pattern = u64::from(byte) * 0x0101_0101_0101_0101;
        let mut mask = 0;
        for (index, word) in block.into_iter().enumerate() {
            let differs = word ^ pattern;
            let equal = !(((differs & LOW) + LOW) | differs) & !LOW;
            mask |= gather(equal) << (8 * index);
        }
        mask
    }

    #[inline(always)]
    unsafe fn high(block: Self::Block) -> u64 {
        let mut mask = 0;
        for (index, word) in block.into_iter().enumerate() {
            mask |= gather(word & !LOW) << (8 * index);
        }
        mask
    }
}
