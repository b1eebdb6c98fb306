//! Distinct ids through hash tables that belong to one thread at a time.
//!
//! The top bits of an id's hash say which of up to 256 tables it belongs to. A batch of ids is
//! dealt out to the tables piece by piece, then each table looks its ids up, in the cache and
//! without locks. New ids are numbered after each batch by the first place they have there, so
//! indices follow the order of the rows, whatever the hash and the number of threads.
//! O(1) per id; per distinct id about 24 bytes and the id itself.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

use super::Table;
use super::chunks::Batch;
use super::hash::Hasher;
use super::slots::{Slots, next_index};
use crate::GraphError;
use crate::control::Control;

/// Most tables: as many as one core can write to at the same time.
const MAX_PARTS: usize = 1 << 8;
/// Ids for which a table of their own pays.
const IDS_PER_PART: usize = 1 << 14;

/// Ids whose memory is fetched before they are looked up: the waits for it overlap, which a chain
/// of lookups, each with a branch that is hard to predict, does not allow.
const AHEAD: usize = 16;

/// The distinct ids of one table, by local index.
pub(super) trait Store: Default + Send + Sync {
    type Key<'a>: Copy + Send + Sync;

    fn hash(hasher: &Hasher, key: Self::Key<'_>) -> u64;
    fn is_same(&self, index: u32, key: Self::Key<'_>) -> bool;
    fn push(&mut self, key: Self::Key<'_>);
    /// Reads something of the key and of the id at an index, which may be none.
    fn fetch(&self, index: u32, key: Self::Key<'_>) -> u64;
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
    store: S,
    /// Vertex of each local index.
    index: Vec<u32>,
    /// First place of each id that is new in this batch.
    firsts: Vec<u32>,
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
        let part = |_| Part {
            slots: Slots::new(),
            store: S::default(),
            index: Vec::new(),
            firsts: Vec::new(),
        };
        Self {
            hasher: Hasher::new(),
            parts: (0..parts).map(part).collect(),
            len: 0,
            lists: (0..parts).map(|_| Vec::new()).collect(),
            places: Vec::new(),
        }
    }

    /// The distinct ids of each table with their vertices.
    pub(super) fn into_parts(self) -> impl Iterator<Item = (S, Vec<u32>)> {
        self.parts.into_iter().map(|part| (part.store, part.index))
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
        let parts = self.parts.par_iter_mut().zip(&mut self.lists);
        parts.try_for_each(|(part, lists)| {
            control.check()?;
            lists.iter_mut().flat_map(|list| list.chunks_mut(AHEAD)).try_for_each(|entries| {
                part.fetch(entries);
                entries.iter_mut().try_for_each(|entry| part.look_up(entry))
            })
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
            part.index.extend(part.firsts.drain(..).map(number));
            for list in lists {
                for entry in list.drain(..) {
                    batch.put(entry.place, part.index[entry.hash as usize]);
                }
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
    /// Brings what the entries need into the cache.
    #[inline]
    fn fetch(&self, entries: &[Entry<S::Key<'_>>]) {
        let fetch = |entry: &Entry<S::Key<'_>>| {
            self.store.fetch(self.slots.likely_index(entry.hash), entry.key)
        };
        std::hint::black_box(entries.iter().map(fetch).fold(0, |all, some| all ^ some));
    }

    #[inline]
    fn look_up(&mut self, entry: &mut Entry<S::Key<'_>>) -> Result<(), GraphError> {
        let Self { slots, store, index, firsts } = self;
        let (local, is_new) = slots.index_of(entry.hash, |i| store.is_same(i, entry.key))?;
        if is_new {
            store.push(entry.key);
            firsts.push(entry.place);
        } else if let Some(first) =
            (local as usize).checked_sub(index.len()).and_then(|new| firsts.get_mut(new))
        {
            *first = entry.place.min(*first);
        }
        entry.hash = local;
        Ok(())
    }
}

/// For each vertex its table and local index there, packed by [`pack`].
pub(super) fn places<S: Sync>(parts: &[(S, Vec<u32>)]) -> Vec<u64> {
    let len = parts.iter().map(|part| part.1.len()).sum();
    let places: Vec<AtomicU64> = (0..len).into_par_iter().map(|_| AtomicU64::new(0)).collect();
    parts.par_iter().enumerate().for_each(|(part, (_, index))| {
        for (local, &vertex) in index.iter().enumerate() {
            places[vertex as usize].store((part as u64) << 32 | local as u64, Relaxed);
        }
    });
    places.into_iter().map(AtomicU64::into_inner).collect() // in place
}
