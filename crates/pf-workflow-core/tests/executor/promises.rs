//! Random graphs, outcomes and cancel instants; order, memory, size.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use pf_workflow_core::{Dag, Job, RunOptions, RunReport, RunStatus, StepState, execute};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::graphs::{ancestors, dags, names};
use crate::runners::{Failure, fan, in_time, run, runner};

/// An output that knows whether it is still there.
#[derive(Debug)]
struct Held {
    step: u32,
    live: Arc<Mutex<BTreeSet<u32>>>,
}

impl Held {
    fn new(step: u32, live: &Arc<Mutex<BTreeSet<u32>>>) -> Self {
        assert!(live.lock().unwrap().insert(step));
        Self { step, live: Arc::clone(live) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        assert!(self.live.lock().unwrap().remove(&self.step));
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Succeed,
    Fail,
    Panic,
    CancelItself,
    /// Somebody cancels the run while the step runs, and the step hears it.
    CancelRunAndStop,
    /// As before, but the step goes on to its end.
    CancelRun,
}

#[derive(Debug, Clone)]
struct Case {
    dag: Dag,
    options: RunOptions,
    acts: Vec<Act>,
    cancelled_before: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let act = prop_oneof![
        20 => Just(Act::Succeed),
        1 => Just(Act::Fail),
        1 => Just(Act::Panic),
        1 => Just(Act::CancelItself),
        1 => Just(Act::CancelRunAndStop),
        1 => Just(Act::CancelRun),
    ];
    let weights = |n| proptest::option::of(vec(0.0..9.0, n));
    dags(16).prop_flat_map(move |dag| {
        let n = dag.len();
        let flags = (vec(any::<bool>(), n), any::<bool>(), prop::bool::weighted(0.03));
        (Just(dag), 1..9usize, flags, weights(n), vec(act.clone(), n)).prop_map(
            |(dag, max_parallel, (keep, fail_fast, cancelled_before), weights, acts)| Case {
                dag,
                options: RunOptions { max_parallel, fail_fast, keep, weights },
                acts,
                cancelled_before,
            },
        )
    })
}

fn check(case: &Case) {
    let Case { dag, options, acts, cancelled_before } = case;
    let live = Arc::new(Mutex::new(BTreeSet::new()));
    let ended = Mutex::new(BTreeSet::new());
    let cancel = AtomicBool::new(*cancelled_before);
    let (report, log) = run(dag, options, &cancel, |job: Job<'_, Held>| {
        let step = job.step;
        assert!(
            job.inputs.iter().map(|input| input.step).eq(dag.dependencies(step).iter().copied())
        );
        assert!((1..=options.max_parallel).contains(&job.concurrency));
        assert!(job.worker < options.max_parallel);
        assert_eq!(job.name, dag.name(step));
        if options.max_parallel == 1 {
            // Exactly the outputs that are kept or still have a consumer.
            let ended = ended.lock().unwrap();
            let needed = |s: &u32| {
                options.keep[*s as usize] || dag.dependents(*s).iter().any(|d| !ended.contains(d))
            };
            assert!(live.lock().unwrap().iter().all(needed), "output held too long");
        }
        let result = match acts[step as usize] {
            Act::Succeed => Ok(()),
            Act::Fail => Err(Failure::Failed),
            Act::Panic => resume_unwind(Box::new("as planned")), // without a message on stderr
            Act::CancelItself => Err(Failure::Stopped),
            Act::CancelRun => {
                cancel.store(true, Ordering::Relaxed);
                Ok(())
            }
            Act::CancelRunAndStop => {
                cancel.store(true, Ordering::Relaxed);
                while !job.is_cancelled() {
                    thread::yield_now();
                }
                Err(Failure::Stopped)
            }
        };
        result.map(|()| {
            ended.lock().unwrap().insert(step);
            Held::new(step, &live)
        })
    });
    check_report(case, &report, &log);
    let kept: BTreeSet<_> = report.outputs.iter().flatten().map(|held| held.step).collect();
    assert_eq!(*live.lock().unwrap(), kept, "outputs leak");
    for step in 0..dag.len() as u32 {
        let succeeded = report.steps[step as usize].state == StepState::Succeeded;
        assert_eq!(kept.contains(&step), succeeded && options.keep[step as usize]);
    }
    drop(report);
    assert!(live.lock().unwrap().is_empty());
}

fn check_report(case: &Case, report: &RunReport<Held, Failure>, log: &[String]) {
    let Case { dag, options, acts, cancelled_before } = case;
    let state = |step: u32| report.steps[step as usize].state;
    let at = |entry: String| log.iter().position(|other| *other == entry);
    assert_eq!(log.last(), Some(&format!("end {:?}", report.status)));
    let mut entries = 1;
    let mut slots = 0usize;
    for entry in log {
        let started = entry.starts_with("start");
        if started {
            slots += 1;
            assert!(slots <= options.max_parallel);
        } else if let Some(step) = entry.split(' ').nth(1).and_then(|text| text.parse::<u32>().ok())
        {
            slots -= usize::from(at(format!("start {step}")).is_some());
        }
    }
    assert_eq!(slots, 0);
    assert!(report.peak_parallelism <= options.max_parallel);
    for step in 0..dag.len() as u32 {
        let record = &report.steps[step as usize];
        assert!(record.state.is_final());
        let start = at(format!("start {step}"));
        let because = record.because.unwrap_or(u32::MAX);
        let failure = record.failure.as_ref();
        let end = match record.state {
            StepState::Succeeded => at(format!("done {step}")),
            StepState::Failed => at(format!("fail {step} {:?}", failure.unwrap())),
            StepState::Skipped => at(format!("skip {step} {because}")),
            _ => at(format!("cancel {step}")),
        };
        assert!(end.is_some() && start < end);
        entries += 1 + usize::from(start.is_some());
        assert_eq!(start.is_some(), record.start.is_some() && record.worker.is_some());
        assert_eq!(start.is_some(), record.end.is_some());
        assert!(record.start <= record.end && record.end.unwrap_or_default() <= report.wall);
        let upstream = ancestors(dag, step);
        if start.is_some() {
            let inputs = dag.dependencies(step);
            assert!(inputs.iter().all(|from| at(format!("done {from}")).unwrap() < start.unwrap()));
            let expected = match acts[step as usize] {
                Act::Succeed | Act::CancelRun => StepState::Succeeded,
                Act::Fail | Act::Panic => StepState::Failed,
                Act::CancelItself | Act::CancelRunAndStop => StepState::Cancelled,
            };
            assert_eq!(record.state, expected);
            if acts[step as usize] == Act::Panic {
                assert_eq!(failure, Some(&Failure::Panicked("as planned".into())));
            }
        } else if record.state == StepState::Skipped {
            let reported = report.steps[because as usize].failure.as_ref();
            assert!(upstream.contains(&because) && reported.is_some());
        } else {
            assert_eq!(record.state, StepState::Cancelled);
        }
        let lost = upstream.iter().any(|&from| state(from) != StepState::Succeeded);
        let may_stop = options.fail_fast
            || *cancelled_before
            || acts.iter().any(|act| matches!(act, Act::CancelRun | Act::CancelRunAndStop));
        if !may_stop {
            assert_eq!(record.state == StepState::Skipped, lost);
            assert_eq!(start.is_none(), lost);
        }
    }
    assert_eq!(log.len(), entries, "one start and one end per step");
    let steps = || 0..dag.len() as u32;
    let first_failure = log.iter().find_map(|entry| entry.strip_prefix("fail "));
    let first_failure = first_failure.and_then(|text| text.split(' ').next()?.parse().ok());
    assert_eq!(report.first_failure, first_failure);
    let completed = steps().all(|step| state(step) == StepState::Succeeded);
    assert_eq!(report.status == RunStatus::Completed, completed);
    assert!(report.status != RunStatus::Failed || first_failure.is_some());
    if *cancelled_before {
        assert!(steps().all(|step| state(step) == StepState::Cancelled));
    }
    if options.max_parallel == 1 {
        let order: Vec<_> = log.iter().filter_map(|entry| entry.strip_prefix("start ")).collect();
        let ran = |step: &u32| report.steps[*step as usize].start.is_some();
        let expected = dag.topological_order().into_iter().filter(ran).map(|s| s.to_string());
        assert!(expected.eq(order));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn every_run_keeps_its_promises(case in cases()) {
        in_time(move || check(&case));
    }

    #[test]
    fn one_slot_is_the_topological_order(dag in dags(16)) {
        let order = Mutex::new(Vec::new());
        let (report, _) = run(&dag, &RunOptions::new(1), &AtomicBool::new(false), |job| {
            order.lock().unwrap().push(job.step);
            Ok(())
        });
        prop_assert_eq!(report.status, RunStatus::Completed);
        prop_assert_eq!(order.into_inner().unwrap(), dag.topological_order());
    }
}

#[test]
fn branches_run_at_the_same_time() {
    in_time(|| {
        let together = Barrier::new(4); // opens only if all four run at once
        let report = run(&fan(4), &RunOptions::new(4), &AtomicBool::new(false), |job| {
            if (1..=4).contains(&job.step) {
                together.wait();
                assert!(job.concurrency <= 4);
            } else {
                assert_eq!(job.concurrency, 1);
            }
            Ok(())
        });
        assert_eq!((report.0.status, report.0.peak_parallelism), (RunStatus::Completed, 4));
    });
}

#[test]
fn a_chain_uses_one_thread() {
    let chain: Vec<_> = (1..50).map(|step| (step - 1, step)).collect();
    let dag = Dag::new(names(50), &chain).unwrap();
    let threads = Mutex::new(BTreeSet::new());
    let (report, _) = run(&dag, &RunOptions::new(8), &AtomicBool::new(false), |job| {
        threads.lock().unwrap().insert(job.worker);
        assert_eq!(job.concurrency, 1);
        Ok(())
    });
    assert_eq!((report.status, report.peak_parallelism), (RunStatus::Completed, 1));
    assert_eq!(threads.into_inner().unwrap().len(), 1);
}

#[test]
fn an_empty_graph_completes() {
    let dag = Dag::new(Vec::new(), &[]).unwrap();
    let (report, log) = run::<()>(&dag, &RunOptions::new(4), &AtomicBool::new(true), |_| Ok(()));
    assert_eq!((report.status, report.peak_parallelism), (RunStatus::Completed, 0));
    assert_eq!(log, ["end Completed"]);
}

#[test]
fn hundred_thousand_steps_in_a_chain_and_in_a_fan() {
    in_time(|| {
        let count = 100_000u32;
        let chain: Vec<_> = (1..count).map(|step| (step - 1, step)).collect();
        let chain = Dag::new(names(count as usize), &chain).unwrap();
        for dag in [chain, fan(count - 2)] {
            let mut options = RunOptions::new(4);
            options.keep = vec![false; count as usize];
            options.keep[count as usize - 1] = true;
            let runner = runner(|job: Job<'_, u64>| {
                Ok(1 + job.inputs.iter().map(|input| **input).max().unwrap_or(0))
            });
            let cancel = AtomicBool::new(false);
            let report = execute(&dag, &runner, &options, &cancel, &|_| {}).unwrap();
            assert_eq!(report.status, RunStatus::Completed);
            let depth = dag.levels().len() as u64;
            assert_eq!(report.outputs[count as usize - 1].as_deref(), Some(&depth));
        }
    });
}
