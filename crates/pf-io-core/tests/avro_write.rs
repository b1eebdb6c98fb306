//! What the Avro writer writes, our reader and arrow-avro's read back.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    FixedSizeBinaryArray, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array,
    LargeStringArray, ListBuilder, MapBuilder, MapFieldNames, RecordBatch, StringArray,
    StringBuilder, StringViewArray, StructArray, Time64MicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int8Type, Schema, SchemaRef};
use pf_io_core::avro::{self, AvroReadOptions, AvroWriteOptions, AvroWriter};
use pf_io_core::{AtomicFile, Context, IoError, Source, WriteMode};
use proptest::prelude::*;

mod avro_support;
use avro_support::{context, joined};

fn try_write(
    path: &Path,
    schema: &SchemaRef,
    batches: &[RecordBatch],
    options: &AvroWriteOptions,
    context: &Context,
) -> Result<(), IoError> {
    let sink = AtomicFile::create(path, false, WriteMode::Replace)?;
    let mut writer = AvroWriter::with_options(sink, schema, options, context)?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()?.commit().map(drop)
}

/// The bytes of the file.
fn written(batches: &[RecordBatch], options: &AvroWriteOptions, threads: usize) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.avro");
    try_write(&path, &batches[0].schema(), batches, options, &context(threads)).unwrap();
    std::fs::read(path).unwrap()
}

fn codec(name: &str, block_bytes: usize) -> AvroWriteOptions {
    AvroWriteOptions {
        codec: Some(name.to_owned()),
        block_bytes,
        sync: Some([7; 16]),
        ..AvroWriteOptions::default()
    }
}

fn read_back(bytes: &[u8]) -> RecordBatch {
    avro_support::read(bytes, &AvroReadOptions::default()).unwrap()
}

/// A table of most types, from rows of optional seeds.
fn table(rows: &[Option<i64>]) -> RecordBatch {
    let each = |seed: &Option<i64>| *seed;
    let text = |seed: &Option<i64>| seed.map(|seed| format!("text é {}", seed % 1000));
    let mut lists = ListBuilder::new(StringBuilder::new());
    let mut maps = MapBuilder::new(
        Some(MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() }),
        StringBuilder::new(),
        arrow::array::Int64Builder::new(),
    );
    for seed in rows {
        match seed {
            None => {
                lists.append_null();
                maps.append(false).unwrap();
            }
            Some(seed) => {
                for item in 0..seed.rem_euclid(4) {
                    lists.values().append_value(format!("i{item}"));
                    maps.keys().append_value(format!("k{item}"));
                    maps.values().append_value(*seed);
                }
                lists.append(true);
                maps.append(true).unwrap();
            }
        }
    }
    let ints: Int64Array = rows.iter().map(each).collect();
    let words: Vec<Option<String>> = rows.iter().map(text).collect();
    let dictionary: DictionaryArray<Int8Type> = rows
        .iter()
        .map(|seed| seed.map(|seed| if seed % 2 == 0 { "even" } else { "odd" }))
        .collect();
    let structs = StructArray::from(vec![
        (Arc::new(Field::new("i", DataType::Int64, true)), Arc::new(ints.clone()) as ArrayRef),
        (
            Arc::new(Field::new("s", DataType::Utf8, true)),
            Arc::new(StringArray::from(words.clone())) as ArrayRef,
        ),
    ]);
    let bytes: Vec<Option<Vec<u8>>> =
        rows.iter().map(|seed| seed.map(|seed| seed.to_be_bytes().to_vec())).collect();
    let small = |seed: &Option<i64>| seed.map(|seed| seed as i32);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i64", Arc::new(ints)),
        ("i32", Arc::new(rows.iter().map(small).collect::<Int32Array>())),
        (
            "i8",
            Arc::new(rows.iter().map(|seed| seed.map(|seed| seed as i8)).collect::<Int8Array>()),
        ),
        ("f32", Arc::new(rows.iter().map(|s| s.map(|s| s as f32 / 7.0)).collect::<Float32Array>())),
        ("f64", Arc::new(rows.iter().map(|s| s.map(|s| s as f64 / 7.0)).collect::<Float64Array>())),
        ("bool", Arc::new(rows.iter().map(|s| s.map(|s| s % 2 == 0)).collect::<BooleanArray>())),
        ("utf8", Arc::new(StringArray::from(words.clone()))),
        ("large", Arc::new(LargeStringArray::from(words.clone()))),
        ("view", Arc::new(words.iter().map(Option::as_deref).collect::<StringViewArray>())),
        ("binary", Arc::new(bytes.iter().map(Option::as_deref).collect::<BinaryArray>())),
        (
            "fixed",
            Arc::new(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(bytes.iter().cloned(), 8)
                    .unwrap(),
            ),
        ),
        ("date", Arc::new(rows.iter().map(small).collect::<Date32Array>())),
        (
            "time",
            Arc::new(
                rows.iter()
                    .map(|s| s.map(|s| s.rem_euclid(86_400_000_000)))
                    .collect::<Time64MicrosecondArray>(),
            ),
        ),
        ("ms", Arc::new(rows.iter().map(each).collect::<TimestampMillisecondArray>())),
        (
            "utc",
            Arc::new(
                rows.iter().map(each).collect::<TimestampNanosecondArray>().with_timezone("UTC"),
            ),
        ),
        (
            "s",
            Arc::new(
                rows.iter().map(|s| s.map(|s| s % (1 << 40))).collect::<TimestampSecondArray>(),
            ),
        ),
        (
            "decimal",
            Arc::new(
                rows.iter()
                    .map(|s| s.map(i128::from))
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(30, 4)
                    .unwrap(),
            ),
        ),
        ("list", Arc::new(lists.finish())),
        ("map", Arc::new(maps.finish())),
        ("struct", Arc::new(structs)),
        ("dictionary", Arc::new(dictionary)),
    ];
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// Each column of `got` is the column of `table`, up to the type that Avro has for it.
fn assert_same(table: &RecordBatch, got: &RecordBatch) {
    assert_eq!(table.num_rows(), got.num_rows());
    for (index, field) in table.schema().fields().iter().enumerate() {
        let expected = cast(table.column(index), got.column(index).data_type()).unwrap();
        assert_eq!(&expected, got.column(index), "column '{}'", field.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn reads_back_in_every_codec(
        rows in prop::collection::vec(prop::option::weighted(0.8, any::<i64>()), 1..300),
        cuts in prop::collection::vec(1..120_usize, 0..4),
        name in prop::sample::select(vec!["null", "deflate", "snappy", "zstandard", "bzip2", "xz"]),
        block_bytes in prop::sample::select(vec![1_usize, 100, 3000, 256 << 10]),
    ) {
        let all = table(&rows);
        let mut batches = Vec::new();
        let mut start = 0;
        for cut in cuts {
            let count = cut.min(all.num_rows() - start);
            batches.push(all.slice(start, count));
            start += count;
        }
        batches.push(all.slice(start, all.num_rows() - start));
        let options = codec(name, block_bytes);
        let bytes = written(&batches, &options, 2);
        assert_same(&all, &read_back(&bytes));
        // Blocks depend on the rows alone.
        prop_assert_eq!(&bytes, &written(&batches, &options, 1));
        if name != "zstandard" || block_bytes > 1 {
            let theirs = arrow_avro::reader::ReaderBuilder::new().build(bytes.as_slice()).unwrap();
            let rows: usize = theirs.map(|batch| batch.unwrap().num_rows()).sum();
            prop_assert_eq!(rows, all.num_rows());
        }
    }
}

#[test]
fn test_blocks_keep_to_their_size_and_files_to_their_marker() {
    let rows: Vec<Option<i64>> = (0..5000).map(Some).collect();
    let table = table(&rows).project(&[0, 6]).unwrap();
    let bytes = written(std::slice::from_ref(&table), &codec("null", 1000), 2);
    let sizes: Vec<usize> = bytes
        .windows(16)
        .enumerate()
        .filter_map(|(at, part)| (part == [7; 16]).then_some(at))
        .collect::<Vec<_>>()
        .windows(2)
        .map(|ends| ends[1] - ends[0])
        .collect();
    assert!(sizes.len() > 50);
    assert!(sizes.iter().all(|&size| size <= 1000 + 16 + 6), "{sizes:?}");
    assert_eq!(bytes, written(std::slice::from_ref(&table), &codec("null", 1000), 3));
    let random = AvroWriteOptions { sync: None, ..codec("null", 1000) };
    assert_ne!(written(std::slice::from_ref(&table), &random, 1), written(&[table], &random, 1));
}

#[test]
fn test_an_empty_table_keeps_its_columns() {
    let table = table(&[]);
    let got = read_back(&written(std::slice::from_ref(&table), &AvroWriteOptions::default(), 1));
    assert_eq!(got.num_rows(), 0);
    assert_eq!(got.num_columns(), table.num_columns());
}

#[test]
fn test_levels_and_codecs_are_checked() {
    let table = table(&[Some(1)]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.avro");
    let attempt = |options: &AvroWriteOptions| {
        try_write(&path, &table.schema(), std::slice::from_ref(&table), options, &context(1))
    };
    for (name, level, fits) in [
        ("deflate", 12, true),
        ("deflate", 13, false),
        ("zstandard", 22, true),
        ("bzip2", 0, false),
        ("bzip2", 1, true),
        ("xz", 9, true),
        ("xz", 10, false),
        ("snappy", 1, false),
        ("null", 0, false),
        ("lzo", 1, false),
    ] {
        let options = AvroWriteOptions { codec_level: Some(level), ..codec(name, 100) };
        let result = attempt(&options);
        assert_eq!(result.is_ok(), fits, "{name} {level}: {result:?}");
        if fits {
            assert_same(&table, &read_back(&std::fs::read(&path).unwrap()));
        }
    }
}

#[test]
fn test_what_avro_cannot_hold_names_its_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.avro");
    let write = |array: ArrayRef| {
        let batch = RecordBatch::try_from_iter([("bad", array)]).unwrap();
        try_write(&path, &batch.schema(), &[batch], &AvroWriteOptions::default(), &context(1))
    };
    let error = write(Arc::new(UInt64Array::from(vec![1, u64::MAX]))).unwrap_err();
    assert!(error.to_string().contains("column 'bad'"), "{error}");
    let error = write(Arc::new(arrow::array::DurationSecondArray::from(vec![1]))).unwrap_err();
    assert!(error.to_string().contains("column 'bad'"), "{error}");
    let interval = arrow::datatypes::IntervalMonthDayNano::new(-1, 0, 0);
    let error = write(Arc::new(arrow::array::IntervalMonthDayNanoArray::from(vec![interval])));
    assert!(error.unwrap_err().to_string().contains("column 'bad'"));
    let interval = arrow::datatypes::IntervalMonthDayNano::new(1, 2, 3_000_000);
    write(Arc::new(arrow::array::IntervalMonthDayNanoArray::from(vec![interval]))).unwrap();
    let got = read_back(&std::fs::read(&path).unwrap());
    assert_eq!(got.num_rows(), 1);
    write(Arc::new(UInt64Array::from(vec![1, 2]))).unwrap();
    assert!(folder.path().read_dir().unwrap().count() == 1);
}

#[test]
fn test_a_schema_may_be_given() {
    let table = table(&[Some(1), None]).project(&[0, 6]).unwrap();
    let schema = r#"{"type":"record","name":"N","namespace":"a.b","fields":[
        {"name":"i64","type":["long","null"],"doc":"first"},
        {"name":"utf8","type":["null","string"]}]}"#;
    let options =
        AvroWriteOptions { schema: Some(schema.to_owned()), ..AvroWriteOptions::default() };
    let bytes = written(std::slice::from_ref(&table), &options, 1);
    assert_same(&table, &read_back(&bytes));
    let header = avro::header(&avro_support::source(&bytes)).unwrap();
    assert!(header.schema.contains("a.b") && header.schema.contains("first"), "{}", header.schema);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.avro");
    let lacking = r#"{"type":"record","name":"N","fields":[{"name":"i64","type":"long"}]}"#;
    let options = AvroWriteOptions { schema: Some(lacking.to_owned()), ..options };
    let error = try_write(&path, &table.schema(), &[table], &options, &context(1)).unwrap_err();
    assert!(error.to_string().contains("utf8"), "{error}");
}

#[test]
fn test_streams_of_large_files_join_to_the_whole() {
    let rows: Vec<Option<i64>> =
        (0..20_000).map(|row| (row % 11 > 0).then_some(row * 31)).collect();
    let table = table(&rows);
    let bytes = written(std::slice::from_ref(&table), &codec("snappy", 4096), 2);
    let options = AvroReadOptions { batch_rows: 777, ..AvroReadOptions::default() };
    let source = Source::memory("t.avro", bytes.into()).unwrap();
    let stream = avro::stream(&source, &options, &context(2)).unwrap();
    let schema = stream.schema();
    let batches: Vec<RecordBatch> = stream.collect::<Result<_, _>>().unwrap();
    assert!(batches.iter().all(|batch| batch.num_rows() <= 777));
    assert_same(&table, &joined(&schema, &batches));
}
