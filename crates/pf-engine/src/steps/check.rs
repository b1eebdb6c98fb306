//! `check`: rules that the rows of a table must keep.

use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{StepContext, sql};
use crate::error::{AtKey, EngineError, KeyedError};
use crate::execute::Execution;
use crate::expression::{column, quoted};
use crate::sample;
use crate::types::{parse_type, type_name};

/// Name of the checked table in generated queries, and of the referenced one.
const TABLE: &str = "checked";
const OTHER: &str = "referenced";

#[derive(Debug, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
enum Rule {
    Rows { min: Option<u64>, max: Option<u64> },
    NotNull { columns: Vec<String> },
    Unique { columns: Vec<String> },
    Between { column: String, min: Json, max: Json },
    In { column: String, values: Vec<Json> },
    Matches { column: String, pattern: String },
    Schema { columns: Map<String, Json> },
    ForeignKey { columns: Vec<String>, dataset: String, ref_columns: Vec<String> },
    Expr { expr: String },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Error,
    Warn,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckStep {
    rules: Vec<Rule>,
    severity: Severity,
    sample: usize,
}

/// Checks the first of `inputs` (name and plan); the others are referenced by foreign keys.
pub(crate) fn check(
    context: &StepContext<'_>,
    execution: &Execution<'_>,
    inputs: &[(String, LogicalPlan)],
    rows: usize,
) -> Result<(), KeyedError> {
    let step: CheckStep = context.config()?;
    let Some((dataset, table)) = inputs.first() else {
        return Err(EngineError::Config { message: "a check needs an input".to_owned() }.into());
    };
    let checker = Checker { context, execution, inputs, table, rows, sample: step.sample };
    let mut broken = Vec::new();
    let mut first = None;
    for (i, rule) in step.rules.iter().enumerate() {
        let key = format!("rules.{i}");
        let violation = checker.violation(rule).map_err(|error| error.in_dataset(dataset));
        if let Some(text) = violation.at(key.as_str())? {
            broken.push(text);
            first.get_or_insert(key);
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    let message = broken.join("; ");
    match step.severity {
        Severity::Error => Err(KeyedError { key: first, error: EngineError::Check { message } }),
        Severity::Warn => {
            context.warn(format!("check '{}': {message}", context.step.name));
            Ok(())
        }
    }
}

struct Checker<'a> {
    context: &'a StepContext<'a>,
    execution: &'a Execution<'a>,
    inputs: &'a [(String, LogicalPlan)],
    table: &'a LogicalPlan,
    rows: usize,
    sample: usize,
}

impl Checker<'_> {
    /// What is wrong, if anything is.
    fn violation(&self, rule: &Rule) -> Result<Option<String>, EngineError> {
        match rule {
            Rule::Rows { min, max } => Ok(self.row_count(*min, *max)),
            Rule::NotNull { columns } => {
                for name in columns {
                    let bad = self.column(name)?.is_null();
                    if let Some(text) = self.bad_rows(bad, &format!("'{name}' is null"))? {
                        return Ok(Some(text));
                    }
                }
                Ok(None)
            }
            Rule::Unique { columns } => self.unique(columns),
            Rule::Between { column, min, max } => {
                let subject = quoted(column);
                self.column(column)?;
                let mut bad = Vec::new();
                if !min.is_null() {
                    bad.push(format!("{subject} < {}", literal(min)?));
                }
                if !max.is_null() {
                    bad.push(format!("{subject} > {}", literal(max)?));
                }
                let what = format!("'{column}' is not between {min} and {max}");
                self.bad_where(&bad.join(" OR "), &what)
            }
            Rule::In { column, values } => {
                self.column(column)?;
                let list = values.iter().map(literal).collect::<Result<Vec<_>, _>>()?.join(", ");
                let bad = format!("{} NOT IN ({list})", quoted(column));
                self.bad_where(&bad, &format!("'{column}' is none of [{list}]"))
            }
            Rule::Matches { column, pattern } => {
                self.column(column)?;
                let bad = format!("{} !~ '{}'", quoted(column), pattern.replace('\'', "''"));
                self.bad_where(&bad, &format!("'{column}' does not match {pattern:?}"))
            }
            Rule::Schema { columns } => self.schema(columns),
            Rule::ForeignKey { columns, dataset, ref_columns } => {
                self.foreign_key(columns, dataset, ref_columns)
            }
            Rule::Expr { expr } => {
                let condition = self.context.expr(expr, self.table)?;
                self.bad_rows(condition.is_not_true(), &format!("not true: {expr}"))
            }
        }
    }

    fn row_count(&self, min: Option<u64>, max: Option<u64>) -> Option<String> {
        let rows = self.rows as u64;
        if let Some(min) = min.filter(|min| rows < *min) {
            return Some(format!("{rows} rows, at least {min} expected"));
        }
        max.filter(|max| rows > *max).map(|max| format!("{rows} rows, at most {max} expected"))
    }

    fn column(&self, name: &str) -> Result<Expr, EngineError> {
        column(name, self.table.schema())
    }

    fn unique(&self, columns: &[String]) -> Result<Option<String>, EngineError> {
        for name in columns {
            self.column(name)?;
        }
        let list = columns.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", ");
        let text = format!(
            "SELECT {list}, count(*) AS \"rows\" FROM {TABLE} GROUP BY {list} \
             HAVING count(*) > 1 ORDER BY {list}"
        );
        let plan = sql::query(self.context, &text, vec![(TABLE.to_owned(), self.table.clone())])?;
        let found = self.execution.collect(self.context.state, &plan, "check")?;
        Ok((found.rows() > 0).then(|| {
            let examples = sample::rows(&found, self.sample);
            let keys = columns.join(", ");
            format!("{} values of ({keys}) repeat, e.g. {examples}", found.rows())
        }))
    }

    fn schema(&self, columns: &Map<String, Json>) -> Result<Option<String>, EngineError> {
        for (name, wanted) in columns {
            self.column(name)?;
            let wanted = type_name(&parse_type(wanted.as_str().unwrap_or_default())?);
            let field = self.table.schema().field_with_unqualified_name(name)?;
            let found = type_name(field.data_type());
            if found != wanted {
                return Ok(Some(format!("'{name}' is {found}, {wanted} expected")));
            }
        }
        Ok(None)
    }

    fn foreign_key(
        &self,
        columns: &[String],
        dataset: &str,
        ref_columns: &[String],
    ) -> Result<Option<String>, EngineError> {
        let other = self.inputs.iter().skip(1).find(|(name, _)| name == dataset);
        let (_, other) = other.ok_or_else(|| {
            EngineError::internal(format!("the referenced dataset '{dataset}' is missing"))
        })?;
        for name in columns {
            self.column(name)?;
        }
        for name in ref_columns {
            column(name, other.schema()).map_err(|error| error.in_dataset(dataset))?;
        }
        let matching = columns
            .iter()
            .zip(ref_columns)
            .map(|(own, referenced)| {
                format!("{TABLE}.{} = {OTHER}.{}", quoted(own), quoted(referenced))
            })
            .collect::<Vec<_>>()
            .join(" AND ");
        let present = columns
            .iter()
            .map(|own| format!("{TABLE}.{} IS NOT NULL", quoted(own)))
            .collect::<Vec<_>>()
            .join(" AND ");
        let text = format!(
            "SELECT {TABLE}.* FROM {TABLE} LEFT ANTI JOIN {OTHER} ON {matching} WHERE {present}"
        );
        let tables =
            vec![(TABLE.to_owned(), self.table.clone()), (OTHER.to_owned(), other.clone())];
        let bad = sql::query(self.context, &text, tables)?;
        let what = format!(
            "({}) has no match in {dataset} ({})",
            columns.join(", "),
            ref_columns.join(", ")
        );
        self.report(bad, &what)
    }

    fn bad_where(&self, condition: &str, what: &str) -> Result<Option<String>, EngineError> {
        if condition.is_empty() {
            return Ok(None);
        }
        self.bad_rows(self.context.expr(condition, self.table)?, what)
    }

    fn bad_rows(&self, bad: Expr, what: &str) -> Result<Option<String>, EngineError> {
        let plan = LogicalPlanBuilder::from(self.table.clone()).filter(bad)?.build()?;
        self.report(plan, what)
    }

    /// Counts the rows of `bad`; shows the first ones.
    fn report(&self, bad: LogicalPlan, what: &str) -> Result<Option<String>, EngineError> {
        let count = datafusion::functions_aggregate::expr_fn::count(lit(1)).alias("n");
        let counted = LogicalPlanBuilder::from(bad.clone())
            .aggregate(Vec::<Expr>::new(), [count])?
            .build()?;
        let counted = self.execution.collect(self.context.state, &counted, "check")?;
        let total = counted
            .batches()
            .first()
            .and_then(|batch| {
                use datafusion::arrow::array::AsArray;
                use datafusion::arrow::datatypes::Int64Type;
                let column = batch.columns().first()?;
                column.as_primitive_opt::<Int64Type>().map(|c| c.value(0))
            })
            .unwrap_or(0);
        if total == 0 {
            return Ok(None);
        }
        let first = LogicalPlanBuilder::from(bad).limit(0, Some(self.sample))?.build()?;
        let first = self.execution.collect(self.context.state, &first, "check")?;
        let examples = if self.sample == 0 {
            String::new()
        } else {
            format!(", e.g. {}", sample::rows(&first, self.sample))
        };
        let rows = if total == 1 { "row" } else { "rows" };
        Ok(Some(format!("{total} {rows}: {what}{examples}")))
    }
}

/// A value of the workflow file as an SQL literal.
fn literal(value: &Json) -> Result<String, EngineError> {
    match value {
        Json::Number(number) => Ok(number.to_string()),
        Json::Bool(flag) => Ok(flag.to_string()),
        Json::String(text) => Ok(format!("'{}'", text.replace('\'', "''"))),
        other => Err(EngineError::Config { message: format!("{other} is no bound or value") }),
    }
}
