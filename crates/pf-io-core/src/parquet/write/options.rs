//! What a caller may ask of the Parquet writer, checked before a file is made.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde::Deserialize;

use crate::batch::{nearest_name, type_name};
use crate::error::panic_text;
use crate::{IoError, Result};

/// Codec names, for messages.
const CODECS: &str = "zstd, snappy, gzip, lz4, brotli, none; a level as in zstd(3)";
/// Rows of a page at most, so that the page index of a narrow column still tells something.
const PAGE_ROWS: usize = 1 << 16;
/// Values between two looks at the size of a page.
const STEP_VALUES: usize = 4096;
/// The key arrow-rs keeps its schema under.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// How a Parquet file is written.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct ParquetWriteOptions {
    /// `snappy`, `zstd`, `gzip`, `lz4`, `brotli` or `none`.
    pub compression: String,
    /// How hard the codec tries; zstd 1 to 22, gzip 0 to 9, brotli 0 to 11.
    pub compression_level: Option<u32>,
    /// Rows of a row group at most.
    pub row_group_rows: usize,
    /// Bytes of a data page before compression, at most by about a hundredth.
    pub page_bytes: usize,
    /// Which columns may have a dictionary.
    pub dictionary: DictionaryOption,
    /// Which min, max and null counts are stored.
    pub statistics: StatisticsOption,
    /// Columns with a bloom filter.
    pub bloom: Option<BloomOption>,
    /// Page offsets and, with page statistics, their bounds are stored in the footer's reach.
    pub page_index: bool,
    /// The order the rows have, checked while writing: NaN is largest, nulls come last.
    pub sorting: Vec<(String, SortDirection)>,
    /// Pairs for the footer; they win over the schema's own.
    pub metadata: BTreeMap<String, String>,
    /// The file appears whole or not at all.
    pub atomic: bool,
    /// The bytes are on the disk before the name changes.
    pub fsync: bool,
    /// A file that is there may be replaced.
    pub overwrite: bool,
    /// Columns that become folders `name=value`; none: one file.
    pub partition_by: Vec<String>,
}

impl Default for ParquetWriteOptions {
    fn default() -> Self {
        Self {
            compression: "snappy".to_owned(),
            compression_level: None,
            row_group_rows: 1 << 20,
            page_bytes: 1 << 20,
            dictionary: DictionaryOption::All(true),
            statistics: StatisticsOption::Page,
            bloom: None,
            page_index: true,
            sorting: Vec::new(),
            metadata: BTreeMap::new(),
            atomic: true,
            fsync: true,
            overwrite: true,
            partition_by: Vec::new(),
        }
    }
}

/// Which columns have a dictionary.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum DictionaryOption {
    /// True: those whose values repeat. False: none.
    All(bool),
    /// These, and no others.
    Columns(Vec<String>),
}

/// Which statistics are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatisticsOption {
    /// For each page and each row group.
    Page,
    /// For each row group.
    Chunk,
    /// None.
    None,
}

/// Which columns have a bloom filter.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum BloomOption {
    /// These, wrong for one value in a hundred.
    Columns(Vec<String>),
    /// These, each with its rate of false positives, between 0 and 1.
    Rates(BTreeMap<String, f64>),
}

impl BloomOption {
    /// The rate of false positives unless said otherwise.
    pub const DEFAULT_RATE: f64 = 0.01;

    fn rates(&self) -> Vec<(&str, f64)> {
        match self {
            Self::Columns(names) => {
                names.iter().map(|name| (name.as_str(), Self::DEFAULT_RATE)).collect()
            }
            Self::Rates(rates) => rates.iter().map(|(name, rate)| (name.as_str(), *rate)).collect(),
        }
    }
}

/// An order of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortDirection {
    /// Smallest first.
    Asc,
    /// Largest first.
    Desc,
}

impl ParquetWriteOptions {
    /// The properties asked for, and those for columns where a dictionary does not pay (none if
    /// the caller decided).
    pub(super) fn properties(
        &self,
        path: &Path,
        schema: &Schema,
    ) -> Result<(WriterProperties, Option<WriterProperties>)> {
        let bad = |message: &str| Err(IoError::unsupported(path, message));
        if self.row_group_rows == 0 {
            return bad("row_group_rows must be at least 1");
        }
        if self.page_bytes < 1024 || self.page_bytes > 1 << 30 {
            return bad("page_bytes must lie between 1 KiB and 1 GiB");
        }
        let statistics = match self.statistics {
            StatisticsOption::Page if self.page_index => EnabledStatistics::Page,
            StatisticsOption::Page | StatisticsOption::Chunk => EnabledStatistics::Chunk,
            StatisticsOption::None => EnabledStatistics::None,
        };
        let mut builder = WriterProperties::builder()
            .set_compression(codec(path, Some(&self.compression), self.compression_level)?)
            .set_max_row_group_row_count(Some(self.row_group_rows))
            .set_data_page_size_limit(self.page_bytes)
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_write_batch_size(STEP_VALUES)
            .set_statistics_enabled(statistics)
            .set_offset_index_disabled(!self.page_index)
            .set_created_by(concat!("parquetframe version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(self.key_values(path, schema)?)
            .set_sorting_columns(self.sorting_columns(path, schema)?);
        for (name, rate) in self.bloom.iter().flat_map(BloomOption::rates) {
            if !(rate > 0.0 && rate < 1.0) {
                return bad(&format!("bloom: the rate of '{name}' must lie between 0 and 1"));
            }
            for leaf in leaves_of(path, schema, name)? {
                builder = builder
                    .set_column_bloom_filter_enabled(leaf.clone(), true)
                    .set_column_bloom_filter_fpp(leaf, rate);
            }
        }
        let fixed = match &self.dictionary {
            DictionaryOption::All(true) => {
                let asked = builder.build();
                let mut plain = asked.clone().into_builder().set_dictionary_enabled(false).build();
                encode_schema(schema, &mut plain);
                let mut asked = asked;
                encode_schema(schema, &mut asked);
                return Ok((asked, Some(plain)));
            }
            DictionaryOption::All(false) => builder.set_dictionary_enabled(false),
            DictionaryOption::Columns(names) => {
                let mut builder = builder.set_dictionary_enabled(false);
                for name in names {
                    for leaf in leaves_of(path, schema, name)? {
                        builder = builder.set_column_dictionary_enabled(leaf, true);
                    }
                }
                builder
            }
        };
        let mut fixed = fixed.build();
        encode_schema(schema, &mut fixed);
        Ok((fixed, None))
    }

    fn key_values(&self, path: &Path, schema: &Schema) -> Result<Option<Vec<KeyValue>>> {
        if self.metadata.contains_key(ARROW_SCHEMA) {
            let message = format!("metadata: '{ARROW_SCHEMA}' is written from the table's schema");
            return Err(IoError::unsupported(path, message));
        }
        let mut pairs: BTreeMap<&String, &String> = schema.metadata().iter().collect();
        pairs.retain(|key, _| *key != ARROW_SCHEMA);
        pairs.extend(&self.metadata);
        let pairs: Vec<_> = pairs
            .into_iter()
            .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
            .collect();
        Ok((!pairs.is_empty()).then_some(pairs))
    }

    fn sorting_columns(&self, path: &Path, schema: &Schema) -> Result<Option<Vec<SortingColumn>>> {
        let mut columns = Vec::with_capacity(self.sorting.len());
        for (name, direction) in &self.sorting {
            let field = schema.field(position(path, schema, name)?);
            if field.data_type().is_nested() {
                let message = format!("sorting: column '{name}' is nested");
                return Err(IoError::unsupported(path, message));
            }
            let descriptor = ArrowSchemaConverter::new()
                .convert(schema)
                .map_err(|error| IoError::unsupported(path, error.to_string()))?;
            let leaf = (0..descriptor.num_columns())
                .find(|&leaf| descriptor.column(leaf).path().parts() == [name.as_str()]);
            columns.push(SortingColumn {
                column_idx: leaf.and_then(|leaf| i32::try_from(leaf).ok()).unwrap_or_default(),
                descending: *direction == SortDirection::Desc,
                nulls_first: false,
            });
        }
        Ok((!columns.is_empty()).then_some(columns))
    }
}

fn encode_schema(schema: &Schema, properties: &mut WriterProperties) {
    add_encoded_arrow_schema_to_metadata(&super::units::stored_schema(schema), properties);
}

/// The index of a top-level column, or an error with the nearest name.
pub(super) fn position(path: &Path, schema: &Schema, name: &str) -> Result<usize> {
    schema.index_of(name).map_err(|_| IoError::Schema {
        path: path.to_path_buf(),
        column: name.to_owned(),
        message: format!("no column '{name}'"),
        hint: Some(nearest_name(name, schema.fields().iter().map(|field| field.name().as_str()))),
    })
}

/// The leaf columns below a top-level column.
fn leaves_of(path: &Path, schema: &Schema, name: &str) -> Result<Vec<ColumnPath>> {
    let field = schema.field(position(path, schema, name)?).clone();
    let descriptor = ArrowSchemaConverter::new()
        .convert(&Schema::new(vec![field]))
        .map_err(|error| IoError::unsupported(path, error.to_string()))?;
    Ok(descriptor.columns().iter().map(|column| column.path().clone()).collect())
}

/// At least one column, none twice, and each of a type that Parquet holds.
pub(crate) fn check_schema(path: &Path, schema: &Schema) -> Result<()> {
    if schema.fields().is_empty() {
        return Err(IoError::unsupported(path, "the table has no columns"));
    }
    let mut names = std::collections::HashSet::new();
    if let Some(field) = schema.fields().iter().find(|field| !names.insert(field.name())) {
        let message = format!("two columns are named '{}'", field.name());
        return Err(IoError::unsupported(path, message));
    }
    // Each is tried with one null, in memory.
    for field in schema.fields() {
        if is_plain(field.data_type()) {
            continue;
        }
        let attempt = || -> Result<(), ParquetError> {
            let nullable = Field::new(field.name(), field.data_type().clone(), true);
            let schema = Arc::new(Schema::new(vec![nullable]));
            let nulls = new_null_array(field.data_type(), 1);
            let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), None)?;
            writer.write(&RecordBatch::try_new(schema, vec![nulls])?)?;
            writer.close().map(drop)
        };
        let reason = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(attempt)) {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panic_text(&*panic),
        };
        let (name, data_type) = (field.name(), type_name(field.data_type()));
        let message = format!("column '{name}': Parquet cannot hold {data_type} ({reason})");
        return Err(IoError::unsupported(path, message));
    }
    Ok(())
}

/// Types known to be fine.
fn is_plain(data_type: &DataType) -> bool {
    data_type.is_integer()
        || matches!(
            data_type,
            DataType::Boolean
                | DataType::Float32
                | DataType::Float64
                | DataType::Utf8
                | DataType::LargeUtf8
                | DataType::Utf8View
                | DataType::Timestamp(..)
                | DataType::Date32
        )
}

/// The codec named by `name`, such as `zstd(3)`, or with `level` apart; zstd level 1 without name.
pub(crate) fn codec(path: &Path, name: Option<&str>, level: Option<u32>) -> Result<Compression> {
    let name = name.unwrap_or("zstd");
    let unknown = || match level {
        Some(level) => {
            let message = format!("no level {level} of Parquet codec '{name}'");
            IoError::unsupported(path, message)
        }
        None => IoError::unsupported(path, format!("no Parquet codec '{name}' (known: {CODECS})")),
    };
    let (base, level) = match name.split_once('(') {
        None => (name, level),
        Some(_) if level.is_some() => return Err(unknown()),
        Some((base, rest)) => {
            let level = rest.strip_suffix(')').and_then(|level| level.trim().parse::<u32>().ok());
            (base, Some(level.ok_or_else(unknown)?))
        }
    };
    let codec = match (base, level) {
        ("none" | "uncompressed", None) => Some(Compression::UNCOMPRESSED),
        ("snappy", None) => Some(Compression::SNAPPY),
        ("lz4" | "lz4_raw", None) => Some(Compression::LZ4_RAW),
        ("zstd", level) => i32::try_from(level.unwrap_or(1))
            .ok()
            .and_then(|level| ZstdLevel::try_new(level).ok())
            .map(Compression::ZSTD),
        ("gzip", level) => GzipLevel::try_new(level.unwrap_or(6)).ok().map(Compression::GZIP),
        ("brotli", level) => BrotliLevel::try_new(level.unwrap_or(1)).ok().map(Compression::BROTLI),
        _ => None,
    };
    codec.ok_or_else(unknown)
}
