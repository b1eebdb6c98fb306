//! One zero and one NaN wherever floats are compared, ordered, grouped or matched.
//!
//! Arrow's kernels follow IEEE 754's total order: -0.0 is less than 0.0, and a NaN whose sign bit
//! is set (which is what x86 makes of 0/0) is less than every number. SQL knows one zero, and one
//! NaN that is equal to itself and larger than every number. The values themselves stay as they
//! are; only keys and operands of comparisons pass through [`OneFloat`].

use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{Array, ArrowPrimitiveType, AsArray};
use datafusion::arrow::datatypes::{DataType, Float16Type, Float32Type, Float64Type};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{Case, InList, InSubquery, ScalarFunction, Sort};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::logical_plan::{Aggregate, Distinct, Subquery};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Between, BinaryExpr, ColumnarValue, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder,
    Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;

/// Rewrites plans whose types are settled. Applying it twice changes nothing more.
#[derive(Debug)]
pub struct OneZeroOneNan;

impl AnalyzerRule for OneZeroOneNan {
    fn name(&self) -> &'static str {
        "one_zero_one_nan"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(rewrite_node).map(|rewritten| rewritten.data)
    }
}

fn rewrite_node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let mut schema = merge_schema(&plan.inputs());
    if let LogicalPlan::TableScan(scan) = &plan {
        schema.merge(&scan.projected_schema);
    }
    if !schema.fields().iter().any(|field| may_hold_floats(field.data_type())) {
        return Ok(Transformed::no(plan));
    }
    let names = NamePreserver::new(&plan);
    let keys_only = matches!(plan, LogicalPlan::Join(_) | LogicalPlan::Sort(_));
    let rewritten = plan.map_expressions(|expr| {
        // Sort keys and join keys have no names; those of a join's filter are no floats.
        if keys_only {
            let inner = expr.transform_up(|node| rewrite_expr(node, &schema))?.data;
            return Ok(Transformed::yes(one(inner, &schema)));
        }
        let name = names.save(&expr);
        let inner = expr.transform_up(|node| rewrite_expr(node, &schema))?;
        Ok(inner.update_data(|expr| name.restore(expr)))
    })?;
    rewritten.transform_data(|plan| group_keys(plan, &schema))
}

/// Rows are told apart by keys with one zero and one NaN.
fn group_keys(plan: LogicalPlan, schema: &DFSchema) -> Result<Transformed<LogicalPlan>> {
    match plan {
        LogicalPlan::Aggregate(aggregate)
            if aggregate.group_expr.iter().any(|key| is_open(key, schema)) =>
        {
            let keys = aggregate.group_expr.into_iter().map(|key| named_one(key, schema)).collect();
            let grouped = Aggregate::try_new(aggregate.input, keys, aggregate.aggr_expr)?;
            Ok(Transformed::yes(LogicalPlan::Aggregate(grouped)))
        }
        LogicalPlan::Distinct(Distinct::All(input)) => {
            let columns = input.schema().columns().into_iter().map(Expr::Column);
            let keys: Vec<Expr> = columns.map(|key| named_one(key, schema)).collect();
            let grouped = Aggregate::try_new(input, keys, Vec::new())?;
            Ok(Transformed::yes(LogicalPlan::Aggregate(grouped)))
        }
        other => Ok(Transformed::no(other)),
    }
}

fn rewrite_expr(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let one = |expr: Box<Expr>| Box::new(one(*expr, schema));
    Ok(match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(op) => {
            Transformed::yes(Expr::BinaryExpr(BinaryExpr::new(one(left), op, one(right))))
        }
        Expr::Between(between) => Transformed::yes(Expr::Between(Between::new(
            one(between.expr),
            between.negated,
            one(between.low),
            one(between.high),
        ))),
        Expr::InList(InList { expr, list, negated }) => {
            let list = list.into_iter().map(|item| self::one(item, schema)).collect();
            Transformed::yes(Expr::InList(InList::new(one(expr), list, negated)))
        }
        // It becomes a join on the two.
        Expr::InSubquery(InSubquery { expr, subquery, negated }) if is_open(&expr, schema) => {
            let plan = Arc::unwrap_or_clone(subquery.subquery);
            let found = plan.schema().as_ref().clone();
            let columns = plan.schema().columns().into_iter().map(Expr::Column);
            let keys: Vec<Expr> = columns.map(|key| named_one(key, &found)).collect();
            let subquery = Subquery {
                subquery: Arc::new(LogicalPlanBuilder::from(plan).project(keys)?.build()?),
                ..subquery
            };
            Transformed::yes(Expr::InSubquery(InSubquery::new(one(expr), subquery, negated)))
        }
        Expr::Case(Case { expr: Some(subject), when_then_expr, else_expr }) => {
            let when_then_expr =
                when_then_expr.into_iter().map(|(when, then)| (one(when), then)).collect();
            Transformed::yes(Expr::Case(Case::new(Some(one(subject)), when_then_expr, else_expr)))
        }
        // It returns its first argument, so only a comparison may see another zero.
        Expr::ScalarFunction(call)
            if call.name() == "nullif"
                && call.args.len() == 2
                && call.args.iter().any(|arg| is_float(arg, schema)) =>
        {
            let [value, other] = [call.args[0].clone(), call.args[1].clone()];
            let null = ScalarValue::try_from(value.get_type(schema)?)?;
            let same = self::one(value.clone(), schema).eq(self::one(other, schema));
            Transformed::yes(Expr::Case(Case::new(
                None,
                vec![(Box::new(same), Box::new(Expr::Literal(null, None)))],
                Some(Box::new(value)),
            )))
        }
        Expr::WindowFunction(mut window) => {
            let params = &mut window.params;
            let keys = std::mem::take(&mut params.partition_by);
            params.partition_by = keys.into_iter().map(|key| self::one(key, schema)).collect();
            let order = std::mem::take(&mut params.order_by);
            params.order_by = order
                .into_iter()
                .map(|key| Sort::new(self::one(key.expr, schema), key.asc, key.nulls_first))
                .collect();
            Transformed::yes(Expr::WindowFunction(window))
        }
        Expr::AggregateFunction(mut aggregate) if aggregate.params.distinct => {
            let args = std::mem::take(&mut aggregate.params.args);
            aggregate.params.args = args.into_iter().map(|arg| self::one(arg, schema)).collect();
            Transformed::yes(Expr::AggregateFunction(aggregate))
        }
        other => Transformed::no(other),
    })
}

fn is_comparison(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

/// `key` with one zero and one NaN, under its own name.
fn named_one(key: Expr, schema: &DFSchema) -> Expr {
    let name = NamePreserver::new_for_projection().save(&key);
    name.restore(one(key, schema))
}

static FUNCTION: LazyLock<Arc<ScalarUDF>> =
    LazyLock::new(|| Arc::new(ScalarUDF::from(OneFloat::new())));

/// `expr` with one zero and one NaN, if it is a float.
fn one(expr: Expr, schema: &DFSchema) -> Expr {
    if !is_open(&expr, schema) {
        return expr;
    }
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&FUNCTION), vec![expr]))
}

/// Whether `expr` is a float that may be -0.0 or any NaN.
fn is_open(expr: &Expr, schema: &DFSchema) -> bool {
    let settled = match expr {
        Expr::Literal(value, _) => match value {
            ScalarValue::Float64(Some(v)) => !v.is_nan() && (*v != 0.0 || v.is_sign_positive()),
            ScalarValue::Float32(Some(v)) => !v.is_nan() && (*v != 0.0 || v.is_sign_positive()),
            _ => false,
        },
        Expr::ScalarFunction(call) => call.name() == NAME,
        Expr::Alias(alias) => !is_open(&alias.expr, schema),
        _ => false,
    };
    !settled && is_float(expr, schema)
}

fn is_float(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|data_type| data_type.is_floating())
}

/// Whether columns of this type can lead to floats: casts make them of any number or text.
fn may_hold_floats(data_type: &DataType) -> bool {
    !matches!(data_type, DataType::Boolean | DataType::Null)
}

type Half = <Float16Type as ArrowPrimitiveType>::Native;

pub const NAME: &str = "one_float";

/// -0.0 becomes 0.0, and every NaN the positive quiet one.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OneFloat {
    signature: Signature,
}

impl OneFloat {
    fn new() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for OneFloat {
    fn name(&self) -> &'static str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types.first().cloned().unwrap_or(DataType::Null))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value] = args.args.as_slice() else {
            return datafusion::common::exec_err!("{NAME} takes one argument");
        };
        match value {
            ColumnarValue::Array(array) => Ok(ColumnarValue::Array(settled(array))),
            ColumnarValue::Scalar(scalar) => {
                let array = settled(&scalar.to_array()?);
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?))
            }
        }
    }
}

fn settled(array: &Arc<dyn Array>) -> Arc<dyn Array> {
    // Adding zero is what turns -0.0 into 0.0.
    match array.data_type() {
        DataType::Float64 => Arc::new(
            array
                .as_primitive::<Float64Type>()
                .unary::<_, Float64Type>(|v| if v.is_nan() { f64::NAN } else { v + 0.0 }),
        ),
        DataType::Float32 => Arc::new(
            array
                .as_primitive::<Float32Type>()
                .unary::<_, Float32Type>(|v| if v.is_nan() { f32::NAN } else { v + 0.0 }),
        ),
        DataType::Float16 => Arc::new(
            array
                .as_primitive::<Float16Type>()
                .unary::<_, Float16Type>(|v| if v.is_nan() { Half::NAN } else { v + Half::ZERO }),
        ),
        _ => Arc::clone(array),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Float64Array;

    use super::*;

    #[test]
    fn zeros_and_nans_become_one() {
        let negative_nan = f64::from_bits(0xfff8_0000_0000_0001);
        let array: Arc<dyn Array> =
            Arc::new(Float64Array::from(vec![Some(-0.0), Some(negative_nan), None, Some(-1.5)]));
        let array = settled(&array);
        let bits: Vec<_> =
            array.as_primitive::<Float64Type>().iter().map(|v| v.map(f64::to_bits)).collect();
        let bits_of = |v: f64| Some(v.to_bits());
        assert_eq!(bits, [bits_of(0.0), bits_of(f64::NAN), None, bits_of(-1.5)]);
    }
}
