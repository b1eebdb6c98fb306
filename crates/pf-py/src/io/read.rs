//! Reading files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use arrow::array::{RecordBatch, StructArray};
use arrow::datatypes::SchemaRef;
use pf_io_core::parquet::{self, ParquetStream, ReadOptions};
use pf_io_core::{Context, IoError, Source, frame};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use pyo3_arrow::ffi::{to_array_pycapsules, to_schema_pycapsule};
use serde_json::json;

use super::frame::NativeFrame;
use super::options::{Call, flag, source};
use super::table::{NativeSchema, NativeTable, struct_field};
use crate::token::CancellationToken;
use crate::{errors, gil};

/// Calls of `progress` are at least this many ticks of 50 ms apart.
const TICKS: u32 = 2;

/// Reads one file as a table.
#[pyfunction]
#[pyo3(signature = (format, sources, options, token = None, progress = None))]
pub(super) fn io_read(
    py: Python<'_>,
    format: &str,
    sources: Vec<Bound<'_, PyAny>>,
    options: &str,
    token: Option<&Bound<'_, CancellationToken>>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<NativeTable> {
    let call = Call::read(options)?;
    let context = call.context(py, flag(token))?;
    let source = only(py, &sources)?;
    let own: ReadOptions = parquet_options(format, &call)?;
    let (schema, columns, rows, groups) = work(py, &context, progress, || {
        let table = parquet::read(&source, &own, &context)?;
        let (rows, groups) = (table.rows, table.row_groups);
        let (schema, columns, _) = table.into_arrays();
        Ok((schema, columns, rows, groups))
    })?;
    let report = report(&source, &context, rows, groups);
    Ok(NativeTable::new(schema, columns, rows, report))
}

/// Reads one file as columns for pandas.
#[pyfunction]
#[pyo3(signature = (format, sources, options, token = None, progress = None))]
pub(super) fn io_read_pandas(
    py: Python<'_>,
    format: &str,
    sources: Vec<Bound<'_, PyAny>>,
    options: &str,
    token: Option<&Bound<'_, CancellationToken>>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<NativeFrame> {
    let call = Call::read(options)?;
    let context = call.context(py, flag(token))?;
    let source = only(py, &sources)?;
    let own: ReadOptions = parquet_options(format, &call)?;
    let (frame, groups) = work(py, &context, progress, || {
        let table = parquet::read(&source, &own, &context)?;
        let groups = table.row_groups;
        Ok((frame::frame(table, call.frame, &context)?, groups))
    })?;
    let report = report(&source, &context, frame.rows, groups);
    NativeFrame::new(py, frame, report)
}

/// Reads one file batch by batch.
#[pyfunction]
#[pyo3(signature = (format, sources, options, token = None))]
pub(super) fn io_batches(
    py: Python<'_>,
    format: &str,
    sources: Vec<Bound<'_, PyAny>>,
    options: &str,
    token: Option<&Bound<'_, CancellationToken>>,
) -> PyResult<NativeStream> {
    let call = Call::read(options)?;
    let cancel = flag(token);
    let context = call.context(py, Arc::clone(&cancel))?;
    let source = only(py, &sources)?;
    let own: ReadOptions = parquet_options(format, &call)?;
    let stream = py.detach(|| parquet::stream(&source, &own, &context));
    let stream = stream.map_err(|error| errors::io_error(py, &error))?;
    Ok(NativeStream { schema: stream.schema(), cancel, stream: Mutex::new(Some(stream)) })
}

/// Rows of all files together.
#[pyfunction]
pub(super) fn io_row_count(
    py: Python<'_>,
    format: &str,
    sources: Vec<Bound<'_, PyAny>>,
) -> PyResult<u64> {
    let mut rows = 0_u64;
    for object in &sources {
        let source = source(object)?;
        rows += match format {
            "parquet" => py.detach(|| parquet::count(&source)),
            other => return Err(unknown(other)),
        }
        .map_err(|error| errors::io_error(py, &error))?;
    }
    Ok(rows)
}

/// Names and types of one file.
#[pyfunction]
pub(super) fn io_schema(
    py: Python<'_>,
    format: &str,
    sources: Vec<Bound<'_, PyAny>>,
    options: &str,
) -> PyResult<NativeSchema> {
    let call = Call::read(options)?;
    let own: ReadOptions = parquet_options(format, &call)?;
    let source = only(py, &sources)?;
    let schema = py.detach(|| parquet::schema(&source, &own));
    schema.map(NativeSchema).map_err(|error| errors::io_error(py, &error))
}

fn parquet_options(format: &str, call: &Call) -> PyResult<ReadOptions> {
    if format == "parquet" { call.rest() } else { Err(unknown(format)) }
}

fn unknown(format: &str) -> PyErr {
    errors::internal(&format!("no reader for '{format}'"))
}

fn only(py: Python<'_>, sources: &[Bound<'_, PyAny>]) -> PyResult<Source> {
    match sources {
        [one] => source(one),
        _ => {
            let _ = py;
            Err(errors::internal("one source at a time"))
        }
    }
}

/// Runs `read` without the interpreter; reports progress and hears Ctrl-C meanwhile.
fn work<T: Send>(
    py: Python<'_>,
    context: &Context,
    progress: Option<&Bound<'_, PyAny>>,
    read: impl FnOnce() -> Result<T, IoError> + Send,
) -> PyResult<T> {
    let mut ticks = 0;
    let tell = |callable: &Bound<'_, PyAny>| -> PyResult<()> {
        let progress = context.progress();
        let done = progress.done_bytes.load(Ordering::Relaxed);
        let total = progress.total_bytes.load(Ordering::Relaxed);
        let rows = progress.rows.load(Ordering::Relaxed);
        callable.call1((done, (total > 0).then_some(total), rows)).map(|_| ())
    };
    let done = gil::enter_ticking(py, context.cancel(), read, |_| {
        ticks += 1;
        match progress {
            Some(callable) if ticks % TICKS == 0 => tell(callable),
            _ => Ok(()),
        }
    })?;
    let done = done.map_err(|error| errors::io_error(py, &error))?;
    if let Some(callable) = progress {
        tell(callable)?;
    }
    Ok(done)
}

fn report(source: &Source, context: &Context, rows: usize, groups: (usize, usize)) -> String {
    json!({
        "rows": rows,
        "bytes": source.size(),
        "threads": context.threads(),
        "peak_bytes": context.budget().peak(),
        "row_groups": groups.1,
        "row_groups_read": groups.0,
    })
    .to_string()
}

/// Batches, one at a time.
#[pyclass(frozen, module = "parquetframe._rustic")]
pub(crate) struct NativeStream {
    schema: SchemaRef,
    cancel: Arc<AtomicBool>,
    stream: Mutex<Option<ParquetStream>>,
}

#[pymethods]
impl NativeStream {
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.schema.as_ref())?)
    }

    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<NativeBatch>> {
        let next = || {
            let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
            stream.as_mut().and_then(Iterator::next).transpose()
        };
        let batch = gil::enter_ticking(py, &self.cancel, next, |_| Ok(()))?;
        let batch = batch.map_err(|error| errors::io_error(py, &error))?;
        Ok(batch.map(NativeBatch))
    }

    /// Lets go of the file and of what is decoded.
    fn close(&self, py: Python<'_>) {
        py.detach(|| {
            self.stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        });
    }
}

/// One batch.
#[pyclass(frozen, module = "parquetframe._rustic")]
pub(crate) struct NativeBatch(RecordBatch);

#[pymethods]
impl NativeBatch {
    #[getter]
    fn num_rows(&self) -> usize {
        self.0.num_rows()
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.0.schema_ref().as_ref())?)
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let field = struct_field(&self.0.schema());
        let array = StructArray::from(self.0.clone());
        Ok(to_array_pycapsules(py, field, &array, requested_schema)?)
    }
}
