//! Texts, one behind the other.

use std::ops::Range;

use arrow::buffer::{Buffer, ScalarBuffer};

use super::sixteen::move16;

/// Texts of a piece of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// Ascend within `bytes`; there is at least one.
    offsets: ScalarBuffer<i64>,
    bytes: Buffer,
    /// All texts are UTF-8, each by itself.
    utf8: bool,
}

impl Texts {
    /// Texts that start at `offsets`, the last of which is an end; `None` if these do not ascend
    /// within the bytes.
    pub fn new(offsets: Vec<i64>, bytes: Vec<u8>) -> Option<Self> {
        let last = usize::try_from(*offsets.last()?).ok()?;
        let fit = offsets.first() >= Some(&0) && offsets.is_sorted() && last <= bytes.len();
        let utf8 = are_utf8(&bytes, &offsets);
        let (offsets, bytes) = (ScalarBuffer::from(offsets), Buffer::from_vec(bytes));
        fit.then_some(Self { offsets, bytes, utf8 })
    }

    /// What a [`Writer`] wrote.
    ///
    /// # Safety
    /// The offsets ascend within the bytes, and `utf8` is true only if [`are_utf8`] says so.
    pub(crate) unsafe fn of_writer(offsets: ScalarBuffer<i64>, bytes: Buffer, utf8: bool) -> Self {
        Self { offsets, bytes, utf8 }
    }

    /// Empty texts.
    pub fn empty(rows: usize) -> Self {
        let (offsets, bytes) =
            (ScalarBuffer::from(vec![0; rows + 1]), Buffer::from_vec(Vec::<u8>::new()));
        Self { offsets, bytes, utf8: true }
    }

    /// Where each text starts, and the end of the last.
    pub fn offsets(&self) -> &[i64] {
        &self.offsets
    }

    /// All texts; a null has none.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether all texts are UTF-8, each by itself.
    pub fn are_utf8(&self) -> bool {
        self.utf8
    }

    /// The offsets, which ascend within the bytes, and these.
    pub fn into_parts(self) -> (ScalarBuffer<i64>, Buffer) {
        (self.offsets, self.bytes)
    }
}

fn are_utf8(bytes: &[u8], offsets: &[i64]) -> bool {
    if bytes.is_ascii() {
        return true;
    }
    let inside = |&at: &i64| bytes.get(at as usize).is_some_and(|byte| byte & 0xc0 == 0x80);
    simdutf8::basic::from_utf8(bytes).is_ok() && !offsets.iter().any(inside)
}

/// Bytes that one move copies.
const MOVE: usize = 16;
/// Bytes of the texts that are not short.
const LONG: usize = 4 * MOVE;

/// Appends texts to memory whose size is known beforehand.
pub(crate) struct Writer<'a> {
    /// One more than there may be texts.
    offsets: &'a mut [i64],
    row: usize,
    bytes: &'a mut [u8],
    at: usize,
    /// Texts of up to so many bytes are copied alike; set by the longest so far, so that no branch
    /// depends on the lengths of those that come.
    alike: usize,
}

impl<'a> Writer<'a> {
    /// Bytes that must follow those that are used.
    pub(crate) const BEHIND: usize = LONG;

    /// Writes to `bytes`, and to `offsets` where each text ends.
    pub(crate) fn new(offsets: &'a mut [i64], bytes: &'a mut [u8]) -> Self {
        if let Some(first) = offsets.first_mut() {
            *first = 0;
        }
        Self { offsets, row: 0, bytes, at: 0, alike: MOVE }
    }

    /// Ends one text.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "one store, once per cell")]
    pub(crate) fn end(&mut self) {
        self.row += 1;
        if let Some(offset) = self.offsets.get_mut(self.row) {
            *offset = self.at as i64;
        }
    }

    /// Copies `from[text]` and ends the text. False, and nothing is done, if `quote` is in it, or it
    /// is too near to the end of `from` or of the memory.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the loop over a column is around it")]
    pub(crate) fn push(&mut self, from: &[u8], text: Range<usize>, quote: u8) -> bool {
        let length = text.end.wrapping_sub(text.start);
        // Moves go beyond the text; what they bring with them is overwritten by the next.
        let whole = (length / LONG + 1).saturating_mul(LONG);
        let fits = |size: usize, at: usize| size >= whole && at <= size - whole;
        if !fits(from.len(), text.start) || !fits(self.bytes.len(), self.at) {
            return false;
        }
        // SAFETY: `whole` bytes follow in both, which are not the same memory.
        let found = unsafe {
            let source = from.as_ptr().add(text.start);
            let to = self.bytes.as_mut_ptr().add(self.at);
            if length <= self.alike {
                if self.alike == MOVE {
                    u64::from(move16(source, to, quote)) & below(length)
                } else {
                    move64(source, to, quote) & below(length)
                }
            } else {
                self.alike = LONG;
                let mut found = 0;
                for block in (0..length).step_by(LONG) {
                    found |= move64(source.add(block), to.add(block), quote)
                        & below((length - block).min(LONG));
                }
                found
            }
        };
        if found != 0 {
            return false;
        }
        self.at += length;
        self.end();
        true
    }

    /// Copies `from[text]`, of each two quotes in a row one, and ends the text. False, and nothing is
    /// done, if there is a single quote, or it is too near to the end of `from` or of the memory.
    pub(crate) fn push_doubled(&mut self, from: &[u8], text: Range<usize>, quote: u8) -> bool {
        let length = text.end.wrapping_sub(text.start);
        let fits = |size: usize, at: usize| {
            size.checked_sub(at).and_then(|left| left.checked_sub(MOVE)) >= Some(length)
        };
        if text.start > text.end
            || !fits(from.len(), text.start)
            || !fits(self.bytes.len(), self.at)
        {
            return false;
        }
        let (mut next, mut at) = (text.start, self.at);
        while next < text.end {
            // SAFETY: 16 bytes follow `next`, and `at`, which is no farther from where it began.
            let found =
                unsafe { move16(from.as_ptr().add(next), self.bytes.as_mut_ptr().add(at), quote) };
            let count = (text.end - next).min(MOVE);
            let place = found.trailing_zeros() as usize;
            if place >= count {
                next += count;
                at += count;
                continue;
            }
            if next + place + 1 >= text.end || from[next + place + 1] != quote {
                return false;
            }
            next += place + 2;
            at += place + 1;
        }
        self.at = at;
        self.end();
        true
    }

    /// Copies a text and ends it; false if there is no room.
    pub(crate) fn push_text(&mut self, text: &[u8]) -> bool {
        let Some(to) = self.bytes.get_mut(self.at..).and_then(|to| to.get_mut(..text.len())) else {
            return false;
        };
        to.copy_from_slice(text);
        self.at += text.len();
        self.end();
        true
    }

    /// How many bytes there are, and whether they are UTF-8, text by text.
    pub(crate) fn finish(self) -> (usize, bool) {
        let offsets = self.offsets.get(..=self.row).unwrap_or(&[]);
        (self.at, self.bytes.get(..self.at).is_some_and(|bytes| are_utf8(bytes, offsets)))
    }
}

/// The bits below this one; `bit <= 64`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "two operations, once per cell")]
fn below(bit: usize) -> u64 {
    u64::MAX.checked_shr(64 - bit as u32).unwrap_or(0)
}

/// Copies 64 bytes and says which of them are `byte`.
///
/// # Safety
/// As many bytes can be read and written, and do not overlap.
#[inline(always)]
#[expect(clippy::inline_always, reason = "twelve operations, once per cell")]
unsafe fn move64(from: *const u8, to: *mut u8, byte: u8) -> u64 {
    // SAFETY: these are 64 bytes.
    let part = |at: usize| unsafe { u64::from(move16(from.add(at), to.add(at), byte)) };
    part(0) | part(16) << 16 | part(32) << 32 | part(48) << 48
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What the writer takes is what the text says, and what it does not take changes nothing.
        #[test]
        fn test_texts_are_copied_as_they_are(
            texts in prop::collection::vec("([a-d]{0,9}(\"\"|\"|)){0,20}", 1..20),
            behind in 0_usize..200,
        ) {
            let from = texts.concat() + &"x".repeat(behind);
            let mut offsets = vec![-1; 2 * texts.len() + 1];
            let mut bytes = vec![0; 2 * from.len() + behind];
            let mut writer = Writer::new(&mut offsets, &mut bytes);
            let (mut at, mut expected) = (0, Vec::new());
            for text in &texts {
                let range = at..at + text.len();
                let room = behind >= 128;
                let plain = writer.push(from.as_bytes(), range.clone(), b'"');
                prop_assert!(!plain || !text.contains('"'));
                prop_assert!(plain || !room || text.contains('"'));
                if plain {
                    expected.push(text.clone());
                }
                let single = text.replace("\"\"", "").contains('"');
                let doubled = writer.push_doubled(from.as_bytes(), range.clone(), b'"');
                prop_assert!(!doubled || !single);
                prop_assert!(doubled || !room || single);
                if doubled {
                    expected.push(text.replace("\"\"", "\""));
                }
                at = range.end;
            }
            let (length, utf8) = writer.finish();
            prop_assert!(utf8);
            let all = expected.concat();
            prop_assert_eq!(&bytes[..length], all.as_bytes());
            let found: Vec<&[u8]> = offsets
                .windows(2)
                .take(expected.len())
                .map(|ends| &bytes[ends[0] as usize..ends[1] as usize])
                .collect();
            prop_assert_eq!(found, expected.iter().map(String::as_bytes).collect::<Vec<_>>());
        }

        #[test]
        fn test_any_ranges_are_safe(from: Vec<u8>, start in 0_usize..300, end in 0_usize..300,
                                    room in 0_usize..300, far: usize) {
            let (mut offsets, mut bytes) = (vec![0; 2], vec![0; room]);
            for range in [start..end, start..far, far..end] {
                let mut writer = Writer::new(&mut offsets, &mut bytes);
                let within = range.start <= range.end && range.end <= from.len();
                let taken = writer.push(&from, range.clone(), b'"');
                prop_assert!(!taken || within);
                let taken = writer.push_doubled(&from, range.clone(), b'"');
                prop_assert!(!taken || within);
            }
        }
    }
}
