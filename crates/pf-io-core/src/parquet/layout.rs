//! What a footer says of the schema's shape, the row groups and their column chunks: one walk.
//!
//! arrow-rs reserves memory for as many row groups and schema children as the footer claims, and
//! recurses as deep as its schema. So this walk comes first: every list must fit the bytes that are
//! there, and the schema must be a tree of bounded depth. It leaves statistics out and keeps what
//! metadata and counts need. O(footer bytes) time; memory in proportion to the columns and chunks.
//! Source: Apache Parquet format, `parquet.thrift` (`FileMetaData`).

use std::ops::Range;

use super::claims::Claim;
use super::thrift::{BINARY, FALSE, I32, I64, LIST, Malformed, STRUCT, Step, TRUE, Thrift};

/// Levels of a nested column.
const MAX_SCHEMA_DEPTH: usize = 100;
/// Fewest bytes a row group takes: three required fields and an end.
const MIN_ROW_GROUP: usize = 7;
/// Column chunks of a file, all row groups together; arrow-rs takes about half a kilobyte for each.
const MAX_CHUNKS: usize = 4 << 20;
/// The fields of a column chunk that must be there: type, encodings, codec, sizes, the data's place.
const REQUIRED: u32 = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 9;
/// `FieldRepetitionType` of a list.
const REPEATED: i32 = 2;

/// The facts of a footer of sound shape.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub version: i32,
    /// Rows as the footer claims, and as the row groups add up.
    pub rows: i64,
    pub group_rows: i64,
    /// Top-level columns.
    pub names: Vec<String>,
    /// For each leaf whether it lies in a list.
    pub repeated: Vec<bool>,
    pub groups: Vec<Group>,
    /// Chunks of all row groups.
    pub chunks: Vec<Chunk>,
    pub key_values: Vec<(String, Option<String>)>,
    pub created_by: Option<String>,
    /// Where the list of row groups stands in the thrift bytes.
    groups_at: Range<usize>,
}

/// A row group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub rows: i64,
    pub bytes: i64,
    /// Its place in [`Layout::chunks`].
    pub chunks: Range<usize>,
    pub sorting: Vec<Order>,
}

/// One column of the order of a row group.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    pub leaf: i32,
    pub descending: bool,
    pub nulls_first: bool,
}

/// A column chunk.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    pub claim: Claim,
    /// A bit for each encoding, by its number, and the marks below: one number, because it is
    /// copied often and parts of a word are slow to put together.
    marks: u32,
}

/// The pages of the chunk are listed elsewhere in the file.
const PAGE_INDEX: u32 = 1 << 16;
const BLOOM: u32 = 1 << 17;
/// Nothing that the format requires is missing.
const COMPLETE: u32 = 1 << 18;

impl Chunk {
    /// The numbers of its encodings, a bit each.
    pub fn encodings(&self) -> u32 {
        self.marks & 0xffff
    }

    pub fn page_index(&self) -> bool {
        self.marks & PAGE_INDEX != 0
    }

    pub fn bloom(&self) -> bool {
        self.marks & BLOOM != 0
    }

    pub fn complete(&self) -> bool {
        self.marks & COMPLETE != 0
    }
}

impl Layout {
    /// Walks over the thrift bytes of a footer; an error comes with its place.
    pub fn read(thrift: &[u8]) -> Result<Self, (usize, &'static str)> {
        let mut walk = Thrift::new(thrift, 0);
        walk.file_metadata().map_err(|Malformed(reason)| (walk.pos(), reason))
    }

    /// The thrift bytes with an empty list of row groups: a footer that tells only the schema.
    pub fn without_groups(&self, thrift: &[u8]) -> Vec<u8> {
        let (before, after) = (&thrift[..self.groups_at.start], &thrift[self.groups_at.end..]);
        [before, &[STRUCT], after].concat()
    }

    /// The chunks of a leaf column, in the order of the row groups.
    pub fn chunks_of(&self, leaf: usize) -> impl Iterator<Item = &Chunk> {
        self.groups.iter().filter_map(move |group| self.chunks[group.chunks.clone()].get(leaf))
    }
}

impl Thrift<'_> {
    fn file_metadata(&mut self) -> Step<Layout> {
        let mut layout = Layout::default();
        let (mut last, mut version, mut rows) = (0, None, None);
        let (mut schema, mut groups) = (false, false);
        while let Some((id, kind)) = self.field(&mut last)? {
            match (id, kind) {
                (1, I32) => version = Some(self.i32()?),
                (2, LIST) if !schema => {
                    self.schema(&mut layout)?;
                    schema = true;
                }
                (3, I64) => rows = Some(self.i64()?),
                (4, LIST) if schema && !groups => {
                    self.row_groups(&mut layout)?;
                    groups = true;
                }
                (5, LIST) => layout.key_values = self.key_values()?,
                (6, BINARY) => layout.created_by = Some(self.text()?.to_owned()),
                (1..=6, _) => return Err(Malformed("a field is out of place")),
                _ => self.skip(kind)?,
            }
        }
        let (Some(version), Some(rows), true) = (version, rows, groups) else {
            return Err(Malformed("a required field is missing"));
        };
        Ok(Layout { version, rows, ..layout })
    }

    fn key_values(&mut self) -> Step<Vec<(String, Option<String>)>> {
        let length = self.list_of(STRUCT, 1)?;
        let pair = |thrift: &mut Self| {
            let (mut last, mut key, mut value) = (0, None, None);
            while let Some((id, kind)) = thrift.field(&mut last)? {
                match (id, kind) {
                    (1, BINARY) => key = Some(thrift.text()?.to_owned()),
                    (2, BINARY) => value = Some(thrift.text()?.to_owned()),
                    _ => thrift.skip(kind)?,
                }
            }
            Ok((key.ok_or(Malformed("a pair has no key"))?, value))
        };
        (0..length).map(|_| pair(self)).collect()
    }

    fn row_groups(&mut self, layout: &mut Layout) -> Step {
        let start = self.pos();
        let length = self.list_of(STRUCT, MIN_ROW_GROUP)?;
        for _ in 0..length {
            let group = self.row_group(&mut layout.chunks)?;
            let sum = layout.group_rows.checked_add(group.rows);
            layout.group_rows = sum.ok_or(Malformed("the row groups claim too many rows"))?;
            layout.groups.push(group);
        }
        layout.groups_at = start..self.pos();
        Ok(())
    }

    fn row_group(&mut self, chunks: &mut Vec<Chunk>) -> Step<Group> {
        let start = chunks.len();
        let (mut last, mut rows, mut bytes) = (0, None, None);
        let (mut columns, mut sorting) = (false, Vec::new());
        while let Some((id, kind)) = self.field(&mut last)? {
            match (id, kind) {
                (1, LIST) if !columns => {
                    let length = self.list_of(STRUCT, 1)?;
                    if start + length > MAX_CHUNKS {
                        return Err(Malformed("too many column chunks"));
                    }
                    for _ in 0..length {
                        chunks.push(self.column_chunk()?);
                    }
                    columns = true;
                }
                (2, I64) => bytes = Some(self.i64()?),
                (3, I64) => rows = Some(self.i64()?),
                (4, LIST) => sorting = self.sorting()?,
                (1..=4, _) => return Err(Malformed("a field is out of place")),
                _ => self.skip(kind)?,
            }
        }
        match (rows, bytes, columns) {
            (Some(rows), _, _) if rows < 0 => Err(Malformed("a negative number of rows")),
            (Some(rows), Some(bytes), true) => {
                Ok(Group { rows, bytes, chunks: start..chunks.len(), sorting })
            }
            _ => Err(Malformed("a required field is missing")),
        }
    }

    fn sorting(&mut self) -> Step<Vec<Order>> {
        let length = self.list_of(STRUCT, 1)?;
        let order = |thrift: &mut Self| {
            let (mut last, mut order) = (0, Order::default());
            while let Some((id, kind)) = thrift.field(&mut last)? {
                match (id, kind) {
                    (1, I32) => order.leaf = thrift.i32()?,
                    (2, TRUE | FALSE) => order.descending = kind == TRUE,
                    (3, TRUE | FALSE) => order.nulls_first = kind == TRUE,
                    _ => thrift.skip(kind)?,
                }
            }
            Ok(order)
        };
        (0..length).map(|_| order(self)).collect()
    }

    #[inline]
    fn column_chunk(&mut self) -> Step<Chunk> {
        let (mut last, mut chunk, mut thrift) = (0, Chunk::default(), *self);
        while let Some((id, kind)) = thrift.field(&mut last)? {
            match (id, kind) {
                (3, STRUCT) => thrift.column_metadata(&mut chunk)?,
                (4, I64) => {
                    thrift.skip(kind)?;
                    chunk.marks |= PAGE_INDEX;
                }
                _ => thrift.skip(kind)?,
            }
        }
        *self = thrift;
        Ok(chunk)
    }

    #[inline]
    fn column_metadata(&mut self, chunk: &mut Chunk) -> Step {
        let (mut last, mut seen, mut thrift, mut found) = (0, 0, *self, *chunk);
        let mut next = thrift.field(&mut last)?;
        // Writers keep the order, so that these branches are always taken: no jump is mispredicted.
        macro_rules! in_order {
            ($($id:literal)*) => {$(
                if let Some(($id, kind)) = next {
                    thrift.column_field($id, kind, &mut found, &mut seen)?;
                    next = thrift.field(&mut last)?;
                }
            )*};
        }
        in_order!(1 2 3 4 5 6 7 9 11 12 13 14 15 16);
        while let Some((id, kind)) = next {
            thrift.column_field(id, kind, &mut found, &mut seen)?;
            next = thrift.field(&mut last)?;
        }
        found.marks |= if seen & REQUIRED == REQUIRED { COMPLETE } else { 0 };
        (*self, *chunk) = (thrift, found);
        Ok(())
    }

    #[expect(clippy::inline_always, reason = "the number of the field is known to the caller")]
    #[inline(always)]
    fn column_field(&mut self, id: i32, kind: u8, chunk: &mut Chunk, seen: &mut u32) -> Step {
        let claim = &mut chunk.claim;
        match (id, kind) {
            (1, I32) => {
                if !(0..=7).contains(&self.i32()?) {
                    return Err(Malformed("an unknown type of values"));
                }
            }
            (2, LIST) => {
                for _ in 0..self.list_of(I32, 1)? {
                    chunk.marks |= match self.i32()? {
                        code @ (0 | 2..=9) => 1 << code,
                        _ => return Err(Malformed("an unknown encoding")),
                    };
                }
            }
            (4, I32) => {
                claim.codec = match self.i32()? {
                    code @ 0..=7 => code as u32,
                    _ => return Err(Malformed("an unknown codec")),
                };
            }
            (5, I64) => claim.values = self.i64()?,
            (6, I64) => claim.bytes = self.i64()?,
            (7, I64) => claim.packed = self.i64()?,
            (9, I64) => claim.data = self.i64()?,
            (11, I64) => claim.dictionary = self.i64()?,
            (14, I64) => {
                self.skip(kind)?;
                chunk.marks |= BLOOM;
            }
            (1 | 2 | 4..=7 | 9 | 11, _) => return Err(Malformed("a field is out of place")),
            _ => self.skip(kind)?,
        }
        if (1..=9).contains(&id) {
            *seen |= 1 << id;
        }
        Ok(())
    }

    /// The schema is a tree in preorder; each element says how many children follow.
    fn schema(&mut self, layout: &mut Layout) -> Step {
        let length = self.list_of(STRUCT, 1)?;
        // Children still to come, and whether they lie in a list, per level.
        let mut open: Vec<(usize, bool)> = Vec::new();
        for index in 0..length {
            let element = self.schema_element()?;
            if element.children > length - index - 1 {
                return Err(Malformed("the schema has more children than elements"));
            }
            while open.last().is_some_and(|(left, _)| *left == 0) {
                open.pop();
            }
            let mut repeated = false;
            if let Some((left, above)) = open.last_mut() {
                *left -= 1;
                repeated = *above || element.repeated;
            } else if index > 0 {
                return Err(Malformed("the schema has several roots"));
            }
            if open.len() == 1 {
                layout.names.push(element.name.to_owned());
            }
            if element.children > 0 {
                open.push((element.children, repeated));
                if open.len() > MAX_SCHEMA_DEPTH {
                    return Err(Malformed("the schema is nested too deep"));
                }
            } else if index > 0 {
                layout.repeated.push(repeated);
            }
        }
        if open.iter().any(|(left, _)| *left > 0) {
            return Err(Malformed("the schema has more children than elements"));
        }
        Ok(())
    }

    fn schema_element(&mut self) -> Step<Element<'_>> {
        let (mut last, mut element) = (0, Element::default());
        while let Some((id, kind)) = self.field(&mut last)? {
            match (id, kind) {
                (3, I32) => element.repeated = self.i32()? == REPEATED,
                (4, BINARY) => element.name = self.text()?,
                (5, I32) => element.children = self.size()? as usize,
                (3..=5, _) => return Err(Malformed("a field is out of place")),
                _ => self.skip(kind)?,
            }
        }
        Ok(element)
    }
}

#[derive(Debug, Default)]
struct Element<'a> {
    name: &'a str,
    children: usize,
    repeated: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_claims_beyond_the_bytes_are_refused() {
        let reason = |data: &[u8]| Layout::read(data).map_err(|(_, reason)| reason);
        // field 2, a root of no children; field 3, no rows; field 4, a list of 2^31 structs
        let root = [0x15, 2, 0x19, 0x1c, 0x48, 1, b'r', 0, 0x16, 0];
        let groups = [&root[..], &[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0, 0]].concat();
        assert_eq!(reason(&groups), Err("a list is longer than the bytes that are left"));
        // field 2, one schema element with 2^30 children
        let children = [0x29, 0x1c, 0x55, 0x80, 0x80, 0x80, 0x80, 0x08, 0, 0];
        assert_eq!(reason(&children), Err("the schema has more children than elements"));
        let roots = [0x29, 0x2c, 0x48, 1, b'r', 0, 0x48, 1, b's', 0, 0];
        assert_eq!(reason(&roots), Err("the schema has several roots"));
        assert_eq!(reason(&[0]), Err("a required field is missing"));
        let empty = [&root[..], &[0x19, 0x0c, 0]].concat();
        let layout = Layout::read(&empty).unwrap();
        assert_eq!(layout, Layout { version: 1, groups_at: 11..12, ..Layout::default() });
        assert_eq!(layout.without_groups(&empty), empty);
    }
}
