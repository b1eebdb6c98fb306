//! Id columns to vertex indices, given a table of distinct ids.
//!
//! Rows are looked up batch by batch, which numbers the ids in order of appearance at once. Of a
//! dictionary only the values that rows use are looked up, and the rows decoded afterwards; its
//! values come before the rows of other columns, so then ids are numbered again by first row.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

use super::Table;
use super::chunks::{BATCH_ROWS, IdColumn, Keys, Rows, UsedValues};
use crate::GraphError;
use crate::control::Control;

/// The three columns, and the values that the coded chunks of each use.
pub(super) struct Mapping<'b, 'a, K> {
    columns: [&'b IdColumn<'a, K>; 3],
    /// Column, chunk, values.
    coded: Vec<(usize, usize, UsedValues<'b, K>)>,
    /// Number of distinct ids.
    pub(super) len: usize,
}

impl<'b, 'a, K: Keys> Mapping<'b, 'a, K> {
    /// Gives each row of `vertices`, `src` and `dst` a provisional index.
    pub(super) fn new(
        columns: [&'b IdColumn<'a, K>; 3],
        table: &mut impl Table<K::Key>,
        control: &Control<'_>,
    ) -> Result<Self, GraphError> {
        let [vertices, src, dst] = columns;
        let chunks: Vec<(usize, usize)> = (0..3)
            .flat_map(|column| (0..columns[column].chunks.len()).map(move |chunk| (column, chunk)))
            .collect();
        let used = chunks.into_par_iter().map(|(column, chunk)| {
            Ok(columns[column].used(chunk, control)?.map(|used| (column, chunk, used)))
        });
        let coded: Vec<_> = used.collect::<Result<Vec<_>, GraphError>>()?;
        let coded: Vec<_> = coded.into_iter().flatten().collect();
        for batch in coded.iter().flat_map(|(_, _, used)| used.batches()) {
            table.read(&batch, control)?;
        }
        let total = (vertices.len() + 2 * src.len()).max(1) as f64;
        let mut done = 0;
        for columns in [&[vertices][..], &[src, dst]] {
            let len = columns[0].len();
            for start in (0..len).step_by(BATCH_ROWS) {
                let rows = start..(start + BATCH_ROWS).min(len);
                done += columns.len() * rows.len();
                table.read(&Rows { columns, rows }, control)?;
                control.progress(0.9 * done as f64 / total)?;
            }
        }
        Ok(Self { columns, coded, len: table.len() })
    }

    /// Whether provisional indices follow the rows.
    pub(super) fn is_by_appearance(&self) -> bool {
        self.coded.is_empty()
    }

    /// The provisional indices in order of appearance.
    pub(super) fn by_appearance(&self, control: &Control<'_>) -> Result<Vec<u32>, GraphError> {
        let first: Vec<AtomicU64> =
            (0..self.len).into_par_iter().map(|_| AtomicU64::new(u64::MAX)).collect();
        let lower = |index: u32, place: u64| {
            let first = &first[index as usize];
            if first.load(Relaxed) > place {
                first.fetch_min(place, Relaxed);
            }
        };
        let edges = self.columns[0].len() as u64;
        let place = |column: usize, row: usize| match column {
            0 => row as u64,
            _ => edges + 2 * row as u64 + column as u64 - 1,
        };
        for (column, chunk, used) in &self.coded {
            control.check()?;
            let start = self.columns[*column].start(*chunk);
            for (&(_, row), index) in used.used.iter().zip(&used.indices) {
                lower(index.load(Relaxed), place(*column, start + row));
            }
        }
        for (number, column) in self.columns.iter().enumerate() {
            column.plain_rows(|first_row, indices| {
                control.check()?;
                for (row, index) in (first_row..).zip(indices) {
                    lower(index.load(Relaxed), place(number, row));
                }
                Ok(())
            })?;
        }
        let mut order: Vec<(u64, u32)> =
            first.into_par_iter().map(AtomicU64::into_inner).zip(0..self.len as u32).collect();
        order.par_sort_unstable();
        control.check()?;
        Ok(order.into_par_iter().map(|(_, index)| index).collect())
    }

    /// Numbers the vertices anew, `order` being the provisional indices in their final order, and
    /// decodes the coded rows.
    pub(super) fn finish(
        self,
        order: Option<&[u32]>,
        control: &Control<'_>,
    ) -> Result<(), GraphError> {
        let numbers = order.map(|order| {
            let mut numbers = vec![0; order.len()];
            for (number, &provisional) in order.iter().enumerate() {
                numbers[provisional as usize] = number as u32;
            }
            numbers
        });
        let number = |provisional: u32| match &numbers {
            Some(numbers) => numbers[provisional as usize],
            None => provisional,
        };
        if numbers.is_some() {
            for column in self.columns {
                column.plain_rows(|_, indices| {
                    control.check()?;
                    for index in indices {
                        index.store(number(index.load(Relaxed)), Relaxed);
                    }
                    Ok(())
                })?;
            }
        }
        for (column, chunk, used) in &self.coded {
            self.columns[*column].decode(*chunk, &used.of_code(number), control)?;
        }
        control.progress(1.0)
    }
}
