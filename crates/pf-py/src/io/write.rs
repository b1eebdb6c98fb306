//! Writing files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use arrow::record_batch::RecordBatchReader;
use pf_io_core::avro::{AvroWriteOptions, AvroWriter};
use pf_io_core::csv::{self, write::CsvWriteOptions};
use pf_io_core::parquet::{self, ParquetWriteOptions};
use pf_io_core::sink::SinkOptions;
use pf_io_core::{AtomicFile, Context, IoError, WriteMode, WriteReport};
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatchReader;
use serde::Deserialize;
use serde_json::json;

use super::options::{Call, flag, work};
use super::read::unknown;
use crate::token::CancellationToken;

type Data = Box<dyn RecordBatchReader + Send>;

/// Avro's options as Python names them.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct AvroOptions {
    schema: Option<String>,
    /// Symbols of the columns that become enums.
    enums: BTreeMap<String, Vec<String>>,
    codec: Option<String>,
    codec_level: Option<i32>,
    block_bytes: usize,
    /// Sixteen bytes in hexadecimal digits.
    sync: Option<String>,
    metadata: BTreeMap<String, String>,
    atomic: bool,
    fsync: bool,
    overwrite: bool,
}

impl Default for AvroOptions {
    fn default() -> Self {
        Self {
            schema: None,
            enums: BTreeMap::new(),
            codec: None,
            codec_level: None,
            block_bytes: AvroWriteOptions::DEFAULT_BLOCK_BYTES,
            sync: None,
            metadata: BTreeMap::new(),
            atomic: true,
            fsync: true,
            overwrite: true,
        }
    }
}

/// Writes what `data` streams to `dest`; tells what was written as JSON text.
#[pyfunction]
#[pyo3(signature = (format, data, dest, options, token = None, progress = None))]
pub(super) fn io_write(
    py: Python<'_>,
    format: &str,
    data: PyRecordBatchReader,
    dest: PathBuf,
    options: &str,
    token: Option<&Bound<'_, CancellationToken>>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let call = Call::read(options)?;
    let context = call.context(py, flag(token))?;
    let data = data.into_reader()?;
    let report = match format {
        "parquet" => {
            let options: ParquetWriteOptions = call.rest()?;
            work(py, &context, progress, || write_parquet(data, &dest, &options, &context))?
        }
        "avro" => {
            let options: AvroOptions = call.rest()?;
            work(py, &context, progress, || write_avro(data, &dest, options, &context))?
        }
        "csv" => {
            let options: CsvWriteOptions = call.rest_with_nulls()?;
            work(py, &context, progress, || write_csv(data, &dest, &options, &context))?
        }
        other => return Err(unknown(other)),
    };
    let path = report.path.to_string_lossy();
    Ok(json!({ "path": path, "rows": report.rows, "bytes": report.bytes, "files": report.files })
        .to_string())
}

fn write_parquet(
    data: Data,
    dest: &Path,
    options: &ParquetWriteOptions,
    context: &Context,
) -> Result<WriteReport, IoError> {
    let schema = data.schema();
    let batches = data.map(|batch| batch.map_err(|error| broken(dest, &error)));
    parquet::write(batches, &schema, dest, options, context)
}

fn write_csv(
    data: Data,
    dest: &Path,
    options: &CsvWriteOptions,
    context: &Context,
) -> Result<WriteReport, IoError> {
    let schema = data.schema();
    let batches = data.map(|batch| batch.map_err(|error| broken(dest, &error)));
    csv::write::write(batches, &schema, dest, options, context)
}

fn write_avro(
    data: Data,
    dest: &Path,
    options: AvroOptions,
    context: &Context,
) -> Result<WriteReport, IoError> {
    let own = AvroWriteOptions {
        codec: options.codec,
        codec_level: options.codec_level,
        block_bytes: options.block_bytes,
        sync: options.sync.as_deref().and_then(marker),
        schema: options.schema,
        enums: options.enums,
        metadata: options.metadata,
    };
    let mode = if options.overwrite { WriteMode::Replace } else { WriteMode::Error };
    let sink = SinkOptions { mkdir: false, mode, atomic: options.atomic, fsync: options.fsync };
    let sink = AtomicFile::create_with(dest, sink)?;
    let mut writer = AvroWriter::with_options(sink, &data.schema(), &own, context)?;
    let mut rows = 0;
    for batch in data {
        let batch = batch.map_err(|error| broken(dest, &error))?;
        rows += batch.num_rows() as u64;
        writer.write(&batch)?;
    }
    let sink = writer.finish()?;
    context.check()?;
    let (bytes, checksum) = sink.commit()?;
    Ok(WriteReport { path: dest.to_path_buf(), rows, bytes, files: 1, checksum })
}

/// Sixteen bytes from their hexadecimal digits.
fn marker(digits: &str) -> Option<[u8; 16]> {
    u128::from_str_radix(digits, 16).ok().map(u128::to_be_bytes)
}

/// The stream of the caller failed.
fn broken(dest: &Path, error: &ArrowError) -> IoError {
    IoError::Write { path: dest.to_path_buf(), message: format!("the data: {error}"), source: None }
}
