//! Dates, times and durations as ISO 8601 writes them.
//!
//! Fractions of a second have 3, 6 or 9 digits, as few as the value needs. Years outside of
//! 0..=9999 have a sign, as ISO 8601 asks for.

use super::number::{put_padded, put_u64};
use super::text::Text;

/// Most bytes of a timestamp: a sign, a year of twelve digits, and what follows.
pub(super) const TIME_BYTES: usize = 56;

pub(super) const DAY: i64 = 86_400;

/// A day of the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: u64,
    pub(super) day: u64,
}

/// The day that is `days` after 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last; then days of an era of 400
/// years become a year by taking the leap days out.
#[inline]
pub(super) fn civil(days: i64) -> Civil {
    const ERA: i64 = 146_097;
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(ERA);
    let day_of_era = shifted.rem_euclid(ERA) as u32;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = i64::from(year_of_era) + era * 400 + i64::from(month <= 2);
    Civil { year, month: u64::from(month), day: u64::from(day) }
}

/// Appends a date; needs room for [`TIME_BYTES`].
#[inline]
pub(super) fn put_date(text: &mut Text, days: i64) {
    let Civil { year, month, day } = civil(days);
    let month_day = month * 100 + day;
    if (0..10_000).contains(&year) {
        put_padded(text, year as u64, 4);
    } else {
        text.push(if year < 0 { b'-' } else { b'+' });
        let year = year.unsigned_abs();
        if year < 10_000 { put_padded(text, year, 4) } else { put_u64(text, year) }
    }
    text.push(b'-');
    put_padded(text, month_day / 100, 2);
    text.push(b'-');
    put_padded(text, month_day % 100, 2);
}

/// Appends a time of the day, given in ticks since midnight. Hours that no day has are written as
/// they are.
#[inline]
pub(super) fn put_clock(text: &mut Text, ticks: i64, per_second: i64) {
    if ticks < 0 {
        text.push(b'-');
    }
    let (ticks, unit) = (ticks.unsigned_abs(), per_second.unsigned_abs());
    let seconds = ticks / unit;
    let hours = seconds / 3600;
    if hours < 100 {
        put_padded(text, hours, 2);
    } else {
        put_u64(text, hours);
    }
    text.push(b':');
    put_padded(text, seconds / 60 % 60, 2);
    text.push(b':');
    put_padded(text, seconds % 60, 2);
    put_fraction(text, (ticks % unit) as i64, per_second);
}

/// Appends the point and the digits of a fraction of a second; nothing for none.
#[inline]
fn put_fraction(text: &mut Text, fraction: i64, per_second: i64) {
    if fraction == 0 {
        return;
    }
    text.push(b'.');
    let nanos = (fraction * (1_000_000_000 / per_second)) as u64;
    put_padded(text, nanos / 1_000_000, 3);
    if !nanos.is_multiple_of(1_000_000) {
        put_padded(text, nanos / 1000 % 1000, 3);
        if !nanos.is_multiple_of(1000) {
            put_padded(text, nanos % 1000, 3);
        }
    }
}

/// How a timestamp says where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offset {
    /// Not at all.
    Naive,
    /// In UTC, with a `Z`.
    Utc,
    /// In a zone that is always so many seconds ahead of UTC, as `+02:00`.
    Fixed(i64),
}

/// Appends a timestamp; needs room for [`TIME_BYTES`].
#[inline]
pub(super) fn put_timestamp(text: &mut Text, ticks: i64, per_second: i64, offset: Offset) {
    let ahead = if let Offset::Fixed(seconds) = offset { seconds } else { 0 };
    let seconds = ticks.div_euclid(per_second).saturating_add(ahead);
    put_date(text, seconds.div_euclid(DAY));
    text.push(b'T');
    put_clock(text, seconds.rem_euclid(DAY), 1);
    put_fraction(text, ticks.rem_euclid(per_second), per_second);
    match offset {
        Offset::Naive => {}
        Offset::Utc => text.push(b'Z'),
        Offset::Fixed(seconds) => put_offset(text, seconds, true),
    }
}

/// Appends `+02:00`, or `+0200`.
pub(super) fn put_offset(text: &mut Text, seconds: i64, colon: bool) {
    text.push(if seconds < 0 { b'-' } else { b'+' });
    let seconds = seconds.unsigned_abs();
    put_padded(text, seconds / 3600, 2);
    if colon {
        text.push(b':');
    }
    put_padded(text, seconds / 60 % 60, 2);
    if !seconds.is_multiple_of(60) {
        if colon {
            text.push(b':');
        }
        put_padded(text, seconds % 60, 2);
    }
}

/// The seconds of a zone that is an offset, such as `+02:00`, `-0330` or `+01`.
pub(super) fn fixed_offset(zone: &str) -> Option<i64> {
    let ahead = zone.starts_with('+');
    let digits: String = zone.strip_prefix(['+', '-'])?.split(':').collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let minutes = if digits.len() == 2 { number * 60 } else { number / 100 * 60 + number % 100 };
    (minutes < 24 * 60).then_some(if ahead { minutes * 60 } else { -minutes * 60 })
}

/// Appends a duration as XML Schema writes it: `PT90061.5S`, `-PT0.000001S`.
pub(super) fn put_duration(text: &mut Text, ticks: i64, per_second: i64) {
    if ticks < 0 {
        text.push(b'-');
    }
    text.extend(b"PT");
    let (ticks, unit) = (ticks.unsigned_abs(), per_second.unsigned_abs());
    put_u64(text, ticks / unit);
    put_fraction(text, (ticks % unit) as i64, per_second);
    text.push(b'S');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Text)) -> String {
        let mut text = Text::default();
        text.room(TIME_BYTES);
        write(&mut text);
        assert!(text.len() <= TIME_BYTES);
        String::from_utf8(text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn test_every_day_of_the_calendar_follows_the_one_before() {
        let mut expected = Civil { year: -1, month: 3, day: 1 };
        for days in -719_834.. {
            assert_eq!(civil(days), expected, "{days}");
            let leap =
                expected.year % 4 == 0 && expected.year % 100 != 0 || expected.year % 400 == 0;
            let length = match expected.month {
                2 => 28 + u64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            expected.day += 1;
            if expected.day > length {
                expected.day = 1;
                expected.month += 1;
            }
            if expected.month > 12 {
                expected.month = 1;
                expected.year += 1;
            }
            if expected.year > 2100 {
                break;
            }
        }
        assert_eq!(civil(0), Civil { year: 1970, month: 1, day: 1 });
    }

    #[test]
    fn test_timestamps_have_as_many_digits_as_they_need() {
        let stamp = |ticks, unit, offset| text(|text| put_timestamp(text, ticks, unit, offset));
        assert_eq!(stamp(0, 1, Offset::Naive), "1970-01-01T00:00:00");
        assert_eq!(stamp(-1, 1000, Offset::Utc), "1969-12-31T23:59:59.999Z");
        assert_eq!(stamp(1_500_000, 1_000_000, Offset::Naive), "1970-01-01T00:00:01.500");
        assert_eq!(stamp(1_000_001, 1_000_000, Offset::Naive), "1970-01-01T00:00:01.000001");
        assert_eq!(stamp(1, 1_000_000_000, Offset::Naive), "1970-01-01T00:00:00.000000001");
        assert_eq!(stamp(0, 1, Offset::Fixed(-12_600)), "1969-12-31T20:30:00-03:30");
        assert_eq!(stamp(253_402_300_800, 1, Offset::Naive), "+10000-01-01T00:00:00");
        for ticks in [i64::MIN, i64::MAX] {
            assert!(stamp(ticks, 1, Offset::Fixed(86_340)).contains('T'));
            stamp(ticks, 1_000_000_000, Offset::Utc);
        }
        assert_eq!(text(|text| put_date(text, -719_529)), "-0001-12-31");
        assert_eq!(text(|text| put_clock(text, 86_399_999, 1000)), "23:59:59.999");
        assert_eq!(text(|text| put_clock(text, -3_600_000, 1)), "-1000:00:00");
    }

    #[test]
    fn test_durations_and_offsets() {
        assert_eq!(text(|text| put_duration(text, -1, 1_000_000)), "-PT0.000001S");
        assert_eq!(text(|text| put_duration(text, i64::MIN, 1)), "-PT9223372036854775808S");
        assert_eq!(text(|text| put_duration(text, 1500, 1000)), "PT1.500S");
        assert_eq!(fixed_offset("+02:00"), Some(7200));
        assert_eq!(fixed_offset("-0330"), Some(-12_600));
        assert_eq!(fixed_offset("+01"), Some(3600));
        for zone in ["UTC", "Europe/Berlin", "+", "+1", "+25:00", "+ab:cd", "02:00"] {
            assert_eq!(fixed_offset(zone), None, "{zone}");
        }
    }
}
