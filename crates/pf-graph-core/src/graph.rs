//! The graph: ids, rows by tail, and views made on demand.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef};
use rayon::prelude::*;

use crate::arcs::{EdgeRows, RowArcs};
use crate::build::sort_arcs;
use crate::columns::{VertexInt, first_bad, indices};
use crate::control::Control;
use crate::edges::{EdgeList, check_rows};
use crate::ids::{IdIndex, map_ids};
use crate::rows::drop_null_rows;
use crate::views::Views;
use crate::weights::{WeightFacts, read_weights, refuse_unusable, weight_facts};
use crate::{BuildOptions, Csr, GraphError, IdOrder, IdValue, NO_VERTEX, Nulls, Side};

/// An immutable multigraph with the caller's ids; parallel edges, loops and isolated vertices stay
/// unless an option says otherwise.
#[derive(Debug)]
pub struct Graph {
    pub(crate) ids: IdIndex,
    num_edges: usize,
    directed: bool,
    pub(crate) out: Csr,
    pub(crate) edge_rows: Option<Vec<u32>>,
    facts: WeightFacts,
    pub(crate) first_negative: Option<Edge>,
    pub(crate) first_infinite: Option<Edge>,
    pub(crate) views: Views,
}

/// One edge row, kept to be named in an error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) row: usize,
    src: u32,
    dst: u32,
    weight: f64,
}

/// Tails, heads and weights, borrowed or given away.
type EdgeColumns<'a> = (Cow<'a, [u32]>, Cow<'a, [u32]>, Option<Cow<'a, [f64]>>);

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
        control: &Control<'_>,
    ) -> Result<Self, GraphError> {
        control.check()?;
        options.check()?;
        if options.default_weight.is_some() && weight.is_none() {
            let message = "needs a weight column, whose nulls it fills".into();
            return Err(GraphError::BadParameter { name: "default_weight", message });
        }
        let len = |chunks: &[ArrayRef]| chunks.iter().map(Array::len).sum::<usize>();
        let rows = len(src);
        for (column, chunks) in [("dst", Some(dst)), ("weight", weight)] {
            let found = chunks.map_or(rows, len);
            if found != rows {
                return Err(GraphError::LengthsDiffer { src: rows, column, rows: found });
            }
        }
        let kept = match options.nulls {
            Nulls::Error => None,
            Nulls::Drop => drop_null_rows(src, dst, weight)?,
        };
        let (src, dst, weight, rows) = match &kept {
            None => (src, dst, weight, None),
            Some(kept) => {
                (&kept.src[..], &kept.dst[..], kept.weight.as_deref(), Some(kept.rows.clone()))
            }
        };
        let mapped = map_ids(src, dst, vertices, options.id_order, &control.part(0.0, 0.6))?;
        let mut edges = EdgeList { src: mapped.src, dst: mapped.dst, weight: None, rows };
        edges.weight = weight
            .map(|chunks| {
                read_weights(chunks, edges.len(), options.default_weight, |edge| edges.row(edge))
            })
            .transpose()?;
        let ids = IdIndex::new(mapped.ids, options.id_order == IdOrder::Sorted);
        let n = ids.array().len();
        edges.apply_self_loops(options.self_loops, |v| ids.label(v))?;
        edges.apply_duplicates(
            options.duplicates,
            n,
            options.directed,
            |v| ids.label(v),
            &control.part(0.6, 0.7),
        )?;
        Self::from_edges(ids, edges, options, &control.part(0.7, 1.0))
    }

    /// Builds a graph of the vertices `0..num_vertices`, whose indices the arrays hold: no ids to
    /// map, nothing to copy for 32-bit integers. `options.id_order` has no say: vertices come in
    /// index order, but [`IdOrder::Sorted`] sorts the rows.
    ///
    /// Writing to the arrays meanwhile is an error or gives some graph of these vertices.
    pub fn from_arrays<S: VertexInt, D: VertexInt>(
        src: &[S],
        dst: &[D],
        weight: Option<&[f64]>,
        num_vertices: usize,
        options: &BuildOptions,
        control: &Control<'_>,
    ) -> Result<Self, GraphError> {
        control.check()?;
        options.check()?;
        check_vertices(num_vertices)?;
        let rows = src.len();
        for (column, found) in [("dst", dst.len()), ("weight", weight.map_or(rows, <[f64]>::len))] {
            if found != rows {
                return Err(GraphError::LengthsDiffer { src: rows, column, rows: found });
            }
        }
        if let Some(weights) = weight {
            refuse_unusable(weights, |row| row)?;
        }
        let ids = IdIndex::dense(num_vertices);
        let built = (|| {
            let tails = indices(src, Side::Src, num_vertices, control)?;
            let heads = indices(dst, Side::Dst, num_vertices, control)?;
            if options.needs_edge_list() {
                let (src, dst) = (tails.into_owned(), heads.into_owned());
                let weight = weight.map(<[f64]>::to_vec);
                let mut edges = EdgeList { src, dst, weight, rows: None };
                let is_vertex = |&v: &u32| (v as usize) < num_vertices;
                if !(edges.src.iter().all(is_vertex) && edges.dst.iter().all(is_vertex)) {
                    return Err(GraphError::ArraysChanged); // told apart below
                }
                edges.apply_self_loops(options.self_loops, |v| v.to_string())?;
                let directed = options.directed;
                let label = |v: u32| v.to_string();
                let part = control.part(0.0, 0.4);
                edges.apply_duplicates(options.duplicates, num_vertices, directed, label, &part)?;
                return Self::from_edges(ids, edges, options, &control.part(0.4, 1.0));
            }
            let weight = weight.map(Cow::Borrowed);
            Self::from_rows(ids, (tails, heads, weight), &|row| row, options, control)
        })();
        built.map_err(|error| match error {
            // The same row in the caller's own numbers: a negative one looked large.
            GraphError::IndexOutOfRange { .. } | GraphError::ArraysChanged => {
                let src = first_bad(src, num_vertices).map(|(row, v)| (row, Side::Src, v));
                let dst = first_bad(dst, num_vertices).map(|(row, v)| (row, Side::Dst, v));
                let first = [src, dst].into_iter().flatten().min_by_key(|bad| bad.0);
                first.map_or(GraphError::ArraysChanged, |(row, side, vertex)| {
                    let (row, vertices) = (row as u64 + 1, num_vertices as u64);
                    GraphError::IndexOutOfRange { row, side, vertex, vertices }
                })
            }
            other => other,
        })
    }

    /// Takes over compressed sparse rows: `offsets` of `n + 1` ascending values from 0 to the number
    /// of arcs, `targets` below `n`, `weights` parallel to them, each checked.
    ///
    /// An undirected graph must hold each edge in both rows, a loop once. Edge rows in errors are
    /// positions in `targets`.
    pub fn from_csr(
        offsets: Vec<u64>,
        targets: Vec<u32>,
        weights: Option<Vec<f64>>,
        directed: bool,
        control: &Control<'_>,
    ) -> Result<Self, GraphError> {
        let out = Csr::checked(offsets, targets, weights)?;
        if !directed {
            out.check_symmetric(control)?;
        }
        Self::from_checked_csr(out, directed, control)
    }

    /// As [`from_csr`](Self::from_csr) for an undirected graph whose rows the caller knows to be
    /// symmetric. Where they are not, answers are wrong; searches go along arcs as they stand.
    pub fn from_symmetric_csr(
        offsets: Vec<u64>,
        targets: Vec<u32>,
        weights: Option<Vec<f64>>,
        control: &Control<'_>,
    ) -> Result<Self, GraphError> {
        Self::from_checked_csr(Csr::checked(offsets, targets, weights)?, false, control)
    }

    fn from_checked_csr(
        out: Csr,
        directed: bool,
        control: &Control<'_>,
    ) -> Result<Self, GraphError> {
        control.check()?;
        check_vertices(out.num_vertices())?;
        if let Some(weights) = out.weights() {
            refuse_unusable(weights, |row| row)?;
        }
        let mut num_edges = out.num_arcs();
        if !directed {
            let is_loop = |u: u32| out.row(u).iter().filter(|&&v| v == u).count();
            let loops: usize = (0..out.num_vertices() as u32).map(is_loop).sum();
            num_edges = usize::midpoint(num_edges, loops); // a loop is one arc, others two
        }
        let facts = weight_facts(out.weights().unwrap_or_default());
        let edge = |arc: usize| Edge {
            row: arc,
            src: out.offsets().partition_point(|&offset| offset <= arc as u64) as u32 - 1,
            dst: out.targets()[arc],
            weight: out.weights().map_or(1.0, |weights| weights[arc]),
        };
        let (first_negative, first_infinite) =
            (facts.first_negative.map(edge), facts.first_infinite.map(edge));
        control.progress(1.0)?;
        Ok(Self {
            ids: IdIndex::dense(out.num_vertices()),
            num_edges,
            directed,
            out,
            edge_rows: None,
            facts,
            first_negative,
            first_infinite,
            views: Views::default(),
        })
    }

    fn from_edges(
        ids: IdIndex,
        edges: EdgeList,
        options: &BuildOptions,
        control: &Control<'_>,
    ) -> Result<Self, GraphError> {
        let EdgeList { src, dst, weight, rows } = edges;
        let columns = (Cow::Owned(src), Cow::Owned(dst), weight.map(Cow::Owned));
        let row = |edge: usize| rows.as_ref().map_or(edge, |rows| rows[edge] as usize);
        Self::from_rows(ids, columns, &row, options, control)
    }

    /// Columns that are given away are freed before the rows are written.
    fn from_rows(
        ids: IdIndex,
        (src, dst, weight): EdgeColumns<'_>,
        row_of: &(dyn Fn(usize) -> usize + Sync),
        options: &BuildOptions,
        control: &Control<'_>,
    ) -> Result<Self, GraphError> {
        let (n, num_edges) = (ids.len(), src.len());
        if options.edge_rows {
            check_rows(num_edges)?;
        }
        let facts = weight_facts(weight.as_deref().unwrap_or_default());
        let edge = |edge: usize| {
            let weight = weight.as_ref().map_or(1.0, |weight| weight[edge]);
            Edge { row: row_of(edge), src: src[edge], dst: dst[edge], weight }
        };
        let (first_negative, first_infinite) =
            (facts.first_negative.map(edge), facts.first_infinite.map(edge));
        let arcs = if options.directed { RowArcs::Directed } else { RowArcs::Both };
        let rows = EdgeRows { src, dst, arcs };
        let mut edge_rows = None;
        let row = |edge: usize| row_of(edge) as u32;
        let mut out = match (weight, options.edge_rows) {
            (None, false) => {
                let sorted = sort_arcs(n, rows, |_| (), control)?;
                Csr { offsets: sorted.offsets, targets: sorted.targets, weights: None }
            }
            (Some(weight), false) => {
                let sorted = sort_arcs(n, rows, move |edge| weight[edge], control)?;
                let weights = Some(sorted.payload);
                Csr { offsets: sorted.offsets, targets: sorted.targets, weights }
            }
            (None, true) => {
                let sorted = sort_arcs(n, rows, row, control)?;
                edge_rows = Some(sorted.payload);
                Csr { offsets: sorted.offsets, targets: sorted.targets, weights: None }
            }
            (Some(weight), true) => {
                // Three words: a pair would be padded to four.
                let payload = move |edge: usize| {
                    let bits = weight[edge].to_bits();
                    [bits as u32, (bits >> 32) as u32, row(edge)]
                };
                let sorted = sort_arcs(n, rows, payload, control)?;
                let bits = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
                let weights = sorted.payload.par_iter();
                let weights = weights.map(|&[low, high, _]| f64::from_bits(bits(low, high)));
                let weights = Some(weights.collect());
                edge_rows = Some(sorted.payload.par_iter().map(|payload| payload[2]).collect());
                Csr { offsets: sorted.offsets, targets: sorted.targets, weights }
            }
        };
        if options.id_order == IdOrder::Sorted {
            out.sort_rows(edge_rows.as_deref_mut());
        }
        control.progress(1.0)?;
        Ok(Self {
            ids,
            num_edges,
            directed: options.directed,
            out,
            edge_rows,
            facts,
            first_negative,
            first_infinite,
            views: Views::default(),
        })
    }

    /// The distinct ids; the position of an id is its vertex index.
    ///
    /// Their type is that of `src`: a dictionary's values, and for integers of different widths the
    /// type that holds both. Vertices without ids are `int64` numbers from 0.
    pub fn ids(&self) -> &ArrayRef {
        self.ids.array()
    }

    /// Whether ids are the indices of the vertices.
    pub fn has_index_ids(&self) -> bool {
        self.ids.is_dense()
    }

    /// Number of vertices, isolated ones included.
    pub fn num_vertices(&self) -> usize {
        self.out.num_vertices()
    }

    /// Number of edges: the rows the graph was built from, less those its options left out.
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

    /// The edge row, from 0, that each arc of [`out`](Self::out) comes from, if the options asked
    /// for it. The sum of parallel edges has the row of the first.
    pub fn edge_rows(&self) -> Option<&[u32]> {
        self.edge_rows.as_deref()
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

    /// The same without an error to explain.
    pub fn position(&self, id: &IdValue) -> Option<u32> {
        self.ids.find(id)
    }

    /// The vertex of each of some ids, -1 where there is none. `values` are of a type that ids can
    /// have; a null or a value of another kind is no vertex.
    ///
    /// O(k log n) for k values; more than a few put the ids in order once, as [`find`](Self::find).
    pub fn find_all(&self, values: &ArrayRef) -> Vec<i64> {
        self.ids.find_all(values)
    }

    /// Up to three ids that resemble one that is missing, best first, as messages show them.
    pub fn closest(&self, id: &IdValue) -> Vec<String> {
        self.ids.closest(id)
    }

    /// The id of a vertex as messages show it, quoted if it is text.
    pub(crate) fn label(&self, vertex: u32) -> String {
        self.ids.label(vertex)
    }

    /// What the weights have in common.
    pub(crate) fn weight_facts(&self) -> &WeightFacts {
        &self.facts
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

/// Every index must differ from [`NO_VERTEX`].
fn check_vertices(n: usize) -> Result<(), GraphError> {
    let limit = u64::from(NO_VERTEX) - 1;
    if n as u64 <= limit { Ok(()) } else { Err(GraphError::TooLarge { vertices: n as u64, limit }) }
}
