//! Fixed splits of work: they depend on the graph alone, never on the number of threads, so float
//! sums added block by block come out the same everywhere.

use std::ops::Range;

use crate::control::CHUNK;

/// Cuts the rows into consecutive blocks of about [`CHUNK`] arcs and rows each.
///
/// `offsets` are those of a CSR: `n + 1` ascending values. A row is never cut.
pub(crate) fn row_blocks(offsets: &[u64]) -> Vec<Range<usize>> {
    let rows = offsets.len() - 1;
    let mut blocks = Vec::new();
    let mut start = 0;
    while start < rows {
        let limit = offsets[start] + start as u64 + CHUNK as u64;
        // The work before row r, offsets[r] + r, ascends strictly: find the last row within limit.
        let (mut low, mut high) = (start + 1, rows);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if offsets[middle] + middle as u64 <= limit {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        blocks.push(start..low);
        start = low;
    }
    blocks
}

/// Cuts a slice into the consecutive pieces of the given lengths, which must add up to its length.
pub(crate) fn split_mut<T>(
    mut slice: &mut [T],
    lengths: impl Iterator<Item = usize>,
) -> Vec<&mut [T]> {
    lengths
        .map(|length| {
            let (piece, rest) = std::mem::take(&mut slice).split_at_mut(length);
            slice = rest;
            piece
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_all_rows_once() {
        let chunk = CHUNK as u64;
        for degrees in [vec![], vec![0], vec![0; 100_000], vec![3 * chunk, 1, 2 * chunk, chunk / 2]]
        {
            let mut offsets = vec![0u64];
            for degree in &degrees {
                offsets.push(offsets[offsets.len() - 1] + degree);
            }
            let blocks = row_blocks(&offsets);
            let covered: Vec<usize> = blocks.into_iter().flatten().collect();
            assert_eq!(covered, (0..degrees.len()).collect::<Vec<_>>());
        }
    }
}
