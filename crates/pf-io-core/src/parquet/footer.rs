//! Bounds the footer before arrow-rs parses it.
//!
//! arrow-rs reserves memory for as many row groups and schema children as the footer claims, and
//! recurses as deep as its schema. This walk over the compact-thrift bytes reads nothing but
//! lengths: every list must fit the bytes that are there, and the schema must be a tree of bounded
//! depth. O(footer bytes), no allocation beyond the depth.

use crate::source::Source;
use crate::{IoError, Result};

/// Nested structs, lists and maps in the thrift bytes; real footers stay below ten.
const MAX_DEPTH: usize = 40;
/// Levels of a nested column.
const MAX_SCHEMA_DEPTH: usize = 100;
/// Bytes of a footer; the largest known have tens of megabytes.
const MAX_FOOTER: u64 = 512 << 20;
/// Fewest bytes a row group takes: three required fields and an end.
const MIN_ROW_GROUP: usize = 7;

/// Column chunks of a file, all row groups together; arrow-rs takes about half a kilobyte for each.
const MAX_CHUNKS: usize = 4 << 20;
/// Bytes read at first: with luck the whole footer.
const FIRST_READ: u64 = 64 << 10;

/// The bytes of a footer of sound shape, and what the walk over them saw.
#[derive(Debug)]
pub(super) struct Footer {
    pub bytes: Vec<u8>,
    /// Where the thrift bytes begin in `bytes`.
    pub start: usize,
    pub summary: Summary,
}

/// What can be had without statistics and encodings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    /// Rows of the file, as claimed and as the row groups add up.
    pub rows: i64,
    pub group_rows: i64,
    pub row_groups: usize,
    pub leaves: usize,
    /// Top-level columns.
    pub names: Vec<String>,
}

impl Footer {
    /// The thrift bytes.
    pub fn thrift(&self) -> &[u8] {
        &self.bytes[self.start..self.bytes.len() - 8]
    }
}

/// Checks magic bytes, footer length and footer shape; returns the footer's length.
pub(super) fn check(source: &Source) -> Result<u64> {
    Ok(read(source)?.thrift().len() as u64)
}

/// Reads the footer and checks magic bytes, length and shape.
pub(super) fn read(source: &Source) -> Result<Footer> {
    let (path, size) = (source.path(), source.size());
    let bad = |message: &str| IoError::parquet(path, message);
    let read = |from: u64, length: u64| {
        let mut bytes = vec![0; length as usize];
        source.read_exact_at(from, &mut bytes)?;
        Ok::<_, IoError>(bytes)
    };
    if size < 12 {
        return Err(bad("not a Parquet file: shorter than 12 bytes"));
    }
    let head = read(0, 4)?;
    let mut bytes = read(size - size.min(FIRST_READ), size.min(FIRST_READ))?;
    let mut tail = [0; 8];
    tail.copy_from_slice(&bytes[bytes.len() - 8..]);
    if &tail[4..] == b"PARE" || head == b"PARE" {
        return Err(IoError::unsupported(path, "encrypted Parquet is not supported"));
    }
    if head != b"PAR1" {
        return Err(bad("not a Parquet file: it does not begin with PAR1"));
    }
    if &tail[4..] != b"PAR1" {
        return Err(bad("truncated: it does not end with PAR1"));
    }
    let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if length == 0 || length > size - 12 {
        return Err(bad(&format!("damaged: a footer of {length} bytes in a file of {size}")));
    }
    if length > MAX_FOOTER {
        let message = "the footer is too large".to_owned();
        let path = path.to_path_buf();
        return Err(IoError::Limit { path, needed: length, limit: MAX_FOOTER, message });
    }
    if length + 8 > bytes.len() as u64 {
        bytes = read(size - 8 - length, length + 8)?;
    }
    let start = bytes.len() - 8 - length as usize;
    let mut footer = Footer { bytes, start, summary: Summary::default() };
    let mut walk = Walk { data: footer.thrift(), pos: 0 };
    let summary = walk
        .file_metadata()
        .map_err(|reason| bad(&format!("damaged footer, byte {}: {reason}", walk.pos)))?;
    footer.summary = summary;
    Ok(footer)
}

struct Walk<'a> {
    data: &'a [u8],
    pos: usize,
}

type Step<T = ()> = std::result::Result<T, &'static str>;

/// Compact-protocol type numbers that matter here.
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

impl Walk<'_> {
    #[inline]
    fn byte(&mut self) -> Step<u8> {
        let byte = *self.data.get(self.pos).ok_or("it ends too early")?;
        self.pos += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Step<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("a number is too long")
    }

    #[inline]
    fn skip_varint(&mut self) -> Step {
        let bytes = self.data.get(self.pos..).unwrap_or_default();
        let end = bytes.iter().take(10).position(|byte| byte & 0x80 == 0);
        self.pos += end.ok_or("a number is too long")? + 1;
        Ok(())
    }

    fn zigzag(&mut self) -> Step<i64> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn advance(&mut self, length: u64) -> Step {
        if length > (self.data.len() - self.pos) as u64 {
            return Err("a length points past its end");
        }
        self.pos += length as usize;
        Ok(())
    }

    /// The next field's number and type; `None` at the end of the struct.
    fn field(&mut self, last: &mut i64) -> Step<Option<(i64, u8)>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        let delta = i64::from(byte >> 4);
        *last = if delta == 0 { self.zigzag()? } else { last.saturating_add(delta) };
        Ok(Some((*last, byte & 0x0f)))
    }

    /// A list's length and element type; each element takes at least `width` bytes.
    fn list(&mut self, width: usize) -> Step<(usize, u8)> {
        let byte = self.byte()?;
        let length = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
        let room = ((self.data.len() - self.pos) / width) as u64;
        if length > room {
            return Err("a list is longer than the bytes that are left");
        }
        Ok((length as usize, byte & 0x0f))
    }

    /// A key and a value take a byte each at least.
    fn map(&mut self) -> Step<(usize, u8, u8)> {
        let length = self.varint()?;
        if length == 0 {
            return Ok((0, 0, 0));
        }
        if length > ((self.data.len() - self.pos) / 2) as u64 {
            return Err("a map is longer than the bytes that are left");
        }
        let kinds = self.byte()?;
        Ok((length as usize, kinds >> 4, kinds & 0x0f))
    }

    fn skip(&mut self, kind: u8, depth: usize, in_list: bool) -> Step {
        if depth > MAX_DEPTH {
            return Err("it is nested too deep");
        }
        match kind {
            1 | 2 if !in_list => Ok(()), // a boolean field has its value in its type
            1..=3 => self.advance(1),
            4..=6 => self.skip_varint(),
            7 => self.advance(8),
            BINARY => {
                let length = self.varint()?;
                self.advance(length)
            }
            LIST | SET => {
                let (length, kind) = self.list(1)?;
                (0..length).try_for_each(|_| self.skip(kind, depth + 1, true))
            }
            MAP => {
                let (length, key, value) = self.map()?;
                (0..length).try_for_each(|_| {
                    self.skip(key, depth + 1, true)?;
                    self.skip(value, depth + 1, true)
                })
            }
            STRUCT => loop {
                // Most of a footer's bytes pass here: no field numbers, no calls for plain fields.
                let byte = self.byte()?;
                if byte == 0 {
                    return Ok(());
                }
                if byte >> 4 == 0 {
                    self.skip_varint()?;
                }
                match byte & 0x0f {
                    1 | 2 => {}
                    4..=6 => self.skip_varint()?,
                    kind => self.skip(kind, depth + 1, false)?,
                }
            },
            13 => self.advance(16),
            _ => Err("an unknown type"),
        }
    }

    fn file_metadata(&mut self) -> Step<Summary> {
        let mut summary = Summary::default();
        let (mut last, mut chunks) = (0, 0);
        while let Some((id, kind)) = self.field(&mut last)? {
            match (id, kind) {
                (2, LIST) => self.schema(&mut summary)?,
                (3, I64) => summary.rows = self.zigzag()?,
                (4, LIST) => {
                    let (length, kind) = self.list(MIN_ROW_GROUP)?;
                    if kind != STRUCT && length > 0 {
                        return Err("the row groups are no list of structs");
                    }
                    summary.row_groups = length;
                    for _ in 0..length {
                        let (rows, more) = self.row_group()?;
                        chunks += more;
                        if chunks > MAX_CHUNKS {
                            return Err("too many column chunks");
                        }
                        let sum = summary.group_rows.checked_add(rows);
                        summary.group_rows = sum.ok_or("the row groups claim too many rows")?;
                    }
                }
                _ => self.skip(kind, 1, false)?,
            }
        }
        Ok(summary)
    }

    /// The rows and the column chunks of a row group.
    fn row_group(&mut self) -> Step<(i64, usize)> {
        let (mut last, mut rows, mut chunks) = (0, 0, 0);
        while let Some((id, kind)) = self.field(&mut last)? {
            match (id, kind) {
                (1, LIST) => {
                    let (length, kind) = self.list(1)?;
                    chunks = length;
                    (0..length).try_for_each(|_| self.skip(kind, 3, true))?;
                }
                (3, I64) => rows = self.zigzag()?,
                _ => self.skip(kind, 2, false)?,
            }
        }
        if rows < 0 { Err("a negative number of rows") } else { Ok((rows, chunks)) }
    }

    /// The schema is a tree in preorder; each element says how many children follow.
    fn schema(&mut self, summary: &mut Summary) -> Step {
        let (length, kind) = self.list(1)?;
        if kind != STRUCT {
            return Err("the schema is no list of structs");
        }
        let mut open: Vec<usize> = Vec::new(); // children still to come, per level
        for index in 0..length {
            let (name, children) = self.schema_element()?;
            if children > length - index - 1 {
                return Err("the schema has more children than elements");
            }
            while open.last() == Some(&0) {
                open.pop();
            }
            if open.len() == 1 {
                let name = std::str::from_utf8(name).map_err(|_| "a name is not UTF-8")?;
                summary.names.push(name.to_owned());
            }
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            if children > 0 {
                open.push(children);
                if open.len() > MAX_SCHEMA_DEPTH {
                    return Err("the schema is nested too deep");
                }
            } else if index > 0 {
                summary.leaves += 1;
            }
        }
        Ok(())
    }

    /// The name and the number of children.
    fn schema_element(&mut self) -> Step<(&[u8], usize)> {
        let (mut last, mut children, mut name) = (0, 0, 0..0);
        while let Some((id, kind)) = self.field(&mut last)? {
            match (id, kind) {
                (4, BINARY) => {
                    let length = self.varint()?;
                    let start = self.pos;
                    self.advance(length)?;
                    name = start..self.pos;
                }
                (5, 5) => {
                    children = usize::try_from(self.zigzag()?).map_err(|_| "a negative count")?;
                }
                _ => self.skip(kind, 2, false)?,
            }
        }
        Ok((&self.data[name], children))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_claims_beyond_the_bytes_are_refused() {
        let check = |data: &[u8]| Walk { data, pos: 0 }.file_metadata();
        assert_eq!(check(&[0]), Ok(Summary::default()));
        // field 4, a list of 2^31 structs in ten bytes
        let rows = [0x49, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0, 0];
        assert_eq!(check(&rows), Err("a list is longer than the bytes that are left"));
        // field 2, one schema element with 2^30 children
        let children = [0x29, 0x1c, 0x55, 0x80, 0x80, 0x80, 0x80, 0x08, 0, 0];
        assert_eq!(check(&children), Err("the schema has more children than elements"));
        assert_eq!(check(&[0x1c; 200]), Err("it is nested too deep"));
        assert_eq!(check(&[0x18, 0xff, 0xff, 0x03]), Err("a length points past its end"));
    }
}
