//! Rust errors as the classes of `parquetframe.errors`: what every module needs.

use pf_io_core::IoError;
use pyo3::import_exception;
use pyo3::prelude::*;
use pyo3::types::PyDict;

import_exception!(parquetframe.errors, InternalError);
import_exception!(parquetframe.errors, ValidationError);

/// A defect of ours.
pub(crate) fn internal(message: &str) -> PyErr {
    InternalError::new_err(message.to_owned())
}

/// A plan that does not have the canonical form.
#[cfg(feature = "engine")]
pub(crate) fn validation(message: &str) -> PyErr {
    ValidationError::new_err(message.to_owned())
}

/// An error of pf-io-core as its Python exception, with its facts as attributes.
pub(crate) fn io_error(py: Python<'_>, error: &IoError) -> PyErr {
    let raised = || -> PyResult<PyErr> {
        let facts = PyDict::new(py);
        if let Some(path) = error.path().filter(|path| !path.as_os_str().is_empty()) {
            facts.set_item("path", path.to_string_lossy().as_ref())?;
        }
        if let Some(hint) = error.hint() {
            facts.set_item("hint", hint)?;
        }
        if let Some(column) = error.column().filter(|column| !column.is_empty()) {
            facts.set_item("column", column)?;
        }
        if let Some(line) = error.line() {
            facts.set_item("line", line)?;
        }
        if let Some(record) = error.record() {
            facts.set_item("row", record)?;
            facts.set_item("record", record)?;
        }
        if let Some(byte) = error.byte() {
            facts.set_item("byte", byte)?;
        }
        if let Some(block) = error.block() {
            facts.set_item("block", block)?;
        }
        if let IoError::Dialect { candidates, .. } = error {
            facts.set_item("candidates", candidates.clone())?;
        }
        if let Some(number) = error.os_error().and_then(std::io::Error::raw_os_error) {
            facts.set_item("errno", number)?;
        }
        let class = py.import("parquetframe.errors")?.getattr(class_of(error))?;
        Ok(PyErr::from_value(class.call((error.to_string(),), Some(&facts))?))
    };
    raised().unwrap_or_else(|other| other)
}

fn class_of(error: &IoError) -> &'static str {
    match error {
        IoError::NotFound { .. } | IoError::NoDataFiles { .. } => "SourceNotFound",
        IoError::Parquet { .. } => "ParquetError",
        IoError::Csv { .. } => "CsvError",
        IoError::Dialect { .. } => "AmbiguousDialect",
        IoError::Avro { .. } => "AvroError",
        IoError::Schema { .. } => "SchemaError",
        IoError::Limit { .. } => "LimitExceeded",
        IoError::Write { .. } => "WriteError",
        IoError::Exists { .. } => "DestinationExists",
        IoError::Unsupported { .. } => "UnsupportedFeature",
        IoError::Cancelled => "Cancelled",
        _ => "IoError",
    }
}
