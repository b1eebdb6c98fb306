//! The container around the records: header, block walk, unpacking.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use arrow_avro::compression::CompressionCodec;
use arrow_avro::reader::read_header_info;

use crate::error::panic_text;
use crate::{IoError, Result};

/// Bytes of a header; schemas of megabytes are already unusual.
const MAX_HEADER: u64 = 64 << 20;
/// Bytes of one block after unpacking.
const MAX_BLOCK: u64 = 1 << 30;
/// More than the records that fit [`MAX_BLOCK`] bytes.
const SPARE_RECORDS: i64 = 1 << 40;
/// Bytes of a sync marker.
const SYNC: usize = 16;

/// What the header says.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub schema: String,
    pub codec: Option<CompressionCodec>,
    sync: [u8; SYNC],
    length: u64,
}

/// One block: where its data lie and how many records they hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub offset: u64,
    pub bytes: u64,
    pub records: u64,
}

/// Reads the header.
pub(super) fn header(path: &Path, file: &File) -> Result<Header> {
    let bad = |message: &str| IoError::avro(path, None, message);
    let reader = BufReader::new(file.take(MAX_HEADER));
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        let info = read_header_info(reader)?;
        Ok::<_, arrow_avro::errors::AvroError>(Header {
            schema: info.writer_schema()?.json_string,
            codec: info.compression()?,
            sync: info.sync(),
            length: info.header_len(),
        })
    }));
    match parsed {
        Ok(Ok(header)) => Ok(header),
        Ok(Err(error)) => Err(bad(&format!("damaged header: {error}"))),
        Err(panic) => Err(bad(&panic_text(&*panic))),
    }
}

impl Header {
    /// Walks all blocks, checking counts, sizes and sync markers; the file may end only after one.
    pub(super) fn blocks(&self, path: &Path, file: File, size: u64) -> Result<Vec<Block>> {
        let mut walk = Walk { reader: BufReader::new(file), pos: self.length, path, number: 1 };
        walk.reader
            .seek(SeekFrom::Start(self.length))
            .map_err(|source| IoError::reading(path, source))?;
        let mut blocks = Vec::new();
        while walk.pos < size {
            let records = walk.long()?;
            let bytes = walk.long()?;
            let (Ok(records), Ok(bytes)) = (u64::try_from(records), u64::try_from(bytes)) else {
                return Err(walk.bad("damaged: a negative count or size"));
            };
            let offset = walk.pos;
            if bytes.checked_add(SYNC as u64).is_none_or(|needed| needed > size - offset) {
                let left = size - offset;
                return Err(walk.bad(&format!(
                    "truncated or damaged: {bytes} bytes and a sync marker, {left} are left"
                )));
            }
            walk.reader
                .seek_relative(bytes as i64)
                .map_err(|source| IoError::reading(path, source))?;
            let mut sync = [0; SYNC];
            walk.read(&mut sync)?;
            walk.pos += bytes + SYNC as u64;
            if sync != self.sync {
                return Err(walk.bad("damaged: its sync marker is not the header's"));
            }
            if records == 0 && bytes > 0 {
                return Err(walk.bad("damaged: no records, but data"));
            }
            blocks.push(Block { offset, bytes, records });
            walk.number += 1;
        }
        Ok(blocks)
    }

    /// A container that holds one block and nothing else, ready for a decoder of its own. It claims
    /// far more records than the block has, so that left-over bytes show up as an error or as rows.
    /// arrow-avro would spin on bytes that are left after the last claimed record; here every record
    /// it tries takes a byte, so it ends.
    pub(super) fn container(
        &self,
        path: &Path,
        number: u64,
        block: Block,
        data: Vec<u8>,
    ) -> Result<Vec<u8>> {
        let bad = |message: &str| IoError::avro(path, Some(number), message);
        let (data, codec) = match self.codec {
            None => (data, "null"),
            Some(CompressionCodec::Deflate) => {
                let decoder = flate2::read::DeflateDecoder::new(data.as_slice());
                (unpack(path, number, decoder)?, "null")
            }
            Some(CompressionCodec::ZStandard) => {
                let decoder = zstd::Decoder::new(data.as_slice());
                let decoder = decoder.map_err(|error| bad(&error.to_string()))?;
                (unpack(path, number, decoder)?, "null")
            }
            Some(CompressionCodec::Snappy) => {
                let length = snappy_length(&data).ok_or_else(|| bad("damaged snappy data"))?;
                if length > MAX_BLOCK {
                    return Err(too_large(path, length));
                }
                (data, "snappy")
            }
            Some(CompressionCodec::Bzip2) => (data, "bzip2"),
            Some(CompressionCodec::Xz) => (data, "xz"),
        };
        if codec == "null" && block.records > data.len() as u64 {
            return Err(bad(&format!("{} records in {} bytes", block.records, data.len())));
        }
        let mut out = Vec::with_capacity(self.schema.len() + data.len() + 128);
        out.extend_from_slice(b"Obj\x01");
        put_long(&mut out, 2);
        for (key, value) in [("avro.schema", self.schema.as_str()), ("avro.codec", codec)] {
            for text in [key, value] {
                put_long(&mut out, text.len() as i64);
                out.extend_from_slice(text.as_bytes());
            }
        }
        put_long(&mut out, 0);
        out.extend_from_slice(&self.sync);
        if block.records > 0 {
            let records = i64::try_from(block.records).unwrap_or(i64::MAX);
            put_long(&mut out, records.saturating_add(SPARE_RECORDS));
            put_long(&mut out, data.len() as i64);
            out.extend_from_slice(&data);
            out.extend_from_slice(&self.sync);
        }
        Ok(out)
    }

    /// A container without blocks: enough for a decoder to tell its schema.
    pub(super) fn empty_container(&self, path: &Path) -> Result<Vec<u8>> {
        let block = Block { offset: 0, bytes: 0, records: 0 };
        Self { codec: None, ..self.clone() }.container(path, 0, block, Vec::new())
    }
}

struct Walk<'a> {
    reader: BufReader<File>,
    pos: u64,
    path: &'a Path,
    number: u64,
}

impl Walk<'_> {
    fn bad(&self, message: &str) -> IoError {
        IoError::avro(self.path, Some(self.number), message)
    }

    fn read(&mut self, out: &mut [u8]) -> Result<()> {
        self.reader.read_exact(out).map_err(|source| match source.kind() {
            std::io::ErrorKind::UnexpectedEof => self.bad("truncated"),
            _ => IoError::reading(self.path, source),
        })
    }

    /// A zigzag varint.
    fn long(&mut self) -> Result<i64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let mut byte = [0];
            self.read(&mut byte)?;
            self.pos += 1;
            number |= u64::from(byte[0] & 0x7f) << shift;
            if byte[0] & 0x80 == 0 {
                return Ok((number >> 1) as i64 ^ -((number & 1) as i64));
            }
        }
        Err(self.bad("damaged: a number is too long"))
    }
}

fn put_long(out: &mut Vec<u8>, number: i64) {
    let mut zigzag = ((number << 1) ^ (number >> 63)) as u64;
    while zigzag >= 0x80 {
        out.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    out.push(zigzag as u8);
}

fn unpack(path: &Path, number: u64, reader: impl Read) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut reader = BufReader::new(reader).take(MAX_BLOCK + 1);
    reader
        .read_to_end(&mut out)
        .map_err(|error| IoError::avro(path, Some(number), format!("cannot unpack: {error}")))?;
    if out.len() as u64 > MAX_BLOCK { Err(too_large(path, out.len() as u64)) } else { Ok(out) }
}

fn too_large(path: &Path, needed: u64) -> IoError {
    let message = "one block is too large".to_owned();
    IoError::Limit { path: path.to_path_buf(), needed, limit: MAX_BLOCK, message }
}

/// The length a snappy block declares; its last four bytes are a checksum.
fn snappy_length(data: &[u8]) -> Option<u64> {
    let data = data.get(..data.len().checked_sub(4)?)?;
    let mut length = 0_u64;
    for (byte, shift) in data.iter().zip((0..35).step_by(7)) {
        length |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
    None
}
