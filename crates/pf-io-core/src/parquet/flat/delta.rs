//! `DELTA_BINARY_PACKED` integers (Parquet format, Encodings.md).

use super::{Fault, Outcome};

/// Values of one block; writers use 128 or 256.
const MAX_BLOCK: u64 = 1 << 16;

/// How many values there are, `most` at most, and the bytes behind them; none is unpacked.
pub(super) fn count(data: &[u8], most: usize) -> Outcome<(usize, &[u8])> {
    let mut input = Input { data };
    let (part, parts, total, _) = input.head()?;
    if total > most as u64 {
        return Err(Fault::damaged("more delta-encoded values than the page has"));
    }
    // The first value stands in the head.
    let mut left = total.saturating_sub(1);
    while left > 0 {
        input.zigzag()?;
        for &width in input.take(parts)? {
            if left == 0 {
                break;
            }
            input.take(part_bytes(part, width)?)?;
            left = left.saturating_sub(part as u64);
        }
    }
    Ok((total as usize, input.data))
}

/// Bytes of `part` values of `width` bits.
fn part_bytes(part: usize, width: u8) -> Outcome<usize> {
    if width > 64 {
        return Err(Fault::damaged("delta-encoded values of more than 64 bits"));
    }
    Ok(part * usize::from(width) / 8)
}

/// Reads all values; calls `each` with every one, and gives the bytes behind them.
pub(super) fn read(data: &[u8], wanted: usize, mut each: impl FnMut(usize, i64)) -> Outcome<&[u8]> {
    if wanted == 0 && data.is_empty() {
        return Ok(data); // a page of nulls alone may leave out the head
    }
    let mut input = Input { data };
    let (part, parts, total, mut value) = input.head()?;
    if total != wanted as u64 {
        return Err(Fault::damaged("delta-encoded values of another count"));
    }
    if wanted == 0 {
        return Ok(input.data);
    }
    each(0, value);
    let mut done = 1;
    while done < wanted {
        let minimum = input.zigzag()?;
        let widths = input.take(parts)?;
        for &width in widths {
            if done == wanted {
                break; // no bytes behind the width of a part that is not needed
            }
            let packed = input.take(part_bytes(part, width)?)?;
            for index in 0..part.min(wanted - done) {
                let delta = bits_at(packed, index * usize::from(width), width);
                value = value.wrapping_add(minimum).wrapping_add(delta as i64);
                each(done, value);
                done += 1;
            }
        }
    }
    Ok(input.data)
}

/// `width` bits from bit `at` on.
#[inline]
fn bits_at(data: &[u8], at: usize, width: u8) -> u64 {
    if width == 0 {
        return 0;
    }
    let (byte, shift) = (at / 8, at % 8);
    let mut word = [0; 16];
    let end = (byte + 9).min(data.len());
    word[..end - byte].copy_from_slice(&data[byte..end]);
    let value = (u128::from_le_bytes(word) >> shift) as u64;
    if width == 64 { value } else { value & ((1 << width) - 1) }
}

struct Input<'a> {
    data: &'a [u8],
}

impl<'a> Input<'a> {
    /// Values of a part of a block, parts of a block, values in all, and the first value.
    fn head(&mut self) -> Outcome<(usize, usize, u64, i64)> {
        let block = self.varint()?;
        let parts = self.varint()?;
        let total = self.varint()?;
        let first = self.zigzag()?;
        let part = block.checked_div(parts).unwrap_or(0);
        if block > MAX_BLOCK || part == 0 || part % 32 != 0 || part * parts != block {
            return Err(Fault::damaged("delta-encoded blocks of a wrong size"));
        }
        Ok((part as usize, parts as usize, total, first))
    }

    fn take(&mut self, count: usize) -> Outcome<&'a [u8]> {
        let cut = || Fault::damaged("delta-encoded values are cut off");
        let (taken, rest) = self.data.split_at_checked(count).ok_or_else(cut)?;
        self.data = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Outcome<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Fault::damaged("a delta-encoded number is too long"))
    }

    fn zigzag(&mut self) -> Outcome<i64> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}
