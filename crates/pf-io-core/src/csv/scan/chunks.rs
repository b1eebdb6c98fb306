//! The chunks of a file or of a part of it.

use std::path::Path;

use super::File;
use super::part::{CsvPart, Place};
use crate::csv::feed::{CHUNK_BYTES, Feed, failed};
use crate::csv::plan::Plan;
use crate::csv::split::{Chunk, Splitter};
use crate::{Context, IoError, Result, Source};

/// A block has room for so many bytes of the record that its end cuts in two.
const ROOM: usize = 8 << 10;

/// Chunks in their order.
pub(super) enum Chunks {
    /// From the start, the header taken off.
    All(Box<Feed>),
    /// From a place that the first pass noted.
    Part(Box<Range>),
}

impl Chunks {
    pub fn open(file: &File, part: &CsvPart, context: &Context) -> Result<Self> {
        file.source.check_unchanged()?;
        // Text that decodes to itself was found to be UTF-8 by the first pass.
        let from = part.from.or_else(|| file.places.as_ref()?.first());
        if let Some(from) = from {
            let to = part.to.map_or(file.source.size(), |place| place.byte);
            return Ok(Self::Part(Box::new(Range::new(file, from, to))));
        }
        let path = file.source.path();
        let mut feed = Feed::open(&file.source, &file.options, file.simd, context)?;
        Plan::make(path, &mut feed, &file.options, file.simd)?;
        Ok(Self::All(Box::new(feed)))
    }

    pub fn next(&mut self) -> Result<Option<Chunk>> {
        match self {
            Self::All(feed) => feed.chunk(),
            Self::Part(range) => range.next(),
        }
    }

    /// Memory for the next block.
    pub fn recycle(&mut self, block: Vec<u8>) {
        match self {
            Self::All(feed) => feed.recycle(block),
            Self::Part(range) => range.spare = Some(block),
        }
    }
}

/// A part of a source whose bytes are the text.
pub(super) struct Range {
    source: Source,
    at: u64,
    to: u64,
    block: usize,
    splitter: Option<Splitter>,
    spare: Option<Vec<u8>>,
}

impl Range {
    fn new(file: &File, from: Place, to: u64) -> Self {
        let wish = file.options.chunk_bytes;
        let block = if wish == 0 { CHUNK_BYTES } else { wish };
        let splitter = Splitter::new(&file.options.dialect, file.simd, block)
            .base(from.byte)
            .numbers(from.line, from.record);
        let source = file.source.clone();
        Self { source, at: from.byte, to, block, splitter: Some(splitter), spare: None }
    }

    fn next(&mut self) -> Result<Option<Chunk>> {
        while let Some(splitter) = &mut self.splitter {
            let count = self.to.saturating_sub(self.at).min(self.block as u64);
            let chunk = if count == 0 {
                let rest = splitter.finish();
                self.splitter = None;
                self.source.check_unchanged()?;
                rest
            } else {
                let count = count as usize;
                let mut block = self.spare.take().unwrap_or_default();
                block.clear();
                block.reserve(count + ROOM);
                block.resize(count, 0);
                self.source.read_exact_at(self.at, &mut block)?;
                self.at += count as u64;
                splitter.push(block)
            };
            if let Some(chunk) = chunk.map_err(|fault| self.failed(&fault))? {
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }

    fn failed(&self, fault: &crate::csv::Fault) -> IoError {
        let path: &Path = self.source.path();
        failed(path, fault)
    }
}
