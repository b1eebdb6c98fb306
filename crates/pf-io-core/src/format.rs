//! Which format a file has: by its name, then by its first bytes.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::{IoError, Result};

/// What packs text as a whole.
const PACKED: [&str; 6] = [".gz", ".zst", ".bz2", ".xz", ".lz4", ".zip"];

/// A file format this crate reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// Delimited text.
    Csv,
    /// Avro object container file.
    Avro,
}

/// How a text file is packed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// `.gz`, one or more members.
    Gzip,
    /// `.zst`, one or more frames.
    Zstd,
}

impl Compression {
    /// By suffix: `.gz` or `.zst`.
    pub fn from_path(path: &Path) -> Option<Self> {
        let suffix = path.extension()?.to_str()?;
        if suffix.eq_ignore_ascii_case("gz") {
            Some(Self::Gzip)
        } else if suffix.eq_ignore_ascii_case("zst") {
            Some(Self::Zstd)
        } else {
            None
        }
    }

    /// By the first bytes.
    pub fn from_magic(head: &[u8]) -> Option<Self> {
        if head.starts_with(&[0x1f, 0x8b]) {
            Some(Self::Gzip)
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Some(Self::Zstd)
        } else {
            None
        }
    }
}

impl Format {
    /// The name users write: `parquet`, `csv`, `avro`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Avro => "avro",
        }
    }

    /// The format named `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Parquet, Self::Csv, Self::Avro].into_iter().find(|format| format.name() == name)
    }

    /// By suffix: `.parquet .pq .csv .tsv .txt .avro`; text may add that of what packs it.
    pub fn from_suffix(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let plain = PACKED.iter().find_map(|suffix| name.strip_suffix(suffix));
        let (_, suffix) = plain.unwrap_or(&name).rsplit_once('.')?;
        match (suffix, plain.is_some()) {
            ("parquet" | "pq", false) => Some(Self::Parquet),
            ("avro", false) => Some(Self::Avro),
            ("csv" | "tsv" | "txt", _) => Some(Self::Csv),
            _ => None,
        }
    }

    /// By suffix, else by the magic bytes of Parquet and Avro.
    pub fn detect(path: &Path) -> Result<Self> {
        if let Some(format) = Self::from_suffix(path) {
            return Ok(format);
        }
        let mut head = Vec::with_capacity(4);
        let file = crate::source::open(path)?;
        // A FIFO would lose the bytes read here.
        let regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
        if regular {
            File::take(file, 4)
                .read_to_end(&mut head)
                .map_err(|source| IoError::reading(path, source))?;
        }
        match head.as_slice() {
            b"PAR1" => Ok(Self::Parquet),
            b"Obj\x01" => Ok(Self::Avro),
            [] if regular => Err(IoError::Empty { path: path.to_path_buf() }),
            _ => Err(IoError::UnknownFormat { path: path.to_path_buf() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_suffix_decides() {
        let format = |name: &str| Format::from_suffix(Path::new(name));
        assert_eq!(format("a/b.PARQUET"), Some(Format::Parquet));
        assert_eq!(format("b.pq"), Some(Format::Parquet));
        assert_eq!(format("b.tsv.gz"), Some(Format::Csv));
        assert_eq!(format("b.csv.zst"), Some(Format::Csv));
        for packed in ["b.csv.bz2", "b.txt.XZ", "b.tsv.lz4", "b.csv.zip"] {
            assert_eq!(format(packed), Some(Format::Csv), "{packed}");
        }
        assert_eq!(format("b.zip"), None);
        assert_eq!(format("b.avro"), Some(Format::Avro));
        assert_eq!(format("b.avro.gz"), None);
        assert_eq!(format("csv"), None);
        assert_eq!(format("b.json"), None);
    }
}
