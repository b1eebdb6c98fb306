//! The bytes of a footer: found, bounded, and walked over before arrow-rs parses them.

use super::layout::Layout;
use crate::source::Source;
use crate::{IoError, Result};

/// Bytes of a footer; the largest known have tens of megabytes.
const MAX_FOOTER: u64 = 512 << 20;
/// Bytes read at first: with luck the whole footer.
const FIRST_READ: u64 = 64 << 10;

/// The bytes of a footer of sound shape, and what the walk over them saw.
#[derive(Debug)]
pub(super) struct Footer {
    bytes: Vec<u8>,
    /// Where the thrift bytes begin in `bytes`.
    start: usize,
    pub layout: Layout,
}

impl Footer {
    /// The thrift bytes.
    pub fn thrift(&self) -> &[u8] {
        &self.bytes[self.start..self.bytes.len() - 8]
    }
}

/// Checks magic bytes, footer length and footer shape.
pub(super) fn check(source: &Source) -> Result<()> {
    read(source).map(|_| ())
}

/// Reads the footer and checks magic bytes, length and shape.
pub(super) fn read(source: &Source) -> Result<Footer> {
    let (path, size) = (source.path(), source.size());
    let bad = |message: &str| IoError::parquet(path, message);
    let read = |from: u64, length: u64| {
        let mut bytes = vec![0; length as usize];
        source.read_exact_at(from, &mut bytes)?;
        Ok::<_, IoError>(bytes)
    };
    if size < 12 {
        return Err(bad("not a Parquet file: shorter than 12 bytes"));
    }
    let mut head = [0; 4];
    source.read_exact_at(0, &mut head)?;
    let mut bytes = read(size - size.min(FIRST_READ), size.min(FIRST_READ))?;
    let mut tail = [0; 8];
    tail.copy_from_slice(&bytes[bytes.len() - 8..]);
    if &tail[4..] == b"PARE" || &head == b"PARE" {
        return Err(IoError::unsupported(path, "encrypted Parquet is not supported"));
    }
    if &head != b"PAR1" {
        return Err(bad("not a Parquet file: it does not begin with PAR1"));
    }
    if &tail[4..] != b"PAR1" {
        return Err(bad("truncated: it does not end with PAR1"));
    }
    let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if length == 0 || length > size - 12 {
        return Err(bad(&format!("damaged: a footer of {length} bytes in a file of {size}")));
    }
    if length > MAX_FOOTER {
        let message = "the footer is too large".to_owned();
        let path = path.to_path_buf();
        return Err(IoError::Limit { path, needed: length, limit: MAX_FOOTER, message });
    }
    if length + 8 > bytes.len() as u64 {
        bytes = read(size - 8 - length, length + 8)?;
    }
    let start = bytes.len() - 8 - length as usize;
    let layout = Layout::read(&bytes[start..bytes.len() - 8])
        .map_err(|(at, reason)| bad(&format!("damaged footer, byte {at}: {reason}")))?;
    Ok(Footer { bytes, start, layout })
}
