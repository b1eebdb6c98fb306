//! Whole reads: all columns of all row groups at once, in parallel, each to its final place.
//!
//! A task is one column chunk. Fixed-width columns are one block each, sized from the footer or the
//! rows that a filter found, and every task writes to its own rows of it; text comes as one chunk
//! per row group, which saves the copy that joining would cost. Tasks start largest first and touch
//! their memory first.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::{Array, ArrayRef, BooleanArray, BooleanBufferBuilder};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Schema, SchemaRef};

use super::chunk::{Chunks, Group, Part};
use super::file::{OpenFile, Wanted};
use super::filter::Filter;
use super::flat::{Shape, Width};
use super::options::ReadOptions;
use super::tasks::{self, Task};
use crate::context::{Charge, Context};
use crate::mem::Block;
use crate::source::Source;
use crate::table::{Column, Table};
use crate::{IoError, Result};

/// Reads the columns and rows that `options` ask for.
pub fn read(source: &Source, options: &ReadOptions, context: &Context) -> Result<Table> {
    let file = OpenFile::open(source.clone(), options)?;
    let wanted = file.wanted(options.columns.as_deref())?;
    let chunks = Chunks { file: &file, options, context };
    let groups = row_groups(&file, options)?;
    let of = groups.len();
    let progress = context.progress();
    let total = groups.iter().map(|group| wanted_bytes(chunks, &wanted, *group)).sum();
    progress.total_bytes.store(total, Ordering::Relaxed);
    let (parts, opened) = match &options.predicate {
        None => (first_rows(groups, options.n_rows), of),
        Some(predicate) => {
            let found = Filter::new(&file, predicate)?.parts(chunks, &wanted, &groups)?;
            let left: u64 =
                found.parts.iter().map(|part| wanted_bytes(chunks, &wanted, part.group)).sum();
            progress.add(total.saturating_sub(left), 0);
            (found.parts, found.opened)
        }
    };
    let table = whole(chunks, &wanted, &parts)?;
    source.check_unchanged()?;
    Ok(Table { parts: (opened, of), ..table })
}

/// Names and types that [`read`] would give.
pub fn schema(source: &Source, options: &ReadOptions) -> Result<SchemaRef> {
    let file = OpenFile::outline(source.clone(), options)?;
    let wanted = file.wanted(options.columns.as_deref())?;
    Ok(delivered(&file, &wanted))
}

/// The schema of a table of `wanted`.
pub(super) fn delivered(file: &OpenFile, wanted: &[Wanted]) -> SchemaRef {
    let fields: Vec<_> = wanted.iter().map(|column| Arc::clone(&column.field)).collect();
    Arc::new(Schema::new_with_metadata(fields, file.schema().metadata().clone()))
}

fn wanted_bytes(chunks: Chunks<'_>, wanted: &[Wanted], group: Group) -> u64 {
    wanted.iter().map(|column| chunks.cost(column, group.index)).sum()
}

/// The row groups that are asked for, without empty ones.
pub(super) fn row_groups(file: &OpenFile, options: &ReadOptions) -> Result<Vec<Group>> {
    let all = file.metadata().row_groups();
    let indices: Vec<usize> = match &options.row_groups {
        None => (0..all.len()).collect(),
        Some(indices) => indices.clone(),
    };
    let mut groups = Vec::with_capacity(indices.len());
    for index in indices {
        let Some(group) = all.get(index) else {
            return Err(IoError::Schema {
                path: file.source.path().to_path_buf(),
                column: String::new(),
                message: format!("no row group {index}: the file has {}", all.len()),
                hint: Some("row groups are numbered from 0".to_owned()),
            });
        };
        let rows = usize::try_from(group.num_rows()).unwrap_or(usize::MAX);
        if rows > 0 {
            groups.push(Group { index, rows });
        }
    }
    Ok(groups)
}

/// All rows of `groups`, or the first `limit` of them.
pub(super) fn first_rows(groups: Vec<Group>, limit: Option<u64>) -> Vec<Part> {
    let mut left = usize::try_from(limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let mut parts = Vec::with_capacity(groups.len());
    for group in groups {
        if left == 0 {
            break;
        }
        let mut part = Part::whole(group);
        part.truncate(left);
        left -= part.rows();
        parts.push(part);
    }
    parts
}

/// What a task decodes, and where to.
struct Target<'t> {
    column: usize,
    part: &'t Part,
    place: Place<'t>,
}

enum Place<'t> {
    Fixed { width: Width, out: &'t mut [u8] },
    Own(Option<Shape>),
}

/// What a task made, and what its arrays are charged for.
enum Piece {
    Fixed(Option<NullBuffer>),
    Arrays(Vec<ArrayRef>, Charge),
}

/// The wanted rows of `parts` as one table.
pub(super) fn whole(chunks: Chunks<'_>, wanted: &[Wanted], parts: &[Part]) -> Result<Table> {
    let (file, context) = (chunks.file, chunks.context);
    let path = file.source.path();
    let rows = parts.iter().try_fold(0_usize, |sum, part| sum.checked_add(part.rows()));
    let rows = rows.ok_or_else(|| IoError::parquet(path, "more rows than memory has addresses"))?;
    let shapes: Vec<Option<Shape>> = wanted
        .iter()
        .map(|column| chunks.shape(column, parts.iter().map(|part| part.group.index)))
        .collect();
    let mut charges = Vec::new();
    let mut blocks = Vec::with_capacity(wanted.len());
    for (column, shape) in wanted.iter().zip(&shapes) {
        let Some(Shape::Fixed(width)) = shape else {
            blocks.push(chunks.block(column, 0)?);
            continue;
        };
        let bytes = (rows as u64).saturating_mul(width.bytes() as u64);
        let what = format!("column '{}'", column.field.name());
        charges.push(context.budget().charge(path, bytes, &what)?);
        blocks.push(chunks.block(column, bytes)?);
    }
    let mut work = Vec::new();
    for (column, (block, shape)) in blocks.iter_mut().zip(&shapes).enumerate() {
        let mut rest = block.as_mut_slice::<u8>();
        for (position, part) in parts.iter().enumerate() {
            let place = match shape {
                Some(Shape::Fixed(width)) => {
                    let (out, after) = rest.split_at_mut(part.rows() * width.bytes());
                    rest = after;
                    Place::Fixed { width: *width, out }
                }
                shape => Place::Own(*shape),
            };
            let cost = chunks.cost(&wanted[column], part.group.index);
            let order = column * parts.len() + position;
            work.push(Task { order, cost, work: Target { column, part, place } });
        }
    }
    let pieces = tasks::run(work, context, |Target { column, part, place }, scratch| {
        let cost = chunks.cost(&wanted[column], part.group.index);
        let known = part.known.iter().find(|(known, _)| *known == column).map(|(_, array)| array);
        let column = &wanted[column];
        let piece = match (place, known) {
            (Place::Fixed { width, out }, Some(array)) => {
                Piece::Fixed(chunks.put(std::slice::from_ref(array), width, out)?)
            }
            (Place::Fixed { width, out }, None) => {
                Piece::Fixed(chunks.fixed(column, part, width, out, scratch)?)
            }
            (Place::Own(_), Some(array)) => {
                let bytes = array.get_array_memory_size() as u64;
                let charge = context.budget().charge(path, bytes, column.field.name())?;
                Piece::Arrays(vec![Arc::clone(array)], charge)
            }
            (Place::Own(shape), None) => {
                let (arrays, charge) = chunks.arrays(column, part, shape, scratch)?;
                Piece::Arrays(arrays, charge)
            }
        };
        context.progress().add(cost, 0);
        Ok(piece)
    })?;
    context.progress().add(0, rows as u64);
    let mut pieces = pieces.into_iter();
    let mut columns = Vec::with_capacity(wanted.len());
    for (block, shape) in blocks.into_iter().zip(&shapes) {
        let mine = pieces.by_ref().take(parts.len());
        columns.push(assemble(block, *shape, mine, parts, rows, &mut charges));
    }
    let schema = delivered(file, wanted);
    Ok(Table { schema, columns, rows, parts: (parts.len(), parts.len()), charges })
}

/// Puts the pieces of a column together.
fn assemble(
    block: Block,
    shape: Option<Shape>,
    pieces: impl Iterator<Item = Piece>,
    parts: &[Part],
    rows: usize,
    charges: &mut Vec<Charge>,
) -> Column {
    if matches!(shape, Some(Shape::Fixed(_))) {
        let nulls: Vec<Option<NullBuffer>> = pieces
            .map(|piece| match piece {
                Piece::Fixed(nulls) => nulls,
                Piece::Arrays(..) => None,
            })
            .collect();
        return Column::Fixed { block, nulls: joined_nulls(&nulls, parts, rows) };
    }
    let mut arrays = Vec::new();
    for piece in pieces {
        let Piece::Arrays(piece, charge) = piece else { continue };
        charges.push(charge);
        arrays.extend(piece.into_iter().filter(|array| !array.is_empty()));
    }
    if shape == Some(Shape::Bool) && arrays.len() > 1 {
        arrays = vec![joined_bits(&arrays, rows)];
    }
    Column::Chunks(arrays)
}

fn joined_nulls(pieces: &[Option<NullBuffer>], parts: &[Part], rows: usize) -> Option<NullBuffer> {
    if pieces.iter().all(Option::is_none) {
        return None;
    }
    let mut bits = BooleanBufferBuilder::new(rows);
    for (piece, part) in pieces.iter().zip(parts) {
        match piece {
            None => bits.append_n(part.rows(), true),
            Some(nulls) => bits.append_buffer(nulls.inner()),
        }
    }
    Some(NullBuffer::new(bits.finish())).filter(|nulls| nulls.null_count() > 0)
}

fn joined_bits(arrays: &[ArrayRef], rows: usize) -> ArrayRef {
    let mut bits = BooleanBufferBuilder::new(rows);
    let mut valid = BooleanBufferBuilder::new(rows);
    for array in arrays {
        let Some(array) = array.as_any().downcast_ref::<BooleanArray>() else { continue };
        bits.append_buffer(array.values());
        match array.nulls() {
            None => valid.append_n(array.len(), true),
            Some(nulls) => valid.append_buffer(nulls.inner()),
        }
    }
    let nulls = NullBuffer::new(valid.finish());
    let nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
    Arc::new(BooleanArray::new(bits.finish(), nulls))
}
