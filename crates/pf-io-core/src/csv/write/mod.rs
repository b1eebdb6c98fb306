//! Batches into delimited text that reads back to the same values.
//!
//! Null is the bare `null` text; any other cell with that text is quoted, and so is the empty
//! string, so that the two stay apart. Floats are the shortest text that reads back to the same
//! bits. Dates and times are ISO 8601; timestamps with a zone have its offset if that never
//! changes, else they are in UTC with a `Z`.
//!
//! Rows are gathered into slabs of bounded text. While the slabs of one turn are printed, and the
//! texts of the turn before are packed, on the threads of the context, the calling thread writes
//! what is finished, in order. The bytes of the file depend on the rows and options alone.

mod cells;
mod float;
mod float_format;
mod number;
mod options;
mod pack;
mod quote;
mod rows;
mod spell;
mod strftime;
mod text;
mod time;
mod writer;

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

pub use options::CsvWriteOptions;
pub use writer::CsvWriter;

use crate::sink::AtomicFile;
use crate::writer::WriteReport;
use crate::{Context, Result};

/// Writes `batches`, all of `schema`, to `dest`.
///
/// With `atomic` the destination is the old one until the new one is complete, and stays the old
/// one after any error. Without, and for FIFOs and devices, bytes go straight to `dest`.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use arrow::array::{ArrayRef, Float64Array, RecordBatch};
/// use pf_io_core::{Context, csv::write::{CsvWriteOptions, write}};
///
/// let values: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.1), None, Some(1e23)]));
/// let batch = RecordBatch::try_from_iter([("x", values)])?;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.csv");
/// let options = CsvWriteOptions { null: "NA".to_owned(), ..Default::default() };
/// let ctx = Context::new(2, None, Arc::default())?;
///
/// let report = write(std::iter::once(Ok(batch.clone())), &batch.schema(), &path, &options, &ctx)?;
/// assert_eq!(report.rows, 3);
/// assert_eq!(std::fs::read_to_string(&path)?, "x\n0.1\nNA\n1e+23\n");
/// # Ok(()) }
/// ```
pub fn write(
    batches: impl Iterator<Item = Result<RecordBatch>>,
    schema: &SchemaRef,
    dest: &Path,
    options: &CsvWriteOptions,
    ctx: &Context,
) -> Result<WriteReport> {
    // Everything that can be refused is refused before a file is made.
    check(dest, schema, options)?;
    let sink = AtomicFile::create_with(dest, options.sink())?;
    let mut writer = CsvWriter::new(sink, dest, schema, options, ctx)?;
    for batch in batches {
        ctx.check()?;
        writer.write(&batch?)?;
    }
    let rows = writer.rows();
    let sink = writer.finish()?;
    ctx.check()?;
    let (bytes, checksum) = sink.commit()?;
    Ok(WriteReport { path: dest.to_path_buf(), rows, bytes, files: 1, checksum })
}

/// Fails if a table of `schema` cannot be written as `options` say.
pub fn check(dest: &Path, schema: &SchemaRef, options: &CsvWriteOptions) -> Result<()> {
    let layout = options.layout(dest)?;
    writer::check_schema(dest, schema, &layout)
}
