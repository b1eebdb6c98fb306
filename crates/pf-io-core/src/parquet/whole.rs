//! Whole reads: all columns of all row groups at once, in parallel, each to its final place.
//!
//! A task is one column chunk. Fixed-width columns are one block each, sized from the footer, and
//! every task writes to its own rows of it; text comes as one chunk per row group, which saves the
//! copy that joining would cost. Tasks start largest first and touch their memory first.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Decimal128Type, Schema, SchemaRef};

use super::claims;
use super::file::{OpenFile, Wanted};
use super::flat::{self, Chunk, Fault, Scratch, Shape, Width};
use super::options::{Decoder, ReadOptions};
use super::read::guard;
use super::unfolding::Unfolding;
use crate::context::{Charge, Context};
use crate::error::panic_text;
use crate::mem::Block;
use crate::source::Source;
use crate::table::{Column, Table};
use crate::{IoError, Result};

/// Rows that arrow-rs decodes at once.
const FALLBACK_BATCH: usize = 1 << 16;

/// Reads the columns and rows that `options` ask for.
pub fn read(source: &Source, options: &ReadOptions, context: &Context) -> Result<Table> {
    let file = OpenFile::open(source.clone(), options)?;
    let wanted = file.wanted(options.columns.as_deref())?;
    let groups = row_groups(&file, options)?;
    let table = match &options.predicate {
        None => whole(&file, &wanted, &groups, options, context)?,
        Some(predicate) => {
            super::filtered::read(&file, &wanted, &groups, predicate, options, context)?
        }
    };
    source.check_unchanged()?;
    Ok(table)
}

/// Names and types that [`read`] would give.
pub fn schema(source: &Source, options: &ReadOptions) -> Result<SchemaRef> {
    let file = OpenFile::open(source.clone(), options)?;
    let wanted = file.wanted(options.columns.as_deref())?;
    let fields: Vec<_> = wanted.iter().map(|column| Arc::clone(&column.field)).collect();
    Ok(Arc::new(Schema::new_with_metadata(fields, file.schema().metadata().clone())))
}

/// A row group to read: its number and how many of its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub index: usize,
    /// Rows in the file.
    pub rows: usize,
    /// Rows that are kept, from the first on.
    pub keep: usize,
}

/// The row groups that are asked for; the last one may be cut by `n_rows`.
pub(super) fn row_groups(file: &OpenFile, options: &ReadOptions) -> Result<Vec<Group>> {
    let all = file.metadata().row_groups();
    let indices: Vec<usize> = match &options.row_groups {
        None => (0..all.len()).collect(),
        Some(indices) => indices.clone(),
    };
    let mut left = match options.predicate {
        None => options.n_rows.unwrap_or(u64::MAX),
        Some(_) => u64::MAX,
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
        let keep = rows.min(usize::try_from(left).unwrap_or(usize::MAX));
        left -= keep as u64;
        if keep > 0 {
            groups.push(Group { index, rows, keep });
        }
    }
    Ok(groups)
}

/// What a task decodes, and where to.
struct Task<'t> {
    /// Position in the order of columns and row groups; errors are told in that order.
    order: usize,
    column: usize,
    group: Group,
    /// Compressed bytes.
    cost: u64,
    target: Target<'t>,
}

enum Target<'t> {
    Fixed { width: Width, out: &'t mut [u8] },
    Own(Shape),
    Fallback,
}

/// What a task made, and what its arrays are charged for.
enum Piece {
    Fixed(Option<NullBuffer>),
    Arrays(Vec<ArrayRef>, Option<Charge>),
}

fn whole(
    file: &OpenFile,
    wanted: &[Wanted],
    groups: &[Group],
    options: &ReadOptions,
    context: &Context,
) -> Result<Table> {
    let path = file.source.path();
    let rows = groups.iter().try_fold(0_usize, |sum, group| sum.checked_add(group.keep));
    let rows = rows.ok_or_else(|| IoError::parquet(path, "more rows than memory has addresses"))?;
    let shapes: Vec<Option<Shape>> =
        wanted.iter().map(|column| shape_of(file, column, groups, options)).collect();
    for (column, shape) in wanted.iter().zip(&shapes) {
        if shape.is_none() {
            no_fallback(file, column, options, "it is nested, or of a rare type or codec")?;
        }
    }
    let mut charges = Vec::new();
    let mut blocks = Vec::with_capacity(wanted.len());
    for (column, shape) in wanted.iter().zip(&shapes) {
        let Some(Shape::Fixed(width)) = shape else {
            blocks.push(Block::zeroed(0));
            continue;
        };
        // Whole row groups are decoded, also where only the first rows of the last one are kept.
        let decoded = groups.iter().map(|group| group.rows as u64).sum::<u64>();
        let bytes = decoded.saturating_mul(width.bytes() as u64);
        let what = format!("column '{}'", column.field.name());
        charges.push(context.budget().charge(path, bytes, &what)?);
        let block = Block::zeroed(usize::try_from(bytes).unwrap_or(usize::MAX));
        blocks.push(Some(block.ok_or_else(|| no_memory(file, bytes, &what))?));
    }
    let mut tasks = Vec::new();
    for (column, (block, shape)) in blocks.iter_mut().flatten().zip(&shapes).enumerate() {
        let mut rest = block.as_mut_slice::<u8>();
        for (position, group) in groups.iter().enumerate() {
            let target = match shape {
                Some(Shape::Fixed(width)) => {
                    let (out, after) = rest.split_at_mut(group.rows * width.bytes());
                    rest = after;
                    Target::Fixed { width: *width, out }
                }
                Some(shape) => Target::Own(*shape),
                None => Target::Fallback,
            };
            let cost = cost(file, &wanted[column], group.index);
            let order = column * groups.len() + position;
            tasks.push(Task { order, column, group: *group, cost, target });
        }
    }
    progress_total(context, tasks.iter().map(|task| task.cost).sum());
    let pieces = run(tasks, context, |task, scratch| {
        let column = &wanted[task.column];
        let piece = match task.target {
            Target::Fixed { width, out } => {
                match decode(
                    file,
                    column,
                    task.group,
                    options,
                    context,
                    scratch,
                    |chunk, scratch| flat::fixed_into(chunk, scratch, width, out),
                )? {
                    Decoded::Done(nulls) => Piece::Fixed(nulls),
                    Decoded::Foreign(reason) => {
                        no_fallback(file, column, options, &reason)?;
                        fixed_by_arrow(file, column, task.group, width, out, context)?
                    }
                }
            }
            Target::Own(shape) => {
                match decode(
                    file,
                    column,
                    task.group,
                    options,
                    context,
                    scratch,
                    |chunk, scratch| flat::array(chunk, scratch, shape),
                )? {
                    Decoded::Done(array) => {
                        let bytes = array.get_array_memory_size() as u64;
                        let name = column.field.name();
                        let charge = context.budget().charge(path, bytes, name)?;
                        Piece::Arrays(vec![array], Some(charge))
                    }
                    Decoded::Foreign(reason) => {
                        no_fallback(file, column, options, &reason)?;
                        let (arrays, charge) = by_arrow(file, column, task.group, context)?;
                        Piece::Arrays(arrays, Some(charge))
                    }
                }
            }
            Target::Fallback => {
                let (arrays, charge) = by_arrow(file, column, task.group, context)?;
                Piece::Arrays(arrays, Some(charge))
            }
        };
        context.progress().add(task.cost, 0);
        Ok(piece)
    })?;
    context.progress().add(0, rows as u64);
    let mut pieces = pieces.into_iter();
    let mut columns = Vec::with_capacity(wanted.len());
    for (block, shape) in blocks.into_iter().flatten().zip(&shapes) {
        let mine = pieces.by_ref().take(groups.len());
        columns.push(assemble(block, *shape, mine, groups, rows, &mut charges));
    }
    let fields: Vec<_> = wanted.iter().map(|column| Arc::clone(&column.field)).collect();
    let schema = Schema::new_with_metadata(fields, file.schema().metadata().clone());
    Ok(Table {
        schema: Arc::new(schema),
        columns,
        rows,
        parts: (groups.len(), groups.len()),
        charges,
    })
}

/// Puts the pieces of a column together.
fn assemble(
    block: Block,
    shape: Option<Shape>,
    pieces: impl Iterator<Item = Piece>,
    groups: &[Group],
    rows: usize,
    charges: &mut Vec<Charge>,
) -> Column {
    if let Some(Shape::Fixed(width)) = shape {
        let parts: Vec<Option<NullBuffer>> = pieces
            .map(|piece| match piece {
                Piece::Fixed(nulls) => nulls,
                Piece::Arrays(..) => None,
            })
            .collect();
        let block = block.truncated(rows * width.bytes());
        return Column::Fixed { block, nulls: joined_nulls(&parts, groups) };
    }
    let mut chunks = Vec::new();
    for (piece, group) in pieces.zip(groups) {
        let Piece::Arrays(arrays, charge) = piece else { continue };
        charges.extend(charge);
        let mut left = group.keep;
        for array in arrays {
            let count = array.len().min(left);
            left -= count;
            if count > 0 {
                chunks.push(if count < array.len() { array.slice(0, count) } else { array });
            }
        }
    }
    if shape == Some(Shape::Bool) && chunks.len() > 1 {
        chunks = vec![joined_bits(&chunks, rows)];
    }
    Column::Chunks(chunks)
}

fn joined_nulls(parts: &[Option<NullBuffer>], groups: &[Group]) -> Option<NullBuffer> {
    if parts.iter().all(Option::is_none) {
        return None;
    }
    let mut bits = BooleanBufferBuilder::new(groups.iter().map(|group| group.keep).sum());
    for (part, group) in parts.iter().zip(groups) {
        match part {
            None => bits.append_n(group.keep, true),
            Some(nulls) => bits.append_buffer(&nulls.inner().slice(0, group.keep)),
        }
    }
    Some(NullBuffer::new(bits.finish())).filter(|nulls| nulls.null_count() > 0)
}

fn joined_bits(chunks: &[ArrayRef], rows: usize) -> ArrayRef {
    let mut bits = BooleanBufferBuilder::new(rows);
    let mut valid = BooleanBufferBuilder::new(rows);
    for chunk in chunks {
        let Some(chunk) = chunk.as_any().downcast_ref::<BooleanArray>() else { continue };
        bits.append_buffer(chunk.values());
        match chunk.nulls() {
            None => valid.append_n(chunk.len(), true),
            Some(nulls) => valid.append_buffer(nulls.inner()),
        }
    }
    let nulls = NullBuffer::new(valid.finish());
    let nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
    Arc::new(BooleanArray::new(bits.finish(), nulls))
}

/// How our decoder would read `column`; `None` leaves it to arrow-rs.
pub(super) fn shape_of(
    file: &OpenFile,
    column: &Wanted,
    groups: &[Group],
    options: &ReadOptions,
) -> Option<Shape> {
    let ours = options.decoder != Decoder::Arrow && column.flat;
    let leaf = *column.leaves.first().filter(|_| ours)?;
    let chunks = groups.iter().map(|group| file.metadata().row_group(group.index).column(leaf));
    if !chunks.into_iter().all(|chunk| flat::knows_codec(chunk.compression())) {
        return None;
    }
    flat::shape(&file.leaves().column(leaf), column.field.data_type())
}

/// Compressed bytes of a column in a row group.
pub(super) fn cost(file: &OpenFile, column: &Wanted, group: usize) -> u64 {
    let group = file.metadata().row_group(group);
    column.leaves.iter().map(|&leaf| claims::range(group.column(leaf)).1).sum()
}

pub(super) fn progress_total(context: &Context, bytes: u64) {
    context.progress().total_bytes.store(bytes, Ordering::Relaxed);
}

pub(super) fn no_memory(file: &OpenFile, bytes: u64, what: &str) -> IoError {
    IoError::Limit {
        path: file.source.path().to_path_buf(),
        needed: bytes,
        limit: 0,
        message: format!("no memory for {what}"),
    }
}

/// An error if arrow-rs must not, or cannot, do what `options` ask for.
pub(super) fn no_fallback(
    file: &OpenFile,
    column: &Wanted,
    options: &ReadOptions,
    reason: &str,
) -> Result<()> {
    let wish = match options {
        ReadOptions { decoder: Decoder::Flat, .. } => "the flat decoder cannot read it",
        ReadOptions { verify_checksums: true, .. } => "its checksums cannot be verified",
        _ => return Ok(()),
    };
    let message = format!("column '{}': {wish}: {reason}", column.field.name());
    Err(IoError::unsupported(file.source.path(), message))
}

/// A result, or the reason why arrow-rs must do it.
pub(super) enum Decoded<T> {
    Done(T),
    Foreign(String),
}

/// Reads the bytes of a chunk and hands them to our decoder.
pub(super) fn decode<T>(
    file: &OpenFile,
    column: &Wanted,
    group: Group,
    options: &ReadOptions,
    context: &Context,
    scratch: &mut Scratch,
    work: impl FnOnce(&Chunk<'_>, &mut Scratch) -> Result<T, Fault>,
) -> Result<Decoded<T>> {
    context.check()?;
    let path = file.source.path();
    let Some(&leaf) = column.leaves.first() else {
        return Ok(Decoded::Foreign("no leaf".to_owned()));
    };
    let chunk = file.metadata().row_group(group.index).column(leaf);
    let (start, length) = claims::range(chunk);
    // The footer's ranges were checked to lie inside the file.
    let _held = context.budget().charge(path, length, "a column chunk")?;
    let mut own = std::mem::take(&mut scratch.chunk);
    let bytes: &[u8] = if let Some(bytes) = file.source.in_memory() {
        &bytes[start as usize..(start + length) as usize]
    } else {
        let length = length as usize;
        let what = format!("column '{}'", column.field.name());
        let own = own.bytes(length).ok_or_else(|| no_memory(file, length as u64, &what))?;
        file.source.read_exact_at(start, own)?;
        own
    };
    let ours = Chunk {
        bytes,
        rows: group.rows,
        optional: file.leaves().column(leaf).max_def_level() > 0,
        physical: chunk.column_type(),
        codec: chunk.compression(),
        verify: options.verify_checksums,
        context,
        path,
    };
    let place = || format!("row group {}, column '{}'", group.index, column.field.name());
    let outcome = catch_unwind(AssertUnwindSafe(|| work(&ours, scratch)));
    scratch.chunk = own;
    match outcome {
        Ok(Ok(done)) => Ok(Decoded::Done(done)),
        Ok(Err(Fault::Unsupported(reason))) => Ok(Decoded::Foreign(reason)),
        Ok(Err(Fault::Damaged(message))) => {
            Err(IoError::parquet(path, format!("{}: {message}", place())))
        }
        Ok(Err(Fault::Limit { needed, limit })) => Err(IoError::Limit {
            path: path.to_path_buf(),
            needed,
            limit,
            message: format!("{}: a page is too large", place()),
        }),
        Ok(Err(Fault::Stopped(error))) => Err(error),
        Err(panic) => {
            let message = format!("{}: {}", place(), panic_text(&*panic));
            Err(IoError::parquet(path, message))
        }
    }
}

/// The same through arrow-rs, and the memory that is charged for it.
pub(super) fn by_arrow(
    file: &OpenFile,
    column: &Wanted,
    group: Group,
    context: &Context,
) -> Result<(Vec<ArrayRef>, Charge)> {
    let path = file.source.path();
    let name = column.field.name();
    let placed = |error: IoError| match error {
        IoError::Parquet { path, message } => IoError::Parquet {
            path,
            message: format!("row group {}, column '{name}': {message}", group.index),
        },
        other => other,
    };
    // What the values take at least is charged before arrow-rs reserves it.
    let least =
        claims::decoded_bytes(file.metadata(), std::iter::once(group.index), &column.leaves);
    let mut charge = context.budget().charge(path, least, name)?;
    let batch_rows = claims::batch_rows(file.leaves(), &column.leaves, FALLBACK_BATCH);
    let unfolding = Arc::new(Unfolding::new(context.budget(), path));
    let batch_rows = group.rows.min(batch_rows);
    let mut reader =
        file.reader(&column.leaves, vec![group.index], batch_rows, Some(&unfolding))?;
    let mut arrays = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    loop {
        context.check()?;
        let batch = guard(path, || reader.next().transpose())
            .map_err(|error| unfolding.refusal().unwrap_or_else(|| placed(error)))?;
        unfolding.settle();
        let Some(batch) = batch else { break };
        bytes += batch.get_array_memory_size() as u64;
        if bytes > charge.bytes() {
            charge.absorb(context.budget().charge(path, bytes - charge.bytes(), name)?);
        }
        rows += batch.num_rows();
        arrays.extend(batch.columns().first().cloned());
    }
    if rows != group.rows {
        let message = format!("the pages hold {rows} rows, the footer says {}", group.rows);
        return Err(placed(IoError::parquet(path, message)));
    }
    for array in &arrays {
        check_decimals(array).map_err(|reason| placed(IoError::parquet(path, reason)))?;
    }
    Ok((arrays, charge))
}

/// No value has more digits than its type says.
pub(super) fn check_decimals(array: &ArrayRef) -> Result<(), String> {
    let DataType::Decimal128(precision, _) = array.data_type() else { return Ok(()) };
    match array.as_primitive_opt::<Decimal128Type>() {
        Some(array) => {
            array.validate_decimal_precision(*precision).map_err(|error| error.to_string())
        }
        None => Ok(()),
    }
}

/// A fixed-width chunk in an encoding that only arrow-rs knows, copied to its place.
fn fixed_by_arrow(
    file: &OpenFile,
    column: &Wanted,
    group: Group,
    width: Width,
    out: &mut [u8],
    context: &Context,
) -> Result<Piece> {
    let mut at = 0;
    let mut valid = BooleanBufferBuilder::new(group.rows);
    let (arrays, _charge) = by_arrow(file, column, group, context)?;
    for array in arrays {
        let data = array.to_data();
        let bytes = data.len() * width.bytes();
        let from = data.offset() * width.bytes();
        let values = data.buffers().first().and_then(|buffer| buffer.get(from..from + bytes));
        let (Some(values), Some(target)) = (values, out.get_mut(at..at + bytes)) else {
            return Err(IoError::parquet(file.source.path(), "an array of an unexpected width"));
        };
        target.copy_from_slice(values);
        at += bytes;
        match data.nulls() {
            None => valid.append_n(data.len(), true),
            Some(nulls) => valid.append_buffer(nulls.inner()),
        }
    }
    let nulls = NullBuffer::new(valid.finish());
    Ok(Piece::Fixed(Some(nulls).filter(|nulls| nulls.null_count() > 0)))
}

/// Runs tasks on the threads of `context`, largest first; results and the error that is told do
/// not depend on who ran what.
fn run<'t>(
    tasks: Vec<Task<'t>>,
    context: &Context,
    work: impl Fn(Task<'t>, &mut Scratch) -> Result<Piece> + Sync,
) -> Result<Vec<Piece>> {
    let count = tasks.len();
    let mut by_size = tasks;
    by_size.sort_by_key(|task| std::cmp::Reverse(task.cost));
    let queue = Mutex::new(by_size.into_iter());
    let failed = AtomicUsize::new(usize::MAX);
    let errors = Mutex::new(Vec::new());
    let done = Mutex::new(Vec::with_capacity(count));
    let worker = || {
        let mut scratch = Scratch::of_thread();
        loop {
            let task = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(task) = task else { break };
            // A task before the failed one may fail too, and its error comes first.
            if task.order > failed.load(Ordering::Relaxed) {
                continue;
            }
            let order = task.order;
            match work(task, &mut scratch) {
                Ok(piece) => {
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((order, piece));
                }
                Err(error) => {
                    let stop = matches!(error, IoError::Cancelled);
                    failed.fetch_min(if stop { 0 } else { order }, Ordering::Relaxed);
                    errors
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((if stop { 0 } else { order }, error));
                }
            }
        }
    };
    context.pool().in_place_scope(|scope| {
        for _ in 0..context.threads().min(count.max(1)) {
            scope.spawn(|_| worker());
        }
    });
    let mut errors = errors.into_inner().unwrap_or_else(PoisonError::into_inner);
    errors.sort_by_key(|(order, _)| *order);
    if let Some((_, error)) = errors.into_iter().next() {
        return Err(error);
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(order, _)| *order);
    Ok(done.into_iter().map(|(_, piece)| piece).collect())
}
