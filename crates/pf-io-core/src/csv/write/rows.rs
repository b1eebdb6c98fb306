//! Rows of a batch as lines of text.

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::cells::{CellError, Column};
use super::options::Layout;
use super::text::Text;
use crate::context::{Charge, Context};
use crate::error::{BLANK_LINE, NO_QUOTES, snippet};
use crate::{IoError, Result};

/// Rows between two looks at the cancel flag.
const LOOK: usize = 2048;
/// What a file starts with to say that it is UTF-8.
pub(super) const BOM: &str = "\u{feff}";

/// Rows that are printed together.
pub(super) struct Slab {
    pub(super) batch: RecordBatch,
    /// The number of its first row in the file, from 1.
    pub(super) first_row: u64,
    /// Memory of its text.
    pub(super) charge: Charge,
}

/// The most bytes that the text of `batch` can have.
pub(super) fn bound(dest: &Path, layout: &Layout, batch: &RecordBatch) -> Result<Vec<usize>> {
    let mut rows = vec![layout.line_end.len(); batch.num_rows()];
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let column = Column::new(array, layout)
            .map_err(|reason| IoError::unsupported(dest, column_says(field.name(), &reason)))?;
        column.add_bounds(&mut rows, layout.null.len());
    }
    Ok(rows)
}

/// Prints a slab into `text`.
pub(super) fn print(
    dest: &Path,
    layout: &Layout,
    slab: &Slab,
    mut text: Text,
    ctx: &Context,
) -> Result<Text> {
    let fields = slab.batch.schema_ref().fields();
    let mut columns = Vec::with_capacity(fields.len());
    for (field, array) in fields.iter().zip(slab.batch.columns()) {
        let column = Column::new(array, layout)
            .map_err(|reason| IoError::unsupported(dest, column_says(field.name(), &reason)))?;
        columns.push(column);
    }
    let lone = columns.len() == 1 && layout.null.is_empty();
    // What a row needs besides its texts, which ask for their own room.
    let null = layout.null.len();
    let fixed = columns.iter().map(|column| column.width().max(null) + 3).sum::<usize>() + 8;
    // A text that begins with a mark would lose it, unless it is behind a quote.
    let mut begins = slab.first_row == 1 && !layout.header && !layout.bom;
    for row in 0..slab.batch.num_rows() {
        if row % LOOK == 0 {
            ctx.check()?;
        }
        text.room(fixed);
        for (index, column) in columns.iter_mut().enumerate() {
            if let Err(error) = column.put(row, &mut text, layout, begins, lone, fixed) {
                let name = fields[index].name();
                return Err(refused(dest, name, slab.first_row + row as u64, error));
            }
            text.push(layout.sep);
            begins = false;
        }
        text.back(1, &layout.line_end);
    }
    Ok(text)
}

/// The first line, and the mark before it.
pub(super) fn head(dest: &Path, layout: &Layout, schema: &Schema) -> Result<Text> {
    let mut text = Text::default();
    text.room(8);
    if layout.bom {
        text.append(BOM.as_bytes());
    }
    if !layout.header {
        return Ok(text);
    }
    for (index, field) in schema.fields().iter().enumerate() {
        let name = field.name();
        let force = index == 0 && !layout.bom && name.starts_with(BOM);
        layout.put_cell(&mut text, name.as_bytes(), false, false, force, 8).map_err(|_| {
            let message = format!("the name {} {NO_QUOTES}", snippet(name.as_bytes()));
            IoError::refused(dest, message)
        })?;
        text.push(layout.sep);
    }
    text.back(1, &layout.line_end);
    Ok(text)
}

fn column_says(name: &str, reason: &str) -> String {
    format!("column '{name}': {reason}")
}

fn refused(dest: &Path, name: &str, row: u64, error: CellError) -> IoError {
    let message = match error {
        CellError::NeedsQuotes(cell) => {
            format!("the cell {} {NO_QUOTES}", snippet(&cell))
        }
        CellError::LoneNull => BLANK_LINE.to_owned(),
    };
    IoError::refused(dest, format!("row {row}, {}", column_says(name, &message)))
}
