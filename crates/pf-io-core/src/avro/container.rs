//! The container around the records: header and block walk. Every count, size and sync marker is
//! checked before anything is unpacked.

use std::collections::BTreeMap;
use std::path::Path;

use super::codec::Codec;
use super::options::{OnBadBlock, RejectedBlock};
use crate::source::Source;
use crate::{IoError, Result};

/// The first bytes of a file.
const MAGIC: &[u8; 4] = b"Obj\x01";
/// Bytes of a header; schemas of megabytes are already unusual.
const MAX_HEADER: u64 = 64 << 20;
/// Entries of the header's metadata.
const MAX_ENTRIES: usize = 1 << 16;
/// Bytes of a sync marker.
pub(super) const SYNC: usize = 16;
/// Bytes that hold a block's count and size for certain.
const PREFIX: usize = 20;
/// Bytes read at once in search of a marker.
const SEARCH: usize = 1 << 20;

/// What the header says.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub schema: String,
    pub codec: Codec,
    /// All entries but schema and codec.
    pub metadata: Vec<(String, Vec<u8>)>,
    pub sync: [u8; SYNC],
    pub length: u64,
}

/// One block: where its data lie and how many records they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    /// Of the file, from 1.
    pub number: u64,
    /// Where the block begins.
    pub start: u64,
    /// Where its data begin.
    pub offset: u64,
    pub bytes: u64,
    pub records: u64,
}

impl Block {
    /// The first byte after the block.
    pub fn end(&self) -> u64 {
        self.offset + self.bytes + SYNC as u64
    }
}

/// A number of up to ten bytes, and how many it took; `None` if the bytes end in it.
pub(super) fn varint(bytes: &[u8]) -> Option<Result<(i64, usize), ()>> {
    let mut number = 0_u64;
    for (index, &byte) in bytes.iter().take(10).enumerate() {
        if index == 9 && byte > 1 {
            return Some(Err(()));
        }
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(Ok(((number >> 1) as i64 ^ -((number & 1) as i64), index + 1)));
        }
    }
    None
}

/// Appends a zigzag number.
pub(super) fn put_long(out: &mut Vec<u8>, number: i64) {
    let mut zigzag = ((number << 1) ^ (number >> 63)) as u64;
    while zigzag >= 0x80 {
        out.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    out.push(zigzag as u8);
}

/// Appends a header.
pub(super) fn put_header(
    out: &mut Vec<u8>,
    schema: &str,
    codec: &str,
    metadata: &BTreeMap<String, String>,
    sync: [u8; SYNC],
) {
    out.extend_from_slice(MAGIC);
    put_long(out, 2 + metadata.len() as i64);
    let own = [("avro.schema", schema), ("avro.codec", codec)];
    let others = metadata.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    for text in own.into_iter().chain(others).flat_map(|(key, value)| [key, value]) {
        put_long(out, text.len() as i64);
        out.extend_from_slice(text.as_bytes());
    }
    put_long(out, 0);
    out.extend_from_slice(&sync);
}

/// Why a header cannot be read.
enum HeaderFault {
    /// More bytes are needed.
    Short,
    Bad(String),
}

struct HeaderBytes<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> HeaderBytes<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], HeaderFault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..length).ok_or(HeaderFault::Short)?;
        self.at += length;
        Ok(taken)
    }

    fn long(&mut self) -> Result<i64, HeaderFault> {
        match varint(self.bytes.get(self.at..).unwrap_or_default()) {
            Some(Ok((number, taken))) => {
                self.at += taken;
                Ok(number)
            }
            Some(Err(())) => Err(HeaderFault::Bad("a number is too long".to_owned())),
            None => Err(HeaderFault::Short),
        }
    }

    fn text(&mut self) -> Result<&'a [u8], HeaderFault> {
        let length = self.long()?;
        match u64::try_from(length) {
            Ok(length) if length <= MAX_HEADER => self.take(length as usize),
            _ => Err(HeaderFault::Bad(format!("an entry claims {length} bytes"))),
        }
    }
}

fn parse_header(bytes: &[u8]) -> Result<Header, HeaderFault> {
    let mut from = HeaderBytes { bytes, at: 0 };
    let short_magic = &MAGIC[..bytes.len().min(MAGIC.len())];
    if bytes.get(..short_magic.len()) != Some(short_magic) {
        return Err(HeaderFault::Bad("this is no Avro file: it does not begin with 'Obj'".into()));
    }
    from.take(MAGIC.len())?;
    let mut entries: Vec<(String, Vec<u8>)> = Vec::new();
    loop {
        let mut count = from.long()?;
        if count == 0 {
            break;
        }
        if count < 0 {
            from.long()?; // the bytes of the entries, which nobody needs
            count = count.checked_neg().unwrap_or(i64::MAX);
        }
        if count as u64 > MAX_ENTRIES as u64 || entries.len() + count as usize > MAX_ENTRIES {
            return Err(HeaderFault::Bad(format!("{count} entries")));
        }
        for _ in 0..count {
            let key = String::from_utf8_lossy(from.text()?).into_owned();
            let value = from.text()?.to_vec();
            entries.retain(|(other, _)| *other != key);
            entries.push((key, value));
        }
    }
    let mut sync = [0; SYNC];
    sync.copy_from_slice(from.take(SYNC)?);
    let mut find = |key: &str| {
        let at = entries.iter().position(|(other, _)| other == key)?;
        Some(entries.remove(at).1)
    };
    let schema = find("avro.schema")
        .ok_or_else(|| HeaderFault::Bad("the header has no schema".to_owned()))?;
    let schema = String::from_utf8(schema)
        .map_err(|_| HeaderFault::Bad("the schema is not UTF-8".to_owned()))?;
    let codec = find("avro.codec").unwrap_or_else(|| b"null".to_vec());
    let codec = String::from_utf8_lossy(&codec);
    let codec = Codec::from_name(&codec)
        .ok_or_else(|| HeaderFault::Bad(format!("unknown codec '{}'", codec.escape_debug())))?;
    Ok(Header { schema, codec, metadata: entries, sync, length: from.at as u64 })
}

/// Reads the header.
pub(super) fn header(source: &Source) -> Result<Header> {
    let bad = |message: String| IoError::avro(source.path(), None, message);
    let mut wanted = 16_u64 << 10;
    loop {
        let length = wanted.min(source.size()).min(MAX_HEADER);
        let mut bytes = vec![0; length as usize];
        source.read_exact_at(0, &mut bytes)?;
        match parse_header(&bytes) {
            Ok(header) => return Ok(header),
            Err(HeaderFault::Bad(message)) => {
                return Err(bad(format!("damaged header: {message}")));
            }
            Err(HeaderFault::Short) if length == source.size() => {
                return Err(bad("truncated in the header".to_owned()));
            }
            Err(HeaderFault::Short) if length == MAX_HEADER => {
                return Err(bad(format!("damaged header: more than {MAX_HEADER} bytes")));
            }
            Err(HeaderFault::Short) => wanted *= 8,
        }
    }
}

/// The blocks of a file, in order, each checked before it is handed out.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    sync: [u8; SYNC],
    pos: u64,
    number: u64,
    on_bad: OnBadBlock,
    /// What was left out.
    pub rejects: Vec<RejectedBlock>,
}

impl Walk {
    pub fn new(header: &Header, on_bad: OnBadBlock) -> Self {
        Self { sync: header.sync, pos: header.length, number: 1, on_bad, rejects: Vec::new() }
    }

    /// The next block; `None` at the end of the file, which may come only after a block.
    pub fn next(&mut self, source: &Source) -> Result<Option<Block>> {
        loop {
            if self.pos >= source.size() {
                return Ok(None);
            }
            let (records, reason) = match self.block(source)? {
                Ok(block) => {
                    self.pos = block.end();
                    self.number += 1;
                    return Ok(Some(block));
                }
                Err(fault) => fault,
            };
            if self.on_bad == OnBadBlock::Error {
                return Err(IoError::avro(source.path(), Some(self.number), reason));
            }
            let next = self.search(source)?;
            self.rejects.push(RejectedBlock {
                block: self.number,
                offset: self.pos,
                bytes: next - self.pos,
                records,
                reason,
            });
            self.pos = next;
            self.number += 1;
        }
    }

    /// The block at the position, or what is wrong with it and the records it declares.
    fn block(&self, source: &Source) -> Result<Result<Block, (Option<u64>, String)>> {
        let mut prefix = [0; PREFIX];
        let left = source.size() - self.pos;
        let prefix = &mut prefix[..left.min(PREFIX as u64) as usize];
        source.read_exact_at(self.pos, prefix)?;
        let mut at = 0;
        let mut long = || match varint(prefix.get(at..).unwrap_or_default()) {
            Some(Ok((number, taken))) => {
                at += taken;
                u64::try_from(number).map_err(|_| "damaged: a negative count or size")
            }
            Some(Err(())) => Err("damaged: a number is too long"),
            None => Err("truncated"),
        };
        let records = match long() {
            Ok(records) => records,
            Err(reason) => return Ok(Err((None, reason.to_owned()))),
        };
        let bytes = match long() {
            Ok(bytes) => bytes,
            Err(reason) => return Ok(Err((Some(records), reason.to_owned()))),
        };
        let fault = |reason: String| Ok(Err((Some(records), reason)));
        let left = left - at as u64;
        if bytes.checked_add(SYNC as u64).is_none_or(|needed| needed > left) {
            return fault(format!(
                "truncated or damaged: {bytes} bytes and a sync marker, {left} are left"
            ));
        }
        let (start, offset) = (self.pos, self.pos + at as u64);
        let mut sync = [0; SYNC];
        source.read_exact_at(offset + bytes, &mut sync)?;
        if sync != self.sync {
            return fault("damaged: its sync marker is not the header's".to_owned());
        }
        Ok(Ok(Block { number: self.number, start, offset, bytes, records }))
    }

    /// The first byte after the next sync marker, or the end of the file.
    fn search(&self, source: &Source) -> Result<u64> {
        let mut from = self.pos;
        let mut window = Vec::new();
        while from < source.size() {
            let length = (source.size() - from).min((SEARCH + SYNC) as u64);
            window.resize(length as usize, 0);
            source.read_exact_at(from, &mut window)?;
            if let Some(at) = window.windows(SYNC).position(|part| part == self.sync) {
                return Ok(from + (at + SYNC) as u64);
            }
            from += SEARCH as u64;
        }
        Ok(source.size())
    }
}

/// A container that holds these records as one block and nothing else, for another decoder.
pub(super) fn single_block(schema: &str, records: u64, data: &[u8]) -> Vec<u8> {
    let sync = [0x5a; SYNC];
    let mut out = Vec::with_capacity(schema.len() + data.len() + 128);
    put_header(&mut out, schema, "null", &BTreeMap::new(), sync);
    if records > 0 {
        put_long(&mut out, i64::try_from(records).unwrap_or(i64::MAX));
        put_long(&mut out, data.len() as i64);
        out.extend_from_slice(data);
        out.extend_from_slice(&sync);
    }
    out
}

/// An error about a whole file, at its header.
pub(super) fn schema_error(path: &Path, fault: super::schema::SchemaFault) -> IoError {
    match fault {
        super::schema::SchemaFault::Bad(message) => IoError::avro(path, None, message),
        super::schema::SchemaFault::Unsupported(message) => IoError::unsupported(path, message),
    }
}
