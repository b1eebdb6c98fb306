//! Splits text into records and cells. Serial, one byte at a time over a class table; O(bytes).
//!
//! All special bytes are ASCII, so every cell of valid UTF-8 text is valid UTF-8.

/// The bytes that mean something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub delimiter: u8,
    pub quote: Option<u8>,
    pub escape: Option<u8>,
    pub comment: Option<u8>,
}

/// One cell: a range of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub start: usize,
    pub end: usize,
    /// It began with a quote (the range starts after it).
    pub quoted: bool,
    /// The range is the value; otherwise [`Dialect::unescape`] makes it.
    pub plain: bool,
    /// There was text after the closing quote.
    pub trailing: bool,
}

/// Where the splitter stands; enough to go on later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    pub pos: usize,
    /// Physical line of `pos`, from 1.
    pub line: u64,
}

/// A quote opened on this line is never closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unclosed {
    pub line: u64,
}

/// The splitter.
pub(super) struct Records<'a> {
    data: &'a [u8],
    dialect: Dialect,
    cursor: Cursor,
    /// Stops a scan of an unquoted cell.
    outside: [bool; 256],
    /// Stops a scan of a quoted cell.
    inside: [bool; 256],
}

impl Dialect {
    /// Appends the value of a cell that is not plain.
    pub(super) fn unescape(self, raw: &[u8], quoted: bool, out: &mut Vec<u8>) {
        let mut in_quotes = quoted;
        let mut at = 0;
        while let Some(&byte) = raw.get(at) {
            at += 1;
            if Some(byte) == self.escape {
                if let Some(&next) = raw.get(at) {
                    out.push(next);
                    at += 1;
                    continue;
                }
            } else if in_quotes && Some(byte) == self.quote {
                if raw.get(at) == Some(&byte) {
                    at += 1;
                } else {
                    in_quotes = false;
                    continue;
                }
            }
            out.push(byte);
        }
    }
}

impl<'a> Records<'a> {
    pub(super) fn new(data: &'a [u8], mut dialect: Dialect, cursor: Cursor) -> Self {
        if dialect.escape == dialect.quote {
            dialect.escape = None;
        }
        let (mut outside, mut inside) = ([false; 256], [false; 256]);
        for byte in [Some(dialect.delimiter), Some(b'\n'), Some(b'\r'), dialect.escape] {
            outside[usize::from(byte.unwrap_or(b'\n'))] = true;
        }
        for byte in [dialect.quote, Some(b'\n'), Some(b'\r'), dialect.escape] {
            inside[usize::from(byte.unwrap_or(b'\n'))] = true;
        }
        Self { data, dialect, cursor, outside, inside }
    }

    pub(super) fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Steps over one physical line, whatever it holds.
    pub(super) fn skip_line(&mut self) {
        let rest = &self.data[self.cursor.pos..];
        match rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(length) => {
                self.cursor.pos += length;
                self.line_end();
            }
            None => self.cursor.pos = self.data.len(),
        }
    }

    /// The next record's cells into `cells`; its first line, or `None` at the end.
    pub(super) fn next(&mut self, cells: &mut Vec<Cell>) -> Result<Option<u64>, Unclosed> {
        cells.clear();
        loop {
            match self.data.get(self.cursor.pos) {
                None => return Ok(None),
                Some(b'\n' | b'\r') => self.line_end(),
                Some(&byte) if Some(byte) == self.dialect.comment => self.skip_line(),
                Some(_) => break,
            }
        }
        let line = self.cursor.line;
        loop {
            let cell = match self.data.get(self.cursor.pos) {
                Some(&byte) if Some(byte) == self.dialect.quote => self.quoted()?,
                _ => self.unquoted(),
            };
            cells.push(cell);
            match self.data.get(self.cursor.pos) {
                None => return Ok(Some(line)),
                Some(b'\n' | b'\r') => {
                    self.line_end();
                    return Ok(Some(line));
                }
                Some(_) => self.cursor.pos += 1, // the delimiter
            }
        }
    }

    /// A cell from here to the delimiter, line end or end of text.
    fn unquoted(&mut self) -> Cell {
        let start = self.cursor.pos;
        let plain = self.skip_unquoted();
        Cell { start, end: self.cursor.pos, quoted: false, plain, trailing: false }
    }

    /// Moves to the end of unquoted text; false if there was an escape.
    fn skip_unquoted(&mut self) -> bool {
        let mut plain = true;
        let data = self.data;
        let mut pos = self.cursor.pos;
        loop {
            while pos < data.len() && !self.outside[usize::from(data[pos])] {
                pos += 1;
            }
            if pos < data.len() && Some(data[pos]) == self.dialect.escape {
                plain = false;
                pos = self.after_escape(pos);
            } else {
                self.cursor.pos = pos;
                return plain;
            }
        }
    }

    /// The position after the escape at `pos` and the byte it takes; counts an escaped line end.
    fn after_escape(&mut self, pos: usize) -> usize {
        match (self.data.get(pos + 1), self.data.get(pos + 2)) {
            (None, _) => pos + 1,
            // the LF after an escaped CR is met as a line end of its own
            (Some(b'\r'), Some(b'\n')) => pos + 2,
            (Some(b'\n' | b'\r'), _) => {
                self.cursor.line += 1;
                pos + 2
            }
            (Some(_), _) => pos + 2,
        }
    }

    fn quoted(&mut self) -> Result<Cell, Unclosed> {
        let opened = self.cursor.line;
        let data = self.data;
        let start = self.cursor.pos + 1;
        let mut pos = start;
        let mut plain = true;
        loop {
            while pos < data.len() && !self.inside[usize::from(data[pos])] {
                pos += 1;
            }
            match data.get(pos) {
                None => return Err(Unclosed { line: opened }),
                Some(&byte) if Some(byte) == self.dialect.quote => {
                    if data.get(pos + 1) == Some(&byte) {
                        plain = false;
                        pos += 2;
                        continue;
                    }
                    let end = pos;
                    self.cursor.pos = pos + 1;
                    return Ok(match data.get(pos + 1) {
                        None | Some(b'\n' | b'\r') => {
                            Cell { start, end, quoted: true, plain, trailing: false }
                        }
                        Some(&next) if next == self.dialect.delimiter => {
                            Cell { start, end, quoted: true, plain, trailing: false }
                        }
                        Some(_) => {
                            self.skip_unquoted();
                            let end = self.cursor.pos;
                            Cell { start, end, quoted: true, plain: false, trailing: true }
                        }
                    });
                }
                Some(&byte) if Some(byte) == self.dialect.escape => {
                    plain = false;
                    pos = self.after_escape(pos);
                }
                Some(b'\r') if data.get(pos + 1) == Some(&b'\n') => pos += 1, // counted at the LF
                Some(_) => {
                    self.cursor.line += 1;
                    pos += 1;
                }
            }
        }
    }

    /// Steps over LF, CR or CR LF.
    fn line_end(&mut self) {
        let crlf = self.data[self.cursor.pos] == b'\r'
            && self.data.get(self.cursor.pos + 1) == Some(&b'\n');
        self.cursor.pos += 1 + usize::from(crlf);
        self.cursor.line += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, escape: Option<u8>) -> Vec<(u64, Vec<String>)> {
        let dialect = Dialect { delimiter: b',', quote: Some(b'"'), escape, comment: Some(b'#') };
        let mut records = Records::new(text.as_bytes(), dialect, Cursor { pos: 0, line: 1 });
        let mut cells = Vec::new();
        let mut out = Vec::new();
        while let Some(line) = records.next(&mut cells).unwrap() {
            let texts = cells.iter().map(|cell| {
                let raw = &text.as_bytes()[cell.start..cell.end];
                let mut value = Vec::new();
                if cell.plain {
                    value.extend_from_slice(raw);
                } else {
                    dialect.unescape(raw, cell.quoted, &mut value);
                }
                String::from_utf8(value).unwrap()
            });
            out.push((line, texts.collect()));
        }
        out
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn test_quotes_line_ends_blanks_and_comments() {
        let text = "a,b\r\n#no, \"\n\n1,\"x\ny\"\r\"q\"\"q\",\n\"a\"b,c\"d\"";
        let wanted = vec![
            row(1, &["a", "b"]),
            row(4, &["1", "x\ny"]),
            row(6, &["q\"q", ""]),
            row(7, &["ab", "c\"d\""]),
        ];
        assert_eq!(split(text, None), wanted);
        assert_eq!(split("a,", None), vec![row(1, &["a", ""])]);
        assert_eq!(split("", None), vec![]);
    }

    #[test]
    fn test_escape_takes_the_next_byte() {
        assert_eq!(split("a\\,b,\"c\\\"d\"\n", Some(b'\\')), vec![row(1, &["a,b", "c\"d"])]);
    }

    #[test]
    fn test_unclosed_quote_names_its_line() {
        let dialect = Dialect { delimiter: b',', quote: Some(b'"'), escape: None, comment: None };
        let mut records = Records::new(b"a\n1,\"x\n\n", dialect, Cursor { pos: 0, line: 1 });
        let mut cells = Vec::new();
        records.next(&mut cells).unwrap();
        assert_eq!(records.next(&mut cells), Err(Unclosed { line: 2 }));
    }
}
