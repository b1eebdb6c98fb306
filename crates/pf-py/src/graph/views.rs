//! Read-only NumPy views of Rust memory.

use numpy::ndarray::ArrayView1;
use numpy::{Element, PyArray1};
use pf_graph_core::Csr;
use pyo3::prelude::*;

/// An array over memory that `owner` holds and nobody writes to.
pub(super) fn view<'py, T: Element>(
    owner: &Bound<'py, PyAny>,
    values: &[T],
) -> PyResult<Bound<'py, PyAny>> {
    let py = owner.py();
    let array = if values.is_empty() {
        PyArray1::<T>::zeros(py, 0, false)
    } else {
        // SAFETY: the slice belongs to `owner`, which does not change or free it while it lives.
        let values = unsafe { ArrayView1::from_shape_ptr(values.len(), values.as_ptr()) };
        // SAFETY: the array keeps `owner` alive. Saves a copy of all arcs.
        unsafe { PyArray1::borrow_from_array(&values, owner.clone()) }
    };
    array.call_method1("setflags", (false,))?;
    Ok(array.into_any())
}

/// Offsets as `int64`, which hold any number of arcs that memory can.
pub(super) fn offsets<'py>(
    owner: &Bound<'py, PyAny>,
    values: &[u64],
) -> PyResult<Bound<'py, PyAny>> {
    view(owner, values)?.call_method1("view", ("int64",))
}

/// A new array of the vector, seen as another type of the same width.
pub(super) fn owned<'py, T: Element>(
    py: Python<'py>,
    values: Vec<T>,
    dtype: &str,
) -> PyResult<Bound<'py, PyAny>> {
    PyArray1::from_vec(py, values).call_method1("view", (dtype,))
}

/// Offsets, indices, weights, edge ids.
pub(super) type Rows<'py> =
    (Bound<'py, PyAny>, Bound<'py, PyAny>, Option<Bound<'py, PyAny>>, Bound<'py, PyAny>);

/// Views that keep the graph alive.
pub(super) fn rows<'py>(owner: &Bound<'py, PyAny>, rows: &Csr, ids: &[i64]) -> PyResult<Rows<'py>> {
    let weights = rows.weights().map(|weights| view(owner, weights)).transpose()?;
    let offsets = offsets(owner, rows.offsets())?;
    Ok((offsets, view(owner, rows.targets())?, weights, view(owner, ids)?))
}
