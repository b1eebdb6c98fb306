//! How a text is to be read.

use std::path::Path;

use arrow::datatypes::DataType;

use crate::{IoError, Result};

/// What happens to a record with too few or too many cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BadLines {
    /// Reading fails and names the line.
    #[default]
    Error,
    /// The record is left out; a warning gives the count and the first five.
    Warn,
    /// The record is left out and counted.
    Skip,
}

/// Options of [`CsvFile::open`](super::CsvFile::open).
#[derive(Debug, Clone, PartialEq)]
pub struct CsvOptions {
    /// Between cells.
    pub delimiter: u8,
    /// The first record holds the names; else they are `column_1`, `column_2`, ...
    pub header: bool,
    /// Around cells that hold delimiters, line ends or quotes; `None` = no quoting.
    pub quote: Option<u8>,
    /// Takes the next byte literally.
    pub escape: Option<u8>,
    /// A line that starts with it is skipped.
    pub comment: Option<u8>,
    /// Physical lines dropped before the header.
    pub skip_rows: usize,
    /// Unquoted cells with exactly these texts are null.
    pub null_values: Vec<String>,
    /// Columns to read, in this order; `None` = all.
    pub columns: Option<Vec<String>>,
    /// Types set by the caller; these columns are not inferred.
    pub schema: Vec<(String, DataType)>,
    /// Records inspected for the types; `None` = all that are read.
    pub infer_rows: Option<usize>,
    /// What happens to ragged records.
    pub on_bad_lines: BadLines,
    /// Read only this many records.
    pub limit: Option<usize>,
    /// Bytes of text, packed or not, that may be held in memory.
    pub memory_limit: Option<u64>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            delimiter: b',',
            header: true,
            quote: Some(b'"'),
            escape: None,
            comment: None,
            skip_rows: 0,
            null_values: vec![String::new()],
            columns: None,
            schema: Vec::new(),
            infer_rows: None,
            on_bad_lines: BadLines::Error,
            limit: None,
            memory_limit: None,
        }
    }
}

impl CsvOptions {
    /// The special bytes are ASCII, no line ends, and differ from each other.
    pub(crate) fn validate(&self, path: &Path) -> Result<()> {
        let specials = [
            ("delimiter", Some(self.delimiter)),
            ("quote", self.quote),
            ("escape", self.escape),
            ("comment", self.comment),
        ];
        for (index, (name, byte)) in specials.iter().enumerate() {
            let Some(byte) = byte else { continue };
            if !byte.is_ascii() || matches!(byte, b'\n' | b'\r' | 0) {
                let message = format!("{name} must be one ASCII character and no line end");
                return Err(IoError::unsupported(path, message));
            }
            for (other, second) in &specials[..index] {
                // quote == escape is the doubled quote, which is understood anyway
                if *second == Some(*byte) && (*other, *name) != ("quote", "escape") {
                    let message = format!("{other} and {name} are the same character");
                    return Err(IoError::unsupported(path, message));
                }
            }
        }
        Ok(())
    }
}
