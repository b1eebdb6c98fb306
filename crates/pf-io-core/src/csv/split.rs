//! Cuts the input into chunks of whole records, in order and always in the true state.
//!
//! Blocks come in as they were read. Each is passed over by the SIMD kernel from the start of a
//! record; where the kernel is not certain, and for the record that a block's end cuts in two, the
//! serial machine goes on. So the kernel never starts in a guessed state. The end of a cut record
//! is copied behind its beginning, and the next chunk starts behind it in its own block: nothing
//! else is copied. Each byte is seen at most twice, so the time is linear in the input.

use thiserror::Error;

use super::dialect::{BlankLines, Dialect};
use super::serial::{Kind, Scan, Serial, Step};
use super::simd::{Simd, Specials};

/// No record may be longer than this, whatever the caller allows: places are 32 bits wide.
const LONGEST: usize = 1 << 30;
/// So much of the next block is first looked at for the end of a cut record.
const FIRST_LOOK: usize = 4096;
/// After so many records at most, the kernel tries again.
pub(super) const LONGEST_BURST: usize = 64;

/// Whole records in memory.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The bytes; those before `from` are of other records.
    pub bytes: Vec<u8>,
    /// Where the first record starts.
    pub from: usize,
    /// Offset of `bytes[0]` in the (decoded) input.
    pub base: u64,
    /// Line of `from`, from 1.
    pub first_line: u64,
    /// Number of the first record, from 1.
    pub first_record: u64,
    /// How many records there are, comments left out; blank lines too, if they are skipped.
    pub records: u64,
    /// Physical lines from `from` on, the last one without line end included.
    pub lines: u64,
    /// Records of no bytes.
    pub blank: u64,
    /// All bytes are surely ASCII.
    pub ascii: bool,
    /// There may be quotes.
    pub quoted: bool,
    /// Some record had to be read by the serial machine.
    pub serial: bool,
}

/// A record that was taken off the front of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Where it starts in the chunk's bytes.
    pub start: usize,
    /// Where it ends, without its line end.
    pub end: usize,
    /// Its first line.
    pub line: u64,
    /// Its offset in the input.
    pub byte: u64,
    /// Its quote was never closed.
    pub open: bool,
}

/// What is wrong with the input as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// A record is longer than allowed.
    #[error("record {record} is longer than {limit} bytes{}", open_text(.quote.as_ref()))]
    TooLong {
        /// Its number.
        record: u64,
        /// The line it starts on.
        line: u64,
        /// Its offset.
        byte: u64,
        /// The limit.
        limit: usize,
        /// Line and offset of the quote that is still open.
        quote: Option<(u64, u64)>,
    },
    /// Filling up short records would take more places than there may be.
    #[error("too many missing fields: record {record} and others have fewer than {width} fields")]
    TooManyMissing {
        /// The record that went too far.
        record: u64,
        /// How many fields it should have.
        width: usize,
    },
}

fn open_text(quote: Option<&(u64, u64)>) -> String {
    quote.map_or_else(String::new, |(line, _)| {
        format!(", and the quote that opens on line {line} is not closed")
    })
}

/// See the [module](self).
#[derive(Debug)]
pub struct Splitter {
    serial: Serial,
    specials: Specials,
    simd: Simd,
    quote: Option<u8>,
    blank_is_record: bool,
    chunk_bytes: usize,
    limit: usize,
    /// Physical lines to drop at the start.
    skip: u64,
    /// The chunk that is being made; `bytes` are whole records up to `done`.
    chunk: Chunk,
    done: usize,
    /// Where the serial machine stands in the record at `done`.
    scan: Option<Scan>,
    /// Bytes of all blocks so far.
    pushed: u64,
}

impl Splitter {
    /// For chunks of about `chunk_bytes`; blocks of that size or half of it are not copied.
    pub fn new(dialect: &Dialect, simd: Simd, chunk_bytes: usize) -> Self {
        Self {
            serial: Serial::new(dialect),
            specials: Specials::new(dialect),
            simd,
            quote: dialect.quote,
            blank_is_record: dialect.blank_lines != BlankLines::Skip,
            chunk_bytes: chunk_bytes.min(LONGEST / 2),
            limit: LONGEST,
            skip: 0,
            chunk: Chunk { first_line: 1, first_record: 1, ascii: true, ..Chunk::default() },
            done: 0,
            scan: None,
            pushed: 0,
        }
    }

    /// No record may be longer than so many bytes.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes.min(LONGEST);
        self
    }

    /// The offset of the first byte that comes.
    #[must_use]
    pub fn base(mut self, byte: u64) -> Self {
        self.pushed = byte;
        self
    }

    /// The line and the record that come first.
    #[must_use]
    pub fn numbers(mut self, line: u64, record: u64) -> Self {
        (self.chunk.first_line, self.chunk.first_record) = (line, record);
        self
    }

    /// Drops so many physical lines first, whatever is in them.
    #[must_use]
    pub fn skip_lines(mut self, lines: u64) -> Self {
        self.skip = lines;
        self
    }

    /// Takes the next block and may give a chunk. A block should have room for some KiB more; one
    /// with more than 512 MiB is an error.
    pub fn push(&mut self, block: Vec<u8>) -> Result<Option<Chunk>, Fault> {
        let before = self.pushed;
        self.pushed += block.len() as u64;
        if block.len() > LONGEST / 2 {
            return Err(self.too_long(LONGEST / 2));
        }
        let held = self.chunk.bytes.len() - self.chunk.from;
        if held == 0 {
            self.replace(block, 0, before);
            self.drop_lines(false);
            self.advance(false);
            return Ok(None);
        }
        if self.skip > 0 || held < self.chunk_bytes / 2 || self.done == self.chunk.from {
            self.chunk.bytes.extend_from_slice(&block);
            self.drop_lines(false);
            self.advance(false);
            return self.check().map(|()| None);
        }
        let Some(used) = self.finish_record(&block) else {
            return self.check().map(|()| None);
        };
        let chunk = self.emit();
        self.replace(block, used, before);
        self.advance(false);
        Ok(Some(chunk))
    }

    /// The rest, after the last block.
    pub fn finish(&mut self) -> Result<Option<Chunk>, Fault> {
        self.drop_lines(true);
        self.advance(true);
        let some = self.chunk.from < self.chunk.bytes.len();
        Ok(some.then(|| self.emit()))
    }

    /// The whole records that are there, if nothing follows that could be read.
    pub fn stop(&mut self) -> Option<Chunk> {
        (self.done > self.chunk.from).then(|| self.emit())
    }

    /// Bytes that wait for the end of a record or chunk.
    pub fn held(&self) -> usize {
        self.chunk.bytes.len()
    }

    /// Makes chunks of at least so many bytes from now on.
    pub fn grow(&mut self, bytes: usize) {
        self.chunk_bytes = self.chunk_bytes.max(bytes.min(LONGEST / 2));
    }

    /// Starts a chunk with this block, of which `used` bytes belong to the one before.
    fn replace(&mut self, block: Vec<u8>, used: usize, base: u64) {
        self.chunk.bytes = block;
        self.chunk.from = used;
        self.chunk.base = base;
        self.done = used;
        self.scan = None;
    }

    /// Hands out what is done, and counts on from there.
    fn emit(&mut self) -> Chunk {
        let next = Chunk {
            first_line: self.chunk.first_line + self.chunk.lines,
            first_record: self.chunk.first_record + self.chunk.records,
            ascii: true,
            ..Chunk::default()
        };
        let mut chunk = std::mem::replace(&mut self.chunk, next);
        chunk.bytes.truncate(self.done);
        self.done = 0;
        self.scan = None;
        chunk
    }

    /// Leaves out the lines that are to be skipped, as far as they are there.
    fn drop_lines(&mut self, last: bool) {
        while self.skip > 0
            && let Some(next) = self.serial.line_end(&self.chunk.bytes, last, self.done)
        {
            let moved = next > self.done;
            (self.done, self.chunk.from) = (next, next);
            self.chunk.first_line += u64::from(moved);
            self.skip = if moved { self.skip - 1 } else { 0 };
        }
    }

    /// Passes over all whole records.
    fn advance(&mut self, last: bool) {
        let mut burst = 1;
        while self.skip == 0 {
            if self.scan.is_none() {
                let bytes = &self.chunk.bytes;
                // What follows a CR decides whether it is half of a line end.
                let hold = usize::from(!last && bytes.last() == Some(&b'\r'));
                let counted =
                    self.simd.records(&self.specials, &bytes[..bytes.len() - hold], self.done);
                let blank = if self.blank_is_record { 0 } else { counted.blank };
                self.chunk.records += counted.records - blank;
                self.chunk.blank += counted.blank;
                self.chunk.lines += counted.lines;
                self.chunk.ascii &= counted.ascii;
                self.chunk.quoted |= counted.quoted;
                self.done = counted.next;
                burst = if counted.records > 0 { 1 } else { (2 * burst).min(LONGEST_BURST) };
            }
            for _ in 0..burst {
                let mut scan = self.scan.take().unwrap_or(Scan::at(self.done));
                match self.serial.run(&self.chunk.bytes, last, &mut scan, |_| ()) {
                    Step::More => {
                        self.scan = Some(scan);
                        return;
                    }
                    Step::Done(Kind::End, _) => return,
                    Step::Done(kind, next) => {
                        self.account(kind, next);
                        self.chunk.serial = true;
                    }
                }
            }
        }
    }

    /// Appends the end of the record at `done`, and says how much of the block that was; `None` if
    /// it does not end in the block, all of which was appended.
    fn finish_record(&mut self, block: &[u8]) -> Option<usize> {
        if self.done == self.chunk.bytes.len() {
            return Some(0);
        }
        let (mut used, mut look) = (0, FIRST_LOOK);
        let mut scan = self.scan.take().unwrap_or(Scan::at(self.done));
        while used < block.len() {
            let more = look.min(block.len() - used);
            self.chunk.bytes.reserve_exact(more);
            self.chunk.bytes.extend_from_slice(&block[used..used + more]);
            used += more;
            look *= 2;
            if let Step::Done(kind, next) =
                self.serial.run(&self.chunk.bytes, false, &mut scan, |_| ())
            {
                let unused = self.chunk.bytes.len() - next;
                self.account(kind, next);
                return Some(used.saturating_sub(unused));
            }
        }
        self.scan = Some(scan);
        None
    }

    /// Counts the record between `done` and `next`.
    fn account(&mut self, kind: Kind, next: usize) {
        let record = &self.chunk.bytes[self.done..next];
        let lines = self.serial.count_lines(record);
        let ended = self.serial.ends_line(record);
        self.chunk.lines += lines + u64::from(!ended);
        self.chunk.ascii &= record.is_ascii();
        self.chunk.quoted |= self.quote.is_some_and(|quote| record.contains(&quote));
        match kind {
            Kind::Data | Kind::Open => self.chunk.records += 1,
            Kind::Blank => {
                self.chunk.blank += 1;
                self.chunk.records += u64::from(self.blank_is_record);
            }
            Kind::Comment | Kind::End => {}
        }
        self.done = next;
    }

    fn check(&self) -> Result<(), Fault> {
        let long = self.chunk.bytes.len() - self.done > self.limit;
        if long { Err(self.too_long(self.limit)) } else { Ok(()) }
    }

    /// The fault of the record that is being read.
    pub(super) fn too_long(&self, limit: usize) -> Fault {
        let line = self.chunk.first_line + self.chunk.lines;
        let opened = self.scan.and_then(|scan| scan.open_quote());
        let quote = opened.map(|at| {
            let lines = self.serial.count_lines(&self.chunk.bytes[self.done..at]);
            (line + lines, self.chunk.base + at as u64)
        });
        Fault::TooLong {
            record: self.chunk.first_record + self.chunk.records,
            line,
            byte: self.chunk.base + self.done as u64,
            limit,
            quote,
        }
    }
}

impl Chunk {
    /// Leaves only the first `wanted` records and what is between them.
    pub fn cut(&mut self, serial: &Serial, blank_lines: BlankLines, wanted: u64) {
        let (mut at, mut records, mut lines, mut blank) = (self.from, 0, 0, 0);
        while records < wanted {
            let mut scan = Scan::at(at);
            let Step::Done(kind, next) = serial.run(&self.bytes, true, &mut scan, |_| ()) else {
                break;
            };
            match kind {
                Kind::End => break,
                Kind::Comment => {}
                Kind::Blank => {
                    blank += 1;
                    records += u64::from(blank_lines != BlankLines::Skip);
                }
                Kind::Data | Kind::Open => records += 1,
            }
            let record = self.bytes.get(at..next).unwrap_or_default();
            lines += serial.count_lines(record) + u64::from(!serial.ends_line(record));
            at = next;
        }
        self.bytes.truncate(at);
        (self.records, self.lines, self.blank) = (records, lines, blank);
    }

    /// Takes the first record off, and the comments and blank lines before it; `None` if there is
    /// none. For headers.
    pub fn take_first(&mut self, serial: &Serial, blank_lines: BlankLines) -> Option<Head> {
        loop {
            let mut end = self.from;
            let mut scan = Scan::at(self.from);
            let step = serial.run(&self.bytes, true, &mut scan, |at| end = at);
            let Step::Done(kind, next) = step else { return None };
            let line = self.first_line;
            let start = self.from;
            let lines = serial.count_lines(&self.bytes[start..next]);
            self.from = next;
            self.first_line += lines;
            self.lines = self.lines.saturating_sub(lines.max(1));
            match kind {
                Kind::End => return None,
                Kind::Comment => {}
                Kind::Blank => {
                    self.blank = self.blank.saturating_sub(1);
                    let counted = u64::from(blank_lines != BlankLines::Skip);
                    self.first_record += counted;
                    self.records = self.records.saturating_sub(counted);
                }
                Kind::Data | Kind::Open => {
                    self.first_record += 1;
                    self.records = self.records.saturating_sub(1);
                    let open = kind == Kind::Open;
                    let end = if open { next } else { end };
                    return Some(Head { start, end, line, byte: self.base + start as u64, open });
                }
            }
        }
    }
}
