//! Paths in, open files out: clear errors, folders and globs; and [`Source`], bytes by position.

use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use crate::format::Format;
use crate::lease::Leased;
use crate::{IoError, Result, glob};

/// An open file, or bytes in memory, read by position from any thread. Clones share the file.
#[derive(Debug, Clone)]
pub struct Source {
    name: PathBuf,
    size: u64,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    File { file: Arc<File>, modified: Option<SystemTime> },
    Memory(Bytes),
}

impl Source {
    /// Opens a file that must have bytes.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, metadata) = nonempty(path)?;
        let content = Content::File { file: Arc::new(file), modified: metadata.modified().ok() };
        Ok(Self { name: path.to_path_buf(), size: metadata.len(), content })
    }

    /// Opens a file that may have no bytes, as a text may.
    pub fn open_text(path: &Path) -> Result<Self> {
        let (file, metadata) = open_described(path)?;
        let content = Content::File { file: Arc::new(file), modified: metadata.modified().ok() };
        Ok(Self { name: path.to_path_buf(), size: metadata.len(), content })
    }

    /// Bytes of a text under a name for error messages; there may be none.
    pub fn memory_text(name: impl Into<PathBuf>, bytes: Bytes) -> Self {
        Self { name: name.into(), size: bytes.len() as u64, content: Content::Memory(bytes) }
    }

    /// Bytes under a name for error messages.
    pub fn memory(name: impl Into<PathBuf>, bytes: Bytes) -> Result<Self> {
        let name = name.into();
        if bytes.is_empty() {
            return Err(IoError::Empty { path: name });
        }
        Ok(Self { name, size: bytes.len() as u64, content: Content::Memory(bytes) })
    }

    /// The path, or the name given to the bytes.
    pub fn path(&self) -> &Path {
        &self.name
    }

    /// Bytes there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Fills `out` from `offset` on; a file that has become shorter is an error.
    pub fn read_exact_at(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        match &self.content {
            Content::File { file, .. } => {
                read_file_at(file, offset, out).map_err(|error| match error.kind() {
                    std::io::ErrorKind::UnexpectedEof => self.shrank(),
                    _ => IoError::reading(&self.name, error),
                })
            }
            Content::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let part = bytes.get(start..).and_then(|rest| rest.get(..out.len()));
                out.copy_from_slice(part.ok_or_else(|| self.shrank())?);
                Ok(())
            }
        }
    }

    /// Keeps others from writing to the file, so that it can be looked at in place; not always to be
    /// had, and not for bytes in memory.
    pub(crate) fn lease(&self) -> Option<Leased> {
        match &self.content {
            Content::File { file, .. } => Leased::take(&self.name, file, self.size),
            Content::Memory(_) => None,
        }
    }

    /// The bytes in memory, if that is where they are.
    pub fn in_memory(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Memory(bytes) => Some(bytes),
            Content::File { .. } => None,
        }
    }

    /// An error if the file is no longer the one that was opened: other bytes than at the start.
    pub fn check_unchanged(&self) -> Result<()> {
        let Content::File { file, modified } = &self.content else { return Ok(()) };
        let now = file.metadata().map_err(|source| IoError::reading(&self.name, source))?;
        if now.len() == self.size && now.modified().ok() == *modified {
            Ok(())
        } else {
            Err(self.shrank())
        }
    }

    fn shrank(&self) -> IoError {
        let source = std::io::Error::other("the file changed while it was read");
        IoError::Os { path: self.name.clone(), source }
    }
}

#[cfg(unix)]
fn read_file_at(file: &File, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, offset)
}

#[cfg(windows)]
fn read_file_at(file: &File, mut offset: u64, mut out: &mut [u8]) -> std::io::Result<()> {
    while !out.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_read(file, out, offset)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        out = &mut out[count..];
        offset += count as u64;
    }
    Ok(())
}

/// Opens `path` for reading; says whether it is missing or a directory.
pub fn open(path: &Path) -> Result<File> {
    Ok(open_described(path)?.0)
}

fn open_described(path: &Path) -> Result<(File, Metadata)> {
    let file = File::open(path).map_err(|source| IoError::reading(path, source))?;
    let metadata = file.metadata().map_err(|source| IoError::reading(path, source))?;
    if metadata.is_dir() {
        return Err(IoError::IsDirectory { path: path.to_path_buf() });
    }
    Ok((file, metadata))
}

/// Opens a file that must have bytes, and tells how many.
pub(crate) fn open_nonempty(path: &Path) -> Result<(File, u64)> {
    nonempty(path).map(|(file, metadata)| (file, metadata.len()))
}

fn nonempty(path: &Path) -> Result<(File, Metadata)> {
    match open_described(path)? {
        (_, metadata) if metadata.len() == 0 => Err(IoError::Empty { path: path.to_path_buf() }),
        found => Ok(found),
    }
}

/// The files that `patterns` name, in the order of the patterns, each pattern's files by name.
///
/// A path that exists is taken literally even if it holds `*`, `?` or `[`. A directory stands for
/// every file directly in it whose suffix names a format; names starting with a dot are left out.
/// Globs know `*`, `?`, `[a-z]`, `[!a]` and `**` (any number of folders). A pattern without a
/// match is [`IoError::NotFound`].
pub fn expand<P: AsRef<Path>>(patterns: &[P]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        let pattern = pattern.as_ref();
        let found = match fs::metadata(pattern) {
            Ok(metadata) if metadata.is_dir() => match data_files(pattern)? {
                none if none.is_empty() => {
                    return Err(IoError::NoDataFiles { path: pattern.to_path_buf() });
                }
                found => found,
            },
            Ok(_) => vec![pattern.to_path_buf()],
            Err(_) if glob::is_pattern(pattern) => glob::matches(pattern)?,
            Err(source) => return Err(IoError::reading(pattern, source)),
        };
        if found.is_empty() {
            return Err(IoError::NotFound { path: pattern.to_path_buf() });
        }
        files.extend(found);
    }
    Ok(files)
}

fn data_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(directory).map_err(|source| IoError::reading(directory, source))?;
    for entry in entries {
        let path = entry.map_err(|source| IoError::reading(directory, source))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && Format::from_suffix(&path).is_some() && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }

    #[test]
    fn test_expand_knows_files_folders_and_globs() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["b.csv", "a.csv", "notes.md", ".hidden.csv", "sub/c.csv", "sub/deep/d.csv"] {
            touch(&at(name));
        }
        touch(&at("x[1].csv"));
        let names = |pattern: &str| {
            let files = expand(&[at(pattern)]).unwrap();
            files
                .iter()
                .map(|file| file.strip_prefix(folder.path()).unwrap().display().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(names("a.csv"), ["a.csv"]);
        assert_eq!(names(""), ["a.csv", "b.csv", "x[1].csv"]);
        assert_eq!(names("[ab].csv"), ["a.csv", "b.csv"]);
        assert_eq!(names("[!a].csv"), ["b.csv"]);
        assert_eq!(names("?.csv"), ["a.csv", "b.csv"]);
        assert_eq!(names("x[1].csv"), ["x[1].csv"]); // exists literally
        assert_eq!(
            names("**/*.csv"),
            ["a.csv", "b.csv", "sub/c.csv", "sub/deep/d.csv", "x[1].csv"]
        );
        assert_eq!(names("sub/**/d.csv"), ["sub/deep/d.csv"]);
        assert_eq!(names("s*/*.csv"), ["sub/c.csv"]);
        let error = expand(&[at("*.parquet")]).unwrap_err();
        assert!(error.to_string().starts_with("File not found: "), "{error}");
        assert!(error.to_string().contains("*.parquet"));
        assert!(matches!(expand(&[at("gone.csv")]), Err(IoError::NotFound { .. })));
    }
}
