//! What a process has once: the tokio runtime, the memory pool, the function registry.
//! What each group of steps gets: a session with its own number of partitions.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use datafusion::config::ConfigOptions;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::AggregateUDF;
use datafusion::prelude::SessionConfig;
use tokio::runtime::Runtime;

use crate::checked::CheckedArithmetic;
use crate::error::EngineError;
use crate::floats::OneZeroOneNan;
use crate::marker::MarkingPlanner;
use crate::strict::StrictOperators;
use crate::sum::CheckedSum;
use crate::types::TypeNames;

/// Percent of the machine's memory that operators may reserve when the workflow sets no limit;
/// allocations outside the pool need the rest.
const DEFAULT_PERCENT: u64 = 60;
/// Memory to count on where the system does not tell.
const UNKNOWN_MEMORY: u64 = 8 << 30;
/// How many of the largest holders an out-of-memory error lists.
const TOP_CONSUMERS: NonZeroUsize = NonZeroUsize::new(5).unwrap();

/// Cores this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// The process-wide runtime on which plans run.
pub fn runtime() -> Result<&'static Runtime, EngineError> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(cores())
                .thread_name("pf-engine")
                .enable_time()
                .build()
                .map_err(|error| error.to_string())
        })
        .as_ref()
        .map_err(|error| EngineError::internal(format!("cannot start the runtime: {error}")))
}

/// The process-wide pool in which graph kernels run.
pub fn kernels() -> Result<&'static rayon::ThreadPool, EngineError> {
    static POOL: OnceLock<Result<rayon::ThreadPool, String>> = OnceLock::new();
    POOL.get_or_init(|| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(cores())
            .thread_name(|index| format!("pf-kernel-{index}"))
            .build()
            .map_err(|error| error.to_string())
    })
    .as_ref()
    .map_err(|error| EngineError::internal(format!("cannot start the kernel threads: {error}")))
}

/// The environment for a memory limit in bytes: one pool a process and limit, shared by all runs.
pub fn environment(limit: Option<u64>) -> Result<Arc<RuntimeEnv>, EngineError> {
    static POOLS: OnceLock<Mutex<HashMap<u64, Arc<RuntimeEnv>>>> = OnceLock::new();
    let limit = limit.unwrap_or_else(|| memory() / 100 * DEFAULT_PERCENT);
    let mut pools =
        POOLS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = pools.get(&limit) {
        return Ok(Arc::clone(known));
    }
    let pool = FairSpillPool::new(limit as usize);
    let built = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(TrackConsumersPool::new(pool, TOP_CONSUMERS)))
        .build_arc()?;
    pools.insert(limit, Arc::clone(&built));
    Ok(built)
}

/// Bytes of memory that this process may use: the machine's, or its control group's if less.
fn memory() -> u64 {
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        Some(total.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
    });
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse::<u64>().ok());
    machine.into_iter().chain(group).min().unwrap_or(UNKNOWN_MEMORY)
}

/// How a group of steps wants to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionOptions {
    /// Partitions of the plan; 1 keeps everything in order on one core.
    pub partitions: usize,
    /// Whether rows must come out in the order in which they went in.
    pub ordered: bool,
    /// Joins by sort-merge instead of hashing.
    pub sort_merge: bool,
}

/// A session for one group of steps.
pub fn session(env: Arc<RuntimeEnv>, options: SessionOptions) -> SessionState {
    let mut config = SessionConfig::new().with_target_partitions(options.partitions.max(1));
    set_options(config.options_mut(), options);
    let template = template();
    SessionStateBuilder::new_from_existing(template.clone())
        .with_config(config)
        .with_runtime_env(env)
        .build()
}

/// Functions, planners and rules: built once, shared by all sessions.
fn template() -> &'static SessionState {
    static TEMPLATE: OnceLock<SessionState> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let mut builder = SessionStateBuilder::new_with_default_features()
            .with_query_planner(Arc::new(MarkingPlanner))
            .with_type_planner(Arc::new(TypeNames))
            .with_analyzer_rule(Arc::new(OneZeroOneNan));
        let planners = builder.expr_planners().get_or_insert_default();
        planners.insert(0, Arc::new(CheckedArithmetic));
        planners.insert(0, Arc::new(StrictOperators));
        let mut state = builder.build();
        // The name is taken: the checked sum replaces the one that wraps around.
        if let Err(error) = state.register_udaf(Arc::new(AggregateUDF::from(CheckedSum::new()))) {
            debug_assert!(false, "sum cannot be replaced: {error}");
        }
        state
    })
}

fn set_options(config: &mut ConfigOptions, options: SessionOptions) {
    config.sql_parser.enable_ident_normalization = false;
    config.optimizer.enable_round_robin_repartition = !options.ordered;
    config.optimizer.prefer_hash_join = !options.sort_merge;
    // Statistics of a file are taken as exact, but those of floats leave NaN out.
    config.execution.collect_statistics = false;
    // Errors carry their own positions; a session that no one can query needs no catalog of itself.
    config.catalog.information_schema = false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pool_for_each_limit() {
        let a = environment(Some(1 << 30)).unwrap();
        let b = environment(Some(1 << 30)).unwrap();
        let c = environment(Some(2 << 30)).unwrap();
        assert!(Arc::ptr_eq(&a, &b));
        assert!(!Arc::ptr_eq(&a, &c));
    }
}
