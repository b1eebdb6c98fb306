//! Memory for columns whose length is not known yet.
//!
//! A record takes at least as many bytes as it has fields, which bounds the rows of a file. Blocks
//! of that size are asked for at once; what is not written to is never given out by the system, so
//! that rows are at their final place from the start without being counted first.

use crate::mem::Block;

/// A column's values by row, written by several threads at different rows.
#[derive(Debug)]
pub(super) struct Room {
    block: Block,
    start: *mut u8,
    /// Bytes of a value.
    pub width: usize,
}

// SAFETY: threads write to rows that are theirs alone, see `rows`.
unsafe impl Send for Room {}
// SAFETY: as above.
unsafe impl Sync for Room {}

impl Room {
    /// For at most `rows` values of `width` bytes; `None` if the system refuses.
    pub fn new(rows: u64, width: usize) -> Option<Self> {
        let size = usize::try_from(rows).ok()?.checked_mul(width)?;
        let mut block = Block::zeroed(size)?;
        let start = block.as_mut_slice::<u8>().as_mut_ptr();
        Some(Self { block, start, width })
    }

    /// The place of `count` values from `row` on, if there is room.
    ///
    /// # Safety
    /// No two threads ask for the same rows at the same time.
    #[expect(clippy::mut_from_ref, reason = "rows are shared out among threads")]
    pub unsafe fn rows(&self, row: u64, count: usize) -> Option<&mut [u8]> {
        let start = usize::try_from(row).ok()?.checked_mul(self.width)?;
        let length = count.checked_mul(self.width)?;
        if start.checked_add(length)? > self.block.size() {
            return None;
        }
        // SAFETY: the range lies in the block, and the caller has these rows for itself.
        Some(unsafe { std::slice::from_raw_parts_mut(self.start.add(start), length) })
    }

    /// The first `rows` values.
    pub fn finish(self, rows: usize) -> Block {
        self.block.truncated(rows * self.width)
    }
}
