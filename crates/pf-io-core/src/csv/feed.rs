//! Chunks of whole records in their order, for several threads.

use std::collections::VecDeque;
use std::path::PathBuf;

use super::dialect::Dialect;
use super::input::{Input, InputOptions};
use super::options::CsvReadOptions;
use super::serial::Serial;
use super::simd::Simd;
use super::split::{Chunk, Fault, Splitter};
use crate::context::{Budget, Charge};
use crate::{Context, IoError, Result, Source};

/// Bytes of a chunk: small enough that its index and its columns stay in a core's cache.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// Bytes of a chunk for each field of a record, and how far that goes: a column's piece of a chunk
/// takes some hundred bytes, whatever is in it.
const FIELD_BYTES: usize = 64;
const WIDE_CHUNK_BYTES: usize = 64 << 20;
/// What is held of the input beyond this is charged.
const LONG_BYTES: usize = 4 << 20;

/// A chunk and what came before it.
#[derive(Debug)]
pub(super) struct Numbered {
    pub chunk: Chunk,
    /// Its place among the chunks.
    pub order: usize,
    /// Records of all chunks before it.
    pub row: u64,
}

/// The input and the splitter; one thread at a time takes the next chunk.
pub(super) struct Feed {
    path: PathBuf,
    input: Input,
    splitter: Option<Splitter>,
    /// Chunks that were looked at before.
    waiting: VecDeque<Chunk>,
    order: usize,
    rows: u64,
    limit: u64,
    /// What the input said last; the records before it come first.
    error: Option<IoError>,
    budget: Budget,
    /// Memory that is held as long as this is.
    held: Vec<Charge>,
    dialect: Dialect,
    /// Memory of a record that is longer than chunks are.
    long: Option<Charge>,
    grows: bool,
}

impl Feed {
    pub fn open(
        source: &Source,
        options: &CsvReadOptions,
        simd: Simd,
        context: &Context,
    ) -> Result<Self> {
        let size = if options.chunk_bytes == 0 { CHUNK_BYTES } else { options.chunk_bytes };
        let wishes = InputOptions { block_bytes: size, ..options.input.clone() };
        let input = Input::open(source, &wishes, context)?;
        let splitter = Splitter::new(&options.dialect, simd, size)
            .base(input.base())
            .skip_lines(options.skip_lines);
        Ok(Self {
            path: source.path().to_path_buf(),
            input,
            splitter: Some(splitter),
            waiting: VecDeque::new(),
            order: 0,
            rows: 0,
            error: None,
            budget: context.budget().clone(),
            held: Vec::new(),
            dialect: options.dialect.clone(),
            long: None,
            grows: options.chunk_bytes == 0,
            // Where records may be left out, nobody knows how many it takes.
            limit: options
                .n_rows
                .filter(|_| options.all_records_are_rows())
                .unwrap_or(u64::MAX)
                .min(options.most_records.unwrap_or(u64::MAX)),
        })
    }

    /// The next chunk; the header is still in the first one.
    pub fn chunk(&mut self) -> Result<Option<Chunk>> {
        if let Some(chunk) = self.waiting.pop_front() {
            return Ok(Some(chunk));
        }
        while let Some(splitter) = &mut self.splitter {
            let chunk = match self.input.next_block() {
                Ok(Some(block)) => splitter.push(block),
                Ok(None) => {
                    let rest = splitter.finish();
                    self.splitter = None;
                    rest
                }
                // What is wrong with the text is said behind the whole records before it.
                Err(error @ IoError::Csv { .. }) => {
                    self.error = Some(error);
                    Ok(self.splitter.take().and_then(|mut splitter| splitter.stop()))
                }
                Err(error) => return Err(error),
            };
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(fault) => {
                    self.error = Some(failed(&self.path, &fault));
                    self.splitter.take().and_then(|mut splitter| splitter.stop())
                }
            };
            self.charge_long()?;
            if let Some(chunk) = chunk {
                return Ok(Some(chunk));
            }
        }
        self.error.take().map_or(Ok(None), Err)
    }

    /// Takes memory for a record that goes on and on; its memory grows by doubling.
    fn charge_long(&mut self) -> Result<()> {
        self.long = None;
        let Some(splitter) = &self.splitter else { return Ok(()) };
        let held = splitter.held();
        if held > LONG_BYTES {
            let charge = self.charge(2 * held as u64, "a record").map_err(|error| match error {
                IoError::Limit { path, needed, limit, .. } => {
                    let message = splitter.too_long(held).to_string();
                    IoError::Limit { path, needed, limit, message }
                }
                other => other,
            })?;
            self.long = Some(charge);
        }
        Ok(())
    }

    /// The next chunk; an error is kept for the next call of [`Self::chunk`].
    pub fn chunk_or_later(&mut self) -> Result<Option<Chunk>> {
        match self.chunk() {
            Err(error @ IoError::Csv { .. }) => {
                self.error = Some(error);
                Ok(None)
            }
            chunk => chunk,
        }
    }

    /// Takes memory from the budget.
    pub fn charge(&self, bytes: u64, what: &str) -> Result<Charge> {
        self.budget.charge(&self.path, bytes, what)
    }

    /// Takes memory from the budget for as long as chunks come.
    pub fn hold(&mut self, bytes: u64, what: &str) -> Result<()> {
        let charge = self.charge(bytes, what)?;
        self.held.push(charge);
        Ok(())
    }

    /// Makes chunks larger if records have so many fields that a chunk would have few of them.
    pub fn widen(&mut self, width: usize) {
        if let Some(splitter) = self.splitter.as_mut().filter(|_| self.grows) {
            splitter.grow(width.saturating_mul(FIELD_BYTES).min(WIDE_CHUNK_BYTES));
        }
    }

    /// The offset of the first byte of the chunk that comes next, if there is one.
    pub fn next_byte(&mut self) -> Result<Option<u64>> {
        let Some(chunk) = self.chunk()? else { return Ok(None) };
        let byte = chunk.base + chunk.from as u64;
        self.put_back(chunk);
        Ok(Some(byte))
    }

    /// Puts the chunk that was taken last back.
    pub fn put_back(&mut self, chunk: Chunk) {
        self.waiting.push_front(chunk);
    }

    /// The next chunk of data.
    pub fn next(&mut self) -> Result<Option<Numbered>> {
        if self.rows >= self.limit {
            return Ok(None);
        }
        let Some(mut chunk) = self.chunk()? else { return Ok(None) };
        // What is behind the last row that is wanted is not there, nor is it counted.
        let left = self.limit - self.rows;
        if chunk.records >= left {
            chunk.cut(&Serial::new(&self.dialect), self.dialect.blank_lines, left);
        }
        let numbered = Numbered { order: self.order, row: self.rows, chunk };
        self.order += 1;
        self.rows += numbered.chunk.records;
        Ok(Some(numbered))
    }

    /// Memory for the next block.
    pub fn recycle(&mut self, block: Vec<u8>) {
        self.input.recycle(block);
    }

    /// What the user should know of the input, once it is read.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.input.notes().to_vec();
        let replaced = self.input.replaced();
        if replaced > 0 {
            notes.push(format!("{replaced} invalid byte sequences were replaced"));
        }
        notes
    }

    pub fn input(&self) -> &Input {
        &self.input
    }
}

/// What is wrong with the input as a whole.
pub(super) fn failed(path: &std::path::Path, fault: &Fault) -> IoError {
    let (line, record, byte) = match fault {
        Fault::TooLong { line, record, byte, .. } => (*line, *record, Some(*byte)),
        Fault::TooManyMissing { record, .. } => (0, *record, None),
    };
    let (path, message) = (path.to_path_buf(), fault.to_string());
    IoError::Csv { path, line, record, byte, column: None, message, hint: None }
}
