//! One column of one row group: its bytes, and the wanted values of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanBufferBuilder, new_empty_array};
use arrow::buffer::NullBuffer;
use arrow::compute::concat;
use arrow::datatypes::{DataType, Decimal128Type};
use arrow::error::ArrowError;

use super::file::{OpenFile, Wanted};
use super::flat::{self, Chunk, Fault, Scratch, Shape, Width};
use super::options::{Decoder, ReadOptions};
use super::read::guard;
use super::selection::Selection;
use super::unfolding::Unfolding;
use super::{claims, page_index};
use crate::batch::Held;
use crate::context::{Charge, Context};
use crate::error::panic_text;
use crate::mem::Block;
use crate::table::fixed_array;
use crate::{IoError, Result};

/// Rows that arrow-rs decodes at once.
const FALLBACK_BATCH: usize = 1 << 16;

/// A row group: its number and its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub index: usize,
    pub rows: usize,
}

/// A row group and which of its rows are wanted; all without a selection.
#[derive(Debug)]
pub(super) struct Part {
    pub group: Group,
    pub selection: Option<Selection>,
    /// Columns that were decoded to find these rows, by their place among the wanted ones.
    pub known: Vec<(usize, ArrayRef)>,
    /// What these take.
    pub charges: Vec<Charge>,
}

impl Part {
    pub fn whole(group: Group) -> Self {
        Self { group, selection: None, known: Vec::new(), charges: Vec::new() }
    }

    /// How many rows are wanted.
    pub fn rows(&self) -> usize {
        self.selection.as_ref().map_or(self.group.rows, Selection::count)
    }

    /// Keeps the first `count` of them.
    pub fn truncate(&mut self, count: usize) {
        if count >= self.rows() {
            return;
        }
        self.selection = Some(match self.selection.take() {
            None => Selection::first(count, self.group.rows),
            Some(selection) => selection.truncated(count),
        });
        for (_, array) in &mut self.known {
            *array = array.slice(0, count);
        }
    }
}

/// What all chunks of one call are read with.
#[derive(Clone, Copy)]
pub(super) struct Chunks<'r> {
    pub file: &'r OpenFile,
    pub options: &'r ReadOptions,
    pub context: &'r Context,
}

/// A result, or the reason why arrow-rs must do it.
enum Decoded<T> {
    Done(T),
    Foreign(String),
}

impl Chunks<'_> {
    /// How our decoder would read `column`; `None` leaves it to arrow-rs.
    pub fn shape(&self, column: &Wanted, groups: impl IntoIterator<Item = usize>) -> Option<Shape> {
        let ours = self.options.decoder != Decoder::Arrow && column.flat;
        let leaf = *column.leaves.first().filter(|_| ours)?;
        let metadata = self.file.metadata();
        let mut chunks = groups.into_iter().map(|group| metadata.row_group(group).column(leaf));
        if !chunks.all(|chunk| flat::knows_codec(chunk.compression())) {
            return None;
        }
        flat::shape(&self.file.leaves().column(leaf), column.field.data_type())
    }

    /// Compressed bytes of `column` in a row group.
    pub fn cost(&self, column: &Wanted, group: usize) -> u64 {
        let group = self.file.metadata().row_group(group);
        column.leaves.iter().map(|&leaf| claims::range(group.column(leaf)).1).sum()
    }

    /// Decodes the wanted values into `out`, which has [`Width::bytes`] for each.
    pub fn fixed(
        &self,
        column: &Wanted,
        part: &Part,
        width: Width,
        out: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<Option<NullBuffer>> {
        let sparse = part.selection.as_ref().is_none_or(|selection| selection.rows().is_some());
        if sparse {
            let decoded = self.decode(column, part, scratch, |chunk, scratch| {
                flat::fixed_into(chunk, scratch, width, out)
            })?;
            match decoded {
                Decoded::Done(nulls) => return Ok(nulls),
                Decoded::Foreign(reason) => self.no_fallback(column, &reason)?,
            }
            let (arrays, _charge) = self.by_arrow(column, part)?;
            return self.put(&arrays, width, out);
        }
        let (arrays, _charge) = self.own(column, part, Shape::Fixed(width), scratch)?;
        self.put(&arrays, width, out)
    }

    /// Decodes the wanted values as arrays, and charges for them.
    pub fn arrays(
        &self,
        column: &Wanted,
        part: &Part,
        shape: Option<Shape>,
        scratch: &mut Scratch,
    ) -> Result<(Vec<ArrayRef>, Charge)> {
        if let Some(shape) = shape {
            return self.own(column, part, shape, scratch);
        }
        self.no_fallback(column, "it is nested, or of a rare type or codec")?;
        self.by_arrow(column, part)
    }

    /// The same as one array.
    pub fn array(
        &self,
        column: &Wanted,
        part: &Part,
        scratch: &mut Scratch,
    ) -> Result<(ArrayRef, Charge)> {
        let shape = self.shape(column, [part.group.index]);
        let (arrays, charge) = self.arrays(column, part, shape, scratch)?;
        let array = match arrays.as_slice() {
            [] => new_empty_array(column.field.data_type()),
            [array] => ArrayRef::clone(array),
            arrays => {
                let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
                concat(&arrays).map_err(|error| self.failed(&error))?
            }
        };
        Ok((array, charge))
    }

    /// Through our decoder where it can.
    fn own(
        &self,
        column: &Wanted,
        part: &Part,
        shape: Shape,
        scratch: &mut Scratch,
    ) -> Result<(Vec<ArrayRef>, Charge)> {
        let path = self.file.source.path();
        let name = column.field.name();
        let dense = part.selection.as_ref().filter(|selection| selection.rows().is_none());
        let rows = if dense.is_some() { part.group.rows } else { part.rows() };
        let decoded = if let Shape::Fixed(width) = shape {
            let bytes = (rows as u64).saturating_mul(width.bytes() as u64);
            let charge = self.context.budget().charge(path, bytes, name)?;
            let mut block = self.block(column, bytes)?;
            let out = block.as_mut_slice::<u8>();
            let decoded = self.decode(column, part, scratch, |chunk, scratch| {
                flat::fixed_into(chunk, scratch, width, out)
            })?;
            match decoded {
                Decoded::Foreign(reason) => Decoded::Foreign(reason),
                Decoded::Done(nulls) => {
                    let array = fixed_array(column.field.data_type(), rows, block, nulls);
                    Decoded::Done((array, charge))
                }
            }
        } else {
            let decoded = self.decode(column, part, scratch, |chunk, scratch| {
                flat::array(chunk, scratch, shape)
            })?;
            match decoded {
                Decoded::Foreign(reason) => Decoded::Foreign(reason),
                Decoded::Done(array) => {
                    let bytes = array.get_array_memory_size() as u64;
                    Decoded::Done((array, self.context.budget().charge(path, bytes, name)?))
                }
            }
        };
        match decoded {
            Decoded::Foreign(reason) => {
                self.no_fallback(column, &reason)?;
                self.by_arrow(column, part)
            }
            Decoded::Done((array, mut charge)) => {
                let Some(selection) = dense else { return Ok((vec![array], charge)) };
                let kept = selection.of_array(&array, 0).map_err(|error| self.failed(&error))?;
                let bytes = kept.get_array_memory_size() as u64;
                charge = self.context.budget().charge(path, bytes, name)?;
                Ok((vec![kept], charge))
            }
        }
    }

    /// Memory for `column`, which was charged.
    pub fn block(&self, column: &Wanted, bytes: u64) -> Result<Block> {
        let block = Block::zeroed(usize::try_from(bytes).unwrap_or(usize::MAX));
        block.ok_or_else(|| self.no_memory(column, bytes))
    }

    fn no_memory(&self, column: &Wanted, bytes: u64) -> IoError {
        IoError::Limit {
            path: self.file.source.path().to_path_buf(),
            needed: bytes,
            limit: 0,
            message: format!("no memory for column '{}'", column.field.name()),
        }
    }

    fn failed(&self, error: &ArrowError) -> IoError {
        IoError::parquet(self.file.source.path(), error.to_string())
    }

    /// An error if arrow-rs must not, or cannot, do what is asked for.
    fn no_fallback(&self, column: &Wanted, reason: &str) -> Result<()> {
        let wish = match self.options {
            ReadOptions { decoder: Decoder::Flat, .. } => "the flat decoder cannot read it",
            ReadOptions { verify_checksums: true, .. } => "its checksums cannot be verified",
            _ => return Ok(()),
        };
        let message = format!("column '{}': {wish}: {reason}", column.field.name());
        Err(IoError::unsupported(self.file.source.path(), message))
    }

    /// Reads the bytes of a chunk, or of the pages with wanted rows, and hands them to our decoder.
    fn decode<T>(
        &self,
        column: &Wanted,
        part: &Part,
        scratch: &mut Scratch,
        work: impl FnOnce(&Chunk<'_>, &mut Scratch) -> Result<T, Fault>,
    ) -> Result<Decoded<T>> {
        let (file, context) = (self.file, self.context);
        context.check()?;
        let path = file.source.path();
        let Some(&leaf) = column.leaves.first() else {
            return Ok(Decoded::Foreign("no leaf".to_owned()));
        };
        let chunk = file.metadata().row_group(part.group.index).column(leaf);
        let picked = part.selection.as_ref().and_then(Selection::rows);
        let pages = picked.and_then(|rows| {
            page_index::pages_of(&file.source, chunk, part.group.rows, rows, context)
        });
        let (ranges, places) = match pages {
            Some(pages) => (pages.ranges, Some(pages.places)),
            None => (vec![claims::range(chunk)], None),
        };
        // The footer's ranges were checked to lie inside the file.
        let length = ranges.iter().map(|(_, length)| length).sum();
        let _held = context.budget().charge(path, length, "a column chunk")?;
        let mut own = std::mem::take(&mut scratch.chunk);
        let bytes: &[u8] = if let (Some(bytes), &[(start, length)]) =
            (file.source.in_memory(), ranges.as_slice())
        {
            &bytes[start as usize..(start + length) as usize]
        } else {
            let all = own.bytes(length as usize);
            let all = all.ok_or_else(|| self.no_memory(column, length))?;
            let mut rest = &mut *all;
            for &(start, length) in &ranges {
                let (piece, after) = rest.split_at_mut(length as usize);
                file.source.read_exact_at(start, piece)?;
                rest = after;
            }
            all
        };
        let ours = Chunk {
            bytes,
            places,
            rows: part.group.rows,
            picked,
            optional: file.leaves().column(leaf).max_def_level() > 0,
            physical: chunk.column_type(),
            codec: chunk.compression(),
            verify: self.options.verify_checksums,
            context,
            path,
        };
        let place = || format!("row group {}, column '{}'", part.group.index, column.field.name());
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

    /// Through arrow-rs, and the memory that is charged for it.
    fn by_arrow(&self, column: &Wanted, part: &Part) -> Result<(Vec<ArrayRef>, Charge)> {
        let (file, group) = (self.file, part.group);
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
        let mut charge = self.context.budget().charge(path, least, name)?;
        let batch_rows = claims::batch_rows(file.leaves(), &column.leaves, FALLBACK_BATCH);
        let picked = part.selection.as_ref().filter(|selection| selection.rows().is_some());
        let unfolding = Arc::new(Unfolding::new(self.context.budget(), path));
        let mut reader = file.reader(
            &column.leaves,
            vec![group.index],
            group.rows.min(batch_rows),
            picked.map(Selection::ranges),
            Some(&unfolding),
        )?;
        let mut arrays = Vec::new();
        let (mut rows, mut held) = (0, Held::default());
        loop {
            self.context.check()?;
            let batch = guard(path, || reader.next().transpose())
                .map_err(|error| unfolding.refusal().unwrap_or_else(|| placed(error)))?;
            unfolding.settle();
            let Some(batch) = batch else { break };
            let Some(array) = batch.columns().first() else { break };
            check_decimals(array).map_err(|reason| placed(IoError::parquet(path, reason)))?;
            let end = rows + array.len();
            let kept = match &part.selection {
                Some(selection) if picked.is_none() && end <= selection.of() => {
                    selection.of_array(array, rows).map_err(|error| self.failed(&error))?
                }
                _ => ArrayRef::clone(array),
            };
            let bytes = held.add(&kept);
            if bytes > charge.bytes() {
                charge.absorb(self.context.budget().charge(path, bytes - charge.bytes(), name)?);
            }
            arrays.push(kept);
            rows = end;
        }
        let expected = picked.map_or(group.rows, Selection::count);
        if rows != expected {
            let message = match picked {
                None => format!("the pages hold {rows} rows, the footer says {expected}"),
                Some(_) => format!("the pages hold {rows} of {expected} rows that are wanted"),
            };
            return Err(placed(IoError::parquet(path, message)));
        }
        Ok((arrays, charge))
    }

    /// Copies arrays of fixed width to where they stay.
    pub fn put(
        &self,
        arrays: &[ArrayRef],
        width: Width,
        out: &mut [u8],
    ) -> Result<Option<NullBuffer>> {
        let mut at = 0;
        let mut valid = BooleanBufferBuilder::new(out.len() / width.bytes());
        for array in arrays {
            let data = array.to_data();
            let bytes = data.len() * width.bytes();
            let from = data.offset() * width.bytes();
            let values = data.buffers().first().and_then(|buffer| buffer.get(from..from + bytes));
            let (Some(values), Some(target)) = (values, out.get_mut(at..at + bytes)) else {
                let message = "an array of an unexpected width";
                return Err(IoError::parquet(self.file.source.path(), message));
            };
            target.copy_from_slice(values);
            at += bytes;
            match data.nulls() {
                None => valid.append_n(data.len(), true),
                Some(nulls) => valid.append_buffer(nulls.inner()),
            }
        }
        let nulls = NullBuffer::new(valid.finish());
        Ok(Some(nulls).filter(|nulls| nulls.null_count() > 0))
    }
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
