//! What files say of themselves.

use std::collections::BTreeMap;

use pf_io_core::parquet::{self, ParquetFooter};
use pf_io_core::{IoError, avro};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde_json::json;

use super::options::source as open;
use crate::errors;

/// The footer of a Parquet file; its parts become Python's once they are asked for.
#[pyclass(frozen, module = "parquetframe._rustic")]
pub(crate) struct NativeFooter(ParquetFooter);

#[pymethods]
impl NativeFooter {
    #[getter]
    fn rows(&self) -> u64 {
        self.0.rows()
    }

    #[getter]
    fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.names())
    }

    #[getter]
    fn created_by(&self) -> Option<&str> {
        self.0.created_by()
    }

    /// As pyarrow has it: footers tell 1 or 2, and no writer of 2 is older than 2.6.
    #[getter]
    fn version(&self) -> &'static str {
        if self.0.version() == 1 { "1.0" } else { "2.6" }
    }

    /// Sorted by key; a later pair of the same key wins, as it does in readers.
    #[getter]
    fn key_values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let pairs = self.0.key_values().iter();
        let sorted: BTreeMap<&str, &str> =
            pairs.map(|(key, value)| (key.as_str(), value.as_deref().unwrap_or(""))).collect();
        let dict = PyDict::new(py);
        for (key, value) in sorted {
            dict.set_item(key, value)?;
        }
        Ok(dict)
    }

    #[getter]
    fn footer_bytes(&self) -> u64 {
        self.0.footer_size()
    }

    #[getter]
    fn file_bytes(&self) -> u64 {
        self.0.file_size()
    }

    #[getter]
    fn has_page_index(&self) -> bool {
        self.0.has_page_index()
    }

    #[getter]
    fn has_bloom(&self) -> bool {
        self.0.has_bloom()
    }

    #[getter]
    fn num_row_groups(&self) -> usize {
        self.0.num_row_groups()
    }

    /// The arguments of `ParquetRowGroup`, a dict per row group.
    #[getter]
    fn row_groups<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let groups = self.0.row_groups().map_err(|error| errors::io_error(py, &error))?;
        let described = groups.into_iter().map(|group| {
            let sorting = group.sorting.into_iter().map(|order| {
                let dict = PyDict::new(py);
                dict.set_item(intern!(py, "column"), order.column)?;
                dict.set_item(intern!(py, "descending"), order.descending)?;
                dict.set_item(intern!(py, "nulls_first"), order.nulls_first)?;
                Ok(dict)
            });
            let sorting = sorting.collect::<PyResult<Vec<_>>>()?;
            let dict = PyDict::new(py);
            dict.set_item(intern!(py, "rows"), group.rows)?;
            dict.set_item(intern!(py, "bytes"), group.bytes)?;
            dict.set_item(intern!(py, "compressed_bytes"), group.compressed_bytes)?;
            dict.set_item(intern!(py, "sorting"), PyTuple::new(py, sorting)?)?;
            Ok(dict)
        });
        described.collect()
    }

    /// The arguments of `ParquetColumn`, a dict per leaf.
    #[getter]
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let columns = self.0.columns().map_err(|error| errors::io_error(py, &error))?;
        let described = columns.into_iter().map(|column| {
            let dict = PyDict::new(py);
            dict.set_item(intern!(py, "name"), column.name)?;
            dict.set_item(intern!(py, "path"), column.path)?;
            dict.set_item(intern!(py, "type"), column.kind)?;
            dict.set_item(intern!(py, "physical"), column.physical)?;
            dict.set_item(intern!(py, "logical"), column.logical)?;
            dict.set_item(intern!(py, "nullable"), column.nullable)?;
            dict.set_item(intern!(py, "codecs"), PyTuple::new(py, column.codecs)?)?;
            dict.set_item(intern!(py, "encodings"), PyTuple::new(py, column.encodings)?)?;
            dict.set_item(intern!(py, "compressed_bytes"), column.compressed_bytes)?;
            dict.set_item(intern!(py, "bytes"), column.bytes)?;
            Ok(dict)
        });
        described.collect()
    }
}

/// Reads and checks the footer of a Parquet file.
#[pyfunction]
pub(super) fn io_parquet_metadata(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
) -> PyResult<NativeFooter> {
    let source = open("parquet", source)?;
    let footer = py.detach(|| parquet::read_footer(&source));
    footer.map(NativeFooter).map_err(|error| errors::io_error(py, &error))
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
    let found = py
        .detach(|| parquet::read_statistics(&source, columns.as_deref()))
        .map_err(|error: IoError| errors::io_error(py, &error))?;
    serde_json::to_string(&found).map_err(|error| errors::internal(&error.to_string()))
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
