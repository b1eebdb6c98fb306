//! Opens a text, checks every record, finds the types, and hands out batches.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::columns::{Column, Refused};
use super::header::{Selected, check_utf8, header_names, select};
use super::infer::Guess;
use super::options::{BadLines, CsvOptions};
use super::records::{Cell, Cursor, Dialect, Records, Unclosed};
use crate::batch::{batch_of, project_schema, type_name};
use crate::error::snippet;
use crate::{IoError, Result, inflate};

/// Records between two looks at the cancel flag.
const CANCEL_EVERY: u64 = 4096;
/// Text bytes after which a batch ends early, so that its strings stay below 2 GiB.
const BATCH_BYTES: usize = 1 << 30;

/// A text that is split, checked and typed.
#[derive(Debug, Clone)]
pub struct CsvFile {
    shared: Arc<Shared>,
    schema: SchemaRef,
    warnings: Vec<String>,
    bad_lines: u64,
    rows: u64,
}

/// What the file and its batch iterators have in common.
#[derive(Debug)]
struct Shared {
    path: PathBuf,
    bytes: Vec<u8>,
    dialect: Dialect,
    /// First byte after the header.
    data: Cursor,
    /// Cells of a good record.
    width: usize,
    columns: Vec<Selected>,
    nulls: Nulls,
    skip_bad: bool,
    limit: Option<usize>,
}

/// The unquoted texts that are null.
#[derive(Debug)]
struct Nulls {
    empty: bool,
    others: Vec<Vec<u8>>,
}

impl Nulls {
    fn contains(&self, text: &[u8]) -> bool {
        if text.is_empty() {
            self.empty
        } else {
            !self.others.is_empty() && self.others.iter().any(|null| null == text)
        }
    }
}

impl CsvFile {
    /// Reads `path` into memory, checks all records and determines the schema.
    pub fn open(path: &Path, options: &CsvOptions, cancel: &AtomicBool) -> Result<Self> {
        options.validate(path)?;
        let bytes = inflate::read(path, options.memory_limit, cancel)?;
        check_utf8(path, &bytes)?;
        let dialect = Dialect {
            delimiter: options.delimiter,
            quote: options.quote,
            escape: options.escape,
            comment: options.comment,
        };
        let bom = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let mut records = Records::new(&bytes, dialect, Cursor { pos: bom, line: 1 });
        for _ in 0..options.skip_rows {
            records.skip_line();
        }
        let mut data = records.cursor();
        let mut cells = Vec::new();
        let first = records.next(&mut cells).map_err(|error| unclosed(path, 0, error))?;
        if first.is_none() {
            return Err(IoError::Empty { path: path.to_path_buf() });
        }
        let mut warnings = Vec::new();
        let names = if options.header {
            data = records.cursor();
            header_names(&bytes, dialect, &cells, &mut warnings)
        } else {
            (1..=cells.len()).map(|number| format!("column_{number}")).collect()
        };
        let columns = select(path, &names, options)?;
        let nulls = Nulls {
            empty: options.null_values.iter().any(String::is_empty),
            others: options
                .null_values
                .iter()
                .filter(|text| !text.is_empty())
                .map(|text| text.as_bytes().to_vec())
                .collect(),
        };
        let mut shared = Shared {
            path: path.to_path_buf(),
            bytes,
            dialect,
            data,
            width: names.len(),
            columns,
            nulls,
            skip_bad: options.on_bad_lines != BadLines::Error,
            limit: options.limit,
        };
        let scan = shared.scan(options.infer_rows, cancel)?;
        for (column, guess) in shared.columns.iter_mut().zip(&scan.guesses) {
            if column.inferred {
                column.data_type = guess.data_type();
            }
        }
        if scan.trailing > 0 {
            let count = scan.trailing;
            warnings.push(format!("{count} quoted cells have text after the closing quote"));
        }
        if options.on_bad_lines == BadLines::Warn && scan.bad_lines > 0 {
            let examples = scan.examples.join("; ");
            warnings.push(format!("{} bad lines left out: {examples}", scan.bad_lines));
        }
        let fields: Vec<_> = shared
            .columns
            .iter()
            .map(|column| Field::new(&column.name, column.data_type.clone(), true))
            .collect();
        Ok(Self {
            schema: Arc::new(Schema::new(fields)),
            warnings,
            bad_lines: scan.bad_lines,
            rows: scan.rows,
            shared: Arc::new(shared),
        })
    }

    /// Names and types of the columns, in the order asked for.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// What was odd but read: renamed columns, text after quotes, bad lines under `Warn`.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Records left out because they are ragged.
    pub fn bad_lines(&self) -> u64 {
        self.bad_lines
    }

    /// Data records that are read, after `limit`.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of text held in memory.
    pub fn byte_len(&self) -> usize {
        self.shared.bytes.len()
    }

    /// The records as batches of at most `batch_rows` rows; `projection` indexes [`Self::schema`].
    pub fn batches(
        &self,
        projection: Option<&[usize]>,
        limit: Option<usize>,
        batch_rows: usize,
        cancel: Arc<AtomicBool>,
    ) -> CsvBatches {
        let all: Vec<usize> = (0..self.shared.columns.len()).collect();
        let wanted = projection.unwrap_or(&all);
        let wanted: Vec<usize> =
            wanted.iter().copied().filter(|&index| index < all.len()).collect();
        CsvBatches {
            schema: project_schema(&self.schema, Some(&wanted)),
            projection: wanted,
            cursor: self.shared.data,
            record: 0,
            left: self.rows.min(limit.map_or(u64::MAX, |limit| limit as u64)),
            batch_rows: batch_rows.max(1),
            shared: Arc::clone(&self.shared),
            cancel,
        }
    }
}

/// What the first pass found.
struct Scan {
    guesses: Vec<Guess>,
    rows: u64,
    bad_lines: u64,
    trailing: u64,
    examples: Vec<String>,
}

impl Shared {
    fn scan(&self, infer_rows: Option<usize>, cancel: &AtomicBool) -> Result<Scan> {
        let mut scan = Scan {
            guesses: vec![Guess::default(); self.columns.len()],
            rows: 0,
            bad_lines: 0,
            trailing: 0,
            examples: Vec::new(),
        };
        let infer_rows = infer_rows.map_or(u64::MAX, |rows| rows as u64);
        let limit = self.limit.map_or(u64::MAX, |limit| limit as u64);
        let mut records = Records::new(&self.bytes, self.dialect, self.data);
        let (mut cells, mut scratch) = (Vec::with_capacity(self.width), Vec::new());
        let mut record = 0;
        while scan.rows < limit {
            let next = records.next(&mut cells);
            let Some(line) = next.map_err(|error| unclosed(&self.path, record + 1, error))? else {
                break;
            };
            record += 1;
            if u64::is_multiple_of(record, CANCEL_EVERY) && cancel.load(Ordering::Relaxed) {
                return Err(IoError::Cancelled);
            }
            if cells.len() != self.width {
                let message = format!("expected {} cells, found {}", self.width, cells.len());
                if !self.skip_bad {
                    let hint = Some("on_bad_lines: skip (or warn) leaves such rows out");
                    let path = self.path.clone();
                    return Err(IoError::Csv { path, line, record, column: None, message, hint });
                }
                scan.bad_lines += 1;
                if scan.examples.len() < 5 {
                    scan.examples.push(format!("line {line}: {message}"));
                }
                continue;
            }
            scan.trailing += cells.iter().filter(|cell| cell.trailing).count() as u64;
            if scan.rows < infer_rows {
                for (column, guess) in self.columns.iter().zip(&mut scan.guesses) {
                    if column.inferred && !guess.is_settled() {
                        let cell = cells[column.cell];
                        let text = self.text(cell, &mut scratch);
                        let null =
                            if cell.quoted { text.is_empty() } else { self.nulls.contains(text) };
                        if !null {
                            guess.add(text);
                        }
                    }
                }
            }
            scan.rows += 1;
        }
        Ok(scan)
    }

    /// The value of a cell, in place if it can be.
    fn text<'a>(&'a self, cell: Cell, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        let raw = &self.bytes[cell.start..cell.end];
        if cell.plain {
            return raw;
        }
        scratch.clear();
        self.dialect.unescape(raw, cell.quoted, scratch);
        scratch
    }

    fn error(&self, line: u64, record: u64, column: Option<&str>, message: String) -> IoError {
        IoError::Csv {
            path: self.path.clone(),
            line,
            record,
            column: column.map(str::to_owned),
            message,
            hint: None,
        }
    }
}

/// The batches of a [`CsvFile`]; owns its share of the text.
#[derive(Debug)]
pub struct CsvBatches {
    shared: Arc<Shared>,
    schema: SchemaRef,
    projection: Vec<usize>,
    cursor: Cursor,
    record: u64,
    /// Rows still to come.
    left: u64,
    batch_rows: usize,
    cancel: Arc<AtomicBool>,
}

impl CsvBatches {
    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn read(&mut self) -> Result<RecordBatch> {
        let shared = Arc::clone(&self.shared);
        let rows = self.left.min(self.batch_rows as u64) as usize;
        if self.cancel.load(Ordering::Relaxed) {
            return Err(IoError::Cancelled);
        }
        if self.projection.is_empty() {
            self.left -= rows as u64;
            return self.batch(Vec::new(), rows);
        }
        let selected: Vec<&Selected> =
            self.projection.iter().map(|&index| &shared.columns[index]).collect();
        let mut columns: Vec<Column> = selected
            .iter()
            .map(|column| Column::new(&column.data_type, column.inferred, rows))
            .collect();
        let mut records = Records::new(&shared.bytes, shared.dialect, self.cursor);
        let (mut cells, mut scratch) = (Vec::with_capacity(shared.width), Vec::new());
        let mut taken = 0;
        while taken < rows && records.cursor().pos - self.cursor.pos < BATCH_BYTES {
            let next = records.next(&mut cells);
            let next = next.map_err(|error| unclosed(&shared.path, self.record + 1, error))?;
            // The first pass counted the rows over the same bytes.
            let Some(line) = next else { break };
            self.record += 1;
            if self.record.is_multiple_of(CANCEL_EVERY) && self.cancel.load(Ordering::Relaxed) {
                return Err(IoError::Cancelled);
            }
            if cells.len() != shared.width {
                continue;
            }
            for (column, from) in columns.iter_mut().zip(&selected) {
                let cell = cells[from.cell];
                let text = shared.text(cell, &mut scratch);
                let null = if cell.quoted {
                    text.is_empty() && !column.is_text()
                } else {
                    shared.nulls.contains(text)
                };
                if null {
                    column.push_null();
                } else if let Err(refused) = column.push(text) {
                    let place = (line, self.record);
                    return Err(refuse(&shared, place, from, column.data_type(), text, &refused));
                }
            }
            taken += 1;
        }
        self.cursor = records.cursor();
        self.left = if taken == 0 { 0 } else { self.left - taken as u64 };
        let arrays: Result<Vec<_>, _> = columns.into_iter().map(Column::finish).collect();
        let arrays = arrays.map_err(|error| {
            shared.error(0, self.record, None, format!("cannot build: {error}"))
        })?;
        self.batch(arrays, taken)
    }

    fn batch(&self, columns: Vec<arrow::array::ArrayRef>, rows: usize) -> Result<RecordBatch> {
        batch_of(&self.schema, columns, rows).map_err(|error| {
            self.shared.error(0, self.record, None, format!("cannot build: {error}"))
        })
    }
}

impl Iterator for CsvBatches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let batch = self.read();
        if batch.is_err() {
            self.left = 0;
        }
        Some(batch)
    }
}

fn refuse(
    shared: &Shared,
    (line, record): (u64, u64),
    column: &Selected,
    data_type: &DataType,
    text: &[u8],
    refused: &Refused,
) -> IoError {
    match refused {
        Refused::NotThisType => {
            let message = format!("{} is not {}", snippet(text), type_name(data_type));
            shared.error(line, record, Some(&column.name), message)
        }
        Refused::TooLong => IoError::Limit {
            path: shared.path.clone(),
            needed: text.len() as u64,
            limit: i32::MAX as u64,
            message: format!("the texts of column '{}' pass 2 GiB in one batch", column.name),
        },
    }
}

fn unclosed(path: &Path, record: u64, error: Unclosed) -> IoError {
    let message = "a quote opened here is never closed".to_owned();
    IoError::Csv {
        path: path.to_path_buf(),
        line: error.line,
        record,
        column: None,
        message,
        hint: None,
    }
}
