//! What a caller may ask of the Avro reader, and what the reader tells back.

use crate::types::StringType;
use serde::Deserialize;

/// How a file is read; the JSON form has the same keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AvroReadOptions {
    /// Columns in the order wanted; all without.
    pub columns: Option<Vec<ColumnName>>,
    /// A schema to resolve the file's schema against, as JSON text.
    pub reader_schema: Option<String>,
    /// The first rows only.
    pub n_rows: Option<u64>,
    /// Rows of a batch of a stream, at most.
    pub batch_rows: usize,
    /// What becomes of unions that are more than "a type or null".
    pub unions: Unions,
    /// What becomes of enums.
    pub enums: Enums,
    /// What happens at a damaged block.
    pub on_bad_block: OnBadBlock,
    /// The Arrow type of strings.
    pub string_type: StringType,
}

impl AvroReadOptions {
    /// Rows of a batch of a stream unless said otherwise.
    pub const DEFAULT_BATCH_ROWS: usize = 1 << 16;
}

impl Default for AvroReadOptions {
    fn default() -> Self {
        Self {
            columns: None,
            reader_schema: None,
            n_rows: None,
            batch_rows: Self::DEFAULT_BATCH_ROWS,
            unions: Unions::default(),
            enums: Enums::default(),
            on_bad_block: OnBadBlock::default(),
            string_type: StringType::default(),
        }
    }
}

/// A column by name, or by path; Avro columns are read whole, so a path has one part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ColumnName {
    /// `"a"`
    Name(String),
    /// `["a"]`
    Path(Vec<String>),
}

impl From<&str> for ColumnName {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

/// What becomes of a union of several types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unions {
    /// An Arrow union.
    #[default]
    Arrow,
    /// A struct with one nullable field per branch.
    Struct,
    /// JSON text.
    Json,
}

/// What becomes of an enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enums {
    /// An Arrow dictionary of its symbols.
    #[default]
    Dictionary,
    /// Text.
    String,
}

/// What happens at a damaged block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnBadBlock {
    /// Reading ends with an error.
    #[default]
    Error,
    /// The block is left out and listed in [`AvroReport::rejects`].
    Skip,
}

/// What a read met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AvroReport {
    /// Rows handed out.
    pub rows: u64,
    /// Blocks they came from.
    pub blocks: u64,
    /// Blocks that were left out.
    pub rejects: Vec<RejectedBlock>,
}

/// A damaged block that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedBlock {
    /// The block, from 1; blocks that cannot be told apart count as one.
    pub block: u64,
    /// The first byte lost.
    pub offset: u64,
    /// Bytes lost.
    pub bytes: u64,
    /// Records the block declares, if that can be read.
    pub records: Option<u64>,
    /// What is wrong with it.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, MapDeserializer};

    use super::*;

    #[test]
    fn test_options_by_their_keys() {
        let read = |key: &'static str, value: &'static str| {
            let members = [("unions", "json"), (key, value)];
            AvroReadOptions::deserialize(MapDeserializer::<_, Error>::new(members.into_iter()))
        };
        let options = read("on_bad_block", "skip").unwrap();
        assert_eq!((options.unions, options.on_bad_block), (Unions::Json, OnBadBlock::Skip));
        assert_eq!(options.batch_rows, AvroReadOptions::DEFAULT_BATCH_ROWS);
        assert_eq!(read("string_type", "view").unwrap().string_type, StringType::View);
        assert_eq!(read("enums", "string").unwrap().enums, Enums::String);
        assert!(read("enum", "string").is_err());
        assert!(read("enums", "text").is_err());
    }
}
