//! Plans cross the border as JSON text: Python writes it, serde reads it.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::errors;

/// Reads a Python value of plain data. What JSON cannot hold (arguments of Python functions, which
/// are passed on as they are) becomes its text.
pub(crate) fn from_python<T: DeserializeOwned>(value: &Bound<'_, PyAny>) -> PyResult<T> {
    let py = value.py();
    let options = PyDict::new(py);
    options.set_item("default", py.import("builtins")?.getattr("repr")?)?;
    let text: String =
        py.import("json")?.call_method("dumps", (value,), Some(&options))?.extract()?;
    serde_json::from_str(&text).map_err(|error| errors::validation(&error.to_string()))
}

/// A Python value of JSON data.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (value.to_string(),))
}
