//! One attribute of all edges as numbers, and what they were in Python.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat};

use super::super::plain::{EXACT, integer};

const INT: u8 = 1;
const FLOAT: u8 = 2;
const MISSING: u8 = 4;

/// Weights in the order of the arcs.
pub(super) struct Weights<'py> {
    name: Bound<'py, PyAny>,
    default: f64,
    odd: Bound<'py, PyAny>,
    /// Empty as long as every edge lacked the attribute.
    values: Vec<f64>,
    missing: usize,
    seen: u8,
}

impl<'py> Weights<'py> {
    pub fn new(name: Bound<'py, PyAny>, default: f64, odd: Bound<'py, PyAny>) -> Self {
        Self { name, default, odd, values: Vec::new(), missing: 0, seen: 0 }
    }

    /// Reads the attributes of the next arc.
    pub fn push(&mut self, attributes: &Bound<'py, PyDict>) -> PyResult<()> {
        let found = if attributes.is_empty() { None } else { attributes.get_item(&self.name)? };
        let Some(found) = found else {
            self.seen |= MISSING;
            if self.values.is_empty() {
                self.missing += 1;
            } else {
                self.values.push(self.default);
            }
            return Ok(());
        };
        if self.values.is_empty() {
            self.values = vec![self.default; self.missing];
        }
        let (kind, value) = self.number(&found)?;
        self.seen |= kind;
        self.values.push(value);
        Ok(())
    }

    /// The weights, unless no edge had any, and the kinds as bits.
    pub fn finish(self) -> (Option<Vec<f64>>, u8) {
        ((!self.values.is_empty()).then_some(self.values), self.seen)
    }

    fn number(&self, value: &Bound<'py, PyAny>) -> PyResult<(u8, f64)> {
        if let Ok(float) = value.cast_exact::<PyFloat>() {
            let float = float.value();
            if float.is_finite() {
                return Ok((FLOAT, float));
            }
        } else if let Some(integer) = integer(value.as_borrowed())
            && integer.unsigned_abs() <= EXACT
        {
            return Ok((INT, integer as f64));
        }
        self.odd.call1((value,))?.extract()
    }
}
