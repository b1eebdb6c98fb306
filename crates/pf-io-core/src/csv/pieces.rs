//! Pieces of a plain text for several threads: where they lie, or copied.

use std::ops::{Deref, Range};

use rayon::ThreadPool;

use crate::lease::{Leased, Look};
use crate::{Result, Source};

/// Bytes come to the same place in a page of the buffer that they have in one of the file: with
/// another distance below a cache line, some processors copy at half the speed.
const PAGE: usize = 4 << 10;

/// A text that is looked at in pieces.
pub(super) struct Pieces<'s> {
    source: &'s Source,
    leased: Option<Leased>,
}

/// Where pieces are copied that cannot be looked at in place; as large as the largest so far.
#[derive(Default)]
pub(super) struct Buffer(Vec<u8>);

/// A piece of a text.
pub(super) enum Piece<'p> {
    /// In memory, or copied to a buffer.
    Plain(&'p [u8]),
    /// In a file that nobody may write to meanwhile.
    InPlace(Look<'p>),
}

impl Buffer {
    /// Bytes it takes for pieces of so many.
    pub const fn size(piece: usize) -> usize {
        piece + 2 * PAGE
    }

    /// So many bytes at a place in a page.
    fn at(&mut self, place: usize, length: usize) -> &mut [u8] {
        if self.0.len() < Self::size(length) {
            self.0 = vec![0; Self::size(length)];
        }
        let from = self.0.as_ptr().align_offset(PAGE).min(PAGE) + place;
        &mut self.0[from..from + length]
    }
}

impl<'s> Pieces<'s> {
    /// Pieces of a source, in place if that is possible.
    pub fn new(source: &'s Source) -> Self {
        Self { source, leased: source.lease() }
    }

    /// Lets go of the source; what takes longer is done by a thread of the pool.
    pub fn finish(self, pool: &ThreadPool) {
        if let Some(leased) = self.leased {
            leased.give_back(pool);
        }
    }

    /// The bytes of a range; an error if they cannot be read, or the file has become shorter.
    pub fn get<'p>(&'p self, range: Range<u64>, buffer: &'p mut Buffer) -> Result<Piece<'p>> {
        let Range { start, end } = range;
        if let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) {
            let look = self.leased.as_ref().and_then(|leased| leased.look(start..end));
            if let Some(look) = look {
                return Ok(Piece::InPlace(look));
            }
            let bytes = self.source.in_memory().and_then(|bytes| bytes.get(start..end));
            if let Some(bytes) = bytes {
                return Ok(Piece::Plain(bytes));
            }
        }
        let length = end.saturating_sub(start) as usize; // a piece, which is small
        let buffer = buffer.at((start % PAGE as u64) as usize, length);
        self.source.read_exact_at(start, buffer)?;
        Ok(Piece::Plain(buffer))
    }
}

impl Deref for Piece<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::InPlace(look) => look,
        }
    }
}
