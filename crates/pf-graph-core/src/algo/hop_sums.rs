//! Sums over the hops between vertices and all others: what closeness and harmonic centrality are
//! made of.
//!
//! All vertices: batches of sources run along the arcs and every vertex adds up what reaches it, so
//! that nobody needs the distances themselves. Some vertices: batches run from those, against the
//! arcs, and count per source. Sums are whole numbers, or fractions in fixed point of 90 binary
//! places: they do not depend on any order, nor on the number of threads. O(m) per level and batch
//! of 512 sources; 192 bytes per vertex and thread, and the sums.

use crate::control::Meter;
use crate::crew::pull_jobs;
use crate::{Control, Csr, Direction, Graph, GraphError};

use super::sweep::{BitCounters, Sweep, both_ends, is_wide};

/// Binary places of sums of fractions: 2³² ones fit above them.
const PLACES: u32 = 90;

/// What is added up over the hops to other vertices. Sums of one vertex.
pub(super) trait HopSum: Copy + Default + Send + Sync {
    /// The share of one pair at `hops`, prepared once per level.
    type Share: Copy;
    fn share(hops: u32) -> Self::Share;
    /// Adds `pairs` shares.
    fn add(&mut self, share: Self::Share, pairs: u64);
    fn merge(&mut self, other: Self);
}

/// Hops, and how many vertices they lead to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Far {
    pub(super) hops: u64,
    pub(super) reached: u64,
}

impl HopSum for Far {
    type Share = u64;

    fn share(hops: u32) -> u64 {
        u64::from(hops)
    }

    #[inline]
    fn add(&mut self, share: u64, pairs: u64) {
        self.hops += share * pairs;
        self.reached += pairs;
    }

    fn merge(&mut self, other: Self) {
        self.hops += other.hops;
        self.reached += other.reached;
    }
}

/// One over the hops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Inverse {
    fixed: u128,
}

impl Inverse {
    pub(super) fn value(self) -> f64 {
        const UNIT: f64 = 1.0 / (1u128 << PLACES) as f64;
        self.fixed as f64 * UNIT
    }
}

impl HopSum for Inverse {
    type Share = u128;

    fn share(hops: u32) -> u128 {
        ((1 << PLACES) + u128::from(hops) / 2) / u128::from(hops)
    }

    #[inline]
    fn add(&mut self, share: u128, pairs: u64) {
        self.fixed += share * u128::from(pairs);
    }

    fn merge(&mut self, other: Self) {
        self.fixed += other.fixed;
    }
}

/// Sums of all vertices, or of `vertices`, in their order.
pub(super) fn hop_sums<T: HopSum>(
    graph: &Graph,
    direction: Direction,
    vertices: Option<&[u32]>,
    control: &Control<'_>,
) -> Result<Vec<T>, GraphError> {
    // Rows along which the distances of `direction` are measured away from a vertex.
    let (away, towards) = both_ends(graph, direction, control)?;
    match vertices {
        None => {
            let all: Vec<u32> = (0..graph.num_vertices() as u32).collect();
            if is_wide(all.len()) {
                at_all::<T, 8>(towards, away, &all, control)
            } else {
                at_all::<T, 1>(towards, away, &all, control)
            }
        }
        Some(vertices) => {
            vertices.iter().try_for_each(|&v| graph.check_vertex("vertices", v))?;
            if is_wide(vertices.len()) {
                at_some::<T, 8>(away, towards, vertices, control)
            } else {
                at_some::<T, 1>(away, towards, vertices, control)
            }
        }
    }
}

/// Every vertex adds up the sources that reach it along `rows`.
fn at_all<T: HopSum, const W: usize>(
    rows: &Csr,
    reverse: &Csr,
    sources: &[u32],
    control: &Control<'_>,
) -> Result<Vec<T>, GraphError> {
    let n = rows.num_vertices();
    let batches: Vec<&[u32]> = sources.chunks(Sweep::<W>::WIDTH).collect();
    let new_state = || (Sweep::<W>::new(n), vec![T::default(); n]);
    let states = pull_jobs(batches.len(), usize::MAX, control, new_state, |state, job| {
        let (sweep, sums) = state;
        let mut meter = Meter::new(control)?;
        let mut level = (0, T::share(1));
        sweep.run((rows, reverse), batches[job], u32::MAX, &mut meter, |hops, v, new| {
            if level.0 != hops {
                level = (hops, T::share(hops));
            }
            let pairs: u32 = new.iter().map(|word| word.count_ones()).sum();
            sums[v as usize].add(level.1, u64::from(pairs));
        })
    })?;
    let mut states = states.into_iter().map(|(_, sums)| sums);
    let mut total = states.next().unwrap_or_default();
    for sums in states {
        total.iter_mut().zip(sums).for_each(|(total, sum)| total.merge(sum));
    }
    Ok(total)
}

/// Every source adds up the vertices that it reaches along `rows`.
fn at_some<T: HopSum, const W: usize>(
    rows: &Csr,
    reverse: &Csr,
    sources: &[u32],
    control: &Control<'_>,
) -> Result<Vec<T>, GraphError> {
    let n = rows.num_vertices();
    let batches: Vec<&[u32]> = sources.chunks(Sweep::<W>::WIDTH).collect();
    let new_state = || (Sweep::<W>::new(n), Vec::new());
    let states = pull_jobs(batches.len(), usize::MAX, control, new_state, |state, job| {
        let (sweep, done) = state;
        let batch = batches[job];
        let mut meter = Meter::new(control)?;
        let mut sums = vec![T::default(); batch.len()];
        let mut counters = BitCounters::<W>::new();
        let mut level = 1;
        let mut close = |hops: u32, counters: &mut BitCounters<W>| {
            let share = T::share(hops);
            counters.take(|bit, pairs| sums[bit].add(share, pairs));
        };
        sweep.run((rows, reverse), batch, u32::MAX, &mut meter, |hops, _, new| {
            if level != hops {
                close(level, &mut counters);
                level = hops;
            }
            counters.add(new);
        })?;
        close(level, &mut counters);
        done.push((job, sums));
        Ok(())
    })?;
    let mut done: Vec<(usize, Vec<T>)> = states.into_iter().flat_map(|(_, done)| done).collect();
    done.sort_unstable_by_key(|(job, _)| *job);
    Ok(done.into_iter().flat_map(|(_, sums)| sums).collect())
}
