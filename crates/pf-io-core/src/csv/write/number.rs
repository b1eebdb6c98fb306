//! Integers and decimals as digits.
//!
//! Eight digits are computed at once in the lanes of one word: four digits in each half, then two
//! in each quarter, then one in each byte. Division by a constant is a multiplication there.

use super::text::Text;

const ZEROS: u64 = 0x3030_3030_3030_3030;
/// 10^8.
const BLOCK: u64 = 100_000_000;

/// The digits of `value` < 10^8, the first in the lowest byte, without the offset of `'0'`.
#[inline]
fn digits8(value: u64) -> u64 {
    let halves = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((halves * 5243) >> 19) & 0x0000_007f_0000_007f;
    let quarters = hundreds | ((halves - hundreds * 100) << 16);
    let tens = ((quarters * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((quarters - tens * 10) << 8)
}

/// Appends all eight digits of `value` < 10^8.
#[inline]
fn put8(text: &mut Text, value: u64) {
    text.put(&(digits8(value) | ZEROS).to_le_bytes(), 8);
}

/// Appends the digits of `value` < 10^8.
#[inline]
fn put_up_to8(text: &mut Text, value: u64) {
    let digits = digits8(value);
    // The last digit counts even if it is a zero.
    let zeros = (digits | 1 << 56).trailing_zeros() / 8;
    text.put(&((digits | ZEROS) >> (8 * zeros)).to_le_bytes(), 8 - zeros as usize);
}

/// Appends a number without sign; needs room for 20 bytes.
#[inline]
pub(super) fn put_u64(text: &mut Text, value: u64) {
    if value < BLOCK {
        put_up_to8(text, value);
    } else if value < BLOCK * BLOCK {
        put_up_to8(text, value / BLOCK);
        put8(text, value % BLOCK);
    } else {
        put_up_to8(text, value / (BLOCK * BLOCK));
        put8(text, value / BLOCK % BLOCK);
        put8(text, value % BLOCK);
    }
}

/// Appends a number with its sign; needs room for 20 bytes.
#[inline]
pub(super) fn put_i64(text: &mut Text, value: i64) {
    if value < 0 {
        text.push(b'-');
    }
    put_u64(text, value.unsigned_abs());
}

/// Appends the `width` <= 8 last digits of `value` < 10^8, with leading zeros.
#[inline]
pub(super) fn put_padded(text: &mut Text, value: u64, width: usize) {
    let digits = (digits8(value) | ZEROS) >> (8 * (8 - width));
    text.put(&digits.to_le_bytes(), width);
}

/// Appends the `width` <= 16 last digits of `value` < 10^16, with leading zeros.
pub(super) fn put_padded16(text: &mut Text, value: u64, width: usize) {
    if let Some(more) = width.checked_sub(8).filter(|more| *more > 0) {
        put_padded(text, value / BLOCK, more);
    }
    put_padded(text, value % BLOCK, width.min(8));
}

/// Appends up to 39 digits.
fn put_u128(text: &mut Text, value: u128) {
    const SIXTEEN: u128 = (BLOCK * BLOCK) as u128;
    if let Ok(small) = u64::try_from(value) {
        put_u64(text, small);
        return;
    }
    put_u128(text, value / SIXTEEN);
    let low = (value % SIXTEEN) as u64;
    put8(text, low / BLOCK);
    put8(text, low % BLOCK);
}

/// Appends `value` / 10^`scale`, exactly and with all digits of the scale.
pub(super) fn put_decimal(text: &mut Text, value: i128, scale: i8) {
    text.room(48 + usize::from(scale.unsigned_abs()));
    if value < 0 {
        text.push(b'-');
    }
    let value = value.unsigned_abs();
    let places = usize::from(scale.max(0).unsigned_abs());
    // The usual case: money in 64 bits.
    if let Ok(small) = u64::try_from(value)
        && places <= 8
    {
        let unit = POWERS[places];
        put_u64(text, small / unit);
        if places > 0 {
            text.push(b'.');
            put_padded(text, small % unit, places);
        }
        if scale < 0 && small > 0 {
            (0..scale.unsigned_abs()).for_each(|_| text.push(b'0'));
        }
        return;
    }
    let start = text.len();
    put_u128(text, value);
    shift_point(text, start, scale);
}

/// Appends `digits`, an integer with or without sign, / 10^`scale`.
pub(super) fn put_decimal_digits(text: &mut Text, digits: &str, scale: i8) {
    text.room(2 * digits.len() + 2 + usize::from(scale.unsigned_abs()));
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    if unsigned.len() < digits.len() {
        text.push(b'-');
    }
    let start = text.len();
    text.extend(unsigned.as_bytes());
    shift_point(text, start, scale);
}

/// Puts the point into the digits from `start` on.
fn shift_point(text: &mut Text, start: usize, scale: i8) {
    let mut digits = [b'0'; 256];
    let count = (text.len() - start).min(digits.len());
    let places = usize::from(scale.unsigned_abs());
    if scale <= 0 {
        let zero = text.as_bytes()[start..] == *b"0";
        (0..if zero { 0 } else { places }).for_each(|_| text.push(b'0'));
        return;
    }
    // At least one digit before the point; missing ones are zeros.
    let all = count.max(places + 1);
    digits[all - count..all].copy_from_slice(&text.as_bytes()[start..start + count]);
    text.truncate(start);
    text.extend(&digits[..all - places]);
    text.push(b'.');
    text.extend(&digits[all - places..all]);
}

/// Powers of ten that an u64 holds.
pub(super) const POWERS: [u64; 20] = {
    let mut powers = [1; 20];
    let mut index = 1;
    while index < 20 {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(write: impl Fn(&mut Text)) -> String {
        let mut text = Text::default();
        text.room(64);
        write(&mut text);
        String::from_utf8(text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn test_every_power_of_ten_and_its_neighbours() {
        for power in POWERS {
            for value in [power - 1, power, power + 1, power.wrapping_mul(9)] {
                assert_eq!(text(|text| put_u64(text, value)), value.to_string());
                assert_eq!(text(|text| put_i64(text, value as i64)), (value as i64).to_string());
            }
        }
        for value in [0, i64::MIN, i64::MAX, -1] {
            assert_eq!(text(|text| put_i64(text, value)), value.to_string());
        }
        assert_eq!(text(|text| put_u64(text, u64::MAX)), u64::MAX.to_string());
        for value in 0..10_000 {
            assert_eq!(text(|text| put_padded(text, value, 4)), format!("{value:04}"));
        }
    }

    #[test]
    fn test_decimals_keep_their_scale() {
        let decimal = |value, scale| text(|text| put_decimal(text, value, scale));
        assert_eq!(decimal(12345, 2), "123.45");
        assert_eq!(decimal(-5, 2), "-0.05");
        assert_eq!(decimal(0, 3), "0.000");
        assert_eq!(decimal(12, -3), "12000");
        assert_eq!(decimal(0, -3), "0");
        assert_eq!(decimal(1, 38), format!("0.{}1", "0".repeat(37)));
        assert_eq!(decimal(i128::MAX, 0), i128::MAX.to_string());
        assert_eq!(decimal(i128::MIN, -2), format!("{}00", i128::MIN));
        assert_eq!(
            text(|text| put_decimal_digits(text, "-7", 76)),
            format!("-0.{}7", "0".repeat(75))
        );
        assert_eq!(text(|text| put_decimal_digits(text, "700", -1)), "7000");
        assert_eq!(text(|text| put_decimal_digits(text, "0", -1)), "0");
    }

    proptest! {
        #[test]
        fn test_integers_print_as_the_standard_library_prints_them(value: i64, shift in 0..64u32) {
            let value = value >> shift;
            prop_assert_eq!(text(|text| put_i64(text, value)), value.to_string());
            prop_assert_eq!(text(|text| put_u64(text, value as u64)), (value as u64).to_string());
        }

        #[test]
        fn test_a_decimal_is_its_digits_with_a_point(value: i128, shift in 0..128u32, scale in 0..39i8) {
            let value = value >> shift;
            let printed = text(|text| put_decimal(text, value, scale));
            let places = printed.split_once('.').map_or(0, |(_, places)| places.len());
            prop_assert_eq!(places, scale as usize);
            prop_assert_eq!(printed.replace('.', "").parse::<i128>().unwrap(), value);
            let slow = text(|text| put_decimal_digits(text, &value.to_string(), scale));
            prop_assert_eq!(printed, slow);
        }
    }
}
