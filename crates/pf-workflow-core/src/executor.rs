//! Drives a [`Schedule`] with threads.
//!
//! The state of the run sits behind one mutex. Workers take the next step straight from it, run
//! it without the lock, and report its end under the next lock, so a chain costs two transitions
//! per step and no hop between threads. Workers sleep on a condition variable and are woken one
//! at a time, by whoever sees a step they could start; threads are made on the same occasion, so
//! a chain uses one. The calling thread only watches the cancel flag, which anybody may set and
//! nobody announces: it looks every 20 ms, and workers look before each step.
//!
//! Panics of a step are failures of that step. A panic of the observer, or of an output that is
//! dropped, stops the run and continues in the caller.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::worker::State;
use crate::{Dag, Event, Limits, RunReport, RunStatus, Schedule, StepRunner, WorkflowError};

/// How long a cancelled run may go unnoticed while all workers are busy.
const CANCEL_POLL: Duration = Duration::from_millis(20);

/// How a graph is run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOptions {
    /// Steps that may run at the same time, at least 1.
    pub max_parallel: usize,
    /// Whether the first failure stops the run.
    pub fail_fast: bool,
    /// Per step: whether the report hands its output back. Empty: none.
    pub keep: Vec<bool>,
    /// Per step: expected duration in any unit, such as that of the last run. `None`: equal.
    pub weights: Option<Vec<f64>>,
}

impl RunOptions {
    /// Stops at the first failure, keeps no output, knows no durations.
    pub fn new(max_parallel: usize) -> Self {
        Self { max_parallel, fail_fast: true, keep: Vec::new(), weights: None }
    }
}

/// Runs all steps of `dag` and returns when the last one ended.
///
/// Set `cancel`, from any thread, to stop the run; it is only read. `observe` sees every
/// [`Event`] in order. It is called with the schedule locked: it must be quick, must not wait for
/// another lock that a step might hold, and hands slow work to a channel.
///
/// Fails only before the first step: options that do not fit the graph, or no thread to be had.
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use pf_workflow_core::{Dag, Job, RunOptions, RunStatus, StepFailure, StepRunner, execute};
///
/// struct Sum;
/// #[derive(Debug)]
/// struct Broken(String);
///
/// impl StepFailure for Broken {
///     fn panicked(message: String) -> Self { Self(message) }
///     fn is_cancelled(&self) -> bool { false }
/// }
/// impl StepRunner for Sum {
///     type Output = u32;
///     type Failure = Broken;
///     fn run(&self, job: Job<'_, u32>) -> Result<u32, Broken> {
///         Ok(1 + job.inputs.iter().map(|input| **input).sum::<u32>())
///     }
/// }
///
/// let names = ["a", "b", "c"].map(String::from).to_vec();
/// let dag = Dag::new(names, &[(0, 1), (0, 2), (1, 2)])?;
/// let mut options = RunOptions::new(2);
/// options.keep = vec![false, false, true];
/// let report = execute(&dag, &Sum, &options, &AtomicBool::new(false), &|_| {})?;
/// assert_eq!(report.status, RunStatus::Completed);
/// assert_eq!(report.outputs[2].as_deref(), Some(&4)); // a = 1, b = 2
/// # Ok::<(), pf_workflow_core::WorkflowError>(())
/// ```
pub fn execute<R: StepRunner>(
    dag: &Dag,
    runner: &R,
    options: &RunOptions,
    cancel: &AtomicBool,
    observe: &(dyn Fn(Event<'_, R::Failure>) + Sync),
) -> Result<RunReport<R::Output, R::Failure>, WorkflowError> {
    let limits = Limits { max_parallel: options.max_parallel, fail_fast: options.fail_fast };
    let schedule = Schedule::prepare(dag, limits, &options.keep, options.weights.as_deref())?;
    let run = Run {
        dag,
        runner,
        cancel,
        stop: AtomicBool::new(false),
        max_workers: options.max_parallel.min(dag.len()),
        state: Mutex::new(State::new(schedule, observe, Instant::now())),
        work: Condvar::new(),
        over: Condvar::new(),
    };
    if dag.is_empty() {
        run.lock().finish(RunStatus::Completed);
    } else {
        let hired = thread::scope(|scope| {
            run.lock().workers = 1;
            run.hire(scope, 0).map(|()| run.guard(|| run.watch()))
        });
        hired.map_err(|source| WorkflowError::Threads { source })?;
    }
    let mut state = run.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.panic.take() {
        Some(payload) => resume_unwind(payload),
        None => Ok(state.into_report()),
    }
}

/// What all threads of a run share.
pub(crate) struct Run<'a, R: StepRunner> {
    pub(crate) dag: &'a Dag,
    pub(crate) runner: &'a R,
    /// The caller's flag.
    pub(crate) cancel: &'a AtomicBool,
    /// The run's own flag, which steps see: the caller's, or a failure under `fail_fast`.
    pub(crate) stop: AtomicBool,
    pub(crate) max_workers: usize,
    state: Mutex<State<'a, R>>,
    /// Idle workers wait here.
    pub(crate) work: Condvar,
    /// The calling thread waits here.
    pub(crate) over: Condvar,
}

impl<'a, R: StepRunner> Run<'a, R> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State<'a, R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cancels the run if the caller asks for it. Outputs that this frees go to `unused`.
    pub(crate) fn heed_cancel(&self, state: &mut State<'a, R>, unused: &mut Vec<Arc<R::Output>>) {
        if !state.heeded && self.cancel.load(Ordering::Relaxed) {
            state.heeded = true;
            state.cancel_run(self, unused);
        }
    }

    /// Waits for the end of the run, with an eye on the caller's flag.
    fn watch(&self) {
        let mut unused = Vec::new();
        let mut state = self.lock();
        loop {
            self.heed_cancel(&mut state, &mut unused);
            if !unused.is_empty() {
                drop(state);
                unused.clear();
                state = self.lock();
            }
            if state.is_over() {
                return;
            }
            let waited = self.over.wait_timeout(state, CANCEL_POLL);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Runs a part of the executor; if it panics, the run ends and the caller gets the panic.
    pub(crate) fn guard(&self, part: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(part)) {
            self.halt(payload);
        }
    }

    fn halt(&self, payload: Box<dyn Any + Send>) {
        self.stop.store(true, Ordering::Relaxed);
        self.lock().panic.get_or_insert(payload);
        self.work.notify_all();
        self.over.notify_all();
    }
}
