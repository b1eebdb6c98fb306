//! What is told of a read beside its rows.

use std::path::Path;

use super::infer::Final;
use super::plan::Plan;
use super::read::Pass;
use crate::IoError;

/// What a read noticed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvReport {
    /// The columns, and why each has its type; empty where there is nothing to say.
    pub reasons: Vec<(String, String)>,
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
}

/// A record that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Physical line, from 1.
    pub line: u64,
    /// Data record, from 1 and without the header.
    pub record: u64,
    /// Offset of what is wrong.
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
            column: self.column.clone(),
            message: format!("byte {}: {}", self.byte, self.reason),
            hint: self.hint,
        }
    }
}

pub(super) fn make(plan: &Plan, finals: &[Final], pass: &Pass, rejects: Vec<Reject>) -> CsvReport {
    let columns = plan.wanted.iter().zip(finals);
    CsvReport {
        reasons: columns.map(|(column, last)| (column.name.clone(), last.reason.clone())).collect(),
        rejects,
        blank_lines: pass.done.iter().map(|done| done.blank).sum(),
        anomalies: pass.done.iter().map(|done| done.tally.anomalies).sum(),
        first_anomaly: pass.done.iter().find_map(|done| done.tally.first_anomaly),
        notes: plan.notes.clone(),
    }
}
