//! Any chunk size, any number of threads and any SIMD level give the same table, rejects, report
//! and error text, whatever the options and the text are.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod csv_table;

use std::process::Command;
use std::time::{Duration, Instant};

use arrow::datatypes::{DataType, TimeUnit};
use csv_table::{Dice, context, table};
use pf_io_core::Source;
use pf_io_core::csv::input::InvalidBytes;
use pf_io_core::csv::{
    BadLines, BlankLines, ColumnSpec, CsvReadOptions, Dates, Dialect, Header, InputOptions,
    IntOverflow, Newline, Nulls, Simd, count,
};

/// What a read says, all of it as one text.
fn outcome(text: &[u8], options: &CsvReadOptions, threads: usize) -> String {
    match table(text.to_vec(), options, &context(threads, Some(1 << 30))) {
        Ok((batch, report)) => {
            let columns = batch.columns().iter().map(|column| format!("{column:?}\n"));
            format!("{:?}\n{}\n{report:?}", batch.schema(), columns.collect::<String>())
        }
        Err(error) => format!("{error} {:?}", error.hint()),
    }
}

/// Pieces that are harmless alone and make trouble at each other's side.
const DIRT: [&str; 40] = [
    "\"",
    "\"",
    "\"\"",
    "\"a\"",
    "\"a\nb\"",
    "\"a\r\nb\"",
    "\"x\"y",
    "\"u,v\"",
    ",",
    ",",
    ",,",
    ";",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r\n",
    "\r",
    "\n\n",
    "\r\n\r\n",
    "#",
    "#c\n",
    "\n#\"c\n",
    "é",
    "日",
    "\u{1f600}",
    "\u{feff}",
    "\0",
    " ",
    " a ",
    "\\\"",
    "\\",
    "NA",
    "1.234,5",
    "1,5",
    "0x",
    "-",
    "+1",
    "x",
    "\t",
];
const CELLS: [&str; 48] = [
    "1",
    "2",
    "-7",
    "30",
    "44",
    "500",
    "6",
    "77",
    "8",
    "9",
    "2.5",
    "-0.125",
    "1e3",
    "",
    "",
    "NA",
    "x",
    "text",
    "\"q\"",
    "\"\"",
    "\"7\"",
    "\"NA\"",
    "\"a\nb\"",
    "\"a\"\"b\"",
    "007",
    "true",
    "False",
    "2024-02-29",
    "2024-02-29",
    "2023-02-29",
    "2024-02-29T01:02:03Z",
    "2024-02-29T01:02:03.123456789+02:00",
    "2024-02-29 01:02:03",
    "31.12.1999",
    "1e999",
    "9223372036854775808",
    "18446744073709551616",
    "123456789012345678901234567890123456789",
    "9007199254740993",
    "\"u\"v",
    "ä",
    " 5 ",
    "1.234",
    "1.234,5",
    "nan",
    "yes",
    "-",
    "0",
];

fn text(dice: &mut Dice, dialect: &Dialect, width: usize) -> Vec<u8> {
    let mut text = Vec::new();
    let separator = char::from(dialect.separator).to_string();
    let end = dice.pick(&["\n", "\n", "\r\n", "\r"]);
    // Columns are mostly of one kind, or everything is text.
    let palettes: Vec<Vec<&str>> = (0..width)
        .map(|_| {
            let count = dice.pick(&[1, 2, 3, 8, 48]);
            (0..count).map(|_| dice.pick(&CELLS)).collect()
        })
        .collect();
    if dice.below(8) == 0 {
        text.extend_from_slice("\u{feff}".as_bytes());
    }
    for _ in 0..dice.pick(&[0, 0, 0, 1, 3]) {
        text.extend_from_slice(dice.pick(&["\n", "\r\n", "# \"c\n", "junk\n", " \n"]).as_bytes());
    }
    let header = (0..width).map(|at| format!("c{at}")).collect::<Vec<_>>().join(&separator);
    if dice.below(4) > 0 {
        text.extend_from_slice((header + end).as_bytes());
    }
    let records = dice.pick(&[0, 1, 2, 5, 20, 60]);
    let dirty = dice.pick(&[usize::MAX, 400, 40, 8]);
    for _ in 0..records {
        let ragged = if dice.below(dirty / 2 + 1) == 0 { dice.below(width + 2) } else { width };
        for at in 0..ragged {
            if at > 0 {
                text.extend_from_slice(separator.as_bytes());
            }
            let odd = dice.below(dirty) == 0;
            let cell = match palettes.get(at) {
                Some(palette) if !odd => dice.pick(palette),
                _ => dice.pick(&CELLS),
            };
            text.extend_from_slice(cell.as_bytes());
        }
        text.extend_from_slice(if dice.below(dirty) == 0 { "\r" } else { end }.as_bytes());
    }
    while dice.below(dirty / 8 + 2) == 0 {
        let at = dice.below(text.len() + 1);
        let dirt = dice.pick(&DIRT);
        text.splice(at..at, dirt.bytes());
    }
    if dice.below(12) == 0 && !text.is_empty() {
        let at = dice.below(text.len());
        let byte = dice.pick(&[0xff, 0x80, 0xc3, 0xe6, 0]);
        text.insert(at, byte);
    }
    text
}

fn spec(dice: &mut Dice) -> ColumnSpec {
    let comma = dice.below(5) == 0;
    let nulls = match dice.below(6) {
        0 => Nulls::Strict,
        1 => Nulls::Pandas,
        2 => Nulls::List(vec!["-".to_owned(), "7".to_owned(), "x".to_owned()]),
        _ => Nulls::Auto,
    };
    ColumnSpec {
        nulls,
        decimal: if comma { b',' } else { b'.' },
        thousands: if comma { Some(b'.') } else { None },
        leading_zeros_are_numbers: dice.below(4) == 0,
        int_overflow: dice.pick(&[
            IntOverflow::Decimal,
            IntOverflow::Decimal,
            IntOverflow::Text,
            IntOverflow::Error,
        ]),
        dates: if dice.below(6) == 0 { Dates::Off } else { Dates::Iso },
        true_values: (dice.below(8) == 0).then(|| vec!["yes".to_owned(), "1".to_owned()]),
        false_values: (dice.below(8) == 0).then(|| vec!["-".to_owned(), "0".to_owned()]),
        ..ColumnSpec::default()
    }
}

fn typed(dice: &mut Dice) -> ColumnSpec {
    let spec = spec(dice);
    let target = match dice.below(9) {
        0 => DataType::Int64,
        1 => DataType::UInt8,
        2 => DataType::Float64,
        3 => DataType::Float32,
        4 => DataType::Boolean,
        5 => DataType::Date32,
        6 => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        7 => DataType::Decimal128(10, 2),
        _ => DataType::LargeUtf8,
    };
    let dates = match (&target, dice.below(3)) {
        (DataType::Date32, 0) => Dates::Pattern("%d.%m.%Y".to_owned()),
        _ => Dates::Iso,
    };
    let ColumnSpec { decimal, thousands, nulls, .. } = spec;
    ColumnSpec { decimal, thousands, nulls, dates, ..ColumnSpec::typed(target) }
}

fn options(dice: &mut Dice, width: usize) -> CsvReadOptions {
    let spec = spec(dice);
    let separator = if spec.decimal == b',' { b';' } else { dice.pick(b",,,;\t") };
    let dialect = Dialect {
        separator,
        quote: dice.pick(&[Some(b'"'), Some(b'"'), Some(b'"'), Some(b'\''), None]),
        escape: dice.pick(&[None, None, None, Some(b'\\')]),
        comment: dice.pick(&[None, Some("#"), Some("#c")]).map(|text| text.as_bytes().to_vec()),
        newline: dice.pick(&[
            Newline::Auto,
            Newline::Auto,
            Newline::Auto,
            Newline::Lf,
            Newline::CrLf,
            Newline::Cr,
        ]),
        blank_lines: dice.pick(&[BlankLines::Skip, BlankLines::Null, BlankLines::Error]),
        strict_quotes: dice.below(4) == 0,
        trim: dice.below(4) == 0,
    };
    let header =
        dice.pick(&[Header::Auto, Header::Auto, Header::Yes, Header::No, Header::Record(2)]);
    let named = dice.below(4) == 0;
    let header_names = named.then(|| (0..width).map(|at| format!("c{at}")).collect());
    let known = |at: usize| format!("c{at}");
    let mut specs = Vec::new();
    for at in 0..width {
        if dice.below(3) == 0 {
            specs.push((known(at), typed(dice)));
        }
    }
    // A name that is not there is an error of its own; mostly it is there.
    let sure = named || matches!(header, Header::Yes);
    let specs = if sure || dice.below(4) == 0 { specs } else { Vec::new() };
    let columns = (sure && dice.below(4) == 0).then(|| vec![known(width - 1), known(0)]);
    let columns = columns.filter(|_| width > 1);
    let categories = if sure && dice.below(6) == 0 { vec![known(0)] } else { Vec::new() };
    let invalid = dice.pick(&[InvalidBytes::Error, InvalidBytes::Replace, InvalidBytes::Binary]);
    let n_rows = [None, None, None, Some(0), Some(1), Some(3), Some(20)];
    CsvReadOptions {
        dialect,
        input: InputOptions { invalid, ..InputOptions::default() },
        header,
        names: header_names,
        columns,
        spec,
        specs,
        categories,
        skip_lines: dice.pick(&[0, 0, 0, 1, 2]),
        ragged_fill: dice.below(3) == 0,
        bad_lines: dice.pick(&[BadLines::Error, BadLines::Collect]),
        n_rows: dice.pick(&n_rows),
        ..CsvReadOptions::default()
    }
}

fn case(seed: u64) -> (Vec<u8>, CsvReadOptions, Dice) {
    let mut dice = Dice(seed.wrapping_mul(0x2545_F491_4F6C_DD1D));
    let width = 1 + dice.below(4);
    let options = options(&mut dice, width);
    (text(&mut dice, &options.dialect, width), options, dice)
}

#[test]
fn chunks_and_threads_change_nothing() {
    let cases = std::env::var("PF_CASES").map_or(8000, |text| text.parse().unwrap());
    let mut failures = 0;
    for seed in 0..cases {
        let (text, options, mut dice) = case(seed);
        let expected = outcome(&text, &options, 1);
        for _ in 0..3 {
            let chunk_bytes = dice.pick(&[1, 2, 3, 5, 17, 64, 100, 333]);
            let threads = 1 + dice.below(4);
            let cut = CsvReadOptions { chunk_bytes, ..options.clone() };
            let found = outcome(&text, &cut, threads);
            if found != expected && failures < 20 {
                failures += 1;
                let same = found.bytes().zip(expected.bytes()).take_while(|(a, b)| a == b).count();
                let part = |text: &str| {
                    let bytes = text.as_bytes();
                    let from = same.saturating_sub(60);
                    let to = bytes.len().min(same + 160);
                    String::from_utf8_lossy(&bytes[from..to]).into_owned()
                };
                println!(
                    "seed {seed}, chunks of {chunk_bytes}, {threads} threads:\n  {}\n  {}\n  {:?}",
                    part(&found),
                    part(&expected),
                    String::from_utf8_lossy(&text)
                );
                println!("  {options:?}");
            }
        }
    }
    assert_eq!(failures, 0);
}

/// How a text is looked at when it is counted.
#[derive(Debug, Clone, Copy)]
enum At {
    Memory,
    /// A file that nobody has open for writing: in place, where that can be.
    File,
    /// A file that somebody has open for writing: copied.
    OpenFile,
}

/// What a count says.
fn counted(text: &[u8], at: At, options: &CsvReadOptions, threads: usize) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.csv");
    let mut writer = None;
    let source = if let At::Memory = at {
        Source::memory_text("test.csv", text.to_vec().into())
    } else {
        std::fs::write(&path, text).unwrap();
        if let At::OpenFile = at {
            writer = Some(std::fs::OpenOptions::new().append(true).open(&path).unwrap());
        }
        Source::open_text(&path).unwrap()
    };
    let found = match count(&source, options, &context(threads, Some(1 << 30))) {
        Ok(rows) => format!("{rows} rows"),
        Err(error) => format!("{error} {:?}", error.hint()),
    };
    drop(writer);
    found.replace(&path.display().to_string(), "test.csv")
}

#[test]
fn a_count_is_what_a_read_gives() {
    let (mut counts, mut errors) = (0, 0);
    for seed in 0..20_000 {
        let (text, options, mut dice) = case(seed);
        // Nothing is read of the cells, so they may be no text.
        let input = InputOptions { check: false, ..options.input.clone() };
        let none = CsvReadOptions { columns: Some(Vec::new()), input, ..options.clone() };
        let read = table(text.clone(), &none, &context(1, Some(1 << 30)));
        let expected = match read {
            Ok((batch, _)) => format!("{} rows", batch.num_rows()),
            Err(error) => format!("{error} {:?}", error.hint()),
        };
        if expected.ends_with(" rows") {
            counts += 1;
        } else {
            errors += 1;
        }
        let chunk_bytes = dice.pick(&[0, 1, 5, 17, 64, 100, 333]);
        let cut = CsvReadOptions { chunk_bytes, ..options };
        let at = dice.pick(&[At::Memory, At::File, At::OpenFile]);
        let found = counted(&text, at, &cut, 1 + dice.below(4));
        let text = String::from_utf8_lossy(&text);
        assert_eq!(found, expected, "seed {seed}, ranges of {chunk_bytes}\n{text:?}\n{cut:?}");
    }
    assert!(counts > 4000 && errors > 1000, "{counts} counts, {errors} errors");
}

/// A file of several ranges whose edges fall into records, into quotes, and into a long record.
#[test]
fn ranges_of_a_large_file_are_counted_right() {
    let mut text = String::from("a,b\n");
    for row in 0..150_000 {
        let end = if row % 7 == 0 { "\r\n" } else { "\n" };
        let record =
            format!("{row},\"a text, with \"\"quotes\"\" and no line end {row:>40}\"{end}");
        text.push_str(&record);
        if row % 1000 == 0 {
            text += "\n";
        }
    }
    assert!(text.len() > 10 << 20);
    let options = CsvReadOptions::default();
    // Line ends in quotes, and a record that is longer than a range.
    let long = format!("{text}1,\"{}\"\n2,x\n", "line\n".repeat(2 << 20));
    let short = format!("{text}1\n");
    let open = format!("{text}1,\"x\n");
    for at in [At::Memory, At::File, At::OpenFile] {
        for threads in [1, 2, 3] {
            assert_eq!(counted(text.as_bytes(), at, &options, threads), "150000 rows");
        }
        assert_eq!(counted(text.trim_end().as_bytes(), at, &options, 2), "150000 rows");
        assert_eq!(counted(long.as_bytes(), at, &options, 2), "150002 rows");
        let message = counted(short.as_bytes(), at, &options, 2);
        assert!(message.contains("expected 2 fields, found 1"), "{message}");
        let message = counted(open.as_bytes(), at, &options, 2);
        assert!(message.contains("is not closed"), "{message}");
    }
}

#[test]
#[ignore = "a child of the next test"]
fn digest() {
    let mut all = String::new();
    for seed in 0..2500 {
        let (text, options, mut dice) = case(seed);
        let chunk_bytes = dice.pick(&[0, 0, 5, 64, 100]);
        let options = CsvReadOptions { chunk_bytes, ..options };
        all += &outcome(&text, &options, 2);
        all += &counted(&text, dice.pick(&[At::Memory, At::File]), &options, 2);
    }
    println!("digest = {:032x}", xxhash_rust::xxh3::xxh3_128(all.as_bytes()));
}

#[test]
fn every_level_gives_the_same() {
    let digest = |level: &str| {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["digest", "--exact", "--ignored", "--nocapture"])
            .env("PARQUETFRAME_SIMD", level)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let found = text.lines().find_map(|line| line.split_once("digest = "));
        found.map(|(_, digest)| digest.to_owned()).unwrap()
    };
    let levels: Vec<&str> = Simd::levels().iter().map(Simd::name).collect();
    let expected = digest(levels[0]);
    for level in levels {
        assert_eq!(digest(level), expected, "{level}");
    }
}

/// Whoever cuts a file short meanwhile need not wait for the count, and does not end the process.
#[test]
fn files_that_are_cut_short_while_they_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.csv");
    let text = "1,some text\n".repeat(3 << 20);
    let rows = text.len() as u64 / 12;
    let (mut whole, mut changed) = (0, 0);
    let mut usual = Duration::ZERO;
    for round in 0..40 {
        std::fs::write(&path, format!("a,b\n{text}")).unwrap();
        let source = Source::open_text(&path).unwrap();
        if round == 0 {
            let start = Instant::now();
            assert_eq!(
                count(&source, &CsvReadOptions::default(), &context(2, None)).unwrap(),
                rows
            );
            usual = start.elapsed();
        }
        let pause = usual * round / 8; // up to five times as long
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(pause);
                let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
                file.set_len(5 + u64::from(round)).unwrap();
            });
            match count(&source, &CsvReadOptions::default(), &context(2, None)) {
                Ok(found) => {
                    assert_eq!(found, rows);
                    whole += 1;
                }
                Err(error) => {
                    assert!(error.to_string().contains("changed while it was read"), "{error}");
                    changed += 1;
                }
            }
        });
    }
    assert!(whole > 0 && changed > 0, "{whole} counts, {changed} errors");
}
