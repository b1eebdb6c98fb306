//! What is written as CSV reads back to the same values, whatever the threads and batches.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Date64Array, Decimal128Array,
    Decimal256Array, DictionaryArray, DurationMicrosecondArray, Float16Array, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, IntervalYearMonthArray,
    LargeStringArray, ListArray, NullArray, RecordBatch, RunArray, StringArray, StringViewArray,
    StructArray, Time32MillisecondArray, Time32SecondArray, Time64MicrosecondArray,
    Time64NanosecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array,
};
use arrow::datatypes::{Float16Type, Int32Type, Int64Type, i256};
use pf_io_core::csv::write::{CsvWriteOptions, CsvWriter, write};
use pf_io_core::{Context, IoError, QuoteStyle};
use proptest::prelude::*;

fn context(threads: usize) -> Context {
    Context::new(threads, None, Arc::default()).unwrap()
}

fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap()
}

fn options() -> CsvWriteOptions {
    CsvWriteOptions { fsync: false, ..CsvWriteOptions::default() }
}

fn bytes(batch: &RecordBatch, options: &CsvWriteOptions) -> Result<Vec<u8>, IoError> {
    bytes_by(std::slice::from_ref(batch), options, &context(2))
}

fn bytes_by(
    batches: &[RecordBatch],
    options: &CsvWriteOptions,
    context: &Context,
) -> Result<Vec<u8>, IoError> {
    let dest = Path::new("t.csv");
    let mut writer = CsvWriter::new(Vec::new(), dest, &batches[0].schema(), options, context)?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()
}

fn text(batch: &RecordBatch, options: &CsvWriteOptions) -> String {
    String::from_utf8(bytes(batch, options).unwrap()).unwrap()
}

/// The fields of an RFC 4180 text, and whether they were quoted.
fn fields(text: &str, sep: char, escape: Option<char>) -> Vec<Vec<(String, bool)>> {
    let mut records = vec![vec![(String::new(), false)]];
    let mut inside = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let record = records.last_mut().unwrap();
        let field = record.last_mut().unwrap();
        if inside {
            if escape == Some(character) {
                field.0.push(characters.next().unwrap());
            } else if character == '"' && escape.is_none() && characters.peek() == Some(&'"') {
                field.0.push('"');
                characters.next();
            } else if character == '"' {
                inside = false;
            } else {
                field.0.push(character);
            }
        } else if character == '"' && field.0.is_empty() && !field.1 {
            field.1 = true;
            inside = true;
        } else if character == sep {
            record.push((String::new(), false));
        } else if character == '\n' {
            records.push(vec![(String::new(), false)]);
        } else {
            assert!(character != '"' && character != '\r', "bare {character:?}");
            field.0.push(character);
        }
    }
    assert!(!inside);
    let last = records.pop().unwrap();
    assert_eq!(last, [(String::new(), false)], "the last line has no end");
    records
}

#[test]
fn test_every_type_has_its_text() {
    let half =
        |value: f64| <Float16Type as arrow::datatypes::ArrowPrimitiveType>::Native::from_f64(value);
    let words: DictionaryArray<Int32Type> = [Some("x"), None].into_iter().collect();
    let runs = RunArray::<Int32Type>::try_new(
        &Int32Array::from(vec![1, 2]),
        &StringArray::from(vec![Some("run"), None]),
    )
    .unwrap();
    let numbers = DictionaryArray::<Int32Type>::new(
        Int32Array::from(vec![Some(1), None]),
        Arc::new(Int64Array::from(vec![7, 8])),
    );
    let cases: Vec<(ArrayRef, &str)> = vec![
        (Arc::new(Int8Array::from(vec![Some(i8::MIN), None])), "-128"),
        (Arc::new(Int16Array::from(vec![Some(i16::MIN), None])), "-32768"),
        (Arc::new(Int32Array::from(vec![Some(i32::MIN), None])), "-2147483648"),
        (Arc::new(Int64Array::from(vec![Some(i64::MIN), None])), "-9223372036854775808"),
        (Arc::new(UInt8Array::from(vec![Some(u8::MAX), None])), "255"),
        (Arc::new(UInt16Array::from(vec![Some(u16::MAX), None])), "65535"),
        (Arc::new(UInt32Array::from(vec![Some(u32::MAX), None])), "4294967295"),
        (Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])), "18446744073709551615"),
        (Arc::new(Float16Array::from(vec![Some(half(0.1)), None])), "0.1"),
        (Arc::new(Float32Array::from(vec![Some(0.1), None])), "0.1"),
        (Arc::new(Float64Array::from(vec![Some(-1e300), None])), "-1e+300"),
        (Arc::new(BooleanArray::from(vec![Some(true), None])), "true"),
        (Arc::new(Date32Array::from(vec![Some(19_782), None])), "2024-02-29"),
        (Arc::new(Date64Array::from(vec![Some(-86_400_000), None])), "1969-12-31"),
        (Arc::new(Date64Array::from(vec![Some(1), None])), "1970-01-01T00:00:00.001"),
        (Arc::new(Time32SecondArray::from(vec![Some(86_399), None])), "23:59:59"),
        (Arc::new(Time32MillisecondArray::from(vec![Some(1), None])), "00:00:00.001"),
        (Arc::new(Time64MicrosecondArray::from(vec![Some(1), None])), "00:00:00.000001"),
        (Arc::new(Time64NanosecondArray::from(vec![Some(1), None])), "00:00:00.000000001"),
        (Arc::new(TimestampSecondArray::from(vec![Some(0), None])), "1970-01-01T00:00:00"),
        (
            Arc::new(TimestampMillisecondArray::from(vec![Some(-1), None]).with_timezone("UTC")),
            "1969-12-31T23:59:59.999Z",
        ),
        (
            Arc::new(TimestampMicrosecondArray::from(vec![Some(0), None]).with_timezone("+02:00")),
            "1970-01-01T02:00:00+02:00",
        ),
        (
            Arc::new(
                TimestampNanosecondArray::from(vec![Some(1), None]).with_timezone("Europe/Berlin"),
            ),
            "1970-01-01T00:00:00.000000001Z",
        ),
        (Arc::new(DurationMicrosecondArray::from(vec![Some(-1_500_000), None])), "-PT1.500S"),
        (
            Arc::new(
                Decimal128Array::from(vec![Some(-12_345), None])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
            "-123.45",
        ),
        (
            Arc::new(
                Decimal256Array::from(vec![Some(i256::MAX), None])
                    .with_precision_and_scale(76, 0)
                    .unwrap(),
            ),
            "57896044618658097711785492504343953926634992332820282019728792003956564819967",
        ),
        (Arc::new(StringArray::from(vec![Some("ü"), None])), "ü"),
        (Arc::new(LargeStringArray::from(vec![Some("a b"), None])), "a b"),
        (
            Arc::new(StringViewArray::from(vec![Some("a view of some length"), None])),
            "a view of some length",
        ),
        (Arc::new(words), "x"),
        (Arc::new(numbers), "8"),
        (Arc::new(runs), "run"),
        (Arc::new(NullArray::new(2)), ""),
    ];
    for (column, expected) in cases {
        let data_type = column.data_type().clone();
        let id: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = table(vec![("a", Arc::clone(&column)), ("id", Arc::clone(&id))]);
        assert_eq!(text(&batch, &options()), format!("a,id\n{expected},1\n,2\n"), "{data_type}");
        // A slice has the same text as its rows.
        let sliced = text(&batch.slice(1, 1), &options());
        assert_eq!(sliced, "a,id\n,2\n", "{data_type}");
    }
}

#[test]
fn test_types_without_text_are_refused_by_name_before_a_file_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1)])]);
    let parts = StructArray::from(table(vec![("x", Arc::new(Int64Array::from(vec![1])))]));
    let columns: [ArrayRef; 4] = [
        Arc::new(list),
        Arc::new(parts),
        Arc::new(BinaryArray::from(vec![&b"x"[..]])),
        Arc::new(IntervalYearMonthArray::from(vec![1])),
    ];
    for column in columns {
        let batch = table(vec![("wrong", column)]);
        let schema = batch.schema();
        let error =
            write(std::iter::once(Ok(batch)), &schema, &path, &options(), &context(1)).unwrap_err();
        assert!(matches!(error, IoError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains("column 'wrong': CSV cannot hold"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

fn mixed() -> RecordBatch {
    table(vec![
        ("n", Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]))),
        ("t", Arc::new(StringArray::from(vec![Some("a"), Some(""), None]))),
        ("q", Arc::new(StringArray::from(vec!["x,y", "say \"hi\"\r\n", "back\\slash"]))),
        ("b", Arc::new(BooleanArray::from(vec![true, false, true]))),
    ])
}

#[test]
fn test_quote_styles() {
    let with = |quote_style| text(&mixed(), &CsvWriteOptions { quote_style, ..options() });
    assert_eq!(
        with(QuoteStyle::Necessary),
        "n,t,q,b\n1,a,\"x,y\",true\n,\"\",\"say \"\"hi\"\"\r\n\",false\n3,,back\\slash,true\n"
    );
    assert_eq!(
        with(QuoteStyle::Always),
        "\"n\",\"t\",\"q\",\"b\"\n\"1\",\"a\",\"x,y\",\"true\"\n,\"\",\"say \"\"hi\"\"\r\n\",\
         \"false\"\n\"3\",,\"back\\slash\",\"true\"\n"
    );
    assert_eq!(
        with(QuoteStyle::NonNumeric),
        "\"n\",\"t\",\"q\",\"b\"\n1,\"a\",\"x,y\",\"true\"\n,\"\",\"say \"\"hi\"\"\r\n\",\
         \"false\"\n3,,\"back\\slash\",\"true\"\n"
    );
    let escaped = CsvWriteOptions { escape: Some('\\'), line_end: "\r\n".to_owned(), ..options() };
    assert_eq!(
        text(&mixed(), &escaped),
        "n,t,q,b\r\n1,a,\"x,y\",true\r\n,\"\",\"say \\\"hi\\\"\r\n\",false\r\n\
         3,,\"back\\\\slash\",true\r\n"
    );
}

#[test]
fn test_a_cell_that_may_not_have_quotes_is_named() {
    let never = CsvWriteOptions { quote_style: QuoteStyle::Never, ..options() };
    let error = bytes(&mixed(), &never).unwrap_err().to_string();
    assert!(error.contains("row 1, column 'q': the cell \"x,y\" needs quotes"), "{error}");
    let none = CsvWriteOptions { quote: None, ..options() };
    assert!(bytes(&mixed(), &none).unwrap_err().to_string().contains("needs quotes"));
    let empty = table(vec![("t", Arc::new(StringArray::from(vec!["a", ""])))]);
    let error = bytes(&empty, &never).unwrap_err().to_string();
    assert!(error.contains("row 2, column 't'"), "{error}");
    let name = table(vec![("a,b", Arc::new(StringArray::from(vec!["a"])))]);
    assert!(bytes(&name, &never).unwrap_err().to_string().contains("the name \"a,b\""));
    // Far down, the row is still the one of the table.
    let mut values = vec!["plain"; 300_000];
    values[200_123] = "a\nb";
    values[250_000] = "later";
    let long = table(vec![("t", Arc::new(StringArray::from(values)))]);
    let error = bytes(&long, &never).unwrap_err().to_string();
    assert!(error.contains("row 200124,"), "{error}");
    let plain = table(vec![("t", Arc::new(StringArray::from(vec!["a b", "c"])))]);
    assert_eq!(text(&plain, &never), "t\na b\nc\n");
}

#[test]
fn test_null_text_is_bare_and_its_twins_are_quoted() {
    let batch = table(vec![
        ("t", Arc::new(StringArray::from(vec![Some("NA"), None, Some("")]))),
        ("i", Arc::new(Int64Array::from(vec![Some(0), None, Some(10)]))),
        ("f", Arc::new(Float64Array::from(vec![Some(f64::NAN), None, Some(1.0)]))),
    ]);
    let with = |null: &str| text(&batch, &CsvWriteOptions { null: null.to_owned(), ..options() });
    assert_eq!(with("NA"), "t,i,f\n\"NA\",0,nan\nNA,NA,NA\n\"\",10,1.0\n");
    assert_eq!(with("0"), "t,i,f\nNA,\"0\",nan\n0,0,0\n\"\",10,1.0\n");
    assert_eq!(with("nan"), "t,i,f\nNA,0,\"nan\"\nnan,nan,nan\n\"\",10,1.0\n");
    assert_eq!(with("ø"), "t,i,f\nNA,0,nan\nø,ø,ø\n\"\",10,1.0\n");
    for null in ["a,b", "\"", "x\n"] {
        let options = CsvWriteOptions { null: null.to_owned(), ..options() };
        assert!(matches!(bytes(&batch, &options), Err(IoError::Unsupported { .. })), "{null}");
    }
    // A null alone on its line would be no line.
    let lone = batch.project(&[1]).unwrap();
    let error = bytes(&lone, &options()).unwrap_err().to_string();
    assert!(error.contains("row 2, column 'i'"), "{error}");
    let named = CsvWriteOptions { null: "NA".to_owned(), ..options() };
    assert_eq!(text(&lone, &named), "i\n0\nNA\n10\n");
}

#[test]
fn test_separators_that_numbers_have() {
    let batch = table(vec![
        ("f", Arc::new(Float64Array::from(vec![-1.5, 2e30]))),
        ("d", Arc::new(Date32Array::from(vec![0, 1]))),
    ]);
    let with = |sep| text(&batch, &CsvWriteOptions { sep, ..options() });
    assert_eq!(with('-'), "f-d\n\"-1.5\"-\"1970-01-01\"\n2e+30-\"1970-01-02\"\n");
    assert_eq!(with('.'), "f.d\n\"-1.5\".1970-01-01\n2e+30.1970-01-02\n");
    assert_eq!(with('\t'), "f\td\n-1.5\t1970-01-01\n2e+30\t1970-01-02\n");
    for (sep, quote, escape) in [
        ('"', Some('"'), None),
        ('\n', Some('"'), None),
        ('é', None, None),
        (',', Some('"'), Some(',')),
    ] {
        let options = CsvWriteOptions { sep, quote, escape, ..options() };
        assert!(matches!(bytes(&batch, &options), Err(IoError::Unsupported { .. })), "{sep}");
    }
}

#[test]
fn test_formats() {
    let batch = table(vec![
        ("f", Arc::new(Float64Array::from(vec![1.0 / 3.0, 1e10]))),
        ("d", Arc::new(Date32Array::from(vec![19_782, 0]))),
        (
            "t",
            Arc::new(
                TimestampMicrosecondArray::from(vec![1_709_217_296_123_456, 0])
                    .with_timezone("+01:00"),
            ),
        ),
    ]);
    let formatted = CsvWriteOptions {
        float_format: Some("%.3f".to_owned()),
        date_format: Some("%d, %b %Y".to_owned()),
        timestamp_format: Some("%Y-%m-%d %H:%M:%S.%f %z".to_owned()),
        ..options()
    };
    assert_eq!(
        text(&batch, &formatted),
        "f,d,t\n0.333,\"29, Feb 2024\",2024-02-29 15:34:56.123456 +0100\n\
         10000000000.000,\"01, Jan 1970\",1970-01-01 01:00:00.000000 +0100\n"
    );
    for options in [
        CsvWriteOptions { float_format: Some("%d".to_owned()), ..options() },
        CsvWriteOptions { date_format: Some("%H".to_owned()), ..options() },
        CsvWriteOptions { timestamp_format: Some("%Q".to_owned()), ..options() },
        CsvWriteOptions { encoding: "latin-1".to_owned(), ..options() },
        CsvWriteOptions { line_end: ";".to_owned(), ..options() },
        CsvWriteOptions { compression: Some("rar".to_owned()), ..options() },
    ] {
        assert!(matches!(bytes(&batch, &options), Err(IoError::Unsupported { .. })));
    }
}

#[test]
fn test_header_mark_and_nothing_at_all() {
    let batch = table(vec![("\u{feff}a", Arc::new(StringArray::from(vec!["\u{feff}x", "y"])))]);
    assert_eq!(text(&batch, &options()), "\"\u{feff}a\"\n\u{feff}x\ny\n");
    let bare = CsvWriteOptions { header: false, ..options() };
    assert_eq!(text(&batch, &bare), "\"\u{feff}x\"\ny\n");
    let marked = CsvWriteOptions { bom: true, ..options() };
    assert_eq!(text(&batch, &marked), "\u{feff}\u{feff}a\n\u{feff}x\ny\n");
    let signed = CsvWriteOptions { encoding: "UTF-8-SIG".to_owned(), ..options() };
    assert_eq!(bytes(&batch, &signed).unwrap(), bytes(&batch, &marked).unwrap());
    assert_eq!(text(&batch.slice(0, 0), &bare), "");
    let twice = RecordBatch::try_new(
        Arc::new(arrow::datatypes::Schema::new(vec![batch.schema().field(0).clone(); 2])),
        vec![Arc::clone(batch.column(0)); 2],
    )
    .unwrap();
    assert!(bytes(&twice, &options()).unwrap_err().to_string().contains("two columns"));
    assert!(bytes(&twice, &bare).is_ok());
}

#[test]
fn test_options_as_json() {
    let options: CsvWriteOptions = serde_json::from_str(
        r#"{"sep": ";", "quote_style": "nonnumeric", "null": "NA", "escape": null}"#,
    )
    .unwrap();
    assert_eq!((options.sep, options.quote_style), (';', QuoteStyle::NonNumeric));
    for wrong in [r#"{"separator": ";"}"#, r#"{"sep": "ab"}"#, r#"{"quote_style": "some"}"#] {
        serde_json::from_str::<CsvWriteOptions>(wrong).unwrap_err();
    }
}

/// A table of many rows, with cells of many lengths.
fn long(rows: i64) -> RecordBatch {
    let mixed = |row: i64| row.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64);
    let texts: StringArray = (0..rows)
        .map(|row| {
            (row % 7 > 0).then(|| {
                ["", "plain", "a,b", "q\"q\n", "ü"][(row % 5) as usize].repeat((row % 11) as usize)
            })
        })
        .collect();
    let floats: Float64Array =
        (0..rows).map(|row| (row % 5 > 0).then(|| mixed(row) as f64 / 1e6)).collect();
    table(vec![
        ("i", Arc::new(Int64Array::from_iter_values((0..rows).map(mixed)))),
        ("f", Arc::new(floats)),
        ("t", Arc::new(texts)),
        ("d", Arc::new(Date32Array::from_iter_values((0..rows).map(|row| row as i32)))),
    ])
}

#[test]
fn test_bytes_do_not_depend_on_threads_and_batches() {
    // Codecs that pack slowly get fewer rows, which still are several slabs and pieces.
    for (compression, rows) in
        [("none", 150_000), ("gz", 50_000), ("zst", 150_000), ("bz2", 25_000), ("lz4", 150_000)]
    {
        let all = long(rows as i64);
        let options = CsvWriteOptions { compression: Some(compression.to_owned()), ..options() };
        let whole = bytes_by(std::slice::from_ref(&all), &options, &context(1)).unwrap();
        for (threads, step) in [(2, rows), (3, 777), (8, 20_000)] {
            let batches: Vec<_> = (0..rows)
                .step_by(step)
                .map(|start| all.slice(start, step.min(rows - start)))
                .collect();
            let parts = bytes_by(&batches, &options, &context(threads)).unwrap();
            assert!(parts == whole, "{compression}, {threads} threads, {step} rows");
        }
    }
}

#[test]
fn test_compressions_inflate_to_the_plain_text() {
    let folder = tempfile::tempdir().unwrap();
    let inflate = |suffix: &str, bytes: &[u8]| -> Vec<u8> {
        let mut plain = Vec::new();
        match suffix {
            "gz" => flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut plain),
            "zst" => zstd::Decoder::new(bytes).unwrap().read_to_end(&mut plain),
            "bz2" => bzip2::read::BzDecoder::new(bytes).read_to_end(&mut plain),
            "xz" => liblzma::read::XzDecoder::new(bytes).read_to_end(&mut plain),
            "lz4" => lz4_flex::frame::FrameDecoder::new(bytes).read_to_end(&mut plain),
            _ => bytes.take(u64::MAX).read_to_end(&mut plain),
        }
        .unwrap();
        plain
    };
    for rows in [0, 3, 25_000] {
        let batch = long(rows);
        let header = rows > 0;
        let plain = bytes(&batch, &CsvWriteOptions { header, ..options() }).unwrap();
        for suffix in ["csv", "gz", "zst", "bz2", "xz", "lz4"] {
            let path = folder.path().join(format!("t.csv.{suffix}"));
            let options = CsvWriteOptions { header, ..options() };
            let batches = std::iter::once(Ok(batch.clone()));
            let report = write(batches, &batch.schema(), &path, &options, &context(2)).unwrap();
            let packed = fs::read(&path).unwrap();
            assert_eq!((report.rows, report.bytes), (rows as u64, packed.len() as u64));
            assert!(packed.is_empty() == (suffix == "csv" && rows == 0), "{suffix}");
            assert!(inflate(suffix, &packed) == plain, "{suffix}, {rows} rows");
        }
    }
    let zip = folder.path().join("t.zip");
    let batch = long(1);
    let batches = std::iter::once(Ok(batch.clone()));
    let error = write(batches, &batch.schema(), &zip, &options(), &context(1)).unwrap_err();
    assert!(matches!(error, IoError::Unsupported { .. }), "{error}");
}

#[test]
fn test_errors_and_cancel_leave_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    // Batches enough for a turn of the writer before the error; some codecs pack slowly.
    for (name, rows) in [("t.csv", 40_000), ("t.csv.gz", 10_000), ("t.csv.xz", 4_000)] {
        let path = folder.path().join(name);
        fs::write(&path, "old").unwrap();
        let batch = long(rows);
        let broken = || IoError::Cancelled;
        let failing = (0..20).map(|step| if step < 19 { Ok(batch.clone()) } else { Err(broken()) });
        let error = write(failing, &batch.schema(), &path, &options(), &context(2)).unwrap_err();
        assert!(matches!(error, IoError::Cancelled));
        assert_eq!(fs::read(&path).unwrap(), b"old");

        let flag = Arc::new(AtomicBool::new(false));
        let cancelled = Context::new(2, None, Arc::clone(&flag)).unwrap();
        let batches = (0..20).map(|step| {
            flag.store(step == 10, Ordering::Relaxed);
            Ok(batch.clone())
        });
        let error = write(batches, &batch.schema(), &path, &options(), &cancelled).unwrap_err();
        assert!(matches!(error, IoError::Cancelled));
        assert_eq!(cancelled.budget().used(), 0);

        let never = CsvWriteOptions { quote_style: QuoteStyle::Never, ..options() };
        let batches = std::iter::once(Ok(batch.clone()));
        write(batches, &batch.schema(), &path, &never, &context(2)).unwrap_err();
        let keep = CsvWriteOptions { overwrite: false, ..options() };
        let batches = std::iter::once(Ok(batch.clone()));
        let error = write(batches, &batch.schema(), &path, &keep, &context(2)).unwrap_err();
        assert!(matches!(error, IoError::Exists { .. }));
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn test_a_failed_writer_does_not_finish() {
    let batch = mixed();
    let never = CsvWriteOptions { quote_style: QuoteStyle::Never, ..options() };
    let context = context(1);
    let dest = Path::new("t.csv");
    let mut writer = CsvWriter::new(Vec::new(), dest, &batch.schema(), &never, &context).unwrap();
    let other = batch.project(&[0]).unwrap();
    writer.write(&other).unwrap_err();
    assert!(writer.finish().is_err());
}

#[test]
fn test_memory_is_bounded() {
    let all = long(200_000);
    let free = bytes(&all, &options()).unwrap();
    for compression in ["none", "gz"] {
        let options = CsvWriteOptions { compression: Some(compression.to_owned()), ..options() };
        let limited = Context::new(2, Some(16 << 20), Arc::default()).unwrap();
        let batches = std::slice::from_ref(&all);
        let tight = bytes_by(batches, &options, &limited).unwrap();
        assert!(limited.budget().peak() <= 16 << 20);
        assert_eq!(limited.budget().used(), 0);
        assert!(compression == "gz" || tight == free);
    }
    // Rows of one cell each, larger than a slab.
    let large = "x".repeat(3 << 20);
    let cells = table(vec![("t", Arc::new(StringArray::from(vec![large.as_str(); 5])))]);
    let limited = Context::new(2, Some(8 << 20), Arc::default()).unwrap();
    assert_eq!(
        bytes_by(std::slice::from_ref(&cells), &options(), &limited).unwrap().len(),
        2 + 5 * ((3 << 20) + 1)
    );
    let limited = Context::new(2, Some(1 << 20), Arc::default()).unwrap();
    let error = bytes_by(&[cells], &options(), &limited).unwrap_err();
    assert!(matches!(error, IoError::Limit { .. }), "{error}");
    assert_eq!(limited.budget().used(), 0);
}

fn cell() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        Just(Some(String::new())),
        Just(Some("NA".to_owned())),
        "[a,;\"\\\\\r\n ü\u{feff}]{0,40}".prop_map(Some),
        any::<String>().prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn test_texts_read_back_as_they_were(
        cells in proptest::collection::vec(cell(), 0..60),
        sep in prop_oneof![Just(','), Just(';'), Just('\t'), Just('a')],
        escaped: bool, always: bool, na: bool, view: bool,
    ) {
        let escape = escaped.then_some('\\');
        let null = if na { "NA" } else { "" };
        let quote_style = if always { QuoteStyle::Always } else { QuoteStyle::Necessary };
        let options = CsvWriteOptions {
            sep, escape, quote_style, null: null.to_owned(), ..options()
        };
        let ids = Int64Array::from_iter_values(0..cells.len() as i64);
        let column: ArrayRef = if view {
            Arc::new(cells.iter().map(Option::as_deref).collect::<StringViewArray>())
        } else {
            Arc::new(cells.iter().map(Option::as_deref).collect::<StringArray>())
        };
        let batch = table(vec![("t", column), ("id", Arc::new(ids))]);
        let written = text(&batch, &options);
        let records = fields(&written, sep, escape);
        prop_assert_eq!(records.len(), cells.len() + 1);
        for (index, cell) in cells.iter().enumerate() {
            let (field, quoted) = &records[index + 1][0];
            let read = (*quoted || field != null).then(|| field.clone());
            prop_assert_eq!(&read, cell);
            prop_assert_eq!(&records[index + 1][1].0, &index.to_string());
        }
    }

    #[test]
    fn test_numbers_read_back_to_the_same_bits(
        wide in proptest::collection::vec(any::<u64>(), 1..200), places in 0..8_i32,
    ) {
        let floats: Vec<f64> = wide.iter().map(|&bits| f64::from_bits(bits)).collect();
        let narrow: Vec<f32> = wide.iter().map(|&bits| f32::from_bits(bits as u32)).collect();
        let halves: Float16Array = wide
            .iter()
            .map(|&bits| Some(<Float16Type as arrow::datatypes::ArrowPrimitiveType>::Native::from_bits(bits as u16)))
            .collect();
        let money: Vec<f64> =
            wide.iter().map(|&bits| (bits >> 20) as f64 / 10_f64.powi(places)).collect();
        let batch = table(vec![
            ("f", Arc::new(Float64Array::from(floats.clone()))),
            ("n", Arc::new(Float32Array::from(narrow.clone()))),
            ("h", Arc::new(halves.clone())),
            ("m", Arc::new(Float64Array::from(money.clone()))),
            ("i", Arc::new(UInt64Array::from(wide.clone()))),
        ]);
        for (row, record) in fields(&text(&batch, &options()), ',', None).iter().skip(1).enumerate() {
            let same = |ours: f64, read: f64| {
                ours.to_bits() == read.to_bits() || ours.is_nan() && read.is_nan()
            };
            prop_assert!(same(floats[row], record[0].0.parse().unwrap()));
            let read: f32 = record[1].0.parse().unwrap();
            prop_assert!(narrow[row].to_bits() == read.to_bits() || narrow[row].is_nan() && read.is_nan());
            let read: f64 = record[2].0.parse().unwrap();
            let half = halves.value(row);
            prop_assert!(half.is_nan() && read.is_nan() || <Float16Type as arrow::datatypes::ArrowPrimitiveType>::Native::from_f64(read).to_bits() == half.to_bits());
            prop_assert!(same(money[row], record[3].0.parse().unwrap()));
            prop_assert_eq!(record[4].0.parse::<u64>().unwrap(), wide[row]);
        }
    }
}
