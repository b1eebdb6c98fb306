//! `select`, `transform`, `rename`, `drop`, `cast`: which columns, under which names.

use std::collections::BTreeSet;

use datafusion::logical_expr::{Expr, LogicalPlan, cast as cast_expr, try_cast};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{Planned, StepContext, project};
use crate::error::{AtKey, EngineError, KeyedError};
use crate::expression::{column, column_names, is_fallible};
use crate::types::parse_type;

/// `{"name": .., "column": ..}`, `{"name": .., "expr": ..}` or `{"all": true}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    name: Option<String>,
    column: Option<String>,
    expr: Option<String>,
    #[serde(default)]
    all: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SelectStep {
    columns: Vec<Item>,
    exclude: Vec<String>,
}

pub(super) fn select(
    context: &StepContext<'_>,
    input: &LogicalPlan,
) -> Result<Planned, KeyedError> {
    let step: SelectStep = context.config()?;
    let mut chosen: Vec<(String, Expr)> = Vec::new();
    for (i, item) in step.columns.iter().enumerate() {
        let key = || format!("columns.{i}");
        if item.all {
            for name in column_names(input.schema()) {
                chosen.push((name.clone(), column(&name, input.schema())?));
            }
        } else if let Some(source) = &item.column {
            let expr = column(source, input.schema()).at(key())?;
            chosen.push((item.name.clone().unwrap_or_else(|| source.clone()), expr));
        } else if let (Some(name), Some(text)) = (&item.name, &item.expr) {
            chosen.push((name.clone(), context.expr(text, input).at(key())?));
        }
    }
    for (i, name) in step.exclude.iter().enumerate() {
        column(name, input.schema()).at(format!("exclude.{i}"))?;
        chosen.retain(|(chosen, _)| chosen != name);
    }
    finish(input.clone(), chosen, "columns")
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewColumn {
    name: String,
    expr: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TransformStep {
    columns: Vec<NewColumn>,
}

pub(super) fn transform(
    context: &StepContext<'_>,
    mut plan: LogicalPlan,
) -> Result<Planned, KeyedError> {
    let step: TransformStep = context.config()?;
    let mut fallible = BTreeSet::new();
    for new in step.columns {
        let expr = context.expr(&new.expr, &plan).at(format!("columns.{}", new.name))?;
        if is_fallible(&expr) {
            fallible.insert(new.name.clone());
        } else {
            fallible.remove(&new.name);
        }
        let mut columns = same_columns(&plan)?;
        match columns.iter_mut().find(|(name, _)| *name == new.name) {
            Some(place) => place.1 = expr,
            None => columns.push((new.name, expr)),
        }
        plan = project(plan, columns)?;
    }
    Ok(Planned { plan, fallible, fence: false })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RenameStep {
    columns: Map<String, Json>,
}

pub(super) fn rename(
    context: &StepContext<'_>,
    input: &LogicalPlan,
) -> Result<Planned, KeyedError> {
    let step: RenameStep = context.config()?;
    for old in step.columns.keys() {
        column(old, input.schema()).at(format!("columns.{old}"))?;
    }
    let renamed = same_columns(input)?
        .into_iter()
        .map(|(name, expr)| {
            let new = step.columns.get(&name).and_then(Json::as_str).map(str::to_owned);
            (new.unwrap_or(name), expr)
        })
        .collect();
    finish(input.clone(), renamed, "columns")
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Absent {
    Error,
    Ignore,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DropStep {
    columns: Vec<String>,
    missing: Absent,
}

pub(super) fn drop(context: &StepContext<'_>, input: &LogicalPlan) -> Result<Planned, KeyedError> {
    let step: DropStep = context.config()?;
    if matches!(step.missing, Absent::Error) {
        for (i, name) in step.columns.iter().enumerate() {
            column(name, input.schema()).at(format!("columns.{i}"))?;
        }
    }
    let mut kept = same_columns(input)?;
    kept.retain(|(name, _)| !step.columns.contains(name));
    finish(input.clone(), kept, "columns")
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnError {
    Error,
    Null,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CastStep {
    columns: Map<String, Json>,
    on_error: OnError,
}

pub(super) fn cast(context: &StepContext<'_>, input: &LogicalPlan) -> Result<Planned, KeyedError> {
    let step: CastStep = context.config()?;
    let mut columns = same_columns(input)?;
    let mut fallible = BTreeSet::new();
    for (name, wanted) in &step.columns {
        let key = || format!("columns.{name}");
        let source = column(name, input.schema()).at(key())?;
        let wanted = parse_type(wanted.as_str().unwrap_or_default()).at(key())?;
        let expr = match step.on_error {
            OnError::Error => cast_expr(source, wanted),
            OnError::Null => try_cast(source, wanted),
        };
        if matches!(step.on_error, OnError::Error) {
            fallible.insert(name.clone());
        }
        if let Some(place) = columns.iter_mut().find(|(other, _)| other == name) {
            place.1 = expr;
        }
    }
    Ok(Planned { plan: project(input.clone(), columns)?, fallible, fence: false })
}

/// Every column as it is.
pub(super) fn same_columns(plan: &LogicalPlan) -> Result<Vec<(String, Expr)>, EngineError> {
    column_names(plan.schema())
        .into_iter()
        .map(|name| column(&name, plan.schema()).map(|expr| (name, expr)))
        .collect()
}

fn finish(
    input: LogicalPlan,
    columns: Vec<(String, Expr)>,
    key: &str,
) -> Result<Planned, KeyedError> {
    if columns.is_empty() {
        return Err(EngineError::Schema {
            code: "E301",
            column: None,
            message: "no column is left".into(),
            hint: Some("keep at least one".into()),
        })
        .at(key);
    }
    let fallible = columns
        .iter()
        .filter(|(_, expr)| is_fallible(expr))
        .map(|(name, _)| name.clone())
        .collect();
    Ok(Planned { plan: project(input, columns).at(key)?, fallible, fence: false })
}
