//! The rows of text and binary arrays as bytes.

use std::ops::Range;

use arrow::array::{
    Array, AsArray, BinaryArray, BinaryViewArray, GenericByteArray, LargeBinaryArray,
    LargeStringArray, StringArray, StringViewArray,
};
use arrow::datatypes::{ArrowNativeType, ByteArrayType, DataType};

use super::chunks::Keys;
use super::refuse;
use crate::{GraphError, Side};

/// The values of a text or binary array as bytes.
pub(super) enum Values<'a> {
    Text(&'a StringArray),
    LargeText(&'a LargeStringArray),
    TextView(&'a StringViewArray),
    Binary(&'a BinaryArray),
    LargeBinary(&'a LargeBinaryArray),
    BinaryView(&'a BinaryViewArray),
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
}

impl<'a> Keys for Values<'a> {
    type Key = &'a [u8];

    fn len(&self) -> usize {
        match self {
            Self::Text(array) => array.len(),
            Self::LargeText(array) => array.len(),
            Self::TextView(array) => array.len(),
            Self::Binary(array) => array.len(),
            Self::LargeBinary(array) => array.len(),
            Self::BinaryView(array) => array.len(),
        }
    }

    #[inline]
    fn get(&self, row: usize) -> &'a [u8] {
        match self {
            Self::Text(array) => array.value(row).as_bytes(),
            Self::LargeText(array) => array.value(row).as_bytes(),
            Self::TextView(array) => array.value(row).as_bytes(),
            Self::Binary(array) => array.value(row),
            Self::LargeBinary(array) => array.value(row),
            Self::BinaryView(array) => array.value(row),
        }
    }

    #[inline]
    fn visit(&self, rows: Range<usize>, mut f: impl FnMut(usize, &'a [u8])) {
        match self {
            Self::Text(array) => visit(array, rows, f),
            Self::LargeText(array) => visit(array, rows, f),
            Self::Binary(array) => visit(array, rows, f),
            Self::LargeBinary(array) => visit(array, rows, f),
            Self::TextView(array) => rows.for_each(|row| f(row, array.value(row).as_bytes())),
            Self::BinaryView(array) => rows.for_each(|row| f(row, array.value(row))),
        }
    }
}

#[inline]
fn visit<'a, T: ByteArrayType>(
    array: &'a GenericByteArray<T>,
    rows: Range<usize>,
    mut f: impl FnMut(usize, &'a [u8]),
) {
    let bytes = array.value_data();
    for (row, ends) in rows.clone().zip(array.value_offsets()[rows.start..=rows.end].windows(2)) {
        f(row, &bytes[ends[0].as_usize()..ends[1].as_usize()]);
    }
}
