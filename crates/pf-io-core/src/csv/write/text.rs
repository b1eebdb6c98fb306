//! Text that grows at its end: short pieces are copied as blocks of fixed size.

/// Bytes that [`Text::room`] leaves beyond what was asked for, so that blocks may be longer than
/// what they hold.
const SLACK: usize = 64;

/// The text of a slab. `bytes` are all initialised; those from `at` on mean nothing yet.
#[derive(Debug, Default)]
pub(super) struct Text {
    bytes: Vec<u8>,
    at: usize,
}

impl Text {
    /// An empty text in the memory of an old one.
    pub(super) fn over(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0 }
    }

    /// The memory, to be used again.
    pub(super) fn into_memory(self) -> Vec<u8> {
        self.bytes
    }

    /// How long the text is.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.at
    }

    /// The text.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.at]
    }

    /// Drops what is behind `length`.
    pub(super) fn truncate(&mut self, length: usize) {
        self.at = length.min(self.at);
    }

    /// Makes sure that `more` bytes fit.
    #[inline]
    pub(super) fn room(&mut self, more: usize) {
        if self.bytes.len() - self.at < more + SLACK {
            self.grow(more);
        }
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let size = (self.at + more + SLACK).max(self.bytes.len() + self.bytes.len() / 2);
        // What is behind `at` need not be copied.
        let mut grown = vec![0; size];
        grown[..self.at].copy_from_slice(&self.bytes[..self.at]);
        self.bytes = grown;
    }

    /// Appends one byte; there must be [`Self::room`].
    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        self.bytes[self.at] = byte;
        self.at += 1;
    }

    /// Appends the first `used` bytes of `block`; there must be room for them, not for the block.
    #[inline]
    pub(super) fn put<const N: usize>(&mut self, block: &[u8; N], used: usize) {
        self.bytes[self.at..self.at + N].copy_from_slice(block);
        self.at += used;
    }

    /// Appends `piece`; there must be room.
    #[inline]
    pub(super) fn extend(&mut self, piece: &[u8]) {
        self.bytes[self.at..self.at + piece.len()].copy_from_slice(piece);
        self.at += piece.len();
    }

    /// Appends `piece`, growing as needed.
    pub(super) fn append(&mut self, piece: &[u8]) {
        self.room(piece.len());
        self.extend(piece);
    }

    /// Replaces the last `back` bytes by `piece`.
    #[inline]
    pub(super) fn back(&mut self, back: usize, piece: &[u8]) {
        self.at -= back;
        self.extend(piece);
    }
}

impl std::fmt::Write for Text {
    fn write_str(&mut self, piece: &str) -> std::fmt::Result {
        self.append(piece.as_bytes());
        Ok(())
    }
}
