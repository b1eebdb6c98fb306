//! The canonical form of a workflow, as the loader hands it to an engine: names, order and
//! settings are typed, each step's own keys stay JSON until the engine reads them.
//!
//! Every key is present; defaults are the loader's business, so a missing key is an error here.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Dag, WorkflowError};

/// A checked workflow: variables are substituted, paths are absolute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Name of the workflow, free text.
    pub name: String,
    /// Folder that relative paths were resolved against.
    pub base_dir: String,
    /// Variables with their final values; already substituted, kept for reports.
    pub variables: Map<String, Value>,
    /// How to run it.
    pub settings: Settings,
    /// Datasets that the caller wants back.
    pub keep: Vec<String>,
    /// The steps in file order.
    pub steps: Vec<StepSpec>,
}

/// How a plan is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Steps that may run at the same time, at least 1.
    pub max_parallel: usize,
    /// Whether the first failure stops the run.
    pub fail_fast: bool,
    /// Whether chains of steps may become one plan of the engine.
    pub fuse: bool,
    /// Whether the result must be the same bytes for any number of threads.
    pub deterministic: bool,
    /// Bytes that the engine may hold at once; `None` (null) leaves the choice to the engine.
    #[serde(deserialize_with = "Option::deserialize")] // null is a value, a missing key is not
    pub memory_limit: Option<u64>,
}

/// One step: what it reads, what it produces, and its own keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepSpec {
    /// Name, unique in the plan.
    pub name: String,
    /// Type of the step, such as `filter`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Datasets it reads, in the order the step type expects.
    pub inputs: Vec<String>,
    /// Dataset it produces, unique in the plan.
    pub output: String,
    /// Names of steps that must have succeeded, beyond those that produce the inputs.
    pub depends_on: Vec<String>,
    /// The keys of the step's type.
    pub config: Map<String, Value>,
}

/// Step index by some name of the step.
type Index<'a> = HashMap<&'a str, u32>;

impl Plan {
    /// Edges `(from, to)` between step indices: `to` waits for `from`. Sorted by `to`; within one
    /// step the inputs come first, in their order, then `depends_on`. Each pair appears once.
    ///
    /// Also checks what edges rest on: names and outputs are unique and not empty, every
    /// reference resolves, `max_parallel` is at least 1, and `keep` names datasets.
    pub fn edges(&self) -> Result<Vec<(u32, u32)>, WorkflowError> {
        if self.settings.max_parallel == 0 {
            let message = "must be at least 1".to_owned();
            return Err(WorkflowError::InvalidOption { option: "max_parallel", message });
        }
        let (names, outputs) = self.index()?;
        if let Some(name) = self.keep.iter().find(|name| !outputs.contains_key(name.as_str())) {
            return Err(WorkflowError::UnknownOutput { name: name.clone(), known: self.outputs() });
        }
        let mut edges = Vec::new();
        let mut last_reader = vec![u32::MAX; self.steps.len()]; // each pair once, without a search
        for (to, step) in self.steps.iter().enumerate() {
            let inputs = step.inputs.iter().map(|name| (name, &outputs));
            let earlier = step.depends_on.iter().map(|name| (name, &names));
            for (position, (name, found)) in inputs.chain(earlier).enumerate() {
                let Some(&from) = found.get(name.as_str()) else {
                    let is_input = position < step.inputs.len();
                    return Err(self.unknown(name, step, is_input));
                };
                if last_reader[from as usize] != to as u32 {
                    last_reader[from as usize] = to as u32;
                    edges.push((from, to as u32));
                }
            }
        }
        Ok(edges)
    }

    /// The plan as a graph of step indices, free of cycles.
    pub fn dag(&self) -> Result<Dag, WorkflowError> {
        let edges = self.edges()?;
        Dag::new(self.steps.iter().map(|step| step.name.clone()).collect(), &edges)
    }

    /// Steps by name and by output, each checked to be unique and not empty.
    fn index(&self) -> Result<(Index<'_>, Index<'_>), WorkflowError> {
        if self.steps.len() >= u32::MAX as usize {
            return Err(WorkflowError::TooLarge { nodes: self.steps.len(), edges: 0 });
        }
        let mut names = HashMap::with_capacity(self.steps.len());
        let mut outputs = HashMap::with_capacity(self.steps.len());
        for (index, step) in self.steps.iter().enumerate() {
            for (key, value) in
                [("name", &step.name), ("type", &step.kind), ("output", &step.output)]
            {
                if value.is_empty() {
                    let step = if key == "name" { format!("#{index}") } else { step.name.clone() };
                    let message = format!("{key} is empty");
                    return Err(WorkflowError::InvalidSpec { step, message });
                }
            }
            if names.insert(step.name.as_str(), index as u32).is_some() {
                return Err(WorkflowError::DuplicateName { name: step.name.clone() });
            }
            match outputs.entry(step.output.as_str()) {
                Entry::Vacant(place) => {
                    place.insert(index as u32);
                }
                Entry::Occupied(first) => {
                    return Err(WorkflowError::DuplicateOutput {
                        output: step.output.clone(),
                        first: self.steps[*first.get() as usize].name.clone(),
                        second: step.name.clone(),
                    });
                }
            }
        }
        Ok((names, outputs))
    }

    fn outputs(&self) -> Vec<String> {
        self.steps.iter().map(|step| step.output.clone()).collect()
    }

    fn unknown(&self, name: &str, step: &StepSpec, is_input: bool) -> WorkflowError {
        let known = if is_input {
            self.outputs()
        } else {
            self.steps.iter().map(|step| step.name.clone()).collect()
        };
        WorkflowError::UnknownNode { name: name.to_owned(), step: step.name.clone(), known }
    }
}
