//! Batches of a file, a few row groups at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::concat;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::chunk::{Chunks, Group, Part};
use super::file::{OpenFile, Wanted};
use super::filter::Filter;
use super::options::ReadOptions;
use super::read::guard;
use super::whole::{delivered, first_rows, row_groups, whole};
use crate::context::{Charge, Context};
use crate::source::Source;
use crate::table::Table;
use crate::{IoError, Result};

/// Rows of a batch unless said otherwise.
pub const BATCH_ROWS: usize = 131_072;
/// Uncompressed bytes of a row group above which it is not decoded as a whole.
const LARGE_GROUP: u64 = 256 << 20;

/// Batches in file order; memory is that of a window of row groups.
pub struct ParquetStream {
    file: OpenFile,
    schema: SchemaRef,
    wanted: Vec<Wanted>,
    options: ReadOptions,
    context: Context,
    parts: VecDeque<Part>,
    /// Decoded, not yet handed out.
    ready: VecDeque<(RecordBatch, Arc<Vec<Charge>>)>,
    /// A large row group that arrow-rs gives piece by piece.
    large: Option<Large>,
    /// Rows still wanted.
    left: u64,
}

struct Large {
    reader: ParquetRecordBatchReader,
    part: Part,
    /// Rows that were decoded.
    given: usize,
}

impl std::fmt::Debug for ParquetStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetStream")
            .field("path", &self.file.source.path())
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// Opens `source` for reading batch by batch.
pub fn stream(source: &Source, options: &ReadOptions, context: &Context) -> Result<ParquetStream> {
    let file = OpenFile::open(source.clone(), options)?;
    let wanted = file.wanted(options.columns.as_deref())?;
    let groups = row_groups(&file, options)?;
    let parts = match &options.predicate {
        None => first_rows(groups, options.n_rows),
        Some(predicate) => {
            Filter::new(&file, predicate)?;
            groups.into_iter().map(Part::whole).collect()
        }
    };
    let schema = delivered(&file, &wanted);
    Ok(ParquetStream {
        file,
        schema,
        wanted,
        options: options.clone(),
        context: context.clone(),
        parts: parts.into(),
        ready: VecDeque::new(),
        large: None,
        left: options.n_rows.unwrap_or(u64::MAX),
    })
}

impl ParquetStream {
    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn batch_rows(&self) -> usize {
        self.options.batch_rows.unwrap_or(BATCH_ROWS).max(1)
    }

    fn read(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            self.context.check()?;
            if self.left == 0 {
                return Ok(None);
            }
            if let Some((batch, _)) = self.ready.pop_front() {
                let rows = batch.num_rows().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                self.left -= rows as u64;
                return Ok(Some(batch.slice(0, rows)));
            }
            if self.large.is_some() {
                self.read_large()?;
            } else if !self.read_window()? {
                self.file.source.check_unchanged()?;
                return Ok(None);
            }
        }
    }

    /// Decodes as many row groups as there are threads; false when none are left.
    fn read_window(&mut self) -> Result<bool> {
        let Some(first) = self.parts.front() else { return Ok(false) };
        // arrow-rs applies no predicate here, and verifies no checksums.
        let by_arrow = self.options.predicate.is_none() && !self.options.verify_checksums;
        if by_arrow && self.is_large(first.group) {
            let Some(part) = self.parts.pop_front() else { return Ok(false) };
            let mut leaves: Vec<usize> =
                self.wanted.iter().flat_map(|column| column.leaves.iter().copied()).collect();
            leaves.sort_unstable();
            leaves.dedup();
            let groups = vec![part.group.index];
            let reader = self.file.reader(&leaves, groups, self.batch_rows(), None, None)?;
            self.large = Some(Large { reader, part, given: 0 });
            return Ok(true);
        }
        let mut window = Vec::new();
        while window.len() < self.context.threads()
            && let Some(part) = self.parts.front()
            && (window.is_empty() || !self.is_large(part.group))
        {
            window.extend(self.parts.pop_front());
        }
        let chunks = Chunks { file: &self.file, options: &self.options, context: &self.context };
        if let Some(predicate) = &self.options.predicate {
            let groups: Vec<Group> = window.iter().map(|part| part.group).collect();
            window =
                Filter::new(&self.file, predicate)?.parts(chunks, &self.wanted, &groups)?.parts;
        }
        let table = whole(chunks, &self.wanted, &window)?;
        self.cut(table, &window)?;
        Ok(true)
    }

    fn is_large(&self, group: Group) -> bool {
        let metadata = self.file.metadata().row_group(group.index);
        let bytes: i64 = self
            .wanted
            .iter()
            .flat_map(|column| &column.leaves)
            .map(|&leaf| metadata.column(leaf).uncompressed_size())
            .sum();
        // Dictionaries unfold: count rows as well.
        let unfolded = (group.rows as u64).saturating_mul(self.wanted.len() as u64 * 8);
        u64::try_from(bytes).unwrap_or(0).max(unfolded) > LARGE_GROUP
    }

    /// Batches of `table`, none of which has rows of two row groups.
    fn cut(&mut self, table: Table, parts: &[Part]) -> Result<()> {
        let (_, columns, charges) = table.into_arrays();
        let charges = Arc::new(charges);
        let mut columns: Vec<Pieces> = columns.into_iter().map(Pieces::new).collect();
        let step = self.batch_rows();
        for part in parts {
            for start in (0..part.rows()).step_by(step) {
                let rows = step.min(part.rows() - start);
                let arrays = columns.iter_mut().map(|column| column.next(rows));
                let arrays = arrays.collect::<Result<_, _>>().map_err(|error| {
                    IoError::parquet(self.file.source.path(), error.to_string())
                })?;
                self.ready.push_back((self.batch(arrays, rows)?, Arc::clone(&charges)));
            }
        }
        Ok(())
    }

    fn batch(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema(), columns, &options)
            .map_err(|error| IoError::parquet(self.file.source.path(), error.to_string()))
    }

    fn read_large(&mut self) -> Result<()> {
        let Some(large) = &mut self.large else { return Ok(()) };
        let path = self.file.source.path().to_path_buf();
        let batch = guard(&path, || large.reader.next().transpose())?;
        let Some(batch) = batch else {
            let (group, given) = (large.part.group, large.given);
            self.large = None;
            if given == group.rows {
                return Ok(());
            }
            let message = format!(
                "row group {}: the pages hold {given} rows, the footer says {}",
                group.index, group.rows
            );
            return Err(IoError::parquet(&path, message));
        };
        large.given += batch.num_rows();
        let keep = (large.part.rows() + batch.num_rows()).saturating_sub(large.given);
        let rows = batch.num_rows().min(keep);
        let columns = self
            .wanted
            .iter()
            .map(|column| batch.column_by_name(column.field.name()).map(|a| a.slice(0, rows)))
            .collect::<Option<Vec<_>>>();
        let columns =
            columns.ok_or_else(|| IoError::parquet(&path, "a column is missing in a batch"))?;
        let bytes = batch.get_array_memory_size() as u64;
        let charge = self.context.budget().charge(&path, bytes, "a batch")?;
        if rows > 0 {
            let batch = self.batch(columns, rows)?;
            self.ready.push_back((batch, Arc::new(vec![charge])));
        }
        Ok(())
    }
}

/// The arrays of a column, handed out some rows at a time.
struct Pieces {
    arrays: VecDeque<ArrayRef>,
}

impl Pieces {
    fn new(arrays: Vec<ArrayRef>) -> Self {
        Self { arrays: arrays.into() }
    }

    /// The next `rows` rows, copied only where arrays meet.
    fn next(&mut self, rows: usize) -> Result<ArrayRef, ArrowError> {
        let mut taken: Vec<ArrayRef> = Vec::new();
        let mut left = rows;
        while left > 0
            && let Some(array) = self.arrays.pop_front()
        {
            let count = array.len().min(left);
            if count < array.len() {
                self.arrays.push_front(array.slice(count, array.len() - count));
            }
            left -= count;
            taken.push(array.slice(0, count));
        }
        match taken.as_slice() {
            [array] => Ok(Arc::clone(array)),
            arrays => concat(&arrays.iter().map(AsRef::as_ref).collect::<Vec<&dyn Array>>()),
        }
    }
}

impl Iterator for ParquetStream {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.read().transpose();
        if !matches!(batch, Some(Ok(_))) {
            self.left = 0;
            self.ready.clear();
            self.large = None;
        }
        batch
    }
}
