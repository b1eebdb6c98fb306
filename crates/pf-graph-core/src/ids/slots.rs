//! An open-addressing table from 32-bit hashes to indices; the ids themselves live elsewhere.
//!
//! A slot is one 32-bit word: the index, in as many bits as number the slots, and above them the
//! bits of the hash that do not say where the slot is. A lookup touches ids only if these are
//! equal; growing needs the hashes again. Linear probing, at most five eighths full.

use crate::prefetch::prefetch;
use crate::{GraphError, NO_VERTEX};

/// No slot: an index is less than the number of slots, so not all its bits are set.
const EMPTY: u32 = u32::MAX;
const FIRST_CAPACITY: usize = 1 << 6;

pub(super) struct Slots {
    table: Vec<u32>,
    len: usize,
    /// The bits of an index.
    low: u32,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self::with_slots(FIRST_CAPACITY)
    }

    /// `slots` is a power of two.
    fn with_slots(slots: usize) -> Self {
        let low = u32::try_from(slots - 1).unwrap_or(u32::MAX);
        Self { table: vec![EMPTY; slots], len: 0, low }
    }

    /// Most ids before the table has to grow.
    pub(super) fn capacity(&self) -> usize {
        self.table.len() / 8 * 5
    }

    /// The index of an id that is present, or the next free one, which it then has; and which of
    /// the two it was. `is_same` compares the wanted id with that of a given index; `hash_of` tells
    /// the hash of a given index, all being asked for when the table is full.
    #[inline]
    pub(super) fn index_of(
        &mut self,
        hash: u32,
        is_same: impl Fn(u32) -> bool,
        hash_of: impl Fn(u32) -> u32,
    ) -> Result<(u32, bool), GraphError> {
        let mask = self.table.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            let slot = self.table[place];
            if slot == EMPTY {
                break;
            }
            if (slot ^ hash) & !self.low == 0 && is_same(slot & self.low) {
                return Ok((slot & self.low, false));
            }
            place = (place + 1) & mask;
        }
        let index = next_index(self.len)?;
        if self.len < self.capacity() {
            self.table[place] = hash & !self.low | index;
            self.len += 1;
        } else {
            self.grow(hash_of);
            self.add(hash);
        }
        Ok((index, true))
    }

    /// The first index whose id has, as far as the slots tell, a hash.
    #[inline]
    pub(super) fn likely_index(&self, hash: u32) -> Option<u32> {
        let mask = self.table.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            let slot = self.table[place];
            if slot == EMPTY {
                return None;
            }
            if (slot ^ hash) & !self.low == 0 {
                return Some(slot & self.low);
            }
            place = (place + 1) & mask;
        }
    }

    /// Has the slots of a hash fetched.
    #[inline]
    pub(super) fn prefetch(&self, hash: u32) {
        prefetch(&self.table, hash as usize & (self.table.len() - 1));
    }

    #[cold]
    fn grow(&mut self, hash_of: impl Fn(u32) -> u32) {
        let len = self.len as u32;
        *self = Self::with_slots(2 * self.table.len());
        (0..len).for_each(|index| self.add(hash_of(index)));
    }

    /// Gives an id that is not there the next index.
    #[inline]
    fn add(&mut self, hash: u32) {
        let mask = self.table.len() - 1;
        let mut place = hash as usize & mask;
        while self.table[place] != EMPTY {
            place = (place + 1) & mask;
        }
        self.table[place] = hash & !self.low | self.len as u32;
        self.len += 1;
    }
}

/// The next index, unless 32 bits cannot hold it.
pub(super) fn next_index(len: usize) -> Result<u32, GraphError> {
    let limit = NO_VERTEX - 1; // the largest number of vertices
    match u32::try_from(len) {
        Ok(index) if index < limit => Ok(index),
        _ => Err(GraphError::TooLarge { vertices: len as u64 + 1, limit: u64::from(limit) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks ids up twice, `hash` being their hash; checks the indices and how full the slots are.
    fn look_up_twice(ids: u32, hash: impl Fn(u32) -> u32) {
        let mut slots = Slots::new();
        for round in 0..2 {
            for id in 0..ids {
                if round == 0 {
                    assert!(slots.likely_index(hash(id)).is_none_or(|index| index < id));
                }
                let found = slots.index_of(hash(id), |index| index == id, &hash).unwrap();
                assert_eq!(found, (id, round == 0));
                assert!(slots.len <= slots.capacity() && slots.capacity() < slots.table.len());
            }
        }
        let found = (0..ids).all(|id| slots.likely_index(hash(id)).is_some());
        assert!(found, "an id is where its hash says");
    }

    #[test]
    fn equal_hashes_stay_apart_and_survive_growth() {
        let ids = if cfg!(miri) { 100 } else { 3000 };
        look_up_twice(ids, |id| id % 7);
        look_up_twice(ids, |id| u32::MAX - id % 7); // the bits of an empty slot
        look_up_twice(ids, |id| id << 25); // one place, differing above it
    }

    #[test]
    fn every_number_of_ids_around_growth_is_found() {
        let most = if cfg!(miri) { 90 } else { 700 };
        for ids in 0..most {
            look_up_twice(ids, |id| id.wrapping_mul(0x9e37_79b9));
        }
    }

    #[test]
    fn the_last_index_is_refused() {
        assert_eq!(next_index(u32::MAX as usize - 2), Ok(u32::MAX - 2));
        let error = GraphError::TooLarge { vertices: u64::from(u32::MAX), limit: 4_294_967_294 };
        assert_eq!(next_index(u32::MAX as usize - 1), Err(error));
    }
}
