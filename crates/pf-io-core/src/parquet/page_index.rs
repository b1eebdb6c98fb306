//! The page index: where the pages of a column chunk are, and what bounds their values.
//!
//! Parquet format, PageIndex.md and `parquet.thrift` (`OffsetIndex`, `ColumnIndex`). An index that
//! does not make sense is not used. What it says of places is compared with the pages found there.

use std::ops::Range;

use arrow::datatypes::DataType;
use parquet::file::metadata::ColumnChunkMetaData;

use super::chunk::Group;
use super::file::OpenFile;
use super::predicate::{Bounds, PageBounds};
use super::thrift::{BINARY, FALSE, I32, I64, LIST, Malformed, STRUCT, Step, TRUE, Thrift};
use super::{claims, statistics};
use crate::context::Context;
use crate::source::Source;

/// Bytes of an index that are read; a page takes tens of them.
const MAX_INDEX: u64 = 16 << 20;

/// The pages of a chunk that have wanted rows.
pub(super) struct Pages {
    /// Start and length of what is to be read: what is before the data pages, then those.
    pub ranges: Vec<(u64, u64)>,
    /// The rows of each data page in these.
    pub places: Vec<Range<usize>>,
}

/// A data page.
struct Location {
    start: u64,
    length: u64,
    rows: Range<usize>,
}

/// The pages of `chunk` that hold some of `rows`, which ascend; `None` if that is not known, or
/// all are needed.
pub(super) fn pages_of(
    source: &Source,
    chunk: &ColumnChunkMetaData,
    group_rows: usize,
    rows: &[u32],
    context: &Context,
) -> Option<Pages> {
    let locations = locations(source, chunk, group_rows, context)?;
    let (start, _) = claims::range(chunk);
    let first = locations.first()?.start;
    let mut ranges = vec![(start, first - start)];
    let mut places = Vec::new();
    let mut left = rows;
    for Location { start, length, rows } in &locations {
        let count = left.partition_point(|&row| (row as usize) < rows.end);
        left = &left[count..];
        if count == 0 {
            continue;
        }
        places.push(rows.clone());
        match ranges.last_mut() {
            Some((from, size)) if *from + *size == *start => *size += length,
            _ => ranges.push((*start, *length)),
        }
    }
    (places.len() < locations.len()).then_some(Pages { ranges, places })
}

/// What is known of the values of each page of the flat column `leaf`.
pub(super) fn bounds(
    file: &OpenFile,
    leaf: usize,
    data_type: &DataType,
    group: Group,
    context: &Context,
) -> Option<Vec<PageBounds>> {
    let source = &file.source;
    let chunk = file.metadata().row_group(group.index).column(leaf);
    let order = file.metadata().file_metadata().column_order(leaf);
    let place = (chunk.column_index_offset()?, chunk.column_index_length()?);
    let index = column_index(&bytes(source, place, context)?).ok()?;
    let locations = locations(source, chunk, group.rows, context)?;
    let pages = locations.len();
    let fits = index.nulls_only.len() == pages
        && index.min.len() == pages
        && index.max.len() == pages
        && (index.nulls.is_empty() || index.nulls.len() == pages);
    if !fits {
        return None;
    }
    let column = chunk.column_descr();
    let trusted = statistics::is_ordered(column, order);
    let bound = |bytes: &[u8]| {
        let scalar = statistics::scalar(column, bytes).filter(|_| trusted)?;
        statistics::as_array(column, data_type, &scalar)
    };
    let pages = locations.into_iter().enumerate().map(|(page, Location { rows, .. })| {
        let bounds = if index.nulls_only[page] {
            Bounds { least: None, greatest: None, nulls: Some(rows.len() as u64) }
        } else {
            Bounds {
                least: bound(&index.min[page]),
                greatest: bound(&index.max[page]),
                nulls: index.nulls.get(page).and_then(|&nulls| u64::try_from(nulls).ok()),
            }
        };
        PageBounds { rows, bounds }
    });
    Some(pages.collect())
}

/// The data pages of `chunk` in order, without gaps between their rows.
fn locations(
    source: &Source,
    chunk: &ColumnChunkMetaData,
    group_rows: usize,
    context: &Context,
) -> Option<Vec<Location>> {
    let place = (chunk.offset_index_offset()?, chunk.offset_index_length()?);
    let found = offset_index(&bytes(source, place, context)?).ok()?;
    let (start, length) = claims::range(chunk);
    let mut locations: Vec<Location> = Vec::with_capacity(found.len());
    let mut free = start;
    for (page, &(offset, size, first)) in found.iter().enumerate() {
        let (offset, size) = (u64::try_from(offset).ok()?, u64::try_from(size).ok()?);
        let next =
            found.get(page + 1).map_or(Some(group_rows), |(_, _, next)| (*next).try_into().ok());
        let rows = usize::try_from(first).ok()?..next?;
        let expected = locations.last().map_or(0, |before| before.rows.end);
        let end = offset.checked_add(size)?;
        if rows.start != expected || rows.is_empty() || offset < free || end > start + length {
            return None;
        }
        free = end;
        locations.push(Location { start: offset, length: size, rows });
    }
    Some(locations)
}

fn bytes(source: &Source, (offset, length): (i64, i32), context: &Context) -> Option<Vec<u8>> {
    let (offset, length) = (u64::try_from(offset).ok()?, u64::try_from(length).ok()?);
    let inside = offset.checked_add(length)? <= source.size();
    if !inside || length > MAX_INDEX {
        return None;
    }
    let _held = context.budget().charge(source.path(), length, "a page index").ok()?;
    let mut bytes = vec![0; length as usize];
    source.read_exact_at(offset, &mut bytes).ok()?;
    Some(bytes)
}

/// Offset, compressed size with header, and first row of each page.
fn offset_index(data: &[u8]) -> Step<Vec<(i64, i32, i64)>> {
    let mut thrift = Thrift::new(data, 0);
    let mut pages = Vec::new();
    let mut last = 0;
    while let Some((id, kind)) = thrift.field(&mut last)? {
        if (id, kind) != (1, LIST) {
            thrift.skip(kind)?;
            continue;
        }
        for _ in 0..thrift.list_of(STRUCT, 1)? {
            let (mut offset, mut size, mut row, mut last) = (None, None, None, 0);
            while let Some((id, kind)) = thrift.field(&mut last)? {
                match (id, kind) {
                    (1, I64) => offset = Some(thrift.i64()?),
                    (2, I32) => size = Some(thrift.i32()?),
                    (3, I64) => row = Some(thrift.i64()?),
                    (_, kind) => thrift.skip(kind)?,
                }
            }
            let page = offset.zip(size).zip(row).map(|((offset, size), row)| (offset, size, row));
            pages.push(page.ok_or(Malformed("a page without a place"))?);
        }
    }
    Ok(pages)
}

#[derive(Debug, Default)]
struct ColumnIndex {
    nulls_only: Vec<bool>,
    min: Vec<Vec<u8>>,
    max: Vec<Vec<u8>>,
    /// Empty if not stored.
    nulls: Vec<i64>,
}

fn column_index(data: &[u8]) -> Step<ColumnIndex> {
    let mut thrift = Thrift::new(data, 0);
    let mut index = ColumnIndex::default();
    let mut last = 0;
    while let Some((id, kind)) = thrift.field(&mut last)? {
        match (id, kind) {
            (1, LIST) => {
                // Writers name the elements by either boolean type.
                let start = thrift;
                let count = thrift.list_of(TRUE, 1).or_else(|_| {
                    thrift = start;
                    thrift.list_of(FALSE, 1)
                })?;
                for _ in 0..count {
                    index.nulls_only.push(thrift.byte()? == TRUE);
                }
            }
            (2, LIST) => index.min = texts(&mut thrift)?,
            (3, LIST) => index.max = texts(&mut thrift)?,
            (5, LIST) => {
                for _ in 0..thrift.list_of(I64, 1)? {
                    index.nulls.push(thrift.i64()?);
                }
            }
            (_, kind) => thrift.skip(kind)?,
        }
    }
    Ok(index)
}

fn texts(thrift: &mut Thrift<'_>) -> Step<Vec<Vec<u8>>> {
    (0..thrift.list_of(BINARY, 1)?).map(|_| thrift.binary().map(<[u8]>::to_vec)).collect()
}
