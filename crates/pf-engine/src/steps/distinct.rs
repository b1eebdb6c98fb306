//! `distinct`: one row of each kind.

use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use serde::Deserialize;

use super::{Planned, SortKey, StepContext, sort_keys, unqualified};
use crate::error::{AtKey, EngineError, KeyedError};
use crate::expression::{column, column_names};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DistinctStep {
    on: Option<Vec<String>>,
    order_by: Option<Vec<SortKey>>,
}

pub(super) fn distinct(
    context: &StepContext<'_>,
    input: LogicalPlan,
) -> Result<Planned, KeyedError> {
    let step: DistinctStep = context.config()?;
    let Some(on) = step.on else {
        if step.order_by.is_some() {
            let message = "'order_by' chooses the row that stays, so it needs 'on'".to_owned();
            return Err(EngineError::Config { message }).at("order_by");
        }
        return Ok(LogicalPlanBuilder::from(input).distinct()?.build()?.into());
    };
    let keys: Vec<Expr> = on
        .iter()
        .enumerate()
        .map(|(i, name)| column(name, input.schema()).at(format!("on.{i}")))
        .collect::<Result<_, _>>()?;
    let all = column_names(input.schema());
    let select: Vec<Expr> =
        all.iter().map(|name| column(name, input.schema())).collect::<Result<_, _>>()?;
    let order = match &step.order_by {
        None => None,
        Some(order) => {
            // The keys themselves come first: DISTINCT ON keeps the first row of each run.
            let mut sorts: Vec<_> = keys.iter().map(|key| key.clone().sort(true, false)).collect();
            sorts.extend(sort_keys(context, order, &input, "order_by", false)?);
            Some(sorts)
        }
    };
    let plan = LogicalPlanBuilder::from(input).distinct_on(keys, select, order)?.build()?;
    Ok(unqualified(plan)?.into())
}
