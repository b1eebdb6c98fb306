//! Bounds-checked reading of Avro's binary form, and skipping of values nobody wants.

use super::schema::Node;

/// Items without bytes that the arrays of one block may hold: they cost time, but no data.
pub(super) const MAX_WEIGHTLESS: u64 = 1 << 24;

/// Bytes under nulls that any block may cause: one byte of data can stand for a large empty value.
const MIN_FILLER: usize = 256 << 20;
/// And for larger blocks, this many times their size.
const FILLER_RATIO: usize = 16;

/// What is wrong with a value. Small, because every read may return it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The data end inside a value.
    End,
    /// A number has too many bits.
    Number,
    /// A length or count is negative or beyond the data.
    Length,
    /// A union names a branch it has not.
    Branch,
    /// An enum names a symbol it has not.
    Symbol,
    /// A boolean is neither 0 nor 1.
    Boolean,
    /// Text that is no UUID.
    Uuid,
    /// A decimal has more digits than its type.
    Decimal,
    /// A time or duration outside its type's range.
    Range,
    /// Too many items for an Arrow array.
    Items,
}

impl Fault {
    pub fn text(self) -> &'static str {
        match self {
            Self::End => "the data end inside a value",
            Self::Number => "a number has too many bits",
            Self::Length => "a length is negative or beyond the data",
            Self::Branch => "a union names a branch it has not",
            Self::Symbol => "an enum names a symbol it has not",
            Self::Boolean => "a boolean is neither 0 nor 1",
            Self::Uuid => "text is not a UUID",
            Self::Decimal => "a decimal has more digits than its type allows",
            Self::Range => "a time is outside its range",
            Self::Items => "too many items in one array",
        }
    }
}

/// A place in the data of a block.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    data: &'a [u8],
    pos: usize,
    /// Items without bytes seen so far.
    weightless: u64,
    /// Bytes that may still be written under nulls.
    filler: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        let filler = MIN_FILLER.max(data.len().saturating_mul(FILLER_RATIO));
        Self { data, pos: 0, weightless: 0, filler }
    }

    pub fn position(&self) -> usize {
        self.pos
    }

    pub fn left(&self) -> usize {
        self.data.len() - self.pos
    }

    /// Allows `bytes` under a null.
    #[inline]
    pub fn fill(&mut self, bytes: usize) -> Result<(), Fault> {
        self.filler = self.filler.checked_sub(bytes).ok_or(Fault::Items)?;
        Ok(())
    }

    #[inline]
    pub fn byte(&mut self) -> Result<u8, Fault> {
        let byte = *self.data.get(self.pos).ok_or(Fault::End)?;
        self.pos += 1;
        Ok(byte)
    }

    #[inline]
    pub fn boolean(&mut self) -> Result<bool, Fault> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Fault::Boolean),
        }
    }

    /// The bits of a number before zigzag.
    #[inline]
    fn bits(&mut self) -> Result<u64, Fault> {
        let Some(rest) = self.data.get(self.pos..) else { return Err(Fault::End) };
        match rest.first() {
            None => return Err(Fault::End),
            Some(&byte) if byte < 0x80 => {
                self.pos += 1;
                return Ok(u64::from(byte));
            }
            Some(_) => {}
        }
        // Eight bytes at once: the first byte without its top bit ends the number, and the
        // seven-bit groups before it are pushed together in three steps.
        if let Some(chunk) = rest.first_chunk::<8>() {
            let word = u64::from_le_bytes(*chunk);
            let stops = !word & 0x8080_8080_8080_8080;
            if stops != 0 {
                let mut bits = word & (stops ^ (stops - 1)) & 0x7f7f_7f7f_7f7f_7f7f;
                bits = (bits & 0x007f_007f_007f_007f) | ((bits & 0x7f00_7f00_7f00_7f00) >> 1);
                bits = (bits & 0x0000_3fff_0000_3fff) | ((bits & 0x3fff_0000_3fff_0000) >> 2);
                bits = (bits & 0x0000_0000_0fff_ffff) | ((bits & 0x0fff_ffff_0000_0000) >> 4);
                self.pos += stops.trailing_zeros() as usize / 8 + 1;
                return Ok(bits);
            }
        }
        self.long_bits()
    }

    /// A number near the end of the data, or of nine or ten bytes.
    #[cold]
    fn long_bits(&mut self) -> Result<u64, Fault> {
        let mut bits = 0;
        for index in 0..10 {
            let byte = self.byte()?;
            if index == 9 && byte > 1 {
                return Err(Fault::Number);
            }
            bits |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok(bits);
            }
        }
        Err(Fault::Number)
    }

    #[inline]
    pub fn long(&mut self) -> Result<i64, Fault> {
        let bits = self.bits()?;
        Ok((bits >> 1) as i64 ^ -((bits & 1) as i64))
    }

    #[inline]
    pub fn int(&mut self) -> Result<i32, Fault> {
        let bits = u32::try_from(self.bits()?).map_err(|_| Fault::Number)?;
        Ok((bits >> 1) as i32 ^ -((bits & 1) as i32))
    }

    #[inline]
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let taken =
            self.data.get(self.pos..).and_then(|rest| rest.get(..length)).ok_or(Fault::End)?;
        self.pos += length;
        Ok(taken)
    }

    #[inline]
    pub fn chunk<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let rest = self.data.get(self.pos..).ok_or(Fault::End)?;
        let chunk = *rest.first_chunk::<N>().ok_or(Fault::End)?;
        self.pos += N;
        Ok(chunk)
    }

    /// The bytes after a length.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(self.long()?).map_err(|_| Fault::Length)?;
        self.take(length).map_err(|_| Fault::Length)
    }

    /// Appends the bytes after a length to `out`; short ones are copied by a fixed number of bytes.
    #[inline]
    pub fn copy_bytes(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        const WIDE: usize = 16;
        let length = usize::try_from(self.long()?).map_err(|_| Fault::Length)?;
        let rest = self.data.get(self.pos..).unwrap_or_default();
        if length <= WIDE
            && let Some(wide) = rest.first_chunk::<WIDE>()
        {
            let start = out.len();
            out.extend_from_slice(wide);
            out.truncate(start + length);
        } else {
            out.extend_from_slice(rest.get(..length).ok_or(Fault::Length)?);
        }
        self.pos += length;
        Ok(())
    }

    /// The items of the next part of an array or map; 0 at its end.
    pub fn items(&mut self, min_width: usize) -> Result<usize, Fault> {
        let mut count = self.long()?;
        if count < 0 {
            count = count.checked_neg().ok_or(Fault::Length)?;
            let bytes = usize::try_from(self.long()?).map_err(|_| Fault::Length)?;
            if bytes > self.left() {
                return Err(Fault::Length);
            }
        }
        let count = count as u64;
        if min_width == 0 {
            self.weightless = self.weightless.saturating_add(count);
            if self.weightless > MAX_WEIGHTLESS {
                return Err(Fault::Items);
            }
        } else if count > (self.left() / min_width) as u64 {
            return Err(Fault::Length);
        }
        Ok(count as usize)
    }

    /// Passes over a value of type `node`, checking what has to be checked to find its end.
    pub fn skip(&mut self, node: &Node) -> Result<(), Fault> {
        match node {
            Node::Null => {}
            Node::Boolean => {
                self.boolean()?;
            }
            Node::Int | Node::Date | Node::TimeMillis => {
                self.int()?;
            }
            Node::Long | Node::TimeMicros | Node::Timestamp(..) => {
                self.long()?;
            }
            Node::Float => {
                self.chunk::<4>()?;
            }
            Node::Double => {
                self.chunk::<8>()?;
            }
            Node::Bytes | Node::Text | Node::Uuid | Node::Decimal { size: None, .. } => {
                self.bytes()?;
            }
            Node::Fixed { size, .. } | Node::Decimal { size: Some(size), .. } => {
                self.take(*size)?;
            }
            Node::Duration { .. } => {
                self.chunk::<12>()?;
            }
            Node::Enum { symbols, .. } => {
                let symbol = self.int()?;
                if usize::try_from(symbol).map_or(true, |symbol| symbol >= symbols.len()) {
                    return Err(Fault::Symbol);
                }
            }
            Node::Array(item) => {
                let width = item.min_width();
                loop {
                    let count = self.items(width)?;
                    if count == 0 {
                        break;
                    }
                    for _ in 0..count {
                        self.skip(item)?;
                    }
                }
            }
            Node::Map(value) => loop {
                let count = self.items(1)?;
                if count == 0 {
                    break;
                }
                for _ in 0..count {
                    self.bytes()?;
                    self.skip(value)?;
                }
            },
            Node::Record { fields, .. } => {
                for (_, field) in fields.iter() {
                    self.skip(field)?;
                }
            }
            Node::Nullable { null_first, inner } => match self.long()? {
                branch @ (0 | 1) => {
                    if (branch == 0) != *null_first {
                        self.skip(inner)?;
                    }
                }
                _ => return Err(Fault::Branch),
            },
            Node::Union(branches) => {
                let branch = usize::try_from(self.long()?).map_err(|_| Fault::Branch)?;
                let branch = branches.get(branch).ok_or(Fault::Branch)?;
                self.skip(branch)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::container::put_long;
    use super::*;

    #[test]
    fn test_numbers_of_every_length() {
        let mut numbers = vec![0, i64::MAX, i64::MIN];
        for shift in 0..63 {
            numbers.extend([1_i64 << shift, -(1_i64 << shift), (1_i64 << shift) - 1]);
        }
        for padding in [0, 20] {
            for &number in &numbers {
                let mut data = Vec::new();
                put_long(&mut data, number);
                let length = data.len();
                data.resize(length + padding, 0xff);
                let mut cursor = Cursor::new(&data);
                assert_eq!(cursor.long(), Ok(number));
                assert_eq!(cursor.position(), length);
                let int = Cursor::new(&data).int();
                assert_eq!(int, i32::try_from(number).map_err(|_| Fault::Number), "{number}");
            }
        }
    }

    #[test]
    fn test_numbers_without_an_end() {
        assert_eq!(Cursor::new(&[0x80; 9]).long(), Err(Fault::End));
        assert_eq!(Cursor::new(&[0xff; 11]).long(), Err(Fault::Number));
        assert_eq!(Cursor::new(&[0x80; 10]).long(), Err(Fault::Number));
        assert_eq!(Cursor::new(&[]).long(), Err(Fault::End));
    }
}
