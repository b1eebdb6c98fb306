//! Columns whose unit Parquet has no name for, in one that it has.
//!
//! arrow-rs would store seconds and `Date64` as bare integers, which only arrow-rs reads as what
//! they were. Seconds become milliseconds and `Date64` becomes `Date32`, as in pyarrow's writer; a
//! value that does not fit is an error.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, FieldRef, Schema, TimeUnit};

use crate::batch::type_name;
use crate::{IoError, Result};

/// `schema` as the file will have it.
pub(super) fn stored_schema(schema: &Schema) -> Schema {
    let fields: Vec<FieldRef> = schema.fields().iter().map(stored_field).collect();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

/// The columns of `batch` as `schema`, the stored one, has them.
pub(super) fn stored_columns(
    dest: &Path,
    schema: &Schema,
    batch: &RecordBatch,
) -> Result<Vec<ArrayRef>> {
    let columns = schema.fields().iter().zip(batch.columns());
    columns.map(|(field, column)| stored_column(dest, field, column)).collect()
}

fn stored_column(dest: &Path, field: &FieldRef, column: &ArrayRef) -> Result<ArrayRef> {
    let (from, to) = (column.data_type(), field.data_type());
    if from == to {
        return Ok(Arc::clone(column));
    }
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let refused = |reason: &str| {
        let (name, from, to) = (field.name(), type_name(from), type_name(to));
        let message = format!("column '{name}': {from} is stored as {to}, and {reason}");
        IoError::refused(dest, message)
    };
    let stored =
        cast_with_options(column, to, &strict).map_err(|error| refused(&error.to_string()))?;
    if holds_dates_of_64_bits(from) {
        let back =
            cast_with_options(&stored, from, &strict).map_err(|e| refused(&e.to_string()))?;
        if back.to_data() != column.to_data() {
            return Err(refused("a value is not a whole day"));
        }
    }
    Ok(stored)
}

fn stored_field(field: &FieldRef) -> FieldRef {
    let data_type = stored_type(field.data_type());
    if &data_type == field.data_type() {
        return Arc::clone(field);
    }
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}

fn stored_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Timestamp(TimeUnit::Second, zone) => {
            DataType::Timestamp(TimeUnit::Millisecond, zone.clone())
        }
        DataType::Time32(TimeUnit::Second) => DataType::Time32(TimeUnit::Millisecond),
        DataType::Date64 => DataType::Date32,
        DataType::List(item) => DataType::List(stored_field(item)),
        DataType::LargeList(item) => DataType::LargeList(stored_field(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(stored_field(item), *size),
        DataType::Map(entries, sorted) => DataType::Map(stored_field(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(stored_field).collect()),
        DataType::Dictionary(keys, values) => {
            DataType::Dictionary(keys.clone(), Box::new(stored_type(values)))
        }
        other => other.clone(),
    }
}

fn holds_dates_of_64_bits(data_type: &DataType) -> bool {
    match data_type {
        DataType::Date64 => true,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => holds_dates_of_64_bits(item.data_type()),
        DataType::Struct(fields) => {
            fields.iter().any(|field| holds_dates_of_64_bits(field.data_type()))
        }
        DataType::Dictionary(_, values) => holds_dates_of_64_bits(values),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Date64Array, StructArray, TimestampSecondArray};
    use arrow::datatypes::Field;

    use super::*;

    fn store(column: ArrayRef) -> Result<ArrayRef> {
        let given = Schema::new(vec![Field::new("c", column.data_type().clone(), true)]);
        let batch = RecordBatch::try_new(Arc::new(given.clone()), vec![column]).unwrap();
        let columns = stored_columns(Path::new("t"), &stored_schema(&given), &batch)?;
        Ok(Arc::clone(&columns[0]))
    }

    #[test]
    fn test_seconds_become_milliseconds_or_an_error() {
        let given = TimestampSecondArray::from(vec![Some(7), None]).with_timezone("Asia/Tokyo");
        let stored = store(Arc::new(given)).unwrap();
        let zone = Some("Asia/Tokyo".into());
        assert_eq!(stored.data_type(), &DataType::Timestamp(TimeUnit::Millisecond, zone));
        assert_eq!(stored.null_count(), 1);
        let error = store(Arc::new(TimestampSecondArray::from(vec![i64::MAX]))).unwrap_err();
        assert!(error.to_string().contains("column 'c'"), "{error}");
    }

    #[test]
    fn test_dates_of_64_bits_are_whole_days_or_an_error_at_any_depth() {
        let day = 86_400_000;
        let nested = |value: i64| -> ArrayRef {
            let dates: ArrayRef = Arc::new(Date64Array::from(vec![Some(value), None]));
            let field = Arc::new(Field::new("d", DataType::Date64, true));
            Arc::new(StructArray::from(vec![(field, dates)]))
        };
        let stored = store(nested(-3 * day)).unwrap();
        assert!(!holds_dates_of_64_bits(stored.data_type()));
        for column in [nested(day + 1), Arc::new(Date64Array::from(vec![-1])) as ArrayRef] {
            let error = store(column).unwrap_err();
            assert!(error.to_string().contains("whole day"), "{error}");
        }
    }
}
