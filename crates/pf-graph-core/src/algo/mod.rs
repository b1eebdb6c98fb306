//! The kernels, one per file: a configuration with its defaults, a result over vertex indices, a
//! function that runs in the caller's rayon pool and stops soon after `cancel` is set.

mod bfs;
mod components;
mod pagerank;
mod predecessors;
mod shortest_path;
mod strong;

pub use bfs::{BfsConfig, BfsResult, bfs};
pub use components::{ComponentsMode, ComponentsResult, components};
pub use pagerank::{PageRankConfig, PageRankResult, pagerank};
pub use shortest_path::{
    ShortestPathConfig, ShortestPathMethod, ShortestPathResult, path_to, shortest_paths,
};
