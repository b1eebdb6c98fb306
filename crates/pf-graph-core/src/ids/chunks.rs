//! Id columns as chunks of keys, read row by row in batches, and what the rows become.
//!
//! The rows of a batch are cut into pieces for the threads; an id has a place in its batch: its row
//! there, `src` before `dst`. Batches and pieces depend on the number of rows alone.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    ArrowNativeType, DataType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use rayon::prelude::*;

use crate::GraphError;
use crate::control::{CHUNK, Control};
use crate::prefetch::prefetch;

/// Rows of a batch: enough that a part of the hash table is used several times while it is near,
/// and 24 bytes each for the ids on their way there.
pub(super) const BATCH_ROWS: usize = 1 << 20;

/// A run of ids without nulls.
pub(super) trait Keys: Sync {
    /// An id in the form that is hashed and compared.
    type Key: Copy + Send + Sync;

    fn len(&self) -> usize;
    fn get(&self, row: usize) -> Self::Key;
    /// Calls `f(row, id)` for each row of the range, in order.
    fn visit(&self, rows: Range<usize>, f: impl FnMut(usize, Self::Key));
}

/// A chunk of a column.
pub(super) enum Chunk<'a, K> {
    Plain(K),
    /// Codes of values, fewer than there are rows: each value is looked up once.
    Coded {
        codes: &'a dyn Array,
        values: K,
    },
    /// Codes of values of which many are not used.
    Wide {
        codes: &'a dyn Array,
        values: K,
    },
}

/// Runs `$body` with `$codes` bound to the codes of a dictionary array.
macro_rules! with_codes {
    ($array:expr, $codes:ident => $body:expr) => {
        with_codes!(@match $array, $codes, $body,
            Int8: Int8Type, Int16: Int16Type, Int32: Int32Type, Int64: Int64Type,
            UInt8: UInt8Type, UInt16: UInt16Type, UInt32: UInt32Type, UInt64: UInt64Type)
    };
    (@match $array:expr, $codes:ident, $body:expr, $($name:ident: $native:ty),*) => {
        match $array.data_type() {
            $(DataType::Dictionary(code, _) if **code == DataType::$name => {
                let $codes = $array.as_dictionary::<$native>().keys().values();
                $body
            })*
            _ => {} // a dictionary has no other codes
        }
    };
}

/// The position of a value; that of a broken code is out of every range.
fn position(code: impl ArrowNativeType) -> usize {
    code.to_usize().unwrap_or(usize::MAX)
}

impl<'a, K: Keys> Chunk<'a, K> {
    /// A dictionary array as codes of `values`.
    pub(super) fn dictionary(codes: &'a dyn Array, values: K) -> Self {
        if values.len() <= codes.len() && u32::try_from(values.len()).is_ok() {
            Self::Coded { codes, values }
        } else {
            Self::Wide { codes, values }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Plain(keys) => keys.len(),
            Self::Coded { codes, .. } | Self::Wide { codes, .. } => codes.len(),
        }
    }

    /// As [`Keys::visit`]; coded rows are left out.
    fn visit(&self, rows: Range<usize>, mut f: impl FnMut(usize, K::Key)) {
        match self {
            Self::Plain(keys) => keys.visit(rows, f),
            Self::Coded { .. } => {}
            Self::Wide { codes, values } => with_codes!(*codes, of => {
                for (row, &code) in rows.clone().zip(&of[rows]) {
                    f(row, values.get(position(code)));
                }
            }),
        }
    }
}

/// A column, and the vertex of each row as far as it is known.
pub(super) struct IdColumn<'a, K> {
    pub(super) chunks: Vec<Chunk<'a, K>>,
    /// First row of each chunk.
    starts: Vec<usize>,
    pub(super) indices: Vec<AtomicU32>,
}

impl<'a, K: Keys> IdColumn<'a, K> {
    pub(super) fn new(chunks: Vec<Chunk<'a, K>>) -> Self {
        let mut rows = 0;
        let starts = chunks
            .iter()
            .map(|chunk| {
                rows += chunk.len();
                rows - chunk.len()
            })
            .collect();
        let indices = (0..rows).into_par_iter().map(|_| AtomicU32::new(0)).collect();
        Self { chunks, starts, indices }
    }

    pub(super) fn len(&self) -> usize {
        self.indices.len()
    }

    /// First row of a chunk.
    pub(super) fn start(&self, chunk: usize) -> usize {
        self.starts[chunk]
    }

    /// Calls `f(row, id)` for the rows of the range that are not coded.
    fn visit(&self, rows: Range<usize>, mut f: impl FnMut(usize, K::Key)) {
        let mut chunk = self.starts.partition_point(|&start| start <= rows.start).saturating_sub(1);
        while let Some(&start) = self.starts.get(chunk).filter(|&&start| start < rows.end) {
            let keys = &self.chunks[chunk];
            let first = rows.start.max(start) - start;
            let last = (rows.end - start).min(keys.len());
            keys.visit(first.min(last)..last, |row, key| f(start + row, key));
            chunk += 1;
        }
    }

    /// Calls `f(first row, vertices)` for runs of rows that are not coded, by several threads.
    pub(super) fn plain_rows(
        &self,
        f: impl Fn(usize, &[AtomicU32]) -> Result<(), GraphError> + Sync,
    ) -> Result<(), GraphError> {
        for (chunk, &start) in self.chunks.iter().zip(&self.starts) {
            if !matches!(chunk, Chunk::Coded { .. }) {
                let indices = &self.indices[start..start + chunk.len()];
                let runs = indices.par_chunks(CHUNK).enumerate();
                runs.try_for_each(|(run, indices)| f(start + run * CHUNK, indices))?;
            }
        }
        Ok(())
    }

    /// The values that a coded chunk uses, in the order of their first rows.
    pub(super) fn used(
        &self,
        chunk: usize,
        control: &Control<'_>,
    ) -> Result<Option<UsedValues<'_, K>>, GraphError> {
        let Chunk::Coded { codes, values } = &self.chunks[chunk] else { return Ok(None) };
        let mut is_used = vec![false; values.len()];
        let mut used = Vec::new();
        with_codes!(*codes, of => {
            for start in (0..codes.len()).step_by(CHUNK) {
                control.check()?;
                let rows = start..(start + CHUNK).min(codes.len());
                for (row, &code) in rows.clone().zip(&of[rows]) {
                    let code = position(code);
                    if !std::mem::replace(&mut is_used[code], true) {
                        used.push((code as u32, row));
                    }
                }
            }
        });
        let indices = used.iter().map(|_| AtomicU32::new(0)).collect();
        Ok(Some(UsedValues { values, used, indices }))
    }

    /// Writes the vertex of each row of a coded chunk, `of_code` being that of each value.
    pub(super) fn decode(
        &self,
        chunk: usize,
        of_code: &[u32],
        control: &Control<'_>,
    ) -> Result<(), GraphError> {
        let Chunk::Coded { codes, .. } = &self.chunks[chunk] else { return Ok(()) };
        let start = self.starts[chunk];
        let indices = &self.indices[start..start + codes.len()];
        indices.par_chunks(CHUNK).enumerate().try_for_each(|(piece, indices)| {
            control.check()?;
            let first = piece * CHUNK;
            with_codes!(*codes, of => {
                for (index, &code) in indices.iter().zip(&of[first..first + indices.len()]) {
                    index.store(of_code[position(code)], Relaxed);
                }
            });
            Ok(())
        })
    }

    pub(super) fn into_indices(self) -> Vec<u32> {
        self.indices.into_iter().map(AtomicU32::into_inner).collect() // in place
    }
}

/// Ids that are looked up together.
pub(super) trait Batch: Sync {
    type Key: Copy + Send + Sync;

    /// Places there are at most.
    fn places(&self) -> usize;
    /// Parts that can be read by different threads.
    fn pieces(&self) -> usize;
    /// Calls `f(place, id)` for each id of a piece, in any order.
    fn visit(&self, piece: usize, f: impl FnMut(u32, Self::Key));
    /// Has the memory for the vertex of a place fetched.
    fn prefetch(&self, place: u32);
    /// Takes the vertex of the id at a place.
    fn put(&self, place: u32, index: u32);
}

/// Some rows of one column, or of `src` and `dst` alternately.
pub(super) struct Rows<'b, 'a, K> {
    pub(super) columns: &'b [&'b IdColumn<'a, K>],
    pub(super) rows: Range<usize>,
}

impl<K> Rows<'_, '_, K> {
    /// Which of the columns and which of its rows a place is.
    #[inline]
    fn side_and_row(&self, place: u32) -> (usize, usize) {
        let (side, row) = match self.columns.len() {
            2 => (place as usize % 2, place as usize / 2),
            _ => (0, place as usize),
        };
        (side, self.rows.start + row)
    }
}

impl<K: Keys> Batch for Rows<'_, '_, K> {
    type Key = K::Key;

    fn places(&self) -> usize {
        self.columns.len() * self.rows.len()
    }

    fn pieces(&self) -> usize {
        self.rows.len().div_ceil(CHUNK)
    }

    #[inline]
    fn visit(&self, piece: usize, mut f: impl FnMut(u32, K::Key)) {
        let start = self.rows.start + piece * CHUNK;
        let rows = start..(start + CHUNK).min(self.rows.end);
        for (side, column) in self.columns.iter().enumerate() {
            let place = |row: usize| (row - self.rows.start) * self.columns.len() + side;
            column.visit(rows.clone(), |row, key| f(place(row) as u32, key));
        }
    }

    #[inline]
    fn prefetch(&self, place: u32) {
        let (side, row) = self.side_and_row(place);
        prefetch(&self.columns[side].indices, row);
    }

    #[inline]
    fn put(&self, place: u32, index: u32) {
        let (side, row) = self.side_and_row(place);
        self.columns[side].indices[row].store(index, Relaxed);
    }
}

/// The values of a dictionary that rows use.
pub(super) struct UsedValues<'b, K> {
    values: &'b K,
    /// Code and first row.
    pub(super) used: Vec<(u32, usize)>,
    pub(super) indices: Vec<AtomicU32>,
}

impl<K: Keys> UsedValues<'_, K> {
    /// The values in batches.
    pub(super) fn batches(&self) -> impl Iterator<Item = UsedBatch<'_, K>> {
        let places = self.used.chunks(BATCH_ROWS).zip(self.indices.chunks(BATCH_ROWS));
        places.map(|(used, indices)| UsedBatch { values: self.values, used, indices })
    }

    /// A number for each code, from one for each used value.
    pub(super) fn of_code(&self, number: impl Fn(u32) -> u32) -> Vec<u32> {
        let mut of_code = vec![0; self.values.len()];
        for (&(code, _), index) in self.used.iter().zip(&self.indices) {
            of_code[code as usize] = number(index.load(Relaxed));
        }
        of_code
    }
}

pub(super) struct UsedBatch<'b, K> {
    values: &'b K,
    used: &'b [(u32, usize)],
    indices: &'b [AtomicU32],
}

impl<K: Keys> Batch for UsedBatch<'_, K> {
    type Key = K::Key;

    fn places(&self) -> usize {
        self.used.len()
    }

    fn pieces(&self) -> usize {
        self.used.len().div_ceil(CHUNK)
    }

    fn visit(&self, piece: usize, mut f: impl FnMut(u32, K::Key)) {
        let start = piece * CHUNK;
        let end = (start + CHUNK).min(self.used.len());
        for (place, &(code, _)) in (start..end).zip(&self.used[start..end]) {
            f(place as u32, self.values.get(code as usize));
        }
    }

    #[inline]
    fn prefetch(&self, place: u32) {
        prefetch(self.indices, place as usize);
    }

    fn put(&self, place: u32, index: u32) {
        self.indices[place as usize].store(index, Relaxed);
    }
}
