//! Triangles: three vertices joined to each other, per vertex and in all.
//!
//! Edges count whatever their direction, parallel ones once, loops not at all. O(m^1.5) in the
//! worst case; how, is in `oriented.rs`. Counts are whole numbers added over any split of the work:
//! no answer depends on the number of threads. Per vertex: 8 more bytes per vertex and worker.

use super::marks::Marks;
use super::oriented::Oriented;
use crate::control::Meter;
use crate::crew::pull_jobs;
use crate::par::row_blocks;
use crate::{Control, Csr, Graph, GraphError};

/// Up to this many arcs per vertex on average, turning the edges costs more than it saves.
const MERGED_DEGREE: usize = 4;
/// Longer rows are searched, not run through.
const LONG_ROW: usize = 64;
/// Counters of all vertices per worker are at most about this many.
const MAX_COUNTERS: usize = 1 << 29;

/// Answer of [`triangles`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrianglesResult {
    /// Triangles that each vertex is part of.
    pub triangles: Vec<u64>,
    /// Triangles of the graph, a third of the sum.
    pub total: u64,
}

/// Counts the triangles at every vertex.
pub fn triangles(graph: &Graph, control: &Control<'_>) -> Result<TrianglesResult, GraphError> {
    let view = graph.simple(&control.part(0.0, 0.1))?;
    let triangles = count_at_vertices(view, &control.part(0.1, 1.0))?;
    let total = triangles.iter().sum::<u64>() / 3;
    control.progress(1.0)?;
    Ok(TrianglesResult { triangles, total })
}

/// Counts the triangles of the graph: faster than [`triangles`].
pub fn triangle_count(graph: &Graph, control: &Control<'_>) -> Result<u64, GraphError> {
    let view = graph.simple(&control.part(0.0, 0.1))?;
    let total = count_all(view, &control.part(0.1, 1.0))?;
    control.progress(1.0)?;
    Ok(total)
}

/// Triangles of a simple view.
pub(super) fn count_all(view: &Csr, control: &Control<'_>) -> Result<u64, GraphError> {
    let n = view.num_vertices();
    if view.num_arcs() <= MERGED_DEGREE * n {
        return count_merged(view, control);
    }
    let oriented = Oriented::new(view, &[], &control.part(0.0, 0.2))?;
    let new_state = || (Marks::new(n), 0u64);
    let counts = oriented.walk(usize::MAX, &control.part(0.2, 1.0), new_state, |state, base| {
        let (marks, count) = state;
        marks.set(base.heads);
        let mut lookups = base.heads.len();
        base.each_partner(|partner| {
            *count += partner.others.iter().map(|&w| marks.get(w)).sum::<u64>();
            lookups += partner.others.len() + 1;
        });
        marks.clear(base.heads);
        lookups
    })?;
    Ok(counts.into_iter().map(|(_, count)| count).sum())
}

/// Triangles of a simple view with short rows: those of the ends of every edge are merged, or a long
/// one is searched for what the other holds. A triangle counts at its highest vertex.
fn count_merged(view: &Csr, control: &Control<'_>) -> Result<u64, GraphError> {
    let blocks = row_blocks(view.offsets());
    let count_block = |count: &mut u64, block: usize| {
        let mut meter = Meter::new(control)?;
        for u in blocks[block].start as u32..blocks[block].end as u32 {
            let row = view.row(u);
            let below = &row[..row.partition_point(|&v| v < u)];
            for (i, &v) in below.iter().enumerate() {
                let (ours, theirs) = (&below[..i], view.row(v));
                let is_less = ours.len() < theirs.len();
                let (few, mut many) = if is_less { (ours, theirs) } else { (theirs, ours) };
                meter.spend(few.len())?;
                for &w in few.iter().take_while(|&&w| w < v) {
                    if many.len() > LONG_ROW {
                        many = &many[many.partition_point(|&x| x < w)..];
                    }
                    while let [first, rest @ ..] = many
                        && *first < w
                    {
                        many = rest;
                    }
                    *count += u64::from(many.first() == Some(&w));
                }
            }
        }
        Ok(())
    };
    let counts = pull_jobs(blocks.len(), usize::MAX, control, || 0, count_block)?;
    Ok(counts.into_iter().sum())
}

/// Triangles at each vertex of a simple view.
pub(super) fn count_at_vertices(view: &Csr, control: &Control<'_>) -> Result<Vec<u64>, GraphError> {
    let n = view.num_vertices();
    let oriented = Oriented::new(view, &[], &control.part(0.0, 0.2))?;
    let workers = most_workers(n);
    let new_state = || (Marks::new(n), vec![0u64; n]);
    let counts = oriented.walk(workers, &control.part(0.2, 1.0), new_state, |state, base| {
        let (marks, counts) = state;
        marks.set(base.heads);
        let (mut lookups, mut at_base) = (base.heads.len(), 0);
        base.each_partner(|partner| {
            let mut at_partner = 0;
            for &w in partner.others {
                if marks.get(w) == 1 {
                    counts[w as usize] += 1;
                    at_partner += 1;
                }
            }
            counts[partner.rank as usize] += at_partner;
            at_base += at_partner;
            lookups += partner.others.len() + 1;
        });
        counts[base.rank as usize] += at_base;
        marks.clear(base.heads);
        lookups
    })?;
    Ok(oriented.by_vertex(add_up(n, counts.into_iter().map(|(_, counts)| counts))))
}

/// Workers that may each have a counter per vertex.
pub(super) fn most_workers(n: usize) -> usize {
    (MAX_COUNTERS / n.max(1)).max(1)
}

/// The counters of all workers in one.
pub(super) fn add_up(n: usize, counts: impl Iterator<Item = Vec<u64>>) -> Vec<u64> {
    let add = |mut sum: Vec<u64>, more: Vec<u64>| {
        sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        sum
    };
    counts.reduce(add).unwrap_or_else(|| vec![0; n])
}
