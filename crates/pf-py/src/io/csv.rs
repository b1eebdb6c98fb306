//! CSV: what a read tells, and the dialect of a file.

use std::sync::Arc;

use pf_io_core::csv::{
    CsvAsk, CsvReport, CsvScan, CsvSettings, SniffSettings, contents, count, sniff_source,
};
use pf_io_core::parquet::predicate::Predicate;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::ffi::to_schema_pycapsule;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::options::{Call, flag, source, work};
use super::read::NativeStream;
use crate::errors;
use crate::token::CancellationToken;

/// The report of a read by the names that Python knows.
pub(super) fn facts(report: &CsvReport) -> Map<String, Value> {
    let types = report.types.iter().map(|(name, data_type, reason)| {
        (name.clone(), json!({ "type": data_type, "reason": reason }))
    });
    let rejects = report.rejects.iter().map(|reject| {
        json!({
            "line": reject.line,
            "record": reject.record,
            "byte_offset": reject.byte,
            "column": reject.column,
            "reason": reject.reason,
            "raw": String::from_utf8_lossy(&reject.raw),
        })
    });
    let rejects: Vec<Value> = rejects.collect();
    Map::from_iter([
        ("types".to_owned(), Value::Object(types.collect())),
        ("rejects".to_owned(), Value::Array(rejects)),
        ("blank_lines".to_owned(), report.blank_lines.into()),
        ("anomalies".to_owned(), report.anomalies.into()),
        ("warnings".to_owned(), report.notes.clone().into()),
        ("ambiguous".to_owned(), report.ambiguous.clone().into()),
        ("separator".to_owned(), char::from(report.separator).to_string().into()),
    ])
}

/// The dialect of a file as JSON text.
#[pyfunction]
pub(super) fn io_csv_sniff(
    py: Python<'_>,
    file: &Bound<'_, PyAny>,
    options: &str,
) -> PyResult<String> {
    let call = Call::read(options)?;
    let settings: SniffSettings = call.rest_with_nulls()?;
    let context = call.context(py, flag(None))?;
    let source = source("csv", file)?;
    let found = work(py, &context, None, || sniff_source(&source, &settings, &context))?;
    serde_json::to_string(&found).map_err(|error| errors::internal(&error.to_string()))
}

/// Names of the columns of a file.
#[pyfunction]
pub(super) fn io_csv_names(
    py: Python<'_>,
    file: &Bound<'_, PyAny>,
    options: &str,
) -> PyResult<Vec<String>> {
    let call = Call::read(options)?;
    let settings: CsvSettings = call.rest_with_nulls()?;
    let context = call.context(py, flag(None))?;
    let source = source("csv", file)?;
    let look = || Ok(contents(&source, &settings.options(source.path())?, &context)?.names);
    work(py, &context, None, look)
}

/// Rows that a read of a file would give.
#[pyfunction]
#[pyo3(signature = (file, options, token = None))]
pub(super) fn io_csv_count(
    py: Python<'_>,
    file: &Bound<'_, PyAny>,
    options: &str,
    token: Option<&Bound<'_, CancellationToken>>,
) -> PyResult<u64> {
    let call = Call::read(options)?;
    let settings: CsvSettings = call.rest_with_nulls()?;
    let context = call.context(py, flag(token))?;
    let source = source("csv", file)?;
    work(py, &context, None, || count(&source, &settings.options(source.path())?, &context))
}

/// Finds the columns and types of a file.
#[pyfunction]
#[pyo3(signature = (file, options, token = None))]
pub(super) fn io_csv_scan(
    py: Python<'_>,
    file: &Bound<'_, PyAny>,
    options: &str,
    token: Option<&Bound<'_, CancellationToken>>,
) -> PyResult<NativeCsvScan> {
    let call = Call::read(options)?;
    let settings: CsvSettings = call.rest_with_nulls()?;
    let context = call.context(py, flag(token))?;
    let source = source("csv", file)?;
    let open = || CsvScan::open(source.clone(), &settings.options(source.path())?, &context);
    work(py, &context, None, open).map(NativeCsvScan)
}

/// A file whose columns and types are known.
#[pyclass(frozen, module = "parquetframe._rustic")]
pub(crate) struct NativeCsvScan(CsvScan);

/// Which rows and columns of a scan.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    #[serde(default)]
    columns: Option<Vec<String>>,
    #[serde(default)]
    predicate: Option<Predicate>,
    #[serde(default)]
    n_rows: Option<u64>,
    batch_rows: usize,
}

#[pymethods]
impl NativeCsvScan {
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.0.schema().as_ref())?)
    }

    /// What was noticed, as JSON text.
    #[getter]
    fn report(&self) -> String {
        Value::Object(facts(self.0.report())).to_string()
    }

    /// The rows for which a predicate holds, batch by batch.
    #[pyo3(signature = (options, token = None))]
    fn batches(
        &self,
        py: Python<'_>,
        options: &str,
        token: Option<&Bound<'_, CancellationToken>>,
    ) -> PyResult<NativeStream> {
        let call = Call::read(options)?;
        let ask: Ask = call.rest()?;
        let cancel = flag(token);
        let context = call.context(py, Arc::clone(&cancel))?;
        let schema = self.0.schema();
        let place = |name: &String| schema.index_of(name);
        let columns =
            ask.columns.map(|names| names.iter().map(place).collect::<Result<Vec<_>, _>>());
        let columns = columns.transpose().map_err(|error| errors::internal(&error.to_string()))?;
        let asked = CsvAsk {
            columns,
            predicate: ask.predicate,
            limit: ask.n_rows,
            batch_rows: ask.batch_rows,
            ..CsvAsk::default()
        };
        let batches = py.detach(|| self.0.batches(None, asked, context));
        Ok(NativeStream::new(batches.schema(), cancel, Box::new(batches)))
    }
}
