//! Definition levels of flat columns: one bit each, so they are the validity bitmap.

use arrow::array::BooleanBufferBuilder;
use arrow::buffer::NullBuffer;

use super::bits::{Hybrid, Run};
use super::page::{Kind, Page};
use super::{Fault, Outcome};

/// The validity of the rows so far; a bitmap only once there is a null.
pub(super) struct Validity {
    bits: Option<BooleanBufferBuilder>,
    rows: usize,
    capacity: usize,
}

impl Validity {
    /// For a chunk of `capacity` rows.
    pub fn new(capacity: usize) -> Self {
        Self { bits: None, rows: 0, capacity }
    }

    fn bits(&mut self) -> &mut BooleanBufferBuilder {
        let (rows, capacity) = (self.rows, self.capacity);
        self.bits.get_or_insert_with(|| {
            let mut bits = BooleanBufferBuilder::new(capacity);
            bits.append_n(rows, true);
            bits
        })
    }

    pub fn append_n(&mut self, count: usize, valid: bool) {
        if !valid || self.bits.is_some() {
            self.bits().append_n(count, valid);
        }
        self.rows += count;
    }

    fn append_packed(&mut self, bytes: &[u8], count: usize) -> usize {
        let ones = ones(bytes, count);
        if ones == count {
            self.append_n(count, true);
        } else {
            self.bits().append_packed_range(0..count, bytes);
            self.rows += count;
        }
        ones
    }

    /// Whether row `index` is valid.
    #[inline]
    pub fn is_valid(&self, index: usize) -> bool {
        self.bits.as_ref().is_none_or(|bits| bits.get_bit(index))
    }

    /// Calls `each`, for each of `rows`, which ascend, with its place among the valid ones.
    pub fn positions(&self, rows: impl Iterator<Item = usize>, mut each: impl FnMut(Option<u32>)) {
        let Some(bits) = &self.bits else {
            rows.for_each(|row| each(Some(row as u32)));
            return;
        };
        let bytes = bits.as_slice();
        let (mut byte, mut before) = (0, 0);
        for row in rows {
            before += bytes[byte..row / 8].iter().map(|byte| byte.count_ones()).sum::<u32>();
            byte = row / 8;
            let bit = 1_u8 << (row % 8);
            let within = (bytes[byte] & (bit - 1)).count_ones();
            each((bytes[byte] & bit != 0).then_some(before + within));
        }
    }

    /// The bitmap, if there is a null.
    pub fn finish(self) -> Option<NullBuffer> {
        self.bits.map(|mut bits| NullBuffer::new(bits.finish()))
    }
}

fn ones(bytes: &[u8], count: usize) -> usize {
    let whole: u32 = bytes[..count / 8].iter().map(|byte| byte.count_ones()).sum();
    let rest = match count % 8 {
        0 => 0,
        left => (bytes[count / 8] & ((1 << left) - 1)).count_ones(),
    };
    (whole + rest) as usize
}

/// Reads the levels of `page`; gives how many values are there, and where they begin.
pub(super) fn read<'p>(
    page: &Page<'p>,
    optional: bool,
    validity: &mut Validity,
) -> Outcome<(usize, &'p [u8])> {
    if !optional {
        validity.append_n(page.values, true);
        return Ok((page.values, page.body));
    }
    let (levels, values) = match page.kind {
        Kind::DataV2 => (page.levels, page.body),
        _ => prefixed(page.body)?,
    };
    let mut hybrid = Hybrid::new(levels, 1, page.values)?;
    let mut present = 0;
    while let Some(run) = hybrid.next()? {
        match run {
            Run::Same { value, count } => {
                validity.append_n(count, value == 1);
                present += if value == 1 { count } else { 0 };
            }
            Run::Packed(packed) => present += validity.append_packed(packed.bytes(), packed.left),
        }
    }
    Ok((present, values))
}

/// Splits off data with their length in four bytes before them.
pub(super) fn prefixed(body: &[u8]) -> Outcome<(&[u8], &[u8])> {
    let cut = || Fault::damaged("the levels of a page are cut off");
    let (head, rest) = body.split_first_chunk::<4>().ok_or_else(cut)?;
    rest.split_at_checked(u32::from_le_bytes(*head) as usize).ok_or_else(cut)
}
