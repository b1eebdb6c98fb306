//! SQL expressions over the columns of a plan.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator};
use datafusion::optimizer::analyzer::type_coercion::TypeCoercionRewriter;

use crate::depth;
use crate::error::EngineError;
use crate::strict;

/// Parses and type-checks `text` against `schema`.
pub fn parse(state: &SessionState, text: &str, schema: &DFSchema) -> Result<Expr, EngineError> {
    depth::check_text(text)?;
    let dialect = state.config_options().sql_parser.dialect;
    let parsed = state.sql_to_expr_with_alias(text, &dialect);
    let parsed = parsed.map_err(|error| with_text(error.into(), text))?;
    depth::check_expression(&parsed.expr)?;
    let result = state
        .create_logical_expr_from_sql_expr(parsed, schema)
        .and_then(|expr| strict::check(&expr, schema).map(|()| expr))
        // Types are settled here, where the step is known, rather than by the optimiser.
        .and_then(|expr| Ok(expr.rewrite(&mut TypeCoercionRewriter::new(schema))?.data))
        .and_then(|expr| strict::check_literals(&expr).map(|()| expr))
        .and_then(|expr| expr.get_type(schema).map(|_| expr));
    result.map_err(|error| with_text(error.into(), text))
}

/// A column by its exact name; an unknown one is an error with the nearest names.
pub fn column(name: &str, schema: &DFSchema) -> Result<Expr, EngineError> {
    if schema.fields().iter().any(|field| field.name() == name) {
        Ok(Expr::Column(Column::from_name(name)))
    } else {
        Err(EngineError::UnknownColumn {
            name: name.to_owned(),
            input: None,
            known: column_names(schema),
        })
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
            Expr::BinaryExpr(binary) => can_divide_by_zero(binary),
            Expr::Cast(_) | Expr::ScalarFunction(_) | Expr::ScalarSubquery(_) => true,
            _ => false,
        };
        Ok(if fallible { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    fallible || walked.is_err()
}

/// Whether `expr` divides by, or takes the remainder of, what may be zero, or casts what may not
/// fit: errors against which people guard with a condition before it.
pub fn wants_guard(expr: &Expr) -> bool {
    let mut found = false;
    let walked = expr.apply(|node| {
        found |= match node {
            Expr::BinaryExpr(binary) => can_divide_by_zero(binary),
            Expr::Cast(_) => true,
            _ => false,
        };
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    found || walked.is_err()
}

fn can_divide_by_zero(binary: &BinaryExpr) -> bool {
    let divides = matches!(binary.op, Operator::Divide | Operator::Modulo);
    let fixed = match binary.right.as_ref() {
        Expr::Literal(value, _) => {
            value.is_null() || !value.to_string().trim_matches(['0', '.', '-']).is_empty()
        }
        _ => false,
    };
    divides && !fixed
}

fn with_text(error: EngineError, expression: &str) -> EngineError {
    match error {
        EngineError::Expression { code, message, hint, .. } => {
            EngineError::Expression { code, message, hint, text: Some(expression.to_owned()) }
        }
        // Planning finds no data errors: a literal that does not fit its type.
        EngineError::Data { message, hint } => EngineError::Expression {
            code: "E302",
            message,
            hint,
            text: Some(expression.to_owned()),
        },
        other => other,
    }
}
