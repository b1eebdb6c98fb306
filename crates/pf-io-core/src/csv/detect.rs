//! `sep="auto"`: the separator is found in a sample before anything is read.

use std::borrow::Cow;
use std::path::Path;

use rayon::ThreadPool;

use super::dialect::Dialect;
use super::input::{Input, InputOptions};
use super::options::{BadLines, CsvReadOptions, Header};
use super::sniff::{Ambiguity, Sample, Sniffed, Wishes, is_weak, obvious, sniff};
use crate::{Context, IoError, Result, Source};

/// Bytes of the start of a text that are looked at.
pub(super) const HEAD: usize = 256 << 10;
/// With so many bytes, several threads are quicker than one.
const LARGE: usize = 32 << 10;
/// So many places further on are looked at, ...
const LATER: u64 = 8;
/// ... and so many bytes at each.
const LATER_BYTES: usize = 64 << 10;

/// Options without a question in them.
pub(super) struct Detected<'o> {
    pub options: Cow<'o, CsvReadOptions>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// Another separator would do as well.
    pub ambiguous: Option<String>,
}

/// Settles what the options leave open.
pub(super) fn detected<'o>(
    source: &Source,
    options: &'o CsvReadOptions,
    context: &Context,
) -> Result<Detected<'o>> {
    if !options.sniff {
        let options = Cow::Borrowed(options);
        return Ok(Detected { options, notes: Vec::new(), ambiguous: None });
    }
    let sample = Taken::start(source, &options.input, HEAD, context)?;
    // What stands in numbers is hardly a separator as well.
    let taken: Vec<u8> = options
        .specs
        .iter()
        .map(|(_, spec)| spec)
        .chain([&options.spec])
        .flat_map(|spec| [Some(spec.decimal), spec.thousands])
        .flatten()
        .collect();
    let wishes = Wishes {
        dialect: options.dialect.clone(),
        separator: true,
        taken,
        quote: false,
        escape: false,
        header: match options.header {
            Header::Auto => None,
            Header::Yes | Header::Record(_) => Some(true),
            Header::No => Some(false),
        },
        skip_rows: Some(options.skip_lines),
        ragged: options.ragged_fill || options.bad_lines == BadLines::Collect,
    };
    if let Some(dialect) = obvious(&sample.sample(), &wishes, sample.pool(context)) {
        let options = Cow::Owned(CsvReadOptions { dialect, sniff: false, ..options.clone() });
        return Ok(Detected { options, notes: Vec::new(), ambiguous: None });
    }
    let found = sample.sniff(&wishes, context);
    if let Some(dialect) = open_quote(&found) {
        let options = Cow::Owned(CsvReadOptions { dialect, sniff: false, ..options.clone() });
        return Ok(Detected { options, notes: Vec::new(), ambiguous: None });
    }
    if found.ambiguity == Ambiguity::Harmful {
        return Err(refused(source.path(), &found));
    }
    if columns(&found) == 1 {
        let all = sample.sniff(&Wishes { taken: Vec::new(), ..wishes.clone() }, context);
        if columns(&all) > 1 && wishes.taken.contains(&all.dialect.separator) {
            return Err(in_numbers(source.path(), &all));
        }
    }
    let ambiguous = tie(&found);
    let options = CsvReadOptions { dialect: found.dialect, sniff: false, ..options.clone() };
    Ok(Detected { options: Cow::Owned(options), notes: Vec::new(), ambiguous })
}

/// Where one column is all that fits because a quote does not end, the separator that would divide
/// the other records: reading then says where that quote is.
fn open_quote(found: &Sniffed) -> Option<Dialect> {
    let best = found.candidates.first()?;
    let opened = found
        .candidates
        .iter()
        .find(|one| one.columns > 1 && one.open && !is_weak(one.dialect.separator))?;
    (best.columns <= 1).then(|| opened.dialect.clone())
}

/// The error for a choice that would change the rows.
pub(super) fn refused(path: &Path, found: &Sniffed) -> IoError {
    IoError::Dialect {
        path: path.to_path_buf(),
        line: misfit(found),
        message: describe(found),
        candidates: separators(found),
        hint: format!("sep='{}' says which it is", char::from(likely(found)).escape_default()),
    }
}

fn columns(found: &Sniffed) -> usize {
    found.candidates.first().map_or(1, |best| best.columns)
}

/// The error for a separator that the options say stands in numbers.
fn in_numbers(path: &Path, found: &Sniffed) -> IoError {
    let separator = name(found.dialect.separator);
    IoError::Dialect {
        path: path.to_path_buf(),
        line: None,
        message: format!(
            "only {separator} divides the records, which `decimal` or `thousands` says stands in \
             numbers"
        ),
        candidates: separators(found),
        hint: "sep= says what divides fields; decimal and thousands must differ from it".to_owned(),
    }
}

/// What to tell of a choice that does not matter.
pub(super) fn tie(found: &Sniffed) -> Option<String> {
    (found.ambiguity == Ambiguity::Harmless)
        .then(|| format!("{}; {} was taken", describe(found), name(found.dialect.separator)))
}

/// The separator that explains most; one column is no answer to the question for it.
fn likely(found: &Sniffed) -> u8 {
    let several = found.candidates.iter().find(|one| one.columns > 1);
    let best = found.candidates.first().filter(|best| best.columns > 1);
    best.or(several).map_or(found.dialect.separator, |one| one.dialect.separator)
}

/// Separators that come near the best one, which is the first.
fn separators(found: &Sniffed) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for candidate in &found.candidates {
        let one = char::from(candidate.dialect.separator).to_string();
        if (candidate.columns > 1 || names.is_empty()) && !names.contains(&one) {
            names.push(one);
        }
    }
    names.truncate(4);
    names
}

/// Where the best separator does not fit.
fn misfit(found: &Sniffed) -> Option<u64> {
    found.candidates.iter().find(|one| one.columns > 1 && one.misfit.is_some())?.misfit
}

fn describe(found: &Sniffed) -> String {
    let one_column = found.candidates.first().is_some_and(|best| best.columns <= 1);
    let names: Vec<String> = found
        .candidates
        .iter()
        .filter(|candidate| candidate.columns > 1)
        .map(|candidate| name(candidate.dialect.separator))
        .fold(Vec::new(), |mut names, name| {
            if !names.contains(&name) && names.len() < 3 {
                names.push(name);
            }
            names
        });
    if one_column {
        let names = names.join(" or ");
        let line = misfit(found).map_or_else(String::new, |line| format!(", but not line {line}"));
        format!("no separator explains every record: {names} explains most of them{line}")
    } else {
        format!("more than one separator explains the records: {}", names.join(", "))
    }
}

fn name(separator: u8) -> String {
    match separator {
        b'\t' => "tab".to_owned(),
        b' ' => "space".to_owned(),
        other => format!("{:?}", char::from(other).to_string()),
    }
}

/// A sample of a text.
pub struct Taken {
    head: Vec<u8>,
    whole: bool,
    later: Vec<Vec<u8>>,
}

impl Taken {
    /// The start of the text.
    pub fn start(
        source: &Source,
        input: &InputOptions,
        bytes: usize,
        context: &Context,
    ) -> Result<Self> {
        Ok(Self::open(source, input, bytes, context)?.0)
    }

    /// The start of the text, and of plain files some places further on.
    pub fn from(
        source: &Source,
        input: &InputOptions,
        bytes: usize,
        context: &Context,
    ) -> Result<Self> {
        let (mut taken, input) = Self::open(source, input, bytes, context)?;
        if let (false, Some(size)) = (taken.whole, input.size_hint()) {
            let head = taken.head.len() as u64;
            let step = (size - head) / (LATER + 1);
            for place in 1..=LATER {
                let at = input.base() + head + place * step;
                let left = source.size().saturating_sub(at).min(LATER_BYTES as u64);
                let mut block = vec![0; left as usize];
                source.read_exact_at(at, &mut block)?;
                taken.later.push(block);
            }
        }
        Ok(taken)
    }

    fn open(
        source: &Source,
        input: &InputOptions,
        bytes: usize,
        context: &Context,
    ) -> Result<(Self, Input)> {
        let wishes = InputOptions { block_bytes: bytes.min(HEAD), ..input.clone() };
        let mut input = Input::open(source, &wishes, context)?;
        let mut head = Vec::new();
        let mut whole = false;
        while head.len() < bytes && !whole {
            match input.next_block()? {
                Some(block) if head.is_empty() => head = block,
                Some(block) => head.extend_from_slice(&block),
                None => whole = true,
            }
        }
        if !whole && head.len() >= bytes && input.next_block()?.is_none() {
            whole = true;
        }
        Ok((Self { head, whole, later: Vec::new() }, input))
    }

    /// The dialect that explains it best.
    pub fn sniff(&self, wishes: &Wishes, context: &Context) -> Sniffed {
        sniff(&self.sample(), wishes, self.pool(context))
    }

    /// The threads to read it with; a small sample is read sooner than they wake up.
    fn pool<'c>(&self, context: &'c Context) -> Option<&'c ThreadPool> {
        (self.head.len() >= LARGE && context.threads() > 1).then(|| context.pool())
    }

    /// As the sniffer takes it.
    pub fn sample(&self) -> Sample<'_> {
        Sample { head: &self.head, whole: self.whole, later: &self.later }
    }
}
