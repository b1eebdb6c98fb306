//! The six codecs. Packed data say nothing trustworthy about their size, so every output grows
//! only as far as the ceiling and the budget let it.

use std::io::Read;
use std::path::Path;

use super::container::Block;
use crate::context::{Budget, Charge};
use crate::{IoError, Result};

/// Bytes of one block after unpacking.
pub(super) const MAX_BLOCK: usize = 1 << 30;
/// The most that deflate can blow up a byte, rounded up.
const DEFLATE_RATIO: usize = 1040;
/// Memory an xz block may ask of its decoder.
const XZ_MEMORY: u64 = 512 << 20;
/// Bytes of the checksum after snappy data.
const SNAPPY_CRC: usize = 4;

/// How blocks are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Null,
    Deflate,
    Snappy,
    Zstandard,
    Bzip2,
    Xz,
}

impl Codec {
    /// The codec that a header names.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "null" | "" => Self::Null,
            "deflate" => Self::Deflate,
            "snappy" => Self::Snappy,
            "zstandard" => Self::Zstandard,
            "bzip2" => Self::Bzip2,
            "xz" => Self::Xz,
            _ => return None,
        })
    }

    /// The name in a header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Deflate => "deflate",
            Self::Snappy => "snappy",
            Self::Zstandard => "zstandard",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }
}

/// Why a block cannot be unpacked.
enum Fault {
    Damaged(String),
    TooLarge,
    Limit(IoError),
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn damaged(reason: impl ToString) -> Fault {
    Fault::Damaged(reason.to_string())
}

/// Memory for unpacked blocks, used again and again.
pub(super) struct Unpacker {
    out: Vec<u8>,
    charge: Charge,
    budget: Budget,
    deflate: libdeflater::Decompressor,
    snappy: snap::raw::Decoder,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl Unpacker {
    pub fn new(path: &Path, budget: &Budget) -> Result<Self> {
        Ok(Self {
            out: Vec::new(),
            charge: budget.charge(path, 0, "unpacked blocks")?,
            budget: budget.clone(),
            deflate: libdeflater::Decompressor::new(),
            snappy: snap::raw::Decoder::new(),
            zstd: None,
        })
    }

    /// The bytes of the records in `data`.
    pub fn unpack<'a>(
        &'a mut self,
        path: &Path,
        block: &Block,
        codec: Codec,
        data: &'a [u8],
    ) -> Result<&'a [u8]> {
        if block.records == 0 && data.is_empty() {
            return Ok(&[]);
        }
        let length = match codec {
            Codec::Null => return Ok(data),
            Codec::Deflate => self.deflate(path, data),
            Codec::Snappy => self.snappy(path, data),
            Codec::Zstandard => self.zstandard(path, data),
            Codec::Bzip2 => self.stream(path, bzip2::bufread::MultiBzDecoder::new(data)),
            Codec::Xz => match liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, 0) {
                Ok(stream) => {
                    self.stream(path, liblzma::bufread::XzDecoder::new_stream(data, stream))
                }
                Err(error) => Err(damaged(error)),
            },
        };
        match length {
            Ok(length) => Ok(&self.out[..length]),
            Err(Fault::Limit(error)) => Err(error),
            Err(Fault::TooLarge) => {
                let message = format!("block {} is too large", block.number);
                let (path, limit) = (path.to_path_buf(), MAX_BLOCK as u64);
                Err(IoError::Limit { path, needed: limit + 1, limit, message })
            }
            Err(Fault::Damaged(reason)) => {
                let message = format!("cannot unpack ({}): {reason}", codec.name());
                Err(IoError::avro(path, Some(block.number), message))
            }
        }
    }

    /// Makes room for `size` bytes, charged before they are allocated.
    fn grow(&mut self, path: &Path, size: usize) -> Result<(), Fault> {
        if size > MAX_BLOCK {
            return Err(Fault::TooLarge);
        }
        if size > self.out.len() {
            let more = (size - self.out.len()) as u64;
            let charge = self.budget.charge(path, more, "an unpacked block");
            self.charge.absorb(charge.map_err(Fault::Limit)?);
            self.out.resize(size, 0);
        }
        Ok(())
    }

    fn deflate(&mut self, path: &Path, data: &[u8]) -> Result<usize, Fault> {
        use libdeflater::DecompressionError::{BadData, InsufficientSpace};
        let ceiling = data.len().saturating_mul(DEFLATE_RATIO).saturating_add(64);
        let mut size = self.out.len().max(data.len().saturating_mul(4)).min(ceiling).min(MAX_BLOCK);
        loop {
            self.grow(path, size)?;
            match self.deflate.deflate_decompress(data, &mut self.out) {
                Ok(length) => return Ok(length),
                Err(BadData) => return Err(damaged("damaged data")),
                Err(InsufficientSpace) if size >= ceiling => return Err(damaged("damaged data")),
                Err(InsufficientSpace) if size >= MAX_BLOCK => return Err(Fault::TooLarge),
                Err(InsufficientSpace) => {
                    size = self.out.len().max(size).saturating_mul(2).min(ceiling).min(MAX_BLOCK);
                }
            }
        }
    }

    fn snappy(&mut self, path: &Path, data: &[u8]) -> Result<usize, Fault> {
        let Some((data, crc)) = data.split_last_chunk::<SNAPPY_CRC>() else {
            return Err(damaged("fewer bytes than the checksum has"));
        };
        let length = snap::raw::decompress_len(data).map_err(damaged)?;
        self.grow(path, length)?;
        let written = self.snappy.decompress(data, &mut self.out[..length]).map_err(damaged)?;
        if crc32fast::hash(&self.out[..written]) != u32::from_be_bytes(*crc) {
            return Err(damaged("the checksum does not match"));
        }
        Ok(written)
    }

    fn zstandard(&mut self, path: &Path, data: &[u8]) -> Result<usize, Fault> {
        if let Ok(Some(length)) = zstd::zstd_safe::get_frame_content_size(data) {
            if length > MAX_BLOCK as u64 {
                return Err(Fault::TooLarge);
            }
            self.grow(path, length as usize)?;
            if self.zstd.is_none() {
                self.zstd = Some(zstd::bulk::Decompressor::new().map_err(damaged)?);
            }
            if let Some(zstd) = &mut self.zstd
                && let Ok(written) =
                    zstd.decompress_to_buffer(data, &mut self.out[..length as usize])
            {
                return Ok(written);
            }
        }
        // Several frames, or one that does not say how long it is.
        let decoder = zstd::Decoder::with_buffer(data).map_err(damaged)?;
        self.stream(path, decoder)
    }

    fn stream(&mut self, path: &Path, mut reader: impl Read) -> Result<usize, Fault> {
        let mut length = 0;
        loop {
            if length == self.out.len() {
                // One byte more than allowed tells a full block from one that is too large.
                let size = (length * 2).clamp(64 << 10, MAX_BLOCK);
                if length == MAX_BLOCK {
                    return match reader.read(&mut [0]) {
                        Ok(0) => Ok(length),
                        Ok(_) => Err(Fault::TooLarge),
                        Err(error) => Err(damaged(error)),
                    };
                }
                self.grow(path, size)?;
            }
            match reader.read(&mut self.out[length..]) {
                Ok(0) => return Ok(length),
                Ok(count) => length += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(damaged(error)),
            }
        }
    }
}

/// Packs blocks with one codec and level.
pub(super) struct Packer {
    codec: Codec,
    level: Option<i32>,
}

impl Packer {
    pub fn new(codec: Codec, level: Option<i32>) -> Self {
        Self { codec, level }
    }

    /// Whether the codec has this level; the text says which it has.
    pub fn check_level(&self) -> Result<(), String> {
        let Some(level) = self.level else { return Ok(()) };
        let (low, high) = match self.codec {
            Codec::Null | Codec::Snappy => {
                return Err(format!("the codec '{}' has no levels", self.codec.name()));
            }
            Codec::Deflate => (0, 12),
            Codec::Zstandard => (-7, 22),
            Codec::Bzip2 => (1, 9),
            Codec::Xz => (0, 9),
        };
        if (low..=high).contains(&level) {
            return Ok(());
        }
        Err(format!("the codec '{}' has levels {low} to {high}, not {level}", self.codec.name()))
    }

    /// The packed form of `data`.
    pub fn pack(&self, data: &[u8]) -> std::io::Result<Vec<u8>> {
        let level = |default: i32| self.level.unwrap_or(default);
        let other = |error: &dyn std::fmt::Display| std::io::Error::other(error.to_string());
        Ok(match self.codec {
            Codec::Null => data.to_vec(),
            Codec::Deflate => {
                let level = libdeflater::CompressionLvl::new(level(6))
                    .map_err(|_| std::io::Error::other("no such level"))?;
                let mut deflate = libdeflater::Compressor::new(level);
                let mut out = vec![0; deflate.deflate_compress_bound(data.len())];
                let length =
                    deflate.deflate_compress(data, &mut out).map_err(|error| other(&error))?;
                out.truncate(length);
                out
            }
            Codec::Snappy => {
                let packed = snap::raw::Encoder::new().compress_vec(data);
                let mut out = packed.map_err(|error| other(&error))?;
                out.extend_from_slice(&crc32fast::hash(data).to_be_bytes());
                out
            }
            Codec::Zstandard => zstd::bulk::compress(data, level(3))?,
            Codec::Bzip2 => {
                let level = bzip2::Compression::new(level(9).unsigned_abs());
                let mut out = Vec::new();
                bzip2::bufread::BzEncoder::new(data, level).read_to_end(&mut out)?;
                out
            }
            Codec::Xz => {
                let mut out = Vec::new();
                liblzma::bufread::XzEncoder::new(data, level(6).unsigned_abs())
                    .read_to_end(&mut out)?;
                out
            }
        })
    }
}
