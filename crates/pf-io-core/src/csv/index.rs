//! From a chunk to the places of its fields, on any thread.
//!
//! The SIMD kernel writes places as long as records are as they should be; each other record is
//! read by the serial machine, which also says what is wrong with it. O(bytes + fields).

use super::dialect::{BlankLines, Dialect};
use super::serial::{Kind, Scan, Serial, Step};
use super::simd::{Places, Simd, Specials};
use super::slab::{MISSING, Slab};
use super::split::{Chunk, Fault, LONGEST_BURST};

/// So many places of missing fields may be more than there are bytes.
pub(super) const MOST_MISSING: usize = 1 << 26;

/// A record that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// Its number among all records of the input, from 1.
    pub record: u64,
    /// The line where it is wrong: that of the quote or the text behind it, else its first.
    pub line: u64,
    /// The offset where it is wrong: of the quote or the text behind it, else of its first byte.
    pub byte: u64,
    /// How many fields it has; with a quoting problem, the number of the field, from 1.
    pub found: usize,
    /// What is wrong.
    pub kind: BadKind,
    /// Where the record starts in the slab's bytes.
    pub start: u32,
    /// Where it ends, without its line end.
    pub end: u32,
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadKind {
    /// It has too many fields.
    TooMany,
    /// It has too few fields.
    TooFew,
    /// Text follows a closing quote, and that is not allowed.
    TextAfterQuote,
    /// A quote is not closed before the end of the input.
    OpenQuote,
    /// It has no bytes, and that is not allowed.
    Blank,
}

/// What is worth a note and no error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Fields with text behind the closing quote.
    pub anomalies: u64,
    /// Line of the first of them.
    pub first_anomaly: Option<u64>,
}

/// Fills `slab` (its memory is used again) with the chunk's records of `width` fields, and appends
/// the others to `bad`. With `ragged_fill`, records with fewer fields get [`MISSING`] ones.
/// Rows and bad records together are `chunk.records`.
pub fn index(
    chunk: Chunk,
    dialect: &Dialect,
    width: usize,
    ragged_fill: bool,
    simd: Simd,
    slab: &mut Slab,
    bad: &mut Vec<Bad>,
) -> Result<Tally, Fault> {
    let specials = Specials::new(dialect);
    let (from, lines, records) = (chunk.from, chunk.lines, chunk.records);
    clear(slab, chunk, width);
    let mut work = Indexer {
        serial: &Serial::new(dialect),
        dialect,
        ragged_fill,
        tally: Tally::default(),
        first_anomaly: None,
        first_bad: bad.len(),
        slab,
        bad,
    };
    let (mut at, mut burst) = (from, 1);
    'bytes: while at < work.slab.bytes.len() {
        let rows = work.slab.rows();
        if width > 0 {
            work.reserve(at, records);
            let Slab { bytes, starts, ends, quoted, .. } = &mut *work.slab;
            let mut places = Places { starts, ends, width };
            at = simd.fields(&specials, bytes, at, *quoted, &mut places);
        }
        burst = if work.slab.rows() > rows { 1 } else { (2 * burst).min(LONGEST_BURST) };
        for _ in 0..burst {
            match work.record(at)? {
                Some(next) => at = next,
                None => break 'bytes,
            }
        }
    }
    let Indexer { tally, first_anomaly, first_bad, .. } = work;
    slab.records = numbers(slab, &bad[first_bad..]);
    let known = bad.len() == first_bad && lines == records;
    let line_of = |places: &[u32], to: &mut Vec<u64>| {
        simd.lines(&specials, &slab.bytes, from, places, slab.first_line, to);
    };
    let mut line = Vec::new();
    let wrong: Vec<u32> =
        bad[first_bad..].iter().map(|bad| (bad.byte - slab.base) as u32).collect();
    line_of(&wrong, &mut line);
    for (bad, line) in bad[first_bad..].iter_mut().zip(&line) {
        bad.line = *line;
    }
    line.clear();
    line_of(first_anomaly.as_slice(), &mut line);
    let first_anomaly = line.first().copied();
    slab.lines = (!known).then(|| {
        let mut lines = Vec::with_capacity(slab.rows());
        line_of(&slab.starts, &mut lines);
        lines
    });
    Ok(Tally { first_anomaly, ..tally })
}

/// The numbers of the rows' records, where `bad` ones are among them.
fn numbers(slab: &Slab, bad: &[Bad]) -> Option<Vec<u64>> {
    let mut left = bad.iter().map(|bad| bad.record).peekable();
    left.peek()?;
    let mut next = slab.first_record;
    let number = |_: &u32| {
        while left.next_if_eq(&next).is_some() {
            next += 1;
        }
        next += 1;
        next - 1
    };
    Some(slab.starts.iter().map(number).collect())
}

fn clear(slab: &mut Slab, chunk: Chunk, width: usize) {
    slab.bytes = chunk.bytes;
    slab.width = width;
    slab.starts.clear();
    slab.ends.clear();
    slab.ascii = chunk.ascii;
    slab.quoted = chunk.quoted;
    slab.missing = false;
    slab.lines = None;
    slab.records = None;
    slab.first_line = chunk.first_line;
    slab.first_record = chunk.first_record;
    slab.base = chunk.base;
}

struct Indexer<'a> {
    serial: &'a Serial,
    dialect: &'a Dialect,
    ragged_fill: bool,
    tally: Tally,
    first_anomaly: Option<u32>,
    first_bad: usize,
    slab: &'a mut Slab,
    bad: &'a mut Vec<Bad>,
}

impl Indexer<'_> {
    /// Room for all that may follow: a field takes a byte, and the kernel writes 64 places at once.
    fn reserve(&mut self, at: usize, records: u64) {
        let done = self.slab.rows() + self.bad.len() - self.first_bad;
        let left = self.slab.bytes.len() - at + 1;
        let rows = (records as usize).saturating_sub(done).min(left);
        self.slab.starts.reserve(rows + 128);
        self.slab.ends.reserve(rows.saturating_mul(self.slab.width).min(left) + 128);
    }

    /// Reads one record with the serial machine; where the next starts, or `None` at the end.
    fn record(&mut self, at: usize) -> Result<Option<usize>, Fault> {
        let width = self.slab.width;
        let before = self.slab.ends.len();
        let ends = &mut self.slab.ends;
        let mut scan = Scan::at(at);
        let step = self.serial.run(&self.slab.bytes, true, &mut scan, |end| ends.push(end as u32));
        let Step::Done(kind, next) = step else { return Ok(None) };
        let found = self.slab.ends.len() - before;
        let end = self.slab.ends.last().copied().unwrap_or_default();
        match kind {
            Kind::End => return Ok(None),
            Kind::Comment => {}
            Kind::Blank => match self.dialect.blank_lines {
                BlankLines::Skip => {}
                BlankLines::Null => self.fill(at, 0)?,
                BlankLines::Error => self.reject(at, at as u32, at, BadKind::Blank, 0),
            },
            Kind::Open => {
                self.slab.ends.truncate(before);
                self.reject(at, next as u32, scan.opened, BadKind::OpenQuote, found + 1);
            }
            Kind::Data => {
                let strict = scan.anomaly.filter(|_| self.dialect.strict_quotes);
                if let Some((field, place)) = strict {
                    self.slab.ends.truncate(before);
                    self.reject(at, end, place, BadKind::TextAfterQuote, field);
                } else if found == width {
                    self.slab.starts.push(at as u32);
                } else if found < width && self.ragged_fill {
                    self.fill(at, found)?;
                } else {
                    self.slab.ends.truncate(before);
                    let few = found < width;
                    let kind = if few { BadKind::TooFew } else { BadKind::TooMany };
                    self.reject(at, end, at, kind, found);
                }
                self.tally.anomalies += scan.anomalies as u64;
                let place = scan.anomaly.map(|(_, place)| place as u32);
                self.first_anomaly = self.first_anomaly.or(place);
            }
        }
        Ok(Some(next))
    }

    /// Makes a row of a record whose first `found` places are there.
    fn fill(&mut self, at: usize, found: usize) -> Result<(), Fault> {
        let more = self.slab.width - found;
        if self.slab.ends.len() + more > self.slab.bytes.len() + MOST_MISSING {
            return Err(Fault::TooManyMissing { record: self.number(), width: self.slab.width });
        }
        self.slab.starts.push(at as u32);
        self.slab.ends.extend(std::iter::repeat_n(MISSING, more));
        self.slab.missing |= more > 0;
        Ok(())
    }

    fn reject(&mut self, at: usize, end: u32, wrong: usize, kind: BadKind, found: usize) {
        let (record, start) = (self.number(), at as u32);
        let byte = self.slab.base + wrong as u64;
        self.bad.push(Bad { record, line: 0, byte, found, kind, start, end });
    }

    fn number(&self) -> u64 {
        let done = self.slab.rows() + self.bad.len() - self.first_bad;
        self.slab.first_record + done as u64
    }
}
