//! From a place in a slab to the text that the cell means.

use std::borrow::Cow;

use super::dialect::Dialect;
use super::slab::{MISSING, Slab};

/// One column of a slab.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub bytes: &'a [u8],
    pub rows: usize,
    /// The column's number.
    pub column: usize,
    /// From here on, the place of one row is `width` behind that of the one before.
    ends: &'a [u32],
    width: usize,
    /// Where what is before the cells ends, in the same way, and how many bytes lie between.
    before: &'a [u32],
    step: usize,
    between: u32,
    /// Rows for which there is a place in both.
    there: usize,
    quote: Option<u8>,
    escape: Option<u8>,
    trim: bool,
}

/// What a cell says, its quotes taken off.
pub(super) struct Cell<'a> {
    pub text: Cow<'a, [u8]>,
    pub quoted: bool,
}

impl<'a> Cells<'a> {
    pub(super) fn new(slab: &'a Slab, column: usize, dialect: &Dialect) -> Self {
        let (rows, width) = (slab.rows(), slab.width);
        // A column that is not there has only missing cells.
        let there = column < width && rows.checked_mul(width) <= Some(slab.ends.len());
        let from = |column| slab.ends.get(column..).unwrap_or(&[]);
        let (before, step, between) =
            if column == 0 { (&*slab.starts, 1, 0) } else { (from(column - 1), width, 1) };
        Self {
            bytes: &slab.bytes,
            rows,
            column,
            ends: from(column),
            width,
            before,
            step,
            between,
            there: if there { rows } else { 0 },
            quote: dialect.quote,
            escape: dialect.escape,
            trim: dialect.trim,
        }
    }

    /// Where the cell starts and ends; a missing cell ends at [`MISSING`].
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "two loads, once per cell")]
    pub(super) fn place(&self, row: usize) -> (usize, usize) {
        if row >= self.there {
            return (0, MISSING as usize);
        }
        // SAFETY: `ends` has `width` places for each of `there` rows, and these begin at the column,
        // which is below the width; before column 0 are as many starts as rows.
        let (before, end) = unsafe {
            let before = *self.before.get_unchecked(row * self.step);
            (before, *self.ends.get_unchecked(row * self.width))
        };
        (before.wrapping_add(self.between) as usize, end as usize)
    }

    /// Rows whose cells have a place.
    pub(super) fn there(&self) -> usize {
        self.there
    }

    /// As [`Self::place`].
    ///
    /// # Safety
    /// The row is below [`Self::there`], and `FIRST` says whether this is column 0.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "two loads, once per cell")]
    pub(super) unsafe fn place_unchecked<const FIRST: bool>(&self, row: usize) -> (usize, usize) {
        // SAFETY: `ends` has `width` places for each row, and these begin at the column, which is
        // below the width; before column 0 are as many starts as rows. Any other column has one
        // before it, a place behind which its own begin.
        unsafe {
            let end = self.ends.as_ptr().add(row * self.width);
            let start = if FIRST {
                *self.before.get_unchecked(row)
            } else {
                (*self.before.as_ptr().add(row * self.width)).wrapping_add(1)
            };
            (start as usize, *end as usize)
        }
    }

    /// The byte that starts a quoted cell.
    pub(super) fn quote(&self) -> Option<u8> {
        self.quote
    }

    /// There is an escape other than the quote itself.
    pub(super) fn escapes(&self) -> bool {
        self.escape.is_some() && self.escape != self.quote
    }

    /// An unquoted cell does not mean what it says.
    pub(super) fn changes_unquoted(&self) -> bool {
        self.trim
    }

    /// The cell's text; `None` if it is missing.
    pub(super) fn cell(&self, row: usize) -> Option<Cell<'a>> {
        let (start, end) = self.place(row);
        let raw = self.bytes.get(start..end)?;
        let quoted = !raw.is_empty() && raw.first().copied() == self.quote;
        let text = if quoted {
            self.unquoted(raw)
        } else if self.trim {
            Cow::Borrowed(trimmed(raw))
        } else {
            Cow::Borrowed(raw)
        };
        Some(Cell { text, quoted })
    }

    /// The text of a field that starts with a quote. What follows the closing quote is appended.
    fn unquoted(&self, raw: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(quote) = self.quote else { return Cow::Borrowed(raw) };
        if let [_, inner @ .., last] = raw
            && *last == quote
            && !inner.iter().any(|&byte| byte == quote || Some(byte) == self.escape)
        {
            return Cow::Borrowed(inner);
        }
        let mut text = Vec::with_capacity(raw.len());
        let mut at = 1;
        while let Some(&byte) = raw.get(at) {
            at += 1;
            if byte == quote {
                // Doubled: one quote. Else it closes, also where the escape is the quote itself.
                if raw.get(at) == Some(&quote) {
                    text.push(quote);
                    at += 1;
                } else {
                    text.extend_from_slice(raw.get(at..).unwrap_or(&[]));
                    break;
                }
            } else if Some(byte) == self.escape {
                // At the very end of the input the escape stands for itself.
                text.push(raw.get(at).copied().unwrap_or(byte));
                at += 1;
            } else {
                text.push(byte);
            }
        }
        Cow::Owned(text)
    }
}

/// Without the spaces around it.
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| byte != b' ').unwrap_or(text.len());
    let end = text.iter().rposition(|&byte| byte != b' ').map_or(start, |last| last + 1);
    &text[start..end]
}
