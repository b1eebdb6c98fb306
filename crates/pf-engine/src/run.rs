//! One run of a workflow: groups are executed, steps are reported.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pf_workflow_core::{
    Event, EventKind, Metrics, Plan, RunOptions, RunReport, RunSample, RunStatus, StepState,
    WorkflowError, execute,
};

use crate::callbacks::Callbacks;
use crate::context;
use crate::dataset::Value;
use crate::error::{EngineError, StepFailure};
use crate::group::{Groups, Role};
use crate::runner::{GroupRunner, StepFacts};
use crate::steps::SavedFile;

/// How a run of the engine could not even begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The plan is not valid.
    #[error(transparent)]
    Workflow(#[from] WorkflowError),
    /// The engine cannot start.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// What happened, for observers.
#[derive(Debug, Clone)]
pub struct StepEvent {
    /// Position in the run's log, from 0 without gaps.
    pub seq: u64,
    /// `step_started`, `step_completed`, ...
    pub kind: &'static str,
    /// Time since the start of the run.
    pub at: Duration,
    /// Wall-clock time, seconds since 1970.
    pub unix: f64,
    /// The step, by index; `None` for the run itself.
    pub step: Option<usize>,
    /// Rows that the step produced.
    pub rows: Option<u64>,
    /// The cause of a skip.
    pub because: Option<usize>,
    /// The error of a failed step.
    pub error: Option<ErrorFacts>,
    /// The file that was published.
    pub file: Option<SavedFile>,
    /// `completed`, `failed` or `cancelled`, at the end of the run.
    pub status: Option<&'static str>,
    /// Text for people.
    pub message: Option<String>,
}

/// An error in plain data.
#[derive(Debug, Clone)]
pub struct ErrorFacts {
    /// Name of the step.
    pub step: String,
    /// Dotted key of its configuration.
    pub key: Option<String>,
    /// `E301`, ...
    pub code: &'static str,
    /// `io`, `data`, `python`, `memory`, `internal`.
    pub kind: &'static str,
    /// The family of the error, named as users see it (`SchemaError`, ...).
    pub class: &'static str,
    /// Text.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl From<&StepFailure> for ErrorFacts {
    fn from(failure: &StepFailure) -> Self {
        Self {
            step: failure.step.clone(),
            key: failure.key.clone(),
            code: failure.error.code(),
            kind: failure.error.kind(),
            class: failure.error.class(),
            message: failure.error.to_string(),
            hint: failure.error.hint(),
        }
    }
}

/// What became of one step.
#[derive(Debug)]
pub struct StepOutcome {
    /// `succeeded`, `failed`, `cancelled` or `skipped`.
    pub status: &'static str,
    /// When its group started and ended, since the start of the run.
    pub span: Option<(Duration, Duration)>,
    /// Id of its group.
    pub group: usize,
    /// Why it was skipped.
    pub because: Option<usize>,
    /// What is known of it.
    pub facts: StepFacts,
}

/// The result of a run.
#[derive(Debug)]
pub struct RunResult {
    /// Its id.
    pub run_id: String,
    /// `completed`, `failed` or `cancelled`.
    pub status: &'static str,
    /// Per step.
    pub steps: Vec<StepOutcome>,
    /// Steps of each group.
    pub groups: Vec<Vec<usize>>,
    /// Failures in order; the first is the root cause.
    pub failures: Vec<StepFailure>,
    /// Outputs that were asked for, and those that nobody consumes.
    pub outputs: Vec<(String, Value)>,
    /// Texts for the user.
    pub warnings: Vec<String>,
    /// Wall time.
    pub wall: Duration,
    /// Sum of the groups' times.
    pub busy: Duration,
    /// The most groups that ran at the same time.
    pub peak_parallelism: usize,
}

/// Runs `plan` under `run_id`; returns when its last step ended. `observe` sees every event in order and must be
/// quick; `cancel` stops the run.
pub fn run(
    plan: &Plan,
    run_id: &str,
    max_parallel: usize,
    callbacks: &dyn Callbacks,
    cancel: &AtomicBool,
    observe: &(dyn Fn(StepEvent) + Sync),
) -> Result<RunResult, RunError> {
    let steps = plan.dag()?;
    let groups = Groups::new(plan, &steps)?;
    let runner = GroupRunner {
        plan,
        groups: &groups,
        callbacks,
        env: context::environment(plan.settings.memory_limit)?,
        warnings: Mutex::default(),
        facts: Mutex::default(),
    };
    let keep: Vec<bool> = groups
        .groups
        .iter()
        .enumerate()
        .map(|(id, group)| {
            let step = &plan.steps[group.root];
            let terminal = groups.dag.dependents(id as u32).is_empty();
            plan.keep.contains(&step.output) || terminal
        })
        .collect();
    let options = RunOptions {
        max_parallel: max_parallel.max(1),
        fail_fast: plan.settings.fail_fast,
        keep: keep.clone(),
        weights: None,
    };
    let log = Log {
        plan,
        groups: &groups,
        runner: &runner,
        observe,
        seq: Mutex::new(0),
        reported: Mutex::new(0),
    };
    log.emit(Duration::ZERO, "run_started", None, |event| {
        event.message = Some(format!("run {run_id} of '{}'", plan.name));
    });
    let report = execute(&groups.dag, &runner, &options, cancel, &|event| log.translate(&event))?;
    Ok(conclude(plan, &groups, &runner, run_id.to_owned(), &keep, report))
}

/// Turns events of groups into events of steps.
struct Log<'a> {
    plan: &'a Plan,
    groups: &'a Groups,
    runner: &'a GroupRunner<'a>,
    observe: &'a (dyn Fn(StepEvent) + Sync),
    seq: Mutex<u64>,
    /// Warnings that were reported.
    reported: Mutex<usize>,
}

impl Log<'_> {
    fn translate(&self, event: &Event<'_, StepFailure>) {
        let members = |group: u32| self.groups.groups[group as usize].steps.iter().copied();
        match &event.kind {
            EventKind::Started { step, .. } => {
                for index in members(*step) {
                    self.emit(event.at, "step_started", Some(index), |_| {});
                }
            }
            EventKind::Completed { step } => {
                self.warn(event.at);
                for index in members(*step) {
                    let facts = self.facts(index);
                    if let Some(file) = facts.file.clone() {
                        self.emit(event.at, "output_published", Some(index), |event| {
                            event.rows = Some(file.rows);
                            event.file = Some(file);
                        });
                    }
                    self.emit(event.at, "step_completed", Some(index), |event| {
                        event.rows = facts.rows;
                    });
                }
            }
            EventKind::Failed { step, failure } => {
                self.warn(event.at);
                let blamed = self.blamed(*step, failure);
                let downstream = self.groups.downstream(self.plan, *step as usize, blamed);
                for index in members(*step) {
                    if downstream.contains(&index) {
                        self.emit(event.at, "step_skipped", Some(index), |event| {
                            event.because = Some(blamed);
                        });
                    } else if index == blamed {
                        self.emit(event.at, "step_failed", Some(index), |event| {
                            event.error = Some(ErrorFacts::from(*failure));
                            event.message = Some(failure.error.to_string());
                        });
                    } else {
                        self.emit(event.at, "step_cancelled", Some(index), |_| {});
                    }
                }
            }
            EventKind::Skipped { step, because } => {
                let because = self.groups.groups[*because as usize].root;
                for index in members(*step) {
                    self.emit(event.at, "step_skipped", Some(index), |event| {
                        event.because = Some(because);
                    });
                }
            }
            EventKind::Cancelled { step } => {
                for index in members(*step) {
                    self.emit(event.at, "step_cancelled", Some(index), |_| {});
                }
            }
            EventKind::Finished { status } => {
                self.emit(event.at, "run_finished", None, |event| {
                    event.status = Some(status_text(*status));
                });
            }
        }
    }

    /// Reports what the steps noted since the last time.
    fn warn(&self, at: Duration) {
        let warnings = self.runner.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        for (step, text) in warnings.iter().skip(*reported) {
            let index = self.plan.steps.iter().position(|other| other.name == *step);
            self.emit(at, "warning", index, |event| event.message = Some(text.clone()));
        }
        *reported = warnings.len();
    }

    fn emit(
        &self,
        at: Duration,
        kind: &'static str,
        step: Option<usize>,
        fill: impl FnOnce(&mut StepEvent),
    ) {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |t| t.as_secs_f64());
        let mut seq = self.seq.lock().unwrap_or_else(PoisonError::into_inner);
        let mut event = StepEvent {
            seq: *seq,
            kind,
            at,
            unix,
            step,
            rows: None,
            because: None,
            error: None,
            file: None,
            status: None,
            message: None,
        };
        *seq += 1;
        fill(&mut event);
        (self.observe)(event);
    }

    fn facts(&self, step: usize) -> StepFacts {
        let facts = self.runner.facts.lock().unwrap_or_else(PoisonError::into_inner);
        facts.get(&step).cloned().unwrap_or_default()
    }

    fn blamed(&self, group: u32, failure: &StepFailure) -> usize {
        let group = &self.groups.groups[group as usize];
        let named = |index: &&usize| self.plan.steps[**index].name == failure.step;
        group.steps.iter().find(named).copied().unwrap_or(group.root)
    }
}

fn conclude(
    plan: &Plan,
    groups: &Groups,
    runner: &GroupRunner<'_>,
    run_id: String,
    keep: &[bool],
    mut report: RunReport<Value, StepFailure>,
) -> RunResult {
    let mut facts =
        std::mem::take(&mut *runner.facts.lock().unwrap_or_else(PoisonError::into_inner));
    let mut steps: HashMap<usize, StepOutcome> = HashMap::new();
    let mut failed: Vec<(Duration, StepFailure)> = Vec::new();
    for (id, (group, record)) in groups.groups.iter().zip(&mut report.steps).enumerate() {
        let because = record.because.map(|group| groups.groups[group as usize].root);
        let failure = record.failure.take().filter(|f| !matches!(f.error, EngineError::Cancelled));
        let blamed = failure.as_ref().map(|failure| {
            let named = |index: &&usize| plan.steps[**index].name == failure.step;
            group.steps.iter().find(named).copied().unwrap_or(group.root)
        });
        let downstream = match (record.state, blamed) {
            (StepState::Failed, Some(blamed)) => groups.downstream(plan, id, blamed),
            _ => Vec::new(),
        };
        for &index in &group.steps {
            let because = if downstream.contains(&index) { blamed } else { because };
            let status = match record.state {
                _ if downstream.contains(&index) => "skipped",
                StepState::Succeeded => "succeeded",
                StepState::Failed if Some(index) == blamed => "failed",
                StepState::Skipped => "skipped",
                _ => "cancelled",
            };
            let span = record.start.zip(record.end);
            let facts = facts.remove(&index).unwrap_or_default();
            steps.insert(index, StepOutcome { status, span, group: id, because, facts });
        }
        if let (Some(failure), true) = (failure, record.state == StepState::Failed) {
            failed.push((record.end.unwrap_or_default(), failure));
        }
    }
    failed.sort_by_key(|(end, _)| *end);
    let first = report.first_failure.map(|group| groups.dag.name(group).to_owned());
    if let Some(place) = failed.iter().position(|(_, f)| {
        let group = plan.steps.iter().position(|s| s.name == f.step).map(|i| groups.of_step[i]);
        group.map(|g| groups.dag.name(g as u32)) == first.as_deref()
    }) {
        failed[..=place].rotate_right(1);
    }
    let outputs = groups
        .groups
        .iter()
        .zip(&mut report.outputs)
        .zip(keep)
        .filter(|(_, keep)| **keep)
        .filter_map(|((group, value), _)| {
            let step = &plan.steps[group.root];
            let value = Value::clone(value.take()?.as_ref());
            let shown = plan.keep.contains(&step.output) || Role::of(&step.kind).is_some();
            (shown && !matches!(value, Value::Nothing)).then(|| (step.output.clone(), value))
        })
        .collect();
    let succeeded = steps.values().filter(|step| step.status == "succeeded").count() as u64;
    Metrics::process().record(&RunSample {
        steps: succeeded,
        cached_steps: 0,
        failed: report.status != RunStatus::Completed,
        wall: report.wall,
        busy: report.busy,
    });
    let mut ordered: Vec<(usize, StepOutcome)> = steps.into_iter().collect();
    ordered.sort_by_key(|(index, _)| *index);
    RunResult {
        run_id,
        status: status_text(report.status),
        steps: ordered.into_iter().map(|(_, outcome)| outcome).collect(),
        groups: groups.groups.iter().map(|group| group.steps.clone()).collect(),
        failures: failed.into_iter().map(|(_, failure)| failure).collect(),
        outputs,
        warnings: std::mem::take(
            &mut *runner.warnings.lock().unwrap_or_else(PoisonError::into_inner),
        )
        .into_iter()
        .map(|(_, text)| text)
        .collect(),
        wall: report.wall,
        busy: report.busy,
        peak_parallelism: report.peak_parallelism,
    }
}

/// The status as users read it.
pub(crate) fn status_text(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Completed => "completed",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "cancelled",
    }
}
