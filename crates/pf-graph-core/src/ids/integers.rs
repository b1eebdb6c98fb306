//! Integer ids, and dates and booleans as the integers behind them.
//!
//! Ids become 64-bit keys whose unsigned order is the order of the ids. If the keys span at most
//! four per row, a table over the span finds an index by position, else a hash table does.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};

use super::kind::{Kind, differ, plain};
use super::slots::{Slots, next_index};
use super::{Column, Distinct, Provisional, refuse};
use crate::control::{CHUNK, Control};
use crate::{GraphError, NO_VERTEX, Side};

/// Sign bit: flipping it turns the order of `i64` into that of `u64`.
const SIGN: u64 = 1 << 63;
/// Widest span of keys per row for which a direct table is used.
const SPAN_PER_ROW: usize = 4;
/// Spans up to here always get a direct table.
const SMALL_SPAN: usize = 1 << 16;

/// Distinct keys by provisional index.
pub(super) struct IntegerIds {
    pub(super) keys: Vec<u64>,
    flip: u64,
    data_type: DataType,
}

/// Sign-extended to 64 bits; the type of the ids tells what the top bit means.
fn key_of(value: impl Into<i128>, flip: u64) -> u64 {
    value.into() as u64 ^ flip
}

/// Runs `$body` with `$values` bound to the native slice of an integer array.
macro_rules! with_values {
    ($array:expr, $values:ident => $body:expr, else $other:expr) => {
        with_values!(@match $array, $values, $body, $other,
            Int8: Int8Type, Int16: Int16Type, Int32: Int32Type, Int64: Int64Type,
            UInt8: UInt8Type, UInt16: UInt16Type, UInt32: UInt32Type, UInt64: UInt64Type)
    };
    (@match $array:expr, $values:ident, $body:expr, $other:expr, $($name:ident: $native:ty),*) => {
        match $array.data_type() {
            $(DataType::$name => {
                let $values = $array.as_primitive::<$native>().values();
                $body
            })*
            _ => $other,
        }
    };
}
pub(super) use with_values;

/// Maps the three columns, which are free of nulls and of the one `kind`.
pub(super) fn map(
    kind: Kind,
    vertices: Column,
    src: Column,
    dst: Column,
    control: &Control<'_>,
) -> Result<Provisional, GraphError> {
    let data_type = output_type(kind, [&src, &dst, &vertices])?;
    let flip = if data_type == DataType::UInt64 { 0 } else { SIGN };

    let [vertices, src, dst] = [vertices, src, dst].map(|column| native_chunks(kind, column));
    let (vertices, src, dst) = (vertices?, src?, dst?);
    let (mut low, mut high, mut rows) = (u64::MAX, 0, 0);
    for chunk in vertices.iter().chain(&src).chain(&dst) {
        rows += chunk.len();
        with_values!(chunk, values => for &value in values {
            let key = key_of(value, flip);
            low = low.min(key);
            high = high.max(key);
        }, else return Err(refuse(Side::Src, chunk.data_type())));
    }
    let span = high.saturating_sub(low);
    let mut table = if span < (SPAN_PER_ROW * rows).max(SMALL_SPAN) as u64 {
        Table::Direct { low, index: vec![NO_VERTEX; span as usize + 1] }
    } else {
        Table::Hashed(Slots::new())
    };
    let mut keys = Vec::new();
    let mut read = |chunks: &[ArrayRef]| table.read(chunks, flip, &mut keys, control);
    let (vertices, src, dst) = (read(&vertices)?, read(&src)?, read(&dst)?);
    let distinct = Distinct::Integers(IntegerIds { keys, flip, data_type });
    Ok(Provisional { vertices, src, dst, distinct })
}

/// Finds the provisional index of a key.
enum Table {
    Direct { low: u64, index: Vec<u32> },
    Hashed(Slots),
}

impl Table {
    fn read(
        &mut self,
        chunks: &[ArrayRef],
        flip: u64,
        keys: &mut Vec<u64>,
        control: &Control<'_>,
    ) -> Result<Vec<u32>, GraphError> {
        let mut indices = Vec::with_capacity(chunks.iter().map(Array::len).sum());
        for chunk in chunks {
            with_values!(chunk, values => for values in values.chunks(CHUNK) {
                control.check()?;
                let read = values.iter().map(|&value| key_of(value, flip));
                self.read_keys(read, keys, &mut indices)?;
            }, else return Err(refuse(Side::Src, chunk.data_type())));
        }
        Ok(indices)
    }

    fn read_keys(
        &mut self,
        read: impl Iterator<Item = u64>,
        keys: &mut Vec<u64>,
        indices: &mut Vec<u32>,
    ) -> Result<(), GraphError> {
        match self {
            Self::Direct { low, index } => {
                for key in read {
                    let slot = &mut index[(key - *low) as usize];
                    if *slot == NO_VERTEX {
                        *slot = next_index(keys.len())?;
                        keys.push(key);
                    }
                    indices.push(*slot);
                }
            }
            Self::Hashed(slots) => {
                for key in read {
                    let hash = slots.hash_integer(key);
                    let (index, is_new) = slots.index_of(hash, |i| keys[i as usize] == key)?;
                    if is_new {
                        keys.push(key);
                    }
                    indices.push(index);
                }
            }
        }
        Ok(())
    }
}

impl IntegerIds {
    pub(super) fn into_array(self, order: &[u32]) -> Result<ArrayRef, GraphError> {
        let keys = order.iter().map(|&i| self.keys[i as usize] ^ self.flip);
        let wide: ArrayRef = if self.data_type == DataType::UInt64 {
            Arc::new(UInt64Array::from_iter_values(keys))
        } else {
            Arc::new(Int64Array::from_iter_values(keys.map(|key| key as i64)))
        };
        let narrow = match self.data_type {
            DataType::Date32 => cast(&wide, &DataType::Int32),
            _ => Ok(wide),
        };
        narrow
            .and_then(|ids| cast(&ids, &self.data_type))
            .map_err(|_| refuse(Side::Src, &self.data_type))
    }
}

/// Chunks as plain integer arrays.
fn native_chunks(kind: Kind, column: Column) -> Result<Vec<ArrayRef>, GraphError> {
    let native = |chunk: &ArrayRef| {
        let values = plain(chunk.data_type());
        let refused = |_| refuse(column.side, chunk.data_type());
        let array = cast(chunk, values).map_err(refused)?; // decodes a dictionary
        match kind {
            Kind::Date => cast(&array, &DataType::Int32).map_err(refused),
            Kind::Boolean => cast(&array, &DataType::UInt8).map_err(refused),
            _ => Ok(array),
        }
    };
    column.chunks.iter().map(native).collect()
}

/// The type of the ids: one that holds all columns.
///
/// A mix with `uint64` is `int64` unless an id is too large for that, and then `uint64`.
fn output_type(kind: Kind, columns: [&Column; 3]) -> Result<DataType, GraphError> {
    match kind {
        Kind::Date => return Ok(DataType::Date32),
        Kind::Boolean => return Ok(DataType::Boolean),
        _ => {}
    }
    let mut common: Option<DataType> = None;
    let (mut negative, mut large) = (None, None);
    for column in columns {
        for chunk in column.chunks {
            let found = plain(chunk.data_type());
            common = Some(common.map_or_else(|| found.clone(), |common| widen(&common, found)));
        }
    }
    let common = common.unwrap_or(DataType::Int64);
    let mixed = common == DataType::Int64
        && columns.iter().any(|column| {
            column.chunks.iter().any(|chunk| plain(chunk.data_type()) == &DataType::UInt64)
        });
    if !mixed {
        return Ok(common);
    }
    for column in columns {
        for chunk in native_chunks(kind, *column)? {
            let data_type = chunk.data_type().clone();
            with_values!(chunk, values => {
                if data_type == DataType::UInt64 {
                    if values.iter().any(|&value| i128::from(value) > i128::from(i64::MAX)) {
                        large = large.or(Some((column, data_type)));
                    }
                } else if values.iter().any(|&value| i128::from(value) < 0) {
                    negative = negative.or(Some((column, data_type)));
                }
            }, else return Err(refuse(column.side, &data_type)));
        }
    }
    match (negative, large) {
        (Some((left, left_type)), Some((right, right_type))) => {
            Err(differ((left, &left_type), (right, &right_type)))
        }
        (_, Some(_)) => Ok(DataType::UInt64),
        _ => Ok(DataType::Int64),
    }
}

/// The smaller type that holds both, `int64` if none does.
fn widen(a: &DataType, b: &DataType) -> DataType {
    let width = |t: &DataType| t.primitive_width().unwrap_or(8);
    if a.is_signed_integer() == b.is_signed_integer() {
        return if width(a) >= width(b) { a.clone() } else { b.clone() };
    }
    let (signed, unsigned) = if a.is_signed_integer() { (a, b) } else { (b, a) };
    if width(signed) > width(unsigned) { signed.clone() } else { DataType::Int64 }
}
