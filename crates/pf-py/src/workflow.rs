//! Workflows: canonical plans in, result dictionaries out.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use pf_engine::{Description, RunResult, StepEvent, StepOutcome, describe, run};
use pf_workflow_core::{Metrics, Plan, new_run_id};
use pyo3::exceptions::{PyException, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::callbacks::{PythonCallbacks, value_to_python};
use crate::token::CancellationToken;
use crate::{errors, gil, json, run_errors};

/// Where the 2.0 forms of configurations and results are known.
const COMPAT: &str = "parquetframe.workflow.compat";

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(workflow_rust_available, module)?)?;
    module.add_function(wrap_pyfunction!(workflow_metrics, module)?)?;
    module.add_function(wrap_pyfunction!(execute_step, module)?)?;
    module.add_function(wrap_pyfunction!(create_dag, module)?)?;
    module.add_function(wrap_pyfunction!(plan_workflow, module)?)?;
    module.add_function(wrap_pyfunction!(execute_workflow, module)?)?;
    Ok(())
}

/// Whether workflows run in Rust: they do.
#[pyfunction]
fn workflow_rust_available() -> bool {
    true
}

/// Totals over all runs of this process.
#[pyfunction]
fn workflow_metrics(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let totals = Metrics::process().snapshot();
    let dict = PyDict::new(py);
    dict.set_item("total_workflows", totals.total_workflows)?;
    dict.set_item("total_steps", totals.total_steps)?;
    dict.set_item("avg_execution_ms", totals.avg_execution_ms)?;
    dict.set_item("parallel_speedup", totals.parallel_speedup)?;
    dict.set_item("failed_workflows", totals.failed_workflows)?;
    dict.set_item("cached_steps", totals.cached_steps)?;
    Ok(dict)
}

/// Runs one step, with the tables of `context["data"]` as inputs.
#[pyfunction]
#[pyo3(signature = (step_type, config, context = None))]
fn execute_step<'py>(
    py: Python<'py>,
    step_type: &str,
    config: &Bound<'py, PyAny>,
    context: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let compat = py.import(COMPAT)?;
    let canonical = compat.call_method1("canonicalize_step", (step_type, config, context))?;
    let result = run_canonical(py, &canonical, RunArguments::default())?;
    compat.call_method1("step_result", (step_type, canonical, result))
}

/// Orders steps; a cycle raises `CycleError`.
#[pyfunction]
fn create_dag<'py>(py: Python<'py>, steps: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let compat = py.import(COMPAT)?;
    let canonical = compat.call_method1("canonicalize_steps", (steps,))?;
    let planned = plan_workflow(py, &canonical, false)?;
    compat.call_method1("dag_result", (planned,))
}

/// What would run: order, levels, edges, fused groups, width; with `data`, problems in the files.
#[pyfunction]
#[pyo3(signature = (canonical, data = true))]
fn plan_workflow<'py>(
    py: Python<'py>,
    canonical: &Bound<'py, PyAny>,
    data: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let plan = read_plan(canonical)?;
    let cancel = AtomicBool::new(false);
    let described =
        gil::enter(py, &cancel, |_: &gil::Mailbox<()>| describe(&plan, data), |_, ()| Ok(()))?
            .map_err(|error| run_errors::run_error(py, &error))?;
    description_dict(py, &plan, &described)
}

/// Runs a workflow. With `canonical` the result is the engine's own; without it `config` is a
/// configuration of parquetframe 2.0 and so is the result.
#[pyfunction]
#[pyo3(signature = (
    config, max_parallel = None, on_progress = None, cancel_token = None, step_handler = None, *,
    canonical = None, on_event = None
))]
#[expect(clippy::too_many_arguments, reason = "the signature is fixed")]
fn execute_workflow<'py>(
    py: Python<'py>,
    config: &Bound<'py, PyAny>,
    max_parallel: Option<usize>,
    on_progress: Option<Bound<'py, PyAny>>,
    cancel_token: Option<Bound<'py, CancellationToken>>,
    step_handler: Option<Bound<'py, PyAny>>,
    canonical: Option<Bound<'py, PyAny>>,
    on_event: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let arguments =
        RunArguments { max_parallel, on_progress, cancel_token, on_event, step_handler };
    if let Some(canonical) = canonical {
        return Ok(run_canonical(py, &canonical, arguments)?.into_any());
    }
    let compat = py.import(COMPAT)?;
    let has_handler = arguments.step_handler.is_some();
    let canonical = compat.call_method1("canonicalize", (config, has_handler))?;
    let result = run_canonical(py, &canonical, arguments)?;
    compat.call_method1("compat_result", (result, max_parallel))
}

/// What a caller may hand to a run.
#[derive(Default)]
struct RunArguments<'py> {
    max_parallel: Option<usize>,
    on_progress: Option<Bound<'py, PyAny>>,
    cancel_token: Option<Bound<'py, CancellationToken>>,
    on_event: Option<Bound<'py, PyAny>>,
    step_handler: Option<Bound<'py, PyAny>>,
}

fn run_canonical<'py>(
    py: Python<'py>,
    canonical: &Bound<'py, PyAny>,
    arguments: RunArguments<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let plan = read_plan(canonical)?;
    let workers = arguments.max_parallel.unwrap_or(plan.settings.max_parallel);
    if workers == 0 {
        return Err(PyValueError::new_err("max_parallel must be at least 1"));
    }
    for (name, value) in [
        ("step_handler", &arguments.step_handler),
        ("on_progress", &arguments.on_progress),
        ("on_event", &arguments.on_event),
    ] {
        if value.as_ref().is_some_and(|value| !value.is_callable()) {
            return Err(PyTypeError::new_err(format!("{name} must be callable")));
        }
    }
    let token = match arguments.cancel_token {
        Some(token) => token,
        None => Bound::new(py, CancellationToken::default())?,
    };
    let cancel = token.get().flag();
    let run_id = new_run_id().map_err(|error| errors::internal(&error.to_string()))?;
    let callbacks = PythonCallbacks {
        canonical: canonical.clone().unbind(),
        configs: own_configs(canonical)?,
        handler: arguments.step_handler.map(Bound::unbind),
        run_id: run_id.clone(),
        variables: canonical.get_item("variables")?.unbind(),
        token: token.unbind(),
    };
    let wanted = arguments.on_event.is_some() || arguments.on_progress.is_some();
    let mut on_event = arguments.on_event;
    let mut on_progress = arguments.on_progress;
    let deliver = |py: Python<'_>, event: StepEvent| -> PyResult<()> {
        let dict = event_dict(py, &plan, &run_id, &event)?;
        call_back(py, &mut on_event, dict.as_any())?;
        if on_progress.is_some() {
            let progress = py.import(COMPAT)?.call_method1("progress_event", (&dict,))?;
            if !progress.is_none() {
                call_back(py, &mut on_progress, &progress)?;
            }
        }
        Ok(())
    };
    let result = gil::enter(
        py,
        &cancel,
        |mailbox| {
            run(&plan, &run_id, workers, &callbacks, &cancel, &|event| {
                if wanted {
                    mailbox.post(event);
                }
            })
        },
        deliver,
    )?
    .map_err(|error| run_errors::run_error(py, &error))?;
    result_dict(py, &plan, workers, &result)
}

/// Calls a receiver of events. One that raises is logged and left alone from then on; only what is
/// no `Exception`, such as `KeyboardInterrupt`, stops the run.
fn call_back(
    py: Python<'_>,
    receiver: &mut Option<Bound<'_, PyAny>>,
    event: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let Some(callback) = receiver else { return Ok(()) };
    let Err(error) = callback.call1((event,)) else { return Ok(()) };
    if !error.is_instance_of::<PyException>(py) {
        return Err(error);
    }
    *receiver = None;
    let logger = py.import("logging")?.call_method1("getLogger", ("parquetframe.workflow",))?;
    let options = PyDict::new(py);
    options.set_item("exc_info", error.value(py))?;
    let text = "a receiver of events raised; it gets no more events of this run";
    logger.call_method("error", (text,), Some(&options))?;
    Ok(())
}

/// The plan as the crates know it; what only Python can hold stays there.
fn read_plan(canonical: &Bound<'_, PyAny>) -> PyResult<Plan> {
    let plain = canonical.cast::<PyDict>()?.copy()?;
    if plain.contains("callables")? {
        plain.del_item("callables")?;
    }
    json::from_python(plain.as_any())
}

/// Configurations of the steps whose bodies are Python.
fn own_configs(canonical: &Bound<'_, PyAny>) -> PyResult<HashMap<String, Py<PyAny>>> {
    let mut configs = HashMap::new();
    for step in canonical.get_item("steps")?.try_iter()? {
        let step = step?;
        let kind: String = step.get_item("type")?.extract()?;
        if kind == "python" || kind == "handler" {
            let name: String = step.get_item("name")?.extract()?;
            configs.insert(name, step.get_item("config")?.unbind());
        }
    }
    Ok(configs)
}

fn event_dict<'py>(
    py: Python<'py>,
    plan: &Plan,
    run_id: &str,
    event: &StepEvent,
) -> PyResult<Bound<'py, PyDict>> {
    let name = |index: usize| plan.steps.get(index).map(|step| step.name.as_str());
    let dict = PyDict::new(py);
    dict.set_item("v", 1)?;
    dict.set_item("seq", event.seq)?;
    dict.set_item("type", event.kind)?;
    dict.set_item("run_id", run_id)?;
    dict.set_item("ts", event.unix)?;
    dict.set_item("t_ms", event.at.as_secs_f64() * 1e3)?;
    dict.set_item("step", event.step.and_then(name))?;
    dict.set_item("message", &event.message)?;
    dict.set_item("rows", event.rows)?;
    dict.set_item("because", event.because.and_then(name))?;
    match &event.error {
        Some(error) => dict.set_item("error", run_errors::facts_dict(py, error)?)?,
        None => dict.set_item("error", py.None())?,
    }
    if let Some(file) = &event.file {
        dict.set_item("path", file.path.to_string_lossy().as_ref())?;
        dict.set_item("bytes", file.bytes)?;
    }
    if let Some(status) = event.status {
        dict.set_item("status", status)?;
    }
    Ok(dict)
}

fn description_dict<'py>(
    py: Python<'py>,
    plan: &Plan,
    described: &Description,
) -> PyResult<Bound<'py, PyDict>> {
    let names = |ids: &[usize]| -> Vec<&str> {
        ids.iter().filter_map(|id| plan.steps.get(*id)).map(|step| step.name.as_str()).collect()
    };
    let groups = PyList::empty(py);
    for (id, steps) in described.groups.iter().enumerate() {
        let group = PyDict::new(py);
        group.set_item("id", id)?;
        group.set_item("steps", names(steps))?;
        group.set_item("reads", &described.reads[id])?;
        groups.append(group)?;
    }
    let problems = PyList::empty(py);
    for (failure, guess) in &described.problems {
        let problem = run_errors::failure_dict(py, failure)?;
        problem.set_item("severity", if *guess { "warning" } else { "error" })?;
        problems.append(problem)?;
    }
    let levels: Vec<Vec<&str>> = described.levels.iter().map(|level| names(level)).collect();
    let edges: Vec<Vec<&str>> = described.edges.iter().map(|(a, b)| names(&[*a, *b])).collect();
    let dict = PyDict::new(py);
    dict.set_item("order", names(&described.order))?;
    dict.set_item("levels", levels)?;
    dict.set_item("edges", edges)?;
    dict.set_item("groups", groups)?;
    dict.set_item("width", described.width)?;
    dict.set_item("problems", problems)?;
    Ok(dict)
}

fn result_dict<'py>(
    py: Python<'py>,
    plan: &Plan,
    workers: usize,
    result: &RunResult,
) -> PyResult<Bound<'py, PyDict>> {
    let count = |status: &str| result.steps.iter().filter(|step| step.status == status).count();
    let dict = PyDict::new(py);
    dict.set_item("status", result.status)?;
    dict.set_item("run_id", &result.run_id)?;
    dict.set_item("total_steps", plan.steps.len())?;
    dict.set_item("steps_executed", count("succeeded"))?;
    dict.set_item("failed_steps", count("failed"))?;
    dict.set_item("skipped_steps", count("skipped"))?;
    dict.set_item("execution_time_ms", result.wall.as_secs_f64() * 1e3)?;
    dict.set_item("busy_ms", result.busy.as_secs_f64() * 1e3)?;
    dict.set_item("parallel_workers", workers)?;
    dict.set_item("peak_parallelism", result.peak_parallelism)?;
    dict.set_item("cancelled", result.status == "cancelled")?;
    dict.set_item("warnings", &result.warnings)?;
    let mut failures = HashMap::new();
    for failure in &result.failures {
        failures.insert(failure.step.as_str(), run_errors::failure_dict(py, failure)?);
    }
    let first = result.failures.first().and_then(|failure| failures.get(failure.step.as_str()));
    dict.set_item("error", first)?;
    let outputs = PyDict::new(py);
    for (name, value) in &result.outputs {
        outputs.set_item(name, value_to_python(py, value)?)?;
    }
    dict.set_item("outputs", outputs)?;
    let steps = PyDict::new(py);
    for (step, outcome) in plan.steps.iter().zip(&result.steps) {
        let record = step_dict(py, plan, &step.kind, outcome)?;
        record.set_item("error", failures.get(step.name.as_str()))?;
        let fused: Vec<&str> = result.groups[outcome.group]
            .iter()
            .map(|index| plan.steps[*index].name.as_str())
            .filter(|name| *name != step.name)
            .collect();
        record.set_item("fused_with", fused)?;
        steps.set_item(&step.name, record)?;
    }
    dict.set_item("steps", steps)?;
    Ok(dict)
}

fn step_dict<'py>(
    py: Python<'py>,
    plan: &Plan,
    kind: &str,
    outcome: &StepOutcome,
) -> PyResult<Bound<'py, PyDict>> {
    let record = PyDict::new(py);
    record.set_item("status", outcome.status)?;
    record.set_item("type", kind)?;
    record.set_item("rows", outcome.facts.rows)?;
    let ms = |d: std::time::Duration| d.as_secs_f64() * 1e3;
    record.set_item("start_ms", outcome.span.map(|(start, _)| ms(start)))?;
    record.set_item("end_ms", outcome.span.map(|(_, end)| ms(end)))?;
    let wall = outcome.span.map(|(start, end)| ms(end.saturating_sub(start)));
    record.set_item("wall_ms", wall)?;
    record.set_item("group", outcome.group)?;
    let because = outcome.because.and_then(|index| plan.steps.get(index));
    record.set_item("because", because.map(|step| step.name.as_str()))?;
    let info = serde_json::Value::Object(outcome.facts.info.clone());
    record.set_item("info", json::to_python(py, &info)?)?;
    match &outcome.facts.file {
        None => record.set_item("file", py.None())?,
        Some(file) => {
            let facts = PyDict::new(py);
            facts.set_item("path", file.path.to_string_lossy().as_ref())?;
            facts.set_item("rows", file.rows)?;
            facts.set_item("bytes", file.bytes)?;
            facts.set_item("checksum", &file.checksum)?;
            record.set_item("file", facts)?;
        }
    }
    Ok(record)
}
