//! Filled columns into Arrow arrays; what only whole columns show (UTF-8, digits) is checked here.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Decimal256Array, DictionaryArray,
    FixedSizeBinaryArray, GenericStringArray, Int32Array, IntervalMonthDayNanoArray, ListArray,
    MapArray, NullArray, OffsetSizeTrait, StringArray, StructArray, UnionArray, make_array,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Int32Type};
use arrow::error::ArrowError;

use super::columns::{Column, Offsets, Values, mismatch};
use crate::batch::cast_exact;

impl Column {
    /// The finished array.
    pub fn finish(self) -> Result<ArrayRef, ArrowError> {
        self.finish_with(None)
    }

    fn finish_with(self, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        let data_type = self.data_type;
        Ok(match self.values {
            Values::Null(count) => Arc::new(NullArray::new(count)),
            Values::Boolean(bits) => Arc::new(BooleanArray::new(bits.finish(), nulls)),
            Values::Int(values) | Values::TimeMillis(values) => {
                numbers(&data_type, values.len(), Buffer::from_vec(values), nulls)?
            }
            Values::Long(values) | Values::TimeMicros(values) => {
                numbers(&data_type, values.len(), Buffer::from_vec(values), nulls)?
            }
            Values::Float(values) => {
                numbers(&data_type, values.len(), Buffer::from_vec(values), nulls)?
            }
            Values::Double(values) => {
                numbers(&data_type, values.len(), Buffer::from_vec(values), nulls)?
            }
            Values::Bytes(values) => {
                let (offsets, bytes) = values.finish();
                let array: ArrayRef = Arc::new(BinaryArray::try_new(offsets, bytes, nulls)?);
                cast_exact(&array, &data_type)?
            }
            Values::Text(values) => cast_exact(&text(values, nulls)?, &data_type)?,
            Values::LargeText(values) => text(values, nulls)?,
            Values::Uuid(bytes, _) => {
                Arc::new(FixedSizeBinaryArray::try_new(16, Buffer::from_vec(bytes), nulls)?)
            }
            Values::Fixed { bytes, size: 0, count } => {
                // No bytes tell how many values there are.
                drop(bytes);
                numbers(&data_type, count, Buffer::from_vec(Vec::<u8>::new()), nulls)?
            }
            Values::Fixed { bytes, size, .. } => Arc::new(FixedSizeBinaryArray::try_new(
                size as i32,
                Buffer::from_vec(bytes),
                nulls,
            )?),
            Values::Decimal(values, _) => {
                let DataType::Decimal128(precision, scale) = data_type else {
                    return Err(mismatch(&data_type));
                };
                let array = Decimal128Array::try_new(values.into(), nulls)?
                    .with_precision_and_scale(precision, scale)?;
                array.validate_decimal_precision(precision)?;
                Arc::new(array)
            }
            Values::WideDecimal(values, _) => {
                let DataType::Decimal256(precision, scale) = data_type else {
                    return Err(mismatch(&data_type));
                };
                let array = Decimal256Array::try_new(values.into(), nulls)?
                    .with_precision_and_scale(precision, scale)?;
                array.validate_decimal_precision(precision)?;
                Arc::new(array)
            }
            Values::Duration(values) => {
                Arc::new(IntervalMonthDayNanoArray::try_new(values.into(), nulls)?)
            }
            Values::Enum(values, symbols) => {
                let symbols = StringArray::from_iter_values(symbols.iter());
                let mut values = Int32Array::try_new(values.into(), nulls)?;
                if symbols.is_empty() {
                    values = Int32Array::new_null(values.len());
                }
                let array = DictionaryArray::<Int32Type>::try_new(values, Arc::new(symbols))?;
                {
                    let array: ArrayRef = Arc::new(array);
                    cast_exact(&array, &data_type)?
                }
            }
            Values::Array { offsets, item, field, .. } => {
                let offsets = OffsetBuffer::new(offsets.into());
                Arc::new(ListArray::try_new(field, offsets, item.finish()?, nulls)?)
            }
            Values::Map { offsets, keys, values, entries } => {
                let DataType::Struct(fields) = entries.data_type() else {
                    return Err(mismatch(&data_type));
                };
                let columns = vec![keys.finish()?, values.finish()?];
                let columns = StructArray::try_new(fields.clone(), columns, None)?;
                let offsets = OffsetBuffer::new(offsets.into());
                Arc::new(MapArray::try_new(entries, offsets, columns, nulls, false)?)
            }
            Values::Record { columns, fields, count } => {
                let columns =
                    columns.into_iter().map(Self::finish).collect::<Result<Vec<_>, _>>()?;
                Arc::new(if columns.is_empty() {
                    StructArray::new_empty_fields(count, nulls)
                } else {
                    StructArray::try_new(fields, columns, nulls)?
                })
            }
            Values::Nullable { valid, inner, .. } => {
                let nulls = (valid.set < valid.count).then(|| NullBuffer::new(valid.finish()));
                inner.finish_with(nulls)?
            }
            Values::Union { branches, types, places, fields } => {
                let branches = branches.into_iter().map(Self::finish).collect::<Result<_, _>>()?;
                Arc::new(UnionArray::try_new(fields, types.into(), Some(places.into()), branches)?)
            }
        })
    }
}

fn numbers(
    data_type: &DataType,
    count: usize,
    values: Buffer,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    let data = arrow::array::ArrayData::builder(data_type.clone())
        .len(count)
        .add_buffer(values)
        .nulls(nulls)
        .build()?;
    Ok(make_array(data))
}

fn text<O: OffsetSizeTrait>(
    values: Offsets<O>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    let (offsets, bytes) = values.finish();
    Ok(Arc::new(GenericStringArray::<O>::try_new(offsets, bytes, nulls)?))
}
