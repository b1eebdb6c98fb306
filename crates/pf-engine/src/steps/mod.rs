//! One step type per file: typed configuration, and the plan or body that it means.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::Column;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use pf_workflow_core::StepSpec;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::error::{AtKey, EngineError, KeyedError};
use crate::execute::Execution;
use crate::expression;

mod check;
mod csv;
mod distinct;
mod filter;
mod graph;
mod groupby;
mod join;
mod limit;
mod read;
mod save;
mod select;
mod sort;
pub(crate) mod sql;
mod union;

pub(crate) use check::check;
pub(crate) use graph::{graph, result_schema as graph_schema};
pub use save::SavedFile;
pub(crate) use save::save;

/// What a handler may use while it plans one step.
pub(crate) struct StepContext<'a> {
    /// The step.
    pub step: &'a StepSpec,
    /// Session of the group.
    pub state: &'a SessionState,
    /// Runs plans; `None` when only schemas are wanted.
    pub execution: Option<&'a Execution<'a>>,
    /// Set when the step shall stop.
    pub cancel: &'a AtomicBool,
    /// Its twin that readers on other threads hold.
    pub halt: &'a Arc<AtomicBool>,
    /// Bytes that reading may take.
    pub memory_limit: Option<u64>,
    /// Texts for the user, each with the name of its step.
    pub warnings: &'a Mutex<Vec<(String, String)>>,
    /// Takes facts for the record of the step, if somebody keeps it.
    pub info: Option<&'a Mutex<Map<String, Json>>>,
    /// Whether the result must be the same bytes every time.
    pub deterministic: bool,
}

impl StepContext<'_> {
    /// The step's configuration as its type wants it.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T, KeyedError> {
        serde_json::from_value(serde_json::Value::Object(self.step.config.clone())).map_err(
            |error| KeyedError {
                key: None,
                error: EngineError::Config { message: error.to_string() },
            },
        )
    }

    /// Parses an expression over the columns of `plan`.
    pub fn expr(&self, text: &str, plan: &LogicalPlan) -> Result<Expr, EngineError> {
        expression::parse(self.state, text, plan.schema())
    }

    /// Notes a text for the user.
    pub fn warn(&self, text: String) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.push((self.step.name.clone(), text));
    }

    /// Notes a fact for the record of the step.
    pub fn tell(&self, name: &str, fact: Json) {
        if let Some(info) = self.info {
            let mut info = info.lock().unwrap_or_else(PoisonError::into_inner);
            info.insert(name.to_owned(), fact);
        }
    }
}

/// A step as a plan.
pub(crate) struct Planned {
    /// Unqualified, unique columns.
    pub plan: LogicalPlan,
    /// Columns whose computation can fail on some row.
    pub fallible: BTreeSet<String>,
    /// Whether conditions of later steps stay out of this one.
    pub fence: bool,
}

impl From<LogicalPlan> for Planned {
    fn from(plan: LogicalPlan) -> Self {
        Self { plan, fallible: BTreeSet::new(), fence: false }
    }
}

/// Plans a relational step over the plans of its inputs.
pub(crate) fn plan(
    context: &StepContext<'_>,
    inputs: Vec<LogicalPlan>,
) -> Result<Planned, KeyedError> {
    plan_by_type(context, inputs).map_err(|error| error.in_dataset_of(context.step))
}

fn plan_by_type(
    context: &StepContext<'_>,
    mut inputs: Vec<LogicalPlan>,
) -> Result<Planned, KeyedError> {
    match context.step.kind.as_str() {
        "read" => return read::read(context),
        "join" => return join::join(context, inputs),
        "union" => return union::union(context, inputs),
        "sql" => return sql::sql(context, inputs),
        _ => {}
    }
    let input = inputs.pop().ok_or_else(|| EngineError::Config {
        message: format!("a {} step needs an input", context.step.kind),
    })?;
    match context.step.kind.as_str() {
        "filter" => filter::filter(context, input),
        "select" => select::select(context, &input),
        "transform" => select::transform(context, input),
        "rename" => select::rename(context, &input),
        "drop" => select::drop(context, &input),
        "cast" => select::cast(context, &input),
        "groupby" => groupby::groupby(context, &input),
        "sort" => sort::sort(context, input),
        "limit" => limit::limit(context, input),
        "distinct" => distinct::distinct(context, input),
        other => Err(EngineError::Config { message: format!("no step type '{other}'") }.into()),
    }
}

/// A projection to `exprs` under unqualified names; duplicates are an error.
pub(crate) fn project(
    input: LogicalPlan,
    exprs: Vec<(String, Expr)>,
) -> Result<LogicalPlan, EngineError> {
    let mut seen = BTreeSet::new();
    for (name, _) in &exprs {
        if !seen.insert(name.as_str()) {
            return Err(EngineError::Schema {
                code: "E301",
                column: Some(name.clone()),
                message: format!("two columns would be called '{name}'"),
                hint: Some("give one of them another name".into()),
            });
        }
    }
    let windows = datafusion::logical_expr::utils::find_window_exprs(exprs.iter().map(|(_, e)| e));
    let input =
        if windows.is_empty() { input } else { LogicalPlanBuilder::window_plan(input, windows)? };
    let aliased = exprs.into_iter().map(|(name, expr)| match expr {
        Expr::Column(Column { relation: None, name: same, .. }) if same == name => {
            Expr::Column(Column::from_name(same))
        }
        other => other.unalias().alias(name),
    });
    Ok(LogicalPlanBuilder::from(input).project(aliased.collect::<Vec<_>>())?.build()?)
}

/// `input` with one more column, that of a window function; tells its name.
pub(crate) fn with_window(
    input: LogicalPlan,
    window: Expr,
) -> Result<(LogicalPlan, Column), EngineError> {
    let name = Column::from_name(window.schema_name().to_string());
    Ok((LogicalPlanBuilder::window_plan(input, [window])?, name))
}

/// The same columns without table names, as every step's output must be.
pub(crate) fn unqualified(plan: LogicalPlan) -> Result<LogicalPlan, EngineError> {
    if plan.schema().iter().all(|(qualifier, _)| qualifier.is_none()) {
        return Ok(plan);
    }
    let exprs = plan
        .schema()
        .iter()
        .map(|(qualifier, field)| {
            let column = Column::new(qualifier.cloned(), field.name());
            (field.name().clone(), Expr::Column(column))
        })
        .collect::<Vec<_>>();
    let mut seen = BTreeSet::new();
    for (name, _) in &exprs {
        if !seen.insert(name.clone()) {
            return Err(EngineError::Schema {
                code: "E301",
                column: Some(name.clone()),
                message: format!("two columns are called '{name}'"),
                hint: Some(format!("name one of them: ... AS {name}_2")),
            });
        }
    }
    let aliased = exprs.into_iter().map(|(name, expr)| expr.alias(name));
    Ok(LogicalPlanBuilder::from(plan).project(aliased.collect::<Vec<_>>())?.build()?)
}

/// Sort keys: `{"expr": .., "desc": ..}`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SortKey {
    /// A column's name or an expression.
    pub expr: String,
    /// Largest first.
    pub desc: bool,
}

impl SortKey {
    /// The key over the columns of `plan`; a name of a column is that column, however odd.
    pub fn resolve(
        &self,
        context: &StepContext<'_>,
        plan: &LogicalPlan,
        nulls_first: bool,
    ) -> Result<datafusion::logical_expr::SortExpr, EngineError> {
        let expr = match expression::column(&self.expr, plan.schema()) {
            Ok(column) => column,
            Err(_) => context.expr(&self.expr, plan)?,
        };
        Ok(expr.sort(!self.desc, nulls_first))
    }
}

/// Resolves all sort keys of `key`.
pub(crate) fn sort_keys(
    context: &StepContext<'_>,
    keys: &[SortKey],
    plan: &LogicalPlan,
    key: &str,
    nulls_first: bool,
) -> Result<Vec<datafusion::logical_expr::SortExpr>, KeyedError> {
    keys.iter()
        .enumerate()
        .map(|(i, sort)| sort.resolve(context, plan, nulls_first).at(format!("{key}.{i}")))
        .collect()
}
