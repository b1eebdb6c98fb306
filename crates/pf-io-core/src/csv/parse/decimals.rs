//! Fixed-point numbers.

use super::ints::digits;

/// The digits of `text` at `scale`, at most `precision` of them; `None` if one would be lost. A
/// sign may stand before them, a point among them.
pub fn parse(text: &[u8], precision: u8, scale: u8) -> Option<i128> {
    let (negative, rest) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let point = rest.iter().position(|&byte| byte == b'.').unwrap_or(rest.len());
    let (whole, fraction) = (&rest[..point], rest.get(point + 1..).unwrap_or(&[]));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let scale = usize::from(scale);
    let (kept, lost) = fraction.split_at(fraction.len().min(scale));
    if !lost.iter().all(|&byte| byte == b'0') {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { digits(whole)? };
    let behind = if kept.is_empty() { 0 } else { digits(kept)? };
    let power = |count: usize| 10_u128.checked_pow(u32::try_from(count).ok()?);
    let number = whole
        .checked_mul(power(scale)?)?
        .checked_add(behind.checked_mul(power(scale - kept.len())?)?)?;
    let fits = power(usize::from(precision)).is_none_or(|bound| number < bound);
    let number = i128::try_from(number).ok().filter(|_| fits)?;
    Some(if negative { -number } else { number })
}
