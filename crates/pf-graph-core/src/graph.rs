//! The graph: ids, rows by tail, rows by head on demand.

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use arrow::array::{Array, ArrayRef};
use serde::Deserialize;

use crate::build::{EdgeRows, Reversed, counting_sort};
use crate::cancel::check;
use crate::ids::{IdIndex, map_ids};
use crate::weights::read_weights;
use crate::{Csr, GraphError, IdOrder, IdValue};

/// How an edge table becomes a graph.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `BuildOptions::DEFAULT_*`
pub struct BuildOptions {
    /// Whether a row leads from `src` to `dst` only; otherwise both ways, a loop once.
    pub directed: bool,
    /// The order of the vertices.
    pub id_order: IdOrder,
}

impl BuildOptions {
    /// Rows are directed.
    pub const DEFAULT_DIRECTED: bool = true;
    /// Vertices come in the order of their first row.
    pub const DEFAULT_ID_ORDER: IdOrder = IdOrder::Appearance;
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self { directed: Self::DEFAULT_DIRECTED, id_order: Self::DEFAULT_ID_ORDER }
    }
}

/// An immutable multigraph with the caller's ids; parallel edges, loops and isolated vertices stay.
#[derive(Debug)]
pub struct Graph {
    ids: IdIndex,
    num_edges: usize,
    directed: bool,
    out: Csr,
    incoming: OnceLock<Csr>,
    first_negative: Option<Edge>,
    first_infinite: Option<Edge>,
}

/// One edge row, kept to be named in an error.
#[derive(Debug, Clone, Copy)]
struct Edge {
    row: usize,
    src: u32,
    dst: u32,
    weight: f64,
}

impl Graph {
    /// Builds a graph from the columns of an edge table, each in chunks that need not align.
    ///
    /// Ids are integers of any width, text, binary, dates or booleans, plain or dictionary encoded;
    /// `src`, `dst` and `vertices` must be of one kind. `vertices` adds ids, isolated ones included,
    /// and comes first under [`IdOrder::Appearance`]; repeated ids are one vertex. With
    /// [`IdOrder::Sorted`] neither vertices nor rows depend on the order of the edges.
    ///
    /// O(n + m) plus, when sorted, ordering the n distinct ids and each row; runs in the caller's
    /// rayon pool.
    pub fn build(
        src: &[ArrayRef],
        dst: &[ArrayRef],
        weight: Option<&[ArrayRef]>,
        vertices: Option<&[ArrayRef]>,
        options: &BuildOptions,
        cancel: &AtomicBool,
    ) -> Result<Self, GraphError> {
        check(cancel)?;
        let mapped = map_ids(src, dst, vertices, options.id_order, cancel)?;
        let num_edges = mapped.src.len();
        let weights = weight.map(|chunks| read_weights(chunks, num_edges)).transpose()?;
        let edge = |row: Option<usize>| {
            let weights = weights.as_ref()?;
            let row = row?;
            Some(Edge {
                row,
                src: mapped.src[row],
                dst: mapped.dst[row],
                weight: weights.values[row],
            })
        };
        let first_negative = edge(weights.as_ref().and_then(|w| w.first_negative));
        let first_infinite = edge(weights.as_ref().and_then(|w| w.first_infinite));

        let rows = EdgeRows {
            src: &mapped.src,
            dst: &mapped.dst,
            weights: weights.as_ref().map(|w| w.values.as_slice()),
            directed: options.directed,
        };
        let mut out = counting_sort(mapped.ids.len(), &rows, cancel)?;
        if options.id_order == IdOrder::Sorted {
            out.sort_rows();
        }
        Ok(Self {
            ids: IdIndex::new(mapped.ids, options.id_order == IdOrder::Sorted),
            num_edges,
            directed: options.directed,
            out,
            incoming: OnceLock::new(),
            first_negative,
            first_infinite,
        })
    }

    /// The distinct ids; the position of an id is its vertex index.
    ///
    /// Their type is that of `src`: a dictionary's values, and for integers of different widths the
    /// type that holds both.
    pub fn ids(&self) -> &ArrayRef {
        self.ids.array()
    }

    /// Number of vertices, isolated ones included.
    pub fn num_vertices(&self) -> usize {
        self.out.num_vertices()
    }

    /// Number of edge rows the graph was built from.
    pub fn num_edges(&self) -> usize {
        self.num_edges
    }

    /// Whether rows lead one way only.
    pub fn is_directed(&self) -> bool {
        self.directed
    }

    /// Whether edges have weights.
    pub fn is_weighted(&self) -> bool {
        self.out.weights.is_some()
    }

    /// Whether some edge weight is below zero.
    pub fn has_negative_weight(&self) -> bool {
        self.first_negative.is_some()
    }

    /// Arcs by tail.
    pub fn out(&self) -> &Csr {
        &self.out
    }

    /// Arcs by head, made at the first call and kept; those of an undirected graph are its `out`.
    pub fn incoming(&self, cancel: &AtomicBool) -> Result<&Csr, GraphError> {
        if !self.directed {
            return Ok(&self.out);
        }
        if let Some(incoming) = self.incoming.get() {
            return Ok(incoming);
        }
        let made = counting_sort(self.num_vertices(), &Reversed(&self.out), cancel)?;
        Ok(self.incoming.get_or_init(|| made)) // a racing caller made the same rows
    }

    /// The vertex with this id; text also matches dates as `YYYY-MM-DD`.
    ///
    /// O(log n); without sorted ids the first call orders them once.
    pub fn find(&self, id: &IdValue) -> Result<u32, GraphError> {
        self.ids.find(id).ok_or_else(|| GraphError::VertexNotFound {
            id: id.to_string(),
            vertices: self.num_vertices(),
            closest: self.ids.closest(id),
        })
    }

    /// The id of a vertex as messages show it, quoted if it is text.
    pub(crate) fn label(&self, vertex: u32) -> String {
        self.ids.label(vertex)
    }

    /// An error that names the first edge with a negative weight, if there is one.
    pub(crate) fn refuse_negative(
        &self,
        kernel: &'static str,
        advice: &'static str,
    ) -> Result<(), GraphError> {
        let Some(Edge { row, src, dst, weight }) = self.first_negative else { return Ok(()) };
        let (src, dst) = (self.label(src), self.label(dst));
        Err(GraphError::NegativeWeight { weight, src, dst, row: row as u64 + 1, kernel, advice })
    }

    /// An error that names the first edge with an infinite weight, if there is one.
    pub(crate) fn refuse_infinite(&self, needs: &'static str) -> Result<(), GraphError> {
        match self.first_infinite {
            None => Ok(()),
            Some(Edge { row, weight, .. }) => {
                Err(GraphError::BadWeight { row: row as u64 + 1, weight, needs })
            }
        }
    }

    /// An error unless `vertex` is an index of this graph.
    pub(crate) fn check_vertex(&self, name: &'static str, vertex: u32) -> Result<(), GraphError> {
        if (vertex as usize) < self.num_vertices() {
            return Ok(());
        }
        let message = format!("vertex index {vertex} of {} vertices", self.num_vertices());
        Err(GraphError::BadParameter { name, message })
    }
}
