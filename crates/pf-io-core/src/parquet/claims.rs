//! What a parsed footer claims about the pages, checked against the file before any page is read.
//!
//! A footer of a few kilobytes can claim petabytes: the same bytes as many column chunks, sizes
//! beyond any codec's ratio, values beyond what pages can hold. Such claims are refused here; the
//! rest is bounded by [`decoded_bytes`], which readers charge to their budget first.

use parquet::basic::{Compression, Type};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::schema::types::SchemaDescriptor;

/// Values of one page at most: their number is a 32-bit integer.
const PAGE_VALUES: u64 = 1 << 31;
/// Bytes of a page header at least.
const PAGE_BYTES: u64 = 8;
/// Bytes by which small chunks may miss a codec's best ratio: headers and frames.
const SLACK: u64 = 64 << 10;

/// Row counts agree, every column chunk lies inside the file, alone, with sizes that can be.
pub(super) fn check(metadata: &ParquetMetaData, size: u64) -> Result<(), String> {
    let mut rows = 0_i64;
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    let leaves = metadata.file_metadata().schema_descr().num_columns();
    for (index, group) in metadata.row_groups().iter().enumerate() {
        if group.num_rows() < 0 {
            return Err(format!("row group {index} claims {} rows", group.num_rows()));
        }
        if group.num_columns() != leaves {
            let columns = group.num_columns();
            return Err(format!("row group {index} has {columns} columns, the schema {leaves}"));
        }
        rows = rows.checked_add(group.num_rows()).ok_or("the row groups claim too many rows")?;
        for chunk in group.columns() {
            let at = |reason: &str| {
                let column = chunk.column_path().string();
                format!("row group {index}, column '{column}': {reason}")
            };
            let (start, end) = check_chunk(group, chunk, size).map_err(|reason| at(&reason))?;
            // Pages of a row group without rows are never read.
            if end > start && group.num_rows() > 0 {
                ranges.push((start, end));
            }
        }
    }
    if rows != metadata.file_metadata().num_rows() {
        let claimed = metadata.file_metadata().num_rows();
        return Err(format!("the row groups hold {rows} rows, the footer says {claimed}"));
    }
    ranges.sort_unstable();
    match ranges.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        None => Ok(()),
        Some(pair) => Err(format!("two column chunks share the bytes at {}", pair[1].0)),
    }
}

/// The bytes of a chunk, `start..end`.
fn check_chunk(
    group: &RowGroupMetaData,
    chunk: &ColumnChunkMetaData,
    size: u64,
) -> Result<(u64, u64), String> {
    let unsigned = |number: i64| u64::try_from(number).map_err(|_| "outside the file".to_owned());
    let data = unsigned(chunk.data_page_offset())?;
    // Some writers say 0 for a dictionary that is not there.
    let dictionary = chunk.dictionary_page_offset().filter(|&offset| offset != 0);
    let start = dictionary.map_or(Ok(data), unsigned)?.min(data);
    let packed = unsigned(chunk.compressed_size())?;
    let bytes = unsigned(chunk.uncompressed_size())?;
    let values = unsigned(chunk.num_values())?;
    let end = start.checked_add(packed).filter(|&end| end <= size).ok_or("outside the file")?;
    if data > end {
        return Err("outside the file".to_owned());
    }
    if chunk.column_descr().max_rep_level() == 0 && chunk.num_values() != group.num_rows() {
        return Err(format!("{values} values in a row group of {} rows", group.num_rows()));
    }
    if bytes > packed.saturating_mul(ratio(chunk.compression())).saturating_add(SLACK) {
        return Err(format!("{bytes} bytes cannot come from {packed}"));
    }
    if values > (packed / PAGE_BYTES).saturating_mul(PAGE_VALUES) {
        return Err(format!("{values} values cannot come from {packed} bytes"));
    }
    Ok((start, end))
}

/// Bytes of one batch of fixed-width values at most.
const BATCH_BYTES: usize = 64 << 20;

/// Rows that may be decoded at once: `wanted`, unless the values are very wide.
pub(super) fn batch_rows(schema: &SchemaDescriptor, leaves: &[usize], wanted: usize) -> usize {
    let width: usize = leaves
        .iter()
        .filter_map(|&leaf| schema.columns().get(leaf))
        .filter(|column| column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY)
        .map(|column| usize::try_from(column.type_length()).unwrap_or(0))
        .sum();
    wanted.min((BATCH_BYTES / width.max(1)).max(1))
}

/// Where the pages of a chunk are, and how many bytes they take; checked before.
pub(super) fn range(chunk: &ColumnChunkMetaData) -> (u64, u64) {
    let data = chunk.data_page_offset();
    let dictionary = chunk.dictionary_page_offset().filter(|&offset| offset != 0);
    let start = dictionary.map_or(data, |dictionary| dictionary.min(data));
    (u64::try_from(start).unwrap_or(0), u64::try_from(chunk.compressed_size()).unwrap_or(0))
}

/// The best that a codec can do, generously.
fn ratio(codec: Compression) -> u64 {
    match codec {
        Compression::UNCOMPRESSED => 1,
        Compression::SNAPPY => 64,
        Compression::LZ4 | Compression::LZ4_RAW | Compression::LZO => 512,
        Compression::GZIP(_) => 2048,
        Compression::ZSTD(_) => 1 << 17,
        Compression::BROTLI(_) => 1 << 24,
    }
}

/// Bytes that the columns at `leaves` of `row_groups` take once decoded, at least: fixed-width
/// values at their width, others at the eight bytes that tell where they begin.
pub(super) fn decoded_bytes(
    metadata: &ParquetMetaData,
    row_groups: impl Iterator<Item = usize>,
    leaves: &[usize],
) -> u64 {
    let groups = row_groups.filter_map(|index| metadata.row_groups().get(index));
    let chunks =
        groups.flat_map(|group| leaves.iter().filter_map(|&leaf| group.columns().get(leaf)));
    let bytes = chunks.map(|chunk| {
        let descriptor = chunk.column_descr();
        let width = match descriptor.physical_type() {
            Type::BOOLEAN => 1,
            Type::INT32 | Type::FLOAT => 4,
            Type::INT64 | Type::DOUBLE | Type::INT96 | Type::BYTE_ARRAY => 8,
            Type::FIXED_LEN_BYTE_ARRAY => {
                u64::try_from(descriptor.type_length()).unwrap_or_default().max(1)
            }
        };
        u64::try_from(chunk.num_values()).unwrap_or_default().saturating_mul(width)
    });
    bytes.fold(0, u64::saturating_add)
}
