//! The state machine of a run: what may start, and what follows when something ends.
//!
//! It has no threads, no clock and no I/O. The caller asks [`Schedule::next_ready`] for work, runs
//! it however it likes, and reports one end per start; the contract is that of Python's
//! `graphlib.TopologicalSorter`, with failure and cancellation as states. What follows from a
//! report (outputs to drop, steps that will never run, the end of the run) is appended to
//! [`Effects`].
//!
//! ```text
//! waiting -> ready -> running -> succeeded | failed | cancelled
//! waiting -> skipped             a dependency failed, or cancelled itself
//! waiting, ready -> cancelled    the run stops before their turn
//! ```
//!
//! Order: the start of the longest remaining path goes first, then the lowest id; with one slot
//! the lowest id alone, which gives [`Dag::topological_order`]. All priorities are ranks computed
//! at the start, so a transition costs O(log n) per step that becomes ready and O(1) per edge.
//! Invariant: an unfinished run has something running or something ready.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::{Dag, RunStatus, StepState, WorkflowError};

/// In debug builds, graphs up to this size are checked after every transition.
const CHECKED_STEPS: usize = 256;

/// What bounds a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps that may run at the same time, at least 1.
    pub max_parallel: usize,
    /// Whether the first failure stops the run; otherwise unrelated branches go on.
    pub fail_fast: bool,
}

/// What follows from a transition. Transitions append; the caller clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    /// Succeeded steps whose last consumer ended: their outputs can be dropped.
    pub released: Vec<u32>,
    /// Steps that will not run, each with the step that is the cause.
    pub skipped: Vec<(u32, u32)>,
    /// Steps that will not run because the run stops.
    pub cancelled: Vec<u32>,
    /// Whether the running steps should stop.
    pub stop: bool,
    /// The run is over.
    pub finished: Option<RunStatus>,
}

impl Effects {
    /// Empties the lists and keeps their memory.
    pub fn clear(&mut self) {
        self.released.clear();
        self.skipped.clear();
        self.cancelled.clear();
        self.stop = false;
        self.finished = None;
    }
}

/// The state of all steps of a run.
#[derive(Debug, Clone)]
pub struct Schedule<'d> {
    dag: &'d Dag,
    limits: Limits,
    keep: Vec<bool>,
    state: Vec<StepState>,
    /// Dependencies of a step that have not succeeded.
    waits_for: Vec<u32>,
    /// Dependents of a step that have not ended.
    consumers: Vec<u32>,
    /// Place of a step in the order of preference, and back.
    rank: Vec<u32>,
    by_rank: Vec<u32>,
    ready: BinaryHeap<Reverse<u32>>,
    running: usize,
    succeeded: usize,
    failed: usize,
    unfinished: usize,
    /// Why nothing new starts any more.
    stopping: Option<RunStatus>,
}

impl<'d> Schedule<'d> {
    /// Prepares a run. `keep[step]` says that the step's output is never released, an empty slice
    /// keeps none. `weights[step]` is the expected duration in any unit; `None` counts steps.
    ///
    /// A graph without steps is finished from the start.
    ///
    /// ```
    /// use pf_workflow_core::{Dag, Effects, Limits, RunStatus, Schedule};
    ///
    /// let dag = Dag::new(["a", "b"].map(String::from).to_vec(), &[(0, 1)])?;
    /// let limits = Limits { max_parallel: 2, fail_fast: true };
    /// let mut schedule = Schedule::prepare(&dag, limits, &[], None)?;
    /// let mut effects = Effects::default();
    /// assert_eq!(schedule.next_ready(), Some(0));
    /// assert_eq!(schedule.next_ready(), None); // b waits for a
    /// schedule.fail(0, &mut effects);
    /// assert_eq!(effects.skipped, [(1, 0)]);
    /// assert_eq!(effects.finished, Some(RunStatus::Failed));
    /// # Ok::<(), pf_workflow_core::WorkflowError>(())
    /// ```
    pub fn prepare(
        dag: &'d Dag,
        limits: Limits,
        keep: &[bool],
        weights: Option<&[f64]>,
    ) -> Result<Self, WorkflowError> {
        let steps = dag.len();
        let invalid = |option, message| Err(WorkflowError::InvalidOption { option, message });
        if limits.max_parallel == 0 {
            return invalid("max_parallel", "must be at least 1".to_owned());
        }
        if !keep.is_empty() && keep.len() != steps {
            return invalid("keep", format!("{} flags for {steps} steps", keep.len()));
        }
        if let Some(weights) = weights {
            if weights.len() != steps {
                return invalid("weights", format!("{} weights for {steps} steps", weights.len()));
            }
            if let Some(weight) = weights.iter().find(|w| !w.is_finite() || **w < 0.0) {
                return invalid("weights", format!("{weight} is not a duration"));
            }
        }
        let by_rank = preference(dag, limits.max_parallel, weights);
        let mut rank = vec![0; steps];
        for (place, &step) in by_rank.iter().enumerate() {
            rank[step as usize] = place as u32;
        }
        let mut schedule = Self {
            dag,
            limits,
            keep: if keep.is_empty() { vec![false; steps] } else { keep.to_vec() },
            state: vec![StepState::Waiting; steps],
            waits_for: dag.in_degrees(),
            consumers: dag.out_degrees(),
            rank,
            by_rank,
            ready: BinaryHeap::new(),
            running: 0,
            succeeded: 0,
            failed: 0,
            unfinished: steps,
            stopping: None,
        };
        for step in 0..steps as u32 {
            if schedule.waits_for[step as usize] == 0 {
                schedule.make_ready(step);
            }
        }
        schedule.check_small();
        Ok(schedule)
    }

    /// Moves the most urgent ready step to running, if a slot is free.
    pub fn next_ready(&mut self) -> Option<u32> {
        if self.running >= self.limits.max_parallel {
            return None;
        }
        let Reverse(rank) = self.ready.pop()?;
        let step = self.by_rank[rank as usize];
        self.state[step as usize] = StepState::Running;
        self.running += 1;
        self.check_small();
        Some(step)
    }

    /// The step ended with an output. Ignored unless the step is running, as are `fail` and
    /// `cancelled`: a late answer changes nothing.
    pub fn done(&mut self, step: u32, effects: &mut Effects) {
        if !self.end_running(step) {
            return;
        }
        self.settle(step, StepState::Succeeded, effects);
        let dag = self.dag;
        for &next in dag.dependents(step) {
            self.waits_for[next as usize] -= 1;
            if self.waits_for[next as usize] == 0 && self.state[next as usize] == StepState::Waiting
            {
                self.make_ready(next);
            }
        }
        self.check_small();
    }

    /// The step ended with a failure: what depends on it is skipped. Under `fail_fast` the rest is
    /// cancelled and running steps are asked to stop.
    pub fn fail(&mut self, step: u32, effects: &mut Effects) {
        self.end_badly(step, StepState::Failed, RunStatus::Failed, effects);
    }

    /// The step stopped before its end. In a run that is not stopping, the step cancelled itself:
    /// that is treated like a failure under another name.
    pub fn cancelled(&mut self, step: u32, effects: &mut Effects) {
        self.end_badly(step, StepState::Cancelled, RunStatus::Cancelled, effects);
    }

    /// Stops the run: nothing new starts, running steps are asked to stop. Changes nothing if the
    /// run is over or already stopping.
    pub fn cancel_run(&mut self, effects: &mut Effects) {
        if self.unfinished > 0 && self.stopping.is_none() {
            self.stop(RunStatus::Cancelled, effects);
            self.check_small();
        }
    }

    /// Number of steps.
    pub fn len(&self) -> usize {
        self.dag.len()
    }

    /// Whether there are no steps.
    pub fn is_empty(&self) -> bool {
        self.dag.is_empty()
    }

    /// Whether every step has its final state.
    pub fn is_finished(&self) -> bool {
        self.unfinished == 0
    }

    /// How the run ended; `None` before that.
    pub fn status(&self) -> Option<RunStatus> {
        if self.unfinished > 0 {
            return None;
        }
        Some(match self.stopping {
            _ if self.succeeded == self.dag.len() => RunStatus::Completed,
            Some(reason) => reason,
            None if self.failed > 0 => RunStatus::Failed,
            None => RunStatus::Cancelled,
        })
    }

    /// State of a step.
    pub fn state(&self, step: u32) -> StepState {
        self.state[step as usize]
    }

    /// Number of running steps.
    pub fn running(&self) -> usize {
        self.running
    }

    /// Number of steps that wait only for a slot.
    pub fn waiting_ready(&self) -> usize {
        self.ready.len()
    }

    /// Whether [`next_ready`](Self::next_ready) would return a step.
    pub fn can_start(&self) -> bool {
        !self.ready.is_empty() && self.running < self.limits.max_parallel
    }

    /// The limits of the run.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Asserts everything this module promises about its own state, in O(n + m). Debug builds do
    /// so after every transition of graphs up to 256 steps.
    ///
    /// # Panics
    /// If an invariant is broken, which is a bug of this crate.
    pub fn check_invariants(&self) {
        let count = |state| self.state.iter().filter(|&&s| s == state).count();
        assert_eq!(self.running, count(StepState::Running), "running steps");
        assert!(self.running <= self.limits.max_parallel, "slots");
        assert_eq!(self.succeeded, count(StepState::Succeeded), "succeeded steps");
        assert_eq!(self.failed, count(StepState::Failed), "failed steps");
        assert_eq!(self.ready.len(), count(StepState::Ready), "ready heap");
        let unfinished = self.state.iter().filter(|state| !state.is_final()).count();
        assert_eq!(self.unfinished, unfinished, "unfinished steps");
        assert!(unfinished == 0 || self.running + self.ready.len() > 0, "progress");
        assert!(self.stopping.is_none() || unfinished == self.running, "nothing starts");
        for step in 0..self.dag.len() as u32 {
            let at = step as usize;
            let dependencies = self.dag.dependencies(step);
            let open = dependencies.iter().filter(|&&d| self.state(d) != StepState::Succeeded);
            let open = open.count();
            assert_eq!(self.waits_for[at] as usize, open, "open dependencies of {step}");
            let consumers =
                self.dag.dependents(step).iter().filter(|&&d| !self.state(d).is_final());
            assert_eq!(self.consumers[at] as usize, consumers.count(), "consumers of {step}");
            match self.state(step) {
                StepState::Waiting => {
                    assert!(open > 0, "{step} waits for nothing");
                    let lost = |&d: &u32| self.state(d).is_final();
                    let lost = |d: &u32| lost(d) && self.state(*d) != StepState::Succeeded;
                    assert!(!dependencies.iter().any(lost), "{step} waits for ever");
                }
                StepState::Ready
                | StepState::Running
                | StepState::Succeeded
                | StepState::Failed => {
                    assert_eq!(open, 0, "{step} started too early");
                }
                StepState::Skipped => assert!(open > 0, "{step} skipped without cause"),
                StepState::Cancelled => {}
            }
        }
    }

    fn check_small(&self) {
        if cfg!(debug_assertions) && self.dag.len() <= CHECKED_STEPS {
            self.check_invariants();
        }
    }

    fn make_ready(&mut self, step: u32) {
        self.state[step as usize] = StepState::Ready;
        self.ready.push(Reverse(self.rank[step as usize]));
    }

    /// Frees the slot of a running step; `false` if it is not running.
    fn end_running(&mut self, step: u32) -> bool {
        let running = self.state.get(step as usize) == Some(&StepState::Running);
        self.running -= usize::from(running);
        running
    }

    fn end_badly(&mut self, step: u32, state: StepState, why: RunStatus, effects: &mut Effects) {
        if !self.end_running(step) {
            return;
        }
        self.failed += usize::from(state == StepState::Failed);
        self.settle(step, state, effects);
        if self.stopping.is_none() {
            self.skip_dependents(step, effects);
            if self.limits.fail_fast && self.unfinished > 0 {
                self.stop(why, effects);
            }
        }
        self.check_small();
    }

    /// Skips everything that `cause` leads to.
    fn skip_dependents(&mut self, cause: u32, effects: &mut Effects) {
        let dag = self.dag;
        let mut next = effects.skipped.len(); // the list of skipped steps is the queue
        let mut step = cause;
        loop {
            for &dependent in dag.dependents(step) {
                if self.state[dependent as usize] == StepState::Waiting {
                    effects.skipped.push((dependent, cause));
                    self.settle(dependent, StepState::Skipped, effects);
                }
            }
            let Some(&(skipped, _)) = effects.skipped.get(next) else { break };
            step = skipped;
            next += 1;
        }
    }

    /// Cancels all that has not started.
    fn stop(&mut self, why: RunStatus, effects: &mut Effects) {
        self.stopping = Some(why);
        effects.stop = true;
        self.ready.clear();
        for step in 0..self.dag.len() as u32 {
            if matches!(self.state(step), StepState::Waiting | StepState::Ready) {
                effects.cancelled.push(step);
                self.settle(step, StepState::Cancelled, effects);
            }
        }
    }

    /// Gives a step its final state and releases the outputs that nobody needs any more.
    fn settle(&mut self, step: u32, state: StepState, effects: &mut Effects) {
        self.state[step as usize] = state;
        self.succeeded += usize::from(state == StepState::Succeeded);
        self.unfinished -= 1;
        self.release_unused(step, effects);
        let dag = self.dag;
        for &dependency in dag.dependencies(step) {
            self.consumers[dependency as usize] -= 1;
            self.release_unused(dependency, effects);
        }
        effects.finished = self.status();
    }

    /// Called when a step ends and when one of its consumers does, so it holds exactly once.
    fn release_unused(&self, step: u32, effects: &mut Effects) {
        let at = step as usize;
        let unused = self.consumers[at] == 0 && !self.keep[at];
        if unused && self.state[at] == StepState::Succeeded {
            effects.released.push(step);
        }
    }
}

/// All steps, the most urgent first.
fn preference(dag: &Dag, max_parallel: usize, weights: Option<&[f64]>) -> Vec<u32> {
    let mut steps: Vec<u32> = (0..dag.len() as u32).collect();
    if max_parallel > 1 {
        let mut remaining = vec![0.0f64; dag.len()];
        for &step in dag.topological_order().iter().rev() {
            let after = dag.dependents(step).iter().map(|&next| remaining[next as usize]);
            let own = weights.map_or(1.0, |weights| weights[step as usize]);
            remaining[step as usize] = own + after.fold(0.0, f64::max);
        }
        let longest_first = |a: &u32, b: &u32| {
            remaining[*b as usize].total_cmp(&remaining[*a as usize]).then(a.cmp(b))
        };
        steps.sort_unstable_by(longest_first);
    }
    steps
}
