//! Graphs: settings in as JSON text, vectors as NumPy arrays, tables as Arrow; views of Rust memory
//! and record batches out.

#![expect(clippy::needless_pass_by_value, reason = "arguments of Python come by value")]

mod answers;
mod arrays;
mod build;
mod errors;
mod export;
mod native;
mod networkx;
mod numbers;
mod plain;
mod rows;
mod search;
mod table;
mod views;
mod work;

use pyo3::prelude::*;

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<native::NativeGraph>()?;
    module.add_function(wrap_pyfunction!(graph_test, module)?)?;
    module.add_function(wrap_pyfunction!(networkx::networkx_graph, module)?)?;
    module.add_function(wrap_pyfunction!(rows::build_csr_rust, module)?)?;
    module.add_function(wrap_pyfunction!(rows::build_csc_rust, module)?)?;
    module.add_function(wrap_pyfunction!(rows::union_find_components, module)?)?;
    module.add_function(wrap_pyfunction!(rows::connected_components_rust_py, module)?)?;
    module.add_function(wrap_pyfunction!(search::bfs_rust, module)?)?;
    module.add_function(wrap_pyfunction!(search::dfs_rust, module)?)?;
    module.add_function(wrap_pyfunction!(search::pagerank_rust_py, module)?)?;
    module.add_function(wrap_pyfunction!(search::dijkstra_rust, module)?)?;
    module.add_function(wrap_pyfunction!(search::dijkstra_rust_py, module)?)?;
    Ok(())
}

/// A short text that says the graph functions are there.
#[pyfunction]
fn graph_test() -> &'static str {
    "parquetframe graph engine: ready"
}
