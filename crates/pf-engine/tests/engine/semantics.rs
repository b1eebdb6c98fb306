//! What expressions mean here and not in plain `DataFusion`.

use crate::flows::{group, join, plan, read, run_plan, transform};
use pf_engine::{EngineError, NoCallbacks, StepFailure};
use serde_json::Value;

/// The first failure of a workflow over `text`, if it fails.
fn failure(text: &str, step: impl FnOnce(&str) -> Value) -> Option<StepFailure> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.csv");
    std::fs::write(&file, text).unwrap();
    let (result, _) = run_plan(&plan(vec![read("r", &file), step("r")]), &NoCallbacks);
    result.failures.into_iter().next()
}

#[test]
fn test_integers_do_not_wrap_around() {
    let most = "a\n9223372036854775807\n1\n";
    for expr in ["a + 1", "a * 2", "-2 - a"] {
        let failed = failure(most, |input| transform("t", input, "x", expr)).unwrap();
        assert!(failed.error.to_string().contains("overflow"), "{expr}: {failed}");
    }
    let failed = failure(most, |input| group("g", input, &[], "s", "sum(a)")).unwrap();
    assert!(failed.error.to_string().contains("overflow"), "{failed}");
    let fits = "a\n9223372036854775807\n-9223372036854775807\n9223372036854775807\n-1\n";
    let summed = failure(fits, |input| group("g", input, &[], "s", "sum(a)"));
    assert!(summed.is_none(), "partial sums may pass the limit: {summed:?}");
}

#[test]
fn test_text_and_numbers_do_not_mix() {
    let text = "a,s\n1,x\n";
    for expr in ["a > 'x'", "s = 1", "a IN ('x')", "s BETWEEN 1 AND 2", "coalesce(a, s)", "s + 1"] {
        let failed = failure(text, |input| transform("t", input, "x", expr)).unwrap();
        assert_eq!(failed.error.code(), "E302", "{expr}: {failed}");
        assert_eq!(failed.key.as_deref(), Some("columns.x"));
    }
}

#[test]
fn test_a_condition_guards_what_stands_behind_it() {
    let text = "a,b\n1,0\n4,2\n";
    for expr in ["b <> 0 AND a / b > 1", "b = 0 OR a / b > 1"] {
        let failed = failure(text, |input| transform("t", input, "x", expr));
        assert!(failed.is_none(), "{expr}: {failed:?}");
    }
    assert!(failure(text, |input| transform("t", input, "x", "a / b > 1")).is_some());
}

#[test]
fn test_errors_say_what_is_near() {
    let text = "arr_delay,carrier\n1,AA\n";
    let failed = failure(text, |input| transform("t", input, "x", "arr_dealy + 1")).unwrap();
    assert!(
        matches!(&failed.error, EngineError::UnknownColumn { name, .. } if name == "arr_dealy")
    );
    assert!(failed.error.hint().unwrap().contains("did you mean 'arr_delay'?"));
    let failed = failure(text, |input| transform("t", input, "x", "arr_delay +")).unwrap();
    assert_eq!(failed.error.code(), "E300");
    let failed = failure(text, |input| transform("t", input, "x", "uper(carrier)")).unwrap();
    assert_eq!(failed.error.code(), "E303");
}

#[test]
fn test_join_keys_must_be_of_one_kind() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
    std::fs::write(&a, "k\n1\n").unwrap();
    std::fs::write(&b, "k\nx\n").unwrap();
    let flow = plan(vec![read("a", &a), read("b", &b), join("j", "a", "b", "k", "many_to_many")]);
    let (result, _) = run_plan(&flow, &NoCallbacks);
    assert_eq!(result.failures[0].error.class(), "SchemaError");
    assert_eq!(result.failures[0].key.as_deref(), Some("on"));
}
