//! What the caller says of bad records that an earlier pass told of: other fields, or none.
//!
//! The fields are appended to the slab's bytes as a record, so that the columns are read from them
//! as from any other; a row in its place points there.

use std::collections::{BTreeMap, HashMap};

use super::dialect::Dialect;
use super::index::Bad;
use super::slab::Slab;

/// By record number: the fields to take, or none to leave the record out.
pub type Answers = HashMap<u64, Option<Vec<String>>>;

/// Rows whose fields were given, and where their records start in the input.
#[derive(Debug, Default)]
pub(super) struct Given(BTreeMap<usize, u32>);

/// An answer that has not as many fields as there are columns.
#[derive(Debug)]
pub(super) struct WrongWidth {
    /// Number of the record.
    pub record: u64,
    /// Where it starts in the slab.
    pub start: u32,
    /// How many fields were given.
    pub found: usize,
}

impl Given {
    /// Where the row's record starts in the input, if its fields were given.
    pub fn start(&self, row: usize) -> Option<u32> {
        self.0.get(&row).copied()
    }
}

/// Puts the answers for records of this slab in their place.
pub(super) fn apply(
    answers: &Answers,
    dialect: &Dialect,
    slab: &mut Slab,
    bad: &mut Vec<Bad>,
) -> Result<Given, WrongWidth> {
    let mut given = Given::default();
    let numbers: Vec<u64> = (0..slab.rows()).map(|row| slab.record(row)).collect();
    if !numbers.iter().chain(bad.iter().map(|bad| &bad.record)).any(|n| answers.contains_key(n)) {
        return Ok(given);
    }
    let width = slab.width;
    let mut rows: Vec<(u64, u32, Option<usize>, u64)> = Vec::with_capacity(slab.rows());
    for (row, &number) in numbers.iter().enumerate() {
        rows.push((number, slab.starts[row], Some(row), line_of(slab, row)));
    }
    bad.retain(|bad| {
        let answered = answers.contains_key(&bad.record);
        if answered {
            rows.push((bad.record, bad.start, None, bad.line));
        }
        !answered
    });
    rows.sort_unstable_by_key(|row| row.0);
    let (mut starts, mut ends) = (Vec::with_capacity(rows.len()), Vec::new());
    let (mut lines, mut records) = (Vec::new(), Vec::new());
    for (number, start, row, line) in rows {
        match (answers.get(&number), row) {
            (None, Some(row)) => {
                starts.push(slab.starts[row]);
                ends.extend_from_slice(&slab.ends[row * width..(row + 1) * width]);
            }
            (Some(Some(fields)), _) => {
                if fields.len() != width {
                    return Err(WrongWidth { record: number, start, found: fields.len() });
                }
                given.0.insert(starts.len(), start);
                starts.push(slab.bytes.len() as u32);
                append(fields, dialect, slab, &mut ends);
            }
            (Some(None) | None, _) => continue,
        }
        lines.push(line);
        records.push(number);
    }
    (slab.starts, slab.ends) = (starts, ends);
    (slab.lines, slab.records) = (Some(lines), Some(records));
    Ok(given)
}

fn line_of(slab: &Slab, row: usize) -> u64 {
    match &slab.lines {
        Some(lines) => lines.get(row).copied().unwrap_or_default(),
        None => slab.first_line + row as u64,
    }
}

/// Writes a record behind the others. Fields are quoted only where they must be: they stand for
/// what an unquoted field would mean.
fn append(fields: &[String], dialect: &Dialect, slab: &mut Slab, ends: &mut Vec<u32>) {
    let special = |byte: u8| {
        byte == dialect.separator || Some(byte) == dialect.quote || matches!(byte, b'\n' | b'\r')
    };
    for field in fields {
        match dialect.quote {
            Some(quote) if field.bytes().any(special) => {
                slab.quoted = true;
                slab.bytes.push(quote);
                for byte in field.bytes() {
                    if byte == quote || Some(byte) == dialect.escape {
                        slab.bytes.push(dialect.escape.unwrap_or(quote));
                    }
                    slab.bytes.push(byte);
                }
                slab.bytes.push(quote);
            }
            _ => slab.bytes.extend_from_slice(field.as_bytes()),
        }
        slab.ascii &= field.is_ascii();
        ends.push(slab.bytes.len() as u32);
        slab.bytes.push(dialect.separator);
    }
}
