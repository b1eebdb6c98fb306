//! What a caller may say about a CSV file to be written, and what the printer makes of it.

use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::float_format::FloatFormat;
use super::pack::Packing;
use super::strftime::Pattern;
use crate::csv::Dialect;
use crate::sink::{SinkOptions, WriteMode};
use crate::writer::{QuoteStyle, WriteOptions};
use crate::{IoError, Result};

/// How a CSV file is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct CsvWriteOptions {
    /// Between cells; ASCII.
    pub sep: char,
    /// Around cells that need it; ASCII. None: no cell may need it.
    pub quote: Option<char>,
    /// Which cells are quoted.
    #[serde(deserialize_with = "quote_style")]
    pub quote_style: QuoteStyle,
    /// Before a quote inside of quotes, and before itself; without, quotes are doubled.
    pub escape: Option<char>,
    /// The first line holds the names.
    pub header: bool,
    /// The text of a null, never quoted. Other cells with that text are.
    pub null: String,
    /// As `%.6f`, `%.3e` or `%g`; without, the shortest text that reads back to the same bits.
    pub float_format: Option<String>,
    /// A strftime pattern for dates; ISO 8601 without.
    pub date_format: Option<String>,
    /// A strftime pattern for timestamps, in the local time of their zone; ISO 8601 without.
    pub timestamp_format: Option<String>,
    /// `\n`, `\r\n` or `\r`.
    pub line_end: String,
    /// `utf-8`, or `utf-8-sig`, which is the same with `bom`.
    pub encoding: String,
    /// The file begins with a byte-order mark.
    pub bom: bool,
    /// `gz`, `zst`, `bz2`, `xz`, `lz4`, `none`, or `auto`: by suffix.
    pub compression: Option<String>,
    /// How hard the codec tries; its own default without.
    pub compression_level: Option<u32>,
    /// The file appears whole or not at all.
    pub atomic: bool,
    /// The bytes are on the disk before the name changes.
    pub fsync: bool,
    /// A file that is there may be replaced.
    pub overwrite: bool,
}

impl Default for CsvWriteOptions {
    fn default() -> Self {
        Self {
            sep: ',',
            quote: Some('"'),
            quote_style: QuoteStyle::Necessary,
            escape: None,
            header: true,
            null: String::new(),
            float_format: None,
            date_format: None,
            timestamp_format: None,
            line_end: "\n".to_owned(),
            encoding: "utf-8".to_owned(),
            bom: false,
            compression: Some("auto".to_owned()),
            compression_level: None,
            atomic: true,
            fsync: true,
            overwrite: true,
        }
    }
}

impl From<&WriteOptions> for CsvWriteOptions {
    /// The CSV part of the options of all formats.
    fn from(options: &WriteOptions) -> Self {
        let compression = options.compression.clone().or_else(|| Some("auto".to_owned()));
        let overwrite = options.mode == WriteMode::Replace;
        Self { compression, overwrite, ..options.csv.clone() }
    }
}

/// Reads the lower-case name of a style.
fn quote_style<'de, D: Deserializer<'de>>(deserializer: D) -> Result<QuoteStyle, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Name {
        Necessary,
        Always,
        NonNumeric,
        Never,
    }
    Ok(match Name::deserialize(deserializer)? {
        Name::Necessary => QuoteStyle::Necessary,
        Name::Always => QuoteStyle::Always,
        Name::NonNumeric => QuoteStyle::NonNumeric,
        Name::Never => QuoteStyle::Never,
    })
}

/// The options, checked, in the form that printing needs.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) sep: u8,
    pub(super) quote: u8,
    /// The same as `quote` if quotes are doubled.
    pub(super) escape: u8,
    pub(super) style: QuoteStyle,
    /// A cell with one of these needs quotes; some may be there twice.
    pub(super) specials: [u8; 5],
    pub(super) null: Vec<u8>,
    pub(super) line_end: Vec<u8>,
    pub(super) header: bool,
    pub(super) bom: bool,
    pub(super) float: Option<FloatFormat>,
    pub(super) date: Option<Pattern>,
    pub(super) timestamp: Option<Pattern>,
    pub(super) packing: Packing,
}

impl CsvWriteOptions {
    /// Where the bytes go.
    pub(super) fn sink(&self) -> SinkOptions {
        let mode = if self.overwrite { WriteMode::Replace } else { WriteMode::Error };
        SinkOptions { mkdir: false, mode, atomic: self.atomic, fsync: self.fsync }
    }

    /// Checks everything that does not depend on the table.
    pub(super) fn layout(&self, dest: &Path) -> Result<Layout> {
        let bad = |message: String| IoError::unsupported(dest, message);
        let byte = |name: &str, character: char| {
            u8::try_from(character)
                .ok()
                .filter(u8::is_ascii)
                .ok_or_else(|| bad(format!("{name} must be one ASCII character and no line end")))
        };
        let sep = byte("sep", self.sep)?;
        let quote = self.quote.map(|quote| byte("quote", quote)).transpose()?;
        let escape = self.escape.map(|escape| byte("escape", escape)).transpose()?;
        Dialect { separator: sep, quote, escape, ..Dialect::default() }.validate(dest)?;
        let style = match (quote, self.quote_style) {
            (None, QuoteStyle::Necessary | QuoteStyle::Never) => QuoteStyle::Never,
            (None, _) => return Err(bad("quote_style needs a quote".to_owned())),
            (Some(_), style) => style,
        };
        let fallback = quote.unwrap_or(sep);
        let escape = escape.unwrap_or(fallback);
        let specials = [sep, fallback, b'\n', b'\r', escape];
        if self.null.bytes().any(|byte| specials.contains(&byte)) {
            let message = "null must have no separator, quote, escape or line end";
            return Err(bad(message.to_owned()));
        }
        if !matches!(self.line_end.as_str(), "\n" | "\r\n" | "\r") {
            return Err(bad("line_end must be \\n, \\r\\n or \\r".to_owned()));
        }
        let encoding = self.encoding.to_ascii_lowercase().replace('_', "-");
        let signed = encoding == "utf-8-sig";
        if !signed && !matches!(encoding.as_str(), "utf-8" | "utf8") {
            let message = format!("cannot write encoding '{}' (known: utf-8)", self.encoding);
            return Err(bad(message));
        }
        let pattern = |name: &str, pattern: Option<&String>, clock| {
            let taken = pattern.map(|pattern| Pattern::new(pattern, clock)).transpose();
            taken.map_err(|reason| bad(format!("{name}: {reason}")))
        };
        let float = self.float_format.as_deref().map(FloatFormat::new).transpose();
        Ok(Layout {
            sep,
            quote: fallback,
            escape,
            style,
            specials,
            null: self.null.clone().into_bytes(),
            line_end: self.line_end.clone().into_bytes(),
            header: self.header,
            bom: self.bom || signed,
            float: float.map_err(bad)?,
            date: pattern("date_format", self.date_format.as_ref(), false)?,
            timestamp: pattern("timestamp_format", self.timestamp_format.as_ref(), true)?,
            packing: Packing::new(dest, self.compression.as_deref(), self.compression_level)?,
        })
    }
}
