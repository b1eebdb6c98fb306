//! Runners made of closures, logs of events, deadlines.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use pf_workflow_core::{
    Dag, Event, EventKind, Job, RunOptions, RunReport, StepFailure, StepRunner, execute,
};

use crate::graphs::names;

/// Runs a test on a thread of its own and fails if it takes longer than a minute.
pub fn in_time<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = channel();
    let thread = thread::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(test));
        sender.send(()).unwrap();
        result
    });
    match receiver.recv_timeout(Duration::from_mins(1)) {
        Err(RecvTimeoutError::Timeout) => panic!("the run hangs"),
        _ => thread.join().unwrap().unwrap_or_else(|payload| resume_unwind(payload)),
    }
}

#[derive(Debug, PartialEq)]
pub enum Failure {
    Failed,
    Panicked(String),
    Stopped,
}

impl StepFailure for Failure {
    fn panicked(message: String) -> Self {
        Self::Panicked(message)
    }

    fn is_cancelled(&self) -> bool {
        *self == Self::Stopped
    }
}

/// A runner made of a closure.
pub struct Runner<V, F>(F, PhantomData<fn() -> V>);

pub fn runner<V, F: Fn(Job<'_, V>) -> Result<V, Failure> + Sync>(step: F) -> Runner<V, F> {
    Runner(step, PhantomData)
}

impl<V, F> StepRunner for Runner<V, F>
where
    V: Send + Sync,
    F: Fn(Job<'_, V>) -> Result<V, Failure> + Sync,
{
    type Output = V;
    type Failure = Failure;

    fn run(&self, job: Job<'_, V>) -> Result<V, Failure> {
        (self.0)(job)
    }
}

pub fn run<V: Send + Sync>(
    dag: &Dag,
    options: &RunOptions,
    cancel: &AtomicBool,
    step: impl Fn(Job<'_, V>) -> Result<V, Failure> + Sync,
) -> (RunReport<V, Failure>, Vec<String>) {
    let log = Mutex::new(Vec::new());
    let observe = |event: Event<'_, Failure>| {
        let mut log = log.lock().unwrap();
        assert_eq!(event.seq, log.len() as u64);
        log.push(match event.kind {
            EventKind::Started { step, .. } => format!("start {step}"),
            EventKind::Completed { step } => format!("done {step}"),
            EventKind::Failed { step, failure } => format!("fail {step} {failure:?}"),
            EventKind::Skipped { step, because } => format!("skip {step} {because}"),
            EventKind::Cancelled { step } => format!("cancel {step}"),
            EventKind::Finished { status } => format!("end {status:?}"),
        });
    };
    let report = execute(dag, &runner(step), options, cancel, &observe).unwrap();
    (report, log.into_inner().unwrap())
}

/// `s0` feeds `width` steps, which feed the last one.
pub fn fan(width: u32) -> Dag {
    let edges = (1..=width).flat_map(|step| [(0, step), (step, width + 1)]);
    Dag::new(names(width as usize + 2), &edges.collect::<Vec<_>>()).unwrap()
}
