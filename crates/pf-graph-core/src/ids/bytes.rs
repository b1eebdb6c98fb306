//! Text and binary ids: hashed in place, copied once per distinct id.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryViewBuilder, LargeBinaryArray, LargeStringArray,
    OffsetSizeTrait, StringArray,
};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::DataType;
use rayon::prelude::*;

use super::chunks::{Chunk, IdColumn};
use super::hash::Hasher;
use super::interner::{AHEAD, Distinct, Interner, Store, by_vertex};
use super::kind::plain;
use super::mapping::Mapping;
use super::values::Values;
use super::{Column, IdOrder, Mapped, refuse};
use crate::control::{CHUNK, Control};
use crate::par::split_mut;
use crate::prefetch::prefetch;
use crate::{GraphError, Side};

/// Maps the three columns, which are free of nulls and of one kind.
pub(super) fn map(
    columns: [Column; 3],
    order: IdOrder,
    control: &Control<'_>,
) -> Result<Mapped, GraphError> {
    let data_type = columns
        .iter()
        .find_map(|column| column.chunks.first())
        .map_or(DataType::Utf8, |chunk| plain(chunk.data_type()).clone());
    let [src, dst, vertices] = columns;
    let [vertices, src, dst] = [column(vertices)?, column(src)?, column(dst)?];
    let mut table = Interner::<BytesStore>::new(vertices.len() + 2 * src.len());
    let mapping = Mapping::new([&vertices, &src, &dst], &mut table, &control.part(0.0, 0.9))?;
    let mut ids = BytesIds::new(table.into_parts());
    control.check()?;
    let order = match order {
        IdOrder::Appearance if mapping.is_by_appearance() => None,
        IdOrder::Appearance => Some(mapping.by_appearance(control)?),
        IdOrder::Sorted => Some(ids.sorted(control)?),
    };
    mapping.finish(order.as_deref(), &control.part(0.9, 0.95))?;
    if let Some(order) = order {
        ids.places = order.into_par_iter().map(|index| ids.places[index as usize]).collect();
    }
    let ids = ids.into_array(&data_type)?;
    control.progress(1.0)?;
    Ok(Mapped { ids, src: src.into_indices(), dst: dst.into_indices() })
}

fn column(column: Column<'_>) -> Result<IdColumn<'_, Values<'_>>, GraphError> {
    let Column { side, chunks, .. } = column;
    let mut keys = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        keys.push(match chunk.as_any_dictionary_opt() {
            None => Chunk::Plain(Values::new(chunk, side)?),
            Some(coded) => Chunk::dictionary(chunk, Values::new(coded.values(), side)?),
        });
    }
    Ok(IdColumn::new(keys))
}

/// Distinct ids of one hash table, end to end.
#[derive(Default)]
struct BytesStore {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl BytesStore {
    #[inline]
    fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }
}

impl Store for BytesStore {
    type Key<'a> = &'a [u8];

    #[inline]
    fn hash(hasher: &Hasher, key: &[u8]) -> u64 {
        hasher.bytes(key)
    }

    #[inline]
    fn hash_of(&self, hasher: &Hasher, index: u32) -> u64 {
        hasher.bytes(self.get(index as usize))
    }

    #[inline]
    fn is_same(&self, index: u32, key: &[u8]) -> bool {
        is_equal(self.get(index as usize), key)
    }

    fn push(&mut self, key: &[u8]) {
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
    }

    fn reserve(&mut self, ids: usize) {
        let more = ids - self.ends.len();
        // As long as those so far.
        let mean = self.bytes.len().div_ceil(self.ends.len().max(1));
        self.bytes.reserve_exact(more * mean);
        self.ends.reserve_exact(more);
    }

    #[inline]
    fn prefetch_key(key: &[u8]) {
        prefetch(key, 0);
    }

    #[inline]
    fn prefetch(&self, index: u32) {
        prefetch(&self.ends, index as usize);
    }

    #[inline]
    fn prefetch_rest(&self, index: u32) {
        if let Some(&end) = self.ends.get(index as usize) {
            prefetch(&self.bytes, end.wrapping_sub(1));
        }
    }
}

/// Whether two ids are equal; most are too short for a call of `memcmp` to pay.
#[inline]
fn is_equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        // Both words may have bytes in common.
        8..=16 => {
            a.first_chunk::<8>() == b.first_chunk::<8>() && a.last_chunk::<8>() == b.last_chunk()
        }
        4..=7 => {
            a.first_chunk::<4>() == b.first_chunk::<4>() && a.last_chunk::<4>() == b.last_chunk()
        }
        _ => a == b,
    }
}

/// Distinct ids by vertex.
struct BytesIds {
    stores: Vec<BytesStore>,
    /// Table and local index there.
    places: Vec<u64>,
}

impl BytesIds {
    fn new(parts: Vec<Distinct<BytesStore>>) -> Self {
        let place =
            |table: usize, _: &BytesStore, local: usize| (table as u64) << 32 | local as u64;
        let places = by_vertex(&parts, place);
        Self { stores: parts.into_iter().map(|part| part.store).collect(), places }
    }

    #[inline]
    fn store(&self, place: u64) -> &BytesStore {
        &self.stores[(place >> 32) as usize]
    }

    #[inline]
    fn at(&self, place: u64) -> &[u8] {
        self.store(place).get(place as u32 as usize)
    }

    /// Bytes of some ids.
    fn size_of(&self, places: &[u64]) -> usize {
        let mut size = 0;
        for (at, &place) in places.iter().enumerate() {
            if let Some(&later) = places.get(at + 2 * AHEAD) {
                self.store(later).prefetch(later as u32);
            }
            size += self.at(place).len();
        }
        size
    }

    /// Indices in ascending order of the bytes.
    fn sorted(&self, control: &Control<'_>) -> Result<Vec<u32>, GraphError> {
        // The first bytes that are not those of all decide most comparisons without a look at ids.
        let first = self.places.first().map_or(&[][..], |&place| self.at(place));
        let common = self.places.par_iter().map(|&place| common_start(first, self.at(place)));
        let common = common.reduce(|| first.len(), usize::min);
        let start = |id: &[u8]| {
            let id = id.get(common..).unwrap_or_default();
            let mut start = [0; 8];
            let len = id.len().min(8);
            start[..len].copy_from_slice(&id[..len]);
            u64::from_be_bytes(start)
        };
        let starts = self.places.par_iter().map(|&place| start(self.at(place)));
        let mut order: Vec<(u64, u32)> = starts.zip(0..self.places.len() as u32).collect();
        let id = |index: u32| self.at(self.places[index as usize]);
        order.par_sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| id(a.1).cmp(id(b.1))));
        control.check()?;
        Ok(order.into_par_iter().map(|(_, index)| index).collect())
    }

    /// The ids by vertex; more than 2 GiB of them take the large form of their type.
    fn into_array(self, data_type: &DataType) -> Result<ArrayRef, GraphError> {
        let size: usize = self.stores.iter().map(|store| store.bytes.len()).sum();
        let is_large = i32::try_from(size).is_err();
        let refused = |_| refuse(Side::Src, data_type);
        let ids = self.places.iter().map(|&place| self.at(place));
        Ok(match data_type {
            DataType::Utf8View => {
                let mut builder = BinaryViewBuilder::with_capacity(self.places.len());
                ids.for_each(|id| builder.append_value(id));
                Arc::new(builder.finish().to_string_view().map_err(refused)?)
            }
            DataType::BinaryView => {
                let mut builder = BinaryViewBuilder::with_capacity(self.places.len());
                ids.for_each(|id| builder.append_value(id));
                Arc::new(builder.finish())
            }
            DataType::Utf8 if !is_large => {
                let (offsets, values) = self.end_to_end(size);
                Arc::new(StringArray::try_new(offsets, values, None).map_err(refused)?)
            }
            DataType::Binary if !is_large => {
                let (offsets, values) = self.end_to_end(size);
                Arc::new(BinaryArray::try_new(offsets, values, None).map_err(refused)?)
            }
            DataType::Binary | DataType::LargeBinary => {
                let (offsets, values) = self.end_to_end(size);
                Arc::new(LargeBinaryArray::try_new(offsets, values, None).map_err(refused)?)
            }
            _ => {
                let (offsets, values) = self.end_to_end(size);
                Arc::new(LargeStringArray::try_new(offsets, values, None).map_err(refused)?)
            }
        })
    }

    /// Offsets and bytes of all ids, of `size` bytes together.
    fn end_to_end<O: OffsetSizeTrait>(&self, size: usize) -> (OffsetBuffer<O>, Buffer) {
        let sizes: Vec<usize> = self.places.par_chunks(CHUNK).map(|at| self.size_of(at)).collect();
        let mut bytes = vec![0; size];
        let mut offsets = vec![O::default(); self.places.len() + 1];
        let mut start = 0;
        split_mut(&mut bytes, sizes.iter().copied())
            .into_iter()
            .zip(offsets[1..].chunks_mut(CHUNK))
            .zip(self.places.chunks(CHUNK))
            .map(|((bytes, offsets), places)| {
                start += bytes.len();
                (start - bytes.len(), bytes, offsets, places)
            })
            .collect::<Vec<_>>()
            .into_par_iter()
            .for_each(|(mut end, mut bytes, offsets, places)| {
                for (at, (offset, &place)) in offsets.iter_mut().zip(places).enumerate() {
                    if let Some(&later) = places.get(at + 2 * AHEAD) {
                        self.store(later).prefetch(later as u32);
                    }
                    if let Some(&later) = places.get(at + AHEAD) {
                        self.store(later).prefetch_rest(later as u32);
                    }
                    let id = self.at(place);
                    let (to, rest) = std::mem::take(&mut bytes).split_at_mut(id.len());
                    to.copy_from_slice(id);
                    bytes = rest;
                    end += id.len();
                    *offset = O::usize_as(end);
                }
            });
        (OffsetBuffer::new(offsets.into()), bytes.into())
    }
}

/// How many bytes two ids have in common before they differ.
fn common_start(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_and_the_length_count() {
        for len in 0..40 {
            let id = vec![7; len];
            assert!(is_equal(&id, &id.clone()));
            assert!(!is_equal(&id, &vec![7; len + 1]));
            for place in 0..len {
                let mut other = id.clone();
                other[place] = 8;
                assert!(!is_equal(&id, &other), "{place} of {len}");
                assert_eq!(common_start(&id, &other), place);
            }
        }
    }
}
