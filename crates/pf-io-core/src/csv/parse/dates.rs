//! Dates and points in time, ISO 8601.

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// Exactly `length` digits at the start.
#[inline]
fn fixed(text: &[u8], length: usize) -> Option<i64> {
    let head = text.get(..length)?;
    head.iter()
        .all(u8::is_ascii_digit)
        .then(|| head.iter().fold(0, |number, &byte| number * 10 + i64::from(byte - b'0')))
}

/// Days since 1970-01-01 of a day of the proleptic Gregorian calendar; years 1 to 9999.
#[inline]
pub fn civil(year: i64, month: i64, day: i64) -> Option<i32> {
    const LENGTHS: [u8; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    // The year starts in March, so that a leap day is its last (Hinnant, "chrono-compatible
    // low-level date algorithms"); these days of it are before each month.
    const BEFORE: [u16; 13] = [0, 306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275];
    let at = usize::try_from(month).ok()?;
    let (length, before) = (i64::from(*LENGTHS.get(at)?), i64::from(*BEFORE.get(at)?));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = length + i64::from(leap && month == 2);
    if !(1..=9999).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    let shifted = (year - i64::from(month <= 2)) as u32;
    let century = shifted / 100;
    let days = shifted * 365 + shifted / 4 - century + century / 4;
    Some(days as i32 + (before + day - 1 - 719_468) as i32)
}

/// `YYYY-MM-DD` at the start of `text`.
#[inline]
fn days(text: &[u8]) -> Option<i32> {
    const LAYOUT: u64 = u64::from_le_bytes(*b"0000-00-");
    const DASHES: u64 = 0xff00_00ff_0000_0000;
    let word = u64::from_le_bytes(*text.first_chunk::<8>()?) ^ LAYOUT;
    let (tens, ones) = (text.get(8)?.wrapping_sub(b'0'), text.get(9)?.wrapping_sub(b'0'));
    if word & DASHES != 0 || !super::ints::are_digits(word) || tens > 9 || ones > 9 {
        return None;
    }
    // Neighbouring digits to pairs: bytes 0 and 2 are the year, byte 5 the month.
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let year = (pairs & 0xff) * 100 + (pairs >> 16 & 0xff);
    let month = pairs >> 40 & 0xff;
    civil(year as i64, month as i64, i64::from(tens) * 10 + i64::from(ones))
}

/// Days since 1970-01-01 of exactly `YYYY-MM-DD`.
#[inline]
pub fn date(text: &[u8]) -> Option<i32> {
    if text.len() == 10 { days(text) } else { None }
}

/// A point in time as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    /// Seconds since 1970-01-01T00:00:00, the offset taken off.
    pub seconds: i64,
    /// Behind the second.
    pub nanos: i64,
    /// Digits behind the second.
    pub digits: u8,
    /// Seconds east of UTC.
    pub offset: Option<i32>,
}

impl Instant {
    /// Ticks of `per_second`; `None` if digits would be lost or it does not fit.
    #[inline]
    pub fn ticks(&self, per_second: i64) -> Option<i64> {
        let width = 1_000_000_000 / per_second;
        if self.nanos % width != 0 {
            return None;
        }
        // Before the first whole second that fits, a positive fraction may still lead back in.
        let ticks = i128::from(self.seconds) * i128::from(per_second);
        i64::try_from(ticks + i128::from(self.nanos / width)).ok()
    }
}

/// The first point in time of a day.
pub fn midnight(days: i32) -> Instant {
    Instant { seconds: i64::from(days) * DAY, nanos: 0, digits: 0, offset: None }
}

/// `HH:MM:SS` at the start: seconds of the day.
#[inline]
fn seconds(text: &[u8]) -> Option<i64> {
    const LAYOUT: u64 = u64::from_le_bytes(*b"00:00:00");
    const COLONS: u64 = 0x0000_ff00_00ff_0000;
    let word = u64::from_le_bytes(*text.first_chunk::<8>()?) ^ LAYOUT;
    if word & COLONS != 0 || !super::ints::are_digits(word) {
        return None;
    }
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let (hour, minute, second) = (pairs & 0xff, pairs >> 24 & 0xff, pairs >> 48 & 0xff);
    (hour < 24 && minute < 60 && second < 60).then_some((hour * 3600 + minute * 60 + second) as i64)
}

/// Seconds since 1970-01-01T00:00:00 of exactly `YYYY-MM-DD`, `T` or a space, `HH:MM:SS`.
#[inline]
pub fn plain(text: &[u8]) -> Option<i64> {
    if text.len() != 19 || !matches!(text[10], b'T' | b' ') {
        return None;
    }
    Some(i64::from(days(text)?) * DAY + seconds(&text[11..])?)
}

/// `HH:MM[:SS[.f]]` at the start: seconds, nanoseconds, digits behind the second, and the rest.
#[inline]
fn clock(text: &[u8]) -> Option<(i64, i64, u8, &[u8])> {
    let Some(seconds) = seconds(text) else {
        // Without seconds, nothing but an offset may follow.
        let (hour, minute) = (fixed(text, 2)?, fixed(text.get(3..)?, 2)?);
        let rest = &text[5..];
        if text[2] != b':' || hour > 23 || minute > 59 || rest.first() == Some(&b':') {
            return None;
        }
        return Some((hour * 3600 + minute * 60, 0, 0, rest));
    };
    let rest = &text[8..];
    let [b'.', fraction @ ..] = rest else { return Some((seconds, 0, 0, rest)) };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&digits) {
        return None;
    }
    let nanos = fixed(fraction, digits)? * 10_i64.pow(9 - digits as u32);
    Some((seconds, nanos, digits as u8, &fraction[digits..]))
}

/// A time of day of its own: nanoseconds since midnight.
pub fn time(text: &[u8]) -> Option<i64> {
    let (seconds, nanos, _, rest) = clock(text)?;
    rest.is_empty().then_some(seconds * 1_000_000_000 + nanos)
}

/// `Z`, `+HH`, `+HHMM` or `+HH:MM`: seconds east of UTC.
pub fn offset(text: &[u8]) -> Option<i32> {
    let [sign, zone @ ..] = text else { return None };
    if text == b"Z" {
        return Some(0);
    }
    let hours = fixed(zone, 2)?;
    let minutes = match &zone[2..] {
        [] => 0,
        [b':', minutes @ ..] | minutes if minutes.len() == 2 => fixed(minutes, 2)?,
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 3600 + minutes * 60) as i32;
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// `YYYY-MM-DD`, `T` or a space, `HH:MM[:SS[.f]]`, then nothing or an [`offset`].
#[inline]
pub fn instant(text: &[u8]) -> Option<Instant> {
    let days = days(text)?;
    if !matches!(text.get(10)?, b'T' | b' ') {
        return None;
    }
    let (seconds, nanos, digits, rest) = clock(&text[11..])?;
    let offset = if rest.is_empty() { None } else { Some(offset(rest)?) };
    let seconds = i64::from(days) * DAY + seconds - i64::from(offset.unwrap_or(0));
    Some(Instant { seconds, nanos, digits, offset })
}
