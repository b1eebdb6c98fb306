//! Leaving out the rows of an edge table that lack an end.

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::filter;

use crate::GraphError;

/// The chunks of `src`, `dst` and `weight` without the rows where `src` or `dst` is null.
pub(crate) struct Kept {
    pub(crate) src: Vec<ArrayRef>,
    pub(crate) dst: Vec<ArrayRef>,
    pub(crate) weight: Option<Vec<ArrayRef>>,
    /// Positions of the rows that are left.
    pub(crate) rows: Vec<u32>,
}

/// `None` if every row has both ends. The columns must be equally long.
pub(crate) fn drop_null_rows(
    src: &[ArrayRef],
    dst: &[ArrayRef],
    weight: Option<&[ArrayRef]>,
) -> Result<Option<Kept>, GraphError> {
    let len = src.iter().map(Array::len).sum();
    let mut has_ends: Vec<bool> = Vec::new();
    for column in [src, dst] {
        let mut start = 0;
        for chunk in column {
            if let Some(nulls) = chunk.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
                has_ends.resize(len, true);
                for i in (0..nulls.len()).filter(|&i| nulls.is_null(i)) {
                    has_ends[start + i] = false;
                }
            }
            start += chunk.len();
        }
    }
    if has_ends.is_empty() {
        return Ok(None);
    }
    crate::edges::check_rows(len)?;
    let rows = (0..len as u32).filter(|&row| has_ends[row as usize]).collect();
    let weight = weight.map(|chunks| left(chunks, &has_ends)).transpose()?;
    Ok(Some(Kept { src: left(src, &has_ends)?, dst: left(dst, &has_ends)?, weight, rows }))
}

/// The rows of a column whose flag is set.
fn left(chunks: &[ArrayRef], is_kept: &[bool]) -> Result<Vec<ArrayRef>, GraphError> {
    let mut start = 0;
    let filtered = chunks.iter().map(|chunk| {
        let flags = &is_kept[start..start + chunk.len()];
        start += chunk.len();
        filter(chunk, &BooleanArray::from(flags.to_vec()))
            .map_err(|error| GraphError::BadParameter { name: "nulls", message: error.to_string() })
    });
    filtered.collect()
}
