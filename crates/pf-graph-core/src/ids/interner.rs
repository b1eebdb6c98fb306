//! Distinct ids through hash tables that belong to one thread at a time.
//!
//! The top bits of an id's hash say which of up to 256 tables it belongs to. A batch of ids is
//! dealt out to the tables piece by piece, then each table looks its ids up, in the cache and
//! without locks. New ids are numbered after each batch by the first place they have there, so
//! indices follow the order of the rows, whatever the hash and the number of threads.
//! O(1) per id; per distinct id about 14 bytes and the id itself.
//!
//! What a lookup waits for is memory: first the slots of its hash, then what the store has of the
//! id found there. Both are asked for some ids ahead, step by step, so that many waits overlap;
//! a chain of lookups, each with a branch that is hard to predict, does not allow that by itself.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

use super::Table;
use super::chunks::Batch;
use super::hash::Hasher;
use super::slots::{Slots, next_index};
use crate::GraphError;
use crate::control::Control;
use crate::prefetch::prefetch;

/// Most tables: as many as one core can write to at the same time.
const MAX_PARTS: usize = 1 << 8;
/// Ids for which a table of their own pays.
const IDS_PER_PART: usize = 1 << 14;

/// Ids between two steps of a lookup.
pub(super) const AHEAD: usize = 8;
/// Steps before the lookup itself.
const STEPS: usize = 3;
/// Room for what the lookups under way have found.
const UNDER_WAY: usize = (AHEAD * STEPS).next_power_of_two();

/// The distinct ids of one table, by local index.
pub(super) trait Store: Default + Send + Sync {
    type Key<'a>: Copy + Send + Sync;

    fn hash(hasher: &Hasher, key: Self::Key<'_>) -> u64;
    /// The hash of the id at an index.
    fn hash_of(&self, hasher: &Hasher, index: u32) -> u64;
    fn is_same(&self, index: u32, key: Self::Key<'_>) -> bool;
    fn push(&mut self, key: Self::Key<'_>);
    /// Makes room for so many ids in all.
    fn reserve(&mut self, ids: usize);
    /// Has what a key points to fetched.
    fn prefetch_key(key: Self::Key<'_>);
    /// Has the id at an index fetched, or what says where it is.
    fn prefetch(&self, index: u32);
    /// Has the rest of the id at an index fetched.
    fn prefetch_rest(&self, index: u32);
}

/// An id on its way to its table.
struct Entry<K> {
    key: K,
    place: u32,
    /// Low bits of the hash, then the local index.
    hash: u32,
}

struct Part<S> {
    slots: Slots,
    ids: Distinct<S>,
    /// First place of each id that is new in this batch.
    firsts: Vec<u32>,
}

/// The ids of one table.
#[derive(Default)]
pub(super) struct Distinct<S> {
    pub(super) store: S,
    /// Vertex of each local index.
    vertices: Vec<u32>,
    /// Number of ids after each batch.
    ends: Vec<usize>,
}

type Lists<K> = Vec<Vec<Entry<K>>>;

/// All tables, and room for a batch that is used again for the next.
pub(super) struct Interner<'a, S: Store> {
    hasher: Hasher,
    parts: Vec<Part<S>>,
    len: usize,
    /// Per table, per piece.
    lists: Vec<Lists<S::Key<'a>>>,
    /// Places of the new ids of a batch.
    places: Vec<AtomicU64>,
}

impl<S: Store> Interner<'_, S> {
    /// For at most so many ids, repeated ones counted again.
    pub(super) fn new(ids: usize) -> Self {
        let parts = (ids / IDS_PER_PART).next_power_of_two().clamp(1, MAX_PARTS);
        let part = |_| Part { slots: Slots::new(), ids: Distinct::default(), firsts: Vec::new() };
        Self {
            hasher: Hasher::new(),
            parts: (0..parts).map(part).collect(),
            len: 0,
            lists: (0..parts).map(|_| Vec::new()).collect(),
            places: Vec::new(),
        }
    }

    /// The distinct ids of each table.
    pub(super) fn into_parts(self) -> Vec<Distinct<S>> {
        self.parts.into_iter().map(|part| part.ids).collect()
    }
}

impl<'a, S: Store> Table<S::Key<'a>> for Interner<'a, S> {
    fn len(&self) -> usize {
        self.len
    }

    fn read(
        &mut self,
        batch: &impl Batch<Key = S::Key<'a>>,
        control: &Control<'_>,
    ) -> Result<(), GraphError> {
        self.deal(batch, control)?;
        let hasher = &self.hasher;
        let parts = self.parts.par_iter_mut().zip(&mut self.lists);
        parts.try_for_each(|(part, lists)| {
            control.check()?;
            lists.iter_mut().try_for_each(|entries| part.look_up_all(entries, hasher))
        })?;

        let words = batch.places().div_ceil(64);
        if self.places.len() < words {
            self.places.resize_with(words, AtomicU64::default);
        }
        let places = &self.places[..words];
        self.parts.par_iter().for_each(|part| {
            for &place in &part.firsts {
                places[place as usize / 64].fetch_or(1 << (place % 64), Relaxed);
            }
        });
        let mut len = self.len;
        let mut before = Vec::with_capacity(words);
        for word in places {
            before.push(len as u32);
            len += word.load(Relaxed).count_ones() as usize;
        }
        if let Some(last) = len.checked_sub(1) {
            next_index(last)?;
        }
        let number = |place: u32| {
            let word = places[place as usize / 64].load(Relaxed);
            let lower = word & !(u64::MAX << (place % 64));
            before[place as usize / 64] + lower.count_ones()
        };
        self.parts.par_iter_mut().zip(&mut self.lists).try_for_each(|(part, lists)| {
            control.check()?;
            let Distinct { vertices, ends, .. } = &mut part.ids;
            vertices.extend(part.firsts.drain(..).map(number));
            ends.push(vertices.len());
            for list in lists {
                for (at, entry) in list.iter().enumerate() {
                    if let Some(later) = list.get(at + 2 * AHEAD) {
                        prefetch(vertices, later.hash as usize);
                        batch.prefetch(later.place);
                    }
                    batch.put(entry.place, vertices[entry.hash as usize]);
                }
                list.clear();
            }
            Ok(())
        })?;
        places.par_iter().for_each(|word| word.store(0, Relaxed));
        self.len = len;
        Ok(())
    }
}

impl<'a, S: Store> Interner<'a, S> {
    /// Fills the lists of all tables.
    fn deal(
        &mut self,
        batch: &impl Batch<Key = S::Key<'a>>,
        control: &Control<'_>,
    ) -> Result<(), GraphError> {
        let mask = self.parts.len() - 1;
        let hasher = &self.hasher;
        let per_list = batch.places() / (batch.pieces().max(1) * self.parts.len());
        let room = per_list + per_list / 4; // hardly a list is longer
        // Turned round, so that a thread writes the lists of one piece.
        let list = |lists: &mut Lists<_>| lists.pop().unwrap_or_else(|| Vec::with_capacity(room));
        let mut by_piece: Vec<Lists<S::Key<'a>>> =
            (0..batch.pieces()).map(|_| self.lists.iter_mut().map(list).collect()).collect();
        by_piece.par_iter_mut().enumerate().try_for_each(|(piece, lists)| {
            control.check()?;
            batch.visit(piece, |place, key| {
                let hash = S::hash(hasher, key);
                lists[(hash >> 56) as usize & mask].push(Entry { key, place, hash: hash as u32 });
            });
            Ok(())
        })?;
        for lists in by_piece {
            for (to, list) in self.lists.iter_mut().zip(lists) {
                to.push(list);
            }
        }
        Ok(())
    }
}

impl<S: Store> Part<S> {
    /// Looks entries up, in order, and writes their local indices to them.
    fn look_up_all(
        &mut self,
        entries: &mut [Entry<S::Key<'_>>],
        hasher: &Hasher,
    ) -> Result<(), GraphError> {
        let mut likely = [None; UNDER_WAY];
        for at in 0..entries.len() + STEPS * AHEAD {
            if let Some(entry) = entries.get(at) {
                self.slots.prefetch(entry.hash);
                S::prefetch_key(entry.key);
            }
            let Some(at) = at.checked_sub(AHEAD) else { continue };
            if let Some(entry) = entries.get(at) {
                let index = self.slots.likely_index(entry.hash);
                likely[at % UNDER_WAY] = index;
                if let Some(index) = index {
                    self.ids.store.prefetch(index);
                }
            }
            let Some(at) = at.checked_sub(AHEAD) else { continue };
            if at < entries.len()
                && let Some(index) = likely[at % UNDER_WAY]
            {
                self.ids.store.prefetch_rest(index);
            }
            let Some(at) = at.checked_sub(AHEAD) else { continue };
            if let Some(entry) = entries.get_mut(at) {
                self.look_up(entry, likely[at % UNDER_WAY], hasher)?;
            }
        }
        Ok(())
    }

    /// `likely` is an index that the id may have.
    #[inline]
    fn look_up(
        &mut self,
        entry: &mut Entry<S::Key<'_>>,
        likely: Option<u32>,
        hasher: &Hasher,
    ) -> Result<(), GraphError> {
        let Self { slots, ids: Distinct { store, vertices, .. }, firsts } = self;
        let key = entry.key;
        let (local, is_new) = match likely.filter(|&index| store.is_same(index, key)) {
            Some(index) => (index, false),
            None => slots.index_of(
                entry.hash,
                |index| store.is_same(index, key),
                |index| store.hash_of(hasher, index) as u32,
            )?,
        };
        if is_new {
            let old = vertices.len();
            if old + firsts.len() == vertices.capacity() {
                // Once per growth of the slots: what else there is per id grows with them.
                store.reserve(slots.capacity());
                vertices.reserve_exact(slots.capacity() - old);
            }
            store.push(key);
            firsts.push(entry.place);
        } else if let Some(first) =
            (local as usize).checked_sub(vertices.len()).and_then(|new| firsts.get_mut(new))
        {
            *first = entry.place.min(*first);
        }
        entry.hash = local;
        Ok(())
    }
}

/// For each vertex `value(table, ids of the table, local index)`.
///
/// Batch by batch, since the vertices of one lie together.
pub(super) fn by_vertex<S: Sync>(
    parts: &[Distinct<S>],
    value: impl Fn(usize, &S, usize) -> u64 + Sync,
) -> Vec<u64> {
    let len = parts.iter().map(|part| part.vertices.len()).sum();
    let values: Vec<AtomicU64> = (0..len).into_par_iter().map(|_| AtomicU64::new(0)).collect();
    for batch in 0..parts.first().map_or(0, |part| part.ends.len()) {
        parts.par_iter().enumerate().for_each(|(table, part)| {
            let start = batch.checked_sub(1).map_or(0, |before| part.ends[before]);
            for local in start..part.ends[batch] {
                let vertex = part.vertices[local] as usize;
                values[vertex].store(value(table, &part.store, local), Relaxed);
            }
        });
    }
    values.into_iter().map(AtomicU64::into_inner).collect() // in place
}
