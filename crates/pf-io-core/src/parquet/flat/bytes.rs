//! Values of a fixed number of bytes: big-endian decimals, binary as it is, INT96 timestamps.

use std::cell::Cell;

use arrow::array::{Array, LargeBinaryArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, TimeUnit};
use parquet::schema::types::ColumnDescriptor;

use super::{Chunk, Fault, Outcome, Scratch, Width, fixed, same_decimal, typed};

/// The day that timestamps count from, as INT96 numbers days.
const EPOCH_DAY: i64 = 2_440_588;
const SECONDS_OF_DAY: i64 = 86_400;
/// Bytes of the longest decimal of 38 digits.
const LONGEST: usize = 16;

/// Runs `$work::<N>` for a length that is known at run time; `None` for lengths without code.
macro_rules! with_length {
    ($length:expr, $work:ident $arguments:tt, $($n:literal)*) => {
        match $length {
            $($n => Some($work::<$n> $arguments),)*
            _ => None,
        }
    };
}

/// How a column of fixed-length bytes comes out as `data_type`.
pub(super) fn width(column: &ColumnDescriptor, data_type: &DataType) -> Option<Width> {
    let length = u8::try_from(column.type_length()).ok()?;
    match data_type {
        DataType::Decimal128(precision, scale)
            if same_decimal(column, *precision, *scale)
                && (1..=LONGEST).contains(&usize::from(length)) =>
        {
            Some(Width::BytesToSixteen { length, digits: *precision })
        }
        DataType::Float16 if length == 2 => Some(Width::Bytes(length)),
        DataType::FixedSizeBinary(size)
            if *size == i32::from(length)
                && matches!(length, 1..=16 | 20 | 24 | 28 | 32 | 48 | 64) =>
        {
            Some(Width::Bytes(length))
        }
        _ => None,
    }
}

fn no_length(length: u8) -> Fault {
    Fault::Unsupported(format!("values of {length} bytes"))
}

/// Values of `length` bytes as they are.
pub(super) fn same(
    chunk: &Chunk<'_>,
    scratch: &mut Scratch,
    length: u8,
    out: &mut [u8],
) -> Outcome<Option<NullBuffer>> {
    fn run<const N: usize>(
        chunk: &Chunk<'_>,
        scratch: &mut Scratch,
        out: &mut [u8],
    ) -> Outcome<Option<NullBuffer>> {
        fixed::decode::<N, [u8; N]>(chunk, scratch, typed(out), [0; N], |bytes| bytes)
    }
    with_length!(length, run(chunk, scratch, out),
        1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 20 24 28 32 48 64)
    .unwrap_or_else(|| Err(no_length(length)))
}

/// Decimals of `length` bytes, most significant first.
pub(super) fn decimals(
    chunk: &Chunk<'_>,
    scratch: &mut Scratch,
    length: u8,
    out: &mut [i128],
) -> Outcome<Option<NullBuffer>> {
    fn run<const N: usize>(
        chunk: &Chunk<'_>,
        scratch: &mut Scratch,
        out: &mut [i128],
    ) -> Outcome<Option<NullBuffer>> {
        fixed::decode::<N, i128>(chunk, scratch, out, 0, |bytes| widened(&bytes))
    }
    with_length!(length, run(chunk, scratch, out), 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
        .unwrap_or_else(|| Err(no_length(length)))
}

/// A big-endian integer of at most [`LONGEST`] bytes; none is zero.
#[inline]
fn widened(bytes: &[u8]) -> i128 {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut wide = if negative { [0xff; LONGEST] } else { [0; LONGEST] };
    wide[LONGEST - bytes.len()..].copy_from_slice(bytes);
    i128::from_be_bytes(wide)
}

/// Decimals that take as many bytes as they need, as integers.
pub(super) fn unscaled(values: &LargeBinaryArray) -> Outcome<Vec<i128>> {
    let mut out = Vec::new();
    out.try_reserve_exact(values.len())
        .map_err(|_| Fault::Limit { needed: values.len() as u64 * 16, limit: 0 })?;
    for row in 0..values.len() {
        let bytes = values.value(row);
        if bytes.len() > LONGEST {
            return Err(Fault::damaged("a decimal of more than 16 bytes"));
        }
        out.push(widened(bytes));
    }
    Ok(out)
}

/// INT96 timestamps in `unit`.
pub(super) fn instants(
    chunk: &Chunk<'_>,
    scratch: &mut Scratch,
    unit: TimeUnit,
    out: &mut [i64],
) -> Outcome<Option<NullBuffer>> {
    let misfit = Cell::new(false);
    let nulls = fixed::decode::<12, i64>(chunk, scratch, out, 0, |bytes| {
        instant(bytes, unit).unwrap_or_else(|| {
            misfit.set(true);
            0
        })
    })?;
    if misfit.get() { Err(Fault::Damaged(unfit(unit))) } else { Ok(nulls) }
}

/// An INT96 timestamp: nanoseconds of the day, then the day; `None` if 64 bits do not hold it.
#[inline]
pub(in super::super) fn instant(bytes: [u8; 12], unit: TimeUnit) -> Option<i64> {
    let (nanoseconds, rest) = bytes.split_first_chunk::<8>()?;
    let nanoseconds = i64::from_le_bytes(*nanoseconds);
    let days = i64::from(i32::from_le_bytes(*rest.first_chunk::<4>()?)) - EPOCH_DAY;
    let per_second = match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    // The first day of all begins before 64 bits do.
    let midnight = i128::from(days) * i128::from(SECONDS_OF_DAY * per_second);
    i64::try_from(midnight + i128::from(nanoseconds / (1_000_000_000 / per_second))).ok()
}

/// What is wrong with a timestamp that is not an [`instant`].
pub(in super::super) fn unfit(unit: TimeUnit) -> String {
    let (unit, coarser) = match unit {
        TimeUnit::Nanosecond => ("nanoseconds", "us"),
        TimeUnit::Microsecond => ("microseconds", "ms"),
        TimeUnit::Millisecond => ("milliseconds", "s"),
        TimeUnit::Second => ("seconds", "s"),
    };
    format!("an INT96 timestamp does not fit in 64-bit {unit}; int96_unit=\"{coarser}\" holds more")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(day: i32, nanoseconds: i64) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&nanoseconds.to_le_bytes());
        bytes[8..].copy_from_slice(&day.to_le_bytes());
        bytes
    }

    #[test]
    fn test_instants_before_and_after_the_epoch() {
        let (epoch, evening) = (2_440_588, 86_399_999_999_999);
        for (unit, least, day) in [
            (TimeUnit::Second, -1, 86_400),
            (TimeUnit::Millisecond, -1, 86_400_000),
            (TimeUnit::Microsecond, -1, 86_400_000_000),
            (TimeUnit::Nanosecond, -1, 86_400_000_000_000),
        ] {
            assert_eq!(instant(stored(epoch, 0), unit), Some(0));
            assert_eq!(instant(stored(epoch - 1, evening), unit), Some(least));
            assert_eq!(instant(stored(epoch + 1, 0), unit), Some(day));
        }
    }

    #[test]
    fn test_instants_that_do_not_fit_are_none() {
        // The last day whose nanoseconds fit is 2262-04-11.
        let last = 2_440_588 + 106_751;
        assert!(instant(stored(last, 0), TimeUnit::Nanosecond).is_some());
        assert!(instant(stored(last, 86_399_999_999_999), TimeUnit::Nanosecond).is_none());
        assert!(instant(stored(i32::MIN, 0), TimeUnit::Microsecond).is_none());
        assert!(instant(stored(i32::MIN, 0), TimeUnit::Millisecond).is_some());
        assert!(instant(stored(i32::MAX, i64::MAX), TimeUnit::Second).is_some());
    }

    #[test]
    fn test_decimals_keep_their_sign() {
        assert_eq!(widened(&[]), 0);
        assert_eq!(widened(&[0xff]), -1);
        assert_eq!(widened(&[0x00, 0xff]), 255);
        assert_eq!(widened(&i128::MIN.to_be_bytes()), i128::MIN);
    }
}
