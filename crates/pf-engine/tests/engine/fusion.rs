//! Which steps become one plan, and what a fused plan reports.

use std::path::Path;

use crate::flows::{group, join, plan, read, run_plan, save, step, transform};
use pf_engine::{Groups, NoCallbacks};
use pf_workflow_core::Plan;
use serde_json::json;

/// Names of the steps of each group.
fn groups(plan: &Plan) -> Vec<Vec<String>> {
    let groups = Groups::new(plan, &plan.dag().unwrap()).unwrap();
    groups
        .groups
        .iter()
        .map(|group| group.steps.iter().map(|step| plan.steps[*step].name.clone()).collect())
        .collect()
}

fn filter(name: &str, input: &str, condition: &str) -> serde_json::Value {
    step(name, "filter", &[input], json!({"where": condition}))
}

#[test]
fn test_a_chain_is_one_group_and_a_shared_output_its_own() {
    let file = Path::new("/none.csv");
    let plan = plan(vec![
        read("r", file),
        filter("f", "r", "a > 1"),
        group("left", "f", &["b"], "n", "count(*)"),
        group("right", "f", &[], "n", "count(*)"),
        save("out", "left", Path::new("/none.parquet")),
    ]);
    assert_eq!(groups(&plan), [vec!["r", "f"], vec!["right"], vec!["left", "out"]]);
}

#[test]
fn test_what_is_read_twice_or_wanted_back_is_not_fused() {
    let file = Path::new("/none.csv");
    let sql = |text: &str| step("q", "sql", &["r"], json!({"sql": text, "tables": {"r": "r"}}));
    let once = plan(vec![read("r", file), sql("SELECT a FROM r")]);
    assert_eq!(groups(&once), [vec!["r", "q"]]);
    let twice = plan(vec![read("r", file), sql("SELECT x.a FROM r x JOIN r y ON x.a = y.a")]);
    assert_eq!(groups(&twice), [vec!["r"], vec!["q"]]);
    let mut kept = plan(vec![read("r", file), filter("f", "r", "a > 1")]);
    kept.keep = vec!["r".to_owned()];
    assert_eq!(groups(&kept), [vec!["r"], vec!["f"]]);
    let mut unfused = plan(vec![read("r", file), filter("f", "r", "a > 1")]);
    unfused.settings.fuse = false;
    assert_eq!(groups(&unfused), [vec!["r"], vec!["f"]]);
}

#[test]
fn test_the_checked_side_of_a_join_is_not_fused() {
    let (a, b) = (Path::new("/a.csv"), Path::new("/b.csv"));
    let joined =
        |validate| plan(vec![read("a", a), read("b", b), join("j", "a", "b", "k", validate)]);
    assert_eq!(groups(&joined("many_to_many")), [vec!["a", "b", "j"]]);
    assert_eq!(groups(&joined("many_to_one")), [vec!["b"], vec!["a", "j"]]);
    assert_eq!(groups(&joined("one_to_one")), [vec!["a"], vec!["b"], vec!["j"]]);
}

#[test]
fn test_a_long_chain_is_cut() {
    let mut steps = vec![read("s0", Path::new("/none.csv"))];
    for i in 1..100 {
        steps.push(filter(&format!("s{i}"), &format!("s{}", i - 1), "a > 1"));
    }
    let found = groups(&plan(steps));
    assert!(found.len() > 3 && found.iter().all(|group| group.len() <= 32), "{found:?}");
}

#[test]
fn test_an_error_inside_a_fused_plan_names_its_own_step() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.csv");
    std::fs::write(&file, "a,b\n1,1\n2,0\n3,1\n").unwrap();
    let out = folder.path().join("out.parquet");
    for fuse in [true, false] {
        let mut plan = plan(vec![
            read("r", &file),
            transform("first", "r", "c", "a + 1"),
            transform("second", "first", "d", "a / b"),
            filter("third", "second", "d > 0"),
            save("out", "third", &out),
        ]);
        plan.settings.fuse = fuse;
        let (result, events) = run_plan(&plan, &NoCallbacks);
        assert_eq!(result.status, "failed");
        assert_eq!(result.failures[0].step, "second", "fuse: {fuse}");
        assert_eq!(result.failures[0].error.to_string(), "division by zero");
        let status: Vec<&str> = result.steps.iter().map(|step| step.status).collect();
        assert_eq!(status[2..], ["failed", "skipped", "skipped"], "fuse: {fuse}");
        assert!(!out.exists(), "fuse: {fuse}");
        let starts = events.iter().filter(|event| event.kind == "step_started").count();
        let ends = |kind: &str| events.iter().filter(|event| event.kind == kind).count();
        let skipped_unstarted = if fuse { 0 } else { 2 };
        let ended = ends("step_completed") + ends("step_failed") + ends("step_cancelled");
        assert_eq!(starts, ended + ends("step_skipped") - skipped_unstarted, "fuse: {fuse}");
    }
}

#[test]
fn test_rows_of_fused_steps_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.csv");
    let mut lines = vec!["a,b".to_owned()];
    lines.extend((0..1000).map(|i| format!("{i},{}", i % 7)));
    std::fs::write(&file, lines.join("\n")).unwrap();
    let plan = plan(vec![
        read("r", &file),
        filter("f", "r", "a >= 900"),
        group("g", "f", &["b"], "n", "count(*)"),
    ]);
    let (result, _) = run_plan(&plan, &NoCallbacks);
    assert_eq!(result.status, "completed");
    let counted: Vec<Option<u64>> = result.steps.iter().map(|step| step.facts.rows).collect();
    assert_eq!(counted, [Some(1000), Some(100), Some(7)]);
}
