//! Cells into arrays: one builder per column.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanBuilder, Decimal128Builder, NullBufferBuilder, PrimitiveBuilder,
    StringArray,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::error::ArrowError;

use super::value;

/// Why a cell was not taken.
pub(super) enum Refused {
    /// It is not of the column's type.
    NotThisType,
    /// The texts of one batch pass 2 GiB.
    TooLong,
}

/// Grows one column.
pub(super) struct Column {
    builder: Builder,
    data_type: DataType,
    /// Only the forms that inference accepts.
    strict: bool,
}

enum Builder {
    Int8(PrimitiveBuilder<Int8Type>),
    Int16(PrimitiveBuilder<Int16Type>),
    Int32(PrimitiveBuilder<Int32Type>),
    Int64(PrimitiveBuilder<Int64Type>),
    UInt8(PrimitiveBuilder<UInt8Type>),
    UInt16(PrimitiveBuilder<UInt16Type>),
    UInt32(PrimitiveBuilder<UInt32Type>),
    UInt64(PrimitiveBuilder<UInt64Type>),
    Float32(PrimitiveBuilder<Float32Type>),
    Float64(PrimitiveBuilder<Float64Type>),
    Bool(BooleanBuilder),
    Date(PrimitiveBuilder<Date32Type>),
    Second(PrimitiveBuilder<TimestampSecondType>, Zone),
    Milli(PrimitiveBuilder<TimestampMillisecondType>, Zone),
    Micro(PrimitiveBuilder<TimestampMicrosecondType>, Zone),
    Nano(PrimitiveBuilder<TimestampNanosecondType>, Zone),
    Decimal(Decimal128Builder, u8, i8),
    Text(Text),
}

/// Which texts a timestamp column takes.
#[derive(Clone, Copy, PartialEq)]
enum Zone {
    /// Only those without an offset.
    Naive,
    /// With an offset; without one, UTC is meant.
    Utc,
    /// Only those with an offset.
    Other,
}

/// Strings or bytes, copied once.
struct Text {
    values: Vec<u8>,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
    utf8: bool,
}

/// Whether a CSV column can be read as `data_type`.
pub(super) fn is_readable(data_type: &DataType) -> bool {
    builder(data_type, 0).is_some()
}

fn builder(data_type: &DataType, rows: usize) -> Option<Builder> {
    fn primitive<T: ArrowPrimitiveType>(data_type: &DataType, rows: usize) -> PrimitiveBuilder<T> {
        PrimitiveBuilder::with_capacity(rows).with_data_type(data_type.clone())
    }
    let zone = match data_type {
        DataType::Timestamp(_, Some(zone)) if is_utc(zone) => Zone::Utc,
        DataType::Timestamp(_, Some(_)) => Zone::Other,
        _ => Zone::Naive,
    };
    Some(match data_type {
        DataType::Int8 => Builder::Int8(primitive(data_type, rows)),
        DataType::Int16 => Builder::Int16(primitive(data_type, rows)),
        DataType::Int32 => Builder::Int32(primitive(data_type, rows)),
        DataType::Int64 => Builder::Int64(primitive(data_type, rows)),
        DataType::UInt8 => Builder::UInt8(primitive(data_type, rows)),
        DataType::UInt16 => Builder::UInt16(primitive(data_type, rows)),
        DataType::UInt32 => Builder::UInt32(primitive(data_type, rows)),
        DataType::UInt64 => Builder::UInt64(primitive(data_type, rows)),
        DataType::Float32 => Builder::Float32(primitive(data_type, rows)),
        DataType::Float64 => Builder::Float64(primitive(data_type, rows)),
        DataType::Boolean => Builder::Bool(BooleanBuilder::with_capacity(rows)),
        DataType::Date32 => Builder::Date(primitive(data_type, rows)),
        DataType::Timestamp(TimeUnit::Second, _) => {
            Builder::Second(primitive(data_type, rows), zone)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            Builder::Milli(primitive(data_type, rows), zone)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Builder::Micro(primitive(data_type, rows), zone)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Builder::Nano(primitive(data_type, rows), zone)
        }
        DataType::Decimal128(precision, scale) if *scale >= 0 => Builder::Decimal(
            Decimal128Builder::with_capacity(rows).with_data_type(data_type.clone()),
            *precision,
            *scale,
        ),
        DataType::Utf8 | DataType::Binary => Builder::Text(Text {
            values: Vec::with_capacity(rows * 8),
            offsets: std::iter::once(0).collect(),
            nulls: NullBufferBuilder::new(rows),
            utf8: *data_type == DataType::Utf8,
        }),
        _ => return None,
    })
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "utc" | "Z" | "+00:00" | "Etc/UTC")
}

impl Column {
    /// A column of a type that [`is_readable`]; any other becomes text.
    pub(super) fn new(data_type: &DataType, strict: bool, rows: usize) -> Self {
        let builder = builder(data_type, rows).or_else(|| builder(&DataType::Utf8, rows));
        let builder = builder.unwrap_or_else(|| Builder::Bool(BooleanBuilder::new()));
        Self { builder, data_type: data_type.clone(), strict }
    }

    /// Text columns keep quoted empty cells, typed ones read them as null.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.builder, Builder::Text(_))
    }

    pub(super) fn push_null(&mut self) {
        match &mut self.builder {
            Builder::Int8(values) => values.append_null(),
            Builder::Int16(values) => values.append_null(),
            Builder::Int32(values) => values.append_null(),
            Builder::Int64(values) => values.append_null(),
            Builder::UInt8(values) => values.append_null(),
            Builder::UInt16(values) => values.append_null(),
            Builder::UInt32(values) => values.append_null(),
            Builder::UInt64(values) => values.append_null(),
            Builder::Float32(values) => values.append_null(),
            Builder::Float64(values) => values.append_null(),
            Builder::Bool(values) => values.append_null(),
            Builder::Date(values) => values.append_null(),
            Builder::Second(values, _) => values.append_null(),
            Builder::Milli(values, _) => values.append_null(),
            Builder::Micro(values, _) => values.append_null(),
            Builder::Nano(values, _) => values.append_null(),
            Builder::Decimal(values, ..) => values.append_null(),
            Builder::Text(text) => {
                text.offsets.push(text.values.len() as i32);
                text.nulls.append_null();
            }
        }
    }

    pub(super) fn push(&mut self, text: &[u8]) -> Result<(), Refused> {
        let strict = self.strict;
        let int = || value::int(text, strict).ok_or(Refused::NotThisType);
        let uint = || value::uint(text, strict).ok_or(Refused::NotThisType);
        let narrow = |_| Refused::NotThisType;
        match &mut self.builder {
            Builder::Int64(values) => values.append_value(int()?),
            Builder::Float64(values) => values.append_value(
                value::float_text(text, strict)
                    .and_then(|float| float.value())
                    .ok_or(Refused::NotThisType)?,
            ),
            Builder::Text(column) => column.push(text)?,
            Builder::Int8(values) => values.append_value(int()?.try_into().map_err(narrow)?),
            Builder::Int16(values) => values.append_value(int()?.try_into().map_err(narrow)?),
            Builder::Int32(values) => values.append_value(int()?.try_into().map_err(narrow)?),
            Builder::UInt8(values) => values.append_value(uint()?.try_into().map_err(narrow)?),
            Builder::UInt16(values) => values.append_value(uint()?.try_into().map_err(narrow)?),
            Builder::UInt32(values) => values.append_value(uint()?.try_into().map_err(narrow)?),
            Builder::UInt64(values) => values.append_value(uint()?),
            Builder::Float32(values) => values.append_value(
                value::float_text(text, strict)
                    .and_then(|float| float.value32())
                    .ok_or(Refused::NotThisType)?,
            ),
            Builder::Bool(values) => {
                values.append_value(value::boolean(text).ok_or(Refused::NotThisType)?);
            }
            Builder::Date(values) => {
                values.append_value(value::date(text).ok_or(Refused::NotThisType)?);
            }
            Builder::Second(values, zone) => values.append_value(ticks(text, *zone, strict, 1)?),
            Builder::Milli(values, zone) => values.append_value(ticks(text, *zone, strict, 1000)?),
            Builder::Micro(values, zone) => {
                values.append_value(ticks(text, *zone, strict, 1_000_000)?);
            }
            Builder::Nano(values, zone) => {
                values.append_value(ticks(text, *zone, strict, 1_000_000_000)?);
            }
            Builder::Decimal(values, precision, scale) => values.append_value(
                value::decimal(text, *precision, *scale).ok_or(Refused::NotThisType)?,
            ),
        }
        Ok(())
    }

    pub(super) fn data_type(&self) -> &DataType {
        &self.data_type
    }

    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        Ok(match self.builder {
            Builder::Int8(mut values) => Arc::new(values.finish()),
            Builder::Int16(mut values) => Arc::new(values.finish()),
            Builder::Int32(mut values) => Arc::new(values.finish()),
            Builder::Int64(mut values) => Arc::new(values.finish()),
            Builder::UInt8(mut values) => Arc::new(values.finish()),
            Builder::UInt16(mut values) => Arc::new(values.finish()),
            Builder::UInt32(mut values) => Arc::new(values.finish()),
            Builder::UInt64(mut values) => Arc::new(values.finish()),
            Builder::Float32(mut values) => Arc::new(values.finish()),
            Builder::Float64(mut values) => Arc::new(values.finish()),
            Builder::Bool(mut values) => Arc::new(values.finish()),
            Builder::Date(mut values) => Arc::new(values.finish()),
            Builder::Second(mut values, _) => Arc::new(values.finish()),
            Builder::Milli(mut values, _) => Arc::new(values.finish()),
            Builder::Micro(mut values, _) => Arc::new(values.finish()),
            Builder::Nano(mut values, _) => Arc::new(values.finish()),
            Builder::Decimal(mut values, ..) => Arc::new(values.finish()),
            Builder::Text(text) => text.finish()?,
        })
    }
}

/// A timestamp cell; a date alone is midnight where the caller set the type.
fn ticks(text: &[u8], zone: Zone, strict: bool, per_second: i64) -> Result<i64, Refused> {
    let ticks = match value::instant(text) {
        Some(instant) => match (zone, instant.zoned) {
            (Zone::Naive, true) | (Zone::Other, false) => None,
            (Zone::Utc, false) if strict => None,
            _ => instant.ticks(per_second),
        },
        None if !strict && zone != Zone::Other => {
            value::date(text).and_then(|days| (i64::from(days) * 86_400).checked_mul(per_second))
        }
        None => None,
    };
    ticks.ok_or(Refused::NotThisType)
}

impl Text {
    fn push(&mut self, text: &[u8]) -> Result<(), Refused> {
        let end = i32::try_from(self.values.len() + text.len()).map_err(|_| Refused::TooLong)?;
        self.values.extend_from_slice(text);
        self.offsets.push(end);
        self.nulls.append_non_null();
        Ok(())
    }

    fn finish(mut self) -> Result<ArrayRef, ArrowError> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        let values = Buffer::from_vec(self.values);
        let nulls = self.nulls.finish();
        Ok(if self.utf8 {
            Arc::new(StringArray::try_new(offsets, values, nulls)?)
        } else {
            Arc::new(BinaryArray::try_new(offsets, values, nulls)?)
        })
    }
}
