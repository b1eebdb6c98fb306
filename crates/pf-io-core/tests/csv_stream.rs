//! Batches of a CSV file: the rows and types of a whole read, in the memory of a few chunks.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod csv_streams;

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use pf_io_core::csv::input::InvalidBytes;
use pf_io_core::csv::{
    BadLines, BlankLines, ColumnSpec, CsvAsk, CsvReadOptions, CsvScan, Dialect, Header,
    InputOptions,
};
use pf_io_core::parquet::predicate::{Predicate, Value};
use pf_io_core::{IoError, Source};
use proptest::prelude::*;

use csv_streams::*;

#[derive(Debug, Clone)]
struct Case {
    text: Vec<u8>,
    options: CsvReadOptions,
    threads: usize,
    parts: usize,
    ask: CsvAsk,
}

/// A cell of one of several columns, by its number; `wild` is another type that is rare.
fn cell(column: usize, row: usize, seed: u64, wild: bool) -> String {
    let number = seed.wrapping_mul(6_364_136_223_846_793_005).rotate_left(row as u32 % 64);
    match (column, wild) {
        (_, true) if number.is_multiple_of(3) => String::new(),
        (0, _) => row.to_string(),
        (1, false) => format!("{}.{}", number % 1000, number % 10),
        (1, true) => (number % 100_000).to_string(),
        (2, false) => format!("2024-0{}-1{}", 1 + number % 9, number % 10),
        (2, true) => format!("2024-01-01T00:00:0{}", number % 10),
        (3, false) => format!("\"a{}\nb\"\"{row}\"", number % 5),
        (3, true) => "\"\"".to_owned(),
        (4, _) => format!("x{}", number % 4),
        (5, false) => (number % 1000).to_string(),
        (5, true) => u64::MAX.to_string(),
        (6, false) => ["true", "false"][number as usize % 2].to_owned(),
        (6, true) => String::new(),
        (7, false) => (number % 50).to_string(),
        _ => "bad".to_owned(),
    }
}

const NAMES: [&str; 8] = ["id", "price", "day", "text", "kind", "big", "flag", "typed"];

prop_compose! {
    fn case()(
        rows in 0_usize..120,
        seed in any::<u64>(),
        wild in prop::collection::vec((0_usize..120, 1_usize..8), 0..6),
        odd in prop::collection::vec((0_usize..120, 0_usize..4), 0..5),
        collects in any::<bool>(),
        n_rows in prop::option::of(0_u64..130),
        chunk_bytes in prop_oneof![Just(64_usize), Just(300), Just(5000)],
        threads in 1_usize..4,
        parts in 1_usize..6,
        columns in prop::option::of(prop::collection::vec(0_usize..8, 0..5)),
        predicate in 0_usize..5,
        limit in prop::option::of(0_u64..130),
        batch_rows in prop_oneof![Just(0_usize), Just(1), Just(7)],
        blank in any::<bool>(),
        sampled in prop::option::of(100_usize..200),
        binary in any::<bool>(),
    ) -> Case {
        let mut text = NAMES.join(",") + "\n";
        for row in 0..rows {
            for &(_, what) in odd.iter().filter(|(at, _)| *at == row) {
                match what {
                    0 => text.push_str("# a comment\n"),
                    1 => text.push_str("\r\n"),
                    2 if collects => text.push_str("1,2,3\n"),
                    3 if collects => text.push_str("1,2,3,4,5,6,7,8,9\n"),
                    _ => {}
                }
            }
            let cells: Vec<String> = (0..8)
                .map(|column| {
                    let wild = wild.contains(&(row, column)) && (column != 7 || collects);
                    cell(column, row, seed, wild)
                })
                .collect();
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        let mut text = text.into_bytes();
        let invalid = if binary { InvalidBytes::Binary } else { InvalidBytes::Error };
        if binary
            && seed.is_multiple_of(2)
            && let Some(at) = text.iter().rposition(|byte| *byte == b'a').filter(|at| *at > 60)
        {
            text[at] = 0xff;
        }
        // What a sample of wild cells says is another question.
        let sampled = sampled.filter(|_| wild.is_empty() && !binary);
        let blank_lines = if blank { BlankLines::Null } else { BlankLines::Skip };
        let options = CsvReadOptions {
            dialect: Dialect { comment: Some(b"#".to_vec()), blank_lines, ..Dialect::default() },
            header: Header::Yes,
            specs: vec![
                ("typed".to_owned(), ColumnSpec::typed(DataType::Int16)),
                ("kind".to_owned(), ColumnSpec::typed(DataType::LargeUtf8)),
            ],
            categories: vec!["kind".to_owned()],
            bad_lines: if collects { BadLines::Collect } else { BadLines::Error },
            input: InputOptions { invalid, ..InputOptions::default() },
            infer_records: sampled,
            n_rows,
            chunk_bytes,
            ..CsvReadOptions::default()
        };
        let predicate = match predicate {
            0 => Some(at_least("id", "int64", Value::Int((seed % 100) as i64))),
            1 => Some(Predicate::Or { args: vec![
                Predicate::IsNull { column: "price".to_owned() },
                at_least("typed", "int64", Value::Int(25)),
            ]}),
            2 => Some(Predicate::IsNull { column: "typed".to_owned() }),
            _ => None,
        };
        let ask = CsvAsk { columns, predicate, limit, batch_rows, window: 0 };
        Case { text, options, threads, parts, ask }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn test_batches_are_the_table(case in case()) {
        let Case { text, options, threads, parts, ask } = case;
        let context = context(threads);
        let (schema, table, report) = whole(&text, &options).unwrap();
        let scan = CsvScan::open(memory(&text), &options, &context).unwrap();
        prop_assert_eq!(scan.schema(), schema.clone());
        if options.infer_records.is_none() {
            prop_assert_eq!(scan.rows(), Some(table.num_rows() as u64));
        }
        prop_assert!(scan.rows().is_none_or(|rows| rows == table.num_rows() as u64));
        prop_assert_eq!(&scan.report().types, &report.types);
        if scan.rows().is_some() {
            // Of a file that was not looked at as a whole, less is known.
            prop_assert_eq!(scan.report(), &report);
        }

        let columns = ask.columns.clone().unwrap_or_else(|| (0..schema.fields().len()).collect());
        let own = Arc::new(schema.project(&columns).unwrap());
        let mut expected = table.clone();
        if let Some(predicate) = &ask.predicate {
            expected = kept(&expected, predicate);
        }
        let expected = expected.project(&columns).unwrap();
        let limit = ask.limit.map_or(usize::MAX, |limit| limit as usize);
        let first = expected.slice(0, expected.num_rows().min(limit));
        let found = batches(&scan, None, &ask, &context).unwrap();
        let most = if ask.batch_rows == 0 { usize::MAX } else { ask.batch_rows };
        prop_assert!(found.iter().all(|batch| (1..=most).contains(&batch.num_rows())));
        prop_assert_eq!(joined(&own, &found), first);

        // The parts one after the other, whatever their number.
        let all = CsvAsk { limit: None, ..ask };
        let cut = scan.parts(parts);
        prop_assert!(cut.len() <= parts);
        let rows: Option<u64> = cut.iter().map(|part| scan.part_rows(part)).sum();
        prop_assert_eq!(rows, scan.rows());
        let mut found = Vec::new();
        for part in cut {
            found.extend(batches(&scan, Some(part), &all, &context).unwrap());
        }
        prop_assert_eq!(joined(&own, &found), expected);
        drop(scan);
        prop_assert!(all_given_back(&context));
    }
}

#[test]
fn test_an_error_from_the_middle_says_where_and_follows_the_rows_before() {
    let mut text = numbers(5000);
    text.push_str("5000,\"two\nlines\",1.5\nx,bad,2.5\n5002,more,3.5\n");
    let options = typed("id", DataType::Int64);
    let expected = whole(text.as_bytes(), &options).unwrap_err();
    assert!(expected.contains("column 'id'"), "{expected}");
    let context = context(3);
    let scan = CsvScan::open(memory(text.as_bytes()), &options, &context).unwrap();
    for count in [1, 4] {
        let (mut rows, mut errors) = (0, Vec::new());
        for part in scan.parts(count) {
            for batch in scan.batches(Some(part), CsvAsk::default(), context.clone()) {
                match batch {
                    Ok(batch) => rows += batch.num_rows(),
                    Err(error) => errors.push(error.to_string()),
                }
            }
        }
        assert_eq!(rows, 5001, "{count} parts");
        assert_eq!(errors, [expected.as_str()], "{count} parts");
    }
    // Whoever wants only the rows before it, or another column, never meets it.
    let ask = CsvAsk { limit: Some(5001), ..CsvAsk::default() };
    assert!(batches(&scan, None, &ask, &context).is_ok());
    let ask = CsvAsk { columns: Some(vec![1]), ..CsvAsk::default() };
    let found = batches(&scan, None, &ask, &context).unwrap();
    assert_eq!(found.iter().map(RecordBatch::num_rows).sum::<usize>(), 5003);
    // And whoever selects other rows.
    let (predicate, columns) = (at_least("price", "float64", Value::Float(3.0)), Some(vec![0]));
    let ask = CsvAsk { predicate: Some(predicate), columns, ..CsvAsk::default() };
    assert!(batches(&scan, None, &ask, &context).is_ok());
    let predicate = at_least("price", "float64", Value::Float(2.0));
    let ask = CsvAsk { predicate: Some(predicate), columns: Some(vec![0]), ..CsvAsk::default() };
    let error = batches(&scan, None, &ask, &context).unwrap_err().to_string();
    assert_eq!(error, expected);
}

#[test]
fn test_bad_records_are_errors_at_once() {
    let mut text = numbers(3000);
    text.push_str("1,2\n");
    let expected = whole(text.as_bytes(), &small_chunks()).unwrap_err();
    let error = CsvScan::open(memory(text.as_bytes()), &small_chunks(), &context(2)).unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert!(expected.contains("line 3002"), "{expected}");
}

#[test]
fn test_packed_files_are_one_part() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv.gz");
    let text = numbers(5000);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    std::fs::write(&path, packed.finish().unwrap()).unwrap();
    let context = context(2);
    let scan = CsvScan::open(Source::open(&path).unwrap(), &small_chunks(), &context).unwrap();
    assert_eq!(scan.parts(4).len(), 1);
    let (schema, table, _) = whole(text.as_bytes(), &small_chunks()).unwrap();
    let found = batches(&scan, None, &CsvAsk::default(), &context).unwrap();
    assert_eq!(joined(&schema, &found), table);
    // A mark at the start and Windows text are no hindrance, but the latter is one part.
    let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let scan = CsvScan::open(memory(&marked), &small_chunks(), &context).unwrap();
    let parts = scan.parts(4);
    assert_eq!(parts.len(), 4);
    let found: Vec<RecordBatch> = parts
        .into_iter()
        .flat_map(|part| batches(&scan, Some(part), &CsvAsk::default(), &context).unwrap())
        .collect();
    assert_eq!(joined(&schema, &found), table);
}

#[test]
fn test_a_glance_knows_the_schema() {
    let context = context(1);
    let text = "a;b;c\n".to_owned() + &"1;x;\n".repeat(2000) + "1.5;y;z\n";
    let options = CsvReadOptions { sniff: true, ..CsvReadOptions::default() };
    let scan = CsvScan::glance(memory(text.as_bytes()), &options, &context).unwrap();
    let types = |scan: &CsvScan| {
        let types = scan.schema();
        types.fields().iter().map(|field| field.data_type().clone()).collect::<Vec<_>>()
    };
    assert_eq!(types(&scan), [DataType::Int64, DataType::LargeUtf8, DataType::Null]);
    assert_eq!((scan.rows(), scan.report().separator), (None, b';'));
    let scan = CsvScan::open(memory(text.as_bytes()), &options, &context).unwrap();
    assert_eq!(types(&scan), [DataType::Float64, DataType::LargeUtf8, DataType::LargeUtf8]);
    assert_eq!(scan.rows(), Some(2001));
}

#[test]
fn test_several_files_are_read_as_one() {
    let context = context(2);
    let texts = [
        "n,f,d,z,t,e,w\n1,1,2024-01-01,2024-01-01T00:00:00+01:00,1,,9007199254740993\n",
        "n,f,d,z,t,e,w\n,2.5,2024-01-01T10:00:00,2024-01-01T00:00:00Z,007,,0.25\n",
        "n,f,d,z,t,e,w\n18446744073709551615,3,,,x,,1\n",
    ];
    let all = texts[0].to_owned()
        + texts[1..]
            .iter()
            .map(|t| t.lines().nth(1).unwrap())
            .fold(String::new(), |all, line| all + line + "\n")
            .as_str();
    let options = CsvReadOptions { header: Header::Yes, ..small_chunks() };
    let (schema, table, _) = whole(all.as_bytes(), &options).unwrap();
    let scans: Vec<CsvScan> = texts
        .iter()
        .map(|text| CsvScan::open(memory(text.as_bytes()), &options, &context).unwrap())
        .collect();
    assert_ne!(scans[0].schema(), scans[1].schema());
    let scans = CsvScan::united(&scans, &DataType::Null).unwrap();
    let mut found = Vec::new();
    for scan in &scans {
        assert_eq!(scan.schema(), schema);
        found.extend(batches(scan, None, &CsvAsk::default(), &context).unwrap());
    }
    assert_eq!(joined(&schema, &found), table);
    // A column without any value is what the caller likes.
    let scans = CsvScan::united(&scans, &DataType::Utf8).unwrap();
    assert_eq!(scans[0].schema().field(5).data_type(), &DataType::Utf8);
    let found = batches(&scans[0], None, &CsvAsk::default(), &context).unwrap();
    assert_eq!(found[0].column(5).null_count(), 1);
    // Types that samples show.
    let options = CsvReadOptions { infer_records: Some(1), ..options };
    let texts = ["a,b,c\n1,2024-01-01,1\n", "a,b,c\n1.5,2024-01-01 10:00:00,x\n"];
    let scans: Vec<CsvScan> = texts
        .iter()
        .map(|text| CsvScan::open(memory(text.as_bytes()), &options, &context).unwrap())
        .collect();
    let scans = CsvScan::united(&scans, &DataType::Null).unwrap();
    let us = DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, None);
    for scan in &scans {
        let schema = scan.schema();
        let types: Vec<_> = schema.fields().iter().map(|f| f.data_type().clone()).collect();
        assert_eq!(types, [DataType::Float64, us.clone(), DataType::LargeUtf8]);
        batches(scan, None, &CsvAsk::default(), &context).unwrap();
    }
}

#[test]
fn test_what_cannot_be_compared_is_an_error() {
    let context = context(1);
    let scan = CsvScan::open(memory(b"a,b\n1,x\n"), &small_chunks(), &context).unwrap();
    for predicate in [
        at_least("c", "int64", Value::Int(1)),
        at_least("a", "string", Value::Text("x".to_owned())),
    ] {
        let ask = CsvAsk { predicate: Some(predicate), ..CsvAsk::default() };
        let error = batches(&scan, None, &ask, &context).unwrap_err();
        assert!(matches!(error, IoError::Schema { .. }), "{error}");
    }
}
