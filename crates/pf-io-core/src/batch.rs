//! Sizes, columns by name, and lossless casts of batches.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayData, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::buffer::NullBuffer;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

/// The fields of `schema` at `projection`, in that order; all of them without one.
pub fn project_schema(schema: &SchemaRef, projection: Option<&[usize]>) -> SchemaRef {
    match projection {
        None => Arc::clone(schema),
        Some(indices) => {
            let fields: Vec<_> =
                indices.iter().filter_map(|&index| schema.fields().get(index).cloned()).collect();
            Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
        }
    }
}

/// A batch that keeps its row count even without columns.
pub fn batch_of(
    schema: &SchemaRef,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, ArrowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

/// A cast that fails where a value does not fit, instead of making it null.
pub(crate) fn cast_exact(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}

/// Counts the memory of arrays that stay, each block once: those of a column may share a dictionary.
#[derive(Default)]
pub(crate) struct Held {
    blocks: HashSet<usize>,
    bytes: u64,
}

impl Held {
    /// Adds what the array holds; the bytes of all so far.
    pub fn add(&mut self, array: &dyn Array) -> u64 {
        self.add_data(&array.to_data());
        self.bytes
    }

    fn add_data(&mut self, data: &ArrayData) {
        for buffer in data.buffers().iter().chain(data.nulls().map(NullBuffer::buffer)) {
            if self.blocks.insert(buffer.data_ptr().addr().get()) {
                self.bytes += buffer.capacity() as u64;
            }
        }
        data.child_data().iter().for_each(|child| self.add_data(child));
    }
}

/// Bytes of the values of an array that may be a slice of a larger one.
pub(crate) fn slice_bytes(array: &ArrayRef) -> usize {
    // A view has its length in its low half; short texts lie in the view itself.
    let views = |views: &[u128]| -> usize {
        let long = |&view: &u128| Some((view as u32) as usize).filter(|&length| length > 12);
        size_of_val(views) + views.iter().filter_map(long).sum::<usize>()
    };
    match array.data_type() {
        DataType::Utf8View => views(array.as_string_view().views()),
        DataType::BinaryView => views(array.as_binary_view().views()),
        _ => {
            let size = array.to_data().get_slice_memory_size();
            size.unwrap_or_else(|_| array.get_array_memory_size())
        }
    }
}

/// The name of a type as users write it: `int64`, `timestamp(us, UTC)`, `decimal(10,2)`.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "bool".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "binary".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Timestamp(unit, zone) => {
            let unit = unit_name(*unit);
            zone.as_ref().map_or_else(
                || format!("timestamp({unit})"),
                |zone| format!("timestamp({unit}, {zone})"),
            )
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            "list".to_owned()
        }
        DataType::Time32(unit) | DataType::Time64(unit) => {
            let width = if matches!(data_type, DataType::Time32(_)) { 32 } else { 64 };
            format!("time{width}[{}]", unit_name(*unit))
        }
        DataType::Struct(_) => "struct".to_owned(),
        DataType::Map(..) => "map".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

/// Says what is nearest to a name that does not exist: `did you mean 'arr_delay'? columns: a, b (8)`.
pub fn nearest_name<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let listed = names.iter().take(12).copied().collect::<Vec<_>>().join(", ");
    let more = if names.len() > 12 { ", ..." } else { "" };
    let columns = format!("columns: {listed}{more} ({})", names.len());
    match nearest(wanted, names.iter().copied()) {
        Some(name) => format!("did you mean '{name}'? {columns}"),
        None => columns,
    }
}

/// The name that `wanted` may be meant to be.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, name) = names.map(|name| (distance(wanted, name), name)).min()?;
    (distance <= 1 + wanted.chars().count() / 3).then_some(name)
}

/// Edits between two names, ignoring case first.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().take(100).collect();
    let right: Vec<char> = right.to_lowercase().chars().take(100).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(a != b)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{DictionaryArray, Int32Array, StringArray};

    use super::*;

    #[test]
    fn test_what_arrays_share_is_held_once() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(10_000), "y".repeat(10)]));
        let with = |texts: &ArrayRef| {
            let keys = Int32Array::from(vec![Some(0), None, Some(1)]);
            DictionaryArray::new(keys, Arc::clone(texts))
        };
        let mut held = Held::default();
        let (one, two) = (with(&texts), with(&texts));
        let first = held.add(&one);
        assert!((10_010..11_000).contains(&first));
        assert!((1..1000).contains(&(held.add(&two) - first)), "only its own keys");
        assert_eq!(held.add(&two.slice(1, 1)), held.add(&one), "nothing new");
        let other: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(10_000), "y".repeat(10)]));
        let three = with(&other);
        assert!(held.add(&three) > 20_000);
    }
}
