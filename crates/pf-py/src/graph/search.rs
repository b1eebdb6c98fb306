//! The array functions of 2.0 that take rows of arcs. Rows are copied, by all threads and without
//! the interpreter, so that nobody changes them while a kernel runs: see [`Items`].

use numpy::{PyArray1, PyReadonlyArray1};
use pf_graph_core::algo::{
    BfsConfig, DfsConfig, PageRankConfig, PageRankVectors, ShortestPathConfig, ShortestPathMethod,
};
use pf_graph_core::{Control, Graph, GraphError, NO_VERTEX, algo};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::arrays::{Items, slice};
use super::errors::raised;
use super::views::owned;
use super::work::Call;

type Offsets<'py> = PyReadonlyArray1<'py, i64>;
type Index<'py> = PyReadonlyArray1<'py, i32>;
type Numbers<'py> = PyReadonlyArray1<'py, f64>;
type Pair<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Rows of a caller; a negative number becomes one that is out of range.
struct Rows<'a> {
    offsets: Items<'a, i64>,
    targets: Items<'a, i32>,
}

impl<'a> Rows<'a> {
    fn read(
        indptr: &'a Offsets<'_>,
        indices: &'a Index<'_>,
        num_vertices: usize,
    ) -> PyResult<Self> {
        let (offsets, targets) = (Items::new(indptr), Items::new(indices));
        if offsets.len() != num_vertices.saturating_add(1) {
            let message = format!(
                "has {} items; with {num_vertices} vertices it has {}",
                offsets.len(),
                num_vertices.saturating_add(1)
            );
            let error = GraphError::BadCsr { name: "indptr", message };
            return Err(raised(indptr.py(), None, &error));
        }
        Ok(Self { offsets, targets })
    }

    fn copy(&self) -> (Vec<u64>, Vec<u32>) {
        (self.offsets.copy(|offset| offset as u64), self.targets.copy(|v| v as u32))
    }

    fn graph(
        &self,
        weights: Option<&Items<'_, f64>>,
        control: &Control<'_>,
    ) -> Result<Graph, GraphError> {
        let (offsets, targets) = self.copy();
        let weights = weights.map(|weights| weights.copy(|weight| weight));
        Graph::from_csr(offsets, targets, weights, true, control)
    }
}

fn vertices(values: &Index<'_>) -> Vec<u32> {
    slice(values).iter().map(|&v| v as u32).collect()
}

/// Indices as `int32` with -1 for none, which has the bits of [`NO_VERTEX`].
fn signed(py: Python<'_>, values: Vec<u32>) -> PyResult<Bound<'_, PyAny>> {
    owned(py, values, "int32")
}

/// Hops from the nearest source, and the vertex before.
#[pyfunction]
#[pyo3(signature = (
    indptr, indices, num_vertices, sources, max_depth = None, *, directed = true, threads = None
))]
#[expect(clippy::too_many_arguments, reason = "as many as the Python signature has")]
pub(super) fn bfs_rust<'py>(
    py: Python<'py>,
    indptr: Offsets<'py>,
    indices: Index<'py>,
    num_vertices: usize,
    sources: Index<'py>,
    max_depth: Option<u32>,
    directed: bool,
    threads: Option<usize>,
) -> PyResult<Pair<'py>> {
    let rows = Rows::read(&indptr, &indices, num_vertices)?;
    let sources = vertices(&sources);
    let config = BfsConfig { max_depth, ..BfsConfig::default() };
    let found = Call::on(threads).run(py, |control| {
        let graph = if directed {
            rows.graph(None, control)?
        } else {
            let (offsets, targets) = rows.copy();
            Graph::from_symmetric_csr(offsets, targets, None, control)?
        };
        if sources.is_empty() {
            let none = vec![NO_VERTEX; num_vertices];
            return Ok((vec![-1; num_vertices], none));
        }
        let found = algo::bfs(&graph, &config, &sources, control)?;
        Ok((found.distance, found.predecessor))
    })?;
    let (distance, predecessor) = found.map_err(|error| raised(py, None, &error))?;
    Ok((PyArray1::from_vec(py, distance).into_any(), signed(py, predecessor)?))
}

/// Vertices in the order in which a recursive search in depth meets them.
#[pyfunction]
#[pyo3(signature = (indptr, indices, num_vertices, source, max_depth = None))]
pub(super) fn dfs_rust<'py>(
    py: Python<'py>,
    indptr: Offsets<'py>,
    indices: Index<'py>,
    num_vertices: usize,
    source: u32,
    max_depth: Option<u32>,
) -> PyResult<Bound<'py, PyAny>> {
    let rows = Rows::read(&indptr, &indices, num_vertices)?;
    let config = DfsConfig { max_depth, ..DfsConfig::default() };
    let found = Call::on(Some(1)).run(py, |control| {
        algo::dfs(&rows.graph(None, control)?, &config, Some(source), control)
    })?;
    signed(py, found.map_err(|error| raised(py, None, &error))?.order)
}

/// Ranks that sum to 1; with `return_info` also `iterations`, `converged` and `error_bound`.
#[pyfunction]
#[pyo3(signature = (
    indptr, indices, num_vertices, alpha = 0.85, tol = 1e-6, max_iter = 100,
    personalization = None, *, weights = None, csc = None, threads = None, return_info = false
))]
#[expect(clippy::too_many_arguments, reason = "as many as the Python signature has")]
pub(super) fn pagerank_rust_py<'py>(
    py: Python<'py>,
    indptr: Offsets<'py>,
    indices: Index<'py>,
    num_vertices: usize,
    alpha: f64,
    tol: f64,
    max_iter: u32,
    personalization: Option<Numbers<'py>>,
    weights: Option<Numbers<'py>>,
    csc: Option<(Offsets<'py>, Index<'py>)>,
    threads: Option<usize>,
    return_info: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let rows = Rows::read(&indptr, &indices, num_vertices)?;
    let columns = csc
        .as_ref()
        .map(|(indptr, indices)| Rows::read(indptr, indices, num_vertices))
        .transpose()?;
    let weights = weights.as_ref().map(Items::new);
    let jumps = personalization.as_ref().map(slice);
    if let Some(jumps) = jumps.as_ref().filter(|jumps| jumps.len() != num_vertices) {
        let message = format!("needs {num_vertices} numbers, one per vertex, not {}", jumps.len());
        let error = GraphError::BadParameter { name: "personalization", message };
        return Err(raised(py, None, &error));
    }
    let jumps = jumps.filter(|jumps| !jumps.is_empty());
    let jumps: Option<Vec<(u32, f64)>> =
        jumps.map(|jumps| (0u32..).zip(jumps.iter().copied()).collect());
    let config = PageRankConfig { alpha, tol, max_iter, ..PageRankConfig::default() };
    let found = Call::on(threads).run(py, |control| {
        let graph = rows.graph(weights.as_ref(), control)?;
        let graph = match &columns {
            Some(columns) => {
                let (offsets, targets) = columns.copy();
                graph.with_incoming(offsets, targets)?
            }
            None => graph,
        };
        let vectors =
            PageRankVectors { personalization: jumps.as_deref(), ..PageRankVectors::default() };
        algo::pagerank(&graph, &config, &vectors, control)
    })?;
    let found = found.map_err(|error| raised(py, None, &error))?;
    let ranks = PyArray1::from_vec(py, found.rank).into_any();
    if !return_info {
        return Ok(ranks);
    }
    let info = PyDict::new(py);
    info.set_item("iterations", found.iterations)?;
    info.set_item("converged", found.converged)?;
    info.set_item("error_bound", found.error_bound)?;
    Ok((ranks, info).into_pyobject(py)?.into_any())
}

/// Shortest paths from one vertex over weights of at least zero.
#[pyfunction]
#[pyo3(signature = (indptr, indices, weights, num_vertices, source, *, threads = None))]
pub(super) fn dijkstra_rust<'py>(
    py: Python<'py>,
    indptr: Offsets<'py>,
    indices: Index<'py>,
    weights: Numbers<'py>,
    num_vertices: usize,
    source: u32,
    threads: Option<usize>,
) -> PyResult<Pair<'py>> {
    let rows = Rows::read(&indptr, &indices, num_vertices)?;
    let weights = Items::new(&weights);
    let found = Call::on(threads).run(py, |control| {
        let graph = rows.graph(Some(&weights), control)?;
        let found = algo::shortest_paths(&graph, &non_negative(), source, control)?;
        Ok((found.distance, found.predecessor))
    })?;
    let (distance, predecessor) = found.map_err(|error| raised(py, None, &error))?;
    Ok((PyArray1::from_vec(py, distance).into_any(), signed(py, predecessor)?))
}

/// Shortest paths from the nearest of some vertices; edges without weights count 1.
#[pyfunction]
#[pyo3(signature = (indptr, indices, num_vertices, sources, weights = None, *, threads = None))]
pub(super) fn dijkstra_rust_py<'py>(
    py: Python<'py>,
    indptr: Offsets<'py>,
    indices: Index<'py>,
    num_vertices: usize,
    sources: Index<'py>,
    weights: Option<Numbers<'py>>,
    threads: Option<usize>,
) -> PyResult<Pair<'py>> {
    let rows = Rows::read(&indptr, &indices, num_vertices)?;
    let sources = vertices(&sources);
    let weights = weights.as_ref().map(Items::new);
    let found = Call::on(threads)
        .run(py, |control| from_nearest(&rows, weights.as_ref(), &sources, control))?;
    let (distance, predecessor) = found.map_err(|error| raised(py, None, &error))?;
    Ok((PyArray1::from_vec(py, distance).into_any(), signed(py, predecessor)?))
}

/// One more vertex, the last, leads to all sources over edges of weight 0: its distances are those
/// from the nearest of them, and its children are the sources.
fn from_nearest(
    rows: &Rows<'_>,
    weights: Option<&Items<'_, f64>>,
    sources: &[u32],
    control: &Control<'_>,
) -> Result<(Vec<f64>, Vec<u32>), GraphError> {
    let n = rows.offsets.len() - 1;
    if let Some(&source) = sources.iter().find(|&&source| source as usize >= n) {
        let message = format!("vertex index {} of {n} vertices", source as i32);
        return Err(GraphError::BadParameter { name: "sources", message });
    }
    // Checked before the row is added: the last offset must be the number of arcs.
    let graph = rows.graph(weights, control)?;
    let (mut offsets, mut targets, weights) = graph.into_rows();
    let mut weights = weights.unwrap_or_else(|| vec![1.0; targets.len()]);
    targets.extend_from_slice(sources);
    weights.resize(targets.len(), 0.0);
    offsets.push(targets.len() as u64);
    let graph = Graph::from_csr(offsets, targets, Some(weights), true, control)?;
    let mut found = algo::shortest_paths(&graph, &non_negative(), n as u32, control)?;
    found.distance.truncate(n);
    found.predecessor.truncate(n);
    for before in &mut found.predecessor {
        if *before == n as u32 {
            *before = NO_VERTEX;
        }
    }
    Ok((found.distance, found.predecessor))
}

fn non_negative() -> ShortestPathConfig {
    ShortestPathConfig { method: ShortestPathMethod::Dijkstra, ..ShortestPathConfig::default() }
}
