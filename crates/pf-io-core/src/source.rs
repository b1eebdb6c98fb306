//! Paths in, open files out: clear errors, folders and globs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::format::Format;
use crate::{IoError, Result, glob};

/// Opens `path` for reading; says whether it is missing or a directory.
pub fn open(path: &Path) -> Result<File> {
    let file = File::open(path).map_err(|source| IoError::reading(path, source))?;
    let metadata = file.metadata().map_err(|source| IoError::reading(path, source))?;
    if metadata.is_dir() {
        return Err(IoError::IsDirectory { path: path.to_path_buf() });
    }
    Ok(file)
}

/// Opens a file that must have bytes, and tells how many.
pub(crate) fn open_nonempty(path: &Path) -> Result<(File, u64)> {
    let file = open(path)?;
    let size = file.metadata().map_err(|source| IoError::reading(path, source))?.len();
    if size == 0 {
        return Err(IoError::Empty { path: path.to_path_buf() });
    }
    Ok((file, size))
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
