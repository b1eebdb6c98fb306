//! `groupby`: keys and aggregates, written out as one SELECT.

use std::collections::BTreeSet;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use serde::Deserialize;
use serde_json::Value as Json;

use super::filter::keep_where;
use super::{Planned, SortKey, StepContext, sort_keys, sql};
use crate::error::{AtKey, EngineError, KeyedError};
use crate::expression::{column, column_names, quoted};
use crate::names;

/// The name of the input in the generated query.
const INPUT: &str = "input";

const FUNCTIONS: &[&str] = &[
    "sum", "mean", "avg", "min", "max", "count", "size", "nunique", "median", "std", "var",
    "first", "last", "any", "all", "quantile", "list",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    name: String,
    column: Option<String>,
    expr: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum Aggregate {
    All { r#fn: String },
    Fn { key: String, r#fn: String },
    List { key: String, items: Vec<Json> },
    Named { name: String, column: String, r#fn: String },
    Expr { name: String, expr: String },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupbyStep {
    by: Vec<Key>,
    agg: Vec<Aggregate>,
    having: Option<String>,
    order_by: Option<Vec<SortKey>>,
    sort: bool,
    drop_null_keys: bool,
}

pub(super) fn groupby(
    context: &StepContext<'_>,
    input: &LogicalPlan,
) -> Result<Planned, KeyedError> {
    let step: GroupbyStep = context.config()?;
    let keys = key_expressions(context, &step.by, input)?;
    let order = order_clause(context, step.order_by.as_deref(), input)?;
    let scope = Scope { context, input, order: &order };
    let mut outputs: Vec<(String, String)> = Vec::new();
    for (i, aggregate) in step.agg.iter().enumerate() {
        let added = scope.resolve(aggregate, &keys).at(aggregate.key(i))?;
        outputs.extend(added);
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (name, _) in keys.iter().chain(&outputs) {
        if !seen.insert(name) {
            return Err(EngineError::Schema {
                code: "E301",
                column: Some(name.clone()),
                message: format!("two columns of the result would be called '{name}'"),
                hint: Some("name one of them: {new_name: {column: .., fn: ..}}".into()),
            })
            .at("agg");
        }
    }
    let mut text = String::from("SELECT ");
    let select: Vec<String> = keys
        .iter()
        .chain(&outputs)
        .map(|(name, expr)| format!("{expr} AS {}", quoted(name)))
        .collect();
    text.push_str(&select.join(", "));
    text.push_str(" FROM ");
    text.push_str(INPUT);
    if step.drop_null_keys && !keys.is_empty() {
        let present: Vec<String> =
            keys.iter().map(|(_, expr)| format!("({expr}) IS NOT NULL")).collect();
        text.push_str(" WHERE ");
        text.push_str(&present.join(" AND "));
    }
    if !keys.is_empty() {
        let positions: Vec<String> = (1..=keys.len()).map(|i| i.to_string()).collect();
        text.push_str(" GROUP BY ");
        text.push_str(&positions.join(", "));
    }
    let query = |text: &str| sql::query(context, text, vec![(INPUT.to_owned(), input.clone())]);
    let mut plan = query(&text).at("agg")?;
    if let Some(having) = &step.having {
        // Names of the result come first; what is none of them is an aggregate over the input.
        plan = match keep_where(context, plan, having) {
            Ok(kept) => kept,
            Err(error) => match query(&format!("{text} HAVING {having}")) {
                Ok(kept) => kept,
                Err(_) => return Err(error).at("having"),
            },
        };
    }
    if step.sort {
        let sorts = keys
            .iter()
            .map(|(name, _)| Ok(column(name, plan.schema())?.sort(true, false)))
            .collect::<Result<Vec<_>, EngineError>>()?;
        if !sorts.is_empty() {
            plan = LogicalPlanBuilder::from(plan).sort(sorts)?.build()?;
        }
    }
    let fallible = column_names(plan.schema()).into_iter().collect();
    Ok(Planned { plan, fallible, fence: true })
}

fn key_expressions(
    context: &StepContext<'_>,
    by: &[Key],
    input: &LogicalPlan,
) -> Result<Vec<(String, String)>, KeyedError> {
    by.iter()
        .enumerate()
        .map(|(i, key)| {
            let at = format!("by.{i}");
            if let Some(name) = &key.column {
                column(name, input.schema()).at(at)?;
                Ok((key.name.clone(), quoted(name)))
            } else {
                let text = key.expr.as_deref().unwrap_or_default();
                context.expr(text, input).at(at)?;
                Ok((key.name.clone(), format!("({text})")))
            }
        })
        .collect()
}

fn order_clause(
    context: &StepContext<'_>,
    order: Option<&[SortKey]>,
    input: &LogicalPlan,
) -> Result<Option<String>, KeyedError> {
    let Some(order) = order else { return Ok(None) };
    sort_keys(context, order, input, "order_by", false)?;
    let written: Vec<String> = order
        .iter()
        .map(|key| {
            let known = column(&key.expr, input.schema()).is_ok();
            let expr = if known { quoted(&key.expr) } else { format!("({})", key.expr) };
            format!("{expr} {} NULLS LAST", if key.desc { "DESC" } else { "ASC" })
        })
        .collect();
    Ok(Some(written.join(", ")))
}

impl Aggregate {
    /// The configuration key to blame.
    fn key(&self, index: usize) -> String {
        match self {
            Self::All { .. } => "agg".to_owned(),
            Self::Fn { key, .. } | Self::List { key, .. } => format!("agg.{key}"),
            Self::Named { name, .. } | Self::Expr { name, .. } => format!("agg.{name}"),
        }
        .replace("agg.agg", &format!("agg.{index}"))
    }
}

/// What aggregates are resolved against.
struct Scope<'a> {
    context: &'a StepContext<'a>,
    input: &'a LogicalPlan,
    order: &'a Option<String>,
}

impl Scope<'_> {
    /// Names and SQL of the columns that an aggregate stands for.
    fn resolve(
        &self,
        aggregate: &Aggregate,
        keys: &[(String, String)],
    ) -> Result<Vec<(String, String)>, EngineError> {
        match aggregate {
            Aggregate::All { r#fn } => self.over_all(r#fn, keys),
            Aggregate::Fn { key, r#fn } => {
                let rows = matches!(r#fn.as_str(), "count" | "size");
                if self.has(key) || !rows {
                    Ok(vec![(key.clone(), self.call(r#fn, key)?)])
                } else {
                    Ok(vec![(key.clone(), "count(*)".to_owned())])
                }
            }
            Aggregate::List { key, items } => self.listed(key, items),
            Aggregate::Named { name, column, r#fn } => {
                Ok(vec![(name.clone(), self.call(r#fn, column)?)])
            }
            Aggregate::Expr { name, expr } => {
                self.context.expr(expr, self.input)?;
                Ok(vec![(name.clone(), format!("({expr})"))])
            }
        }
    }

    fn over_all(
        &self,
        function: &str,
        keys: &[(String, String)],
    ) -> Result<Vec<(String, String)>, EngineError> {
        let mut rest = column_names(self.input.schema());
        rest.retain(|name| !keys.iter().any(|(key, expr)| key == name || *expr == quoted(name)));
        if rest.is_empty() && matches!(function, "count" | "size") {
            return Ok(vec![("count".to_owned(), "count(*)".to_owned())]);
        }
        rest.into_iter().map(|name| self.call(function, &name).map(|call| (name, call))).collect()
    }

    fn listed(&self, key: &str, items: &[Json]) -> Result<Vec<(String, String)>, EngineError> {
        let words: Vec<&str> = items.iter().filter_map(Json::as_str).collect();
        if words.len() != items.len() {
            return Err(unknown_function("?"));
        }
        if let ([name, function], false) = (words.as_slice(), self.has(key))
            && (self.has(name) || !is_function(name))
        {
            return Ok(vec![(key.to_owned(), self.call(function, name)?)]);
        }
        words
            .iter()
            .map(|function| {
                let suffix = function.split('(').next().unwrap_or(function);
                self.call(function, key).map(|call| (format!("{key}_{suffix}"), call))
            })
            .collect()
    }

    fn has(&self, name: &str) -> bool {
        column(name, self.input.schema()).is_ok()
    }

    /// SQL of `function` over the column `name`.
    fn call(&self, function: &str, name: &str) -> Result<String, EngineError> {
        let (function, argument) = split_call(function)?;
        if function == "size" {
            return Ok("count(*)".to_owned());
        }
        column(name, self.input.schema())?;
        let data_type = self.input.schema().field_with_unqualified_name(name)?.data_type().clone();
        let c = quoted(name);
        let number = |c: &str| {
            if data_type.is_integer() { format!("CAST({c} AS DOUBLE)") } else { c.to_owned() }
        };
        let needs_number =
            matches!(function, "sum" | "mean" | "avg" | "median" | "std" | "var" | "quantile");
        if needs_number && !data_type.is_numeric() && !matches!(data_type, DataType::Null) {
            return Err(EngineError::types(
                format!(
                    "{function} needs numbers, '{name}' is {}",
                    crate::types::type_name(&data_type)
                ),
                Some("cast the column first, or use min, max, count, nunique".into()),
            ));
        }
        if matches!(function, "any" | "all") && !matches!(data_type, DataType::Boolean) {
            return Err(EngineError::types(
                format!(
                    "{function} needs bool, '{name}' is {}",
                    crate::types::type_name(&data_type)
                ),
                None,
            ));
        }
        Ok(match function {
            "mean" | "avg" => format!("avg({c})"),
            "min" | "max" if data_type.is_floating() => extreme(function, &c, &data_type),
            "sum" | "min" | "max" | "count" => format!("{function}({c})"),
            "nunique" => format!("count(DISTINCT {c})"),
            "median" => format!("median({})", number(&c)),
            "std" => format!("stddev({c})"),
            "var" => format!("var_samp({c})"),
            "any" => format!("bool_or({c})"),
            "all" => format!("bool_and({c})"),
            "first" => format!("first_value({c} ORDER BY {})", self.needed_order(function)?),
            "last" => format!("last_value({c} ORDER BY {})", self.needed_order(function)?),
            "quantile" => {
                let q = argument
                    .and_then(|q| q.parse::<f64>().ok())
                    .filter(|q| (0.0..=1.0).contains(q));
                let q = q.ok_or_else(|| EngineError::Config {
                    message: "quantile takes a number from 0 to 1, e.g. quantile(0.9)".to_owned(),
                })?;
                interpolated(&format!("CAST({c} AS DOUBLE)"), q)
            }
            "list" => match self.order {
                Some(order) => format!("array_agg({c} ORDER BY {order})"),
                None => format!("array_agg({c})"),
            },
            other => return Err(unknown_function(other)),
        })
    }

    fn needed_order(&self, function: &str) -> Result<&str, EngineError> {
        self.order.as_deref().ok_or_else(|| EngineError::Config {
            message: format!(
                "{function} needs 'order_by': rows of a group have no order of their own"
            ),
        })
    }
}

/// The least or greatest of floats, NaN being the largest number.
///
/// `DataFusion` has NaN win on both ends, and starts from the largest finite number, which hides
/// an infinity that stands alone.
fn extreme(function: &str, column: &str, data_type: &DataType) -> String {
    let number = |text: &str| format!("CAST('{text}' AS DOUBLE)");
    let (inf, least, nan) = (number("inf"), number("-inf"), number("NaN"));
    let found = if function == "min" {
        format!(
            "coalesce(min(CASE WHEN {column} < {inf} THEN {column} END), \
             CASE WHEN bool_or({column} = {inf}) THEN {inf} WHEN count({column}) > 0 THEN {nan} END)"
        )
    } else {
        format!(
            "CASE WHEN bool_or(isnan({column})) THEN {nan} \
             ELSE coalesce(max(CASE WHEN {column} > {least} THEN {column} END), \
             CASE WHEN count({column}) > 0 THEN {least} END) END"
        )
    };
    match data_type {
        DataType::Float32 => format!("CAST({found} AS REAL)"),
        _ => found,
    }
}

/// The quantile `q` by linear interpolation between the two nearest values.
///
/// `percentile_cont` would do, but it keeps only six digits of the weight.
fn interpolated(value: &str, q: f64) -> String {
    let sorted = format!("array_sort(array_agg({value}) FILTER (WHERE {value} IS NOT NULL))");
    let place = format!("((count({value}) - 1) * CAST({q:?} AS DOUBLE))");
    let low = format!("array_element({sorted}, CAST(floor({place}) AS BIGINT) + 1)");
    let high = format!("array_element({sorted}, CAST(ceil({place}) AS BIGINT) + 1)");
    format!("{low} + ({high} - {low}) * ({place} - floor({place}))")
}

fn split_call(text: &str) -> Result<(&str, Option<&str>), EngineError> {
    let (name, argument) = match text.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.strip_suffix(')').map(str::trim)),
        None => (text.trim(), None),
    };
    if is_function(name) { Ok((name, argument)) } else { Err(unknown_function(name)) }
}

fn is_function(text: &str) -> bool {
    let name = text.split('(').next().unwrap_or_default().trim();
    FUNCTIONS.contains(&name)
}

fn unknown_function(name: &str) -> EngineError {
    let known: Vec<String> = FUNCTIONS.iter().map(|f| (*f).to_owned()).collect();
    EngineError::Expression {
        code: "E303",
        message: format!("no aggregate function '{name}'"),
        text: None,
        hint: Some(names::suggestion(name, &known, "functions")),
    }
}
