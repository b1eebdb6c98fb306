//! Memory for columns whose length is not known yet.
//!
//! A record takes at least as many bytes as it has fields, which bounds the rows of a file. Blocks
//! of that size are asked for at once; what is not written to is never given out by the system, so
//! that rows are at their final place from the start without being counted first.

use std::ptr::NonNull;
use std::sync::Arc;

use arrow::buffer::{Buffer, ScalarBuffer};

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

/// Blocks of a pile have at most so many bytes, unless one piece wants more.
const PILE_BYTES: usize = 8 << 20;

/// Memory for the texts of one column, filled piece after piece by one thread. A few large blocks
/// take huge pages, and a page fault for each of them is enough.
#[derive(Debug, Default)]
pub(super) struct Pile {
    top: Option<Top>,
    /// Bytes of all pieces, which sets the size of the next block: memory that is not used is never
    /// more than what is.
    kept: usize,
}

/// The block that is being filled.
#[derive(Debug)]
struct Top {
    block: Arc<Held>,
    /// What is behind it is nobody's yet.
    used: usize,
}

/// A block that pieces share.
#[derive(Debug)]
struct Held {
    _block: Block,
    start: NonNull<u8>,
    size: usize,
}

// SAFETY: pieces only read what is theirs, and the one pile writes behind them.
unsafe impl Send for Held {}
// SAFETY: as above.
unsafe impl Sync for Held {}

/// Pieces start at multiples of this.
const STEP: usize = 64;

impl Pile {
    /// Room for the offsets of `rows` texts and for `bytes` bytes of them, with whatever is in it;
    /// `None` if the system has not that much.
    pub fn take(&mut self, rows: usize, bytes: usize) -> Option<(&mut [i64], &mut [u8])> {
        let offsets = rows.checked_add(1)?.checked_mul(size_of::<i64>())?;
        let size = offsets.checked_add(bytes)?;
        if self.top.as_ref().is_none_or(|top| top.block.size - top.used < size) {
            self.top = None;
            let mut block = Block::zeroed(size.max(self.kept.min(PILE_BYTES)))?;
            let size = block.size();
            let start = NonNull::new(block.as_mut_slice::<u8>().as_mut_ptr())?;
            let block = Arc::new(Held { _block: block, start, size });
            self.top = Some(Top { block, used: 0 });
        }
        let top = self.top.as_ref()?;
        // SAFETY: that many bytes are behind `used`, a multiple of 64 from the block's start, which
        // is aligned as much. No piece has them, and the borrow of the pile is exclusive.
        Some(unsafe {
            let start = top.block.start.add(top.used);
            (
                std::slice::from_raw_parts_mut(start.cast().as_ptr(), rows + 1),
                std::slice::from_raw_parts_mut(start.add(offsets).as_ptr(), bytes),
            )
        })
    }

    /// Keeps what was taken last: the offsets of `rows` texts and the first `bytes` bytes.
    pub fn keep(&mut self, rows: usize, bytes: usize) -> Option<(ScalarBuffer<i64>, Buffer)> {
        let top = self.top.as_mut()?;
        let offsets = rows.checked_add(1)?.checked_mul(size_of::<i64>())?;
        let size = offsets.checked_add(bytes)?;
        if size > top.block.size - top.used {
            return None;
        }
        // SAFETY: the bytes are initialised, in the block, and nobody writes them any more; the
        // buffers hold the block.
        let (places, texts) = unsafe {
            let start = top.block.start.add(top.used);
            let buffer = |at, size| {
                Buffer::from_custom_allocation(start.add(at), size, Arc::clone(&top.block) as _)
            };
            (buffer(0, offsets), buffer(offsets, bytes))
        };
        let size = size.next_multiple_of(STEP);
        top.used = (top.used + size).min(top.block.size);
        self.kept = self.kept.saturating_add(size);
        Some((ScalarBuffer::new(places, 0, rows + 1), texts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_pieces_of_a_pile_stay_as_they_are_written() {
        let mut pile = Pile::default();
        let mut pieces = Vec::new();
        for piece in 0..200_usize {
            let (rows, bytes) = (piece * 7 % 50, piece * 1009 % 9000);
            let (offsets, texts) = pile.take(rows, bytes + 100).unwrap();
            assert_eq!((offsets.len(), texts.len()), (rows + 1, bytes + 100));
            offsets.fill(piece as i64);
            texts.fill(piece as u8);
            if piece % 5 > 0 {
                pieces.push((piece, rows, bytes, pile.keep(rows, bytes).unwrap()));
            }
        }
        drop(pile);
        for (piece, rows, bytes, (offsets, texts)) in pieces {
            assert_eq!(&*offsets, vec![piece as i64; rows + 1]);
            assert_eq!(&*texts, vec![piece as u8; bytes]);
        }
    }

    #[test]
    fn test_a_pile_says_no() {
        let mut pile = Pile::default();
        assert!(pile.keep(0, 0).is_none());
        assert!(pile.take(usize::MAX, 0).is_none());
        assert!(pile.take(0, usize::MAX / 2).is_none());
        pile.take(0, 10).unwrap();
        assert!(pile.keep(0, 1000).is_none());
        assert!(pile.keep(0, 10).is_some());
    }
}
