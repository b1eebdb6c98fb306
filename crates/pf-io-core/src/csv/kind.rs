//! The lattice of inferred types.

use arrow::datatypes::{DataType, TimeUnit};

/// Digits that a decimal holds.
pub const DECIMAL_DIGITS: u8 = 38;

/// What the cells of a column, or of one piece of it, are.
///
/// `null < bool`, `null < int64 < uint64 < decimal < text`, `int64 < float64 < text`,
/// `date < timestamp < text`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing but nulls.
    Null,
    /// True and false.
    Bool,
    /// Integers.
    Int64,
    /// Integers, some beyond int64, none negative.
    UInt64,
    /// Fixed-point numbers of [`DECIMAL_DIGITS`] digits, this many of them behind the point.
    Decimal(u8),
    /// Floats.
    Float64,
    /// Days.
    Date,
    /// Points in time: in UTC if they were written with an offset.
    Timestamp {
        /// In nanoseconds, else microseconds.
        nanos: bool,
        /// Written with an offset.
        zoned: bool,
    },
    /// Anything.
    Text,
}

impl Kind {
    /// Bytes of one value in a block; `None` for nulls, bits and texts.
    pub fn width(self) -> Option<usize> {
        match self {
            Self::Null | Self::Bool | Self::Text => None,
            Self::Date => Some(4),
            Self::Int64 | Self::UInt64 | Self::Float64 | Self::Timestamp { .. } => Some(8),
            Self::Decimal(_) => Some(16),
        }
    }

    /// The Arrow type; `zone` labels timestamps that were written with an offset.
    pub fn data_type(self, zone: &str) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Bool => DataType::Boolean,
            Self::Int64 => DataType::Int64,
            Self::UInt64 => DataType::UInt64,
            Self::Decimal(scale) => DataType::Decimal128(DECIMAL_DIGITS, scale as i8),
            Self::Float64 => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Timestamp { nanos, zoned } => DataType::Timestamp(
                if nanos { TimeUnit::Nanosecond } else { TimeUnit::Microsecond },
                zoned.then(|| zone.into()),
            ),
            Self::Text => DataType::LargeUtf8,
        }
    }
}
