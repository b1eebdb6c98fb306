//! Batches into a Parquet file.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::batch::type_name;
use crate::error::panic_text;
use crate::sink::AtomicFile;
use crate::{IoError, Result};

/// Codec names, for messages.
const CODECS: &str = "zstd, snappy, gzip, lz4, brotli, none; a level as in zstd(3)";

/// One file being written.
pub(crate) struct ParquetWriter {
    writer: ArrowWriter<AtomicFile>,
}

impl ParquetWriter {
    pub(crate) fn new(
        sink: AtomicFile,
        schema: &SchemaRef,
        compression: Compression,
        row_group_rows: usize,
    ) -> Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_max_row_group_row_count(Some(row_group_rows.max(1)))
            .build();
        let dest = sink.dest().to_path_buf();
        let writer = ArrowWriter::try_new(sink, Arc::clone(schema), Some(properties))
            .map_err(|error| failed(&dest, error))?;
        Ok(Self { writer })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let written = self.writer.write(batch);
        written.map_err(|error| failed(self.writer.inner().dest(), error))
    }

    pub(crate) fn finish(self) -> Result<AtomicFile> {
        let dest = self.writer.inner().dest().to_path_buf();
        self.writer.into_inner().map_err(|error| failed(&dest, error))
    }
}

/// Every column has a type Parquet holds: each is tried with one null, in memory.
pub(crate) fn check_schema(path: &Path, schema: &Schema) -> Result<()> {
    for field in schema.fields() {
        let attempt = || -> Result<(), ParquetError> {
            let nullable = Field::new(field.name(), field.data_type().clone(), true);
            let schema = Arc::new(Schema::new(vec![nullable]));
            let nulls = new_null_array(field.data_type(), 1);
            let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), None)?;
            writer.write(&RecordBatch::try_new(schema, vec![nulls])?)?;
            writer.close().map(drop)
        };
        let reason = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(attempt)) {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panic_text(&*panic),
        };
        let (name, data_type) = (field.name(), type_name(field.data_type()));
        let message = format!("column '{name}': Parquet cannot hold {data_type} ({reason})");
        return Err(IoError::unsupported(path, message));
    }
    Ok(())
}

/// The codec named by `name`, such as `zstd(3)`; zstd level 1 without one.
pub(crate) fn codec(path: &Path, name: Option<&str>) -> Result<Compression> {
    let name = name.unwrap_or("zstd");
    let unknown =
        || IoError::unsupported(path, format!("no Parquet codec '{name}' (known: {CODECS})"));
    let (base, level) = match name.split_once('(') {
        None => (name, None),
        Some((base, rest)) => {
            let level = rest.strip_suffix(')').and_then(|level| level.trim().parse::<u32>().ok());
            (base, Some(level.ok_or_else(unknown)?))
        }
    };
    let codec = match (base, level) {
        ("none" | "uncompressed", None) => Some(Compression::UNCOMPRESSED),
        ("snappy", None) => Some(Compression::SNAPPY),
        ("lz4" | "lz4_raw", None) => Some(Compression::LZ4_RAW),
        ("zstd", level) => i32::try_from(level.unwrap_or(1))
            .ok()
            .and_then(|level| ZstdLevel::try_new(level).ok())
            .map(Compression::ZSTD),
        ("gzip", level) => GzipLevel::try_new(level.unwrap_or(6)).ok().map(Compression::GZIP),
        ("brotli", level) => BrotliLevel::try_new(level.unwrap_or(1)).ok().map(Compression::BROTLI),
        _ => None,
    };
    codec.ok_or_else(unknown)
}

/// An error of the system keeps its kind through the writer.
fn failed(path: &Path, error: ParquetError) -> IoError {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => IoError::writing(path, *source),
            Err(other) => IoError::refused(path, other.to_string()),
        },
        other => IoError::refused(path, other.to_string()),
    }
}
