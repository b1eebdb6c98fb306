//! Whole CSV reads: types, values, order, whatever the chunks and the threads.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use arrow::util::display::array_value_to_string;
use bytes::Bytes;
use pf_io_core::csv::{
    BadLines, ColumnSpec, CsvReadOptions, CsvReport, Dialect, Header, Nulls, read,
};
use pf_io_core::{Context, Source};
use proptest::prelude::*;

fn table(
    text: &[u8],
    options: &CsvReadOptions,
    threads: usize,
) -> Result<(RecordBatch, CsvReport), String> {
    let source = Source::memory("test.csv", Bytes::copy_from_slice(text)).unwrap();
    let context = Context::new(threads, Some(1 << 30), Arc::default()).unwrap();
    let found = read(&source, options, &context).map_err(|error| error.to_string())?;
    let rows = found.table.rows;
    let (schema, columns, charges) = found.table.into_arrays();
    let arrays = columns.iter().zip(schema.fields()).map(|(chunks, field)| -> ArrayRef {
        let chunks: Vec<&dyn Array> = chunks.iter().map(AsRef::as_ref).collect();
        for chunk in &chunks {
            chunk.to_data().validate_full().unwrap();
        }
        match chunks.as_slice() {
            [] => arrow::array::new_empty_array(field.data_type()),
            chunks => concat(chunks).unwrap(),
        }
    });
    let batch = RecordBatch::try_new(schema.clone(), arrays.collect()).unwrap();
    assert_eq!(batch.num_rows(), rows);
    drop(charges);
    assert_eq!(context.budget().used(), 0);
    Ok((batch, found.report))
}

fn simple(text: &str) -> RecordBatch {
    table(text.as_bytes(), &CsvReadOptions::default(), 2).unwrap().0
}

fn texts(batch: &RecordBatch) -> Vec<Vec<String>> {
    (0..batch.num_rows())
        .map(|row| {
            batch
                .columns()
                .iter()
                .map(|column| {
                    if column.is_null(row) {
                        "null".to_owned()
                    } else {
                        array_value_to_string(column, row).unwrap()
                    }
                })
                .collect()
        })
        .collect()
}

#[test]
fn test_types_are_those_of_all_cells() {
    let found = simple(concat!(
        "id,price,day,when,flag,zip,text,big,none\n",
        "1,1.5,2024-01-31,2024-01-31T10:00:00,true,01234,\"a,\"\"b\"\"\",18446744073709551615,\n",
        "2,,1969-12-31,1969-12-31 23:59:59.5,False,98765,,1,\n",
    ));
    let types: Vec<&DataType> = found.schema_ref().fields().iter().map(|f| f.data_type()).collect();
    let us = DataType::Timestamp(TimeUnit::Microsecond, None);
    assert_eq!(
        types,
        [
            &DataType::Int64,
            &DataType::Float64,
            &DataType::Date32,
            &us,
            &DataType::Boolean,
            &DataType::LargeUtf8,
            &DataType::LargeUtf8,
            &DataType::UInt64,
            &DataType::Null,
        ]
    );
    let rows = texts(&found);
    assert_eq!(rows[0][..4], ["1", "1.5", "2024-01-31", "2024-01-31T10:00:00"]);
    assert_eq!(rows[0][4..8], ["true", "01234", "a,\"b\"", "18446744073709551615"]);
    assert_eq!(rows[1][..4], ["2", "null", "1969-12-31", "1969-12-31T23:59:59.500"]);
    assert_eq!(rows[1][4..], ["false", "98765", "null", "1", ""]);
}

#[test]
fn test_a_late_cell_changes_the_whole_column() {
    let mut text = "a,b,c\n".to_owned();
    for row in 0..5000 {
        writeln!(text, "{row},{row},{row}").unwrap();
    }
    text += "x,0.5,9007199254740993\n";
    for chunk_bytes in [0, 64, 1000] {
        let options = CsvReadOptions { chunk_bytes, ..CsvReadOptions::default() };
        let (found, _) = table(text.as_bytes(), &options, 2).unwrap();
        let rows = texts(&found);
        assert_eq!(found.schema().field(0).data_type(), &DataType::LargeUtf8);
        assert_eq!(found.schema().field(1).data_type(), &DataType::Float64);
        assert_eq!(found.schema().field(2).data_type(), &DataType::Int64);
        assert_eq!(rows[4321], ["4321", "4321.0", "4321"]);
        assert_eq!(rows[5000], ["x", "0.5", "9007199254740993"]);
    }
}

#[test]
fn test_headers() {
    let names = |batch: &RecordBatch| {
        batch.schema().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&simple("a,,a,a_1\n1,2,3,4\n")), ["a", "column_2", "a_2", "a_1"]);
    // A number over numbers is no name; text over numbers is.
    assert_eq!(names(&simple("1,2\n3,4\n")), ["column_1", "column_2"]);
    assert_eq!(simple("1,2\n3,4\n").num_rows(), 2);
    assert_eq!(names(&simple("x,y\nz,w\n")), ["x", "y"]);
    let none = simple("a,b\n");
    assert_eq!((names(&none), none.num_rows()), (vec!["a".to_owned(), "b".to_owned()], 0));
    let options = CsvReadOptions { header: Header::Record(2), ..CsvReadOptions::default() };
    let (found, _) = table(b"junk\na,b\n1,2\n", &options, 1).unwrap();
    assert_eq!((names(&found), found.num_rows()), (vec!["a".to_owned(), "b".to_owned()], 1));
    assert!(table(b"\n", &CsvReadOptions::default(), 1).unwrap_err().contains("no header"));
}

#[test]
fn test_errors_say_where() {
    let text = "a,b\n1,\"x\ny\"\n2,z,3\n4\n";
    let options = CsvReadOptions::default();
    let error = table(text.as_bytes(), &options, 2).unwrap_err();
    assert_eq!(error, "test.csv: line 4, record 3, byte 12: expected 2 fields, found 3");
    let options = CsvReadOptions { bad_lines: BadLines::Collect, ..options };
    let (found, report) = table(text.as_bytes(), &options, 2).unwrap();
    assert_eq!(texts(&found), [["1", "x\ny"]]);
    let rejects: Vec<(u64, u64)> = report.rejects.iter().map(|r| (r.line, r.record)).collect();
    assert_eq!(rejects, [(4, 3), (5, 4)]);
    assert_eq!(report.rejects[0].raw, b"2,z,3");
    let options = CsvReadOptions { ragged_fill: true, ..CsvReadOptions::default() };
    let (found, _) = table(b"a,b\n1,2\n3\n", &options, 2).unwrap();
    assert_eq!(texts(&found), [["1", "2"], ["3", "null"]]);
}

#[test]
fn test_first_rows_decide_alone() {
    let options = CsvReadOptions { n_rows: Some(2), ..CsvReadOptions::default() };
    let (found, _) = table(b"a\n1\n2\nx\n\"", &options, 2).unwrap();
    assert_eq!(found.column(0).as_primitive::<Int64Type>().values(), &[1, 2]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Chunks and threads change nothing: not the values, the types, the rejects or the errors.
    #[test]
    fn test_parallel_is_serial(
        cells in prop::collection::vec(
            prop::sample::select(vec![
                "1", "-7", "2.5", "", "x", "\"q\"", "\"a\nb\"", "\"\"", "NA", "007", "true",
                "2024-02-29", "2024-02-29T01:02:03Z", "1e999", "9223372036854775808", "\"u\"v", "ä",
            ]),
            0..120,
        ),
        width in 1_usize..4,
        ragged in any::<bool>(),
        collect in any::<bool>(),
        strict_quotes in any::<bool>(),
        chunk_bytes in 1_usize..200,
        threads in 1_usize..4,
        crlf in any::<bool>(),
        pandas in any::<bool>(),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = (0..width).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",") + end;
        let mut at = 0;
        while at < cells.len() {
            let more = if ragged && at % 7 == 3 { width + 1 - (at % 3) } else { width };
            let record = &cells[at..cells.len().min(at + more.max(1))];
            text += &record.join(",");
            text += end;
            at += more.max(1);
        }
        let nulls = if pandas { Nulls::Pandas } else { Nulls::Auto };
        let serial = CsvReadOptions {
            dialect: Dialect { strict_quotes, ..Dialect::default() },
            bad_lines: if collect { BadLines::Collect } else { BadLines::Error },
            spec: ColumnSpec { nulls, ..ColumnSpec::default() },
            ..CsvReadOptions::default()
        };
        let parallel = CsvReadOptions { chunk_bytes, ..serial.clone() };
        let expected = table(text.as_bytes(), &serial, 1);
        let found = table(text.as_bytes(), &parallel, threads);
        // Which cell is named as the reason for a type is not promised.
        let plain = |found: Result<(RecordBatch, CsvReport), String>| {
            found
        };
        prop_assert_eq!(plain(found), plain(expected));
    }
}
