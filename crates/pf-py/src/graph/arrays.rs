//! NumPy arrays of callers as slices and vectors.

use std::borrow::Cow;

use numpy::{Element, PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;

/// The items in place if they lie side by side, else a copy.
pub(super) fn slice<'a, T: Element + Copy>(array: &'a PyReadonlyArray1<'_, T>) -> Cow<'a, [T]> {
    match array.as_slice() {
        Ok(items) => Cow::Borrowed(items),
        Err(_) => Cow::Owned(array.as_array().to_vec()),
    }
}

/// A copy, which nobody else writes to.
pub(super) fn copied<T: Element + Copy>(array: &PyReadonlyArray1<'_, T>) -> Vec<T> {
    slice(array).into_owned()
}

/// A list of vertices, or numbers for all of them.
pub(super) enum Vector {
    Vertices(Vec<u32>),
    Floats(Vec<f64>),
}

impl Vector {
    /// A copy of a NumPy array of `uint32` or `float64`.
    pub fn read(array: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(vertices) = array.cast::<PyArray1<u32>>() {
            return Ok(Self::Vertices(copied(&vertices.try_readonly()?)));
        }
        let floats: PyReadonlyArray1<'_, f64> = array.extract()?;
        Ok(Self::Floats(copied(&floats)))
    }
}
