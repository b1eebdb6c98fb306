//! Columns whose type the caller sets: any text that says the value exactly is taken.

use arrow::datatypes::{DataType, TimeUnit, i256};

use super::classify::plain;
use super::column::{Failure, Fixed, NullBits, Piece, Values, Work, own_place};
use super::facts::Facts;
use super::kind::Kind;
use super::parse::floats::NoFloat;
use super::parse::patterns::Pattern;
use super::parse::{bools, dates, decimals, floats, ints, nulls};
use super::spec::Dates;

pub(super) const FORM: &str = "is not of this type";
const RANGE: &str = "is out of range";
const DIGITS: &str = "has more digits than the type holds";
const OFFSET: &str = "has an offset, which the type has not";
const NO_OFFSET: &str = "has no offset, which the type needs";

/// Bytes of one value of a type; `None` for nulls, bits, texts and types that are not read.
pub fn width(data_type: &DataType) -> Option<usize> {
    match data_type {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale)
            if *scale < 0 =>
        {
            None
        }
        DataType::Float16 | DataType::Duration(_) | DataType::Interval(_) => None,
        other => other.primitive_width(),
    }
}

/// Whether a column is read as this type.
pub fn is_readable(data_type: &DataType) -> bool {
    let text = |data_type: &DataType| {
        matches!(
            data_type,
            DataType::Utf8
                | DataType::LargeUtf8
                | DataType::Utf8View
                | DataType::Binary
                | DataType::LargeBinary
                | DataType::BinaryView
        )
    };
    match data_type {
        DataType::Null | DataType::Boolean => true,
        DataType::Dictionary(key, value) => {
            **key == DataType::Int32 && matches!(**value, DataType::Utf8 | DataType::LargeUtf8)
        }
        other => text(other) || width(other).is_some(),
    }
}

/// Reads a column as `data_type`; texts and dictionaries as texts.
pub(super) fn parse(
    work: &mut Work<'_>,
    data_type: &DataType,
    kind: Kind,
    place: Option<&mut [u8]>,
) -> Piece {
    let bytes = work.cells.bytes;
    let (usual, point) = (work.quick, work.spec.decimal);
    let quick_int = |start, end| if usual { ints::quick(bytes, start, end) } else { None };
    macro_rules! int {
        ($type:ty) => {
            run(
                work,
                kind,
                place,
                |start, end| {
                    quick_int(start, end).and_then(|number| <$type>::try_from(number).ok())
                },
                |text| <$type>::try_from(int(text)?).map_err(|_| RANGE),
            )
        };
    }
    let pattern = match &work.spec.dates {
        Dates::Pattern(pattern) => Some(Pattern::new(pattern).unwrap_or_default()),
        Dates::Iso | Dates::Off => None,
    };
    let pattern = pattern.as_ref();
    // Dates of a pattern may be anything, also what is null.
    let iso = usual && pattern.is_none();
    let quick_text = |start: usize, end: usize| if iso { bytes.get(start..end) } else { None };
    match data_type {
        DataType::Int8 => int!(i8),
        DataType::Int16 => int!(i16),
        DataType::Int32 => int!(i32),
        DataType::Int64 => int!(i64),
        DataType::UInt8 => int!(u8),
        DataType::UInt16 => int!(u16),
        DataType::UInt32 => int!(u32),
        DataType::UInt64 => int!(u64),
        DataType::Float32 => run(
            work,
            kind,
            place,
            |_, _| None,
            |text| floats::parse::<f32>(text).map(|(value, _)| value).map_err(no_float),
        ),
        DataType::Float64 => run(
            work,
            kind,
            place,
            |start, end| {
                if usual {
                    floats::quick(bytes, start, end, point).map(|float| float.value)
                } else {
                    None
                }
            },
            |text| floats::parse64(text).map(|float| float.value).map_err(no_float),
        ),
        DataType::Decimal32(precision, scale) => {
            let (precision, scale) = (*precision, scale.unsigned_abs());
            run(
                work,
                kind,
                place,
                |_, _| None,
                |text| i32::try_from(decimal(text, precision, scale)?).map_err(|_| RANGE),
            )
        }
        DataType::Decimal64(precision, scale) => {
            let (precision, scale) = (*precision, scale.unsigned_abs());
            run(
                work,
                kind,
                place,
                |_, _| None,
                |text| i64::try_from(decimal(text, precision, scale)?).map_err(|_| RANGE),
            )
        }
        DataType::Decimal128(precision, scale) => {
            let (precision, scale) = (*precision, scale.unsigned_abs());
            run(work, kind, place, |_, _| None, |text| decimal(text, precision, scale))
        }
        DataType::Decimal256(precision, scale) => {
            let (precision, scale) = (*precision, scale.unsigned_abs());
            run(work, kind, place, |_, _| None, |text| wide_decimal(text, precision, scale))
        }
        DataType::Date32 => run(
            work,
            kind,
            place,
            |start, end| quick_text(start, end).and_then(|text| day(text, pattern).ok()),
            |text| day(text, pattern),
        ),
        DataType::Date64 => run(
            work,
            kind,
            place,
            |_, _| None,
            |text| Ok(i64::from(day(text, pattern)?) * dates::DAY * 1000),
        ),
        DataType::Time32(unit) => {
            let per_second = per_second(*unit);
            run(
                work,
                kind,
                place,
                |_, _| None,
                |text| i32::try_from(time(text, pattern, per_second)?).map_err(|_| RANGE),
            )
        }
        DataType::Time64(unit) => {
            let per_second = per_second(*unit);
            run(work, kind, place, |_, _| None, |text| time(text, pattern, per_second))
        }
        DataType::Timestamp(unit, zone) => {
            let (per_second, zoned) = (per_second(*unit), zone.is_some());
            let read = |text: &[u8]| instant(text, pattern, zoned, per_second);
            let quick = |start, end| quick_text(start, end).and_then(|text| read(text).ok());
            run(work, kind, place, quick, read)
        }
        DataType::Boolean => bits(work, kind),
        DataType::Null => nothing(work, kind),
        _ => work.texts(),
    }
}

fn no_float(error: NoFloat) -> &'static str {
    match error {
        NoFloat::Form => FORM,
        NoFloat::Range => RANGE,
    }
}

/// An integer with any sign and any zeros.
fn int(text: &[u8]) -> Result<i128, &'static str> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(FORM);
    }
    let number = ints::digits(digits).and_then(|number| i128::try_from(number).ok());
    number.map(|number| if negative { -number } else { number }).ok_or(RANGE)
}

fn decimal(text: &[u8], precision: u8, scale: u8) -> Result<i128, &'static str> {
    decimals::parse(text, precision, scale).ok_or_else(|| decimal_error(text))
}

fn decimal_error(text: &[u8]) -> &'static str {
    match floats::parse64(text) {
        Ok(float) if float.fixed || float.value == 0.0 => DIGITS,
        _ => FORM,
    }
}

/// A decimal of up to 76 digits.
fn wide_decimal(text: &[u8], precision: u8, scale: u8) -> Result<[u8; 32], &'static str> {
    let error = || decimal_error(text);
    let rest = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let point = rest.iter().position(|&byte| byte == b'.').unwrap_or(rest.len());
    let (whole, fraction) = (&rest[..point], rest.get(point + 1..).unwrap_or(&[]));
    let (kept, lost) = fraction.split_at(fraction.len().min(usize::from(scale)));
    let zeros = whole.iter().take_while(|&&byte| byte == b'0').count();
    let whole_digits = &whole[zeros..];
    let digits = || whole.iter().chain(fraction);
    if digits().next().is_none()
        || !digits().all(u8::is_ascii_digit)
        || lost.iter().any(|&byte| byte != b'0')
        || whole_digits.len() + usize::from(scale) > usize::from(precision)
    {
        return Err(error());
    }
    let mut plain = String::with_capacity(80);
    if text.first() == Some(&b'-') {
        plain.push('-');
    }
    plain.push('0');
    plain.extend(whole_digits.iter().chain(kept).map(|&byte| char::from(byte)));
    plain.extend(std::iter::repeat_n('0', usize::from(scale) - kept.len()));
    let number = i256::from_string(&plain).ok_or_else(error)?;
    Ok(if cfg!(target_endian = "big") { number.to_be_bytes() } else { number.to_le_bytes() })
}

impl Fixed for [u8; 32] {
    const WIDTH: usize = 32;
    fn put(self, place: &mut [u8]) {
        place.copy_from_slice(&self);
    }
}

fn day(text: &[u8], pattern: Option<&Pattern>) -> Result<i32, &'static str> {
    match pattern {
        Some(pattern) => pattern.parse(text).map(|parts| parts.days).ok_or(FORM),
        None => dates::date(text).ok_or(FORM),
    }
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

fn time(text: &[u8], pattern: Option<&Pattern>, per_second: i64) -> Result<i64, &'static str> {
    let nanos = match pattern {
        Some(pattern) => {
            pattern.parse(text).map(|parts| parts.seconds * 1_000_000_000 + parts.nanos)
        }
        None => dates::time(text),
    };
    let nanos = nanos.ok_or(FORM)?;
    let width = 1_000_000_000 / per_second;
    if nanos % width == 0 { Ok(nanos / width) } else { Err(DIGITS) }
}

/// A point in time; a date alone is its midnight.
fn instant(
    text: &[u8],
    pattern: Option<&Pattern>,
    zoned: bool,
    per_second: i64,
) -> Result<i64, &'static str> {
    let instant = match pattern {
        Some(pattern) => pattern.parse(text).map(|parts| parts.instant()),
        None => dates::instant(text).or_else(|| dates::date(text).map(dates::midnight)),
    };
    let instant = instant.ok_or(FORM)?;
    match (zoned, instant.offset) {
        (false, Some(_)) => return Err(OFFSET),
        (true, None) => return Err(NO_OFFSET),
        (false, None) | (true, Some(_)) => {}
    }
    if instant.nanos % (1_000_000_000 / per_second) != 0 {
        return Err(DIGITS);
    }
    instant.ticks(per_second).ok_or(RANGE)
}

/// What a typed cell is.
enum Typed<T> {
    Null,
    Value(T),
    Failed(Failure),
}

/// One cell: null, or a value of the text with a plain number in it, or a failure.
fn cell<T>(
    work: &mut Work<'_>,
    row: usize,
    take: impl FnOnce(&[u8]) -> Result<T, &'static str>,
    number: bool,
) -> Typed<T> {
    let Some(cell) = work.cells.cell(row) else { return Typed::Null };
    if nulls::null(&cell.text, cell.quoted, &work.spec.nulls).is_some() {
        return Typed::Null;
    }
    let text = if number { plain(&cell.text, work.spec, &mut work.scratch) } else { None };
    let value = match text {
        Some(text) => take(text),
        None if number => Err(FORM),
        None => take(&cell.text),
    };
    match value {
        Ok(value) => Typed::Value(value),
        Err(why) => Typed::Failed(Failure { row, text: cell.text.into_owned(), why }),
    }
}

/// Whether cells of this spec's types are numbers whose decimal sign and groups may be others.
fn has_numbers(work: &Work<'_>) -> bool {
    use super::spec::Target;
    !matches!(
        &work.spec.target,
        Target::Typed(
            DataType::Date32
                | DataType::Date64
                | DataType::Time32(_)
                | DataType::Time64(_)
                | DataType::Timestamp(..)
        )
    )
}

fn run<T: Fixed>(
    work: &mut Work<'_>,
    kind: Kind,
    place: Option<&mut [u8]>,
    quick: impl Fn(usize, usize) -> Option<T>,
    take: impl Fn(&[u8]) -> Result<T, &'static str>,
) -> Piece {
    let rows = work.cells.rows;
    let number = has_numbers(work);
    let mut nulls = NullBits::new(rows);
    let mut failed = Vec::new();
    let (mut own, given) = own_place(place, rows * T::WIDTH);
    let in_place = given.is_some();
    let place = given.unwrap_or(own.as_mut_slice());
    for (row, place) in place.chunks_exact_mut(T::WIDTH).enumerate() {
        let (start, end) = work.cells.place(row);
        if let Some(value) = quick(start, end) {
            value.put(place);
            continue;
        }
        match cell(work, row, &take, number) {
            Typed::Value(value) => {
                value.put(place);
                continue;
            }
            Typed::Null => {}
            Typed::Failed(failure) => {
                failed.push(failure);
                if !work.spec.all_failures {
                    break;
                }
            }
        }
        place.fill(0);
        nulls.set(row);
    }
    let values = if in_place { Values::InPlace } else { Values::Fixed(own) };
    Piece { kind, values, nulls: nulls.finish(), facts: Facts::default(), failed }
}

fn bits(work: &mut Work<'_>, kind: Kind) -> Piece {
    let rows = work.cells.rows;
    let mut nulls = NullBits::new(rows);
    let mut failed = Vec::new();
    let mut bits = arrow::array::BooleanBufferBuilder::new(rows);
    for row in 0..rows {
        let spec = work.spec;
        match cell(work, row, |text| bools::parse(text, spec).ok_or(FORM), false) {
            Typed::Value(value) => {
                bits.append(value);
                continue;
            }
            Typed::Null => {}
            Typed::Failed(failure) => {
                failed.push(failure);
                if !work.spec.all_failures {
                    bits.append_n(rows - row, false);
                    break;
                }
            }
        }
        bits.append(false);
        nulls.set(row);
    }
    let values = Values::Bits(bits.finish());
    Piece { kind, values, nulls: nulls.finish(), facts: Facts::default(), failed }
}

fn nothing(work: &mut Work<'_>, kind: Kind) -> Piece {
    let mut nulls = NullBits::new(work.cells.rows);
    let mut failed = Vec::new();
    for row in 0..work.cells.rows {
        nulls.set(row);
        if let Typed::Failed(failure) = cell(work, row, |_| Err::<(), _>(FORM), false)
            && (failed.is_empty() || work.spec.all_failures)
        {
            failed.push(failure);
        }
    }
    let values = Values::Nothing;
    Piece { kind, values, nulls: nulls.finish(), facts: Facts::default(), failed }
}
