//! Both decoders give what was written, whatever the encoding; damaged files never panic.

#![expect(
    clippy::unwrap_used,
    clippy::from_iter_instead_of_collect,
    reason = "a test may panic; columns of a table read better as calls"
)]

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int8Array, Int16Array, Int32Array, Int64Array, LargeBinaryArray, LargeStringArray, ListArray,
    RecordBatch, StructArray, TimestampMicrosecondArray, UInt8Array, UInt32Array, UInt64Array,
};
use arrow::compute::{concat, concat_batches};
use arrow::datatypes::{DataType, Field, Int32Type};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use pf_io_core::parquet::options::Decoder;
use pf_io_core::parquet::predicate::Predicate;
use pf_io_core::parquet::{ReadOptions, read, stream};
use pf_io_core::{Context, IoError, Source};
use proptest::prelude::*;

fn context() -> Context {
    Context::new(2, Some(1 << 30), Arc::default()).unwrap()
}

fn source(bytes: &[u8]) -> Source {
    Source::memory("test.parquet", Bytes::copy_from_slice(bytes)).unwrap()
}

/// The rows of a whole read, as one batch.
fn table(bytes: &[u8], options: &ReadOptions) -> Result<RecordBatch, IoError> {
    let table = read(&source(bytes), options, &context())?;
    let rows = table.rows;
    let (schema, columns, _charges) = table.into_arrays();
    let columns = columns
        .iter()
        .zip(schema.fields())
        .map(|(chunks, field)| {
            let chunks: Vec<&dyn Array> = chunks.iter().map(AsRef::as_ref).collect();
            for chunk in &chunks {
                chunk.to_data().validate_full().unwrap();
            }
            if chunks.is_empty() {
                arrow::array::new_empty_array(field.data_type())
            } else {
                concat(&chunks).unwrap()
            }
        })
        .collect();
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(schema, columns, &options).unwrap())
}

fn write(batch: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// One column of each flat type, from random numbers; `None` is null.
fn batch(numbers: &[Option<i64>]) -> RecordBatch {
    let texts: Vec<Option<String>> = numbers
        .iter()
        .map(|number| {
            number.map(|n| "ä text ".repeat((n.unsigned_abs() % 7) as usize) + &n.to_string())
        })
        .collect();
    let each = |f: &dyn Fn(i64) -> i64| numbers.iter().map(|n| n.map(f)).collect::<Vec<_>>();
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("i64", Arc::new(Int64Array::from(numbers.to_vec())), true),
        ("i32", Arc::new(Int32Array::from_iter(numbers.iter().map(|n| n.map(|n| n as i32)))), true),
        ("i16", Arc::new(Int16Array::from_iter(numbers.iter().map(|n| n.map(|n| n as i16)))), true),
        ("i8", Arc::new(Int8Array::from_iter(numbers.iter().map(|n| n.map(|n| n as i8)))), true),
        ("u8", Arc::new(UInt8Array::from_iter(numbers.iter().map(|n| n.map(|n| n as u8)))), true),
        (
            "u32",
            Arc::new(UInt32Array::from_iter(numbers.iter().map(|n| n.map(|n| n as u32)))),
            true,
        ),
        (
            "u64",
            Arc::new(UInt64Array::from_iter(numbers.iter().map(|n| n.map(|n| n as u64)))),
            true,
        ),
        (
            "f64",
            Arc::new(Float64Array::from_iter(
                numbers.iter().map(|n| n.map(|n| f64::from_bits(n as u64))),
            )),
            true,
        ),
        (
            "f32",
            Arc::new(Float32Array::from_iter(
                numbers.iter().map(|n| n.map(|n| f32::from_bits(n as u32))),
            )),
            true,
        ),
        (
            "bool",
            Arc::new(BooleanArray::from_iter(numbers.iter().map(|n| n.map(|n| n & 1 == 1)))),
            true,
        ),
        (
            "date",
            Arc::new(Date32Array::from_iter(numbers.iter().map(|n| n.map(|n| n as i32)))),
            true,
        ),
        (
            "when",
            Arc::new(TimestampMicrosecondArray::from(each(&|n| n)).with_timezone("UTC")),
            true,
        ),
        (
            "small_decimal",
            Arc::new(
                Decimal128Array::from_iter(
                    numbers.iter().map(|n| n.map(|n| i128::from(n % 1_000_000_000))),
                )
                .with_precision_and_scale(9, 2)
                .unwrap(),
            ),
            true,
        ),
        (
            "wide_decimal",
            Arc::new(
                Decimal128Array::from_iter(
                    numbers.iter().map(|n| n.map(|n| i128::from(n) * 1_000_000_007)),
                )
                .with_precision_and_scale(38, 4)
                .unwrap(),
            ),
            true,
        ),
        ("text", Arc::new(LargeStringArray::from(texts.clone())), true),
        (
            "bytes",
            Arc::new(LargeBinaryArray::from_iter(numbers.iter().map(|n| n.map(i64::to_le_bytes)))),
            true,
        ),
        (
            "required",
            Arc::new(Int64Array::from_iter_values(numbers.iter().map(|n| n.unwrap_or(7)))),
            false,
        ),
        (
            "required_text",
            Arc::new(LargeStringArray::from_iter_values(
                texts.iter().map(|t| t.clone().unwrap_or_default()),
            )),
            false,
        ),
        (
            "list",
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(
                numbers
                    .iter()
                    .map(|n| n.map(|n| (0..n.unsigned_abs() % 4).map(|i| Some(i as i32)))),
            )),
            true,
        ),
        (
            "struct",
            Arc::new(StructArray::from(vec![
                (
                    Arc::new(Field::new("x", DataType::Int64, true)),
                    Arc::new(Int64Array::from(numbers.to_vec())) as ArrayRef,
                ),
                (
                    Arc::new(Field::new("t", DataType::LargeUtf8, true)),
                    Arc::new(LargeStringArray::from(texts)) as ArrayRef,
                ),
            ])),
            true,
        ),
    ];
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array, nullable)| Field::new(*name, array.data_type().clone(), *nullable))
        .collect();
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    RecordBatch::try_new(schema, columns.into_iter().map(|(_, array, _)| array).collect()).unwrap()
}

fn numbers() -> impl Strategy<Value = Vec<Option<i64>>> {
    let few = prop_oneof![Just(None), (0_i64..5).prop_map(Some)];
    let many = prop_oneof![1 => Just(None), 6 => any::<i64>().prop_map(Some)];
    let whole = any::<i64>().prop_map(Some);
    let sparse = prop_oneof![40 => Just(None), 1 => any::<i64>().prop_map(Some)];
    let runs = prop::collection::vec(
        (0_usize..200, prop_oneof![Just(None), (0_i64..3).prop_map(Some)]),
        1..8,
    )
    .prop_map(|runs| runs.into_iter().flat_map(|(n, v)| std::iter::repeat_n(v, n)).collect());
    prop_oneof![
        prop::collection::vec(few, 0..700),
        prop::collection::vec(many, 0..700),
        prop::collection::vec(whole, 0..700),
        prop::collection::vec(sparse, 0..700),
        runs,
    ]
}

fn properties() -> impl Strategy<Value = WriterProperties> {
    let codec = prop_oneof![
        Just(Compression::UNCOMPRESSED),
        Just(Compression::SNAPPY),
        Just(Compression::ZSTD(ZstdLevel::default())),
        Just(Compression::GZIP(GzipLevel::default())),
        Just(Compression::LZ4_RAW),
        Just(Compression::LZ4),
        Just(Compression::BROTLI(parquet::basic::BrotliLevel::default())),
    ];
    let version = prop_oneof![Just(WriterVersion::PARQUET_1_0), Just(WriterVersion::PARQUET_2_0)];
    (codec, version, any::<bool>(), 1_usize..400, 1_usize..300, 16_usize..4096, any::<bool>())
        .prop_map(|(codec, version, dictionary, group, page, dictionary_page, delta)| {
            let mut builder = WriterProperties::builder()
                .set_compression(codec)
                .set_writer_version(version)
                .set_dictionary_enabled(dictionary)
                .set_max_row_group_row_count(Some(group))
                .set_data_page_row_count_limit(page)
                .set_write_batch_size(16)
                .set_dictionary_page_size_limit(dictionary_page);
            if delta && !dictionary {
                for name in ["i64", "i32", "required", "when", "date", "u32"] {
                    builder =
                        builder.set_column_encoding(name.into(), Encoding::DELTA_BINARY_PACKED);
                }
                for name in ["f64", "f32"] {
                    builder = builder.set_column_encoding(name.into(), Encoding::BYTE_STREAM_SPLIT);
                }
                builder =
                    builder.set_column_encoding("text".into(), Encoding::DELTA_LENGTH_BYTE_ARRAY);
                builder = builder.set_column_encoding("bytes".into(), Encoding::DELTA_BYTE_ARRAY);
            }
            builder.build()
        })
}

/// Bitwise: NaN with any bits, -0.0.
fn assert_same(found: &RecordBatch, expected: &RecordBatch) {
    assert_eq!(found.num_rows(), expected.num_rows());
    for (index, field) in expected.schema().fields().iter().enumerate() {
        let found_field = found.schema().field(index).clone();
        assert_eq!(found_field.name(), field.name());
        let (found, expected) = (found.column(index).to_data(), expected.column(index).to_data());
        assert_eq!(found.data_type(), expected.data_type(), "{}", field.name());
        assert_eq!(found, expected, "{}", field.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn test_both_decoders_give_what_was_written(numbers in numbers(), properties in properties()) {
        let batch = batch(&numbers);
        let bytes = write(&batch, properties);
        for decoder in [Decoder::Auto, Decoder::Arrow] {
            let options = ReadOptions { decoder, ..ReadOptions::default() };
            let found = table(&bytes, &options).unwrap();
            assert_same(&found, &batch);
            let batches = stream(&source(&bytes), &options, &context()).unwrap();
            let schema = batches.schema();
            let batches: Vec<_> = batches.collect::<Result<_, _>>().unwrap();
            assert_same(&concat_batches(&schema, &batches).unwrap(), &found);
        }
    }

    #[test]
    fn test_pruning_and_limits_never_change_the_rows(
        numbers in numbers(),
        properties in properties(),
        pivot in prop_oneof![-2_i64..6, any::<i64>()],
        n_rows in 0_u64..800,
    ) {
        let batch = batch(&numbers);
        let bytes = write(&batch, properties);
        for (op, keep) in [
            ("eq", (|a, b| a == b) as fn(i64, i64) -> bool),
            ("ne", |a, b| a != b),
            ("lt", |a, b| a < b),
            ("le", |a, b| a <= b),
            ("gt", |a, b| a > b),
            ("ge", |a, b| a >= b),
        ] {
            let predicate: Predicate = serde_json::from_value(serde_json::json!({
                "op": op, "column": "i64", "value": {"type": "int64", "value": pivot},
            })).unwrap();
            let options = ReadOptions { predicate: Some(predicate), ..ReadOptions::default() };
            let expected: BooleanArray =
                numbers.iter().map(|n| Some(n.is_some_and(|n| keep(n, pivot)))).collect();
            let expected = arrow::compute::filter_record_batch(&batch, &expected).unwrap();
            assert_same(&table(&bytes, &options).unwrap(), &expected);
            let cut = ReadOptions { n_rows: Some(n_rows), ..options };
            let rows = expected.num_rows().min(n_rows as usize);
            assert_same(&table(&bytes, &cut).unwrap(), &expected.slice(0, rows));
        }
        let options = ReadOptions { n_rows: Some(n_rows), ..ReadOptions::default() };
        let rows = batch.num_rows().min(n_rows as usize);
        assert_same(&table(&bytes, &options).unwrap(), &batch.slice(0, rows));
    }

    #[test]
    fn test_damaged_files_are_errors_or_valid(
        numbers in numbers(),
        properties in properties(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = write(&batch(&numbers), properties);
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()).max(1));
        }
        for decoder in [Decoder::Auto, Decoder::Arrow] {
            let options = ReadOptions { decoder, ..ReadOptions::default() };
            table(&bytes, &options).ok();
        }
    }
}

#[test]
fn test_columns_come_in_the_order_asked() {
    let numbers: Vec<_> = (0..100).map(Some).collect();
    let bytes = write(&batch(&numbers), WriterProperties::default());
    let path = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    let read = |columns: Vec<Vec<String>>| {
        table(&bytes, &ReadOptions { columns: Some(columns), ..ReadOptions::default() })
    };
    let found = read(vec![path(&["text"]), path(&["struct", "t"]), path(&["i8"])]).unwrap();
    let names: Vec<_> = found.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["text", "struct", "i8"]);
    let DataType::Struct(fields) = found.schema().field(1).data_type().clone() else { panic!() };
    assert_eq!(fields.iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["t"]);
    let error = read(vec![path(&["texx"])]).unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("text")), "{error}");
    assert_eq!(read(Vec::new()).unwrap().num_rows(), 100);
}

#[test]
fn test_memory_limit_is_checked_before() {
    let numbers: Vec<_> = (0..5000).map(Some).collect();
    let bytes = write(&batch(&numbers), WriterProperties::default());
    let small = Context::new(2, Some(10_000), Arc::default()).unwrap();
    let error = read(&source(&bytes), &ReadOptions::default(), &small).unwrap_err();
    assert!(matches!(error, IoError::Limit { limit: 10_000, .. }), "{error}");
    assert_eq!(small.budget().used(), 0);
    assert!(small.budget().peak() <= 10_000);
}

#[test]
fn test_cancelled_before_the_start() {
    let bytes = write(&batch(&[Some(1)]), WriterProperties::default());
    let context = context();
    context.cancel().store(true, std::sync::atomic::Ordering::Relaxed);
    let error = read(&source(&bytes), &ReadOptions::default(), &context).unwrap_err();
    assert!(matches!(error, IoError::Cancelled));
}

#[test]
fn test_checksums_that_cannot_be_verified_are_an_error() {
    let bytes = write(&batch(&[Some(1), None]), WriterProperties::default());
    let read = |name: &str| {
        let columns = Some(vec![vec![name.to_owned()]]);
        table(&bytes, &ReadOptions { columns, verify_checksums: true, ..ReadOptions::default() })
    };
    assert_eq!(read("text").unwrap().num_rows(), 2);
    assert!(matches!(read("list").unwrap_err(), IoError::Unsupported { .. }));
}
