//! `sql`: one SELECT over named inputs.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider,
};
use datafusion::datasource::ViewTable;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::{Statement as SqlStatement, visit_relations};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{Planned, StepContext, unqualified};
use crate::error::{AtKey, EngineError, KeyedError};
use crate::{context, depth};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SqlStep {
    sql: String,
    tables: Map<String, Json>,
}

pub(super) fn sql(
    context: &StepContext<'_>,
    inputs: Vec<LogicalPlan>,
) -> Result<Planned, KeyedError> {
    let step: SqlStep = context.config()?;
    let named = context.step.inputs.iter().cloned().zip(inputs).collect::<Vec<_>>();
    let mut tables = Vec::new();
    for (alias, dataset) in &step.tables {
        let dataset = dataset.as_str().unwrap_or_default();
        let plan = named.iter().find(|(name, _)| name == dataset).map(|(_, plan)| plan.clone());
        tables.push((
            alias.clone(),
            plan.ok_or_else(|| {
                EngineError::internal(format!("the input '{dataset}' of an SQL step is missing"))
            })?,
        ));
    }
    let plan = query(context, &step.sql, tables).at("sql")?;
    Ok(Planned { plan, fallible: BTreeSet::new(), fence: true })
}

/// Plans one SELECT over `tables`.
pub(super) fn query(
    context: &StepContext<'_>,
    text: &str,
    tables: Vec<(String, LogicalPlan)>,
) -> Result<LogicalPlan, EngineError> {
    let state = SessionStateBuilder::new_from_existing(context.state.clone())
        .with_catalog_list(empty_catalog(context.state)?)
        .build();
    let session = SessionContext::new_with_state(state);
    let known: Vec<String> = tables.iter().map(|(name, _)| name.clone()).collect();
    for (name, plan) in tables {
        let view = Arc::new(ViewTable::new(plan, None));
        session.register_table(datafusion::common::TableReference::bare(name), view)?;
    }
    let planned = context::runtime()?.block_on(async {
        let state = session.state();
        let statement = state.sql_to_statement(text, &state.config_options().sql_parser.dialect)?;
        if let Statement::Statement(statement) = &statement {
            depth::check_statement(statement)
                .map_err(|error| DataFusionError::External(Box::new(error)))?;
        }
        let plan = state.statement_to_plan(statement).await?;
        SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false)
            .verify_plan(&plan)?;
        Ok::<_, DataFusionError>(plan)
    });
    match planned.map_err(EngineError::from) {
        Ok(
            plan @ (LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::DescribeTable(_)),
        ) => Err(EngineError::types(
            format!("an SQL step takes one SELECT, not {}", plan.display()),
            None,
        )),
        Ok(plan) => {
            let analyzer = context.state.analyzer();
            let config = context.state.config_options();
            Ok(analyzer.execute_and_check(unqualified(plan)?, config, |_, _| {})?)
        }
        Err(EngineError::Expression { code: "E305", message, text, .. }) => {
            let hint = Some(format!("tables: {}", known.join(", ")));
            Err(EngineError::Expression { code: "E305", message, text, hint })
        }
        Err(other) => Err(other),
    }
}

/// A catalog of its own for each query: names of one step are unknown to the next.
fn empty_catalog(state: &SessionState) -> Result<Arc<MemoryCatalogProviderList>, EngineError> {
    let names = &state.config_options().catalog;
    let catalog = Arc::new(MemoryCatalogProvider::new());
    catalog.register_schema(&names.default_schema, Arc::new(MemorySchemaProvider::new()))?;
    let list = Arc::new(MemoryCatalogProviderList::new());
    list.register_catalog(names.default_catalog.clone(), catalog);
    Ok(list)
}

/// Whether `text` reads `table` at one place only, so that its plan may become part of the query.
pub(crate) fn reads_once(text: &str, table: &str) -> bool {
    let Ok(statements) = DFParser::parse_sql(text) else { return false };
    let [Statement::Statement(statement)] = statements.iter().collect::<Vec<_>>()[..] else {
        return false;
    };
    let SqlStatement::Query(query) = statement.as_ref() else { return false };
    // A common table expression is inlined wherever it is named.
    if query.with.is_some() {
        return false;
    }
    let mut places = 0;
    let _: ControlFlow<()> = visit_relations(statement.as_ref(), |name| {
        let last = name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.as_str());
        places += usize::from(last == Some(table));
        ControlFlow::Continue(())
    });
    places == 1
}

#[cfg(test)]
mod tests {
    use super::reads_once;

    #[test]
    fn a_self_join_reads_twice() {
        assert!(reads_once("SELECT a FROM t WHERE b > 1", "t"));
        assert!(!reads_once("SELECT * FROM t JOIN t AS u ON t.a = u.a", "t"));
        assert!(!reads_once("WITH c AS (SELECT * FROM t) SELECT * FROM c, c AS d", "t"));
        assert!(!reads_once("not sql", "t"));
    }
}
