//! Errors name the exact line, record, column and byte, wherever chunks end and whoever parses them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod csv_table;

use std::fmt::Write;

use arrow::datatypes::DataType;
use bytes::Bytes;
use csv_table::{Dice, context, table};
use pf_io_core::csv::{BadLines, ColumnSpec, CsvReadOptions, Dialect};

/// Line, record, byte, column, and the record's bytes.
type Place = (u64, u64, u64, Option<String>, Vec<u8>);

/// A text that is written together with the places of what is wrong in it.
struct Book {
    text: String,
    line: u64,
    record: u64,
    places: Vec<Place>,
    good: usize,
    dice: Dice,
}

impl Book {
    fn new() -> Self {
        let mut book = Self {
            text: String::new(),
            line: 1,
            record: 0,
            places: Vec::new(),
            good: 0,
            dice: Dice(7),
        };
        book.record(&["id", "text", "number"], &[], true);
        book.good = 0;
        book
    }

    fn end(&mut self) {
        let end = self.dice.pick(&["\n", "\n", "\r\n"]);
        self.text.push_str(end);
        self.line += 1;
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.end();
    }

    /// A record with the given cells; those at `bad` are not of their column's type.
    fn record(&mut self, cells: &[&str], bad: &[usize], width: bool) {
        self.record += 1;
        let (start, line) = (self.text.len(), self.line);
        let mut starts = Vec::new();
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            starts.push(self.text.len() as u64);
            self.text.push_str(cell);
            self.line += cell.matches('\n').count() as u64;
        }
        let raw = self.text.as_bytes()[start..].to_vec();
        self.end();
        if !width {
            self.places.push((line, self.record, start as u64, None, raw.clone()));
        }
        for &at in bad {
            let name = ["id", "text", "number"][at].to_owned();
            self.places.push((line, self.record, starts[at], Some(name), raw.clone()));
        }
        self.good += usize::from(width && bad.is_empty());
    }

    fn fill(mut self, rows: std::ops::Range<usize>) -> Self {
        let mut id = String::new();
        for row in rows {
            id.clear();
            write!(id, "{row}").unwrap();
            let text = self.dice.pick(&[
                "plain words here",
                "\"two\nlines, one cell\"",
                "\"three\r\n\"\"lines\"\"\r\n\"",
                "a longer text without any quotes at all and more than sixty-four bytes of it",
                "",
                "\"# no comment\n# none\"",
                "é",
            ]);
            match row % 10_007 {
                17 => self.record(&[&id, text, "x7"], &[2], true),
                1018 => self.record(&[&id, text, "1", "2"], &[], false),
                2019 => self.record(&[&id, text], &[], false),
                3020 => self.record(&["\"no\nnumber\"", text, "9e"], &[0, 2], true),
                4021 => self.record(&[&id, text, "\"\n\""], &[2], true),
                5022 => self.record(&["\u{00e9}"], &[], false),
                _ => self.record(&[&id, text, "12345678"], &[], true),
            }
            match row % 997 {
                3 => self.line("# a comment, with \"one quote"),
                5 => self.line(""),
                7 => {
                    self.line("#");
                    self.line("");
                    self.line("");
                }
                _ => {}
            }
        }
        self
    }
}

fn options(chunk_bytes: usize) -> CsvReadOptions {
    let typed = || ColumnSpec::typed(DataType::Int64);
    CsvReadOptions {
        dialect: Dialect { comment: Some(b"#".to_vec()), ..Dialect::default() },
        specs: vec![
            ("id".to_owned(), typed()),
            ("text".to_owned(), ColumnSpec::typed(DataType::LargeUtf8)),
            ("number".to_owned(), typed()),
        ],
        bad_lines: BadLines::Collect,
        chunk_bytes,
        ..CsvReadOptions::default()
    }
}

#[test]
fn places_are_exact_in_a_million_records() {
    let book = Book::new().fill(0..1_000_000);
    assert!(book.places.len() > 500);
    // Of each record the first thing that is wrong.
    let mut places = book.places;
    places.dedup_by_key(|place| place.1);
    let text = Bytes::from(book.text);
    for (chunk_bytes, threads) in [(0, 1), (0, 2), (0, 3), (0, 4), (4096, 2), (70_001, 3)] {
        let (batch, report) =
            table(text.clone(), &options(chunk_bytes), &context(threads, None)).unwrap();
        assert_eq!(batch.num_rows(), book.good);
        let found = report.rejects.iter();
        let found = found.map(|r| (r.line, r.record, r.byte, r.column.clone(), r.raw.clone()));
        for (found, expected) in found.zip(&places) {
            assert_eq!(&found, expected, "chunks of {chunk_bytes}, {threads} threads");
        }
        assert_eq!(report.rejects.len(), places.len());
    }
}

/// The first of the places is the error, with the same numbers in its text.
#[test]
fn the_error_is_the_first_place() {
    for start in [0, 500, 1500, 2500, 3500, 4500] {
        let book = Book::new().fill(start..start + 6000);
        let (line, record, byte, column, _) = &book.places[0];
        let column = column.as_ref().map_or_else(String::new, |name| format!(", column '{name}'"));
        let place = format!("test.csv: line {line}, record {record}{column}, byte {byte}: ");
        for (chunk_bytes, threads) in [(1, 1), (1, 4), (1000, 4), (0, 2)] {
            let bad_lines = BadLines::Error;
            let options = CsvReadOptions { bad_lines, ..options(chunk_bytes) };
            let text = book.text.clone();
            let error = table(text, &options, &context(threads, None)).unwrap_err();
            assert!(error.to_string().starts_with(&place), "{place} {error}");
        }
    }
}
