//! Runs one group of steps: the engine's side of the executor.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::datasource::provider_as_source;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use pf_io_core::IoError;
use pf_workflow_core::{Job, Plan, StepRunner, StepSpec};
use serde_json::{Map, Value as Json};

use crate::callbacks::{Answer, Callbacks};
use crate::context::{self, SessionOptions};
use crate::dataset::{Dataset, Value};
use crate::error::{EngineError, KeyedError, StepFailure};
use crate::execute::Execution;
use crate::group::{Group, Groups, Role};
use crate::marker::{self, StepCounter};
use crate::order::RowOrder;
use crate::steps::{self, SavedFile, StepContext};

/// Inputs below this many bytes are not worth a second partition.
const SMALL_INPUT: usize = 10 << 20;

/// What is known of a step after it ran.
#[derive(Debug, Clone, Default)]
pub struct StepFacts {
    /// Rows it produced.
    pub rows: Option<u64>,
    /// The file that it published.
    pub file: Option<SavedFile>,
    /// Facts of its type, such as the iterations of an algorithm.
    pub info: Map<String, Json>,
}

/// Runs the groups of one plan.
pub(crate) struct GroupRunner<'a> {
    pub plan: &'a Plan,
    pub groups: &'a Groups,
    pub callbacks: &'a dyn Callbacks,
    pub env: Arc<RuntimeEnv>,
    pub warnings: Mutex<Vec<(String, String)>>,
    pub facts: Mutex<HashMap<usize, StepFacts>>,
}

impl StepRunner for GroupRunner<'_> {
    type Output = Value;
    type Failure = StepFailure;

    fn run(&self, job: Job<'_, Value>) -> Result<Value, StepFailure> {
        let group = &self.groups.groups[job.step as usize];
        let root = &self.plan.steps[group.root];
        let halt = Arc::new(AtomicBool::new(false));
        let run = GroupRun { runner: self, group, job: &job, halt: Arc::clone(&halt) };
        let result = std::panic::catch_unwind(AssertUnwindSafe(|| run.run(root)))
            .map(|result| result.map_err(|failure| self.locate(failure)));
        halt.store(true, Ordering::Relaxed);
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(failure)) if job.is_cancelled() && !is_cancellation(&failure.error) => {
                // Torn down in the middle: whatever broke, the cause is the cancellation.
                Err(StepFailure::new(failure.step, EngineError::Cancelled))
            }
            Ok(Err(failure)) => Err(StepFailure {
                error: if is_cancellation(&failure.error) {
                    EngineError::Cancelled
                } else {
                    failure.error
                },
                ..failure
            }),
            Err(panic) => {
                let text = crate::execute::panic_text(&*panic);
                let error = EngineError::internal(format!("the step panicked: {text}"));
                Err(StepFailure::new(root.name.clone(), error))
            }
        }
    }
}

fn is_cancellation(error: &EngineError) -> bool {
    matches!(error, EngineError::Cancelled | EngineError::Io(IoError::Cancelled))
}

impl GroupRunner<'_> {
    /// Adds what a decoder deep inside a plan cannot know: the file, and the key to blame.
    fn locate(&self, mut failure: StepFailure) -> StepFailure {
        let Some(step) = self.plan.steps.iter().find(|step| step.name == failure.step) else {
            return failure;
        };
        if failure.key.is_some() {
            return failure;
        }
        if step.kind != "read" {
            failure.key = only_expression(step);
            return failure;
        }
        match &mut failure.error {
            EngineError::Io(IoError::Parquet { path, .. }) if path.as_os_str().is_empty() => {
                let paths = step.config.get("path").and_then(Json::as_array);
                if let Some(first) = paths.and_then(|paths| paths.first()).and_then(Json::as_str) {
                    *path = first.into();
                }
                failure.key = Some("path".to_owned());
            }
            EngineError::Io(error) => {
                let typed = error.column().filter(|column| {
                    let schema = step.config.get("schema").and_then(Json::as_object);
                    schema.is_some_and(|schema| schema.contains_key(*column))
                });
                failure.key = Some(
                    typed.map_or_else(|| "path".to_owned(), |column| format!("schema.{column}")),
                );
            }
            _ => {}
        }
        failure
    }
}

/// One group on its way.
struct GroupRun<'a> {
    runner: &'a GroupRunner<'a>,
    group: &'a Group,
    job: &'a Job<'a, Value>,
    halt: Arc<AtomicBool>,
}

impl GroupRun<'_> {
    fn run(&self, root: &StepSpec) -> Result<Value, StepFailure> {
        match Role::of(&root.kind) {
            Some(Role::Noop) => return Ok(Value::Nothing),
            Some(Role::Handler) => return self.handle(root),
            Some(Role::Relational | Role::Root) => {}
            None => {
                let message = format!("no step type '{}'", root.kind);
                return Err(StepFailure::new(&root.name, EngineError::Config { message }));
            }
        }
        let state = context::session(Arc::clone(&self.runner.env), self.session_options());
        let execution = Execution { cancel: self.job.cancel, halt: Arc::clone(&self.halt) };
        let mut plans: HashMap<usize, LogicalPlan> = HashMap::new();
        let mut counters: HashMap<usize, Arc<StepCounter>> = HashMap::new();
        for &index in &self.group.steps {
            let step = &self.runner.plan.steps[index];
            if Role::of(&step.kind) != Some(Role::Relational) {
                continue;
            }
            let inputs = self.input_plans(step, &mut plans, &state)?;
            let info = Mutex::default();
            let context =
                StepContext { info: Some(&info), ..self.step_context(step, &state, &execution) };
            let planned =
                steps::plan(&context, inputs).map_err(|error| error.in_step(&step.name))?;
            let info: Map<String, Json> = info.into_inner().unwrap_or_else(PoisonError::into_inner);
            if !info.is_empty() {
                self.note(index, |facts| facts.info.extend(info));
            }
            let counter = Arc::new(StepCounter::default());
            plans.insert(index, marker::mark(planned, &step.name, &counter));
            counters.insert(index, counter);
        }
        let result = self.finish(root, plans, &state, &execution);
        for (index, counter) in counters {
            self.note(index, |facts| facts.rows = facts.rows.or(counter.rows()));
        }
        result
    }

    /// Runs what the root of the group asks for.
    fn finish(
        &self,
        root: &StepSpec,
        mut plans: HashMap<usize, LogicalPlan>,
        state: &SessionState,
        execution: &Execution<'_>,
    ) -> Result<Value, StepFailure> {
        let blame = |error: KeyedError| error.in_step(&root.name);
        if let Some(plan) = plans.remove(&self.group.root) {
            let table = execution.collect(state, &plan, &root.name);
            let table = table.map_err(|error| blame(error.into()))?;
            self.note(self.group.root, |facts| facts.rows = Some(table.rows() as u64));
            return Ok(Value::Table(Arc::new(table)));
        }
        let context = self.step_context(root, state, execution);
        match root.kind.as_str() {
            "save" => self.save(&context, execution, &mut plans).map_err(blame),
            "graph" => {
                let inputs = self.input_plans(root, &mut plans, state)?;
                let (table, info) = steps::graph(&context, execution, &inputs).map_err(blame)?;
                self.note(self.group.root, |facts| {
                    facts.rows = Some(table.rows() as u64);
                    facts.info = info;
                });
                Ok(Value::Table(Arc::new(table)))
            }
            "check" => self.check(&context, execution, &mut plans).map_err(blame),
            _ => {
                let tables =
                    self.input_tables(root, &mut plans, state, execution).map_err(blame)?;
                let answer = self.runner.callbacks.call(root, &tables);
                let answer = answer.map_err(|error| blame(error.into()))?;
                if matches!(answer, Answer::Nothing) {
                    self.refuse_nothing(root).map_err(|error| blame(error.into()))?;
                }
                Ok(self.answered(answer))
            }
        }
    }

    /// A function may return nothing only if nobody reads its output.
    fn refuse_nothing(&self, step: &StepSpec) -> Result<(), EngineError> {
        let read = self.runner.plan.steps.iter().any(|other| other.inputs.contains(&step.output));
        if !read {
            return Ok(());
        }
        let call = step.config.get("call").and_then(Json::as_str).unwrap_or(&step.kind);
        Err(EngineError::Function {
            class: "SchemaError",
            key: Some("call".to_owned()),
            message: format!("{call} returned None, but other steps use '{}'", step.output),
            hint: Some(
                "return a pyarrow.Table, a pandas or polars DataFrame or a dict of arrays".into(),
            ),
        })
    }

    fn save(
        &self,
        context: &StepContext<'_>,
        execution: &Execution<'_>,
        plans: &mut HashMap<usize, LogicalPlan>,
    ) -> Result<Value, KeyedError> {
        let step = context.step;
        let wanted = self.runner.plan.keep.contains(&step.output)
            || !self.runner.groups.dag.dependents(self.job.step).is_empty();
        let (input, value) = if wanted {
            // Somebody reads on: the rows are held and written from there.
            let tables = self.input_tables(step, plans, context.state, execution)?;
            let table = tables.into_iter().next().ok_or_else(|| no_input(step))?;
            (scan(&step.output, &table, 1)?, Value::Table(table))
        } else {
            let plan = self
                .input_plans(step, plans, context.state)
                .map_err(|failure| KeyedError { key: failure.key, error: failure.error })?;
            (plan.into_iter().next().ok_or_else(|| no_input(step))?, Value::Nothing)
        };
        let file = steps::save(context, execution, &input)?;
        self.note(self.group.root, |facts| {
            facts.rows = Some(file.rows);
            facts.file = Some(file);
        });
        Ok(value)
    }

    fn check(
        &self,
        context: &StepContext<'_>,
        execution: &Execution<'_>,
        plans: &mut HashMap<usize, LogicalPlan>,
    ) -> Result<Value, KeyedError> {
        let step = context.step;
        let tables = self.input_tables(step, plans, context.state, execution)?;
        let first = tables.first().cloned().ok_or_else(|| no_input(step))?;
        let partitions = context.state.config().target_partitions();
        let named = step
            .inputs
            .iter()
            .zip(&tables)
            .map(|(name, table)| Ok((name.clone(), scan(name, table, partitions)?)))
            .collect::<Result<Vec<_>, EngineError>>()?;
        steps::check(context, execution, &named, first.rows())?;
        self.note(self.group.root, |facts| facts.rows = Some(first.rows() as u64));
        Ok(Value::Table(first))
    }

    fn handle(&self, step: &StepSpec) -> Result<Value, StepFailure> {
        let groups = self.runner.groups;
        let data: Vec<(String, Value)> = groups
            .dag
            .dependencies(self.job.step)
            .iter()
            .zip(&self.job.inputs)
            .map(|(group, value)| {
                let producer = &self.runner.plan.steps[groups.groups[*group as usize].root];
                (producer.name.clone(), Value::clone(value))
            })
            .collect();
        let answer = self.runner.callbacks.handle(step, &data);
        Ok(self.answered(answer.map_err(|error| StepFailure::new(&step.name, error))?))
    }

    fn answered(&self, answer: Answer) -> Value {
        match answer {
            Answer::Table(table) => {
                self.note(self.group.root, |facts| facts.rows = Some(table.rows() as u64));
                Value::Table(Arc::new(table))
            }
            Answer::Foreign(value) => Value::Foreign(value),
            Answer::Nothing => Value::Nothing,
        }
    }

    /// Plans of a step's inputs: those of fused steps are taken, the others scan a table.
    fn input_plans(
        &self,
        step: &StepSpec,
        plans: &mut HashMap<usize, LogicalPlan>,
        state: &SessionState,
    ) -> Result<Vec<LogicalPlan>, StepFailure> {
        step.inputs
            .iter()
            .map(|name| {
                let producer = self.runner.groups.producer.get(name).copied();
                if let Some(plan) = producer.and_then(|index| plans.remove(&index)) {
                    return Ok(plan);
                }
                let partitions = state.config().target_partitions();
                self.table(name)
                    .and_then(|table| scan(name, &table, partitions))
                    .map_err(|error| StepFailure::new(&step.name, error))
            })
            .collect()
    }

    /// Tables of a step's inputs; fused ones are run.
    fn input_tables(
        &self,
        step: &StepSpec,
        plans: &mut HashMap<usize, LogicalPlan>,
        state: &SessionState,
        execution: &Execution<'_>,
    ) -> Result<Vec<Arc<Dataset>>, KeyedError> {
        step.inputs
            .iter()
            .map(|name| {
                let producer = self.runner.groups.producer.get(name).copied();
                match producer.and_then(|index| plans.remove(&index)) {
                    Some(plan) => Ok(Arc::new(execution.collect(state, &plan, name)?)),
                    None => Ok(self.table(name)?),
                }
            })
            .collect()
    }

    /// A finished table of another group.
    fn table(&self, dataset: &str) -> Result<Arc<Dataset>, EngineError> {
        let groups = self.runner.groups;
        let group = groups.producer.get(dataset).map(|index| groups.of_step[*index] as u32);
        let place = groups.dag.dependencies(self.job.step).iter().position(|g| Some(*g) == group);
        match place.and_then(|place| self.job.inputs.get(place)).map(AsRef::as_ref) {
            Some(Value::Table(table)) => Ok(Arc::clone(table)),
            Some(_) => Err(EngineError::Schema {
                code: "E301",
                column: None,
                message: format!("'{dataset}' is no table, its step returned none"),
                hint: Some("return a table from the step, or use depends_on for order only".into()),
            }),
            None => Err(EngineError::internal(format!("the dataset '{dataset}' is gone"))),
        }
    }

    fn step_context<'b>(
        &'b self,
        step: &'b StepSpec,
        state: &'b SessionState,
        execution: &'b Execution<'b>,
    ) -> StepContext<'b> {
        StepContext {
            step,
            state,
            execution: Some(execution),
            cancel: self.job.cancel,
            halt: &self.halt,
            memory_limit: self.runner.plan.settings.memory_limit,
            warnings: &self.runner.warnings,
            info: None,
            deterministic: self.runner.plan.settings.deterministic,
        }
    }

    fn note(&self, step: usize, change: impl FnOnce(&mut StepFacts)) {
        let mut facts = self.runner.facts.lock().unwrap_or_else(PoisonError::into_inner);
        change(facts.entry(step).or_default());
    }

    fn session_options(&self) -> SessionOptions {
        let settings = &self.runner.plan.settings;
        let order = RowOrder::of(self.runner.plan, self.group);
        let partitions = if settings.deterministic || order.limited || self.is_small() {
            1
        } else {
            (context::cores() / self.job.concurrency.max(1)).max(1)
        };
        let sort_merge = self.group.steps.iter().any(|index| {
            let config = &self.runner.plan.steps[*index].config;
            config.get("algorithm").and_then(Json::as_str) == Some("sort_merge")
        });
        SessionOptions { partitions, ordered: order.kept || settings.deterministic, sort_merge }
    }

    /// Whether all inputs together are too small to be split.
    fn is_small(&self) -> bool {
        let held: usize = self
            .job
            .inputs
            .iter()
            .map(|value| match value.as_ref() {
                Value::Table(table) => table.bytes(),
                _ => 0,
            })
            .sum();
        let read: u64 = self
            .group
            .steps
            .iter()
            .map(|index| &self.runner.plan.steps[*index])
            .filter(|step| step.kind == "read")
            .filter_map(|step| step.config.get("path").and_then(Json::as_array))
            .flatten()
            .filter_map(Json::as_str)
            .filter_map(|path| pf_io_core::expand(&[path]).ok())
            .flatten()
            .filter_map(|path| std::fs::metadata(path).ok())
            .map(|metadata| metadata.len())
            .sum();
        held + (read as usize) < SMALL_INPUT
    }
}

/// A scan of a finished table, without table names on the columns.
pub(crate) fn scan(
    name: &str,
    table: &Dataset,
    partitions: usize,
) -> Result<LogicalPlan, EngineError> {
    let source = provider_as_source(table.provider(partitions)?);
    let name = datafusion::common::TableReference::bare(name);
    steps::unqualified(LogicalPlanBuilder::scan(name, source, None)?.build()?)
}

/// The key that computes something, if the step has only one.
fn only_expression(step: &StepSpec) -> Option<String> {
    match (step.kind.as_str(), step.config.get("columns")) {
        ("filter", _) => Some("where".to_owned()),
        ("sql", _) => Some("sql".to_owned()),
        ("cast", Some(Json::Object(columns))) if columns.len() == 1 => {
            columns.keys().next().map(|name| format!("columns.{name}"))
        }
        ("transform", Some(Json::Array(columns))) if columns.len() == 1 => {
            let name = columns.first()?.get("name")?.as_str()?;
            Some(format!("columns.{name}"))
        }
        ("select", Some(Json::Array(columns))) => {
            let computes = |item: &Json| item.get("expr").is_some_and(|expr| !expr.is_null());
            let mut found = columns.iter().enumerate().filter(|(_, item)| computes(item));
            let (index, _) = found.next()?;
            found.next().is_none().then(|| format!("columns.{index}"))
        }
        _ => None,
    }
}

fn no_input(step: &StepSpec) -> EngineError {
    EngineError::Config { message: format!("a {} step needs an input", step.kind) }
}
