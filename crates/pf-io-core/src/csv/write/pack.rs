//! Compression of what is written.
//!
//! gzip members and zstd frames are independent of each other, so pieces of the text are packed in
//! parallel. Pieces are cut by bytes of text alone: neither threads nor batches change the file.
//! bzip2, xz and LZ4 pack one stream, on the thread that writes.

use std::io::{self, Write};
use std::path::Path;

use crate::{IoError, Result};

/// Bytes of text in a member or frame.
pub(super) const PIECE: usize = 1 << 20;
/// Bytes that a serial codec takes between two looks at the cancel flag.
pub(super) const SIP: usize = 128 << 10;

/// How the file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codec {
    Plain,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Lz4,
}

impl Codec {
    fn named(dest: &Path, name: Option<&str>) -> Result<Self> {
        let suffix = || dest.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
        Ok(match name {
            None | Some("none") => Self::Plain,
            Some("gz" | "gzip") => Self::Gzip,
            Some("zst" | "zstd") => Self::Zstd,
            Some("bz2" | "bzip2") => Self::Bzip2,
            Some("xz") => Self::Xz,
            Some("lz4") => Self::Lz4,
            Some("auto") => match suffix().to_ascii_lowercase().as_str() {
                "gz" => Self::Gzip,
                "zst" => Self::Zstd,
                "bz2" => Self::Bzip2,
                "xz" => Self::Xz,
                "lz4" => Self::Lz4,
                other @ ("zip" | "br" | "z" | "7z") => {
                    let message = format!(
                        "cannot write .{other}; use another suffix, or compression=\"none\""
                    );
                    return Err(IoError::unsupported(dest, message));
                }
                _ => Self::Plain,
            },
            Some(other) => {
                let message = format!(
                    "no CSV compression '{other}' (known: gzip, zstd, bz2, xz, lz4, none, auto)"
                );
                return Err(IoError::unsupported(dest, message));
            }
        })
    }

    /// The levels that there are, and the codec's own default.
    fn levels(self) -> Option<(std::ops::RangeInclusive<u32>, u32)> {
        match self {
            Self::Plain | Self::Lz4 => None,
            Self::Gzip => Some((0..=9, 6)),
            Self::Zstd => Some((1..=22, 3)),
            Self::Bzip2 => Some((1..=9, 9)),
            Self::Xz => Some((0..=9, 6)),
        }
    }
}

/// A codec and how hard it tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packing {
    codec: Codec,
    level: u32,
}

impl Packing {
    /// A codec by name; `auto` goes by the suffix of `dest`.
    pub(super) fn new(dest: &Path, name: Option<&str>, level: Option<u32>) -> Result<Self> {
        let codec = Codec::named(dest, name)?;
        let level = match (level, codec.levels()) {
            (None, levels) => levels.map_or(0, |(_, usual)| usual),
            (Some(level), Some((levels, _))) if levels.contains(&level) => level,
            (Some(level), Some((levels, _))) => {
                let (least, most) = (levels.start(), levels.end());
                let message =
                    format!("compression_level must be from {least} to {most}, not {level}");
                return Err(IoError::unsupported(dest, message));
            }
            (Some(_), None) => {
                let message = "compression_level has no effect on this compression";
                return Err(IoError::unsupported(dest, message));
            }
        };
        Ok(Self { codec, level })
    }

    /// Whether pieces are packed one by one.
    pub(super) fn in_pieces(self) -> bool {
        matches!(self.codec, Codec::Gzip | Codec::Zstd)
    }

    /// A piece as a member or frame of its own.
    pub(super) fn pack(self, piece: &[u8]) -> io::Result<Vec<u8>> {
        if self.codec == Codec::Zstd {
            return zstd::bulk::compress(piece, self.level as i32);
        }
        let level = libdeflater::CompressionLvl::new(self.level as i32).unwrap_or_default();
        let mut compressor = libdeflater::Compressor::new(level);
        let mut packed = vec![0; compressor.gzip_compress_bound(piece.len())];
        let length = compressor
            .gzip_compress(piece, &mut packed)
            .map_err(|error| io::Error::other(error.to_string()))?;
        packed.truncate(length);
        Ok(packed)
    }
}

/// The file behind a serial codec, or without one.
pub(super) enum Stream<W: Write> {
    Plain(W),
    Bzip2(bzip2::write::BzEncoder<W>),
    Xz(liblzma::write::XzEncoder<W>),
    Lz4(Box<lz4_flex::frame::FrameEncoder<W>>),
}

impl<W: Write> Stream<W> {
    pub(super) fn new(sink: W, packing: Packing) -> Self {
        match packing.codec {
            Codec::Plain | Codec::Gzip | Codec::Zstd => Self::Plain(sink),
            Codec::Bzip2 => Self::Bzip2(bzip2::write::BzEncoder::new(
                sink,
                bzip2::Compression::new(packing.level),
            )),
            Codec::Xz => Self::Xz(liblzma::write::XzEncoder::new(sink, packing.level)),
            Codec::Lz4 => Self::Lz4(Box::new(lz4_flex::frame::FrameEncoder::new(sink))),
        }
    }

    pub(super) fn write_all(&mut self, data: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.write_all(data),
            Self::Bzip2(encoder) => encoder.write_all(data),
            Self::Xz(encoder) => encoder.write_all(data),
            Self::Lz4(encoder) => encoder.write_all(data),
        }
    }

    /// Ends the stream.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(sink) => Ok(sink),
            Self::Bzip2(encoder) => encoder.finish(),
            Self::Xz(encoder) => encoder.finish(),
            Self::Lz4(encoder) => encoder.finish().map_err(io::Error::from),
        }
    }
}
