//! The kernels, one per file: a configuration with its defaults, a result over vertex indices, a
//! function that runs in the caller's rayon pool and stops soon after the flag of its `control` is set.

mod afforest;
mod bellman_ford;
mod bfs;
mod bfs_thin;
mod components;
mod delta;
mod dijkstra;
mod jumps;
pub(crate) mod multi_bfs;
mod pagerank;
mod pearce;
mod predecessors;
mod reach;
mod shortest_path;
mod strong;
mod vertex_set;

pub use bfs::{BfsConfig, BfsResult, bfs};
pub use components::{ComponentsMode, ComponentsResult, components};
pub use multi_bfs::{MultiBfsConfig, MultiBfsResult, multi_bfs};
pub use pagerank::{PageRankConfig, PageRankMethod, PageRankResult, PageRankVectors, pagerank};
pub use shortest_path::{
    ShortestPathConfig, ShortestPathMethod, ShortestPathResult, path_to, shortest_paths,
};

mod betweenness;
mod brandes;
mod brandes_hops;
mod brandes_weighted;
mod chebyshev;
mod closeness;
mod clustering;
mod core_number;
mod dfs;
mod dfs_edges;
mod edge_components;
mod harmonic;
mod hits;
mod hop_sums;
mod label_propagation;
mod louvain;
mod marks;
mod minimum_spanning_forest;
mod numbering;
mod oriented;
mod path_count;
mod scattered;
mod sweep;
mod topological_sort;
mod triangles;

pub use betweenness::{BetweennessConfig, BetweennessResult, betweenness};
pub use closeness::{ClosenessConfig, ClosenessResult, closeness};
pub use clustering::{ClusteringResult, clustering, transitivity};
pub use core_number::{CoreNumberResult, core_number};
pub use dfs::{DfsConfig, DfsResult, dfs};
pub use dfs_edges::{DfsEdgesConfig, DfsEdgesResult, EdgeClass, dfs_edges};
pub use edge_components::edge_components;
pub use harmonic::{HarmonicConfig, HarmonicResult, harmonic};
pub use hits::{HitsConfig, HitsResult, hits};
pub use label_propagation::{LabelPropagationConfig, LabelPropagationResult, label_propagation};
pub use louvain::{LouvainConfig, LouvainResult, louvain};
pub use minimum_spanning_forest::{
    SpanningForestConfig, SpanningForestResult, minimum_spanning_forest,
};
pub use topological_sort::{TopologicalSortResult, topological_sort};
pub use triangles::{TrianglesResult, triangle_count, triangles};
