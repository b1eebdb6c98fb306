//! The bytes of a file in order, through a buffer that can be looked at before it is taken.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::{IoError, Source};

const BUFFER: usize = 256 << 10;

/// Reads a part of a source from its start to its end.
#[derive(Debug)]
pub(super) struct Raw {
    source: Source,
    next: u64,
    end: u64,
    buffer: Vec<u8>,
    start: usize,
    cancel: Arc<AtomicBool>,
    /// How far reading is, for whoever shows progress.
    done: Arc<AtomicU64>,
}

impl Raw {
    pub fn new(source: Source, cancel: Arc<AtomicBool>, done: Arc<AtomicU64>) -> Self {
        let end = source.size();
        Self { source, next: 0, end, buffer: Vec::new(), start: 0, cancel, done }
    }

    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Continues at `offset`, up to `end`.
    pub fn bound(&mut self, offset: u64, end: u64) {
        self.end = end.min(self.source.size());
        self.next = offset.min(self.end);
        self.buffer.clear();
        self.start = 0;
    }

    /// Up to `count` of the next bytes, fewer only at the end; they stay unread.
    pub fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.buffer.len() - self.start < count && self.next < self.end {
            self.fill()?;
        }
        let have = (self.buffer.len() - self.start).min(count);
        Ok(&self.buffer[self.start..self.start + have])
    }

    /// Fills as much of `out` as there is left, without a buffer in between.
    pub fn read_full(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let buffered = (self.buffer.len() - self.start).min(out.len());
        out[..buffered].copy_from_slice(&self.buffer[self.start..self.start + buffered]);
        self.start += buffered;
        let rest = &mut out[buffered..];
        let count = usize::try_from(self.end - self.next).unwrap_or(usize::MAX).min(rest.len());
        if count > 0 {
            self.source.read_exact_at(self.next, &mut rest[..count]).map_err(carry)?;
            self.next += count as u64;
            self.done.fetch_add(count as u64, Ordering::Relaxed);
        }
        Ok(buffered + count)
    }

    /// Passes over `count` bytes; false if there are not that many.
    pub fn skip(&mut self, count: u64) -> bool {
        let buffered = ((self.buffer.len() - self.start) as u64).min(count);
        self.start += buffered as usize;
        let rest = count - buffered;
        if rest > self.end - self.next {
            return false;
        }
        self.next += rest;
        true
    }

    fn check(&self) -> io::Result<()> {
        if self.cancel.load(Ordering::Relaxed) { Err(carry(IoError::Cancelled)) } else { Ok(()) }
    }

    /// Gets more bytes behind those not yet taken.
    fn fill(&mut self) -> io::Result<()> {
        self.check()?;
        self.buffer.drain(..self.start);
        self.start = 0;
        let kept = self.buffer.len();
        let count = usize::try_from(self.end - self.next).unwrap_or(usize::MAX).min(BUFFER);
        self.buffer.resize(kept + count, 0);
        let read = self.source.read_exact_at(self.next, &mut self.buffer[kept..]);
        if let Err(error) = read {
            self.buffer.truncate(kept);
            return Err(carry(error));
        }
        self.next += count as u64;
        self.done.fetch_add(count as u64, Ordering::Relaxed);
        Ok(())
    }
}

impl Read for Raw {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        out[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Raw {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.buffer.len() && self.next < self.end {
            self.fill()?;
        }
        Ok(&self.buffer[self.start..])
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.buffer.len());
    }
}

/// Takes an error of ours through code that knows only [`io::Error`].
pub(super) fn carry(error: IoError) -> io::Error {
    io::Error::other(error)
}
