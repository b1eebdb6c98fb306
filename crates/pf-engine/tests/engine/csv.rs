//! CSV files in workflows: conditions at the reader, several files, options, errors, and saving.

use std::fmt::Write as _;
use std::path::Path;

use crate::flows::{plan, read, run_plan, step};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::util::pretty::pretty_format_batches;
use pf_engine::{NoCallbacks, RunResult, Value, describe};
use serde_json::{Value as Json, json};

/// A `read` step with other keys.
fn read_with(name: &str, path: Json, keys: Json, csv: Json) -> Json {
    let mut step = read(name, Path::new("/"));
    step["config"]["path"] = path;
    for (key, value) in keys.as_object().unwrap() {
        step["config"][key] = value.clone();
    }
    for (key, value) in csv.as_object().unwrap() {
        step["config"]["csv"][key] = value.clone();
    }
    step
}

fn run(steps: Vec<Json>) -> RunResult {
    run_plan(&plan(steps), &NoCallbacks).0
}

/// The only output.
fn output(result: &RunResult) -> RecordBatch {
    assert_eq!(result.status, "completed", "{:?}", result.failures);
    match &result.outputs[..] {
        [(_, Value::Table(table))] => concat_batches(table.schema(), table.batches()).unwrap(),
        other => panic!("{} outputs", other.len()),
    }
}

#[test]
fn test_a_condition_at_the_reader_keeps_the_rows_of_one_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let mut text = "n,price,name,day,gone\n".to_owned();
    for row in 0..120_000 {
        let price = match row % 11 {
            0 => "nan".to_owned(),
            1 => "-0.0".to_owned(),
            2 => String::new(),
            other => format!("{other}.5"),
        };
        let name = if row % 5 == 0 { String::new() } else { format!("name {}", row % 7) };
        let day = 1 + row % 28;
        writeln!(text, "{row},{price},{name},2024-01-{day:02},").unwrap();
    }
    assert!(text.len() > 3 << 20);
    std::fs::write(&path, text).unwrap();
    let typed = json!({"price": "float64"});
    for condition in [
        "n >= 119990",
        "n < 3 OR n = 60000 OR 119999 <= n",
        "price > 9.0 AND name = 'name 3'",
        "price = 0.0 AND n < 100",
        "name IS NULL AND price IS NOT NULL AND n > 119000",
        "name IN ('name 1', 'name 2') AND day < DATE '2024-01-03'",
        "name <> 'name 1' AND n % 1000 = 7",
        "upper(name) = 'NAME 4' AND n BETWEEN 10 AND 50",
        "gone IS NULL AND n < 5",
        "gone = 'x'",
    ] {
        let path = json!([path]);
        let pushed =
            read_with("r", path.clone(), json!({"where": condition, "schema": typed}), json!({}));
        let all = read_with("r", path, json!({"schema": typed}), json!({}));
        let behind = step("f", "filter", &["r"], json!({"where": condition}));
        let pushed = output(&run(vec![pushed]));
        let behind = output(&run(vec![all, behind]));
        assert_eq!(pushed, behind, "{condition}");
        assert_eq!(pushed.num_rows() == 0, condition == "gone = 'x'", "{condition}");
    }
    let first = read_with("r", json!([path]), json!({"limit": 3}), json!({}));
    assert_eq!(output(&run(vec![first])).num_rows(), 3);
    let one = read_with("r", json!([path]), json!({"columns": ["name", "n"]}), json!({}));
    let one = output(&run(vec![one]));
    assert_eq!((one.num_rows(), one.num_columns()), (120_000, 2));
}

#[test]
fn test_files_of_different_types_are_read_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.csv"), "a,b,c\n1,1,x\n2,,y\n").unwrap();
    std::fs::write(at("b.csv"), "c,b,a\nz,007,2.5\n").unwrap();
    let step = read_with("r", json!([at("*.csv")]), json!({}), json!({}));
    let found = output(&run(vec![step.clone()]));
    let schema = found.schema();
    let types: Vec<&DataType> = schema.fields().iter().map(|field| field.data_type()).collect();
    assert_eq!(types, [&DataType::Float64, &DataType::Utf8, &DataType::Utf8]);
    let texts = pretty_format_batches(&[found]).unwrap();
    assert!(texts.to_string().contains("| 2.5 | 007 | z |"), "{texts}");
    std::fs::write(at("b.csv"), "c,b\nz,1\n").unwrap();
    let failed = &run(vec![step]).failures[0];
    assert_eq!((failed.key.as_deref(), failed.error.class()), (Some("path"), "SchemaError"));
    assert!(failed.to_string().contains("b.csv"), "{failed}");
}

#[test]
fn test_errors_name_their_key_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "a,b\n1,x\ny,z\n1\n").unwrap();
    let failed = |keys: Json, mut csv: Json| {
        if csv.get("sep").is_none() {
            csv["sep"] = json!(",");
        }
        let mut result = run(vec![read_with("r", json!([path]), keys, csv)]);
        assert_eq!(result.status, "failed");
        result.failures.remove(0)
    };
    let bad = failed(json!({}), json!({}));
    assert_eq!((bad.key.as_deref(), bad.error.class()), (Some("path"), "CsvError"));
    assert!(
        bad.error.to_string().ends_with("line 4, record 4, byte 12: expected 2 fields, found 1")
    );
    let unknown = failed(json!({"schema": {"c": "int8"}}), json!({}));
    assert_eq!(unknown.key.as_deref(), Some("schema"));
    let cell = failed(
        json!({"schema": {"a": "int8"}}),
        json!({"on_bad_lines": "error", "ragged": "fill"}),
    );
    assert!(
        cell.error.to_string().ends_with("line 3, record 3, column 'a', byte 8: \"y\" is not int8"),
        "{cell}"
    );
    let sep = failed(json!({}), json!({"sep": "::"}));
    assert_eq!(sep.key.as_deref(), Some("sep"));
    let names = failed(json!({}), json!({"names": ["x"], "ragged": "fill"}));
    assert_eq!(names.key.as_deref(), Some("names"));
}

#[test]
fn test_bad_lines_are_left_out_and_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "a,b\n1,x\n2\n3,y\n4,y,z\nq,w\n").unwrap();
    let schema = json!({"schema": {"a": "int64"}});
    for (policy, warnings) in [("warn", 1), ("skip", 0)] {
        let csv = json!({"on_bad_lines": policy, "sep": ","});
        let result = run(vec![read_with("r", json!([path]), schema.clone(), csv)]);
        assert_eq!(output(&result).num_rows(), 2);
        assert_eq!(result.warnings.len(), warnings, "{:?}", result.warnings);
        for warning in &result.warnings {
            assert!(
                warning.contains(
                    "3 bad lines were left out: line 3: expected 2 fields, found 1; line 5"
                ),
                "{warning}"
            );
        }
    }
}

#[test]
fn test_options_reach_the_reader_and_the_writer() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("t.csv"), folder.path().join("o.csv.gz"));
    std::fs::write(&path, b"k;v\nM\xfcller;1,5\n-;1.000,25\n").unwrap();
    let csv = json!({
        "sep": ";", "encoding": "windows-1252", "decimal": ",", "thousands": ".", "nulls": ["-"],
    });
    let saved = json!({
        "path": out, "format": "csv", "mode": "replace", "mkdir": false, "compression": null,
        "row_group_rows": 1024,
        "csv": {"sep": "|", "null": "NA", "quote_style": "always", "compression": "auto"},
    });
    let result =
        run(vec![read_with("r", json!([path]), json!({}), csv), step("s", "save", &["r"], saved)]);
    assert_eq!(result.status, "completed", "{:?}", result.failures);
    let back = json!({"sep": "|", "nulls": ["NA"]});
    let back = output(&run(vec![read_with("r", json!([out]), json!({}), back)]));
    let texts = pretty_format_batches(&[back]).unwrap();
    assert!(texts.to_string().contains("| Müller | 1.5     |"), "{texts}");
    assert!(texts.to_string().contains("|        | 1000.25 |"), "{texts}");
}

#[test]
fn test_a_description_looks_at_the_first_records_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let text = "a,b\n".to_owned() + &"1,x\n".repeat(5000) + "1\n";
    std::fs::write(&path, text).unwrap();
    let wrong = step("f", "filter", &["r"], json!({"where": "c > 1"}));
    let flow = plan(vec![read("r", &path), wrong]);
    let problems = describe(&flow, true).unwrap().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].0.step, "f");
}
