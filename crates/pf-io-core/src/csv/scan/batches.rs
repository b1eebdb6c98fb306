//! Batches in file order, their chunks parsed on the threads of the call.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::File;
use super::chunks::Chunks;
use super::part::CsvPart;
use super::rows::{Order, Rows, rows};
use crate::csv::dialect::Dialect;
use crate::csv::feed::CHUNK_BYTES;
use crate::csv::read::lock;
use crate::csv::serial::Serial;
use crate::csv::slab::Slab;
use crate::csv::split::Chunk;
use crate::error::panic_text;
use crate::parquet::predicate::Predicate;
use crate::{Context, IoError, Result};

/// Rows of a batch unless said otherwise.
const BATCH_ROWS: usize = 131_072;
/// How often a wait looks at the cancel flag.
const LOOK: Duration = Duration::from_millis(20);
/// Memory of a chunk in work: its bytes, its index, and its columns.
const CHUNK_COST: u64 = 6;

/// Which rows and columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CsvAsk {
    /// Columns by their numbers in the schema, in the order of the result; all without.
    pub columns: Option<Vec<usize>>,
    /// Only rows for which it holds. Cells of the other rows are then not looked at, where the
    /// predicate does not need them.
    pub predicate: Option<Predicate>,
    /// The first rows (of those) only.
    pub limit: Option<u64>,
    /// The most rows of a batch; 0 for the default.
    pub batch_rows: usize,
    /// Chunks that are in work at once; 0: twice as many as there are threads.
    pub window: usize,
}

/// Rows of a file, batch by batch. Records that are left out are those of
/// [`CsvScan::report`](super::CsvScan::report); otherwise the first bad one is an error behind all
/// rows before it.
pub struct CsvBatches {
    work: Arc<Work>,
    schema: SchemaRef,
    /// What the calls so far found to be wrong.
    failed: Option<IoError>,
    sender: Sender<Answer>,
    answers: Receiver<Answer>,
    ready: BTreeMap<usize, Box<Result<Rows>>>,
    current: Option<Current>,
    /// The chunk that comes next.
    next: usize,
    /// Tasks that have not answered.
    flying: usize,
    window: usize,
    /// No chunk is left to be taken.
    drained: bool,
    ended: bool,
    batch_rows: usize,
    /// Rows still wanted of those that satisfy the predicate.
    left: u64,
    /// Rows of the file that still count.
    extent: u64,
}

/// A chunk's rows while they are handed out.
struct Current {
    rows: Rows,
    given: usize,
    /// Rows of the batch that count.
    count: usize,
}

struct Work {
    file: Arc<File>,
    order: Option<Order>,
    context: Context,
    chunks: Mutex<Option<Numbered>>,
    slabs: Mutex<Vec<Slab>>,
    stop: AtomicBool,
}

struct Numbered {
    chunks: Chunks,
    next: usize,
    /// Records that are wanted.
    left: u64,
}

impl Numbered {
    /// The next chunk; what is behind the last record that is wanted is not looked at.
    fn take(&mut self, dialect: &Dialect) -> Result<Option<Chunk>> {
        if self.left == 0 {
            return Ok(None);
        }
        let Some(mut chunk) = self.chunks.next()? else { return Ok(None) };
        if chunk.records >= self.left {
            chunk.cut(&Serial::new(dialect), dialect.blank_lines, self.left);
        }
        self.left -= chunk.records;
        Ok(Some(chunk))
    }
}

enum Answer {
    Rows(usize, Box<Result<Rows>>),
    End,
}

impl CsvBatches {
    pub(super) fn start(file: Arc<File>, part: &CsvPart, ask: &CsvAsk, context: Context) -> Self {
        let opened = Order::new(&file, ask)
            .and_then(|order| Ok((order, Chunks::open(&file, part, &context)?)));
        let before = part.from.map_or(0, |place| place.row);
        let extent = file.options.n_rows.map_or(u64::MAX, |rows| rows.saturating_sub(before));
        let left = if file.options.all_records_are_rows() { extent } else { u64::MAX };
        let (order, chunks, failed) = match opened {
            Ok((order, chunks)) => (Some(order), Some(Numbered { chunks, next: 0, left }), None),
            Err(error) => (None, None, Some(error)),
        };
        let schema = match &order {
            Some(order) => Arc::clone(&order.schema),
            None => Arc::clone(&file.schema),
        };
        let chunk = match file.options.chunk_bytes {
            0 => CHUNK_BYTES as u64,
            bytes => bytes as u64,
        };
        let budget = context.budget();
        let free = budget.limit().saturating_sub(budget.used()) / CHUNK_COST.saturating_mul(chunk);
        let wished = if ask.window == 0 { 2 * context.threads() } else { ask.window };
        let window = wished.min(usize::try_from(free).unwrap_or(usize::MAX));
        let (sender, answers) = channel();
        let work = Work {
            file,
            order,
            context,
            chunks: Mutex::new(chunks),
            slabs: Mutex::default(),
            stop: AtomicBool::new(false),
        };
        Self {
            work: Arc::new(work),
            schema,
            failed,
            sender,
            answers,
            ready: BTreeMap::new(),
            current: None,
            next: 0,
            flying: 0,
            window: window.max(1),
            drained: false,
            ended: false,
            batch_rows: if ask.batch_rows == 0 { BATCH_ROWS } else { ask.batch_rows },
            left: ask.limit.unwrap_or(u64::MAX),
            extent,
        }
    }

    /// Names and types of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn read(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        loop {
            self.work.context.check()?;
            if self.left == 0 {
                return Ok(None);
            }
            if let Some(batch) = self.cut() {
                return Ok(Some(batch));
            }
            if let Some(Current { rows: Rows { error: Some(error), .. }, .. }) = self.current.take()
                && self.extent > 0
            {
                // Garbage in the place of what was there is no error of the file.
                self.work.file.source.check_unchanged()?;
                return Err(error);
            }
            if self.extent == 0 {
                return Ok(None);
            }
            match self.chunk()? {
                Some(rows) => self.take(rows),
                None => return Ok(None),
            }
        }
    }

    /// The next rows of the current chunk.
    fn cut(&mut self) -> Option<RecordBatch> {
        let current = self.current.as_mut()?;
        let batch = current.rows.batch.as_ref()?;
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let count = (current.count - current.given).min(self.batch_rows).min(left);
        if count == 0 {
            return None;
        }
        let part = batch.slice(current.given, count);
        current.given += count;
        self.left -= count as u64;
        self.work.context.progress().add(0, count as u64);
        Some(part)
    }

    /// Begins to hand out the rows of a chunk.
    fn take(&mut self, rows: Rows) {
        let all = rows.batch.as_ref().map_or(0, RecordBatch::num_rows);
        let count = match &rows.ranks {
            Some(ranks) => ranks.partition_point(|&rank| u64::from(rank) < self.extent),
            None => all.min(usize::try_from(self.extent).unwrap_or(usize::MAX)),
        };
        self.extent = self.extent.saturating_sub(rows.count);
        self.current = Some(Current { rows, given: 0, count });
    }

    /// The next chunk's rows.
    fn chunk(&mut self) -> Result<Option<Rows>> {
        loop {
            self.work.context.check()?;
            if let Some(rows) = self.ready.remove(&self.next) {
                self.next += 1;
                return match *rows {
                    Ok(rows) => Ok(Some(rows)),
                    Err(error @ IoError::Cancelled) => Err(error),
                    Err(error) => {
                        self.work.file.source.check_unchanged()?;
                        Err(error)
                    }
                };
            }
            while !self.drained && self.flying + self.ready.len() < self.window {
                self.fly();
            }
            if self.flying == 0 {
                // What has no place in the order ends it.
                return self.ready.pop_last().map(|(_, rows)| *rows).transpose();
            }
            let answer = match self.answers.recv_timeout(LOOK) {
                Ok(answer) => answer,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => continue,
            };
            self.flying -= 1;
            match answer {
                Answer::Rows(order, rows) => {
                    self.ready.insert(order, rows);
                }
                Answer::End => self.drained = true,
            }
        }
    }

    /// Starts a task; on a thread of the pool itself it would wait for itself.
    fn fly(&mut self) {
        self.flying += 1;
        let (work, sender) = (Arc::clone(&self.work), self.sender.clone());
        let task = move || {
            let answer = catch_unwind(AssertUnwindSafe(|| work.run())).unwrap_or_else(|panic| {
                let path = work.file.source.path();
                let text = format!("a fault of the reader: {}", panic_text(&*panic));
                Answer::Rows(usize::MAX, Box::new(Err(IoError::csv(path, text))))
            });
            // Nobody listens any more: then nobody wants it.
            let _ = sender.send(answer);
        };
        let pool = self.work.context.pool();
        if pool.current_thread_index().is_some() { task() } else { pool.spawn(task) }
    }
}

impl Work {
    fn run(&self) -> Answer {
        let (chunk, at) = {
            let mut guard = lock(&self.chunks);
            let Some(numbered) = guard.as_mut() else { return Answer::End };
            if self.stop.load(Ordering::Relaxed) {
                return Answer::End;
            }
            let at = numbered.next;
            numbered.next += 1;
            match self.context.check().and_then(|()| numbered.take(&self.file.options.dialect)) {
                Ok(Some(chunk)) => (chunk, at),
                Ok(None) => {
                    *guard = None;
                    return Answer::End;
                }
                Err(error) => {
                    *guard = None;
                    return Answer::Rows(at, Box::new(Err(error)));
                }
            }
        };
        let Some(order) = &self.order else { return Answer::End };
        self.context.progress().add((chunk.bytes.len() - chunk.from) as u64, 0);
        let mut slab = lock(&self.slabs).pop().unwrap_or_default();
        let rows = rows(&self.file, order, chunk, &mut slab, &self.context);
        let block = std::mem::take(&mut slab.bytes);
        if let Some(numbered) = lock(&self.chunks).as_mut() {
            numbered.chunks.recycle(block);
        }
        lock(&self.slabs).push(slab);
        Answer::Rows(at, Box::new(rows))
    }
}

impl Iterator for CsvBatches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let batch = self.read().transpose();
        if !matches!(batch, Some(Ok(_))) {
            self.ended = true;
            self.work.stop.store(true, Ordering::Relaxed);
            (self.current, self.ready) = (None, BTreeMap::new());
        }
        batch
    }
}

impl Drop for CsvBatches {
    fn drop(&mut self) {
        self.work.stop.store(true, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for CsvBatches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvBatches")
            .field("path", &self.work.file.source.path())
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
