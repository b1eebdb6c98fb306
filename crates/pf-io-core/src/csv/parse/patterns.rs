//! Dates and times in a pattern of strftime's directives.
//!
//! `%Y %y %m %d %e %j %b %B %h %a %A %H %I %p %M %S %f %z %s` and the groups `%F %T %R %D`; `%%` is
//! a percent sign, and a space is any number of spaces. Names are English, in any case.

use super::dates::{DAY, Instant, civil};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A pattern that is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Part>);

impl Default for Pattern {
    /// The pattern that no text has.
    fn default() -> Self {
        Self(vec![Part::Field(0)])
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Literal(u8),
    Space,
    Field(u8),
}

/// What a text said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Days since 1970-01-01.
    pub days: i32,
    /// Seconds of the day.
    pub seconds: i64,
    /// Behind the second.
    pub nanos: i64,
    /// Digits behind the second.
    pub digits: u8,
    /// Seconds east of UTC.
    pub offset: Option<i32>,
}

impl Parts {
    /// The point in time.
    pub fn instant(&self) -> Instant {
        let seconds = i64::from(self.days) * DAY + self.seconds;
        Instant {
            seconds: seconds - i64::from(self.offset.unwrap_or(0)),
            nanos: self.nanos,
            digits: self.digits,
            offset: self.offset,
        }
    }
}

/// Fields while they are read.
#[derive(Default)]
struct Read {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    half: Option<bool>,
    minute: i64,
    second: i64,
    nanos: i64,
    digits: u8,
    offset: Option<i32>,
    epoch: Option<i64>,
}

impl Pattern {
    /// Understands a pattern; `None` if a directive is not known.
    pub fn new(pattern: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut bytes = pattern.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'%' => match bytes.next()? {
                    b'%' => parts.push(Part::Literal(b'%')),
                    b'F' => parts.extend(Self::new("%Y-%m-%d")?.0),
                    b'T' => parts.extend(Self::new("%H:%M:%S")?.0),
                    b'R' => parts.extend(Self::new("%H:%M")?.0),
                    b'D' => parts.extend(Self::new("%m/%d/%y")?.0),
                    field if b"YymdejbBhaAHIpMSfzs".contains(&field) => {
                        parts.push(Part::Field(field));
                    }
                    _ => return None,
                },
                b' ' => parts.push(Part::Space),
                byte => parts.push(Part::Literal(byte)),
            }
        }
        Some(Self(parts))
    }

    /// Whether the pattern has a time of day, so that its columns are timestamps.
    pub fn has_time(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Field(field) if b"HIMSfs".contains(field)))
    }

    /// Whether the pattern has an offset.
    pub fn has_offset(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Field(b'z' | b's')))
    }

    /// Reads a text from end to end.
    pub fn parse(&self, text: &[u8]) -> Option<Parts> {
        let mut read = Read::default();
        let mut rest = text;
        for part in &self.0 {
            rest = match *part {
                Part::Literal(byte) => rest.strip_prefix(&[byte])?,
                Part::Space => rest.trim_ascii_start(),
                Part::Field(field) => read.field(field, rest)?,
            };
        }
        if rest.is_empty() { read.finish() } else { None }
    }
}

/// One to `most` digits.
fn number(text: &[u8], most: usize) -> Option<(i64, &[u8])> {
    let count = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(count);
    let value = digits.iter().fold(0, |value, &byte| value * 10 + i64::from(byte - b'0'));
    (count > 0).then_some((value, rest))
}

/// A name, whole or its first three letters.
fn name<'a>(text: &'a [u8], names: &[&str]) -> Option<(i64, &'a [u8])> {
    let starts = |name: &str| {
        text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
    };
    for (index, whole) in names.iter().enumerate() {
        for name in [*whole, &whole[..3]] {
            if starts(name) {
                return Some((index as i64, &text[name.len()..]));
            }
        }
    }
    None
}

impl Read {
    fn field<'a>(&mut self, field: u8, text: &'a [u8]) -> Option<&'a [u8]> {
        let two = || number(text, 2);
        let rest = match field {
            b'Y' => {
                let (year, rest) = number(text, 4)?;
                self.year = Some(year);
                rest
            }
            b'y' => {
                // POSIX: 69 to 99 are of the last century.
                let (year, rest) = two()?;
                self.year = Some(if year < 69 { 2000 + year } else { 1900 + year });
                rest
            }
            b'm' => {
                let (month, rest) = two()?;
                self.month = Some(month);
                rest
            }
            b'd' | b'e' => {
                let text = if field == b'e' { text.trim_ascii_start() } else { text };
                let (day, rest) = number(text, 2)?;
                self.day = Some(day);
                rest
            }
            b'j' => {
                let (day, rest) = number(text, 3)?;
                self.day_of_year = Some(day);
                rest
            }
            b'b' | b'B' | b'h' => {
                let (month, rest) = name(text, &MONTHS)?;
                self.month = Some(month + 1);
                rest
            }
            b'a' | b'A' => name(text, &WEEKDAYS)?.1,
            b'H' => {
                let (hour, rest) = two()?;
                self.hour = hour;
                rest
            }
            b'I' => {
                let (hour, rest) = two()?;
                self.hour = if (1..=12).contains(&hour) { hour % 12 } else { 24 };
                rest
            }
            b'p' => {
                let head = text.get(..2)?;
                self.half = Some(head.eq_ignore_ascii_case(b"pm"));
                if self.half == Some(false) && !head.eq_ignore_ascii_case(b"am") {
                    return None;
                }
                &text[2..]
            }
            b'M' => {
                let (minute, rest) = two()?;
                self.minute = minute;
                rest
            }
            b'S' => {
                let (second, rest) = two()?;
                self.second = second;
                rest
            }
            b'f' => {
                let (nanos, rest) = number(text, 9)?;
                self.digits = (text.len() - rest.len()) as u8;
                self.nanos = nanos * 10_i64.pow(9 - u32::from(self.digits));
                rest
            }
            b'z' => {
                let length = match text {
                    [b'Z', ..] => 1,
                    [_, _, _, b':', ..] => 6,
                    [_, _, _, digit, ..] if digit.is_ascii_digit() => 5,
                    _ => 3,
                };
                self.offset = Some(super::dates::offset(text.get(..length)?)?);
                &text[length..]
            }
            b's' => {
                let (negative, digits) = match text {
                    [b'-', digits @ ..] => (true, digits),
                    digits => (false, digits),
                };
                let (seconds, rest) = number(digits, 12)?;
                self.epoch = Some(if negative { -seconds } else { seconds });
                rest
            }
            _ => return None,
        };
        Some(rest)
    }

    fn finish(self) -> Option<Parts> {
        let (nanos, digits) = (self.nanos, self.digits);
        if let Some(epoch) = self.epoch {
            let days = i32::try_from(epoch.div_euclid(DAY)).ok()?;
            let seconds = epoch.rem_euclid(DAY);
            return Some(Parts { days, seconds, nanos, digits, offset: Some(0) });
        }
        let days = match (self.year, self.day_of_year) {
            (Some(year), Some(day)) => {
                let last = civil(year, 12, 31)? - civil(year, 1, 1)? + 1;
                let day = i32::try_from(day).ok().filter(|day| (1..=last).contains(day))?;
                civil(year, 1, 1)? + day - 1
            }
            (Some(year), None) => civil(year, self.month.unwrap_or(1), self.day.unwrap_or(1))?,
            // A time of day alone.
            (None, _) if self.month.is_none() && self.day.is_none() => 0,
            (None, _) => return None,
        };
        if self.hour > 23 || self.minute > 59 || self.second > 59 {
            return None;
        }
        let hour = match self.half {
            Some(_) if self.hour > 11 => return None,
            Some(true) => self.hour + 12,
            _ => self.hour,
        };
        let seconds = hour * 3600 + self.minute * 60 + self.second;
        Some(Parts { days, seconds, nanos, digits, offset: self.offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(pattern: &str, text: &str) -> Option<i64> {
        Pattern::new(pattern)
            .and_then(|pattern| pattern.parse(text.as_bytes()))
            .map(|parts| parts.instant().seconds)
    }

    #[test]
    fn test_directives() {
        assert_eq!(seconds("%d.%m.%Y", "02.01.1970"), Some(DAY));
        assert_eq!(seconds("%m/%d/%y", "1/2/70"), Some(DAY));
        assert_eq!(seconds("%D", "1/2/68"), seconds("%F", "2068-01-02"));
        assert_eq!(seconds("%d %b %Y", "02 JAN 1970"), Some(DAY));
        assert_eq!(seconds("%A, %B %e, %Y", "Friday, January  2, 1970"), Some(DAY));
        assert_eq!(seconds("%Y%j", "1970002"), Some(DAY));
        assert_eq!(seconds("%Y-%j", "1971-366"), None);
        assert_eq!(seconds("%F %I:%M %p", "1970-01-01 12:05 am"), Some(300));
        assert_eq!(seconds("%F %I:%M %p", "1970-01-01 12:05 PM"), Some(12 * 3600 + 300));
        assert_eq!(seconds("%F %I:%M %p", "1970-01-01 13:05 PM"), None);
        assert_eq!(seconds("%FT%T%z", "1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(seconds("%FT%T%z", "1970-01-01T01:00:00Z"), Some(3600));
        assert_eq!(seconds("%s", "-1"), Some(-1));
        assert_eq!(seconds("%T", "00:00:05"), Some(5));
        assert_eq!(seconds("%F", "1970-02-30"), None);
        assert_eq!(seconds("%F", "1970-01-01x"), None);
        assert_eq!(seconds("%m", "01"), None);
        assert!(Pattern::new("%Q").is_none());
        assert!(Pattern::new("%").is_none());
        let parts = Pattern::new("%S.%f").and_then(|pattern| pattern.parse(b"01.025"));
        assert_eq!(parts.map(|parts| (parts.nanos, parts.digits)), Some((25_000_000, 3)));
    }
}
