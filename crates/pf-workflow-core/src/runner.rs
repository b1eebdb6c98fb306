//! What the executor asks of those who do the work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs single steps. Called from several threads at once.
pub trait StepRunner: Sync {
    /// What a step produces. Shared with its consumers, dropped when the last of them ended.
    type Output: Send + Sync;
    /// What a step reports instead.
    type Failure: StepFailure;

    /// Runs one step to its end on the calling thread. A panic is caught and becomes
    /// [`StepFailure::panicked`].
    fn run(&self, job: Job<'_, Self::Output>) -> Result<Self::Output, Self::Failure>;
}

/// What the executor must know about a failure; the rest is the runner's business.
pub trait StepFailure: Send {
    /// The failure of a step that panicked with `message`.
    fn panicked(message: String) -> Self;

    /// Whether the step stopped because it was asked to, rather than failed.
    fn is_cancelled(&self) -> bool;
}

/// One step to run.
#[derive(Debug)]
pub struct Job<'a, V> {
    /// Id of the step in its graph.
    pub step: u32,
    /// Name of the step.
    pub name: &'a str,
    /// Outputs of the step's dependencies, in the order of
    /// [`Dag::dependencies`](crate::Dag::dependencies).
    pub inputs: Vec<Arc<V>>,
    /// Becomes true when the step should stop: the run was cancelled, or another step failed
    /// under `fail_fast`. Steps look at it at least every few milliseconds.
    pub cancel: &'a AtomicBool,
    /// Steps that share the machine, this one included: running or ready at its start, at most
    /// `max_parallel`. At least 1.
    pub concurrency: usize,
    /// Number of the worker thread, below `max_parallel`.
    pub worker: usize,
}

impl<V> Job<'_, V> {
    /// Whether the step should stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}
