//! Opens a Parquet file and reads it in file order.

use std::fs::{File, Metadata};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
};

use super::metadata::{ParquetMetadata, read_footer};
use super::{claims, pages};
use crate::batch::project_schema;
use crate::error::panic_text;
use crate::{IoError, Result, source};

/// A file whose footer has been read and checked.
#[derive(Debug, Clone)]
pub struct ParquetFile {
    path: PathBuf,
    inner: ArrowReaderMetadata,
    metadata: Arc<ParquetMetadata>,
    stamp: Stamp,
}

/// Tells whether a file is still the one whose footer we know.
#[derive(Debug, Clone, PartialEq)]
struct Stamp {
    size: u64,
    modified: Option<std::time::SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl ParquetFile {
    /// Reads the footer of `path`.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, size) = source::open_nonempty(path)?;
        let stamp = Stamp::of(&file.metadata().map_err(|source| IoError::reading(path, source))?);
        let footer = read_footer(&source::Source::open(path)?)?;
        let inner = guard(path, || ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()))?;
        claims::check(inner.metadata(), size).map_err(|reason| IoError::parquet(path, reason))?;
        let described =
            footer.describe(inner.metadata().file_metadata().schema_descr(), inner.schema());
        Ok(Self { path: path.to_path_buf(), inner, metadata: Arc::new(described), stamp })
    }

    /// What the footer says.
    pub fn metadata(&self) -> &ParquetMetadata {
        &self.metadata
    }

    /// Names and types of the top-level columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(self.inner.schema())
    }

    /// Rows of the file.
    pub fn rows(&self) -> u64 {
        self.metadata.rows
    }

    /// The rows as batches of at most `batch_rows`; `projection` indexes [`Self::schema`] and
    /// decides the order of the columns. Only the pages of these columns are read.
    pub fn batches(
        &self,
        projection: Option<&[usize]>,
        limit: Option<usize>,
        batch_rows: usize,
        cancel: Arc<AtomicBool>,
    ) -> Result<ParquetBatches> {
        let file = source::open(&self.path)?;
        let now = file.metadata().map_err(|source| IoError::reading(&self.path, source))?;
        if Stamp::of(&now) != self.stamp {
            let message = "the file changed since its footer was read";
            return Err(IoError::parquet(&self.path, message));
        }
        let width = self.inner.schema().fields().len();
        let wanted: Vec<usize> = match projection {
            Some(indices) => indices.iter().copied().filter(|&index| index < width).collect(),
            None => (0..width).collect(),
        };
        // The decoder gives columns in file order, each once.
        let mut sorted = wanted.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let order: Vec<usize> =
            wanted.iter().filter_map(|index| sorted.binary_search(index).ok()).collect();
        let rows = limit.map_or(self.rows(), |limit| self.rows().min(limit as u64));
        let reader = guard(&self.path, || {
            let schema = self.inner.parquet_schema();
            let leaves: Vec<usize> = (0..schema.num_columns())
                .filter(|&leaf| sorted.contains(&schema.get_column_root_idx(leaf)))
                .collect();
            let batch_rows = claims::batch_rows(schema, &leaves, batch_rows);
            let groups = (0..self.inner.metadata().num_row_groups()).collect();
            let batch_rows = batch_rows.min(usize::try_from(rows).unwrap_or(usize::MAX));
            pages::reader(file, &self.inner, &leaves, groups, batch_rows, None, None)
        })?;
        Ok(ParquetBatches {
            path: self.path.clone(),
            schema: project_schema(self.inner.schema(), Some(&wanted)),
            reader: Some(reader),
            order,
            limited: rows < self.rows(),
            expected: rows,
            given: 0,
            cancel,
        })
    }
}

/// The batches of a [`ParquetFile`].
pub struct ParquetBatches {
    path: PathBuf,
    schema: SchemaRef,
    /// `None` after the end or an error.
    reader: Option<ParquetRecordBatchReader>,
    order: Vec<usize>,
    /// Not all rows of the file are wanted.
    limited: bool,
    expected: u64,
    given: u64,
    cancel: Arc<AtomicBool>,
}

impl std::fmt::Debug for ParquetBatches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetBatches")
            .field("path", &self.path)
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

impl ParquetBatches {
    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn read(&mut self) -> Result<Option<RecordBatch>> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(IoError::Cancelled);
        }
        let Some(reader) = &mut self.reader else { return Ok(None) };
        if self.limited && self.given == self.expected {
            return Ok(None);
        }
        let Some(batch) = guard(&self.path, || reader.next().transpose())? else {
            if self.given == self.expected {
                return Ok(None);
            }
            let message =
                format!("the pages hold {} rows, the footer says {}", self.given, self.expected);
            return Err(IoError::parquet(&self.path, message));
        };
        let left = usize::try_from(self.expected.saturating_sub(self.given)).unwrap_or(usize::MAX);
        let cut = self.limited && batch.num_rows() > left;
        let batch = if cut { batch.slice(0, left) } else { batch };
        self.given += batch.num_rows() as u64;
        let columns = self.order.iter().map(|&index| Arc::clone(batch.column(index))).collect();
        crate::batch::batch_of(&self.schema, columns, batch.num_rows())
            .map(Some)
            .map_err(|error| IoError::parquet(&self.path, error.to_string()))
    }
}

impl Iterator for ParquetBatches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.as_ref()?;
        let batch = self.read().transpose();
        if !matches!(batch, Some(Ok(_))) {
            self.reader = None;
        }
        batch
    }
}

/// Runs a decoder; its errors and its panics become ours.
pub(super) fn guard<T, E: std::fmt::Display>(
    path: &Path,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T> {
    // Whatever the closure touches is dropped after a panic.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let text = error.to_string();
            let text = text.strip_prefix("Parquet error: ").unwrap_or(&text);
            Err(IoError::parquet(path, text))
        }
        Err(panic) => Err(IoError::parquet(path, panic_text(&*panic))),
    }
}

const _: () = {
    const fn moves_between_threads<T: Send + 'static>() {}
    moves_between_threads::<ParquetBatches>();
    moves_between_threads::<File>();
};
