//! Lists of arcs that can be read several times and in parts: edge rows, or the rows of a CSR.

use std::borrow::Cow;
use std::ops::Range;

use crate::control::{CHUNK, Control, Meter};
use crate::{Csr, GraphError, Side};

/// Arcs in a fixed order.
pub(crate) trait Arcs: Sync {
    /// Most arcs there can be.
    fn max_len(&self) -> usize;
    /// Cuts the list into at most `parts` consecutive ranges.
    fn split(&self, parts: usize) -> Vec<Range<usize>>;
    /// Calls `f(row, target, index)` for each arc of a range, in order; `index` is that of the
    /// edge row or of the arc it comes from.
    fn visit(
        &self,
        range: Range<usize>,
        control: &Control<'_>,
        f: impl FnMut(u32, u32, usize),
    ) -> Result<(), GraphError>;
    /// Says which end is not below `n`.
    fn out_of_range(&self, n: usize) -> GraphError;
}

impl<A: Arcs> Arcs for &A {
    fn max_len(&self) -> usize {
        A::max_len(self)
    }

    fn split(&self, parts: usize) -> Vec<Range<usize>> {
        A::split(self, parts)
    }

    fn visit(
        &self,
        range: Range<usize>,
        control: &Control<'_>,
        f: impl FnMut(u32, u32, usize),
    ) -> Result<(), GraphError> {
        A::visit(self, range, control, f)
    }

    fn out_of_range(&self, n: usize) -> GraphError {
        A::out_of_range(self, n)
    }
}

/// What an edge row becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowArcs {
    /// One arc from `src` to `dst`.
    Directed,
    /// Two arcs, a loop one.
    Both,
    /// One arc from the smaller end to the larger.
    Folded,
}

/// Edge rows as indices.
pub(crate) struct EdgeRows<'a> {
    pub(crate) src: Cow<'a, [u32]>,
    pub(crate) dst: Cow<'a, [u32]>,
    pub(crate) arcs: RowArcs,
}

impl Arcs for EdgeRows<'_> {
    fn max_len(&self) -> usize {
        if self.arcs == RowArcs::Both { 2 * self.src.len() } else { self.src.len() }
    }

    fn split(&self, parts: usize) -> Vec<Range<usize>> {
        let width = self.src.len().div_ceil(parts).max(1);
        (0..self.src.len())
            .step_by(width)
            .map(|start| start..(start + width).min(self.src.len()))
            .collect()
    }

    fn visit(
        &self,
        range: Range<usize>,
        control: &Control<'_>,
        mut f: impl FnMut(u32, u32, usize),
    ) -> Result<(), GraphError> {
        let mut index = range.start;
        let (src, dst) = (&self.src[range.clone()], &self.dst[range]);
        for (src, dst) in src.chunks(CHUNK).zip(dst.chunks(CHUNK)) {
            control.check()?;
            let rows = src.iter().zip(dst);
            match self.arcs {
                RowArcs::Directed => rows.for_each(|(&u, &v)| {
                    f(u, v, index);
                    index += 1;
                }),
                RowArcs::Both => rows.for_each(|(&u, &v)| {
                    f(u, v, index);
                    if u != v {
                        f(v, u, index);
                    }
                    index += 1;
                }),
                RowArcs::Folded => rows.for_each(|(&u, &v)| {
                    f(u.min(v), u.max(v), index);
                    index += 1;
                }),
            }
        }
        Ok(())
    }

    fn out_of_range(&self, n: usize) -> GraphError {
        let rows = self.src.iter().zip(self.dst.iter()).enumerate();
        for (row, (&u, &v)) in rows {
            for (side, vertex) in [(Side::Src, u), (Side::Dst, v)] {
                if vertex as usize >= n {
                    let (row, vertex) = (row as u64 + 1, i128::from(vertex));
                    return GraphError::IndexOutOfRange { row, side, vertex, vertices: n as u64 };
                }
            }
        }
        GraphError::ArraysChanged
    }
}

/// The arcs of a CSR turned round.
pub(crate) struct Reversed<'a>(pub(crate) &'a Csr);

impl Arcs for Reversed<'_> {
    fn max_len(&self) -> usize {
        self.0.num_arcs()
    }

    fn split(&self, parts: usize) -> Vec<Range<usize>> {
        let offsets = self.0.offsets();
        let n = self.0.num_vertices();
        let work = |v: usize| offsets[v] as usize + v; // ascends strictly
        let total = work(n);
        let bound = |part: usize| {
            let wanted = (total as u128 * part as u128 / parts as u128) as usize;
            let (mut low, mut high) = (0, n);
            while low < high {
                let middle = usize::midpoint(low, high);
                if work(middle) < wanted { low = middle + 1 } else { high = middle }
            }
            low
        };
        let bounds: Vec<usize> = (0..=parts).map(bound).collect();
        bounds.windows(2).map(|pair| pair[0]..pair[1]).filter(|rows| !rows.is_empty()).collect()
    }

    fn visit(
        &self,
        range: Range<usize>,
        control: &Control<'_>,
        mut f: impl FnMut(u32, u32, usize),
    ) -> Result<(), GraphError> {
        let mut meter = Meter::new(control)?;
        let mut index = self.0.offsets()[range.start] as usize;
        for u in range.start as u32..range.end as u32 {
            let row = self.0.row(u);
            meter.spend(row.len())?;
            for &v in row {
                f(v, u, index);
                index += 1;
            }
        }
        Ok(())
    }

    fn out_of_range(&self, _: usize) -> GraphError {
        GraphError::ArraysChanged // a CSR of ours has no such target
    }
}
