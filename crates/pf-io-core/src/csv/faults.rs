//! Bad records and bad cells of a chunk: rejects in the order of the file, or the first as an error.

use super::answers::{Given, WrongWidth};
use super::column::{Failure, Piece, SAMPLE};
use super::index::{Bad, BadKind};
use super::options::BadLines;
use super::plan::Wanted;
use super::read::Job;
use super::report::Reject;
use super::slab::Slab;
use super::spec::Target;
use super::typed;
use crate::batch::type_name;
use crate::context::Charge;
use crate::{IoError, Result};

/// What a reject takes beside the record's bytes.
const REJECT_BYTES: u64 = 2 * size_of::<Reject>() as u64;

/// What is wrong in a chunk.
enum Fault<'f> {
    Record(&'f Bad),
    Cell(&'f Wanted, &'f Failure),
}

impl Job<'_> {
    /// Bad records and cells in their order; an error if they are none.
    pub(super) fn rejects(
        &self,
        slab: &Slab,
        bad: &[Bad],
        pieces: &[Piece],
        given: &Given,
    ) -> Result<(Vec<Reject>, Vec<usize>, Charge)> {
        // First only their order: a record of many bad cells is copied for each one of them.
        let mut found: Vec<(u64, u64, Fault<'_>)> =
            bad.iter().map(|bad| (bad.record, bad.byte, Fault::Record(bad))).collect();
        let mut dropped = Vec::new();
        for (column, piece) in self.plan.wanted.iter().zip(pieces) {
            for failure in &piece.failed {
                let (record, byte) = cell_place(slab, column, failure.row, given);
                found.push((record, byte, Fault::Cell(column, failure)));
                dropped.push(failure.row);
            }
        }
        found.sort_by_key(|(record, byte, _)| (*record, *byte));
        // The first thing that is wrong with a record says enough.
        found.dedup_by_key(|(record, ..)| *record);
        let make = |fault: &Fault<'_>| match fault {
            Fault::Record(bad) => bad_record(slab, bad),
            Fault::Cell(column, failure) => bad_cell(slab, column, failure, given),
        };
        if self.options.bad_lines == BadLines::Error
            && let Some((_, _, first)) = found.first()
        {
            return Err(make(first).error(self.path));
        }
        let size = |fault: &Fault<'_>| match fault {
            Fault::Record(bad) => bad.end - bad.start,
            Fault::Cell(_, failure) => {
                let (start, end) = slab.place(failure.row);
                end.saturating_sub(start)
            }
        };
        let bytes = found.iter().map(|(_, _, fault)| REJECT_BYTES + u64::from(size(fault))).sum();
        let charge = self.context.budget().charge(self.path, bytes, "rejected records")?;
        let rejects = found.iter().map(|(_, _, fault)| make(fault)).collect();
        dropped.sort_unstable();
        dropped.dedup();
        Ok((rejects, dropped, charge))
    }

    pub(super) fn wrong_answer(&self, slab: &Slab, wrong: &WrongWidth) -> IoError {
        let (width, found) = (slab.width, wrong.found);
        let fields = if found == 1 { "field" } else { "fields" };
        IoError::Csv {
            path: self.path.to_path_buf(),
            line: 0,
            record: wrong.record,
            byte: Some(slab.base + u64::from(wrong.start)),
            column: None,
            message: format!("on_bad_lines gave {found} {fields}, expected {width}"),
            hint: None,
        }
    }
}

/// A record that is not as it should be.
pub(super) fn bad_record(slab: &Slab, bad: &Bad) -> Reject {
    let width = slab.width;
    let fields = if width == 1 { "field" } else { "fields" };
    let reason = match bad.kind {
        BadKind::TooMany | BadKind::TooFew => {
            format!("expected {width} {fields}, found {}", bad.found)
        }
        BadKind::TextAfterQuote => "text behind a closing quote".to_owned(),
        BadKind::OpenQuote => "the quote that opens here is not closed".to_owned(),
        BadKind::Blank => "a blank line".to_owned(),
    };
    let raw = slab.bytes.get(bad.start as usize..bad.end as usize).unwrap_or_default().to_vec();
    Reject {
        line: bad.line,
        record: bad.record,
        byte: bad.byte,
        column: None,
        reason,
        raw,
        hint: match bad.kind {
            BadKind::TooFew => Some("ragged=\"fill\" makes nulls of missing fields"),
            BadKind::TooMany => {
                Some("on_bad_lines=\"collect\" leaves such records out and lists them")
            }
            _ => None,
        },
    }
}

/// The record of a cell, and where the cell starts.
fn cell_place(slab: &Slab, column: &Wanted, row: usize, given: &Given) -> (u64, u64) {
    let (start, _) = slab.place(row);
    let place = match column.field {
        0 => start,
        field => slab.ends.get(row * slab.width + field - 1).map_or(start, |end| end + 1),
    };
    // Fields that were given have no place; their record has one.
    (slab.record(row), slab.base + u64::from(given.start(row).unwrap_or(place)))
}

pub(super) fn bad_cell(slab: &Slab, column: &Wanted, failure: &Failure, given: &Given) -> Reject {
    let row = failure.row;
    let (start, end) = slab.place(row);
    let (record, byte) = cell_place(slab, column, row, given);
    let line = match &slab.lines {
        Some(lines) => lines.get(row).copied().unwrap_or_default(),
        None => slab.first_line + row as u64,
    };
    Reject {
        line,
        record,
        byte,
        column: Some(column.name.clone()),
        reason: misfit(column, failure),
        raw: slab.bytes.get(start as usize..end as usize).unwrap_or_default().to_vec(),
        hint: None,
    }
}

/// What is wrong with a cell.
fn misfit(column: &Wanted, failure: &Failure) -> String {
    let text = crate::error::snippet(&failure.text);
    let (data_type, behind) = match (&column.spec.target, &column.settled) {
        (Target::Typed(data_type), _) => (data_type, ""),
        (_, Some(last)) => (&last.data_type, ", the type of the sample"),
        _ => return format!("{text} {}", failure.why),
    };
    let name = type_name(data_type);
    match failure.why {
        typed::FORM | SAMPLE => format!("{text} is not {name}{behind}"),
        why => format!("{text} is not {name}: it {why}"),
    }
}
