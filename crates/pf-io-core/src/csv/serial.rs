//! The definition of the grammar: a machine that reads one byte after the other.
//!
//! A quote opens only at the start of a field; inside, a doubled quote is one quote and an escape
//! takes the next byte literally; text behind the closing quote is appended as it is, up to the
//! separator or line end. A quote inside an unquoted field is literal. A comment is a prefix at the
//! start of a record and lasts to the end of its line. NUL is data. Everything faster than this
//! machine must give the same records and fields, and calls it wherever it is not certain to.

use std::borrow::Cow;

use super::dialect::{Dialect, Newline};

/// The machine for one dialect.
#[derive(Debug, Clone)]
pub struct Serial {
    separator: u8,
    quote: Option<u8>,
    escape: Option<u8>,
    comment: Option<Vec<u8>>,
    newline: Newline,
    trim: bool,
    /// Bytes that may end unquoted text.
    outside: [bool; 256],
    /// Bytes that may end quoted text.
    inside: [bool; 256],
}

/// Where the machine stands inside one record.
#[derive(Debug, Clone, Copy)]
pub struct Scan {
    /// First byte of the record.
    pub start: usize,
    /// Next byte to look at.
    pub pos: usize,
    /// Fields that have ended.
    pub fields: usize,
    /// Fields with text behind the closing quote.
    pub anomalies: usize,
    /// The first of those: its number from 1, and where its text behind the quote begins.
    pub anomaly: Option<(usize, usize)>,
    /// Where the last quoted field began.
    pub opened: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Record,
    Field,
    Unquoted,
    Quoted,
    Closed,
    Comment,
}

/// How far the machine came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The bytes are used up before the record ends, or before it is known where.
    More,
    /// The record ends, and the next one starts at this place.
    Done(Kind, usize),
}

/// What a stretch between two record starts is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A record with fields.
    Data,
    /// A record of no bytes.
    Blank,
    /// A comment.
    Comment,
    /// A record with a quote that is open at the end of the input.
    Open,
    /// The end of the input.
    End,
}

/// What ends a line here.
enum Ending {
    /// Nothing: the byte is data.
    Not,
    /// So many bytes.
    Bytes(usize),
    /// The next byte decides.
    Unknown,
}

impl Scan {
    /// At the start of a record.
    pub fn at(start: usize) -> Self {
        let state = State::Record;
        Self { start, pos: start, fields: 0, anomalies: 0, anomaly: None, opened: start, state }
    }

    /// Where the quote is that is open now.
    pub fn open_quote(&self) -> Option<usize> {
        (self.state == State::Quoted).then_some(self.opened)
    }
}

impl Serial {
    /// Prepares the machine.
    pub fn new(dialect: &Dialect) -> Self {
        // A doubled quote is understood anyway.
        let escape = dialect.escape.filter(|escape| Some(*escape) != dialect.quote);
        let (mut outside, mut inside) = ([false; 256], [false; 256]);
        outside[usize::from(dialect.separator)] = true;
        outside[usize::from(b'\n')] = matches!(dialect.newline, Newline::Auto | Newline::Lf);
        outside[usize::from(b'\r')] = dialect.newline != Newline::Lf;
        for byte in [dialect.quote, escape].into_iter().flatten() {
            inside[usize::from(byte)] = true;
        }
        Self {
            separator: dialect.separator,
            quote: dialect.quote,
            escape,
            comment: dialect.comment.clone().filter(|prefix| !prefix.is_empty()),
            newline: dialect.newline,
            trim: dialect.trim,
            outside,
            inside,
        }
    }

    /// Reads on to the end of the record; `end` gets the end of each field. With `last`, nothing
    /// follows `bytes`. After [`Step::More`], goes on where it was when called with more bytes.
    pub fn run(
        &self,
        bytes: &[u8],
        last: bool,
        scan: &mut Scan,
        mut end: impl FnMut(usize),
    ) -> Step {
        loop {
            let byte = bytes.get(scan.pos).copied();
            match scan.state {
                State::Record => {
                    let Some(byte) = byte else {
                        return if last { Step::Done(Kind::End, scan.pos) } else { Step::More };
                    };
                    if let Some(prefix) = &self.comment {
                        let rest = &bytes[scan.pos..];
                        if rest.starts_with(prefix) {
                            scan.state = State::Comment;
                            continue;
                        }
                        if !last && prefix.starts_with(rest) {
                            return Step::More;
                        }
                    }
                    match self.ending(bytes, last, scan.pos, byte) {
                        Ending::Bytes(length) => {
                            return Step::Done(Kind::Blank, scan.pos + length);
                        }
                        Ending::Unknown => return Step::More,
                        Ending::Not => scan.state = State::Field,
                    }
                }
                State::Field => match byte {
                    None if !last => return Step::More,
                    Some(byte) if Some(byte) == self.quote => {
                        scan.opened = scan.pos;
                        scan.pos += 1;
                        scan.state = State::Quoted;
                    }
                    _ => scan.state = State::Unquoted,
                },
                State::Unquoted | State::Closed => {
                    if scan.state == State::Unquoted {
                        scan.pos = skip(bytes, scan.pos, &self.outside);
                    }
                    let Some(&byte) = bytes.get(scan.pos) else {
                        if !last {
                            return Step::More;
                        }
                        scan.fields += 1;
                        end(scan.pos);
                        return Step::Done(Kind::Data, scan.pos);
                    };
                    if byte == self.separator {
                        scan.fields += 1;
                        end(scan.pos);
                        scan.pos += 1;
                        scan.state = State::Field;
                        continue;
                    }
                    match self.ending(bytes, last, scan.pos, byte) {
                        Ending::Bytes(length) => {
                            scan.fields += 1;
                            end(scan.pos);
                            return Step::Done(Kind::Data, scan.pos + length);
                        }
                        Ending::Unknown => return Step::More,
                        Ending::Not if scan.state == State::Closed => {
                            scan.anomalies += 1;
                            scan.anomaly = scan.anomaly.or(Some((scan.fields + 1, scan.pos)));
                            scan.state = State::Unquoted;
                        }
                        Ending::Not => scan.pos += 1,
                    }
                }
                State::Quoted => {
                    scan.pos = skip(bytes, scan.pos, &self.inside);
                    let Some(&byte) = bytes.get(scan.pos) else {
                        return if last { Step::Done(Kind::Open, scan.pos) } else { Step::More };
                    };
                    let next = bytes.get(scan.pos + 1);
                    if next.is_none() && !last {
                        return Step::More;
                    }
                    if Some(byte) == self.escape {
                        scan.pos = (scan.pos + 2).min(bytes.len());
                    } else if next == Some(&byte) {
                        scan.pos += 2;
                    } else {
                        scan.pos += 1;
                        scan.state = State::Closed;
                    }
                }
                State::Comment => {
                    let Some(byte) = byte else {
                        return if last { Step::Done(Kind::Comment, scan.pos) } else { Step::More };
                    };
                    match self.ending(bytes, last, scan.pos, byte) {
                        Ending::Bytes(length) => {
                            return Step::Done(Kind::Comment, scan.pos + length);
                        }
                        Ending::Unknown => return Step::More,
                        Ending::Not => scan.pos += 1,
                    }
                }
            }
        }
    }

    /// How many fields one record has.
    pub fn width(&self, record: &[u8]) -> usize {
        let mut fields = 0;
        let mut scan = Scan::at(0);
        scan.state = State::Field;
        let step = self.run(record, true, &mut scan, |_| fields += 1);
        fields + usize::from(matches!(step, Step::Done(Kind::Open, _)))
    }

    /// The fields of one record, its line end included or not, with their quotes.
    pub fn fields<'a>(&self, record: &'a [u8]) -> Vec<&'a [u8]> {
        let mut fields = Vec::new();
        let mut start = 0;
        let mut scan = Scan::at(0);
        scan.state = State::Field; // it is known to be neither comment nor blank line
        let step = self.run(record, true, &mut scan, |end| {
            fields.push(&record[start..end]);
            start = end + 1;
        });
        if matches!(step, Step::Done(Kind::Open, _)) {
            fields.push(&record[start..]);
        }
        fields
    }

    /// What a field says: without its quotes, or trimmed where the dialect asks for it.
    pub fn value<'a>(&self, raw: &'a [u8]) -> Cow<'a, [u8]> {
        if raw.is_empty() || raw.first().copied() != self.quote {
            return Cow::Borrowed(if self.trim { trim_spaces(raw) } else { raw });
        }
        let mut out = Vec::with_capacity(raw.len());
        let mut at = 1;
        while let Some(&byte) = raw.get(at) {
            let next = raw.get(at + 1).copied();
            if Some(byte) == self.escape && next.is_some() {
                out.extend(next);
                at += 2;
            } else if Some(byte) == self.quote {
                if next != self.quote {
                    out.extend_from_slice(&raw[at + 1..]);
                    break;
                }
                out.push(byte);
                at += 2;
            } else {
                out.push(byte);
                at += 1;
            }
        }
        Cow::Owned(out)
    }

    /// Physical lines that end in `bytes`, behind which nothing or the start of a line follows.
    pub fn count_lines(&self, bytes: &[u8]) -> u64 {
        let (mut lines, mut at) = (0, 0);
        while let Some(&byte) = bytes.get(at) {
            at += match self.ending(bytes, true, at, byte) {
                Ending::Bytes(length) => {
                    lines += 1;
                    length
                }
                _ => 1,
            };
        }
        lines
    }

    /// Whether the last bytes are a line end.
    pub fn ends_line(&self, bytes: &[u8]) -> bool {
        matches!(
            (self.newline, bytes),
            (Newline::Auto, [.., b'\n' | b'\r'])
                | (Newline::Lf, [.., b'\n'])
                | (Newline::Cr, [.., b'\r'])
                | (Newline::CrLf, [.., b'\r', b'\n'])
        )
    }

    /// Where the physical line that starts at `at` ends and the next one starts, if it is known.
    pub fn line_end(&self, bytes: &[u8], last: bool, mut at: usize) -> Option<usize> {
        while let Some(&byte) = bytes.get(at) {
            match self.ending(bytes, last, at, byte) {
                Ending::Bytes(length) => return Some(at + length),
                Ending::Unknown => return None,
                Ending::Not => at += 1,
            }
        }
        last.then_some(at)
    }

    fn ending(&self, bytes: &[u8], last: bool, at: usize, byte: u8) -> Ending {
        match (self.newline, byte) {
            (Newline::Auto | Newline::Lf, b'\n') | (Newline::Cr, b'\r') => Ending::Bytes(1),
            (Newline::Auto | Newline::CrLf, b'\r') => match bytes.get(at + 1) {
                Some(b'\n') => Ending::Bytes(2),
                None if !last => Ending::Unknown,
                _ if self.newline == Newline::Auto => Ending::Bytes(1),
                _ => Ending::Not,
            },
            _ => Ending::Not,
        }
    }
}

/// The first place from `at` on whose byte is in the set.
#[inline]
fn skip(bytes: &[u8], at: usize, set: &[bool; 256]) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| set[usize::from(*byte)]).unwrap_or(rest.len())
}

fn trim_spaces(mut text: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dialect: &Dialect, text: &str) -> Vec<Vec<String>> {
        let serial = Serial::new(dialect);
        let (mut records, mut at) = (Vec::new(), 0);
        loop {
            let mut scan = Scan::at(at);
            let Step::Done(kind, next) = serial.run(text.as_bytes(), true, &mut scan, |_| ())
            else {
                panic!("nothing follows the last byte")
            };
            if kind == Kind::End {
                return records;
            }
            if matches!(kind, Kind::Data | Kind::Open) {
                let fields = serial.fields(&text.as_bytes()[at..next]);
                let text = |raw: &&[u8]| String::from_utf8(serial.value(raw).into()).unwrap();
                records.push(fields.iter().map(text).collect());
            }
            at = next;
        }
    }

    #[test]
    fn the_grammar_is_as_described() {
        let plain = Dialect::default();
        let cases: [(&str, &[&[&str]]); 14] = [
            ("", &[]),
            ("a,b\n", &[&["a", "b"]]),
            ("a,b", &[&["a", "b"]]),
            ("a,", &[&["a", ""]]),
            ("\n\r\n\ra\n", &[&["a"]]),
            ("a\rb\r\nc\nd", &[&["a"], &["b"], &["c"], &["d"]]),
            ("\"a,\n\"\"b\",c\n", &[&["a,\n\"b", "c"]]),
            ("\"p\"q,\"p\"\"q\"r\"s\n", &[&["pq", "p\"qr\"s"]]),
            ("a\"b,c\"\"\n", &[&["a\"b", "c\"\""]]),
            ("\"\"\n\"\"\"\"\n", &[&[""], &["\""]]),
            ("\"open\n", &[&["open\n"]]),
            (" \"a\",b\n", &[&[" \"a\"", "b"]]),
            ("\0,\0\n", &[&["\0", "\0"]]),
            ("\"a\"\r\n\"b\"\r\"c\"", &[&["a"], &["b"], &["c"]]),
        ];
        for (text, records) in cases {
            assert_eq!(read(&plain, text), records, "{text:?}");
        }
    }

    #[test]
    fn escapes_comments_trims_and_fixed_line_ends() {
        let escape = Dialect { escape: Some(b'\\'), ..Dialect::default() };
        assert_eq!(read(&escape, "\"a\\\"\\\\,\",\\\"\n"), [["a\"\\,", "\\\""]]);
        let comment = Dialect { comment: Some(b"//".to_vec()), ..Dialect::default() };
        assert_eq!(read(&comment, "// \"no\n/a\n//"), [["/a"]]);
        let trim = Dialect { trim: true, ..Dialect::default() };
        assert_eq!(read(&trim, " a , b\n\" c \", \n"), [["a", "b"], [" c ", ""]]);
        let lf = Dialect { newline: Newline::Lf, ..Dialect::default() };
        assert_eq!(read(&lf, "a\r\nb\r"), [["a\r"], ["b\r"]]);
        let cr = Dialect { newline: Newline::Cr, ..Dialect::default() };
        assert_eq!(read(&cr, "a\nb\rc"), [["a\nb"], ["c"]]);
        let both = Dialect { newline: Newline::CrLf, ..Dialect::default() };
        assert_eq!(read(&both, "a\nb\rc\r\n\"d\"\r\n\r"), [["a\nb\rc"], ["d"], ["\r"]]);
    }
}
