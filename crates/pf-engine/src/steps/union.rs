//! `union`: the rows of several tables, one after the other.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::type_coercion::binary::type_union_resolution;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use serde::Deserialize;

use super::{Planned, StepContext, project};
use crate::error::{AtKey, EngineError, KeyedError};
use crate::expression::{column, column_names};
use crate::strict::comparable;
use crate::types::type_name;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    ByName,
    ByPosition,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Missing {
    Error,
    Null,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnionStep {
    mode: Mode,
    missing: Missing,
    distinct: bool,
}

pub(super) fn union(
    context: &StepContext<'_>,
    inputs: Vec<LogicalPlan>,
) -> Result<Planned, KeyedError> {
    let step: UnionStep = context.config()?;
    let inputs = match step.mode {
        Mode::ByName => inputs,
        Mode::ByPosition => rename_to_first(context, inputs).at("input")?,
    };
    let columns = all_columns(context, &inputs, &step.missing).at("input")?;
    let mut aligned = inputs
        .into_iter()
        .map(|plan| align(plan, &columns))
        .collect::<Result<Vec<_>, EngineError>>()?
        .into_iter();
    let first = aligned
        .next()
        .ok_or_else(|| EngineError::Config { message: "a union needs inputs".to_owned() })?;
    let mut builder = LogicalPlanBuilder::from(first);
    for plan in aligned {
        builder = builder.union(plan)?;
    }
    if step.distinct {
        builder = builder.distinct()?;
    }
    Ok(super::unqualified(builder.build()?)?.into())
}

fn rename_to_first(
    context: &StepContext<'_>,
    inputs: Vec<LogicalPlan>,
) -> Result<Vec<LogicalPlan>, EngineError> {
    let Some(names) = inputs.first().map(|plan| column_names(plan.schema())) else {
        return Ok(inputs);
    };
    let rename = |(i, plan): (usize, LogicalPlan)| {
        let own = column_names(plan.schema());
        if own.len() != names.len() {
            return Err(EngineError::Schema {
                code: "E301",
                column: None,
                message: format!(
                    "'{}' has {} columns, '{}' has {}",
                    context.step.inputs[0],
                    names.len(),
                    context.step.inputs[i],
                    own.len()
                ),
                hint: Some("select the same columns first, or use mode: by_name".into()),
            });
        }
        let exprs = names
            .iter()
            .zip(&own)
            .map(|(to, from)| Ok((to.clone(), column(from, plan.schema())?)))
            .collect::<Result<_, EngineError>>()?;
        project(plan, exprs)
    };
    inputs.into_iter().enumerate().map(rename).collect()
}

/// Names in order of appearance, with a type that holds the values of all inputs.
fn all_columns(
    context: &StepContext<'_>,
    inputs: &[LogicalPlan],
    missing: &Missing,
) -> Result<Vec<(String, DataType)>, EngineError> {
    let mut columns: Vec<(String, DataType)> = Vec::new();
    for (i, plan) in inputs.iter().enumerate() {
        for field in plan.schema().fields() {
            let Some(known) = columns.iter_mut().find(|(name, _)| name == field.name()) else {
                if i > 0 && matches!(missing, Missing::Error) {
                    return Err(absent(&context.step.inputs[0], field.name()));
                }
                columns.push((field.name().clone(), field.data_type().clone()));
                continue;
            };
            let both = [known.1.clone(), field.data_type().clone()];
            let common =
                if comparable(&both[0], &both[1]) { type_union_resolution(&both) } else { None };
            known.1 = common.ok_or_else(|| {
                EngineError::column_types(
                    format!(
                        "column '{}' is {} in one input and {} in '{}'",
                        field.name(),
                        type_name(&both[0]),
                        type_name(&both[1]),
                        context.step.inputs[i]
                    ),
                    Some("cast one of them first".into()),
                )
            })?;
        }
        if i > 0 && matches!(missing, Missing::Error) {
            let own = column_names(plan.schema());
            if let Some((name, _)) = columns.iter().find(|(name, _)| !own.contains(name)) {
                return Err(absent(&context.step.inputs[i], name));
            }
        }
    }
    Ok(columns)
}

fn absent(dataset: &str, column: &str) -> EngineError {
    EngineError::Schema {
        code: "E301",
        column: Some(column.to_owned()),
        message: format!("'{dataset}' has no column '{column}'"),
        hint: Some("missing: 'null' fills such columns with NULL".into()),
    }
}

fn align(plan: LogicalPlan, columns: &[(String, DataType)]) -> Result<LogicalPlan, EngineError> {
    let schema = plan.schema().clone();
    let exprs = columns
        .iter()
        .map(|(name, wanted)| {
            let Ok(own) = column(name, &schema) else {
                return Ok((name.clone(), lit(ScalarValue::try_new_null(wanted)?)));
            };
            let found = schema.field_with_unqualified_name(name)?.data_type();
            let expr = if found == wanted { own } else { cast(own, wanted) };
            Ok((name.clone(), expr))
        })
        .collect::<Result<_, EngineError>>()?;
    project(plan, exprs)
}

fn cast(expr: Expr, wanted: &DataType) -> Expr {
    datafusion::logical_expr::cast(expr, wanted.clone())
}
