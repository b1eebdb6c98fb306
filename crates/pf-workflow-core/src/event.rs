//! What a run reports while it goes on.

use std::time::Duration;

use crate::RunStatus;

/// One entry of a run's log. Events come in one total order, also across threads.
#[derive(Debug)]
pub struct Event<'a, F> {
    /// Position in the log, counted from 0 without gaps.
    pub seq: u64,
    /// Time since the start of the run; never decreases.
    pub at: Duration,
    /// What happened.
    pub kind: EventKind<'a, F>,
}

/// What happened. Each `Started` is followed by exactly one of `Completed`, `Failed` and
/// `Cancelled`; a step that never started has one `Skipped` or `Cancelled`. `Finished` is last.
#[derive(Debug)]
pub enum EventKind<'a, F> {
    /// A step began.
    Started {
        /// The step.
        step: u32,
        /// The thread that runs it.
        worker: usize,
    },
    /// A step ended with an output.
    Completed {
        /// The step.
        step: u32,
    },
    /// A step failed.
    Failed {
        /// The step.
        step: u32,
        /// What it reported.
        failure: &'a F,
    },
    /// A step will not run because another one did not succeed.
    Skipped {
        /// The step.
        step: u32,
        /// The step that is the cause: it ran and did not succeed.
        because: u32,
    },
    /// A step stopped before its end, or will not run because the run stops.
    Cancelled {
        /// The step.
        step: u32,
    },
    /// Every step has its final state.
    Finished {
        /// How the run ended.
        status: RunStatus,
    },
}
