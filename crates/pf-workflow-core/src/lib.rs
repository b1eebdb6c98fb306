//! Runs a graph of steps in parallel: order, slots, cancellation, events.
//!
//! The crate knows no data: what a step computes is the type parameter
//! [`Output`](StepRunner::Output), what goes wrong is [`Failure`](StepRunner::Failure), and the
//! work itself is a [`StepRunner`]. A run goes through four stages:
//!
//! 1. [`Plan`]: the checked form of a workflow file; [`Plan::dag`] resolves names to edges.
//! 2. [`Dag`]: compressed rows of dependencies and dependents, proven free of cycles.
//! 3. [`Schedule`]: the state machine that says what may start; no threads, no clock, no I/O.
//! 4. [`execute`]: worker threads that drive the schedule, report [`Event`]s in one total order
//!    and answer with a [`RunReport`].

mod dag;
mod error;
mod event;
mod executor;
mod metrics;
mod report;
mod run_id;
mod runner;
mod schedule;
mod spec;
mod status;
mod worker;

pub use dag::Dag;
pub use error::WorkflowError;
pub use event::{Event, EventKind};
pub use executor::{RunOptions, execute};
pub use metrics::{Metrics, MetricsSnapshot, RunSample};
pub use report::{RunReport, StepRecord};
pub use run_id::new_run_id;
pub use runner::{Job, StepFailure, StepRunner};
pub use schedule::{Effects, Limits, Schedule};
pub use spec::{Plan, Settings, StepSpec};
pub use status::{RunStatus, StepState};
