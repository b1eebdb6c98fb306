//! Files: options in as JSON text, tables, frames and streams out.

#![expect(clippy::needless_pass_by_value, reason = "arguments of Python come by value")]

mod csv;
mod footer;
mod frame;
mod options;
mod read;
mod table;
mod write;

use pyo3::prelude::*;

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(footer::io_parquet_metadata, module)?)?;
    module.add_function(wrap_pyfunction!(footer::io_parquet_statistics, module)?)?;
    module.add_function(wrap_pyfunction!(footer::io_avro_header, module)?)?;
    module.add_function(wrap_pyfunction!(csv::io_csv_sniff, module)?)?;
    module.add_function(wrap_pyfunction!(csv::io_csv_names, module)?)?;
    module.add_function(wrap_pyfunction!(csv::io_csv_count, module)?)?;
    module.add_function(wrap_pyfunction!(csv::io_csv_scan, module)?)?;
    module.add_function(wrap_pyfunction!(write::io_write, module)?)?;
    module.add_function(wrap_pyfunction!(read::io_read, module)?)?;
    module.add_function(wrap_pyfunction!(read::io_read_pandas, module)?)?;
    module.add_function(wrap_pyfunction!(read::io_batches, module)?)?;
    module.add_function(wrap_pyfunction!(read::io_row_count, module)?)?;
    module.add_function(wrap_pyfunction!(read::io_schema, module)?)?;
    Ok(())
}
