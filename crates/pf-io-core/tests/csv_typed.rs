//! Columns of a type that the caller sets, and values as arrays.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may panic")]

use arrow::array::{Array, AsArray};
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, Decimal128Type, Int32Type, TimeUnit, i256};
use arrow::util::display::array_value_to_string;
use pf_io_core::csv::column::parse;
use pf_io_core::csv::parse::text::Texts;
use pf_io_core::csv::typed::{is_readable, width};
use pf_io_core::csv::{
    ColumnSpec, Dates, Dialect, Kind, Nulls, Piece, Slab, Target, Values, arrays,
};

fn slab(cells: &[&str]) -> Slab {
    let mut slab = Slab { width: 1, first_record: 1, ..Slab::default() };
    for cell in cells {
        slab.starts.push(slab.bytes.len() as u32);
        slab.bytes.extend_from_slice(cell.as_bytes());
        slab.ends.push(slab.bytes.len() as u32);
        slab.bytes.push(b'\n');
    }
    slab
}

fn piece(cells: &[&str], spec: &ColumnSpec) -> Piece {
    let slab = slab(&[cells, &["________________"]].concat());
    let slab = Slab {
        starts: slab.starts[..cells.len()].to_vec(),
        ends: slab.ends[..cells.len()].to_vec(),
        ..slab
    };
    parse(&slab, 0, spec, &Dialect::default(), Kind::Null, None)
}

/// The column as an array's texts.
fn read(cells: &[&str], spec: &ColumnSpec) -> Vec<String> {
    let Target::Typed(data_type) = &spec.target else { panic!("no type") };
    assert!(is_readable(data_type), "{data_type}");
    let piece = piece(cells, spec);
    assert_eq!(piece.failed, []);
    let array = match piece.values {
        Values::Fixed(values) => {
            assert_eq!(values.len(), cells.len() * width(data_type).expect("fixed width"));
            arrays::fixed(data_type, cells.len(), Buffer::from_vec(values), piece.nulls)
        }
        Values::Bits(bits) => arrays::bools(bits, piece.nulls),
        Values::Texts(texts) => match data_type {
            DataType::Dictionary(_, value) => {
                arrays::dictionaries(value, [(&texts, piece.nulls.as_ref())])
                    .map(|mut arrays| arrays.remove(0))
            }
            _ => arrays::texts(data_type, texts, piece.nulls),
        },
        _ => Ok(arrays::nulls(data_type, cells.len())),
    };
    let array = array.expect("an array");
    assert_eq!(array.data_type(), data_type);
    (0..array.len())
        .map(|row| {
            if array.is_null(row) || *data_type == DataType::Null {
                "null".to_owned()
            } else {
                array_value_to_string(&array, row).expect("text")
            }
        })
        .collect()
}

#[track_caller]
fn check(data_type: DataType, cells: &[&str], texts: &[&str]) {
    assert_eq!(read(cells, &ColumnSpec::typed(data_type)), texts);
}

#[track_caller]
fn check_failure(data_type: &DataType, cells: &[&str], row: usize, why: &str) {
    let piece = piece(cells, &ColumnSpec::typed(data_type.clone()));
    let first = piece.failed.first().unwrap_or_else(|| panic!("{data_type}: no failure"));
    assert_eq!((first.row, &*first.text, first.why), (row, cells[row].as_bytes(), why));
}

#[test]
fn test_integers_of_all_widths() {
    let types = [
        (DataType::Int8, "-128", "127", "128"),
        (DataType::Int16, "-32768", "32767", "-32769"),
        (DataType::Int32, "-2147483648", "2147483647", "2147483648"),
        (DataType::Int64, "-9223372036854775808", "9223372036854775807", "9223372036854775808"),
        (DataType::UInt8, "0", "255", "-1"),
        (DataType::UInt16, "0", "65535", "65536"),
        (DataType::UInt32, "0", "4294967295", "4294967296"),
        (DataType::UInt64, "0", "18446744073709551615", "18446744073709551616"),
    ];
    for (data_type, least, most, beyond) in types {
        let cells = [least, most, "+007", "", "\"\"", "NA", "\"5\""];
        check(data_type.clone(), &cells, &[least, most, "7", "null", "null", "null", "5"]);
        check_failure(&data_type, &["1", beyond], 1, "is out of range");
        for wrong in ["1.0", "x", "1e3", "-", "0x1"] {
            check_failure(&data_type, &[wrong], 0, "is not of this type");
        }
    }
}

#[test]
fn test_floats_and_decimals() {
    check(DataType::Float64, &["1", "+1.5", "1e3", "nan"], &["1.0", "1.5", "1000.0", "NaN"]);
    check(DataType::Float32, &["0.1", "-inf"], &["0.1", "-inf"]);
    check_failure(&DataType::Float64, &["1e999"], 0, "is out of range");
    check_failure(&DataType::Float32, &["1e39"], 0, "is out of range");
    for data_type in [
        DataType::Decimal32(9, 2),
        DataType::Decimal64(18, 2),
        DataType::Decimal128(18, 2),
        DataType::Decimal256(60, 2),
    ] {
        let cells = ["-12.50", "1", "0.500", ".5", "-0"];
        check(data_type.clone(), &cells, &["-12.50", "1.00", "0.50", "0.50", "0.00"]);
        check_failure(&data_type, &["1.005"], 0, "has more digits than the type holds");
        check_failure(&data_type, &["1e2"], 0, "is not of this type");
        check_failure(&data_type, &["."], 0, "is not of this type");
    }
    check_failure(&DataType::Decimal128(3, 2), &["12.5"], 0, "has more digits than the type holds");
    let long = "9".repeat(76);
    check(DataType::Decimal256(76, 0), &[&long], &[&long]);
    assert!(i256::from_string(&long).is_some());
}

#[test]
fn test_dates_and_times() {
    check(DataType::Date32, &["2024-02-29", "NA"], &["2024-02-29", "null"]);
    check(DataType::Date64, &["2024-02-29"], &["2024-02-29T00:00:00"]);
    check(DataType::Time32(TimeUnit::Second), &["23:59:59", "01:02"], &["23:59:59", "01:02:00"]);
    check(DataType::Time64(TimeUnit::Nanosecond), &["00:00:00.000000001"], &["00:00:00.000000001"]);
    let naive = |unit| DataType::Timestamp(unit, None);
    check(
        naive(TimeUnit::Second),
        &["2024-01-31 10:00:07", "2024-01-31"],
        &["2024-01-31T10:00:07", "2024-01-31T00:00:00"],
    );
    let digits = "has more digits than the type holds";
    check_failure(&naive(TimeUnit::Second), &["2024-01-31T00:00:00.5"], 0, digits);
    check_failure(&naive(TimeUnit::Nanosecond), &["9999-01-31T00:00:00"], 0, "is out of range");
    let offset = "has an offset, which the type has not";
    check_failure(&naive(TimeUnit::Microsecond), &["2024-01-31T00:00Z"], 0, offset);
    let zoned = |zone: &str| DataType::Timestamp(TimeUnit::Millisecond, Some(zone.into()));
    check(
        zoned("+02:00"),
        &["2024-01-31T10:00+02:00", "2024-01-31T10:00Z"],
        &["2024-01-31T10:00:00+02:00", "2024-01-31T12:00:00+02:00"],
    );
    let none = "has no offset, which the type needs";
    check_failure(&zoned("UTC"), &["2024-01-31T10:00"], 0, none);
    check_failure(&zoned("Europe/Berlin"), &["2024-01-31T10:00"], 0, none);
    check_failure(&DataType::Date32, &["2024-02-30"], 0, "is not of this type");
    let mut spec = ColumnSpec::typed(DataType::Date32);
    spec.dates = Dates::Pattern("%d.%m.%Y".to_owned());
    assert_eq!(read(&["29.02.2024", ""], &spec), ["2024-02-29", "null"]);
    spec.dates = Dates::Pattern("%Q".to_owned());
    assert_eq!(piece(&["29.02.2024"], &spec).failed.len(), 1);
}

#[test]
fn test_decimal_comma_and_thousands() {
    let mut spec = ColumnSpec::typed(DataType::Float64);
    spec.decimal = b',';
    spec.thousands = Some(b'.');
    assert_eq!(
        read(&["1,5", "1.234,25", "-0,5", "1.234"], &spec),
        ["1.5", "1234.25", "-0.5", "1234.0"]
    );
    assert_eq!(piece(&["1.23"], &spec).failed.len(), 1);
    spec.target = Target::Typed(DataType::Int64);
    assert_eq!(read(&["1.234.567", "12"], &spec), ["1234567", "12"]);
    spec.target = Target::Typed(DataType::Decimal128(10, 2));
    assert_eq!(read(&["1.234,5"], &spec), ["1234.50"]);
}

#[test]
fn test_bools_texts_and_categories() {
    let mut spec = ColumnSpec::typed(DataType::Boolean);
    assert_eq!(read(&["true", "False", ""], &spec), ["true", "false", "null"]);
    spec.true_values = Some(vec!["1".to_owned()]);
    spec.false_values = Some(vec!["0".to_owned()]);
    assert_eq!(read(&["1", "0", "\"1\""], &spec), ["true", "false", "true"]);
    assert_eq!(piece(&["true"], &spec).failed.len(), 1);
    for data_type in [
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::LargeUtf8)),
    ] {
        let cells = ["ä", "NA", "\"\"", "", "ä"];
        check(data_type, &cells, &["ä", "NA", "", "null", "ä"]);
    }
    check(DataType::Null, &["", "NA"], &["null", "null"]);
    check_failure(&DataType::Null, &["", "x"], 1, "is not of this type");
}

#[test]
fn test_one_dictionary_for_all_pieces() {
    let spec = ColumnSpec::typed(DataType::LargeUtf8);
    let pieces: Vec<Piece> =
        [&["b", "a"][..], &["", "a", "c"]].iter().map(|cells| piece(cells, &spec)).collect();
    let parts = pieces.iter().map(|piece| match &piece.values {
        Values::Texts(texts) => (texts, piece.nulls.as_ref()),
        _ => panic!("no texts"),
    });
    let arrays = arrays::dictionaries(&DataType::Utf8, parts).expect("arrays");
    let keys: Vec<Vec<Option<i32>>> = arrays
        .iter()
        .map(|array| array.as_dictionary::<Int32Type>().keys().iter().collect())
        .collect();
    assert_eq!(keys, [vec![Some(0), Some(1)], vec![None, Some(1), Some(2)]]);
    let values = arrays[1].as_dictionary::<Int32Type>().values().as_string::<i32>().clone();
    assert_eq!(values.iter().flatten().collect::<Vec<_>>(), ["b", "a", "c"]);
}

#[test]
fn test_all_failures_are_named_and_the_rest_is_read() {
    for target in [Target::Typed(DataType::Int64), Target::Settled(Kind::Int64)] {
        let spec = ColumnSpec { target, all_failures: true, ..ColumnSpec::default() };
        let slab = slab(&["1", "x", "3", "4.5", ""]);
        let mut place = vec![0xee; 40];
        let dialect = Dialect::default();
        let piece = parse(&slab, 0, &spec, &dialect, Kind::Int64, Some(&mut place));
        assert!(matches!(piece.values, Values::InPlace));
        assert_eq!(piece.failed.iter().map(|failure| failure.row).collect::<Vec<_>>(), [1, 3]);
        let values: Vec<i64> =
            place.as_chunks().0.iter().map(|value| i64::from_ne_bytes(*value)).collect();
        assert_eq!(values, [1, 0, 3, 0, 0]);
    }
    let spec = ColumnSpec { target: Target::Settled(Kind::Int64), ..ColumnSpec::default() };
    let piece = piece(&["1", "007", "x"], &spec);
    assert_eq!(piece.failed.len(), 1);
    assert_eq!(piece.failed[0].text, b"007");
}

#[test]
fn test_null_lists_beat_numbers() {
    let mut spec = ColumnSpec::typed(DataType::Int64);
    spec.nulls = Nulls::List(vec!["-1".to_owned(), "999".to_owned()]);
    assert_eq!(read(&["1", "-1", "999", "99"], &spec), ["1", "null", "null", "99"]);
}

#[test]
fn test_wrong_parts_are_errors() {
    let texts = |bytes: &[u8], offsets: &[i64]| Texts::new(offsets.to_vec(), bytes.to_vec());
    let utf8 = |bytes: &[u8], offsets: &[i64]| {
        arrays::texts(&DataType::LargeUtf8, texts(bytes, offsets).expect("texts"), None)
    };
    assert!(utf8(b"\xff", &[0, 1]).is_err());
    assert!(utf8("ä".as_bytes(), &[0, 1, 2]).is_err());
    assert!(utf8("ä".as_bytes(), &[0, 2]).is_ok());
    for offsets in [&[][..], &[0, 2], &[1, 0], &[-1, 1], &[0, i64::MIN]] {
        assert_eq!(texts(b"a", offsets), None);
    }
    let bytes = texts(b"\xff", &[0, 1]).expect("texts");
    assert!(arrays::texts(&DataType::LargeBinary, bytes, None).is_ok());
    assert!(arrays::fixed(&DataType::Int64, 2, Buffer::from_vec(vec![0_u8; 8]), None).is_err());
    let decimal = arrays::fixed(
        &DataType::Decimal128(38, 1),
        1,
        Buffer::from_vec(15_i128.to_ne_bytes().to_vec()),
        None,
    )
    .expect("an array");
    assert_eq!(decimal.as_primitive::<Decimal128Type>().value(0), 15);
}
