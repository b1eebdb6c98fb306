//! One cell's text to one value, exactly or not at all.
//!
//! `strict` is the form inference accepts: no plus sign and no leading zeros, because a column of
//! such texts (codes, telephone numbers) would not print back. A type set by the caller is lenient.

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A sign and the rest; a plus sign only if lenient.
fn sign(text: &[u8], strict: bool) -> (bool, &[u8]) {
    match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') if !strict => (false, &text[1..]),
        _ => (false, text),
    }
}

/// Decimal digits as a number; `None` if there is anything else, nothing, or too much.
fn digits(text: &[u8], strict: bool) -> Option<u64> {
    if text.is_empty() || (strict && text.len() > 1 && text[0] == b'0') {
        return None;
    }
    let mut number = 0_u64;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(number)
}

/// A 64-bit integer.
pub(super) fn int(text: &[u8], strict: bool) -> Option<i64> {
    let (negative, rest) = sign(text, strict);
    let number = digits(rest, strict)?;
    if negative { 0_i64.checked_sub_unsigned(number) } else { i64::try_from(number).ok() }
}

/// An unsigned 64-bit integer.
pub(super) fn uint(text: &[u8], strict: bool) -> Option<u64> {
    let (negative, rest) = sign(text, strict);
    let number = digits(rest, strict)?;
    (!negative || number == 0).then_some(number)
}

/// What the characters of a float say.
#[expect(clippy::struct_excessive_bools, reason = "four independent facts about one text")]
pub(super) struct FloatText<'a> {
    text: &'a [u8],
    negative: bool,
    /// All digits as one number, if they fit 2^53.
    mantissa: Option<u64>,
    fraction: usize,
    exponent: bool,
    special: bool,
    nonzero: bool,
}

/// Splits `-12.5e3`, `.5`, `5.`, `nan`, `inf`; `None` if it is no float.
pub(super) fn float_text(text: &[u8], strict: bool) -> Option<FloatText<'_>> {
    let (negative, rest) = sign(text, strict);
    let mut float = FloatText {
        text,
        negative,
        mantissa: Some(0),
        fraction: 0,
        exponent: false,
        special: false,
        nonzero: false,
    };
    if matches!(
        rest,
        b"nan" | b"NaN" | b"NAN" | b"inf" | b"Inf" | b"INF" | b"infinity" | b"Infinity"
    ) {
        float.special = true;
        return Some(float);
    }
    let mut at = 0;
    let mut count = 0;
    let mut point = false;
    let mut mantissa = 0_u64;
    while let Some(&byte) = rest.get(at) {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            // 18 digits cannot overflow; more are left to the slow path
            mantissa = if count < 18 { mantissa * 10 + u64::from(digit) } else { u64::MAX };
            count += 1;
            float.fraction += usize::from(point);
            float.nonzero |= digit != 0;
        } else if byte == b'.' && !point {
            point = true;
        } else {
            break;
        }
        at += 1;
    }
    float.mantissa = (mantissa <= 1 << 53).then_some(mantissa);
    if count == 0 || (strict && rest[0] == b'0' && rest.get(1).is_some_and(u8::is_ascii_digit)) {
        return None;
    }
    if at < rest.len() {
        if !matches!(rest[at], b'e' | b'E') {
            return None;
        }
        let power = &rest[at + 1..];
        let power = power.strip_prefix(b"-").or(power.strip_prefix(b"+")).unwrap_or(power);
        if power.is_empty() || !power.iter().all(u8::is_ascii_digit) {
            return None;
        }
        float.exponent = true;
    }
    Some(float)
}

/// Powers of ten that are exact in binary.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

impl FloatText<'_> {
    /// Whether the value is within the range of float64 without a look at its digits.
    pub(super) fn surely_in_range(&self) -> bool {
        self.special || (!self.exponent && self.text.len() < 300)
    }

    fn parse<F: std::str::FromStr>(&self) -> Option<F> {
        std::str::from_utf8(self.text).ok()?.parse().ok()
    }

    /// The nearest float64; `None` if a finite text would become infinite or zero.
    pub(super) fn value(&self) -> Option<f64> {
        if let Some(mantissa) = self.mantissa
            && !self.exponent
            && !self.special
            && self.fraction < POWERS.len()
        {
            // One rounding: both operands are exact (Clinger 1990).
            let value = mantissa as f64 / POWERS[self.fraction];
            return Some(if self.negative { -value } else { value });
        }
        let value: f64 = self.parse()?;
        let held = self.special || (value.is_finite() && (value != 0.0 || !self.nonzero));
        held.then_some(value)
    }

    /// The nearest float32, by the same rule.
    pub(super) fn value32(&self) -> Option<f32> {
        let value: f32 = self.parse()?;
        let held = self.special || (value.is_finite() && (value != 0.0 || !self.nonzero));
        held.then_some(value)
    }
}

/// `true`, `True`, `TRUE` and the three falses.
pub(super) fn boolean(text: &[u8]) -> Option<bool> {
    match text {
        b"true" | b"True" | b"TRUE" => Some(true),
        b"false" | b"False" | b"FALSE" => Some(false),
        _ => None,
    }
}

/// A fixed-point number: its digits at `scale`, at most `precision` of them.
pub(super) fn decimal(text: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let (negative, rest) = sign(text, false);
    let scale = usize::try_from(scale).ok()?;
    let point = rest.iter().position(|&byte| byte == b'.').unwrap_or(rest.len());
    let (whole, fraction) = (&rest[..point], rest.get(point + 1..).unwrap_or(&[]));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut number = 0_i128;
    let kept = fraction.len().min(scale);
    for &byte in whole.iter().chain(&fraction[..kept]) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    if fraction[kept..].iter().any(|&byte| byte != b'0') {
        return None; // digits would be lost
    }
    for _ in kept..scale {
        number = number.checked_mul(10)?;
    }
    let fits = 10_i128.checked_pow(u32::from(precision)).is_none_or(|bound| number < bound);
    fits.then_some(if negative { -number } else { number })
}

/// Exactly `length` digits at the start.
fn fixed(text: &[u8], length: usize) -> Option<i64> {
    let head = text.get(..length)?;
    head.iter()
        .all(u8::is_ascii_digit)
        .then(|| head.iter().fold(0, |number, &byte| number * 10 + i64::from(byte - b'0')))
}

/// Days since 1970-01-01 of `YYYY-MM-DD` at the start of `text`; years 1 to 9999.
fn days(text: &[u8]) -> Option<i64> {
    if text.len() < 10 || text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let (year, month, day) = (fixed(text, 4)?, fixed(&text[5..], 2)?, fixed(&text[8..], 2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if year == 0 || !(1..=12).contains(&month) || !(1..=length).contains(&day) {
        return None;
    }
    // Hinnant, "chrono-compatible low-level date algorithms": the year starts in March.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Days since 1970-01-01 of exactly `YYYY-MM-DD`.
pub(super) fn date(text: &[u8]) -> Option<i32> {
    if text.len() == 10 { days(text).and_then(|days| i32::try_from(days).ok()) } else { None }
}

/// A point in time as written.
pub(super) struct Instant {
    /// Seconds since 1970-01-01T00:00:00, the offset taken off.
    seconds: i64,
    nanos: i64,
    /// The text names an offset or `Z`.
    pub zoned: bool,
}

impl Instant {
    /// Ticks of `per_second`; `None` if digits would be lost or it does not fit.
    pub(super) fn ticks(&self, per_second: i64) -> Option<i64> {
        let width = 1_000_000_000 / per_second;
        if self.nanos % width != 0 {
            return None;
        }
        self.seconds.checked_mul(per_second)?.checked_add(self.nanos / width)
    }
}

/// ISO 8601: `YYYY-MM-DD`, `T` or space, `HH:MM[:SS[.f]]`, then nothing, `Z`, `+HH`, `+HHMM`, `+HH:MM`.
pub(super) fn instant(text: &[u8]) -> Option<Instant> {
    let days = days(text)?;
    if !matches!(text.get(10)?, b'T' | b' ') {
        return None;
    }
    let clock = &text[11..];
    let (hour, minute) = (fixed(clock, 2)?, fixed(clock.get(3..)?, 2)?);
    if clock[2] != b':' || hour > 23 || minute > 59 {
        return None;
    }
    let mut rest = &clock[5..];
    let (mut second, mut nanos) = (0, 0);
    if rest.first() == Some(&b':') {
        second = fixed(&rest[1..], 2)?;
        rest = &rest[3..];
        if second > 59 {
            return None;
        }
        if rest.first() == Some(&b'.') {
            let length = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if !(1..=9).contains(&length) {
                return None;
            }
            nanos = fixed(&rest[1..], length)? * 10_i64.pow(9 - length as u32);
            rest = &rest[1 + length..];
        }
    }
    let offset = match rest {
        [] => None,
        b"Z" => Some(0),
        [sign @ (b'+' | b'-'), zone @ ..] => {
            let hours = fixed(zone, 2)?;
            let minutes = match &zone[2..] {
                [] => 0,
                [b':', minutes @ ..] | minutes if minutes.len() == 2 => fixed(minutes, 2)?,
                _ => return None,
            };
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3600 + minutes * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => return None,
    };
    let seconds = days * DAY + hour * 3600 + minute * 60 + second - offset.unwrap_or(0);
    Some(Instant { seconds, nanos, zoned: offset.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn test_integers_at_the_edges() {
        assert_eq!(int(b"-9223372036854775808", true), Some(i64::MIN));
        assert_eq!(int(b"9223372036854775808", true), None);
        assert_eq!(uint(b"18446744073709551615", true), Some(u64::MAX));
        assert_eq!(uint(b"18446744073709551616", true), None);
        assert_eq!(int(b"007", true), None);
        assert_eq!(int(b"+7", true), None);
        assert_eq!(int(b"+007", false), Some(7));
        for text in ["", "-", "1 ", "0x1", "1_0"] {
            assert_eq!(int(text.as_bytes(), false), None, "{text}");
        }
    }

    #[test]
    fn test_float_is_never_rounded_to_infinity_or_zero() {
        let value = |text: &str| float_text(text.as_bytes(), true).and_then(|float| float.value());
        assert_eq!(value("1e999"), None);
        assert_eq!(value("1e-400"), None);
        assert_eq!(value("0e-400"), Some(0.0));
        assert_eq!(value(".5"), Some(0.5));
        assert_eq!(value("5."), Some(5.0));
        assert_eq!(value("-0.0").map(f64::to_bits), Some((-0.0_f64).to_bits()));
        assert!(value("NaN").is_some_and(f64::is_nan));
        assert_eq!(value("-inf"), Some(f64::NEG_INFINITY));
        for text in ["", ".", "e5", "1e", "1e+", "00.5", "1.2.3", "+1.0", "1f", "0x1p3"] {
            assert_eq!(value(text), None, "{text}");
        }
    }

    #[test]
    fn test_times() {
        assert_eq!(date(b"1970-01-01"), Some(0));
        assert_eq!(date(b"2024-02-29"), Some(19_782));
        assert_eq!(date(b"0001-01-01"), Some(-719_162));
        assert_eq!(date(b"2023-02-29"), None);
        let micros = |text: &str| instant(text.as_bytes()).and_then(|at| at.ticks(1_000_000));
        assert_eq!(micros("1970-01-01T00:00"), Some(0));
        assert_eq!(micros("1970-01-01 00:00:01.5Z"), Some(1_500_000));
        assert_eq!(micros("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(micros("1970-01-01T01:00:00+0100"), Some(0));
        assert_eq!(micros("1969-12-31T23:59:59.999999"), Some(-1));
        assert_eq!(micros("1970-01-01T00:00:00.1234567"), None); // digits would be lost
        for text in ["1970-01-01T24:00", "1970-01-01T00:60", "1970-01-01T00:00:00.", "1970-01-01T"]
        {
            assert_eq!(micros(text), None, "{text}");
        }
    }

    #[test]
    fn test_decimal_keeps_every_digit() {
        assert_eq!(decimal(b"-12.50", 10, 2), Some(-1250));
        assert_eq!(decimal(b"12.500", 10, 2), Some(1250));
        assert_eq!(decimal(b"12.501", 10, 2), None);
        assert_eq!(decimal(b"1", 3, 3), None);
        assert_eq!(decimal(b".", 3, 3), None);
    }

    proptest! {
        #[test]
        fn floats_equal_std(value: f64) {
            for text in [format!("{value:?}"), format!("{value}"), format!("{value:e}")] {
                let ours = float_text(text.as_bytes(), true).and_then(|float| float.value());
                if value.is_nan() {
                    prop_assert!(ours.is_some_and(f64::is_nan));
                } else {
                    prop_assert_eq!(ours.map(f64::to_bits), Some(value.to_bits()), "{}", text);
                }
            }
        }

        #[test]
        fn short_floats_equal_std(text in "-?[0-9]{1,9}\\.[0-9]{0,12}(e-?[0-9]{1,2})?") {
            let ours = float_text(text.as_bytes(), false).and_then(|float| float.value());
            prop_assert_eq!(ours.map(f64::to_bits), text.parse::<f64>().ok().map(f64::to_bits));
        }

        #[test]
        fn any_bytes_are_safe(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            int(&text, true);
            float_text(&text, false).and_then(|float| float.value());
            instant(&text);
            decimal(&text, 38, 10);
        }
    }
}
