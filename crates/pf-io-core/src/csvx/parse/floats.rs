//! Floats: the nearest float64, bit for bit.
//!
//! A mantissa below 2^53 divided by an exact power of ten is rounded once, hence correctly
//! (Clinger, "How to read floating point numbers accurately", 1990). The rest is left to `std`.

use super::ints::{are_digits, every, join, last, load};

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

/// Marks the bytes that are zero with their high bit, exactly.
#[inline(always)]
#[expect(clippy::inline_always, reason = "four operations, once per cell")]
const fn zeros(word: u64) -> u64 {
    let low = every(0x7f);
    !(((word & low) + low) | word | low)
}

/// A float in the form that inference accepts; `None`: look again slowly.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the loop over a column is around it")]
pub(crate) fn quick(bytes: &[u8], start: usize, end: usize, point: u8) -> Option<Quick> {
    let first = *bytes.get(start)?;
    let negative = first == b'-';
    let start = start + usize::from(negative);
    let count = end.wrapping_sub(start);
    let point = every(point ^ b'0');
    let low = load(bytes, end)? ^ every(b'0');
    // Bytes before the number become zero digits; the digits before the point move over it.
    let (mantissa, fraction, integer) = if count.wrapping_sub(1) < 8 {
        let word = low & last(count);
        let dots = zeros(word ^ point);
        // The first point, as the highest bit of its byte; all of this is nothing without one.
        let dot = dots & dots.wrapping_neg();
        let before = word & (dot >> 7).wrapping_sub(1);
        let behind = word & (dot << 1).wrapping_neg();
        let word = if dot == 0 { before } else { (before << 8) | behind };
        if !are_digits(word) {
            return None;
        }
        (join(word), if dot == 0 { 0 } else { dot.leading_zeros() / 8 }, dot == 0)
    } else if count.wrapping_sub(9) < 8 {
        let high = (load(bytes, end - 8)? ^ every(b'0')) & last(count - 8);
        let word = (u128::from(low) << 64) | u128::from(high);
        let dots = (u128::from(zeros(low ^ point)) << 64) | u128::from(zeros(high ^ point));
        if dots == 0 {
            if count == 16 || !are_digits(low) || !are_digits(high) {
                return None;
            }
            (join(high) * 100_000_000 + join(low), 0, true)
        } else {
            let dot = dots & dots.wrapping_neg();
            let before = word & (dot >> 7).wrapping_sub(1);
            let word = (before << 8) | (word & (dot << 1).wrapping_neg());
            let (high, low) = (word as u64, (word >> 64) as u64);
            if !are_digits(low) || !are_digits(high) {
                return None;
            }
            (join(high) * 100_000_000 + join(low), dot.leading_zeros() / 8, false)
        }
    } else {
        return None;
    };
    let whole = count as u32 - fraction - u32::from(!integer);
    if whole + fraction == 0 {
        return None;
    }
    // Leading zeros do not print back, and minus zero is neither an integer nor a decimal.
    if (whole > 1 && *bytes.get(start)? == b'0') || (negative && mantissa == 0) {
        return None;
    }
    // Below 2^53; one instruction converts what is signed.
    let value = mantissa as i64 as f64 / POWERS[fraction as usize & 15];
    Some(Quick {
        value: if negative { -value } else { value },
        integer,
        whole: whole as u8,
        fraction: fraction as u8,
    })
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
