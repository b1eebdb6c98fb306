//! What a footer says, without decoding a value.

use arrow::datatypes::{DataType, SchemaRef};
use parquet::file::metadata::ParquetMetaData;

/// One row group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowGroup {
    /// Its rows.
    pub rows: u64,
    /// Bytes of its encoded columns before compression.
    pub bytes: u64,
    /// Bytes it takes in the file.
    pub compressed_bytes: u64,
}

/// One leaf column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnMetadata {
    /// The dotted path; the name, unless nested.
    pub path: String,
    /// The Arrow type of the top-level column it belongs to.
    pub data_type: DataType,
    /// The storage type, such as `INT64`.
    pub physical: String,
    /// The meaning, such as `String` or `Timestamp`, if given.
    pub logical: Option<String>,
    /// Whether a value may be missing.
    pub nullable: bool,
    /// Codecs used by any row group.
    pub codecs: Vec<String>,
    /// Bytes in the file, all row groups.
    pub compressed_bytes: u64,
    /// Bytes before compression, all row groups.
    pub bytes: u64,
}

/// The footer of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct ParquetMetadata {
    /// Rows of the file.
    pub rows: u64,
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
    /// Bytes of the file.
    pub file_size: u64,
    /// Bytes of the footer.
    pub footer_size: u64,
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
        })
        .collect();
    let descriptor = file.schema_descr();
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
            ColumnMetadata {
                path: column.path().string(),
                data_type: schema
                    .fields()
                    .get(descriptor.get_column_root_idx(leaf))
                    .map_or(DataType::Null, |field| field.data_type().clone()),
                physical: column.physical_type().to_string(),
                logical: column.logical_type_ref().map(|logical| {
                    let name = format!("{logical:?}");
                    name.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
                }),
                nullable: column.max_def_level() > 0,
                codecs,
                compressed_bytes: chunks()
                    .map(|chunk| unsigned(chunk.compressed_size()))
                    .fold(0, u64::saturating_add),
                bytes: chunks()
                    .map(|chunk| unsigned(chunk.uncompressed_size()))
                    .fold(0, u64::saturating_add),
            }
        })
        .collect();
    ParquetMetadata {
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
