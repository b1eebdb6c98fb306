//! Conditions of a plan as predicates of a reader.
//!
//! Only what means the same to both: comparisons of a column with a value of its type, `IS NULL`,
//! `IN`, and what `AND` and `OR` make of them. The plan checks them again; a reader that drops
//! those rows early only has less to parse.

use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use pf_io_core::parquet::predicate::{Comparison, Literal, Predicate, Value};

use crate::floats;

/// The predicate that `expr` is on columns of `schema`; `None` if a reader has none for it.
pub fn predicate(expr: &Expr, schema: &Schema) -> Option<Predicate> {
    match expr {
        Expr::Alias(alias) => predicate(&alias.expr, schema),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            Some(Predicate::And { args: vec![predicate(left, schema)?, predicate(right, schema)?] })
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            Some(Predicate::Or { args: vec![predicate(left, schema)?, predicate(right, schema)?] })
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            if let (Some(column), Expr::Literal(value, _)) = (column(left), right.as_ref()) {
                compared(column, *op, value, schema)
            } else if let (Expr::Literal(value, _), Some(column)) = (left.as_ref(), column(right)) {
                compared(column, op.swap()?, value, schema)
            } else {
                None
            }
        }
        Expr::IsNull(inner) => {
            Some(Predicate::IsNull { column: known(column(inner)?, schema)?.to_owned() })
        }
        Expr::IsNotNull(inner) => {
            Some(Predicate::IsNotNull { column: known(column(inner)?, schema)?.to_owned() })
        }
        Expr::InList(InList { expr, list, negated: false }) => {
            let column = column(expr)?;
            let values = list.iter().map(|item| match item {
                Expr::Literal(value, _) => literal(column, value, schema),
                _ => None,
            });
            let values = values.collect::<Option<Vec<_>>>()?;
            Some(Predicate::In { column: column.to_owned(), values })
        }
        _ => None,
    }
}

/// A column, also one whose zeros and NaNs are made one: readers compare floats that way.
fn column(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Column(column) => Some(&column.name),
        Expr::ScalarFunction(call) if call.func.name() == floats::NAME => match &call.args[..] {
            [inner] => column(inner),
            _ => None,
        },
        _ => None,
    }
}

fn known<'n>(column: &'n str, schema: &Schema) -> Option<&'n str> {
    schema.index_of(column).ok().map(|_| column)
}

fn compared(column: &str, op: Operator, value: &ScalarValue, schema: &Schema) -> Option<Predicate> {
    let comparison =
        || Some(Comparison { column: column.to_owned(), value: literal(column, value, schema)? });
    Some(match op {
        Operator::Eq => Predicate::Eq(comparison()?),
        Operator::NotEq => Predicate::Ne(comparison()?),
        Operator::Lt => Predicate::Lt(comparison()?),
        Operator::LtEq => Predicate::Le(comparison()?),
        Operator::Gt => Predicate::Gt(comparison()?),
        Operator::GtEq => Predicate::Ge(comparison()?),
        _ => return None,
    })
}

/// The value as text that the reader understands as exactly that value.
fn literal(column: &str, value: &ScalarValue, schema: &Schema) -> Option<Literal> {
    let data_type = schema.field_with_name(column).ok()?.data_type();
    if value.is_null() || !(value.data_type() == *data_type || both_text(value, data_type)) {
        return None;
    }
    let exact = value.cast_to(data_type).ok()?.to_array().ok()?;
    let text = cast(&exact, &DataType::Utf8).ok()?;
    let back = cast(&text, data_type).ok()?;
    if back.to_data() != exact.to_data() {
        return None;
    }
    let ScalarValue::Utf8(Some(text)) = ScalarValue::try_from_array(&text, 0).ok()? else {
        return None;
    };
    Some(Literal { kind: data_type.to_string(), value: Value::Text(text) })
}

fn both_text(value: &ScalarValue, data_type: &DataType) -> bool {
    let text = |data_type: &DataType| {
        matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
    };
    text(data_type) && text(&value.data_type())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::datatypes::{Field, TimeUnit};
    use datafusion::logical_expr::{col, lit};

    use super::*;

    fn schema() -> Schema {
        let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some("+01:00".into()));
        Schema::new(vec![
            Field::new("n", DataType::Int64, true),
            Field::new("f", DataType::Float64, true),
            Field::new("t", DataType::Utf8, true),
            Field::new("z", zoned, true),
        ])
    }

    #[test]
    fn what_a_reader_has_no_predicate_for_is_left_to_the_plan() {
        let schema = schema();
        let said = |expr: Expr| predicate(&expr, &schema);
        let equal = said(col("n").eq(lit(5_i64))).unwrap();
        assert_eq!(said(lit(5_i64).eq(col("n"))), Some(equal.clone()));
        let less = said(lit(5_i64).gt(col("n"))).unwrap();
        assert!(matches!(less, Predicate::Lt(_)), "{less:?}");
        assert!(said(col("t").in_list(vec![lit("a"), lit("b")], false)).is_some());
        assert!(said(col("f").gt(lit(0.1)).and(col("t").is_null())).is_some());
        let time = ScalarValue::TimestampMicrosecond(Some(1_000_001), Some(Arc::from("+01:00")));
        assert!(said(col("z").lt(lit(time))).is_some());
        for other in [
            col("n").eq(lit(5.5)),
            col("n").eq(lit(ScalarValue::Int64(None))),
            col("x").eq(lit(1_i64)),
            col("t").in_list(vec![lit("a")], true),
            (col("n") + lit(1_i64)).eq(lit(5_i64)),
            col("t").like(lit("a%")),
        ] {
            assert_eq!(said(other.clone()), None, "{other}");
            assert_eq!(said(col("n").eq(lit(5_i64)).or(other)), None);
        }
    }
}
