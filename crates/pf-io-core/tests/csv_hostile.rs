//! Hostile input ends in an error or a result, within bounded memory and time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a child tells its parent, a failure its seed")]

mod csv_table;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use csv_table::{Dice, context, table};
use pf_io_core::csv::input::InvalidBytes;
use pf_io_core::csv::{
    BadLines, BlankLines, ColumnSpec, CsvReadOptions, Dialect, Header, InputOptions, read,
};
use pf_io_core::{IoError, Source};

const MB: u64 = 1 << 20;

/// No single read here takes seconds on a machine at rest; hangs and squares take minutes.
const PATIENCE: Duration = Duration::from_mins(1);

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let made = work();
    let took = start.elapsed();
    assert!(took < PATIENCE, "{what} took {took:?}");
    made
}

fn default() -> CsvReadOptions {
    CsvReadOptions::default()
}

/// Runs the ignored test `name` in a process of its own; gives what it prints behind `= `, and the
/// most memory it had, in bytes.
fn child(name: &str, argument: &str) -> (String, u64) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env("PF_HOSTILE", argument)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
    let found = |key: &str| {
        let line = text.lines().find_map(|line| line.split_once(key).map(|(_, rest)| rest));
        line.unwrap_or_default().to_owned()
    };
    (found("said = "), found("peak = ").parse().unwrap())
}

/// Prints what a read said and how much memory the process had at most.
fn report(source: &Source, options: &CsvReadOptions, limit: Option<u64>) {
    let context = context(2, limit);
    let said = match read(source, options, &context) {
        Ok(found) => format!("{} rows, {} columns", found.table.rows, found.table.columns.len()),
        Err(error) => error.to_string(),
    };
    assert!(limit.is_none_or(|limit| context.budget().peak() <= limit));
    println!("said = {said}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.map_or(0, |text| text.trim_end_matches("kB").trim().parse::<u64>().unwrap());
    println!("peak = {}", peak * 1024);
}

/// A file of `size` bytes that starts with `head` and goes on with NULs, which take no room.
fn sparse(path: &Path, head: &str, size: u64) {
    let mut file = File::create(path).unwrap();
    file.write_all(head.as_bytes()).unwrap();
    file.set_len(size).unwrap();
}

#[test]
#[ignore = "a child of other tests"]
fn read_a_file() {
    let Ok(argument) = std::env::var("PF_HOSTILE") else { return };
    let (path, limit) = argument.split_once('|').unwrap();
    report(&Source::open(Path::new(path)).unwrap(), &default(), limit.parse().ok());
}

#[test]
fn an_open_quote_is_named_by_its_line_within_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("open.csv");
    let head = "a,b\n1,2\n\n3,\"x\ny\"\n4,\"";
    let read = |limit: &str| child("read_a_file", &format!("{}|{limit}", path.display()));
    timed("open quote, 1 GB", || {
        sparse(&path, head, 1 << 30);
        let (said, peak) = read(&(128 * MB).to_string());
        assert!(said.contains("the quote that opens on line 6 is not closed"), "{said}");
        assert!(said.contains(&format!("limit {}", 128 * MB)), "{said}");
        assert!(peak < 200 * MB, "{said}: {peak}");
    });
    timed("open quote, more than a record may have", || {
        sparse(&path, head, (1 << 30) + 8 * MB);
        let (said, peak) = read("");
        assert!(said.contains("line 6, record 4"), "{said}");
        assert!(said.contains("the quote that opens on line 6 is not closed"), "{said}");
        assert!(peak < (1 << 31) + 200 * MB, "{said}: {peak}");
    });
    timed("open quote, 100 MB", || {
        sparse(&path, head, 100 * MB);
        let (said, peak) = read("");
        assert!(said.contains("line 6, record 4, byte "), "{said}");
        assert!(said.ends_with("the quote that opens here is not closed"), "{said}");
        assert!(peak < 1200 * MB, "{said}: {peak}");
    });
}

#[test]
fn a_cell_of_100_mb_is_a_cell() {
    let text = format!("a,b\n1,\"{}\"\n2,x\n", "1234567\n".repeat(13 << 20));
    let context = context(2, Some(1 << 30));
    let (batch, _) = timed("a long cell", || table(text, &default(), &context)).unwrap();
    assert_eq!(batch.column(1).as_string::<i64>().value(0).len(), 104 << 20);
    assert_eq!(batch.num_rows(), 2);
}

#[test]
fn a_long_cell_keeps_to_the_limit() {
    let text = format!("a,b\n1,\"{}\"\n2,x\n", "1234567\n".repeat(5 << 20));
    let error = table(text, &default(), &context(2, Some(64 * MB))).unwrap_err();
    assert!(matches!(error, IoError::Limit { .. }), "{error}");
}

fn wide(columns: usize, rows: &[&str]) -> String {
    let mut text = String::with_capacity(columns * 10);
    for at in 0..columns {
        text.push_str(if at == 0 { "c" } else { ",c" });
        text.push_str(&at.to_string());
    }
    text.push('\n');
    for row in rows {
        text.push_str(&vec![*row; columns].join(","));
        text.push('\n');
    }
    text
}

#[test]
fn a_million_columns_are_columns() {
    let columns = 1_000_000;
    let limit = Some(8 << 30);
    for rows in [&[][..], &["1", "", "2.5"]] {
        let text = wide(columns, rows);
        let context = context(2, limit);
        let what = format!("a million columns, {} rows", rows.len());
        let source = Source::memory_text("wide.csv", text.into());
        let found = timed(&what, || read(&source, &default(), &context)).unwrap();
        assert_eq!((found.table.columns.len(), found.table.rows), (columns, rows.len()));
    }
    let text = wide(columns, &[]) + "1\n2\n";
    let options = CsvReadOptions { ragged_fill: true, ..default() };
    let source = Source::memory_text("wide.csv", text.into());
    let found = timed("ragged", || read(&source, &options, &context(2, limit))).unwrap();
    assert_eq!((found.table.columns.len(), found.table.rows), (columns, 2));
    let error = read(&source, &options, &context(2, Some(64 * MB))).unwrap_err();
    assert!(matches!(error, IoError::Limit { .. }), "{error}");
}

#[test]
fn nothing_but_separators_or_line_ends() {
    let limit = Some(512 * MB);
    let error = timed("separators", || table(vec![b','; 30 << 20], &default(), &context(2, limit)));
    assert!(matches!(error, Err(IoError::Limit { .. })));
    let empty = timed("line ends", || table(vec![b'\n'; 64 << 20], &default(), &context(2, limit)));
    assert!(empty.unwrap_err().to_string().contains("no header"));
    let mut text = b"a\n".to_vec();
    text.resize(64 << 20, b'\n');
    let (batch, report) = table(text.clone(), &default(), &context(2, limit)).unwrap();
    assert_eq!((batch.num_rows(), report.blank_lines), (0, (64 << 20) - 2));
    let dialect = Dialect { blank_lines: BlankLines::Null, ..Dialect::default() };
    let options = CsvReadOptions { dialect, ..default() };
    text.truncate(8 << 20);
    let found = timed("null lines", || table(text, &options, &context(2, limit)));
    assert_eq!(found.unwrap().0.num_rows(), (8 << 20) - 2);
}

#[test]
fn rows_times_columns_is_bounded() {
    let text = wide(20_000, &[]) + &"1\n".repeat(200_000);
    let options = CsvReadOptions { ragged_fill: true, ..default() };
    let limit = 512 * MB;
    let found = timed("short rows", || table(text, &options, &context(2, Some(limit))));
    assert!(found.is_err(), "4 G cells");
}

#[test]
fn a_wide_record_of_bad_cells_is_copied_once() {
    let columns = 50_000;
    let text = wide(columns, &["x"]);
    let spec = ColumnSpec::typed(DataType::Int64);
    let mut options = CsvReadOptions { spec, header: Header::Yes, ..default() };
    let found = timed("bad cells", || table(text.clone(), &options, &context(2, Some(512 * MB))));
    assert!(found.unwrap_err().to_string().contains("record 2, column 'c0'"));
    options.bad_lines = BadLines::Collect;
    let found = timed("all bad cells", || table(text, &options, &context(2, Some(512 * MB))));
    assert_eq!(found.unwrap().1.rejects.len(), 1, "the first one says enough");
}

#[test]
fn long_lists_of_names_are_not_searched() {
    let columns = 100_000;
    let text = wide(columns, &["1"]);
    let names: Vec<String> = (0..columns).map(|at| format!("n{at}")).collect();
    let typed = |name: &String| (name.clone(), ColumnSpec::typed(DataType::Int32));
    let options = CsvReadOptions {
        header: Header::Yes,
        columns: Some(names.iter().rev().cloned().collect()),
        specs: names[10..].iter().map(typed).collect(),
        categories: names[..10].to_vec(),
        names: Some(names),
        ..default()
    };
    let (batch, _) = timed("names", || table(text, &options, &context(2, Some(4 << 30)))).unwrap();
    assert_eq!(batch.schema().field(0).name(), "n99999");
    assert_eq!(batch.column(0).data_type(), &DataType::Int32);
    // The same name again and again.
    let text = "a,".repeat(columns) + "a\n";
    let source = Source::memory_text("same.csv", text.into());
    let options = CsvReadOptions { header: Header::Yes, ..default() };
    let found = timed("repeated", || read(&source, &options, &context(2, None))).unwrap();
    assert_eq!(found.table.schema.field(columns).name(), "a_100000");
    let twice = Some(vec!["a".to_owned(), "a".to_owned()]);
    let error = table("1,2\n", &CsvReadOptions { names: twice, ..default() }, &context(1, None));
    assert!(error.unwrap_err().to_string().contains("two columns are called 'a'"));
}

/// Anything may come out but a panic, a hang, or arrays that are not valid.
#[test]
fn garbage_is_read_or_refused() {
    let mut dice = Dice(11);
    let heads: [&[u8]; 12] = [
        b"",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"\x1f\x8b\x08\0",
        b"PK\x03\x04",
        b"\x28\xb5\x2f\xfd",
        b"BZh9",
        b"\xfd7zXZ\0",
        b"\x04\x22\x4d\x18",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"PAR1",
        b"a,b\n\"",
    ];
    for round in 0..1500 {
        let mut bytes = dice.pick(&heads).to_vec();
        let length = dice.below(if round % 100 == 0 { 200_000 } else { 2000 });
        match dice.below(4) {
            0 => bytes.extend((0..length).map(|_| dice.roll() as u8)),
            1 => bytes.resize(length, 0),
            // UTF-16 without a mark.
            2 => bytes.extend("a,b\r\n\"1\",2\r\n".encode_utf16().flat_map(u16::to_le_bytes)),
            _ => {
                let some = b"\0\"\n\r,;\xff\xfe\x80a1-.e";
                bytes.extend((0..length).map(|_| dice.pick(some)));
            }
        }
        let invalid =
            dice.pick(&[InvalidBytes::Error, InvalidBytes::Replace, InvalidBytes::Binary]);
        let options = CsvReadOptions {
            input: InputOptions { invalid, ..InputOptions::default() },
            bad_lines: dice.pick(&[BadLines::Error, BadLines::Collect]),
            ragged_fill: dice.below(2) == 0,
            sniff: dice.below(3) == 0,
            chunk_bytes: dice.pick(&[0, 0, 100]),
            header: dice.pick(&[Header::Auto, Header::No, Header::Yes]),
            ..default()
        };
        let _ = table(bytes, &options, &context(2, Some(256 * MB)));
    }
}

#[test]
fn small_files_of_odd_shapes() {
    let names = || Some(vec!["a".to_owned(), "b".to_owned()]);
    let shape = |text: &str, options: &CsvReadOptions| {
        let found = table(text.to_owned(), options, &context(2, None));
        found.map(|(batch, _)| (batch.num_columns(), batch.num_rows())).map_err(|e| e.to_string())
    };
    let comment = Dialect { comment: Some(b"#".to_vec()), ..Dialect::default() };
    let comment = CsvReadOptions { dialect: comment, ..default() };
    let with_names = CsvReadOptions { names: names(), ..default() };
    assert!(shape("", &default()).unwrap_err().contains("empty"));
    assert!(shape("\u{feff}", &default()).is_err());
    assert_eq!(shape("", &with_names), Ok((2, 0)));
    assert_eq!(shape("\n\r\n\r", &with_names), Ok((2, 0)));
    assert_eq!(shape("a,b", &default()), Ok((2, 0)));
    assert_eq!(shape("a", &default()), Ok((1, 0)));
    assert_eq!(shape("a\n1\n\n2", &default()), Ok((1, 2)));
    assert_eq!(shape("a,b\r1,2\r3,4\r", &default()), Ok((2, 2)));
    assert_eq!(shape("a,b\r1,2\r\n3,4\n\n5,6\n\r7,8", &default()), Ok((2, 4)));
    assert!(shape("#\n# a\n", &comment).is_err());
    assert_eq!(shape("#\n# a\na\n#\n", &comment), Ok((1, 0)));
    assert_eq!(shape("a,b\n\0,\0\n", &default()), Ok((2, 1)));
    // Blank lines that are rows stay rows, also before all others.
    let dialect = Dialect { blank_lines: BlankLines::Null, ..Dialect::default() };
    for chunk_bytes in [0, 1] {
        let (names, dialect) = (names(), dialect.clone());
        let options =
            CsvReadOptions { names, dialect, header: Header::No, chunk_bytes, ..default() };
        assert_eq!(shape("\n\n1,2\n\n", &options), Ok((2, 4)));
        assert_eq!(shape("\n\n", &options), Ok((2, 2)));
    }
}

/// A record that lacks fields keeps its bytes when one of the others is bad.
#[test]
fn a_short_record_is_rejected_with_its_bytes() {
    let specs = vec![("a".to_owned(), ColumnSpec::typed(DataType::Int64))];
    let bad_lines = BadLines::Collect;
    let options = CsvReadOptions { specs, bad_lines, ragged_fill: true, ..default() };
    let (_, report) = table("a,b,c\nx,y\n", &options, &context(1, None)).unwrap();
    assert_eq!(report.rejects[0].raw, b"x,y");
}
