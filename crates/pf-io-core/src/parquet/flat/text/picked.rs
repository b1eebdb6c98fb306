//! Text and binary of some rows only.

use arrow::array::ArrayRef;
use parquet::basic::Encoding;

use super::super::picks::{self, Picked, Step};
use super::super::prefix::Prefixed;
use super::super::{Chunk, Fault, Outcome, Scratch, delta};
use super::{Bytes, Dictionary, check_utf8, no_dictionary, spread};

/// Decodes the values of `rows`, which ascend; only they are looked at.
pub(super) fn decode(
    chunk: &Chunk<'_>,
    rows: &[u32],
    scratch: &mut Scratch,
    utf8: bool,
) -> Outcome<ArrayRef> {
    let mut offsets = chunk.block((rows.len() + 1) * 8, "text offsets")?;
    let all_ends = &mut offsets.as_mut_slice::<i64>()[1..];
    let mut out = Bytes::new(chunk)?;
    let mut dictionary: Option<Dictionary> = None;
    let indices = &mut scratch.indices;
    let nulls = picks::each_page(chunk, rows, &mut scratch.page, |step| {
        let page = match step {
            Step::Dictionary(page) => {
                dictionary = Some(Dictionary::read(page.body, page.values, utf8)?);
                return Ok(());
            }
            Step::Values(page) => page,
        };
        let ends = all_ends.get_mut(page.out.clone()).ok_or_else(|| chunk.too_many())?;
        let (found, start) = (page.positions.len(), out.length);
        let values = &mut ends[..found];
        let by_index =
            matches!(page.encoding, Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY);
        if by_index {
            let dictionary = dictionary.as_ref().ok_or_else(no_dictionary)?;
            let needed = dictionary.picked(&page, indices)?;
            out.reserve(needed, share(needed, rows, &page))?;
            dictionary.gather(&indices[..found], values, &mut out);
        } else {
            gather(chunk, &page, rows, indices, values, &mut out)?;
        }
        if utf8 && !by_index {
            check_utf8(&out.bytes()[start..], start as i64, values)?;
        }
        if found < ends.len() {
            spread(ends, found, start as i64, |row| page.is_valid(row));
        }
        Ok(())
    })?;
    Ok(out.finish(offsets, nulls, utf8))
}

/// Bytes that all rows will take if the others are like those of this page.
fn share(needed: usize, rows: &[u32], page: &Picked<'_>) -> f64 {
    needed as f64 * (rows.len() as f64 / page.out.len().max(1) as f64)
}

/// Appends the wanted values of a page without a dictionary.
fn gather(
    chunk: &Chunk<'_>,
    page: &Picked<'_>,
    rows: &[u32],
    prefixes: &mut Vec<u32>,
    ends: &mut [i64],
    out: &mut Bytes<'_>,
) -> Outcome<()> {
    let cut = || Fault::damaged("the values of a page are cut off");
    let (body, present) = (page.body, page.present);
    // Start and end of each wanted value in `bytes`.
    let mut places = Vec::with_capacity(page.positions.len());
    let joined;
    let bytes = match page.encoding {
        Encoding::PLAIN => {
            let (mut at, mut index) = (0_usize, 0);
            for &position in page.positions {
                loop {
                    let head = body.get(at..).and_then(<[u8]>::first_chunk::<4>).ok_or_else(cut)?;
                    let start = at + 4;
                    at = start + u32::from_le_bytes(*head) as usize;
                    index += 1;
                    if index > position {
                        places.push((start, at));
                        break;
                    }
                }
            }
            body
        }
        Encoding::DELTA_LENGTH_BYTE_ARRAY => {
            let (mut end, mut negative) = (0_i64, false);
            let mut note = page.only(|_, place: (i64, i64)| {
                places.push((place.0 as usize, place.1 as usize));
            });
            let bytes = delta::read(body, present, |index, length| {
                negative |= length < 0;
                let start = end;
                end = end.saturating_add(length);
                note(index, (start, end));
            })?;
            drop(note);
            if negative {
                return Err(cut());
            }
            bytes
        }
        Encoding::DELTA_BYTE_ARRAY => {
            let room = (present as u64).saturating_mul(8);
            chunk.context.budget().charge(chunk.path, room, "lengths").map_err(Fault::Stopped)?;
            let mut lengths = vec![0_i64; present];
            let whole = Prefixed::read(chunk, body, prefixes, &mut lengths)?;
            let mut block = chunk.block(whole.total, "text")?;
            whole.join(&mut lengths, block.as_mut_slice(), 0);
            let start = |index: usize| if index == 0 { 0 } else { lengths[index - 1] as usize };
            places.extend(page.positions.iter().map(|&position| {
                let index = position as usize;
                (start(index), lengths[index] as usize)
            }));
            joined = block;
            joined.as_slice()
        }
        other => return Err(Fault::Unsupported(format!("encoding {other}"))),
    };
    if places.iter().any(|&(_, end)| end > bytes.len()) {
        return Err(cut());
    }
    let needed = places.iter().map(|(start, end)| end - start).sum();
    out.reserve(needed, share(needed, rows, page))?;
    for ((start, end), target) in places.into_iter().zip(ends) {
        out.push(&bytes[start..end]);
        *target = out.length as i64;
    }
    Ok(())
}

impl Dictionary {
    /// Checked indices of the wanted values of `page`; gives the bytes these take.
    fn picked(&self, page: &Picked<'_>, out: &mut Vec<u32>) -> Outcome<usize> {
        if out.len() < page.positions.len() {
            out.resize(page.positions.len(), 0);
        }
        let mut needed = 0_usize;
        picks::indices(page.body, page.present, page.positions, |at, index| {
            let (_, size) = *self.values.get(index as usize).ok_or_else(super::beyond)?;
            needed = needed.saturating_add(size as usize);
            out[at] = index;
            Ok(())
        })?;
        Ok(needed)
    }
}
