//! `filter`: the rows on which a condition is true; NULL is not.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{ExprSchemable, LogicalPlan, LogicalPlanBuilder};
use serde::Deserialize;

use super::{Planned, StepContext};
use crate::error::{AtKey, EngineError, KeyedError};
use crate::expression::is_fallible;
use crate::marker;
use crate::types::type_name;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilterStep {
    r#where: String,
}

pub(super) fn filter(context: &StepContext<'_>, input: LogicalPlan) -> Result<Planned, KeyedError> {
    let step: FilterStep = context.config()?;
    keep_where(context, input, &step.r#where).at("where").map(Planned::from)
}

/// The rows of `input` on which `condition` is true.
pub(super) fn keep_where(
    context: &StepContext<'_>,
    input: LogicalPlan,
    condition: &str,
) -> Result<LogicalPlan, EngineError> {
    let predicate = context.expr(condition, &input)?;
    let found = predicate.get_type(input.schema())?;
    if !matches!(found, DataType::Boolean | DataType::Null) {
        return Err(EngineError::types(
            format!("the condition is {}, not bool", type_name(&found)),
            Some("compare it with something, e.g. x > 0".into()),
        ));
    }
    // Below a fence it stays with its own step, which an error must name.
    let input = if is_fallible(&predicate) { marker::fence(input) } else { input };
    Ok(LogicalPlanBuilder::from(input).filter(predicate)?.build()?)
}
