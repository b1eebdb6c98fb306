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
/// zstd's own default.
const ZSTD_LEVEL: i32 = 3;
/// xz's own default.
const XZ_LEVEL: u32 = 6;

/// How the file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Plain,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Lz4,
}

impl Codec {
    /// By name; `auto` goes by the suffix of `dest`.
    pub(super) fn named(dest: &Path, name: Option<&str>) -> Result<Self> {
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

    /// Whether pieces are packed one by one.
    pub(super) fn in_pieces(self) -> bool {
        matches!(self, Self::Gzip | Self::Zstd)
    }

    /// A piece as a member or frame of its own.
    pub(super) fn pack(self, piece: &[u8]) -> io::Result<Vec<u8>> {
        if self == Self::Zstd {
            return zstd::bulk::compress(piece, ZSTD_LEVEL);
        }
        let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
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
    pub(super) fn new(sink: W, codec: Codec) -> Self {
        match codec {
            Codec::Plain | Codec::Gzip | Codec::Zstd => Self::Plain(sink),
            Codec::Bzip2 => {
                Self::Bzip2(bzip2::write::BzEncoder::new(sink, bzip2::Compression::best()))
            }
            Codec::Xz => Self::Xz(liblzma::write::XzEncoder::new(sink, XZ_LEVEL)),
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
