//! Kernels by name: settings as JSON in, columns and facts out. What tables are made of.
//!
//! Names, types, nulls and facts are the same whoever asks, and those of the engine without
//! compiled code: vertices are `uint32` indices with nulls where there is none, counts and hops
//! `int64`, the rest `float64`. Callers put ids in with `take`. Nothing is computed here.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//! use pf_graph_core::answer::{Vectors, answer};
//! use pf_graph_core::{BuildOptions, Control, Graph};
//!
//! let cancel = AtomicBool::new(false);
//! let control = Control::new(&cancel);
//! let options = BuildOptions::default();
//! let graph = Graph::from_arrays(&[0u32, 1], &[1u32, 2], None, 3, &options, &control)?;
//! let settings = serde_json::from_str(r#"{"max_depth": 1}"#).unwrap_or_default();
//! let found = answer(&graph, "bfs", settings, Vectors::new().vertices("sources", &[0]), &control)?;
//! let names: Vec<&str> = found.columns.iter().map(|column| column.0).collect();
//! assert_eq!(names, ["distance", "predecessor"]);
//! assert_eq!(found.columns[0].1.null_count(), 1); // vertex 2 is further away
//! # Ok::<(), pf_graph_core::GraphError>(())
//! ```

mod centrality;
mod columns;
mod communities;
mod structure;
mod traversal;
mod vectors;

use arrow::array::ArrayRef;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use self::vectors::Vectors;
use crate::{Control, Graph, GraphError};

/// The names [`answer`] knows, in alphabetical order.
pub const ALGORITHMS: [&str; 19] = [
    "betweenness",
    "bfs",
    "closeness",
    "clustering",
    "connected_components",
    "core_number",
    "dfs",
    "dfs_edges",
    "harmonic",
    "hits",
    "label_propagation",
    "louvain",
    "minimum_spanning_forest",
    "pagerank",
    "shortest_paths",
    "topological_sort",
    "transitivity",
    "triangle_count",
    "triangles",
];

/// What an algorithm found.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Columns of one length, in order; none where the answer is a fact.
    pub columns: Vec<(&'static str, ArrayRef)>,
    /// What the run has to tell, such as `iterations`; an infinite number is null.
    pub facts: Map<String, Value>,
}

impl Answer {
    fn column(mut self, name: &'static str, values: ArrayRef) -> Self {
        self.columns.push((name, values));
        self
    }

    fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}

/// Runs an algorithm in the caller's rayon pool.
///
/// Settings that are left out have the defaults of the kernel's configuration; an unknown one, or an
/// unknown vector, is an error.
pub fn answer(
    graph: &Graph,
    algorithm: &str,
    settings: Map<String, Value>,
    mut vectors: Vectors<'_>,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let given = &mut vectors;
    let found = match algorithm {
        "betweenness" => centrality::betweenness(graph, &read(settings)?, given, control),
        "bfs" => traversal::bfs(graph, &read(settings)?, given, control),
        "closeness" => centrality::closeness(graph, &read(settings)?, given, control),
        "clustering" => structure::clustering(graph, read(settings)?, control),
        "connected_components" => structure::connected_components(graph, &read(settings)?, control),
        "core_number" => structure::core_number(graph, read(settings)?, control),
        "dfs" => traversal::dfs(graph, &read(settings)?, given, control),
        "dfs_edges" => traversal::dfs_edges(graph, &read(settings)?, given, control),
        "harmonic" => centrality::harmonic(graph, &read(settings)?, given, control),
        "hits" => centrality::hits(graph, &read(settings)?, control),
        "label_propagation" => communities::label_propagation(graph, &read(settings)?, control),
        "louvain" => communities::louvain(graph, &read(settings)?, control),
        "minimum_spanning_forest" => {
            structure::minimum_spanning_forest(graph, &read(settings)?, control)
        }
        "pagerank" => centrality::pagerank(graph, &read(settings)?, given, control),
        "shortest_paths" => traversal::shortest_paths(graph, &read(settings)?, given, control),
        "topological_sort" => traversal::topological_sort(graph, read(settings)?, control),
        "transitivity" => structure::transitivity(graph, read(settings)?, control),
        "triangle_count" => structure::triangle_count(graph, read(settings)?, control),
        "triangles" => structure::triangles(graph, read(settings)?, control),
        other => {
            let message = format!("'{other}' is none of {}", ALGORITHMS.join(", "));
            return Err(GraphError::BadParameter { name: "algorithm", message });
        }
    }?;
    Ok(found)
}

/// Settings of algorithms without any.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NoSettings {}

fn read<T: DeserializeOwned>(settings: Map<String, Value>) -> Result<T, GraphError> {
    serde_json::from_value(Value::Object(settings))
        .map_err(|error| GraphError::BadParameter { name: "settings", message: error.to_string() })
}
