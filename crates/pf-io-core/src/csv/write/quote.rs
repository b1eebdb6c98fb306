//! Which cells need quotes, and how they get them.

use super::options::Layout;
use super::text::Text;
use crate::writer::QuoteStyle;

/// A cell needs quotes and may not have them.
#[derive(Debug)]
pub(super) struct NeedsQuotes;

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

impl Layout {
    /// Whether a text has a separator, quote, escape or line end.
    #[inline]
    pub(super) fn has_special(&self, text: &[u8]) -> bool {
        // Two blocks that overlap cover every length between one and two of them.
        if let (Some(first), Some(last)) = (text.first_chunk::<16>(), text.last_chunk::<16>()) {
            self.in_block(first)
                || self.in_block(last)
                || text[16..].as_chunks::<16>().0.iter().any(|block| self.in_block(block))
        } else if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>())
        {
            self.in_word(u64::from_le_bytes(*first)) || self.in_word(u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>())
        {
            let halves = [u32::from_le_bytes(*first), u32::from_le_bytes(*last)];
            self.in_word(u64::from(halves[0]) | u64::from(halves[1]) << 32)
        } else {
            text.iter().any(|byte| self.specials.contains(byte))
        }
    }

    /// Plain comparisons, which the compiler turns into those of a vector.
    #[expect(clippy::needless_bitwise_bool, reason = "branches would keep it from being a vector")]
    #[inline]
    fn in_block(&self, block: &[u8; 16]) -> bool {
        let [first, second, third, fourth, fifth] = self.specials;
        let mut found = 0;
        for &byte in block {
            let hit = (byte == first)
                | (byte == second)
                | (byte == third)
                | (byte == fourth)
                | (byte == fifth);
            found |= u8::from(hit);
        }
        found != 0
    }

    /// A byte is zero where it borrows without having had the high bit.
    #[inline]
    fn in_word(&self, word: u64) -> bool {
        let mut found = 0;
        for special in self.specials {
            let differs = word ^ (LOW * u64::from(special));
            found |= differs.wrapping_sub(LOW) & !differs;
        }
        found & HIGH != 0
    }

    /// Appends a cell, quoted if it has to be, and leaves room for `more` bytes.
    ///
    /// `clean` promises that there is no special byte, `force` asks for quotes.
    #[inline]
    pub(super) fn put_cell(
        &self,
        text: &mut Text,
        cell: &[u8],
        numeric: bool,
        clean: bool,
        force: bool,
        more: usize,
    ) -> Result<(), NeedsQuotes> {
        let special = !clean && self.has_special(cell);
        let needed = special || cell.is_empty() || force || cell == self.null;
        let quoted = match self.style {
            QuoteStyle::Necessary => needed,
            QuoteStyle::Always => true,
            QuoteStyle::NonNumeric => needed || !numeric,
            QuoteStyle::Never if needed => return Err(NeedsQuotes),
            QuoteStyle::Never => false,
        };
        if !quoted {
            text.room(cell.len() + more);
            text.extend(cell);
            return Ok(());
        }
        text.room(cell.len() * if special { 2 } else { 1 } + 2 + more);
        text.push(self.quote);
        if special {
            for &byte in cell {
                if byte == self.quote || byte == self.escape {
                    text.push(self.escape);
                }
                text.push(byte);
            }
        } else {
            text.extend(cell);
        }
        text.push(self.quote);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::csv::write::CsvWriteOptions;

    #[test]
    fn test_a_special_byte_is_found_at_every_place_of_every_length() {
        let options = CsvWriteOptions { escape: Some('\\'), ..CsvWriteOptions::default() };
        let layout = options.layout(Path::new("a.csv")).unwrap();
        // Neighbours of the special bytes, and the same bytes with the high bit.
        for plain in [b'+', b'-', b'!', b'#', 0x0b, 0x0c, 0x8a, 0xa2, 0xac, 0, 0xff] {
            for length in 0..70 {
                let mut text = vec![plain; length];
                assert!(!layout.has_special(&text));
                for place in 0..length {
                    for special in [b',', b'"', b'\n', b'\r', b'\\'] {
                        text[place] = special;
                        assert!(layout.has_special(&text), "{special} at {place} of {length}");
                    }
                    text[place] = plain;
                }
            }
        }
    }
}
