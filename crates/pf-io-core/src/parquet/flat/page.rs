//! Pages of a column chunk: headers and bounds.
//!
//! Parquet format, `parquet.thrift` (`PageHeader`) and Compression.md. Sizes in a header are checked
//! against the bytes that are there before anything is reserved for them.

use parquet::basic::{Compression, Encoding};

use super::unpack::Unpacker;
use super::{Fault, Outcome};

/// Uncompressed bytes of one page; writers aim at one megabyte.
pub(super) const MAX_PAGE: usize = 1 << 30;
/// Nested structs, lists and maps in the thrift bytes of a header.
const MAX_DEPTH: usize = 16;

/// What a page holds, its levels still in front of the values.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub kind: Kind,
    pub encoding: Encoding,
    /// Values, nulls included.
    pub values: usize,
    /// Definition levels of a v2 page, which stand apart; empty for v1.
    pub levels: &'a [u8],
    pub body: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dictionary,
    DataV1,
    DataV2,
}

/// Walks the pages of one chunk.
pub(super) struct Pages<'a> {
    chunk: &'a [u8],
    pos: usize,
    codec: Compression,
    verify: bool,
}

impl<'a> Pages<'a> {
    pub fn new(chunk: &'a [u8], codec: Compression, verify: bool) -> Self {
        Self { chunk, pos: 0, codec, verify }
    }

    /// The next page, unpacked in `scratch` where it is compressed; `None` at the end.
    pub fn next<'s>(&mut self, scratch: &'s mut Unpacker) -> Outcome<Option<Page<'s>>>
    where
        'a: 's,
    {
        loop {
            if self.pos == self.chunk.len() {
                return Ok(None);
            }
            let mut thrift = Thrift { data: self.chunk, pos: self.pos };
            let header = thrift.page_header()?;
            let start = thrift.pos;
            let size = header.compressed as usize;
            let end = start.checked_add(size).filter(|&end| end <= self.chunk.len());
            let Some(end) = end else {
                return Err(Fault::damaged("a page ends past its column chunk"));
            };
            let data: &'a [u8] = &self.chunk[start..end];
            self.pos = end;
            if let (true, Some(crc)) = (self.verify, header.crc)
                && crc32fast::hash(data) != crc as u32
            {
                return Err(Fault::damaged("a page does not match its checksum"));
            }
            let Some((kind, info)) = header.kind else { continue }; // an index page or a new kind
            let unpacked = header.uncompressed as usize;
            if unpacked > MAX_PAGE {
                return Err(Fault::Limit { needed: unpacked as u64, limit: MAX_PAGE as u64 });
            }
            let levels = info.level_bytes as usize;
            if levels > size || levels > unpacked {
                return Err(Fault::damaged("the levels of a page are longer than the page"));
            }
            let (levels_part, values_part) = data.split_at(levels);
            let body = if info.compressed && self.codec != Compression::UNCOMPRESSED {
                scratch.unpack(self.codec, values_part, unpacked - levels)?
            } else {
                values_part
            };
            return Ok(Some(Page {
                kind,
                encoding: info.encoding,
                values: info.values as usize,
                levels: levels_part,
                body,
            }));
        }
    }
}

#[derive(Debug, Default)]
struct Header {
    uncompressed: u32,
    compressed: u32,
    crc: Option<i32>,
    kind: Option<(Kind, Info)>,
}

#[derive(Debug)]
struct Info {
    values: u32,
    encoding: Encoding,
    /// Levels of a v2 page, never compressed.
    level_bytes: u32,
    compressed: bool,
}

/// A bounded reader of the compact protocol.
struct Thrift<'a> {
    data: &'a [u8],
    pos: usize,
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;

impl Thrift<'_> {
    fn byte(&mut self) -> Outcome<u8> {
        let byte = self.data.get(self.pos).copied();
        self.pos += 1;
        byte.ok_or_else(|| Fault::damaged("a page header is cut off"))
    }

    fn varint(&mut self) -> Outcome<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Fault::damaged("a number in a page header is too long"))
    }

    fn int(&mut self) -> Outcome<i32> {
        let number = self.varint()?;
        let number = (number >> 1) as i64 ^ -((number & 1) as i64);
        i32::try_from(number).map_err(|_| Fault::damaged("a number in a page header is too large"))
    }

    fn size(&mut self) -> Outcome<u32> {
        u32::try_from(self.int()?).map_err(|_| Fault::damaged("a negative size in a page header"))
    }

    fn field(&mut self, last: &mut i32) -> Outcome<Option<(i32, u8)>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        let delta = i32::from(byte >> 4);
        *last = if delta == 0 { self.int()? } else { last.saturating_add(delta) };
        Ok(Some((*last, byte & 0x0f)))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Outcome<()> {
        if depth > MAX_DEPTH {
            return Err(Fault::damaged("a page header is nested too deep"));
        }
        match kind {
            TRUE | FALSE => {}
            3 => self.advance(1)?,
            4..=6 => drop(self.varint()?),
            7 => self.advance(8)?,
            8 => {
                let length = self.varint()?;
                self.advance(length)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                let element = head & 0x0f;
                for _ in 0..count.min(self.data.len() as u64) {
                    // Booleans in lists take a byte.
                    if matches!(element, TRUE | FALSE) {
                        self.advance(1)?;
                    } else {
                        self.skip(element, depth + 1)?;
                    }
                }
            }
            12 => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            _ => return Err(Fault::damaged("an unknown type in a page header")),
        }
        Ok(())
    }

    fn advance(&mut self, count: u64) -> Outcome<()> {
        if count > self.data.len().saturating_sub(self.pos) as u64 {
            return Err(Fault::damaged("a page header is cut off"));
        }
        self.pos += count as usize;
        Ok(())
    }

    fn page_header(&mut self) -> Outcome<Header> {
        let mut header = Header::default();
        let (mut last, mut kind) = (0, -1);
        let (mut compressed, mut uncompressed) = (None, None);
        while let Some((id, of)) = self.field(&mut last)? {
            match (id, of) {
                (1, 5) => kind = self.int()?,
                (2, 5) => uncompressed = Some(self.size()?),
                (3, 5) => compressed = Some(self.size()?),
                (4, 5) => header.crc = Some(self.int()?),
                (5, 12) => header.kind = Some((Kind::DataV1, self.data_v1()?)),
                (7, 12) => header.kind = Some((Kind::Dictionary, self.data_v1()?)),
                (8, 12) => header.kind = Some((Kind::DataV2, self.data_v2()?)),
                (_, other) => self.skip(other, 0)?,
            }
        }
        let (Some(compressed), Some(uncompressed)) = (compressed, uncompressed) else {
            return Err(Fault::damaged("a page header without sizes"));
        };
        (header.compressed, header.uncompressed) = (compressed, uncompressed);
        let expected = match kind {
            0 => Some(Kind::DataV1),
            1 => None,
            2 => Some(Kind::Dictionary),
            3 => Some(Kind::DataV2),
            _ => return Err(Fault::damaged("a page of an unknown kind")),
        };
        if header.kind.as_ref().map(|(kind, _)| *kind) != expected {
            return Err(Fault::damaged("a page header contradicts its kind"));
        }
        Ok(header)
    }

    /// A v1 data page's or a dictionary page's part: count and encoding come first in both.
    fn data_v1(&mut self) -> Outcome<Info> {
        let (mut last, mut values, mut code) = (0, None, None);
        while let Some((id, of)) = self.field(&mut last)? {
            match (id, of) {
                (1, 5) => values = Some(self.size()?),
                (2, 5) => code = Some(self.int()?),
                (_, other) => self.skip(other, 1)?,
            }
        }
        Ok(Info {
            values: required(values)?,
            encoding: encoding(code)?,
            level_bytes: 0,
            compressed: true,
        })
    }

    fn data_v2(&mut self) -> Outcome<Info> {
        let (mut last, mut values, mut code) = (0, None, None);
        let (mut definition, mut repetition, mut compressed) = (0, 0, true);
        while let Some((id, of)) = self.field(&mut last)? {
            match (id, of) {
                (1, 5) => values = Some(self.size()?),
                (4, 5) => code = Some(self.int()?),
                (5, 5) => definition = self.size()?,
                (6, 5) => repetition = self.size()?,
                (7, TRUE) => compressed = true,
                (7, FALSE) => compressed = false,
                (_, other) => self.skip(other, 1)?,
            }
        }
        if repetition != 0 {
            return Err(Fault::damaged("repetition levels in a column that has none"));
        }
        Ok(Info {
            values: required(values)?,
            encoding: encoding(code)?,
            level_bytes: definition,
            compressed,
        })
    }
}

fn required(count: Option<u32>) -> Outcome<u32> {
    count.ok_or_else(|| Fault::damaged("a page header without a count"))
}

fn encoding(code: Option<i32>) -> Outcome<Encoding> {
    Ok(match code {
        Some(0) => Encoding::PLAIN,
        Some(2) => Encoding::PLAIN_DICTIONARY,
        Some(3) => Encoding::RLE,
        Some(5) => Encoding::DELTA_BINARY_PACKED,
        Some(6) => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        Some(7) => Encoding::DELTA_BYTE_ARRAY,
        Some(8) => Encoding::RLE_DICTIONARY,
        Some(9) => Encoding::BYTE_STREAM_SPLIT,
        _ => return Err(Fault::damaged("an unknown encoding in a page header")),
    })
}
