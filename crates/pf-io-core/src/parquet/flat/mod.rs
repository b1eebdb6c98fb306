//! Our own decoder for flat columns: no repetition, at most one definition level.
//!
//! It covers what almost every column of almost every file is. Everything else, and every chunk
//! that turns out to hold something it does not know ([`Fault::Unsupported`]), goes to arrow-rs.
//! Sources: the Parquet format's Encodings.md, Compression.md and `parquet.thrift`.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod bits;
mod boolean;
mod bytes;
mod delta;
mod fixed;
mod lengths;
mod levels;
mod page;
mod picks;
mod prefix;
mod scratch;
mod text;
mod unpack;

use std::ops::Range;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::array::{Array, AsArray, Decimal128Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, TimeUnit};
use parquet::basic::{Compression, LogicalType, TimeUnit as ParquetUnit, Type};
use parquet::schema::types::ColumnDescriptor;

use crate::IoError;
use crate::context::Context;
use crate::mem::Block;

pub(super) use bytes::{instant, unfit};
pub(super) use scratch::Scratch;

/// Why a chunk could not be decoded here.
#[derive(Debug)]
pub(super) enum Fault {
    /// The bytes are not what the format asks for.
    Damaged(String),
    /// Valid, but not for this decoder.
    Unsupported(String),
    /// More memory than there may be.
    Limit { needed: u64, limit: u64 },
    /// Cancelled, or the budget is spent.
    Stopped(IoError),
}

impl Fault {
    fn damaged(message: &str) -> Self {
        Self::Damaged(message.to_owned())
    }

    fn text(self) -> String {
        match self {
            Self::Damaged(message) | Self::Unsupported(message) => message,
            other => format!("{other:?}"),
        }
    }
}

type Outcome<T> = Result<T, Fault>;

/// How the values of a column are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Bits.
    Bool,
    /// Offsets and bytes; text is checked.
    Text { utf8: bool },
    /// Decimals of so many bytes each as they need.
    Decimal { digits: u8, scale: i8 },
    /// One value per row, as it stands in the file or converted.
    Fixed(Width),
}

/// From the file's width to the array's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// Four bytes as they are.
    Four,
    /// Eight bytes as they are.
    Eight,
    /// The lowest byte of four.
    FourToOne,
    /// The lowest two bytes of four.
    FourToTwo,
    /// A decimal of four bytes and so many digits, as sixteen.
    FourToSixteen(u8),
    /// A decimal of eight bytes and so many digits, as sixteen.
    EightToSixteen(u8),
    /// A decimal of so many bytes and digits, as sixteen.
    BytesToSixteen { length: u8, digits: u8 },
    /// So many bytes as they are.
    Bytes(u8),
    /// A timestamp of a day and nanoseconds, in this unit.
    Int96(TimeUnit),
}

impl Width {
    /// Bytes of a value in the array.
    pub fn bytes(self) -> usize {
        match self {
            Self::FourToOne => 1,
            Self::FourToTwo => 2,
            Self::Four => 4,
            Self::Eight | Self::Int96(_) => 8,
            Self::FourToSixteen(_) | Self::EightToSixteen(_) | Self::BytesToSixteen { .. } => 16,
            Self::Bytes(length) => usize::from(length),
        }
    }
}

/// How this decoder would give `column` as `data_type`; `None` if it cannot.
pub(super) fn shape(column: &ColumnDescriptor, data_type: &DataType) -> Option<Shape> {
    use DataType as D;
    if column.max_rep_level() > 0 || column.max_def_level() > 1 {
        return None;
    }
    // Nested columns without repetition: a required struct's fields look flat.
    if column.path().parts().len() > 1 {
        return None;
    }
    let unit = match column.logical_type_ref() {
        Some(LogicalType::Timestamp(kind)) => Some(kind.unit),
        Some(LogicalType::Time(kind)) => Some(kind.unit),
        _ => match column.converted_type() {
            parquet::basic::ConvertedType::TIMESTAMP_MILLIS
            | parquet::basic::ConvertedType::TIME_MILLIS => Some(ParquetUnit::MILLIS),
            parquet::basic::ConvertedType::TIMESTAMP_MICROS
            | parquet::basic::ConvertedType::TIME_MICROS => Some(ParquetUnit::MICROS),
            _ => None,
        },
    };
    let same_unit = |arrow: &TimeUnit| {
        matches!(
            (arrow, unit),
            (TimeUnit::Millisecond, Some(ParquetUnit::MILLIS))
                | (TimeUnit::Microsecond, Some(ParquetUnit::MICROS))
                | (TimeUnit::Nanosecond, Some(ParquetUnit::NANOS))
        )
    };
    let decimal = matches!(column.logical_type_ref(), Some(LogicalType::Decimal { .. }))
        || column.converted_type() == parquet::basic::ConvertedType::DECIMAL;
    Some(match (column.physical_type(), data_type) {
        (Type::BOOLEAN, D::Boolean) => Shape::Bool,
        (Type::INT32, D::Int8 | D::UInt8) if !decimal => Shape::Fixed(Width::FourToOne),
        (Type::INT32, D::Int16 | D::UInt16) if !decimal => Shape::Fixed(Width::FourToTwo),
        (Type::INT32, D::Int32 | D::UInt32 | D::Date32) if !decimal => Shape::Fixed(Width::Four),
        (Type::INT32, D::Time32(arrow)) if same_unit(arrow) => Shape::Fixed(Width::Four),
        (Type::INT32, D::Decimal128(precision, scale))
            if same_decimal(column, *precision, *scale) =>
        {
            Shape::Fixed(Width::FourToSixteen(*precision))
        }
        (Type::INT64, D::Int64 | D::UInt64) if !decimal && unit.is_none() => {
            Shape::Fixed(Width::Eight)
        }
        (Type::INT64, D::Timestamp(arrow, _) | D::Time64(arrow)) if same_unit(arrow) => {
            Shape::Fixed(Width::Eight)
        }
        (Type::INT64, D::Decimal128(precision, scale))
            if same_decimal(column, *precision, *scale) =>
        {
            Shape::Fixed(Width::EightToSixteen(*precision))
        }
        (Type::FLOAT, D::Float32) => Shape::Fixed(Width::Four),
        (Type::DOUBLE, D::Float64) => Shape::Fixed(Width::Eight),
        (Type::INT96, D::Timestamp(arrow, _)) => Shape::Fixed(Width::Int96(*arrow)),
        (Type::FIXED_LEN_BYTE_ARRAY, data_type) => Shape::Fixed(bytes::width(column, data_type)?),
        (Type::BYTE_ARRAY, D::Decimal128(precision, scale))
            if same_decimal(column, *precision, *scale) =>
        {
            Shape::Decimal { digits: *precision, scale: *scale }
        }
        (Type::BYTE_ARRAY, D::LargeUtf8) => Shape::Text { utf8: true },
        (Type::BYTE_ARRAY, D::LargeBinary) if !decimal => Shape::Text { utf8: false },
        _ => return None,
    })
}

fn same_decimal(column: &ColumnDescriptor, precision: u8, scale: i8) -> bool {
    column.type_precision() == i32::from(precision) && column.type_scale() == i32::from(scale)
}

/// Whether pages of this codec are unpacked here.
pub(super) fn knows_codec(codec: Compression) -> bool {
    !matches!(codec, Compression::LZ4 | Compression::LZO)
}

/// The bytes of one column chunk and what its footer says of it.
pub(super) struct Chunk<'a> {
    pub bytes: &'a [u8],
    /// The rows of each data page in `bytes`, if pages were left out.
    pub places: Option<Vec<Range<usize>>>,
    pub rows: usize,
    /// The rows that are wanted, ascending, unless all are.
    pub picked: Option<&'a [u32]>,
    pub optional: bool,
    pub physical: Type,
    pub codec: Compression,
    pub verify: bool,
    pub context: &'a Context,
    pub path: &'a std::path::Path,
}

impl<'a> Chunk<'a> {
    fn pages(&self) -> page::Pages<'a> {
        page::Pages::new(self.bytes, self.codec, self.verify)
    }

    fn check(&self) -> Outcome<()> {
        self.context.check().map_err(Fault::Stopped)
    }

    /// Memory that the budget allows.
    fn block(&self, bytes: usize, what: &str) -> Outcome<Block> {
        // Given back at once: what a finished column holds is charged by the table.
        self.context.budget().charge(self.path, bytes as u64, what).map_err(Fault::Stopped)?;
        Block::zeroed(bytes).ok_or(Fault::Limit { needed: bytes as u64, limit: 0 })
    }

    fn too_many(&self) -> Fault {
        Fault::Damaged(format!("the pages hold more rows than the {} of the footer", self.rows))
    }

    fn too_few(&self, found: usize) -> Fault {
        Fault::Damaged(format!("the pages hold {found} rows, the footer says {}", self.rows))
    }
}

/// Decodes a fixed-width chunk into `out`, which has [`Width::bytes`] for each wanted row.
pub(super) fn fixed_into(
    chunk: &Chunk<'_>,
    scratch: &mut Scratch,
    width: Width,
    out: &mut [u8],
) -> Outcome<Option<NullBuffer>> {
    match width {
        Width::Four => fixed::decode::<4, u32>(chunk, scratch, typed(out), 0, u32::from_le_bytes),
        Width::Eight => fixed::decode::<8, u64>(chunk, scratch, typed(out), 0, u64::from_le_bytes),
        Width::FourToOne => fixed::decode::<4, u8>(chunk, scratch, out, 0, |bytes| bytes[0]),
        Width::FourToTwo => fixed::decode::<4, u16>(chunk, scratch, typed(out), 0, |bytes| {
            u16::from_le_bytes([bytes[0], bytes[1]])
        }),
        Width::FourToSixteen(digits) => {
            let out = typed(out);
            let nulls = fixed::decode::<4, i128>(chunk, scratch, out, 0, |bytes| {
                i128::from(i32::from_le_bytes(bytes))
            })?;
            check_digits(out, digits)?;
            Ok(nulls)
        }
        Width::EightToSixteen(digits) => {
            let out = typed(out);
            let nulls = fixed::decode::<8, i128>(chunk, scratch, out, 0, |bytes| {
                i128::from(i64::from_le_bytes(bytes))
            })?;
            check_digits(out, digits)?;
            Ok(nulls)
        }
        Width::BytesToSixteen { length, digits } => {
            let out = typed(out);
            let nulls = bytes::decimals(chunk, scratch, length, out)?;
            check_digits(out, digits)?;
            Ok(nulls)
        }
        Width::Bytes(length) => bytes::same(chunk, scratch, length, out),
        Width::Int96(unit) => bytes::instants(chunk, scratch, unit, typed(out)),
    }
}

/// No decimal has more digits than its type says.
fn check_digits(values: &[i128], digits: u8) -> Outcome<()> {
    let bound = 10_i128.checked_pow(u32::from(digits)).unwrap_or(i128::MAX);
    match values.iter().find(|value| value.unsigned_abs() >= bound.unsigned_abs()) {
        None => Ok(()),
        Some(value) => {
            Err(Fault::Damaged(format!("a decimal of more than {digits} digits: {value}")))
        }
    }
}

/// The bytes of a block as numbers; they begin at a multiple of the number's size.
fn typed<T: crate::mem::Plain>(bytes: &mut [u8]) -> &mut [T] {
    // SAFETY: every bit pattern is a `T`.
    let (head, values, tail) = unsafe { bytes.align_to_mut::<T>() };
    debug_assert!(head.is_empty() && tail.is_empty(), "blocks are aligned and whole");
    values
}

/// Decodes a chunk of booleans or byte strings as an array of its own.
pub(super) fn array(chunk: &Chunk<'_>, scratch: &mut Scratch, shape: Shape) -> Outcome<ArrayRef> {
    match shape {
        Shape::Bool => Ok(Arc::new(boolean::decode(chunk, scratch)?)),
        Shape::Text { utf8 } => text::decode(chunk, scratch, utf8),
        Shape::Decimal { digits, scale } => {
            let bytes = text::decode(chunk, scratch, false)?;
            let values = bytes::unscaled(bytes.as_binary::<i64>())?;
            check_digits(&values, digits)?;
            let array = Decimal128Array::new(values.into(), bytes.nulls().cloned());
            let array = array.with_precision_and_scale(digits, scale);
            Ok(Arc::new(array.map_err(|error| Fault::Damaged(error.to_string()))?))
        }
        Shape::Fixed(_) => Err(Fault::Unsupported("a fixed-width column".to_owned())),
    }
}

/// How many delta-encoded integers `data` hold, `most` at most, and the bytes behind them.
pub(super) fn delta_count(data: &[u8], most: usize) -> Result<(usize, &[u8]), String> {
    delta::count(data, most).map_err(Fault::text)
}

/// Lengths of the values of a dictionary of byte strings.
pub(super) fn dictionary_lengths(body: &[u8], count: usize) -> Result<Vec<u32>, String> {
    lengths::dictionary(body, count).map_err(Fault::text)
}

/// Bytes that indices of a dictionary unfold to, `most` of them at most.
pub(super) fn indexed_bytes(body: &[u8], lengths: &[u32], most: usize) -> Result<u64, String> {
    lengths::indexed(body, lengths, most).map_err(Fault::text)
}

/// Bytes that `count` prefix-encoded values unfold to.
pub(super) fn prefixed_bytes(body: &[u8], count: usize) -> Result<u64, String> {
    lengths::prefixed(body, count).map_err(Fault::text)
}
