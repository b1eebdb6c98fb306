//! An open-addressing table from 32-bit hashes to indices; the ids themselves live elsewhere.
//!
//! A slot packs hash and index into one word, so growing never looks at an id and a lookup touches
//! ids only on equal hashes. Linear probing, at most half full.

use crate::{GraphError, NO_VERTEX};

const EMPTY: u64 = u64::MAX;
const FIRST_CAPACITY: usize = 1 << 6;

pub(super) struct Slots {
    table: Vec<u64>,
    len: usize,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { table: vec![EMPTY; FIRST_CAPACITY], len: 0 }
    }

    /// The index of an id that is present, or the next free one, which it then has; and which of
    /// the two it was. `is_same` compares the wanted id with that of a given index.
    #[inline]
    pub(super) fn index_of(
        &mut self,
        hash: u32,
        is_same: impl Fn(u32) -> bool,
    ) -> Result<(u32, bool), GraphError> {
        let mask = self.table.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            let slot = self.table[place];
            if slot == EMPTY {
                break;
            }
            if (slot >> 32) as u32 == hash && is_same(slot as u32) {
                return Ok((slot as u32, false));
            }
            place = (place + 1) & mask;
        }
        let index = next_index(self.len)?;
        self.table[place] = pack(hash, index);
        self.len += 1;
        if 2 * self.len > self.table.len() {
            self.grow();
        }
        Ok((index, true))
    }

    /// The index in the first slot for a hash.
    #[inline]
    pub(super) fn likely_index(&self, hash: u32) -> u32 {
        self.table[hash as usize & (self.table.len() - 1)] as u32
    }

    #[cold]
    fn grow(&mut self) {
        let mut table = vec![EMPTY; 2 * self.table.len()];
        let mask = table.len() - 1;
        for &slot in self.table.iter().filter(|&&slot| slot != EMPTY) {
            let mut place = (slot >> 32) as usize & mask;
            while table[place] != EMPTY {
                place = (place + 1) & mask;
            }
            table[place] = slot;
        }
        self.table = table;
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

fn pack(hash: u32, index: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_hashes_stay_apart_and_survive_growth() {
        let mut slots = Slots::new();
        let keys: Vec<u32> = (0..if cfg!(miri) { 300 } else { 5000 }).collect();
        for round in 0..2 {
            for &key in &keys {
                let (index, is_new) = slots.index_of(key % 7, |i| keys[i as usize] == key).unwrap();
                assert_eq!((index, is_new), (key, round == 0));
            }
        }
    }

    #[test]
    fn the_last_index_is_refused() {
        assert_eq!(next_index(u32::MAX as usize - 2), Ok(u32::MAX - 2));
        let error = GraphError::TooLarge { vertices: u64::from(u32::MAX), limit: 4_294_967_294 };
        assert_eq!(next_index(u32::MAX as usize - 1), Err(error));
    }
}
