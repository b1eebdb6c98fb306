//! Which blocks of rows lead all over a vector, so that its values are worth fetching ahead.

use std::ops::Range;

use crate::Csr;
use crate::prefetch::prefetch_early;

/// How many arcs ahead the vector is fetched.
const AHEAD: usize = 192;
/// Values that span more than this, half of a usual second-level cache, are fetched ahead; others
/// are there already.
const NEAR_BYTES: usize = 512 << 10;
/// Other ends of a block that are looked at.
const SAMPLES: usize = 64;

/// Whether the other ends of a block of rows are so far apart in a vector of `T` that what one needs
/// is rarely near.
pub(super) fn is_scattered<T>(rows: &Csr, block: &Range<usize>) -> bool {
    let (start, end) = (rows.offsets()[block.start], rows.offsets()[block.end]);
    let targets = &rows.targets()[start as usize..end as usize];
    let some = targets.iter().step_by((targets.len() / SAMPLES).max(1));
    let (low, high) = some.fold((u32::MAX, 0), |(low, high), &u| (low.min(u), high.max(u)));
    high.saturating_sub(low) as usize > NEAR_BYTES / size_of::<T>()
}

/// Has the value at the other end of a later arc fetched, at `arc` of all `targets`.
#[inline]
pub(super) fn fetch_ahead<T>(values: &[T], targets: &[u32], arc: usize) {
    if let Some(&later) = targets.get(arc + AHEAD) {
        prefetch_early(values, later as usize);
    }
}
