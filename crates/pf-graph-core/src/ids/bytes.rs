//! Text and binary ids: hashed once per row, copied once per distinct id.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, BinaryViewBuilder, LargeBinaryBuilder,
    LargeStringBuilder, StringBuilder, StringViewBuilder,
};
use arrow::datatypes::DataType;

use super::kind::plain;
use super::slots::Slots;
use super::{Column, Distinct, Provisional, refuse};
use crate::control::{Control, Meter};
use crate::{GraphError, NO_VERTEX, Side};

/// Distinct ids by provisional index, end to end in one buffer.
pub(super) struct BytesIds {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    data_type: DataType,
}

/// Maps the three columns, which are free of nulls and of one kind.
pub(super) fn map(
    vertices: Column,
    src: Column,
    dst: Column,
    control: &Control<'_>,
) -> Result<Provisional, GraphError> {
    let data_type = [&src, &dst, &vertices]
        .iter()
        .find_map(|column| column.chunks.first())
        .map_or(DataType::Utf8, |chunk| plain(chunk.data_type()).clone());
    let ids = BytesIds { bytes: Vec::new(), ends: Vec::new(), data_type };
    let mut interner = Interner { slots: Slots::new(), ids };
    let vertices = interner.read(vertices, control)?;
    let src = interner.read(src, control)?;
    let dst = interner.read(dst, control)?;
    Ok(Provisional { vertices, src, dst, distinct: Distinct::Bytes(interner.ids) })
}

struct Interner {
    slots: Slots,
    ids: BytesIds,
}

impl Interner {
    fn read(&mut self, column: Column, control: &Control<'_>) -> Result<Vec<u32>, GraphError> {
        let mut indices = Vec::with_capacity(column.rows);
        for chunk in column.chunks {
            let rows = chunk.len();
            match chunk.data_type() {
                DataType::Dictionary(..) if rows == 0 => {}
                DataType::Dictionary(..) => {
                    // Values that no row uses are not ids, so each is read at its first use.
                    let dictionary = chunk.as_any_dictionary();
                    let values = Values::new(dictionary.values(), column.side)?;
                    let mut known = vec![NO_VERTEX; dictionary.values().len()];
                    let keys = dictionary.normalized_keys();
                    let mut meter = Meter::new(control)?;
                    for key in keys {
                        meter.spend(0)?;
                        if known[key] == NO_VERTEX {
                            known[key] = self.index_of(values.get(key))?;
                        }
                        indices.push(known[key]);
                    }
                }
                _ => {
                    let values = Values::new(chunk, column.side)?;
                    let mut meter = Meter::new(control)?;
                    for row in 0..rows {
                        meter.spend(0)?;
                        indices.push(self.index_of(values.get(row))?);
                    }
                }
            }
        }
        Ok(indices)
    }

    fn index_of(&mut self, id: &[u8]) -> Result<u32, GraphError> {
        let hash = self.slots.hash_bytes(id);
        let (index, is_new) = self.slots.index_of(hash, |i| self.ids.get(i) == id)?;
        if is_new {
            self.ids.bytes.extend_from_slice(id);
            self.ids.ends.push(self.ids.bytes.len());
        }
        Ok(index)
    }
}

impl BytesIds {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: u32) -> &[u8] {
        let index = index as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    /// The ids in the given order; more than 2 GiB of them take the large form of their type.
    pub(super) fn into_array(self, order: &[u32]) -> ArrayRef {
        let (n, size) = (order.len(), self.bytes.len());
        let is_large = i32::try_from(size).is_err();
        let ids = order.iter().map(|&i| self.get(i));
        macro_rules! collect {
            ($builder:expr, $convert:expr) => {{
                let mut builder = $builder;
                for id in ids {
                    builder.append_value($convert(id));
                }
                Arc::new(builder.finish())
            }};
        }
        let text = String::from_utf8_lossy; // borrows: the bytes come from text arrays
        match self.data_type {
            DataType::Utf8 if !is_large => collect!(StringBuilder::with_capacity(n, size), text),
            DataType::Utf8View => collect!(StringViewBuilder::with_capacity(n), text),
            DataType::Binary if !is_large => {
                collect!(BinaryBuilder::with_capacity(n, size), std::convert::identity)
            }
            DataType::BinaryView => {
                collect!(BinaryViewBuilder::with_capacity(n), std::convert::identity)
            }
            DataType::Binary | DataType::LargeBinary => {
                collect!(LargeBinaryBuilder::with_capacity(n, size), std::convert::identity)
            }
            _ => collect!(LargeStringBuilder::with_capacity(n, size), text),
        }
    }
}

/// The values of a text or binary array as bytes.
pub(super) enum Values<'a> {
    Text(&'a arrow::array::StringArray),
    LargeText(&'a arrow::array::LargeStringArray),
    TextView(&'a arrow::array::StringViewArray),
    Binary(&'a arrow::array::BinaryArray),
    LargeBinary(&'a arrow::array::LargeBinaryArray),
    BinaryView(&'a arrow::array::BinaryViewArray),
}

impl<'a> Values<'a> {
    pub(super) fn new(array: &'a dyn Array, side: Side) -> Result<Self, GraphError> {
        Ok(match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::LargeUtf8 => Self::LargeText(array.as_string()),
            DataType::Utf8View => Self::TextView(array.as_string_view()),
            DataType::Binary => Self::Binary(array.as_binary()),
            DataType::LargeBinary => Self::LargeBinary(array.as_binary()),
            DataType::BinaryView => Self::BinaryView(array.as_binary_view()),
            other => return Err(refuse(side, other)),
        })
    }

    pub(super) fn get(&self, row: usize) -> &'a [u8] {
        match self {
            Self::Text(array) => array.value(row).as_bytes(),
            Self::LargeText(array) => array.value(row).as_bytes(),
            Self::TextView(array) => array.value(row).as_bytes(),
            Self::Binary(array) => array.value(row),
            Self::LargeBinary(array) => array.value(row),
            Self::BinaryView(array) => array.value(row),
        }
    }
}
