//! Which rows of a row group are wanted.

use std::ops::Range;

use arrow::array::{BooleanArray, BooleanBufferBuilder};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter;
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::RowSelection;

/// Up to one wanted row in so many, values are picked one by one; above, all are decoded.
const SPARSE: usize = 3;

/// Some rows of a row group, in file order.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    mask: BooleanBuffer,
    count: usize,
    /// Their numbers, where they are few.
    rows: Option<Vec<u32>>,
}

impl Selection {
    /// The rows whose bit is set.
    pub fn new(mask: BooleanBuffer) -> Self {
        let count = mask.count_set_bits();
        let few = count <= mask.len() / SPARSE && u32::try_from(mask.len()).is_ok();
        let rows = few.then(|| mask.set_indices().map(|row| row as u32).collect());
        Self { mask, count, rows }
    }

    /// The first `count` of `rows` rows.
    pub fn first(count: usize, rows: usize) -> Self {
        let mut mask = BooleanBufferBuilder::new(rows);
        mask.append_n(count.min(rows), true);
        mask.append_n(rows.saturating_sub(count), false);
        Self::new(mask.finish())
    }

    /// How many rows are wanted.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many rows the row group has.
    pub fn of(&self) -> usize {
        self.mask.len()
    }

    /// The numbers of the rows, ascending, where picking them one by one pays.
    pub fn rows(&self) -> Option<&[u32]> {
        self.rows.as_deref()
    }

    /// Those of these rows whose bit is set in `kept`, which has one for each of these rows.
    pub fn narrowed(&self, kept: &BooleanBuffer) -> Self {
        let mut mask = BooleanBufferBuilder::new(self.of());
        mask.append_n(self.of(), false);
        for (row, keep) in self.mask.set_indices().zip(kept) {
            if keep {
                mask.set_bit(row, true);
            }
        }
        Self::new(mask.finish())
    }

    /// The first `count` of these rows.
    pub fn truncated(self, count: usize) -> Self {
        if count >= self.count {
            return self;
        }
        let end = self.mask.set_indices().nth(count).unwrap_or(self.of());
        let mut mask = BooleanBufferBuilder::new(self.of());
        mask.append_buffer(&self.mask.slice(0, end));
        mask.append_n(self.of() - end, false);
        Self::new(mask.finish())
    }

    /// The same in arrow-rs's words.
    pub fn ranges(&self) -> RowSelection {
        let ranges = self.mask.set_slices().map(|(start, end)| Range { start, end });
        RowSelection::from_consecutive_ranges(ranges, self.of())
    }

    /// Those of `array`, which holds the rows of the group from `at` on.
    pub fn of_array(
        &self,
        array: &dyn arrow::array::Array,
        at: usize,
    ) -> Result<arrow::array::ArrayRef, ArrowError> {
        filter(array, &BooleanArray::new(self.mask.slice(at, array.len()), None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(selection: &Selection) -> Vec<usize> {
        selection.mask.set_indices().collect()
    }

    #[test]
    fn test_narrowing_and_cutting_keep_the_right_rows() {
        let bits = |bits: &[u8]| bits.iter().map(|&bit| bit == 1).collect::<BooleanBuffer>();
        let some = Selection::new(bits(&[0, 1, 1, 0, 1, 0, 1, 0]));
        assert_eq!((some.count(), some.rows()), (4, None));
        let fewer = some.narrowed(&bits(&[1, 0, 0, 1]));
        assert_eq!(rows(&fewer), [1, 6]);
        assert_eq!(fewer.rows(), Some(&[1, 6][..]));
        assert_eq!(rows(&some.clone().truncated(3)), [1, 2, 4]);
        assert_eq!(rows(&some.clone().truncated(0)), [0; 0]);
        assert_eq!(rows(&some.truncated(9)), [1, 2, 4, 6]);
        assert_eq!(rows(&Selection::first(3, 5)), [0, 1, 2]);
    }
}
