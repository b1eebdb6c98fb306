//! A small serial splitter for samples: the grammar of the engine, without its speed.

use std::borrow::Cow;

use crate::csv::{Dialect, Newline};

/// Bytes that are looked at one by one before a faster search is set up for the others.
const NEAR: usize = 12;

/// Where a field is, quotes included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub start: usize,
    pub end: usize,
}

/// What was seen besides the records.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Shape {
    /// The last record ends inside quotes.
    pub open: bool,
    /// Fields in quotes that have text behind their closing quote.
    pub anomalies: u64,
    /// Fields in quotes.
    pub quoted: u64,
    /// Bytes of the record that the end of the sample cut off.
    pub cut: usize,
}

/// Calls `visit` with line and fields of every complete record as long as it gives true; a blank
/// line has no fields.
/// What follows the last line end is complete if the sample is the `whole` text.
pub(super) fn records(
    bytes: &[u8],
    dialect: &Dialect,
    whole: bool,
    mut visit: impl FnMut(u64, &[Field]) -> bool,
) -> Shape {
    let mut shape = Shape::default();
    let field_ends = Stops::new([Some(dialect.separator), None]);
    let quote_ends = Stops::new([dialect.quote, dialect.escape]);
    let (mut at, mut line) = (0, 1_u64);
    let mut fields = Vec::new();
    while at < bytes.len() {
        let (start, first_line) = (at, line);
        if dialect.comment.as_ref().is_some_and(|prefix| bytes[at..].starts_with(prefix)) {
            while at < bytes.len() && line_end(bytes, at, dialect.newline) == 0 {
                at += 1;
            }
            at += line_end(bytes, at, dialect.newline);
            line += 1;
            continue;
        }
        fields.clear();
        let ended = loop {
            let field = at;
            if bytes.get(at).is_some_and(|&byte| Some(byte) == dialect.quote) {
                shape.quoted += 1;
                at += 1;
                if !close(bytes, &mut at, &mut line, dialect, &quote_ends) {
                    shape.open = true;
                    at = bytes.len();
                }
                let behind = bytes.get(at).copied();
                let ends = behind.is_none_or(|byte| byte == dialect.separator)
                    || line_end(bytes, at, dialect.newline) > 0;
                shape.anomalies += u64::from(!ends);
            }
            loop {
                at = field_ends.next(bytes, at);
                match bytes.get(at) {
                    Some(&byte)
                        if byte != dialect.separator
                            && line_end(bytes, at, dialect.newline) == 0 =>
                    {
                        at += 1;
                    }
                    _ => break,
                }
            }
            fields.push(Field { start: field, end: at });
            if at >= bytes.len() {
                break false;
            }
            let end = line_end(bytes, at, dialect.newline);
            if end > 0 {
                at += end;
                line += 1;
                break true;
            }
            at += 1;
        };
        if !ended && !whole {
            shape.cut = bytes.len() - start;
            break;
        }
        shape.cut = 0;
        if let [only] = fields.as_slice()
            && only.start == only.end
        {
            fields.clear();
        }
        if !visit(first_line, &fields) {
            break;
        }
    }
    shape
}

/// Passes over a field to behind its closing quote; false if there is none.
fn close(bytes: &[u8], at: &mut usize, line: &mut u64, dialect: &Dialect, stops: &Stops) -> bool {
    loop {
        *at = stops.next(bytes, *at);
        let Some(&byte) = bytes.get(*at) else { return false };
        if Some(byte) == dialect.quote {
            if bytes.get(*at + 1) != Some(&byte) {
                *at += 1;
                return true;
            }
            *at += 2;
        } else if Some(byte) == dialect.escape {
            *at += 2;
        } else {
            let end = line_end(bytes, *at, dialect.newline);
            *line += u64::from(end > 0);
            *at += end.max(1);
        }
    }
}

/// Bytes at which there is something to decide; all others are passed over.
struct Stops {
    /// The usual ones: one byte, CR and LF.
    three: Option<u8>,
    all: [bool; 256],
}

impl Stops {
    /// Those given, CR and LF.
    fn new(bytes: [Option<u8>; 2]) -> Self {
        let mut all = [false; 256];
        for byte in bytes.into_iter().flatten().chain(*b"\r\n") {
            all[usize::from(byte)] = true;
        }
        let three = match bytes {
            [Some(one), None] | [None, Some(one)] => Some(one),
            _ => None,
        };
        Self { three, all }
    }

    /// The first of them from `at` on, or the end.
    fn next(&self, bytes: &[u8], at: usize) -> usize {
        let rest = bytes.get(at..).unwrap_or_default();
        let near = rest.len().min(NEAR);
        let is_stop = |byte: &u8| self.all[usize::from(*byte)];
        if let Some(found) = rest[..near].iter().position(is_stop) {
            return at + found;
        }
        let far = &rest[near..];
        let found = match self.three {
            Some(byte) => memchr::memchr3(byte, b'\r', b'\n', far),
            None => far.iter().position(is_stop),
        };
        at + near + found.unwrap_or(far.len())
    }
}

/// Bytes of the line end at `at`; 0 if there is none.
pub(super) fn line_end(bytes: &[u8], at: usize, newline: Newline) -> usize {
    match (bytes.get(at), newline) {
        (Some(b'\n'), Newline::Auto | Newline::Lf) => 1,
        (Some(b'\r'), Newline::Auto | Newline::CrLf) if bytes.get(at + 1) == Some(&b'\n') => 2,
        (Some(b'\r'), Newline::Auto | Newline::Cr) => 1,
        _ => 0,
    }
}

/// Where the line behind the first `count` lines starts.
pub(super) fn skip_lines(bytes: &[u8], count: u64, newline: Newline) -> usize {
    let (mut at, mut left) = (0, count);
    while left > 0 && at < bytes.len() {
        let end = line_end(bytes, at, newline);
        left -= u64::from(end > 0);
        at += end.max(1);
    }
    at
}

/// The value of a field: no outer quotes, doubled and escaped bytes single.
pub(super) fn value<'r>(raw: &'r [u8], dialect: &Dialect) -> Cow<'r, [u8]> {
    let Some(quote) = dialect.quote.filter(|&quote| raw.first() == Some(&quote)) else {
        return Cow::Borrowed(raw);
    };
    let is_plain = |byte: &u8| *byte != quote && Some(*byte) != dialect.escape;
    if let [_, inner @ .., last] = raw
        && *last == quote
        && inner.iter().all(is_plain)
    {
        return Cow::Borrowed(inner);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 1;
    while let Some(&byte) = raw.get(at) {
        if byte == quote {
            if raw.get(at + 1) != Some(&quote) {
                out.extend_from_slice(&raw[at + 1..]);
                break;
            }
            at += 1;
        } else if Some(byte) == dialect.escape && at + 1 < raw.len() {
            at += 1;
        }
        out.extend(raw.get(at));
        at += 1;
    }
    Cow::Owned(out)
}
