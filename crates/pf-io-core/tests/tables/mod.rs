//! Tables for the tests of the Parquet writer and footer.
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses some of it")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Date64Array,
    Decimal128Array, Decimal256Array, DictionaryArray, DurationMicrosecondArray,
    FixedSizeBinaryArray, FixedSizeListArray, Float16Array, Float32Array, Float64Array, Int8Array,
    Int16Array, Int32Array, Int64Array, Int64Builder, LargeBinaryArray, LargeListArray,
    LargeStringArray, ListArray, MapBuilder, RecordBatch, StringArray, StringBuilder,
    StringViewArray, StructArray, Time32MillisecondArray, Time32SecondArray,
    Time64MicrosecondArray, Time64NanosecondArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt8Array,
    UInt16Array, UInt32Array, UInt64Array,
};
use arrow::datatypes::{Float16Type, Float64Type, Int32Type, i256};

/// The names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A column of every type that Parquet holds, each with nulls in a rhythm of its own.
pub fn every_type(rows: i64) -> RecordBatch {
    let row = move |gap: i64| {
        (0..rows).map(move |row| (row % gap != gap - 1).then_some(row * 2_654_435_761 % 1009 - 300))
    };
    macro_rules! column {
        ($array:ident, $gap:expr, $convert:expr) => {
            Arc::new(row($gap).map(|row| row.map($convert)).collect::<$array>()) as ArrayRef
        };
    }
    let text = |row: i64| format!("text {row} ü");
    let bytes = |row: i64| row.to_le_bytes().to_vec();
    let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(
        row(7).map(|row| row.map(i64::to_le_bytes)),
        8,
    );
    let decimals: Decimal128Array = row(5).map(|row| row.map(i128::from)).collect();
    let wide: Decimal256Array =
        row(5).map(|row| row.map(|row| i256::from_i128(row.into()))).collect();
    let words: DictionaryArray<Int32Type> =
        (0..rows).map(|row| (row % 5 != 0).then(|| ["x", "yy", "z"][(row % 3) as usize])).collect();
    let list =
        |row: Option<i64>| row.map(|row| (0..row.rem_euclid(4)).map(Some).collect::<Vec<_>>());
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(
        row(6).map(|row| list(row).map(|list| list.into_iter().map(|i| i.map(|i| i as i32)))),
    );
    let large_lists = LargeListArray::from_iter_primitive::<Float64Type, _, _>(
        row(4).map(|row| list(row).map(|list| list.into_iter().map(|i| i.map(|i| i as f64)))),
    );
    let fixed_lists = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(
        row(8).map(|row| row.map(|row| [Some(row as i32), None])),
        2,
    );
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    for row in row(9) {
        for entry in 0..row.unwrap_or(0).rem_euclid(3) {
            maps.keys().append_value(format!("k{entry}"));
            maps.values().append_option(row);
        }
        maps.append(row.is_some()).unwrap();
    }
    let inner: ArrayRef = column!(Int64Array, 3, |row| row);
    let structs = StructArray::try_from(vec![("a", inner), ("b", column!(StringArray, 4, text))]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bool", column!(BooleanArray, 3, |row| row % 2 == 0)),
        ("int8", column!(Int8Array, 4, |row| row as i8)),
        ("int16", column!(Int16Array, 5, |row| row as i16)),
        ("int32", column!(Int32Array, 6, |row| row as i32)),
        ("int64", column!(Int64Array, 7, |row| row * 1_000_000_007)),
        ("uint8", column!(UInt8Array, 4, |row| row as u8)),
        ("uint16", column!(UInt16Array, 5, |row| row as u16)),
        ("uint32", column!(UInt32Array, 6, |row| row as u32)),
        ("uint64", column!(UInt64Array, 7, |row| row as u64)),
        ("float16", Arc::new(row(5).map(|row| row.map(half)).collect::<Float16Array>())),
        ("float32", column!(Float32Array, 6, |row| row as f32 / 8.0)),
        ("float64", column!(Float64Array, 7, |row| row as f64 / 3.0)),
        ("text", column!(StringArray, 8, text)),
        ("large_text", column!(LargeStringArray, 9, text)),
        ("text_view", column!(StringViewArray, 10, text)),
        ("binary", column!(BinaryArray, 8, bytes)),
        ("large_binary", column!(LargeBinaryArray, 9, bytes)),
        ("binary_view", column!(BinaryViewArray, 10, bytes)),
        ("fixed", Arc::new(fixed.unwrap())),
        ("date32", column!(Date32Array, 5, |row| row as i32)),
        ("date64", column!(Date64Array, 5, |row| row * 86_400_000)),
        ("time_s", column!(Time32SecondArray, 6, |row| row.rem_euclid(86_400) as i32)),
        ("time_ms", column!(Time32MillisecondArray, 6, |row| row.rem_euclid(86_400) as i32)),
        ("time_us", column!(Time64MicrosecondArray, 6, |row| row.rem_euclid(86_400))),
        ("time_ns", column!(Time64NanosecondArray, 6, |row| row.rem_euclid(86_400))),
        ("stamp_s", column!(TimestampSecondArray, 5, |row| row)),
        ("stamp_ms", column!(TimestampMillisecondArray, 6, |row| row)),
        ("stamp_us", Arc::new(row(7).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))),
        ("stamp_ns", column!(TimestampNanosecondArray, 8, |row| row)),
        ("duration", column!(DurationMicrosecondArray, 5, |row| row)),
        ("decimal", Arc::new(decimals.with_precision_and_scale(10, 2).unwrap())),
        ("wide_decimal", Arc::new(wide.with_precision_and_scale(60, 5).unwrap())),
        ("words", Arc::new(words)),
        ("list", Arc::new(lists)),
        ("large_list", Arc::new(large_lists)),
        ("fixed_list", Arc::new(fixed_lists)),
        ("map", Arc::new(maps.finish())),
        ("struct", Arc::new(structs.unwrap())),
    ];
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// `table` as a Parquet file gives it back: Parquet has no seconds and no days of 64 bits.
#[allow(dead_code, reason = "not every test binary writes Parquet")]
pub fn as_stored(table: &RecordBatch) -> RecordBatch {
    use arrow::datatypes::{DataType, TimeUnit};
    let schema = table.schema();
    let columns = schema.fields().iter().zip(table.columns()).map(|(field, column)| {
        let stored = match field.data_type() {
            DataType::Timestamp(TimeUnit::Second, zone) => {
                DataType::Timestamp(TimeUnit::Millisecond, zone.clone())
            }
            DataType::Time32(_) => DataType::Time32(TimeUnit::Millisecond),
            DataType::Date64 => DataType::Date32,
            other => other.clone(),
        };
        (field.name(), arrow::compute::cast(column, &stored).unwrap(), field.is_nullable())
    });
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn half(row: i64) -> <Float16Type as arrow::datatypes::ArrowPrimitiveType>::Native {
    // Without the crate of half floats: their casts do it.
    let one = Float32Array::from(vec![row as f32]);
    let cast = arrow::compute::cast(&one, &arrow::datatypes::DataType::Float16).unwrap();
    arrow::array::AsArray::as_primitive::<Float16Type>(&cast).value(0)
}
