//! What a worker does between two steps: bookkeeping under the lock, and waiting.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

use crate::executor::Run;
use crate::{
    Effects, Event, EventKind, Job, RunReport, RunStatus, Schedule, StepFailure, StepRecord,
    StepRunner, StepState,
};

/// Stack of a worker: planners recurse, and pages that are not touched cost nothing.
const STACK: usize = 32 << 20;

/// The part of a run that changes, behind its mutex.
pub(crate) struct State<'a, R: StepRunner> {
    schedule: Schedule<'a>,
    effects: Effects,
    outputs: Vec<Option<Arc<R::Output>>>,
    steps: Vec<StepRecord<R::Failure>>,
    log: Log<'a, R::Failure>,
    /// Threads that exist, threads that sleep, and whether one is on its way to look for work.
    pub(crate) workers: usize,
    idle: usize,
    called: bool,
    /// Whether the caller's cancel flag was passed on.
    pub(crate) heeded: bool,
    /// A panic outside a step: everybody leaves.
    pub(crate) panic: Option<Box<dyn Any + Send>>,
    first_failure: Option<u32>,
    busy: Duration,
    peak: usize,
}

/// Numbers and dates events.
struct Log<'a, F> {
    observe: &'a (dyn Fn(Event<'_, F>) + Sync),
    began: Instant,
    seq: u64,
    last: Duration,
}

impl<F> Log<'_, F> {
    fn now(&mut self) -> Duration {
        self.last = self.began.elapsed();
        self.last
    }

    /// Reports an event at the time of the last call of `now`.
    fn emit(&mut self, kind: EventKind<'_, F>) {
        let seq = self.seq;
        self.seq += 1;
        (self.observe)(Event { seq, at: self.last, kind });
    }
}

/// How a worker gets the next hand for steps that could start at once.
enum Help {
    None,
    Wake,
    Hire(usize),
}

impl<'a, R: StepRunner> Run<'a, R> {
    /// Starts worker number `worker`.
    pub(crate) fn hire<'scope, 'env>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        worker: usize,
    ) -> io::Result<()> {
        let work = move || self.guard(|| self.work(scope, worker));
        Builder::new()
            .name(format!("pf-step-{worker}"))
            .stack_size(STACK)
            .spawn_scoped(scope, work)?;
        Ok(())
    }

    fn work<'scope, 'env>(&'env self, scope: &'scope Scope<'scope, 'env>, worker: usize) {
        let mut unused = Vec::new();
        let mut state = self.lock();
        state.called = false;
        loop {
            self.heed_cancel(&mut state, &mut unused);
            if state.is_over() {
                return;
            }
            let Some(step) = state.schedule.next_ready() else {
                state = self.rest(state, &mut unused);
                continue;
            };
            let job = state.begin(self, step, worker);
            let help = state.call_help(self.max_workers);
            drop(state);
            self.fetch(scope, &help);
            unused.clear();
            let result = catch_unwind(AssertUnwindSafe(|| self.runner.run(job)));
            let result = result.unwrap_or_else(|payload| {
                Err(R::Failure::panicked(panic_text(payload.as_ref()).to_owned()))
            });
            let result = result.map(Arc::new);
            state = self.lock();
            self.heed_cancel(&mut state, &mut unused); // first, as it may be why the step ended
            state.end(self, step, result, &mut unused);
        }
    }

    /// Sleeps until there may be work; outputs that nobody needs go first, without the lock.
    fn rest<'s>(
        &'s self,
        mut state: MutexGuard<'s, State<'a, R>>,
        unused: &mut Vec<Arc<R::Output>>,
    ) -> MutexGuard<'s, State<'a, R>> {
        if !unused.is_empty() {
            drop(state);
            unused.clear();
            return self.lock();
        }
        state.idle += 1;
        state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        state.called = false;
        state
    }

    fn fetch<'scope, 'env>(&'env self, scope: &'scope Scope<'scope, 'env>, help: &Help) {
        match *help {
            Help::None => {}
            Help::Wake => self.work.notify_one(),
            Help::Hire(worker) => {
                if self.hire(scope, worker).is_err() {
                    self.lock().called = false; // go on with the threads there are
                }
            }
        }
    }
}

impl<'a, R: StepRunner> State<'a, R> {
    pub(crate) fn new(
        schedule: Schedule<'a>,
        observe: &'a (dyn Fn(Event<'_, R::Failure>) + Sync),
        began: Instant,
    ) -> Self {
        let steps = schedule.len();
        Self {
            schedule,
            effects: Effects::default(),
            outputs: (0..steps).map(|_| None).collect(),
            steps: (0..steps).map(|_| StepRecord::new()).collect(),
            log: Log { observe, began, seq: 0, last: Duration::ZERO },
            workers: 0,
            idle: 0,
            called: false,
            heeded: false,
            panic: None,
            first_failure: None,
            busy: Duration::ZERO,
            peak: 0,
        }
    }

    /// Whether there is nothing left to do for anybody.
    pub(crate) fn is_over(&self) -> bool {
        self.panic.is_some() || self.schedule.is_finished()
    }

    /// Reports the end of the run.
    pub(crate) fn finish(&mut self, status: RunStatus) {
        self.log.emit(EventKind::Finished { status });
    }

    pub(crate) fn cancel_run(&mut self, run: &Run<'a, R>, unused: &mut Vec<Arc<R::Output>>) {
        self.log.now();
        self.schedule.cancel_run(&mut self.effects);
        self.apply_effects(run, unused);
    }

    pub(crate) fn into_report(self) -> RunReport<R::Output, R::Failure> {
        RunReport {
            status: self.schedule.status().unwrap_or(RunStatus::Cancelled),
            outputs: self.outputs,
            steps: self.steps,
            first_failure: self.first_failure,
            wall: self.log.last,
            busy: self.busy,
            peak_parallelism: self.peak,
        }
    }

    fn begin<'r>(&mut self, run: &'r Run<'a, R>, step: u32, worker: usize) -> Job<'r, R::Output> {
        let running = self.schedule.running();
        let sharing = running + self.schedule.waiting_ready();
        self.peak = self.peak.max(running);
        let record = &mut self.steps[step as usize];
        record.start = Some(self.log.now());
        record.worker = Some(worker);
        self.log.emit(EventKind::Started { step, worker });
        let inputs = run.dag.dependencies(step).iter();
        Job {
            step,
            name: run.dag.name(step),
            // All there: a dependency has succeeded, and is not released before this step ends.
            inputs: inputs.filter_map(|&from| self.outputs[from as usize].clone()).collect(),
            cancel: &run.stop,
            concurrency: sharing.min(self.schedule.limits().max_parallel),
            worker,
        }
    }

    fn end(
        &mut self,
        run: &Run<'a, R>,
        step: u32,
        result: Result<Arc<R::Output>, R::Failure>,
        unused: &mut Vec<Arc<R::Output>>,
    ) {
        let now = self.log.now();
        let record = &mut self.steps[step as usize];
        record.end = Some(now);
        self.busy += now.saturating_sub(record.start.unwrap_or(now));
        match result {
            Ok(output) => {
                self.outputs[step as usize] = Some(output);
                self.schedule.done(step, &mut self.effects);
                self.log.emit(EventKind::Completed { step });
            }
            Err(failure) => {
                let failure = &*record.failure.insert(failure);
                if failure.is_cancelled() {
                    self.schedule.cancelled(step, &mut self.effects);
                    self.log.emit(EventKind::Cancelled { step });
                } else {
                    self.first_failure.get_or_insert(step);
                    self.schedule.fail(step, &mut self.effects);
                    self.log.emit(EventKind::Failed { step, failure });
                }
            }
        }
        record.state = self.schedule.state(step);
        self.apply_effects(run, unused);
    }

    /// Carries out what follows from a transition. Outputs go to `unused`, to be dropped later.
    fn apply_effects(&mut self, run: &Run<'a, R>, unused: &mut Vec<Arc<R::Output>>) {
        let mut effects = std::mem::take(&mut self.effects);
        if effects.stop {
            run.stop.store(true, Ordering::Relaxed);
        }
        unused.extend(effects.released.iter().filter_map(|&at| self.outputs[at as usize].take()));
        for &(step, because) in &effects.skipped {
            let record = &mut self.steps[step as usize];
            record.state = StepState::Skipped;
            record.because = Some(because);
            self.log.emit(EventKind::Skipped { step, because });
        }
        for &step in &effects.cancelled {
            self.steps[step as usize].state = StepState::Cancelled;
            self.log.emit(EventKind::Cancelled { step });
        }
        if let Some(status) = effects.finished {
            self.finish(status);
            run.work.notify_all();
            run.over.notify_all();
        }
        effects.clear();
        self.effects = effects;
    }

    /// One helper at a time: whoever comes calls the next.
    fn call_help(&mut self, max_workers: usize) -> Help {
        if self.called || !self.schedule.can_start() {
            Help::None
        } else if self.idle > 0 {
            self.called = true;
            Help::Wake
        } else if self.workers < max_workers {
            self.called = true;
            self.workers += 1;
            Help::Hire(self.workers - 1)
        } else {
            Help::None
        }
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "panic without a message"
    }
}
