//! SQL expressions over the columns of a plan.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, ExprSchemable, Operator};

use crate::error::EngineError;
use crate::strict;

/// Parses and type-checks `text` against `schema`.
pub fn parse(state: &SessionState, text: &str, schema: &DFSchema) -> Result<Expr, EngineError> {
    let result = state
        .create_logical_expr(text, schema)
        .and_then(|expr| strict::check(&expr, schema).map(|()| expr))
        .and_then(|expr| expr.get_type(schema).map(|_| expr));
    result.map_err(|error| with_text(error.into(), text))
}

/// A column by its exact name; an unknown one is an error with the nearest names.
pub fn column(name: &str, schema: &DFSchema) -> Result<Expr, EngineError> {
    if schema.fields().iter().any(|field| field.name() == name) {
        Ok(Expr::Column(Column::from_name(name)))
    } else {
        Err(EngineError::UnknownColumn { name: name.to_owned(), known: column_names(schema) })
    }
}

/// Names of all columns, in order.
pub fn column_names(schema: &DFSchema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

/// An identifier in double quotes.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether evaluating `expr` on some row can be an error.
pub fn is_fallible(expr: &Expr) -> bool {
    let mut fallible = false;
    let walked = expr.apply(|node| {
        fallible |= match node {
            Expr::BinaryExpr(binary) => matches!(
                binary.op,
                Operator::Divide | Operator::Modulo | Operator::RegexMatch
            ),
            Expr::Cast(_) | Expr::ScalarFunction(_) | Expr::ScalarSubquery(_) => true,
            _ => false,
        };
        Ok(if fallible { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    fallible || walked.is_err()
}

fn with_text(error: EngineError, expression: &str) -> EngineError {
    match error {
        EngineError::Expression { code, message, hint, .. } => {
            EngineError::Expression { code, message, hint, text: Some(expression.to_owned()) }
        }
        // Planning finds no data errors: a literal that does not fit its type.
        EngineError::Data { message, hint } => {
            EngineError::Expression { code: "E302", message, hint, text: Some(expression.to_owned()) }
        }
        other => other,
    }
}
