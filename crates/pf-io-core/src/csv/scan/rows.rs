//! A chunk to the rows that are asked for.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, new_empty_array,
};
use arrow::buffer::{BooleanBuffer, MutableBuffer};
use arrow::compute::{filter, prep_null_mask_filter};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;

use super::{CsvAsk, File};
use crate::context::Charge;
use crate::csv::answers::{self, Given};
use crate::csv::arrays;
use crate::csv::assemble::{array_of, type_of};
use crate::csv::column::{Failure, Values, parse};
use crate::csv::faults::{bad_cell, bad_record};
use crate::csv::feed::failed;
use crate::csv::index::index;
use crate::csv::options::BadLines;
use crate::csv::read::{Job, kind_of, width_of};
use crate::csv::report::Reject;
use crate::csv::slab::Slab;
use crate::csv::split::Chunk;
use crate::parquet::predicate::Predicate;
use crate::{Context, IoError, Result};

/// Which columns are parsed when.
pub(super) struct Order {
    pub schema: SchemaRef,
    /// Columns of the result.
    wanted: Vec<usize>,
    /// Columns that decide about rows: of the predicate, and those with bad cells.
    first: Vec<usize>,
    predicate: Option<Predicate>,
}

impl Order {
    pub fn new(file: &File, ask: &CsvAsk) -> Result<Self> {
        let path = file.source.path();
        let all = file.schema.fields();
        let wanted = ask.columns.clone().unwrap_or_else(|| (0..all.len()).collect());
        let schema = Arc::new(file.schema.project(&wanted).map_err(|e| mismatch(path, &e))?);
        let mut first: BTreeSet<usize> = file.fallible.iter().copied().collect();
        for name in ask.predicate.iter().flat_map(Predicate::columns) {
            first.insert(file.schema.index_of(name).map_err(|error| mismatch(path, &error))?);
        }
        let order = Self {
            schema,
            wanted,
            first: first.into_iter().collect(),
            predicate: ask.predicate.clone(),
        };
        if order.predicate.is_some() {
            // Whether the columns can be compared with the values.
            let empty = |&at: &usize| new_empty_array(all[at].data_type());
            order.mask(file, 0, &order.first.iter().map(empty).collect::<Vec<_>>())?;
        }
        Ok(order)
    }

    /// Which rows satisfy the predicate.
    fn mask(&self, file: &File, rows: usize, first: &[ArrayRef]) -> Result<BooleanBuffer> {
        let Some(predicate) = &self.predicate else { return Ok(BooleanBuffer::new_set(rows)) };
        let of = |name: &str| {
            let at = file.schema.index_of(name).ok()?;
            first.get(self.first.iter().position(|&other| other == at)?)
        };
        let mask = predicate.evaluate(rows, &of);
        let mask = mask.map_err(|error| mismatch(file.source.path(), &error))?;
        let mask = if mask.null_count() > 0 { prep_null_mask_filter(&mask) } else { mask };
        Ok(mask.values().clone())
    }
}

/// The rows of a chunk.
pub(super) struct Rows {
    pub batch: Option<RecordBatch>,
    /// Rows of the chunk, whether the predicate holds for them or not.
    pub count: u64,
    /// Their numbers, from 0, for those in the batch; without a predicate, all are.
    pub ranks: Option<Vec<u32>>,
    /// What ends the read behind these rows.
    pub error: Option<IoError>,
    pub _charge: Charge,
}

/// Reads the chunk as the types of `file`.
pub(super) fn rows(
    file: &File,
    order: &Order,
    chunk: Chunk,
    slab: &mut Slab,
    context: &Context,
) -> Result<Rows> {
    let path = file.source.path();
    let (options, width) = (&file.options, file.plan.width);
    let mut bad = Vec::new();
    index(chunk, &options.dialect, width, options.ragged_fill, file.simd, slab, &mut bad)
        .map_err(|fault| failed(path, &fault))?;
    let collects = options.bad_lines == BadLines::Collect;
    let job = Job { path, options, plan: &file.plan, simd: file.simd, context };
    let given = if options.answers.is_empty() {
        Given::default()
    } else {
        answers::apply(&options.answers, &options.dialect, slab, &mut bad)
            .map_err(|wrong| job.wrong_answer(slab, &wrong))?
    };
    let mut error = None;
    if let Some(first) = bad.first().filter(|_| !collects) {
        error = Some(bad_record(slab, first).error(path));
        let before = slab.starts.partition_point(|start| *start < first.start);
        cut(slab, before);
    }
    let read = order.first.iter().chain(&order.wanted).collect::<BTreeSet<_>>();
    let widths = read.into_iter().filter_map(|&at| file.plan.wanted.get(at));
    let widths = widths.map(|column| width_of(column, kind_of(column, &column.guess)).unwrap_or(8));
    let bytes = (widths.sum::<usize>() as u64).saturating_mul(slab.rows() as u64);
    let charge = context.budget().charge(path, bytes + slab.bytes.len() as u64, "rows")?;
    loop {
        let work = Work { file, order, given: &given, collects };
        match work.batch(slab)? {
            Ok((batch, count, ranks)) => {
                return Ok(Rows { batch, count, ranks, error, _charge: charge });
            }
            // What is before the first bad cell is still delivered.
            Err((row, reject)) => {
                error = Some(reject.error(path));
                cut(slab, row);
            }
        }
    }
}

/// Keeps the first rows only.
fn cut(slab: &mut Slab, rows: usize) {
    slab.starts.truncate(rows);
    slab.ends.truncate(rows * slab.width);
}

/// A batch, the rows it comes from, and their numbers.
type Made = (Option<RecordBatch>, u64, Option<Vec<u32>>);
/// The first row with a bad cell.
type Stop = (usize, Reject);

struct Work<'w> {
    file: &'w File,
    order: &'w Order,
    given: &'w Given,
    collects: bool,
}

impl Work<'_> {
    fn batch(&self, slab: &mut Slab) -> Result<Result<Made, Stop>> {
        let Self { file, order, .. } = self;
        let rows = slab.rows();
        let mut failures = Vec::new();
        let mut first = Vec::with_capacity(order.first.len());
        for &at in &order.first {
            first.push(self.array(slab, at, &mut failures)?);
        }
        let mut kept = vec![true; rows];
        if self.collects {
            for (_, failure) in &failures {
                if let Some(kept) = kept.get_mut(failure.row) {
                    *kept = false;
                }
            }
        } else if let Some(stop) = self.stop(slab, &failures) {
            return Ok(Err(stop));
        }
        let count = kept.iter().filter(|kept| **kept).count();
        let kept = BooleanBuffer::from(kept);
        let mask = &order.mask(file, rows, &first)? & &kept;
        let chosen: Vec<u32> = mask.set_indices_u32().collect();
        if chosen.is_empty() {
            return Ok(Ok((None, count as u64, order.predicate.is_some().then(Vec::new))));
        }
        let all = chosen.len() == rows;
        let mut later = Vec::new();
        let places = (!all).then(|| choose(slab, &chosen));
        let mut columns = Vec::with_capacity(order.wanted.len());
        let mask = BooleanArray::new(mask, None);
        for &at in &order.wanted {
            let known = order.first.iter().position(|&other| other == at);
            let column = match known.and_then(|known| first.get(known)) {
                Some(array) if all => Ok(Arc::clone(array)),
                Some(array) => filter(array, &mask).map_err(|error| self.problem(&error)),
                None => self.array(slab, at, &mut later),
            };
            columns.push(column);
        }
        if let Some((starts, ends)) = places {
            (slab.starts, slab.ends) = (starts, ends);
            for (_, failure) in &mut later {
                failure.row = chosen.get(failure.row).map_or(0, |&row| row as usize);
            }
        }
        if let Some((row, reject)) = self.stop(slab, &later) {
            if self.collects {
                // The first pass has seen all bad cells.
                file.source.check_unchanged()?;
                return Err(reject.error(file.source.path()));
            }
            return Ok(Err((row, reject)));
        }
        let columns = columns.into_iter().collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(chosen.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&order.schema), columns, &options)
            .map_err(|error| self.problem(&error))?;
        let ranks = order.predicate.is_some().then(|| ranks(&kept, &chosen));
        Ok(Ok((Some(batch), count as u64, ranks)))
    }

    /// A column of the slab; its bad cells are appended to `failures`.
    fn array(
        &self,
        slab: &Slab,
        at: usize,
        failures: &mut Vec<(usize, Failure)>,
    ) -> Result<ArrayRef> {
        let file = self.file;
        let rows = slab.rows();
        let unknown = || IoError::csv(file.source.path(), format!("no column {at}"));
        let (column, last) =
            file.plan.wanted.get(at).zip(file.finals.get(at)).ok_or_else(unknown)?;
        let target = type_of(column, last);
        let kind = kind_of(column, &column.guess);
        let width = width_of(column, kind).filter(|_| !column.category);
        let mut place = MutableBuffer::from_len_zeroed(width.unwrap_or(0).saturating_mul(rows));
        let given = width.is_some().then_some(place.as_slice_mut());
        let mut piece = parse(slab, column.field, &column.spec, &file.options.dialect, kind, given);
        failures.extend(piece.failed.drain(..).map(|failure| (at, failure)));
        let made = match (piece.values, &target) {
            (Values::InPlace, _) => arrays::fixed(&target, rows, place.into(), piece.nulls),
            (Values::Fixed(own), _) => arrays::fixed(&target, rows, own.into(), piece.nulls),
            (Values::Texts(texts), DataType::Dictionary(_, value)) => {
                arrays::dictionaries(value, [(&texts, piece.nulls.as_ref())])
                    .map(|mut made| made.pop().unwrap_or_else(|| arrays::nulls(&target, rows)))
            }
            (values, _) => {
                piece.values = values;
                array_of(piece, rows, &target)
            }
        };
        made.map_err(|error| {
            IoError::csv(file.source.path(), format!("column '{}': {error}", column.name))
        })
    }

    /// The first of the bad cells.
    fn stop(&self, slab: &Slab, failures: &[(usize, Failure)]) -> Option<Stop> {
        let rejects = failures.iter().filter_map(|(at, failure)| {
            let column = self.file.plan.wanted.get(*at)?;
            Some((failure.row, bad_cell(slab, column, failure, self.given)))
        });
        rejects.min_by_key(|(row, reject)| (*row, reject.byte))
    }

    fn problem(&self, error: &ArrowError) -> IoError {
        mismatch(self.file.source.path(), error)
    }
}

/// Leaves only the chosen rows in the slab; gives the places of all.
fn choose(slab: &mut Slab, chosen: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let width = slab.width;
    let mut starts = Vec::with_capacity(chosen.len());
    let mut ends = Vec::with_capacity(chosen.len() * width);
    for &row in chosen {
        let row = row as usize;
        let fields: Range<usize> = row * width..(row + 1) * width;
        starts.extend(slab.starts.get(row));
        ends.extend_from_slice(slab.ends.get(fields).unwrap_or_default());
    }
    (std::mem::replace(&mut slab.starts, starts), std::mem::replace(&mut slab.ends, ends))
}

/// For each chosen row, how many kept ones are before it.
fn ranks(kept: &BooleanBuffer, chosen: &[u32]) -> Vec<u32> {
    let mut before = 0;
    let mut next = 0;
    chosen
        .iter()
        .map(|&row| {
            let row = row as usize;
            before += kept.slice(next, row - next).count_set_bits() as u32;
            next = row;
            before
        })
        .collect()
}

fn mismatch(path: &std::path::Path, error: &ArrowError) -> IoError {
    let message = match error {
        ArrowError::ComputeError(text) | ArrowError::SchemaError(text) => text.clone(),
        other => other.to_string(),
    };
    let path = path.to_path_buf();
    IoError::Schema {
        path,
        column: String::new(),
        message: format!("filter: {message}"),
        hint: None,
    }
}
