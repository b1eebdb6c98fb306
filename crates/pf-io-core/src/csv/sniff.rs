//! Finds out how a text is divided, from a sample of it.
//!
//! A dialect must explain every record of the sample: no row is left out to make one fit, and a
//! preamble is accepted only if a blank line or comments set it apart. One column is an answer. If
//! a separator fits nine records of ten it is taken all the same and the others are named, so that
//! reading fails at their lines instead of giving one column of lines. Near ties are reported.

mod classify;
mod fields;
mod score;

use rayon::ThreadPool;
use rayon::prelude::*;

use self::classify::Looks;
use self::score::{Outline, Scored, fits_later, outline, preambles, score};
use super::Dialect;

/// The separators that are tried, by custom.
const SEPARATORS: [u8; 6] = [b',', b'\t', b';', b'|', b':', b' '];
/// Separates units in ASCII; stands for "one column" where all others occur.
const UNIT: u8 = 0x1f;
/// A separator that fits fewer records than this does not fit.
const NEARLY: f64 = 0.9;
/// With fewer records than this, a misfit weighs too much.
const ENOUGH: u64 = 10;
/// Scores nearer than this are a tie.
const TIE: f64 = 0.06;

/// Bytes of a text to look at.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// The start.
    pub head: &'a [u8],
    /// The start is all there is.
    pub whole: bool,
    /// Blocks from further on, cut anywhere.
    pub later: &'a [Vec<u8>],
}

/// What is known already, and what is not.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct Wishes {
    /// Known parts, and defaults for the others.
    pub dialect: Dialect,
    /// The separator is to be found.
    pub separator: bool,
    /// The quote is to be found.
    pub quote: bool,
    /// The escape is to be found.
    pub escape: bool,
    /// Whether there is a header, if that is known.
    pub header: Option<bool>,
    /// Lines before the header, if their number is known.
    pub skip_rows: Option<u64>,
    /// Short records are filled up, not misfits.
    pub ragged: bool,
    /// Separators that are not tried.
    pub taken: Vec<u8>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            dialect: Dialect::default(),
            separator: true,
            quote: true,
            escape: true,
            header: None,
            skip_rows: None,
            ragged: false,
            taken: Vec::new(),
        }
    }
}

/// How sure the choice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguity {
    /// No other dialect comes near.
    None,
    /// Another one comes near and gives the same records and types.
    Harmless,
    /// Another one comes near and gives other columns, rows or types.
    Harmful,
}

/// A dialect that was tried.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The dialect.
    pub dialect: Dialect,
    /// Fields of a record.
    pub columns: usize,
    /// Records in the sample, the header included.
    pub records: u64,
    /// Share of the records with that many fields.
    pub consistency: f64,
    /// Line of the first record with another number of fields.
    pub misfit: Option<u64>,
    /// The sample ends in a quoted field that does not seem to end.
    pub open: bool,
    /// Higher is better.
    pub score: f64,
}

/// What was found out.
#[derive(Debug, Clone)]
pub struct Sniffed {
    /// How the text is divided.
    pub dialect: Dialect,
    /// Lines before the header or the first record.
    pub skip_rows: u64,
    /// The first record has the names.
    pub header: bool,
    /// Names of the columns; `column_1` and so on where there are none.
    pub names: Vec<String>,
    /// Types of the columns as the sample shows them.
    pub types: Vec<&'static str>,
    /// From 0 to 1.
    pub confidence: f64,
    /// What was tried, the best first.
    pub candidates: Vec<Candidate>,
    /// Whether another dialect comes near.
    pub ambiguity: Ambiguity,
    /// The first lines whose records do not have as many fields as the others.
    pub misfits: Vec<u64>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// The dialect that explains `sample` best; what can be is tried by the threads of a pool at once.
pub fn sniff(sample: &Sample<'_>, wishes: &Wishes, pool: Option<&ThreadPool>) -> Sniffed {
    let dialects = dialects(sample.head, wishes);
    let lonely = || one_column(sample, wishes);
    let attempt = |dialect: &Dialect| read(sample, wishes, dialect);
    let (lonely, scored): (Scored, Vec<Scored>) = match pool {
        Some(pool) => {
            pool.install(|| rayon::join(lonely, || dialects.par_iter().map(attempt).collect()))
        }
        None => (lonely(), dialects.iter().map(attempt).collect()),
    };
    let mut tried: Vec<(f64, Scored)> =
        scored.into_iter().map(|scored| (rate(&scored, &lonely, wishes), scored)).collect();
    if wishes.separator {
        let value = rate(&lonely, &lonely, wishes);
        tried.push((value, lonely));
    }
    // Stable: among equals, custom decides.
    tried.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    answer(sample, wishes, &tried)
}

/// The dialect that [`sniff`] would choose, if that is clear without a look into the cells. Asked where
/// the number of lines before the header is known and no comment sets them apart.
pub fn obvious(sample: &Sample<'_>, wishes: &Wishes, pool: Option<&ThreadPool>) -> Option<Dialect> {
    let skip = wishes.skip_rows?;
    let lonely = || one_column(sample, wishes);
    let attempt = |dialect: Dialect| {
        let outline = outline(sample.head, sample.whole, &dialect, skip, wishes.ragged);
        (dialect, outline)
    };
    let dialects = dialects(sample.head, wishes);
    let (lonely, tried): (Scored, Vec<(Dialect, Outline)>) = match pool {
        Some(pool) => {
            pool.install(|| rayon::join(lonely, || dialects.into_par_iter().map(attempt).collect()))
        }
        None => (lonely(), dialects.into_iter().map(attempt).collect()),
    };
    let rated = |(dialect, outline): &(Dialect, Outline), typed| {
        rate_outline(dialect, outline, typed, lonely.typed, wishes)
    };
    let (best, least) = (tried.iter().enumerate())
        .map(|(at, one)| (at, rated(one, 0.0)))
        .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let others = tried.iter().enumerate().filter(|&(at, _)| at != best);
    let alone = wishes.separator.then(|| rate(&lonely, &lonely, wishes));
    let next = others.map(|(_, one)| rated(one, 1.0)).chain(alone).fold(f64::MIN, f64::max);
    let (dialect, outline) = tried.into_iter().nth(best)?;
    let is_clear = outline.width > 1 && outline.explains() && least > next + 2.0 * TIE;
    is_clear.then_some(dialect)
}

/// The sample as one column.
fn one_column(sample: &Sample<'_>, wishes: &Wishes) -> Scored {
    let absent = |byte: &u8| !sample.head.contains(byte);
    let separator = SEPARATORS.into_iter().find(absent).unwrap_or(UNIT);
    let mut dialect = wishes.dialect.clone();
    if wishes.separator && dialect.quote != Some(separator) {
        dialect.separator = separator;
    }
    let scored = score(sample.head, sample.whole, &dialect, wishes.skip_rows.unwrap_or(0), false);
    if !scored.outline.open || !wishes.quote {
        return scored;
    }
    dialect.quote = None;
    score(sample.head, sample.whole, &dialect, wishes.skip_rows.unwrap_or(0), false)
}

/// What can be tried: separators and quotes that occur, escapes that stand before quotes.
fn dialects(head: &[u8], wishes: &Wishes) -> Vec<Dialect> {
    let known = &wishes.dialect;
    let separators: Vec<u8> = if wishes.separator {
        let free = |byte: &u8| head.contains(byte) && !wishes.taken.contains(byte);
        SEPARATORS.into_iter().filter(free).collect()
    } else {
        vec![known.separator]
    };
    let mut quotes = vec![if wishes.quote { Some(b'"') } else { known.quote }];
    if wishes.quote {
        if head.contains(&b'\'') {
            quotes.push(Some(b'\''));
        }
        if head.contains(&b'"') {
            quotes.push(None);
        }
    }
    let mut found = Vec::new();
    for &separator in &separators {
        for &quote in &quotes {
            let mut dialect = Dialect { separator, quote, ..known.clone() };
            if wishes.escape {
                dialect.escape = None;
            }
            let escaped = |two: &[u8]| two[0] == b'\\' && Some(two[1]) == quote;
            let escape = wishes.escape && head.windows(2).any(escaped);
            found.push(dialect.clone());
            if escape {
                found.push(Dialect { escape: Some(b'\\'), ..dialect });
            }
        }
    }
    let distinct = |dialect: &Dialect| {
        dialect.quote != Some(dialect.separator)
            && dialect.comment.as_ref().and_then(|prefix| prefix.first())
                != Some(&dialect.separator)
    };
    found.retain(distinct);
    if found.is_empty() && !wishes.separator {
        found.push(known.clone());
    }
    found
}

/// Reads the sample; if it does not fit as it is, what lies behind a preamble may.
fn read(sample: &Sample<'_>, wishes: &Wishes, dialect: &Dialect) -> Scored {
    let try_from = |skip| score(sample.head, sample.whole, dialect, skip, wishes.ragged);
    let all = try_from(wishes.skip_rows.unwrap_or(0));
    if wishes.skip_rows.is_some() || all.outline.explains() && all.outline.width > 1 {
        return all;
    }
    let behind = preambles(sample.head, dialect).into_iter().map(try_from);
    let mut fitting = behind.filter(|part| {
        part.outline.explains() && part.outline.width > 1 && part.outline.records > 1
    });
    // Two tables in a file are no preamble and a table: what is left out must not be one.
    match fitting.next() {
        Some(part) if !is_table(sample, dialect, part.skip) => part,
        _ => all,
    }
}

/// Whether the first `lines` lines are records of several columns.
fn is_table(sample: &Sample<'_>, dialect: &Dialect, lines: u64) -> bool {
    let end = fields::skip_lines(sample.head, lines, dialect.newline);
    let part = score(&sample.head[..end], true, dialect, 0, false);
    part.outline.width > 1 && part.outline.records > 1 && part.outline.explains()
}

/// Consistency first, then the share of typed cells, then custom.
fn rate(scored: &Scored, lonely: &Scored, wishes: &Wishes) -> f64 {
    let value = rate_outline(&scored.dialect, &scored.outline, scored.typed, lonely.typed, wishes);
    let is_behind = scored.skip > wishes.skip_rows.unwrap_or(0);
    value - if is_behind { 0.05 } else { 0.0 }
}

/// The same of a dialect of which it is known, or supposed, how many cells are typed; more is better.
/// With a larger share for the text as one column it is not better.
fn rate_outline(
    dialect: &Dialect,
    outline: &Outline,
    typed: f64,
    lonely_typed: f64,
    wishes: &Wishes,
) -> f64 {
    let custom = |byte| SEPARATORS.iter().position(|&one| one == byte).unwrap_or(9) as f64;
    let mut value = if outline.width > 1 && outline.explains() {
        3.0
    } else if outline.width > 1
        && !outline.open
        && outline.records >= ENOUGH
        && outline.consistency() >= NEARLY
        && !is_weak(dialect.separator)
    {
        1.5 + outline.consistency()
    } else if outline.explains() {
        2.0
    } else {
        outline.consistency() - if outline.open { 1.0 } else { 0.0 }
    };
    value += typed;
    if wishes.separator && outline.width > 1 && is_weak(dialect.separator) {
        // Words and times have spaces and colons in them: they must tell more than the lines do.
        let tells = typed > lonely_typed + TIE
            || outline.width > 2 && outline.records >= 5 && lonely_typed < 0.5;
        value -= if tells { 0.3 } else { 1.5 };
    }
    // Quotes that nothing is in are no quotes, and quotes must close where a field ends.
    let odd = outline.anomalies as f64 / outline.quoted.max(1) as f64;
    value -= odd;
    if dialect.quote == Some(b'\'') && (outline.quoted == 0 || outline.anomalies > 0) {
        value -= 1.0;
    }
    if wishes.quote && dialect.quote.is_some() && outline.quoted > 0 && outline.anomalies == 0 {
        value += 0.1;
    }
    if dialect.quote.is_none() {
        value -= 0.02;
    }
    if dialect.escape.is_some() {
        value -= 0.01;
    }
    value - custom(dialect.separator) * 0.001
}

pub(super) fn is_weak(separator: u8) -> bool {
    matches!(separator, b' ' | b':')
}

fn answer(sample: &Sample<'_>, wishes: &Wishes, tried: &[(f64, Scored)]) -> Sniffed {
    let candidates: Vec<Candidate> = tried.iter().map(candidate).collect();
    let Some((value, best)) = tried.first() else {
        // Nothing to try: what is known stands.
        return Sniffed {
            dialect: wishes.dialect.clone(),
            skip_rows: wishes.skip_rows.unwrap_or(0),
            header: wishes.header.unwrap_or(true),
            names: Vec::new(),
            types: Vec::new(),
            confidence: 0.0,
            candidates,
            ambiguity: Ambiguity::None,
            misfits: Vec::new(),
            notes: Vec::new(),
        };
    };
    let mut notes = Vec::new();
    if best.skip > wishes.skip_rows.unwrap_or(0) {
        notes.push(format!("{} lines before the table are a preamble", best.skip));
    }
    if best.outline.misfits > 0 {
        let count = best.outline.misfits;
        let line = best.misfits.first().copied().unwrap_or(0);
        notes.push(format!(
            "{count} of {} records do not have {} fields, the first on line {line}",
            best.outline.records, best.outline.width
        ));
    }
    if best.outline.open {
        notes.push("a quoted field does not end".to_owned());
    }

    let mut ambiguity = Ambiguity::None;
    for (other_value, other) in &tried[1..] {
        let same_separator = other.dialect.separator == best.dialect.separator;
        // Quotes that open and close as they should are quotes.
        let settled = same_separator && best.dialect.quote.is_some() && best.outline.anomalies == 0;
        if settled || value - other_value > TIE {
            continue;
        }
        if !same_result(best, other) {
            ambiguity = Ambiguity::Harmful;
        } else if !same_separator && best.outline.width > 1 && ambiguity == Ambiguity::None {
            ambiguity = Ambiguity::Harmless;
        }
    }
    // Lines that a separator divides alike, but for a few or for a quote that does not end, could
    // have been meant to be divided.
    if best.outline.width == 1
        && wishes.separator
        && tried.iter().any(|(_, other)| {
            other.outline.width > 1
                && !is_weak(other.dialect.separator)
                && (other.outline.open
                    || other.outline.consistency() > 0.5 && other.outline.misfits > 0)
        })
    {
        ambiguity = Ambiguity::Harmful;
        notes.push("one column explains every line; a separator explains most of them".to_owned());
    }
    if ambiguity != Ambiguity::None {
        notes.push("more than one dialect fits: say the separator".to_owned());
    }

    let mut later_wrong = 0;
    for block in sample.later {
        later_wrong += usize::from(!fits_later(block, best, wishes.ragged));
    }
    if later_wrong > 0 {
        notes.push(format!("{later_wrong} of {} blocks further on do not fit", sample.later.len()));
    }

    let header = wishes.header.unwrap_or_else(|| has_header(best, &mut notes));
    let mut columns = best.columns.clone();
    if !header {
        for (column, first) in columns.iter_mut().zip(&best.first_looks) {
            *column = column.join(*first);
        }
    }
    let next = tried.get(1).map_or(0.0, |(next, _)| *next);
    let mut confidence = (0.7 + (value - next) / 4.0).clamp(0.5, 1.0) * best.outline.consistency();
    if best.outline.records < 3 {
        confidence *= 0.8;
    }
    if ambiguity == Ambiguity::Harmful || later_wrong > 0 || best.outline.open {
        confidence = confidence.min(0.5);
    }
    Sniffed {
        dialect: best.dialect.clone(),
        skip_rows: best.skip,
        header,
        names: names(if header { &best.first } else { &[] }, best.outline.width),
        types: columns.iter().map(|column| column.name()).collect(),
        confidence,
        candidates,
        ambiguity,
        misfits: best.misfits.clone(),
        notes,
    }
}

fn candidate((value, scored): &(f64, Scored)) -> Candidate {
    Candidate {
        dialect: scored.dialect.clone(),
        columns: scored.outline.width,
        records: scored.outline.records,
        consistency: scored.outline.consistency(),
        misfit: scored.misfits.first().copied(),
        open: scored.outline.open,
        score: *value,
    }
}

fn same_result(a: &Scored, b: &Scored) -> bool {
    a.outline.width == b.outline.width
        && a.outline.records == b.outline.records
        && a.skip == b.skip
        && a.columns == b.columns
        && a.first == b.first
}

/// The first record is the header unless one of its cells types as its column does below.
fn has_header(best: &Scored, notes: &mut Vec<String>) -> bool {
    if best.outline.records == 1 && best.first_looks.iter().any(|looks| looks.is_typed()) {
        notes.push("the only record has values, so it is not taken for a header".to_owned());
        return false;
    }
    !best
        .first_looks
        .iter()
        .zip(&best.columns)
        .any(|(cell, column): (&Looks, _)| cell.fits(*column))
}

/// Names from the first record; empty and repeated ones get others.
fn names(first: &[Vec<u8>], width: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(width);
    let mut taken: std::collections::HashSet<String> =
        first.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
    let mut used = std::collections::HashSet::new();
    for column in 0..width {
        let cell = first.get(column).map(|cell| String::from_utf8_lossy(cell).into_owned());
        let wanted = cell.filter(|name| !name.is_empty());
        let base = wanted.unwrap_or_else(|| format!("column_{}", column + 1));
        let mut name = base.clone();
        let mut count = 0;
        while used.contains(&name) || count > 0 && taken.contains(&name) {
            count += 1;
            name = format!("{base}_{count}");
        }
        used.insert(name.clone());
        taken.insert(name.clone());
        names.push(name);
    }
    names
}
