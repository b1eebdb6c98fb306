//! Batches into a Parquet file, or into a folder of them.
//!
//! [`write()`] takes every option; [`crate::TableWriter`] takes batches one by one. Both encode the
//! columns of a row group in parallel ([`encode`]).

mod dictionary;
mod encode;
mod lane;
mod options;
mod order;
mod partition;
mod stage;
mod units;

use std::io::Write;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};

pub(crate) use encode::Encoder;
pub use options::{
    BloomOption, DictionaryOption, ParquetWriteOptions, SortDirection, StatisticsOption,
};
pub(crate) use options::{check_schema, codec};

use crate::sink::{AtomicFile, SinkOptions, WriteMode};
use crate::writer::{WriteReport, same_columns};
use crate::{Context, IoError, Result};
use order::OrderCheck;

/// Writes `batches`, all of `schema`, to `dest`: a file, or with `partition_by` a folder.
///
/// With `atomic` the destination is the old one until the new one is complete, and stays the old
/// one after any error. Without, and for FIFOs and devices, bytes go straight to `dest`.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use arrow::array::{ArrayRef, Int64Array, RecordBatch};
/// use pf_io_core::{Context, ParquetFile, ParquetWriteOptions, parquet};
///
/// let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
/// let batch = RecordBatch::try_from_iter([("id", ids)])?;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("ids.parquet");
/// let options = ParquetWriteOptions { compression: "zstd".to_owned(), ..Default::default() };
/// let ctx = Context::new(2, None, Arc::default())?;
///
/// let report = parquet::write(std::iter::once(Ok(batch.clone())), &batch.schema(), &path, &options, &ctx)?;
/// assert_eq!((report.rows, report.files), (3, 1));
/// assert_eq!(ParquetFile::open(&path)?.rows(), 3);
/// # Ok(()) }
/// ```
pub fn write(
    batches: impl Iterator<Item = Result<RecordBatch>>,
    schema: &SchemaRef,
    dest: &Path,
    options: &ParquetWriteOptions,
    ctx: &Context,
) -> Result<WriteReport> {
    check_schema(dest, schema)?;
    options.properties(dest, schema)?;
    if !options.partition_by.is_empty() {
        return partition::write(batches, schema, dest, options, ctx);
    }
    let mode = if options.overwrite { WriteMode::Replace } else { WriteMode::Error };
    let sink = SinkOptions { mkdir: false, mode, atomic: options.atomic, fsync: options.fsync };
    let sink = AtomicFile::create_with(dest, sink)?;
    let (sink, rows) = encode_all(sink, batches, schema, dest, options, ctx)?;
    ctx.check()?;
    let (bytes, checksum) = sink.commit()?;
    Ok(WriteReport { path: dest.to_path_buf(), rows, bytes, files: 1, checksum })
}

/// All batches into `sink`; gives it back with the number of rows.
fn encode_all<W: Write + Send>(
    sink: W,
    batches: impl Iterator<Item = Result<RecordBatch>>,
    schema: &SchemaRef,
    dest: &Path,
    options: &ParquetWriteOptions,
    ctx: &Context,
) -> Result<(W, u64)> {
    let (asked, plain) = options.properties(dest, schema)?;
    let mut order = OrderCheck::new(dest, schema, &options.sorting)?;
    let mut encoder = Encoder::new(sink, dest, schema, asked, plain, options.row_group_rows, ctx)?;
    let mut rows = 0;
    for batch in batches {
        ctx.check()?;
        let batch = batch?;
        same_columns(dest, schema, &batch)?;
        order.check(&batch)?;
        encoder.write(&batch)?;
        rows += batch.num_rows() as u64;
    }
    Ok((encoder.finish()?, rows))
}

/// The encoder behind a [`crate::TableWriter`].
pub(crate) fn table_encoder(
    sink: AtomicFile,
    schema: &SchemaRef,
    compression: Option<&str>,
    row_group_rows: usize,
    ctx: &Context,
) -> Result<Encoder<AtomicFile>> {
    let dest = sink.dest().to_path_buf();
    let options = ParquetWriteOptions {
        compression: compression.unwrap_or("zstd").to_owned(),
        row_group_rows: row_group_rows.max(1),
        ..ParquetWriteOptions::default()
    };
    let (asked, plain) = options.properties(&dest, schema)?;
    Encoder::new(sink, &dest, schema, asked, plain, options.row_group_rows, ctx)
}

/// `schema` without the columns at `left_out`.
fn schema_without(dest: &Path, schema: &Schema, left_out: &[usize]) -> Result<SchemaRef> {
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .enumerate()
        .filter(|(index, _)| !left_out.contains(index))
        .map(|(_, field)| std::sync::Arc::clone(field))
        .collect();
    if fields.is_empty() {
        return Err(IoError::unsupported(dest, "partition_by leaves no column for the files"));
    }
    Ok(std::sync::Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array};

    use super::*;
    use crate::sink::faults;

    #[test]
    fn test_a_fault_at_any_call_leaves_the_old_file() {
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values((0..300_000).map(|i| i * i)));
        let batch = RecordBatch::try_from_iter([("a", values)]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        fs::write(&path, "old").unwrap();
        let options = ParquetWriteOptions {
            compression: "none".to_owned(),
            row_group_rows: 50_000,
            ..ParquetWriteOptions::default()
        };
        let mut calls = 0;
        loop {
            // Of the context's threads only the calling one writes.
            let ctx = Context::new(2, None, Arc::default()).unwrap();
            faults::fail_after(Some(calls));
            let batches = std::iter::once(Ok(batch.clone()));
            let written = write(batches, &batch.schema(), &path, &options, &ctx);
            faults::fail_after(None);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "after {calls} calls");
            match written {
                Ok(report) => {
                    assert_eq!(report.bytes, fs::metadata(&path).unwrap().len());
                    break;
                }
                Err(error) => {
                    let kind = error.os_error().map(std::io::Error::kind);
                    assert_eq!(kind, Some(std::io::ErrorKind::StorageFull), "{error}");
                    assert_eq!(fs::read(&path).unwrap(), b"old", "after {calls} calls");
                }
            }
            calls += 1;
        }
        assert!(calls > 8, "only {calls} calls were made to fail");
    }
}
