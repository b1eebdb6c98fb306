//! Texts, one behind the other.

/// Texts of a piece of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// Where each text starts in `bytes`, and the end of the last.
    pub offsets: Vec<i64>,
    /// All texts; a null has none.
    pub bytes: Vec<u8>,
}

/// Bytes that one move copies.
const MOVE: usize = 16;

/// Appends texts to memory whose size is known beforehand.
pub(crate) struct Writer {
    offsets: Vec<i64>,
    bytes: Vec<u8>,
    at: usize,
}

impl Writer {
    /// Room for `rows` texts of together `size` bytes at most.
    pub(crate) fn new(rows: usize, size: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self { offsets, bytes: vec![0; size + MOVE], at: 0 }
    }

    /// Ends one text.
    #[inline]
    pub(crate) fn end(&mut self) {
        self.offsets.push(self.at as i64);
    }

    /// Copies `from[start..end]` and ends the text.
    #[inline]
    pub(crate) fn push(&mut self, from: &[u8], start: usize, end: usize) {
        let length = end.saturating_sub(start);
        // A short text is moved together with what lies behind it, which the next one overwrites.
        if length <= MOVE
            && let Some(source) = from.get(start..start.wrapping_add(MOVE))
            && let Some(to) = self.bytes.get_mut(self.at..self.at + MOVE)
        {
            to.copy_from_slice(source);
            self.at += length;
        } else if let Some(source) = from.get(start..end) {
            self.append(source);
        }
        self.end();
    }

    /// Copies a text and ends it.
    pub(crate) fn push_text(&mut self, text: &[u8]) {
        self.append(text);
        self.end();
    }

    fn append(&mut self, text: &[u8]) {
        let end = self.at + text.len();
        if end + MOVE > self.bytes.len() {
            self.bytes.resize(end + MOVE, 0); // not reached: no text is longer than its cell
        }
        self.bytes[self.at..end].copy_from_slice(text);
        self.at = end;
    }

    pub(crate) fn finish(mut self) -> Texts {
        self.bytes.truncate(self.at);
        Texts { offsets: self.offsets, bytes: self.bytes }
    }
}
