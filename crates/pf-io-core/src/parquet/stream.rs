//! Batches of a file, a few row groups at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::file::{OpenFile, Wanted};
use super::filtered::{Filter, Part, Plan};
use super::options::ReadOptions;
use super::read::guard;
use super::whole::{Group, row_groups};
use crate::context::{Charge, Context};
use crate::source::Source;
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
    groups: VecDeque<Group>,
    /// Decoded, not yet handed out.
    ready: VecDeque<(RecordBatch, Arc<Charge>)>,
    /// A large row group that arrow-rs gives piece by piece.
    large: Option<Large>,
    /// Rows still wanted.
    left: u64,
}

struct Large {
    reader: ParquetRecordBatchReader,
    group: Group,
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
    let mut groups: VecDeque<Group> = row_groups(&file, options)?.into();
    if let Some(predicate) = &options.predicate {
        let filter = Filter::new(&file, predicate)?;
        groups.retain(|group| !filter.excludes(&file, *group));
    }
    let fields: Vec<_> = wanted.iter().map(|column| Arc::clone(&column.field)).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, file.schema().metadata().clone()));
    Ok(ParquetStream {
        file,
        schema,
        wanted,
        options: options.clone(),
        context: context.clone(),
        groups,
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
        let Some(first) = self.groups.front().copied() else { return Ok(false) };
        // arrow-rs applies no predicate here, and verifies no checksums.
        let by_arrow = self.options.predicate.is_none() && !self.options.verify_checksums;
        if by_arrow && self.is_large(first) {
            self.groups.pop_front();
            let mut leaves: Vec<usize> =
                self.wanted.iter().flat_map(|column| column.leaves.iter().copied()).collect();
            leaves.sort_unstable();
            leaves.dedup();
            let reader = self.file.reader(&leaves, vec![first.index], self.batch_rows(), None)?;
            self.large = Some(Large { reader, group: first, given: 0 });
            return Ok(true);
        }
        let mut window = Vec::new();
        while window.len() < self.context.threads()
            && let Some(&group) = self.groups.front()
            && (window.is_empty() || !self.is_large(group))
        {
            window.push(group);
            self.groups.pop_front();
        }
        let filter = match &self.options.predicate {
            Some(predicate) => Some(Filter::new(&self.file, predicate)?),
            None => None,
        };
        let plan = Plan {
            file: &self.file,
            wanted: &self.wanted,
            filter: filter.as_ref(),
            options: &self.options,
        };
        let parts = plan.run(&window, &self.context)?;
        for part in parts {
            self.cut(part)?;
        }
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

    fn cut(&mut self, part: Part) -> Result<()> {
        let charge = Arc::new(part.charge);
        let batch = self.batch(part.columns, part.rows)?;
        let step = self.batch_rows();
        for start in (0..part.rows).step_by(step) {
            let rows = step.min(part.rows - start);
            self.ready.push_back((batch.slice(start, rows), Arc::clone(&charge)));
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
            let (group, given) = (large.group, large.given);
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
        let keep = (large.group.keep + batch.num_rows()).saturating_sub(large.given);
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
            self.ready.push_back((batch, Arc::new(charge)));
        }
        Ok(())
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
