//! What a group's plan must keep of the order of rows.

use std::collections::HashMap;

use pf_workflow_core::{Plan, StepSpec};
use serde_json::Value as Json;

use crate::group::Group;

/// Where the order of a step's rows comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// Nobody may rely on it.
    Open,
    /// A `sort` defines it.
    Sorted,
    /// It is that of the input.
    Input,
}

/// What a group's plan must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowOrder {
    /// Rows come out in a defined order, so batches must not be dealt out anew.
    pub kept: bool,
    /// A `limit` takes the first rows in the order of the input: one partition only.
    pub limited: bool,
}

impl RowOrder {
    /// Looks at the steps of `group`, inputs before consumers.
    pub fn of(plan: &Plan, group: &Group) -> Self {
        let mut sources: HashMap<&str, Source> = HashMap::new();
        let mut limited = false;
        let mut last = Source::Open;
        for index in &group.steps {
            let step = &plan.steps[*index];
            let input = step
                .inputs
                .iter()
                .map(|name| sources.get(name.as_str()).copied().unwrap_or(Source::Input))
                .max()
                .unwrap_or(Source::Input);
            limited |= takes_first(step) && input == Source::Input;
            last = match step.kind.as_str() {
                "groupby" | "join" | "distinct" | "graph" => Source::Open,
                "sort" | "sql" => Source::Sorted,
                _ => input,
            };
            sources.insert(step.output.as_str(), last);
        }
        Self { kept: last != Source::Open, limited }
    }
}

fn takes_first(step: &StepSpec) -> bool {
    match step.kind.as_str() {
        "limit" => true,
        "read" => step.config.get("limit").is_some_and(|limit| !limit.is_null()),
        "sql" => step
            .config
            .get("sql")
            .and_then(Json::as_str)
            .is_some_and(|text| text.to_lowercase().contains("limit")),
        _ => false,
    }
}
