//! `sort`: rows by keys, nulls at one end in both directions.

use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use serde::Deserialize;

use super::{Planned, SortKey, StepContext, sort_keys};
use crate::error::KeyedError;

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
    Ok(LogicalPlanBuilder::from(input).sort_with_limit(keys, step.limit)?.build()?.into())
}
