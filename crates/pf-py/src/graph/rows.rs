//! The array functions of 2.0 that take edge columns.

use numpy::PyReadonlyArray1;
use pf_graph_core::{BuildOptions, Graph, GraphError, algo};
use pyo3::prelude::*;

use super::arrays::slice;
use super::errors::raised;
use super::views::owned;
use super::work::Call;

type Index<'py> = PyReadonlyArray1<'py, i32>;
type Numbers<'py> = Option<PyReadonlyArray1<'py, f64>>;
type Rows<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Option<Bound<'py, PyAny>>);

/// Arcs by tail, rows in input order.
#[pyfunction]
#[pyo3(signature = (src, dst, num_vertices, weights = None, *, threads = None))]
pub(super) fn build_csr_rust<'py>(
    py: Python<'py>,
    src: Index<'py>,
    dst: Index<'py>,
    num_vertices: usize,
    weights: Numbers<'py>,
    threads: Option<usize>,
) -> PyResult<Rows<'py>> {
    let (src, dst) = (slice(&src), slice(&dst));
    let weights = weights.as_ref().map(slice);
    let options = BuildOptions::default();
    let built = Call::on(threads).run(py, |control| {
        Graph::from_arrays(&src, &dst, weights.as_deref(), num_vertices, &options, control)
    })?;
    let (offsets, targets, weights) = built.map_err(|error| raised(py, None, &error))?.into_rows();
    let weights = weights.map(|weights| owned(py, weights, "float64")).transpose()?;
    Ok((owned(py, offsets, "int64")?, owned(py, targets, "int32")?, weights))
}

/// Arcs by head, rows in input order.
#[pyfunction]
#[pyo3(signature = (src, dst, num_vertices, weights = None, *, threads = None))]
pub(super) fn build_csc_rust<'py>(
    py: Python<'py>,
    src: Index<'py>,
    dst: Index<'py>,
    num_vertices: usize,
    weights: Numbers<'py>,
    threads: Option<usize>,
) -> PyResult<Rows<'py>> {
    build_csr_rust(py, dst, src, num_vertices, weights, threads)
}

fn labels(
    py: Python<'_>,
    (src, dst): (&Index<'_>, &Index<'_>),
    num_vertices: usize,
    threads: Option<usize>,
) -> PyResult<Vec<u32>> {
    let (src, dst) = (slice(src), slice(dst));
    let found: Result<Vec<u32>, GraphError> = Call::on(threads)
        .run(py, |control| algo::edge_components(&src, &dst, num_vertices, control))?;
    found.map_err(|error| raised(py, None, &error))
}

/// The smallest vertex of each vertex's component.
#[pyfunction]
#[pyo3(signature = (src, dst, num_vertices, *, threads = None))]
pub(super) fn union_find_components<'py>(
    py: Python<'py>,
    src: Index<'py>,
    dst: Index<'py>,
    num_vertices: usize,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    owned(py, labels(py, (&src, &dst), num_vertices, threads)?, "int32")
}

/// The same as 64-bit integers; components are weak, so whether edges are `directed` has no say.
#[pyfunction]
#[pyo3(signature = (src, dst, num_vertices, directed = false, *, threads = None))]
pub(super) fn connected_components_rust_py<'py>(
    py: Python<'py>,
    src: Index<'py>,
    dst: Index<'py>,
    num_vertices: usize,
    directed: bool,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let _ = directed;
    let labels = labels(py, (&src, &dst), num_vertices, threads)?;
    owned(py, labels.into_iter().map(i64::from).collect(), "int64")
}
