//! Whether a dictionary pays for a column, guessed from its first rows.
//!
//! A column whose values hardly repeat costs twice with a dictionary: hashing until the dictionary
//! page is full, then plain pages all the same. From the distinct values of an even sample we
//! estimate the number of values the column draws from (as if each were equally frequent) and keep
//! the dictionary if they fit its page.

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use xxhash_rust::xxh3::xxh3_64;

/// Values looked at.
const SAMPLE: usize = 1 << 14;

/// False if a dictionary of `limit` bytes would most likely overflow or hold a value for each row.
pub(super) fn pays(array: &ArrayRef, limit: usize) -> bool {
    let Some((mut hashes, bytes)) = hashes(array) else { return true };
    let seen = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    if seen < 64 || hashes.len() == seen {
        return seen < 64;
    }
    let width = bytes as f64 / seen as f64;
    population(seen as f64, hashes.len() as f64) * width <= limit as f64
}

/// A hash for each sampled value that is not null, and the bytes the values take in a dictionary.
fn hashes(array: &ArrayRef) -> Option<(Vec<u64>, usize)> {
    let rows = array.len();
    let step = (rows / SAMPLE).max(1);
    let places = UInt32Array::from_iter_values((0..rows as u32).step_by(step));
    let sample = || take(array, &places, None).ok();
    let texts = |values: &mut dyn Iterator<Item = &[u8]>| {
        let mut bytes = 0;
        let hashes = values.map(|value| {
            bytes += value.len() + 4;
            xxh3_64(value)
        });
        (hashes.collect(), bytes)
    };
    match array.data_type() {
        DataType::Utf8 => {
            let sample = sample()?;
            let values = sample.as_string::<i32>();
            Some(texts(&mut values.iter().flatten().map(str::as_bytes)))
        }
        DataType::LargeUtf8 => {
            let sample = sample()?;
            let values = sample.as_string::<i64>();
            Some(texts(&mut values.iter().flatten().map(str::as_bytes)))
        }
        DataType::Utf8View => {
            let sample = sample()?;
            let values = sample.as_string_view();
            Some(texts(&mut values.iter().flatten().map(str::as_bytes)))
        }
        DataType::Binary => {
            let sample = sample()?;
            let values = sample.as_binary::<i32>();
            Some(texts(&mut values.iter().flatten()))
        }
        DataType::LargeBinary => {
            let sample = sample()?;
            let values = sample.as_binary::<i64>();
            Some(texts(&mut values.iter().flatten()))
        }
        DataType::BinaryView => {
            let sample = sample()?;
            let values = sample.as_binary_view();
            Some(texts(&mut values.iter().flatten()))
        }
        other => {
            let width = other.primitive_width()?;
            let sample = sample()?.to_data();
            let values = sample.buffers().first()?.as_slice().chunks_exact(width);
            let valid = (0..sample.len()).map(|row| sample.is_valid(row));
            let values = values.skip(sample.offset()).zip(valid);
            let hashes: Vec<u64> =
                values.filter(|(_, valid)| *valid).map(|(value, _)| xxh3_64(value)).collect();
            let bytes = hashes.len() * width;
            Some((hashes, bytes))
        }
    }
}

/// Solves `distinct = n (1 - exp(-seen / n))` for n.
fn population(seen: f64, distinct: f64) -> f64 {
    let (mut low, mut high) = (distinct, 1e12);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if middle * -(-seen / middle).exp_m1() < distinct {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array, LargeStringArray, StringViewArray};

    use super::*;

    #[test]
    fn test_dictionary_is_kept_where_values_repeat() {
        let ints = |values: &mut dyn Iterator<Item = i64>| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(values))
        };
        // A linear congruence stands for random draws.
        let draws = |n: u64| {
            let mut state = 7_u64;
            move || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                ((state >> 33) % n) as i64
            }
        };
        let mut draw = draws(10_000);
        assert!(pays(&ints(&mut (0..100_000).map(|_| draw())), 1 << 20));
        let mut draw = draws(1_000_000);
        assert!(!pays(&ints(&mut (0..100_000).map(|_| draw())), 1 << 20));
        assert!(!pays(&ints(&mut (0..100_000)), 1 << 20));
        assert!(pays(&ints(&mut (0..100_000).map(|row| row / 1000)), 1 << 20));
        assert!(pays(&ints(&mut (0..10)), 1 << 20)); // too few to tell

        let text = |row: usize| format!("a longer text, number {row}");
        let unique: ArrayRef = Arc::new(LargeStringArray::from_iter_values((0..1000).map(text)));
        assert!(!pays(&unique, 1 << 20));
        let few = (0..1000).map(|row| text(row % 7));
        assert!(pays(&(Arc::new(StringViewArray::from_iter_values(few)) as ArrayRef), 1 << 20));
        let nulls: ArrayRef = Arc::new(Float64Array::from(vec![None; 1000]));
        assert!(pays(&nulls, 1 << 20));
    }
}
