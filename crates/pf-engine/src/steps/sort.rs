//! `sort`: rows by keys, nulls at one end in both directions.

use datafusion::common::Column;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use serde::Deserialize;

use super::{Planned, SortKey, StepContext, project, sort_keys, with_window};
use crate::error::KeyedError;
use crate::expression::column_names;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Nulls {
    First,
    Last,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SortStep {
    by: Vec<SortKey>,
    nulls: Nulls,
    limit: Option<usize>,
}

pub(super) fn sort(context: &StepContext<'_>, input: LogicalPlan) -> Result<Planned, KeyedError> {
    let step: SortStep = context.config()?;
    let keys = sort_keys(context, &step.by, &input, "by", matches!(step.nulls, Nulls::First))?;
    if step.limit == Some(0) {
        return Ok(LogicalPlanBuilder::from(input).limit(0, Some(0))?.build()?.into());
    }
    if !context.deterministic {
        return Ok(LogicalPlanBuilder::from(input)
            .sort_with_limit(keys, step.limit)?
            .build()?
            .into());
    }
    // Ties in the order of the input: one partition, and the row's number as the last key.
    let columns = column_names(input.schema());
    let (numbered, row) = with_window(input, row_number())?;
    let keys = keys.into_iter().chain([Expr::Column(row).sort(true, false)]);
    let sorted = LogicalPlanBuilder::from(numbered).sort_with_limit(keys, step.limit)?.build()?;
    let back =
        columns.into_iter().map(|name| (name.clone(), Expr::Column(Column::from_name(name))));
    Ok(project(sorted, back.collect())?.into())
}
