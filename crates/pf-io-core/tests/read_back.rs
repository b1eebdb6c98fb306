//! What a writer writes, its reader reads: values, nulls and types, through every format.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    DictionaryArray, Float32Array, Float64Array, Int8Array, Int64Array, ListArray, NullArray,
    RecordBatch, StringArray, StringViewArray, StructArray, TimestampMicrosecondArray,
    TimestampSecondArray, UInt64Array,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, TimeUnit};
use pf_io_core::{
    AvroFile, CsvFile, CsvOptions, Format, IoError, ParquetFile, QuoteStyle, TableWriter,
    WriteOptions,
};
use proptest::prelude::*;

mod tables;

fn no_cancel() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}

fn write(path: &Path, batch: &RecordBatch, options: &WriteOptions) {
    let mut writer = TableWriter::create(path, batch.schema(), options).unwrap();
    let half = batch.num_rows() / 2;
    writer.write(&batch.slice(0, half)).unwrap();
    writer.write(&batch.slice(half, batch.num_rows() - half)).unwrap();
    let report = writer.finish().unwrap();
    assert_eq!(report.rows, batch.num_rows() as u64);
    assert_eq!(report.bytes, std::fs::metadata(path).unwrap().len());
    assert_eq!(report.checksum.len(), 32);
}

fn join(
    schema: &Arc<Schema>,
    batches: impl Iterator<Item = Result<RecordBatch, IoError>>,
) -> RecordBatch {
    let batches: Vec<_> = batches.map(Result::unwrap).collect();
    for batch in &batches {
        assert_eq!(batch.schema().fields(), schema.fields());
    }
    concat_batches(schema, &batches).unwrap()
}

fn read_parquet(path: &Path, batch_rows: usize) -> RecordBatch {
    let file = ParquetFile::open(path).unwrap();
    join(&file.schema(), file.batches(None, None, batch_rows, no_cancel()).unwrap())
}

fn read_avro(path: &Path, batch_rows: usize) -> RecordBatch {
    let file = AvroFile::open(path, None).unwrap();
    join(&file.schema(), file.batches(None, None, batch_rows, no_cancel()).unwrap())
}

fn read_csv(path: &Path, options: &CsvOptions, batch_rows: usize) -> RecordBatch {
    let file = CsvFile::open(path, options, &AtomicBool::new(false)).unwrap();
    assert!(file.warnings().is_empty(), "{:?}", file.warnings());
    join(&file.schema(), file.batches(None, None, batch_rows, no_cancel()))
}

fn csv_text(text: &str, options: &CsvOptions) -> RecordBatch {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    read_csv(&path, options, 3)
}

/// Bits, not values: NaN equals itself and -0.0 differs from 0.0.
fn float_bits(array: &ArrayRef) -> Vec<Option<u64>> {
    let floats = array.as_primitive::<arrow::datatypes::Float64Type>();
    floats.iter().map(|value| value.map(canonical)).collect()
}

fn canonical(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

fn assert_same(ours: &RecordBatch, theirs: &RecordBatch) {
    assert_eq!(ours.num_rows(), theirs.num_rows());
    assert_eq!(ours.num_columns(), theirs.num_columns());
    for (index, field) in ours.schema().fields().iter().enumerate() {
        let (left, right) = (ours.column(index), theirs.column(index));
        assert_eq!(left.data_type(), right.data_type(), "{}", field.name());
        if *left.data_type() == DataType::Float64 {
            assert_eq!(float_bits(left), float_bits(right), "{}", field.name());
        } else {
            assert_eq!(left, right, "{}", field.name());
        }
    }
}

prop_compose! {
    fn text()(choice in 0..6, any in any::<String>(), plain in "[a-z,\"\r\n ;\u{e4}\u{feff}\u{1f600}NA0-9]{0,12}") -> String {
        match choice { 0 => String::new(), 1 => any.replace('\0', ""), _ => plain }
    }
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), Just(f64::NAN), Just(-0.0), Just(f64::INFINITY), Just(5e-324)]
}

prop_compose! {
    fn table()(rows in 0..40_usize)(
        ints in proptest::collection::vec(any::<Option<i64>>(), rows),
        floats in proptest::collection::vec(proptest::option::of(float()), rows),
        texts in proptest::collection::vec(proptest::option::of(text()), rows),
        bools in proptest::collection::vec(any::<Option<bool>>(), rows),
        days in proptest::collection::vec(proptest::option::of(-719_162..2_932_896_i32), rows),
        times in proptest::collection::vec(
            proptest::option::of(-62_135_596_800_000_000..253_402_300_799_999_999_i64), rows),
    ) -> RecordBatch {
        let zoned = TimestampMicrosecondArray::from(times.clone()).with_timezone("UTC");
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("int", Arc::new(Int64Array::from(ints))),
            ("float", Arc::new(Float64Array::from(floats))),
            ("text", Arc::new(StringArray::from(texts))),
            ("bool", Arc::new(BooleanArray::from(bools))),
            ("day", Arc::new(Date32Array::from(days))),
            ("time", Arc::new(TimestampMicrosecondArray::from(times))),
            ("zoned", Arc::new(zoned)),
        ];
        RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
    }
}

/// The types of a table, as a caller would set them: what CSV cannot say of an empty column.
fn types_of(batch: &RecordBatch) -> Vec<(String, DataType)> {
    let schema = batch.schema();
    schema.fields().iter().map(|f| (f.name().clone(), f.data_type().clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn parquet_reads_back(batch in table(), batch_rows in 1..50_usize, group_rows in 1..50_usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let options = WriteOptions { row_group_rows: group_rows, ..WriteOptions::new(Format::Parquet) };
        write(&path, &batch, &options);
        assert_same(&batch, &read_parquet(&path, batch_rows));
    }

    #[test]
    fn avro_reads_back(batch in table(), batch_rows in 1..50_usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.avro");
        write(&path, &batch, &WriteOptions::new(Format::Avro));
        assert_same(&batch, &read_avro(&path, batch_rows));
    }

    #[test]
    fn csv_reads_back(
        batch in table(), batch_rows in 1..50_usize, null in 0..3_usize, always in any::<bool>(),
        semicolon in any::<bool>(), suffix in 0..3_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(["t.csv", "t.csv.gz", "t.csv.zst"][suffix]);
        let null_value = ["", "NA", "0"][null].to_owned();
        let delimiter = if semicolon { b';' } else { b',' };
        let quote_style = if always { QuoteStyle::Always } else { QuoteStyle::Necessary };
        let options = WriteOptions {
            null_value: null_value.clone(), delimiter, quote_style, ..WriteOptions::new(Format::Csv)
        };
        write(&path, &batch, &options);
        let mut read = CsvOptions {
            null_values: vec![null_value], delimiter, schema: types_of(&batch), ..CsvOptions::default()
        };
        assert_same(&batch, &read_csv(&path, &read, batch_rows));
        // Inference gives the same, for every column with a value.
        read.schema.retain(|(name, kind)| {
            let column = batch.column_by_name(name).unwrap();
            column.null_count() == column.len() || *kind == DataType::Utf8
        });
        assert_same(&batch, &read_csv(&path, &read, batch_rows));
    }

    /// Batch sizes never change what is read.
    #[test]
    fn csv_batch_size_does_not_matter(text in "[a1,\"\n\r]{0,60}", batch_rows in 1..9_usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, &text).unwrap();
        let read = |batch_rows| {
            CsvFile::open(&path, &CsvOptions::default(), &AtomicBool::new(false)).map(|file| {
                join(&file.schema(), file.batches(None, None, batch_rows, no_cancel()))
            }).map_err(|error| error.to_string())
        };
        prop_assert_eq!(read(batch_rows), read(1000));
    }
}

fn sample() -> RecordBatch {
    let dictionary: DictionaryArray<Int32Type> =
        [Some("x"), None, Some("y"), Some("x")].into_iter().collect();
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
        Some(vec![Some(2)]),
    ]);
    let structs = StructArray::from(vec![(
        Arc::new(Field::new("a", DataType::Int64, true)),
        Arc::new(Int64Array::from(vec![Some(1), None, Some(3), Some(4)])) as ArrayRef,
    )]);
    let decimals = Decimal128Array::from(vec![Some(1250), None, Some(-5), Some(0)])
        .with_precision_and_scale(10, 2)
        .unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("small", Arc::new(Int8Array::from(vec![Some(1), None, Some(-128), Some(127)]))),
        ("big", Arc::new(UInt64Array::from(vec![Some(1), None, Some(3), Some(i64::MAX as u64)]))),
        ("single", Arc::new(Float32Array::from(vec![Some(0.1), None, Some(-0.0), Some(1e30)]))),
        ("decimal", Arc::new(decimals)),
        (
            "view",
            Arc::new(StringViewArray::from(vec![
                Some("a"),
                None,
                Some(""),
                Some("long text over twelve"),
            ])),
        ),
        ("dictionary", Arc::new(dictionary)),
        ("second", Arc::new(TimestampSecondArray::from(vec![Some(0), None, Some(-1), Some(1)]))),
        ("nothing", Arc::new(NullArray::new(4))),
        (
            "binary",
            Arc::new(BinaryArray::from(vec![Some(&b"\xff\0"[..]), None, Some(b""), Some(b"x")])),
        ),
        ("list", Arc::new(lists)),
        ("struct", Arc::new(structs)),
    ];
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap()
}

#[test]
fn test_parquet_keeps_types_in_every_codec() {
    let folder = tempfile::tempdir().unwrap();
    for codec in ["zstd", "zstd(3)", "snappy", "gzip", "gzip(9)", "lz4", "brotli", "none"] {
        let path = folder.path().join(format!("{codec}.parquet"));
        let options =
            WriteOptions { compression: Some(codec.into()), ..WriteOptions::new(Format::Parquet) };
        write(&path, &sample(), &options);
        assert_same(&tables::as_stored(&sample()), &read_parquet(&path, 3));
        let file = ParquetFile::open(&path).unwrap();
        let metadata = file.metadata();
        assert_eq!(metadata.rows, 4);
        assert_eq!(metadata.row_groups.len(), 1);
        assert_eq!(metadata.columns.len(), 11);
        assert_eq!(metadata.columns[0].path, "small");
        assert_eq!(metadata.columns[0].physical, "INT32");
        assert_eq!(metadata.columns[0].data_type, DataType::Int8);
        assert_eq!(metadata.columns[9].path, "list.list.item");
        assert!(metadata.created_by.is_some());
        assert_eq!(metadata.columns[0].codecs.len(), 1);
    }
}

#[test]
fn test_avro_casts_only_without_loss_in_every_codec() {
    let folder = tempfile::tempdir().unwrap();
    for codec in ["deflate", "snappy", "zstd", "bzip2", "xz", "null"] {
        let path = folder.path().join(format!("{codec}.avro"));
        let options =
            WriteOptions { compression: Some(codec.into()), ..WriteOptions::new(Format::Avro) };
        write(&path, &sample(), &options);
        let back = read_avro(&path, 3);
        let wanted = [
            ("small", DataType::Int32),
            ("big", DataType::Int64),
            ("single", DataType::Float32),
            ("decimal", DataType::Decimal128(10, 2)),
            ("view", DataType::Utf8),
            ("dictionary", DataType::Utf8),
            ("second", DataType::Timestamp(TimeUnit::Millisecond, None)),
            ("nothing", DataType::Utf8),
            ("binary", DataType::Binary),
        ];
        for (name, data_type) in wanted {
            let cast = arrow::compute::cast(sample().column_by_name(name).unwrap(), &data_type);
            assert_eq!(back.column_by_name(name).unwrap(), &cast.unwrap(), "{codec} {name}");
        }
        let list = back.column_by_name("list").unwrap().as_list::<i32>().clone();
        assert_eq!(list.value(0).as_primitive::<Int64Type>().null_count(), 1);
        assert!(list.is_null(1));
        let inner = back.column_by_name("struct").unwrap().as_struct().column(0).clone();
        assert_eq!(inner.as_primitive::<Int64Type>().value(3), 4);
    }
}

#[test]
fn test_projection_order_and_limit_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("a", Arc::new(Int64Array::from_iter_values(0..100))),
        ("b", Arc::new(StringArray::from_iter_values((0..100).map(|n| format!("b{n}"))))),
        ("c", Arc::new(Float64Array::from_iter_values((0..100).map(|n| f64::from(n) + 0.5)))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let wanted = batch.project(&[2, 0, 2]).unwrap().slice(0, 42);
    let projection = Some(&[2, 0, 2][..]);

    let path = folder.path().join("t.parquet");
    write(&path, &batch, &WriteOptions { row_group_rows: 7, ..WriteOptions::new(Format::Parquet) });
    let file = ParquetFile::open(&path).unwrap();
    let batches = file.batches(projection, Some(42), 10, no_cancel()).unwrap();
    assert_same(&wanted, &join(&batches.schema(), batches));
    let count = |batches: &mut dyn Iterator<Item = Result<RecordBatch, IoError>>| {
        batches.map(|batch| batch.unwrap().num_rows()).sum::<usize>()
    };
    assert_eq!(count(&mut file.batches(Some(&[]), None, 9, no_cancel()).unwrap()), 100);

    let path = folder.path().join("t.avro");
    write(&path, &batch, &WriteOptions::new(Format::Avro));
    let file = AvroFile::open(&path, None).unwrap();
    assert_eq!(file.rows(), 100);
    let batches = file.batches(projection, Some(42), 10, no_cancel()).unwrap();
    assert_same(&wanted, &join(&batches.schema(), batches));
    assert_eq!(count(&mut file.batches(Some(&[]), None, 9, no_cancel()).unwrap()), 100);
    let file = AvroFile::open(&path, Some(&["c".into(), "a".into()])).unwrap();
    let batches = file.batches(Some(&[0, 1, 0]), Some(42), 10, no_cancel()).unwrap();
    assert_same(&wanted, &join(&batches.schema(), batches));
    let error = AvroFile::open(&path, Some(&["A1".into()])).unwrap_err();
    assert_eq!(error.hint().unwrap(), "did you mean 'a'? columns: a, b, c (3)");

    let path = folder.path().join("t.csv");
    write(&path, &batch, &WriteOptions::new(Format::Csv));
    let options = CsvOptions::default();
    let file = CsvFile::open(&path, &options, &AtomicBool::new(false)).unwrap();
    assert_eq!(file.rows(), 100);
    let batches = file.batches(projection, Some(42), 10, no_cancel());
    assert_same(&wanted, &join(&batches.schema(), batches));
    assert_eq!(count(&mut file.batches(Some(&[]), None, 9, no_cancel())), 100);
    let options = CsvOptions {
        columns: Some(vec!["c".into(), "a".into()]),
        limit: Some(42),
        ..CsvOptions::default()
    };
    let file = CsvFile::open(&path, &options, &AtomicBool::new(false)).unwrap();
    assert_eq!(file.rows(), 42);
    let batches = file.batches(Some(&[0, 1, 0]), None, 10, no_cancel());
    assert_same(&wanted, &join(&batches.schema(), batches));
}

#[test]
fn test_csv_nulls_quotes_and_header_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "a,,a,t\n1,\"\",x,\"\"\n\"2\",5,,\n").unwrap();
    let file = CsvFile::open(&path, &CsvOptions::default(), &AtomicBool::new(false)).unwrap();
    assert_eq!(
        file.warnings(),
        [
            "column 2 has the name '', read as 'column_2'",
            "column 3 has the name 'a', read as 'a_1'"
        ]
    );
    let batch = join(&file.schema(), file.batches(None, None, 10, no_cancel()));
    let names: Vec<_> = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["a", "column_2", "a_1", "t"]);
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[1, 2]); // quoted number
    let numbers = batch.column(1).as_primitive::<Int64Type>();
    assert!(numbers.is_null(0) && numbers.value(1) == 5); // quoted empty is null in a typed column
    assert!(batch.column(2).is_null(1));
    let texts = batch.column(3).as_string::<i32>();
    assert_eq!((texts.value(0), texts.is_null(0)), ("", false)); // and empty text in a text column
    assert!(texts.is_null(1));
}

#[test]
fn test_csv_dialects() {
    let ints = |batch: &RecordBatch, column: usize| -> Vec<i64> {
        batch.column(column).as_primitive::<Int64Type>().values().to_vec()
    };
    let options = CsvOptions { skip_rows: 2, comment: Some(b'#'), ..CsvOptions::default() };
    let batch = csv_text("junk \"\nmore\n# c\n\na,b\n1,2\n#x,\"\n\r\n3,4", &options);
    assert_eq!((ints(&batch, 0), ints(&batch, 1)), (vec![1, 3], vec![2, 4]));
    let batch =
        csv_text("\u{feff}a\tb\r1\t2\r", &CsvOptions { delimiter: b'\t', ..CsvOptions::default() });
    assert_eq!(batch.schema().field(0).name(), "a");
    assert_eq!(ints(&batch, 1), [2]);
    let options = CsvOptions { quote: None, ..CsvOptions::default() };
    let batch = csv_text("a,b\n\"1\",\"x\n", &options);
    assert_eq!(batch.column(1).as_string::<i32>().value(0), "\"x");
    let options = CsvOptions { escape: Some(b'\\'), ..CsvOptions::default() };
    let batch = csv_text("a,b\nx\\,y,\"\\\"\"\n", &options);
    assert_eq!(batch.column(0).as_string::<i32>().value(0), "x,y");
    assert_eq!(batch.column(1).as_string::<i32>().value(0), "\"");
    let batch = csv_text("a,b\n", &CsvOptions::default());
    assert_eq!((batch.num_rows(), batch.num_columns()), (0, 2));
    assert_eq!(batch.schema().field(0).data_type(), &DataType::Utf8);
}

#[test]
fn test_csv_set_types_are_lenient_and_exact() {
    let utc = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let options = CsvOptions {
        schema: vec![
            ("i".into(), DataType::Int8),
            ("d".into(), DataType::Decimal128(5, 2)),
            ("t".into(), utc.clone()),
            ("s".into(), DataType::Utf8),
            ("f".into(), DataType::Float32),
        ],
        ..CsvOptions::default()
    };
    let batch = csv_text("i,d,t,s,f\n+007,1.5,2020-01-01,007,0.1\n", &options);
    assert_eq!(batch.column(0).as_primitive::<arrow::datatypes::Int8Type>().value(0), 7);
    assert_eq!(batch.column(1).as_primitive::<arrow::datatypes::Decimal128Type>().value(0), 150);
    assert_eq!(batch.column(2).data_type(), &utc);
    assert_eq!(batch.column(3).as_string::<i32>().value(0), "007");
    let float = batch.column(4).as_primitive::<arrow::datatypes::Float32Type>().value(0);
    assert_eq!(float.to_bits(), 0.1_f32.to_bits());
}
