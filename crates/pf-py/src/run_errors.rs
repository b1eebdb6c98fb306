//! Failed runs as dictionaries and as the classes of `parquetframe.errors`.

use pf_engine::{EngineError, ErrorFacts, RunError, StepFailure};
use pf_graph_core::GraphError;
use pf_workflow_core::WorkflowError;
use pyo3::import_exception;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::callbacks;
use crate::errors::{ValidationError, internal};

import_exception!(parquetframe.errors, CycleError);

/// A run that could not begin.
pub(crate) fn run_error(py: Python<'_>, error: &RunError) -> PyErr {
    match error {
        RunError::Workflow(WorkflowError::Cycle { path }) => {
            let raised = CycleError::new_err(error.to_string());
            match raised.value(py).setattr("cycle", path.clone()) {
                Ok(()) => raised,
                Err(other) => other,
            }
        }
        RunError::Workflow(_) => ValidationError::new_err(error.to_string()),
        _ => internal(&error.to_string()),
    }
}

/// The error dictionary of a failed step.
pub(crate) fn failure_dict<'py>(
    py: Python<'py>,
    failure: &StepFailure,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = facts_dict(py, &ErrorFacts::from(failure))?;
    dict.set_item("data", data_of(py, &failure.error)?)?;
    if let EngineError::Callback { source, .. } = &failure.error
        && let Some(exception) = callbacks::exception(py, source)
    {
        dict.set_item("exception", exception)?;
    }
    Ok(dict)
}

/// The part of an error dictionary that needs no more than text.
pub(crate) fn facts_dict<'py>(py: Python<'py>, facts: &ErrorFacts) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("step", &facts.step)?;
    dict.set_item("key", &facts.key)?;
    dict.set_item("code", facts.code)?;
    dict.set_item("kind", facts.kind)?;
    dict.set_item("class", facts.class)?;
    dict.set_item("message", &facts.message)?;
    dict.set_item("hint", &facts.hint)?;
    dict.set_item("data", PyDict::new(py))?;
    Ok(dict)
}

fn data_of<'py>(py: Python<'py>, error: &EngineError) -> PyResult<Bound<'py, PyDict>> {
    let data = PyDict::new(py);
    match error {
        EngineError::Io(error) => {
            if let Some(path) = error.path() {
                data.set_item("path", path.to_string_lossy().as_ref())?;
            }
            data.set_item("line", error.line())?;
            data.set_item("row", error.record())?;
            data.set_item("column", error.column())?;
        }
        EngineError::UnknownColumn { name, .. } => data.set_item("column", name)?,
        EngineError::Schema { column, .. } => data.set_item("column", column)?,
        EngineError::Expression { text, .. } => data.set_item("text", text)?,
        EngineError::Graph(GraphError::VertexNotFound { id, .. }) => data.set_item("vertex", id)?,
        _ => {}
    }
    for key in data.keys() {
        if data.get_item(&key)?.is_some_and(|value| value.is_none()) {
            data.del_item(&key)?;
        }
    }
    Ok(data)
}
