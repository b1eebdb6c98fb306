//! The one error of this crate. Messages are lowercase fragments; data stay in named fields.

use std::io;
use std::path::{Path, PathBuf};

/// Everything that can go wrong between a file and a record batch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IoError {
    /// No file at `path`, or no file matches the pattern `path`.
    #[error("File not found: {}", path.display())]
    NotFound {
        /// The path or pattern asked for.
        path: PathBuf,
    },
    /// A directory without a file whose suffix names a format.
    #[error("File not found: the directory holds no data file: {}", path.display())]
    NoDataFiles {
        /// The directory.
        path: PathBuf,
    },
    /// Neither the name nor the first bytes tell the format.
    #[error("{}: cannot tell the format of this file", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// A directory stands where a file is needed.
    #[error("{}: is a directory", path.display())]
    IsDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// The file has no bytes, or no header where one is promised.
    #[error("{}: file is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused a read.
    #[error("{}: {source}", path.display())]
    Os {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Damaged or unreadable Parquet.
    #[error("{}: {message}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// Malformed CSV, or a cell that is not of its column's type.
    #[error("{}: {}{message}", path.display(), csv_place(*line, *record, column.as_deref(), *byte))]
    Csv {
        /// The file.
        path: PathBuf,
        /// Physical line, from 1; 0 when the error has no line.
        line: u64,
        /// Record, from 1, the header included, comments and skipped blank lines left out; 0 when
        /// the error is outside the records.
        record: u64,
        /// Offset in the decoded text of the cell, or of what else is wrong.
        byte: Option<u64>,
        /// The column, if one cell is meant.
        column: Option<String>,
        /// What is wrong.
        message: String,
        /// What may help.
        hint: Option<&'static str>,
    },
    /// More than one CSV dialect explains a text, or none explains all of it.
    #[error("{}: {message}", path.display())]
    Dialect {
        /// The file.
        path: PathBuf,
        /// Line of the first record that the best candidate does not explain.
        line: Option<u64>,
        /// What is unclear.
        message: String,
        /// Separators that come near, the best first.
        candidates: Vec<String>,
        /// What settles it.
        hint: String,
    },
    /// Damaged or unreadable Avro.
    #[error("{}: {}{message}", path.display(), avro_place(*block))]
    Avro {
        /// The file.
        path: PathBuf,
        /// Data block, from 1.
        block: Option<u64>,
        /// What is wrong.
        message: String,
    },
    /// A column is missing or has a type that does not fit.
    #[error("{}: {message}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What is wrong.
        message: String,
        /// What may help, such as the nearest name.
        hint: Option<String>,
    },
    /// More memory is needed than is allowed.
    #[error("{}: {message} (needs {needed} bytes, limit {limit})", path.display())]
    Limit {
        /// The file.
        path: PathBuf,
        /// Bytes needed, as far as known.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
        /// What would grow.
        message: String,
    },
    /// A file cannot be written; what was there before is untouched.
    #[error("cannot write {}: {message}", path.display())]
    Write {
        /// The destination.
        path: PathBuf,
        /// Why.
        message: String,
        /// What the system said, if it was the system.
        source: Option<io::Error>,
    },
    /// The destination exists and may not be replaced.
    #[error("cannot write {}: file exists", path.display())]
    Exists {
        /// The destination.
        path: PathBuf,
    },
    /// Something this crate, or the file format, cannot do.
    #[error("{}: {message}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What is not supported.
        message: String,
    },
    /// The caller's cancel flag was set.
    #[error("cancelled")]
    Cancelled,
}

fn csv_place(line: u64, record: u64, column: Option<&str>, byte: Option<u64>) -> String {
    let parts = [
        (line > 0).then(|| format!("line {line}")),
        (record > 0).then(|| format!("record {record}")),
        column.map(|column| format!("column '{column}'")),
        byte.map(|byte| format!("byte {byte}")),
    ];
    let place = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if place.is_empty() { place } else { place + ": " }
}

fn avro_place(block: Option<u64>) -> String {
    block.map_or_else(String::new, |block| format!("block {block}: "))
}

/// How the error of a null that would be a blank line of CSV ends.
pub(crate) const BLANK_LINE: &str = "a null in the only column would be a blank line";
/// How the error of a cell of CSV ends that cannot be written.
pub(crate) const NO_QUOTES: &str = "needs quotes, which are off";

impl IoError {
    /// The file the error is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::NotFound { path }
            | Self::NoDataFiles { path }
            | Self::UnknownFormat { path }
            | Self::IsDirectory { path }
            | Self::Empty { path }
            | Self::Os { path, .. }
            | Self::Parquet { path, .. }
            | Self::Csv { path, .. }
            | Self::Dialect { path, .. }
            | Self::Avro { path, .. }
            | Self::Schema { path, .. }
            | Self::Limit { path, .. }
            | Self::Write { path, .. }
            | Self::Exists { path }
            | Self::Unsupported { path, .. } => Some(path),
            Self::Cancelled => None,
        }
    }

    /// The physical line, from 1 (CSV).
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Csv { line, .. } if *line > 0 => Some(*line),
            Self::Dialect { line, .. } => *line,
            _ => None,
        }
    }

    /// The record, from 1 (CSV).
    pub fn record(&self) -> Option<u64> {
        match self {
            Self::Csv { record, .. } if *record > 0 => Some(*record),
            _ => None,
        }
    }

    /// The offset in the text (CSV).
    pub fn byte(&self) -> Option<u64> {
        match self {
            Self::Csv { byte, .. } => *byte,
            _ => None,
        }
    }

    /// The data block, from 1 (Avro).
    pub fn block(&self) -> Option<u64> {
        match self {
            Self::Avro { block, .. } => *block,
            _ => None,
        }
    }

    /// The column, where one is meant.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Csv { column, .. } => column.as_deref(),
            Self::Schema { column, .. } => Some(column),
            _ => None,
        }
    }

    /// What the operating system said, if it was the system that refused.
    pub fn os_error(&self) -> Option<&io::Error> {
        match self {
            Self::Os { source, .. } => Some(source),
            Self::Write { source, .. } => source.as_ref(),
            _ => None,
        }
    }

    /// What the caller may do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Schema { hint, .. } => hint.clone(),
            Self::Dialect { hint, .. } => Some(hint.clone()),
            Self::Limit { .. } => Some("raise the memory limit, or read fewer columns".to_owned()),
            Self::Exists { .. } => Some("choose mode 'replace' or another path".to_owned()),
            Self::IsDirectory { .. } => Some("name a file in it, or use a glob".to_owned()),
            Self::Csv { hint: Some(hint), .. } => Some((*hint).to_owned()),
            Self::NoDataFiles { .. } | Self::UnknownFormat { .. } => Some(
                "known suffixes: .parquet, .pq, .csv, .tsv, .txt, .avro, and .gz .zst .bz2 .xz \
                 .lz4 .zip after text; or say format: parquet, csv or avro"
                    .to_owned(),
            ),
            Self::Csv { column: Some(column), .. } => {
                Some(format!("dtypes={{\"{column}\": \"string\"}} keeps the text"))
            }
            Self::Write { source: Some(source), message, .. }
                if source.kind() == io::ErrorKind::NotFound
                    && message.starts_with("no directory") =>
            {
                Some("mkdir: true makes it".to_owned())
            }
            Self::Write { message, .. } if message.ends_with(BLANK_LINE) => {
                Some("null=\"NA\"".to_owned())
            }
            Self::Write { message, .. } if message.ends_with(NO_QUOTES) => {
                Some("quote_style=\"necessary\"".to_owned())
            }
            _ => None,
        }
    }

    /// A CSV file that is wrong as a whole.
    pub(crate) fn csv(path: &Path, message: impl Into<String>) -> Self {
        let (path, message) = (path.to_path_buf(), message.into());
        Self::Csv { path, line: 0, record: 0, byte: None, column: None, message, hint: None }
    }

    /// A system error while reading, told apart by kind.
    pub(crate) fn reading(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::IsADirectory => Self::IsDirectory { path },
            _ => Self::Os { path, source },
        }
    }

    /// A system error while writing.
    pub(crate) fn writing(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_path_buf(), message: source.to_string(), source: Some(source) }
    }

    /// A write that is refused for a reason of ours.
    pub(crate) fn refused(path: &Path, message: impl Into<String>) -> Self {
        Self::Write { path: path.to_path_buf(), message: message.into(), source: None }
    }

    pub(crate) fn parquet(path: &Path, message: impl Into<String>) -> Self {
        Self::Parquet { path: path.to_path_buf(), message: message.into() }
    }

    pub(crate) fn avro(path: &Path, block: Option<u64>, message: impl Into<String>) -> Self {
        Self::Avro { path: path.to_path_buf(), block, message: message.into() }
    }

    pub(crate) fn unsupported(path: &Path, message: impl Into<String>) -> Self {
        Self::Unsupported { path: path.to_path_buf(), message: message.into() }
    }
}

/// Text of a caught panic, for the decoders we do not own.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given");
    format!("the decoder gave up on damaged data: {text}")
}

/// `text` for a message: at most 120 characters, control characters escaped, in quotes.
pub(crate) fn snippet(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut out = String::from("\"");
    for (index, character) in text.chars().enumerate() {
        if index == 120 {
            out.push('…');
            break;
        }
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out.push('"');
    out
}
