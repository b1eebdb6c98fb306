//! What files say of themselves.

use pf_io_core::{IoError, avro, parquet};
use pyo3::prelude::*;
use serde::Serialize;
use serde_json::json;

use super::options::source as open;
use crate::errors;

/// The footer of a Parquet file, as JSON text.
#[pyfunction]
pub(super) fn io_parquet_metadata(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<String> {
    let source = open("parquet", source)?;
    told(py, &py.detach(|| parquet::read_metadata(&source)))
}

/// Bounds and counts of its columns, merged over all row groups, as JSON text.
#[pyfunction]
#[pyo3(signature = (source, columns = None))]
pub(super) fn io_parquet_statistics(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    columns: Option<Vec<String>>,
) -> PyResult<String> {
    let source = open("parquet", source)?;
    told(py, &py.detach(|| parquet::read_statistics(&source, columns.as_deref())))
}

/// Schema, codec and metadata of an Avro file, as JSON text.
#[pyfunction]
pub(super) fn io_avro_header(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<String> {
    let source = open("avro", source)?;
    let header =
        py.detach(|| avro::header(&source)).map_err(|error| errors::io_error(py, &error))?;
    let metadata: serde_json::Map<String, serde_json::Value> = header
        .metadata
        .iter()
        .map(|(key, value)| (key.clone(), json!(String::from_utf8_lossy(value.as_ref()))))
        .collect();
    Ok(json!({ "schema": header.schema, "codec": header.codec, "metadata": metadata }).to_string())
}

fn told<T: Serialize>(py: Python<'_>, found: &Result<T, IoError>) -> PyResult<String> {
    match found {
        Ok(found) => {
            serde_json::to_string(found).map_err(|error| errors::internal(&error.to_string()))
        }
        Err(error) => Err(errors::io_error(py, error)),
    }
}
