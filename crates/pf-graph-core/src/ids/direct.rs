//! Distinct integers in a narrow range through one table over the range.
//!
//! An entry is the vertex of its key, or, while the batch that brings the key is read, the number
//! of vertices before the batch plus the first place of the key in it: threads only ever lower it,
//! so what is left is the minimum, whatever their number. 4 bytes per key of the range and 8 per
//! distinct one, O(1) per id.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use rayon::prelude::*;

use super::Table;
use super::chunks::Batch;
use crate::control::Control;
use crate::{GraphError, NO_VERTEX};

/// Widest range: vertices and places of a batch together stay within 32 bits.
pub(super) const MAX_SPAN: u64 = 1 << 31;

pub(super) struct Direct {
    low: u64,
    table: Vec<AtomicU32>,
    /// Keys by vertex.
    pub(super) keys: Vec<u64>,
}

impl Direct {
    /// For keys from `low` to `low + span`, which is less than [`MAX_SPAN`].
    pub(super) fn new(low: u64, span: u64) -> Self {
        let table = (0..=span as usize).into_par_iter().map(|_| AtomicU32::new(NO_VERTEX));
        Self { low, table: table.collect(), keys: Vec::new() }
    }
}

impl Table<u64> for Direct {
    fn len(&self) -> usize {
        self.keys.len()
    }

    fn read(
        &mut self,
        batch: &impl Batch<Key = u64>,
        control: &Control<'_>,
    ) -> Result<(), GraphError> {
        let (low, before) = (self.low, self.keys.len() as u32);
        let table = &self.table;
        let entry = |key: u64| &table[(key - low) as usize];
        // Per piece, the places that were the first of their key when they were read.
        let candidates: Vec<Vec<(u32, u64)>> = (0..batch.pieces())
            .into_par_iter()
            .map(|piece| {
                control.check()?;
                let mut candidates = Vec::new();
                batch.visit(piece, |place, key| {
                    let (entry, first) = (entry(key), before + place);
                    if entry.load(Relaxed) > first && entry.fetch_min(first, Relaxed) > first {
                        candidates.push((place, key));
                    }
                });
                Ok(candidates)
            })
            .collect::<Result<_, GraphError>>()?;
        let mut new: Vec<(u32, u64)> = candidates
            .into_par_iter()
            .flatten_iter()
            .filter(|&(place, key)| entry(key).load(Relaxed) == before + place)
            .collect();
        new.par_sort_unstable();
        new.par_iter().enumerate().for_each(|(i, &(_, key))| {
            entry(key).store(before + i as u32, Relaxed);
        });
        self.keys.par_extend(new.par_iter().map(|&(_, key)| key));
        (0..batch.pieces()).into_par_iter().try_for_each(|piece| {
            control.check()?;
            batch.visit(piece, |place, key| batch.put(place, entry(key).load(Relaxed)));
            Ok(())
        })
    }
}
