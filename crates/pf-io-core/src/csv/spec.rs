//! What the caller wants of one column.

use arrow::datatypes::DataType;
use serde::Deserialize;

use super::kind::Kind;

/// How the cells of one column are read.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnSpec {
    /// Who sets the type.
    pub target: Target,
    /// Which cells are null.
    pub nulls: Nulls,
    /// Texts for true; `None`: `true`, `True`, `TRUE`.
    pub true_values: Option<Vec<String>>,
    /// Texts for false; `None`: `false`, `False`, `FALSE`.
    pub false_values: Option<Vec<String>>,
    /// Between the whole and the fraction of a number.
    pub decimal: u8,
    /// Between groups of three digits.
    pub thousands: Option<u8>,
    /// Under inference, an integer with leading zeros or a plus sign is a number, not text.
    pub leading_zeros_are_numbers: bool,
    /// What inference makes of integers beyond int64.
    pub int_overflow: IntOverflow,
    /// Which texts are dates.
    pub dates: Dates,
    /// Typed columns: go on behind a cell that does not fit, and name all of them.
    pub all_failures: bool,
}

/// Who sets the type.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Target {
    /// The cells.
    #[default]
    Infer,
    /// A sample; a later cell must have the form that inference accepts.
    Settled(Kind),
    /// The caller; plus signs and leading zeros are numbers.
    Typed(DataType),
}

/// Which cells are null. A missing cell always is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Nulls {
    /// The unquoted empty cell; in typed columns also `""` and `NA N/A #N/A n/a NULL null None`.
    #[default]
    Auto,
    /// The unquoted empty cell.
    Strict,
    /// What pandas takes for null, everywhere, quoted or not.
    Pandas,
    /// Exactly these, unquoted.
    List(Vec<String>),
}

/// What inference makes of integers beyond int64.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntOverflow {
    /// uint64 if all fit, else a decimal of 38 digits, else text.
    #[default]
    Decimal,
    /// Text.
    #[serde(rename = "string")]
    Text,
    /// An error.
    Error,
}

/// Which texts are dates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Dates {
    /// ISO 8601.
    #[default]
    Iso,
    /// None.
    Off,
    /// Those of this [`Pattern`](super::parse::patterns::Pattern), in typed columns; no text has one
    /// that is not understood.
    Pattern(String),
}

impl Default for ColumnSpec {
    fn default() -> Self {
        Self {
            target: Target::Infer,
            nulls: Nulls::Auto,
            true_values: None,
            false_values: None,
            decimal: b'.',
            thousands: None,
            leading_zeros_are_numbers: false,
            int_overflow: IntOverflow::Decimal,
            dates: Dates::Iso,
            all_failures: false,
        }
    }
}

impl ColumnSpec {
    /// A column of a type set by the caller.
    pub fn typed(data_type: DataType) -> Self {
        Self { target: Target::Typed(data_type), ..Self::default() }
    }
}
