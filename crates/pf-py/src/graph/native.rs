//! `NativeGraph`: what the Python front calls.

use std::sync::OnceLock;

use arrow::array::{Array, AsArray};
use arrow::datatypes::UInt32Type;
use numpy::{PyArray1, PyReadonlyArray1};
use pf_graph_core::{Graph, GraphError, IdOrder};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyArray;
use pyo3_arrow::input::AnyRecordBatch;
use serde_json::{Map, Value};

use super::answers::Run;
use super::arrays::{Items, copied, slice};
use super::build::{EdgeColumns, IndexOptions, RowOptions, Rows, TableOptions};
use super::errors::raised;
use super::export::NativeArray;
use super::numbers::{IdColumn, Ids, array};
use super::work::Call;
use super::{build, numbers, plain, table, views};
use crate::errors;
use crate::token::CancellationToken;

/// Tails, heads, weights.
type EdgeArrays<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Option<Bound<'py, PyAny>>);

/// Vertices and arcs up to which building and finding take less time than to start a thread.
const SMALL: usize = 1 << 12;
/// Steps of a kernel that are over long before anybody could want to stop them.
const SHORT: usize = 1 << 18;

/// An immutable graph; usable from several threads.
#[pyclass(frozen, module = "parquetframe._rustic")]
pub(crate) struct NativeGraph {
    pub(super) graph: Graph,
    /// Edge ids as `int64`, made when they are asked for.
    out_ids: OnceLock<Vec<i64>>,
    in_ids: OnceLock<Vec<i64>>,
}

impl NativeGraph {
    fn new(py: Python<'_>, built: PyResult<Result<Graph, GraphError>>) -> PyResult<Self> {
        Ok(Self::of(built?.map_err(|error| raised(py, None, &error))?))
    }

    pub(super) fn of(graph: Graph) -> Self {
        Self { graph, out_ids: OnceLock::new(), in_ids: OnceLock::new() }
    }

    /// Makes something with the threads of the machine.
    fn make<T: Send>(
        &self,
        py: Python<'_>,
        task: impl FnOnce(&pf_graph_core::Control<'_>) -> Result<T, GraphError> + Send,
    ) -> PyResult<T> {
        let call = Call { is_short: self.is_small(), ..Call::on(None) };
        call.run(py, task)?.map_err(|error| raised(py, Some(&self.graph), &error))
    }

    /// The edge of each arc by tail.
    fn edge_ids(&self, py: Python<'_>) -> PyResult<&[i64]> {
        if let Some(ids) = self.out_ids.get() {
            return Ok(ids);
        }
        let made = self.make(py, |control| self.graph.edge_ids(control))?;
        Ok(self.out_ids.get_or_init(|| made))
    }

    fn is_small(&self) -> bool {
        self.size() <= SMALL
    }

    fn size(&self) -> usize {
        self.graph.num_vertices().saturating_add(self.graph.out().num_arcs())
    }

    /// Whether an algorithm takes few steps; `given` are the items of all vectors.
    pub(super) fn is_short(
        &self,
        algorithm: &str,
        settings: &Map<String, Value>,
        given: usize,
    ) -> bool {
        let rounds = match algorithm {
            "betweenness" | "closeness" | "harmonic" => self.graph.num_vertices(),
            "bfs" => given, // each source on its own
            "hits" | "label_propagation" | "pagerank" => {
                let rounds = settings.get("max_iter").and_then(Value::as_u64);
                rounds.map_or(usize::MAX, |rounds| rounds as usize)
            }
            _ => 1 << 6, // linear, but for a factor that small graphs keep low
        };
        self.size().saturating_mul(rounds.max(1 << 6)) <= SHORT
    }
}

#[pymethods]
impl NativeGraph {
    /// Maps ids and sorts edges into rows.
    #[staticmethod]
    #[pyo3(signature = (edges, options, vertices = None, token = None, progress = None))]
    fn build(
        py: Python<'_>,
        edges: AnyRecordBatch,
        options: &str,
        vertices: Option<AnyRecordBatch>,
        token: Option<&Bound<'_, CancellationToken>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let options: TableOptions = build::options(options)?;
        let edges = EdgeColumns::read(edges)?;
        let vertices = vertices.map(build::vertex_ids).transpose()?;
        let named: usize = vertices.iter().flatten().map(Array::len).sum();
        let is_short = edges.len().saturating_add(named) <= SMALL;
        let call = Call { threads: options.threads, token, progress, is_short };
        let graph = call.run(py, |control| edges.build(vertices.as_deref(), &options, control));
        Self::new(py, graph)
    }

    /// The same from short columns of plain values, with `num_vertices` of vertex numbers; `None` if
    /// they are not, or make no graph.
    #[staticmethod]
    #[pyo3(signature = (src, dst, weights, vertices, num_vertices, directed, sorted_ids))]
    #[expect(clippy::too_many_arguments, reason = "as many as the Python signature has")]
    fn build_plain(
        py: Python<'_>,
        src: &Bound<'_, PyAny>,
        dst: &Bound<'_, PyAny>,
        weights: Option<&Bound<'_, PyAny>>,
        vertices: Option<&Bound<'_, PyAny>>,
        num_vertices: Option<usize>,
        directed: bool,
        sorted_ids: bool,
    ) -> PyResult<Option<Self>> {
        let Some(edges) = EdgeColumns::plain(src, dst, weights) else { return Ok(None) };
        let ids = match vertices.map(plain::ids) {
            None => None,
            Some(None) => return Ok(None),
            Some(found) => found,
        };
        let options = TableOptions::new(directed, sorted_ids);
        let call = Call { is_short: true, ..Call::on(Some(1)) };
        let graph = match num_vertices {
            None => call.run(py, |control| edges.build(ids.as_deref(), &options, control))?,
            Some(n) if n > plain::MOST => return Ok(None),
            Some(n) => {
                let Some(columns) = edges.indices() else { return Ok(None) };
                let options = options.dense(n);
                call.run(py, |control| build::from_indices(columns, None, &options, control))?
            }
        };
        Ok(graph.ok().map(Self::of))
    }

    /// Sorts edges between indices into rows.
    #[staticmethod]
    #[pyo3(signature = (src, dst, weights, options, ids = None, token = None, progress = None))]
    #[expect(clippy::too_many_arguments, reason = "as many as the Python signature has")]
    fn from_indices(
        py: Python<'_>,
        src: PyReadonlyArray1<'_, u32>,
        dst: PyReadonlyArray1<'_, u32>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
        options: &str,
        ids: Option<PyArray>,
        token: Option<&Bound<'_, CancellationToken>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let options: IndexOptions = build::options(options)?;
        let (src, dst) = (slice(&src), slice(&dst));
        let weights = weights.as_ref().map(slice);
        let ids = ids.map(|ids| ids.into_inner().0);
        let is_short = src.len().saturating_add(options.num_vertices) <= SMALL;
        let call = Call { threads: options.threads, token, progress, is_short };
        let columns = (&*src, &*dst, weights.as_deref());
        let graph = call.run(py, |control| build::from_indices(columns, ids, &options, control));
        Self::new(py, graph)
    }

    /// Takes ready rows over.
    #[staticmethod]
    #[pyo3(signature = (indptr, indices, weights, edge_ids, options, ids = None))]
    fn from_csr(
        py: Python<'_>,
        indptr: PyReadonlyArray1<'_, i64>,
        indices: PyReadonlyArray1<'_, u32>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
        edge_ids: PyReadonlyArray1<'_, i64>,
        options: &str,
        ids: Option<PyArray>,
    ) -> PyResult<Self> {
        let options: RowOptions = build::options(options)?;
        let narrow = slice(&edge_ids).iter().map(|&id| u32::try_from(id)).collect();
        let edge_ids: Result<Vec<u32>, _> = narrow;
        let edge_ids =
            edge_ids.map_err(|_| errors::internal("edge ids are no numbers of edges"))?;
        let (offsets, targets) = (Items::new(&indptr), Items::new(&indices));
        let weights = weights.as_ref().map(Items::new);
        let ids = ids.map(|ids| ids.into_inner().0);
        let is_short = edge_ids.len().saturating_add(offsets.len()) <= SMALL;
        let call = Call { is_short, ..Call::on(options.threads) };
        let graph = call.run(py, |control| {
            let rows = Rows {
                offsets: offsets.copy(|offset| offset as u64),
                targets: targets.copy(|v| v),
                weights: weights.as_ref().map(|weights| weights.copy(|weight| weight)),
                edge_ids,
            };
            build::from_csr(rows, ids, &options, control)
        });
        Self::new(py, graph)
    }

    #[getter]
    fn num_vertices(&self) -> usize {
        self.graph.num_vertices()
    }

    #[getter]
    fn num_edges(&self) -> usize {
        self.graph.num_edges()
    }

    #[getter]
    fn is_directed(&self) -> bool {
        self.graph.is_directed()
    }

    #[getter]
    fn is_weighted(&self) -> bool {
        self.graph.is_weighted()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        let held = [&self.out_ids, &self.in_ids];
        let ids = held.map(|ids| ids.get().map_or(0, |ids| 8 * ids.len()));
        self.graph.nbytes() + ids.iter().sum::<usize>()
    }

    /// The ids; the position of an id is its vertex index.
    fn ids(&self) -> PyResult<NativeArray> {
        NativeArray::new(self.graph.ids())
    }

    /// Offsets and heads of the arcs by tail, without the search for the two arcs of each edge.
    fn rows<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let (rows, owner) = (slf.get().graph.out(), slf.as_any());
        Ok((views::offsets(owner, rows.offsets())?, views::view(owner, rows.targets())?))
    }

    /// Ids of vertex indices; null stays null.
    fn ids_at(&self, py: Python<'_>, indices: PyArray) -> PyResult<NativeArray> {
        let indices = indices.into_inner().0;
        let Some(indices) = indices.as_primitive_opt::<UInt32Type>() else {
            return Err(errors::internal("indices are uint32"));
        };
        NativeArray::new(&self.make(py, |_| self.graph.ids_at(indices))?)
    }

    /// Arcs by tail.
    fn csr<'py>(slf: &Bound<'py, Self>) -> PyResult<views::Rows<'py>> {
        let this = slf.get();
        views::rows(slf.as_any(), this.graph.out(), this.edge_ids(slf.py())?)
    }

    /// Tails, heads and weights in the order of edge ids; see [`Graph::edges`].
    fn edges<'py>(&self, py: Python<'py>) -> PyResult<EdgeArrays<'py>> {
        let ids = self.edge_ids(py)?;
        let edges = self.make(py, |control| self.graph.edges(ids, control))?;
        let weights = edges.weights.map(|weights| array(py, weights));
        Ok((array(py, edges.src), array(py, edges.dst), weights))
    }

    /// The same with ids, as one Arrow batch.
    fn edge_table(&self, py: Python<'_>) -> PyResult<NativeArray> {
        let ids = self.edge_ids(py)?;
        NativeArray::batch(self.make(py, |control| table::edges(&self.graph, ids, control))?)
    }

    /// The part that some vertices span, and which edges it has: see [`Graph::part`].
    fn part<'py>(
        &self,
        py: Python<'py>,
        vertices: PyReadonlyArray1<'py, u32>,
        sorted_rows: bool,
    ) -> PyResult<(Self, Bound<'py, PyAny>)> {
        let vertices = copied(&vertices);
        let ids = self.edge_ids(py)?;
        let order = if sorted_rows { IdOrder::Sorted } else { IdOrder::Appearance };
        let (part, kept) =
            self.make(py, |control| self.graph.part(&vertices, ids, order, control))?;
        Ok((Self::of(part), array(py, kept)))
    }

    /// Number of arcs in each row.
    fn row_lengths<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        let offsets = self.graph.out().offsets();
        array(py, offsets.windows(2).map(|pair| (pair[1] - pair[0]) as i64).collect())
    }

    /// Number of loops at each vertex.
    fn loops<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(array(py, self.make(py, |control| self.graph.loops(control))?))
    }

    /// Arcs by head.
    fn csc<'py>(slf: &Bound<'py, Self>) -> PyResult<views::Rows<'py>> {
        let this = slf.get();
        if !this.graph.is_directed() {
            return Self::csr(slf);
        }
        let rows = this.make(slf.py(), |control| this.graph.incoming(control))?;
        let ids = if let Some(ids) = this.in_ids.get() {
            ids
        } else {
            let made = this.make(slf.py(), |control| this.graph.incoming_edge_ids(control))?;
            this.in_ids.get_or_init(|| made)
        };
        views::rows(slf.as_any(), rows, ids)
    }

    /// First edges with a weight below 0, of 0, and of inf.
    fn weight_facts(&self, py: Python<'_>) -> (Option<usize>, Option<usize>, Option<usize>) {
        let graph = &self.graph;
        let zero = py.detach(|| graph.first_zero_row());
        (graph.first_negative_row(), zero, graph.first_infinite_row())
    }

    /// Index of each value; -1 for those that are not there.
    fn find<'py>(&self, py: Python<'py>, values: PyArray) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let values = values.into_inner().0;
        let found = self.make(py, |_| Ok(self.graph.find_all(&values)))?;
        Ok(PyArray1::from_vec(py, found))
    }

    /// Up to three ids that resemble a missing one.
    fn closest(&self, py: Python<'_>, value: PyArray) -> PyResult<Vec<String>> {
        let Some(wanted) = build::id_value(&value.into_inner().0) else { return Ok(Vec::new()) };
        self.make(py, |_| Ok(self.graph.closest(&wanted)))
    }

    /// Index of an id of a small graph, -1 if it has none such; `None` unless the id is an integer
    /// or text, as the ids are.
    fn place(&self, vertex: &Bound<'_, PyAny>) -> Option<i64> {
        if !self.is_small() {
            return None;
        }
        let id = plain::id(vertex, self.graph.ids().data_type())?;
        Some(self.graph.position(&id).map_or(-1, i64::from))
    }

    /// Whether an edge leads from one id to another; `None` as for `place`.
    fn has_edge(&self, u: &Bound<'_, PyAny>, v: &Bound<'_, PyAny>) -> Option<bool> {
        let (tail, head) = (self.place(u)?, self.place(v)?);
        let ends = u32::try_from(tail).ok().zip(u32::try_from(head).ok());
        Some(ends.is_some_and(|(tail, head)| self.has_arc(tail, head)))
    }

    /// Whether an arc leads from one vertex index to another.
    fn has_arc(&self, tail: u32, head: u32) -> bool {
        let graph = &self.graph;
        (tail as usize) < graph.num_vertices() && graph.out().row(tail).contains(&head)
    }

    /// Runs one algorithm: columns as one Arrow batch with ids, see [`table::with_ids`], and facts.
    #[pyo3(signature = (
        algorithm, params, arrays, threads, token = None, progress = None, reached = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "as many as the Python signature has")]
    fn run_table<'py>(
        slf: &Bound<'py, Self>,
        algorithm: &str,
        params: &Bound<'py, PyDict>,
        arrays: &Bound<'py, PyDict>,
        threads: usize,
        token: Option<&Bound<'py, CancellationToken>>,
        progress: Option<&Bound<'py, PyAny>>,
        reached: Option<&str>,
    ) -> PyResult<(NativeArray, Bound<'py, PyDict>)> {
        let run = Run { algorithm, params, arrays, threads, token, progress };
        let (answer, facts) = run.answer(slf)?;
        let this = slf.get();
        let found = this.make(slf.py(), |_| table::with_ids(&this.graph, answer, reached))?;
        Ok((NativeArray::batch(found)?, facts))
    }

    /// The same, columns as NumPy arrays: see [`numbers::columns`].
    #[pyo3(signature = (
        algorithm, params, arrays, threads, token = None, progress = None, ids = None,
        reached = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "as many as the Python signature has")]
    fn run_numbers<'py>(
        slf: &Bound<'py, Self>,
        algorithm: &str,
        params: &Bound<'py, PyDict>,
        arrays: &Bound<'py, PyDict>,
        threads: usize,
        token: Option<&Bound<'py, CancellationToken>>,
        progress: Option<&Bound<'py, PyAny>>,
        ids: Option<IdColumn<'py>>,
        reached: Option<&str>,
    ) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        let run = Run { algorithm, params, arrays, threads, token, progress };
        let (answer, facts) = run.answer(slf)?;
        let ids = ids.map(|ids| Ids::new(ids, slf.get().graph.has_index_ids()));
        Ok((numbers::columns(slf.py(), answer, ids.as_ref(), reached)?, facts))
    }

    fn __repr__(&self) -> String {
        let kind = if self.graph.is_directed() { "directed" } else { "undirected" };
        let (n, m) = (self.graph.num_vertices(), self.graph.num_edges());
        format!("<NativeGraph: {n} vertices, {m} edges, {kind}>")
    }
}
