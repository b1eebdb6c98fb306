//! Which cells are null.

use crate::csv::spec::Nulls;

/// In which columns a cell is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Null {
    /// In all.
    Always,
    /// `""`, in typed columns.
    QuotedEmpty,
    /// A token such as `NA`, in typed columns.
    Token,
}

/// Null in typed columns by default.
const TOKENS: [&[u8]; 7] = [b"NA", b"N/A", b"#N/A", b"n/a", b"NULL", b"null", b"None"];

/// What pandas reads as missing.
const PANDAS: [&[u8]; 19] = [
    b"",
    b"NA",
    b"NaN",
    b"nan",
    b"NULL",
    b"null",
    b"N/A",
    b"n/a",
    b"None",
    b"<NA>",
    b"#N/A",
    b"#NA",
    b"#N/A N/A",
    b"-NaN",
    b"-nan",
    b"1.#IND",
    b"1.#QNAN",
    b"-1.#IND",
    b"-1.#QNAN",
];

/// Whether and where a cell is null.
#[inline]
pub fn null(text: &[u8], quoted: bool, nulls: &Nulls) -> Option<Null> {
    match nulls {
        Nulls::Auto if text.is_empty() => {
            Some(if quoted { Null::QuotedEmpty } else { Null::Always })
        }
        // Quoted or not: a text column keeps the token either way.
        Nulls::Auto => (text.len() <= 4 && !text[0].is_ascii_digit() && TOKENS.contains(&text))
            .then_some(Null::Token),
        Nulls::Strict => (text.is_empty() && !quoted).then_some(Null::Always),
        Nulls::Pandas => (text.len() <= 8 && PANDAS.contains(&text)).then_some(Null::Always),
        // Quotes are how such a text itself is written.
        Nulls::List(list) => {
            (!quoted && list.iter().any(|one| one.as_bytes() == text)).then_some(Null::Always)
        }
    }
}

/// Whether the unquoted empty cell is null.
pub fn empty_is_null(nulls: &Nulls) -> bool {
    null(b"", false, nulls).is_some()
}
