//! Whole records in memory and where their fields are.

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
    /// Byte offset of `bytes[0]` in the (decoded) file.
    pub base: u64,
}

impl Slab {
    /// How many records there are.
    pub fn rows(&self) -> usize {
        self.starts.len()
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
