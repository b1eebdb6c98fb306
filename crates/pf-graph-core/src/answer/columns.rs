//! Results as Arrow columns.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, UInt32Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use rayon::prelude::*;

use crate::NO_VERTEX;
use crate::control::CHUNK;

/// Bits of a null mask that are made at once.
const WORD: usize = u64::BITS as usize;

/// Vertex indices, null for [`NO_VERTEX`].
pub(super) fn vertices(values: Vec<u32>) -> ArrayRef {
    let nulls = nulls(&values, |&v| v != NO_VERTEX);
    Arc::new(UInt32Array::new(values.into(), nulls))
}

/// Hops or times, null below zero.
pub(super) fn times<T: Copy + Into<i64> + Sync>(values: &[T]) -> ArrayRef {
    let values: Vec<i64> = if is_long(values) {
        values.par_iter().with_min_len(CHUNK).map(|&value| value.into()).collect()
    } else {
        values.iter().map(|&value| value.into()).collect()
    };
    let nulls = nulls(&values, |&value| value >= 0);
    Arc::new(Int64Array::new(values.into(), nulls))
}

/// Counts.
pub(super) fn counts<T: Copy + Into<i64>>(values: &[T]) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values.iter().map(|&value| value.into())))
}

/// Whole numbers as they are.
pub(super) fn integers(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::new(values.into(), None))
}

/// Numbers.
pub(super) fn floats(values: Vec<f64>) -> ArrayRef {
    Arc::new(Float64Array::new(values.into(), None))
}

/// Lengths, null where there is no way.
pub(super) fn lengths(values: Vec<f64>) -> ArrayRef {
    let nulls = nulls(&values, |value| value.is_finite());
    Arc::new(Float64Array::new(values.into(), nulls))
}

fn nulls<T: Sync>(values: &[T], is_valid: impl Fn(&T) -> bool + Sync) -> Option<NullBuffer> {
    let word = |values: &[T]| {
        let bits = values.iter().enumerate().map(|(bit, value)| u64::from(is_valid(value)) << bit);
        bits.fold(0, |word, bit| word | bit)
    };
    let words: Vec<u64> = if is_long(values) {
        values.par_chunks(WORD).with_min_len(CHUNK / WORD).map(word).collect()
    } else {
        values.chunks(WORD).map(word).collect()
    };
    let nulls = NullBuffer::new(BooleanBuffer::new(words.into(), 0, values.len()));
    (nulls.null_count() > 0).then_some(nulls)
}

/// Whether threads pay; short columns are made where there may be none.
fn is_long<T>(values: &[T]) -> bool {
    values.len() > CHUNK
}

#[cfg(test)]
mod tests {
    use arrow::array::Array;

    use super::*;

    #[test]
    fn nulls_at_any_length() {
        for len in [0, 1, 63, 64, 65, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 70] {
            for every in [1, 2, 64, 1000, usize::MAX] {
                let is_null = |i: usize| i % every == every - 1;
                let hops: Vec<i32> =
                    (0..len).map(|i| if is_null(i) { -1 } else { i as i32 }).collect();
                let index = |i: usize| if is_null(i) { NO_VERTEX } else { i as u32 };
                let columns = [times(&hops), vertices((0..len).map(index).collect())];
                for column in columns {
                    assert_eq!(column.len(), len);
                    assert!((0..len).all(|i| column.is_null(i) == is_null(i)), "{len} {every}");
                    assert_eq!(column.nulls().is_some(), column.null_count() > 0);
                }
                let values = times(&hops);
                let values = values.as_any().downcast_ref::<Int64Array>();
                let wide = hops.iter().map(|&hops| i64::from(hops));
                assert!(values.is_some_and(|found| found.values().iter().copied().eq(wide)));
            }
        }
    }
}
