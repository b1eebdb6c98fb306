//! Floats: the shortest text that reads back to the same bits, laid out as Python's `repr` does it.
//!
//! Most data are decimals of at most 15 digits. Such a decimal is the only one of its length that
//! reads as its float, so it is enough to find an integer `r` < 10^15 and a `k` with `r / 10^k`
//! equal to the float: both are exact in a float and the division rounds as a reader does (Clinger,
//! "How to read floating point numbers accurately", PLDI 1990). Other floats take the general way.

use super::number::{POWERS, put_padded, put_padded16, put_u64};
use super::text::Text;

/// Most bytes of a float: sign, 17 digits, point, four zeros in front or `e-308`.
pub(super) const FLOAT_BYTES: usize = 26;
/// Integers below are the only ones of 15 digits that read as their float.
const UNIQUE: f64 = 1e15;
/// The same for float32, of 6 digits.
const UNIQUE32: f64 = 1e6;

/// Exact in a float up to 10^22.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The decimal `digits` x 10^-`places`, if it has at most 15 digits and reads as `value` > 0.
#[inline]
fn decimal(value: f64, places: usize) -> Option<u64> {
    let scaled = value * TENS[places];
    if scaled >= UNIQUE {
        return None;
    }
    let digits = (scaled + 0.5) as u64;
    #[expect(clippy::float_cmp, reason = "the digits must give the very same float")]
    (digits as f64 / TENS[places] == value).then_some(digits)
}

/// Appends a float64. `places` is how many decimals the column's values had so far.
#[inline]
pub(super) fn put_f64(text: &mut Text, value: f64, places: &mut usize) {
    if put_special(text, value) {
        return;
    }
    let positive = value.abs();
    if let Some(digits) = decimal(positive, *places) {
        return put_fixed(text, digits, *places);
    }
    // As many places as 15 digits leave; outside of [1e-5, 1e15) the general way is taken.
    if (1e-5..UNIQUE).contains(&positive) {
        let exponent = (positive.to_bits() >> 52) as i64 - 1023;
        let magnitude = (exponent * 78_913) >> 18; // floor(exponent * log10(2))
        let most = (13 - magnitude).clamp(0, 22) as usize;
        if let Some(mut digits) = decimal(positive, most) {
            let mut left = most;
            while left > 0 && digits.is_multiple_of(10) {
                digits /= 10;
                left -= 1;
            }
            *places = left.max(*places).min(19);
            put_fixed(text, digits, left);
            return;
        }
    }
    let mut scratch = Scratch::default();
    scratch.take(format_args!("{positive:e}"));
    put_scientific(text, &scratch);
}

/// Appends a float32, likewise.
#[inline]
pub(super) fn put_f32(text: &mut Text, value: f32, places: &mut usize) {
    if put_special(text, f64::from(value)) {
        return;
    }
    let positive = value.abs();
    // With 10^8 at most, the quotient in float64 is never so near the middle between two float32
    // that rounding twice would matter.
    for candidate in [*places, 2, 6] {
        let scaled = f64::from(positive) * TENS[candidate];
        if scaled < UNIQUE32 && candidate <= 8 {
            let digits = (scaled + 0.5) as u64;
            #[expect(clippy::float_cmp, reason = "the digits must give the very same float")]
            let same = (digits as f64 / TENS[candidate]) as f32 == positive;
            if same {
                *places = candidate;
                return put_fixed(text, digits, candidate);
            }
        }
    }
    let mut scratch = Scratch::default();
    scratch.take(format_args!("{positive:e}"));
    put_scientific(text, &scratch);
}

/// Appends a float16, which `wide` holds exactly; `same` tells if a float rounds to it.
pub(super) fn put_f16(text: &mut Text, wide: f64, same: impl Fn(f64) -> bool) {
    if put_special(text, wide) {
        return;
    }
    let positive = wide.abs();
    for precision in 0..8 {
        let mut scratch = Scratch::default();
        scratch.take(format_args!("{positive:.precision$e}"));
        let read = scratch.as_str().parse::<f64>();
        if precision == 7 || read.is_ok_and(|read| same(read.copysign(wide))) {
            return put_scientific(text, &scratch);
        }
    }
}

/// Appends the sign, and the whole text where a float has no digits.
#[inline]
fn put_special(text: &mut Text, value: f64) -> bool {
    if value.is_nan() {
        text.put(b"nan", 3);
        return true;
    }
    if value.is_sign_negative() {
        text.push(b'-');
    }
    if value == 0.0 {
        text.put(b"0.0", 3);
    } else if value.is_infinite() {
        text.put(b"inf", 3);
    } else {
        return false;
    }
    true
}

/// Appends `digits` x 10^-`places`, at most 15 digits.
#[inline]
fn put_fixed(text: &mut Text, mut digits: u64, mut places: usize) {
    while places > 1 && digits.is_multiple_of(10) {
        digits /= 10;
        places -= 1;
    }
    if places == 0 {
        put_u64(text, digits);
        text.put(b".0", 2);
        return;
    }
    let unit = POWERS[places.min(19)];
    if digits < unit && digits.saturating_mul(10_000) < unit {
        // Below 1e-4 the exponent is written.
        let mut scratch = Scratch::default();
        scratch.take(format_args!("{digits}e-{places}"));
        return put_scientific(text, &scratch);
    }
    put_u64(text, digits / unit);
    text.push(b'.');
    let (fraction, low) = (digits % unit, places.min(8));
    if places > low {
        // At most 15 digits are kept, but zeros may be before them.
        put_padded16(text, fraction / POWERS[low], places - low);
    }
    put_padded(text, fraction % POWERS[low], low);
}

/// Appends what `scratch` has as digits, point and exponent, laid out anew.
fn put_scientific(text: &mut Text, scratch: &Scratch) {
    let (mantissa, exponent) = scratch.as_str().split_once('e').unwrap_or((scratch.as_str(), "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let mut digits = [b'0'; 24];
    let mut count = 0;
    for byte in mantissa.bytes().filter(u8::is_ascii_digit).take(digits.len()) {
        digits[count] = byte;
        count += 1;
    }
    let before = mantissa.find('.').unwrap_or(mantissa.len());
    let mut point = exponent + before as i32;
    let zeros = digits[..count].iter().take_while(|&&digit| digit == b'0').count();
    digits.copy_within(zeros..count, 0);
    count -= zeros;
    point -= zeros as i32;
    while count > 1 && digits[count - 1] == b'0' {
        count -= 1;
    }
    let digits = &digits[..count];
    match point {
        -3..=0 => {
            text.extend(b"0.");
            text.extend(&b"000"[..point.unsigned_abs() as usize]);
            text.extend(digits);
        }
        1..=16 => {
            let before = point as usize;
            text.extend(&digits[..count.min(before)]);
            (count..before).for_each(|_| text.push(b'0'));
            text.push(b'.');
            text.extend(if count > before { &digits[before..] } else { b"0" });
        }
        _ => {
            text.extend(&digits[..1]);
            if count > 1 {
                text.push(b'.');
                text.extend(&digits[1..]);
            }
            text.extend(if point > 0 { b"e+" } else { b"e-" });
            let exponent = u64::from((point - 1).unsigned_abs());
            if exponent < 10 {
                text.push(b'0');
            }
            put_u64(text, exponent);
        }
    }
}

/// A short text on the stack.
#[derive(Default)]
struct Scratch {
    bytes: [u8; 32],
    length: usize,
}

impl Scratch {
    fn take(&mut self, arguments: std::fmt::Arguments<'_>) {
        std::fmt::write(self, arguments).ok(); // what does not fit is a bug that the tests would show
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl std::fmt::Write for Scratch {
    fn write_str(&mut self, piece: &str) -> std::fmt::Result {
        let end = self.length + piece.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?;
        place.copy_from_slice(piece.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wide(value: f64, places: usize) -> String {
        let mut text = Text::default();
        text.room(FLOAT_BYTES);
        put_f64(&mut text, value, &mut { places });
        assert!(text.len() <= FLOAT_BYTES);
        String::from_utf8(text.as_bytes().to_vec()).unwrap()
    }

    fn narrow(value: f32, places: usize) -> String {
        let mut text = Text::default();
        text.room(FLOAT_BYTES);
        put_f32(&mut text, value, &mut { places });
        String::from_utf8(text.as_bytes().to_vec()).unwrap()
    }

    /// The significant digits of a text.
    fn digits(text: &str) -> String {
        let mantissa = text.split(['e', 'E']).next().unwrap();
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        digits.trim_start_matches('0').trim_end_matches('0').to_owned()
    }

    #[test]
    fn test_layout_is_that_of_python() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (1e-4, "0.0001"),
            (1.25e-4, "0.000125"),
            (1e-5, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (123_456_789.123, "123456789.123"),
            (1e15, "1000000000000000.0"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "nan"),
            (-f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1.0 / 3.0, "0.3333333333333333"),
            (2.5e-5, "2.5e-05"),
            (99_999.999_999, "99999.999999"),
            (-1.797_693_134_862_315_7e-300, "-1.7976931348623157e-300"),
        ] {
            for places in 0..=19 {
                assert_eq!(wide(value, places), text, "{places}");
            }
        }
        for (value, text) in [
            (0.1_f32, "0.1"),
            (16_777_216.0, "16777216.0"),
            (1e-45, "1e-45"),
            (3.4e38, "3.4e+38"),
            (0.3, "0.3"),
            (123_456.7, "123456.7"),
        ] {
            for places in 0..=8 {
                assert_eq!(narrow(value, places), text);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn test_any_bits_read_back_and_nothing_is_shorter(bits: u64, places in 0..=19_usize) {
            let value = f64::from_bits(bits);
            let text = wide(value, places);
            let read: f64 = text.parse().unwrap();
            prop_assert!(value.is_nan() && read.is_nan() || read.to_bits() == bits, "{}", text);
            prop_assert_eq!(digits(&text), digits(&format!("{value:e}")));
        }

        #[test]
        fn test_decimals_read_back_and_nothing_is_shorter(
            integer in 0..10_000_000_000_000_000_u64, cut in 0..16_u32, shift in 0..23_i32,
            hint in 0..=19_usize,
        ) {
            let value = (integer / 10_u64.pow(cut)) as f64 / 10_f64.powi(shift);
            let text = wide(value, hint);
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
            prop_assert_eq!(digits(&text), digits(&format!("{value:e}")));
        }

        #[test]
        fn test_any_narrow_bits_read_back_and_nothing_is_shorter(bits: u32, places in 0..=8_usize) {
            let value = f32::from_bits(bits);
            let text = narrow(value, places);
            let read: f32 = text.parse().unwrap();
            prop_assert!(value.is_nan() && read.is_nan() || read.to_bits() == bits, "{}", text);
            prop_assert_eq!(digits(&text), digits(&format!("{value:e}")));
        }

        #[test]
        fn test_narrow_decimals_read_back(integer in 0..2_000_000_u32, shift in 0..12_i32) {
            let value = (f64::from(integer) / 10_f64.powi(shift)) as f32;
            let text = narrow(value, 2);
            prop_assert_eq!(text.parse::<f32>().unwrap().to_bits(), value.to_bits());
            prop_assert_eq!(digits(&text), digits(&format!("{value:e}")));
        }
    }
}
