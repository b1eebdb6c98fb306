//! The first records: the one with the names, and some behind it that show what columns hold.
//!
//! What is looked at depends on the input alone, not on how it is cut into chunks.

use std::path::Path;

use super::dialect::BlankLines;
use super::facts::Facts;
use super::feed::{Feed, failed};
use super::index::{MOST_MISSING, index};
use super::infer::guess;
use super::kind::Kind;
use super::options::CsvReadOptions;
use super::serial::Serial;
use super::simd::Simd;
use super::slab::Slab;
use super::spec::ColumnSpec;
use super::split::{Chunk, Head};
use crate::Result;
use crate::context::Charge;

/// Records that the first guess looks at.
const SAMPLE: usize = 256;
/// They start in so many bytes.
const SAMPLE_BYTES: u64 = 1 << 20;
/// The first of them starts in so many bytes, or there is none.
const PREFACE_BYTES: u64 = 8 << 20;

/// A record that was taken off the front, and its bytes.
pub(super) struct First {
    pub head: Head,
    pub bytes: Vec<u8>,
    /// Where its chunk began.
    place: Place,
}

/// Blank lines and comments that came before a record, in chunks of their own.
#[derive(Default)]
pub(super) struct Passed {
    /// The chunks, if blank lines are records.
    chunks: Vec<Chunk>,
    charges: Vec<Charge>,
    /// How many blank lines there were in other chunks.
    blank: u64,
}

/// What taking a record off changes in a chunk.
#[derive(Clone, Copy)]
struct Place {
    from: usize,
    first_line: u64,
    first_record: u64,
    records: u64,
    lines: u64,
    blank: u64,
}

impl Place {
    fn of(chunk: &Chunk) -> Self {
        let Chunk { from, first_line, first_record, records, lines, blank, .. } = *chunk;
        Self { from, first_line, first_record, records, lines, blank }
    }

    fn restore(self, chunk: Chunk) -> Chunk {
        let Self { from, first_line, first_record, records, lines, blank } = self;
        Chunk { from, first_line, first_record, records, lines, blank, ..chunk }
    }
}

/// Takes the next record off; what comes before it is in `passed`.
pub(super) fn take_record(
    feed: &mut Feed,
    options: &CsvReadOptions,
    serial: &Serial,
    passed: &mut Passed,
) -> Result<Option<First>> {
    let blank_lines = options.dialect.blank_lines;
    while let Some(mut chunk) = feed.chunk()? {
        let place = Place::of(&chunk);
        let Some(head) = chunk.take_first(serial, blank_lines) else {
            if blank_lines == BlankLines::Skip {
                passed.blank += place.blank;
            } else {
                passed.charges.push(feed.charge(chunk.bytes.len() as u64, "blank lines")?);
                passed.chunks.push(place.restore(chunk));
            }
            continue;
        };
        let charge = feed.charge((head.end - head.start) as u64, "the header")?;
        let bytes = chunk.bytes.get(head.start..head.end).unwrap_or_default().to_vec();
        drop(charge);
        feed.put_back(chunk);
        return Ok(Some(First { head, bytes, place }));
    }
    Ok(None)
}

/// Puts a record that was taken off the next chunk back, and what came before it.
pub(super) fn undo(feed: &mut Feed, first: Option<&First>, passed: Passed) -> Result<()> {
    if let Some(first) = first
        && let Some(chunk) = feed.chunk()?
    {
        let mut chunk = first.place.restore(chunk);
        chunk.blank += passed.blank;
        feed.put_back(chunk);
    }
    for chunk in passed.chunks.into_iter().rev() {
        feed.put_back(chunk);
    }
    Ok(())
}

/// The first records behind the header.
pub(super) struct Sample {
    /// The chunks, whose bytes are in the slabs.
    parts: Vec<(Chunk, Slab)>,
    _charges: Vec<Charge>,
}

impl Sample {
    /// Takes the chunks that hold them.
    pub fn take(
        path: &Path,
        feed: &mut Feed,
        options: &CsvReadOptions,
        simd: Simd,
        width: usize,
    ) -> Result<Self> {
        let (mut parts, mut charges) = (Vec::new(), Vec::new());
        let (mut rows, mut first, mut stop) = (0, None, None);
        while rows < SAMPLE
            && let Some(chunk) = feed.chunk_or_later()?
        {
            let most = chunk.bytes.len() + if options.ragged_fill { MOST_MISSING } else { 0 };
            let fields = chunk.records.saturating_mul(width as u64).min(most as u64);
            let bytes = chunk.bytes.len() as u64 + size_of::<u32>() as u64 * fields;
            charges.push(feed.charge(bytes, "the first records")?);
            let stop = *stop.get_or_insert(chunk.base + chunk.from as u64 + PREFACE_BYTES);
            let end = chunk.base + chunk.bytes.len() as u64;
            let empty = Chunk { bytes: Vec::new(), ..chunk };
            let mut slab = Slab::default();
            let fill = options.ragged_fill;
            index(chunk, &options.dialect, width, fill, simd, &mut slab, &mut Vec::new())
                .map_err(|fault| failed(path, &fault))?;
            let place = |start: &u32| slab.base + u64::from(*start);
            first = first.or(slab.starts.first().map(place));
            let last = first.map_or(u64::MAX, |first: u64| first + SAMPLE_BYTES).min(stop);
            let near = slab.starts.partition_point(|start| place(start) < last);
            keep(&mut slab, near.min(SAMPLE - rows));
            rows += slab.rows();
            parts.push((empty, slab));
            if end >= last {
                break;
            }
        }
        Ok(Self { parts, _charges: charges })
    }

    /// Leaves only the first rows.
    pub fn keep(&mut self, mut rows: usize) {
        for (_, slab) in &mut self.parts {
            keep(slab, rows);
            rows -= slab.rows();
        }
    }

    /// What a column of it is.
    pub fn guess(&self, field: usize, spec: &ColumnSpec, options: &CsvReadOptions) -> Facts {
        let mut facts = Facts::default();
        for (_, slab) in &self.parts {
            facts.merge(&guess(slab, field, spec, &options.dialect));
        }
        facts
    }

    fn is_empty(&self) -> bool {
        self.parts.iter().all(|(_, slab)| slab.rows() == 0)
    }

    /// Puts the chunks back.
    pub fn put_back(self, feed: &mut Feed) {
        for (chunk, slab) in self.parts.into_iter().rev() {
            feed.put_back(Chunk { bytes: slab.bytes, ..chunk });
        }
    }
}

fn keep(slab: &mut Slab, rows: usize) {
    slab.starts.truncate(rows);
    slab.ends.truncate(rows.saturating_mul(slab.width));
}

/// No cell of the first record is a value like those below it. Without any below, no cell is a
/// value at all. What is quoted is a name.
pub(super) fn looks_like_header(
    path: &Path,
    first: &First,
    width: usize,
    below: &Sample,
    options: &CsvReadOptions,
    simd: Simd,
) -> Result<bool> {
    let mut slab = Slab::default();
    let chunk = Chunk {
        bytes: first.bytes.clone(),
        records: 1,
        lines: 1,
        quoted: true,
        ..Chunk::default()
    };
    index(chunk, &options.dialect, width, false, simd, &mut slab, &mut Vec::new())
        .map_err(|fault| failed(path, &fault))?;
    let class = |facts: Facts| match facts.kind(options.spec.int_overflow) {
        Kind::Null | Kind::Text => None,
        Kind::Bool => Some(0),
        Kind::Int64 | Kind::UInt64 | Kind::Decimal(_) | Kind::Float64 => Some(1),
        Kind::Date | Kind::Timestamp { .. } => Some(2),
    };
    let alone = below.is_empty();
    Ok((0..width).all(|field| {
        let raw = slab.raw(0, field).unwrap_or_default();
        if options.dialect.quote.is_some_and(|quote| raw.first() == Some(&quote)) {
            return true;
        }
        let cell = class(guess(&slab, field, &options.spec, &options.dialect));
        cell.is_none() || !alone && cell != class(below.guess(field, &options.spec, options))
    }))
}
