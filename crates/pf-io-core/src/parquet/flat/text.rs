//! Text and binary columns: 64-bit offsets and one run of bytes per chunk.

use arrow::array::{ArrayRef, LargeBinaryArray, LargeStringArray};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use parquet::basic::Encoding;
use std::sync::Arc;

mod picked;

use super::bits::{Hybrid, LANE, Run};
use super::fixed::{beyond, no_dictionary};
use super::levels::{self, Validity};
use super::page::Kind;
use super::prefix::Prefixed;
use super::{Chunk, Fault, Outcome, Scratch, delta};
use crate::mem::Block;

/// Short values are copied as one block of this size, whatever their length.
const SHORT: usize = 16;

/// Decodes a chunk of byte strings; `utf8` are checked to be that.
pub(super) fn decode(chunk: &Chunk<'_>, scratch: &mut Scratch, utf8: bool) -> Outcome<ArrayRef> {
    if let Some(rows) = chunk.picked {
        return picked::decode(chunk, rows, scratch, utf8);
    }
    let rows = chunk.rows;
    let mut offsets = chunk.block(rows.saturating_add(1).saturating_mul(8), "text offsets")?;
    let mut out = Bytes::new(chunk)?;
    let mut validity = Validity::new(rows);
    let mut dictionary: Option<Dictionary> = None;
    let mut pages = chunk.pages();
    let mut at = 0_usize;
    while let Some(page) = pages.next(&mut scratch.page)? {
        chunk.check()?;
        if page.kind == Kind::Dictionary {
            dictionary = Some(Dictionary::read(page.body, page.values, utf8)?);
            continue;
        }
        if at.checked_add(page.values).is_none_or(|end| end > rows) {
            return Err(chunk.too_many());
        }
        let (present, body) = levels::read(&page, chunk.optional, &mut validity)?;
        let ends = &mut offsets.as_mut_slice::<i64>()[at + 1..=at + page.values];
        let (values, rest) = ends.split_at_mut(present);
        let start = out.length;
        // The first page tells how much room all of them will want.
        let share = |needed: usize| needed as f64 * (rows as f64 / page.values.max(1) as f64);
        match page.encoding {
            Encoding::PLAIN => {
                let needed = body.len().saturating_sub(4 * present);
                out.reserve(needed, share(needed))?;
                plain(body, values, &mut out)?;
            }
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => {
                let dictionary = dictionary.as_ref().ok_or_else(no_dictionary)?;
                let needed = dictionary.indices(body, present, &mut scratch.indices)?;
                out.reserve(needed, share(needed))?;
                dictionary.gather(&scratch.indices[..present], values, &mut out);
            }
            Encoding::DELTA_LENGTH_BYTE_ARRAY => {
                let mut end = out.length as i64;
                let mut negative = false;
                let bytes = delta::read(body, present, |index, length| {
                    negative |= length < 0;
                    end = end.saturating_add(length);
                    values[index] = end;
                })?;
                let needed = (end - out.length as i64) as usize;
                if negative || needed > bytes.len() {
                    return Err(Fault::damaged("the values of a page are cut off"));
                }
                out.reserve(needed, share(needed))?;
                out.push(&bytes[..needed]);
            }
            Encoding::DELTA_BYTE_ARRAY => {
                let page = Prefixed::read(chunk, body, &mut scratch.indices, values)?;
                out.reserve(page.total, share(page.total))?;
                out.length = page.join(values, out.block.as_mut_slice(), start);
            }
            other => return Err(Fault::Unsupported(format!("encoding {other}"))),
        }
        if utf8 && !matches!(page.encoding, Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY) {
            check_utf8(&out.bytes()[start..], start as i64, values)?;
        }
        if rest.is_empty() {
            at += page.values;
            continue;
        }
        spread(ends, present, start as i64, |row| validity.is_valid(at + row));
        at += page.values;
    }
    if at != rows {
        return Err(chunk.too_few(at));
    }
    Ok(out.finish(offsets, validity.finish(), utf8))
}

/// Ends of `present` values move to their rows; a null ends where the row before it does.
fn spread(ends: &mut [i64], present: usize, start: i64, is_valid: impl Fn(usize) -> bool) {
    let mut left = present;
    for row in (0..ends.len()).rev() {
        ends[row] = if left > 0 { ends[left - 1] } else { start };
        left -= usize::from(left > 0 && is_valid(row));
    }
}

fn no_memory() -> Fault {
    Fault::Limit { needed: 0, limit: 0 }
}

/// Bytes that grow, with [`SHORT`] spare bytes behind what was reserved.
struct Bytes<'c> {
    chunk: &'c Chunk<'c>,
    block: Block,
    length: usize,
}

impl<'c> Bytes<'c> {
    fn new(chunk: &'c Chunk<'c>) -> Outcome<Self> {
        Ok(Self { chunk, block: Block::zeroed(0).ok_or_else(no_memory)?, length: 0 })
    }

    /// The array whose values end at `offsets`, the first of which is zero. Every end is at least
    /// the one before it, and `utf8` bytes were checked.
    fn finish(self, offsets: Block, nulls: Option<NullBuffer>, utf8: bool) -> ArrayRef {
        let size = offsets.size();
        let offsets = offsets.into_buffer(size);
        // SAFETY: every end is at least the one before it: lengths are unsigned, the first is zero.
        let offsets = unsafe { OffsetBuffer::new_unchecked(ScalarBuffer::from(offsets)) };
        let bytes = self.block.into_buffer(self.length);
        debug_assert_eq!(offsets.last().copied(), Some(self.length as i64));
        if utf8 {
            // SAFETY: all bytes were checked to be UTF-8, and all offsets to be at character starts.
            Arc::new(unsafe { LargeStringArray::new_unchecked(offsets, bytes, nulls) })
        } else {
            // SAFETY: as far as offsets go, the same.
            Arc::new(unsafe { LargeBinaryArray::new_unchecked(offsets, bytes, nulls) })
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.block.as_slice()[..self.length]
    }

    /// Room for `needed` bytes more; a new block is made for `expected` in all.
    fn reserve(&mut self, needed: usize, expected: f64) -> Outcome<()> {
        let wanted = self.length.saturating_add(needed).saturating_add(SHORT);
        if wanted <= self.block.size() {
            return Ok(());
        }
        // Memory that is not touched is not used, so a guess may be generous, but not absurd.
        let guess = (expected * 1.05) as usize;
        let size = wanted.max(guess.min(wanted.saturating_mul(64))).max(self.block.size() / 2 * 3);
        let mut block = self.chunk.block(size, "text")?;
        block.as_mut_slice::<u8>()[..self.length].copy_from_slice(self.bytes());
        self.block = block;
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        self.block.as_mut_slice::<u8>()[self.length..end].copy_from_slice(bytes);
        self.length = end;
    }
}

/// `PLAIN` values: four bytes of length, then the bytes. `ends` get their ends.
fn plain(body: &[u8], ends: &mut [i64], out: &mut Bytes<'_>) -> Outcome<()> {
    let cut = || Fault::damaged("the values of a page are cut off");
    let mut length = out.length;
    let target = out.block.as_mut_slice::<u8>();
    let mut rest = body;
    for end in ends {
        let (head, tail) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let size = u32::from_le_bytes(*head) as usize;
        if size > tail.len() {
            return Err(cut());
        }
        if size <= SHORT && tail.len() >= SHORT {
            // The room behind the last value is reserved for this.
            target[length..length + SHORT].copy_from_slice(&tail[..SHORT]);
        } else {
            target[length..length + size].copy_from_slice(&tail[..size]);
        }
        rest = &tail[size..];
        length += size;
        *end = length as i64;
    }
    out.length = length;
    Ok(())
}

/// The values that indices point at.
struct Dictionary {
    bytes: Vec<u8>,
    /// Start and length of each value.
    values: Vec<(u32, u32)>,
    /// No value is longer than [`SHORT`].
    short: bool,
}

impl Dictionary {
    fn read(body: &[u8], count: usize, utf8: bool) -> Outcome<Self> {
        let cut = || Fault::damaged("the dictionary is cut off");
        if count > body.len() / 4 {
            return Err(cut());
        }
        let mut values = Vec::with_capacity(count);
        let mut at = 0;
        for _ in 0..count {
            let head = body.get(at..at + 4).ok_or_else(cut)?;
            let size = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let value = body.get(at + 4..).and_then(|rest| rest.get(..size)).ok_or_else(cut)?;
            if utf8 && simdutf8::basic::from_utf8(value).is_err() {
                return Err(not_utf8());
            }
            values.push(((at + 4) as u32, size as u32));
            at += 4 + size;
        }
        let short = values.iter().all(|&(_, size)| size as usize <= SHORT);
        let mut bytes = Vec::with_capacity(body.len() + SHORT);
        bytes.extend_from_slice(body);
        bytes.resize(body.len() + SHORT, 0);
        Ok(Self { bytes, values, short })
    }

    /// Unpacks the indices of a page; gives the bytes their values take.
    fn indices(&self, body: &[u8], count: usize, out: &mut Vec<u32>) -> Outcome<usize> {
        if count == 0 {
            return Ok(0);
        }
        let cut = || Fault::damaged("the values of a page are cut off");
        let (&width, body) = body.split_first().ok_or_else(cut)?;
        let mut hybrid = Hybrid::new(body, width, count)?;
        if out.len() < count {
            out.resize(count, 0);
        }
        let mut at = 0;
        let mut lane = [0; LANE];
        let mut needed = 0_usize;
        while let Some(run) = hybrid.next()? {
            match run {
                Run::Same { value, count } => {
                    let (_, size) = *self.values.get(value as usize).ok_or_else(beyond)?;
                    needed = needed.saturating_add((size as usize).saturating_mul(count));
                    out[at..at + count].fill(value);
                    at += count;
                }
                Run::Packed(mut packed) => {
                    while packed.left > 0 {
                        let count = packed.next(&mut lane);
                        let highest = lane[..count].iter().fold(0, |high, &index| high.max(index));
                        if highest as usize >= self.values.len() {
                            return Err(beyond());
                        }
                        for &index in &lane[..count] {
                            // SAFETY: the highest index of the lane was just compared.
                            let (_, size) = unsafe { *self.values.get_unchecked(index as usize) };
                            needed += size as usize;
                        }
                        out[at..at + count].copy_from_slice(&lane[..count]);
                        at += count;
                    }
                }
            }
        }
        Ok(needed)
    }

    /// Appends the values of checked `indices`, for which room was reserved.
    fn gather(&self, indices: &[u32], ends: &mut [i64], out: &mut Bytes<'_>) {
        let mut length = out.length;
        let target = out.block.as_mut_slice::<u8>();
        if self.short {
            for (&index, end) in indices.iter().zip(ends) {
                // SAFETY: indices were checked when they were unpacked.
                let (start, size) = unsafe { *self.values.get_unchecked(index as usize) };
                // SAFETY: both sides have SHORT bytes behind every value: the dictionary was
                // padded, and room was reserved for all values and SHORT bytes more.
                unsafe {
                    std::ptr::copy_nonoverlapping(
                        self.bytes.as_ptr().add(start as usize),
                        target.as_mut_ptr().add(length),
                        SHORT,
                    );
                }
                length += size as usize;
                *end = length as i64;
            }
        } else {
            for (&index, end) in indices.iter().zip(ends) {
                let (start, size) = self.values[index as usize];
                let value = &self.bytes[start as usize..start as usize + size as usize];
                target[length..length + value.len()].copy_from_slice(value);
                length += value.len();
                *end = length as i64;
            }
        }
        out.length = length;
    }
}

/// All of `bytes` are UTF-8, and every end is where a character ends.
fn check_utf8(bytes: &[u8], start: i64, ends: &[i64]) -> Outcome<()> {
    if bytes.is_ascii() {
        return Ok(());
    }
    if simdutf8::basic::from_utf8(bytes).is_err() {
        return Err(not_utf8());
    }
    for end in ends {
        let next = bytes.get((end - start) as usize);
        if next.is_some_and(|byte| byte & 0xc0 == 0x80) {
            return Err(not_utf8());
        }
    }
    Ok(())
}

fn not_utf8() -> Fault {
    Fault::damaged("text that is not UTF-8")
}
