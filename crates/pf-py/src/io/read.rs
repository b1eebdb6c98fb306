//! Reading files.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{RecordBatch, StructArray};
use arrow::datatypes::SchemaRef;
use pf_io_core::avro::{self, AvroReadOptions};
use pf_io_core::csv::CsvSettings;
use pf_io_core::parquet::{self, ReadOptions};
use pf_io_core::table::Table;
use pf_io_core::{Context, IoError, Source, frame};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use pyo3_arrow::ffi::{to_array_pycapsules, to_schema_pycapsule};
use serde_json::{Map, Value, json};

use super::csv;
use super::frame::NativeFrame;
use super::options::{Call, flag, source, work};
use super::table::{NativeSchema, NativeTable, struct_field};
use crate::token::CancellationToken;
use crate::{errors, gil};

/// The reader of a format, with its options.
enum Reader {
    Parquet(Box<ReadOptions>),
    Avro(Box<AvroReadOptions>),
    Csv(Box<CsvSettings>),
}

/// What a read has to tell, by name.
type Facts = Map<String, Value>;
pub(super) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, IoError>> + Send>;

impl Reader {
    fn new(format: &str, call: &Call) -> PyResult<Self> {
        match format {
            "parquet" => Ok(Self::Parquet(Box::new(call.rest()?))),
            "avro" => Ok(Self::Avro(Box::new(call.rest()?))),
            "csv" => Ok(Self::Csv(Box::new(call.rest_with_nulls()?))),
            other => Err(unknown(other)),
        }
    }

    /// The whole file, and what is to be told of it.
    fn read(&self, source: &Source, context: &Context) -> Result<(Table, Facts), IoError> {
        match self {
            Self::Parquet(options) => Ok((parquet::read(source, options, context)?, Facts::new())),
            Self::Csv(settings) => {
                let options = settings.options(source.path())?;
                let found = pf_io_core::csv::read(source, &options, context)?;
                Ok((found.table, csv::facts(&found.report)))
            }
            Self::Avro(options) => {
                let (schema, batches, report) = avro::read_reported(source, options, context)?;
                let blocks = report.blocks as usize;
                let rejects = report.rejects.iter().map(|reject| {
                    json!({
                        "block": reject.block,
                        "offset": reject.offset,
                        "bytes": reject.bytes,
                        "records": reject.records,
                        "reason": reject.reason,
                    })
                });
                let rejects = Value::Array(rejects.collect());
                let facts = Facts::from_iter([("rejects".to_owned(), rejects)]);
                Ok((Table::of_batches(schema, &batches, (blocks, blocks)), facts))
            }
        }
    }

    fn stream(&self, source: &Source, context: &Context) -> Result<(SchemaRef, Batches), IoError> {
        match self {
            Self::Parquet(options) => {
                let stream = parquet::stream(source, options, context)?;
                Ok((stream.schema(), Box::new(stream)))
            }
            Self::Avro(options) => {
                let stream = avro::stream(source, options, context)?;
                Ok((stream.schema(), Box::new(stream)))
            }
            Self::Csv(_) => Err(elsewhere(source)),
        }
    }

    fn schema(&self, source: &Source) -> Result<SchemaRef, IoError> {
        match self {
            Self::Parquet(options) => parquet::schema(source, options),
            Self::Avro(options) => avro::schema(source, options),
            Self::Csv(_) => Err(elsewhere(source)),
        }
    }
}

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
    let (source, reader) = (only(format, &sources)?, Reader::new(format, &call)?);
    let (table, facts) = work(py, &context, progress, || reader.read(&source, &context))?;
    let report = report(&source, &context, &table, facts);
    let rows = table.rows;
    let (schema, columns, _) = table.into_arrays();
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
    let (source, reader) = (only(format, &sources)?, Reader::new(format, &call)?);
    let (frame, report) = work(py, &context, progress, || {
        let (table, facts) = reader.read(&source, &context)?;
        let report = report(&source, &context, &table, facts);
        Ok((frame::frame(table, call.frame, &context)?, report))
    })?;
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
    let (source, reader) = (only(format, &sources)?, Reader::new(format, &call)?);
    let opened = py.detach(|| reader.stream(&source, &context));
    let (schema, batches) = opened.map_err(|error| errors::io_error(py, &error))?;
    Ok(NativeStream::new(schema, cancel, batches))
}

/// Rows of all files together, without decoding a value.
#[pyfunction]
pub(super) fn io_row_count(
    py: Python<'_>,
    format: &str,
    sources: Vec<Bound<'_, PyAny>>,
) -> PyResult<u64> {
    let mut rows = 0_u64;
    for object in &sources {
        let source = source(format, object)?;
        let counted = match format {
            "parquet" => py.detach(|| Ok(parquet::read_metadata_fast(&source)?.rows)),
            "avro" => py.detach(|| avro::count(&source)),
            other => return Err(unknown(other)),
        };
        rows = rows.saturating_add(counted.map_err(|error| errors::io_error(py, &error))?);
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
    let (source, reader) = (only(format, &sources)?, Reader::new(format, &call)?);
    let schema = py.detach(|| reader.schema(&source));
    schema.map(NativeSchema).map_err(|error| errors::io_error(py, &error))
}

pub(super) fn unknown(format: &str) -> PyErr {
    errors::internal(&format!("no reader or writer for '{format}'"))
}

/// Types of a CSV file take a pass over it, which `io_csv_scan` keeps.
fn elsewhere(source: &Source) -> IoError {
    let message = "CSV is read batch by batch through a scan".to_owned();
    IoError::Unsupported { path: source.path().to_path_buf(), message }
}

fn only(format: &str, sources: &[Bound<'_, PyAny>]) -> PyResult<Source> {
    match sources {
        [one] => source(format, one),
        _ => Err(errors::internal("one source at a time")),
    }
}

fn report(source: &Source, context: &Context, table: &Table, facts: Facts) -> String {
    let mut report = json!({
        "rows": table.rows,
        "bytes": source.size(),
        "threads": context.threads(),
        "peak_bytes": context.budget().peak(),
        "row_groups": table.parts.1,
        "row_groups_read": table.parts.0,
    });
    if let Some(report) = report.as_object_mut() {
        report.extend(facts);
    }
    report.to_string()
}

/// Batches, one at a time.
#[pyclass(frozen, module = "parquetframe._rustic")]
pub(crate) struct NativeStream {
    schema: SchemaRef,
    cancel: Arc<AtomicBool>,
    batches: Mutex<Option<Batches>>,
}

impl NativeStream {
    pub(super) fn new(schema: SchemaRef, cancel: Arc<AtomicBool>, batches: Batches) -> Self {
        Self { schema, cancel, batches: Mutex::new(Some(batches)) }
    }
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
            let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
            batches.as_mut().and_then(Iterator::next).transpose()
        };
        let batch = gil::enter_ticking(py, &self.cancel, next, |_| Ok(()))?;
        let batch = batch.map_err(|error| errors::io_error(py, &error))?;
        Ok(batch.map(NativeBatch))
    }

    /// Lets go of the file and of what is decoded.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.batches.lock().unwrap_or_else(PoisonError::into_inner).take());
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
