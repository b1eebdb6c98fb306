//! Cells to values: exactly, or not at all; and the type of a column from all its cells.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, TimeUnit};
use pf_io_core::csv::column::parse;
use pf_io_core::csv::convert::convert;
use pf_io_core::csv::infer::guess;
use pf_io_core::csv::slab::MISSING;
use pf_io_core::csv::{
    ColumnSpec, Dialect, Facts, Final, IntOverflow, Kind, Nulls, Piece, Slab, Values,
};
use proptest::prelude::*;

/// A slab of one column; `None` is a missing cell.
fn slab_of(cells: &[Option<&str>], first_record: u64) -> Slab {
    let mut slab = Slab { width: 1, first_record, ..Slab::default() };
    for cell in cells {
        slab.starts.push(slab.bytes.len() as u32);
        if let Some(cell) = cell {
            slab.bytes.extend_from_slice(cell.as_bytes());
            slab.ends.push(slab.bytes.len() as u32);
        } else {
            slab.ends.push(MISSING);
            slab.missing = true;
        }
        slab.bytes.push(b'\n');
    }
    slab
}

fn slab(cells: &[&str]) -> Slab {
    slab_of(&cells.iter().copied().map(Some).collect::<Vec<_>>(), 1)
}

/// Pieces of at most `rows` rows, first read as `kind`, then as the final kind: what a reader does.
fn read_as(
    cells: &[&str],
    rows: usize,
    kind: Kind,
    spec: &ColumnSpec,
) -> (Final, Vec<Option<String>>) {
    let dialect = Dialect::default();
    let slabs: Vec<Slab> = cells
        .chunks(rows.max(1))
        .enumerate()
        .map(|(index, cells)| {
            slab_of(&cells.iter().copied().map(Some).collect::<Vec<_>>(), (index * rows) as u64 + 1)
        })
        .collect();
    let mut facts = Facts::default();
    let mut pieces = Vec::new();
    for slab in &slabs {
        let mut place = vec![0xee; kind.width().unwrap_or(0) * slab.rows()];
        let given = kind.width().map(|_| place.as_mut_slice());
        let piece = parse(slab, 0, spec, &dialect, kind, given);
        facts.merge(&piece.facts);
        pieces.push((piece, place));
    }
    let outcome = facts.resolve(spec).expect("a type");
    let mut texts = Vec::new();
    for (slab, (piece, place)) in slabs.iter().zip(&pieces) {
        let values = match &piece.values {
            Values::InPlace => place.as_slice(),
            Values::Fixed(own) => own,
            _ => &[],
        };
        let to = outcome.kind;
        if piece.kind == to {
            texts.extend(show(piece, values));
            continue;
        }
        let mut room = vec![0xee; to.width().unwrap_or(0) * slab.rows()];
        let converted = to.width().is_some()
            && convert(piece.kind, values, piece.nulls.as_ref(), to, &mut room);
        let again = parse(slab, 0, spec, &dialect, to, None);
        assert_eq!(again.kind, to, "{cells:?} by {rows} as {kind:?}");
        let Values::Fixed(exact) = &again.values else {
            texts.extend(show(&again, &[]));
            continue;
        };
        assert_eq!(again.nulls, piece.nulls);
        if converted {
            assert_eq!(&room, exact, "{cells:?}: {:?} to {to:?}", piece.kind);
        }
        texts.extend(show(&again, exact));
    }
    (outcome, texts)
}

/// Values as text.
fn show(piece: &Piece, values: &[u8]) -> Vec<Option<String>> {
    let rows: Vec<String> = match (&piece.values, piece.kind) {
        (Values::Texts(texts), _) => texts
            .offsets()
            .windows(2)
            .map(|ends| {
                String::from_utf8_lossy(&texts.bytes()[ends[0] as usize..ends[1] as usize]).into()
            })
            .collect(),
        (Values::Bits(bits), _) => bits.iter().map(|bit| bit.to_string()).collect(),
        (Values::Nothing, _) => {
            vec![String::new(); piece.nulls.as_ref().map_or(0, arrow::buffer::NullBuffer::len)]
        }
        (_, Kind::Date) => values
            .as_chunks()
            .0
            .iter()
            .map(|&value| i32::from_ne_bytes(value).to_string())
            .collect(),
        (_, Kind::Decimal(scale)) => values
            .as_chunks()
            .0
            .iter()
            .map(|&value| format!("{}e-{scale}", i128::from_ne_bytes(value)))
            .collect(),
        (_, kind) => values
            .as_chunks()
            .0
            .iter()
            .map(|&value| match kind {
                Kind::Float64 => format!("{:?}", f64::from_ne_bytes(value)),
                Kind::UInt64 => u64::from_ne_bytes(value).to_string(),
                _ => i64::from_ne_bytes(value).to_string(),
            })
            .collect(),
    };
    rows.into_iter()
        .enumerate()
        .map(|(row, text)| {
            piece.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)).then_some(text)
        })
        .collect()
}

fn read(cells: &[&str], spec: &ColumnSpec) -> (DataType, Vec<Option<String>>) {
    let kind = guess(&slab(cells), 0, spec, &Dialect::default()).kind(spec.int_overflow);
    let (outcome, texts) = read_as(cells, cells.len(), kind, spec);
    (outcome.data_type, texts)
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

#[track_caller]
fn check(cells: &[&str], data_type: &DataType, texts: &[&str]) {
    assert_eq!(read(cells, &ColumnSpec::default()), (data_type.clone(), some(texts)));
}

#[track_caller]
fn check_text(cells: &[&str]) {
    check(cells, &DataType::LargeUtf8, cells);
}

#[test]
fn test_leading_zeros_and_plus_signs_survive_as_text() {
    check_text(&["007", "12"]);
    check_text(&["+7", "12"]);
    check_text(&["00.5", "1.5"]);
    check_text(&["-01"]);
    check(&["0", "12"], &DataType::Int64, &["0", "12"]);
    check(&["0.5", "-0.25"], &DataType::Float64, &["0.5", "-0.25"]);
}

#[test]
fn test_integers_become_floats_only_where_they_are_exact() {
    check(&["9007199254740992", "0.5"], &DataType::Float64, &["9007199254740992.0", "0.5"]);
    check(
        &["9007199254740993", "0.5"],
        &DataType::Decimal128(38, 1),
        &["90071992547409930e-1", "5e-1"],
    );
    check_text(&["9007199254740993", "1e5"]);
    check_text(&["9007199254740993", "nan"]);
    check_text(&["90071992547409930000000000000000000", "0.12345"]);
}

#[test]
fn test_integers_beyond_int64() {
    let int = DataType::Int64;
    check(
        &["9223372036854775807", "-9223372036854775808"],
        &int,
        &["9223372036854775807", "-9223372036854775808"],
    );
    check(&["1", "18446744073709551615"], &DataType::UInt64, &["1", "18446744073709551615"]);
    let decimal = DataType::Decimal128(38, 0);
    check(&["-1", "18446744073709551615"], &decimal, &["-1e-0", "18446744073709551615e-0"]);
    let nines = "9".repeat(38);
    check(&[&nines], &decimal, &[&format!("{nines}e-0")]);
    check_text(&[&"9".repeat(39)]);
    let spec = ColumnSpec { int_overflow: IntOverflow::Text, ..ColumnSpec::default() };
    assert_eq!(read(&["9223372036854775808"], &spec).0, DataType::LargeUtf8);
    let spec = ColumnSpec { int_overflow: IntOverflow::Error, ..ColumnSpec::default() };
    let facts = guess(&slab(&["1", "9223372036854775808"]), 0, &spec, &Dialect::default());
    let witness = facts.resolve(&spec).expect_err("too large");
    assert_eq!((witness.record, witness.text.as_str()), (2, "\"9223372036854775808\""));
}

#[test]
fn test_floats_that_float64_does_not_hold_are_text() {
    check_text(&["1e999", "1"]);
    check_text(&["1e-400"]);
    check(&["0e-400"], &DataType::Float64, &["0.0"]);
    check(&["-0"], &DataType::Float64, &["-0.0"]);
    check(&["nan", "-inf", "1"], &DataType::Float64, &["NaN", "-inf", "1.0"]);
}

#[test]
fn test_null_tokens_are_null_only_beside_typed_cells() {
    let (data_type, texts) = read(&["1", "NA", ""], &ColumnSpec::default());
    assert_eq!((data_type, texts), (DataType::Int64, vec![Some("1".to_owned()), None, None]));
    let (data_type, texts) = read(&["x", "NA", "", "null"], &ColumnSpec::default());
    let expected = vec![Some("x".to_owned()), Some("NA".to_owned()), None, Some("null".to_owned())];
    assert_eq!((data_type, texts), (DataType::LargeUtf8, expected));
}

#[test]
fn test_quoted_empty_is_empty_in_text_and_null_in_typed_columns() {
    let auto = ColumnSpec::default();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(read(&["a", "\"\"", ""], &auto).1, vec![text("a"), text(""), None]);
    assert_eq!(read(&["1", "\"\"", ""], &auto), (DataType::Int64, vec![text("1"), None, None]));
    assert_eq!(read(&["\"\"", ""], &auto), (DataType::LargeUtf8, vec![text(""), None]));
    assert_eq!(read(&["", ""], &auto), (DataType::Null, vec![None, None]));
    let strict = ColumnSpec { nulls: Nulls::Strict, ..ColumnSpec::default() };
    assert_eq!(read(&["1", "\"\"", ""], &strict).1, vec![text("1"), text(""), None]);
    assert_eq!(read(&["1", "NA"], &strict).0, DataType::LargeUtf8);
}

#[test]
fn test_null_lists() {
    let list = ColumnSpec { nulls: Nulls::List(vec!["-1".to_owned()]), ..ColumnSpec::default() };
    assert_eq!(
        read(&["5", "-1", "\"-1\""], &list).1,
        vec![Some("5".to_owned()), None, Some("-1".to_owned())]
    );
    assert_eq!(read(&["5", ""], &list).0, DataType::LargeUtf8);
    let pandas = ColumnSpec { nulls: Nulls::Pandas, ..ColumnSpec::default() };
    assert_eq!(
        read(&["x", "NA", "nan", "\"\""], &pandas).1,
        vec![Some("x".to_owned()), None, None, None]
    );
}

#[test]
fn test_quotes_and_mixed_types() {
    check(&["\"1\"", "2"], &DataType::Int64, &["1", "2"]);
    check(&["\"a\"\"b\"", "\"p\"q", "\"\"x"], &DataType::LargeUtf8, &["a\"b", "pq", "x"]);
    check(&["true", "FALSE"], &DataType::Boolean, &["true", "false"]);
    check_text(&["true", "1"]);
    check_text(&["0x1f"]);
    check_text(&["1_000", "1 "]);
    check_text(&["2024-01-31", "1"]);
}

#[test]
fn test_dates_and_times() {
    check(&["1970-01-02"], &DataType::Date32, &["1"]);
    check_text(&["2024-02-30"]);
    let timestamp = |unit, zone: Option<&str>| DataType::Timestamp(unit, zone.map(Into::into));
    let micros = timestamp(TimeUnit::Microsecond, None);
    check(&["1970-01-02", "1970-01-01T00:00:01.5"], &micros, &["86400000000", "1500000"]);
    let nanos = timestamp(TimeUnit::Nanosecond, None);
    check(&["1970-01-01 00:00:00.1234567", "1970-01-01 00:00"], &nanos, &["123456700", "0"]);
    check_text(&["1970-01-01 00:00:00.1234567", "3000-01-01"]);
    let zone = timestamp(TimeUnit::Microsecond, Some("+02:00"));
    check(&["1970-01-01T02:00+02:00", "1970-01-01T02:00:01+0200"], &zone, &["0", "1000000"]);
    let utc = timestamp(TimeUnit::Microsecond, Some("UTC"));
    check(&["1970-01-01T02:00+02:00", "1970-01-01T00:00Z"], &utc, &["0", "0"]);
    check_text(&["1970-01-01T02:00+02:00", "1970-01-01T00:00"]);
    check_text(&["1970-01-01T02:00+02:00", "1970-01-01"]);
}

#[test]
fn test_missing_cells_are_null() {
    let slab = slab_of(&[Some("1"), None], 1);
    for kind in [Kind::Null, Kind::Int64, Kind::Text] {
        let piece = parse(&slab, 0, &ColumnSpec::default(), &Dialect::default(), kind, None);
        assert!(piece.nulls.is_some_and(|nulls| nulls.is_null(1)), "{kind:?}");
    }
    let piece = parse(&slab, 7, &ColumnSpec::default(), &Dialect::default(), Kind::Int64, None);
    assert_eq!(piece.nulls.map(|nulls| nulls.null_count()), Some(2));
}

#[test]
fn test_integers_at_all_power_boundaries() {
    for power in 0..38_u32 {
        let ten = 10_i128.pow(power);
        for number in [ten - 1, ten, ten + 1, -ten, 1 - ten, -1 - ten] {
            let text = number.to_string();
            let expected = if i64::try_from(number).is_ok() {
                DataType::Int64
            } else if u64::try_from(number).is_ok() {
                DataType::UInt64
            } else {
                DataType::Decimal128(38, 0)
            };
            let shown = match expected {
                DataType::Decimal128(..) => format!("{text}e-0"),
                _ => text.clone(),
            };
            check(&[&text], &expected, &[&shown]);
        }
    }
    for power in 0..64_u32 {
        for number in [(1_i128 << power) - 1, 1 << power, -(1 << power), -(1 << power) - 1] {
            let text = number.to_string();
            let (_, texts) = read(&[&text], &ColumnSpec::default());
            assert_eq!(
                texts[0].as_deref().map(|shown| shown.trim_end_matches("e-0")),
                Some(&*text)
            );
        }
    }
}

#[track_caller]
fn check_float(text: &str) {
    let expected: f64 = text.parse().expect("a float");
    let slab = slab(&["x", text, "y"]);
    let one = Slab {
        starts: vec![slab.starts[1]],
        ends: vec![slab.ends[1]],
        bytes: [b"____________________".as_slice(), &slab.bytes].concat(),
        width: 1,
        ..Slab::default()
    };
    let one = Slab {
        starts: one.starts.iter().map(|at| at + 20).collect(),
        ends: one.ends.iter().map(|at| at + 20).collect(),
        ..one
    };
    let piece = parse(&one, 0, &ColumnSpec::default(), &Dialect::default(), Kind::Float64, None);
    if !expected.is_finite() || piece.kind != Kind::Float64 {
        return;
    }
    let Values::Fixed(values) = piece.values else { panic!("{text}: {:?}", piece.values) };
    let bits: [u8; 8] = values.try_into().expect("one value");
    assert_eq!(f64::from_ne_bytes(bits).to_bits(), expected.to_bits(), "{text}");
}

/// The decimal text of the point halfway between `value` and the next float.
fn halfway(value: f64) -> String {
    // Both neighbours are integers times a power of two, so is their mean; written exactly.
    let bits = value.to_bits() & (u64::MAX >> 1);
    let mantissa = u128::from(bits & ((1 << 52) - 1) | (1 << 52)) * 2 + 1;
    // 1 <= value < 2^40: the exponent of the doubled mantissa is between -53 and -13.
    let exponent = 1075 + 1 - (bits >> 52) as i32;
    let (mut digits, mut rest) = (String::new(), mantissa);
    let whole = rest >> exponent;
    rest -= whole << exponent;
    while rest != 0 {
        rest *= 10;
        digits.push(char::from(b'0' + (rest >> exponent) as u8));
        rest &= (1 << exponent) - 1;
    }
    format!("{whole}.{digits}")
}

type Cells = Vec<String>;

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        1 => Just("\"\"".to_owned()),
        1 => Just("NA".to_owned()),
        6 => any::<i16>().prop_map(|number| number.to_string()),
        2 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => any::<i128>().prop_map(|number| (number / 100).to_string()),
        3 => any::<(i32, u8)>().prop_map(|(a, b)| format!("{a}.{b}")),
        1 => any::<f64>().prop_map(|number| format!("{number:e}")),
        2 => Just("true".to_owned()),
        2 => (1_u16..9999, 1_u8..13).prop_map(|(y, m)| format!("{y:04}-{m:02}-03")),
        2 => (1_u16..9999, 0_u8..24).prop_map(|(y, h)| format!("{y:04}-07-03T{h:02}:00:00")),
        1 => (1700_u16..2200).prop_map(|y| format!("{y}-07-03 01:02:03.1234567")),
        1 => (0_u8..14).prop_map(|h| format!("2024-07-03T01:02:03+{h:02}:00")),
        1 => "[a-z0\"+.-]{0,20}",
    ]
}

/// Mostly cells of a few kinds, so that columns have types.
fn column() -> impl Strategy<Value = Cells> {
    prop::collection::vec(cell(), 1..4)
        .prop_flat_map(|kinds| prop::collection::vec(prop::sample::select(kinds), 1..60))
        .prop_flat_map(|cells| {
            let other = prop::collection::vec(cell(), 0..2);
            (Just(cells), other).prop_map(|(mut cells, other)| {
                cells.extend(other);
                cells
            })
        })
        .prop_shuffle()
}

const KINDS: [Kind; 11] = [
    Kind::Null,
    Kind::Bool,
    Kind::Int64,
    Kind::UInt64,
    Kind::Decimal(0),
    Kind::Decimal(5),
    Kind::Float64,
    Kind::Date,
    Kind::Timestamp { nanos: false, zoned: false },
    Kind::Timestamp { nanos: true, zoned: false },
    Kind::Timestamp { nanos: false, zoned: true },
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn final_type_is_independent_of_slabs_and_guesses(
        cells in column(),
        rows in 1_usize..70,
        kind in prop::sample::select(KINDS.to_vec()),
    ) {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let spec = ColumnSpec::default();
        let serial = read_as(&cells, cells.len(), Kind::Null, &spec);
        prop_assert_eq!(read_as(&cells, rows, kind, &spec), serial);
    }

    #[test]
    fn text_prints_back(cells in column()) {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let (data_type, texts) = read(&cells, &ColumnSpec::default());
        for (cell, text) in cells.iter().zip(&texts) {
            if cell.starts_with('"') {
                continue; // says something else than it looks like
            }
            let Some(text) = text else {
                prop_assert!(["", "NA"].contains(cell));
                continue;
            };
            match &data_type {
                DataType::Int64 | DataType::UInt64 | DataType::Boolean => prop_assert_eq!(cell, text),
                DataType::LargeUtf8 => prop_assert_eq!(cell, text),
                DataType::Float64 => prop_assert_eq!(
                    cell.parse::<f64>().map(f64::to_bits), text.parse::<f64>().map(f64::to_bits)
                ),
                _ => {}
            }
        }
    }

    #[test]
    fn floats_equal_std(value: f64, short in "-?[0-9]{1,9}\\.[0-9]{0,12}(e-?[0-9]{1,2})?",
                        long in "[1-9]{1}\\.?[0-9]{14,19}", six in "-?[0-9]{0,6}\\.[0-9]{1,6}",
                        near in 1.0..1e12_f64) {
        for text in [format!("{value:?}"), format!("{value}"), format!("{value:e}"),
                     format!("{value:.17e}"), short, long, six, halfway(near)] {
            check_float(&text);
        }
    }

    #[test]
    fn any_bytes_are_safe(bytes: Vec<u8>, starts in prop::collection::vec(0_u32..40, 0..9),
                          ends in prop::collection::vec(0_u32..40, 0..30), width in 0_usize..4,
                          column in 0_usize..4) {
        let slab = Slab { bytes, starts, ends, width, ..Slab::default() };
        for kind in KINDS.into_iter().chain([Kind::Text]) {
            parse(&slab, column, &ColumnSpec::default(), &Dialect::default(), kind, None);
        }
    }
}

#[test]
fn test_merging_is_symmetric() {
    let mut seen = BTreeMap::new();
    let cells = ["1", "0.5", "true", "x", "", "NA", "2024-01-01", "99999999999999999999", "007"];
    for a in cells {
        for b in cells {
            let (outcome, _) = read_as(&[a, b], 1, Kind::Null, &ColumnSpec::default());
            let key = if a < b { (a, b) } else { (b, a) };
            let first = seen.entry(key).or_insert_with(|| outcome.data_type.clone());
            assert_eq!(*first, outcome.data_type, "{a} {b}");
        }
    }
}
