//! Values that are not text, as text.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type, i256,
};
use arrow::temporal_conversions::as_datetime_with_timezone;

use super::float::{FLOAT_BYTES, put_f16, put_f32, put_f64};
use super::float_format::FloatFormat;
use super::number::{put_decimal, put_decimal_digits, put_i64, put_u64};
use super::options::Layout;
use super::strftime::{Moment, Pattern};
use super::text::Text;
use super::time::{
    DAY, Offset, TIME_BYTES, fixed_offset, put_clock, put_date, put_duration, put_timestamp,
};

type F16 = <Float16Type as ArrowPrimitiveType>::Native;

/// The values of a column.
pub(super) enum Values<'a> {
    Bool(&'a BooleanBuffer),
    I8(&'a [i8]),
    I16(&'a [i16]),
    I32(&'a [i32]),
    I64(&'a [i64]),
    U8(&'a [u8]),
    U16(&'a [u16]),
    U32(&'a [u32]),
    U64(&'a [u64]),
    Float(Floats<'a>, usize),
    FormattedFloat(Floats<'a>, FloatFormat),
    Decimal32(&'a [i32], i8),
    Decimal64(&'a [i64], i8),
    Decimal128(&'a [i128], i8),
    Decimal256(&'a [i256], i8),
    Date32(&'a [i32]),
    Date64(&'a [i64]),
    Clock32(&'a [i32], i64),
    Clock64(&'a [i64], i64),
    Timestamp(&'a [i64], i64, Offset),
    Duration(&'a [i64], i64),
    FormattedDate32(&'a [i32], Pattern),
    FormattedDate64(&'a [i64], Pattern),
    FormattedTimestamp(&'a [i64], i64, Zone<'a>, Pattern),
}

#[derive(Clone, Copy)]
pub(super) enum Floats<'a> {
    F16(&'a [F16]),
    F32(&'a [f32]),
    F64(&'a [f64]),
}

/// The zone of timestamps that are printed by a pattern.
#[derive(Clone, Copy)]
pub(super) enum Zone<'a> {
    None,
    Utc,
    Fixed(i64, &'a str),
    Named(&'a str),
}

impl<'a> Values<'a> {
    pub(super) fn new(array: &'a ArrayRef, layout: &Layout) -> Result<Self, String> {
        fn of<T: ArrowPrimitiveType>(array: &ArrayRef) -> &[T::Native] {
            array.as_primitive::<T>().values()
        }
        let floats = |floats| match layout.float {
            None => Self::Float(floats, 2),
            Some(format) => Self::FormattedFloat(floats, format),
        };
        Ok(match array.data_type() {
            DataType::Boolean => Self::Bool(array.as_boolean().values()),
            DataType::Int8 => Self::I8(of::<Int8Type>(array)),
            DataType::Int16 => Self::I16(of::<Int16Type>(array)),
            DataType::Int32 => Self::I32(of::<Int32Type>(array)),
            DataType::Int64 => Self::I64(of::<Int64Type>(array)),
            DataType::UInt8 => Self::U8(of::<UInt8Type>(array)),
            DataType::UInt16 => Self::U16(of::<UInt16Type>(array)),
            DataType::UInt32 => Self::U32(of::<UInt32Type>(array)),
            DataType::UInt64 => Self::U64(of::<UInt64Type>(array)),
            DataType::Float16 => floats(Floats::F16(of::<Float16Type>(array))),
            DataType::Float32 => floats(Floats::F32(of::<Float32Type>(array))),
            DataType::Float64 => floats(Floats::F64(of::<Float64Type>(array))),
            DataType::Decimal32(_, scale) => Self::Decimal32(of::<Decimal32Type>(array), *scale),
            DataType::Decimal64(_, scale) => Self::Decimal64(of::<Decimal64Type>(array), *scale),
            DataType::Decimal128(_, scale) => Self::Decimal128(of::<Decimal128Type>(array), *scale),
            DataType::Decimal256(_, scale) => Self::Decimal256(of::<Decimal256Type>(array), *scale),
            DataType::Date32 => match &layout.date {
                None => Self::Date32(of::<Date32Type>(array)),
                Some(pattern) => Self::FormattedDate32(of::<Date32Type>(array), pattern.clone()),
            },
            DataType::Date64 => match &layout.date {
                None => Self::Date64(of::<Date64Type>(array)),
                Some(pattern) => Self::FormattedDate64(of::<Date64Type>(array), pattern.clone()),
            },
            DataType::Time32(TimeUnit::Second) => Self::Clock32(of::<Time32SecondType>(array), 1),
            DataType::Time32(_) => Self::Clock32(of::<Time32MillisecondType>(array), 1000),
            DataType::Time64(TimeUnit::Microsecond) => {
                Self::Clock64(of::<Time64MicrosecondType>(array), 1_000_000)
            }
            DataType::Time64(_) => Self::Clock64(of::<Time64NanosecondType>(array), 1_000_000_000),
            DataType::Timestamp(unit, zone) => {
                let ticks = match unit {
                    TimeUnit::Second => of::<TimestampSecondType>(array),
                    TimeUnit::Millisecond => of::<TimestampMillisecondType>(array),
                    TimeUnit::Microsecond => of::<TimestampMicrosecondType>(array),
                    TimeUnit::Nanosecond => of::<TimestampNanosecondType>(array),
                };
                let zone = Zone::new(zone.as_deref());
                match &layout.timestamp {
                    None => Self::Timestamp(ticks, per_second(*unit), zone.offset()),
                    Some(pattern) => {
                        zone.check()?;
                        Self::FormattedTimestamp(ticks, per_second(*unit), zone, pattern.clone())
                    }
                }
            }
            DataType::Duration(unit) => {
                let ticks = match unit {
                    TimeUnit::Second => of::<DurationSecondType>(array),
                    TimeUnit::Millisecond => of::<DurationMillisecondType>(array),
                    TimeUnit::Microsecond => of::<DurationMicrosecondType>(array),
                    TimeUnit::Nanosecond => of::<DurationNanosecondType>(array),
                };
                Self::Duration(ticks, per_second(*unit))
            }
            other => return Err(format!("CSV cannot hold {}", crate::batch::type_name(other))),
        })
    }

    /// Most bytes of a value; those in a form of the caller's make room themselves.
    pub(super) fn width(&self) -> usize {
        let decimal = |digits: usize, scale: i8| digits + usize::from(scale.unsigned_abs()) + 3;
        match self {
            Self::Bool(_) => 5,
            Self::I8(_) | Self::U8(_) => 4,
            Self::I16(_) | Self::U16(_) => 6,
            Self::I32(_) | Self::U32(_) => 11,
            Self::I64(_) | Self::U64(_) => 20,
            Self::Float(..) => FLOAT_BYTES,
            Self::Decimal32(_, scale) => decimal(10, *scale),
            Self::Decimal64(_, scale) => decimal(19, *scale),
            Self::Decimal128(_, scale) => decimal(39, *scale),
            Self::Decimal256(_, scale) => decimal(78, *scale),
            Self::Date32(_) => 13,
            Self::Clock32(..) | Self::Clock64(..) => 32,
            Self::Timestamp(_, per_second, _) if *per_second > 1 => 40,
            Self::Date64(_) | Self::Timestamp(..) => TIME_BYTES,
            Self::Duration(..) => 34,
            Self::FormattedFloat(..)
            | Self::FormattedDate32(..)
            | Self::FormattedDate64(..)
            | Self::FormattedTimestamp(..) => 64,
        }
    }

    /// Whether the text of a value may need quotes.
    pub(super) fn needs_look(&self, layout: &Layout) -> bool {
        let alphabet: &[u8] = match self {
            Self::Bool(_) => b"truefals",
            Self::I8(_) | Self::I16(_) | Self::I32(_) | Self::I64(_) => b"-0123456789",
            Self::U8(_) | Self::U16(_) | Self::U32(_) | Self::U64(_) => b"0123456789",
            Self::Float(..) => b"-+.0123456789einfa",
            Self::Decimal32(..)
            | Self::Decimal64(..)
            | Self::Decimal128(..)
            | Self::Decimal256(..) => b"-.0123456789",
            Self::Date32(_) | Self::Date64(_) | Self::Timestamp(..) => b"-+0123456789T:.Z",
            Self::Clock32(..) | Self::Clock64(..) => b"-:.0123456789",
            Self::Duration(..) => b"-PTS.0123456789",
            Self::FormattedFloat(..)
            | Self::FormattedDate32(..)
            | Self::FormattedDate64(..)
            | Self::FormattedTimestamp(..) => return true,
        };
        let may_be_null =
            !layout.null.is_empty() && layout.null.iter().all(|byte| alphabet.contains(byte));
        may_be_null || layout.specials.iter().any(|byte| alphabet.contains(byte))
    }

    /// Appends a value; there must be room for [`Self::width`].
    #[inline]
    pub(super) fn put(&mut self, row: usize, text: &mut Text) {
        match self {
            Self::Bool(values) => {
                if values.value(row) {
                    text.put(b"true", 4);
                } else {
                    text.put(b"false", 5);
                }
            }
            Self::I8(values) => put_i64(text, values[row].into()),
            Self::I16(values) => put_i64(text, values[row].into()),
            Self::I32(values) => put_i64(text, values[row].into()),
            Self::I64(values) => put_i64(text, values[row]),
            Self::U8(values) => put_u64(text, values[row].into()),
            Self::U16(values) => put_u64(text, values[row].into()),
            Self::U32(values) => put_u64(text, values[row].into()),
            Self::U64(values) => put_u64(text, values[row]),
            Self::Float(Floats::F64(values), places) => put_f64(text, values[row], places),
            Self::Float(Floats::F32(values), places) => put_f32(text, values[row], places),
            Self::Float(Floats::F16(values), _) => {
                let value = values[row];
                put_f16(text, value.to_f64(), |read| F16::from_f64(read) == value);
            }
            Self::FormattedFloat(values, format) => format.put(text, values.value(row)),
            Self::Decimal32(values, scale) => put_decimal(text, values[row].into(), *scale),
            Self::Decimal64(values, scale) => put_decimal(text, values[row].into(), *scale),
            Self::Decimal128(values, scale) => put_decimal(text, values[row], *scale),
            Self::Decimal256(values, scale) => match values[row].to_i128() {
                Some(value) => put_decimal(text, value, *scale),
                None => put_decimal_digits(text, &values[row].to_string(), *scale),
            },
            Self::Date32(values) => put_date(text, values[row].into()),
            Self::Date64(values) => {
                // Days are what the type is for; a time that is there is not dropped.
                let (ticks, day) = (values[row], DAY * 1000);
                if ticks.rem_euclid(day) == 0 {
                    put_date(text, ticks.div_euclid(day));
                } else {
                    put_timestamp(text, ticks, 1000, Offset::Naive);
                }
            }
            Self::Clock32(values, unit) => put_clock(text, values[row].into(), *unit),
            Self::Clock64(values, unit) => put_clock(text, values[row], *unit),
            Self::Timestamp(values, unit, offset) => {
                put_timestamp(text, values[row], *unit, *offset);
            }
            Self::Duration(values, unit) => put_duration(text, values[row], *unit),
            Self::FormattedDate32(values, pattern) => {
                let seconds = i64::from(values[row]) * DAY;
                pattern.put(text, &Moment { seconds, nanos: 0, zone: None });
            }
            Self::FormattedDate64(values, pattern) => {
                let seconds = values[row].div_euclid(1000);
                pattern.put(text, &Moment { seconds, nanos: 0, zone: None });
            }
            Self::FormattedTimestamp(values, unit, zone, pattern) => {
                let (ticks, unit) = (values[row], *unit);
                let seconds = ticks.div_euclid(unit);
                let nanos = (ticks.rem_euclid(unit) * (1_000_000_000 / unit)) as u64;
                zone.put(text, seconds, nanos, pattern);
            }
        }
    }
}

impl Floats<'_> {
    fn value(&self, row: usize) -> f64 {
        match self {
            Self::F16(values) => values[row].to_f64(),
            Self::F32(values) => values[row].into(),
            Self::F64(values) => values[row],
        }
    }
}

impl<'a> Zone<'a> {
    fn new(zone: Option<&'a str>) -> Self {
        match zone {
            None => Self::None,
            Some("UTC" | "utc" | "Z" | "Etc/UTC") => Self::Utc,
            Some(zone) => match fixed_offset(zone) {
                Some(seconds) => Self::Fixed(seconds, zone),
                None => Self::Named(zone),
            },
        }
    }

    /// The offset of ISO text. Zones whose offset changes are written in UTC: a column of mixed
    /// offsets would be read as UTC anyway.
    fn offset(self) -> Offset {
        match self {
            Self::None => Offset::Naive,
            Self::Utc | Self::Named(_) => Offset::Utc,
            Self::Fixed(seconds, _) => Offset::Fixed(seconds),
        }
    }

    /// Fails if the rules of the zone are not known.
    fn check(self) -> Result<(), String> {
        match self {
            Self::Named(zone) if local(0, zone).is_none() => {
                Err(format!("the time zone '{zone}' is not known"))
            }
            _ => Ok(()),
        }
    }

    fn put(self, text: &mut Text, seconds: i64, nanos: u64, pattern: &Pattern) {
        let mut put = |ahead: i64, zone: Option<(i64, &str)>| {
            pattern.put(text, &Moment { seconds: seconds.saturating_add(ahead), nanos, zone });
        };
        match self {
            Self::None => put(0, None),
            Self::Utc => put(0, Some((0, "UTC"))),
            Self::Fixed(ahead, name) => put(ahead, Some((ahead, &format!("UTC{name}")))),
            Self::Named(zone) => {
                // Beyond the years that the rules are for, the clock is that of UTC.
                let (ahead, name) = local(seconds, zone).unwrap_or((0, "UTC".to_owned()));
                put(ahead, Some((ahead, &name)));
            }
        }
    }
}

/// Seconds ahead of UTC in a zone at an instant, and what the clock is called then.
fn local(seconds: i64, zone: &str) -> Option<(i64, String)> {
    let zone = zone.parse().ok()?;
    let time = as_datetime_with_timezone::<TimestampSecondType>(seconds, zone)?;
    let ahead = time.naive_local().signed_duration_since(time.naive_utc()).num_seconds();
    Some((ahead, time.format("%Z").to_string()))
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}
