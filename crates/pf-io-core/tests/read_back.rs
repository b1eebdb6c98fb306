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
use pf_io_core::csv::write::CsvWriteOptions;
use pf_io_core::csv::{
    BlankLines, ColumnSpec, CsvAsk, CsvReadOptions, CsvScan, Dialect, Header, Nulls,
};
use pf_io_core::types::StringType;
use pf_io_core::{
    AvroFile, Context, Format, IoError, ParquetFile, QuoteStyle, Source, TableWriter, WriteOptions,
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

fn context() -> Context {
    Context::new(2, None, no_cancel()).unwrap()
}

fn csv_options() -> CsvReadOptions {
    let dialect = Dialect { blank_lines: BlankLines::Null, ..Dialect::default() };
    CsvReadOptions { dialect, string_type: StringType::Utf8, ..CsvReadOptions::default() }
}

fn scan_csv(path: &Path, options: &CsvReadOptions) -> CsvScan {
    CsvScan::open(Source::open(path).unwrap(), options, &context()).unwrap()
}

fn read_csv(path: &Path, options: &CsvReadOptions, batch_rows: usize) -> RecordBatch {
    let scan = scan_csv(path, options);
    assert!(scan.report().notes.is_empty(), "{:?}", scan.report().notes);
    let ask = CsvAsk { batch_rows, ..CsvAsk::default() };
    join(&scan.schema(), scan.batches(None, ask, context()))
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
        let csv = CsvWriteOptions {
            null: null_value.clone(), sep: char::from(delimiter), quote_style, ..Default::default()
        };
        write(&path, &batch, &WriteOptions { csv, ..WriteOptions::new(Format::Csv) });
        let nulls = Nulls::List(vec![null_value]);
        let mut read = csv_options();
        read.dialect.separator = delimiter;
        read.header = Header::Yes;
        read.spec.nulls = nulls.clone();
        read.specs = types_of(&batch)
            .into_iter()
            .map(|(name, kind)| (name, ColumnSpec { nulls: nulls.clone(), ..ColumnSpec::typed(kind) }))
            .collect();
        assert_same(&batch, &read_csv(&path, &read, batch_rows));
        // Inference gives the same, for every column with a value.
        let typed = types_of(&batch);
        read.specs.retain(|(name, _)| {
            let column = batch.column_by_name(name).unwrap();
            let text = typed.iter().any(|(other, kind)| other == name && *kind == DataType::Utf8);
            column.null_count() == column.len() || text
        });
        assert_same(&batch, &read_csv(&path, &read, batch_rows));
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
    let scan = scan_csv(&path, &csv_options());
    assert_eq!(scan.rows(), Some(100));
    let ask = |columns: &[usize], limit| CsvAsk {
        columns: Some(columns.to_vec()),
        limit,
        batch_rows: 10,
        ..CsvAsk::default()
    };
    let batches = scan.batches(None, ask(&[2, 0, 2], Some(42)), context());
    assert_same(&wanted, &join(&batches.schema(), batches));
    assert_eq!(count(&mut scan.batches(None, ask(&[], None), context())), 100);
    let options = CsvReadOptions {
        columns: Some(vec!["c".into(), "a".into()]),
        n_rows: Some(42),
        ..csv_options()
    };
    let scan = scan_csv(&path, &options);
    assert_eq!(scan.rows(), Some(42));
    let batches = scan.batches(None, ask(&[0, 1, 0], None), context());
    assert_same(&wanted, &join(&batches.schema(), batches));
}

#[test]
fn test_csv_nulls_quotes_and_header_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "a,,a,t\n1,\"\",x,\"\"\n\"2\",5,,\n").unwrap();
    let scan = scan_csv(&path, &csv_options());
    assert_eq!(
        scan.report().notes,
        [
            "column 2 has the name '', read as 'column_2'",
            "column 3 has the name 'a', read as 'a_1'"
        ]
    );
    let batch = join(&scan.schema(), scan.batches(None, CsvAsk::default(), context()));
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
