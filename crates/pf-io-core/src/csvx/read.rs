//! Whole reads: chunks are cut in order and parsed on all threads, values straight to their place.
//!
//! A column is first read as what a sample of it is. Where later cells are something else, the
//! pieces that hold them climb, and later pieces start from there; the facts of all pieces decide
//! the type in the end. Pieces of another kind are then converted, or, where that would not be
//! exact, the column is read a second time.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::column::{Failure, Piece, parse};
use super::facts::Facts;
use super::feed::{Feed, failed};
use super::index::{Bad, BadKind, Tally, index, record_number};
use super::infer::Final;
use super::kind::Kind;
use super::options::{BadLines, CsvReadOptions};
use super::plan::{Plan, Wanted};
use super::report::{CsvReport, Reject};
use super::rooms::Room;
use super::simd::Simd;
use super::slab::Slab;
use super::spec::Target;
use super::{assemble, report};
use crate::context::Charge;
use crate::table::Table;
use crate::{Context, IoError, Result, Source};

/// A table and what is to be told of its making.
#[derive(Debug)]
pub struct CsvTable {
    /// The rows.
    pub table: Table,
    /// Types, rejected records, notes.
    pub report: CsvReport,
}

/// Reads the columns and rows that `options` ask for.
pub fn read(source: &Source, options: &CsvReadOptions, context: &Context) -> Result<CsvTable> {
    let path = source.path();
    options.dialect.validate(path)?;
    let simd = Simd::chosen().map_err(|message| IoError::unsupported(path, message))?;
    let mut feed = Feed::open(source, options, simd, context)?;
    let plan = Plan::make(path, &mut feed, options, simd)?;
    let job = Job { path, options, plan: &plan, simd, context };
    let mut first = job.pass(feed)?;
    let finals = job.finals(&first)?;
    let again = assemble::not_exact(&plan, &finals, &first);
    let second = if again.is_empty() {
        None
    } else {
        let mut feed = Feed::open(source, options, simd, context)?;
        let plan = Plan::make(path, &mut feed, options, simd)?;
        let settled = plan.settled(&again, &finals);
        let pass = Job { plan: &settled, ..job }.pass(feed)?;
        Some((again, pass))
    };
    let rejects = first.done.iter_mut().flat_map(|done| done.rejects.drain(..)).collect();
    let report = report::make(&plan, &finals, &first, rejects);
    let table = assemble::table(path, &plan, &finals, first, second, options.n_rows)?;
    source.check_unchanged()?;
    Ok(CsvTable { table, report })
}

/// What one pass over the input does.
#[derive(Clone, Copy)]
struct Job<'j> {
    path: &'j Path,
    options: &'j CsvReadOptions,
    plan: &'j Plan,
    simd: Simd,
    context: &'j Context,
}

/// What a pass makes.
pub(super) struct Pass {
    pub done: Vec<Done>,
    /// A column's room and what it holds.
    pub rooms: Vec<Option<(Room, Kind)>>,
    /// What was seen of each column.
    pub facts: Vec<Facts>,
}

/// A chunk that was parsed.
pub(super) struct Done {
    order: usize,
    /// Records of the chunks before.
    pub row: u64,
    pub rows: usize,
    pub pieces: Vec<Piece>,
    /// Rows that are left out because of a cell.
    pub dropped: Vec<usize>,
    pub rejects: Vec<Reject>,
    pub blank: u64,
    pub tally: Tally,
    pub charge: Charge,
}

impl Job<'_> {
    /// The final type of each column.
    fn finals(&self, pass: &Pass) -> Result<Vec<Final>> {
        let columns = self.plan.wanted.iter().zip(&pass.facts);
        columns
            .map(|(column, facts)| {
                if let Target::Typed(data_type) = &column.spec.target {
                    let (kind, data_type) = (Kind::Text, data_type.clone());
                    return Ok(Final { kind, data_type, reason: String::new() });
                }
                facts.resolve(&column.spec).map_err(|witness| IoError::Csv {
                    path: self.path.to_path_buf(),
                    line: 0,
                    record: witness.record.saturating_sub(self.plan.header_records),
                    column: Some(column.name.clone()),
                    message: format!("{:?} is beyond int64", witness.text),
                    hint: Some("on_int_overflow=\"decimal\" or \"string\" keeps it"),
                })
            })
            .collect()
    }

    /// Parses all chunks.
    fn pass(&self, feed: Feed) -> Result<Pass> {
        let plan = self.plan;
        let rooms = self.rooms(&feed);
        let facts = Mutex::new(plan.wanted.iter().map(|c| c.guess.clone()).collect::<Vec<_>>());
        // The sample is part of what is read.
        let seen = Mutex::new(plan.wanted.iter().map(|c| c.guess.clone()).collect::<Vec<_>>());
        let feed = Mutex::new(feed);
        let last = AtomicUsize::new(usize::MAX);
        let results: Mutex<Vec<(usize, Result<Done>)>> = Mutex::default();
        let worker = || {
            let mut slab = Slab::default();
            loop {
                let next = lock(&feed).next();
                let numbered = match next {
                    Ok(Some(numbered)) => numbered,
                    Ok(None) => break,
                    Err(error) => {
                        // What was handed out before comes first in the file.
                        lock(&results).push((usize::MAX, Err(error)));
                        break;
                    }
                };
                let order = numbered.order;
                if order > last.load(Ordering::Relaxed) {
                    break;
                }
                let bytes = numbered.chunk.bytes.len() as u64;
                let result = self.context.check().and_then(|()| {
                    self.chunk(numbered.chunk, (order, numbered.row), &mut slab, &rooms, &facts)
                });
                match &result {
                    Ok(done) => {
                        for (seen, piece) in lock(&seen).iter_mut().zip(&done.pieces) {
                            seen.merge(&piece.facts);
                        }
                        self.context.progress().add(bytes, done.rows as u64);
                    }
                    Err(_) => {
                        last.fetch_min(order, Ordering::Relaxed);
                    }
                }
                lock(&results).push((order, result));
                lock(&feed).recycle(std::mem::take(&mut slab.bytes));
            }
        };
        self.context.pool().in_place_scope(|scope| {
            for _ in 0..self.context.threads() {
                scope.spawn(|_| worker());
            }
        });
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_by_key(|(order, _)| *order);
        let mut done = results.into_iter().map(|(_, done)| done).collect::<Result<Vec<_>>>()?;
        done.sort_by_key(|done| done.order);
        let facts = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Pass { done, rooms, facts })
    }

    /// Room for each column of fixed width, where the length of the input is known.
    fn rooms(&self, feed: &Feed) -> Vec<Option<(Room, Kind)>> {
        let short =
            self.options.ragged_fill || self.options.dialect.blank_lines == super::BlankLines::Null;
        let least = if short { 1 } else { self.plan.width.max(1) as u64 };
        let rows = feed.input().size_hint().map(|size| size / least + 2);
        let rows = rows.map(|rows| rows.min(self.options.n_rows.unwrap_or(u64::MAX)));
        self.plan
            .wanted
            .iter()
            .map(|column| {
                let kind = kind_of(column, &column.guess);
                let width = width_of(column, kind)?;
                Some((Room::new(rows?, width)?, kind))
            })
            .collect()
    }

    /// Parses one chunk.
    fn chunk(
        &self,
        chunk: super::split::Chunk,
        (order, row): (usize, u64),
        slab: &mut Slab,
        rooms: &[Option<(Room, Kind)>],
        facts: &Mutex<Vec<Facts>>,
    ) -> Result<Done> {
        let options = self.options;
        let blank = chunk.blank;
        let mut bad = Vec::new();
        let tally = index(
            chunk,
            &options.dialect,
            self.plan.width,
            options.ragged_fill,
            self.simd,
            slab,
            &mut bad,
        )
        .map_err(|fault| failed(self.path, &fault))?;
        if options.bad_lines == BadLines::Error {
            let left = options.n_rows.map_or(u64::MAX, |limit| limit - row.min(limit));
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            // Records behind the last row that is wanted do not matter.
            bad.retain(|bad| {
                let before = bad.record - slab.first_record;
                before < left as u64
            });
            if slab.rows() > left {
                slab.starts.truncate(left);
                slab.ends.truncate(left * slab.width);
            }
        }
        let bytes: u64 = self
            .plan
            .wanted
            .iter()
            .map(|column| width_of(column, kind_of(column, &column.guess)).unwrap_or(8) as u64)
            .sum();
        let bytes = bytes.saturating_mul(slab.rows() as u64) + slab.bytes.len() as u64;
        let charge = self.context.budget().charge(self.path, bytes, "rows")?;
        let known: Vec<Facts> = lock(facts).clone();
        let mut pieces = Vec::with_capacity(self.plan.wanted.len());
        for (at, (column, facts_so_far)) in self.plan.wanted.iter().zip(&known).enumerate() {
            let kind = kind_of(column, facts_so_far);
            // SAFETY: every chunk has rows of its own.
            let place = rooms[at]
                .as_ref()
                .filter(|(_, held)| *held == kind)
                .and_then(|(room, _)| unsafe { room.rows(row, slab.rows()) });
            let piece = parse(slab, column.field, &column.spec, &options.dialect, kind, place);
            if column.spec.target == Target::Infer
                && piece.kind != kind
                && let Some(facts) = lock(facts).get_mut(at)
            {
                facts.merge(&piece.facts);
            }
            pieces.push(piece);
        }
        let (rejects, dropped) = self.rejects(slab, &bad, &pieces)?;
        Ok(Done { order, row, rows: slab.rows(), pieces, dropped, rejects, blank, tally, charge })
    }

    /// Bad records and cells in their order; an error if they are none.
    fn rejects(
        &self,
        slab: &Slab,
        bad: &[Bad],
        pieces: &[Piece],
    ) -> Result<(Vec<Reject>, Vec<usize>)> {
        let mut rejects: Vec<Reject> = bad.iter().map(|bad| self.bad_record(slab, bad)).collect();
        let mut dropped = Vec::new();
        for (column, piece) in self.plan.wanted.iter().zip(pieces) {
            for failure in &piece.failed {
                rejects.push(self.bad_cell(slab, bad, column, failure));
                dropped.push(failure.row);
            }
        }
        rejects.sort_by_key(|reject| (reject.record, reject.byte));
        if self.options.bad_lines == BadLines::Error
            && let Some(first) = rejects.first()
        {
            return Err(first.error(self.path));
        }
        dropped.sort_unstable();
        dropped.dedup();
        Ok((rejects, dropped))
    }

    fn bad_record(&self, slab: &Slab, bad: &Bad) -> Reject {
        let width = slab.width;
        let fields = |count: usize| {
            if count == 1 { "1 field".to_owned() } else { format!("{count} fields") }
        };
        let reason = match bad.kind {
            BadKind::TooMany | BadKind::TooFew => {
                format!("{} instead of {width}", fields(bad.found))
            }
            BadKind::TextAfterQuote => "text behind a closing quote".to_owned(),
            BadKind::OpenQuote => "the quote that opens here is not closed".to_owned(),
            BadKind::Blank => "a blank line".to_owned(),
        };
        let raw = slab.bytes.get(bad.start as usize..bad.end as usize).unwrap_or_default().to_vec();
        Reject {
            line: bad.line,
            record: bad.record.saturating_sub(self.plan.header_records),
            byte: bad.byte,
            column: None,
            reason,
            raw,
            hint: match bad.kind {
                BadKind::TooFew => Some("ragged=\"fill\" makes nulls of missing fields"),
                BadKind::TooMany => Some("on_bad_lines=\"skip\" leaves such records out"),
                _ => None,
            },
        }
    }

    fn bad_cell(&self, slab: &Slab, bad: &[Bad], column: &Wanted, failure: &Failure) -> Reject {
        let row = failure.row;
        let start = slab.starts.get(row).copied().unwrap_or_default();
        let at = row * slab.width + column.field;
        let place = match column.field {
            0 => start,
            _ => slab.ends.get(at - 1).map_or(start, |end| end + 1),
        };
        let end = slab.ends.get((row + 1) * slab.width - 1).copied().unwrap_or(start);
        let line = match &slab.lines {
            Some(lines) => lines.get(row).copied().unwrap_or_default(),
            None => slab.first_line + row as u64,
        };
        Reject {
            line,
            record: record_number(slab, bad, row).saturating_sub(self.plan.header_records),
            byte: slab.base + u64::from(place),
            column: Some(column.name.clone()),
            reason: format!("{:?} {}", crate::error::snippet(&failure.text), failure.why),
            raw: slab.bytes.get(start as usize..end as usize).unwrap_or_default().to_vec(),
            hint: None,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a column is read as.
fn kind_of(column: &Wanted, facts: &Facts) -> Kind {
    match &column.spec.target {
        Target::Infer => facts.kind(column.spec.int_overflow),
        Target::Settled(kind) => *kind,
        Target::Typed(_) => Kind::Text,
    }
}

/// Bytes of a value of a column read as `kind`; none for bits, texts and nulls.
pub(super) fn width_of(column: &Wanted, kind: Kind) -> Option<usize> {
    match &column.spec.target {
        Target::Typed(data_type) => super::typed::width(data_type),
        _ => kind.width(),
    }
}
