//! What a footer says, without decoding a value.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::datatypes::{DataType, Schema, SchemaRef};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::{
    ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData, SortingColumn,
};
use serde::{Serialize, Serializer};

use super::statistics::{ColumnStatistics, leaf_kind, merged};
use super::{claims, footer};
use crate::batch::{nearest_name, type_name};
use crate::error::panic_text;
use crate::source::Source;
use crate::{IoError, Result};

/// Reads and describes the footer of `source`.
pub fn read_metadata(source: &Source) -> Result<ParquetMetadata> {
    let (metadata, schema, footer_size) = load(source)?;
    Ok(describe(&metadata, &schema.into(), source.size(), footer_size))
}

/// Statistics of the leaf columns of `source`, merged over all row groups; of those only that
/// `columns` names, by path or by top-level column, in file order.
pub fn read_statistics(
    source: &Source,
    columns: Option<&[String]>,
) -> Result<Vec<ColumnStatistics>> {
    let (metadata, schema, _) = load(source)?;
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

/// The parsed footer, checked for shape and claims, its Arrow schema, and its length.
fn load(source: &Source) -> Result<(ParquetMetaData, Schema, u64)> {
    let footer = footer::read(source)?;
    let bad = |reason: String| IoError::parquet(source.path(), reason);
    let parse = || {
        let metadata = ParquetMetaDataReader::decode_metadata(footer.thrift())?;
        let file = metadata.file_metadata();
        let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata())?;
        Ok::<_, parquet::errors::ParquetError>((metadata, schema))
    };
    // Nothing that the closure touches is used after a panic.
    let (metadata, schema) = catch_unwind(AssertUnwindSafe(parse))
        .map_err(|panic| bad(panic_text(&*panic)))?
        .map_err(|error| bad(error.to_string()))?;
    claims::check(&metadata, source.size()).map_err(bad)?;
    Ok((metadata, schema, footer.thrift().len() as u64))
}

/// What can be told without parsing statistics, encodings or the Arrow schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    let footer = footer::read(source)?;
    let footer_size = footer.thrift().len() as u64;
    let summary = footer.summary;
    let rows = u64::try_from(summary.rows).ok().filter(|_| summary.rows == summary.group_rows);
    let Some(rows) = rows else {
        let (groups, claimed) = (summary.group_rows, summary.rows);
        let message = format!("the row groups hold {groups} rows, the footer says {claimed}");
        return Err(IoError::parquet(source.path(), message));
    };
    let footer::Summary { row_groups, leaves, names, .. } = summary;
    Ok(QuickMetadata { rows, row_groups, leaves, names, footer_size })
}

/// Pairs as a map; a later key wins, as it does in readers.
fn as_map<S: Serializer>(
    pairs: &[(String, Option<String>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let map: BTreeMap<&str, &str> =
        pairs.iter().map(|(key, value)| (key.as_str(), value.as_deref().unwrap_or(""))).collect();
    map.serialize(serializer)
}

/// The format's version as tools print it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn version_text<S: Serializer>(version: &i32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{version}.0"))
}

/// One row group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sorting {
    /// The dotted path of the column.
    pub column: String,
    /// Largest first.
    pub descending: bool,
    /// Nulls before the values.
    pub nulls_first: bool,
}

/// One leaf column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnMetadata {
    /// The top-level column it belongs to.
    pub name: String,
    /// The dotted path; the name, unless nested.
    pub path: String,
    /// Its own type's name, such as `int64` for the items of a list of them.
    #[serde(rename = "type")]
    pub kind: String,
    /// The Arrow type of the top-level column it belongs to.
    #[serde(skip)]
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
    #[serde(skip)]
    pub page_index: bool,
    /// Every row group has a bloom filter.
    #[serde(skip)]
    pub bloom: bool,
}

/// The footer of one file.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    #[serde(serialize_with = "version_text")]
    pub version: i32,
    /// The program that wrote it.
    pub created_by: Option<String>,
    /// Pairs other programs left, in file order.
    #[serde(serialize_with = "as_map")]
    pub key_values: Vec<(String, Option<String>)>,
    /// Bytes its values take once decoded, at least; of text only the offsets count.
    #[serde(skip)]
    pub decoded_bytes: u64,
    /// Bytes of the file.
    #[serde(rename = "file_bytes")]
    pub file_size: u64,
    /// Bytes of the footer.
    #[serde(rename = "footer_bytes")]
    pub footer_size: u64,
    /// Some column tells where its pages are.
    pub has_page_index: bool,
    /// Some column has a bloom filter.
    pub has_bloom: bool,
}

/// Collects the description; the numbers were checked before.
pub(super) fn describe(
    metadata: &ParquetMetaData,
    schema: &SchemaRef,
    file_size: u64,
    footer_size: u64,
) -> ParquetMetadata {
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
    let file = metadata.file_metadata();
    let descriptor = file.schema_descr();
    let sorting = |sorting: &SortingColumn| {
        let leaf = usize::try_from(sorting.column_idx).unwrap_or(usize::MAX);
        let column = descriptor.columns().get(leaf);
        Sorting {
            column: column.map_or_else(String::new, |column| column.path().string()),
            descending: sorting.descending,
            nulls_first: sorting.nulls_first,
        }
    };
    let row_groups = metadata
        .row_groups()
        .iter()
        .map(|group| RowGroup {
            rows: unsigned(group.num_rows()),
            bytes: unsigned(group.total_byte_size()),
            compressed_bytes: group
                .columns()
                .iter()
                .map(|chunk| unsigned(chunk.compressed_size()))
                .fold(0, u64::saturating_add),
            sorting: group.sorting_columns().into_iter().flatten().map(sorting).collect(),
        })
        .collect();
    let columns = (0..descriptor.num_columns())
        .map(|leaf| {
            let column = descriptor.column(leaf);
            let chunks =
                || metadata.row_groups().iter().filter_map(|group| group.columns().get(leaf));
            let mut codecs: Vec<String> = chunks()
                .map(|chunk| {
                    let name = format!("{:?}", chunk.compression());
                    name.split('(').next().unwrap_or_default().to_lowercase()
                })
                .collect();
            codecs.sort();
            codecs.dedup();
            let mut encodings: Vec<String> =
                chunks().flat_map(|chunk| chunk.encodings().map(|one| one.to_string())).collect();
            encodings.sort();
            encodings.dedup();
            let grouped = metadata.num_row_groups() > 0;
            let root = schema.fields().get(descriptor.get_column_root_idx(leaf));
            let data_type = root.map_or(DataType::Null, |field| field.data_type().clone());
            let flat = column.path().parts().len() == 1;
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
                encodings,
                codecs,
                compressed_bytes: chunks()
                    .map(|chunk| unsigned(chunk.compressed_size()))
                    .fold(0, u64::saturating_add),
                bytes: chunks()
                    .map(|chunk| unsigned(chunk.uncompressed_size()))
                    .fold(0, u64::saturating_add),
                page_index: grouped && chunks().all(|chunk| chunk.offset_index_offset().is_some()),
                bloom: grouped && chunks().all(|chunk| chunk.bloom_filter_offset().is_some()),
            }
        })
        .collect();
    let leaves: Vec<usize> = (0..descriptor.num_columns()).collect();
    let groups = 0..metadata.num_row_groups();
    let chunks = || metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    ParquetMetadata {
        names: schema.fields().iter().map(|field| field.name().clone()).collect(),
        has_page_index: chunks().any(|chunk| chunk.offset_index_offset().is_some()),
        has_bloom: chunks().any(|chunk| chunk.bloom_filter_offset().is_some()),
        decoded_bytes: claims::decoded_bytes(metadata, groups, &leaves),
        rows: unsigned(file.num_rows()),
        row_groups,
        columns,
        version: file.version(),
        created_by: file.created_by().map(str::to_owned),
        key_values: file
            .key_value_metadata()
            .into_iter()
            .flatten()
            .map(|pair| (pair.key.clone(), pair.value.clone()))
            .collect(),
        file_size,
        footer_size,
    }
}
