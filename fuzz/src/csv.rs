//! CSV: the cut read against the whole one, the sniffer, and what is written against what was.
//!
//! The first bytes of an input choose the options, the rest is the text.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, LargeStringArray, RecordBatch};
use arrow::compute::concat;
use arrow::datatypes::DataType;
use bytes::Bytes;
use pf_io_core::csv::serial::{Kind, Scan, Serial, Step};
use pf_io_core::csv::sniff::{Sample, Wishes, sniff};
use pf_io_core::csv::write::{CsvWriteOptions, CsvWriter};
use pf_io_core::csv::{
    BadLines, BlankLines, ColumnSpec, CsvReadOptions, Dialect, Header, Newline, Nulls, read,
};
use pf_io_core::csv::input::InvalidBytes;
use pf_io_core::{Context, IoError, QuoteStyle, Source};

use crate::{check_array, never};

const MEMORY: u64 = 256 << 20;

/// Takes choices off the front of the input.
struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    fn of(bytes: &'a [u8], count: usize) -> (Self, &'a [u8]) {
        let (choices, rest) = bytes.split_at(count.min(bytes.len()));
        (Self(choices), rest)
    }

    fn below(&mut self, end: usize) -> usize {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(first) % end
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn dialect(&mut self) -> Dialect {
        Dialect {
            separator: self.pick(b",,,;\t|"),
            quote: self.pick(&[Some(b'"'), Some(b'"'), Some(b'\''), None]),
            escape: self.pick(&[None, None, Some(b'\\')]),
            comment: self.pick(&[None, Some(b"#".to_vec()), Some(b"//".to_vec())]),
            newline: self.pick(&[Newline::Auto, Newline::Auto, Newline::Lf, Newline::CrLf, Newline::Cr]),
            blank_lines: self.pick(&[BlankLines::Skip, BlankLines::Null, BlankLines::Error]),
            strict_quotes: self.below(2) == 1,
            trim: self.below(2) == 1,
        }
    }

    fn options(&mut self) -> CsvReadOptions {
        let typed = [DataType::Int64, DataType::Float64, DataType::Date32, DataType::Boolean];
        let spec = match self.below(8) {
            at @ 0..4 => ColumnSpec::typed(typed[at].clone()),
            _ => ColumnSpec::default(),
        };
        let mut options = CsvReadOptions {
            dialect: self.dialect(),
            spec,
            header: self.pick(&[Header::Auto, Header::No, Header::Yes, Header::Record(2)]),
            bad_lines: self.pick(&[BadLines::Error, BadLines::Collect]),
            ragged_fill: self.below(2) == 1,
            n_rows: self.pick(&[None, None, Some(0), Some(3)]),
            skip_lines: self.pick(&[0, 0, 1]),
            ..CsvReadOptions::default()
        };
        options.input.invalid =
            self.pick(&[InvalidBytes::Error, InvalidBytes::Replace, InvalidBytes::Binary]);
        options
    }
}

type Found = Result<(RecordBatch, String), String>;

fn table(text: &[u8], options: &CsvReadOptions, threads: usize) -> Found {
    let run = || -> Result<(RecordBatch, String), IoError> {
        let source = Source::memory("input", Bytes::copy_from_slice(text))?;
        let found = read(&source, options, &Context::new(threads, Some(MEMORY), never())?)?;
        let report = format!("{:?}", found.report);
        let rows = found.table.rows;
        let (schema, columns, _charges) = found.table.into_arrays();
        let arrays = columns.iter().zip(schema.fields()).map(|(chunks, field)| -> ArrayRef {
            chunks.iter().for_each(check_array);
            let chunks: Vec<&dyn Array> = chunks.iter().map(AsRef::as_ref).collect();
            match chunks.as_slice() {
                [] => arrow::array::new_empty_array(field.data_type()),
                chunks => concat(chunks).expect("chunks of one type"),
            }
        });
        let batch = RecordBatch::try_new(schema.clone(), arrays.collect());
        let batch = batch.expect("columns as the schema says");
        assert_eq!(batch.num_rows(), rows);
        Ok((batch, report))
    };
    run().map_err(|error| error.to_string())
}

/// Chunks and threads change nothing.
pub fn read_csv(input: &[u8]) {
    let (mut choices, text) = Choices::of(input, 16);
    let cut = choices.pick(&[1, 2, 3, 7, 16, 63, 64, 65, 200, 1000]);
    let threads = 1 + choices.below(3);
    let options = choices.options();
    let whole = table(text, &options, 1);
    let parts = table(text, &CsvReadOptions { chunk_bytes: cut, ..options.clone() }, threads);
    assert_eq!(format!("{parts:?}"), format!("{whole:?}"), "chunks of {cut}");
    grammar(text, &options.dialect);
}

/// As text and without a header, cells are what the serial machine says.
fn grammar(text: &[u8], dialect: &Dialect) {
    // A mark says UTF-16, and other bytes become the text.
    if text.starts_with(b"\xfe\xff") || text.starts_with(b"\xff\xfe") {
        return;
    }
    let dialect = Dialect { blank_lines: BlankLines::Skip, strict_quotes: false, ..dialect.clone() };
    let serial = Serial::new(&dialect);
    let (mut at, mut records) = (0, Vec::new());
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    loop {
        let mut scan = Scan::at(at);
        let Step::Done(kind, next) = serial.run(text, true, &mut scan, |_| ()) else { return };
        match kind {
            Kind::End => break,
            Kind::Open => return,
            Kind::Data => {
                let fields = serial.fields(&text[at..next]);
                records.push(fields.iter().map(|raw| serial.value(raw)).collect::<Vec<_>>());
            }
            Kind::Blank | Kind::Comment => {}
        }
        at = next;
    }
    let Some(width) = records.first().map(Vec::len) else { return };
    records.retain(|record: &Vec<Cow<'_, [u8]>>| record.len() == width);
    let nulls = Nulls::List(Vec::new());
    let spec = ColumnSpec { nulls, ..ColumnSpec::typed(DataType::LargeUtf8) };
    let bad_lines = BadLines::Collect;
    let options =
        CsvReadOptions { dialect, spec, bad_lines, header: Header::No, ..CsvReadOptions::default() };
    let Ok((batch, _)) = table(text, &options, 1) else { return };
    assert_eq!(batch.num_rows(), records.len());
    for (field, column) in batch.columns().iter().enumerate() {
        let column = column.as_any().downcast_ref::<LargeStringArray>().expect("text");
        for (row, record) in records.iter().enumerate() {
            assert!(column.is_valid(row));
            assert_eq!(column.value(row).as_bytes(), &*record[field], "row {row}, field {field}");
        }
    }
}

/// The sniffer answers, and what it answers can be read with.
pub fn sniff_csv(input: &[u8]) {
    let (mut choices, text) = Choices::of(input, 8);
    let whole = choices.below(2) == 1;
    let (head, tail) = text.split_at(if whole { text.len() } else { text.len() / 2 });
    let later: Vec<Vec<u8>> = tail.chunks(tail.len() / 2 + 1).map(<[u8]>::to_vec).collect();
    let wishes = Wishes {
        header: choices.pick(&[None, None, Some(true), Some(false)]),
        ragged: choices.below(2) == 1,
        skip_rows: choices.pick(&[None, None, Some(1)]),
        quote: choices.below(2) == 0,
        escape: choices.below(2) == 0,
        ..Wishes::default()
    };
    let found = sniff(&Sample { head, whole, later: &later }, &wishes, None);
    assert!((0.0..=1.0).contains(&found.confidence), "{}", found.confidence);
    assert_eq!(found.names.len(), found.types.len());
    found.dialect.validate(Path::new("input")).expect("a dialect that can be used");
    let options = CsvReadOptions {
        dialect: found.dialect,
        skip_lines: found.skip_rows,
        header: if found.header { Header::Yes } else { Header::No },
        ragged_fill: true,
        bad_lines: BadLines::Collect,
        ..CsvReadOptions::default()
    };
    let read = table(head, &options, 1);
    // No row is lost because of the dialect: as many columns as were said. Where records may be
    // short the longest tells here, and the first one in a read.
    if let (Ok((batch, _)), true, false) = (read, whole, wishes.ragged) {
        assert_eq!(batch.num_columns(), found.names.len());
    }
}

/// What is written reads back to the same values.
pub fn write_csv(input: &[u8]) {
    let (mut choices, rest) = Choices::of(input, 8);
    let options = CsvWriteOptions {
        sep: choices.pick(&[',', ';', '\t', '|']),
        quote: Some(choices.pick(&['"', '\''])),
        quote_style: choices.pick(&[
            QuoteStyle::Necessary,
            QuoteStyle::Always,
            QuoteStyle::NonNumeric,
        ]),
        escape: choices.pick(&[None, Some('\\')]),
        line_end: choices.pick(&["\n", "\r\n", "\r"]).to_owned(),
        bom: choices.below(2) == 1,
        ..CsvWriteOptions::default()
    };
    // Words of the input are cells: text, and eight bytes as a number and as a float.
    let words: Vec<&[u8]> = rest.split(|&byte| byte == 0xff).collect();
    let eight = |word: &&[u8]| {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(word.iter()) {
            *to = *from;
        }
        (!word.is_empty()).then_some(u64::from_le_bytes(bytes))
    };
    let texts = words.iter().map(|word| std::str::from_utf8(word).ok());
    let columns: [(&str, ArrayRef); 3] = [
        ("t", Arc::new(LargeStringArray::from_iter(texts))),
        ("n", Arc::new(Int64Array::from_iter(words.iter().map(|w| eight(w).map(|n| n as i64))))),
        ("f", Arc::new(Float64Array::from_iter(words.iter().map(|w| eight(w).map(f64::from_bits))))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, true)));
    let batch = batch.expect("columns of one length");
    let Ok(context) = Context::new(1, None, never()) else { return };
    let mut text = Vec::new();
    let write = |text: &mut Vec<u8>| -> Result<(), IoError> {
        let dest = Path::new("output.csv");
        let mut writer = CsvWriter::new(text, dest, &batch.schema(), &options, &context)?;
        writer.write(&batch)?;
        writer.finish().map(drop)
    };
    if write(&mut text).is_err() {
        return;
    }
    let typed = |kind: DataType| ColumnSpec { nulls: Nulls::Strict, ..ColumnSpec::typed(kind) };
    let types = [DataType::LargeUtf8, DataType::Int64, DataType::Float64];
    let names = ["t", "n", "f"].map(str::to_owned);
    let read = CsvReadOptions {
        dialect: Dialect {
            separator: options.sep as u8,
            quote: options.quote.map(|quote| quote as u8),
            escape: options.escape.map(|escape| escape as u8),
            strict_quotes: true,
            ..Dialect::default()
        },
        header: Header::Yes,
        specs: names.into_iter().zip(types.map(typed)).collect(),
        ..CsvReadOptions::default()
    };
    let (found, _) = table(&text, &read, 1).expect("what was written reads");
    assert_eq!(format!("{:?}", bits(&found)), format!("{:?}", bits(&batch)));
}

/// The columns, floats by their bits; every NaN is the same.
fn bits(batch: &RecordBatch) -> Vec<String> {
    let float = |value: Option<f64>| {
        value.map(|value| if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() })
    };
    let columns = batch.columns().iter();
    columns
        .map(|column| match column.as_any().downcast_ref::<Float64Array>() {
            Some(floats) => format!("{:?}", floats.iter().map(float).collect::<Vec<_>>()),
            None => match column.as_any().downcast_ref::<LargeStringArray>() {
                Some(texts) => format!("{:?}", texts.iter().collect::<Vec<_>>()),
                None => format!("{column:?}"),
            },
        })
        .collect()
}
