//! Arrow unions as structs or JSON text, for tables that cannot hold unions; and arrays brought to
//! another form of the same type.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, LargeStringBuilder, ListArray, MapArray, StructArray,
    UnionArray, make_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Float32Type, Float64Type, UnionFields};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::json::write_text;
use super::options::Unions;
use crate::batch::cast_exact;
use crate::types::StringType;

/// `data_type` with its unions as `unions` wants them.
pub(super) fn without_unions(
    data_type: &DataType,
    unions: Unions,
    strings: StringType,
) -> DataType {
    let field = |field: &FieldRef| {
        let data_type = without_unions(field.data_type(), unions, strings);
        Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
    };
    match data_type {
        DataType::List(item) => DataType::List(field(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(field(entries), *sorted),
        DataType::Union(fields, mode) => match unions {
            Unions::Arrow => {
                let fields = fields.iter().map(|(id, branch)| (id, field(branch)));
                DataType::Union(fields.collect::<UnionFields>(), *mode)
            }
            Unions::Struct => DataType::Struct(
                branches(fields)
                    .map(|(_, branch)| {
                        let inner = without_unions(branch.data_type(), unions, strings);
                        Arc::new(Field::new(branch.name(), inner, true))
                    })
                    .collect(),
            ),
            Unions::Json => strings.text(),
        },
        other => other.clone(),
    }
}

/// The branches that are not null.
fn branches(fields: &UnionFields) -> impl Iterator<Item = (i8, &FieldRef)> {
    fields.iter().filter(|(_, field)| *field.data_type() != DataType::Null)
}

/// The values of `array` as `target`; unions may become structs or text.
pub(super) fn reshape(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == target {
        return Ok(Arc::clone(array));
    }
    let nulls = array.nulls().cloned();
    Ok(match (array.data_type(), target) {
        (DataType::List(_), DataType::List(field)) => {
            let list = array.as_list::<i32>();
            let values = reshape(list.values(), field.data_type())?;
            let offsets = list.offsets().clone();
            Arc::new(ListArray::try_new(Arc::clone(field), offsets, values, nulls)?)
        }
        (DataType::Struct(_), DataType::Struct(fields)) => {
            Arc::new(reshape_struct(array.as_struct(), fields)?)
        }
        (DataType::Map(..), DataType::Map(field, sorted)) => {
            let map = array.as_map();
            let DataType::Struct(fields) = field.data_type() else {
                return cast_exact(array, target);
            };
            let entries = reshape_struct(map.entries(), fields)?;
            let offsets = map.offsets().clone();
            Arc::new(MapArray::try_new(Arc::clone(field), offsets, entries, nulls, *sorted)?)
        }
        (DataType::Union(..), DataType::Union(fields, _)) => {
            let union = array.as_union();
            let children = fields
                .iter()
                .map(|(id, field)| reshape(union.child(id), field.data_type()))
                .collect::<Result<Vec<_>, _>>()?;
            let (types, places) = (union.type_ids().clone(), union.offsets().cloned());
            Arc::new(UnionArray::try_new(fields.clone(), types, places, children)?)
        }
        (DataType::Union(from, _), DataType::Struct(fields)) => {
            Arc::new(exploded(array.as_union(), from, fields)?)
        }
        (DataType::Union(..), text) => cast_exact(&as_json(array)?, text)?,
        _ => cast_exact(array, target)?,
    })
}

fn reshape_struct(array: &StructArray, fields: &Fields) -> Result<StructArray, ArrowError> {
    if fields.is_empty() {
        return Ok(array.clone());
    }
    let columns = array
        .columns()
        .iter()
        .zip(fields)
        .map(|(column, field)| reshape(column, field.data_type()))
        .collect::<Result<Vec<_>, _>>()?;
    StructArray::try_new(fields.clone(), columns, array.nulls().cloned())
}

/// One column per branch, null where another branch has the value.
fn exploded(
    union: &UnionArray,
    from: &UnionFields,
    fields: &Fields,
) -> Result<StructArray, ArrowError> {
    let rows = union.len();
    let mut columns = Vec::with_capacity(fields.len());
    for ((id, _), field) in branches(from).zip(fields) {
        let places: Int32Array = (0..rows)
            .map(|row| (union.type_id(row) == id).then(|| union.value_offset(row) as i32))
            .collect();
        let values = reshape(union.child(id), field.data_type())?;
        columns.push(take(&values, &places, None)?);
    }
    let null = from.iter().find(|(_, field)| *field.data_type() == DataType::Null);
    let nulls =
        null.map(|(id, _)| (0..rows).map(|row| union.type_id(row) != id).collect::<NullBuffer>());
    StructArray::try_new(fields.clone(), columns, nulls)
}

/// The JSON text of every value; nulls stay null.
fn as_json(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let mut out = LargeStringBuilder::new();
    let mut text = String::new();
    for row in 0..array.len() {
        text.clear();
        write_json(array, row, &mut text)?;
        if text == "null" { out.append_null() } else { out.append_value(&text) }
    }
    Ok(Arc::new(out.finish()))
}

fn write_json(array: &ArrayRef, row: usize, out: &mut String) -> Result<(), ArrowError> {
    if array.is_null(row) {
        out.push_str("null");
        return Ok(());
    }
    let sequence = |out: &mut String, values: &ArrayRef| {
        out.push('[');
        for item in 0..values.len() {
            if item > 0 {
                out.push(',');
            }
            write_json(values, item, out)?;
        }
        out.push(']');
        Ok::<_, ArrowError>(())
    };
    match array.data_type() {
        DataType::Null => out.push_str("null"),
        DataType::Union(..) => {
            let union = array.as_union();
            let child = union.child(union.type_id(row));
            write_json(child, union.value_offset(row), out)?;
        }
        DataType::List(_) => sequence(out, &array.as_list::<i32>().value(row))?,
        DataType::Struct(fields) => {
            out.push('{');
            let columns = array.as_struct().columns();
            for (index, (field, column)) in fields.iter().zip(columns).enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(out, field.name());
                out.push(':');
                write_json(column, row, out)?;
            }
            out.push('}');
        }
        DataType::Map(..) => {
            let entries: ArrayRef = Arc::new(array.as_map().value(row));
            let [keys, values] = entries.as_struct().columns() else {
                return Err(ArrowError::SchemaError("a map without keys and values".to_owned()));
            };
            let format = FormatOptions::default();
            let keys = ArrayFormatter::try_new(keys, &format)?;
            out.push('{');
            for item in 0..values.len() {
                if item > 0 {
                    out.push(',');
                }
                write_text(out, &keys.value(item).to_string());
                out.push(':');
                write_json(values, item, out)?;
            }
            out.push('}');
        }
        // Avro's own JSON: bytes are the characters of the same numbers.
        DataType::Binary => write_bytes(out, array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => write_bytes(out, array.as_binary::<i64>().value(row)),
        DataType::BinaryView => write_bytes(out, array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => {
            write_bytes(out, array.as_fixed_size_binary().value(row));
        }
        DataType::Float32 if !array.as_primitive::<Float32Type>().value(row).is_finite() => {
            let value = array.as_primitive::<Float32Type>().value(row);
            write_text(out, &value.to_string());
        }
        DataType::Float64 if !array.as_primitive::<Float64Type>().value(row).is_finite() => {
            let value = array.as_primitive::<Float64Type>().value(row);
            write_text(out, &value.to_string());
        }
        // Text of an instant in UTC, which needs no time zone data.
        DataType::Timestamp(unit, Some(_)) => {
            let local = array.slice(row, 1).to_data().into_builder();
            let local = make_array(local.data_type(DataType::Timestamp(*unit, None)).build()?);
            let format = FormatOptions::default();
            let value = ArrayFormatter::try_new(&local, &format)?.value(0).to_string();
            write_text(out, &(value + "Z"));
        }
        data_type => {
            let format = FormatOptions::default();
            let value = ArrayFormatter::try_new(array, &format)?.value(row).to_string();
            if data_type.is_numeric()
                && !matches!(data_type, DataType::Decimal128(..) | DataType::Decimal256(..))
                || *data_type == DataType::Boolean
            {
                out.push_str(&value);
            } else {
                write_text(out, &value);
            }
        }
    }
    Ok(())
}

fn write_bytes(out: &mut String, bytes: &[u8]) {
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    write_text(out, &text);
}
