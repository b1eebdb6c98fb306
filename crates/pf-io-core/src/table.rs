//! A table as readers make it: each column in the pieces it was decoded in.

use std::sync::Arc;

use arrow::array::{ArrayData, ArrayRef, RecordBatch, make_array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, SchemaRef};

use crate::context::Charge;
use crate::mem::Block;

/// A table in memory.
#[derive(Debug)]
pub struct Table {
    /// Names and types.
    pub schema: SchemaRef,
    /// Each with [`Self::rows`] rows.
    pub columns: Vec<Column>,
    /// Rows.
    pub rows: usize,
    /// Parts of the file (row groups, blocks) that were read, of all that were asked for.
    pub parts: (usize, usize),
    /// Memory this table holds, given back to the budget when it goes.
    pub charges: Vec<Charge>,
}

/// One column.
#[derive(Debug)]
pub enum Column {
    /// One block that nobody else holds, zeros where null.
    Fixed {
        /// The values.
        block: Block,
        /// Which are there, if not all.
        nulls: Option<NullBuffer>,
    },
    /// Arrays, one after the other.
    Chunks(Vec<ArrayRef>),
}

impl Table {
    /// A table of `batches` of `schema`.
    pub fn of_batches(schema: SchemaRef, batches: &[RecordBatch], parts: (usize, usize)) -> Self {
        let columns = (0..schema.fields().len())
            .map(|index| {
                Column::Chunks(
                    batches.iter().map(|batch| Arc::clone(batch.column(index))).collect(),
                )
            })
            .collect();
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        Self { schema, columns, rows, parts, charges: Vec::new() }
    }

    /// Schema, the arrays of each column, and the memory they are charged for.
    pub fn into_arrays(self) -> (SchemaRef, Vec<Vec<ArrayRef>>, Vec<Charge>) {
        let Self { schema, columns, rows, charges, .. } = self;
        let arrays = schema
            .fields()
            .iter()
            .zip(columns)
            .map(|(field, column)| match column {
                Column::Chunks(chunks) => chunks,
                Column::Fixed { block, nulls } => {
                    vec![fixed_array(field.data_type(), rows, block, nulls)]
                }
            })
            .collect();
        (schema, arrays, charges)
    }
}

/// A column of one block as an array; the block holds `rows` values of `data_type`.
pub(crate) fn fixed_array(
    data_type: &DataType,
    rows: usize,
    block: Block,
    nulls: Option<NullBuffer>,
) -> ArrayRef {
    let size = block.size();
    let data = ArrayData::builder(data_type.clone())
        .len(rows)
        .add_buffer(block.into_buffer(size))
        .nulls(nulls);
    // SAFETY: the block holds a value of the type's width for every row.
    make_array(unsafe { data.build_unchecked() })
}
