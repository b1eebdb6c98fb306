//! The share of each vertex in the shortest paths from one source: search forward counting paths,
//! then add up the dependencies backward.
//!
//! No lists of predecessors: the backward sweep pulls over the same rows. Hops and weights are
//! searched differently, see `brandes_hops.rs` and `brandes_weighted.rs`. Counts of paths may leave
//! the range of floats, see `path_count.rs`.
//! Source: Brandes, "A faster algorithm for betweenness centrality", J. Math. Sociol. 25(2), 2001.

use super::brandes_hops::HopSearch;
use super::brandes_weighted::WeightedSearch;
use super::path_count::PathCount;
use crate::GraphError;
use crate::control::Meter;
use crate::simple::SimpleRows;

/// Working memory of searches, clean between them.
pub(super) enum Search<P> {
    Hops(HopSearch<P>),
    Weighted(WeightedSearch<P>),
}

/// What a search adds.
pub(super) enum Searched {
    Done,
    /// Nothing was added: paths are too many for this type.
    TooManyPaths,
}

impl<P: PathCount> Search<P> {
    pub(super) fn new(rows: &SimpleRows<f64>) -> Self {
        if rows.values.is_empty() {
            Self::Hops(HopSearch::new(rows.num_vertices()))
        } else {
            Self::Weighted(WeightedSearch::new(rows.num_vertices()))
        }
    }

    /// Adds the dependencies of `source` on all vertices to `sums`; with `endpoints`, paths also
    /// count at their ends.
    pub(super) fn run(
        &mut self,
        rows: &SimpleRows<f64>,
        source: u32,
        endpoints: bool,
        sums: &mut [f64],
        meter: &mut Meter,
    ) -> Result<Searched, GraphError> {
        let fits = match self {
            Self::Hops(search) => search.run(rows, source, endpoints, sums, meter)?,
            Self::Weighted(search) => search.run(rows, source, endpoints, sums, meter)?,
        };
        Ok(if fits { Searched::Done } else { Searched::TooManyPaths })
    }
}
