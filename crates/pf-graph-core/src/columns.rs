//! Columns of vertex indices as callers hold them: any integer type, checked and narrowed once.

use std::borrow::Cow;

use rayon::prelude::*;

use crate::control::{CHUNK, Control};
use crate::{GraphError, Side};

mod sealed {
    /// The integers that can be indices.
    pub trait Int: Copy + Sync + Into<i128> {
        /// The slice itself where the type has the layout of `u32`.
        fn as_u32(_: &[Self]) -> Option<&[u32]> {
            None
        }
    }
}
use sealed::Int;

/// An integer type whose arrays may hold vertex indices.
pub trait VertexInt: Int {}

macro_rules! ints {
    ($($int:ty),*) => { $(impl Int for $int {} impl VertexInt for $int {})* };
}
ints!(i8, u8, i16, u16, i64, u64);

impl Int for u32 {
    fn as_u32(values: &[Self]) -> Option<&[u32]> {
        Some(values)
    }
}
impl VertexInt for u32 {}

impl Int for i32 {
    fn as_u32(values: &[Self]) -> Option<&[u32]> {
        // SAFETY: i32 and u32 have the same size and alignment, and every bit pattern is valid for
        // both. Saves a copy of the column: a quarter of the time of a build from int32 arrays.
        Some(unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) })
    }
}
impl VertexInt for i32 {}

/// The column as `u32`, without a copy where its type allows. A negative number becomes one that is
/// out of range; 64-bit values are checked against `n` here, the others when they are used.
pub(crate) fn indices<'a, T: VertexInt>(
    values: &'a [T],
    side: Side,
    n: usize,
    control: &Control<'_>,
) -> Result<Cow<'a, [u32]>, GraphError> {
    if let Some(same) = T::as_u32(values) {
        return Ok(Cow::Borrowed(same));
    }
    let mut narrow = vec![0u32; values.len()];
    let bad = narrow.par_chunks_mut(CHUNK).zip(values.par_chunks(CHUNK)).enumerate().map(
        |(chunk, (narrow, values))| {
            control.check()?;
            for (i, (to, &value)) in narrow.iter_mut().zip(values).enumerate() {
                let value: i128 = value.into();
                match u32::try_from(value) {
                    Ok(index) if (index as usize) < n => *to = index,
                    _ => return Ok(Some((chunk * CHUNK + i, value))),
                }
            }
            Ok(None)
        },
    );
    let bad: Vec<Option<(usize, i128)>> = bad.collect::<Result<_, GraphError>>()?;
    match bad.into_iter().flatten().next() {
        None => Ok(Cow::Owned(narrow)),
        Some((row, vertex)) => Err(GraphError::IndexOutOfRange {
            row: row as u64 + 1,
            side,
            vertex,
            vertices: n as u64,
        }),
    }
}

/// The first value that is no index below `n`, as the caller wrote it.
pub(crate) fn first_bad<T: VertexInt>(values: &[T], n: usize) -> Option<(usize, i128)> {
    let value = |&value: &T| -> i128 { value.into() };
    values.iter().map(value).enumerate().find(|&(_, vertex)| vertex < 0 || vertex >= n as i128)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::{BuildOptions, Graph};

    #[test]
    fn int32_is_read_in_place_and_negative_ones_are_out_of_range() {
        let cancel = AtomicBool::new(false);
        let control = Control::new(&cancel);
        for len in [0, 1, 3, 1000] {
            let values: Vec<i32> = (0..len).map(|i| i - i32::from(len == 3)).collect();
            let read = indices(&values, Side::Src, 1000, &control).unwrap();
            assert!(matches!(read, Cow::Borrowed(_)));
            assert!(read.iter().zip(&values).all(|(&index, &value)| index as i32 == value));
            assert_eq!(read.len(), values.len());
        }
    }

    #[test]
    fn columns_of_two_types_give_the_same_rows() {
        let cancel = AtomicBool::new(false);
        let control = Control::new(&cancel);
        let (src, dst) = ([2i32, 0, 2, 1], [1i64, 2, 0, 1]);
        let options = BuildOptions { edge_rows: true, ..BuildOptions::default() };
        let graph = Graph::from_arrays(&src, &dst, None, 3, &options, &control).unwrap();
        assert_eq!(graph.out().targets(), [2, 1, 1, 0]);
        assert_eq!(graph.edge_rows().unwrap(), [1, 3, 0, 2]);
        assert!(Graph::from_arrays(&[-1i32], &[0i32], None, 3, &options, &control).is_err());
    }
}
