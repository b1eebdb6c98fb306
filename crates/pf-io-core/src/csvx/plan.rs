//! What is known before the records are read: names, columns, and the kinds to begin with.

use std::collections::HashSet;
use std::path::Path;

use super::facts::Facts;
use super::feed::{Feed, failed};
use super::index::index;
use super::infer::guess;
use super::kind::Kind;
use super::options::{BadLines, CsvReadOptions, Header};
use super::serial::Serial;
use super::simd::Simd;
use super::slab::Slab;
use super::spec::ColumnSpec;
use super::split::{Chunk, Head};
use crate::batch::nearest_name;
use crate::{IoError, Result};

/// Records of the first chunk that the first guess looks at.
const SAMPLE: usize = 256;

/// A column of the result.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub name: String,
    /// Its number among the fields of a record.
    pub field: usize,
    pub spec: ColumnSpec,
    pub category: bool,
    /// What a sample says.
    pub guess: Facts,
}

/// What is read, and how.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Fields of a record.
    pub width: usize,
    pub wanted: Vec<Wanted>,
    /// Records that are no data: the header and those before it.
    pub header_records: u64,
    pub notes: Vec<String>,
}

impl Plan {
    /// Takes the header off the first chunk of `feed`, and looks at some records behind it.
    pub fn make(
        path: &Path,
        feed: &mut Feed,
        options: &CsvReadOptions,
        simd: Simd,
    ) -> Result<Self> {
        let serial = Serial::new(&options.dialect);
        let mut before = 0;
        if let Header::Record(number) = options.header {
            while before < number && take_record(feed, options, &serial)?.is_some() {
                before += 1;
            }
        }
        let Some(first) = take_record(feed, options, &serial)? else {
            let Some(names) = &options.names else {
                return Err(IoError::Empty { path: path.to_path_buf() });
            };
            return Self { width: names.len(), ..Self::default() }.with(path, names, options, None);
        };
        let fields = serial.fields(&first.bytes);
        let width = fields.len();
        let sample = sample(path, feed, options, simd, width)?;
        let header = match options.header {
            Header::No => false,
            Header::Yes | Header::Record(_) => true,
            Header::Auto => looks_like_header(path, &first, width, &sample, options, simd)?,
        };
        let mut plan = Self { width, ..Self::default() };
        plan.header_records = before + u64::from(header);
        let names = if header {
            if first.head.open {
                let message = "the quote that opens in the header is not closed";
                return Err(problem(path, first.head.line, message.to_owned()));
            }
            let texts = fields.iter().map(|raw| {
                String::from_utf8(serial.value(raw).into_owned())
                    .map_err(|_| problem(path, first.head.line, "a name is not UTF-8".to_owned()))
            });
            texts.collect::<Result<Vec<String>>>()?
        } else {
            undo(feed, first.place)?;
            vec![String::new(); width]
        };
        let names = match &options.names {
            None => plan.unique(names),
            Some(names) if names.len() == width => names.clone(),
            Some(names) => {
                let message =
                    format!("names has {} names, but there are {width} columns", names.len());
                return Err(schema_error(path, String::new(), message, None));
            }
        };
        plan.with(path, &names, options, Some(&sample))
    }

    /// Empty and repeated names get a number.
    fn unique(&mut self, names: Vec<String>) -> Vec<String> {
        let all: HashSet<String> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
        let mut used: HashSet<String> = HashSet::new();
        let mut found = Vec::with_capacity(names.len());
        for (field, name) in names.into_iter().enumerate() {
            let free =
                |name: &String, used: &HashSet<String>| !used.contains(name) && !all.contains(name);
            let given = if name.is_empty() {
                let plain = format!("column_{}", field + 1);
                if free(&plain, &used) {
                    plain
                } else {
                    (1..usize::MAX)
                        .map(|n| format!("{plain}_{n}"))
                        .find(|n| free(n, &used))
                        .unwrap_or(plain)
                }
            } else if used.contains(&name) {
                let next = (1..usize::MAX).map(|n| format!("{name}_{n}")).find(|n| free(n, &used));
                let next = next.unwrap_or_else(|| name.clone());
                self.notes
                    .push(format!("column {} is called '{next}': '{name}' is taken", field + 1));
                next
            } else {
                name
            };
            used.insert(given.clone());
            found.push(given);
        }
        found
    }

    fn with(
        mut self,
        path: &Path,
        names: &[String],
        options: &CsvReadOptions,
        sample: Option<&Slab>,
    ) -> Result<Self> {
        let field_of = |name: &String| {
            names.iter().position(|known| known == name).ok_or_else(|| {
                let hint = nearest_name(name, names.iter().map(String::as_str));
                schema_error(path, name.clone(), format!("no column '{name}'"), Some(hint))
            })
        };
        for name in options.specs.iter().map(|(name, _)| name).chain(&options.categories) {
            field_of(name)?;
        }
        let wanted = options.columns.as_deref().unwrap_or(names);
        for name in wanted {
            let field = field_of(name)?;
            let own = options.specs.iter().find(|(known, _)| known == name);
            let mut spec = own.map_or_else(|| options.spec.clone(), |(_, spec)| spec.clone());
            spec.all_failures |= options.bad_lines == BadLines::Collect;
            let guess = sample
                .map_or_else(Facts::default, |slab| guess(slab, field, &spec, &options.dialect));
            let category = options.categories.contains(name);
            self.wanted.push(Wanted { name: name.clone(), field, spec, category, guess });
        }
        Ok(self)
    }
}

fn problem(path: &Path, line: u64, message: String) -> IoError {
    IoError::Csv { path: path.to_path_buf(), line, record: 0, column: None, message, hint: None }
}

fn schema_error(path: &Path, column: String, message: String, hint: Option<String>) -> IoError {
    IoError::Schema { path: path.to_path_buf(), column, message, hint }
}

/// A record that was taken off the front, and its bytes.
struct First {
    head: Head,
    bytes: Vec<u8>,
    /// Where its chunk began.
    place: Place,
}

/// What taking a record off changes in a chunk.
#[derive(Clone, Copy)]
struct Place {
    from: usize,
    first_line: u64,
    first_record: u64,
    records: u64,
    lines: u64,
    blank: u64,
}

/// Puts a record that was taken off the next chunk back.
fn undo(feed: &mut Feed, place: Place) -> Result<()> {
    if let Some(mut chunk) = feed.chunk()? {
        let Place { from, first_line, first_record, records, lines, blank } = place;
        chunk = Chunk { from, first_line, first_record, records, lines, blank, ..chunk };
        feed.put_back(chunk);
    }
    Ok(())
}

/// Takes the next record off; chunks without one go.
fn take_record(
    feed: &mut Feed,
    options: &CsvReadOptions,
    serial: &Serial,
) -> Result<Option<First>> {
    while let Some(mut chunk) = feed.chunk()? {
        let Chunk { from, first_line, first_record, records, lines, blank, .. } = chunk;
        let place = Place { from, first_line, first_record, records, lines, blank };
        let Some(head) = chunk.take_first(serial, options.dialect.blank_lines) else { continue };
        let bytes = chunk.bytes.get(head.start..head.end).unwrap_or_default().to_vec();
        feed.put_back(chunk);
        return Ok(Some(First { head, bytes, place }));
    }
    Ok(None)
}

/// The first records behind the header, as far as they are in one chunk.
fn sample(
    path: &Path,
    feed: &mut Feed,
    options: &CsvReadOptions,
    simd: Simd,
    width: usize,
) -> Result<Slab> {
    let mut slab = Slab::default();
    let mut looked = Vec::new();
    while slab.rows() == 0
        && let Some(chunk) = feed.chunk()?
    {
        let copy = Chunk { bytes: chunk.bytes.clone(), ..chunk };
        looked.push(chunk);
        index(copy, &options.dialect, width, options.ragged_fill, simd, &mut slab, &mut Vec::new())
            .map_err(|fault| failed(path, &fault))?;
    }
    for chunk in looked.into_iter().rev() {
        feed.put_back(chunk);
    }
    // Rows behind the last one that is wanted say nothing about its type.
    let rows = options.n_rows.map_or(SAMPLE, |limit| SAMPLE.min(limit as usize));
    slab.starts.truncate(rows);
    slab.ends.truncate(rows * width);
    Ok(slab)
}

/// No cell of the first record is of its column's type, unless that is text.
fn looks_like_header(
    path: &Path,
    first: &First,
    width: usize,
    below: &Slab,
    options: &CsvReadOptions,
    simd: Simd,
) -> Result<bool> {
    let mut slab = Slab::default();
    let chunk = Chunk {
        bytes: first.bytes.clone(),
        records: 1,
        lines: 1,
        quoted: true,
        ..Chunk::default()
    };
    index(chunk, &options.dialect, width, false, simd, &mut slab, &mut Vec::new())
        .map_err(|fault| failed(path, &fault))?;
    let class = |slab: &Slab, field| {
        let facts = guess(slab, field, &options.spec, &options.dialect);
        match facts.kind(options.spec.int_overflow) {
            Kind::Null | Kind::Text => None,
            Kind::Bool => Some(0),
            Kind::Int64 | Kind::UInt64 | Kind::Decimal(_) | Kind::Float64 => Some(1),
            Kind::Date | Kind::Timestamp { .. } => Some(2),
        }
    };
    Ok((0..width).all(|field| {
        let cell = class(&slab, field);
        cell.is_none() || cell != class(below, field)
    }))
}
