//! Integer ids, and dates and booleans as the integers behind them.
//!
//! Ids become 64-bit keys whose unsigned order is the order of the ids. If the keys span at most
//! four per edge, a table over the span finds an index by position, else a hash table does.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{AnyDictionaryArray, Array, ArrayRef, AsArray, Int64Array, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};

use rayon::prelude::*;

use super::chunks::{Chunk, IdColumn, Keys};
use super::direct::{Direct, MAX_SPAN};
use super::hash::Hasher;
use super::interner::{Interner, Store, by_vertex};
use super::kind::{Kind, differ, plain};
use super::mapping::Mapping;
use super::{Column, IdOrder, Mapped, refuse};
use crate::control::{CHUNK, Control};
use crate::prefetch::prefetch;
use crate::{GraphError, Side};

/// Sign bit: flipping it turns the order of `i64` into that of `u64`.
const SIGN: u64 = 1 << 63;
/// Widest span of keys per edge for which a direct table is used.
const SPAN_PER_ROW: usize = 4;
/// Spans up to here always get a direct table.
const SMALL_SPAN: usize = 1 << 16;

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
    columns: [Column; 3],
    order: IdOrder,
    control: &Control<'_>,
) -> Result<Mapped, GraphError> {
    let [src, dst, vertices] = columns;
    let data_type = output_type(kind, [&src, &dst, &vertices])?;
    let flip = if data_type == DataType::UInt64 { 0 } else { SIGN };
    let native =
        [native_chunks(kind, vertices)?, native_chunks(kind, src)?, native_chunks(kind, dst)?];
    let (low, high) = bounds(native.iter().flatten(), flip, control)?;
    let span = high.saturating_sub(low);
    let [vertices, src, dst] = native.each_ref().map(|chunks| {
        let keys = |array| IntegerKeys { array, flip };
        IdColumn::new(
            chunks
                .iter()
                .map(|chunk| match &chunk.codes {
                    Some(codes) => Chunk::dictionary(codes, keys(&chunk.values)),
                    None => Chunk::Plain(keys(&chunk.values)),
                })
                .collect(),
        )
    });
    let rows = src.len() + vertices.len();
    let part = control.part(0.0, 0.95);
    let columns = [&vertices, &src, &dst];
    let (mapping, keys) =
        if span < MAX_SPAN && span as usize <= (SPAN_PER_ROW * rows).max(SMALL_SPAN) {
            let mut table = Direct::new(low, span);
            (Mapping::new(columns, &mut table, &part)?, table.keys)
        } else {
            let mut table = Interner::<IntegerStore>::new(rows + dst.len());
            let mapping = Mapping::new(columns, &mut table, &part)?;
            let key = |_, store: &IntegerStore, local: usize| store.0[local];
            (mapping, by_vertex(&table.into_parts(), key))
        };
    let order = match order {
        IdOrder::Appearance if mapping.is_by_appearance() => None,
        IdOrder::Appearance => Some(mapping.by_appearance(control)?),
        IdOrder::Sorted => Some(sorted(&keys, control)?),
    };
    mapping.finish(order.as_deref(), &control.part(0.95, 1.0))?;
    let ids = into_array(keys, order.as_deref(), flip, &data_type)?;
    Ok(Mapped { ids, src: src.into_indices(), dst: dst.into_indices() })
}

/// The smallest and the largest key; the former is above the latter if there are none.
fn bounds<'a>(
    chunks: impl Iterator<Item = &'a NativeChunk>,
    flip: u64,
    control: &Control<'_>,
) -> Result<(u64, u64), GraphError> {
    let (mut low, mut high) = (u64::MAX, 0);
    for chunk in chunks {
        control.check()?;
        with_values!(chunk.values, values => {
            let runs = values.par_chunks(CHUNK).map(|values| {
                let first = values[0];
                let least = values.iter().fold(first, |least, &value| least.min(value));
                let most = values.iter().fold(first, |most, &value| most.max(value));
                (key_of(least, flip), key_of(most, flip))
            });
            let found = runs.reduce(|| (low, high), |a, b| (a.0.min(b.0), a.1.max(b.1)));
            (low, high) = found;
        }, else return Err(refuse(Side::Src, chunk.values.data_type())));
    }
    Ok((low, high))
}

/// A chunk of integers, or of codes of integers.
struct NativeChunk {
    codes: Option<ArrayRef>,
    values: ArrayRef,
}

struct IntegerKeys<'a> {
    array: &'a ArrayRef,
    flip: u64,
}

impl Keys for IntegerKeys<'_> {
    type Key = u64;

    fn len(&self) -> usize {
        self.array.len()
    }

    #[inline]
    fn get(&self, row: usize) -> u64 {
        // `native_chunks` makes no other arrays than these.
        with_values!(self.array, values => key_of(values[row], self.flip), else 0)
    }

    #[inline]
    fn visit(&self, rows: Range<usize>, mut f: impl FnMut(usize, u64)) {
        with_values!(self.array, values => {
            for (row, &value) in rows.clone().zip(&values[rows]) {
                f(row, key_of(value, self.flip));
            }
        }, else {});
    }
}

/// Distinct keys of one hash table.
#[derive(Default)]
struct IntegerStore(Vec<u64>);

impl Store for IntegerStore {
    type Key<'a> = u64;

    #[inline]
    fn hash(hasher: &Hasher, key: u64) -> u64 {
        hasher.integer(key)
    }

    #[inline]
    fn hash_of(&self, hasher: &Hasher, index: u32) -> u64 {
        hasher.integer(self.0[index as usize])
    }

    #[inline]
    fn is_same(&self, index: u32, key: u64) -> bool {
        self.0[index as usize] == key
    }

    fn push(&mut self, key: u64) {
        self.0.push(key);
    }

    fn reserve(&mut self, ids: usize) {
        self.0.reserve_exact(ids - self.0.len());
    }

    #[inline]
    fn prefetch_key(_: u64) {}

    #[inline]
    fn prefetch(&self, index: u32) {
        prefetch(&self.0, index as usize);
    }

    #[inline]
    fn prefetch_rest(&self, _: u32) {}
}

/// Indices of keys in ascending order.
fn sorted(keys: &[u64], control: &Control<'_>) -> Result<Vec<u32>, GraphError> {
    let mut order: Vec<(u64, u32)> = keys.par_iter().copied().zip(0..keys.len() as u32).collect();
    order.par_sort_unstable();
    control.check()?;
    Ok(order.into_par_iter().map(|(_, index)| index).collect())
}

/// The ids, in the given order if there is one.
fn into_array(
    keys: Vec<u64>,
    order: Option<&[u32]>,
    flip: u64,
    data_type: &DataType,
) -> Result<ArrayRef, GraphError> {
    let keys: Vec<u64> = match order {
        Some(order) => order.par_iter().map(|&i| keys[i as usize] ^ flip).collect(),
        None => keys.into_iter().map(|key| key ^ flip).collect(), // in place
    };
    let wide: ArrayRef = if *data_type == DataType::UInt64 {
        Arc::new(UInt64Array::from(keys))
    } else {
        Arc::new(Int64Array::from_iter_values(keys.into_iter().map(|key| key as i64)))
    };
    let narrow = match data_type {
        DataType::Date32 => cast(&wide, &DataType::Int32),
        _ => Ok(wide),
    };
    narrow.and_then(|ids| cast(&ids, data_type)).map_err(|_| refuse(Side::Src, data_type))
}

/// Chunks as integer arrays, or codes of such.
fn native_chunks(kind: Kind, column: Column) -> Result<Vec<NativeChunk>, GraphError> {
    let native = |chunk: &ArrayRef| {
        let refused = |_| refuse(column.side, chunk.data_type());
        let coded = chunk.as_any_dictionary_opt().map(AnyDictionaryArray::values);
        let array = cast(coded.unwrap_or(chunk), plain(chunk.data_type())).map_err(refused)?;
        let values = match kind {
            Kind::Date => cast(&array, &DataType::Int32).map_err(refused)?,
            Kind::Boolean => cast(&array, &DataType::UInt8).map_err(refused)?,
            _ => array,
        };
        Ok(NativeChunk { codes: coded.map(|_| Arc::clone(chunk)), values })
    };
    column.chunks.par_iter().map(native).collect()
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
            let data_type = chunk.values.data_type().clone();
            with_values!(chunk.values, values => {
                if data_type == DataType::UInt64 {
                    if values.par_iter().any(|&value| i128::from(value) > i128::from(i64::MAX)) {
                        large = large.or(Some((column, data_type)));
                    }
                } else if values.par_iter().any(|&value| i128::from(value) < 0) {
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
