//! Whole files and streams: runs of blocks are decoded in parallel, batches come in file order.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use rayon::prelude::*;

use super::container::{self, Block, Header, Walk};
use super::options::{AvroReadOptions, AvroReport, OnBadBlock};
use super::plan::{Decoded, Plan};
use crate::context::{Charge, Context};
use crate::source::Source;
use crate::{IoError, Result};

/// Runs per thread of a whole read, so that none has to wait long for the last.
const RUNS_PER_THREAD: u64 = 8;
/// Packed bytes of a run, at least and at most.
const RUN_BYTES: Range<u64> = 64 << 10..4 << 20;
/// Records of a run of a whole read, at most.
const RUN_ROWS: u64 = 1 << 20;
/// Runs that a stream decodes ahead, per thread.
const WINDOW: usize = 2;

/// What a file's header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvroHeader {
    /// The schema as it stands in the file: JSON text.
    pub schema: String,
    /// `null`, `deflate`, `snappy`, `zstandard`, `bzip2` or `xz`.
    pub codec: &'static str,
    /// All other entries.
    pub metadata: Vec<(String, Vec<u8>)>,
}

/// Reads the header alone.
pub fn header(source: &Source) -> Result<AvroHeader> {
    let Header { schema, codec, metadata, .. } = container::header(source)?;
    Ok(AvroHeader { schema, codec: codec.name(), metadata })
}

/// The records that the blocks declare; all blocks are checked, none is unpacked.
pub fn count(source: &Source) -> Result<u64> {
    let header = container::header(source)?;
    let mut walk = Walk::new(&header, OnBadBlock::Error);
    let mut records = 0_u64;
    while let Some(block) = walk.next(source)? {
        records = records.saturating_add(block.records);
    }
    Ok(records)
}

/// The columns that a read with `options` has.
pub fn schema(source: &Source, options: &AvroReadOptions) -> Result<SchemaRef> {
    Ok(Plan::new(source, options)?.schema)
}

/// Reads a file. The batches are in file order and do not depend on the number of threads' timing.
pub fn read(
    source: &Source,
    options: &AvroReadOptions,
    context: &Context,
) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    read_reported(source, options, context).map(|(schema, batches, _)| (schema, batches))
}

/// [`read`], and what it met.
pub fn read_reported(
    source: &Source,
    options: &AvroReadOptions,
    context: &Context,
) -> Result<(SchemaRef, Vec<RecordBatch>, AvroReport)> {
    if options.n_rows.is_some() && options.on_bad_block == OnBadBlock::Skip {
        // How many blocks are needed shows only as they are read.
        let mut stream = stream(source, options, context)?;
        let batches = stream.by_ref().collect::<Result<Vec<_>>>()?;
        return Ok((stream.schema(), batches, stream.report));
    }
    let plan = Plan::new(source, options)?;
    let limit = options.n_rows.unwrap_or(u64::MAX);
    let mut walk = Walk::new(&plan.header, options.on_bad_block);
    let (mut blocks, mut records) = (Vec::new(), 0_u64);
    while records < limit
        && let Some(block) = walk.next(source)?
    {
        if blocks.len() % 1024 == 0 {
            context.check()?;
        }
        records = records.saturating_add(block.records);
        blocks.push(block);
    }
    let runs = runs(&blocks, context.threads());
    let first_failure = AtomicUsize::new(usize::MAX);
    let decoded: Vec<Result<Decoded>> = context.pool().install(|| {
        let decode = |(index, run): (usize, &Range<usize>)| {
            if first_failure.load(Ordering::Relaxed) < index {
                return Ok(Decoded::default()); // an earlier run has failed, so nobody will see it
            }
            let decoded = plan.run(&blocks[run.clone()], context);
            if decoded.is_err() {
                first_failure.fetch_min(index, Ordering::Relaxed);
            }
            decoded
        };
        runs.par_iter().enumerate().with_max_len(1).map(decode).collect()
    });
    let mut report = AvroReport { rejects: walk.rejects, ..AvroReport::default() };
    let (mut batches, mut charges, mut left) = (Vec::new(), Vec::new(), limit);
    for run in decoded {
        let run = run?;
        report.blocks += run.blocks;
        report.rejects.extend(run.rejects);
        for (batch, charge) in run.batches {
            let rows = (batch.num_rows() as u64).min(left);
            left -= rows;
            report.rows += rows;
            if rows > 0 {
                batches.push(batch.slice(0, rows as usize));
            }
            charges.push(charge);
        }
    }
    source.check_unchanged()?;
    report.rejects.sort_by_key(|reject| reject.offset);
    Ok((Arc::clone(&plan.schema), batches, report))
}

/// Consecutive blocks for one task each.
fn runs(blocks: &[Block], threads: usize) -> Vec<Range<usize>> {
    let total: u64 = blocks.iter().map(|block| block.bytes).sum();
    let share = total / (threads as u64 * RUNS_PER_THREAD).max(1);
    let share = share.clamp(RUN_BYTES.start, RUN_BYTES.end);
    let mut runs = Vec::new();
    let (mut start, mut bytes, mut rows) = (0, 0, 0_u64);
    for (at, block) in blocks.iter().enumerate() {
        bytes += block.bytes;
        rows = rows.saturating_add(block.records);
        // Two blocks may lie apart where damaged ones are left out.
        let gap = blocks.get(at + 1).is_none_or(|next| next.start != block.end());
        if gap || bytes >= share || rows >= RUN_ROWS {
            runs.push(start..at + 1);
            (start, bytes, rows) = (at + 1, 0, 0);
        }
    }
    runs
}

/// Reads a file in bounded memory.
pub fn stream(source: &Source, options: &AvroReadOptions, context: &Context) -> Result<AvroStream> {
    let plan = Plan::new(source, options)?;
    Ok(AvroStream::new(plan, options, context))
}

/// The batches of a file, decoded a few runs of blocks ahead.
#[derive(Debug)]
pub struct AvroStream {
    plan: Plan,
    walk: Walk,
    context: Context,
    /// Read from the walk, but not part of a run yet.
    peeked: Option<Block>,
    /// Decoded, not yet handed out.
    pending: VecDeque<(RecordBatch, Charge)>,
    /// What ends the stream once `pending` is handed out.
    failure: Option<IoError>,
    ended: bool,
    /// Rows still to come.
    left: u64,
    batch_rows: usize,
    report: AvroReport,
}

impl AvroStream {
    pub(super) fn new(plan: Plan, options: &AvroReadOptions, context: &Context) -> Self {
        Self {
            walk: Walk::new(&plan.header, options.on_bad_block),
            plan,
            context: context.clone(),
            peeked: None,
            pending: VecDeque::new(),
            failure: None,
            ended: false,
            left: options.n_rows.unwrap_or(u64::MAX),
            batch_rows: options.batch_rows.max(1),
            report: AvroReport::default(),
        }
    }

    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.plan.schema)
    }

    pub(super) fn path(&self) -> &std::path::Path {
        self.plan.source.path()
    }

    /// What was met so far; complete after the last batch.
    pub fn report(&self) -> &AvroReport {
        &self.report
    }

    /// The next blocks that fill a batch, or as few as one.
    fn next_run(&mut self) -> Result<Vec<Block>> {
        let (mut run, mut rows, mut bytes): (Vec<Block>, u64, u64) = (Vec::new(), 0, 0);
        loop {
            let block = match self.peeked.take() {
                Some(block) => block,
                None => match self.walk.next(&self.plan.source)? {
                    Some(block) => block,
                    None => return Ok(run),
                },
            };
            let full = rows.saturating_add(block.records) > self.batch_rows as u64
                || bytes + block.bytes > RUN_BYTES.end
                || run.last().is_some_and(|last| last.end() != block.start);
            if full && !run.is_empty() {
                self.peeked = Some(block);
                return Ok(run);
            }
            rows = rows.saturating_add(block.records);
            bytes += block.bytes;
            run.push(block);
        }
    }

    /// Decodes the next runs; afterwards something is pending, or the stream has ended.
    fn fill(&mut self) {
        let (mut runs, mut rows) = (Vec::new(), 0_u64);
        while runs.len() < self.context.threads() * WINDOW && rows < self.left {
            match self.next_run() {
                Ok(run) if run.is_empty() => break,
                Ok(run) => {
                    rows = run.iter().map(|block| block.records).fold(rows, u64::saturating_add);
                    runs.push(run);
                }
                Err(error) => {
                    self.failure = Some(error);
                    break;
                }
            }
        }
        if runs.is_empty() && self.failure.is_none() {
            self.ended = true;
            self.failure = self.plan.source.check_unchanged().err();
        }
        let (plan, context) = (&self.plan, &self.context);
        let decoded: Vec<Result<Decoded>> = match runs.as_slice() {
            [] => Vec::new(),
            [run] => vec![plan.run(run, context)],
            runs => context.pool().install(|| {
                runs.par_iter().with_max_len(1).map(|run| plan.run(run, context)).collect()
            }),
        };
        for run in decoded {
            match run {
                Ok(run) => {
                    self.report.blocks += run.blocks;
                    self.report.rejects.extend(run.rejects);
                    self.pending.extend(run.batches);
                }
                Err(error) => {
                    self.failure = Some(error);
                    break;
                }
            }
        }
        self.report.rejects.append(&mut self.walk.rejects);
        self.report.rejects.sort_by_key(|reject| reject.offset);
    }

    /// The first rows of what is pending, about evenly cut if there are too many.
    fn pop(&mut self) -> Option<RecordBatch> {
        let (batch, charge) = self.pending.pop_front()?;
        let rows = (batch.num_rows() as u64).min(self.left) as usize;
        let parts = rows.div_ceil(self.batch_rows).max(1);
        let first = rows.div_ceil(parts);
        self.left -= first as u64;
        self.report.rows += first as u64;
        if rows > first {
            let rest = batch.slice(first, batch.num_rows() - first);
            self.pending.push_front((rest, charge));
        }
        Some(if first < batch.num_rows() { batch.slice(0, first) } else { batch })
    }
}

impl Iterator for AvroStream {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.left == 0 {
                return None;
            }
            if let Err(error) = self.context.check() {
                self.left = 0;
                return Some(Err(error));
            }
            match self.pop() {
                Some(batch) if batch.num_rows() == 0 => {}
                Some(batch) => return Some(Ok(batch)),
                None => {
                    if let Some(error) = self.failure.take() {
                        self.left = 0;
                        return Some(Err(error));
                    }
                    if self.ended {
                        self.left = 0;
                        return None;
                    }
                    self.fill();
                }
            }
        }
    }
}
