//! The type of a column from all its cells: the narrowest of the types that every cell fits.
//!
//! Candidates are bits; a cell removes those it does not fit. An integer fits float64 only if it is
//! exact there, and integers beyond int64 fit uint64 or nothing, so whole numbers never lose digits.

use arrow::datatypes::{DataType, TimeUnit};

use super::value;

const INT: u8 = 1;
const UINT: u8 = 1 << 1;
const FLOAT: u8 = 1 << 2;
const BOOL: u8 = 1 << 3;
const DATE: u8 = 1 << 4;
const TIME: u8 = 1 << 5;
const ZONED: u8 = 1 << 6;

/// What is still possible for one column.
#[derive(Debug, Clone, Copy, Default)]
pub struct Guess {
    /// Types excluded so far.
    excluded: u8,
    seen: bool,
}

impl Guess {
    /// No cell can change the outcome any more.
    pub fn is_settled(self) -> bool {
        self.excluded & (INT | UINT | FLOAT | BOOL | DATE | TIME | ZONED)
            == INT | UINT | FLOAT | BOOL | DATE | TIME | ZONED
    }

    /// Takes one cell that is not null into account.
    pub fn add(&mut self, text: &[u8]) {
        self.seen = true;
        self.excluded |= !classify(text);
    }

    /// The outcome: text if there was no cell or no type fits.
    pub fn data_type(self) -> DataType {
        let fits = |kind: u8| self.seen && self.excluded & kind == 0;
        if fits(INT) {
            DataType::Int64
        } else if fits(UINT) {
            DataType::UInt64
        } else if fits(FLOAT) {
            DataType::Float64
        } else if fits(BOOL) {
            DataType::Boolean
        } else if fits(DATE) {
            DataType::Date32
        } else if fits(TIME) {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        } else if fits(ZONED) {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        } else {
            DataType::Utf8
        }
    }
}

/// The types one cell fits, as bits.
fn classify(text: &[u8]) -> u8 {
    match text.first() {
        Some(b'0'..=b'9' | b'-' | b'.' | b'n' | b'N' | b'i' | b'I') => number(text),
        Some(b't' | b'T' | b'f' | b'F') if value::boolean(text).is_some() => BOOL,
        _ => 0,
    }
}

fn number(text: &[u8]) -> u8 {
    if let Some(int) = value::int(text, true) {
        let exact = int.unsigned_abs() <= 1 << 53 || int as f64 as i128 == i128::from(int);
        return INT | if exact { FLOAT } else { 0 } | if int >= 0 { UINT } else { 0 };
    }
    if text.len() >= 10 && text[4] == b'-' {
        if value::date(text).is_some() {
            return DATE;
        }
        if let Some(instant) = value::instant(text)
            && instant.ticks(1_000_000).is_some()
        {
            return if instant.zoned { ZONED } else { TIME };
        }
    }
    if value::uint(text, true).is_some() {
        return UINT;
    }
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.iter().all(u8::is_ascii_digit) {
        return 0; // an integer too large, or with leading zeros
    }
    match value::float_text(text, true) {
        Some(float) if float.surely_in_range() || float.value().is_some() => FLOAT,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer(cells: &[&str]) -> String {
        let mut guess = Guess::default();
        for cell in cells {
            guess.add(cell.as_bytes());
        }
        crate::batch::type_name(&guess.data_type())
    }

    #[test]
    fn test_column_types() {
        assert_eq!(infer(&[]), "string");
        assert_eq!(infer(&["1", "-2"]), "int64");
        assert_eq!(infer(&["1", "2.5", "nan"]), "float64");
        assert_eq!(infer(&["1", "007"]), "string");
        assert_eq!(infer(&["1", "+7"]), "string");
        assert_eq!(infer(&["1", "18446744073709551615"]), "uint64");
        assert_eq!(infer(&["-1", "18446744073709551615"]), "string");
        assert_eq!(infer(&["18446744073709551616"]), "string");
        assert_eq!(infer(&["9007199254740993", "0.5"]), "string"); // not exact in float64
        assert_eq!(infer(&["9007199254740992", "0.5"]), "float64");
        assert_eq!(infer(&["1e999"]), "string");
        assert_eq!(infer(&["true", "FALSE"]), "bool");
        assert_eq!(infer(&["true", "1"]), "string");
        assert_eq!(infer(&["2024-01-31"]), "date");
        assert_eq!(infer(&["2024-01-31T10:00", "2024-01-31 10:00:00.25"]), "timestamp(us)");
        assert_eq!(infer(&["2024-01-31T10:00Z", "2024-01-31 10:00+02"]), "timestamp(us, UTC)");
        assert_eq!(infer(&["2024-01-31T10:00Z", "2024-01-31 10:00"]), "string");
        assert_eq!(infer(&["2024-02-30"]), "string");
        assert_eq!(infer(&["", "1"]), "string");
        assert_eq!(infer(&["-"]), "string");
    }
}
