//! The token that stops work from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;

/// A flag that is set once, from any thread.
#[pyclass(frozen, module = "parquetframe._rustic")]
#[derive(Debug, Default)]
pub(crate) struct CancellationToken {
    flag: Arc<AtomicBool>,
}

impl CancellationToken {
    /// The flag that kernels and runs look at.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }
}

#[pymethods]
impl CancellationToken {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Ask for the work to stop; a second call changes nothing.
    fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// Whether `cancel` was called.
    fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    fn __repr__(&self) -> String {
        let state = if self.is_cancelled() { "True" } else { "False" };
        format!("<CancellationToken cancelled={state}>")
    }
}
