//! Short columns of plain values, as Python, NumPy or Arrow have them, as Arrow arrays.
//!
//! A table of ten edges needs more calls than edges on its way through Arrow's stream. Here its
//! columns are read in place, and nothing is judged: whatever is not plain at first sight (a mix of
//! types, a null, an integer of more than 64 bits, an array of another type) is `None`, and left to
//! the long way, which has the rules and their messages. No code of Python runs, so nothing is used
//! up. O(rows), which are at most [`MOST`].

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, PrimitiveArray, StringArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use numpy::{Element, PyArray1, PyArrayMethods, PyUntypedArrayMethods};
use pf_graph_core::IdValue;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyList, PyString, PyTuple};
use pyo3_arrow::input::AnyArray;

use super::arrays::copied;

/// Rows of a column, and with it of an edge table, up to which it is short.
pub(super) const MOST: usize = 1 << 12;
/// Bytes of all texts of a column.
const MOST_TEXT: usize = 1 << 20;
/// Up to here `f64` has every integer.
pub(super) const EXACT: u64 = 1 << 53;

/// A column of ids: integers or text.
pub(super) fn ids(column: &Bound<'_, PyAny>) -> Option<Vec<ArrayRef>> {
    if let Some(items) = Items::of(column) {
        return Some(vec![items.integers().or_else(|| items.texts())?]);
    }
    let found = numbers::<Int64Type>(column)
        .or_else(|| numbers::<Int32Type>(column))
        .or_else(|| numbers::<UInt32Type>(column))
        .or_else(|| numbers::<UInt64Type>(column))
        .or_else(|| numbers::<Int16Type>(column))
        .or_else(|| numbers::<UInt16Type>(column))
        .or_else(|| numbers::<Int8Type>(column))
        .or_else(|| numbers::<UInt8Type>(column));
    found
        .map(|array| vec![array])
        .or_else(|| arrow(column, |found| found.is_integer() || is_text(found)))
}

/// A column of weights: 64-bit numbers, or integers that such a number holds.
pub(super) fn weights(column: &Bound<'_, PyAny>) -> Option<Vec<ArrayRef>> {
    if let Some(items) = Items::of(column) {
        return Some(vec![items.floats()?]);
    }
    let found = numbers::<Float64Type>(column).map(|array| vec![array]);
    found.or_else(|| arrow(column, |found| *found == DataType::Float64))
}

/// An id, if it is of the one kind that the ids of a graph are: integers or text.
pub(super) fn id(object: &Bound<'_, PyAny>, ids: &DataType) -> Option<IdValue> {
    if ids.is_integer() {
        return integer(object.as_borrowed()).map(IdValue::Int);
    }
    if !is_text(ids) {
        return None;
    }
    let text = object.cast_exact::<PyString>().ok()?;
    Some(IdValue::Str(text.to_str().ok()?.to_owned()))
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8)
}

/// The items of a list or tuple.
enum Items<'a, 'py> {
    List(&'a Bound<'py, PyList>),
    Tuple(&'a Bound<'py, PyTuple>),
}

impl<'a, 'py> Items<'a, 'py> {
    fn of(column: &'a Bound<'py, PyAny>) -> Option<Self> {
        if let Ok(list) = column.cast_exact::<PyList>() {
            return Some(Self::List(list));
        }
        column.cast_exact::<PyTuple>().ok().map(Self::Tuple)
    }

    /// All items as something, unless one of them is not, or there are none or too many.
    fn read<T>(&self, read: impl Fn(&Bound<'py, PyAny>) -> Option<T>) -> Option<Vec<T>> {
        let len = match self {
            Self::List(list) => list.len(),
            Self::Tuple(tuple) => tuple.len(),
        };
        if !(1..=MOST).contains(&len) {
            return None;
        }
        let mut found = Vec::with_capacity(len);
        match self {
            Self::List(list) => {
                for item in list.iter() {
                    found.push(read(&item)?);
                }
            }
            Self::Tuple(tuple) => {
                for item in tuple.iter_borrowed() {
                    found.push(read(&item)?);
                }
            }
        }
        Some(found)
    }

    fn integers(&self) -> Option<ArrayRef> {
        let values = self.read(|item| integer(item.as_borrowed()))?;
        Some(Arc::new(Int64Array::from(values)))
    }

    fn texts(&self) -> Option<ArrayRef> {
        let texts = self.read(|item| item.cast_exact::<PyString>().ok().cloned())?;
        let texts: Option<Vec<&str>> = texts.iter().map(|text| text.to_str().ok()).collect();
        let texts = texts?;
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        (bytes <= MOST_TEXT).then(|| Arc::new(StringArray::from(texts)) as ArrayRef)
    }

    fn floats(&self) -> Option<ArrayRef> {
        let values = self.read(|item| match item.cast_exact::<PyFloat>() {
            Ok(float) => Some(float.value()),
            Err(_) => integer(item.as_borrowed())
                .filter(|whole| whole.unsigned_abs() <= EXACT)
                .map(|whole| whole as f64),
        })?;
        Some(Arc::new(Float64Array::from(values)))
    }
}

/// The value of an `int` that is no instance of a subclass and has 64 bits.
pub(super) fn integer(object: Borrowed<'_, '_, PyAny>) -> Option<i64> {
    if !object.is_exact_instance_of::<PyInt>() {
        return None;
    }
    let mut overflow = 0;
    // SAFETY: the object is an int, so the call cannot fail, and the interpreter is held. Saves the
    // search for an error and the wider type of `extract`.
    let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(object.as_ptr(), &raw mut overflow) };
    (overflow == 0).then_some(value)
}

/// A NumPy array of this very type.
fn numbers<T>(column: &Bound<'_, PyAny>) -> Option<ArrayRef>
where
    T: ArrowPrimitiveType,
    T::Native: Element + Copy,
{
    let array = column.cast::<PyArray1<T::Native>>().ok()?;
    if !(1..=MOST).contains(&array.len()) {
        return None;
    }
    let values = copied(&array.try_readonly().ok()?);
    Some(Arc::new(PrimitiveArray::<T>::new(values.into(), None)))
}

/// The chunks of an Arrow array of some types.
fn arrow(column: &Bound<'_, PyAny>, is_fit: impl Fn(&DataType) -> bool) -> Option<Vec<ArrayRef>> {
    let (chunks, field) =
        column.extract::<AnyArray>().ok()?.into_chunked_array().ok()?.into_inner();
    let rows: usize = chunks.iter().map(Array::len).sum();
    (is_fit(field.data_type()) && (1..=MOST).contains(&rows)).then_some(chunks)
}
