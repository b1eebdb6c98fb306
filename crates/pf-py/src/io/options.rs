//! Options and sources of a call.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pf_io_core::frame::FrameOptions;
use pf_io_core::{Context, IoError, Source};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::token::CancellationToken;
use crate::{errors, gil};

/// Calls of `progress` are at least this many ticks of 50 ms apart.
const TICKS: u32 = 2;

/// Options of one call, taken apart.
pub(super) struct Call {
    pub threads: usize,
    pub memory_limit: Option<u64>,
    pub frame: FrameOptions,
    /// What the format's own reader or writer takes.
    rest: Map<String, Value>,
}

impl Call {
    /// Reads the JSON object that Python made.
    pub fn read(text: &str) -> PyResult<Self> {
        let mut rest: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| errors::internal(&error.to_string()))?;
        let threads: Option<usize> = take(&mut rest, "threads")?;
        let memory_limit = take(&mut rest, "memory_limit")?;
        let mut frame = Map::new();
        for key in ["null_ints", "dates", "decimals"] {
            if let Some(value) = rest.remove(key) {
                frame.insert(key.to_owned(), value);
            }
        }
        // A source is one file; its row groups are the only entry.
        if let Some(Value::Array(files)) = rest.get_mut("row_groups")
            && let Some(first @ Value::Array(_)) = files.first_mut()
        {
            let first = first.take();
            rest.insert("row_groups".to_owned(), first);
        }
        Ok(Self {
            threads: threads.unwrap_or_else(cores).max(1),
            memory_limit,
            frame: parse(Value::Object(frame))?,
            rest,
        })
    }

    /// The options that are left, in the form of the format; null is the default.
    pub fn rest<T: DeserializeOwned>(&self) -> PyResult<T> {
        let mut rest = self.rest.clone();
        rest.retain(|_, value| !value.is_null());
        parse(Value::Object(rest))
    }

    /// The options that are left, where null is a value.
    pub fn rest_with_nulls<T: DeserializeOwned>(&self) -> PyResult<T> {
        parse(Value::Object(self.rest.clone()))
    }

    pub fn context(&self, py: Python<'_>, cancel: Arc<AtomicBool>) -> PyResult<Context> {
        Context::new(self.threads, self.memory_limit, cancel)
            .map_err(|error| errors::io_error(py, &error))
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn take<T: DeserializeOwned>(map: &mut Map<String, Value>, key: &str) -> PyResult<Option<T>> {
    match map.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => parse(value).map(Some),
    }
}

fn parse<T: DeserializeOwned>(value: Value) -> PyResult<T> {
    serde_json::from_value(value).map_err(|error| errors::internal(&format!("options: {error}")))
}

/// The flag of `token`, or a new one.
pub(super) fn flag(token: Option<&Bound<'_, CancellationToken>>) -> Arc<AtomicBool> {
    token.map_or_else(Arc::default, |token| token.get().flag())
}

/// A path or bytes; a file without bytes is none of its format.
pub(super) fn source(format: &str, object: &Bound<'_, PyAny>) -> PyResult<Source> {
    let py = object.py();
    let text = format == "csv";
    let opened = if object.is_instance_of::<PyBytes>() {
        let bytes: PyBackedBytes = object.extract()?;
        let bytes = bytes::Bytes::from_owner(bytes);
        if text {
            Ok(Source::memory_text("<bytes>", bytes))
        } else {
            Source::memory("<bytes>", bytes)
        }
    } else {
        let path: PathBuf = object.extract()?;
        py.detach(|| if text { Source::open_text(&path) } else { Source::open(&path) })
    };
    let opened = opened.map_err(|error| match error {
        IoError::Empty { path } => {
            let message = "file is empty".to_owned();
            match format {
                "avro" => IoError::Avro { path, block: None, message },
                _ => IoError::Parquet { path, message },
            }
        }
        other => other,
    });
    opened.map_err(|error| errors::io_error(py, &error))
}

/// Runs `task` without the interpreter; tells its progress and hears Ctrl-C meanwhile.
pub(super) fn work<T: Send>(
    py: Python<'_>,
    context: &Context,
    progress: Option<&Bound<'_, PyAny>>,
    task: impl FnOnce() -> Result<T, IoError> + Send,
) -> PyResult<T> {
    let mut ticks = 0;
    let tell = |callable: &Bound<'_, PyAny>| -> PyResult<()> {
        let progress = context.progress();
        let done = progress.done_bytes.load(Ordering::Relaxed);
        let total = progress.total_bytes.load(Ordering::Relaxed);
        let rows = progress.rows.load(Ordering::Relaxed);
        callable.call1((done, (total > 0).then_some(total), rows)).map(|_| ())
    };
    let done = gil::enter_ticking(py, context.cancel(), task, |_| {
        ticks += 1;
        match progress {
            Some(callable) if ticks % TICKS == 0 => tell(callable),
            _ => Ok(()),
        }
    })?;
    let done = done.map_err(|error| errors::io_error(py, &error))?;
    if let Some(callable) = progress {
        tell(callable)?;
    }
    Ok(done)
}
