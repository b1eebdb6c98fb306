//! Bounds on the shape of SQL: types and names of a nested expression are found anew at each level,
//! so planning grows faster than the text, and a deep tree exhausts the stack.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Statement, visit_expressions};

use crate::error::EngineError;

/// Characters of one expression.
const MAX_TEXT: usize = 16_384;
/// Operators in a row, as in `a AND b AND c`.
const MAX_CHAIN: usize = 500;
/// Arithmetic operators in a row, as in `a + b + c`.
const MAX_ARITHMETIC: usize = 64;

/// Refuses a text that is too long to be an expression.
pub fn check_text(text: &str) -> Result<(), EngineError> {
    if text.len() <= MAX_TEXT {
        return Ok(());
    }
    Err(too_large(&format!("is longer than {MAX_TEXT} characters")))
}

/// Refuses an expression of too many operators in a row.
pub fn check_expression(expr: &Expr) -> Result<(), EngineError> {
    let (mut chain, mut arithmetic) = (0, 0);
    let mut left = expr;
    while let Expr::BinaryOp { left: next, op, .. } = left {
        chain += 1;
        arithmetic += usize::from(is_arithmetic(op));
        if chain > MAX_CHAIN || arithmetic > MAX_ARITHMETIC {
            let message = format!(
                "has more than {MAX_CHAIN} operators, or {MAX_ARITHMETIC} of arithmetic, in a row"
            );
            return Err(too_large(&message));
        }
        left = next;
    }
    Ok(())
}

/// The same for all expressions of a statement.
pub fn check_statement(statement: &Statement) -> Result<(), EngineError> {
    let found = visit_expressions(statement, |expr| match check_expression(expr) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    });
    match found {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::StringConcat
    )
}

fn too_large(what: &str) -> EngineError {
    EngineError::Expression {
        code: "E300",
        message: format!("the expression {what}"),
        text: None,
        hint: Some("split it over several columns or steps, or use IN for a list".into()),
    }
}
