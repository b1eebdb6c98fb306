//! The one file in a zip archive. Source: PKWARE's APPNOTE.TXT, version 6.3.10.
//!
//! The directory at the end of the archive is what counts; folders in it are no files.

use std::path::Path;

use crate::{IoError, Result, Source};

/// Bytes of the end record without its comment.
const END: u64 = 22;
/// The longest comment.
const COMMENT: u64 = 65_535;
/// A directory larger than this is none of a single file.
const MAX_DIRECTORY: u64 = 16 << 20;

/// Where the file's packed bytes are, and what must come out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub start: u64,
    pub end: u64,
    pub deflated: bool,
    pub size: u64,
    pub crc: u32,
}

/// Finds the one file.
pub(super) fn only_file(source: &Source) -> Result<Entry> {
    let path = source.path();
    let (start, size) = directory(source)?;
    if size > MAX_DIRECTORY {
        return Err(not_one(path, "very many files"));
    }
    let bytes = read(source, start, size)?;
    let mut rest = bytes.as_slice();
    let mut files = Vec::new();
    while !rest.is_empty() {
        let (entry, after) =
            file(rest).ok_or_else(|| damaged(path, "the zip directory is damaged"))?;
        files.extend(entry);
        rest = after;
    }
    let [file] = files.as_slice() else {
        return Err(not_one(path, &format!("{} files", files.len())));
    };
    if file.encrypted {
        return Err(IoError::unsupported(path, "the file in the zip archive is encrypted"));
    }
    let deflated = match file.method {
        0 => false,
        8 => true,
        other => {
            let message = format!("zip method {other} is not known; stored and deflate are");
            return Err(IoError::unsupported(path, message));
        }
    };
    let local = read(source, file.header, 30)?;
    if number(&local, 0, 4) != Some(0x0403_4b50) {
        return Err(damaged(path, "the zip archive has no file where its directory says"));
    }
    let names = number(&local, 26, 2).unwrap_or(0) + number(&local, 28, 2).unwrap_or(0);
    let data = file.header.saturating_add(30).saturating_add(names);
    let end = data.checked_add(file.packed).filter(|&end| end <= source.size());
    let end = end.ok_or_else(|| damaged(path, "the zip archive ends too early"))?;
    if !deflated && file.packed != file.size {
        return Err(damaged(path, "the zip directory contradicts itself"));
    }
    Ok(Entry { start: data, end, deflated, size: file.size, crc: file.crc })
}

/// Start and size of the directory.
fn directory(source: &Source) -> Result<(u64, u64)> {
    let path = source.path();
    let from = source.size().saturating_sub(END + COMMENT);
    let tail = read(source, from, source.size() - from)?;
    let missing = || damaged(path, "the zip archive has no directory at its end");
    // The comment runs to the very end, so a signature inside the comment does not fit.
    let at = (0..tail.len().saturating_sub(END as usize - 1))
        .rev()
        .find(|&at| {
            number(&tail, at, 4) == Some(0x0605_4b50)
                && number(&tail, at + 20, 2) == Some((tail.len() - at) as u64 - END)
        })
        .ok_or_else(missing)?;
    let field = |offset: usize, bytes: usize| number(&tail, at + offset, bytes).unwrap_or(0);
    if field(4, 2) != field(6, 2) {
        return Err(IoError::unsupported(path, "a zip archive in several parts"));
    }
    let (mut size, mut start) = (field(12, 4), field(16, 4));
    if (size == 0xffff_ffff || start == 0xffff_ffff || field(10, 2) == 0xffff) && at >= 20 {
        // Zip64: a locator before this record names another one.
        if number(&tail, at - 20, 4) != Some(0x0706_4b50) {
            return Err(missing());
        }
        let record = read(source, number(&tail, at - 12, 8).unwrap_or(u64::MAX), 56)?;
        if number(&record, 0, 4) != Some(0x0606_4b50) {
            return Err(missing());
        }
        size = number(&record, 40, 8).unwrap_or(0);
        start = number(&record, 48, 8).unwrap_or(0);
    }
    Ok((start, size))
}

struct File {
    encrypted: bool,
    method: u64,
    crc: u32,
    packed: u64,
    size: u64,
    header: u64,
}

/// The first file of a directory, none if it is a folder, and what is behind it.
fn file(bytes: &[u8]) -> Option<(Option<File>, &[u8])> {
    if number(bytes, 0, 4)? != 0x0201_4b50 {
        return None;
    }
    let name_length = number(bytes, 28, 2)? as usize;
    let extra_length = number(bytes, 30, 2)? as usize;
    let comment_length = number(bytes, 32, 2)? as usize;
    let name = bytes.get(46..46 + name_length)?;
    let mut extra = bytes.get(46 + name_length..46 + name_length + extra_length)?;
    let after = bytes.get(46 + name_length + extra_length + comment_length..)?;
    let mut file = File {
        encrypted: number(bytes, 8, 2)? & 1 != 0,
        method: number(bytes, 10, 2)?,
        crc: number(bytes, 16, 4)? as u32,
        packed: number(bytes, 20, 4)?,
        size: number(bytes, 24, 4)?,
        header: number(bytes, 42, 4)?,
    };
    while extra.len() >= 4 {
        let (kind, length) = (number(extra, 0, 2)?, number(extra, 2, 2)? as usize);
        let body = extra.get(4..4 + length)?;
        if kind == 1 {
            // Zip64: eight bytes for each field that did not fit, in this order.
            let mut at = 0;
            for field in [&mut file.size, &mut file.packed, &mut file.header] {
                if *field == 0xffff_ffff {
                    *field = number(body, at, 8)?;
                    at += 8;
                }
            }
        }
        extra = &extra[4 + length..];
    }
    Some(((!name.ends_with(b"/")).then_some(file), after))
}

/// A number of `count` bytes at `at`, the lowest first.
fn number(bytes: &[u8], at: usize, count: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(count)?)?;
    Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

fn read(source: &Source, at: u64, count: u64) -> Result<Vec<u8>> {
    if at.checked_add(count).is_none_or(|end| end > source.size()) {
        return Err(damaged(source.path(), "the zip archive ends too early"));
    }
    let mut bytes = vec![0; count as usize];
    source.read_exact_at(at, &mut bytes)?;
    Ok(bytes)
}

fn not_one(path: &Path, found: &str) -> IoError {
    IoError::csv(path, format!("the zip archive holds {found}, not one member"))
}

fn damaged(path: &Path, reason: &str) -> IoError {
    super::damaged(path, reason)
}
