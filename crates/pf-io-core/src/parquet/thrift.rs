//! A bounded reader of Thrift's compact protocol, for footers and page headers.
//!
//! Every length is compared with the bytes that are left before it is believed, and nesting is
//! bounded, so that reading takes time and memory in proportion to the bytes that are there.
//! Source: Apache Thrift, "Thrift compact protocol encoding", doc/specs/thrift-compact-protocol.md.

#![expect(
    clippy::inline_always,
    reason = "a place in memory costs more than the bytes it points to"
)]

/// Nested structs, lists and maps; real files stay below ten.
const MAX_DEPTH: usize = 40;

/// Type numbers of fields; booleans have their value in the type.
pub(super) const TRUE: u8 = 1;
pub(super) const FALSE: u8 = 2;
pub(super) const I32: u8 = 5;
pub(super) const I64: u8 = 6;
pub(super) const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;

/// Why bytes are no Thrift, or not what was expected there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed(pub &'static str);

pub(super) type Step<T = ()> = Result<T, Malformed>;

/// A place in bytes. A copy is a second reader; whoever reads much works on one, because a place
/// that others may look at stays out of the registers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thrift<'a> {
    data: &'a [u8],
    pos: usize,
}

impl<'a> Thrift<'a> {
    /// From `pos` on, which may lie past the end.
    pub fn new(data: &'a [u8], pos: usize) -> Self {
        Self { data, pos: pos.min(data.len()) }
    }

    /// Where the next byte is.
    pub fn pos(&self) -> usize {
        self.pos
    }

    #[inline(always)]
    pub fn byte(&mut self) -> Step<u8> {
        let byte = byte_at(self.data, self.pos)?;
        self.pos += 1;
        Ok(byte)
    }

    #[inline(always)]
    fn varint(&mut self) -> Step<u64> {
        let (number, pos) = varint_at(self.data, self.pos)?;
        self.pos = pos;
        Ok(number)
    }

    /// A signed number of any width.
    #[inline(always)]
    pub fn i64(&mut self) -> Step<i64> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    #[inline(always)]
    pub fn i32(&mut self) -> Step<i32> {
        i32::try_from(self.i64()?).map_err(|_| Malformed("a number is too large"))
    }

    /// A length, count or size.
    pub fn size(&mut self) -> Step<u32> {
        u32::try_from(self.i32()?).map_err(|_| Malformed("a size is negative"))
    }

    /// Bytes with their length in front.
    pub fn binary(&mut self) -> Step<&'a [u8]> {
        let (length, start) = varint_at(self.data, self.pos)?;
        self.pos = past(self.data, start, length)?;
        Ok(&self.data[start..self.pos])
    }

    pub fn text(&mut self) -> Step<&'a str> {
        std::str::from_utf8(self.binary()?).map_err(|_| Malformed("a text is not UTF-8"))
    }

    /// The next field's number and type; `None` at the end of the struct. `last` begins with 0.
    #[inline(always)]
    pub fn field(&mut self, last: &mut i32) -> Step<Option<(i32, u8)>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        let delta = i32::from(byte >> 4);
        *last = if delta == 0 { self.i32()? } else { last.saturating_add(delta) };
        Ok(Some((*last, byte & 0x0f)))
    }

    /// The length of a list whose elements are of `kind` and take at least `width` bytes each.
    #[inline(always)]
    pub fn list_of(&mut self, kind: u8, width: usize) -> Step<usize> {
        let (length, found, pos) = list_at(self.data, self.pos, width)?;
        self.pos = pos;
        if found == kind || length == 0 {
            Ok(length)
        } else {
            Err(Malformed("a list holds something else"))
        }
    }

    /// Leaves out the value of a field.
    #[inline(always)]
    pub fn skip(&mut self, kind: u8) -> Step {
        self.pos = past_field(self.data, self.pos, kind, 0)?;
        Ok(())
    }
}

#[inline(always)]
fn byte_at(data: &[u8], pos: usize) -> Step<u8> {
    data.get(pos).copied().ok_or(Malformed("it ends too early"))
}

/// A number, and where it ends. Most have one byte; the lengths of others vary, so that a loop over
/// their bytes would mispredict its end.
#[inline(always)]
fn varint_at(data: &[u8], pos: usize) -> Step<(u64, usize)> {
    let first = byte_at(data, pos)?;
    if first & 0x80 == 0 { Ok((first.into(), pos + 1)) } else { long_varint_at(data, pos) }
}

#[inline]
fn long_varint_at(data: &[u8], pos: usize) -> Step<(u64, usize)> {
    let Some((word, length)) = word_at(data, pos) else { return last_varint_at(data, pos) };
    let seven = word & (u64::MAX >> (64 - 8 * length)) & 0x7f7f_7f7f_7f7f_7f7f;
    // Groups of 7 bits move together: into 14, 28, 56.
    let pairs = (seven & 0x007f_007f_007f_007f) | (seven >> 1 & 0x3f80_3f80_3f80_3f80);
    let fours = (pairs & 0x3fff_0000_3fff) | (pairs >> 2 & 0x0fff_c000_0fff_c000);
    Ok(((fours & 0x0fff_ffff) | (fours >> 4 & 0x00ff_ffff_f000_0000), pos + length as usize))
}

/// Eight bytes, and how many of them a number takes, if there are as many and it ends there.
#[inline(always)]
fn word_at(data: &[u8], pos: usize) -> Option<(u64, u32)> {
    let word = u64::from_le_bytes(*data.get(pos..)?.first_chunk()?);
    let ends = !word & 0x8080_8080_8080_8080;
    (ends != 0).then(|| (word, (ends.trailing_zeros() + 1) / 8))
}

/// A number at the end of the bytes, or of more than eight bytes.
#[cold]
fn last_varint_at(data: &[u8], pos: usize) -> Step<(u64, usize)> {
    let mut number = 0;
    for index in 0..10 {
        let byte = byte_at(data, pos + index)?;
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok((number, pos + index + 1));
        }
    }
    Err(Malformed("a number is too long"))
}

/// `length` bytes further.
#[inline(always)]
fn past(data: &[u8], pos: usize, length: u64) -> Step<usize> {
    if length > (data.len() - pos) as u64 {
        return Err(Malformed("a length points past its end"));
    }
    Ok(pos + length as usize)
}

#[inline(always)]
fn past_varint(data: &[u8], pos: usize) -> Step<usize> {
    if byte_at(data, pos)? & 0x80 == 0 {
        return Ok(pos + 1);
    }
    match word_at(data, pos) {
        Some((_, length)) => Ok(pos + length as usize),
        None => last_varint_at(data, pos).map(|(_, pos)| pos),
    }
}

/// A list's length and element type, and where its elements begin.
#[inline(always)]
fn list_at(data: &[u8], pos: usize, width: usize) -> Step<(usize, u8, usize)> {
    let byte = byte_at(data, pos)?;
    let short = (u64::from(byte >> 4), pos + 1);
    let (length, pos) = if short.0 == 15 { varint_at(data, pos + 1)? } else { short };
    if length > ((data.len() - pos) / width) as u64 {
        return Err(Malformed("a list is longer than the bytes that are left"));
    }
    Ok((length as usize, byte & 0x0f, pos))
}

/// The end of a field's value; a boolean is in its type.
#[inline(always)]
fn past_field(data: &[u8], pos: usize, kind: u8, depth: usize) -> Step<usize> {
    match kind {
        TRUE | FALSE => Ok(pos),
        4..=6 => past_varint(data, pos),
        BINARY => {
            let (length, pos) = varint_at(data, pos)?;
            past(data, pos, length)
        }
        STRUCT => past_struct(data, pos, depth),
        LIST | SET => past_list(data, pos, depth),
        kind => past_value(data, pos, kind, depth),
    }
}

fn past_struct(data: &[u8], mut pos: usize, depth: usize) -> Step<usize> {
    if depth > MAX_DEPTH {
        return Err(Malformed("it is nested too deep"));
    }
    loop {
        let byte = byte_at(data, pos)?;
        pos += 1;
        if byte == 0 {
            return Ok(pos);
        }
        if byte >> 4 == 0 {
            pos = past_varint(data, pos)?;
        }
        pos = past_field(data, pos, byte & 0x0f, depth + 1)?;
    }
}

fn past_list(data: &[u8], pos: usize, depth: usize) -> Step<usize> {
    if depth > MAX_DEPTH {
        return Err(Malformed("it is nested too deep"));
    }
    let (length, kind, mut pos) = list_at(data, pos, 1)?;
    match kind {
        4..=6 => {
            for _ in 0..length {
                pos = past_varint(data, pos)?;
            }
        }
        STRUCT => {
            for _ in 0..length {
                pos = past_struct(data, pos, depth + 1)?;
            }
        }
        _ => {
            for _ in 0..length {
                pos = past_value(data, pos, kind, depth + 1)?;
            }
        }
    }
    Ok(pos)
}

/// The end of any value; a boolean takes a byte here, unlike in a field.
fn past_value(data: &[u8], pos: usize, kind: u8, depth: usize) -> Step<usize> {
    match kind {
        1..=3 => past(data, pos, 1),
        7 => past(data, pos, 8),
        MAP => past_map(data, pos, depth),
        13 => past(data, pos, 16),
        4..=6 | BINARY | LIST | SET | STRUCT => past_field(data, pos, kind, depth),
        _ => Err(Malformed("an unknown type")),
    }
}

fn past_map(data: &[u8], pos: usize, depth: usize) -> Step<usize> {
    if depth > MAX_DEPTH {
        return Err(Malformed("it is nested too deep"));
    }
    let (length, mut pos) = varint_at(data, pos)?;
    if length == 0 {
        return Ok(pos);
    }
    // A key and a value take a byte each at least.
    if length > ((data.len() - pos) / 2) as u64 {
        return Err(Malformed("a map is longer than the bytes that are left"));
    }
    let kinds = byte_at(data, pos)?;
    pos += 1;
    for _ in 0..length {
        pos = past_value(data, pos, kinds >> 4, depth + 1)?;
        pos = past_value(data, pos, kinds & 0x0f, depth + 1)?;
    }
    Ok(pos)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(data: &[u8], kind: u8) -> Step<usize> {
        let mut thrift = Thrift::new(data, 0);
        thrift.skip(kind).map(|()| thrift.pos())
    }

    #[test]
    fn test_numbers() {
        let read = |data: &[u8]| Thrift::new(data, 0).i64();
        assert_eq!(read(&[0x03]), Ok(-2));
        assert_eq!(read(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), Ok(i64::MAX));
        assert_eq!(read(&[0xff; 10]), Err(Malformed("a number is too long")));
        assert_eq!(read(&[0x80]), Err(Malformed("it ends too early")));
        let number = |data: &[u8]| Thrift::new(data, 0).i32();
        assert_eq!(number(&[0xfe, 0xff, 0xff, 0xff, 0x0f]), Ok(i32::MAX));
        assert_eq!(
            number(&[0x80, 0x80, 0x80, 0x80, 0x10]),
            Err(Malformed("a number is too large"))
        );
        assert_eq!(Thrift::new(&[0x03], 0).size(), Err(Malformed("a size is negative")));
    }

    #[test]
    fn test_values_are_left_out_whole() {
        assert_eq!(skipped(&[], TRUE), Ok(0));
        assert_eq!(skipped(&[0x80, 0x01], I32), Ok(2));
        assert_eq!(skipped(&[2, b'a', b'b', 9], BINARY), Ok(3));
        // {1: true, 2: [false, true], 20: {1: 2.0}}
        let nested = [0x11, 0x19, 0x21, 2, 1, 0x0c, 40, 0x17, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0];
        assert_eq!(skipped(&nested, STRUCT), Ok(nested.len()));
        assert_eq!(skipped(&[0], MAP), Ok(1));
        assert_eq!(skipped(&[1, 0x85, 1, b'k', 4], MAP), Ok(5));
        assert_eq!(skipped(&[0; 16], 13), Ok(16));
    }

    #[test]
    fn test_claims_beyond_the_bytes_are_refused() {
        assert_eq!(skipped(&[0x1c; 200], STRUCT), Err(Malformed("it is nested too deep")));
        let past = Err(Malformed("a length points past its end"));
        assert_eq!(skipped(&[0xff, 0xff, 0x03], BINARY), past);
        assert_eq!(skipped(&[0; 7], 7), past);
        let list = Err(Malformed("a list is longer than the bytes that are left"));
        assert_eq!(skipped(&[0xf5, 0xff, 0xff, 0xff, 0x7f, 0], LIST), list);
        let map = Err(Malformed("a map is longer than the bytes that are left"));
        assert_eq!(skipped(&[3, 0x55, 0, 0, 0], MAP), map);
        assert_eq!(skipped(&[0], 14), Err(Malformed("an unknown type")));
        assert_eq!(Thrift::new(&[1], 9).byte(), Err(Malformed("it ends too early")));
    }
}
