//! `sum` over 64-bit integers that reports overflow. `DataFusion`'s own wraps around.
//!
//! Partial sums are held in 128 bits, which no number of rows can fill; only the result must fit.
//! All other types are summed as `DataFusion` does.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, PrimitiveArray,
    new_empty_array,
};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Field, FieldRef, Int64Type, UInt64Type,
};
use datafusion::arrow::error::ArrowError;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, Signature,
};

/// The type of partial sums.
const STATE: DataType = DataType::Decimal128(38, 0);

/// `sum` with a check.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct CheckedSum {
    inner: Arc<AggregateUDF>,
}

impl CheckedSum {
    /// Over `DataFusion`'s own.
    pub fn new() -> Self {
        Self { inner: sum_udaf() }
    }
}

/// Whether this file sums values of that type.
fn checked(data_type: &DataType, distinct: bool) -> bool {
    !distinct && matches!(data_type, DataType::Int64 | DataType::UInt64)
}

impl AggregateUDFImpl for CheckedSum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(types)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let result = args.return_field.data_type().clone();
        if checked(&result, args.is_distinct) {
            return Ok(Box::new(OneSum { sum: 0, rows: 0, result }));
        }
        self.inner.inner().accumulator(args)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        if checked(args.return_field.data_type(), args.is_distinct) {
            return Ok(vec![Arc::new(Field::new(format!("{}[sum]", args.name), STATE, true))]);
        }
        self.inner.inner().state_fields(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.inner.inner().groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let result = args.return_field.data_type().clone();
        if checked(&result, args.is_distinct) {
            return Ok(Box::new(GroupSums { sums: Vec::new(), seen: Vec::new(), result }));
        }
        self.inner.inner().create_groups_accumulator(args)
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        if checked(args.return_field.data_type(), args.is_distinct) {
            return self.accumulator(args);
        }
        self.inner.inner().create_sliding_accumulator(args)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// Calls `add` with the values of a batch that are no nulls.
fn each_value(values: &ArrayRef, mut add: impl FnMut(usize, i128)) -> Result<()> {
    fn walk<T: ArrowPrimitiveType>(values: &PrimitiveArray<T>, add: &mut impl FnMut(usize, i128))
    where
        T::Native: Into<i128>,
    {
        match values.nulls() {
            None => values.values().iter().enumerate().for_each(|(i, v)| add(i, (*v).into())),
            Some(nulls) => nulls.valid_indices().for_each(|i| add(i, values.value(i).into())),
        }
    }
    match values.data_type() {
        DataType::Int64 => walk(values.as_primitive::<Int64Type>(), &mut add),
        DataType::UInt64 => walk(values.as_primitive::<UInt64Type>(), &mut add),
        DataType::Decimal128(..) => walk(values.as_primitive::<Decimal128Type>(), &mut add),
        other => return exec_err!("cannot sum {other}"),
    }
    Ok(())
}

/// The sum as the result's type, or the error that this file is about.
fn narrowed(sum: i128, result: &DataType) -> Result<ScalarValue> {
    let value = match result {
        DataType::Int64 => i64::try_from(sum).ok().map(|v| ScalarValue::Int64(Some(v))),
        _ => u64::try_from(sum).ok().map(|v| ScalarValue::UInt64(Some(v))),
    };
    value.ok_or_else(|| {
        let message = format!("the sum {sum} is outside of {}", crate::types::type_name(result));
        ArrowError::ArithmeticOverflow(message).into()
    })
}

#[derive(Debug)]
struct OneSum {
    sum: i128,
    rows: u64,
    result: DataType,
}

impl Accumulator for OneSum {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        each_value(&values[0], |_, value| {
            self.sum += value;
            self.rows += 1;
        })
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        each_value(&values[0], |_, value| {
            self.sum -= value;
            self.rows -= 1;
        })
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Decimal128((self.rows > 0).then_some(self.sum), 38, 0)])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.rows == 0 {
            return ScalarValue::try_from(&self.result);
        }
        narrowed(self.sum, &self.result)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

#[derive(Debug)]
struct GroupSums {
    sums: Vec<i128>,
    seen: Vec<bool>,
    result: DataType,
}

impl GroupSums {
    fn take(&mut self, emit_to: EmitTo) -> Vec<Option<i128>> {
        let sums = emit_to.take_needed(&mut self.sums);
        let seen = emit_to.take_needed(&mut self.seen);
        sums.into_iter().zip(seen).map(|(sum, seen)| seen.then_some(sum)).collect()
    }
}

impl GroupsAccumulator for GroupSums {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        total_groups: usize,
    ) -> Result<()> {
        self.sums.resize(total_groups, 0);
        self.seen.resize(total_groups, false);
        each_value(&values[0], |row, value| {
            if filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row)) {
                let group = group_indices[row];
                self.sums[group] += value;
                self.seen[group] = true;
            }
        })
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_groups: usize,
    ) -> Result<()> {
        self.update_batch(values, group_indices, None, total_groups)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut sums = vec![None; values[0].len()];
        each_value(&values[0], |row, value| {
            if filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row)) {
                sums[row] = Some(value);
            }
        })?;
        Ok(vec![Arc::new(Decimal128Array::from(sums).with_precision_and_scale(38, 0)?)])
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let sums = Decimal128Array::from(self.take(emit_to)).with_precision_and_scale(38, 0)?;
        Ok(vec![Arc::new(sums)])
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let result = self.result.clone();
        let scalars = self
            .take(emit_to)
            .into_iter()
            .map(|sum| match sum {
                Some(sum) => narrowed(sum, &result),
                None => ScalarValue::try_from(&result),
            })
            .collect::<Result<Vec<_>>>()?;
        if scalars.is_empty() {
            return Ok(new_empty_array(&result));
        }
        ScalarValue::iter_to_array(scalars)
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<i128>() + self.seen.capacity()
    }
}
