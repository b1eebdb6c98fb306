//! Which Arrow types can be ids, and which of them can meet in one graph.

use arrow::array::Array;
use arrow::datatypes::DataType;

use super::{Column, refuse};
use crate::GraphError;

/// Kinds of ids; ids of different kinds never match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Text,
    Binary,
    Date,
    Boolean,
}

impl Kind {
    /// The kind of a type, or `None` if it cannot be an id.
    pub(super) fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            other if other.is_integer() => Some(Self::Integer),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Self::Text),
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Some(Self::Binary),
            DataType::Date32 => Some(Self::Date),
            DataType::Boolean => Some(Self::Boolean),
            DataType::Dictionary(_, values) => Self::of(values),
            _ => None,
        }
    }
}

/// The kind that all chunks of all columns share; integers if there are no chunks.
pub(super) fn common_kind(columns: &[Column]) -> Result<Kind, GraphError> {
    let mut first: Option<(Kind, &Column, &DataType)> = None;
    for column in columns {
        for chunk in column.chunks {
            let found = chunk.data_type();
            let kind = Kind::of(found).ok_or_else(|| refuse(column.side, found))?;
            match first {
                None => first = Some((kind, column, found)),
                Some((expected, left, left_type)) if expected != kind => {
                    return Err(differ((left, left_type), (column, found)));
                }
                Some(_) => {}
            }
        }
    }
    Ok(first.map_or(Kind::Integer, |(kind, ..)| kind))
}

/// The error for two columns without a common type.
pub(super) fn differ(left: (&Column, &DataType), right: (&Column, &DataType)) -> GraphError {
    GraphError::IdTypesDiffer {
        left: left.0.side,
        left_type: type_name(left.1),
        right: right.0.side,
        right_type: type_name(right.1),
    }
}

/// A dictionary's values, any other type itself.
pub(super) fn plain(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => plain(values),
        other => other,
    }
}

/// A type as messages name it: `int64`, `string`, `date`.
pub(crate) fn type_name(data_type: &DataType) -> String {
    match plain(data_type) {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".into(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "binary".into(),
        DataType::Date32 | DataType::Date64 => "date".into(),
        DataType::Boolean => "bool".into(),
        other => other.to_string().to_lowercase(),
    }
}
