//! What one call has: threads, a memory budget, a cancel flag, and counters of its progress.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{IoError, Result};

/// Handed to every entry point; clones share everything.
#[derive(Debug, Clone)]
pub struct Context {
    pool: Arc<ThreadPool>,
    budget: Budget,
    cancel: Arc<AtomicBool>,
    progress: Arc<Progress>,
}

impl Context {
    /// Work on `threads` threads (at least one), within `memory_limit` bytes (none: no limit).
    pub fn new(threads: usize, memory_limit: Option<u64>, cancel: Arc<AtomicBool>) -> Result<Self> {
        Ok(Self {
            pool: pool(threads.max(1))?,
            budget: Budget::new(memory_limit),
            cancel,
            progress: Arc::default(),
        })
    }

    /// The threads of this call. Never the global pool.
    pub fn pool(&self) -> &ThreadPool {
        &self.pool
    }

    /// How many threads that are.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Memory this call may hold.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The flag that stops the call.
    pub fn cancel(&self) -> &Arc<AtomicBool> {
        &self.cancel
    }

    /// An error once the call shall stop; tasks ask at every page or block.
    pub fn check(&self) -> Result<()> {
        if self.cancel.load(Ordering::Relaxed) { Err(IoError::Cancelled) } else { Ok(()) }
    }

    /// How far the call is.
    pub fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }
}

/// Counters that another thread may read while the work goes on.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of the input (or output) that are done.
    pub done_bytes: AtomicU64,
    /// Bytes there are in all; 0 as long as unknown.
    pub total_bytes: AtomicU64,
    /// Rows that are done.
    pub rows: AtomicU64,
}

impl Progress {
    /// Adds to what is done.
    pub fn add(&self, bytes: u64, rows: u64) {
        self.done_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }
}

/// Bytes that a call may hold at once: output, scratch and codec buffers alike.
#[derive(Debug, Clone)]
pub struct Budget {
    state: Arc<BudgetState>,
}

#[derive(Debug)]
struct BudgetState {
    limit: u64,
    used: AtomicU64,
    peak: AtomicU64,
}

impl Budget {
    /// A budget of `limit` bytes, or without end.
    pub fn new(limit: Option<u64>) -> Self {
        let limit = limit.unwrap_or(u64::MAX);
        Self { state: Arc::new(BudgetState { limit, used: 0.into(), peak: 0.into() }) }
    }

    /// Takes `bytes` for `what`, before they are allocated; dropping the charge gives them back.
    pub fn charge(&self, path: &Path, bytes: u64, what: &str) -> Result<Charge> {
        let state = &self.state;
        let taken = state.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|&sum| sum <= state.limit)
        });
        match taken {
            Ok(before) => {
                state.peak.fetch_max(before + bytes, Ordering::Relaxed);
                Ok(Charge { budget: self.clone(), bytes })
            }
            Err(used) => Err(IoError::Limit {
                path: path.to_path_buf(),
                needed: used.saturating_add(bytes),
                limit: state.limit,
                message: format!("{what} would take {bytes} bytes"),
            }),
        }
    }

    /// The most that may be held at once.
    pub fn limit(&self) -> u64 {
        self.state.limit
    }

    /// The most that was held at once.
    pub fn peak(&self) -> u64 {
        self.state.peak.load(Ordering::Relaxed)
    }

    /// What is held now.
    pub fn used(&self) -> u64 {
        self.state.used.load(Ordering::Relaxed)
    }
}

/// Bytes taken from a [`Budget`].
#[derive(Debug)]
pub struct Charge {
    budget: Budget,
    bytes: u64,
}

impl Charge {
    /// How many bytes are taken.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds the bytes of `other` to this charge.
    pub fn absorb(&mut self, mut other: Self) {
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.state.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// One pool for each number of threads, made once per process.
fn pool(threads: usize) -> Result<Arc<ThreadPool>> {
    static POOLS: OnceLock<Mutex<HashMap<usize, Arc<ThreadPool>>>> = OnceLock::new();
    let mut pools =
        POOLS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = pools.get(&threads) {
        return Ok(Arc::clone(pool));
    }
    let built = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("pf-io-{index}"))
        .build()
        .map_err(|error| IoError::refused(Path::new(""), format!("no threads: {error}")))?;
    let built = Arc::new(built);
    pools.insert(threads, Arc::clone(&built));
    Ok(built)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_charges_are_bounded_and_given_back() {
        let budget = Budget::new(Some(100));
        let path = Path::new("a.parquet");
        let mut first = budget.charge(path, 60, "a column").unwrap();
        let error = budget.charge(path, 41, "a column").unwrap_err();
        assert!(matches!(error, IoError::Limit { needed: 101, limit: 100, .. }), "{error}");
        assert!(budget.charge(path, u64::MAX, "a bomb").is_err());
        first.absorb(budget.charge(path, 40, "another").unwrap());
        assert_eq!((budget.used(), budget.peak()), (100, 100));
        drop(first);
        assert_eq!((budget.used(), budget.peak()), (0, 100));
    }
}
