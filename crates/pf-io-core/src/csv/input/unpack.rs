//! Packed bytes to text: member after member, every one of them to its end.
//!
//! A member that is cut short is an error, as is anything between members or behind the last one
//! that is no member (gzip and xz allow padding of zeros). The text is bounded by the caller's limit
//! and by what no honest file reaches: ten thousand times its packed size.

use std::io::{self, BufRead, Read};
use std::path::PathBuf;

use flate2::bufread::{DeflateDecoder, GzDecoder};
use liblzma::bufread::XzDecoder;
use liblzma::stream::Stream;

use super::codec::Codec;
use super::raw::{Raw, carry};
use super::{damaged, lz4, zip};
use crate::context::{Budget, Charge};
use crate::{IoError, Result};

/// Below this size no ratio is suspicious.
const BOMB_FLOOR: u64 = 256 << 20;
/// More than this is a bomb: gzip cannot pass 1032, real text stays far below.
const BOMB_RATIO: u64 = 10_000;
/// The most an xz stream may ask for, whatever the limit is.
const XZ_MEMORY: u64 = 1 << 30;
/// The largest window, as a power of two, that zstd knows on every machine.
const ZSTD_WINDOW_LOG: u32 = 30;
/// Zstd and lz4 frames that are to be passed over begin so, the lowest four bits left out.
const SKIPPABLE: u32 = 0x184d_2a50;

/// Reads what a packed source holds.
pub(super) struct Unpacked {
    codec: Codec,
    path: PathBuf,
    state: State,
    budget: Budget,
    /// Memory of the current member's decoder.
    charge: Option<Charge>,
    produced: u64,
    ceiling: u64,
    limit: Option<u64>,
}

enum State {
    Between(Raw, u64),
    Gzip(GzDecoder<Raw>),
    Bzip2(bzip2::bufread::BzDecoder<Raw>),
    Xz(XzDecoder<Raw>),
    Zstd(zstd::Decoder<'static, Raw>),
    Lz4(lz4::Frame),
    Zip(Box<Zip>),
    Done,
}

struct Zip {
    body: ZipBody,
    entry: zip::Entry,
    sum: crc32fast::Hasher,
    done: u64,
}

enum ZipBody {
    Stored(Raw),
    Deflated(DeflateDecoder<Raw>),
}

impl Unpacked {
    /// Unpacks `raw` from its start; `limit` bounds the text.
    pub fn new(codec: Codec, mut raw: Raw, limit: Option<u64>, budget: Budget) -> Result<Self> {
        let path = raw.source().path().to_path_buf();
        let ceiling = raw.source().size().saturating_mul(BOMB_RATIO).max(BOMB_FLOOR);
        let state = if codec == Codec::Zip {
            let entry = zip::only_file(raw.source())?;
            raw.bound(entry.start, entry.end);
            let body = if entry.deflated {
                ZipBody::Deflated(DeflateDecoder::new(raw))
            } else {
                ZipBody::Stored(raw)
            };
            State::Zip(Box::new(Zip { body, entry, sum: crc32fast::Hasher::new(), done: 0 }))
        } else {
            State::Between(raw, 0)
        };
        Ok(Self { codec, path, state, budget, charge: None, produced: 0, ceiling, limit })
    }

    /// Fills `out` as far as there is text.
    pub fn read_full(&mut self, out: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < out.len() {
            match self.read(&mut out[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        self.produced += filled as u64;
        let limit = self.limit.unwrap_or(u64::MAX).min(self.ceiling);
        if self.produced > limit {
            let message = "the unpacked text does not fit into memory".to_owned();
            let path = self.path.clone();
            return Err(IoError::Limit { path, needed: self.produced, limit, message });
        }
        Ok(filled)
    }

    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = match &mut self.state {
                State::Done => return Ok(0),
                State::Between(..) => 0,
                State::Gzip(member) => member.read(out)?,
                State::Bzip2(member) => member.read(out)?,
                State::Xz(member) => member.read(out)?,
                State::Zstd(member) => member.read(out)?,
                State::Lz4(member) => member.read(out)?,
                State::Zip(file) => return file.read(out),
            };
            if count > 0 {
                return Ok(count);
            }
            self.charge = None;
            let next = match std::mem::replace(&mut self.state, State::Done) {
                State::Between(raw, members) => self.member(raw, members)?,
                State::Gzip(member) => State::Between(member.into_inner(), 1),
                State::Bzip2(member) => State::Between(member.into_inner(), 1),
                State::Xz(member) => State::Between(member.into_inner(), 1),
                State::Zstd(member) => State::Between(member.finish(), 1),
                State::Lz4(member) => State::Between(member.into_inner(), 1),
                State::Zip(_) | State::Done => State::Done,
            };
            self.state = next;
        }
    }

    /// Starts the next member, or ends.
    fn member(&mut self, mut raw: Raw, members: u64) -> io::Result<State> {
        let head = raw.peek(18)?;
        if head.is_empty() {
            return Ok(State::Done);
        }
        if members > 0 && head[0] == 0 && matches!(self.codec, Codec::Gzip | Codec::Xz) {
            return padding(raw, self.codec);
        }
        let magic = head.get(..4).map_or(0, |four| {
            four.iter().rev().fold(0_u32, |word, &byte| word << 8 | u32::from(byte))
        });
        match self.codec {
            Codec::Gzip => {
                self.charge(64 << 10)?;
                Ok(State::Gzip(GzDecoder::new(raw)))
            }
            Codec::Bzip2 => {
                self.charge(4 << 20)?;
                Ok(State::Bzip2(bzip2::bufread::BzDecoder::new(raw)))
            }
            Codec::Xz => {
                let left = self.budget.limit().saturating_sub(self.budget.used());
                let stream = Stream::new_stream_decoder(left.min(XZ_MEMORY), 0)?;
                Ok(State::Xz(XzDecoder::new_stream(raw, stream)))
            }
            Codec::Zstd | Codec::Lz4 if magic & 0xffff_fff0 == SKIPPABLE => {
                let mut frame = [0; 8];
                let whole = raw.read_full(&mut frame)? == 8;
                let length = u32::from_le_bytes([frame[4], frame[5], frame[6], frame[7]]);
                if !whole || !raw.skip(u64::from(length)) {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(State::Between(raw, members))
            }
            Codec::Zstd => {
                let window = zstd_window(head);
                self.charge(window.saturating_add(256 << 10))?;
                let mut decoder = zstd::Decoder::with_buffer(raw)?.single_frame();
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Ok(State::Zstd(decoder))
            }
            Codec::Lz4 if magic == lz4::MAGIC => {
                self.charge(2 * lz4::MAX_BLOCK as u64)?;
                Ok(State::Lz4(lz4::Frame::new(raw)?))
            }
            Codec::Lz4 if head.len() < 4 => Err(io::ErrorKind::UnexpectedEof.into()),
            Codec::Lz4 | Codec::Zip => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "this is no lz4 frame"))
            }
        }
    }

    fn charge(&mut self, bytes: u64) -> io::Result<()> {
        let charge = self.budget.charge(&self.path, bytes, "the decoder").map_err(carry)?;
        self.charge = Some(charge);
        Ok(())
    }

    fn failed(&self, error: io::Error) -> IoError {
        use liblzma::stream::Error as Xz;
        let memory = error.get_ref().and_then(|inner| inner.downcast_ref::<Xz>());
        if matches!(memory, Some(Xz::MemLimit | Xz::Mem)) {
            let limit = self.budget.limit().min(XZ_MEMORY);
            let message = "the decoder asks for more".to_owned();
            let needed = limit.saturating_add(1);
            return IoError::Limit { path: self.path.clone(), needed, limit, message };
        }
        super::failed(&self.path, error)
    }
}

/// Zeros up to the end; in xz files also between streams, in words of four bytes.
fn padding(mut raw: Raw, codec: Codec) -> io::Result<State> {
    let mut count = 0_u64;
    loop {
        let bytes = raw.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        let all = zeros == bytes.len();
        raw.consume(zeros);
        count += zeros as u64;
        if !all {
            if codec == Codec::Xz && count.is_multiple_of(4) {
                return Ok(State::Between(raw, 1));
            }
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "there is something behind the packed data",
            ));
        }
    }
    if codec == Codec::Xz && !count.is_multiple_of(4) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(State::Done)
}

/// The memory that a frame says it needs (RFC 8878, 3.1.1.1); 0 if the header is damaged.
fn zstd_window(head: &[u8]) -> u64 {
    let byte = |at: usize| head.get(at).copied().map_or(0, u64::from);
    let descriptor = byte(4);
    if descriptor & 0x20 == 0 {
        let base = 1_u64 << (10 + (byte(5) >> 3));
        return base + base / 8 * (byte(5) & 7);
    }
    let at = 5 + [0, 1, 2, 4][(descriptor & 3) as usize];
    let number = |count: usize| (0..count).rev().fold(0, |sum, i| sum << 8 | byte(at + i));
    match descriptor >> 6 {
        0 => number(1),
        1 => number(2) + 256,
        2 => number(4),
        _ => number(8),
    }
}

impl Zip {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let count = match &mut self.body {
            ZipBody::Stored(raw) => raw.read(out)?,
            ZipBody::Deflated(decoder) => decoder.read(out)?,
        };
        self.sum.update(&out[..count]);
        self.done += count as u64;
        let sum = || self.sum.clone().finalize();
        if self.done > self.entry.size
            || count == 0 && (self.done < self.entry.size || sum() != self.entry.crc)
        {
            let reason = "the file in the zip archive is not what its directory says";
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(count)
    }
}

/// The codec of a source: what the caller says, else its first bytes, else its name.
pub(super) fn detect(raw: &mut Raw, compression: super::Compression) -> Result<Option<Codec>> {
    let path = raw.source().path().to_path_buf();
    let codec = match compression {
        super::Compression::None => return Ok(None),
        super::Compression::Is(codec) => return Ok(Some(codec)),
        super::Compression::Auto => {
            let head = raw.peek(18).map_err(|error| super::failed(&path, error))?;
            let mut found = Codec::from_magic(head);
            if found.is_none()
                && let [low, 0x2a, 0x4d, 0x18, ..] = head
                && low & 0xf0 == 0x50
            {
                // A frame to pass over may begin zstd and lz4 alike: the name decides.
                let named = Codec::from_path(&path);
                found = Some(if named == Some(Codec::Lz4) { Codec::Lz4 } else { Codec::Zstd });
            }
            found
        }
    };
    match (codec, Codec::from_path(&path)) {
        (None, Some(named)) => {
            let name = named.name();
            Err(damaged(&path, &format!("the name says {name}, the first bytes do not")))
        }
        (codec, _) => Ok(codec),
    }
}
