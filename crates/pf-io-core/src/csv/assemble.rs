//! Pieces of columns become a table.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, BooleanBufferBuilder};
use arrow::buffer::NullBuffer;
use arrow::compute::filter;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;

use super::arrays;
use super::column::{Piece, Values};
use super::convert::{convert, converts};
use super::infer::Final;
use super::kind::Kind;
use super::parse::text::Texts;
use super::plan::{Plan, Wanted};
use super::read::{Done, Pass, width_of};
use super::spec::Target;
use crate::mem::Block;
use crate::table::{Column, Table};
use crate::types::StringType;
use crate::{IoError, Result};

/// Columns some pieces of which are not had exactly as the final kind.
pub(super) fn not_exact(plan: &Plan, finals: &[Final], pass: &Pass) -> Vec<usize> {
    let inferred = |column: &Wanted| column.spec.target == Target::Infer;
    (0..plan.wanted.len())
        .filter(|&at| {
            inferred(&plan.wanted[at])
                && pass.done.iter().any(|done| {
                    let piece = &done.pieces[at];
                    !converts(piece.kind, finals[at].kind, &piece.facts)
                })
        })
        .collect()
}

impl Plan {
    /// Only the columns at `again`, read as what they are.
    pub(super) fn settled(&self, again: &[usize], finals: &[Final]) -> Self {
        let wanted = again.iter().map(|&at| {
            let mut column = self.wanted[at].clone();
            column.spec.target = Target::Settled(finals[at].kind);
            column.settled = Some(finals[at].clone());
            column
        });
        Self { wanted: wanted.collect(), ..self.clone() }
    }
}

/// The table of one pass, and of a second one for some columns.
pub(super) fn table(
    path: &Path,
    plan: &Plan,
    finals: &[Final],
    first: Pass,
    second: Option<(Vec<usize>, Pass)>,
    limit: Option<u64>,
) -> Result<Table> {
    let limit = usize::try_from(limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let mut charges = Vec::new();
    let mut shape = Shape::of(&first.done, limit);
    let mut columns: Vec<Option<Column>> = Vec::new();
    let (again, mut newer) = match second {
        Some((again, pass)) => (again, Some(pass)),
        None => (Vec::new(), None),
    };
    let mut first = first;
    for (at, (column, last)) in plan.wanted.iter().zip(finals).enumerate() {
        let made = match (again.iter().position(|&other| other == at), &mut newer) {
            (Some(place), Some(pass)) => join(path, column, last, pass, place, &shape)?,
            _ => join(path, column, last, &mut first, at, &shape)?,
        };
        columns.push(Some(made));
    }
    for done in first.done.into_iter().chain(newer.into_iter().flat_map(|pass| pass.done)) {
        charges.push(done.charge);
    }
    let fields: Vec<Field> = plan
        .wanted
        .iter()
        .zip(finals)
        .map(|(column, last)| Field::new(&column.name, type_of(column, last), true))
        .collect();
    let rows = shape.rows();
    shape.chunks.clear();
    Ok(Table {
        schema: Arc::new(Schema::new(fields)),
        columns: columns.into_iter().flatten().collect(),
        rows,
        parts: (1, 1),
        charges,
    })
}

/// Text columns with cells that are no UTF-8 become bytes.
pub(super) fn find_binary(
    plan: &Plan,
    finals: &mut [Final],
    first: &Pass,
    second: Option<&(Vec<usize>, Pass)>,
    layout: StringType,
) {
    for (at, (column, last)) in plan.wanted.iter().zip(finals).enumerate() {
        if column.category || last.data_type != layout.text() {
            continue;
        }
        let again = second.and_then(|(again, pass)| {
            again.iter().position(|&other| other == at).map(|place| (pass, place))
        });
        let (pass, place) = again.unwrap_or((first, at));
        let text = pass
            .done
            .iter()
            .filter_map(|done| done.pieces.get(place))
            .all(|piece| !matches!(&piece.values, Values::Texts(texts) if !texts.are_utf8()));
        if !text && !matches!(column.spec.target, Target::Typed(_)) {
            last.data_type = layout.binary();
            "some bytes are no UTF-8".clone_into(&mut last.reason);
        }
    }
}

pub(super) fn type_of(column: &Wanted, last: &Final) -> DataType {
    if column.category {
        return DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::LargeUtf8));
    }
    last.data_type.clone()
}

/// Where the rows of each chunk are, and which of them stay.
struct Shape {
    chunks: Vec<Span>,
}

struct Span {
    /// Its rows in a room.
    from: u64,
    rows: usize,
    /// Which rows stay, unless all do.
    mask: Option<BooleanArray>,
    kept: usize,
}

impl Shape {
    fn of(done: &[Done], limit: usize) -> Self {
        let mut left = limit;
        let mut chunks = Vec::with_capacity(done.len());
        for done in done {
            let all = done.dropped.is_empty() && done.rows <= left;
            let (mask, kept) = if all {
                (None, done.rows)
            } else {
                let mut bits = vec![true; done.rows];
                for &row in &done.dropped {
                    if let Some(bit) = bits.get_mut(row) {
                        *bit = false;
                    }
                }
                let mut room = left;
                for bit in &mut bits {
                    *bit &= room > 0;
                    room -= usize::from(*bit);
                }
                (Some(BooleanArray::from(bits)), left - room)
            };
            left -= kept;
            chunks.push(Span { from: done.row, rows: done.rows, mask, kept });
        }
        Self { chunks }
    }

    fn rows(&self) -> usize {
        self.chunks.iter().map(|span| span.kept).sum()
    }

    /// All rows stand in a room as they are to stay.
    fn is_dense(&self) -> bool {
        let mut next = 0;
        self.chunks.iter().all(|span| {
            let fits = span.from == next && span.mask.is_none();
            next += span.rows as u64;
            fits
        })
    }
}

/// One column; its pieces are taken out of `pass`.
fn join(
    path: &Path,
    column: &Wanted,
    last: &Final,
    pass: &mut Pass,
    at: usize,
    shape: &Shape,
) -> Result<Column> {
    let problem =
        |message: String| IoError::csv(path, format!("column '{}': {message}", column.name));
    let mut room = pass.rooms.get_mut(at).and_then(Option::take);
    let pieces: Vec<Piece> = pass
        .done
        .iter_mut()
        .filter_map(|done| done.pieces.get_mut(at))
        .map(|piece| Piece {
            kind: piece.kind,
            values: std::mem::replace(&mut piece.values, Values::Nothing),
            nulls: piece.nulls.take(),
            facts: std::mem::take(&mut piece.facts),
            failed: Vec::new(),
        })
        .collect();
    let target = type_of(column, last);
    let failed = |error: ArrowError| problem(error.to_string());
    let Some(width) = width_of(column, last.kind).filter(|_| !column.category) else {
        let made = if let DataType::Dictionary(_, value_type) = &target {
            let pieces: Vec<(Texts, Option<NullBuffer>)> = pieces
                .into_iter()
                .zip(&shape.chunks)
                .map(|(piece, span)| match piece.values {
                    Values::Texts(texts) => (texts, piece.nulls),
                    _ => (Texts::empty(span.rows), Some(NullBuffer::new_null(span.rows))),
                })
                .collect();
            let borrowed = pieces.iter().map(|(texts, nulls)| (texts, nulls.as_ref()));
            arrays::dictionaries(value_type, borrowed).map_err(failed)?
        } else {
            let each = pieces.into_iter().zip(&shape.chunks);
            let each = each.map(|(piece, span)| array_of(piece, span.rows, &target));
            each.collect::<Result<Vec<_>, _>>().map_err(failed)?
        };
        let mut arrays = Vec::with_capacity(made.len());
        for (array, span) in made.into_iter().zip(&shape.chunks) {
            let array = match &span.mask {
                None => array,
                Some(mask) => filter(&array, mask).map_err(failed)?,
            };
            if !array.is_empty() {
                arrays.push(array);
            }
        }
        return Ok(Column::Chunks(arrays));
    };
    let rows = shape.rows();
    let nulls = joined(&pieces, shape);
    let same = room.as_ref().is_some_and(|(held, kind)| *kind == last.kind && held.width == width);
    if let Some((room, _)) = room.take_if(|_| same && shape.is_dense()) {
        for (piece, span) in pieces.iter().zip(&shape.chunks) {
            if matches!(piece.values, Values::InPlace) {
                continue;
            }
            // SAFETY: nobody else writes any more.
            let place = unsafe { room.rows(span.from, span.rows) };
            let place =
                place.ok_or_else(|| problem("more rows than there is room for".to_owned()))?;
            put(piece, last.kind, &[], place).map_err(&problem)?;
        }
        return Ok(Column::Fixed { block: room.finish(rows), nulls });
    }
    let no_memory = || IoError::Limit {
        path: path.to_path_buf(),
        needed: (rows * width) as u64,
        limit: 0,
        message: format!("no memory for column '{}'", column.name),
    };
    let mut block = Block::zeroed(rows * width).ok_or_else(no_memory)?;
    let mut rest = block.as_mut_slice::<u8>();
    let mut whole = Vec::new();
    for (piece, span) in pieces.iter().zip(&shape.chunks) {
        let held = match (&piece.values, &room) {
            (Values::InPlace, Some((room, _))) => {
                // SAFETY: nobody else writes any more.
                let held = unsafe { room.rows(span.from, span.rows) };
                held.map_or(&[][..], |held| &*held)
            }
            _ => &[],
        };
        let (target, after) = rest.split_at_mut(span.kept * width);
        rest = after;
        let Some(mask) = &span.mask else {
            put(piece, last.kind, held, target).map_err(&problem)?;
            continue;
        };
        whole.clear();
        whole.resize(span.rows * width, 0);
        put(piece, last.kind, held, &mut whole).map_err(&problem)?;
        let kept = whole.chunks_exact(width).zip(mask.values()).filter(|(_, keep)| *keep);
        for (place, (value, _)) in target.chunks_exact_mut(width).zip(kept) {
            place.copy_from_slice(value);
        }
    }
    Ok(Column::Fixed { block, nulls })
}

/// The values of `piece`, which are `held` if they are in a room, as `kind`.
fn put(piece: &Piece, kind: Kind, held: &[u8], place: &mut [u8]) -> Result<(), String> {
    let values = match &piece.values {
        Values::InPlace => held,
        Values::Fixed(own) => own,
        Values::Nothing => {
            place.fill(0);
            return Ok(());
        }
        Values::Bits(_) | Values::Texts(_) => return Err("values of another width".to_owned()),
    };
    // Types that the caller set have their width already.
    if values.len() == place.len() && piece.kind == kind {
        place.copy_from_slice(values);
        return Ok(());
    }
    if convert(piece.kind, values, piece.nulls.as_ref(), kind, place) {
        Ok(())
    } else {
        Err(format!("{:?} is not exact as {kind:?}", piece.kind))
    }
}

fn joined(pieces: &[Piece], shape: &Shape) -> Option<NullBuffer> {
    let none = pieces
        .iter()
        .all(|piece| piece.nulls.is_none() && !matches!(piece.values, Values::Nothing));
    if none {
        return None;
    }
    let mut bits = BooleanBufferBuilder::new(shape.rows());
    for (piece, span) in pieces.iter().zip(&shape.chunks) {
        let valid = |row: usize| match (&piece.nulls, &piece.values) {
            (Some(nulls), _) => nulls.is_valid(row),
            (None, Values::Nothing) => false,
            (None, _) => true,
        };
        match (&span.mask, &piece.nulls) {
            (None, Some(nulls)) => bits.append_buffer(nulls.inner()),
            (None, None) => bits.append_n(span.rows, !matches!(piece.values, Values::Nothing)),
            (Some(mask), _) => {
                for row in mask.values().set_indices() {
                    bits.append(valid(row));
                }
            }
        }
    }
    Some(NullBuffer::new(bits.finish())).filter(|nulls| nulls.null_count() > 0)
}

/// A piece of bits, texts or nothing as an array.
pub(super) fn array_of(
    piece: Piece,
    rows: usize,
    data_type: &DataType,
) -> Result<ArrayRef, ArrowError> {
    match piece.values {
        Values::Nothing => Ok(arrays::nulls(data_type, rows)),
        Values::Bits(bits) => arrays::bools(bits, piece.nulls),
        Values::Texts(texts) => arrays::texts(data_type, texts, piece.nulls),
        Values::Fixed(_) | Values::InPlace => {
            Err(ArrowError::CsvError("values of another width".to_owned()))
        }
    }
}
