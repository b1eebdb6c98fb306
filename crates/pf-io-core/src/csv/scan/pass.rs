//! The first pass: facts of all chunks, no values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::part::{Place, Places};
use crate::context::Charge;
use crate::csv::column::{Piece, Values};
use crate::csv::facts::Facts;
use crate::csv::feed::{Feed, Numbered};
use crate::csv::index::Tally;
use crate::csv::input::InvalidBytes;
use crate::csv::read::{Done, Job, lock};
use crate::csv::report::Reject;
use crate::csv::slab::Slab;
use crate::{IoError, Result};

/// What a reject takes beside the bytes of its record.
const REJECT_BYTES: u64 = 256;

/// What the pass learns.
#[derive(Default)]
pub(super) struct Seen {
    /// Of each column of the job.
    pub facts: Vec<Facts>,
    /// Rows, those that are left out not counted.
    pub rows: u64,
    pub rejects: Vec<Reject>,
    /// Columns with cells that do not fit.
    pub failed: BTreeSet<String>,
    pub blank: u64,
    pub tally: Tally,
    pub places: Places,
    /// Columns with text that is no UTF-8.
    pub binary: BTreeSet<String>,
    /// What the input tells.
    pub notes: Vec<String>,
    /// The memory of the rejects.
    pub charge: Option<Charge>,
}

/// What is known so far; chunks come in any order and are taken in theirs.
struct Ledger {
    seen: Seen,
    /// Of the first chunk that is not taken yet.
    next: usize,
    waiting: BTreeMap<usize, (Place, Done)>,
    /// The first one, by its chunk.
    error: Option<(usize, IoError)>,
}

impl Ledger {
    fn fail(&mut self, order: usize, error: IoError) {
        if self.error.as_ref().is_none_or(|(known, _)| order < *known) {
            self.error = Some((order, error));
        }
    }

    fn add(&mut self, job: &Job<'_>, order: usize, place: Place, mut done: Done) -> Result<()> {
        let pieces = std::mem::take(&mut done.pieces);
        for (facts, piece) in self.seen.facts.iter_mut().zip(&pieces) {
            facts.merge(&piece.facts);
        }
        if job.options.input.invalid == InvalidBytes::Binary {
            let broken =
                |piece: &Piece| matches!(&piece.values, Values::Texts(texts) if !texts.are_utf8());
            let columns = job.plan.wanted.iter().zip(&pieces);
            let columns = columns.filter(|(_, piece)| broken(piece));
            self.seen.binary.extend(columns.map(|(column, _)| column.name.clone()));
        }
        let bytes: u64 = done.rejects.iter().map(|r| r.raw.len() as u64 + REJECT_BYTES).sum();
        done.charge = job.context.budget().charge(job.path, bytes, "rejected records")?;
        self.waiting.insert(order, (place, done));
        while let Some((place, done)) = self.waiting.remove(&self.next) {
            self.next += 1;
            let seen = &mut self.seen;
            seen.places.push(Place { row: seen.rows, ..place });
            seen.rows += (done.rows - done.dropped.len()) as u64;
            seen.blank += done.blank;
            seen.tally.anomalies += done.tally.anomalies;
            seen.tally.first_anomaly = seen.tally.first_anomaly.or(done.tally.first_anomaly);
            let columns = done.rejects.iter().filter_map(|reject| reject.column.clone());
            seen.failed.extend(columns);
            seen.rejects.extend(done.rejects);
            match &mut seen.charge {
                Some(charge) => charge.absorb(done.charge),
                none => *none = Some(done.charge),
            }
        }
        Ok(())
    }
}

/// Looks at all chunks of `feed`.
pub(super) fn look(job: &Job<'_>, feed: Feed) -> Result<Seen> {
    let guesses: Vec<Facts> = job.plan.wanted.iter().map(|column| column.guess.clone()).collect();
    let ledger = Mutex::new(Ledger {
        seen: Seen { facts: guesses.clone(), ..Seen::default() },
        next: 0,
        waiting: BTreeMap::new(),
        error: None,
    });
    let facts = Mutex::new(guesses);
    let rooms: Vec<_> = job.plan.wanted.iter().map(|_| None).collect();
    let feed = Mutex::new(feed);
    let last = AtomicUsize::new(usize::MAX);
    let worker = || {
        let mut slab = Slab::default();
        loop {
            let next = lock(&feed).next();
            let Numbered { chunk, order, row } = match next {
                Ok(Some(numbered)) => numbered,
                Ok(None) => break,
                Err(error) => {
                    // What was handed out before comes first in the file.
                    lock(&ledger).fail(usize::MAX, error);
                    break;
                }
            };
            if order > last.load(Ordering::Relaxed) {
                break;
            }
            let place = Place {
                byte: chunk.base + chunk.from as u64,
                line: chunk.first_line,
                record: chunk.first_record,
                row: 0,
            };
            let parsed = job
                .context
                .check()
                .and_then(|()| job.chunk(chunk, (order, row), &mut slab, &rooms, &facts));
            let added = parsed.and_then(|done| lock(&ledger).add(job, order, place, done));
            if let Err(error) = added {
                last.fetch_min(order, Ordering::Relaxed);
                lock(&ledger).fail(order, error);
            }
            lock(&feed).recycle(std::mem::take(&mut slab.bytes));
        }
    };
    job.context.pool().in_place_scope(|scope| {
        for _ in 0..job.context.threads() {
            scope.spawn(|_| worker());
        }
    });
    let Ledger { seen, error, .. } = ledger.into_inner().unwrap_or_else(PoisonError::into_inner);
    let feed = feed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let notes = feed.notes();
    error.map_or(Ok(Seen { notes, ..seen }), |(_, error)| Err(error))
}
