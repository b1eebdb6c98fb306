//! Whole file or none: bytes go to a temporary sibling that takes the destination's name at the end.
//!
//! `commit` flushes, syncs the file, renames it and syncs the directory, so that after a crash the
//! destination holds either the old file or the complete new one. Dropping without `commit` removes
//! the temporary file. FIFOs and devices cannot be renamed over; they are written directly, as is
//! any file on request ([`SinkOptions::atomic`]).

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use xxhash_rust::xxh3::Xxh3;

use crate::{IoError, Result};

/// What happens to a file that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriteMode {
    /// It is replaced at the end, in one step.
    #[default]
    Replace,
    /// It stays, and writing fails.
    Error,
}

/// How a file comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinkOptions {
    /// Missing folders are made.
    pub mkdir: bool,
    /// What happens to a file that is already there.
    pub mode: WriteMode,
    /// False: the destination is truncated and written in place, so an error leaves part of a file.
    pub atomic: bool,
    /// File and directory are on the disk when `commit` returns.
    pub fsync: bool,
}

impl Default for SinkOptions {
    fn default() -> Self {
        Self { mkdir: false, mode: WriteMode::Replace, atomic: true, fsync: true }
    }
}

/// A file that appears under its name only when it is complete.
#[derive(Debug)]
pub struct AtomicFile {
    writer: BufWriter<Counting>,
    dest: PathBuf,
    temp: Option<PathBuf>,
    options: SinkOptions,
}

/// A file, with the count and the xxh3 of what went into it.
struct Counting {
    file: File,
    bytes: u64,
    hash: Xxh3,
}

impl std::fmt::Debug for Counting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counting").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Write for Counting {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        faults::step()?;
        let written = self.file.write(data)?;
        self.bytes += written as u64;
        self.hash.update(&data[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl AtomicFile {
    /// Bytes collected before they go to the system.
    const BUFFER: usize = 256 << 10;

    /// Starts writing `dest`; `mkdir` makes missing folders.
    pub fn create(dest: &Path, mkdir: bool, mode: WriteMode) -> Result<Self> {
        Self::create_with(dest, SinkOptions { mkdir, mode, ..SinkOptions::default() })
    }

    /// Starts writing `dest` as `options` say.
    pub fn create_with(dest: &Path, options: SinkOptions) -> Result<Self> {
        let dest = follow_link(dest)?;
        let old = fs::metadata(&dest).ok();
        if let Some(old) = &old {
            if old.is_dir() {
                return Err(IoError::refused(&dest, "is a directory"));
            }
            if !old.is_file() {
                let file = OpenOptions::new()
                    .write(true)
                    .open(&dest)
                    .map_err(|source| IoError::writing(&dest, source))?;
                return Ok(Self::over(file, dest, None, options));
            }
            if options.mode == WriteMode::Error {
                return Err(IoError::Exists { path: dest });
            }
            if old.permissions().readonly() {
                return Err(IoError::refused(&dest, "the file is read-only"));
            }
        }
        let Some(name) = dest.file_name() else {
            return Err(IoError::refused(&dest, "the path has no file name"));
        };
        let parent = parent_of(&dest);
        if !parent.is_dir() {
            if !options.mkdir || parent.exists() {
                let source = io::Error::from(if parent.exists() {
                    io::ErrorKind::NotADirectory
                } else {
                    io::ErrorKind::NotFound
                });
                let message = format!("no directory {}", parent.display());
                return Err(IoError::Write { path: dest, message, source: Some(source) });
            }
            fs::create_dir_all(&parent).map_err(|source| IoError::writing(&dest, source))?;
        }
        if !options.atomic {
            let fresh = options.mode == WriteMode::Error;
            let mut open = OpenOptions::new();
            open.write(true).create(true).create_new(fresh).truncate(!fresh);
            let file = open.open(&dest).map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => IoError::Exists { path: dest.clone() },
                _ => IoError::writing(&dest, source),
            })?;
            return Ok(Self::over(file, dest, None, options));
        }
        let temp = parent.join(temp_name(&name.to_string_lossy()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temp)
            .map_err(|source| IoError::writing(&dest, source))?;
        let sink = Self::over(file, dest, Some(temp), options);
        if let (Some(old), Some(temp)) = (old, &sink.temp) {
            fs::set_permissions(temp, old.permissions())
                .map_err(|source| IoError::writing(&sink.dest, source))?;
        }
        Ok(sink)
    }

    fn over(file: File, dest: PathBuf, temp: Option<PathBuf>, options: SinkOptions) -> Self {
        let counting = Counting { file, bytes: 0, hash: Xxh3::new() };
        Self { writer: BufWriter::with_capacity(Self::BUFFER, counting), dest, temp, options }
    }

    /// Where the file will be.
    pub fn dest(&self) -> &Path {
        &self.dest
    }

    /// Makes the file visible; returns its size and its xxh3-128 in hexadecimal digits.
    pub fn commit(mut self) -> Result<(u64, String)> {
        self.finish().map_err(|source| {
            if self.options.mode == WriteMode::Error
                && source.kind() == io::ErrorKind::AlreadyExists
            {
                IoError::Exists { path: self.dest.clone() }
            } else {
                IoError::writing(&self.dest, source)
            }
        })?;
        let counting = self.writer.get_ref();
        Ok((counting.bytes, format!("{:032x}", counting.hash.digest128())))
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        let sync = |file: &File| -> io::Result<()> {
            faults::step()?;
            file.sync_all()
        };
        let file = &self.writer.get_ref().file;
        let Some(temp) = &self.temp else {
            // A FIFO or a terminal has no disk to sync to.
            let on_disk = file.metadata().is_ok_and(|metadata| metadata.is_file());
            return if self.options.fsync && on_disk { sync(file) } else { Ok(()) };
        };
        if self.options.fsync {
            sync(file)?;
        }
        faults::step()?;
        match self.options.mode {
            WriteMode::Replace => fs::rename(temp, &self.dest)?,
            WriteMode::Error => {
                // A link, unlike a rename, fails if another writer was faster.
                match fs::hard_link(temp, &self.dest) {
                    Ok(()) => fs::remove_file(temp)?,
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        return Err(error);
                    }
                    Err(_) if self.dest.exists() => {
                        return Err(io::ErrorKind::AlreadyExists.into());
                    }
                    Err(_) => fs::rename(temp, &self.dest)?,
                }
            }
        }
        self.temp = None;
        if self.options.fsync {
            sync_folder(&parent_of(&self.dest));
        }
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.writer.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(temp) = self.temp.take() {
            fs::remove_file(temp).ok(); // nobody is left to tell
        }
    }
}

/// Some file systems cannot sync a directory; what happened in it is done all the same.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        folder.sync_all().ok();
    }
}

pub(crate) fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// The file behind a symbolic link, so that the link stays a link.
pub(crate) fn follow_link(dest: &Path) -> Result<PathBuf> {
    let mut path = dest.to_path_buf();
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) if fs::metadata(&path).is_ok_and(|target| !target.is_file()) => {
                // /dev/stdout and its like: the link is the device's name, its text is not a path.
                drop(target);
                return Ok(path);
            }
            Ok(target) => path = parent_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(IoError::refused(dest, "too many symbolic links"))
}

pub(crate) fn temp_name(name: &str) -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
    // File names end at 255 bytes; the suffix needs up to 48.
    let mut stem = name;
    while stem.len() > 200 {
        stem = stem.char_indices().last().map_or("", |(at, _)| &stem[..at]);
    }
    format!(".{stem}.pf-{:x}-{count:x}-{nanos:x}.tmp", std::process::id())
}

#[cfg(not(test))]
mod faults {
    /// Nothing outside the tests of this crate.
    #[inline]
    #[expect(clippy::unnecessary_wraps, reason = "under test it may fail")]
    pub(super) fn step() -> std::io::Result<()> {
        Ok(())
    }
}

/// Lets the n-th system call of this thread's sinks fail.
#[cfg(test)]
pub(crate) mod faults {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// The call after `calls` more fails as a full disk does, and so do all that follow.
    pub(crate) fn fail_after(calls: Option<usize>) {
        LEFT.set(calls);
    }

    pub(super) fn step() -> io::Result<()> {
        match LEFT.get() {
            None => Ok(()),
            Some(0) => Err(io::ErrorKind::StorageFull.into()),
            Some(left) => {
                LEFT.set(Some(left - 1));
                Ok(())
            }
        }
    }
}
