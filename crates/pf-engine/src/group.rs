//! Fusion: which steps run together as one plan.
//!
//! A relational step is fused into its consumer when nobody else wants its output. A group is then
//! a tree of relational steps below one root; the root's output is the only one that is kept.
//! Groups are the nodes that the executor schedules.

use std::collections::HashMap;

use pf_workflow_core::{Dag, Plan, StepSpec, WorkflowError};
use serde_json::Value as Json;

/// A plan of more steps than this is cut: planning time grows faster than the number of nodes.
const MAX_STEPS: usize = 32;

/// How a step takes part in plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Becomes part of a `DataFusion` plan.
    Relational,
    /// Consumes plans and has a body of its own: save, check, graph, python.
    Root,
    /// No body.
    Noop,
    /// The body is the caller's step handler.
    Handler,
}

impl Role {
    /// The role of a step type, `None` for a type that the engine does not know.
    pub fn of(kind: &str) -> Option<Self> {
        match kind {
            "read" | "filter" | "select" | "transform" | "rename" | "drop" | "cast" | "groupby"
            | "join" | "sort" | "limit" | "distinct" | "union" | "sql" => Some(Self::Relational),
            "save" | "check" | "graph" | "python" => Some(Self::Root),
            "noop" => Some(Self::Noop),
            "handler" => Some(Self::Handler),
            _ => None,
        }
    }
}

/// Steps that run together.
#[derive(Debug, Clone)]
pub struct Group {
    /// The step whose output leaves the group.
    pub root: usize,
    /// All steps, inputs before their consumers; the root is last.
    pub steps: Vec<usize>,
}

/// The groups of a workflow and the order between them.
#[derive(Debug)]
pub struct Groups {
    /// In order of their roots in the file.
    pub groups: Vec<Group>,
    /// Which group a step belongs to.
    pub of_step: Vec<usize>,
    /// One node per group.
    pub dag: Dag,
    /// Which step produces a dataset.
    pub producer: HashMap<String, usize>,
}

impl Groups {
    /// Fuses the steps of `plan`; `steps` is its checked graph.
    pub fn new(plan: &Plan, steps: &Dag) -> Result<Self, WorkflowError> {
        let producer: HashMap<String, usize> =
            plan.steps.iter().enumerate().map(|(i, s)| (s.output.clone(), i)).collect();
        let consumer = fused_consumers(plan, steps, &producer);
        let mut root: Vec<usize> = (0..plan.steps.len()).collect();
        for &step in steps.topological_order().iter().rev() {
            if let Some(next) = consumer[step as usize] {
                root[step as usize] = root[next];
            }
        }
        let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
        for step in steps.topological_order() {
            members.entry(root[step as usize]).or_default().push(step as usize);
        }
        let mut groups: Vec<Group> =
            members.into_iter().map(|(root, steps)| Group { root, steps }).collect();
        groups.sort_by_key(|group| group.root);
        let mut of_step = vec![0; plan.steps.len()];
        for (id, group) in groups.iter().enumerate() {
            for &step in &group.steps {
                of_step[step] = id;
            }
        }
        let mut edges: Vec<(u32, u32)> = steps
            .edges()
            .map(|(from, to)| (of_step[from as usize] as u32, of_step[to as usize] as u32))
            .filter(|(from, to)| from != to)
            .collect();
        edges.sort_unstable();
        edges.dedup();
        let names = groups.iter().map(|group| plan.steps[group.root].name.clone()).collect();
        let dag = Dag::new(names, &edges)?;
        Ok(Self { groups, of_step, dag, producer })
    }
}

impl Groups {
    /// Steps of a group that wait for `step`, directly or not.
    pub(crate) fn downstream(&self, plan: &Plan, group: usize, step: usize) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for &index in &self.groups[group].steps {
            let waits = plan.steps[index].inputs.iter().any(|name| {
                let producer = self.producer.get(name);
                producer.is_some_and(|from| *from == step || found.contains(from))
            });
            if waits {
                found.push(index);
            }
        }
        found
    }
}

/// For each step the consumer that it is fused into, if any.
fn fused_consumers(
    plan: &Plan,
    steps: &Dag,
    producer: &HashMap<String, usize>,
) -> Vec<Option<usize>> {
    let mut consumer = vec![None; plan.steps.len()];
    if !plan.settings.fuse {
        return consumer;
    }
    let mut size = vec![1usize; plan.steps.len()];
    let holds = |kind: &str| plan.steps.iter().map(|step| step.kind == kind).collect::<Vec<_>>();
    let (mut sorted, mut united) = (holds("sort"), holds("union"));
    // Inputs first, so that `size` is final when a step is looked at.
    for index in steps.topological_order() {
        let index = index as usize;
        let step = &plan.steps[index];
        let [next] = steps.dependents(index as u32) else { continue };
        let next = *next as usize;
        let target = &plan.steps[next];
        let uses = target.inputs.iter().filter(|name| producer.get(*name) == Some(&index)).count();
        let fusable = Role::of(&step.kind) == Some(Role::Relational)
            && matches!(Role::of(&target.kind), Some(Role::Relational | Role::Root))
            && uses == 1
            && !plan.keep.contains(&step.output)
            && !produces_for_itself(step)
            && accepts(target, &step.output)
            && !(sorted[index] && forgets_order(target))
            // A limit takes what comes first, and the inputs of a union come at the same time.
            && !(united[index] && target.kind == "limit")
            && size[index] + size[next] <= MAX_STEPS;
        if fusable {
            consumer[index] = Some(next);
            size[next] += size[index];
            sorted[next] |= sorted[index];
            united[next] |= united[index];
        }
    }
    consumer
}

/// Whether `target` can take `dataset` as part of its own plan rather than as a table.
fn accepts(target: &StepSpec, dataset: &str) -> bool {
    let text = |key: &str| target.config.get(key).and_then(Json::as_str).unwrap_or_default();
    match target.kind.as_str() {
        // The keys are looked at before the join, so that side is read twice.
        "join" => {
            let side = target.inputs.iter().position(|name| name == dataset);
            let looked_at = match text("validate") {
                "one_to_one" => true,
                "one_to_many" => side == Some(0),
                "many_to_one" => side == Some(1),
                _ => false,
            };
            !looked_at && text("algorithm") != "sort_merge"
        }
        "sql" => crate::steps::sql::reads_once(text("sql"), &alias_of(target, dataset)),
        _ => true,
    }
}

/// Whether a sort inside the plan of `target` would be dropped: SQL gives it no meaning there.
fn forgets_order(target: &StepSpec) -> bool {
    matches!(target.kind.as_str(), "union" | "sql")
}

/// The name under which an SQL step knows a dataset.
fn alias_of(step: &StepSpec, dataset: &str) -> String {
    step.config
        .get("tables")
        .and_then(Json::as_object)
        .and_then(|tables| tables.iter().find(|(_, d)| d.as_str() == Some(dataset)))
        .map_or_else(|| dataset.to_owned(), |(alias, _)| alias.clone())
}

/// A sort-merge join needs a session of its own.
fn produces_for_itself(step: &StepSpec) -> bool {
    step.kind == "join" && step.config.get("algorithm").and_then(Json::as_str) == Some("sort_merge")
}
