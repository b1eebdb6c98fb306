//! Bloom filters of column chunks: values that are certainly not there.
//!
//! Split block bloom filters as in the Parquet format's BloomFilter.md. Only the block of 32 bytes
//! that a value falls into is read, so the size a header claims costs nothing.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use parquet::basic::Type;
use parquet::file::metadata::ColumnChunkMetaData;
use xxhash_rust::xxh64::xxh64;

use super::flat::{self, Shape, Width};
use super::thrift::{I32, STRUCT, Step, Thrift};
use crate::source::Source;

/// A header takes about 20 bytes.
const HEADER: u64 = 64;
/// The format's limit is 128 MiB.
const MAX_BYTES: u32 = 128 << 20;
const BLOCK: u64 = 32;
/// Odd constants that pick a bit of each word of a block, from BloomFilter.md.
const SALT: [u32; 8] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// Whether the one value of `value`, in the column's own type, is not in the chunk; `None` if that
/// cannot be told.
pub(super) fn lacks(
    source: &Source,
    chunk: &ColumnChunkMetaData,
    value: &ArrayRef,
) -> Option<bool> {
    let start = u64::try_from(chunk.bloom_filter_offset()?).ok()?;
    let hash = xxh64(&plain(chunk, value)?, 0);
    let mut head = [0; HEADER as usize];
    let length = source.size().checked_sub(start)?.min(HEADER) as usize;
    let head = head.get_mut(..length)?;
    source.read_exact_at(start, head).ok()?;
    let (bytes, header) = header(head).ok()?;
    if bytes == 0 || bytes > MAX_BYTES || u64::from(bytes) % BLOCK != 0 {
        return None;
    }
    let blocks = u64::from(bytes) / BLOCK;
    let block = ((hash >> 32) * blocks) >> 32;
    let at = start + header as u64 + block * BLOCK;
    let mut words = [0; BLOCK as usize];
    if at + BLOCK > source.size() {
        return None;
    }
    source.read_exact_at(at, &mut words).ok()?;
    let (words, _) = words.as_chunks::<4>();
    let key = hash as u32;
    Some(words.iter().zip(SALT).any(|(word, salt)| {
        let bit = 1_u32 << (key.wrapping_mul(salt) >> 27);
        u32::from_le_bytes(*word) & bit == 0
    }))
}

/// The size of the filter and of its header; 0 for one of another kind.
fn header(data: &[u8]) -> Step<(u32, usize)> {
    let mut thrift = Thrift::new(data, 0);
    let (mut last, mut bytes, mut known) = (0, 0, 0);
    while let Some((id, kind)) = thrift.field(&mut last)? {
        match (id, kind) {
            (1, I32) => bytes = thrift.size()?,
            // Unions of algorithm, hash and compression; the first of each is the one there is.
            (2..=4, STRUCT) => {
                let mut of = 0;
                while let Some((id, kind)) = thrift.field(&mut of)? {
                    known += i32::from(id == 1);
                    thrift.skip(kind)?;
                }
            }
            (_, kind) => thrift.skip(kind)?,
        }
    }
    Ok((if known == 3 { bytes } else { 0 }, thrift.pos()))
}

/// The bytes that are hashed: the value's `PLAIN` encoding without a length.
fn plain(chunk: &ColumnChunkMetaData, value: &ArrayRef) -> Option<Vec<u8>> {
    let data_type = value.data_type();
    match flat::shape(chunk.column_descr(), data_type)? {
        Shape::Text { utf8: true } => Some(value.as_string_opt::<i64>()?.value(0).into()),
        Shape::Text { utf8: false } => Some(value.as_binary_opt::<i64>()?.value(0).into()),
        Shape::Fixed(width) => {
            // Both zeros are one value, and so are all NaN, but not to a hash.
            let odd = match data_type {
                DataType::Float64 => {
                    let value = value.as_primitive::<Float64Type>().value(0);
                    value == 0.0 || value.is_nan()
                }
                DataType::Float32 => {
                    let value = value.as_primitive::<Float32Type>().value(0);
                    value == 0.0 || value.is_nan()
                }
                _ => false,
            };
            if odd {
                return None;
            }
            let data = value.to_data();
            let at = data.offset() * width.bytes();
            let bytes = data.buffers().first()?.get(at..at + width.bytes())?;
            match width {
                Width::Four | Width::Eight | Width::Bytes(_) => Some(bytes.to_vec()),
                // Stored as 32 bits, with the sign of the number.
                Width::FourToOne | Width::FourToTwo if chunk.column_type() == Type::INT32 => {
                    let signed = data_type.is_signed_integer();
                    let fill = if signed && bytes.last()? & 0x80 != 0 { 0xff } else { 0 };
                    let mut word = [fill; 4];
                    word[..bytes.len()].copy_from_slice(bytes);
                    Some(word.to_vec())
                }
                _ => None,
            }
        }
        _ => None,
    }
}
