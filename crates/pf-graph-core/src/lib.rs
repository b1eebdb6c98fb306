//! Graph kernels on compressed sparse rows: an edge table with any ids in, arrays over dense
//! vertex indices out.
//!
//! [`Graph::build`] maps the ids of an Arrow edge table to `0..n` and sorts the edges into rows;
//! the functions of [`algo`] run on that graph in the caller's rayon pool, each with a
//! configuration that holds its documented defaults. [`verify`] holds a serial checker per answer
//! that shares no code with the kernels.
//!
//! Promises: the same bits for any number of threads; parallel edges, loops and isolated vertices
//! are kept; a bad value is an error that names its row (rows count from 1); every call stops soon
//! after its cancel flag is set.
//!
//! ```
//! use std::sync::{Arc, atomic::AtomicBool};
//! use arrow::array::{ArrayRef, StringArray};
//! use pf_graph_core::{BuildOptions, Control, Graph, IdOrder, IdValue, algo};
//!
//! let src: ArrayRef = Arc::new(StringArray::from(vec!["JFK", "JFK", "BOS"]));
//! let dst: ArrayRef = Arc::new(StringArray::from(vec!["BOS", "LAX", "LAX"]));
//! let options = BuildOptions { id_order: IdOrder::Sorted, ..BuildOptions::default() };
//! let cancel = AtomicBool::new(false);
//! let control = Control::new(&cancel);
//! let graph = Graph::build(&[src], &[dst], None, None, &options, &control)?;
//! assert_eq!((graph.num_vertices(), graph.num_edges()), (3, 3));
//!
//! let jfk = graph.find(&IdValue::Str("JFK".into()))?;
//! let levels = algo::bfs(&graph, &algo::BfsConfig::default(), &[jfk], &control)?;
//! assert_eq!(levels.distance, [1, 0, 1]); // BOS, JFK, LAX
//! # Ok::<(), pf_graph_core::GraphError>(())
//! ```

pub mod algo;
pub mod answer;
mod arcs;
mod attach;
mod build;
mod columns;
mod control;
mod crew;
mod csr;
mod edge_ids;
mod edges;
mod error;
pub mod generate;
mod graph;
mod ids;
mod opposites;
mod options;
mod par;
mod part;
mod prefetch;
mod random;
mod rows;
mod simple;
mod team;
pub mod verify;
mod views;
mod weights;

pub use columns::VertexInt;
pub use control::Control;
pub use csr::Csr;
pub use edge_ids::EdgesById;
pub use error::{GraphError, Side};
pub use graph::Graph;
pub use ids::{IdOrder, IdValue};
pub use options::{BuildOptions, Duplicates, Nulls, SelfLoops};
pub use views::{Direction, LoopDegree};

/// Marks "no vertex" in index arrays, for example the predecessor of a source.
pub const NO_VERTEX: u32 = u32::MAX;
