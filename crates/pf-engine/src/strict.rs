//! Comparisons that would silently cast text to numbers are type errors.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, cast, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use crate::error::EngineError;
use crate::expression::wants_guard;
use crate::types::type_name;

/// Refuses operators whose two sides do not belong together.
#[derive(Debug)]
pub struct StrictOperators;

impl ExprPlanner for StrictOperators {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        if matches!(expr.op, BinaryOperator::And | BinaryOperator::Or)
            && wants_guard(&expr.right)
            && !joins_tables(&expr.left)
        {
            return Ok(PlannerResult::Planned(guarded(expr)));
        }
        if let (Ok(left), Ok(right)) = (expr.left.get_type(schema), expr.right.get_type(schema)) {
            let compared = is_comparison(&expr.op) && !comparable(&left, &right);
            let computed = is_arithmetic(&expr.op) && (is_text(&left) || is_text(&right));
            if compared || computed {
                return Err(mismatch(&expr.op.to_string(), &expr.left, &left, &expr.right, &right));
            }
        }
        Ok(PlannerResult::Original(expr))
    }
}

/// `a AND b` where `b` can fail: `b` is looked at only on rows that `a` does not decide.
fn guarded(expr: RawBinaryExpr) -> Expr {
    let and = expr.op == BinaryOperator::And;
    let decided = if and { Expr::IsFalse } else { Expr::IsTrue }(Box::new(expr.left.clone()));
    let rest = if and { expr.left.and(expr.right) } else { expr.left.or(expr.right) };
    // As numbers: the optimiser would turn a CASE of booleans back into AND and OR.
    let number = |flag: bool| lit(i8::from(flag));
    let chosen = Expr::Case(Case {
        expr: None,
        when_then_expr: vec![(Box::new(decided), Box::new(number(!and)))],
        else_expr: Some(Box::new(cast(rest, DataType::Int8))),
    });
    chosen.eq(number(true))
}

/// Whether `expr` holds an equality over two tables: the join must stay visible as such.
fn joins_tables(expr: &Expr) -> bool {
    expr.exists(|node| {
        Ok(match node {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
                match (left.as_ref(), right.as_ref()) {
                    (Expr::Column(a), Expr::Column(b)) => a.relation != b.relation,
                    _ => false,
                }
            }
            _ => false,
        })
    })
    .unwrap_or(true)
}

/// Texts that stand for dates and times must be some.
pub fn check_literals(expr: &Expr) -> Result<()> {
    expr.apply(|node| {
        if let Expr::Cast(cast) = node
            && let Expr::Literal(value, _) = cast.expr.as_ref()
            && is_text(&value.data_type())
            && is_time(cast.field.data_type())
            && let Err(error) = value.cast_to(cast.field.data_type())
        {
            return Err(error);
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map(|_| ())
}

/// Checks what is no binary operator: IN lists, BETWEEN, CASE, and functions of several values of
/// one kind.
pub fn check(expr: &Expr, schema: &DFSchema) -> Result<()> {
    expr.apply(|node| {
        let (subject, others): (&Expr, Vec<&Expr>) = match node {
            Expr::InList(list) => (&list.expr, list.list.iter().collect()),
            Expr::Between(between) => (&between.expr, vec![&between.low, &between.high]),
            Expr::Case(case) => {
                check_case(case, schema)?;
                return Ok(TreeNodeRecursion::Continue);
            }
            Expr::ScalarFunction(call)
                if matches!(call.name(), "coalesce" | "nullif" | "greatest" | "least" | "nvl") =>
            {
                one_kind(&call.args.iter().collect::<Vec<_>>(), call.name(), schema)?;
                return Ok(TreeNodeRecursion::Continue);
            }
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        for other in others {
            let (left, right) = (subject.get_type(schema)?, other.get_type(schema)?);
            if !comparable(&left, &right) {
                let word = if matches!(node, Expr::InList(_)) { "IN" } else { "BETWEEN" };
                return Err(mismatch(word, subject, &left, other, &right));
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map(|_| ())
}

fn check_case(case: &Case, schema: &DFSchema) -> Result<()> {
    for (when, _) in &case.when_then_expr {
        if let Some(subject) = &case.expr {
            one_kind(&[subject, when], "CASE", schema)?;
        } else {
            let found = when.get_type(schema)?;
            if !matches!(found, DataType::Boolean | DataType::Null) {
                let message =
                    format!("WHEN needs a bool, {} is {}", written(when), type_name(&found));
                return Err(DataFusionError::External(Box::new(EngineError::types(message, None))));
            }
        }
    }
    let results = case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr);
    one_kind(&results.map(AsRef::as_ref).collect::<Vec<_>>(), "CASE", schema)
}

/// All of `exprs` must be comparable with each other.
fn one_kind(exprs: &[&Expr], what: &str, schema: &DFSchema) -> Result<()> {
    for (i, right) in exprs.iter().enumerate() {
        for left in &exprs[..i] {
            let (a, b) = (left.get_type(schema)?, right.get_type(schema)?);
            if !comparable(&a, &b) {
                return Err(mismatch(what, left, &a, right, &b));
            }
        }
    }
    Ok(())
}

/// Whether values of the two types can be compared without a guess.
pub fn comparable(left: &DataType, right: &DataType) -> bool {
    let text_and_number = |a: &DataType, b: &DataType| {
        is_text(a) && (b.is_numeric() || matches!(b, DataType::Boolean))
    };
    let bool_and_number =
        |a: &DataType, b: &DataType| matches!(a, DataType::Boolean) && b.is_numeric();
    let time_and_number = |a: &DataType, b: &DataType| is_time(a) && b.is_numeric();
    ![text_and_number, bool_and_number, time_and_number]
        .iter()
        .any(|clash| clash(left, right) || clash(right, left))
}

/// Text in any of its layouts.
pub fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
}

fn is_comparison(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
            | BinaryOperator::Spaceship
    )
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    matches!(op, BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Modulo)
        || matches!(op, BinaryOperator::Plus | BinaryOperator::Minus)
}

fn mismatch(
    op: &str,
    left: &Expr,
    left_type: &DataType,
    right: &Expr,
    right_type: &DataType,
) -> DataFusionError {
    let message = format!(
        "cannot apply {op} to {} ({}) and {} ({})",
        written(left),
        type_name(left_type),
        written(right),
        type_name(right_type)
    );
    let text = if is_text(left_type) { left } else { right };
    let other = if is_text(left_type) { right_type } else { left_type };
    let hint = match text {
        Expr::Literal(..) => "write the literal without quotes".to_owned(),
        _ => {
            format!("CAST({} AS {}) if the text holds such values", written(text), sql_type(other))
        }
    };
    DataFusionError::External(Box::new(EngineError::types(message, Some(hint))))
}

fn written(expr: &Expr) -> String {
    match expr {
        Expr::Column(column) => format!("'{}'", column.name),
        Expr::Literal(value, _) => value.to_string(),
        other => format!("'{}'", other.schema_name()),
    }
}

fn sql_type(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "BOOLEAN",
        t if t.is_integer() => "BIGINT",
        t if t.is_numeric() => "DOUBLE",
        DataType::Date32 | DataType::Date64 => "DATE",
        DataType::Timestamp(..) => "TIMESTAMP",
        _ => "VARCHAR",
    }
}
