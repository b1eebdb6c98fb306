//! `save`: rows of a plan into a file that appears whole or not at all.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::logical_expr::LogicalPlan;
use pf_io_core::csv::write::CsvWriteOptions;
use pf_io_core::{Context, Format, TableWriter, WriteMode, WriteOptions};
use serde::Deserialize;

use super::StepContext;
use crate::error::{AtKey, EngineError, KeyedError};
use crate::execute::Execution;
use crate::plain;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FormatName {
    Parquet,
    Csv,
    Avro,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Replace,
    Error,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaveStep {
    path: PathBuf,
    format: FormatName,
    mode: Mode,
    mkdir: bool,
    compression: Option<String>,
    row_group_rows: usize,
    /// Options of `write_csv`.
    #[serde(default)]
    csv: CsvWriteOptions,
}

/// A published file.
#[derive(Debug, Clone)]
pub struct SavedFile {
    /// Where it is.
    pub path: PathBuf,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// `xxh3-128:` and the digest in hex.
    pub checksum: String,
}

/// Runs `input` and writes its rows.
pub(crate) fn save(
    context: &StepContext<'_>,
    execution: &Execution<'_>,
    input: &LogicalPlan,
) -> Result<SavedFile, KeyedError> {
    let step: SaveStep = context.config()?;
    let options = WriteOptions {
        format: match step.format {
            FormatName::Parquet => Format::Parquet,
            FormatName::Csv => Format::Csv,
            FormatName::Avro => Format::Avro,
        },
        mode: match step.mode {
            Mode::Replace => WriteMode::Replace,
            Mode::Error => WriteMode::Error,
        },
        mkdir: step.mkdir,
        compression: match step.format {
            FormatName::Csv => step.csv.compression.clone(),
            // The plan always says which: null stands for none.
            format => Some(step.compression.clone().unwrap_or_else(|| none(format).to_owned())),
        },
        row_group_rows: step.row_group_rows,
        csv: step.csv.clone(),
    };
    let schema = plain::schema(input.schema().as_arrow());
    // The step's share of the cores.
    let threads = context.state.config().target_partitions();
    let halt = Arc::clone(&execution.halt);
    let writing = Context::new(threads, context.memory_limit, halt).at("path")?;
    let mut writer = TableWriter::create_with(&step.path, schema, &options, &writing).at("path")?;
    execution.for_each(context.state, input, |batch| {
        writer.write(&plain::batch(&batch)?).map_err(EngineError::from)
    })?;
    let report = writer.finish().at("path")?;
    Ok(SavedFile {
        path: report.path,
        rows: report.rows,
        bytes: report.bytes,
        checksum: format!("xxh3-128:{}", report.checksum),
    })
}

fn none(format: FormatName) -> &'static str {
    match format {
        FormatName::Avro => "null",
        FormatName::Parquet | FormatName::Csv => "none",
    }
}
