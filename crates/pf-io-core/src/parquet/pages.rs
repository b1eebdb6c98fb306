//! Pages on their way to arrow-rs: what they claim is checked before memory is reserved for it.
//!
//! arrow-rs reserves room for as many values as a dictionary's header, or the header of
//! delta-encoded lengths, says; a reservation that fails ends the process. Here such counts are
//! held against the bytes that are there first. INT96 timestamps are looked at, too: arrow-rs wraps
//! those that its 64 bits do not hold.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, RowGroups, RowSelection,
};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescPtr;

use super::flat;
use super::unfolding::{Unfolding, leaf_type, unfolds};

/// arrow-rs over some leaves of some row groups of `input`; text that pages unfold to is charged to
/// `unfolding`.
pub(super) fn reader<R: ChunkReader + 'static>(
    input: R,
    file: &ArrowReaderMetadata,
    leaves: &[usize],
    row_groups: Vec<usize>,
    batch_rows: usize,
    selection: Option<RowSelection>,
    unfolding: Option<&Arc<Unfolding>>,
) -> Result<ParquetRecordBatchReader> {
    let mask = ProjectionMask::leaves(file.parquet_schema(), leaves.iter().copied());
    let levels =
        parquet_to_arrow_field_levels(file.parquet_schema(), mask, Some(file.schema().fields()))?;
    let selected = Selected {
        input: Arc::new(input),
        file: file.clone(),
        row_groups,
        unfolding: unfolding.cloned(),
    };
    let rows = usize::try_from(file.metadata().file_metadata().num_rows()).unwrap_or(usize::MAX);
    let batch_rows = batch_rows.min(rows).max(1);
    ParquetRecordBatchReader::try_new_with_row_groups(&levels, &selected, batch_rows, selection)
}

/// Row groups of a file.
struct Selected<R> {
    input: Arc<R>,
    file: ArrowReaderMetadata,
    row_groups: Vec<usize>,
    unfolding: Option<Arc<Unfolding>>,
}

impl<R: ChunkReader + 'static> RowGroups for Selected<R> {
    fn num_rows(&self) -> usize {
        let rows = self.row_groups().map(|group| usize::try_from(group.num_rows()).unwrap_or(0));
        rows.fold(0, usize::saturating_add)
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        let schema = self.file.parquet_schema();
        let root = schema.get_column_root_idx(leaf);
        let before = (0..leaf).filter(|&other| schema.get_column_root_idx(other) == root).count();
        let root = self.file.schema().fields().get(root);
        let data_type = root.and_then(|field| leaf_type(field.data_type(), before));
        let unit = match data_type {
            Some(DataType::Timestamp(unit, _)) => *unit,
            _ => TimeUnit::Nanosecond,
        };
        let unfolding = self.unfolding.clone().filter(|_| data_type.is_none_or(unfolds));
        Ok(Box::new(Chunks {
            input: Arc::clone(&self.input),
            metadata: Arc::clone(self.file.metadata()),
            row_groups: self.row_groups.clone().into_iter(),
            leaf,
            unit,
            unfolding,
        }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        let all = self.file.metadata().row_groups();
        Box::new(self.row_groups.iter().filter_map(|&index| all.get(index)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.file.metadata()
    }
}

/// The chunks of one leaf, one for each row group.
struct Chunks<R> {
    input: Arc<R>,
    metadata: Arc<ParquetMetaData>,
    row_groups: std::vec::IntoIter<usize>,
    leaf: usize,
    unit: TimeUnit,
    unfolding: Option<Arc<Unfolding>>,
}

impl<R: ChunkReader + 'static> Iterator for Chunks<R> {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.metadata.row_groups().get(self.row_groups.next()?)?;
        let chunk = group.columns().get(self.leaf)?;
        let rows = usize::try_from(group.num_rows()).unwrap_or(usize::MAX);
        let pages = SerializedPageReader::new(Arc::clone(&self.input), chunk, rows, None);
        Some(pages.map(|pages| {
            let left = u64::try_from(chunk.num_values()).unwrap_or(0);
            let column = chunk.column_descr_ptr();
            let (unit, unfolding) = (self.unit, self.unfolding.clone());
            let lengths = Vec::new();
            Box::new(Checked { pages, column, unit, left, unfolding, lengths })
                as Box<dyn PageReader>
        }))
    }
}

impl<R: ChunkReader + 'static> PageIterator for Chunks<R> {}

/// Hands out pages that were found to be what they claim.
struct Checked<P> {
    pages: P,
    column: ColumnDescPtr,
    /// Of INT96 timestamps.
    unit: TimeUnit,
    /// Values that the footer promises for the pages to come.
    left: u64,
    unfolding: Option<Arc<Unfolding>>,
    /// Of the text in the dictionary, if what unfolds is charged.
    lengths: Vec<u32>,
}

impl<P: PageReader> Iterator for Checked<P> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<P: PageReader> PageReader for Checked<P> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(page) = self.pages.get_next_page()? else { return Ok(None) };
        self.check(&page).map_err(ParquetError::General)?;
        Ok(Some(page))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl<P> Checked<P> {
    fn check(&mut self, page: &Page) -> Result<(), String> {
        let count = page.num_values() as usize;
        if page.is_dictionary_page() {
            let least = match self.column.physical_type() {
                Type::BOOLEAN => 0,
                Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
                Type::INT64 | Type::DOUBLE => 8,
                Type::INT96 => 12,
                Type::FIXED_LEN_BYTE_ARRAY => {
                    usize::try_from(self.column.type_length()).unwrap_or(usize::MAX)
                }
            };
            if count.saturating_mul(least) > page.buffer().len() {
                return Err(format!("the dictionary page is too short for {count} values"));
            }
            if self.unfolding.is_some() && self.column.physical_type() == Type::BYTE_ARRAY {
                self.lengths = flat::dictionary_lengths(page.buffer(), count)?;
            }
            return self.check_instants(page.buffer(), count);
        }
        let left = self.left;
        self.left = left.saturating_sub(count as u64);
        match (page.encoding(), self.column.physical_type()) {
            (Encoding::PLAIN, Type::INT96) => self.check_instants(self.values(page)?, count),
            (Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY, _) => {
                if count as u64 > left {
                    return Err("the pages hold more values than the footer says".to_owned());
                }
                let values = self.values(page)?;
                let (lengths, rest) = flat::delta_count(values, count)?;
                let mut reserved = lengths;
                if page.encoding() == Encoding::DELTA_BYTE_ARRAY {
                    let (suffixes, _) = flat::delta_count(rest, count)?;
                    if suffixes != lengths {
                        return Err(format!("{lengths} prefixes, but {suffixes} suffixes"));
                    }
                    reserved = lengths.saturating_add(suffixes);
                    if let Some(unfolding) = &self.unfolding {
                        unfolding.charge(flat::prefixed_bytes(values, lengths)?)?;
                    }
                }
                // What cannot be reserved here is not left to arrow-rs.
                Vec::<i32>::new()
                    .try_reserve_exact(reserved)
                    .map_err(|_| format!("no memory for the lengths of {lengths} values"))
            }
            (Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY, Type::BYTE_ARRAY) => {
                let Some(unfolding) = &self.unfolding else { return Ok(()) };
                let bytes = flat::indexed_bytes(self.values(page)?, &self.lengths, count)?;
                unfolding.charge(bytes)
            }
            _ => Ok(()),
        }
    }

    /// The bytes of `page` behind its levels.
    fn values<'p>(&self, page: &'p Page) -> Result<&'p [u8], String> {
        let cut = || "the levels of a page are cut off".to_owned();
        match page {
            Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
                let mut rest: &[u8] = buf;
                for (most, encoding) in [
                    (self.column.max_rep_level(), *rep_level_encoding),
                    (self.column.max_def_level(), *def_level_encoding),
                ] {
                    if most == 0 {
                        continue;
                    }
                    let length = if encoding == Encoding::RLE {
                        let (head, behind) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
                        rest = behind;
                        u32::from_le_bytes(*head) as usize
                    } else {
                        let bits = (i16::BITS - most.leading_zeros()) as usize;
                        (*num_values as usize).saturating_mul(bits).div_ceil(8)
                    };
                    rest = rest.get(length..).ok_or_else(cut)?;
                }
                Ok(rest)
            }
            Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let length = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
                buf.get(length..).ok_or_else(cut)
            }
            Page::DictionaryPage { buf, .. } => Ok(buf),
        }
    }

    /// At most `count` INT96 values fit in 64 bits.
    fn check_instants(&self, values: &[u8], count: usize) -> Result<(), String> {
        if self.column.physical_type() != Type::INT96 {
            return Ok(());
        }
        let (values, _) = values.as_chunks::<12>();
        match values.iter().take(count).find(|value| flat::instant(**value, self.unit).is_none()) {
            None => Ok(()),
            Some(_) => Err(flat::unfit(self.unit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::schema::parser::parse_message_type;
    use parquet::schema::types::SchemaDescriptor;

    use super::*;

    /// Gives one page.
    struct Single(Option<Page>);

    impl Iterator for Single {
        type Item = Result<Page>;

        fn next(&mut self) -> Option<Self::Item> {
            self.get_next_page().transpose()
        }
    }

    impl PageReader for Single {
        fn get_next_page(&mut self) -> Result<Option<Page>> {
            Ok(self.0.take())
        }

        fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
            Ok(None)
        }

        fn skip_next_page(&mut self) -> Result<()> {
            self.0.take();
            Ok(())
        }
    }

    /// What becomes of `page` in a leaf of `kind` that is optional, in a chunk of `values` values.
    fn outcome(page: Page, kind: &str, values: u64) -> Result<Option<Page>> {
        let text = format!("message m {{ optional group g {{ optional {kind} c; }} }}");
        let schema = SchemaDescriptor::new(Arc::new(parse_message_type(&text)?));
        let column = schema.column(0);
        let unit = TimeUnit::Nanosecond;
        let (pages, left, lengths) = (Single(Some(page)), values, Vec::new());
        Checked { pages, column, unit, left, unfolding: None, lengths }.get_next_page()
    }

    fn varint(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    /// A delta-encoded run of `claimed` times the number 1, with all blocks of `actual` of them.
    fn ones(claimed: u64, actual: usize) -> Vec<u8> {
        let mut bytes = vec![0x80, 1, 4];
        bytes.extend(varint(claimed));
        bytes.push(2); // the first value, zigzag
        for _ in 0..actual.saturating_sub(1).div_ceil(128) {
            bytes.extend([0; 5]); // the least delta, and the widths of four parts
        }
        bytes
    }

    fn v1(encoding: Encoding, values: u32, body: &[u8]) -> Page {
        let levels = [2, 0, 0, 0, 2, 1]; // a run of one
        Page::DataPage {
            buf: Bytes::from([&levels, body].concat()),
            num_values: values,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        }
    }

    fn v2(encoding: Encoding, values: u32, body: &[u8]) -> Page {
        Page::DataPageV2 {
            buf: Bytes::from([&[2, 1], body].concat()),
            num_values: values,
            encoding,
            num_nulls: 0,
            num_rows: values,
            def_levels_byte_len: 2,
            rep_levels_byte_len: 0,
            is_compressed: false,
            statistics: None,
        }
    }

    #[test]
    fn test_counts_of_lengths_are_held_against_the_page() {
        for make in [v1, v2] {
            let lengths = |claimed, actual, values| {
                let page = make(Encoding::DELTA_LENGTH_BYTE_ARRAY, values, &ones(claimed, actual));
                outcome(page, "binary", 1_000)
            };
            assert!(lengths(300, 300, 300).is_ok());
            assert!(lengths(200, 200, 300).is_ok(), "100 may be null");
            assert!(lengths(1 << 50, 300, 300).is_err(), "more than the page has");
            assert!(lengths(301, 301, 300).is_err());
            assert!(lengths(300, 100, 300).is_err(), "blocks are missing");
            assert!(lengths(2_000, 2_000, 2_000).is_err(), "more than the chunk has");
        }
    }

    #[test]
    fn test_prefixes_and_suffixes_are_as_many() {
        let both = |prefixes, suffixes: u64, kind| {
            let body = [ones(prefixes, 300), ones(suffixes, suffixes.min(300) as usize)].concat();
            outcome(v1(Encoding::DELTA_BYTE_ARRAY, 300, &body), kind, 300)
        };
        for kind in ["binary", "fixed_len_byte_array(2)"] {
            assert!(both(300, 300, kind).is_ok());
            assert!(both(300, 299, kind).is_err());
            assert!(both(300, 1 << 50, kind).is_err());
            assert!(both(1 << 50, 300, kind).is_err());
        }
    }

    #[test]
    fn test_dictionaries_have_the_bytes_for_their_values() {
        for (kind, width) in [("int32", 4), ("double", 8), ("int96", 12), ("binary", 4)] {
            let page = |values| Page::DictionaryPage {
                buf: Bytes::from(vec![0; 10 * width]),
                num_values: values,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            // A day of zeros is far before what nanoseconds hold.
            assert_eq!(outcome(page(10), kind, 1).is_ok(), kind != "int96", "{kind}");
            assert!(outcome(page(11), kind, 1).is_err(), "{kind}");
            assert!(outcome(page(u32::MAX), kind, 1).is_err(), "{kind}");
        }
    }

    #[test]
    fn test_timestamps_that_would_wrap_are_refused() {
        let day = |day: i32| [&[0; 8][..], &day.to_le_bytes()].concat();
        let page = |days: &[i32]| {
            let body: Vec<u8> = days.iter().flat_map(|&number| day(number)).collect();
            outcome(v1(Encoding::PLAIN, days.len() as u32, &body), "int96", 10)
        };
        assert!(page(&[2_440_588, 2_440_588 + 106_751]).is_ok());
        let error = page(&[2_440_588, 2_440_588 + 106_752]).unwrap_err();
        assert!(error.to_string().contains("int96_unit"), "{error}");
    }
}
