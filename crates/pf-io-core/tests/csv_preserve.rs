//! Inference never changes what a cell says, up to the normalisations in [`same`].
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod csv_table;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampNanosecondType, UInt64Type,
};
use csv_table::{context, table};
use pf_io_core::csv::{CsvReadOptions, Header};
use proptest::prelude::*;
use proptest::sample::select;

/// One column of these cells, quoted where they must be or where `quote` says so.
fn column(cells: &[(String, bool)], chunk_bytes: usize) -> RecordBatch {
    let mut text = "a,b\n".to_owned();
    for (cell, quote) in cells {
        if *quote || cell.contains([',', '"', '\n', '\r']) {
            text.extend(["\"", &cell.replace('"', "\"\""), "\""]);
        } else {
            text += cell;
        }
        text += ",1\n";
    }
    let options = CsvReadOptions { header: Header::Yes, chunk_bytes, ..CsvReadOptions::default() };
    table(text, &options, &context(2, None)).unwrap().0
}

/// A decimal number as its sign, digits without zeros around them, and the power of ten of the
/// last digit; by hand, so that it is nobody's parser.
fn exact(text: &str) -> Option<(bool, String, i64)> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (number, power) = match rest.split_once(['e', 'E']) {
        Some((number, power)) => (number, power.parse::<i64>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let short = digits.trim_end_matches('0');
    let power = power - fraction.len() as i64 + (digits.len() - short.len()) as i64;
    let short = short.trim_start_matches('0').to_owned();
    let power = if short.is_empty() { 0 } else { power };
    Some((negative, short, power))
}

/// Days since 1970-01-01 of a day of the proleptic Gregorian calendar, by counting.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let before: i64 = if year >= 1970 {
        (1970..year).map(|year| 365 + i64::from(leap(year))).sum()
    } else {
        -(year..1970).map(|year| 365 + i64::from(leap(year))).sum::<i64>()
    };
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    before + lengths[..(month - 1) as usize].iter().sum::<i64>() + day - 1
}

/// Nanoseconds since 1970 of a date or timestamp, and whether it has an offset.
fn nanos(text: &str) -> Option<(i128, bool)> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let day = days(number(0..4)?, number(5..7)?, number(8..10)?);
    let Some(time) = text.get(11..) else {
        return Some((i128::from(day) * 86_400_000_000_000, false));
    };
    let cut = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(cut);
    let zone = zone.trim_start_matches(['Z', 'z']);
    let offset = if zone.is_empty() {
        0
    } else {
        let plain = zone.replace(':', "");
        let minutes = plain.get(3..5).map_or(Some(0), |text| text.parse::<i64>().ok())?;
        let all = plain.get(1..3)?.parse::<i64>().ok()? * 60 + minutes;
        if zone.starts_with('-') { -all } else { all }
    };
    let mut parts = clock.split(':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let (second, fraction) = match parts.next() {
        None => ("0", ""),
        Some(second) => second.split_once(['.', ',']).unwrap_or((second, "")),
    };
    let second: i64 = second.parse().ok()?;
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    let seconds = day * 86_400 + hour * 3600 + (minute - offset) * 60 + second;
    Some((i128::from(seconds) * 1_000_000_000 + fraction, cut < time.len()))
}

/// The normalisations. The value of a cell may print to another text than the cell's only so:
/// - null: the cell was empty, or in a column of another type than text `""` or a token of `NA`;
/// - bool: `true True TRUE` and the three falses are one each;
/// - int64, uint64, decimal: zeros behind the last digit of a fraction come and go; `NaN` does not;
/// - float64: the float nearest to the written number, whose value is exact if it was an integer;
/// - date and timestamp: the same day or instant, whatever separator, offset and zeros it had.
fn same(column: &dyn Array, row: usize, cell: &str, quoted: bool) -> bool {
    let text = *column.data_type() == DataType::LargeUtf8;
    if column.is_null(row) || *column.data_type() == DataType::Null {
        let token = ["NA", "N/A", "#N/A", "n/a", "NULL", "null", "None"].contains(&cell);
        return cell.is_empty() && !(quoted && text) || token && !text;
    }
    match column.data_type() {
        DataType::LargeUtf8 => column.as_string::<i64>().value(row) == cell,
        DataType::Boolean => {
            let word = ["false", "true"][usize::from(column.as_boolean().value(row))];
            cell.eq_ignore_ascii_case(word)
        }
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string() == cell,
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).to_string() == cell,
        DataType::Decimal128(38, scale) => {
            let value = column.as_primitive::<Decimal128Type>().value(row);
            exact(&format!("{value}e-{scale}"))
                .map(|(minus, digits, power)| (minus && !digits.is_empty(), digits, power))
                == exact(cell)
        }
        DataType::Float64 => {
            let value = column.as_primitive::<Float64Type>().value(row);
            let Ok(expected) = cell.parse::<f64>() else { return false };
            let integer = cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            let named = !cell.bytes().any(|byte| byte.is_ascii_digit());
            // Nothing becomes infinite or zero that was not.
            let sane = named || value.is_finite();
            let zero = exact(cell).is_some_and(|(_, digits, _)| digits.is_empty());
            let bits = value.to_bits() == expected.to_bits() || value.is_nan() && expected.is_nan();
            sane && bits && (value != 0.0 || zero) && (!integer || format!("{value}") == cell)
        }
        DataType::Date32 => {
            let value = i64::from(column.as_primitive::<Date32Type>().value(row));
            cell.len() == 10 && nanos(cell) == Some((i128::from(value) * 86_400_000_000_000, false))
        }
        DataType::Timestamp(unit, zone) => {
            let value = match unit {
                TimeUnit::Nanosecond => {
                    i128::from(column.as_primitive::<TimestampNanosecondType>().value(row))
                }
                TimeUnit::Microsecond => {
                    i128::from(column.as_primitive::<TimestampMicrosecondType>().value(row)) * 1000
                }
                _ => panic!("no such unit is inferred"),
            };
            nanos(cell) == Some((value, zone.is_some()))
        }
        other => panic!("no {other} is inferred"),
    }
}

fn check(cells: &[(String, bool)], chunk_bytes: usize) -> Result<(), TestCaseError> {
    let batch = column(cells, chunk_bytes);
    prop_assert_eq!(batch.num_rows(), cells.len());
    for (row, (cell, quoted)) in cells.iter().enumerate() {
        let column = batch.column(0);
        prop_assert!(
            same(column, row, cell, *quoted),
            "{:?} in row {row} of {cells:?} is {:?} in {}",
            cell,
            column.slice(row, 1),
            column.data_type()
        );
    }
    Ok(())
}

fn integers() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,4})",
        "[-+]?[0-9]{1,20}",
        "-?[1-9][0-9]{17,40}",
        select(vec![
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "18446744073709551615",
            "18446744073709551616",
            "9007199254740992",
            "9007199254740993",
            "-9007199254740993",
            "99999999999999999999999999999999999999",
            "100000000000000000000000000000000000000",
            "-0",
            "0",
            "00",
            "+1",
        ])
        .prop_map(str::to_owned),
    ]
}

fn floats() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,6})\\.[0-9]{1,4}",
        "[-+]?[0-9]{0,20}\\.[0-9]{0,22}",
        "-?[0-9]{1,3}(\\.[0-9]{0,18})?[eE][-+]?[0-9]{1,3}",
        any::<f64>().prop_map(|value| format!("{value}")),
        any::<f64>().prop_map(|value| format!("{value:e}")),
        select(vec![
            "1e999", "-1e999", "1e-400", "1e308", "1.8e308", "5e-324", "2e-324", "nan", "NaN",
            "inf", "-inf", "Infinity", "0x1p3", "1_000", "1e", ".", "-", "-.5", "5.", "0.0",
            "-0.0", "1d5", "1.5f", "1e+5", "0e0", "0e999", "infinity", "-nan", "+inf", "1.",
        ])
        .prop_map(str::to_owned),
    ]
}

fn times() -> impl Strategy<Value = String> {
    prop_oneof![
        "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
        "[0-9]{4}-[01][0-9]-[0-3][0-9]",
        "(19|20)[0-9]{2}-0[1-9]-[0-2][1-9][ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?",
        "(19|20)[0-9]{2}-0[1-9]-[0-2][1-9][ Tt][0-2][0-9]:[0-6][0-9]:[0-6][0-9]([.,][0-9]{0,10})?(Z|z|[-+][0-2][0-9]:?[0-6][0-9]|[-+][0-2][0-9])?",
        "20[0-9]{2}-0[1-9]-1[1-9]T10:[0-5][0-9]:00(Z|\\+02:00|-05:30)",
        "(0001|1677|1900|2262|9999)-(01|12)-(01|31)T(00|23):(00|59):(00|59)\\.[0-9]{9}",
        "[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}",
        "[0-9]{8}|[0-9]{2}:[0-9]{2}|[0-9]{4}-[0-9]{2}",
    ]
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "", "", "NA", "N/A", "#N/A", "n/a", "NULL", "null", "None", "na", "none", "true",
            "True", "TRUE", "tRue", "false", "False", "FALSE", "yes", "t", " 1", "1 ", " ", "-",
            "0x1F", "1,5", "1.000,5", "\u{fffd}", "\0", "١٢", "é", "\"", "a\nb", "1\n",
        ])
        .prop_map(str::to_owned),
        "[a-z]{1,4}",
        any::<String>(),
    ]
}

/// Mostly of one family, so that the column often types, with some of others.
fn cells() -> impl Strategy<Value = Vec<(String, bool)>> {
    let quoted = |cells: BoxedStrategy<String>| (cells, prop::bool::weighted(0.1)).boxed();
    let nulls = || select(vec!["", "NA", "null"]).prop_map(str::to_owned);
    let small = || "-?(0|[1-9][0-9]{0,17})".prop_map(|text| text.replace("-0", "1"));
    let family = prop_oneof![
        Just(prop_oneof![4 => integers(), 1 => nulls()].boxed()),
        Just(prop_oneof![9 => small(), 1 => nulls()].boxed()),
        Just(prop_oneof![4 => small(), 4 => "-?[1-9][0-9]{0,9}\\.[0-9]{1,9}"].boxed()),
        Just(prop_oneof![4 => floats(), 4 => integers(), 1 => nulls()].boxed()),
        Just(prop_oneof![5 => times(), 1 => nulls()].boxed()),
        Just("(19|20)[0-9]{2}-0[1-9]-[01][1-9]([ T]10:00:0[0-9](\\.[0-9]{3,9})?)?".boxed()),
        Just("20[0-9]{2}-0[1-9]-1[1-9]T10:00:00(Z|\\+02:00|-0530)".boxed()),
        Just(words().boxed()),
    ];
    let strangers = prop_oneof![integers(), floats(), times(), words()].boxed();
    (family, prop::bool::weighted(0.3)).prop_flat_map(move |(family, mixed)| {
        let weight = u32::from(mixed);
        let cell = prop_oneof![30 => family, weight => strangers.clone()].boxed();
        prop::collection::vec(quoted(cell), 1..30)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]
    #[test]
    fn cells_print_back(cells in cells(), chunk_bytes in select(vec![0_usize, 1, 7, 40])) {
        check(&cells, chunk_bytes)?;
    }
}

/// One rule: these cells give this type, and each of them is kept.
#[track_caller]
fn rule(cells: &[&str], expected: &DataType) {
    let cells: Vec<_> = cells.iter().map(|cell| ((*cell).to_owned(), false)).collect();
    for chunk_bytes in [0, 1] {
        let batch = column(&cells, chunk_bytes);
        assert_eq!(batch.column(0).data_type(), expected, "{cells:?}");
        check(&cells, chunk_bytes).unwrap();
    }
}

const INT: DataType = DataType::Int64;
const UINT: DataType = DataType::UInt64;
const FLOAT: DataType = DataType::Float64;
const TEXT: DataType = DataType::LargeUtf8;

fn decimal(scale: i8) -> DataType {
    DataType::Decimal128(38, scale)
}

fn micros(zone: Option<&str>) -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into))
}

#[test]
fn integers_are_never_rounded() {
    rule(&["9223372036854775807", "-9223372036854775808"], &INT);
    rule(&["9223372036854775808", "0"], &UINT);
    rule(&["18446744073709551615"], &UINT);
    rule(&["18446744073709551616", "1"], &decimal(0));
    rule(&["9223372036854775808", "-1"], &decimal(0));
    rule(&["-9223372036854775809"], &decimal(0));
    let nines = "9".repeat(38);
    rule(&[&nines, &format!("-{nines}")], &decimal(0));
    rule(&[&format!("1{}", "0".repeat(38)), "1"], &TEXT);
}

#[test]
fn integers_among_floats_are_exact_or_no_floats() {
    rule(&["9007199254740992", "-9007199254740992", "0.5"], &FLOAT);
    rule(&["9007199254740993", "0.5"], &decimal(1));
    rule(&["-9007199254740993", "0.25", "1"], &decimal(2));
    rule(&["9007199254740993", "1e300"], &TEXT);
    rule(&["18446744073709551616", "0.5"], &decimal(1));
    let wide = format!("{}.5", "9".repeat(37));
    rule(&[&"9".repeat(37), &wide], &decimal(1));
    rule(&[&"9".repeat(38), "0.5"], &TEXT);
    rule(&["9007199254740993", "nan"], &TEXT);
}

#[test]
fn signs_and_zeros_survive() {
    rule(&["01", "2"], &TEXT);
    rule(&["+1", "2"], &TEXT);
    rule(&["00"], &TEXT);
    rule(&["-01"], &TEXT);
    rule(&["01.5"], &TEXT);
    rule(&["+1.5"], &TEXT);
    rule(&["0", "1"], &INT);
    rule(&["0.5", "-0.5"], &FLOAT);
    rule(&["-0", "1"], &FLOAT);
    rule(&["-0", "-0.0"], &FLOAT);
}

#[test]
fn other_notations_are_text() {
    for cell in ["0x1F", "1_000", "1,5", "1e", ".", "-", "0b1", "1.5f", "١٢", " 1", "1 ", "1\n"] {
        rule(&[cell, "1"], &TEXT);
    }
}

#[test]
fn floats_beyond_float64_are_text() {
    for cell in ["1e999", "-1e999", "1e-400", "1.8e308", "2e-324", "1e99999999999999999999"] {
        rule(&[cell, "1.5"], &TEXT);
    }
    rule(&["1.7976931348623157e308", "5e-324", "0e999", "-0e-999"], &FLOAT);
    rule(&["nan", "inf", "-inf", "1.5"], &FLOAT);
}

#[test]
fn instants_survive() {
    rule(&["2024-01-31", "1969-12-31"], &DataType::Date32);
    rule(&["2024-01-31", "2024-01-31T00:00:01"], &micros(None));
    rule(&["2024-01-31T10:00:00Z", "2024-01-31 10:00:00.123456Z"], &micros(Some("UTC")));
    rule(&["2024-01-31T10:00:00+02:00", "2024-02-29T10:00:00+02:00"], &micros(Some("+02:00")));
    rule(&["2024-01-31T10:00:00+02:00", "2024-01-31T10:00:00-05:30"], &micros(Some("UTC")));
    rule(&["2024-01-31T10:00:00Z", "2024-01-31T10:00:00"], &TEXT);
    rule(&["2024-01-31T10:00:00Z", "2024-01-31"], &TEXT);
    let nanos = DataType::Timestamp(TimeUnit::Nanosecond, None);
    rule(&["2024-01-31T10:00:00.123456789", "2024-01-31"], &nanos);
    rule(&["2024-01-31T10:00:00.123456789", "9999-12-31"], &TEXT);
    rule(&["2024-01-31T10:00:00.1234567891", "2024-01-31T10:00:00"], &TEXT);
    for cell in ["2023-02-29", "2024-13-01", "2024-1-1", "2024-01-31T25:00:00", "20240131x"] {
        rule(&[cell, "2024-01-31"], &TEXT);
    }
}

#[test]
fn nulls_are_no_more_than_said() {
    let text = |cell: &str| (cell.to_owned(), false);
    rule(&["NA", "x", "", "null"], &TEXT);
    rule(&["NA", "1", "", "null"], &INT);
    rule(&["NA", "true", "None"], &DataType::Boolean);
    rule(&["na", "1"], &TEXT);
    rule(&["", ""], &DataType::Null);
    // The empty text stays apart from nothing.
    let cells = [(String::new(), true), text("x"), text(""), text("NA")];
    let batch = column(&cells, 0);
    let texts = batch.column(0).as_string::<i64>();
    assert_eq!(texts.iter().collect::<Vec<_>>(), [Some(""), Some("x"), None, Some("NA")]);
    let batch = column(&[(String::new(), true), text("1")], 0);
    assert_eq!(batch.column(0).data_type(), &INT);
    assert_eq!((batch.column(0).is_null(0), batch.column(0).null_count()), (true, 1));
}

#[test]
fn kinds_that_do_not_mix_are_text() {
    rule(&["true", "1"], &TEXT);
    rule(&["true", "2024-01-31"], &TEXT);
    rule(&["1", "2024-01-31"], &TEXT);
    rule(&["1.5", "x"], &TEXT);
    rule(&["true", "False", "TRUE"], &DataType::Boolean);
}

#[test]
fn digits_of_a_late_cell_change_what_was_read_before() {
    // The first pieces were read as int64 and float64 when the last cell made decimals of them.
    let mut cells: Vec<_> = (0..500).map(|row| (format!("{row}"), false)).collect();
    cells.extend((0..500).map(|row| (format!("{row}.25"), false)));
    cells.push(("9007199254740993".to_owned(), false));
    for chunk_bytes in [0, 1, 100] {
        let batch = column(&cells, chunk_bytes);
        assert_eq!(batch.column(0).data_type(), &decimal(2));
        check(&cells, chunk_bytes).unwrap();
    }
}
