//! CSV files of a `read` step.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use pf_io_core::csv::{CsvReport, CsvScan, CsvSettings, Policy, Reject};
use pf_io_core::{Context, IoError, Source};
use serde_json::{Map, Value as Json, json};

use super::StepContext;
use super::read::same_schema;
use crate::error::{AtKey, EngineError, KeyedError};
use crate::scan::{FileTable, OpenFile};

/// How often the cancel flag is looked at while files are opened.
const POLL: Duration = Duration::from_millis(10);
/// Bad lines that a warning shows.
const SHOWN: usize = 5;

/// One table of all files: types that were inferred hold the cells of all of them.
pub(super) fn table(
    context: &StepContext<'_>,
    options: &Map<String, Json>,
    schema: Option<&Map<String, Json>>,
    limit: Option<usize>,
    paths: &[PathBuf],
) -> Result<Arc<dyn TableProvider>, KeyedError> {
    let settings = settings(options, schema, limit)?;
    let threads = context.state.config().target_partitions();
    let reading =
        Context::new(threads, context.memory_limit, Arc::clone(context.halt)).at("path")?;
    let open = |path: &PathBuf| -> Result<CsvScan, KeyedError> {
        let named = |error: IoError| KeyedError {
            key: Some(key(&error, options, schema)),
            error: error.into(),
        };
        let options = settings.options(path).map_err(named)?;
        let source = Source::open_text(path).at("path")?;
        if context.execution.is_some() {
            CsvScan::open(source, &options, &reading).map_err(named)
        } else {
            CsvScan::glance(source, &options, &reading).map_err(named)
        }
    };
    let scans = heeding(context.cancel, context.halt, || {
        paths.iter().map(open).collect::<Result<Vec<_>, _>>()
    })?;
    let policy = settings.policy();
    for (scan, path) in scans.iter().zip(paths) {
        for text in remarks(scan.report(), policy) {
            context.warn(format!("step '{}': {}: {text}", context.step.name, path.display()));
        }
    }
    if policy == Policy::Collect {
        let files = scans.iter().zip(paths);
        let entries = files.flat_map(|(scan, path)| {
            scan.report().rejects.iter().map(move |reject| entry(path, reject))
        });
        context.tell("rejects", entries.collect());
    }
    let scans = CsvScan::united(&scans, &DataType::Utf8).at("path")?;
    let schemas: Vec<SchemaRef> = scans.iter().map(CsvScan::schema).collect();
    let schema = same_schema(paths, &schemas).at("path")?;
    let files = scans.into_iter().map(|scan| OpenFile::Csv(scan, reading.clone())).collect();
    Ok(Arc::new(FileTable::new(schema, files, Arc::clone(context.halt))))
}

/// The options of `read_csv` that the step has, the types of its schema among them.
fn settings(
    options: &Map<String, Json>,
    schema: Option<&Map<String, Json>>,
    limit: Option<usize>,
) -> Result<CsvSettings, KeyedError> {
    let mut all = options.clone();
    if let Some(schema) = schema {
        all.insert("dtypes".to_owned(), Json::Object(schema.clone()));
    }
    if let Some(limit) = limit {
        all.insert("n_rows".to_owned(), limit.into());
    }
    // What plans have for text.
    all.insert("string_type".to_owned(), "utf8".into());
    serde_json::from_value(Json::Object(all)).map_err(|error| {
        let message = format!("the options of a CSV file: {error}");
        KeyedError { key: None, error: EngineError::Config { message } }
    })
}

/// The key of the step that an error is about.
fn key(error: &IoError, options: &Map<String, Json>, schema: Option<&Map<String, Json>>) -> String {
    let of_column = |name: &str, column: &str| {
        options.get(name).and_then(Json::as_object).is_some_and(|map| map.contains_key(column))
    };
    let found = match error {
        IoError::Schema { column, .. }
            if schema.is_some_and(|schema| schema.contains_key(column)) =>
        {
            Some("schema")
        }
        IoError::Schema { column, .. } => {
            let own = ["nulls", "parse_dates"].into_iter().find(|name| of_column(name, column));
            own.or_else(|| options.get("names").is_some_and(Json::is_array).then_some("names"))
        }
        IoError::Dialect { .. } => Some("sep"),
        // Such a message begins with the name of the option.
        IoError::Unsupported { message, .. } => {
            let first = message.split([' ', ':', '=']).next().unwrap_or_default();
            options.contains_key(first).then_some(first)
        }
        _ => None,
    };
    found.unwrap_or("path").to_owned()
}

/// A record that was left out, by the names of the rejects table.
fn entry(path: &Path, reject: &Reject) -> Json {
    json!({
        "path": path.display().to_string(),
        "line": reject.line,
        "record": reject.record,
        "byte_offset": reject.byte,
        "column": reject.column,
        "reason": reject.reason,
        "raw": String::from_utf8_lossy(&reject.raw),
    })
}

/// What the user should know of a file.
fn remarks(report: &CsvReport, policy: Policy) -> Vec<String> {
    let mut texts = report.notes.clone();
    texts.extend(report.ambiguous.clone());
    if report.anomalies > 0 {
        texts.push(format!("{} quoted cells have text after the closing quote", report.anomalies));
    }
    if !report.rejects.is_empty() && policy == Policy::Warn {
        let shown: Vec<String> = report
            .rejects
            .iter()
            .take(SHOWN)
            .map(|reject| match &reject.column {
                Some(column) => {
                    format!("line {}, column '{column}': {}", reject.line, reject.reason)
                }
                None => format!("line {}: {}", reject.line, reject.reason),
            })
            .collect();
        let more = if report.rejects.len() > SHOWN { "; ..." } else { "" };
        let count = report.rejects.len();
        let lines = if count == 1 { "line was" } else { "lines were" };
        texts.push(format!("{count} bad {lines} left out: {}{more}", shown.join("; ")));
    }
    texts
}

/// Runs `work`, which looks at `halt` alone, and sets that flag when `cancel` is set.
fn heeding<T>(cancel: &AtomicBool, halt: &Arc<AtomicBool>, work: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if cancel.load(Ordering::Relaxed) {
                    halt.store(true, Ordering::Relaxed);
                    break;
                }
                thread::park_timeout(POLL);
            }
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        watcher.thread().unpark();
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_option_that_they_are_about() {
        let options = serde_json::json!({
            "sep": ";", "quote": ";", "nulls": {"a": ["-"]}, "parse_dates": {"d": "%d"},
            "names": null,
        });
        let options = options.as_object().cloned().unwrap_or_default();
        let schema = Map::from_iter([("s".to_owned(), Json::from("int8"))]);
        let path = PathBuf::from("t.csv");
        let about = |column: &str| IoError::Schema {
            path: path.clone(),
            column: column.to_owned(),
            message: String::new(),
            hint: None,
        };
        let unsupported = |message: &str| IoError::Unsupported {
            path: path.clone(),
            message: message.to_owned(),
        };
        for (error, wanted) in [
            (about("s"), "schema"),
            (about("a"), "nulls"),
            (about("d"), "parse_dates"),
            (about("x"), "path"),
            (unsupported("sep must be one ASCII character"), "sep"),
            (unsupported("quote and comment are the same character"), "quote"),
            (unsupported("something else"), "path"),
            (IoError::NotFound { path: path.clone() }, "path"),
        ] {
            assert_eq!(key(&error, &options, Some(&schema)), wanted, "{error}");
        }
    }

    #[test]
    fn a_cancelled_step_stops_what_looks_at_its_twin() {
        let (cancel, halt) = (AtomicBool::new(true), Arc::new(AtomicBool::new(false)));
        heeding(&cancel, &halt, || {
            while !halt.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        });
        let (cancel, halt) = (AtomicBool::new(false), Arc::new(AtomicBool::new(false)));
        assert_eq!(heeding(&cancel, &halt, || 7), 7);
        assert!(!halt.load(Ordering::Relaxed));
    }
}
