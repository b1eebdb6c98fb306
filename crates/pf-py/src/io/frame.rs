//! Columns that NumPy owns.

use arrow::datatypes::{SchemaRef, TimeUnit};
use numpy::PyArray1;
use numpy::ndarray::ArrayView1;
use pf_io_core::frame::{Dtype, Frame, FrameColumn};
use pf_io_core::mem::{Block, Plain};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use super::table::{NativeColumn, NativeSchema};

/// The memory behind an array; nobody but that array uses it.
#[pyclass(frozen, module = "parquetframe._rustic")]
pub(crate) struct OwnedBlock {
    block: Block,
}

/// Columns for a `pandas.DataFrame`.
#[pyclass(frozen, module = "parquetframe._rustic")]
pub(crate) struct NativeFrame {
    schema: SchemaRef,
    columns: Py<PyList>,
    rows: usize,
    report: String,
}

impl NativeFrame {
    pub fn new(py: Python<'_>, frame: Frame, report: String) -> PyResult<Self> {
        let columns = PyList::empty(py);
        for (field, column) in frame.schema.fields().iter().zip(frame.columns) {
            let name = field.name().as_str();
            let tuple: Bound<'_, PyTuple> = match column {
                FrameColumn::Numpy { block, dtype } => {
                    (name, "numpy", array(py, block, dtype)?, py.None()).into_pyobject(py)?
                }
                FrameColumn::Masked { block, dtype, mask } => {
                    let (values, mask) = (array(py, block, dtype)?, array(py, mask, Dtype::Bool)?);
                    (name, "masked", values, mask).into_pyobject(py)?
                }
                FrameColumn::Arrow(chunks) => {
                    let column = Bound::new(py, NativeColumn::new(field, &chunks))?;
                    (name, "arrow", column, py.None()).into_pyobject(py)?
                }
            };
            columns.append(tuple)?;
        }
        Ok(Self { schema: frame.schema, columns: columns.unbind(), rows: frame.rows, report })
    }
}

#[pymethods]
impl NativeFrame {
    #[getter]
    fn num_rows(&self) -> usize {
        self.rows
    }

    /// What the read did, as JSON text.
    #[getter]
    fn report(&self) -> &str {
        &self.report
    }

    /// Names and Arrow types of the columns.
    #[getter]
    fn arrow_schema(&self) -> NativeSchema {
        NativeSchema(self.schema.clone())
    }

    /// `(name, kind, values, mask)` for each column.
    #[getter]
    fn columns(&self, py: Python<'_>) -> Py<PyList> {
        self.columns.clone_ref(py)
    }
}

/// A writable array over `block`.
fn array(py: Python<'_>, block: Block, dtype: Dtype) -> PyResult<Bound<'_, PyAny>> {
    Ok(match dtype {
        Dtype::Bool => owned::<u8>(py, block)?.call_method1("view", ("bool",))?,
        Dtype::Int(1) => owned::<i8>(py, block)?,
        Dtype::Int(2) => owned::<i16>(py, block)?,
        Dtype::Int(4) => owned::<i32>(py, block)?,
        Dtype::Int(_) => owned::<i64>(py, block)?,
        Dtype::UInt(1) => owned::<u8>(py, block)?,
        Dtype::UInt(2) => owned::<u16>(py, block)?,
        Dtype::UInt(4) => owned::<u32>(py, block)?,
        Dtype::UInt(_) => owned::<u64>(py, block)?,
        Dtype::Float(4) => owned::<f32>(py, block)?,
        Dtype::Float(_) => owned::<f64>(py, block)?,
        Dtype::Datetime(unit) => {
            let array = owned::<i64>(py, block)?;
            array.call_method1("view", (format!("datetime64[{}]", unit_name(unit)),))?
        }
        Dtype::Timedelta(unit) => {
            let array = owned::<i64>(py, block)?;
            array.call_method1("view", (format!("timedelta64[{}]", unit_name(unit)),))?
        }
    })
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

fn owned<T: Plain + numpy::Element>(py: Python<'_>, block: Block) -> PyResult<Bound<'_, PyAny>> {
    let owner = Bound::new(py, OwnedBlock { block })?;
    let values = owner.get().block.as_slice::<T>();
    if values.is_empty() {
        return Ok(PyArray1::<T>::zeros(py, 0, false).into_any());
    }
    // SAFETY: the slice lives as long as its owner.
    let view = unsafe { ArrayView1::from_shape_ptr(values.len(), values.as_ptr()) };
    // SAFETY: the array keeps the owner alive, and nobody else reads or writes the block.
    Ok(unsafe { PyArray1::borrow_from_array(&view, owner.into_any()) }.into_any())
}
