//! Chunks of whole records in their order, for several threads.

use std::collections::VecDeque;
use std::path::PathBuf;

use super::input::{Input, InputOptions};
use super::options::{BadLines, CsvReadOptions};
use super::simd::Simd;
use super::split::{Chunk, Fault, Splitter};
use crate::{Context, IoError, Result, Source};

/// Bytes of a chunk: small enough that its index and its columns stay in a core's cache.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

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
        let splitter = Splitter::new(&options.dialect, simd, size).skip_lines(options.skip_lines);
        Ok(Self {
            path: source.path().to_path_buf(),
            input,
            splitter: Some(splitter),
            waiting: VecDeque::new(),
            order: 0,
            rows: 0,
            // Where records may be left out, nobody knows how many it takes.
            limit: match options.bad_lines {
                BadLines::Error => options.n_rows.unwrap_or(u64::MAX),
                BadLines::Collect => u64::MAX,
            },
        })
    }

    /// The next chunk; the header is still in the first one.
    pub fn chunk(&mut self) -> Result<Option<Chunk>> {
        if let Some(chunk) = self.waiting.pop_front() {
            return Ok(Some(chunk));
        }
        while let Some(splitter) = &mut self.splitter {
            let chunk = if let Some(block) = self.input.next_block()? {
                splitter.push(block)
            } else {
                let rest = splitter.finish();
                self.splitter = None;
                rest
            };
            if let Some(chunk) = chunk.map_err(|fault| self.failed(&fault))? {
                return Ok(Some(chunk));
            }
        }
        Ok(None)
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
        let Some(chunk) = self.chunk()? else { return Ok(None) };
        let numbered = Numbered { order: self.order, row: self.rows, chunk };
        self.order += 1;
        self.rows += numbered.chunk.records;
        Ok(Some(numbered))
    }

    /// Memory for the next block.
    pub fn recycle(&mut self, block: Vec<u8>) {
        self.input.recycle(block);
    }

    pub fn input(&self) -> &Input {
        &self.input
    }

    fn failed(&self, fault: &Fault) -> IoError {
        failed(&self.path, fault)
    }
}

/// What is wrong with the input as a whole.
pub(super) fn failed(path: &std::path::Path, fault: &Fault) -> IoError {
    let (line, record) = match fault {
        Fault::TooLong { line, record, .. } => (*line, *record),
        Fault::TooManyMissing { record, .. } => (0, *record),
    };
    IoError::Csv {
        path: path.to_path_buf(),
        line,
        record,
        column: None,
        message: fault.to_string(),
        hint: None,
    }
}
