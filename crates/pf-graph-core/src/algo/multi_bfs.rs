//! Breadth-first searches from many sources at once, each on its own: see `sweep.rs`.
//!
//! Batches of 64 sources, or of 512 where there are many, run side by side. O(n + m) per level and
//! batch in the worst case, usually far less than as many searches; 24 bytes per vertex and thread,
//! 192 in the larger batches, and 12 per row of the answer.

use serde::Deserialize;

use super::bfs::check_sources;
use super::sweep::{Sweep, both_ends, each_bit, is_wide};
use crate::control::{Control, Meter};
use crate::crew::pull_jobs;
use crate::{Csr, Direction, Graph, GraphError};

/// Settings of [`multi_bfs`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `MultiBfsConfig::DEFAULT_*`, as `Default`
pub struct MultiBfsConfig {
    /// Hops after which the searches stop; `None` goes on to the end.
    pub max_depth: Option<u32>,
    /// Which way arcs are followed.
    pub direction: Direction,
}

impl MultiBfsConfig {
    /// No limit.
    pub const DEFAULT_MAX_DEPTH: Option<u32> = None;
    /// From tail to head.
    pub const DEFAULT_DIRECTION: Direction = Direction::Out;
}

/// Answer of [`multi_bfs`]: one row per source and vertex it reaches, in the order of the sources,
/// for each by ascending vertex, the source itself included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MultiBfsResult {
    /// The source.
    pub source: Vec<u32>,
    /// The vertex it reaches.
    pub vertex: Vec<u32>,
    /// Hops between them.
    pub distance: Vec<u32>,
}

/// Searches from each of the `sources`; there must be at least one, a repeated one is answered twice.
pub fn multi_bfs(
    graph: &Graph,
    config: &MultiBfsConfig,
    sources: &[u32],
    control: &Control<'_>,
) -> Result<MultiBfsResult, GraphError> {
    check_sources(graph, sources)?;
    let rows = both_ends(graph, config.direction, control)?;
    let most = config.max_depth.unwrap_or(u32::MAX);
    let found = if is_wide(sources.len()) {
        reached::<8>(rows, sources, most, control)?
    } else {
        reached::<1>(rows, sources, most, control)?
    };
    let mut result = MultiBfsResult::default();
    for (&source, rows) in sources.iter().zip(found) {
        result.source.resize(result.source.len() + rows.len(), source);
        result.vertex.extend(rows.iter().map(|row| row.0));
        result.distance.extend(rows.iter().map(|row| row.1));
    }
    control.progress(1.0)?;
    Ok(result)
}

/// Per source the vertices that it reaches, ascending, and the hops to them.
fn reached<const W: usize>(
    (forward, back): (&Csr, &Csr),
    sources: &[u32],
    most: u32,
    control: &Control<'_>,
) -> Result<Vec<Vec<(u32, u32)>>, GraphError> {
    let batches: Vec<&[u32]> = sources.chunks(Sweep::<W>::WIDTH).collect();
    let new_state = || (Sweep::<W>::new(forward.num_vertices()), Vec::new());
    let states = pull_jobs(batches.len(), usize::MAX, control, new_state, |state, job| {
        let (sweep, done) = state;
        let silent = control.silent(); // batches are counted
        let mut meter = Meter::new(&silent)?;
        let mut rows: Vec<Vec<(u32, u32)>> = batches[job].iter().map(|&v| vec![(v, 0)]).collect();
        sweep.run((forward, back), batches[job], most, &mut meter, |hops, v, new| {
            each_bit(new, |bit| rows[bit].push((v, hops)));
        })?;
        for row in &mut rows {
            row.sort_unstable();
        }
        done.push((job, rows));
        Ok(())
    })?;
    let mut done: Vec<_> = states.into_iter().flat_map(|(_, done)| done).collect();
    done.sort_unstable_by_key(|(job, _)| *job);
    Ok(done.into_iter().flat_map(|(_, rows)| rows).collect())
}
