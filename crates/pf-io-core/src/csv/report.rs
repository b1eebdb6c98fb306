//! What is told of a read beside its rows.

use std::path::Path;

use super::assemble;
use super::detect::Detected;
use super::infer::Final;
use super::plan::Plan;
use super::read::Pass;
use crate::IoError;
use crate::batch::type_name;

/// What a read noticed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvReport {
    /// The columns, the type of each, and why it has that one; empty where there is nothing to say.
    pub types: Vec<(String, String, String)>,
    /// Records that were left out, in file order.
    pub rejects: Vec<Reject>,
    /// Records of no bytes.
    pub blank_lines: u64,
    /// Fields with text behind the closing quote.
    pub anomalies: u64,
    /// Line of the first of them.
    pub first_anomaly: Option<u64>,
    /// Other remarks.
    pub notes: Vec<String>,
    /// Another separator than the one that was found would do as well.
    pub ambiguous: Option<String>,
    /// The separator that was given or found.
    pub separator: u8,
}

/// A record that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Physical line, from 1.
    pub line: u64,
    /// Record, from 1, the header included.
    pub record: u64,
    /// Offset of the bad cell, or of what else is wrong.
    pub byte: u64,
    /// The column, if a cell is wrong.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// The record's bytes.
    pub raw: Vec<u8>,
    /// What may help.
    pub hint: Option<&'static str>,
}

impl Reject {
    /// The same as an error.
    pub(super) fn error(&self, path: &Path) -> IoError {
        IoError::Csv {
            path: path.to_path_buf(),
            line: self.line,
            record: self.record,
            byte: Some(self.byte),
            column: self.column.clone(),
            message: self.reason.clone(),
            hint: self.hint,
        }
    }
}

pub(super) fn make(
    plan: &Plan,
    finals: &[Final],
    pass: &Pass,
    rejects: Vec<Reject>,
    found: &Detected<'_>,
) -> CsvReport {
    let columns = plan.wanted.iter().zip(finals);
    CsvReport {
        types: columns
            .map(|(column, last)| {
                let data_type = assemble::type_of(column, last);
                (column.name.clone(), type_name(&data_type), last.reason.clone())
            })
            .collect(),
        rejects,
        blank_lines: pass.done.iter().map(|done| done.blank).sum(),
        anomalies: pass.done.iter().map(|done| done.tally.anomalies).sum(),
        first_anomaly: pass.done.iter().find_map(|done| done.tally.first_anomaly),
        notes: found.notes.iter().chain(&plan.notes).chain(&pass.notes).cloned().collect(),
        ambiguous: found.ambiguous.clone(),
        separator: found.options.dialect.separator,
    }
}
