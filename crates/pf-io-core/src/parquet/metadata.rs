//! What a footer says, without decoding a value.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use arrow::datatypes::{DataType, Schema};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::schema::types::SchemaDescriptor;

use super::layout::{Chunk, Group, Layout};
use super::statistics::{ColumnStatistics, leaf_kind, merged};
use super::{claims, footer};
use crate::batch::{nearest_name, type_name};
use crate::error::panic_text;
use crate::source::Source;
use crate::{IoError, Result};

/// Reads and describes the footer of `source`.
pub fn read_metadata(source: &Source) -> Result<ParquetMetadata> {
    read_footer(source)?.metadata()
}

/// Reads the footer of `source`, checks what it claims, and describes nothing yet.
pub fn read_footer(source: &Source) -> Result<ParquetFooter> {
    let footer = footer::read(source, |thrift, layout| {
        Ok(ParquetFooter {
            path: source.path().to_path_buf(),
            file_size: source.size(),
            footer_size: thrift.len() as u64,
            outline: layout.without_groups(thrift),
            layout,
        })
    })?;
    claims::check_layout(&footer.layout, source.size(), |leaf| footer.leaf_path(leaf))
        .map_err(|reason| IoError::parquet(source.path(), reason))?;
    Ok(footer)
}

/// Statistics of the leaf columns of `source`, merged over all row groups; of those only that
/// `columns` names, by path or by top-level column, in file order.
pub fn read_statistics(
    source: &Source,
    columns: Option<&[String]>,
) -> Result<Vec<ColumnStatistics>> {
    let (metadata, schema) = load(source)?;
    let mut all = merged(&metadata, &schema);
    let Some(columns) = columns else { return Ok(all) };
    let below = |path: &str, name: &str| {
        path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    for name in columns {
        if !all.iter().any(|column| below(&column.name, name)) {
            return Err(IoError::Schema {
                path: source.path().to_path_buf(),
                column: name.clone(),
                message: format!("no column '{name}'"),
                hint: Some(nearest_name(name, all.iter().map(|column| column.name.as_str()))),
            });
        }
    }
    all.retain(|column| columns.iter().any(|name| below(&column.name, name)));
    Ok(all)
}

/// The parsed footer, checked for shape and claims, and its Arrow schema.
fn load(source: &Source) -> Result<(ParquetMetaData, Schema)> {
    let bad = |reason| IoError::parquet(source.path(), reason);
    let (metadata, schema) = footer::read(source, |thrift, _| decode(thrift).map_err(bad))?;
    claims::check(&metadata, source.size()).map_err(bad)?;
    Ok((metadata, schema))
}

/// Thrift bytes whose shape was checked, as arrow-rs has them.
fn decode(thrift: &[u8]) -> Result<(ParquetMetaData, Schema), String> {
    let parse = || {
        let metadata = ParquetMetaDataReader::decode_metadata(thrift)?;
        let file = metadata.file_metadata();
        let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata())?;
        Ok::<_, parquet::errors::ParquetError>((metadata, schema))
    };
    // Nothing that the closure touches is used after a panic.
    catch_unwind(AssertUnwindSafe(parse))
        .map_err(|panic| panic_text(&*panic))?
        .map_err(|error| error.to_string())
}

/// What can be told without parsing statistics, encodings or the Arrow schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuickMetadata {
    /// Rows of the file.
    pub rows: u64,
    /// Number of row groups.
    pub row_groups: usize,
    /// Number of leaf columns.
    pub leaves: usize,
    /// Top-level columns.
    pub names: Vec<String>,
    /// Bytes of the footer.
    pub footer_size: u64,
}

/// Row count and names of `source`: one walk over the footer, nothing else.
pub fn read_metadata_fast(source: &Source) -> Result<QuickMetadata> {
    let (footer_size, layout) =
        footer::read(source, |thrift, layout| Ok((thrift.len() as u64, layout)))?;
    let Layout { rows, group_rows, groups, repeated, names, .. } = layout;
    let Some(rows) = u64::try_from(rows).ok().filter(|_| rows == group_rows) else {
        let message = format!("the row groups hold {group_rows} rows, the footer says {rows}");
        return Err(IoError::parquet(source.path(), message));
    };
    Ok(QuickMetadata { rows, row_groups: groups.len(), leaves: repeated.len(), names, footer_size })
}

/// One row group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowGroup {
    /// Its rows.
    pub rows: u64,
    /// Bytes of its encoded columns before compression.
    pub bytes: u64,
    /// Bytes it takes in the file.
    pub compressed_bytes: u64,
    /// The order its rows are said to have.
    pub sorting: Vec<Sorting>,
}

/// One column of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorting {
    /// The dotted path of the column.
    pub column: String,
    /// Largest first.
    pub descending: bool,
    /// Nulls before the values.
    pub nulls_first: bool,
}

/// One leaf column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnMetadata {
    /// The top-level column it belongs to.
    pub name: String,
    /// The dotted path; the name, unless nested.
    pub path: String,
    /// Its own type's name, such as `int64` for the items of a list of them.
    pub kind: String,
    /// The Arrow type of the top-level column it belongs to.
    pub data_type: DataType,
    /// The storage type, such as `INT64`.
    pub physical: String,
    /// The meaning, such as `String` or `Timestamp`, if given.
    pub logical: Option<String>,
    /// Whether a value may be missing.
    pub nullable: bool,
    /// Encodings used by any row group.
    pub encodings: Vec<String>,
    /// Codecs used by any row group.
    pub codecs: Vec<String>,
    /// Bytes in the file, all row groups.
    pub compressed_bytes: u64,
    /// Bytes before compression, all row groups.
    pub bytes: u64,
    /// Every row group tells where its pages are.
    pub page_index: bool,
    /// Every row group has a bloom filter.
    pub bloom: bool,
}

/// The footer of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct ParquetMetadata {
    /// Rows of the file.
    pub rows: u64,
    /// Top-level columns.
    pub names: Vec<String>,
    /// Row groups in file order.
    pub row_groups: Vec<RowGroup>,
    /// Leaf columns in file order.
    pub columns: Vec<ColumnMetadata>,
    /// Format version of the footer.
    pub version: i32,
    /// The program that wrote it.
    pub created_by: Option<String>,
    /// Pairs other programs left, in file order.
    pub key_values: Vec<(String, Option<String>)>,
    /// Bytes its values take once decoded, at least; of text only the offsets count.
    pub decoded_bytes: u64,
    /// Bytes of the file.
    pub file_size: u64,
    /// Bytes of the footer.
    pub footer_size: u64,
    /// Some column tells where its pages are.
    pub has_page_index: bool,
    /// Some column has a bloom filter.
    pub has_bloom: bool,
}

/// A footer that was read and checked; its parts are described when they are asked for.
#[derive(Debug)]
pub struct ParquetFooter {
    path: PathBuf,
    file_size: u64,
    footer_size: u64,
    /// The thrift bytes without row groups.
    outline: Vec<u8>,
    layout: Layout,
}

impl ParquetFooter {
    /// Rows of the file.
    pub fn rows(&self) -> u64 {
        unsigned(self.layout.rows)
    }

    /// Top-level columns.
    pub fn names(&self) -> &[String] {
        &self.layout.names
    }

    /// Format version of the footer.
    pub fn version(&self) -> i32 {
        self.layout.version
    }

    /// The program that wrote it.
    pub fn created_by(&self) -> Option<&str> {
        self.layout.created_by.as_deref()
    }

    /// Pairs other programs left, in file order.
    pub fn key_values(&self) -> &[(String, Option<String>)] {
        &self.layout.key_values
    }

    /// Bytes of the file.
    pub fn file_size(&self) -> u64 {
        self.file_size
    }

    /// Bytes of the footer.
    pub fn footer_size(&self) -> u64 {
        self.footer_size
    }

    /// Number of row groups.
    pub fn num_row_groups(&self) -> usize {
        self.layout.groups.len()
    }

    /// Some column tells where its pages are.
    pub fn has_page_index(&self) -> bool {
        self.layout.chunks.iter().any(Chunk::page_index)
    }

    /// Some column has a bloom filter.
    pub fn has_bloom(&self) -> bool {
        self.layout.chunks.iter().any(Chunk::bloom)
    }

    /// Row groups in file order; an error if the schema is none that Arrow knows.
    pub fn row_groups(&self) -> Result<Vec<RowGroup>> {
        if self.layout.groups.iter().all(|group| group.sorting.is_empty()) {
            return Ok(self
                .layout
                .groups
                .iter()
                .map(|group| self.row_group(group, None))
                .collect());
        }
        let (outline, _) = self.decoded()?;
        let leaves = outline.file_metadata().schema_descr();
        Ok(self.layout.groups.iter().map(|group| self.row_group(group, Some(leaves))).collect())
    }

    /// Leaf columns in file order; an error if the schema is none that Arrow knows.
    pub fn columns(&self) -> Result<Vec<ColumnMetadata>> {
        let (outline, schema) = self.decoded()?;
        Ok(self.described(outline.file_metadata().schema_descr(), &schema))
    }

    /// All there is; an error if the schema is none that Arrow knows.
    pub fn metadata(&self) -> Result<ParquetMetadata> {
        let (outline, schema) = self.decoded()?;
        Ok(self.describe(outline.file_metadata().schema_descr(), &schema))
    }

    /// The dotted path of a leaf, or its number where the schema cannot be decoded.
    fn leaf_path(&self, leaf: usize) -> String {
        let decoded = self.decoded().ok();
        let leaves = decoded.as_ref().map(|(outline, _)| outline.file_metadata().schema_descr());
        let column = leaves.and_then(|leaves| leaves.columns().get(leaf));
        column.map_or_else(|| leaf.to_string(), |column| column.path().string())
    }

    /// The schema and the pairs, as arrow-rs has them, with no row groups.
    pub(super) fn outline(&self) -> Result<ParquetMetaData> {
        Ok(self.decoded()?.0)
    }

    fn decoded(&self) -> Result<(ParquetMetaData, Schema)> {
        let (outline, schema) =
            decode(&self.outline).map_err(|reason| IoError::parquet(&self.path, reason))?;
        if outline.file_metadata().schema_descr().num_columns() == self.layout.repeated.len() {
            Ok((outline, schema))
        } else {
            Err(IoError::parquet(&self.path, "damaged: columns without a type"))
        }
    }

    /// All there is, under the schema of this file.
    pub(super) fn describe(&self, leaves: &SchemaDescriptor, schema: &Schema) -> ParquetMetadata {
        let groups = self.layout.groups.iter();
        let chunks = |leaf| self.layout.chunks_of(leaf);
        let decoded = (0..leaves.num_columns()).flat_map(|leaf| {
            let width = claims::width(&leaves.column(leaf));
            chunks(leaf).map(move |chunk| unsigned(chunk.claim.values).saturating_mul(width))
        });
        ParquetMetadata {
            rows: self.rows(),
            names: self.names().to_vec(),
            row_groups: groups.map(|group| self.row_group(group, Some(leaves))).collect(),
            columns: self.described(leaves, schema),
            version: self.version(),
            created_by: self.created_by().map(str::to_owned),
            key_values: self.key_values().to_vec(),
            decoded_bytes: decoded.fold(0, u64::saturating_add),
            file_size: self.file_size,
            footer_size: self.footer_size,
            has_page_index: self.has_page_index(),
            has_bloom: self.has_bloom(),
        }
    }

    fn row_group(&self, group: &Group, leaves: Option<&SchemaDescriptor>) -> RowGroup {
        let path = |leaf: i32| {
            let column = leaves?.columns().get(usize::try_from(leaf).ok()?)?;
            Some(column.path().string())
        };
        let sorting = group.sorting.iter().map(|order| Sorting {
            column: path(order.leaf).unwrap_or_default(),
            descending: order.descending,
            nulls_first: order.nulls_first,
        });
        RowGroup {
            rows: unsigned(group.rows),
            bytes: unsigned(group.bytes),
            compressed_bytes: total(
                self.layout.chunks[group.chunks.clone()].iter().map(|chunk| chunk.claim.packed),
            ),
            sorting: sorting.collect(),
        }
    }

    fn described(&self, leaves: &SchemaDescriptor, schema: &Schema) -> Vec<ColumnMetadata> {
        let column = |leaf: usize| {
            let column = leaves.column(leaf);
            let chunks = || self.layout.chunks_of(leaf);
            let root = schema.fields().get(leaves.get_column_root_idx(leaf));
            let data_type = root.map_or(DataType::Null, |field| field.data_type().clone());
            let flat = column.path().parts().len() == 1;
            let grouped = !self.layout.groups.is_empty();
            ColumnMetadata {
                name: root.map_or_else(String::new, |field| field.name().clone()),
                kind: if flat { type_name(&data_type) } else { leaf_kind(&column) },
                path: column.path().string(),
                data_type,
                physical: column.physical_type().to_string(),
                logical: column.logical_type_ref().map(|logical| {
                    let name = format!("{logical:?}");
                    name.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
                }),
                nullable: column.max_def_level() > 0,
                encodings: encodings(chunks()),
                codecs: codecs(chunks()),
                compressed_bytes: total(chunks().map(|chunk| chunk.claim.packed)),
                bytes: total(chunks().map(|chunk| chunk.claim.bytes)),
                page_index: grouped && chunks().all(Chunk::page_index),
                bloom: grouped && chunks().all(Chunk::bloom),
            }
        };
        (0..leaves.num_columns()).map(column).collect()
    }
}

/// Checked before: never negative.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn total(bytes: impl Iterator<Item = i64>) -> u64 {
    bytes.map(unsigned).fold(0, u64::saturating_add)
}

/// Names of encodings by their numbers in the format.
const ENCODINGS: [&str; 10] = [
    "PLAIN",
    "GROUP_VAR_INT",
    "PLAIN_DICTIONARY",
    "RLE",
    "BIT_PACKED",
    "DELTA_BINARY_PACKED",
    "DELTA_LENGTH_BYTE_ARRAY",
    "DELTA_BYTE_ARRAY",
    "RLE_DICTIONARY",
    "BYTE_STREAM_SPLIT",
];

fn encodings<'a>(chunks: impl Iterator<Item = &'a Chunk>) -> Vec<String> {
    named(&ENCODINGS, chunks.fold(0, |mask, chunk| mask | chunk.encodings()))
}

fn codecs<'a>(chunks: impl Iterator<Item = &'a Chunk>) -> Vec<String> {
    named(&claims::CODECS, chunks.fold(0, |mask, chunk| mask | 1 << chunk.claim.codec))
}

/// The names whose bits are set, sorted.
fn named(names: &[&str], mask: u32) -> Vec<String> {
    let set = names.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
    let mut found: Vec<String> = set.map(|(_, name)| (*name).to_owned()).collect();
    found.sort();
    found
}
