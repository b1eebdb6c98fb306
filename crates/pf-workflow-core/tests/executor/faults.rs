//! Failures, panics, stops and cancellation.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use pf_workflow_core::{Dag, Event, Job, RunOptions, RunStatus, StepState, execute};

use crate::graphs::names;
use crate::runners::{Failure, fan, in_time, run, runner};

#[test]
fn fail_fast_stops_running_steps() {
    in_time(|| {
        let dag = Dag::new(names(4), &[(0, 2)]).unwrap();
        let together = Barrier::new(2);
        let (report, log) = run(&dag, &RunOptions::new(2), &AtomicBool::new(false), |job| {
            together.wait();
            if job.step == 0 {
                return Err(Failure::Failed);
            }
            while !job.is_cancelled() {
                thread::yield_now();
            }
            Err::<(), _>(Failure::Stopped)
        });
        assert_eq!((report.status, report.first_failure), (RunStatus::Failed, Some(0)));
        let end = ["fail 0 Failed", "skip 2 0", "cancel 3", "cancel 1", "end Failed"];
        assert_eq!(log[2..], end);
    });
}

#[test]
fn a_flag_set_from_outside_stops_busy_workers() {
    in_time(|| {
        let dag = Dag::new(names(3), &[(0, 2)]).unwrap();
        let cancel = AtomicBool::new(false);
        let started = Barrier::new(3);
        thread::scope(|scope| {
            scope.spawn(|| {
                started.wait();
                cancel.store(true, Ordering::Relaxed); // nobody else moves at this moment
            });
            let (report, _) = run(&dag, &RunOptions::new(2), &cancel, |job| {
                started.wait();
                while !job.is_cancelled() {
                    thread::yield_now();
                }
                Err::<(), _>(Failure::Stopped)
            });
            assert_eq!((report.status, report.first_failure), (RunStatus::Cancelled, None));
            assert!(report.steps.iter().all(|step| step.state == StepState::Cancelled));
        });
    });
}

#[test]
fn a_step_that_sees_the_callers_flag_first_was_cancelled_by_the_caller() {
    let dag = Dag::new(names(2), &[(0, 1)]).unwrap();
    let mut options = RunOptions::new(1);
    options.fail_fast = false;
    for failure in [Failure::Stopped, Failure::Failed] {
        let cancel = AtomicBool::new(false);
        let (report, _) = run(&dag, &options, &cancel, |_| {
            cancel.store(true, Ordering::Relaxed);
            if failure == Failure::Failed {
                Err(Failure::Failed)
            } else {
                Err::<(), _>(Failure::Stopped)
            }
        });
        assert_eq!(report.status, RunStatus::Cancelled);
        assert_eq!(report.steps[1].state, StepState::Cancelled); // rather than skipped
    }
}

#[test]
fn panics_keep_their_message() {
    let dag = Dag::new(names(2), &[]).unwrap();
    let mut options = RunOptions::new(1);
    options.fail_fast = false;
    let (report, _) = run(&dag, &options, &AtomicBool::new(false), |job| -> Result<(), _> {
        match job.step {
            0 => resume_unwind(Box::new(format!("at {}", job.name))),
            _ => resume_unwind(Box::new(7)),
        }
    });
    let failure = |step: usize| report.steps[step].failure.as_ref();
    assert_eq!(failure(0), Some(&Failure::Panicked("at s0".into())));
    assert_eq!(failure(1), Some(&Failure::Panicked("panic without a message".into())));
}

#[test]
fn a_panic_of_the_observer_reaches_the_caller() {
    in_time(|| {
        for fatal in [0, 1, 5, 9] {
            let observe = |event: Event<'_, Failure>| {
                if event.seq == fatal {
                    resume_unwind(Box::new("observer"));
                }
            };
            let runner = runner(|_: Job<'_, ()>| Ok(()));
            let run = || {
                let cancel = AtomicBool::new(false);
                execute(&fan(3), &runner, &RunOptions::new(3), &cancel, &observe).is_ok()
            };
            let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
            assert_eq!(payload.downcast_ref::<&str>(), Some(&"observer"));
        }
    });
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let runner = runner(|_: Job<'_, ()>| Ok(()));
    let mut options = RunOptions::new(2);
    options.keep = vec![true];
    let error = execute(&fan(1), &runner, &options, &AtomicBool::new(false), &|_| {}).unwrap_err();
    assert_eq!(error.to_string(), "keep: 1 flags for 3 steps");
}
