//! The number of records of a plain file, by all threads at once.
//!
//! The file is cut into ranges behind line ends, and each is counted as if a record began at its
//! start. That is so for the first range. If a range holds nothing but whole records of the right
//! width, a record begins at the next one too; so if all are regular, all counts are true. Of any
//! other file nothing is said here: its records are counted by reading them.
//!
//! Copying a file from the system's memory takes longer than to count it, so it is looked at in place
//! where that is safe (`lease.rs`).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::dialect::{BlankLines, Dialect, Newline};
use super::pieces::{Buffer, Pieces};
use super::simd::{Marks, Simd, Tally};
use crate::{Context, Result, Source};

/// Bytes of a range, about, unless the caller wants others.
pub(super) const RANGE_BYTES: u64 = 4 << 20;
/// Bytes that are looked at at once: those that a page table maps, whose lock is not another thread's
/// then. Where they are copied, the third-level cache has them when they are counted.
const PIECE: usize = 2 << 20;
/// What is counted at once; the bytes of a piece behind the last block come again with the next one.
const BLOCK: usize = 64;
/// Bytes that are read at once to find the end of a range.
const TAIL: usize = 4 << 10;
/// No range goes further beyond its place.
const LONGEST_TAIL: u64 = 1 << 20;

/// A plain text that is to be counted.
pub(super) struct Regular<'r> {
    pub source: &'r Source,
    /// Where the first record of data starts.
    pub start: u64,
    pub dialect: &'r Dialect,
    /// Fields of a record.
    pub width: usize,
    pub simd: Simd,
    pub range_bytes: u64,
    pub context: &'r Context,
}

impl Regular<'_> {
    /// How many records there are; none if that cannot be told this way.
    pub fn count(&self) -> Result<Option<u64>> {
        let Dialect { newline, comment, escape, quote, .. } = self.dialect;
        let lines = matches!(newline, Newline::Auto | Newline::Lf);
        let plain = comment.is_none() && (escape.is_none() || escape == quote);
        if !lines || !plain || self.width == 0 {
            return Ok(None);
        }
        let (start, size) = (self.start, self.source.size());
        let first = start / self.range_bytes;
        let behind = if start < size { size.div_ceil(self.range_bytes) } else { first };
        let ranges = behind - first;
        let threads = self.context.threads().min(usize::try_from(ranges).unwrap_or(usize::MAX));
        let memory = (threads * Buffer::size(PIECE + BLOCK)) as u64;
        let _charge = self.context.budget().charge(self.source.path(), memory, "blocks of text")?;
        let pieces = Pieces::new(self.source);
        let (next, records) = (AtomicU64::new(first), AtomicU64::new(0));
        let given_up = AtomicBool::new(false);
        let failed = Mutex::new(None);
        let worker = || {
            let mut buffer = Buffer::default();
            while !given_up.load(Ordering::Relaxed) {
                let range = next.fetch_add(1, Ordering::Relaxed);
                if range >= behind {
                    break;
                }
                match self.range(range, &pieces, &mut buffer) {
                    Ok(Some(count)) => {
                        records.fetch_add(count, Ordering::Relaxed);
                        continue;
                    }
                    Ok(None) => {}
                    Err(error) => {
                        failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    }
                }
                given_up.store(true, Ordering::Relaxed);
            }
        };
        if threads < 2 {
            worker();
        } else {
            self.context.pool().in_place_scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|_| worker());
                }
            });
        }
        pieces.finish(self.context.pool());
        if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        self.source.check_unchanged()?;
        Ok((!given_up.into_inner()).then(|| records.into_inner()))
    }

    /// Records of one range.
    fn range(&self, range: u64, pieces: &Pieces<'_>, buffer: &mut Buffer) -> Result<Option<u64>> {
        let size = self.source.size();
        let marks = Marks {
            separator: self.dialect.separator,
            quote: self.dialect.quote,
            crlf: self.dialect.newline == Newline::Auto,
            width: self.width,
        };
        let mut tally = Tally::at_record();
        let mut at = (range * self.range_bytes).max(self.start);
        let end = (range + 1).saturating_mul(self.range_bytes).min(size);
        // The first line end belongs to the range before.
        let mut begun = at == self.start;
        // Up to where bytes were looked at; those from `at` on were less than a block.
        let mut seen = at;
        let mut last = 0;
        loop {
            self.context.check()?;
            let (most, stop) = if seen < end {
                (PIECE - (seen % PIECE as u64) as usize, end)
            } else {
                (TAIL, size)
            };
            let count = usize::try_from(stop - seen).map_or(most, |left| left.min(most));
            let piece = pieces.get(at..seen + count as u64, buffer)?;
            self.context.progress().add(count as u64, 0);
            let is_tail = seen >= end;
            seen += count as u64;
            let mut bytes = &*piece;
            if !begun {
                let Some(line) = bytes.iter().position(|byte| *byte == b'\n') else {
                    // The record of the range before goes on to the end, or too far.
                    return Ok((seen == size).then_some(0));
                };
                bytes = &bytes[line + 1..];
                (begun, last) = (true, b'\n');
            }
            let old = piece.len() - count;
            let line = is_tail.then(|| piece[old..].iter().position(|byte| *byte == b'\n'));
            let done = match line.flatten() {
                Some(line) => {
                    bytes = &piece[..=old + line];
                    true
                }
                None => seen == size,
            };
            if seen > end + LONGEST_TAIL {
                return Ok(None);
            }
            last = bytes.last().copied().unwrap_or(last);
            let whole = if done { bytes.len() } else { bytes.len() / BLOCK * BLOCK };
            self.simd.tally(&marks, &bytes[..whole], &mut tally);
            if !tally.regular() {
                return Ok(None);
            }
            if done {
                break;
            }
            at = seen - (bytes.len() - whole) as u64;
        }
        if last != b'\n' {
            tally.close(self.width);
        }
        // A CR at the end is a line end, if it is not data.
        if tally.inside() || last == b'\r' || !tally.regular() {
            return Ok(None);
        }
        let skipped = match self.dialect.blank_lines {
            BlankLines::Skip => tally.blank,
            _ if tally.blank > 0 => return Ok(None),
            _ => 0,
        };
        Ok(Some(tally.records - skipped))
    }
}
