//! What a caller may ask of a CSV read.

use super::answers::Answers;
use super::dialect::Dialect;
use super::input::InputOptions;
use super::spec::ColumnSpec;
use crate::types::StringType;

/// Whether the first record holds names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Header {
    /// It does, unless one of its cells is of its column's type.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It does not.
    No,
    /// The record of this number does, from 1; those before it are left out.
    Record(u64),
}

/// What becomes of a record that is not as it should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BadLines {
    /// The first one ends the read.
    #[default]
    Error,
    /// It is left out and told of.
    Collect,
}

/// Options of [`read`](super::read).
#[derive(Debug, Clone, Default)]
pub struct CsvReadOptions {
    /// Which bytes mean what.
    pub dialect: Dialect,
    /// The separator is to be found; that of the dialect does not count.
    pub sniff: bool,
    /// How the file becomes text.
    pub input: InputOptions,
    /// Whether there is a header.
    pub header: Header,
    /// Names of all columns, in place of the header's.
    pub names: Option<Vec<String>>,
    /// Columns in the order of the result; all without.
    pub columns: Option<Vec<String>>,
    /// How columns are read that are not in `specs`.
    pub spec: ColumnSpec,
    /// How single columns are read.
    pub specs: Vec<(String, ColumnSpec)>,
    /// Columns that come out as dictionaries of text.
    pub categories: Vec<String>,
    /// Records that decide the types; all without.
    pub infer_records: Option<usize>,
    /// Physical lines to leave out at the start.
    pub skip_lines: u64,
    /// Records with too few fields are filled up with nulls.
    pub ragged_fill: bool,
    /// What becomes of bad records.
    pub bad_lines: BadLines,
    /// Fields to take instead of those of single records.
    pub answers: Answers,
    /// The first rows only.
    pub n_rows: Option<u64>,
    /// So many records are looked at, good and bad ones; for samples.
    pub most_records: Option<u64>,
    /// How text comes out.
    pub string_type: StringType,
    /// Bytes of a chunk; 0 for the default.
    pub chunk_bytes: usize,
}

impl CsvReadOptions {
    /// Every record of the input is a row.
    pub(super) fn all_records_are_rows(&self) -> bool {
        self.bad_lines == BadLines::Error && self.answers.is_empty()
    }
}
