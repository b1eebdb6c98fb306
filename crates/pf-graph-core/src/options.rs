//! How an edge table becomes a graph.

use serde::Deserialize;

use crate::{GraphError, IdOrder};

/// What to do with several edges between the same two vertices; edges of an undirected graph
/// compare as `{u, v}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicates {
    /// All stay.
    #[default]
    Keep,
    /// One edge, at the place of the first, with the sum of the weights; each counts 1 if the table
    /// has none.
    Sum,
    /// The first of the lightest stays.
    Min,
    /// The first of the heaviest stays.
    Max,
    /// The first row stays.
    First,
    /// The last row stays.
    Last,
    /// The first repeated row is an error.
    Error,
}

/// What to do with edges from a vertex to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SelfLoops {
    /// They stay.
    #[default]
    Keep,
    /// They are skipped.
    Drop,
    /// The first one is an error.
    Error,
}

/// What to do with rows without `src` or `dst`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Nulls {
    /// The first one is an error.
    #[default]
    Error,
    /// They are skipped, with their weights.
    Drop,
}

/// How an edge table becomes a graph. Defaults: those of the fields' types, and `DEFAULT_*`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BuildOptions {
    /// Whether a row leads from `src` to `dst` only; otherwise both ways, a loop once.
    pub directed: bool,
    /// The order of the vertices.
    pub id_order: IdOrder,
    /// Parallel edges.
    pub duplicates: Duplicates,
    /// Loops.
    pub self_loops: SelfLoops,
    /// Rows without an end.
    pub nulls: Nulls,
    /// Weight of rows whose weight is null; without it such a row is an error.
    pub default_weight: Option<f64>,
    /// Whether to remember the edge row of each arc, 4 bytes per arc: see
    /// [`Graph::edge_rows`](crate::Graph::edge_rows).
    pub edge_rows: bool,
}

impl BuildOptions {
    /// Rows are directed.
    pub const DEFAULT_DIRECTED: bool = true;
    /// Vertices come in the order of their first row.
    pub const DEFAULT_ID_ORDER: IdOrder = IdOrder::Appearance;
    /// A null weight is an error.
    pub const DEFAULT_DEFAULT_WEIGHT: Option<f64> = None;
    /// The edge rows of arcs are forgotten.
    pub const DEFAULT_EDGE_ROWS: bool = false;

    /// Whether rows may be left out or merged.
    pub(crate) fn needs_edge_list(&self) -> bool {
        self.duplicates != Duplicates::Keep || self.self_loops != SelfLoops::Keep
    }

    pub(crate) fn check(&self) -> Result<(), GraphError> {
        match self.default_weight {
            Some(weight) if weight.is_nan() || weight == f64::NEG_INFINITY => {
                let message = format!("{weight} is not a finite number or inf");
                Err(GraphError::BadParameter { name: "default_weight", message })
            }
            _ => Ok(()),
        }
    }
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            directed: Self::DEFAULT_DIRECTED,
            id_order: Self::DEFAULT_ID_ORDER,
            duplicates: Duplicates::default(),
            self_loops: SelfLoops::default(),
            nulls: Nulls::default(),
            default_weight: Self::DEFAULT_DEFAULT_WEIGHT,
            edge_rows: Self::DEFAULT_EDGE_ROWS,
        }
    }
}
