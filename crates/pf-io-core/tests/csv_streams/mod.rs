//! What the tests of CSV streams share.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::{cast, concat, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use pf_io_core::csv::{ColumnSpec, CsvAsk, CsvPart, CsvReadOptions, CsvReport, CsvScan, read};
use pf_io_core::parquet::predicate::{Comparison, Literal, Predicate, Value};
use pf_io_core::{Context, IoError, Source};

pub fn context(threads: usize) -> Context {
    Context::new(threads, Some(1 << 30), Arc::default()).unwrap()
}

pub fn memory(text: &[u8]) -> Source {
    Source::memory("test.csv", Bytes::copy_from_slice(text)).unwrap()
}

/// Dictionaries of several batches are not comparable as such.
pub fn plain(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Dictionary(_, value) => cast(array, value).unwrap(),
        _ => Arc::clone(array),
    }
}

pub fn joined(schema: &SchemaRef, batches: &[RecordBatch]) -> RecordBatch {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (at, field) in schema.fields().iter().enumerate() {
        let arrays: Vec<ArrayRef> = batches.iter().map(|batch| plain(batch.column(at))).collect();
        let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        for array in &arrays {
            array.to_data().validate_full().unwrap();
        }
        let empty = plain(&arrow::array::new_empty_array(field.data_type()));
        let column = if arrays.is_empty() { empty } else { concat(&arrays).unwrap() };
        fields.push(Field::new(field.name(), column.data_type().clone(), true));
        columns.push(column);
    }
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
    let schema = Arc::new(Schema::new(fields));
    RecordBatch::try_new_with_options(schema, columns, &options).unwrap()
}

/// The whole read, as one batch.
pub fn whole(
    text: &[u8],
    options: &CsvReadOptions,
) -> Result<(SchemaRef, RecordBatch, CsvReport), String> {
    let found = read(&memory(text), options, &context(2)).map_err(|error| error.to_string())?;
    let rows = found.table.rows;
    let (schema, columns, _charges) = found.table.into_arrays();
    let arrays = columns.iter().zip(schema.fields()).map(|(chunks, field)| -> ArrayRef {
        let chunks: Vec<&dyn Array> = chunks.iter().map(AsRef::as_ref).collect();
        match chunks.as_slice() {
            [] => arrow::array::new_empty_array(field.data_type()),
            chunks => concat(chunks).unwrap(),
        }
    });
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays.collect()).unwrap();
    assert_eq!(batch.num_rows(), rows);
    Ok((Arc::clone(&schema), joined(&schema, &[batch]), found.report))
}

pub fn batches(
    scan: &CsvScan,
    part: Option<CsvPart>,
    ask: &CsvAsk,
    context: &Context,
) -> Result<Vec<RecordBatch>, IoError> {
    scan.batches(part, ask.clone(), context.clone()).collect()
}

pub fn at_least(column: &str, kind: &str, value: Value) -> Predicate {
    let value = Literal { kind: kind.to_owned(), value };
    Predicate::Ge(Comparison { column: column.to_owned(), value })
}

pub fn kept(batch: &RecordBatch, predicate: &Predicate) -> RecordBatch {
    let schema = batch.schema();
    let of = |name: &str| schema.index_of(name).ok().map(|at| batch.column(at));
    let mask = predicate.evaluate(batch.num_rows(), &of).unwrap();
    filter_record_batch(batch, &mask.iter().map(|b| b == Some(true)).collect::<BooleanArray>())
        .unwrap()
}

/// Tasks that nobody waits for any more may take a moment.
pub fn all_given_back(context: &Context) -> bool {
    let start = Instant::now();
    while context.budget().used() > 0 && start.elapsed() < Duration::from_secs(5) {
        std::thread::yield_now();
    }
    context.budget().used() == 0
}

pub fn numbers(rows: usize) -> String {
    let mut text = "id,name,price\n".to_owned();
    for row in 0..rows {
        writeln!(text, "{row},name of {row},{}.5", row % 1000).unwrap();
    }
    text
}

pub fn small_chunks() -> CsvReadOptions {
    CsvReadOptions { chunk_bytes: 4096, ..CsvReadOptions::default() }
}

pub fn typed(column: &str, data_type: DataType) -> CsvReadOptions {
    let specs = vec![(column.to_owned(), ColumnSpec::typed(data_type))];
    CsvReadOptions { specs, ..small_chunks() }
}
