//! Pages of a column chunk: headers and bounds.
//!
//! Parquet format, `parquet.thrift` (`PageHeader`) and Compression.md. Sizes in a header are checked
//! against the bytes that are there before anything is reserved for them.

use parquet::basic::{Compression, Encoding};

use super::unpack::Unpacker;
use super::{Fault, Outcome};
use crate::parquet::thrift::{FALSE, Malformed, TRUE, Thrift};

/// Uncompressed bytes of one page; writers aim at one megabyte.
pub(super) const MAX_PAGE: usize = 1 << 30;

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

/// A page, or how many values one has that was not wanted.
pub(super) enum Found<'a> {
    Page(Page<'a>),
    Passed(usize),
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
        Ok(match self.next_wanted(scratch, |_| true)? {
            Some(Found::Page(page)) => Some(page),
            Some(Found::Passed(_)) | None => None,
        })
    }

    /// The same; a data page is left packed unless its count of values is `wanted`.
    pub fn next_wanted<'s>(
        &mut self,
        scratch: &'s mut Unpacker,
        wanted: impl FnOnce(usize) -> bool,
    ) -> Outcome<Option<Found<'s>>>
    where
        'a: 's,
    {
        loop {
            if self.pos == self.chunk.len() {
                return Ok(None);
            }
            let mut thrift = Thrift::new(self.chunk, self.pos);
            let header = thrift.page_header()?;
            let start = thrift.pos();
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
            if kind != Kind::Dictionary && !wanted(info.values as usize) {
                return Ok(Some(Found::Passed(info.values as usize)));
            }
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
            return Ok(Some(Found::Page(Page {
                kind,
                encoding: info.encoding,
                values: info.values as usize,
                levels: levels_part,
                body,
            })));
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

impl Thrift<'_> {
    fn page_header(&mut self) -> Outcome<Header> {
        let mut header = Header::default();
        let (mut last, mut kind) = (0, -1);
        let (mut compressed, mut uncompressed) = (None, None);
        while let Some((id, of)) = self.field(&mut last)? {
            match (id, of) {
                (1, 5) => kind = self.i32()?,
                (2, 5) => uncompressed = Some(self.size()?),
                (3, 5) => compressed = Some(self.size()?),
                (4, 5) => header.crc = Some(self.i32()?),
                (5, 12) => header.kind = Some((Kind::DataV1, self.data_v1()?)),
                (7, 12) => header.kind = Some((Kind::Dictionary, self.data_v1()?)),
                (8, 12) => header.kind = Some((Kind::DataV2, self.data_v2()?)),
                (_, other) => self.skip(other)?,
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
                (2, 5) => code = Some(self.i32()?),
                (_, other) => self.skip(other)?,
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
                (4, 5) => code = Some(self.i32()?),
                (5, 5) => definition = self.size()?,
                (6, 5) => repetition = self.size()?,
                (7, TRUE) => compressed = true,
                (7, FALSE) => compressed = false,
                (_, other) => self.skip(other)?,
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

impl From<Malformed> for Fault {
    fn from(Malformed(reason): Malformed) -> Self {
        Self::Damaged(format!("a damaged page header: {reason}"))
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
