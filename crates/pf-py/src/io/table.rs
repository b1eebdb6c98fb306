//! Tables and schemas for Arrow's C interface.
//!
//! Everything here is in memory already, so its streams cannot fail on the way.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, FieldRef, SchemaRef};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::ffi::{ArrayIterator, to_schema_pycapsule, to_stream_pycapsule};

use crate::errors;

/// A table whose columns may be cut into chunks in different ways.
#[pyclass(frozen, module = "parquetframe._rustic")]
pub(crate) struct NativeTable {
    schema: SchemaRef,
    columns: Vec<Vec<ArrayRef>>,
    rows: usize,
    report: String,
}

impl NativeTable {
    pub fn new(
        schema: SchemaRef,
        columns: Vec<Vec<ArrayRef>>,
        rows: usize,
        report: String,
    ) -> Self {
        Self { schema, columns, rows, report }
    }

    /// Batches at whose edges no chunk of any column is cut.
    fn batches(&self) -> PyResult<Vec<RecordBatch>> {
        let mut edges: Vec<usize> = vec![0, self.rows];
        for chunks in &self.columns {
            let mut at = 0;
            for chunk in chunks {
                at += chunk.len();
                edges.push(at);
            }
        }
        edges.sort_unstable();
        edges.dedup();
        let mut cursors = vec![(0, 0); self.columns.len()];
        let mut batches = Vec::with_capacity(edges.len());
        for pair in edges.windows(2) {
            let rows = pair[1] - pair[0];
            let mut arrays = Vec::with_capacity(self.columns.len());
            for (chunks, (chunk, offset)) in self.columns.iter().zip(&mut cursors) {
                while chunks.get(*chunk).is_some_and(|array| array.len() == *offset) {
                    (*chunk, *offset) = (*chunk + 1, 0);
                }
                let array = chunks.get(*chunk).filter(|array| array.len() - *offset >= rows);
                let array = array.ok_or_else(|| errors::internal("columns of unequal length"))?;
                arrays.push(array.slice(*offset, rows));
                *offset += rows;
            }
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let batch =
                RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options);
            batches.push(batch.map_err(|error| errors::internal(&error.to_string()))?);
        }
        Ok(batches)
    }
}

#[pymethods]
impl NativeTable {
    #[getter]
    fn num_rows(&self) -> usize {
        self.rows
    }

    #[getter]
    fn num_columns(&self) -> usize {
        self.columns.len()
    }

    /// What the read did, as JSON text.
    #[getter]
    fn report(&self) -> &str {
        &self.report
    }

    /// One column, in its own chunks.
    fn column(&self, index: usize) -> PyResult<NativeColumn> {
        match (self.schema.fields().get(index), self.columns.get(index)) {
            (Some(field), Some(chunks)) => Ok(NativeColumn::new(field, chunks)),
            _ => Err(PyIndexError::new_err(format!("no column {index}"))),
        }
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.schema.as_ref())?)
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let batches = self.batches()?;
        let field = struct_field(&self.schema);
        let arrays = batches.into_iter().map(|batch| {
            let array: ArrayRef = Arc::new(arrow::array::StructArray::from(batch));
            Ok(array)
        });
        let arrays = ArrayIterator::new(arrays.collect::<Vec<_>>(), field);
        Ok(to_stream_pycapsule(py, Box::new(arrays), requested_schema)?)
    }
}

/// A schema as the one field of a stream of batches.
pub(super) fn struct_field(schema: &SchemaRef) -> FieldRef {
    let field = Field::new("", DataType::Struct(schema.fields().clone()), false);
    Arc::new(field.with_metadata(schema.metadata().clone()))
}

/// One column of a table.
#[pyclass(frozen, module = "parquetframe._rustic")]
pub(crate) struct NativeColumn {
    field: FieldRef,
    chunks: Vec<ArrayRef>,
}

impl NativeColumn {
    pub fn new(field: &FieldRef, chunks: &[ArrayRef]) -> Self {
        Self { field: Arc::clone(field), chunks: chunks.to_vec() }
    }
}

#[pymethods]
impl NativeColumn {
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.field.as_ref())?)
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let chunks: Vec<_> = self.chunks.iter().map(|chunk| Ok(Arc::clone(chunk))).collect();
        let arrays = ArrayIterator::new(chunks, Arc::clone(&self.field));
        Ok(to_stream_pycapsule(py, Box::new(arrays), requested_schema)?)
    }
}

/// Names and types of a file.
#[pyclass(frozen, module = "parquetframe._rustic")]
pub(crate) struct NativeSchema(pub SchemaRef);

#[pymethods]
impl NativeSchema {
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.0.as_ref())?)
    }
}
