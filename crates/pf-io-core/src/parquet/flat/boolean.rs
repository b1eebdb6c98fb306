//! Boolean columns: bits in, bits out.

use arrow::array::{BooleanArray, BooleanBufferBuilder};
use parquet::basic::Encoding;

use super::bits::{Hybrid, Run};
use super::levels::{self, Validity};
use super::picks::{self, Step};
use super::{Chunk, Fault, Outcome, Scratch};

/// Decodes a chunk of booleans.
pub(super) fn decode(chunk: &Chunk<'_>, scratch: &mut Scratch) -> Outcome<BooleanArray> {
    if let Some(rows) = chunk.picked {
        return pick(chunk, rows, scratch);
    }
    let mut pages = chunk.pages();
    let mut validity = Validity::new(chunk.rows);
    let mut out = BooleanBufferBuilder::new(chunk.rows);
    while let Some(page) = pages.next(&mut scratch.page)? {
        chunk.check()?;
        let at = out.len();
        if at.checked_add(page.values).is_none_or(|end| end > chunk.rows) {
            return Err(chunk.too_many());
        }
        let (present, body) = levels::read(&page, chunk.optional, &mut validity)?;
        let values = bits(page.encoding, body, present)?;
        if present == page.values {
            out.append_packed_range(0..present, values.as_slice());
        } else {
            let mut next = 0;
            for row in at..at + page.values {
                let valid = validity.is_valid(row);
                out.append(valid && values.get_bit(next));
                next += usize::from(valid && next + 1 < present);
            }
        }
    }
    if out.len() == chunk.rows {
        Ok(BooleanArray::new(out.finish(), validity.finish()))
    } else {
        Err(chunk.too_few(out.len()))
    }
}

/// The same for some rows only.
fn pick(chunk: &Chunk<'_>, rows: &[u32], scratch: &mut Scratch) -> Outcome<BooleanArray> {
    let mut out = BooleanBufferBuilder::new(rows.len());
    let nulls = picks::each_page(chunk, rows, &mut scratch.page, |step| {
        let Step::Values(page) = step else { return Ok(()) };
        let values = bits(page.encoding, page.body, page.present)?;
        let mut positions = page.positions.iter();
        for row in 0..page.out.len() {
            let position = if page.is_valid(row) { positions.next() } else { None };
            out.append(position.is_some_and(|&position| values.get_bit(position as usize)));
        }
        Ok(())
    })?;
    Ok(BooleanArray::new(out.finish(), nulls))
}

/// The values of a page.
fn bits(encoding: Encoding, body: &[u8], present: usize) -> Outcome<BooleanBufferBuilder> {
    let mut values = BooleanBufferBuilder::new(present);
    match encoding {
        Encoding::PLAIN => {
            let bytes = body
                .get(..present.div_ceil(8))
                .ok_or_else(|| Fault::damaged("the values of a page are cut off"))?;
            values.append_packed_range(0..present, bytes);
        }
        Encoding::RLE => {
            let (data, _) = levels::prefixed(body)?;
            let mut hybrid = Hybrid::new(data, 1, present)?;
            while let Some(run) = hybrid.next()? {
                match run {
                    Run::Same { value, count } => values.append_n(count, value == 1),
                    Run::Packed(packed) => {
                        values.append_packed_range(0..packed.left, packed.bytes());
                    }
                }
            }
        }
        other => return Err(Fault::Unsupported(format!("encoding {other}"))),
    }
    Ok(values)
}
