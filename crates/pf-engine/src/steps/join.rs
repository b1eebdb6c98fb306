//! `join`: two tables by keys.

use std::collections::BTreeSet;

use datafusion::common::{Column, JoinType, NullEquality};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use serde::Deserialize;

use super::{Planned, StepContext, project, sql};
use crate::error::{AtKey, EngineError, KeyedError};
use crate::expression::{column, column_names, is_fallible, quoted};
use crate::marker;
use crate::strict::{comparable, is_text};
use crate::types::type_name;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum How {
    Inner,
    Left,
    Right,
    Full,
    Semi,
    Anti,
    Cross,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Validate {
    ManyToMany,
    OneToOne,
    OneToMany,
    ManyToOne,
}

impl Validate {
    fn name(self) -> &'static str {
        match self {
            Self::ManyToMany => "many_to_many",
            Self::OneToOne => "one_to_one",
            Self::OneToMany => "one_to_many",
            Self::ManyToOne => "many_to_one",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Algorithm {
    Auto,
    Hash,
    SortMerge,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct JoinStep {
    on: Vec<(String, String)>,
    how: How,
    condition: Option<String>,
    suffix: String,
    coalesce_keys: bool,
    nulls_equal: bool,
    validate: Validate,
    #[expect(dead_code, reason = "the group's session carries it out")]
    algorithm: Algorithm,
}

pub(super) fn join(
    context: &StepContext<'_>,
    inputs: Vec<LogicalPlan>,
) -> Result<Planned, KeyedError> {
    let step: JoinStep = context.config()?;
    let Ok([left, right]) = <[LogicalPlan; 2]>::try_from(inputs) else {
        let message = "a join needs two inputs".to_owned();
        return Err(EngineError::Config { message }).at("input");
    };
    check_keys(&step, &context.step.inputs, &left, &right).at("on")?;
    check_unique(context, &step, &left, &right).at("validate")?;
    let left_names = column_names(left.schema());
    let right_side = rename_right(&step, &left_names, &right)?;
    let left_keys: Vec<Column> =
        step.on.iter().map(|(name, _)| Column::from_name(name.as_str())).collect();
    let right_keys: Vec<Column> =
        right_side.keys.iter().map(|name| Column::from_name(name.as_str())).collect();
    let condition = match &step.condition {
        None => None,
        Some(text) => Some(parse_condition(context, text, &left, &right_side).at("condition")?),
    };
    let fallible_condition = condition.as_ref().is_some_and(is_fallible);
    let nulls = if step.nulls_equal {
        NullEquality::NullEqualsNull
    } else {
        NullEquality::NullEqualsNothing
    };
    let fenced = |plan| if fallible_condition { marker::fence(plan) } else { plan };
    let builder = LogicalPlanBuilder::from(fenced(left.clone()));
    let right_plan = fenced(right_side.plan.clone());
    let builder = match (step.how, condition) {
        (How::Cross, None) => builder.cross_join(right_plan)?,
        (How::Cross, Some(filter)) => builder.join_on(right_plan, JoinType::Inner, [filter])?,
        (how, filter) if left_keys.is_empty() => {
            builder.join_on(right_plan, join_type(how), filter)?
        }
        (how, filter) => builder.join_detailed(
            right_plan,
            join_type(how),
            (left_keys, right_keys),
            filter,
            nulls,
        )?,
    };
    let joined = builder.build()?;
    if matches!(step.how, How::Semi | How::Anti) {
        return Ok(super::unqualified(joined)?.into());
    }
    let plan = project(joined, output_columns(&step, &left_names, &right_side))?;
    Ok(plan.into())
}

/// The right input under names that clash with nothing on the left.
struct RightSide {
    plan: LogicalPlan,
    /// Temporary names of the key columns, in the order of `on`.
    keys: Vec<String>,
    /// Names of the columns that the result shows.
    shown: Vec<String>,
}

fn rename_right(
    step: &JoinStep,
    left: &[String],
    right: &LogicalPlan,
) -> Result<RightSide, KeyedError> {
    let mut taken: BTreeSet<String> = left.iter().cloned().collect();
    let mut columns = Vec::new();
    let mut shown = Vec::new();
    let keys: Vec<String> = (0..step.on.len()).map(|i| format!("__right_key_{i}")).collect();
    for (i, (_, name)) in step.on.iter().enumerate() {
        columns.push((keys[i].clone(), column(name, right.schema()).at("on")?));
    }
    for name in column_names(right.schema()) {
        let key = step.on.iter().any(|(_, key)| *key == name);
        if key && step.coalesce_keys {
            continue;
        }
        let result =
            if taken.contains(&name) { format!("{name}{}", step.suffix) } else { name.clone() };
        let mut result = result;
        if matches!(step.how, How::Semi | How::Anti) {
            // Only a condition sees the name; it cannot clash in the result.
            while taken.contains(&result) {
                result.push('_');
            }
        }
        if !taken.insert(result.clone()) {
            return Err(EngineError::Schema {
                code: "E301",
                column: Some(name.clone()),
                message: format!(
                    "the right column '{name}' would be called '{result}', a name that is taken"
                ),
                hint: Some("choose another 'suffix', or rename the column before the join".into()),
            })
            .at("suffix");
        }
        columns.push((result.clone(), column(&name, right.schema())?));
        shown.push(result);
    }
    Ok(RightSide { plan: project(right.clone(), columns)?, keys, shown })
}

/// The condition sees the columns of the result: right ones under their suffixed names.
fn parse_condition(
    context: &StepContext<'_>,
    text: &str,
    left: &LogicalPlan,
    right: &RightSide,
) -> Result<Expr, EngineError> {
    let both = left.schema().join(right.plan.schema())?;
    crate::expression::parse(context.state, text, &both).map_err(|error| match error {
        EngineError::UnknownColumn { name, input, mut known } => {
            known.retain(|column| !right.keys.contains(column));
            EngineError::UnknownColumn { name, input, known }
        }
        other => other,
    })
}

fn output_columns(step: &JoinStep, left: &[String], right: &RightSide) -> Vec<(String, Expr)> {
    let plain = |name: &str| Expr::Column(Column::from_name(name));
    let mut columns: Vec<(String, Expr)> = left
        .iter()
        .map(|name| {
            let key = step.on.iter().position(|(left_key, _)| left_key == name);
            let expr = match (key.filter(|_| step.coalesce_keys), step.how) {
                (Some(i), How::Right) => plain(&right.keys[i]),
                (Some(i), How::Full) => coalesce(vec![plain(name), plain(&right.keys[i])]),
                _ => plain(name),
            };
            (name.clone(), expr)
        })
        .collect();
    columns.extend(right.shown.iter().map(|name| (name.clone(), plain(name))));
    columns
}

fn check_keys(
    step: &JoinStep,
    inputs: &[String],
    left: &LogicalPlan,
    right: &LogicalPlan,
) -> Result<(), EngineError> {
    for (l, r) in &step.on {
        column(l, left.schema()).map_err(|error| error.in_dataset(&inputs[0]))?;
        column(r, right.schema()).map_err(|error| error.in_dataset(&inputs[1]))?;
        let left_type = left.schema().field_with_unqualified_name(l)?.data_type();
        let right_type = right.schema().field_with_unqualified_name(r)?.data_type();
        if !comparable(left_type, right_type) || is_text(left_type) != is_text(right_type) {
            return Err(EngineError::column_types(
                format!(
                    "the join keys differ in type: '{l}' is {}, '{r}' is {}",
                    type_name(left_type),
                    type_name(right_type)
                ),
                Some("cast one of them in a step before the join".into()),
            ));
        }
    }
    Ok(())
}

/// `validate`: the keys of the "one" sides must not repeat.
fn check_unique(
    context: &StepContext<'_>,
    step: &JoinStep,
    left: &LogicalPlan,
    right: &LogicalPlan,
) -> Result<(), EngineError> {
    let (check_left, check_right) = match step.validate {
        Validate::ManyToMany => return Ok(()),
        Validate::OneToOne => (true, true),
        Validate::OneToMany => (true, false),
        Validate::ManyToOne => (false, true),
    };
    let left_keys = step.on.iter().map(|(l, _)| l.as_str()).collect::<Vec<_>>();
    let right_keys = step.on.iter().map(|(_, r)| r.as_str()).collect::<Vec<_>>();
    for (wanted, side, plan, keys) in
        [(check_left, 0, left, left_keys), (check_right, 1, right, right_keys)]
    {
        if !wanted || keys.is_empty() {
            continue;
        }
        let Some(execution) = context.execution else { continue };
        let columns = keys.iter().map(|key| quoted(key)).collect::<Vec<_>>();
        let present = columns
            .iter()
            .map(|key| format!("{key} IS NOT NULL"))
            .collect::<Vec<_>>()
            .join(" AND ");
        let columns = columns.join(", ");
        let text = format!(
            "SELECT {columns}, count(*) AS __rows FROM side WHERE {present} \
             GROUP BY {columns} HAVING count(*) > 1 ORDER BY {columns} LIMIT 1"
        );
        let query = sql::query(context, &text, vec![("side".to_owned(), plan.clone())])?;
        let found = execution.collect(context.state, &query, "join keys")?;
        if found.rows() > 0 {
            return Err(EngineError::Schema {
                code: "E601",
                column: None,
                hint: Some("group the rows by the key first, or loosen 'validate'".into()),
                message: format!(
                    "validate: {}, but the keys of '{}' are not unique: {}",
                    step.validate.name(),
                    context.step.inputs[side],
                    crate::sample::rows(&found, 1)
                ),
            });
        }
    }
    Ok(())
}

fn join_type(how: How) -> JoinType {
    match how {
        How::Inner | How::Cross => JoinType::Inner,
        How::Left => JoinType::Left,
        How::Right => JoinType::Right,
        How::Full => JoinType::Full,
        How::Semi => JoinType::LeftSemi,
        How::Anti => JoinType::LeftAnti,
    }
}
