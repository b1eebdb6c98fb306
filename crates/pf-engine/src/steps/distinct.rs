//! `distinct`: one row of each kind.

use datafusion::common::Column;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, lit};
use serde::Deserialize;

use super::{Planned, SortKey, StepContext, project, sort_keys, with_window};
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
    let order_by = step.order_by.unwrap_or_default();
    let Some(on) = step.on.filter(|on| !on.is_empty()) else {
        if !order_by.is_empty() {
            let message = "'order_by' chooses the row that stays, so it needs 'on'".to_owned();
            return Err(EngineError::Config { message }).at("order_by");
        }
        return Ok(LogicalPlanBuilder::from(input).distinct()?.build()?.into());
    };
    let mut keys = Vec::with_capacity(on.len());
    for (i, name) in on.iter().enumerate() {
        keys.push(column(name, input.schema()).at(format!("on.{i}"))?);
    }
    let order = sort_keys(context, &order_by, &input, "order_by", false)?;
    let columns = column_names(input.schema());
    // Numbered within each kind; the first stays.
    let number = row_number().partition_by(keys);
    let number = if order.is_empty() { number } else { number.order_by(order) }.build()?;
    let (numbered, row) = with_window(input, number)?;
    let first = Expr::Column(row).eq(lit(1u64));
    let kept = LogicalPlanBuilder::from(numbered).filter(first)?.build()?;
    let back =
        columns.into_iter().map(|name| (name.clone(), Expr::Column(Column::from_name(name))));
    Ok(project(kept, back.collect())?.into())
}
