//! Whole reads: chunks are cut in order and parsed on all threads, values straight to their place.
//!
//! A column is first read as what a sample of it is. Where later cells are something else, the
//! pieces that hold them climb, and later pieces start from there; the facts of all pieces decide
//! the type in the end. Pieces of another kind are then converted, or, where that would not be
//! exact, the column is read a second time.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use arrow::datatypes::DataType;

use super::answers::{self, Given};
use super::column::{Piece, parse};
use super::detect::detected;
use super::facts::Facts;
use super::feed::{Feed, failed};
use super::index::{MOST_MISSING, Tally, index};
use super::infer::{Final, look_for_text};
use super::input::InvalidBytes;
use super::kind::Kind;
use super::options::{BadLines, CsvReadOptions};
use super::plan::{Plan, Wanted};
use super::report::{CsvReport, Reject};
use super::rooms::Room;
use super::simd::Simd;
use super::slab::Slab;
use super::spec::{ColumnSpec, Target};
use super::split::Chunk;
use super::{assemble, report, typed};
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
    let found = detected(source, options, context)?;
    let options = found.options.as_ref();
    let open = || -> Result<(Feed, Plan)> {
        let mut feed = Feed::open(source, options, simd, context)?;
        let plan = Plan::make(path, &mut feed, options, simd)?;
        Ok((feed, plan))
    };
    let (feed, mut plan) = open()?;
    if let Some(records) = options.infer_records {
        plan.settle(&sample_types(source, options, &plan, simd, context, records)?);
    }
    let job = Job { path, options, plan: &plan, simd, context };
    let mut first = job.pass(feed)?;
    let found_finals = job.finals(&first.facts);
    let mut finals = found_finals.map_err(|error| located(error, source, options, context))?;
    let again = assemble::not_exact(&plan, &finals, &first);
    let second = if again.is_empty() {
        None
    } else {
        let (feed, plan) = open()?;
        let settled = plan.settled(&again, &finals);
        let pass = Job { plan: &settled, ..job }.pass(feed)?;
        Some((again, pass))
    };
    let rejects = first.done.iter_mut().flat_map(|done| done.rejects.drain(..)).collect();
    if options.input.invalid == InvalidBytes::Binary {
        let layout = options.string_type;
        assemble::find_binary(&plan, &mut finals, &first, second.as_ref(), layout);
    }
    let report = report::make(&plan, &finals, &first, rejects, &found);
    let table = assemble::table(path, &plan, &finals, first, second, options.n_rows)?;
    source.check_unchanged()?;
    Ok(CsvTable { table, report })
}

/// An integer that is refused for its size, with its place: the column is read again as integers.
pub(super) fn located(
    error: IoError,
    source: &Source,
    options: &CsvReadOptions,
    context: &Context,
) -> IoError {
    let IoError::Csv { line: 0, column: Some(column), hint, .. } = error else { return error };
    let spec = ColumnSpec { target: Target::Typed(DataType::Int64), ..options.spec.clone() };
    let mut specs = options.specs.clone();
    specs.retain(|(name, _)| *name != column);
    specs.push((column.clone(), spec));
    let (columns, bad_lines) = (Some(vec![column]), BadLines::Error);
    let again = CsvReadOptions { columns, specs, bad_lines, ..options.clone() };
    match read(source, &again, context) {
        Err(IoError::Csv { path, line, record, byte, column, message, .. }) => {
            IoError::Csv { path, line, record, byte, column, message, hint }
        }
        Err(other) => other,
        Ok(_) => IoError::csv(source.path(), "an integer is beyond int64"),
    }
}

/// The types that the first records of the file show.
pub(super) fn sample_types(
    source: &Source,
    options: &CsvReadOptions,
    plan: &Plan,
    simd: Simd,
    context: &Context,
    records: usize,
) -> Result<Vec<Final>> {
    let wish = records as u64;
    let n_rows = Some(options.n_rows.map_or(wish, |rows| rows.min(wish)));
    let options = CsvReadOptions { n_rows, most_records: Some(wish), ..options.clone() };
    let mut feed = Feed::open(source, &options, simd, context)?;
    Plan::make(source.path(), &mut feed, &options, simd)?;
    // What the guess saw beyond the sample does not count.
    let fresh = plan.without_guess();
    let job = Job { path: source.path(), options: &options, plan: &fresh, simd, context };
    job.finals(&job.pass(feed)?.facts)
}

/// What one pass over the input does.
#[derive(Clone, Copy)]
pub(super) struct Job<'j> {
    pub path: &'j Path,
    pub options: &'j CsvReadOptions,
    pub plan: &'j Plan,
    pub simd: Simd,
    pub context: &'j Context,
}

/// Columns that have a room where records may have fewer bytes than fields.
const MOST_LOOSE_ROOMS: usize = 16;
/// What a pass makes.
pub(super) struct Pass {
    pub done: Vec<Done>,
    /// A column's room and what it holds.
    pub rooms: Vec<Option<(Room, Kind)>>,
    /// What was seen of each column.
    pub facts: Vec<Facts>,
    /// What the input tells: encodings, bytes that were replaced.
    pub notes: Vec<String>,
}

/// A chunk that was parsed.
pub(super) struct Done {
    pub order: usize,
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
    pub fn finals(&self, facts: &[Facts]) -> Result<Vec<Final>> {
        let columns = self.plan.wanted.iter().zip(facts);
        columns
            .map(|(column, facts)| {
                match &column.spec.target {
                    Target::Typed(data_type) => {
                        let (kind, data_type) = (Kind::Text, data_type.clone());
                        return Ok(Final { kind, data_type, reason: "asked for".to_owned() });
                    }
                    Target::Settled(_) => {
                        if let Some(last) = &column.settled {
                            return Ok(last.clone());
                        }
                    }
                    Target::Infer => {}
                }
                let mut last = facts.resolve(&column.spec).map_err(|witness| IoError::Csv {
                    path: self.path.to_path_buf(),
                    line: 0,
                    record: witness.record,
                    byte: None,
                    column: Some(column.name.clone()),
                    message: format!("{} is beyond int64", witness.text),
                    hint: Some("on_int_overflow=\"decimal\" or \"string\" keeps it"),
                })?;
                if last.data_type == DataType::LargeUtf8 {
                    last.data_type = self.options.string_type.text();
                }
                Ok(last)
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
        let feed = feed.into_inner().unwrap_or_else(PoisonError::into_inner);
        let notes = feed.notes();
        Ok(Pass { done, rooms, facts, notes })
    }

    /// Most rows that any column may have, those to be dropped included.
    fn row_limit(&self) -> u64 {
        let exact = self.options.all_records_are_rows();
        self.options.n_rows.filter(|_| exact).unwrap_or(u64::MAX)
    }

    /// Room for each column of fixed width, where the length of the input is known.
    fn rooms(&self, feed: &Feed) -> Vec<Option<(Room, Kind)>> {
        let short =
            self.options.ragged_fill || self.options.dialect.blank_lines == super::BlankLines::Null;
        // Then the rows are not known well enough: of many large blocks little would be used, and
        // what is used of each is rounded up to huge pages.
        if short && self.plan.wanted.len() > MOST_LOOSE_ROOMS {
            return self.plan.wanted.iter().map(|_| None).collect();
        }
        let least = if short { 1 } else { self.plan.width.max(1) as u64 };
        let rows = feed.input().size_hint().map(|size| size / least + 2);
        let rows = rows.map(|rows| rows.min(self.row_limit()));
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
    pub fn chunk(
        &self,
        chunk: Chunk,
        (order, row): (usize, u64),
        slab: &mut Slab,
        rooms: &[Option<(Room, Kind)>],
        facts: &Mutex<Vec<Facts>>,
    ) -> Result<Done> {
        let options = self.options;
        let blank = chunk.blank;
        let indexing = self.charge_index(&chunk)?;
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
        let given = if options.answers.is_empty() {
            Given::default()
        } else {
            answers::apply(&options.answers, &options.dialect, slab, &mut bad)
                .map_err(|wrong| self.wrong_answer(slab, &wrong))?
        };
        let bytes: u64 = self
            .plan
            .wanted
            .iter()
            .map(|column| width_of(column, kind_of(column, &column.guess)).unwrap_or(8) as u64)
            .sum();
        let pieces = (self.plan.wanted.len() * size_of::<Piece>()) as u64;
        let text = if slab.rows() == 0 { 0 } else { slab.bytes.len() as u64 };
        let bytes = bytes.saturating_mul(slab.rows() as u64) + text + pieces;
        let mut charge = self.context.budget().charge(self.path, bytes, "rows")?;
        let known: Vec<Facts> = lock(facts).clone();
        let mut pieces = Vec::with_capacity(self.plan.wanted.len());
        for (at, (column, facts_so_far)) in self.plan.wanted.iter().zip(&known).enumerate() {
            let kind = kind_of(column, facts_so_far);
            // SAFETY: every chunk has rows of its own.
            let place = rooms[at]
                .as_ref()
                .filter(|(_, held)| *held == kind)
                .and_then(|(room, _)| unsafe { room.rows(row, slab.rows()) });
            let mut piece = parse(slab, column.field, &column.spec, &options.dialect, kind, place);
            if column.spec.target == Target::Infer && kind == Kind::Text {
                piece.facts.text.clone_from(&facts_so_far.text);
                let dialect = &options.dialect;
                look_for_text(slab, column.field, &column.spec, dialect, &mut piece.facts);
            }
            if column.spec.target == Target::Infer
                && piece.kind != kind
                && let Some(facts) = lock(facts).get_mut(at)
            {
                facts.merge(&piece.facts);
            }
            pieces.push(piece);
        }
        let (rejects, dropped, held) = self.rejects(slab, &bad, &pieces, &given)?;
        charge.absorb(held);
        drop(indexing);
        Ok(Done { order, row, rows: slab.rows(), pieces, dropped, rejects, blank, tally, charge })
    }

    /// Memory for the places of a chunk's fields, and for the chunk itself while it is parsed.
    fn charge_index(&self, chunk: &Chunk) -> Result<Charge> {
        let most = chunk.bytes.len() + if self.options.ragged_fill { MOST_MISSING } else { 0 };
        let fields = chunk.records.saturating_mul(self.plan.width as u64).min(most as u64);
        let bytes = size_of::<u32>() as u64 * fields + chunk.bytes.len() as u64;
        self.context.budget().charge(self.path, bytes, "the index of a chunk")
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a column is read as.
pub(super) fn kind_of(column: &Wanted, facts: &Facts) -> Kind {
    match &column.spec.target {
        Target::Infer => facts.kind(column.spec.int_overflow),
        Target::Settled(kind) => *kind,
        Target::Typed(_) => Kind::Text,
    }
}

/// Bytes of a value of a column read as `kind`; none for bits, texts and nulls.
pub(super) fn width_of(column: &Wanted, kind: Kind) -> Option<usize> {
    match &column.spec.target {
        Target::Typed(data_type) => typed::width(data_type),
        _ => kind.width(),
    }
}
