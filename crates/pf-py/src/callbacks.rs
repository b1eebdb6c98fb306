//! Functions and step handlers of the user, called from the engine's threads.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use pf_engine::{Answer, Callbacks, Dataset, EngineError, Foreign, Value};
use pf_workflow_core::StepSpec;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyRecordBatch;

use crate::token::CancellationToken;

/// What a run needs to call back into Python.
pub(crate) struct PythonCallbacks {
    /// The canonical plan, with arguments that JSON cannot hold.
    pub canonical: Py<PyAny>,
    /// Configurations of `python` and `handler` steps, as Python has them.
    pub configs: HashMap<String, Py<PyAny>>,
    /// Replaces every step body.
    pub handler: Option<Py<PyAny>>,
    /// The run's id.
    pub run_id: String,
    /// Variables of the run.
    pub variables: Py<PyAny>,
    /// Tells functions that the run is being stopped.
    pub token: Py<CancellationToken>,
}

impl Callbacks for PythonCallbacks {
    fn call(&self, step: &StepSpec, inputs: &[Arc<Dataset>]) -> Result<Answer, EngineError> {
        Python::attach(|py| {
            let called = || -> PyResult<Bound<'_, PyAny>> {
                let tables = inputs
                    .iter()
                    .map(|table| to_pyarrow(py, table))
                    .collect::<PyResult<Vec<_>>>()?;
                let canonical = self.canonical.bind(py);
                let config = self.configs.get(&step.name);
                py.import("parquetframe.workflow.function_step")?.call_method1(
                    "call_for_engine",
                    (
                        &step.name,
                        config.map(|config| config.bind(py)),
                        PyList::new(py, tables)?,
                        canonical,
                        self.token.bind(py),
                    ),
                )
            };
            let result = called().map_err(|error| raised(py, error))?;
            answer(py, &result)
        })
    }

    fn handle(&self, step: &StepSpec, data: &[(String, Value)]) -> Result<Answer, EngineError> {
        Python::attach(|py| {
            let called = || -> PyResult<Bound<'_, PyAny>> {
                let context = PyDict::new(py);
                let values = PyDict::new(py);
                for (name, value) in data {
                    values.set_item(name, value_to_python(py, value)?)?;
                }
                context.set_item("data", values)?;
                context.set_item("variables", self.variables.bind(py))?;
                context.set_item("attempt", 1)?;
                context.set_item("run_id", &self.run_id)?;
                context.set_item("is_cancelled", self.token.bind(py).getattr("is_cancelled")?)?;
                let config = self.configs.get(&step.name).map(|config| config.bind(py));
                let (kind, own) = match config {
                    Some(config) => (config.get_item("type")?, config.get_item("config")?),
                    None => (py.None().into_bound(py), PyDict::new(py).into_any()),
                };
                match &self.handler {
                    Some(handler) => handler.bind(py).call1((kind, &step.name, own, context)),
                    None => Ok(py.None().into_bound(py)),
                }
            };
            let result = called().map_err(|error| raised(py, error))?;
            if result.is_none() {
                return Ok(Answer::Nothing);
            }
            if result.hasattr("__arrow_c_stream__").unwrap_or(false) {
                return answer(py, &result);
            }
            Ok(Answer::Foreign(Foreign(Arc::new(result.unbind()))))
        })
    }
}

/// The Python value of a step's output.
pub(crate) fn value_to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Table(table) => to_pyarrow(py, table),
        Value::Foreign(Foreign(any)) => Ok(any
            .downcast_ref::<Py<PyAny>>()
            .map_or_else(|| py.None().into_bound(py), |object| object.bind(py).clone())),
        Value::Nothing => Ok(py.None().into_bound(py)),
    }
}

/// The exception that a failed call left behind.
pub(crate) fn exception<'py>(py: Python<'py>, source: &Foreign) -> Option<Bound<'py, PyAny>> {
    let error = source.0.downcast_ref::<PyErr>()?;
    Some(error.value(py).clone().into_any())
}

/// A table as `pyarrow.Table`, sharing its buffers.
pub(crate) fn to_pyarrow<'py>(py: Python<'py>, table: &Dataset) -> PyResult<Bound<'py, PyAny>> {
    let batches: Vec<RecordBatch> = table.batches().to_vec();
    let table = Bound::new(py, PyTable::try_new(batches, Arc::clone(table.schema()))?)?;
    // Not through `pa.table`, which imports pandas wherever that is installed.
    let reader = py.import("pyarrow")?.getattr("RecordBatchReader")?;
    reader.call_method1("from_stream", (table,))?.call_method0("read_all")
}

/// A table that the function returned, or nothing.
fn answer(py: Python<'_>, result: &Bound<'_, PyAny>) -> Result<Answer, EngineError> {
    if result.is_none() {
        return Ok(Answer::Nothing);
    }
    let read = || -> PyResult<Dataset> {
        let (batches, schema) = result.extract::<AnyRecordBatch>()?.into_table()?.into_inner();
        Ok(Dataset::new(schema, batches))
    };
    read().map(Answer::Table).map_err(|error| raised(py, error))
}

/// An exception as the engine carries it.
fn raised(py: Python<'_>, error: PyErr) -> EngineError {
    let value = error.value(py);
    let kind = value.get_type().name().map_or_else(|_| String::new(), |name| name.to_string());
    let attribute = |name: &str| -> Option<String> {
        value.getattr(name).ok().and_then(|found| found.extract().ok())
    };
    let class = match kind.as_str() {
        // A marker says that its cause came out of the user's code.
        "FunctionRaised" => return user_error(py, error.cause(py).unwrap_or(error)),
        "SchemaError" => "SchemaError",
        "WorkflowError" => "WorkflowError",
        "UnsupportedFeature" => "UnsupportedFeature",
        _ => return user_error(py, error),
    };
    EngineError::Function {
        class,
        key: attribute("key"),
        message: value.to_string(),
        hint: attribute("hint"),
    }
}

fn user_error(py: Python<'_>, error: PyErr) -> EngineError {
    let kind = error.get_type(py).name().map_or_else(|_| String::new(), |name| name.to_string());
    let message = format!("{kind}: {}", error.value(py));
    EngineError::Callback { message, source: Foreign(Arc::new(error)) }
}
