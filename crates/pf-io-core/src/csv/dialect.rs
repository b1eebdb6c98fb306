//! Which bytes mean what.

use std::path::Path;

use serde::Deserialize;

use crate::{IoError, Result};

/// How a text is divided into records and fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Between fields.
    pub separator: u8,
    /// Opens a field at its start, closes it, and is itself when doubled; none: no quoting.
    pub quote: Option<u8>,
    /// Inside quotes, takes the next byte literally.
    pub escape: Option<u8>,
    /// Records that start with these bytes are comments.
    pub comment: Option<Vec<u8>>,
    /// What ends a record.
    pub newline: Newline,
    /// What a record of no bytes is.
    pub blank_lines: BlankLines,
    /// Text behind a closing quote is an error, not appended.
    pub strict_quotes: bool,
    /// Spaces around unquoted fields do not count.
    pub trim: bool,
}

/// Ends of records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Newline {
    /// LF, CRLF and a lone CR, mixed as they come.
    #[default]
    Auto,
    /// LF alone; CR is data.
    Lf,
    /// CRLF alone; each of the two is data on its own.
    CrLf,
    /// CR alone; LF is data.
    Cr,
}

/// What a record of no bytes is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlankLines {
    /// Nothing.
    #[default]
    Skip,
    /// A record of nulls.
    Null,
    /// An error.
    Error,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            separator: b',',
            quote: Some(b'"'),
            escape: None,
            comment: None,
            newline: Newline::Auto,
            blank_lines: BlankLines::Skip,
            strict_quotes: false,
            trim: false,
        }
    }
}

impl Dialect {
    /// The special bytes are ASCII, no line ends, and differ from each other.
    pub fn validate(&self, path: &Path) -> Result<()> {
        let comment = self.comment.as_ref().and_then(|prefix| prefix.first().copied());
        if self.comment.as_ref().is_some_and(Vec::is_empty) {
            return Err(IoError::unsupported(path, "a comment needs a prefix"));
        }
        let specials = [
            ("sep", Some(self.separator)),
            ("quote", self.quote),
            ("escape", self.escape),
            ("comment", comment),
        ];
        for (index, (name, byte)) in specials.iter().enumerate() {
            let Some(byte) = byte else { continue };
            if (*name != "comment" && !byte.is_ascii()) || matches!(byte, b'\n' | b'\r' | 0) {
                let message = format!("{name} must be one ASCII character and no line end");
                return Err(IoError::unsupported(path, message));
            }
            for (other, second) in &specials[..index] {
                // quote == escape is the doubled quote, which is understood anyway.
                if *second == Some(*byte) && (*other, *name) != ("quote", "escape") {
                    let message = format!("{other} and {name} are the same character");
                    return Err(IoError::unsupported(path, message));
                }
            }
        }
        Ok(())
    }
}
