//! Kernels on a pool of threads, outside the interpreter.
//!
//! A short call runs on the calling thread, in a pool of that thread alone: a kernel that would
//! fork asks the pool of its thread, so it neither starts nor wakes another one. That saves two
//! changes of thread, several times what a kernel needs for ten vertices.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
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
        if self.is_short && self.progress.is_none() {
            let work = || task(&Control::new(&flag));
            let outcome = py.detach(|| catch_unwind(AssertUnwindSafe(|| here(work))));
            return outcome.unwrap_or_else(|panic| {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                Err(errors::internal(&text.unwrap_or_else(|| "without a text".to_owned())))
            });
        }
        let share = AtomicU64::new(0);
        let pool = pool(self.threads.unwrap_or_else(cores).max(1))?;
        let listens = self.progress.is_some();
        let work = || {
            let report = |done: f64| share.store(done.to_bits(), Ordering::Relaxed);
            let control = Control::new(&flag);
            let control = if listens { control.reporting(&report) } else { control };
            pool.install(|| task(&control))
        };
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

/// Runs a task on this thread, or, if too many threads have a pool of their own, on a shared one.
fn here<T: Send>(task: impl FnOnce() -> T + Send) -> PyResult<T> {
    thread_local! {
        static OWN: OnceCell<Option<&'static ThreadPool>> = const { OnceCell::new() };
    }
    let own = OWN.with(|own| *own.get_or_init(own_pool));
    match own {
        Some(pool) => Ok(pool.install(task)),
        None => Ok(pool(1)?.install(task)),
    }
}

/// A pool that consists of the calling thread. It can never be taken apart, so there are few.
fn own_pool() -> Option<&'static ThreadPool> {
    const MOST: usize = 64;
    static MADE: AtomicUsize = AtomicUsize::new(0);
    if MADE.fetch_add(1, Ordering::Relaxed) >= MOST {
        MADE.store(MOST, Ordering::Relaxed);
        return None;
    }
    let built = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().ok()?;
    Some(Box::leak(Box::new(built)))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// One pool for each number of threads, made once per process. Not those of files: there a thread may
/// wait for a disk or a decoder, and a kernel must not wait with it.
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
