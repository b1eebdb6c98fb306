//! What the Parquet writer writes, arrow-rs reads back, under every option.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod tables;

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{
    Array, ArrayRef, Float64Array, Int32Array, Int64Array, NullArray, RecordBatch, StringArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Encoding;
use parquet::file::metadata::ParquetMetaData;
use pf_io_core::parquet::{
    BloomOption, DictionaryOption, ParquetWriteOptions, SortDirection, StatisticsOption, write,
};
use pf_io_core::{Context, IoError, Result, WriteReport};
use serde::Deserialize;
use serde::de::value::{Error as ValueError, MapDeserializer};

use tables::{as_stored, every_type, names};

fn context(threads: usize) -> Context {
    Context::new(threads, None, Arc::default()).unwrap()
}

fn write_one(
    batch: &RecordBatch,
    path: &Path,
    options: &ParquetWriteOptions,
) -> Result<WriteReport> {
    write(std::iter::once(Ok(batch.clone())), &batch.schema(), path, options, &context(2))
}

fn read(path: &Path) -> (RecordBatch, Arc<ParquetMetaData>) {
    let file = File::open(path).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let (schema, metadata) = (Arc::clone(builder.schema()), Arc::clone(builder.metadata()));
    let batches: Vec<_> = builder.build().unwrap().map(std::result::Result::unwrap).collect();
    (concat_batches(&schema, &batches).unwrap(), metadata)
}

fn ints(values: impl IntoIterator<Item = i64>) -> RecordBatch {
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
    RecordBatch::try_from_iter([("a", values)]).unwrap()
}

#[test]
fn test_every_type_comes_back_under_every_codec_and_thread_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let table = every_type(2500);
    for codec in ["snappy", "zstd", "gzip", "lz4", "brotli", "none"] {
        for threads in [1, 2, 5] {
            let options = ParquetWriteOptions {
                compression: codec.to_owned(),
                row_group_rows: 700,
                page_bytes: 1024,
                ..ParquetWriteOptions::default()
            };
            let batches = (0..2500).step_by(331).map(|at| Ok(table.slice(at, 331.min(2500 - at))));
            let ctx = context(threads);
            let report = write(batches, &table.schema(), &path, &options, &ctx).unwrap();
            assert_eq!((report.rows, report.files), (2500, 1));
            assert_eq!(report.bytes, fs::metadata(&path).unwrap().len());
            assert_eq!(ctx.progress().rows.load(Ordering::Relaxed), 2500);
            let (back, metadata) = read(&path);
            assert_eq!(back, as_stored(&table), "{codec}, {threads} threads");
            let groups: Vec<_> = metadata
                .row_groups()
                .iter()
                .map(parquet::file::metadata::RowGroupMetaData::num_rows)
                .collect();
            assert_eq!(groups, [700, 700, 700, 400]);
        }
    }
}

#[test]
fn test_the_same_bytes_whatever_the_batches_and_threads() {
    let folder = tempfile::tempdir().unwrap();
    let table = every_type(3000);
    let options = ParquetWriteOptions { row_group_rows: 1000, ..ParquetWriteOptions::default() };
    let bytes = |step: usize, threads| {
        let path = folder.path().join("t.parquet");
        let batches = (0..3000).step_by(step).map(|at| Ok(table.slice(at, step.min(3000 - at))));
        write(batches, &table.schema(), &path, &options, &context(threads)).unwrap();
        fs::read(path).unwrap()
    };
    let one = bytes(3000, 1);
    assert_eq!(bytes(3000, 3), one);
    assert_eq!(bytes(1000, 2), one);
}

#[test]
fn test_no_rows_and_no_batches_keep_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let table = every_type(3);
    let none = std::iter::empty();
    write(none, &table.schema(), &path, &ParquetWriteOptions::default(), &context(2)).unwrap();
    assert_eq!(read(&path).0, as_stored(&table.slice(0, 0)));
    write_one(&table.slice(0, 0), &path, &ParquetWriteOptions::default()).unwrap();
    assert_eq!(read(&path).0, as_stored(&table.slice(0, 0)));
}

#[test]
fn test_statistics_page_index_and_bloom_are_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let chunk = |options: &ParquetWriteOptions| {
        write_one(&ints(0..200_000), &path, options).unwrap();
        let chunk = read(&path).1.row_group(0).column(0).clone();
        let (columns, offsets) = (chunk.column_index_offset(), chunk.offset_index_offset());
        (chunk.statistics().is_some(), columns.is_some(), offsets.is_some(), chunk)
    };
    let default = ParquetWriteOptions::default();
    let (statistics, columns, offsets, plain) = chunk(&default);
    assert!(statistics && columns && offsets);
    // Distinct integers get no dictionary.
    assert!(!plain.encodings().any(|encoding| encoding == Encoding::RLE_DICTIONARY));
    assert_eq!(plain.bloom_filter_offset(), None);
    let by_chunk = ParquetWriteOptions { statistics: StatisticsOption::Chunk, ..default.clone() };
    assert!(matches!(chunk(&by_chunk), (true, false, true, _)));
    let none = ParquetWriteOptions { statistics: StatisticsOption::None, ..default.clone() };
    assert!(matches!(chunk(&none), (false, false, true, _)));
    let no_index = ParquetWriteOptions { page_index: false, ..default.clone() };
    assert!(matches!(chunk(&no_index), (true, false, false, _)));
    let bloom = Some(BloomOption::Rates([("a".to_owned(), 0.01)].into()));
    let (.., chunk) = chunk(&ParquetWriteOptions { bloom, ..default });
    assert!(chunk.bloom_filter_length().unwrap() > 100_000);
}

#[test]
fn test_dictionary_by_content_by_name_or_never() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let few: ArrayRef = Arc::new(Int64Array::from_iter_values((0..10_000).map(|row| row % 9)));
    let many: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10_000));
    let table = RecordBatch::try_from_iter([("few", few), ("many", many)]).unwrap();
    let has = |dictionary| {
        let options = ParquetWriteOptions { dictionary, ..ParquetWriteOptions::default() };
        write_one(&table, &path, &options).unwrap();
        let (back, metadata) = read(&path);
        assert_eq!(back, table);
        let columns = metadata.row_group(0).columns();
        [0, 1].map(|at: usize| columns[at].dictionary_page_offset().is_some())
    };
    assert_eq!(has(DictionaryOption::All(true)), [true, false]);
    assert_eq!(has(DictionaryOption::All(false)), [false, false]);
    assert_eq!(has(DictionaryOption::Columns(vec!["many".to_owned()])), [false, true]);
}

#[test]
fn test_key_values_of_schema_and_caller() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let pairs = [("pandas", "{}"), ("both", "schema")];
    let metadata = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let schema = ints(0..3).schema().as_ref().clone().with_metadata(metadata);
    let batch = ints(0..3).with_schema(Arc::new(schema)).unwrap();
    let options = ParquetWriteOptions {
        metadata: [("both".to_owned(), "caller".to_owned())].into(),
        ..ParquetWriteOptions::default()
    };
    write_one(&batch, &path, &options).unwrap();
    let metadata = read(&path).1;
    let found = metadata.file_metadata().key_value_metadata().unwrap();
    let value = |key: &str| {
        let mut found = found.iter().filter(|pair| pair.key == key);
        let first = found.next().and_then(|pair| pair.value.as_deref());
        assert!(found.next().is_none(), "{key} twice");
        first
    };
    assert_eq!(value("pandas"), Some("{}"));
    assert_eq!(value("both"), Some("caller"));
    assert!(value("ARROW:schema").is_some());
}

#[test]
fn test_sorting_is_checked_across_batches_and_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let ordered = |values: Vec<Option<f64>>, direction| {
        let column: ArrayRef = Arc::new(Float64Array::from(values));
        let whole = RecordBatch::try_from_iter([("x", column)]).unwrap();
        let options = ParquetWriteOptions {
            sorting: vec![("x".to_owned(), direction)],
            ..ParquetWriteOptions::default()
        };
        let single = (0..whole.num_rows()).map(|row| Ok(whole.slice(row, 1)));
        let parts = write(single, &whole.schema(), &path, &options, &context(1));
        let at_once = write_one(&whole, &path, &options);
        assert_eq!(parts.is_ok(), at_once.is_ok());
        at_once.map_err(|error| error.to_string())
    };
    let (asc, desc) = (SortDirection::Asc, SortDirection::Desc);
    let nan = Some(f64::NAN);
    ordered(vec![Some(-1.0), Some(0.0), Some(-0.0), Some(2.0), nan, Some(-f64::NAN), None], asc)
        .unwrap();
    let sorting = read(&path).1.row_group(0).sorting_columns().unwrap()[0].clone();
    assert!(!sorting.descending && !sorting.nulls_first && sorting.column_idx == 0);
    ordered(vec![nan, Some(2.0), Some(-0.0), Some(0.0), None, None], desc).unwrap();
    let text = ordered(vec![Some(1.0), Some(2.0), Some(1.5)], asc).unwrap_err();
    assert!(text.ends_with("column 'x', row 3: not in order (asc)"), "{text}");
    assert!(ordered(vec![None, Some(1.0)], asc).is_err());
    assert!(ordered(vec![nan, Some(1.0)], asc).is_err());
    assert!(ordered(vec![Some(1.0), Some(2.0)], desc).is_err());
}

#[test]
fn test_options_that_cannot_be_are_refused_before_a_file_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let refuse = |options: ParquetWriteOptions| {
        let error = write_one(&every_type(5), &path, &options).unwrap_err();
        format!("{error} / {}", error.hint().unwrap_or_default())
    };
    let d = ParquetWriteOptions::default;
    let text = |name: &str| vec![name.to_owned()];
    let text_of = |options| -> String { refuse(options) };
    let nearest =
        text_of(ParquetWriteOptions { bloom: Some(BloomOption::Columns(text("int"))), ..d() });
    assert!(nearest.contains("no column 'int'") && nearest.contains("did you mean"), "{nearest}");
    let dictionary = DictionaryOption::Columns(text("nothere"));
    assert!(refuse(ParquetWriteOptions { dictionary, ..d() }).contains("no column 'nothere'"));
    let sorting = vec![("list".to_owned(), SortDirection::Asc)];
    assert!(refuse(ParquetWriteOptions { sorting, ..d() }).contains("nested"));
    let rate = BloomOption::Rates([("int64".to_owned(), 1.5)].into());
    assert!(refuse(ParquetWriteOptions { bloom: Some(rate), ..d() }).contains("between 0 and 1"));
    let zstd =
        ParquetWriteOptions { compression: "zstd".into(), compression_level: Some(99), ..d() };
    assert!(refuse(zstd).contains("no level 99"));
    let snappy = ParquetWriteOptions { compression_level: Some(1), ..d() };
    assert!(refuse(snappy).contains("no level 1 of Parquet codec 'snappy'"));
    assert!(refuse(ParquetWriteOptions { row_group_rows: 0, ..d() }).contains("row_group_rows"));
    assert!(refuse(ParquetWriteOptions { page_bytes: 0, ..d() }).contains("page_bytes"));
    let metadata = [("ARROW:schema".to_owned(), String::new())].into();
    assert!(refuse(ParquetWriteOptions { metadata, ..d() }).contains("ARROW:schema"));

    let none = RecordBatch::new_empty(Arc::new(Schema::empty()));
    assert!(write_one(&none, &path, &d()).unwrap_err().to_string().contains("no columns"));
    let twice =
        vec![Field::new("a", DataType::Int32, true), Field::new("a", DataType::Int32, true)];
    let twice = RecordBatch::new_empty(Arc::new(Schema::new(twice)));
    assert!(write_one(&twice, &path, &d()).unwrap_err().to_string().contains("two columns"));
    let empty = DataType::Struct(arrow::datatypes::Fields::empty());
    let empty = RecordBatch::new_empty(Arc::new(Schema::new(vec![Field::new("s", empty, true)])));
    let error = write_one(&empty, &path, &d()).unwrap_err();
    assert!(matches!(error, IoError::Unsupported { .. }), "{error}");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn test_options_come_from_a_map_and_unknown_keys_are_refused() {
    let parse = |pairs: Vec<(&'static str, bool)>| {
        let map = MapDeserializer::<_, ValueError>::new(pairs.into_iter());
        ParquetWriteOptions::deserialize(map)
    };
    let options = parse(vec![("dictionary", false), ("fsync", false)]).unwrap();
    let default = ParquetWriteOptions::default();
    let wanted =
        ParquetWriteOptions { dictionary: DictionaryOption::All(false), fsync: false, ..default };
    assert_eq!(options, wanted);
    assert!(parse(vec![("dictionery", false)]).is_err());
}

#[test]
fn test_any_failure_leaves_the_old_file_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    fs::write(&path, "old").unwrap();
    let options = ParquetWriteOptions { row_group_rows: 1000, ..ParquetWriteOptions::default() };
    let old = |error: IoError| {
        assert_eq!(names(folder.path()), ["t.parquet"], "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old", "{error}");
        error
    };
    let schema = ints(0..1).schema();
    // The input fails, or has other columns.
    let broken = || Err(IoError::Unsupported { path: "in".into(), message: "broken".into() });
    let batches = [Ok(ints(0..5000)), broken()];
    old(write(batches.into_iter(), &schema, &path, &options, &context(2)).unwrap_err());
    let nulls: ArrayRef = Arc::new(NullArray::new(3));
    let other = RecordBatch::try_from_iter([("a", nulls)]).unwrap();
    let batches = [Ok(ints(0..5000)), Ok(other)];
    old(write(batches.into_iter(), &schema, &path, &options, &context(2)).unwrap_err());
    // Cancelled in the middle.
    let cancel = Arc::new(AtomicBool::new(false));
    let ctx = Context::new(2, None, Arc::clone(&cancel)).unwrap();
    let batches = (0..100).map(|batch| {
        cancel.store(batch == 50, Ordering::Relaxed);
        Ok(ints(0..1000))
    });
    let error = old(write(batches, &schema, &path, &options, &ctx).unwrap_err());
    assert!(matches!(error, IoError::Cancelled));
    // A null where the schema has none.
    let optional: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let field = Field::new("a", DataType::Int64, true);
    let schema_of = |field: Field| Arc::new(Schema::new(vec![field]));
    let null = RecordBatch::try_new(schema_of(field.clone()), vec![optional]).unwrap();
    let required = schema_of(field.with_nullable(false));
    old(write(std::iter::once(Ok(null)), &required, &path, &options, &context(2)).unwrap_err());
    // It may not be replaced.
    let keep = ParquetWriteOptions { overwrite: false, ..options };
    assert!(matches!(
        old(write_one(&ints(0..9), &path, &keep).unwrap_err()),
        IoError::Exists { .. }
    ));
}

#[cfg(target_os = "linux")]
#[test]
fn test_a_full_device_is_an_error_of_the_system() {
    let options = ParquetWriteOptions::default();
    let error = write_one(&ints(0..1_000_000), Path::new("/dev/full"), &options).unwrap_err();
    assert_eq!(error.os_error().unwrap().kind(), std::io::ErrorKind::StorageFull, "{error}");
    let report = write_one(&ints(0..1000), Path::new("/dev/null"), &options).unwrap();
    assert_eq!(report.rows, 1000);
}

#[test]
fn test_in_place_and_without_sync() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    fs::write(&path, vec![7; 100_000]).unwrap();
    for atomic in [false, true] {
        let options =
            ParquetWriteOptions { atomic, fsync: false, ..ParquetWriteOptions::default() };
        write_one(&ints(0..10), &path, &options).unwrap();
        assert_eq!(read(&path).0, ints(0..10));
        let keep = ParquetWriteOptions { overwrite: false, ..options };
        let error = write_one(&ints(0..10), &path, &keep).unwrap_err();
        assert!(matches!(error, IoError::Exists { .. }), "{error}");
    }
}

#[test]
fn test_kill_leaves_the_old_file_or_the_new_one() {
    const VARIABLE: &str = "PF_IO_TEST_WRITE_FOREVER";
    let table = ints((0..300_000).map(|row| row * 7919 % 100_003));
    if let Some(path) = std::env::var_os(VARIABLE) {
        loop {
            write_one(&table, Path::new(&path), &ParquetWriteOptions::default()).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    write_one(&table, &path, &ParquetWriteOptions::default()).unwrap();
    for wait in [5, 20, 35, 60, 90] {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "test_kill_leaves_the_old_file_or_the_new_one"])
            .env(VARIABLE, &path)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(read(&path).0, table);
    }
}

#[test]
fn test_partitions_are_hive_folders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table");
    let texts = [Some("a/b c"), None, Some("x"), Some("ü"), Some("x")];
    let text: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    let year: ArrayRef = Arc::new(Int32Array::from(vec![2024, 2024, 2025, 2024, 2025]));
    let value: ArrayRef = Arc::new(Int64Array::from_iter_values(0..5));
    let fields = [("year", year), ("value", value), ("k=1", text)];
    let table =
        RecordBatch::try_from_iter_with_nullable(fields.map(|(name, column)| (name, column, true)))
            .unwrap();
    let options = ParquetWriteOptions {
        partition_by: vec!["year".to_owned(), "k=1".to_owned()],
        ..ParquetWriteOptions::default()
    };
    for threads in [1, 2, 8] {
        // The second and third time a folder is replaced.
        let batches = (0..5).map(|row| Ok(table.slice(row, 1)));
        let report = write(batches, &table.schema(), &path, &options, &context(threads)).unwrap();
        assert_eq!((report.rows, report.files), (5, 4));
        assert_eq!(names(folder.path()), ["table"]);
        assert_eq!(names(&path), ["year=2024", "year=2025"]);
        let inner = names(&path.join("year=2024"));
        assert_eq!(inner, ["k%3D1=%C3%BC", "k%3D1=__HIVE_DEFAULT_PARTITION__", "k%3D1=a%2Fb%20c"]);
        let (back, _) = read(&path.join("year=2025/k%3D1=x/part-0.parquet"));
        let column = back.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
        assert_eq!((back.num_columns(), column.values().as_ref()), (1, &[2, 4][..]));
    }

    let again = |options: &ParquetWriteOptions| write_one(&table, &path, options).unwrap_err();
    let keep = ParquetWriteOptions { overwrite: false, ..options.clone() };
    assert!(matches!(again(&keep), IoError::Exists { .. }));
    let all = ["year", "value", "k=1"].map(str::to_owned).to_vec();
    let all = ParquetWriteOptions { partition_by: all, ..options.clone() };
    assert!(again(&all).to_string().contains("leaves no column"));
    // A folder with something else in it is not thrown away.
    fs::write(path.join("year=2024/thesis.txt"), "dear").unwrap();
    assert!(again(&options).to_string().contains("thesis.txt"));
    assert_eq!(names(folder.path()), ["table"]);
    assert!(path.join("year=2024/thesis.txt").exists());
    // A failing input leaves the old folder.
    fs::remove_file(path.join("year=2024/thesis.txt")).unwrap();
    let broken = Err(IoError::Unsupported { path: "in".into(), message: "broken".into() });
    let batches = [Ok(table.clone()), broken].into_iter();
    write(batches, &table.schema(), &path, &options, &context(2)).unwrap_err();
    assert_eq!(names(folder.path()), ["table"]);
    assert_eq!(names(&path.join("year=2025/k%3D1=x")), ["part-0.parquet"]);
}
