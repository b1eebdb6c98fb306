//! Arrays and record batches for Arrow's C interface.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StructArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Fields};
use arrow::error::ArrowError;
use pf_graph_core::answer::Answer;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use pyo3_arrow::ffi::{to_array_pycapsules, to_schema_pycapsule};

use crate::errors;

/// One array.
#[pyclass(frozen, module = "parquetframe._rustic")]
pub(crate) struct NativeArray(ArrayRef);

impl NativeArray {
    /// Text and binary views come as large strings, which older readers know too.
    pub fn new(array: &ArrayRef) -> PyResult<Self> {
        plain(array).map(Self).map_err(|error| internal(&error))
    }

    /// Some items of an array.
    pub fn taken(array: &ArrayRef, indices: &[u32]) -> PyResult<Self> {
        let indices = UInt32Array::from(indices.to_vec());
        Self::new(&take(array, &indices, None).map_err(|error| internal(&error))?)
    }

    /// The columns of an answer as one struct.
    pub fn batch(answer: Answer) -> PyResult<Self> {
        let names = answer.columns.iter();
        let fields: Fields = names
            .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
            .collect();
        let columns: Vec<ArrayRef> = answer.columns.into_iter().map(|column| column.1).collect();
        if columns.is_empty() {
            return Ok(Self(Arc::new(StructArray::new_empty_fields(0, None))));
        }
        let batch =
            StructArray::try_new(fields, columns, None).map_err(|error| internal(&error))?;
        Ok(Self(Arc::new(batch)))
    }
}

/// The array in a type that all readers know.
pub(super) fn plain(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Utf8View => cast(array, &DataType::LargeUtf8),
        DataType::BinaryView => cast(array, &DataType::LargeBinary),
        _ => Ok(Arc::clone(array)),
    }
}

pub(super) fn internal(error: &ArrowError) -> PyErr {
    errors::internal(&error.to_string())
}

#[pymethods]
impl NativeArray {
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.0.data_type())?)
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let field = Field::new("", self.0.data_type().clone(), self.0.null_count() > 0);
        Ok(to_array_pycapsules(py, Arc::new(field), &self.0, requested_schema)?)
    }
}
