//! Pages of a column chunk: headers, bounds, decompression.
//!
//! Parquet format, `parquet.thrift` (`PageHeader`) and Compression.md. Sizes in a header are checked
//! against the bytes that are there before anything is reserved for them.

use parquet::basic::{Compression, Encoding};

use super::{Fault, Outcome};
use crate::parquet::thrift::{FALSE, Malformed, TRUE, Thrift};

/// Uncompressed bytes of one page; writers aim at one megabyte.
const MAX_PAGE: usize = 1 << 30;

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

    /// The next page, unpacked into `scratch` where it is compressed; `None` at the end.
    pub fn next<'s>(&mut self, scratch: &'s mut Vec<u8>) -> Outcome<Option<Page<'s>>>
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
                unpack(self.codec, values_part, unpacked - levels, scratch)?;
                &scratch[..unpacked - levels]
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

/// Unpacks `data` to exactly `size` bytes at the start of `out`.
fn unpack(codec: Compression, data: &[u8], size: usize, out: &mut Vec<u8>) -> Outcome<()> {
    if out.len() < size {
        // Memory is reserved for what can come out of these bytes, not for what a header claims.
        if size / 1100 > data.len().max(64)
            && !matches!(codec, Compression::ZSTD(_) | Compression::BROTLI(_))
        {
            return Err(Fault::damaged("a page claims more bytes than it can unpack to"));
        }
        out.try_reserve_exact(size - out.len())
            .map_err(|_| Fault::Limit { needed: size as u64, limit: MAX_PAGE as u64 })?;
        out.resize(size, 0);
    }
    if size == 0 {
        return Ok(());
    }
    let target = &mut out[..size];
    let bad = |text: String| Fault::Damaged(format!("cannot unpack a page: {text}"));
    let found = match codec {
        Compression::SNAPPY => {
            // The header's length may be smaller than ours, never larger: snap checks that.
            let length = snap::raw::decompress_len(data).map_err(|error| bad(error.to_string()))?;
            if length != size {
                return Err(Fault::damaged("a page has another length than its header says"));
            }
            snap::raw::Decoder::new()
                .decompress(data, target)
                .map_err(|error| bad(error.to_string()))?
        }
        Compression::ZSTD(_) => zstd::bulk::Decompressor::new()
            .and_then(|mut context| context.decompress_to_buffer(data, target))
            .map_err(|error| bad(error.to_string()))?,
        Compression::LZ4_RAW => lz4_flex::block::decompress_into(data, target)
            .map_err(|error| bad(error.to_string()))?,
        Compression::GZIP(_) => gunzip(data, target)?,
        Compression::BROTLI(_) => {
            let mut reader = brotli::Decompressor::new(data, 1 << 16);
            std::io::Read::read_exact(&mut reader, target)
                .map_err(|error| bad(error.to_string()))?;
            size
        }
        other => return Err(Fault::Unsupported(format!("codec {other}"))),
    };
    if found == size {
        Ok(())
    } else {
        Err(Fault::damaged("a page has another length than its header says"))
    }
}

/// All members of a gzip stream.
fn gunzip(mut data: &[u8], out: &mut [u8]) -> Outcome<usize> {
    // libdeflate tells where the output ends, not the input; several members are rare, so the
    // whole-buffer call comes first and the streaming reader deals with the rest.
    let mut fast = libdeflater::Decompressor::new();
    if let Ok(found) = fast.gzip_decompress(data, out)
        && found == out.len()
    {
        return Ok(found);
    }
    let mut reader = flate2::read::MultiGzDecoder::new(&mut data);
    std::io::Read::read_exact(&mut reader, out)
        .map_err(|error| Fault::Damaged(format!("cannot unpack a page: {error}")))?;
    Ok(out.len())
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
