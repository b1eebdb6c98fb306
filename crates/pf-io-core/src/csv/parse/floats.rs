//! Floats: the nearest float64, bit for bit.
//!
//! A mantissa below 2^53 divided by an exact power of ten is rounded once, hence correctly
//! (Clinger, "How to read floating point numbers accurately", 1990). A mantissa of 16 to 19 digits is
//! divided by a power of five in integers, which needs no table of approximations and no second try
//! (compare Lemire, "Number Parsing at a Gigabyte per Second", 2021). The rest is left to `std`.

use super::sixteen::Signed;

/// Powers of ten that are exact in binary.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// A number in its usual form: at most 15 digits, a point or none, no exponent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quick {
    pub value: f64,
    /// There is no point.
    pub integer: bool,
    /// Digits before the point.
    pub whole: u8,
    /// Digits behind it.
    pub fraction: u8,
}

/// A float in the form that inference accepts; `None`: look again slowly.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the loop over a column is around it")]
pub(crate) fn quick(bytes: &[u8], start: usize, end: usize, point: u8) -> Option<Quick> {
    let Signed { negative, count, zero, digits } = Signed::new(bytes, start, end)?;
    let place = digits.find(point);
    let integer = place == 16;
    let digits = digits.without(place);
    let fraction = 15_usize.saturating_sub(place);
    let some = count - usize::from(!integer);
    let whole = some.wrapping_sub(fraction);
    // Leading zeros do not print back.
    if some.wrapping_sub(1) >= 15 || !digits.are_digits() || (zero && whole > 1) {
        return None;
    }
    let mantissa = digits.join();
    // Minus zero is neither an integer nor a decimal.
    if mantissa < u64::from(negative) {
        return None;
    }
    // Below 2^53; no processor can predict a sign, so there is no branch for it.
    let sign = -i64::from(negative);
    let signed = (mantissa as i64 ^ sign) - sign;
    Some(Quick {
        value: signed as f64 / POWERS[fraction & 15],
        integer,
        whole: whole as u8,
        fraction: fraction as u8,
    })
}

/// As [`quick`], for 16 to 19 digits with a point.
pub(crate) fn long(bytes: &[u8], start: usize, end: usize, point: u8) -> Option<Quick> {
    let text = bytes.get(start..end)?;
    let negative = text.first() == Some(&b'-');
    let text = text.get(usize::from(negative)..)?;
    if !(17..=20).contains(&text.len()) || start < 16 {
        return None;
    }
    // Four digits at most are before the last sixteen bytes; one of the two parts has the point.
    let (tail, tail_count) = (Signed::new(bytes, end - 16, end)?, 16);
    let head_count = text.len() - tail_count;
    let head = Signed::new(bytes, end - text.len(), end - tail_count)?;
    let (in_head, in_tail) = (head.digits.find(point), tail.digits.find(point));
    let (head_digits, tail_digits) = (head.digits.without(in_head), tail.digits.without(in_tail));
    let whole = match (in_head, in_tail) {
        (16, 16) => return None,
        (16, place) => head_count + place,
        (place, 16) => place - (16 - head_count),
        _ => return None,
    };
    let fraction = text.len() - 1 - whole;
    let form =
        !head.negative && !tail.negative && head_digits.are_digits() && tail_digits.are_digits();
    if !form || (head.zero && whole > 1) {
        return None;
    }
    let tail_power = if in_tail == 16 { 10_000_000_000_000_000 } else { 1_000_000_000_000_000 };
    let mantissa = head_digits.join() * tail_power + tail_digits.join();
    if mantissa == 0 {
        return None; // zeros are not divided
    }
    let value = quotient(mantissa, *FIVES.get(fraction)?, fraction as i64);
    Some(Quick {
        value: if negative { -value } else { value },
        integer: false,
        whole: whole as u8,
        fraction: fraction as u8,
    })
}

/// Powers of five below 2^64.
static FIVES: [u64; 28] = {
    let mut fives = [1; 28];
    let mut power = 1;
    while power < 28 {
        fives[power] = fives[power - 1] * 5;
        power += 1;
    }
    fives
};

/// The float64 nearest to `mantissa / (five * 2^twos)`, neither of the first two being 0: 64 bits of
/// the exact quotient are rounded once, and the remainder tells what follows them.
fn quotient(mantissa: u64, five: u64, twos: i64) -> f64 {
    let (above, below) = (mantissa.leading_zeros(), five.leading_zeros());
    let (above_top, five) = (u128::from(mantissa << above), five << below);
    let at_least_one = above_top >= u128::from(five);
    let dividend = above_top << (64 - u32::from(at_least_one));
    // Between 2^63 and 2^64.
    let bits = (dividend / u128::from(five)) as u64;
    let rest = dividend != u128::from(bits) * u128::from(five);
    let (kept, lost) = (bits >> 11, bits & 0x7ff | u64::from(rest) << 11);
    // `lost` is at least half of a unit where bit 10 is set, and more where any other is.
    let up = lost & 0x400 != 0 && (lost != 0x400 || kept & 1 != 0);
    let exponent = i64::from(below) - i64::from(above) - twos - 64 + i64::from(at_least_one);
    // A carry out of the mantissa, whose top bit is not stored, goes to the exponent.
    let biased = (exponent + 11 + 52 + 1023) as u64;
    f64::from_bits((biased << 52) + (kept - (1 << 52)) + u64::from(up))
}

/// What the characters of a float say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float {
    /// The nearest float64.
    pub value: f64,
    /// Digits before the point.
    pub whole: u8,
    /// Digits behind it.
    pub fraction: u8,
    /// Digits alone: no exponent, no `nan`, no `inf`, no minus before zero.
    pub fixed: bool,
}

/// Why a text is no float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFloat {
    /// It is none.
    Form,
    /// It is one that would become infinite or zero.
    Range,
}

/// What a float64 or float32 must do here.
pub trait Parsed: std::str::FromStr + Copy {
    /// Neither infinite nor zero.
    fn is_held(self) -> bool;
}

impl Parsed for f64 {
    fn is_held(self) -> bool {
        self.is_finite() && self != 0.0
    }
}

impl Parsed for f32 {
    fn is_held(self) -> bool {
        self.is_finite() && self != 0.0
    }
}

/// Whether `text` without its sign is `nan` or `inf`.
fn is_special(text: &[u8]) -> bool {
    matches!(text, b"nan" | b"NaN" | b"NAN" | b"inf" | b"Inf" | b"INF" | b"infinity" | b"Infinity")
}

/// `-12.5e3`, `.5`, `5.`, `nan`, `inf`, with a point as the decimal sign and an optional sign.
pub fn parse<F: Parsed>(text: &[u8]) -> Result<(F, Float), NoFloat> {
    let rest = match text.first() {
        Some(b'-' | b'+') => &text[1..],
        _ => text,
    };
    let negative = text.first() == Some(&b'-');
    let whole = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = whole;
    let mut fraction = 0;
    let special = is_special(rest);
    if special {
        at = rest.len();
    } else {
        if rest.get(at) == Some(&b'.') {
            fraction = rest[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            at += 1 + fraction;
        }
        if whole + fraction == 0 {
            return Err(NoFloat::Form);
        }
    }
    let nonzero = !special && rest[..at].iter().any(|byte| matches!(byte, b'1'..=b'9'));
    let exponent = at < rest.len();
    if exponent {
        let Some(b'e' | b'E') = rest.get(at) else { return Err(NoFloat::Form) };
        let power = &rest[at + 1..];
        let power = power.strip_prefix(b"-").or(power.strip_prefix(b"+")).unwrap_or(power);
        if power.is_empty() || !power.iter().all(u8::is_ascii_digit) {
            return Err(NoFloat::Form);
        }
    }
    let value: F =
        std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(NoFloat::Form)?;
    if nonzero && !value.is_held() {
        return Err(NoFloat::Range);
    }
    let fixed = !exponent && !special && (nonzero || !negative);
    let float = Float {
        value: 0.0,
        whole: u8::try_from(whole).unwrap_or(u8::MAX),
        fraction: u8::try_from(fraction).unwrap_or(u8::MAX),
        fixed,
    };
    Ok((value, float))
}

/// The nearest float64 and what its text looks like.
pub fn parse64(text: &[u8]) -> Result<Float, NoFloat> {
    parse::<f64>(text).map(|(value, float)| Float { value, ..float })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The quick value, behind other text, next to that of `std`.
    fn check(text: &str) -> Option<Quick> {
        let all = format!("________________________{text}");
        let found = quick(all.as_bytes(), 24, all.len(), b'.')
            .or_else(|| long(all.as_bytes(), 24, all.len(), b'.'))?;
        let expected: f64 = text.parse().unwrap();
        assert_eq!(found.value.to_bits(), expected.to_bits(), "{text}");
        let digits = text.trim_start_matches('-');
        let whole = digits.find('.').unwrap_or(digits.len());
        let fraction = digits.len().saturating_sub(whole + 1);
        assert_eq!((found.whole as usize, found.fraction as usize), (whole, fraction), "{text}");
        assert_eq!(found.integer, whole == digits.len(), "{text}");
        Some(found)
    }

    #[test]
    fn test_what_is_quick_and_what_is_not() {
        for text in [
            "0",
            "7",
            "0.5",
            ".5",
            "5.",
            "-0.5",
            "123456789012345",
            "0.12345678901234",
            "0.123456789012345678",
            "1234567890123456.789",
            "9999999999999999.999",
            "0.8444218515250481",
            "-12.345678901234567",
            "9007199254740993.0",
            ".1234567890123456",
            "1234567890123456.",
            "0.0000000000000001",
        ] {
            assert!(check(text).is_some(), "{text}");
        }
        for text in [
            "",
            ".",
            "-",
            "-.",
            "-0",
            "-0.0",
            "00.5",
            "01",
            "1.2.3",
            "1e5",
            "1,5",
            "+1",
            "nan",
            "1 ",
            "1234567890123456",
            "12345678901234567890",
            "00.12345678901234567",
            "--1.5",
            "0.00000000000000000",
            "-0.00000000000000000",
            "1.2345678901234.678",
            "1.23456789012345e7",
            "1-2345678901234.567",
            "123-45678901234567.9",
            "0.1234567890123456789",
        ] {
            assert_eq!(check(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn test_any_digits_give_the_float_of_std(digits in "[1-9][0-9]{0,18}", place in 0_usize..20,
                                                 minus: bool) {
            let (whole, fraction) = digits.split_at(place.min(digits.len()));
            let sign = if minus { "-" } else { "" };
            let text = format!("{sign}{whole}.{fraction}");
            prop_assert!(check(&text).is_some());
        }

        #[test]
        fn test_shortest_texts_give_the_same_bits(bits: u64, exponent in 1019_u64..1073) {
            let value = f64::from_bits(bits & (1 << 63 | ((1 << 52) - 1)) | exponent << 52);
            let text = format!("{value:?}");
            prop_assert_eq!(check(&text).map(|found| found.value.to_bits()), Some(value.to_bits()));
        }

        #[test]
        fn test_points_halfway_between_floats(mantissa in 1_u64 << 52..1 << 53, shift in 1_u32..10,
                                              step in -1_i64..2) {
            // An odd multiple of half a unit, with all its digits; and its neighbours.
            let double = u128::from(2 * mantissa + 1);
            let scaled = double * 5_u128.pow(shift);
            let scaled = scaled.checked_add_signed(i128::from(step)).unwrap();
            let digits = format!("{scaled:0>25}");
            let (whole, fraction) = digits.split_at(25 - shift as usize);
            let text = format!("{}.{fraction}", whole.trim_start_matches('0'));
            let quick = check(&text).is_some();
            prop_assert!(quick || text.len() > 20 || text.starts_with('.'), "{}", text);
        }
    }
}
