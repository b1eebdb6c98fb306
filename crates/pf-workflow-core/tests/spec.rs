//! The canonical form: what it must contain, and the edges it means.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use pf_workflow_core::{Plan, WorkflowError};
use serde_json::{Value, json};

fn step(name: &str, inputs: &[&str], output: &str, depends_on: &[&str]) -> Value {
    json!({"name": name, "type": "filter", "inputs": inputs, "output": output,
           "depends_on": depends_on, "config": {"where": "x > 1"}})
}

fn document(steps: &[Value]) -> Value {
    json!({
        "name": "demo", "base_dir": "/data", "variables": {"year": 2013},
        "settings": {"max_parallel": 2, "fail_fast": true, "fuse": true, "deterministic": false,
                     "memory_limit": null},
        "keep": [], "steps": steps,
    })
}

fn plan(steps: &[Value]) -> Plan {
    serde_json::from_value(document(steps)).unwrap()
}

#[test]
fn edges_follow_inputs_then_depends_on() {
    let plan = plan(&[
        step("join", &["right", "left", "left"], "joined", &["setup", "read_left"]),
        step("read_left", &[], "left", &[]),
        step("setup", &[], "nothing", &[]),
        step("read_right", &[], "right", &["setup"]),
    ]);
    assert_eq!(plan.edges().unwrap(), [(3, 0), (1, 0), (2, 0), (2, 3)]);
    let dag = plan.dag().unwrap();
    assert_eq!(dag.dependencies(0), [3, 1, 2]);
    assert_eq!(dag.topological_order(), [1, 2, 3, 0]);
}

#[test]
fn the_document_survives_a_round_trip() {
    let document = document(&[step("a", &[], "a", &[]), step("b", &["a"], "b", &["a"])]);
    let plan: Plan = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(serde_json::to_value(&plan).unwrap(), document);
}

#[test]
fn unknown_and_missing_keys_are_refused() {
    let mut extra = document(&[]);
    extra["settings"]["threads"] = json!(4);
    let error = serde_json::from_value::<Plan>(extra).unwrap_err();
    assert!(error.to_string().contains("unknown field `threads`"), "{error}");
    for key in ["max_parallel", "fail_fast", "fuse", "deterministic", "memory_limit"] {
        let mut document = document(&[]);
        document["settings"].as_object_mut().unwrap().remove(key);
        let error = serde_json::from_value::<Plan>(document).unwrap_err();
        assert_eq!(error.to_string(), format!("missing field `{key}`"));
    }
}

#[test]
fn references_must_resolve() {
    let unknown = |steps: &[Value]| match plan(steps).edges() {
        Err(error @ WorkflowError::UnknownNode { .. }) => {
            let text = error.to_string();
            let WorkflowError::UnknownNode { known, .. } = error else { unreachable!() };
            (text, known)
        }
        other => panic!("{other:?}"),
    };
    let first = step("first", &[], "data", &[]);
    let (text, known) = unknown(&[first.clone(), step("b", &["first"], "b", &[])]);
    assert_eq!(text, "step 'b' waits for 'first', which does not exist");
    assert_eq!(known, ["data", "b"]); // inputs are datasets
    let (text, known) = unknown(&[first.clone(), step("b", &["data"], "b", &["data"])]);
    assert_eq!(text, "step 'b' waits for 'data', which does not exist");
    assert_eq!(known, ["first", "b"]); // depends_on are steps
    let mut keeping = plan(&[first]);
    keeping.keep = vec!["date".into()];
    let error = keeping.edges().unwrap_err();
    assert_eq!(error.to_string(), "cannot keep 'date': no step produces it");
}

#[test]
fn duplicates_and_empty_names_are_refused() {
    let text = |steps: &[Value]| plan(steps).dag().unwrap_err().to_string();
    assert_eq!(
        text(&[step("a", &[], "x", &[]), step("a", &[], "y", &[])]),
        "two steps are named 'a'"
    );
    assert_eq!(
        text(&[step("a", &[], "x", &[]), step("b", &[], "x", &[])]),
        "steps 'a' and 'b' both produce 'x'"
    );
    assert_eq!(text(&[step("", &[], "x", &[])]), "step '#0': name is empty");
    assert_eq!(text(&[step("a", &[], "", &[])]), "step 'a': output is empty");
    let mut idle = plan(&[]);
    idle.settings.max_parallel = 0;
    assert_eq!(idle.edges().unwrap_err().to_string(), "max_parallel: must be at least 1");
}

#[test]
fn cycles_are_named() {
    let text = |steps: &[Value]| plan(steps).dag().unwrap_err().to_string();
    assert_eq!(text(&[step("a", &["a"], "a", &[])]), "steps wait for each other: a -> a");
    assert_eq!(
        text(&[step("a", &["c"], "x", &[]), step("b", &["x"], "c", &[])]),
        "steps wait for each other: a -> b -> a"
    );
}
