//! The states of a step and the ends of a run.

/// State of one step. The last four are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// A dependency has not succeeded yet.
    Waiting,
    /// May start as soon as a slot is free.
    Ready,
    /// Started and not ended.
    Running,
    /// Ended with an output.
    Succeeded,
    /// Ended with a failure.
    Failed,
    /// Stopped before its end, or never started because the run stopped.
    Cancelled,
    /// Never started because a dependency did not succeed.
    Skipped,
}

impl StepState {
    /// Whether the state can no longer change.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Ready | Self::Running)
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// Every step succeeded.
    Completed,
    /// A step failed, and nobody cancelled the run before.
    Failed,
    /// The run was cancelled, or a step cancelled itself and none failed.
    Cancelled,
}
