//! Whole records in memory and where their fields are.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::rooms::Pile;

/// Fields end here if they are missing in a record that is too short.
pub const MISSING: u32 = u32::MAX;

/// Consecutive data records of one width: blank lines, comments and bad records are left out.
#[derive(Debug, Default)]
pub struct Slab {
    /// The bytes, decoded to UTF-8 if they were something else; at most 4 GiB.
    pub bytes: Vec<u8>,
    /// Fields of each record.
    pub width: usize,
    /// Where each record starts in `bytes`.
    pub starts: Vec<u32>,
    /// For each record, `width` places: the separator or line end behind each field.
    pub ends: Vec<u32>,
    /// All bytes are ASCII.
    pub ascii: bool,
    /// There is a quote somewhere.
    pub quoted: bool,
    /// Some place is [`MISSING`].
    pub missing: bool,
    /// Line number of each record's first line, counted from 1 in the file; kept only where lines
    /// and records differ, else record `i` is on line `first_line + i`.
    pub lines: Option<Vec<u64>>,
    /// Line of the first record.
    pub first_line: u64,
    /// Number of the first record among all records of the file that are no comments or blank
    /// lines, the header included, counted from 1.
    pub first_record: u64,
    /// Number of each row's record; kept only where some records are no rows, else row `i` is
    /// record `first_record + i`.
    pub records: Option<Vec<u64>>,
    /// Byte offset of `bytes[0]` in the (decoded) file.
    pub base: u64,
    /// Memory for texts, one pile for each column.
    pub piles: Piles,
}

/// Memory for texts, one pile for each column; it outlives the records of a slab.
#[derive(Debug, Default)]
pub struct Piles(Mutex<Vec<Pile>>);

impl Piles {
    /// The pile of this column and those before it.
    pub(super) fn through(&self, column: usize) -> MutexGuard<'_, Vec<Pile>> {
        let mut piles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if piles.len() <= column {
            piles.resize_with(column + 1, Pile::default);
        }
        piles
    }
}

impl Slab {
    /// How many records there are.
    pub fn rows(&self) -> usize {
        self.starts.len()
    }

    /// The number of a row's record among all records of the file.
    pub fn record(&self, row: usize) -> u64 {
        match &self.records {
            Some(records) => records.get(row).copied().unwrap_or_default(),
            None => self.first_record + row as u64,
        }
    }

    /// Where a row starts and ends in `bytes`; missing fields are behind the end.
    pub fn place(&self, row: usize) -> (u32, u32) {
        let start = self.starts.get(row).copied().unwrap_or_default();
        let ends = self.ends.get(row * self.width..(row + 1) * self.width).unwrap_or_default();
        let there = ends.partition_point(|&end| end != MISSING);
        (start, there.checked_sub(1).and_then(|last| ends.get(last).copied()).unwrap_or(start))
    }

    /// The bytes of a field with its quotes; `None` if it is missing.
    #[inline]
    pub fn raw(&self, row: usize, column: usize) -> Option<&[u8]> {
        let at = row * self.width + column;
        let end = *self.ends.get(at)?;
        if end == MISSING {
            return None;
        }
        let start = if column == 0 { *self.starts.get(row)? } else { *self.ends.get(at - 1)? + 1 };
        self.bytes.get(start as usize..end as usize)
    }
}
