//! One door for writing a table in any format.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use crate::avro::write::AvroWriter;
use crate::csv::write::{CsvWriteOptions, CsvWriter};
use crate::format::Format;
use crate::parquet::write::Encoder;
use crate::sink::{AtomicFile, WriteMode};
use crate::{Context, IoError, Result, avro, csv, parquet};

/// Which CSV cells are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QuoteStyle {
    /// Those that would read differently without.
    #[default]
    Necessary,
    /// All but nulls.
    Always,
    /// All but numbers and nulls.
    NonNumeric,
    /// None; a cell that needs quotes is an error.
    Never,
}

/// How a table is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// The file format.
    pub format: Format,
    /// What happens to a file that is already there.
    pub mode: WriteMode,
    /// Missing folders are made.
    pub mkdir: bool,
    /// Parquet: `zstd` (default; level as in `zstd(3)`), `snappy`, `gzip`, `lz4`, `brotli`, `none`.
    /// Avro: `deflate` (default), `snappy`, `zstd`, `bzip2`, `xz`, `null`.
    /// CSV: `gz`, `zst`, `bz2`, `xz`, `lz4`, `none`; by suffix without.
    pub compression: Option<String>,
    /// Parquet: most rows of a row group.
    pub row_group_rows: usize,
    /// CSV: all else; the mode and the compression above count.
    pub csv: CsvWriteOptions,
}

impl WriteOptions {
    /// Rows of a Parquet row group unless said otherwise.
    pub const DEFAULT_ROW_GROUP_ROWS: usize = 1 << 20;

    /// The defaults of `format`.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            mode: WriteMode::Replace,
            mkdir: false,
            compression: None,
            row_group_rows: Self::DEFAULT_ROW_GROUP_ROWS,
            csv: CsvWriteOptions::default(),
        }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteReport {
    /// The file, or the partitioned folder.
    pub path: PathBuf,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
    /// How many files that are: more than one in a partitioned folder only.
    pub files: u64,
    /// The xxh3-128 of its bytes, 32 hexadecimal digits; empty for a folder.
    pub checksum: String,
}

/// A table being written; nothing is visible before [`Self::finish`], and nothing remains of a
/// writer that is dropped without it.
pub struct TableWriter {
    inner: Inner,
    schema: SchemaRef,
    path: PathBuf,
    rows: u64,
    failed: bool,
}

enum Inner {
    Parquet(Box<Encoder<AtomicFile>>),
    Csv(Box<CsvWriter<AtomicFile>>),
    Avro(Box<AvroWriter>),
}

impl std::fmt::Debug for TableWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableWriter")
            .field("path", &self.path)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl TableWriter {
    /// Checks schema and options, then starts the file.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    /// use pf_io_core::{Format, ParquetFile, TableWriter, WriteOptions};
    ///
    /// let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    /// let batch = RecordBatch::try_from_iter([("id", ids)])?;
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("ids.parquet");
    ///
    /// let mut writer =
    ///     TableWriter::create(&path, batch.schema(), &WriteOptions::new(Format::Parquet))?;
    /// writer.write(&batch)?;
    /// assert!(!path.exists()); // all or nothing
    /// assert_eq!(writer.finish()?.rows, 3);
    /// assert_eq!(ParquetFile::open(&path)?.rows(), 3);
    /// # Ok(()) }
    /// ```
    pub fn create(path: &Path, schema: SchemaRef, options: &WriteOptions) -> Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let ctx = Context::new(threads, None, Arc::default())?;
        Self::create_with(path, schema, options, &ctx)
    }

    /// As [`Self::create`], which takes as many threads and as much memory as there is; rows
    /// are encoded on the threads of `ctx` and within its budget.
    pub fn create_with(
        path: &Path,
        schema: SchemaRef,
        options: &WriteOptions,
        ctx: &Context,
    ) -> Result<Self> {
        if schema.fields().is_empty() {
            return Err(IoError::unsupported(path, "the table has no columns"));
        }
        let mut names = HashSet::new();
        if let Some(field) = schema.fields().iter().find(|field| !names.insert(field.name())) {
            let message = format!("two columns are named '{}'", field.name());
            return Err(IoError::unsupported(path, message));
        }
        let compression = options.compression.as_deref();
        let start = || AtomicFile::create(path, options.mkdir, options.mode);
        // Everything that can be refused is refused before a file is made.
        let inner = match options.format {
            Format::Parquet => {
                parquet::write::check_schema(path, &schema)?;
                parquet::write::codec(path, compression, None)?;
                let rows = options.row_group_rows;
                let sink = start()?;
                let encoder = parquet::write::table_encoder(sink, &schema, compression, rows, ctx)?;
                Inner::Parquet(Box::new(encoder))
            }
            Format::Csv => {
                let own = CsvWriteOptions::from(options);
                csv::write::check(path, &schema, &own)?;
                Inner::Csv(Box::new(CsvWriter::new(start()?, path, &schema, &own, ctx)?))
            }
            Format::Avro => {
                avro::write::writable_schema(path, &schema)?;
                let codec = avro::write::codec(path, compression)?;
                Inner::Avro(Box::new(AvroWriter::new(start()?, &schema, codec, ctx)?))
            }
        };
        Ok(Self { inner, schema, path: path.to_path_buf(), rows: 0, failed: false })
    }

    /// Appends a batch of the schema given to [`Self::create`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        same_columns(&self.path, &self.schema, batch)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let written = match &mut self.inner {
            Inner::Parquet(writer) => writer.write(batch),
            Inner::Csv(writer) => writer.write(batch),
            Inner::Avro(writer) => writer.write(batch),
        };
        // What follows a failed write would be half a table.
        self.failed |= written.is_err();
        self.rows += batch.num_rows() as u64;
        written
    }

    /// Completes the file and makes it visible.
    pub fn finish(self) -> Result<WriteReport> {
        if self.failed {
            return Err(IoError::refused(&self.path, "an earlier batch could not be written"));
        }
        let sink = match self.inner {
            Inner::Parquet(writer) => writer.finish()?,
            Inner::Csv(writer) => writer.finish()?,
            Inner::Avro(writer) => writer.finish()?,
        };
        let (bytes, checksum) = sink.commit()?;
        Ok(WriteReport { path: self.path, rows: self.rows, bytes, files: 1, checksum })
    }
}

/// An error unless `batch` has the columns of `schema`, in order.
pub(crate) fn same_columns(path: &Path, schema: &SchemaRef, batch: &RecordBatch) -> Result<()> {
    let ours = schema.fields();
    let same = ours.len() == batch.num_columns()
        && ours.iter().zip(batch.schema_ref().fields()).all(|(ours, theirs)| {
            ours.name() == theirs.name() && ours.data_type() == theirs.data_type()
        });
    if same {
        Ok(())
    } else {
        Err(IoError::refused(path, "a batch has other columns than the table"))
    }
}
