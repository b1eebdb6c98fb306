//! Dates and times in a form of the caller's, by the codes of Python's `strftime` in the C locale.

use super::number::{put_padded, put_u64};
use super::text::Text;
use super::time::{Civil, DAY, civil, put_clock, put_date, put_offset};

const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A pattern, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Code(u8),
}

/// What a pattern is filled with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    /// Seconds since 1970 of the local clock.
    pub(super) seconds: i64,
    pub(super) nanos: u64,
    /// Seconds ahead of UTC, and the name of the zone.
    pub(super) zone: Option<(i64, &'a str)>,
}

impl Pattern {
    /// Takes `pattern` apart; the error names a code that is not known. Patterns of dates have no
    /// codes of the clock.
    pub(super) fn new(pattern: &str, clock: bool) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                literal.push(character);
                continue;
            }
            let code = characters.next();
            match code {
                Some('%') => literal.push('%'),
                Some('n') => literal.push('\n'),
                Some('t') => literal.push('\t'),
                Some(code)
                    if "YymdjaAbBhuwGVUWeFDxC".contains(code)
                        || (clock && "HIMSpfTRXcszZ".contains(code)) =>
                {
                    if !literal.is_empty() {
                        pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                    }
                    pieces.push(Piece::Code(code as u8));
                }
                _ => {
                    let code = code.map(String::from).unwrap_or_default();
                    return Err(format!("'%{code}' in '{pattern}' is not known"));
                }
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self(pieces))
    }

    /// Appends `moment`.
    pub(super) fn put(&self, text: &mut Text, moment: &Moment<'_>) {
        let days = moment.seconds.div_euclid(DAY);
        let date = civil(days);
        for piece in &self.0 {
            text.room(64);
            match piece {
                Piece::Literal(literal) => text.append(literal.as_bytes()),
                Piece::Code(code) => put_code(text, *code, moment, days, date),
            }
        }
    }
}

fn put_code(text: &mut Text, code: u8, moment: &Moment<'_>, days: i64, date: Civil) {
    let clock = moment.seconds.rem_euclid(DAY);
    let hour = (clock / 3600) as u64;
    let weekday = (days + 3).rem_euclid(7); // from Monday; 1970 began on a Thursday
    let day_of_year = days - first_day(date.year) + 1;
    let two = |text: &mut Text, value: i64| put_padded(text, value as u64, 2);
    match code {
        b'Y' => put_year(text, date.year),
        b'C' => two(text, date.year.div_euclid(100).rem_euclid(100)),
        b'y' => two(text, date.year.rem_euclid(100)),
        b'm' => put_padded(text, date.month, 2),
        b'd' => put_padded(text, date.day, 2),
        b'e' => {
            if date.day < 10 {
                text.push(b' ');
            }
            put_u64(text, date.day);
        }
        b'j' => put_padded(text, day_of_year as u64, 3),
        b'a' => text.append(&DAYS[weekday as usize].as_bytes()[..3]),
        b'A' => text.append(DAYS[weekday as usize].as_bytes()),
        b'b' | b'h' => text.append(&MONTHS[date.month as usize - 1].as_bytes()[..3]),
        b'B' => text.append(MONTHS[date.month as usize - 1].as_bytes()),
        b'u' => put_u64(text, weekday as u64 + 1),
        b'w' => put_u64(text, (weekday as u64 + 1) % 7),
        b'U' => two(text, (day_of_year + 6 - (weekday + 1) % 7) / 7),
        b'W' => two(text, (day_of_year + 6 - weekday) / 7),
        b'G' => put_year(text, iso_week(days, weekday).0),
        b'V' => two(text, iso_week(days, weekday).1),
        b'F' => put_date(text, days),
        b'D' | b'x' => {
            put_padded(text, date.month, 2);
            text.push(b'/');
            put_padded(text, date.day, 2);
            text.push(b'/');
            two(text, date.year.rem_euclid(100));
        }
        b'H' => put_padded(text, hour, 2),
        b'I' => put_padded(text, (hour + 11) % 12 + 1, 2),
        b'M' => two(text, clock / 60 % 60),
        b'S' => two(text, clock % 60),
        b'p' => text.append(if hour < 12 { b"AM" } else { b"PM" }),
        b'f' => put_padded(text, moment.nanos / 1000, 6),
        b'T' | b'X' => put_clock(text, clock, 1),
        b'R' => {
            put_padded(text, hour, 2);
            text.push(b':');
            two(text, clock / 60 % 60);
        }
        b'c' => {
            for code in [b'a', b' ', b'b', b' ', b'e', b' ', b'T', b' ', b'Y'] {
                if code == b' ' {
                    text.push(b' ');
                } else {
                    put_code(text, code, moment, days, date);
                }
            }
        }
        b's' => {
            let seconds = moment.seconds - moment.zone.map_or(0, |(ahead, _)| ahead);
            super::number::put_i64(text, seconds);
        }
        b'z' => {
            if let Some((ahead, _)) = moment.zone {
                put_offset(text, ahead, false);
            }
        }
        _ => {
            if let Some((_, name)) = moment.zone {
                text.append(name.as_bytes());
            }
        }
    }
}

fn put_year(text: &mut Text, year: i64) {
    if year < 0 {
        text.push(b'-');
    }
    let year = year.unsigned_abs();
    if year < 10_000 { put_padded(text, year, 4) } else { put_u64(text, year) }
}

/// The first of January of `year`, in days since 1970.
fn first_day(year: i64) -> i64 {
    let before = year - 1;
    before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 719_162
}

/// Year and week by ISO 8601: a week belongs to the year of its Thursday.
fn iso_week(days: i64, weekday: i64) -> (i64, i64) {
    let thursday = days - weekday + 3;
    let year = civil(thursday).year;
    (year, (thursday - first_day(year)) / 7 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(pattern: &str, seconds: i64, zone: Option<(i64, &str)>) -> String {
        let mut text = Text::default();
        Pattern::new(pattern, true)
            .unwrap()
            .put(&mut text, &Moment { seconds, nanos: 123_456_789, zone });
        String::from_utf8(text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn test_codes_are_those_of_python() {
        // 2024-02-29 was a Thursday.
        let leap = 1_709_217_296;
        for (pattern, expected) in [
            ("%Y-%m-%d %H:%M:%S.%f", "2024-02-29 14:34:56.123456"),
            ("%d/%m/%y %I:%M %p", "29/02/24 02:34 PM"),
            ("%a %A %b %B %j", "Thu Thursday Feb February 060"),
            ("%u %w %U %W %G-W%V", "4 4 08 09 2024-W09"),
            ("%F %T %D %R %e %C", "2024-02-29 14:34:56 02/29/24 14:34 29 20"),
            ("%c", "Thu Feb 29 14:34:56 2024"),
            ("100%% ü%n%t%z%Z", "100% ü\n\t"),
        ] {
            assert_eq!(print(pattern, leap, None), expected);
        }
        assert_eq!(print("%z %Z %s", leap + 3600, Some((3600, "CET"))), "+0100 CET 1709217296");
        // Years whose first days belong to the last week of the year before.
        assert_eq!(print("%G-%V %u", 1_609_459_200, None), "2020-53 5");
        assert_eq!(print("%U %W %j", 1_609_459_200, None), "00 00 001");
        assert_eq!(print("%I %p", 0, None), "12 AM");
    }

    #[test]
    fn test_unknown_codes_are_named() {
        assert!(Pattern::new("%Q", true).unwrap_err().contains("'%Q'"));
        assert!(Pattern::new("100%", true).unwrap_err().contains("'%'"));
        assert!(Pattern::new("%H", false).unwrap_err().contains("'%H'"));
        assert!(Pattern::new("%d.%m.%Y", false).is_ok());
    }
}
