//! What a parsed footer claims about the pages, checked against the file before any page is read.
//!
//! A footer of a few kilobytes can claim petabytes: the same bytes as many column chunks, sizes
//! beyond any codec's ratio, values beyond what pages can hold. Such claims are refused here; the
//! rest is bounded by [`decoded_bytes`], which readers charge to their budget first.

use parquet::basic::{Compression, Type};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use super::layout::Layout;

/// Values of one page at most: their number is a 32-bit integer.
const PAGE_VALUES: u64 = 1 << 31;
/// Bytes of a page header at least.
const PAGE_BYTES: u64 = 8;
/// Bytes by which small chunks may miss a codec's best ratio: headers and frames.
const SLACK: u64 = 64 << 10;

/// What a footer says of one column chunk.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    /// Number of the codec, 0 to 7.
    pub codec: u32,
    /// Values, nulls included.
    pub values: i64,
    /// Bytes before compression.
    pub bytes: i64,
    /// Bytes in the file.
    pub packed: i64,
    /// Where the first data page is, and the dictionary page; some writers say 0 for none.
    pub data: i64,
    pub dictionary: i64,
}

impl Claim {
    fn of(chunk: &ColumnChunkMetaData) -> Self {
        Self {
            codec: codec_number(chunk.compression()),
            values: chunk.num_values(),
            bytes: chunk.uncompressed_size(),
            packed: chunk.compressed_size(),
            data: chunk.data_page_offset(),
            dictionary: chunk.dictionary_page_offset().unwrap_or(0),
        }
    }
}

/// Row counts agree, every column chunk lies inside the file, alone, with sizes that can be.
pub(super) fn check(metadata: &ParquetMetaData, size: u64) -> Result<(), String> {
    let leaves = metadata.file_metadata().schema_descr().columns();
    let mut ledger = Ledger { size, rows: 0, ranges: Vec::new() };
    for (index, group) in metadata.row_groups().iter().enumerate() {
        ledger.group(index, group.num_rows(), group.num_columns(), leaves.len())?;
        for chunk in group.columns() {
            let repeated = chunk.column_descr().max_rep_level() > 0;
            ledger.chunk(group.num_rows(), &Claim::of(chunk), repeated).map_err(|reason| {
                let column = chunk.column_path().string();
                format!("row group {index}, column '{column}': {reason}")
            })?;
        }
    }
    ledger.finish(metadata.file_metadata().num_rows())
}

/// The same before arrow-rs has seen the footer; `path` names a leaf in an error.
pub(super) fn check_layout(
    layout: &Layout,
    size: u64,
    path: impl Fn(usize) -> String,
) -> Result<(), String> {
    let ranges = Vec::with_capacity(layout.chunks.len());
    let mut ledger = Ledger { size, rows: 0, ranges };
    for (index, group) in layout.groups.iter().enumerate() {
        ledger.group(index, group.rows, group.chunks.len(), layout.repeated.len())?;
        let chunks = &layout.chunks[group.chunks.clone()];
        for (leaf, (chunk, repeated)) in chunks.iter().zip(&layout.repeated).enumerate() {
            let checked = if chunk.complete() {
                ledger.chunk(group.rows, &chunk.claim, *repeated)
            } else {
                Err("a required field is missing".to_owned())
            };
            checked.map_err(|reason| {
                format!("row group {index}, column '{}': {reason}", path(leaf))
            })?;
        }
    }
    ledger.finish(layout.rows)
}

/// The claims of a file, one after the other.
struct Ledger {
    /// Bytes of the file.
    size: u64,
    rows: i64,
    /// Where the pages are, `start..end`.
    ranges: Vec<(u64, u64)>,
}

impl Ledger {
    fn group(&mut self, at: usize, rows: i64, columns: usize, leaves: usize) -> Result<(), String> {
        if rows < 0 {
            return Err(format!("row group {at} claims {rows} rows"));
        }
        if columns != leaves {
            return Err(format!("row group {at} has {columns} columns, the schema {leaves}"));
        }
        self.rows = self.rows.checked_add(rows).ok_or("the row groups claim too many rows")?;
        Ok(())
    }

    fn chunk(&mut self, rows: i64, claim: &Claim, repeated: bool) -> Result<(), String> {
        let outside = || "outside the file".to_owned();
        let unsigned = |number: i64| u64::try_from(number).map_err(|_| outside());
        let data = unsigned(claim.data)?;
        let dictionary = if claim.dictionary == 0 { data } else { unsigned(claim.dictionary)? };
        let start = dictionary.min(data);
        let (packed, bytes) = (unsigned(claim.packed)?, unsigned(claim.bytes)?);
        let values = unsigned(claim.values)?;
        let end = start.checked_add(packed).filter(|&end| end <= self.size && data <= end);
        let end = end.ok_or_else(outside)?;
        if !repeated && claim.values != rows {
            return Err(format!("{values} values in a row group of {rows} rows"));
        }
        if bytes > packed.saturating_mul(ratio(claim.codec)).saturating_add(SLACK) {
            return Err(format!("{bytes} bytes cannot come from {packed}"));
        }
        if values > (packed / PAGE_BYTES).saturating_mul(PAGE_VALUES) {
            return Err(format!("{values} values cannot come from {packed} bytes"));
        }
        // Pages of a row group without rows are never read.
        if end > start && rows > 0 {
            self.ranges.push((start, end));
        }
        Ok(())
    }

    fn finish(mut self, claimed: i64) -> Result<(), String> {
        if self.rows != claimed {
            let rows = self.rows;
            return Err(format!("the row groups hold {rows} rows, the footer says {claimed}"));
        }
        self.ranges.sort_unstable();
        match self.ranges.windows(2).find(|pair| pair[1].0 < pair[0].1) {
            None => Ok(()),
            Some(pair) => Err(format!("two column chunks share the bytes at {}", pair[1].0)),
        }
    }
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
fn ratio(codec: u32) -> u64 {
    match codec {
        0 => 1,
        1 => 64,
        3 | 5 | 7 => 512,
        2 => 2048,
        6 => 1 << 17,
        _ => 1 << 24,
    }
}

/// The codecs by their numbers in the format, as tools print them.
pub(super) const CODECS: [&str; 8] =
    ["uncompressed", "snappy", "gzip", "lzo", "brotli", "lz4", "zstd", "lz4_raw"];

/// The number of a codec, its level left out.
fn codec_number(codec: Compression) -> u32 {
    match codec {
        Compression::UNCOMPRESSED => 0,
        Compression::SNAPPY => 1,
        Compression::GZIP(_) => 2,
        Compression::LZO => 3,
        Compression::BROTLI(_) => 4,
        Compression::LZ4 => 5,
        Compression::ZSTD(_) => 6,
        Compression::LZ4_RAW => 7,
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
        let values = u64::try_from(chunk.num_values()).unwrap_or_default();
        values.saturating_mul(width(chunk.column_descr()))
    });
    bytes.fold(0, u64::saturating_add)
}

/// Bytes of a decoded value; of text, of the offset that tells where it begins.
pub(super) fn width(column: &ColumnDescriptor) -> u64 {
    match column.physical_type() {
        Type::BOOLEAN => 1,
        Type::INT32 | Type::FLOAT => 4,
        Type::INT64 | Type::DOUBLE | Type::INT96 | Type::BYTE_ARRAY => 8,
        Type::FIXED_LEN_BYTE_ARRAY => u64::try_from(column.type_length()).unwrap_or(0).max(1),
    }
}
