//! Row groups encoded in parallel, written in order.
//!
//! Every top-level column of a row group is a lane: a queue of arrays that one task at a time
//! encodes. Lanes do not wait for each other, so the next row group begins while the slow columns
//! of the last one are still at work. The calling thread fills the queues, waits when they are
//! full, and writes each row group once its lanes are done. Held at most: a few slices of the
//! input, and the encoded pages of three row groups. Both are charged to the budget; where it is
//! short, the row group ends early ([`Encoder::admit`]).

use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::ArrowRowGroupWriterFactory;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use super::lane::{Lane, Shared, Stop, Work, lock};
use super::units;
use crate::batch::slice_bytes;
use crate::context::Charge;
use crate::{Context, IoError, Result};

/// Rows that a lane encodes between two looks at the cancel flag.
const SLICE_ROWS: usize = 1 << 17;
/// Arrays per column that may wait.
const QUEUED: usize = 3;
/// Row groups that may be complete and not yet written.
const WAITING_GROUPS: usize = 2;
/// Slices are not cut smaller than this to fit the budget.
const FEWEST_ROWS: usize = 1 << 10;

/// A Parquet file being encoded into `W`.
pub(crate) struct Encoder<W: Write + Send> {
    dest: PathBuf,
    ctx: Context,
    file: SerializedFileWriter<W>,
    factories: Factories,
    row_group_rows: usize,
    schema: SchemaRef,
    /// The row group that takes rows, and how many it has.
    open: Option<(Group, usize)>,
    waiting: VecDeque<Group>,
    /// Memory of the encoded pages.
    pages: Option<Charge>,
    shared: Arc<Shared>,
    started: usize,
    _stop: Stop,
}

/// Where the column writers come from: as asked, and with dictionaries off.
struct Factories {
    asked: ArrowRowGroupWriterFactory,
    plain: Option<ArrowRowGroupWriterFactory>,
}

struct Group {
    lanes: Vec<Arc<Lane>>,
}

impl<W: Write + Send> Encoder<W> {
    /// Starts the file. `plain` are the same properties without dictionaries, for columns whose
    /// first rows hardly repeat; none means that `asked` is final.
    pub(super) fn new(
        sink: W,
        dest: &Path,
        schema: &SchemaRef,
        asked: WriterProperties,
        plain: Option<WriterProperties>,
        row_group_rows: usize,
        ctx: &Context,
    ) -> Result<Self> {
        let dictionary_bytes = asked.dictionary_page_size_limit();
        let schema = &Arc::new(units::stored_schema(schema));
        let start = || -> Result<_, ParquetError> {
            let descriptor = ArrowSchemaConverter::new().convert(schema)?;
            let root = descriptor.root_schema_ptr();
            let file = SerializedFileWriter::new(sink, Arc::clone(&root), Arc::new(asked))?;
            let plain = plain
                .map(|plain| {
                    // Only its properties count; nothing is written to it.
                    SerializedFileWriter::new(std::io::sink(), root, Arc::new(plain))
                })
                .transpose()?
                .map(|file| ArrowRowGroupWriterFactory::new(&file, Arc::clone(schema)));
            let asked = ArrowRowGroupWriterFactory::new(&file, Arc::clone(schema));
            Ok((file, Factories { asked, plain }))
        };
        let (file, factories) = start().map_err(|error| failed(dest, error))?;
        let shared =
            Arc::new(Shared { dest: dest.to_path_buf(), dictionary_bytes, ..Shared::default() });
        Ok(Self {
            dest: dest.to_path_buf(),
            ctx: ctx.clone(),
            file,
            factories,
            row_group_rows: row_group_rows.max(1),
            schema: Arc::clone(schema),
            open: None,
            waiting: VecDeque::new(),
            pages: None,
            _stop: Stop(Arc::clone(&shared)),
            shared,
            started: 0,
        })
    }

    /// Appends rows; returns as soon as they are queued.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
            // arrow-rs would write whatever bytes are under the null.
            if !field.is_nullable() && column.logical_null_count() > 0 {
                let message = format!("column '{}' holds a null but is required", field.name());
                return Err(IoError::refused(&self.dest, message));
            }
        }
        let columns = units::stored_columns(&self.dest, &self.schema, batch)?;
        let sizes: Vec<usize> = columns.iter().map(slice_bytes).collect();
        let mut at = 0;
        while at < batch.num_rows() {
            self.ctx.check()?;
            let filled = self.open.as_ref().map_or(0, |(_, filled)| *filled);
            let rows = (batch.num_rows() - at).min(SLICE_ROWS).min(self.row_group_rows - filled);
            let (rows, charges) = self.admit(&sizes, batch.num_rows(), rows)?;
            let (group, filled) = match self.open.take() {
                Some(open) => open,
                None => (self.start_group()?, 0),
            };
            for ((lane, column), charge) in group.lanes.iter().zip(&columns).zip(charges) {
                self.enqueue(lane, Some((column.slice(at, rows), charge)));
            }
            at += rows;
            self.open = Some((group, filled + rows));
            if filled + rows == self.row_group_rows {
                self.close_group();
            }
            self.settle()?;
        }
        Ok(())
    }

    /// Memory for `most` rows of a batch whose columns have `sizes` bytes, or for fewer rows; the
    /// row groups so far are written before there are fewer.
    fn admit(
        &mut self,
        sizes: &[usize],
        batch_rows: usize,
        most: usize,
    ) -> Result<(usize, Vec<Charge>)> {
        let mut rows = most;
        loop {
            match self.charge(sizes, batch_rows, rows) {
                Err(IoError::Limit { .. }) if self.relieve()? => {}
                Err(IoError::Limit { .. }) if rows > FEWEST_ROWS => rows /= 2,
                charged => return Ok((rows, charged?)),
            }
        }
    }

    /// Memory for the pages there are, and for the columns of `rows` more rows.
    fn charge(&mut self, sizes: &[usize], batch_rows: usize, rows: usize) -> Result<Vec<Charge>> {
        let budget = self.ctx.budget();
        self.pages = None;
        let open = self.open.iter().map(|(group, _)| group);
        let pages: usize = self.waiting.iter().chain(open).map(Group::size).sum();
        self.pages = Some(budget.charge(&self.dest, pages as u64, "encoded pages")?);
        let fields = self.schema.fields().iter();
        let charges = fields.zip(sizes).map(|(field, &size)| {
            let bytes = size as u128 * rows as u128 / batch_rows.max(1) as u128;
            let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
            budget.charge(&self.dest, bytes, &format!("rows of column '{}'", field.name()))
        });
        charges.collect()
    }

    /// Gives memory back: waits for the lanes, or else writes all row groups; false if there is
    /// nothing to do either with.
    fn relieve(&mut self) -> Result<bool> {
        if lock(&self.shared.state).pending > 0 {
            self.wait(|encoder| lock(&encoder.shared.state).pending == 0)?;
            return Ok(true);
        }
        if self.open.is_none() && self.waiting.is_empty() {
            return Ok(false);
        }
        self.close_group();
        self.flush_all()?;
        Ok(true)
    }

    fn flush_all(&mut self) -> Result<()> {
        while !self.waiting.is_empty() {
            self.wait(|encoder| encoder.waiting.front().is_some_and(Group::is_done))?;
            self.flush_front()?;
        }
        Ok(())
    }

    /// Completes the file and gives the sink back.
    pub(crate) fn finish(mut self) -> Result<W> {
        self.close_group();
        self.flush_all()?;
        let dest = std::mem::take(&mut self.dest);
        let Self { file, .. } = self;
        file.into_inner().map_err(|error| failed(&dest, error))
    }

    fn start_group(&mut self) -> Result<Group> {
        let create = |factory: &ArrowRowGroupWriterFactory| {
            let writers = factory.create_column_writers(self.started);
            writers.map_err(|error| failed(&self.dest, error))
        };
        let mut asked = create(&self.factories.asked)?.into_iter();
        let plain = self.factories.plain.as_ref().map(create).transpose()?.unwrap_or_default();
        let mut plain = plain.into_iter();
        let descriptor = self.file.schema_descr();
        let mut leaves = vec![0; self.schema.fields().len()];
        for leaf in 0..descriptor.num_columns() {
            leaves[descriptor.get_column_root_idx(leaf)] += 1;
        }
        let fields = self.schema.fields().iter().zip(leaves);
        let lanes = fields.map(|(field, leaves)| {
            let writers: Vec<_> = asked.by_ref().take(leaves).collect();
            let plain: Vec<_> = plain.by_ref().take(leaves).collect();
            Arc::new(Lane {
                field: Arc::clone(field),
                queue: Mutex::default(),
                work: Mutex::new(Work { writers, plain, chunks: Vec::new() }),
                size: AtomicUsize::new(0),
                shared: Arc::clone(&self.shared),
                ctx: self.ctx.clone(),
            })
        });
        let lanes = lanes.collect();
        self.started += 1;
        Ok(Group { lanes })
    }

    fn close_group(&mut self) {
        let Some((group, _)) = self.open.take() else { return };
        for lane in &group.lanes {
            self.enqueue(lane, None);
        }
        self.waiting.push_back(group);
    }

    /// Hands `array`, or the end of the row group, to a lane.
    fn enqueue(&self, lane: &Arc<Lane>, array: Option<(ArrayRef, Charge)>) {
        lock(&self.shared.state).pending += 1;
        let mut queue = lock(&lane.queue);
        match array {
            Some(array) => queue.arrays.push_back(array),
            None => queue.closing = true,
        }
        let idle = !std::mem::replace(&mut queue.running, true);
        drop(queue);
        if idle {
            let pool = self.ctx.pool();
            if pool.current_num_threads() == 1 || pool.current_thread_index().is_some() {
                lane.run(); // waiting for a pool from inside it would never end
            } else {
                let lane = Arc::clone(lane);
                pool.spawn(move || lane.run());
            }
        }
    }

    /// Writes what is ready, then waits until there is room for more.
    fn settle(&mut self) -> Result<()> {
        let most = QUEUED * self.schema.fields().len();
        loop {
            while self.waiting.front().is_some_and(Group::is_done) {
                self.flush_front()?;
            }
            if self.waiting.len() <= WAITING_GROUPS && lock(&self.shared.state).pending <= most {
                return self.error();
            }
            self.wait(|encoder| {
                encoder.waiting.front().is_some_and(Group::is_done)
                    || encoder.waiting.len() <= WAITING_GROUPS
                        && lock(&encoder.shared.state).pending <= most
            })?;
        }
    }

    fn wait(&self, ready: impl Fn(&Self) -> bool) -> Result<()> {
        loop {
            self.error()?;
            self.ctx.check()?;
            if ready(self) {
                return Ok(());
            }
            // The timeout lets a cancel be seen, and a signal that came before this line.
            let state = lock(&self.shared.state);
            drop(self.shared.signal.wait_timeout(state, Duration::from_millis(5)));
        }
    }

    fn error(&self) -> Result<()> {
        if !self.shared.stopped.load(Ordering::Acquire) {
            return Ok(());
        }
        let first = lock(&self.shared.state).error.take();
        Err(first.unwrap_or_else(|| IoError::refused(&self.dest, "an earlier batch failed")))
    }

    fn flush_front(&mut self) -> Result<()> {
        self.error()?;
        let Some(group) = self.waiting.pop_front() else { return Ok(()) };
        let before = self.file.bytes_written();
        let mut append = || -> Result<i64, ParquetError> {
            let mut writer = self.file.next_row_group()?;
            for lane in &group.lanes {
                for chunk in std::mem::take(&mut lock(&lane.work).chunks) {
                    chunk.append_to_row_group(&mut writer)?;
                }
            }
            Ok(writer.close()?.num_rows())
        };
        let rows = append().map_err(|error| failed(&self.dest, error))?;
        let bytes = self.file.bytes_written().saturating_sub(before);
        self.ctx.progress().add(bytes as u64, rows.unsigned_abs());
        Ok(())
    }
}

impl Group {
    /// Bytes of the encoded pages.
    fn size(&self) -> usize {
        self.lanes.iter().map(|lane| lane.size.load(Ordering::Relaxed)).sum()
    }

    fn is_done(&self) -> bool {
        self.lanes.iter().all(|lane| lock(&lane.queue).done)
    }
}

/// An error of the system keeps its kind through the writer.
pub(super) fn failed(path: &Path, error: ParquetError) -> IoError {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => IoError::writing(path, *source),
            Err(other) => IoError::refused(path, other.to_string()),
        },
        other => IoError::refused(path, other.to_string()),
    }
}
