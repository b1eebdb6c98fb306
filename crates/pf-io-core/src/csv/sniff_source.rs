//! What a file's dialect is, told without reading all of it.

use serde::{Deserialize, Serialize};

use super::detect::{HEAD, Taken, refused, tie};
use super::dialect::{Dialect, Newline};
use super::input::{Codec, Compression, Input, InputOptions};
use super::options::{BadLines, CsvReadOptions, Header};
use super::sniff::{Ambiguity, Candidate, Sniffed, Wishes};
use super::{count, read};
use crate::batch::type_name;
use crate::{Context, IoError, Result, Source};

/// What comments may begin with.
const COMMENTS: [&str; 3] = ["#", "//", "--"];
/// Records that the types are told of.
const TYPED: u64 = 20_000;

/// What the caller says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SniffSettings {
    /// Bytes to look at; 1 MiB by default.
    #[serde(default)]
    sample_bytes: Option<usize>,
    encoding: String,
    compression: String,
}

/// How a file is written, as far as its sample tells.
#[derive(Debug, Clone, Serialize)]
pub struct SourceDialect {
    sep: String,
    quote: Option<char>,
    escape: Option<char>,
    header: bool,
    encoding: String,
    newline: &'static str,
    comment: Option<String>,
    skip_rows: u64,
    names: Vec<String>,
    /// Name and type of each column.
    types: Vec<(String, String)>,
    confidence: f64,
    candidates: Vec<Other>,
    notes: Vec<String>,
    /// Another separator than the one that was found would do as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    ambiguous: Option<String>,
}

/// Another dialect that explains every record.
#[derive(Debug, Clone, Serialize)]
struct Other {
    sep: String,
    quote: Option<char>,
    escape: Option<char>,
    fields: usize,
    score: f64,
}

/// Tells the dialect of `source`.
pub fn sniff_source(
    source: &Source,
    settings: &SniffSettings,
    context: &Context,
) -> Result<SourceDialect> {
    let path = source.path();
    let compression = match settings.compression.as_str() {
        "auto" => Compression::Auto,
        "none" => Compression::None,
        name => Codec::from_name(name).map(Compression::Is).ok_or_else(|| {
            IoError::unsupported(path, format!("no compression is called '{name}'"))
        })?,
    };
    let encoding = settings.encoding.clone();
    let input = InputOptions { compression, encoding, ..InputOptions::default() };
    let opened = Input::open(source, &input, context)?;
    if opened.is_empty() {
        return Err(IoError::csv(path, "the file is empty"));
    }
    let (encoding, mut notes) = (opened.encoding().to_ascii_lowercase(), opened.notes().to_vec());
    drop(opened);
    let bytes = settings.sample_bytes.unwrap_or(HEAD);
    let sample = Taken::from(source, &input, bytes, context)?;
    let found = with_comments(&sample, context);
    if found.ambiguity == Ambiguity::Harmful {
        return Err(refused(path, &found));
    }
    notes.extend(found.notes.iter().cloned());
    let options = CsvReadOptions {
        dialect: found.dialect.clone(),
        input,
        header: Header::Auto,
        skip_lines: found.skip_rows,
        bad_lines: BadLines::Collect,
        n_rows: Some(TYPED),
        // Bad records among them count: all others are left alone.
        most_records: Some(TYPED),
        ..CsvReadOptions::default()
    };
    let contents = count::contents(source, &options, context)?;
    let header = if contents.header { Header::Yes } else { Header::No };
    let schema = read(source, &CsvReadOptions { header, ..options }, context)?.table.schema;
    let types = schema.fields().iter();
    let types = types.map(|field| (field.name().clone(), type_name(field.data_type())));
    Ok(SourceDialect {
        sep: character(found.dialect.separator).to_string(),
        quote: found.dialect.quote.map(character),
        escape: found.dialect.escape.map(character),
        header: contents.header,
        encoding,
        newline: newline(sample.sample().head),
        comment: found
            .dialect
            .comment
            .as_ref()
            .map(|prefix| String::from_utf8_lossy(prefix).into_owned()),
        skip_rows: found.skip_rows,
        names: contents.names,
        types: types.collect(),
        confidence: rounded(found.confidence),
        candidates: others(&found),
        notes,
        ambiguous: tie(&found),
    })
}

/// The dialect; where the first line has a comment's prefix and is no record like the others, lines
/// with that prefix are comments.
fn with_comments(taken: &Taken, context: &Context) -> Sniffed {
    let sample = taken.sample();
    let plain = taken.sniff(&Wishes::default(), context);
    let explained = plain.skip_rows == 0
        && plain.misfits.is_empty()
        && plain.candidates.first().is_some_and(|best| best.columns > 1);
    let prefix = COMMENTS.iter().find(|prefix| sample.head.starts_with(prefix.as_bytes()));
    let Some(prefix) = prefix.filter(|_| !explained) else { return plain };
    let dialect = Dialect { comment: Some(prefix.as_bytes().to_vec()), ..Dialect::default() };
    let mut found = taken.sniff(&Wishes { dialect, ..Wishes::default() }, context);
    found.notes.push(format!("lines that start with {prefix} are comments"));
    found
}

fn others(found: &Sniffed) -> Vec<Other> {
    let explains = |one: &&Candidate| one.consistency >= 1.0 && one.columns > 1;
    let other = |one: &Candidate| {
        let Dialect { separator, quote, escape, .. } = &one.dialect;
        Other {
            sep: character(*separator).to_string(),
            quote: quote.map(character),
            escape: escape.map(character),
            fields: one.columns,
            score: rounded(one.score),
        }
    };
    found.candidates.iter().skip(1).filter(explains).take(5).map(other).collect()
}

fn character(byte: u8) -> char {
    char::from(byte)
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The one kind of line end that there is, or `auto`.
fn newline(head: &[u8]) -> &'static str {
    let (mut lf, mut cr, mut crlf) = (false, false, false);
    let mut before = 0;
    for (&byte, next) in head.iter().zip(head.iter().skip(1).chain([&0])) {
        match (before, byte, next) {
            (_, b'\r', b'\n') => crlf = true,
            (_, b'\r', _) => cr = true,
            (b'\r', b'\n', _) => {}
            (_, b'\n', _) => lf = true,
            _ => {}
        }
        before = byte;
    }
    let kind = match (crlf, lf, cr) {
        (true, false, false) => Newline::CrLf,
        (false, true, false) => Newline::Lf,
        (false, false, true) => Newline::Cr,
        _ => Newline::Auto,
    };
    match kind {
        Newline::Auto => "auto",
        Newline::Lf => "lf",
        Newline::CrLf => "crlf",
        Newline::Cr => "cr",
    }
}
