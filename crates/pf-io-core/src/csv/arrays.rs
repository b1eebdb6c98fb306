//! Values to Arrow arrays.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayData, ArrayRef, BooleanArray, DictionaryArray, Int32Array, LargeBinaryArray,
    LargeStringArray, NullArray, make_array,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::parse::text::Texts;

/// An array of a type of fixed width.
pub fn fixed(
    data_type: &DataType,
    rows: usize,
    values: Buffer,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    let data = ArrayData::builder(data_type.clone())
        .len(rows)
        .add_buffer(values)
        .nulls(nulls)
        .align_buffers(true)
        .build()?;
    Ok(make_array(data))
}

/// An array of bools.
pub fn bools(bits: BooleanBuffer, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
    if nulls.as_ref().is_some_and(|nulls| nulls.len() != bits.len()) {
        return Err(wrong("as many nulls as values"));
    }
    Ok(Arc::new(BooleanArray::new(bits, nulls)))
}

/// An array of nothing but nulls.
pub fn nulls(data_type: &DataType, rows: usize) -> ArrayRef {
    if *data_type == DataType::Null {
        return Arc::new(NullArray::new(rows));
    }
    arrow::array::new_null_array(data_type, rows)
}

/// An array of any type of text or bytes. Text that is not UTF-8 is an error.
pub fn texts(
    data_type: &DataType,
    texts: Texts,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    let rows = texts.offsets().len().saturating_sub(1);
    if nulls.as_ref().is_some_and(|nulls| nulls.len() != rows) {
        return Err(wrong("as many nulls as texts"));
    }
    let binary =
        matches!(data_type, DataType::Binary | DataType::LargeBinary | DataType::BinaryView);
    if !binary && !texts.are_utf8() {
        return Err(wrong("UTF-8"));
    }
    let (offsets, bytes) = texts.into_parts();
    // SAFETY: texts have offsets that ascend within the bytes.
    let array: ArrayRef = unsafe {
        let offsets = OffsetBuffer::new_unchecked(offsets);
        if binary {
            Arc::new(LargeBinaryArray::new_unchecked(offsets, bytes, nulls))
        } else {
            // Each text is UTF-8.
            Arc::new(LargeStringArray::new_unchecked(offsets, bytes, nulls))
        }
    };
    if array.data_type() == data_type { Ok(array) } else { cast(&array, data_type) }
}

/// Texts of consecutive pieces as keys into one dictionary, its texts in the order in which they
/// are first seen, hence the same for any pieces.
pub fn dictionaries<'a>(
    value_type: &DataType,
    pieces: impl IntoIterator<Item = (&'a Texts, Option<&'a NullBuffer>)>,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let mut known: HashMap<&[u8], i32> = HashMap::new();
    let mut all = (vec![0], Vec::new());
    let mut keys = Vec::new();
    for (piece, nulls) in pieces {
        let rows = piece.offsets().len().saturating_sub(1);
        let mut codes = Vec::with_capacity(rows);
        for (row, ends) in piece.offsets().windows(2).enumerate() {
            if nulls.is_some_and(|nulls| row < nulls.len() && nulls.is_null(row)) {
                codes.push(0);
                continue;
            }
            let text = piece.bytes().get(ends[0] as usize..ends[1] as usize).unwrap_or(&[]);
            let next = known.len();
            let code = if let Some(code) = known.get(text) {
                *code
            } else {
                let code = i32::try_from(next).map_err(|_| wrong("at most 2^31 categories"))?;
                known.insert(text, code);
                all.1.extend_from_slice(text);
                all.0.push(all.1.len() as i64);
                code
            };
            codes.push(code);
        }
        keys.push((codes, nulls.cloned()));
    }
    let all = Texts::new(all.0, all.1).ok_or_else(|| wrong("texts within their bytes"))?;
    let values = texts(value_type, all, None)?;
    keys.into_iter()
        .map(|(codes, nulls)| {
            let keys = Int32Array::try_new(ScalarBuffer::from(codes), nulls)?;
            Ok(Arc::new(DictionaryArray::try_new(keys, Arc::clone(&values))?) as ArrayRef)
        })
        .collect()
}

fn wrong(expected: &str) -> ArrowError {
    ArrowError::CsvError(format!("expected {expected}"))
}
