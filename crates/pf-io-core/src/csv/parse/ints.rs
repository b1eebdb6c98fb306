//! Integers, eight digits at a time.
//!
//! A 64-bit word holds eight digits; three multiplications join neighbours to pairs, pairs to fours
//! and fours to eight (Lemire, "Quickly parsing eight digits", 2022; Langdale, Muła).

use super::sixteen::Signed;

/// Every byte is this.
pub(crate) const fn every(byte: u8) -> u64 {
    0x0101_0101_0101_0101 * byte as u64
}

/// Whether every byte is at most 9.
#[inline(always)]
#[expect(clippy::inline_always, reason = "four operations, once per cell")]
pub(crate) const fn are_digits(word: u64) -> bool {
    // A byte that carries into the next one has its own high bit set, so it is found anyway.
    (word | word.wrapping_add(every(0x76))) & every(0x80) == 0
}

/// Eight digits as a number, the first one in the lowest byte.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline(always)]
#[expect(clippy::inline_always, reason = "three multiplications, once per cell")]
pub(crate) const fn join(word: u64) -> u64 {
    let pairs = word.wrapping_mul(10 * 256 + 1) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(100 * 65_536 + 1) >> 16;
    (fours & 0x0000_ffff_0000_ffff).wrapping_mul((10_000 << 32) + 1) >> 32
}

/// An integer of at most 16 digits in the form that inference accepts; `None`: look again slowly.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the loop over a column is around it")]
pub(crate) fn quick(bytes: &[u8], start: usize, end: usize) -> Option<i64> {
    let Signed { negative, count, zero, digits } = Signed::new(bytes, start, end)?;
    // Leading zeros and minus zero do not print back.
    if !digits.are_digits() || (zero && (count > 1 || negative)) {
        return None;
    }
    let number = digits.join() as i64;
    Some(if negative { -number } else { number })
}

/// The value of digits; `None` if there is another byte, nothing, or more than 38 digits count.
pub fn digits(text: &[u8]) -> Option<u128> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = text.iter().take_while(|&&byte| byte == b'0').count();
    let text = &text[zeros..];
    (text.len() <= 38)
        .then(|| text.iter().fold(0_u128, |number, &byte| number * 10 + u128::from(byte - b'0')))
}

/// How many digits a number has; none for 0.
pub fn count_digits(number: u128) -> u8 {
    number.checked_ilog10().map_or(0, |log| log as u8 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quick_of(text: &str) -> Option<i64> {
        let padded = format!("________________{text}");
        quick(padded.as_bytes(), 16, padded.len())
    }

    #[test]
    fn test_power_boundaries() {
        for power in 0..19_u32 {
            let ten = 10_i64.pow(power);
            for number in [ten - 1, ten, ten + 1] {
                for number in [number, -number] {
                    let text = number.to_string();
                    let expected = (text.trim_start_matches('-').len() <= 16).then_some(number);
                    assert_eq!(quick_of(&text), expected, "{text}");
                    assert_eq!(
                        digits(text.trim_start_matches('-').as_bytes()),
                        Some(u128::from(number.unsigned_abs()))
                    );
                }
            }
        }
        for text in ["", "-", "-0", "00", "01", "+1", "1.", "1 ", " 1", "1_0", "0x1", "--1", "1-"] {
            assert_eq!(quick_of(text), None, "{text}");
        }
        assert_eq!(quick_of("0"), Some(0));
        assert_eq!(count_digits(0), 0);
        assert_eq!(count_digits(9), 1);
        assert_eq!(count_digits(10), 2);
        assert_eq!(digits(&[b'9'; 38]), Some(10_u128.pow(38) - 1));
        assert_eq!(digits(&[b'9'; 39]), None);
    }

    proptest! {
        #[test]
        fn quick_equals_std(text in "[-0-9./:]{1,18}") {
            let number = text.parse::<i64>().ok().filter(|number| number.to_string() == text);
            let count = text.trim_start_matches('-').len();
            prop_assert_eq!(quick_of(&text), number.filter(|_| count <= 16));
        }

        #[test]
        fn any_bytes_are_safe(bytes: Vec<u8>, start in 0_usize..20, end in 0_usize..20) {
            quick(&bytes, start, end);
            digits(&bytes);
        }
    }
}
