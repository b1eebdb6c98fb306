//! Results as Arrow columns.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, UInt32Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};

use crate::NO_VERTEX;

/// Vertex indices, null for [`NO_VERTEX`].
pub(super) fn vertices(values: Vec<u32>) -> ArrayRef {
    let nulls = nulls(&values, |&v| v != NO_VERTEX);
    Arc::new(UInt32Array::new(values.into(), nulls))
}

/// Hops or times, null below zero.
pub(super) fn times<T: Copy + Into<i64>>(values: &[T]) -> ArrayRef {
    let values: Vec<i64> = values.iter().map(|&value| value.into()).collect();
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

fn nulls<T>(values: &[T], is_valid: impl Fn(&T) -> bool) -> Option<NullBuffer> {
    if values.iter().all(&is_valid) {
        return None;
    }
    Some(NullBuffer::new(BooleanBuffer::collect_bool(values.len(), |i| is_valid(&values[i]))))
}
