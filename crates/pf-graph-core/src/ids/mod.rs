//! Keys to `0..n`: ids of any supported Arrow type become dense vertex indices.
//!
//! Every distinct id gets a provisional index while the columns are read one after the other
//! ([`integers`], [`bytes`]); then the indices are renumbered, by one pass over the rows for
//! [`IdOrder::Appearance`] or by sorting the n distinct ids for [`IdOrder::Sorted`].

mod bytes;
mod closest;
mod index;
mod integers;
mod kind;
mod slots;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use rayon::prelude::*;
use serde::Deserialize;

pub use self::index::IdValue;
use self::kind::Kind;
pub(crate) use self::{index::IdIndex, kind::type_name};
use crate::control::{CHUNK, Control};
use crate::weights::first_null;
use crate::{GraphError, NO_VERTEX, Side};

/// The order of the vertices, and with it of every result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdOrder {
    /// First the vertex table, then row by row, `src` before `dst`.
    Appearance,
    /// Ascending: numbers by value, text and binary by bytes, `false` before `true`.
    Sorted,
}

/// What the id columns become.
pub(crate) struct Mapped {
    pub(crate) ids: ArrayRef,
    pub(crate) src: Vec<u32>,
    pub(crate) dst: Vec<u32>,
}

/// One id column and its place in messages.
#[derive(Clone, Copy)]
struct Column<'a> {
    side: Side,
    chunks: &'a [ArrayRef],
    rows: usize,
}

impl<'a> Column<'a> {
    fn new(side: Side, chunks: &'a [ArrayRef]) -> Self {
        Self { side, chunks, rows: chunks.iter().map(Array::len).sum() }
    }

    fn first_null(&self) -> Option<usize> {
        let mut before = 0;
        for chunk in self.chunks {
            if let Some(row) = first_null(chunk) {
                return Some(before + row);
            }
            before += chunk.len();
        }
        None
    }
}

/// Columns as provisional indices, and the distinct ids those stand for.
struct Provisional {
    vertices: Vec<u32>,
    src: Vec<u32>,
    dst: Vec<u32>,
    distinct: Distinct,
}

/// The distinct ids by provisional index.
enum Distinct {
    Integers(integers::IntegerIds),
    Bytes(bytes::BytesIds),
}

/// Maps the columns; see [`crate::Graph::build`].
pub(crate) fn map_ids(
    src: &[ArrayRef],
    dst: &[ArrayRef],
    vertices: Option<&[ArrayRef]>,
    order: IdOrder,
    control: &Control<'_>,
) -> Result<Mapped, GraphError> {
    let src = Column::new(Side::Src, src);
    let dst = Column::new(Side::Dst, dst);
    let vertices = Column::new(Side::Vertices, vertices.unwrap_or_default());
    if src.rows != dst.rows {
        return Err(GraphError::LengthsDiffer { src: src.rows, column: "dst", rows: dst.rows });
    }
    refuse_nulls(&src, &dst, &vertices)?;

    // `src` comes first: its type is the type of the ids.
    let kind = kind::common_kind(&[src, dst, vertices])?;
    let provisional = match kind {
        Kind::Integer | Kind::Date | Kind::Boolean => {
            integers::map(kind, vertices, src, dst, control)?
        }
        Kind::Text | Kind::Binary => bytes::map(vertices, src, dst, control)?,
    };
    control.check()?;
    let Provisional { vertices, mut src, mut dst, distinct } = provisional;
    let ids = match order {
        IdOrder::Appearance => {
            let by_index = renumber_by_appearance(distinct.len(), &vertices, &mut src, &mut dst);
            control.check()?;
            distinct.into_array(&by_index)?
        }
        IdOrder::Sorted => {
            let by_index = distinct.sorted();
            control.check()?;
            renumber(&by_index, &mut src, &mut dst);
            distinct.into_array(&by_index)?
        }
    };
    Ok(Mapped { ids, src, dst })
}

/// Refuses the null in the first row that has one.
fn refuse_nulls(src: &Column, dst: &Column, vertices: &Column) -> Result<(), GraphError> {
    let null = |column: &Column| column.first_null().map(|row| (row, column.side));
    let edge = match (null(src), null(dst)) {
        (Some(s), Some(d)) => Some(if s.0 <= d.0 { s } else { d }),
        (s, d) => s.or(d),
    };
    match edge.or_else(|| null(vertices)) {
        None => Ok(()),
        Some((row, side)) => Err(GraphError::NullEndpoint { row: row as u64 + 1, side }),
    }
}

/// Renumbers rows in place; the answer holds the provisional index of each final one.
fn renumber_by_appearance(
    n: usize,
    vertices: &[u32],
    src: &mut [u32],
    dst: &mut [u32],
) -> Vec<u32> {
    let mut by_index = Vec::with_capacity(n);
    let mut index = vec![NO_VERTEX; n];
    let mut place = |provisional: &mut u32| {
        let slot = &mut index[*provisional as usize];
        if *slot == NO_VERTEX {
            *slot = by_index.len() as u32;
            by_index.push(*provisional);
        }
        *provisional = *slot;
    };
    for &vertex in vertices {
        place(&mut { vertex });
    }
    for (u, v) in src.iter_mut().zip(dst) {
        place(u);
        place(v);
    }
    by_index
}

fn renumber(by_index: &[u32], src: &mut [u32], dst: &mut [u32]) {
    let mut index = vec![0; by_index.len()];
    for (i, &provisional) in by_index.iter().enumerate() {
        index[provisional as usize] = i as u32;
    }
    for column in [src, dst] {
        column.par_chunks_mut(CHUNK).for_each(|rows| {
            for row in rows {
                *row = index[*row as usize];
            }
        });
    }
}

impl Distinct {
    fn len(&self) -> usize {
        match self {
            Self::Integers(ids) => ids.keys.len(),
            Self::Bytes(ids) => ids.len(),
        }
    }

    /// Provisional indices in ascending order of their ids.
    fn sorted(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        match self {
            Self::Integers(ids) => order.par_sort_unstable_by_key(|&i| ids.keys[i as usize]),
            Self::Bytes(ids) => order.par_sort_unstable_by(|&a, &b| ids.get(a).cmp(ids.get(b))),
        }
        order
    }

    /// The ids in the given order.
    fn into_array(self, order: &[u32]) -> Result<ArrayRef, GraphError> {
        match self {
            Self::Integers(ids) => ids.into_array(order),
            Self::Bytes(ids) => Ok(ids.into_array(order)),
        }
    }
}

/// A type that no id can have at this place; such columns were refused before.
fn refuse(side: Side, data_type: &DataType) -> GraphError {
    GraphError::IdType { column: side, found: type_name(data_type) }
}
