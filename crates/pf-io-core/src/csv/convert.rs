//! Pieces that were read as one kind and are needed as another.

use arrow::buffer::NullBuffer;

use super::facts::Facts;
use super::kind::Kind;
use super::parse::dates::DAY;

/// Whether the values of a piece of kind `from` can be had as `to` without another look at the
/// text; else it is parsed again as `to`. The final kind comes from the merged facts, so what is
/// said to convert is exact.
pub fn converts(from: Kind, to: Kind, facts: &Facts) -> bool {
    match (from, to) {
        _ if from == to => true,
        // Text has its `""` and `NA` back.
        (Kind::Null, Kind::Text) => !facts.quoted_empty && !facts.token,
        (Kind::Null, _) => true,
        (Kind::Int64, Kind::UInt64 | Kind::Float64 | Kind::Decimal(_))
        | (Kind::UInt64, Kind::Decimal(_))
        | (Kind::Date, Kind::Timestamp { zoned: false, .. }) => true,
        (
            Kind::Timestamp { nanos: false, zoned },
            Kind::Timestamp { nanos: true, zoned: other },
        ) => zoned == other,
        _ => false,
    }
}

/// Writes the values of a piece as `to` into `place`, nulls as zeros; `false` if it has to be
/// parsed again. `values` are as many of `from`'s width as `place` has of `to`'s.
pub fn convert(
    from: Kind,
    values: &[u8],
    nulls: Option<&NullBuffer>,
    to: Kind,
    place: &mut [u8],
) -> bool {
    if from == to && values.len() == place.len() {
        place.copy_from_slice(values);
        return true;
    }
    let null = |row: usize| nulls.is_some_and(|nulls| row < nulls.len() && nulls.is_null(row));
    match (from, to) {
        (Kind::Null, _) => {
            place.fill(0);
            true
        }
        (Kind::Int64, Kind::UInt64) => {
            each(values, place, null, |value| u64::try_from(i64::from_ne_bytes(value)).ok())
        }
        (Kind::Int64, Kind::Float64) => each(values, place, null, |value| {
            let value = i64::from_ne_bytes(value);
            (value.unsigned_abs() <= 1 << 53).then_some(value as f64)
        }),
        (Kind::Int64, Kind::Decimal(scale)) => {
            each(values, place, null, |value| scaled(i128::from(i64::from_ne_bytes(value)), scale))
        }
        (Kind::UInt64, Kind::Decimal(scale)) => {
            each(values, place, null, |value| scaled(i128::from(u64::from_ne_bytes(value)), scale))
        }
        (Kind::Date, Kind::Timestamp { nanos, zoned: false }) => {
            each(values, place, null, |value: [u8; 4]| {
                let per_second = if nanos { 1_000_000_000 } else { 1_000_000 };
                (i64::from(i32::from_ne_bytes(value)) * DAY).checked_mul(per_second)
            })
        }
        (
            Kind::Timestamp { nanos: false, zoned },
            Kind::Timestamp { nanos: true, zoned: other },
        ) if zoned == other => {
            each(values, place, null, |value| i64::from_ne_bytes(value).checked_mul(1000))
        }
        _ => false,
    }
}

fn scaled(value: i128, scale: u8) -> Option<i128> {
    value.checked_mul(10_i128.checked_pow(u32::from(scale))?)
}

/// Converts value by value; `false` if one does not fit.
fn each<const N: usize, T: super::column::Fixed>(
    values: &[u8],
    place: &mut [u8],
    null: impl Fn(usize) -> bool,
    convert: impl Fn([u8; N]) -> Option<T>,
) -> bool {
    if values.len() / N != place.len() / T::WIDTH {
        return false;
    }
    let (values, _) = values.as_chunks::<N>();
    for (row, (value, place)) in values.iter().zip(place.chunks_exact_mut(T::WIDTH)).enumerate() {
        match convert(*value) {
            _ if null(row) => place.fill(0),
            Some(value) => value.put(place),
            None => return false,
        }
    }
    true
}
