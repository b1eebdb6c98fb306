//! A folder that appears under its name only when it is complete.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::sink::{parent_of, sync_folder, temp_name};
use crate::{IoError, Result};

/// A temporary sibling of the destination; dropped without [`Stage::publish`] it is removed.
pub(super) struct Stage {
    dest: PathBuf,
    /// Also the place of the old folder, once the two have been exchanged.
    temp: PathBuf,
    overwrite: bool,
    fsync: bool,
}

impl Stage {
    /// Refuses a destination that is a file, or a folder with anything but a partitioned table.
    pub(super) fn create(dest: &Path, overwrite: bool, fsync: bool) -> Result<Self> {
        let writing = |source| IoError::writing(dest, source);
        // The folder behind a link is replaced, the link stays.
        let dest = if dest.exists() { dest.canonicalize().map_err(writing)? } else { dest.into() };
        if dest.exists() {
            if !overwrite {
                return Err(IoError::Exists { path: dest });
            }
            if !dest.is_dir() {
                return Err(IoError::refused(&dest, "partition_by needs a folder, not a file"));
            }
            if let Some(other) = foreign(&dest).map_err(|error| IoError::writing(&dest, error))? {
                let other = other.display();
                let message = format!("the folder holds {other}, which is no part of a table");
                return Err(IoError::refused(&dest, message));
            }
        }
        let Some(name) = dest.file_name() else {
            return Err(IoError::refused(&dest, "the path has no folder name"));
        };
        let temp = parent_of(&dest).join(temp_name(&name.to_string_lossy()));
        fs::create_dir(&temp).map_err(|source| IoError::writing(&dest, source))?;
        Ok(Self { dest, temp, overwrite, fsync })
    }

    /// Where the files go.
    pub(super) fn folder(&self) -> &Path {
        &self.temp
    }

    /// Puts the folder in place of the old one.
    pub(super) fn publish(self) -> Result<()> {
        let failed = |source| IoError::writing(&self.dest, source);
        if self.fsync {
            sync_below(&self.temp).map_err(failed)?;
        }
        if !self.dest.exists() {
            fs::rename(&self.temp, &self.dest).map_err(failed)?;
        } else if !self.overwrite {
            return Err(IoError::Exists { path: self.dest.clone() });
        } else if let Err(error) = exchange(&self.temp, &self.dest) {
            if !matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput) {
                return Err(failed(error));
            }
            // Two steps where the system has no single one: between them the name is missing.
            let parent = parent_of(&self.dest);
            let old = parent.join(temp_name("old"));
            fs::rename(&self.dest, &old).map_err(failed)?;
            if let Err(error) = fs::rename(&self.temp, &self.dest) {
                fs::rename(&old, &self.dest).ok();
                return Err(failed(error));
            }
            fs::remove_dir_all(&old).ok();
        }
        if self.fsync {
            sync_folder(&parent_of(&self.dest));
        }
        Ok(()) // dropping removes what is at `temp` now: nothing, or the old folder
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.temp).ok(); // nobody is left to tell
    }
}

/// Something below `folder` that no writer of partitioned tables makes.
fn foreign(folder: &Path) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        let kind = entry.file_type()?;
        let found = if kind.is_dir() && name.contains('=') {
            foreign(&path)?
        } else {
            let marker = name.starts_with(['_', '.']) && kind.is_file();
            let data = kind.is_file() && path.extension().is_some_and(|suffix| suffix == "parquet");
            (!marker && !data).then_some(path)
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn sync_below(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_below(&entry.path())?;
        }
    }
    sync_folder(folder);
    Ok(())
}

/// Both names change in one step.
#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    let one = CString::new(one.as_os_str().as_bytes())?;
    let other = CString::new(other.as_os_str().as_bytes())?;
    // SAFETY: both pointers are NUL-terminated and outlive the call, which keeps neither.
    let failed = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            one.as_ptr(),
            libc::AT_FDCWD,
            other.as_ptr(),
            libc::RENAME_EXCHANGE,
        )
    };
    if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
