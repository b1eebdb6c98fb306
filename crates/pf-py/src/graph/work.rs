//! Kernels on a pool of threads, outside the interpreter.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pf_graph_core::{Control, GraphError};
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::token::CancellationToken;
use crate::{errors, gil};

/// How a call runs.
pub(super) struct Call<'a, 'py> {
    pub threads: Option<usize>,
    pub token: Option<&'a Bound<'py, CancellationToken>>,
    pub progress: Option<&'a Bound<'py, PyAny>>,
    /// Whether it is over before anybody could want to stop it: then no thread is started for it.
    pub is_short: bool,
}

impl Call<'_, '_> {
    /// On so many threads, without a token.
    pub fn on(threads: Option<usize>) -> Self {
        Self { threads, token: None, progress: None, is_short: false }
    }

    /// Runs `task` without the interpreter; tells its progress and hears Ctrl-C meanwhile.
    pub fn run<T: Send>(
        &self,
        py: Python<'_>,
        task: impl FnOnce(&Control<'_>) -> Result<T, GraphError> + Send,
    ) -> PyResult<Result<T, GraphError>> {
        let flag: Arc<AtomicBool> = self.token.map_or_else(Arc::default, |t| t.get().flag());
        let share = AtomicU64::new(0);
        let pool = pool(self.threads.unwrap_or_else(cores).max(1))?;
        let listens = self.progress.is_some();
        let work = || {
            let report = |done: f64| share.store(done.to_bits(), Ordering::Relaxed);
            let control = Control::new(&flag);
            let control = if listens { control.reporting(&report) } else { control };
            pool.install(|| task(&control))
        };
        if self.is_short {
            let outcome = py.detach(|| catch_unwind(AssertUnwindSafe(work)));
            return outcome.map_err(|panic| {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                errors::internal(&text.unwrap_or_else(|| "without a text".to_owned()))
            });
        }
        let mut told = 0;
        gil::enter_ticking(py, &flag, work, |_| {
            let bits = share.load(Ordering::Relaxed);
            match self.progress {
                Some(callable) if bits != told => {
                    told = bits;
                    callable.call1((f64::from_bits(bits),)).map(|_| ())
                }
                _ => Ok(()),
            }
        })
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// One pool for each number of threads, made once per process.
fn pool(threads: usize) -> PyResult<Arc<ThreadPool>> {
    static POOLS: OnceLock<Mutex<HashMap<usize, Arc<ThreadPool>>>> = OnceLock::new();
    let mut pools =
        POOLS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = pools.get(&threads) {
        return Ok(Arc::clone(pool));
    }
    let built = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("pf-graph-{index}"))
        .build()
        .map_err(|error| errors::internal(&format!("no threads: {error}")))?;
    let built = Arc::new(built);
    pools.insert(threads, Arc::clone(&built));
    Ok(built)
}
