//! Whole files into memory, inflated if packed, and never beyond the limit.

use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::read::MultiGzDecoder;

use crate::format::Compression;
use crate::{IoError, Result, source};

/// Bytes read between two looks at the cancel flag.
const CHUNK: u64 = 1 << 20;
/// Below this size no ratio is suspicious.
const BOMB_FLOOR: u64 = 256 << 20;
/// More than this is a bomb: gzip cannot pass 1032, real text stays far below.
const BOMB_RATIO: u64 = 10_000;

/// The bytes of `path`; gzip (every member) and zstd (every frame) are inflated.
pub(crate) fn read(path: &Path, limit: Option<u64>, cancel: &AtomicBool) -> Result<Vec<u8>> {
    let file = source::open(path)?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    check_limit(path, size, limit)?;
    let packed = bounded(path, file, size, limit, u64::MAX, cancel)?;
    if packed.is_empty() {
        return Err(IoError::Empty { path: path.to_path_buf() });
    }
    let compression = Compression::from_magic(&packed);
    let named = Compression::from_path(path);
    if let Some(named) = named.filter(|named| compression != Some(*named)) {
        let name = if named == Compression::Gzip { "gzip" } else { "zstd" };
        return Err(damaged(path, &format!("the name says {name}, the first bytes do not")));
    }
    let ceiling = packed.len() as u64 * BOMB_RATIO;
    match compression {
        None => Ok(packed),
        Some(Compression::Gzip) => {
            bounded(path, MultiGzDecoder::new(packed.as_slice()), 0, limit, ceiling, cancel)
        }
        Some(Compression::Zstd) => {
            let decoder = zstd::Decoder::new(packed.as_slice())
                .map_err(|error| damaged(path, &error.to_string()))?;
            bounded(path, decoder, 0, limit, ceiling, cancel)
        }
    }
}

fn bounded(
    path: &Path,
    mut reader: impl Read,
    expected: u64,
    limit: Option<u64>,
    ceiling: u64,
    cancel: &AtomicBool,
) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // A file of unknown size grows as it comes; a known one is allocated once.
    bytes.try_reserve_exact(expected as usize).map_err(|_| too_large(path, expected, expected))?;
    loop {
        if cancel.load(Ordering::Relaxed) {
            return Err(IoError::Cancelled);
        }
        match reader.by_ref().take(CHUNK).read_to_end(&mut bytes) {
            Ok(0) => return Ok(bytes),
            Ok(_) => {}
            Err(source) => return Err(failed(path, source)),
        }
        check_limit(path, bytes.len() as u64, limit)?;
        if bytes.len() as u64 > ceiling.max(BOMB_FLOOR) {
            return Err(too_large(path, bytes.len() as u64, ceiling.max(BOMB_FLOOR)));
        }
    }
}

fn check_limit(path: &Path, needed: u64, limit: Option<u64>) -> Result<()> {
    match limit {
        Some(limit) if needed > limit => Err(too_large(path, needed, limit)),
        _ => Ok(()),
    }
}

fn too_large(path: &Path, needed: u64, limit: u64) -> IoError {
    let message = "the text does not fit into memory".to_owned();
    IoError::Limit { path: path.to_path_buf(), needed, limit, message }
}

fn failed(path: &Path, source: io::Error) -> IoError {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => damaged(path, "the packed data end too early"),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            damaged(path, &source.to_string())
        }
        _ => IoError::Os { path: path.to_path_buf(), source },
    }
}

fn damaged(path: &Path, reason: &str) -> IoError {
    let message = format!("cannot unpack: {reason}");
    IoError::Csv { path: path.to_path_buf(), line: 0, record: 0, column: None, message, hint: None }
}
