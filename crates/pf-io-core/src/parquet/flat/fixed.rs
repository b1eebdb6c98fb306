//! Columns of fixed width, decoded straight to where they stay.

use arrow::buffer::NullBuffer;
use parquet::basic::{Encoding, Type};

use super::bits::{Hybrid, LANE, Run};
use super::levels::{self, Validity};
use super::page::Kind;
use super::picks::{self, Step};
use super::{Chunk, Fault, Outcome, Scratch, delta, prefix};
use crate::mem::Plain;

/// Decodes a chunk of `N`-byte values into `out`, one entry per row; nulls become zero.
pub(super) fn decode<const N: usize, T: Plain>(
    chunk: &Chunk<'_>,
    scratch: &mut Scratch,
    out: &mut [T],
    zero: T,
    convert: impl Fn([u8; N]) -> T + Copy,
) -> Outcome<Option<NullBuffer>> {
    if let Some(rows) = chunk.picked {
        return pick(chunk, rows, scratch, out, zero, convert);
    }
    let mut pages = chunk.pages();
    let mut validity = Validity::new(out.len());
    let mut dictionary: Option<Vec<T>> = None;
    let mut at = 0;
    while let Some(page) = pages.next(&mut scratch.page)? {
        chunk.check()?;
        if page.kind == Kind::Dictionary {
            dictionary = Some(plain(page.body, page.values, convert)?);
            continue;
        }
        let rest = out.get_mut(at..).and_then(|rest| rest.get_mut(..page.values));
        let rows = rest.ok_or_else(|| chunk.too_many())?;
        let (present, body) = levels::read(&page, chunk.optional, &mut validity)?;
        let values = &mut rows[..present];
        match page.encoding {
            Encoding::PLAIN => {
                let bytes = body.get(..present * N).ok_or_else(cut)?;
                let (bytes, _) = bytes.as_chunks::<N>();
                for (value, bytes) in values.iter_mut().zip(bytes) {
                    *value = convert(*bytes);
                }
            }
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => {
                let dictionary = dictionary.as_deref().ok_or_else(no_dictionary)?;
                gather(body, dictionary, values)?;
            }
            Encoding::DELTA_BYTE_ARRAY if chunk.physical == Type::FIXED_LEN_BYTE_ARRAY => {
                let prefixes = &mut scratch.indices;
                prefix::fixed::<N>(chunk, body, present, prefixes, |index, bytes| {
                    values[index] = convert(bytes);
                })?;
            }
            Encoding::DELTA_BINARY_PACKED
                if matches!(chunk.physical, Type::INT32 | Type::INT64) =>
            {
                delta::read(body, present, |index, value| values[index] = convert(lowest(value)))?;
            }
            Encoding::BYTE_STREAM_SPLIT => {
                let bytes = body.get(..present * N).ok_or_else(cut)?;
                for (index, value) in values.iter_mut().enumerate() {
                    *value = convert(std::array::from_fn(|byte| bytes[byte * present + index]));
                }
            }
            other => return Err(Fault::Unsupported(format!("encoding {other}"))),
        }
        if present < page.values {
            spread(rows, present, zero, |row| validity.is_valid(at + row));
        }
        at += page.values;
    }
    if at == out.len() { Ok(validity.finish()) } else { Err(chunk.too_few(at)) }
}

/// The same for some rows only, one entry of `out` for each of them.
fn pick<const N: usize, T: Plain>(
    chunk: &Chunk<'_>,
    rows: &[u32],
    scratch: &mut Scratch,
    out: &mut [T],
    zero: T,
    convert: impl Fn([u8; N]) -> T + Copy,
) -> Outcome<Option<NullBuffer>> {
    let mut dictionary: Option<Vec<T>> = None;
    let prefixes = &mut scratch.indices;
    picks::each_page(chunk, rows, &mut scratch.page, |step| {
        let page = match step {
            Step::Dictionary(page) => {
                dictionary = Some(plain(page.body, page.values, convert)?);
                return Ok(());
            }
            Step::Values(page) => page,
        };
        let target = out.get_mut(page.out.clone()).ok_or_else(|| chunk.too_many())?;
        let values = &mut target[..page.positions.len()];
        let (body, present) = (page.body, page.present);
        match page.encoding {
            Encoding::PLAIN => {
                let bytes = body.get(..present * N).ok_or_else(cut)?;
                let (bytes, _) = bytes.as_chunks::<N>();
                for (value, &position) in values.iter_mut().zip(page.positions) {
                    *value = convert(bytes[position as usize]);
                }
            }
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => {
                let dictionary = dictionary.as_deref().ok_or_else(no_dictionary)?;
                picks::indices(body, present, page.positions, |at, index| {
                    values[at] = *dictionary.get(index as usize).ok_or_else(beyond)?;
                    Ok(())
                })?;
            }
            Encoding::DELTA_BYTE_ARRAY if chunk.physical == Type::FIXED_LEN_BYTE_ARRAY => {
                let each = page.only(|at, bytes| values[at] = convert(bytes));
                prefix::fixed::<N>(chunk, body, present, prefixes, each)?;
            }
            Encoding::DELTA_BINARY_PACKED
                if matches!(chunk.physical, Type::INT32 | Type::INT64) =>
            {
                let each = page.only(|at, value: i64| values[at] = convert(lowest(value)));
                delta::read(body, present, each)?;
            }
            Encoding::BYTE_STREAM_SPLIT => {
                let bytes = body.get(..present * N).ok_or_else(cut)?;
                for (value, &position) in values.iter_mut().zip(page.positions) {
                    let index = position as usize;
                    *value = convert(std::array::from_fn(|byte| bytes[byte * present + index]));
                }
            }
            other => return Err(Fault::Unsupported(format!("encoding {other}"))),
        }
        let found = page.positions.len();
        if found < target.len() {
            spread(target, found, zero, |row| page.is_valid(row));
        }
        Ok(())
    })
}

/// The lowest bytes of a number.
fn lowest<const N: usize>(value: i64) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&value.to_le_bytes()[..N]);
    bytes
}

fn cut() -> Fault {
    Fault::damaged("the values of a page are cut off")
}

pub(super) fn no_dictionary() -> Fault {
    Fault::damaged("indices of a dictionary, but no dictionary")
}

fn plain<const N: usize, T>(
    body: &[u8],
    count: usize,
    convert: impl Fn([u8; N]) -> T,
) -> Outcome<Vec<T>> {
    let bytes = count.checked_mul(N).and_then(|bytes| body.get(..bytes)).ok_or_else(cut)?;
    let (bytes, _) = bytes.as_chunks::<N>();
    Ok(bytes.iter().map(|bytes| convert(*bytes)).collect())
}

/// Entries of `dictionary` by the indices in `body`.
fn gather<T: Plain>(body: &[u8], dictionary: &[T], out: &mut [T]) -> Outcome<()> {
    if out.is_empty() {
        return Ok(());
    }
    let (&width, body) = body.split_first().ok_or_else(cut)?;
    let mut hybrid = Hybrid::new(body, width, out.len())?;
    let mut at = 0;
    let mut lane = [0; LANE];
    while let Some(run) = hybrid.next()? {
        match run {
            Run::Same { value, count } => {
                let value = *dictionary.get(value as usize).ok_or_else(beyond)?;
                out[at..at + count].fill(value);
                at += count;
            }
            Run::Packed(mut packed) => {
                while packed.left > 0 {
                    let count = packed.next(&mut lane);
                    let target = &mut out[at..at + count];
                    let highest = lane[..count].iter().fold(0, |high, &index| high.max(index));
                    if highest as usize >= dictionary.len() {
                        return Err(beyond());
                    }
                    for (value, &index) in target.iter_mut().zip(&lane) {
                        // SAFETY: the highest index of the lane was just compared.
                        *value = unsafe { *dictionary.get_unchecked(index as usize) };
                    }
                    at += count;
                }
            }
        }
    }
    Ok(())
}

pub(super) fn beyond() -> Fault {
    Fault::damaged("an index beyond the dictionary")
}

/// Moves the first `present` values to the valid rows, from the last row on.
fn spread<T: Copy>(rows: &mut [T], mut present: usize, zero: T, is_valid: impl Fn(usize) -> bool) {
    for row in (0..rows.len()).rev() {
        rows[row] = if is_valid(row) && present > 0 {
            present -= 1;
            rows[present]
        } else {
            zero
        };
    }
}
