//! How well a dialect explains a sample.

use super::classify::{Looks, looks};
use super::fields::{Field, records, skip_lines, value};
use crate::csv::Dialect;

/// Far more columns than anybody has are one width: it cannot be right anyway.
const WIDEST: usize = 1 << 16;
/// Records of which the cells are looked at.
const TYPED: usize = 2000;
/// Lines among which a preamble is looked for.
const PREAMBLE: u64 = 100;
/// Misfits that are remembered.
const MISFITS: usize = 5;

/// What a dialect makes of the sample, without a look into its cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outline {
    pub width: usize,
    pub records: u64,
    /// Records of another width.
    pub misfits: u64,
    pub quoted: u64,
    pub anomalies: u64,
    /// The sample ends inside quotes, or nearly all of it is one record that does not end.
    pub open: bool,
}

impl Outline {
    /// Every record has the same number of fields.
    pub fn explains(&self) -> bool {
        self.misfits == 0 && !self.open
    }

    /// Share of the records that have the width.
    pub fn consistency(&self) -> f64 {
        if self.records == 0 {
            return 1.0;
        }
        (self.records - self.misfits) as f64 / self.records as f64
    }
}

/// A dialect and what it makes of the sample.
#[derive(Debug, Clone)]
pub(super) struct Scored {
    pub dialect: Dialect,
    /// Lines before the table.
    pub skip: u64,
    pub outline: Outline,
    /// The first lines whose records have another width.
    pub misfits: Vec<u64>,
    /// Share of cells, the first record left out, that are no text.
    pub typed: f64,
    pub columns: Vec<Looks>,
    pub first: Vec<Vec<u8>>,
    pub first_looks: Vec<Looks>,
}

/// Divides the sample, with `skip` lines left out, as `dialect` does.
pub(super) fn outline(
    sample: &[u8],
    whole: bool,
    dialect: &Dialect,
    skip: u64,
    ragged: bool,
) -> Outline {
    let bytes = &sample[skip_lines(sample, skip, dialect.newline)..];
    let mut widths: Vec<u64> = Vec::new();
    let shape = records(bytes, dialect, whole, |_, fields| {
        let width = fields.len().min(WIDEST);
        if width >= widths.len() {
            widths.resize(width + 1, 0);
        }
        widths[width] += u64::from(width > 0);
        true
    });
    let total: u64 = widths.iter().sum();
    let most = widths.iter().copied().max().unwrap_or(0);
    let width = if ragged {
        // Short records are filled up, so the longest tells.
        widths.iter().rposition(|&count| count > 0).unwrap_or(0)
    } else {
        widths.iter().rposition(|&count| count == most && count > 0).unwrap_or(0)
    };
    let fitting = match width {
        WIDEST => 0,
        _ if ragged => total,
        _ => widths.get(width).copied().unwrap_or(0),
    };
    let endless = shape.cut > (64 << 10) && shape.cut > bytes.len() / 2;
    Outline {
        width,
        records: total,
        misfits: total - fitting,
        quoted: shape.quoted,
        anomalies: shape.anomalies,
        open: shape.open && whole || endless,
    }
}

/// Reads the sample as `dialect`, with `skip` lines left out.
pub(super) fn score(
    sample: &[u8],
    whole: bool,
    dialect: &Dialect,
    skip: u64,
    ragged: bool,
) -> Scored {
    let outline = outline(sample, whole, dialect, skip, ragged);
    let bytes = &sample[skip_lines(sample, skip, dialect.newline)..];
    let width = outline.width;
    let comma = dialect.separator != b',';
    let (mut seen, mut typed, mut cells) = (0, 0_u64, 0_u64);
    let mut misfits = Vec::new();
    let most_misfits = usize::try_from(outline.misfits).map_or(MISFITS, |count| count.min(MISFITS));
    let mut columns = vec![Looks::Empty; width];
    let (mut first, mut first_looks) = (Vec::new(), Vec::new());
    records(bytes, dialect, whole, |line, fields| {
        if fields.is_empty() {
            return true;
        }
        let fits = fields.len() == width || ragged && fields.len() < width;
        if !fits && misfits.len() < MISFITS {
            misfits.push(line + skip);
        }
        seen += 1;
        if seen > TYPED {
            return misfits.len() < most_misfits;
        }
        let cell = |field: &Field| value(&bytes[field.start..field.end], dialect);
        if seen == 1 {
            first = fields.iter().map(|field| cell(field).into_owned()).collect();
            first_looks = first.iter().map(|cell| looks(cell, comma)).collect();
            return true;
        }
        for (column, field) in columns.iter_mut().zip(fields) {
            let kind = looks(&cell(field), comma);
            cells += u64::from(kind != Looks::Empty);
            typed += u64::from(kind.is_typed() || kind == Looks::Like);
            *column = column.join(kind);
        }
        true
    });
    if seen == 1 {
        cells = first_looks.len() as u64;
        typed = first_looks.iter().filter(|kind| kind.is_typed()).count() as u64;
    }
    Scored {
        dialect: dialect.clone(),
        skip,
        outline,
        misfits,
        typed: if cells == 0 { 0.0 } else { typed as f64 / cells as f64 },
        columns,
        first,
        first_looks,
    }
}

/// Lines that may be a preamble: those up to a blank line, or a run of comments at the top.
pub(super) fn preambles(sample: &[u8], dialect: &Dialect) -> Vec<u64> {
    let (mut found, mut comments, mut line) = (Vec::new(), 0, 0);
    let mut at = 0;
    while at < sample.len() && line < PREAMBLE {
        let next = at + skip_lines(&sample[at..], 1, dialect.newline);
        let text = sample[at..next].trim_ascii();
        line += 1;
        if text.starts_with(b"#") && comments + 1 == line {
            comments = line;
        }
        if text.is_empty() && line > 1 {
            found.push(line);
        }
        at = next;
    }
    if comments > 0 {
        found.insert(0, comments);
    }
    found
}

/// Whether `block`, cut out of the middle of the text, has records of this width: it may start
/// inside a field, so several lines are tried as the start of the first whole record.
pub(super) fn fits_later(block: &[u8], scored: &Scored, ragged: bool) -> bool {
    const STARTS: u64 = 20;
    let width = scored.outline.width;
    (1..=STARTS).any(|lines| {
        let start = skip_lines(block, lines, scored.dialect.newline);
        if start == block.len() {
            // One line that fills the block tells nothing.
            return lines == 1;
        }
        let mut wrong = false;
        let shape = records(&block[start..], &scored.dialect, false, |_, fields| {
            let short = ragged && fields.len() < width;
            wrong |= !fields.is_empty() && fields.len() != width && !short;
            !wrong
        });
        !wrong && shape.cut <= block.len() / 2
    })
}
