//! Compressed pages, unpacked into memory that is used again (Parquet format, Compression.md).

use parquet::basic::Compression;

use super::page::MAX_PAGE;
use super::{Fault, Outcome};
use crate::mem::Room;

/// Memory for one page, and the contexts of codecs that are costly to make.
#[derive(Default)]
pub(super) struct Unpacker {
    page: Room,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
    gzip: Option<libdeflater::Decompressor>,
}

impl Unpacker {
    /// The `size` bytes that `data` unpack to.
    pub fn unpack(&mut self, codec: Compression, data: &[u8], size: usize) -> Outcome<&[u8]> {
        // Memory is reserved for what can come out of these bytes, not for what a header claims.
        if size / 1100 > data.len().max(64)
            && !matches!(codec, Compression::ZSTD(_) | Compression::BROTLI(_))
        {
            return Err(Fault::damaged("a page claims more bytes than it can unpack to"));
        }
        let Self { page, zstd, gzip } = self;
        let out =
            page.bytes(size).ok_or(Fault::Limit { needed: size as u64, limit: MAX_PAGE as u64 })?;
        if size == 0 {
            return Ok(out);
        }
        let found = match codec {
            Compression::SNAPPY => {
                let length = snap::raw::decompress_len(data).map_err(bad)?;
                // snap takes a buffer that is too long.
                if length != size {
                    return Err(another_length());
                }
                snap::raw::Decoder::new().decompress(data, out).map_err(bad)?
            }
            Compression::ZSTD(_) => {
                let context = match zstd {
                    Some(context) => context,
                    None => zstd.insert(zstd::bulk::Decompressor::new().map_err(bad)?),
                };
                context.decompress_to_buffer(data, out).map_err(bad)?
            }
            Compression::LZ4_RAW => lz4_flex::block::decompress_into(data, out).map_err(bad)?,
            Compression::GZIP(_) => gunzip(gzip, data, out)?,
            Compression::BROTLI(_) => {
                let mut reader = brotli::Decompressor::new(data, 1 << 16);
                std::io::Read::read_exact(&mut reader, out).map_err(bad)?;
                size
            }
            other => return Err(Fault::Unsupported(format!("codec {other}"))),
        };
        if found == size { Ok(out) } else { Err(another_length()) }
    }

    /// Gives back memory of more than `most` bytes.
    pub fn trim(&mut self, most: usize) {
        self.page.trim(most);
    }
}

/// All members of a gzip stream.
fn gunzip(
    context: &mut Option<libdeflater::Decompressor>,
    mut data: &[u8],
    out: &mut [u8],
) -> Outcome<usize> {
    // libdeflate tells where the output ends, not the input; several members are rare, so the
    // whole-buffer call comes first and the streaming reader deals with the rest.
    let fast = context.get_or_insert_with(libdeflater::Decompressor::new);
    if let Ok(found) = fast.gzip_decompress(data, out)
        && found == out.len()
    {
        return Ok(found);
    }
    let mut reader = flate2::read::MultiGzDecoder::new(&mut data);
    std::io::Read::read_exact(&mut reader, out).map_err(bad)?;
    Ok(out.len())
}

fn bad(error: impl std::fmt::Display) -> Fault {
    Fault::Damaged(format!("cannot unpack a page: {error}"))
}

fn another_length() -> Fault {
    Fault::damaged("a page has another length than its header says")
}
