//! Column statistics of a footer: typed bounds, merged over all row groups.
//!
//! Statistics are hints that writers got wrong in several ways, so a bound is used only if it must
//! be right: the deprecated pair counts for signed numbers alone (it was compared as signed bytes),
//! so does any bound without a stated order; int96 has none; a NaN among float bounds voids both;
//! the two zeros are one. Bounds of floats leave NaN out: a column with `max` 1.0 may hold NaN.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Float64Array, Int32Array,
    Int64Array, StringArray, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema, TimeUnit as ArrowUnit};
use arrow::util::display::array_value_to_string;
use parquet::basic::{ColumnOrder, LogicalType, SortOrder, TimeUnit, Type};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescriptor;
use serde::{Serialize, Serializer};

use crate::batch::type_name;

/// A bound as stored: the number a type is made of, or its bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// False or true.
    Bool(bool),
    /// Any integer, date, time, timestamp, or a decimal without its point.
    Int(i128),
    /// A float, neither NaN nor -0.0.
    Float(f64),
    /// Text or binary.
    Bytes(Vec<u8>),
}

impl Scalar {
    /// The order of the column; none between two kinds.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            (Self::Int(left), Self::Int(right)) => Some(left.cmp(right)),
            (Self::Float(left), Self::Float(right)) => left.partial_cmp(right),
            (Self::Bytes(left), Self::Bytes(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

/// What the statistics of one column chunk promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    /// No value is smaller.
    pub min: Scalar,
    /// No value is larger, NaN aside.
    pub max: Scalar,
    /// How many values are null, if stored.
    pub null_count: Option<u64>,
    /// Both bounds are values of the column.
    pub exact: bool,
}

/// Bounds of a column chunk, or none that can be trusted.
pub fn bounds(chunk: &ColumnChunkMetaData, order: ColumnOrder) -> Option<Bounds> {
    let statistics = chunk.statistics()?;
    let descriptor = chunk.column_descr();
    if !is_ordered(descriptor, order)
        || (statistics.is_min_max_deprecated() && !is_signed_number(descriptor))
    {
        return None;
    }
    let scalar = |bytes: Option<&[u8]>| scalar(descriptor, bytes?);
    let (min, max) = (scalar(statistics.min_bytes_opt())?, scalar(statistics.max_bytes_opt())?);
    if min.compare(&max)? == Ordering::Greater {
        return None;
    }
    // Only byte arrays are ever cut; without the flag one cannot know.
    let whole = descriptor.physical_type() != Type::BYTE_ARRAY
        || (statistics.min_is_exact() && statistics.max_is_exact());
    Some(Bounds { min, max, null_count: statistics.null_count_opt(), exact: whole })
}

fn is_signed_number(descriptor: &ColumnDescriptor) -> bool {
    matches!(descriptor.physical_type(), Type::INT32 | Type::INT64 | Type::FLOAT | Type::DOUBLE)
        && descriptor.sort_order() == SortOrder::SIGNED
}

/// Whether bounds of a column were found by an order that is known.
pub(super) fn is_ordered(descriptor: &ColumnDescriptor, order: ColumnOrder) -> bool {
    let defined = matches!(order, ColumnOrder::TYPE_DEFINED_ORDER(_));
    (defined || is_signed_number(descriptor)) && descriptor.sort_order() != SortOrder::UNDEFINED
}

/// A bound's bytes as the number they mean; none for NaN, int96, and bytes of a wrong length.
pub(super) fn scalar(descriptor: &ColumnDescriptor, bytes: &[u8]) -> Option<Scalar> {
    let unsigned = descriptor.sort_order() == SortOrder::UNSIGNED;
    let decimal = matches!(descriptor.logical_type_ref(), Some(LogicalType::Decimal(_)))
        || descriptor.converted_type() == parquet::basic::ConvertedType::DECIMAL;
    let float = |value: f64| (!value.is_nan()).then_some(Scalar::Float(value + 0.0));
    match descriptor.physical_type() {
        Type::BOOLEAN => Some(Scalar::Bool(*bytes.first()? != 0)),
        Type::INT32 => {
            let bytes = bytes.try_into().ok()?;
            Some(Scalar::Int(if unsigned {
                u32::from_le_bytes(bytes).into()
            } else {
                i32::from_le_bytes(bytes).into()
            }))
        }
        Type::INT64 => {
            let bytes = bytes.try_into().ok()?;
            Some(Scalar::Int(if unsigned {
                u64::from_le_bytes(bytes).into()
            } else {
                i64::from_le_bytes(bytes).into()
            }))
        }
        Type::FLOAT => float(f32::from_le_bytes(bytes.try_into().ok()?).into()),
        Type::DOUBLE => float(f64::from_le_bytes(bytes.try_into().ok()?)),
        Type::INT96 => None,
        Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY if decimal => {
            if bytes.is_empty() || bytes.len() > 16 {
                return None;
            }
            let fill = if bytes[0] & 0x80 == 0 { 0 } else { 0xff };
            let mut wide = [fill; 16];
            wide[16 - bytes.len()..].copy_from_slice(bytes);
            Some(Scalar::Int(i128::from_be_bytes(wide)))
        }
        Type::FIXED_LEN_BYTE_ARRAY
            if matches!(descriptor.logical_type_ref(), Some(LogicalType::Float16)) =>
        {
            let bits = u16::from_le_bytes(bytes.try_into().ok()?);
            float(half_to_f64(bits))
        }
        Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => Some(Scalar::Bytes(bytes.to_vec())),
    }
}

fn half_to_f64(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (fraction + 1024.0) * 2_f64.powi(exponent - 25),
    }
}

/// A value with its type, as predicates and reports write it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TypedValue {
    /// The type's name, such as `int64` or `timestamp(us, UTC)`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value.
    pub value: Json,
}

/// A JSON scalar.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An integer above the signed ones.
    UInt(u64),
    /// A float; infinities become text.
    Float(f64),
    /// Text; ISO for dates and times, decimal digits, hexadecimal for binary.
    Text(String),
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::UInt(value) => serializer.serialize_u64(*value),
            Self::Float(value) if value.is_nan() => serializer.serialize_str("NaN"),
            Self::Float(value) if value.is_infinite() => {
                serializer.serialize_str(if *value > 0.0 { "Infinity" } else { "-Infinity" })
            }
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
        }
    }
}

/// Statistics of one leaf column over the whole file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnStatistics {
    /// The dotted path; the name, unless nested.
    pub name: String,
    /// The type's name, which the bounds have too.
    #[serde(skip)]
    pub kind: String,
    /// The smallest value, or a bound below it; none unless every row group tells.
    pub min: Option<TypedValue>,
    /// The largest value, or a bound above it; NaN does not count.
    pub max: Option<TypedValue>,
    /// How many values are null; none unless every row group tells.
    pub null_count: Option<u64>,
    /// How many values differ; only for a file of one row group.
    pub distinct_count: Option<u64>,
    /// `min` and `max` are values of the column, not bounds cut short.
    pub exact: bool,
}

/// Statistics of all leaf columns in file order.
pub(super) fn merged(metadata: &ParquetMetaData, schema: &Schema) -> Vec<ColumnStatistics> {
    let descriptor = metadata.file_metadata().schema_descr();
    let leaves = 0..descriptor.num_columns();
    leaves.map(|leaf| merged_leaf(metadata, schema, leaf)).collect()
}

fn merged_leaf(metadata: &ParquetMetaData, schema: &Schema, leaf: usize) -> ColumnStatistics {
    let file = metadata.file_metadata();
    let descriptor = file.schema_descr().column(leaf);
    let root = file.schema_descr().get_column_root_idx(leaf);
    let flat = descriptor.path().parts().len() == 1;
    let arrow = schema.fields().get(root).filter(|_| flat).map(|field| field.data_type().clone());
    let arrow = match arrow {
        Some(DataType::Dictionary(_, values)) => Some(*values),
        other => other,
    };
    let chunks: Vec<&ColumnChunkMetaData> =
        metadata.row_groups().iter().filter_map(|group| group.columns().get(leaf)).collect();
    let null_counts = chunks.iter().map(|chunk| chunk.statistics()?.null_count_opt());
    let null_count = null_counts.sum::<Option<u64>>();
    let distinct_count = match chunks.as_slice() {
        [only] => only.statistics().and_then(Statistics::distinct_count_opt),
        _ => None,
    };
    // A row group without values bounds nothing.
    let valued = chunks.iter().filter(|chunk| {
        let nulls = chunk.statistics().and_then(Statistics::null_count_opt);
        chunk.num_values() > 0 && nulls != u64::try_from(chunk.num_values()).ok()
    });
    let each: Option<Vec<Bounds>> =
        valued.map(|chunk| bounds(chunk, file.column_order(leaf))).collect();
    let whole = each.and_then(|each| each.into_iter().map(Some).reduce(merge).flatten());
    let kind = arrow.as_ref().map_or_else(|| leaf_kind(&descriptor), type_name);
    let exact = whole.as_ref().is_some_and(|whole| whole.exact);
    let (min, max) = whole
        .and_then(|whole| {
            let show = |bound: Scalar| {
                let value = render(&descriptor, arrow.as_ref(), bound)?;
                Some(TypedValue { kind: kind.clone(), value })
            };
            Some((show(whole.min)?, show(whole.max)?))
        })
        .unzip();
    let exact = exact && min.is_some();
    let name = descriptor.path().string();
    ColumnStatistics { name, kind, min, max, null_count, distinct_count, exact }
}

fn merge(left: Option<Bounds>, right: Option<Bounds>) -> Option<Bounds> {
    let (left, right) = (left?, right?);
    let min = if left.min.compare(&right.min)? == Ordering::Greater { right.min } else { left.min };
    let max = if left.max.compare(&right.max)? == Ordering::Less { right.max } else { left.max };
    let null_count = left.null_count.zip(right.null_count).map(|(left, right)| left + right);
    Some(Bounds { min, max, null_count, exact: left.exact && right.exact })
}

/// The type's name of a nested leaf, from the storage alone.
pub(super) fn leaf_kind(descriptor: &ColumnDescriptor) -> String {
    let unsigned = descriptor.sort_order() == SortOrder::UNSIGNED;
    let utf8 = matches!(descriptor.logical_type_ref(), Some(LogicalType::String))
        || descriptor.converted_type() == parquet::basic::ConvertedType::UTF8;
    let kind = match (descriptor.logical_type_ref(), descriptor.physical_type()) {
        (Some(LogicalType::Decimal(decimal)), _) => {
            return format!("decimal({},{})", decimal.precision, decimal.scale);
        }
        (Some(LogicalType::Date), _) => "date",
        (Some(LogicalType::Timestamp(timestamp)), _) => {
            let unit = arrow_unit(timestamp.unit);
            let zone = timestamp.is_adjusted_to_u_t_c.then(|| "UTC".into());
            return type_name(&DataType::Timestamp(unit, zone));
        }
        (_, Type::BOOLEAN) => "bool",
        (_, Type::INT32) if unsigned => "uint32",
        (_, Type::INT32) => "int32",
        (_, Type::INT64) if unsigned => "uint64",
        (_, Type::INT64) => "int64",
        (_, Type::FLOAT) => "float32",
        (_, Type::DOUBLE) => "float64",
        _ if utf8 => "string",
        _ => "binary",
    };
    kind.to_owned()
}

fn arrow_unit(unit: TimeUnit) -> ArrowUnit {
    match unit {
        TimeUnit::MILLIS => ArrowUnit::Millisecond,
        TimeUnit::MICROS => ArrowUnit::Microsecond,
        TimeUnit::NANOS => ArrowUnit::Nanosecond,
    }
}

/// The JSON form of a bound. The file's unit counts, which may be finer than the table's.
fn render(descriptor: &ColumnDescriptor, arrow: Option<&DataType>, bound: Scalar) -> Option<Json> {
    let number = match bound {
        Scalar::Bool(value) => return Some(Json::Bool(value)),
        Scalar::Float(value) => return Some(Json::Float(value)),
        Scalar::Bytes(bytes) => return text_or_hex(descriptor, arrow, &bytes).map(Json::Text),
        Scalar::Int(number) => number,
    };
    let Some(stored) = stored_type(descriptor, arrow) else {
        return match i64::try_from(number) {
            Ok(number) => Some(Json::Int(number)),
            Err(_) => u64::try_from(number).ok().map(Json::UInt),
        };
    };
    let array = stored_array(number, &stored)?;
    array_value_to_string(&array, 0).ok().filter(|text| !text.is_empty()).map(Json::Text)
}

/// A bound as an array of one row, as the column comes out; none if its type has no such bounds.
pub(super) fn as_array(
    descriptor: &ColumnDescriptor,
    data_type: &DataType,
    bound: &Scalar,
) -> Option<ArrayRef> {
    let data_type = match data_type {
        DataType::Dictionary(_, values) => values,
        other => other,
    };
    let array: ArrayRef = match bound {
        Scalar::Bool(value) => Arc::new(BooleanArray::from(vec![*value])),
        Scalar::Float(value) => Arc::new(Float64Array::from(vec![*value])),
        Scalar::Bytes(bytes) => match data_type {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                Arc::new(StringArray::from(vec![std::str::from_utf8(bytes).ok()?]))
            }
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
                Arc::new(BinaryArray::from_vec(vec![bytes.as_slice()]))
            }
            _ => return None,
        },
        Scalar::Int(number) => match stored_type(descriptor, Some(data_type)) {
            Some(stored) => stored_array(*number, &stored)?,
            None => match u64::try_from(*number) {
                Ok(number) => Arc::new(UInt64Array::from(vec![number])),
                Err(_) => Arc::new(Int64Array::from(vec![i64::try_from(*number).ok()?])),
            },
        },
    };
    // A value that does not fit becomes null.
    cast(&array, data_type).ok().filter(|array| array.is_valid(0))
}

/// What the numbers of a column mean, unless they are just numbers.
fn stored_type(descriptor: &ColumnDescriptor, arrow: Option<&DataType>) -> Option<DataType> {
    // An instant is written in UTC: the tables that other zones need may be missing.
    let timestamp = |unit, zoned: bool| DataType::Timestamp(unit, zoned.then(|| "+00:00".into()));
    Some(match (descriptor.logical_type_ref(), arrow) {
        (Some(LogicalType::Decimal(decimal)), _) => {
            DataType::Decimal128(38, i8::try_from(decimal.scale).ok()?)
        }
        (None, Some(DataType::Decimal128(_, scale))) => DataType::Decimal128(38, *scale),
        (Some(LogicalType::Date), _) | (_, Some(DataType::Date32)) => DataType::Date32,
        (Some(LogicalType::Timestamp(stored)), arrow) => {
            let zoned = match arrow {
                Some(DataType::Timestamp(_, zone)) => zone.is_some(),
                _ => stored.is_adjusted_to_u_t_c,
            };
            timestamp(arrow_unit(stored.unit), zoned)
        }
        (_, Some(DataType::Timestamp(unit, zone))) => timestamp(*unit, zone.is_some()),
        (Some(LogicalType::Time(time)), _) => match arrow_unit(time.unit) {
            ArrowUnit::Millisecond => DataType::Time32(ArrowUnit::Millisecond),
            unit => DataType::Time64(unit),
        },
        _ => return None,
    })
}

fn stored_array(number: i128, stored: &DataType) -> Option<ArrayRef> {
    let values: ArrayRef = match stored {
        DataType::Decimal128(_, scale) => return decimal_array(number, *scale),
        DataType::Date32 | DataType::Time32(_) => {
            Arc::new(Int32Array::from(vec![i32::try_from(number).ok()?]))
        }
        _ => Arc::new(Int64Array::from(vec![i64::try_from(number).ok()?])),
    };
    cast(&values, stored).ok()
}

fn decimal_array(value: i128, scale: i8) -> Option<ArrayRef> {
    let array = Decimal128Array::from(vec![value]).with_precision_and_scale(38, scale).ok()?;
    Some(Arc::new(array))
}

fn text_or_hex(
    descriptor: &ColumnDescriptor,
    arrow: Option<&DataType>,
    bytes: &[u8],
) -> Option<String> {
    let text = match arrow {
        Some(DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => true,
        Some(_) => false,
        None => leaf_kind(descriptor) == "string",
    };
    if text {
        return std::str::from_utf8(bytes).ok().map(str::to_owned);
    }
    let digit = |half: u8| char::from_digit(half.into(), 16);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
