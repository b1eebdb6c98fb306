//! What a caller may ask of a Parquet read.

use serde::Deserialize;

use super::predicate::Predicate;
use crate::types::StringType;

/// Options of [`read`](super::read) and [`stream`](super::stream).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadOptions {
    /// Columns in the order of the result; each a path, so that a nested leaf can be meant. All
    /// columns without.
    pub columns: Option<Vec<Vec<String>>>,
    /// Rows to keep.
    pub predicate: Option<Predicate>,
    /// Row groups to read, in this order; all without.
    pub row_groups: Option<Vec<usize>>,
    /// The first rows only.
    pub n_rows: Option<u64>,
    /// How text comes out.
    pub string_type: StringType,
    /// Columns that come out as Arrow dictionaries.
    pub dictionary_columns: Vec<String>,
    /// Unit of timestamps that are stored as INT96.
    pub int96_unit: Int96Unit,
    /// Compare the checksums of pages.
    pub verify_checksums: bool,
    /// Most rows of a batch when streaming.
    pub batch_rows: Option<usize>,
    /// Which decoder works.
    pub decoder: Decoder,
}

/// Units of INT96 timestamps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Int96Unit {
    /// Seconds.
    S,
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
    /// Nanoseconds.
    #[default]
    Ns,
}

/// Which code decodes pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decoder {
    /// Ours where it can, arrow-rs elsewhere.
    #[default]
    Auto,
    /// Ours, or an error.
    Flat,
    /// arrow-rs.
    Arrow,
}
