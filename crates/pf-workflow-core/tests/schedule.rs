//! The state machine against a model: random graphs, outcomes, orders of ends, cancel instants.
//! Debug builds also check the schedule's own invariants after every transition.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod graphs;

use std::collections::BTreeSet;

use graphs::{ancestors, dags, names};
use pf_workflow_core::{Dag, Effects, Limits, RunStatus, Schedule, StepState, WorkflowError};
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Done,
    Fail,
    CancelItself,
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![6 => Just(End::Done), 1 => Just(End::Fail), 1 => Just(End::CancelItself)]
}

#[derive(Debug, Clone)]
struct Case {
    dag: Dag,
    limits: Limits,
    keep: Vec<bool>,
    weights: Option<Vec<f64>>,
    ends: Vec<End>,
    /// Which of the running steps ends next, and how many slots stay empty until then.
    turns: Vec<(usize, usize)>,
    /// Cancel the run after this many ends.
    cancel_after: Option<usize>,
}

fn cases() -> impl Strategy<Value = Case> {
    dags(14).prop_flat_map(|dag| {
        let n = dag.len();
        let weights = vec((0..5u8).prop_map(f64::from), n);
        let cancel = proptest::option::of(0..n + 2);
        let turns = vec((0..8usize, 0..3usize), n + 1);
        let rest = (vec(any::<bool>(), n), proptest::option::of(weights), vec(ends(), n));
        (Just(dag), 1..9usize, any::<bool>(), rest, turns, cancel).prop_map(
            |(dag, max_parallel, fail_fast, (keep, weights, ends), turns, cancel_after)| Case {
                dag,
                limits: Limits { max_parallel, fail_fast },
                keep,
                weights,
                ends,
                turns,
                cancel_after,
            },
        )
    })
}

/// Drives a schedule and writes down what it says.
struct Model<'c> {
    case: &'c Case,
    schedule: Schedule<'c>,
    started: Vec<u32>,
    running: Vec<u32>,
    released: BTreeSet<u32>,
    skipped: Vec<(u32, u32)>,
    cancelled: BTreeSet<u32>,
    /// How the run should end if not every step succeeds.
    stopped: Option<RunStatus>,
    finished: Option<RunStatus>,
}

impl<'c> Model<'c> {
    fn new(case: &'c Case) -> Self {
        let weights = case.weights.as_deref();
        Self {
            case,
            schedule: Schedule::prepare(&case.dag, case.limits, &case.keep, weights).unwrap(),
            started: Vec::new(),
            running: Vec::new(),
            released: BTreeSet::new(),
            skipped: Vec::new(),
            cancelled: BTreeSet::new(),
            stopped: None,
            finished: None,
        }
    }

    fn remaining(&self, step: u32) -> f64 {
        let own = self.case.weights.as_ref().map_or(1.0, |weights| weights[step as usize]);
        let after = self.case.dag.dependents(step).iter().map(|&next| self.remaining(next));
        own + after.fold(0.0, f64::max)
    }

    fn most_urgent(&self) -> Option<u32> {
        let steps = 0..self.case.dag.len() as u32;
        let mut ready = steps.filter(|&s| self.schedule.state(s) == StepState::Ready);
        if self.case.limits.max_parallel == 1 {
            return ready.next();
        }
        ready.reduce(|best, s| if self.remaining(s) > self.remaining(best) { s } else { best })
    }

    fn start(&mut self) -> bool {
        let expected = self.most_urgent();
        let can_start = self.schedule.can_start();
        let Some(step) = self.schedule.next_ready() else {
            assert!(!can_start);
            assert!(expected.is_none() || self.running.len() == self.case.limits.max_parallel);
            return false;
        };
        assert!(can_start);
        assert_eq!(Some(step), expected, "order of preference");
        assert!(self.stopped.is_none(), "start after stop");
        assert!(!self.started.contains(&step), "started twice");
        let dependencies = self.case.dag.dependencies(step).iter();
        assert!(dependencies.clone().all(|&d| self.schedule.state(d) == StepState::Succeeded));
        assert!(dependencies.clone().all(|d| !self.released.contains(d)), "input released");
        self.started.push(step);
        self.running.push(step);
        assert!(self.running.len() <= self.case.limits.max_parallel);
        assert_eq!(self.schedule.running(), self.running.len());
        true
    }

    fn end(&mut self, turn: usize) {
        let step = self.running.remove(turn % self.running.len());
        let end = self.case.ends[step as usize];
        let mut effects = Effects::default();
        match end {
            End::Done => self.schedule.done(step, &mut effects),
            End::Fail => self.schedule.fail(step, &mut effects),
            End::CancelItself => self.schedule.cancelled(step, &mut effects),
        }
        let bad = end != End::Done;
        let stops = bad && self.case.limits.fail_fast && self.stopped.is_none();
        if stops {
            let why = if end == End::Fail { RunStatus::Failed } else { RunStatus::Cancelled };
            self.stopped = Some(why);
        }
        // Whether there was anything left to stop shows in the effects only if there was.
        assert!(stops || !effects.stop);
        assert!(!stops || effects.stop || self.schedule.is_finished());
        let causes = effects.skipped.iter().map(|&(_, because)| because);
        assert!(causes.clone().all(|because| bad && because == step));
        self.note(effects);
        // A late answer changes nothing.
        let mut late = Effects::default();
        let before = format!("{:?}", self.schedule);
        self.schedule.done(step, &mut late);
        self.schedule.fail(step, &mut late);
        self.schedule.cancelled(step, &mut late);
        assert_eq!(late, Effects::default());
        assert_eq!(before, format!("{:?}", self.schedule));
    }

    fn cancel(&mut self) {
        let mut effects = Effects::default();
        let effective = self.stopped.is_none() && !self.schedule.is_finished();
        self.schedule.cancel_run(&mut effects);
        assert_eq!(effects.stop, effective);
        if effective {
            self.stopped = Some(RunStatus::Cancelled);
        }
        self.note(effects);
    }

    /// Checks effects against the states after the transition.
    fn note(&mut self, effects: Effects) {
        assert!(self.finished.is_none() || effects == Effects::default());
        for step in effects.released {
            assert!(self.released.insert(step), "released twice");
        }
        for step in effects.cancelled {
            assert!(self.cancelled.insert(step), "cancelled twice");
            assert_eq!(self.schedule.state(step), StepState::Cancelled);
        }
        for (step, because) in effects.skipped {
            assert!(self.skipped.iter().all(|&(other, _)| other != step), "skipped twice");
            assert_eq!(self.schedule.state(step), StepState::Skipped);
            self.skipped.push((step, because));
        }
        for step in 0..self.case.dag.len() as u32 {
            let mut consumers = self.case.dag.dependents(step).iter();
            let unused = consumers.all(|&consumer| self.schedule.state(consumer).is_final());
            let succeeded = self.schedule.state(step) == StepState::Succeeded;
            let expected = succeeded && unused && !self.case.keep[step as usize];
            assert_eq!(self.released.contains(&step), expected, "release of {step}");
        }
        assert_eq!(effects.finished.is_some(), self.schedule.is_finished());
        assert_eq!(effects.finished, self.schedule.status());
        self.finished = effects.finished;
    }

    /// Runs to the end.
    fn run(&mut self) {
        let mut turns = self.case.turns.iter();
        let mut count = 0;
        while !self.schedule.is_finished() {
            if self.case.cancel_after == Some(count) {
                self.cancel();
            }
            let &(turn, idle) = turns.next().expect("more ends than steps");
            while self.running.is_empty() || self.running.len() + idle < 8 {
                if !self.start() {
                    break;
                }
            }
            assert!(!self.running.is_empty() || self.schedule.is_finished(), "stuck");
            if !self.running.is_empty() {
                self.end(turn);
                count += 1;
            }
        }
    }

    fn check_final_states(&self) {
        let dag = &self.case.dag;
        let state = |step: u32| self.schedule.state(step);
        let count = |wanted| (0..dag.len() as u32).filter(|&s| state(s) == wanted).count();
        let expected = if count(StepState::Succeeded) == dag.len() {
            RunStatus::Completed
        } else if let Some(stopped) = self.stopped {
            stopped
        } else if count(StepState::Failed) > 0 {
            RunStatus::Failed
        } else {
            RunStatus::Cancelled
        };
        assert_eq!(self.schedule.status(), Some(expected));
        for step in 0..dag.len() as u32 {
            assert!(state(step).is_final());
            let upstream = ancestors(dag, step);
            let all_succeeded = upstream.iter().all(|&s| state(s) == StepState::Succeeded);
            if self.started.contains(&step) {
                let expected = match self.case.ends[step as usize] {
                    End::Done => StepState::Succeeded,
                    End::Fail => StepState::Failed,
                    End::CancelItself => StepState::Cancelled,
                };
                assert!(all_succeeded);
                assert_eq!(state(step), expected);
                assert!(!self.cancelled.contains(&step));
            } else {
                assert!(matches!(state(step), StepState::Skipped | StepState::Cancelled));
                assert_eq!(state(step) == StepState::Cancelled, self.cancelled.contains(&step));
                assert!(self.stopped.is_some() || state(step) == StepState::Skipped);
            }
            if state(step) == StepState::Skipped {
                assert!(!all_succeeded);
                let (_, because) = self.skipped.iter().find(|&&(s, _)| s == step).unwrap();
                assert!(upstream.contains(because) && self.started.contains(because));
                assert_ne!(self.case.ends[*because as usize], End::Done);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_run_follows_the_model(case in cases()) {
        let mut model = Model::new(&case);
        model.run();
        model.check_final_states();
        prop_assert!(case.dag.is_empty() || model.finished.is_some());
    }

    #[test]
    fn one_slot_is_the_topological_order(dag in dags(20), weights in vec(0.0..9.0, 20)) {
        let limits = Limits { max_parallel: 1, fail_fast: true };
        let weights = &weights[..dag.len()];
        let mut schedule = Schedule::prepare(&dag, limits, &[], Some(weights)).unwrap();
        let mut order = Vec::new();
        while let Some(step) = schedule.next_ready() {
            prop_assert_eq!(schedule.next_ready(), None);
            schedule.done(step, &mut Effects::default());
            order.push(step);
        }
        prop_assert_eq!(schedule.status(), Some(RunStatus::Completed));
        prop_assert_eq!(order, dag.topological_order());
    }
}

#[test]
fn longest_remaining_path_goes_first() {
    // s0 is alone; s1 -> s2 -> s3; s4 is alone and slow.
    let dag = Dag::new(names(5), &[(1, 2), (2, 3)]).unwrap();
    let limits = Limits { max_parallel: 2, fail_fast: true };
    let first = |weights: Option<&[f64]>| {
        let mut schedule = Schedule::prepare(&dag, limits, &[], weights).unwrap();
        [schedule.next_ready(), schedule.next_ready(), schedule.next_ready()]
    };
    assert_eq!(first(None), [Some(1), Some(0), None]);
    assert_eq!(first(Some(&[1.0, 1.0, 1.0, 1.0, 9.0])), [Some(4), Some(1), None]);
}

#[test]
fn without_fail_fast_unrelated_branches_go_on() {
    let dag = Dag::new(names(4), &[(0, 1), (2, 3)]).unwrap();
    let limits = Limits { max_parallel: 1, fail_fast: false };
    let mut schedule = Schedule::prepare(&dag, limits, &[], None).unwrap();
    let mut effects = Effects::default();
    assert_eq!(schedule.next_ready(), Some(0));
    schedule.fail(0, &mut effects);
    assert_eq!((&effects.skipped[..], effects.stop), (&[(1, 0)][..], false));
    for step in [2, 3] {
        assert_eq!(schedule.next_ready(), Some(step));
        schedule.done(step, &mut effects);
    }
    assert_eq!(effects.finished, Some(RunStatus::Failed));
}

#[test]
fn fail_fast_skips_downstream_and_cancels_the_rest() {
    let dag = Dag::new(names(5), &[(0, 1), (2, 3)]).unwrap();
    let limits = Limits { max_parallel: 2, fail_fast: true };
    let mut schedule = Schedule::prepare(&dag, limits, &[], None).unwrap();
    let mut effects = Effects::default();
    assert_eq!((schedule.next_ready(), schedule.next_ready()), (Some(0), Some(2)));
    schedule.fail(0, &mut effects);
    assert_eq!((&effects.skipped[..], &effects.cancelled[..]), (&[(1, 0)][..], &[3, 4][..]));
    assert!(effects.stop && effects.finished.is_none() && schedule.next_ready().is_none());
    effects.clear();
    schedule.done(2, &mut effects); // it did not hear the request: its output is unused
    assert_eq!(effects.released, [2]);
    assert_eq!(effects.finished, Some(RunStatus::Failed));
}

#[test]
fn completed_is_completed_even_if_cancelled_at_the_last_moment() {
    let dag = Dag::new(names(1), &[]).unwrap();
    let limits = Limits { max_parallel: 1, fail_fast: true };
    let mut schedule = Schedule::prepare(&dag, limits, &[], None).unwrap();
    let mut effects = Effects::default();
    assert_eq!(schedule.next_ready(), Some(0));
    schedule.cancel_run(&mut effects);
    schedule.done(0, &mut effects);
    assert_eq!(effects.finished, Some(RunStatus::Completed));
}

#[test]
fn empty_graph_is_finished() {
    let dag = Dag::new(Vec::new(), &[]).unwrap();
    let limits = Limits { max_parallel: 1, fail_fast: true };
    let schedule = Schedule::prepare(&dag, limits, &[], None).unwrap();
    assert_eq!((schedule.is_finished(), schedule.status()), (true, Some(RunStatus::Completed)));
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let dag = Dag::new(names(2), &[]).unwrap();
    let text = |max_parallel, keep: &[bool], weights: Option<&[f64]>| {
        let limits = Limits { max_parallel, fail_fast: true };
        let error = Schedule::prepare(&dag, limits, keep, weights).unwrap_err();
        assert!(matches!(error, WorkflowError::InvalidOption { .. }));
        error.to_string()
    };
    assert_eq!(text(0, &[], None), "max_parallel: must be at least 1");
    assert_eq!(text(1, &[true], None), "keep: 1 flags for 2 steps");
    assert_eq!(text(1, &[], Some(&[1.0])), "weights: 1 weights for 2 steps");
    assert_eq!(text(1, &[], Some(&[1.0, -1.0])), "weights: -1 is not a duration");
    assert_eq!(text(1, &[], Some(&[f64::NAN, 1.0])), "weights: NaN is not a duration");
}
