//! The columns of an answer as NumPy arrays, ids in place of vertex indices.
//!
//! On a small graph each array costs as much as its kernel, so rows are chosen and ids put in before
//! there is one: no array is made to be taken apart.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, StringArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt32Type};
use numpy::{Element, PyArray1, PyArrayMethods, PyReadonlyArray1, PyUntypedArray};
use pf_graph_core::answer::Answer;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::answers::{rows_are_vertices, valid_rows};
use super::arrays::slice;
use crate::errors;

/// Items that are copied in less time than an owner for their memory is made.
const FEW: usize = 1 << 8;

/// Ids of all vertices, nothing, and their Arrow type or None.
pub(super) type IdColumn<'py> = (Bound<'py, PyUntypedArray>, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// The ids of all vertices.
pub(super) struct Ids<'py> {
    all: Bound<'py, PyUntypedArray>,
    /// The items, if they are of the usual type.
    usual: Option<PyReadonlyArray1<'py, i64>>,
    /// Their Arrow type, or None.
    dtype: Bound<'py, PyAny>,
    /// They are the indices of the vertices.
    are_indices: bool,
}

impl<'py> Ids<'py> {
    pub fn new((all, _, dtype): IdColumn<'py>, are_indices: bool) -> Self {
        let usual = all.cast::<PyArray1<i64>>().ok();
        let usual = usual.and_then(|array| array.try_readonly().ok());
        Self { all, usual, dtype, are_indices }
    }

    /// Those of all vertices; the array itself if nobody can write to it.
    fn all(&self) -> PyResult<Bound<'py, PyAny>> {
        if self.all.getattr("flags")?.getattr("writeable")?.extract()? {
            return self.all.call_method0("copy");
        }
        Ok(self.all.clone().into_any())
    }

    /// Those of some vertices.
    fn at(&self, vertices: &[u32]) -> PyResult<Bound<'py, PyAny>> {
        let py = self.all.py();
        if let Some(ids) = &self.usual {
            if self.are_indices {
                return Ok(array(py, vertices.iter().map(|&v| i64::from(v)).collect()));
            }
            let ids = slice(ids);
            let id = |&v: &u32| ids.get(v as usize).copied().unwrap_or_default();
            return Ok(array(py, vertices.iter().map(id).collect()));
        }
        let places: Vec<i64> = vertices.iter().map(|&v| i64::from(v)).collect();
        self.all.call_method1("take", (array(py, places),))
    }
}

/// Columns by name, each an array, or values, where there is none (as bools, or None) and Arrow type.
///
/// With `ids` they stand in place of indices, and first in a column `vertex` of their own where the
/// rows are all vertices. With `reached` there are only the rows in which that column has a value.
pub(super) fn columns<'py>(
    py: Python<'py>,
    answer: Answer,
    ids: Option<&Ids<'py>>,
    reached: Option<&str>,
) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    let rows = reached.and_then(|name| valid_rows(&answer, name));
    if let Some(ids) = ids
        && rows_are_vertices(&answer)
    {
        let all = rows.as_ref().map_or_else(|| ids.all(), |rows| ids.at(rows))?;
        columns.set_item("vertex", (all, py.None(), &ids.dtype))?;
    }
    for (name, values) in answer.columns {
        columns.set_item(name, column(py, values, rows.as_deref(), ids)?)?;
    }
    Ok(columns)
}

fn column<'py>(
    py: Python<'py>,
    values: ArrayRef,
    rows: Option<&[u32]>,
    ids: Option<&Ids<'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    match (values.data_type(), ids) {
        (DataType::UInt32, Some(ids)) => {
            let (vertices, missing) = plain::<UInt32Type>(values, rows);
            let missing = missing.map(|missing| array(py, missing));
            Ok((ids.at(&vertices)?, missing, &ids.dtype).into_pyobject(py)?.into_any())
        }
        (DataType::UInt32, None) => numbers(py, plain::<UInt32Type>(values, rows)),
        (DataType::Int64, _) => numbers(py, plain::<Int64Type>(values, rows)),
        (DataType::Float64, _) => numbers(py, plain::<Float64Type>(values, rows)),
        (DataType::Utf8, _) => Ok(texts(py, values.as_string())),
        (other, _) => Err(errors::internal(&format!("a column of {other}"))),
    }
}

fn numbers<T: Element>(
    py: Python<'_>,
    (values, missing): (Vec<T>, Option<Vec<bool>>),
) -> PyResult<Bound<'_, PyAny>> {
    let values = array(py, values);
    match missing {
        None => Ok(values),
        Some(missing) => Ok((values, array(py, missing), py.None()).into_pyobject(py)?.into_any()),
    }
}

/// Values and where there is none, if there is none somewhere; of all rows without a copy, if nobody
/// else holds the values.
fn plain<T>(values: ArrayRef, rows: Option<&[u32]>) -> (Vec<T::Native>, Option<Vec<bool>>)
where
    T: ArrowPrimitiveType,
    T::Native: Element,
{
    let typed = values.as_primitive::<T>().clone();
    drop(values);
    let (_, values, nulls) = typed.into_parts();
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
    let (mut values, missing): (Vec<T::Native>, Vec<usize>) = match (rows, nulls) {
        (None, nulls) => {
            let missing = nulls.map(|nulls| (!nulls.inner()).set_indices().collect());
            (values.into(), missing.unwrap_or_default())
        }
        (Some(rows), nulls) => {
            let is_missing = |row: u32| nulls.as_ref().is_some_and(|all| all.is_null(row as usize));
            let missing = rows.iter().enumerate().filter(|(_, row)| is_missing(**row));
            let missing = missing.map(|(at, _)| at).collect();
            (rows.iter().map(|&row| values[row as usize]).collect(), missing)
        }
    };
    if missing.is_empty() {
        return (values, None);
    }
    let mut mask = vec![false; values.len()];
    for at in missing {
        mask[at] = true;
        values[at] = T::Native::default(); // no vertex, as an index, is out of bounds
    }
    (values, Some(mask))
}

/// Without a copy, unless that is cheaper.
pub(super) fn array<T: Element>(py: Python<'_>, values: Vec<T>) -> Bound<'_, PyAny> {
    if values.len() <= FEW {
        return PyArray1::from_slice(py, &values).into_any();
    }
    PyArray1::from_vec(py, values).into_any()
}

/// Text as Python objects, of which there is one for each different text.
fn texts<'py>(py: Python<'py>, values: &StringArray) -> Bound<'py, PyAny> {
    let items = values.iter().map(|text| match text {
        Some(text) => PyString::intern(py, text).into_any().unbind(),
        None => py.None(),
    });
    PyArray1::from_vec(py, items.collect()).into_any()
}
