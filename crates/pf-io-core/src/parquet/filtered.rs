//! Row groups as batches: with a predicate, or one after the other for streams.
//!
//! A row group is ruled out by its statistics where they allow it. Of the others, the columns of
//! the predicate are decoded first; where no row is left, the other columns are not even read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayData, ArrayRef, BooleanArray, make_array};
use arrow::compute::{concat, filter, prep_null_mask_filter};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;

use super::file::{OpenFile, Wanted};
use super::flat::{self, Scratch, Shape};
use super::options::ReadOptions;
use super::predicate::{Bounds, Predicate};
use super::whole::{
    Decoded, Group, by_arrow, cost, decode, no_fallback, no_memory, progress_total, shape_of,
};
use crate::context::{Charge, Context};
use crate::mem::Block;
use crate::table::{Column, Table};
use crate::{IoError, Result};

/// Reads the rows that satisfy `predicate`.
pub(super) fn read(
    file: &OpenFile,
    wanted: &[Wanted],
    groups: &[Group],
    predicate: &Predicate,
    options: &ReadOptions,
    context: &Context,
) -> Result<Table> {
    let filter = Filter::new(file, predicate)?;
    let plan = Plan { file, wanted, filter: Some(&filter), options };
    let kept: Vec<Group> =
        groups.iter().copied().filter(|group| !filter.excludes(file, *group)).collect();
    progress_total(context, kept.iter().map(|group| plan.cost(*group)).sum());
    let parts = plan.run(&kept, context)?;
    let rows = parts.iter().map(|part| part.rows).sum();
    let mut columns: Vec<Vec<ArrayRef>> = wanted.iter().map(|_| Vec::new()).collect();
    let mut charges = Vec::new();
    for part in parts {
        charges.push(part.charge);
        for (chunks, array) in columns.iter_mut().zip(part.columns) {
            if !array.is_empty() {
                chunks.push(array);
            }
        }
    }
    let fields: Vec<_> = wanted.iter().map(|column| Arc::clone(&column.field)).collect();
    let schema = Schema::new_with_metadata(fields, file.schema().metadata().clone());
    let mut table = Table {
        schema: Arc::new(schema),
        columns: columns.into_iter().map(Column::Chunks).collect(),
        rows,
        parts: (kept.len(), groups.len()),
        charges,
    };
    if let Some(limit) = options.n_rows {
        table.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    Ok(table)
}

/// A predicate and the columns it needs.
pub(super) struct Filter<'p> {
    predicate: &'p Predicate,
    columns: Vec<Wanted>,
}

impl<'p> Filter<'p> {
    pub fn new(file: &OpenFile, predicate: &'p Predicate) -> Result<Self> {
        let names: Vec<Vec<String>> =
            predicate.columns().into_iter().map(|name| vec![name.to_owned()]).collect();
        Ok(Self { predicate, columns: file.wanted(Some(&names))? })
    }

    /// Whether the statistics of `group` rule out every row of it.
    pub fn excludes(&self, file: &OpenFile, group: Group) -> bool {
        self.predicate.excludes(group.rows as u64, &|name| {
            let column = self.columns.iter().find(|column| column.field.name() == name)?;
            column.flat.then(|| bounds(file, column, group)).flatten()
        })
    }

    fn mask(&self, file: &OpenFile, rows: usize, columns: &[ArrayRef]) -> Result<BooleanArray> {
        let of = |name: &str| {
            let at = self.columns.iter().position(|column| column.field.name() == name)?;
            columns.get(at)
        };
        let mask = self.predicate.evaluate(rows, &of).map_err(|error| mismatch(file, &error))?;
        Ok(if mask.null_count() > 0 { prep_null_mask_filter(&mask) } else { mask })
    }
}

fn mismatch(file: &OpenFile, error: &ArrowError) -> IoError {
    let message = match error {
        ArrowError::ComputeError(text) | ArrowError::SchemaError(text) => text.clone(),
        other => other.to_string(),
    };
    IoError::Schema {
        path: file.source.path().to_path_buf(),
        column: String::new(),
        message: format!("filter: {message}"),
        hint: None,
    }
}

/// What the footer says of the values of `column` in `group`.
fn bounds(file: &OpenFile, column: &Wanted, group: Group) -> Option<Bounds> {
    let leaf = *column.leaves.first()?;
    let metadata = file.metadata().row_group(group.index);
    let statistics = metadata.column(leaf).statistics()?;
    // Old writers compared text and unsigned numbers as signed bytes.
    let signed = {
        let data_type = column.field.data_type();
        data_type.is_signed_integer() || data_type.is_floating() || data_type.is_temporal()
    };
    if statistics.is_min_max_deprecated() && !signed {
        return None;
    }
    let converter =
        StatisticsConverter::try_new(column.field.name(), file.schema(), file.leaves()).ok()?;
    let known = |array: Result<ArrayRef, parquet::errors::ParquetError>| {
        array.ok().filter(|array| array.len() == 1 && array.is_valid(0) && !is_nan(array))
    };
    let nulls = converter.row_group_null_counts([metadata]).ok();
    Some(Bounds {
        least: known(converter.row_group_mins([metadata])),
        greatest: known(converter.row_group_maxes([metadata])),
        nulls: nulls.filter(|counts| counts.is_valid(0)).map(|counts| counts.value(0)),
    })
}

fn is_nan(array: &ArrayRef) -> bool {
    use arrow::array::AsArray;
    use arrow::datatypes::{Float32Type, Float64Type};
    array.as_primitive_opt::<Float64Type>().is_some_and(|array| array.value(0).is_nan())
        || array.as_primitive_opt::<Float32Type>().is_some_and(|array| array.value(0).is_nan())
}

/// The rows of one row group that are wanted.
pub(super) struct Part {
    pub rows: usize,
    pub columns: Vec<ArrayRef>,
    pub charge: Charge,
}

/// What is done with each row group.
pub(super) struct Plan<'p> {
    pub file: &'p OpenFile,
    pub wanted: &'p [Wanted],
    pub filter: Option<&'p Filter<'p>>,
    pub options: &'p ReadOptions,
}

impl Plan<'_> {
    /// Compressed bytes of `group` that may be read.
    pub fn cost(&self, group: Group) -> u64 {
        self.wanted.iter().map(|column| cost(self.file, column, group.index)).sum()
    }

    /// The parts of `groups`, decoded in parallel, in their order.
    pub fn run(&self, groups: &[Group], context: &Context) -> Result<Vec<Part>> {
        let next = AtomicUsize::new(0);
        let failed = AtomicUsize::new(usize::MAX);
        let done = Mutex::new(BTreeMap::new());
        let worker = || {
            let mut scratch = Scratch::of_thread();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(&group) = groups.get(at) else { break };
                // Groups are taken in order, so all before the first that failed are seen to.
                if at > failed.load(Ordering::Relaxed) {
                    break;
                }
                let part = self.part(group, context, &mut scratch);
                if part.is_err() {
                    failed.fetch_min(at, Ordering::Relaxed);
                }
                done.lock().unwrap_or_else(PoisonError::into_inner).insert(at, part);
            }
        };
        context.pool().in_place_scope(|scope| {
            for _ in 0..context.threads().min(groups.len().max(1)) {
                scope.spawn(|_| worker());
            }
        });
        done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
    }

    fn part(&self, group: Group, context: &Context, scratch: &mut Scratch) -> Result<Part> {
        let path = self.file.source.path();
        let mut charge = context.budget().charge(path, 0, "rows")?;
        let mut known: Vec<(&Wanted, ArrayRef)> = Vec::new();
        let mut mask = None;
        if let Some(filter) = self.filter {
            for column in &filter.columns {
                known.push((column, self.array(column, group, context, scratch)?));
            }
            let arrays: Vec<ArrayRef> = known.iter().map(|(_, array)| Arc::clone(array)).collect();
            mask = Some(filter.mask(self.file, group.rows, &arrays)?);
        }
        let rows = mask.as_ref().map_or(group.keep, BooleanArray::true_count);
        let mut columns = Vec::with_capacity(self.wanted.len());
        for column in self.wanted {
            if rows == 0 {
                columns.push(arrow::array::new_empty_array(column.field.data_type()));
                continue;
            }
            let same = known
                .iter()
                .find(|(other, _)| other.leaves == column.leaves && other.field == column.field);
            let array = match same {
                Some((_, array)) => Arc::clone(array),
                None => self.array(column, group, context, scratch)?,
            };
            let array = match &mask {
                Some(_) if rows == group.rows => array,
                Some(mask) => filter(&array, mask).map_err(|error| mismatch(self.file, &error))?,
                None => array.slice(0, rows),
            };
            charge.absorb(context.budget().charge(
                path,
                array.get_array_memory_size() as u64,
                column.field.name(),
            )?);
            columns.push(array);
        }
        context.progress().add(self.cost(group), rows as u64);
        Ok(Part { rows, columns, charge })
    }

    /// One column of one row group.
    fn array(
        &self,
        column: &Wanted,
        group: Group,
        context: &Context,
        scratch: &mut Scratch,
    ) -> Result<ArrayRef> {
        let file = self.file;
        let shape = shape_of(file, column, &[group], self.options);
        let decoded = match shape {
            Some(Shape::Fixed(width)) => {
                let bytes = (group.rows as u64).saturating_mul(width.bytes() as u64);
                let what = format!("column '{}'", column.field.name());
                let _held = context.budget().charge(file.source.path(), bytes, &what)?;
                let block = Block::zeroed(usize::try_from(bytes).unwrap_or(usize::MAX));
                let mut block = block.ok_or_else(|| no_memory(file, bytes, &what))?;
                let out = block.as_mut_slice::<u8>();
                let options = self.options;
                let nulls = decode(file, column, group, options, context, scratch, |c, s| {
                    flat::fixed_into(c, s, width, out)
                })?;
                match nulls {
                    Decoded::Done(nulls) => {
                        let data = ArrayData::builder(column.field.data_type().clone())
                            .len(group.rows)
                            .add_buffer(block.into_buffer(bytes as usize))
                            .nulls(nulls);
                        // SAFETY: the block holds a value of the field's width for every row.
                        Decoded::Done(make_array(unsafe { data.build_unchecked() }))
                    }
                    Decoded::Foreign(reason) => Decoded::Foreign(reason),
                }
            }
            Some(shape) => {
                decode(file, column, group, self.options, context, scratch, |chunk, scratch| {
                    flat::array(chunk, scratch, shape)
                })?
            }
            None => Decoded::Foreign("the column is not flat".to_owned()),
        };
        match decoded {
            Decoded::Done(array) => Ok(array),
            Decoded::Foreign(reason) => {
                no_fallback(file, column, self.options, &reason)?;
                let (arrays, _charge) = by_arrow(file, column, group, context)?;
                let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
                match arrays.as_slice() {
                    [] => Ok(arrow::array::new_empty_array(column.field.data_type())),
                    arrays => concat(arrays).map_err(|error| mismatch(file, &error)),
                }
            }
        }
    }
}
