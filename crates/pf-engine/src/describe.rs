//! What would run: order, levels, groups, and the problems that schemas alone show.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::logical_expr::LogicalPlan;
use pf_workflow_core::{Dag, Plan, StepSpec};

use crate::context::{self, SessionOptions};
use crate::dataset::Dataset;
use crate::error::{EngineError, KeyedError, StepFailure};
use crate::execute::delivered_schema;
use crate::group::{Groups, Role};
use crate::run::RunError;
use crate::runner::scan;
use crate::steps::{self, StepContext};

/// A plan before it is run.
#[derive(Debug)]
pub struct Description {
    /// Steps in the order in which one worker would take them.
    pub order: Vec<usize>,
    /// Steps by the longest way from a source.
    pub levels: Vec<Vec<usize>>,
    /// `(from, to)`: `to` waits for `from`.
    pub edges: Vec<(usize, usize)>,
    /// Fused steps, inputs first.
    pub groups: Vec<Vec<usize>>,
    /// Groups that each group waits for.
    pub reads: Vec<Vec<usize>>,
    /// Most groups that can run side by side.
    pub width: usize,
    /// What schemas show to be wrong; `true` where it may be a mere guess of types.
    pub problems: Vec<(StepFailure, bool)>,
}

/// Describes `plan`; with `data`, headers and footers of its files are looked at.
pub fn describe(plan: &Plan, data: bool) -> Result<Description, RunError> {
    let steps = plan.dag()?;
    let groups = Groups::new(plan, &steps)?;
    let problems = if data { check_schemas(plan, &steps, &groups)? } else { Vec::new() };
    let as_usize = |ids: Vec<u32>| ids.into_iter().map(|id| id as usize).collect::<Vec<_>>();
    Ok(Description {
        order: groups
            .dag
            .topological_order()
            .into_iter()
            .flat_map(|group| groups.groups[group as usize].steps.clone())
            .collect(),
        levels: steps.levels().into_iter().map(as_usize).collect(),
        edges: steps.edges().map(|(from, to)| (from as usize, to as usize)).collect(),
        reads: (0..groups.groups.len() as u32)
            .map(|group| as_usize(groups.dag.dependencies(group).to_vec()))
            .collect(),
        width: groups.dag.levels().iter().map(Vec::len).max().unwrap_or(0),
        groups: groups.groups.into_iter().map(|group| group.steps).collect(),
        problems,
    })
}

/// What is known of a dataset before anything runs.
#[derive(Clone)]
struct Known {
    schema: SchemaRef,
    /// Types come from the first rows of a CSV file.
    provisional: bool,
}

fn check_schemas(
    plan: &Plan,
    steps: &Dag,
    groups: &Groups,
) -> Result<Vec<(StepFailure, bool)>, RunError> {
    let env = context::environment(plan.settings.memory_limit)?;
    let options = SessionOptions { partitions: 1, ordered: true, sort_merge: false };
    let state = context::session(env, options);
    let (cancel, halt) = (AtomicBool::new(false), Arc::new(AtomicBool::new(false)));
    let warnings = Mutex::default();
    let saved: Vec<&str> = plan.steps.iter().filter_map(saved_path).collect();
    let mut known: HashMap<usize, Known> = HashMap::new();
    let mut problems = Vec::new();
    for index in steps.topological_order() {
        let index = index as usize;
        let step = &plan.steps[index];
        if step.kind == "read" && reads_any(step, &saved) {
            continue; // the file will be another one by then
        }
        let inputs: Option<Vec<(&String, Known)>> = step
            .inputs
            .iter()
            .map(|name| {
                let producer = groups.producer.get(name)?;
                Some((name, known.get(producer)?.clone()))
            })
            .collect();
        let Some(inputs) = inputs else { continue };
        let provisional = inputs.iter().any(|(_, input)| input.provisional);
        let context = StepContext {
            step,
            state: &state,
            execution: None,
            cancel: &cancel,
            halt: &halt,
            memory_limit: plan.settings.memory_limit,
            warnings: &warnings,
            info: None,
            deterministic: false,
        };
        match schema_of(&context, &inputs) {
            Ok(Some((schema, guessed))) => {
                known.insert(index, Known { schema, provisional: provisional || guessed });
            }
            Ok(None) => {}
            Err(error) => {
                let guess = provisional && is_about_types(&error.error);
                problems.push((error.in_step(&step.name), guess));
            }
        }
    }
    Ok(problems)
}

/// The schema that a step will deliver; `None` if only its run can tell.
fn schema_of(
    context: &StepContext<'_>,
    inputs: &[(&String, Known)],
) -> Result<Option<(SchemaRef, bool)>, KeyedError> {
    let step = context.step;
    let plans = inputs
        .iter()
        .map(|(name, input)| scan(name, &Dataset::new(Arc::clone(&input.schema), Vec::new()), 1))
        .collect::<Result<Vec<LogicalPlan>, EngineError>>()?;
    match (Role::of(&step.kind), step.kind.as_str()) {
        (Some(Role::Relational), kind) => {
            let planned = steps::plan(context, plans)?;
            let guessed = kind == "read" && reads_text(step);
            Ok(Some((delivered_schema(&planned.plan), guessed)))
        }
        (Some(Role::Root), "graph") => {
            Ok(Some((steps::graph_schema(&step.config, &plans)?, false)))
        }
        (Some(Role::Root), "check" | "save") => {
            Ok(inputs.first().map(|(_, input)| (Arc::clone(&input.schema), false)))
        }
        _ => Ok(None),
    }
}

fn is_about_types(error: &EngineError) -> bool {
    matches!(error, EngineError::Expression { code: "E302", .. })
}

/// Whether a read step's types are guessed from text.
fn reads_text(step: &StepSpec) -> bool {
    let format = step.config.get("format").and_then(|f| f.as_str()).unwrap_or("auto");
    let first = step.config.get("path").and_then(|p| p.get(0)).and_then(|p| p.as_str());
    format == "csv"
        || (format == "auto"
            && first.is_some_and(|path| {
                pf_io_core::Format::from_suffix(path.as_ref()) == Some(pf_io_core::Format::Csv)
            }))
}

fn saved_path(step: &StepSpec) -> Option<&str> {
    (step.kind == "save").then(|| step.config.get("path")?.as_str()).flatten()
}

fn reads_any(step: &StepSpec, saved: &[&str]) -> bool {
    step.config
        .get("path")
        .and_then(|paths| paths.as_array())
        .is_some_and(|paths| paths.iter().filter_map(|p| p.as_str()).any(|p| saved.contains(&p)))
}
