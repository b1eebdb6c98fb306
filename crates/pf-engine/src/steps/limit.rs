//! `limit`: the first rows, in order.

use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use serde::Deserialize;

use super::{Planned, StepContext};
use crate::error::KeyedError;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitStep {
    n: usize,
    offset: usize,
}

pub(super) fn limit(context: &StepContext<'_>, input: LogicalPlan) -> Result<Planned, KeyedError> {
    let step: LimitStep = context.config()?;
    // Together they must stay a count of rows.
    let most = i64::MAX as usize;
    let offset = step.offset.min(most);
    let n = step.n.min(most - offset);
    Ok(LogicalPlanBuilder::from(input).limit(offset, Some(n))?.build()?.into())
}
