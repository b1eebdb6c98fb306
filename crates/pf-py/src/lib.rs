//! `parquetframe._rustic`: registers what Python sees of the Rust crates.
//!
//! Nothing here computes. [`io`] reads and writes files, [`graph`] builds graphs and runs kernels,
//! [`workflow`] converts plans and results, [`callbacks`] calls functions of the user, [`gil`] is
//! the one door through which long calls leave the interpreter, [`errors`] the one place where
//! Rust errors get their Python class.

#[cfg(feature = "engine")]
mod callbacks;
mod errors;
mod gil;
mod graph;
mod io;
#[cfg(feature = "engine")]
mod json;
#[cfg(feature = "engine")]
mod run_errors;
mod token;
#[cfg(feature = "engine")]
mod workflow;

use pf_alloc::HugePages;
use pyo3::prelude::*;

#[global_allocator]
static ALLOCATOR: HugePages = HugePages;

/// Whether this module is there: it is.
#[pyfunction]
fn rust_available() -> bool {
    true
}

/// The version of the crates, as Cargo spells it.
#[pyfunction]
fn rust_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// The compiled half of parquetframe; use the package instead.
#[pymodule]
fn _rustic(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<token::CancellationToken>()?;
    module.add_function(wrap_pyfunction!(rust_available, module)?)?;
    module.add_function(wrap_pyfunction!(rust_version, module)?)?;
    io::register(module)?;
    graph::register(module)?;
    #[cfg(feature = "engine")]
    workflow::register(module)?;
    Ok(())
}
