//! Names of runs: the time in UTC, so that they sort by start, and 30 random bits, so that runs
//! of the same second differ. Lower case and digits after the time, safe as a file name.
//!
//! Days are turned into dates with the algorithm of Howard Hinnant, "chrono-compatible low-level
//! date algorithms": <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::WorkflowError;

/// RFC 4648 base32, in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A new name such as `20260131T235959Z-k3v9qa`.
///
/// ```
/// let id = pf_workflow_core::new_run_id()?;
/// assert_eq!(id.len(), 23);
/// # Ok::<(), pf_workflow_core::WorkflowError>(())
/// ```
pub fn new_run_id() -> Result<String, WorkflowError> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(|source| WorkflowError::Randomness { source })?;
    // A clock before 1970 is wrong anyway; the random part still tells runs apart.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format_run_id(now.as_secs(), u32::from_le_bytes(random)))
}

/// Formats seconds since 1970 and the low 30 bits of `random`.
fn format_run_id(seconds: u64, random: u32) -> String {
    let (year, month, day) = civil_from_days(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let mut id = format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z-");
    for digit in 0..6 {
        id.push(char::from(ALPHABET[(random >> (5 * digit) & 31) as usize]));
    }
    id
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar. Years start in
/// March inside, so that the leap day comes last.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    const DAYS_PER_ERA: u64 = 146_097; // 400 years
    let days = days + 719_468; // from 0000-03-01
    let (era, day_of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: `date -u -d @SECONDS`.
    #[test]
    fn known_instants() {
        for (seconds, expected) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_709_251_199, "20240229T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
            (253_402_300_799, "99991231T235959Z"),
        ] {
            assert_eq!(format_run_id(seconds, 0), format!("{expected}-aaaaaa"));
        }
    }

    #[test]
    fn days_follow_each_other_for_a_thousand_years() {
        let mut expected = (1970, 1, 1);
        for day in 0..366_000 {
            assert_eq!(civil_from_days(day), expected, "day {day}");
            let (year, month, date) = expected;
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + u64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            expected = match (month, date) {
                (12, 31) => (year + 1, 1, 1),
                _ if date == length => (year, month + 1, 1),
                _ => (year, month, date + 1),
            };
        }
    }

    #[test]
    fn every_digit_is_used() {
        assert!(format_run_id(0, 31).ends_with("-7aaaaa"));
        assert!(format_run_id(0, u32::MAX).ends_with("-777777"));
        let ids: std::collections::HashSet<_> = (0..100).map(|_| new_run_id().unwrap()).collect();
        assert!(ids.len() > 95);
    }
}
