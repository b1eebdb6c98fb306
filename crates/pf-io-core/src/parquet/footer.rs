//! The bytes of a footer: found, bounded, and walked over before arrow-rs parses them.

use super::layout::Layout;
use crate::source::Source;
use crate::{IoError, Result};

/// Bytes of a footer; the largest known have tens of megabytes.
const MAX_FOOTER: u64 = 512 << 20;
/// Bytes read at first: with luck the whole footer.
const FIRST_READ: usize = 64 << 10;

/// Checks magic bytes, footer length and footer shape.
pub(super) fn check(source: &Source) -> Result<()> {
    read(source, |_, _| Ok(()))
}

/// Reads the footer, checks magic bytes, length and shape, and gives the thrift bytes and what the
/// walk over them saw to `take`.
#[expect(clippy::large_stack_arrays, reason = "no stack is that small, and no allocation as quick")]
pub(super) fn read<T>(source: &Source, take: impl FnOnce(&[u8], Layout) -> Result<T>) -> Result<T> {
    let (path, size) = (source.path(), source.size());
    let bad = |message: &str| IoError::parquet(path, message);
    if size < 12 {
        return Err(bad("not a Parquet file: shorter than 12 bytes"));
    }
    let mut head = [0; 4];
    source.read_exact_at(0, &mut head)?;
    let mut first = [0; FIRST_READ];
    let end = &mut first[..FIRST_READ.min(usize::try_from(size).unwrap_or(FIRST_READ))];
    source.read_exact_at(size - end.len() as u64, end)?;
    let mut tail = [0; 8];
    tail.copy_from_slice(&end[end.len() - 8..]);
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
    let mut long = Vec::new();
    let before = end.len() - 8;
    let thrift = if length <= before as u64 {
        &end[before - length as usize..before]
    } else {
        long.resize(length as usize, 0);
        source.read_exact_at(size - 8 - length, &mut long)?;
        long.as_slice()
    };
    let layout = Layout::read(thrift)
        .map_err(|(at, reason)| bad(&format!("damaged footer, byte {at}: {reason}")))?;
    take(thrift, layout)
}
