//! Writers keep to their budget: they write earlier instead of holding more.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use pf_io_core::avro::{AvroWriteOptions, AvroWriter};
use pf_io_core::{
    AtomicFile, Context, IoError, ParquetFile, ParquetWriteOptions, WriteMode, parquet,
};

const ROWS: i64 = 400_000;

/// Rows of about 30 bytes that do not compress, in batches of `step`.
fn batches(step: i64) -> Vec<RecordBatch> {
    let batch = |start: i64| {
        let rows = start..(start + step).min(ROWS);
        let mixed = |row: i64| row.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64);
        let numbers = Int64Array::from_iter_values(rows.clone().map(mixed));
        let texts =
            StringArray::from_iter_values(rows.clone().map(|row| format!("{:x}", mixed(row))));
        let parts = Int64Array::from_iter_values(rows.map(|row| row % 50));
        let columns: [(&str, ArrayRef); 3] =
            [("n", Arc::new(numbers)), ("t", Arc::new(texts)), ("p", Arc::new(parts))];
        RecordBatch::try_from_iter(columns).unwrap()
    };
    (0..ROWS).step_by(step as usize).map(batch).collect()
}

fn context(threads: usize, limit: Option<u64>) -> Context {
    Context::new(threads, limit, Arc::default()).unwrap()
}

fn options() -> ParquetWriteOptions {
    ParquetWriteOptions {
        compression: "none".to_owned(),
        fsync: false,
        ..ParquetWriteOptions::default()
    }
}

fn write(
    path: &Path,
    step: i64,
    options: &ParquetWriteOptions,
    context: &Context,
) -> Result<u64, IoError> {
    let batches = batches(step);
    let schema = batches[0].schema();
    parquet::write(batches.into_iter().map(Ok), &schema, path, options, context)
        .map(|report| report.files)
}

fn rows(path: &Path) -> Vec<i64> {
    let file = ParquetFile::open(path).unwrap();
    let batches = file.batches(Some(&[0]), None, 100_000, Arc::default()).unwrap();
    let mut values = Vec::new();
    for batch in batches {
        let batch = batch.unwrap();
        let column = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
        values.extend(column.values());
    }
    values
}

#[test]
fn test_row_groups_end_early_where_memory_is_short() {
    let folder = tempfile::tempdir().unwrap();
    let (free, tight) = (folder.path().join("free.parquet"), folder.path().join("tight.parquet"));
    for threads in [1, 2] {
        let unlimited = context(threads, None);
        write(&free, ROWS, &options(), &unlimited).unwrap();
        assert_eq!(unlimited.budget().used(), 0);
        assert!(unlimited.budget().peak() > 8 << 20);
        let limit = 4 << 20;
        let limited = context(threads, Some(limit));
        write(&tight, ROWS, &options(), &limited).unwrap();
        assert_eq!(limited.budget().used(), 0);
        assert!(limited.budget().peak() <= limit);
        let groups = |path: &Path| ParquetFile::open(path).unwrap().metadata().row_groups.len();
        assert_eq!(groups(&free), 1);
        assert!((3..60).contains(&groups(&tight)), "{}", groups(&tight));
        assert_eq!(rows(&free), rows(&tight));
    }
}

#[test]
fn test_a_budget_for_nothing_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let error = write(&path, ROWS, &options(), &context(2, Some(1000))).unwrap_err();
    assert!(matches!(error, IoError::Limit { limit: 1000, .. }), "{error}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn test_partitions_become_files_before_memory_runs_out() {
    let folder = tempfile::tempdir().unwrap();
    let options = ParquetWriteOptions { partition_by: vec!["p".to_owned()], ..options() };
    for threads in [1, 2] {
        let (free, tight) = (folder.path().join("free"), folder.path().join("tight"));
        let options = ParquetWriteOptions { overwrite: true, ..options.clone() };
        let unlimited = context(threads, None);
        assert_eq!(write(&free, 20_000, &options, &unlimited).unwrap(), 50);
        let limit = 6 << 20;
        let limited = context(threads, Some(limit));
        let files = write(&tight, 20_000, &options, &limited).unwrap();
        assert!(files > 100, "{files}");
        assert_eq!(limited.budget().used(), 0);
        assert!(limited.budget().peak() <= limit);
        let whole = |folder: &Path| {
            let mut values: Vec<i64> = Vec::new();
            for part in folder.read_dir().unwrap() {
                for file in part.unwrap().path().read_dir().unwrap() {
                    values.extend(rows(&file.unwrap().path()));
                }
            }
            values.sort_unstable();
            values
        };
        assert_eq!(whole(&free), whole(&tight));
    }
}

#[test]
fn test_avro_slabs_are_charged() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, limit: Option<u64>| {
        let context = context(4, limit);
        let path = folder.path().join(name);
        let sink = AtomicFile::create(&path, false, WriteMode::Replace).unwrap();
        let batches = batches(50_000);
        let options = AvroWriteOptions { sync: Some([1; 16]), ..AvroWriteOptions::default() };
        let mut writer =
            AvroWriter::with_options(sink, &batches[0].schema(), &options, &context).unwrap();
        for batch in &batches {
            writer.write(batch)?;
        }
        writer.finish()?.commit()?;
        assert_eq!(context.budget().used(), 0);
        Ok::<_, IoError>((context.budget().peak(), std::fs::read(path).unwrap()))
    };
    let (free, whole) = write("free.avro", None).unwrap();
    let (tight, same) = write("tight.avro", Some(10 << 20)).unwrap();
    assert!(free > 16 << 20 && tight <= 10 << 20, "{free} {tight}");
    assert!(whole == same, "blocks depend on the rows alone");
    assert!(matches!(write("no.avro", Some(1 << 20)), Err(IoError::Limit { .. })));
    assert!(!folder.path().join("no.avro").exists());
}
