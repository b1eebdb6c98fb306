//! Which characters the bytes are: labels, byte order marks, and guesses that say so.
//!
//! Labels are those of the WHATWG Encoding Standard and some that Python users write. A byte order
//! mark wins over any label, as the standard has it.

use std::path::Path;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::{IoError, Result};

/// What was found out.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub encoding: &'static Encoding,
    /// Bytes of the mark.
    pub mark: usize,
    pub notes: Vec<String>,
}

/// The encoding of a text that starts with `head`; `whole` if that is all of it.
pub(super) fn find(path: &Path, label: &str, head: &[u8], whole: bool) -> Result<Found> {
    let auto = label.eq_ignore_ascii_case("auto");
    let named = if auto { None } else { Some(named(path, label)?) };
    if head.starts_with(&[0xff, 0xfe, 0, 0]) || head.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Err(IoError::unsupported(path, "UTF-32 is not known"));
    }
    let mut notes = Vec::new();
    if let Some((encoding, mark)) = Encoding::for_bom(head) {
        if let Some(named) = named.filter(|&named| named != encoding && named != UTF_8) {
            let (mark, label) = (encoding.name(), named.name());
            notes.push(format!("the byte order mark says {mark}, not {label}"));
        }
        return Ok(Found { encoding, mark, notes });
    }
    if let Some(encoding) = named {
        return Ok(Found { encoding, mark: 0, notes });
    }
    let (encoding, why) = guess(head, whole);
    if encoding != UTF_8 {
        notes.push(format!("encoding guessed: {}, {why}", encoding.name()));
    }
    Ok(Found { encoding, mark: 0, notes })
}

fn named(path: &Path, label: &str) -> Result<&'static Encoding> {
    let name = label.trim().to_ascii_lowercase().replace('_', "-");
    let known = match name.as_str() {
        "utf-8-sig" => "utf-8",
        "cp932" => "shift_jis",
        "cp936" => "gbk",
        "cp949" => "euc-kr",
        "cp950" => "big5",
        "latin-1" | "iso8859-1" => "windows-1252",
        other => other,
    };
    Encoding::for_label_no_replacement(known.as_bytes())
        .or_else(|| Encoding::for_label_no_replacement(label.as_bytes()))
        .ok_or_else(|| IoError::unsupported(path, format!("encoding '{label}' is not known")))
}

/// A guess, and what it rests on.
fn guess(head: &[u8], whole: bool) -> (&'static Encoding, &'static str) {
    // Text in Latin letters has a zero in every other byte of UTF-16.
    let zeros = |first: usize| head.iter().skip(first).step_by(2).filter(|&&b| b == 0).count();
    let units = head.len() / 2;
    if units > 0 {
        let (even, odd) = (zeros(0), zeros(1));
        if odd * 10 >= units * 4 && even * 20 <= units {
            return (UTF_16LE, "every other byte is zero");
        }
        if even * 10 >= units * 4 && odd * 20 <= units {
            return (UTF_16BE, "every other byte is zero");
        }
    }
    match std::str::from_utf8(head) {
        Ok(_) => (UTF_8, ""),
        Err(error) if error.error_len().is_none() && !whole => (UTF_8, ""),
        Err(_) => (WINDOWS_1252, "because the text is not UTF-8"),
    }
}
