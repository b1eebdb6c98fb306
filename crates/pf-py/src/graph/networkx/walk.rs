//! The walk over a dictionary of dictionaries.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::numbers::Numbers;
use super::weights::Weights;

/// Arcs between two looks for Ctrl-C.
const BETWEEN_SIGNALS: usize = 1 << 18;

/// Rows of arcs.
pub(super) struct Rows {
    pub offsets: Vec<u64>,
    pub targets: Vec<u32>,
}

/// Walks node → neighbour → attributes, or → key → attributes of a multigraph; `None` if one of the
/// dictionaries is not plain, or the keys are not the nodes in their order.
pub(super) fn walk<'py>(
    adjacency: &Bound<'py, PyDict>,
    nodes: &Bound<'py, PyList>,
    numbers: &mut Numbers<'py>,
    multigraph: bool,
    mut weights: Option<&mut Weights<'py>>,
) -> PyResult<Option<Rows>> {
    let py = nodes.py();
    let n = nodes.len();
    let mut rows = Rows { offsets: Vec::with_capacity(n + 1), targets: Vec::with_capacity(n) };
    rows.offsets.push(0);
    let mut signals = BETWEEN_SIGNALS;
    let mut tails = Items::of(adjacency);
    while let Some((tail, row)) = tails.next() {
        let number = rows.offsets.len() - 1;
        let (tail, row) = (tail.to_owned(), row.to_owned());
        if number >= n {
            return Ok(None);
        }
        let same = nodes.get_item(number)?.is(&tail);
        if !same && numbers.of(tail.as_borrowed())? != u32::try_from(number).ok() {
            return Ok(None);
        }
        let Ok(row) = row.cast_exact::<PyDict>() else { return Ok(None) };
        let mut heads = Items::of(row);
        while let Some((head, data)) = heads.next() {
            if !multigraph && weights.is_none() {
                let Some(head) = numbers.of(head)? else { return Ok(None) };
                rows.targets.push(head);
                continue;
            }
            let Ok(data) = data.to_owned().cast_into_exact::<PyDict>() else { return Ok(None) };
            let Some(head) = numbers.of(head)? else { return Ok(None) };
            match weights.as_deref_mut() {
                None => rows.targets.extend(std::iter::repeat_n(head, data.len())),
                Some(weights) if multigraph => {
                    let mut parallel = Items::of(&data);
                    while let Some((_, attributes)) = parallel.next() {
                        let attributes = attributes.to_owned().cast_into_exact::<PyDict>();
                        let Ok(attributes) = attributes else { return Ok(None) };
                        rows.targets.push(head);
                        weights.push(&attributes)?;
                    }
                }
                Some(weights) => {
                    rows.targets.push(head);
                    weights.push(&data)?;
                }
            }
        }
        rows.offsets.push(rows.targets.len() as u64);
        if rows.targets.len() >= signals {
            signals = rows.targets.len() + BETWEEN_SIGNALS;
            py.check_signals()?;
        }
    }
    Ok((rows.offsets.len() == n + 1).then_some(rows))
}

/// Items of a dictionary, in its order. If code changes the dictionary meanwhile, items may come
/// twice or not at all; the iterator of pyo3 panics then, and code of nodes runs here.
struct Items<'a, 'py> {
    dict: &'a Bound<'py, PyDict>,
    position: ffi::Py_ssize_t,
}

impl<'a, 'py> Items<'a, 'py> {
    fn of(dict: &'a Bound<'py, PyDict>) -> Self {
        Self { dict, position: 0 }
    }

    /// The next key and value, which live at least until code of Python runs.
    fn next(&mut self) -> Option<(Borrowed<'a, 'py, PyAny>, Borrowed<'a, 'py, PyAny>)> {
        let (mut key, mut value) = (std::ptr::null_mut(), std::ptr::null_mut());
        let py = self.dict.py();
        // SAFETY: the dictionary is alive and the interpreter held; `PyDict_Next` checks the
        // position against the dictionary as it is now.
        let more = unsafe {
            ffi::PyDict_Next(
                self.dict.as_ptr(),
                &raw mut self.position,
                &raw mut key,
                &raw mut value,
            )
        };
        if more == 0 {
            return None;
        }
        // SAFETY: both are references that the dictionary holds.
        unsafe { Some((Borrowed::from_ptr(py, key), Borrowed::from_ptr(py, value))) }
    }
}
