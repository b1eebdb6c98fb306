//! The Arrow types that Avro types become.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit, UnionFields, UnionMode};

use super::options::{AvroReadOptions, Enums};
use super::schema::Node;
use crate::types::StringType;

impl Node {
    /// The fewest bytes a value takes.
    pub fn min_width(&self) -> usize {
        match self {
            Self::Null => 0,
            Self::Float => 4,
            Self::Double => 8,
            Self::Uuid => 33,
            Self::Fixed { size, .. } | Self::Decimal { size: Some(size), .. } => *size,
            Self::Duration { .. } => 12,
            Self::Record { fields, .. } => {
                fields.iter().map(|(_, node)| node.min_width()).fold(0, usize::saturating_add)
            }
            _ => 1,
        }
    }

    /// The Arrow type, as `options` want it.
    pub fn data_type(&self, options: TypeOptions) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Bytes => options.strings.binary(),
            Self::Text => options.strings.text(),
            Self::Date => DataType::Date32,
            Self::TimeMillis => DataType::Time32(TimeUnit::Millisecond),
            Self::TimeMicros => DataType::Time64(TimeUnit::Microsecond),
            Self::Timestamp(unit, utc) => DataType::Timestamp(*unit, utc.then(|| "UTC".into())),
            Self::Uuid => DataType::FixedSizeBinary(16),
            Self::Fixed { size, .. } => DataType::FixedSizeBinary(*size as i32),
            Self::Decimal { precision, scale, .. } if *precision <= 38 => {
                DataType::Decimal128(*precision, *scale)
            }
            Self::Decimal { precision, scale, .. } => DataType::Decimal256(*precision, *scale),
            Self::Duration { .. } => DataType::Interval(IntervalUnit::MonthDayNano),
            Self::Enum { .. } => match options.enums {
                Enums::Dictionary => {
                    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
                }
                Enums::String => options.strings.text(),
            },
            Self::Array(item) => {
                DataType::List(Arc::new(item.field(Field::LIST_FIELD_DEFAULT_NAME, options)))
            }
            Self::Map(value) => {
                let entries = Fields::from(vec![
                    Field::new("key", options.strings.text(), false),
                    value.field("value", options),
                ]);
                let entries = Field::new("entries", DataType::Struct(entries), false);
                DataType::Map(Arc::new(entries), false)
            }
            Self::Record { fields, .. } => DataType::Struct(
                fields.iter().map(|(name, node)| Arc::new(node.field(name, options))).collect(),
            ),
            Self::Nullable { inner, .. } => inner.data_type(options),
            Self::Union(branches) => {
                let fields = branches.iter().enumerate().map(|(index, node)| {
                    (index as i8, Arc::new(node.field(&node.branch_name(), options)))
                });
                DataType::Union(fields.collect::<UnionFields>(), UnionMode::Dense)
            }
        }
    }

    /// A field of this type.
    pub fn field(&self, name: &str, options: TypeOptions) -> Field {
        Field::new(name, self.data_type(options), self.is_nullable())
    }

    fn is_nullable(&self) -> bool {
        match self {
            Self::Null | Self::Nullable { .. } => true,
            Self::Union(branches) => branches.iter().any(|node| **node == Self::Null),
            _ => false,
        }
    }

    /// What a union's branch of this type is called.
    fn branch_name(&self) -> String {
        let name = match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::Text => "string",
            Self::Date => "date",
            Self::TimeMillis => "time_millis",
            Self::TimeMicros => "time_micros",
            Self::Timestamp(TimeUnit::Millisecond, true) => "timestamp_millis_utc",
            Self::Timestamp(TimeUnit::Millisecond, false) => "timestamp_millis_local",
            Self::Timestamp(TimeUnit::Microsecond, true) => "timestamp_micros_utc",
            Self::Timestamp(TimeUnit::Microsecond, false) => "timestamp_micros_local",
            Self::Timestamp(_, true) => "timestamp_nanos_utc",
            Self::Timestamp(_, false) => "timestamp_nanos_local",
            Self::Uuid => "uuid",
            Self::Decimal { name: None, .. } => "decimal",
            Self::Array(_) => "array",
            Self::Map(_) => "map",
            Self::Nullable { .. } | Self::Union(_) => "union",
            Self::Decimal { name: Some(name), .. }
            | Self::Fixed { name, .. }
            | Self::Duration { name }
            | Self::Enum { name, .. }
            | Self::Record { name, .. } => name,
        };
        name.to_owned()
    }

    /// The same type to the rules of a union, which may hold each once.
    pub fn union_kind(&self) -> String {
        match self {
            Self::Int | Self::Date | Self::TimeMillis => "int".to_owned(),
            Self::Long | Self::TimeMicros | Self::Timestamp(..) => "long".to_owned(),
            Self::Bytes | Self::Decimal { name: None, .. } => "bytes".to_owned(),
            Self::Text | Self::Uuid => "string".to_owned(),
            other => other.branch_name(),
        }
    }
}

/// The options that types depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct TypeOptions {
    pub strings: StringType,
    pub enums: Enums,
}

impl From<&AvroReadOptions> for TypeOptions {
    fn from(options: &AvroReadOptions) -> Self {
        Self { strings: options.string_type, enums: options.enums }
    }
}
