//! Keys to `0..n`: ids of any supported Arrow type become dense vertex indices.
//!
//! Ids are looked up in a table of the distinct ones, which is [`direct`] for integers in a narrow
//! range and an [`interner`] for all others; [`mapping`] leads the columns, as [`chunks`], through
//! it and numbers the ids by appearance. For [`IdOrder::Sorted`] the n distinct ids are sorted and
//! the rows numbered anew.

mod bytes;
mod chunks;
mod closest;
mod direct;
mod hash;
mod index;
mod integers;
mod interner;
mod kind;
mod mapping;
mod slots;
mod values;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use serde::Deserialize;

use self::chunks::Batch;
pub use self::index::IdValue;
use self::kind::Kind;
pub(crate) use self::{index::IdIndex, kind::type_name};
use crate::control::Control;
use crate::weights::first_null;
use crate::{GraphError, Side};

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

/// Finds the vertex of an id, new ones getting the next indices by their places in a batch.
trait Table<K> {
    /// Number of distinct ids so far.
    fn len(&self) -> usize;
    /// Looks up the ids of a batch.
    fn read(
        &mut self,
        batch: &impl Batch<Key = K>,
        control: &Control<'_>,
    ) -> Result<(), GraphError>;
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
    let columns = [src, dst, vertices];
    match kind::common_kind(&columns)? {
        kind @ (Kind::Integer | Kind::Date | Kind::Boolean) => {
            integers::map(kind, columns, order, control)
        }
        Kind::Text | Kind::Binary => bytes::map(columns, order, control),
    }
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

/// A type that no id can have at this place; such columns were refused before.
fn refuse(side: Side, data_type: &DataType) -> GraphError {
    GraphError::IdType { column: side, found: type_name(data_type) }
}
