//! How a file is packed as a whole: by its first bytes, then by its name.

use std::path::Path;

/// A packing that holds one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// `.gz` (RFC 1952), one or more members.
    Gzip,
    /// `.zst` (RFC 8878), one or more frames.
    Zstd,
    /// `.bz2`, one or more streams.
    Bzip2,
    /// `.xz`, one or more streams.
    Xz,
    /// `.lz4`, one or more frames.
    Lz4,
    /// `.zip` with exactly one file in it.
    Zip,
}

/// What the caller says about the packing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compression {
    /// The first bytes tell, then the name.
    #[default]
    Auto,
    /// Not packed, whatever it looks like.
    None,
    /// This one.
    Is(Codec),
}

impl Codec {
    const ALL: [Self; 6] = [Self::Gzip, Self::Zstd, Self::Bzip2, Self::Xz, Self::Lz4, Self::Zip];

    /// The suffix without its dot, which is also the name users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Zstd => "zst",
            Self::Bzip2 => "bz2",
            Self::Xz => "xz",
            Self::Lz4 => "lz4",
            Self::Zip => "zip",
        }
    }

    /// The codec called `name`: the suffix or the long name.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Self::ALL.into_iter().find(|codec| codec.name() == name).or(match name.as_str() {
            "gzip" => Some(Self::Gzip),
            "zstd" => Some(Self::Zstd),
            "bzip2" => Some(Self::Bzip2),
            _ => None,
        })
    }

    /// By the last suffix of a path.
    pub fn from_path(path: &Path) -> Option<Self> {
        let suffix = path.extension()?.to_str()?;
        Self::ALL.into_iter().find(|codec| suffix.eq_ignore_ascii_case(codec.name()))
    }

    /// By the first bytes; none of these can begin a text.
    pub fn from_magic(head: &[u8]) -> Option<Self> {
        const BZIP2_BLOCK: [u8; 6] = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
        const BZIP2_END: [u8; 6] = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];
        match head {
            [0x1f, 0x8b, 0x08, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            // "BZh9" alone could be the start of a header line.
            [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
                if rest.starts_with(&BZIP2_BLOCK) || rest.starts_with(&BZIP2_END) =>
            {
                Some(Self::Bzip2)
            }
            _ => None,
        }
    }
}

impl Compression {
    /// `auto`, `none` or the name of a codec.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "none" => Some(Self::None),
            other => Codec::from_name(other).map(Self::Is),
        }
    }
}
