//! What is left of a run: kept outputs, and what became of each step.

use std::sync::Arc;
use std::time::Duration;

use crate::{RunStatus, StepState};

/// The result of [`execute`](crate::execute).
#[derive(Debug)]
pub struct RunReport<V, F> {
    /// How the run ended.
    pub status: RunStatus,
    /// Outputs of the steps marked `keep` that succeeded, by step.
    pub outputs: Vec<Option<Arc<V>>>,
    /// What became of each step.
    pub steps: Vec<StepRecord<F>>,
    /// The step that failed first.
    pub first_failure: Option<u32>,
    /// Time from the start of the run to its last event.
    pub wall: Duration,
    /// Sum of the times of all steps; `busy / wall` is the parallel speedup.
    pub busy: Duration,
    /// The most steps that ran at the same time.
    pub peak_parallelism: usize,
}

/// What became of one step. Times count from the start of the run.
#[derive(Debug)]
pub struct StepRecord<F> {
    /// Its final state.
    pub state: StepState,
    /// When it started; `None` if it never did.
    pub start: Option<Duration>,
    /// When it ended; `None` if it never started.
    pub end: Option<Duration>,
    /// The thread that ran it.
    pub worker: Option<usize>,
    /// Why it was skipped: the step that ran and did not succeed.
    pub because: Option<u32>,
    /// What it reported instead of an output, also when it was cancelled while running.
    pub failure: Option<F>,
}

impl<F> StepRecord<F> {
    pub(crate) fn new() -> Self {
        Self {
            state: StepState::Waiting,
            start: None,
            end: None,
            worker: None,
            because: None,
            failure: None,
        }
    }
}
