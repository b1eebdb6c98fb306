//! Plans for tests: steps with all the keys that the engine expects.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use pf_engine::{Callbacks, RunResult, StepEvent, run};
use pf_workflow_core::Plan;
use serde_json::{Value, json};

/// A plan of `steps` that runs two at a time.
pub fn plan(steps: Vec<Value>) -> Plan {
    let plan = json!({
        "name": "test",
        "base_dir": "/",
        "variables": {},
        "settings": {
            "max_parallel": 2, "fail_fast": true, "fuse": true, "deterministic": false,
            "memory_limit": null
        },
        "keep": [],
        "steps": steps,
    });
    serde_json::from_value(plan).unwrap()
}

/// One step; its output has its name.
pub fn step(name: &str, kind: &str, inputs: &[&str], config: Value) -> Value {
    json!({
        "name": name, "type": kind, "inputs": inputs, "output": name, "depends_on": [],
        "config": config,
    })
}

/// The defaults of `read_csv`.
pub fn read_options() -> Value {
    json!({
        "sep": "auto", "quote": "\"", "escape": null, "header": "auto", "names": null,
        "dtypes": {}, "infer": "full", "nulls": "auto", "true_values": ["true", "True", "TRUE"],
        "false_values": ["false", "False", "FALSE"], "parse_dates": true, "decimal": ".",
        "thousands": null, "leading_zeros": "string", "on_int_overflow": "decimal",
        "comment": null, "skip_rows": 0, "blank_lines": "skip", "newline": "auto",
        "strict_quotes": false, "trim": false, "ragged": "error", "on_bad_lines": "error",
        "encoding": "utf-8", "invalid_bytes": "error", "compression": "auto",
    })
}

/// A `read` step of a CSV file.
pub fn read(name: &str, path: &Path) -> Value {
    let config = json!({
        "path": [path], "format": "csv", "columns": null, "where": null, "schema": null,
        "limit": null, "csv": read_options(),
    });
    step(name, "read", &[], config)
}

/// A `transform` step with one new column.
pub fn transform(name: &str, input: &str, column: &str, expr: &str) -> Value {
    step(name, "transform", &[input], json!({"columns": [{"name": column, "expr": expr}]}))
}

/// A `groupby` step with one expression.
pub fn group(name: &str, input: &str, by: &[&str], out: &str, expr: &str) -> Value {
    let by: Vec<Value> = by.iter().map(|key| json!({"name": key, "column": key})).collect();
    let config = json!({
        "by": by, "agg": [{"kind": "expr", "name": out, "expr": expr}], "having": null,
        "order_by": [], "sort": true, "drop_null_keys": false,
    });
    step(name, "groupby", &[input], config)
}

/// An inner join on one column.
pub fn join(name: &str, left: &str, right: &str, on: &str, validate: &str) -> Value {
    let config = json!({
        "on": [[on, on]], "how": "inner", "condition": null, "suffix": "_right",
        "coalesce_keys": true, "nulls_equal": false, "validate": validate, "algorithm": "auto",
    });
    step(name, "join", &[left, right], config)
}

/// A `save` step to Parquet.
pub fn save(name: &str, input: &str, path: &Path) -> Value {
    let config = json!({
        "path": path, "format": "parquet", "mode": "replace", "mkdir": true,
        "compression": "zstd", "row_group_rows": 1024, "csv": {},
    });
    step(name, "save", &[input], config)
}

/// Runs a plan; returns its result and the events.
pub fn run_plan(plan: &Plan, callbacks: &dyn Callbacks) -> (RunResult, Vec<StepEvent>) {
    let events = Mutex::new(Vec::new());
    let cancel = AtomicBool::new(false);
    let result = run(plan, "test-run", 2, callbacks, &cancel, &|event| {
        events.lock().unwrap().push(event);
    });
    (result.unwrap(), events.into_inner().unwrap())
}
