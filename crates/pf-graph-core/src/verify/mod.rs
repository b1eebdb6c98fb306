//! Serial checkers: each takes the edge list and an answer and says what is wrong with it.
//!
//! They share no code with the kernels and read the edges, not the CSR. Used by tests and benches;
//! a time without a checked answer is not worth reporting.

mod bfs;
mod components;
mod csr;
mod multi_bfs;
mod pagerank;
mod shortest_path;

pub use bfs::check_bfs;
pub use components::{check_strong_components, check_weak_components};
pub use csr::{check_csr, check_transpose};
pub use multi_bfs::check_multi_bfs;
pub use pagerank::check_pagerank;
pub use shortest_path::check_shortest_paths;

mod betweenness;
mod community;
mod core_number;
mod degree;
mod dfs;
mod hits;
mod hop_sums;
mod ids;
mod spanning_forest;
mod topological_sort;
mod triangles;

pub use betweenness::{check_betweenness, check_betweenness_sum};
pub use community::{check_label_propagation, check_louvain};
pub use core_number::check_core_number;
pub use degree::check_degrees;
pub use dfs::{check_dfs, check_dfs_edges};
pub use hits::check_hits;
pub use hop_sums::{check_closeness, check_harmonic};
pub use ids::check_ids;
pub use spanning_forest::check_spanning_forest;
pub use topological_sort::check_topological_sort;
pub use triangles::{check_clustering, check_triangles};

/// A verdict: what is wrong, in words.
pub type Verdict = Result<(), String>;

/// The input of a graph as vertex indices, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Edges<'a> {
    /// Number of vertices.
    pub num_vertices: usize,
    /// Tails.
    pub src: &'a [u32],
    /// Heads.
    pub dst: &'a [u32],
    /// Weights, 1 if absent.
    pub weight: Option<&'a [f64]>,
    /// Whether rows lead one way only.
    pub directed: bool,
}

impl<'a> Edges<'a> {
    /// All arcs `(tail, head, weight)`: an undirected row gives two, a loop one.
    pub fn arcs(&self) -> impl Iterator<Item = (usize, usize, f64)> + 'a {
        let Edges { src, dst, weight, directed, .. } = *self;
        (0..src.len()).flat_map(move |row| {
            let (u, v) = (src[row] as usize, dst[row] as usize);
            let w = weight.map_or(1.0, |weight| weight[row]);
            let back = (!directed && u != v).then_some((v, u, w));
            std::iter::once((u, v, w)).chain(back)
        })
    }

    /// Heads by tail, or tails by head.
    fn neighbours(&self, reverse: bool) -> Vec<Vec<usize>> {
        let mut lists = vec![Vec::new(); self.num_vertices];
        for (u, v, _) in self.arcs() {
            let (from, to) = if reverse { (v, u) } else { (u, v) };
            lists[from].push(to);
        }
        lists
    }
}

/// `Err(text())` unless the condition holds.
fn ensure(condition: bool, text: impl FnOnce() -> String) -> Verdict {
    if condition { Ok(()) } else { Err(text()) }
}
