//! A small glob: `*`, `?`, `[a-z]`, `[!a]` inside one name, `**` for any number of folders.
//!
//! A wildcard does not match a leading dot unless the pattern's name starts with one. `**` does
//! not follow symbolic links, so a cycle of links ends.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{IoError, Result};

/// Whether `path` holds a wildcard.
pub(crate) fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

/// The files that match, sorted by path.
pub(crate) fn matches(pattern: &Path) -> Result<Vec<PathBuf>> {
    let parts: Vec<_> = pattern.components().map(|part| part.as_os_str().to_owned()).collect();
    let literal = parts.iter().take_while(|part| !is_pattern(Path::new(part))).count();
    let base: PathBuf = parts[..literal].iter().collect();
    let rest: Vec<String> =
        parts[literal..].iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let mut found = Vec::new();
    walk(&base, &rest, &mut found)?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn walk(folder: &Path, rest: &[String], found: &mut Vec<PathBuf>) -> Result<()> {
    let Some((name, deeper)) = rest.split_first() else {
        if folder.is_file() {
            found.push(folder.to_path_buf());
        }
        return Ok(());
    };
    if name == "**" {
        walk(folder, deeper, found)?;
        for (path, link) in entries(folder)? {
            let hidden =
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if !hidden && !link && path.is_dir() {
                walk(&path, rest, found)?;
            }
        }
        if deeper.is_empty() {
            let files = entries(folder)?.into_iter().map(|(path, _)| path);
            found.extend(files.filter(|path| path.is_file()));
        }
        return Ok(());
    }
    if !is_pattern(Path::new(name)) {
        let path = folder.join(name);
        return if path.exists() { walk(&path, deeper, found) } else { Ok(()) };
    }
    let wanted: Vec<char> = name.chars().collect();
    for (path, _) in entries(folder)? {
        let Some(file_name) = path.file_name() else { continue };
        let text: Vec<char> = file_name.to_string_lossy().chars().collect();
        let hidden = text.first() == Some(&'.') && wanted.first() != Some(&'.');
        if !hidden && name_matches(&wanted, &text) {
            walk(&path, deeper, found)?;
        }
    }
    Ok(())
}

/// The entries of `folder` and whether each is a symbolic link; nothing if it is no folder.
fn entries(folder: &Path) -> Result<Vec<(PathBuf, bool)>> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(source) if source.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(IoError::reading(folder, source));
        }
        Err(_) => return Ok(Vec::new()),
    };
    let mut out = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| IoError::reading(folder, source))?;
        let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        // Keep the spelling of the caller: "*.csv" gives "a.csv", not "./a.csv".
        let path =
            if folder == Path::new(".") { PathBuf::from(entry.file_name()) } else { entry.path() };
        out.push((path, link));
    }
    Ok(out)
}

/// Whether one name matches; `*` backtracks, so the work is `pattern x text` at worst.
fn name_matches(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, t));
            p += 1;
        } else if let Some(width) = one_matches(&pattern[p..], text[t]) {
            p += width;
            t += 1;
        } else if let Some((after, from)) = star {
            p = after;
            t = from + 1;
            star = Some((after, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&character| character == '*')
}

/// How many characters of `pattern` match `character`, if they do.
fn one_matches(pattern: &[char], character: char) -> Option<usize> {
    match *pattern.first()? {
        '?' => Some(1),
        '[' => {
            let negated = pattern.get(1) == Some(&'!');
            let start = 1 + usize::from(negated);
            // A `]` right after the opening is a member of the class.
            let length = pattern.get(start + 1..)?.iter().position(|&c| c == ']')? + 1;
            let class = &pattern[start..start + length];
            let mut inside = false;
            let mut at = 0;
            while at < class.len() {
                if at + 2 < class.len() && class[at + 1] == '-' {
                    inside |= (class[at]..=class[at + 2]).contains(&character);
                    at += 3;
                } else {
                    inside |= class[at] == character;
                    at += 1;
                }
            }
            (inside != negated).then_some(start + length + 1)
        }
        literal => (literal == character).then_some(1),
    }
}
