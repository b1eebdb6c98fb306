//! One run of a kernel: settings and vectors of Python in, its answer and facts out.

use arrow::array::Array;
use pf_graph_core::answer::{self, Answer, Vectors};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString};
use serde_json::{Map, Number, Value};

use super::arrays::Vector;
use super::errors::raised;
use super::native::NativeGraph;
use super::work::Call;
use crate::errors;
use crate::token::CancellationToken;

/// Most that a kernel counts; more is as good.
const MOST: u64 = u32::MAX as u64;

/// How a kernel is to run.
pub(super) struct Run<'a, 'py> {
    pub algorithm: &'a str,
    pub params: &'a Bound<'py, PyDict>,
    pub arrays: &'a Bound<'py, PyDict>,
    pub threads: usize,
    pub token: Option<&'a Bound<'py, CancellationToken>>,
    pub progress: Option<&'a Bound<'py, PyAny>>,
}

impl<'py> Run<'_, 'py> {
    /// The answer, its facts taken out.
    pub fn answer(self, graph: &Bound<'py, NativeGraph>) -> PyResult<(Answer, Bound<'py, PyDict>)> {
        let (py, this) = (graph.py(), graph.get());
        let settings = settings(self.params)?;
        let arrays: Vec<(String, Vector)> = self
            .arrays
            .iter()
            .map(|(name, array)| Ok((name.extract()?, Vector::read(&array)?)))
            .collect::<PyResult<_>>()?;
        let given = arrays.iter().map(|(_, vector)| vector.len()).sum();
        let is_short = this.is_short(self.algorithm, &settings, given);
        let Self { token, progress, .. } = self;
        let call = Call { threads: Some(self.threads), token, progress, is_short };
        let found = call.run(py, |control| {
            let mut vectors = Vectors::new();
            for (name, vector) in &arrays {
                vectors = match vector {
                    Vector::Vertices(indices) => vectors.vertices(name, indices),
                    Vector::Floats(values) => vectors.floats(name, values),
                };
            }
            answer::answer(&this.graph, self.algorithm, settings, vectors, control)
        })?;
        let mut answer = found.map_err(|error| raised(py, Some(&this.graph), &error))?;
        let facts = PyDict::new(py);
        for (name, value) in std::mem::take(&mut answer.facts) {
            facts.set_item(name, fact(py, &value)?)?;
        }
        Ok((answer, facts))
    }
}

/// Settings as kernels read them: no infinity, and integers of their width.
fn settings(params: &Bound<'_, PyDict>) -> PyResult<Map<String, Value>> {
    let mut settings = Map::with_capacity(params.len());
    for (name, value) in params {
        let name: String = name.extract()?;
        let value = if value.is_none() {
            Value::Null
        } else if value.is_instance_of::<PyBool>() {
            Value::Bool(value.extract()?)
        } else if value.is_instance_of::<PyInt>() {
            integer(&name, &value)?
        } else if value.is_instance_of::<PyFloat>() {
            Number::from_f64(value.extract()?).map_or(Value::Null, Value::Number)
        } else if value.is_instance_of::<PyString>() {
            Value::String(value.extract()?)
        } else {
            return Err(errors::internal(&format!("setting {name}")));
        };
        settings.insert(name, value);
    }
    Ok(settings)
}

fn integer(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if name == "seed" {
        return Ok(value.bitand(u64::MAX)?.extract::<u64>()?.into());
    }
    match value.extract::<i64>() {
        Ok(number) => Ok(u64::try_from(number).map_or(number.into(), |n| n.min(MOST).into())),
        Err(_) => Ok(MOST.into()),
    }
}

fn fact<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => f64::INFINITY.into_pyobject(py)?.into_any(),
        Value::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into_pyobject(py)?.into_any(),
            None => number.as_f64().into_pyobject(py)?.into_any(),
        },
        Value::String(text) => text.into_pyobject(py)?.into_any(),
        Value::Array(_) | Value::Object(_) => return Err(errors::internal("a nested fact")),
    })
}

/// Whether the rows are those of all vertices, in their order, and no column says so.
pub(super) fn rows_are_vertices(answer: &Answer) -> bool {
    let columns = &answer.columns;
    !columns.is_empty() && !columns.iter().any(|(name, _)| matches!(*name, "vertex" | "src"))
}

/// The rows in which a column has a value; `None` if these are all.
pub(super) fn valid_rows(answer: &Answer, name: &str) -> Option<Vec<u32>> {
    let (_, values) = answer.columns.iter().find(|column| column.0 == name)?;
    let nulls = values.nulls().filter(|nulls| nulls.null_count() > 0)?;
    Some(nulls.valid_indices().map(|row| row as u32).collect())
}
