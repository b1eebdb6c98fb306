//! Columns for pandas: one writable block each, in the type that NumPy has for it.
//!
//! Nulls become what NumPy has instead: NaN and `NaT`. Integers with nulls become floats only if
//! every one of them is exact as such; otherwise they stay integers and get a mask.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, SchemaRef, TimeUnit};
use rayon::prelude::*;
use serde::Deserialize;

use crate::context::{Charge, Context};
use crate::mem::{Block, Plain};
use crate::table::{Column, Table, fixed_array};
use crate::{IoError, Result};

/// The value that NumPy takes for "no time".
const NAT: i64 = i64::MIN;
const SECONDS_OF_DAY: i64 = 86_400;

/// What becomes of types that NumPy lacks.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FrameOptions {
    /// Integers with nulls.
    pub null_ints: NullInts,
    /// Dates.
    pub dates: Dates,
    /// Decimals.
    pub decimals: Decimals,
}

/// What becomes of integers with nulls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NullInts {
    /// Floats if every value is exact, else a mask.
    #[default]
    Exact,
    /// A mask.
    Masked,
    /// Floats, rounded where they must be.
    Float64,
    /// An error.
    Error,
}

/// What becomes of dates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dates {
    /// Left to Python.
    #[default]
    Auto,
    /// Seconds since 1970.
    Datetime64,
    /// Left to Python.
    Object,
}

/// What becomes of decimals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decimals {
    /// Left to Python.
    #[default]
    Decimal,
    /// The nearest float.
    Float64,
}

/// A column as NumPy takes it.
#[derive(Debug)]
pub enum FrameColumn {
    /// A block of `len` values.
    Numpy {
        /// The values; nobody else holds them.
        block: Block,
        /// Their type.
        dtype: Dtype,
    },
    /// Integers and, for each, whether it is null.
    Masked {
        /// The values, zero where null.
        block: Block,
        /// Their type.
        dtype: Dtype,
        /// One byte per row, 1 where null.
        mask: Block,
    },
    /// No NumPy type: arrays.
    Arrow(Vec<ArrayRef>),
}

/// NumPy types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// bool, one byte.
    Bool,
    /// Signed integers of so many bytes.
    Int(usize),
    /// Unsigned integers of so many bytes.
    UInt(usize),
    /// Floats of so many bytes.
    Float(usize),
    /// datetime64 with a unit, as 64-bit integers.
    Datetime(TimeUnit),
    /// timedelta64 with a unit, as 64-bit integers.
    Timedelta(TimeUnit),
}

/// A table as columns for pandas.
#[derive(Debug)]
pub struct Frame {
    /// Names and Arrow types.
    pub schema: SchemaRef,
    /// One for each field.
    pub columns: Vec<FrameColumn>,
    /// Rows.
    pub rows: usize,
    /// Memory this frame is charged for.
    pub charges: Vec<Charge>,
}

/// Turns `table` into a frame; columns that fit are not copied.
pub fn frame(table: Table, options: FrameOptions, context: &Context) -> Result<Frame> {
    let Table { schema, columns, rows, charges, .. } = table;
    let work: Vec<_> = schema.fields().iter().cloned().zip(columns).collect();
    let columns = context.pool().install(|| {
        work.into_par_iter()
            .map(|(field, column)| {
                context.check()?;
                let column = match column {
                    Column::Chunks(chunks) => match width(field.data_type()) {
                        Some(width) => joined(&chunks, width, rows)?,
                        None => return other(field.data_type(), chunks, rows, options),
                    },
                    Column::Fixed { block, nulls } if width(field.data_type()).is_none() => {
                        let array = fixed_array(field.data_type(), rows, block, nulls);
                        return other(field.data_type(), vec![array], rows, options);
                    }
                    fixed @ Column::Fixed { .. } => fixed,
                };
                let Column::Fixed { block, nulls } = column else {
                    return Ok(FrameColumn::Arrow(Vec::new()));
                };
                convert(
                    field.name(),
                    field.data_type(),
                    block.truncated(rows * width(field.data_type()).unwrap_or(0)),
                    nulls,
                    options,
                )
            })
            .collect::<Result<Vec<_>>>()
    })?;
    Ok(Frame { schema, columns, rows, charges })
}

/// Bytes of a value of a fixed-width type.
fn width(data_type: &DataType) -> Option<usize> {
    match data_type {
        DataType::Decimal128(..) => Some(16),
        DataType::Float16 => None,
        other => other.primitive_width(),
    }
}

/// The values of `chunks` in one block.
fn joined(chunks: &[ArrayRef], width: usize, rows: usize) -> Result<Column> {
    let mut block = new_block(rows * width)?;
    let mut at = 0;
    let out = block.as_mut_slice::<u8>();
    for chunk in chunks {
        let data = chunk.to_data();
        let (from, bytes) = (data.offset() * width, data.len() * width);
        if let (Some(values), Some(target)) = (
            data.buffers().first().and_then(|buffer| buffer.get(from..from + bytes)),
            out.get_mut(at..at + bytes),
        ) {
            target.copy_from_slice(values);
        }
        at += bytes;
    }
    let nulls = chunks.iter().any(|chunk| chunk.null_count() > 0).then(|| {
        chunks.iter().flat_map(|chunk| (0..chunk.len()).map(|row| chunk.is_valid(row))).collect()
    });
    Ok(Column::Fixed { block, nulls })
}

fn new_block(bytes: usize) -> Result<Block> {
    Block::zeroed(bytes).ok_or_else(|| IoError::Limit {
        path: std::path::PathBuf::new(),
        needed: bytes as u64,
        limit: 0,
        message: "no memory for a column".to_owned(),
    })
}

/// A fixed-width column as NumPy has it.
fn convert(
    name: &str,
    data_type: &DataType,
    mut block: Block,
    nulls: Option<NullBuffer>,
    options: FrameOptions,
) -> Result<FrameColumn> {
    use DataType as D;
    let dtype = match data_type {
        D::Int8 | D::Int16 | D::Int32 | D::Int64 => Dtype::Int(width(data_type).unwrap_or(8)),
        D::UInt8 | D::UInt16 | D::UInt32 | D::UInt64 => Dtype::UInt(width(data_type).unwrap_or(8)),
        D::Float32 => {
            fill(block.as_mut_slice::<f32>(), nulls.as_ref(), f32::NAN);
            return Ok(FrameColumn::Numpy { block, dtype: Dtype::Float(4) });
        }
        D::Float64 => {
            fill(block.as_mut_slice::<f64>(), nulls.as_ref(), f64::NAN);
            return Ok(FrameColumn::Numpy { block, dtype: Dtype::Float(8) });
        }
        D::Timestamp(unit, _) => {
            fill(block.as_mut_slice::<i64>(), nulls.as_ref(), NAT);
            return Ok(FrameColumn::Numpy { block, dtype: Dtype::Datetime(*unit) });
        }
        D::Duration(unit) => {
            fill(block.as_mut_slice::<i64>(), nulls.as_ref(), NAT);
            return Ok(FrameColumn::Numpy { block, dtype: Dtype::Timedelta(*unit) });
        }
        D::Date32 if options.dates == Dates::Datetime64 => {
            let mut seconds = new_block(block.size() * 2)?;
            for (to, from) in seconds.as_mut_slice::<i64>().iter_mut().zip(block.as_slice::<i32>())
            {
                *to = i64::from(*from) * SECONDS_OF_DAY;
            }
            fill(seconds.as_mut_slice::<i64>(), nulls.as_ref(), NAT);
            return Ok(FrameColumn::Numpy {
                block: seconds,
                dtype: Dtype::Datetime(TimeUnit::Second),
            });
        }
        other_type => {
            let size = block.size();
            let data = arrow::array::ArrayData::builder(other_type.clone())
                .len(size / width(other_type).unwrap_or(1).max(1))
                .add_buffer(block.into_buffer(size))
                .nulls(nulls);
            let data = data.build().map_err(|error| shape(name, &error))?;
            let rows = data.len();
            return other(other_type, vec![arrow::array::make_array(data)], rows, options);
        }
    };
    let Some(nulls) = nulls else { return Ok(FrameColumn::Numpy { block, dtype }) };
    let as_floats = match options.null_ints {
        NullInts::Error => {
            return Err(IoError::Schema {
                path: std::path::PathBuf::new(),
                column: name.to_owned(),
                message: format!("column '{name}' has integers and nulls"),
                hint: Some("null_ints: 'exact', 'masked' or 'float64'".to_owned()),
            });
        }
        NullInts::Masked => false,
        NullInts::Float64 => true,
        NullInts::Exact => match dtype {
            Dtype::Int(8) => {
                block.as_slice::<i64>().iter().all(|&v| v as f64 as i128 == i128::from(v))
            }
            Dtype::UInt(8) => {
                block.as_slice::<u64>().iter().all(|&v| v as f64 as u128 == u128::from(v))
            }
            _ => true,
        },
    };
    if as_floats {
        let block = floats(block, dtype, &nulls)?;
        return Ok(FrameColumn::Numpy { block, dtype: Dtype::Float(8) });
    }
    let mut mask = new_block(nulls.len())?;
    for (byte, valid) in mask.as_mut_slice::<u8>().iter_mut().zip(nulls.iter()) {
        *byte = u8::from(!valid);
    }
    Ok(FrameColumn::Masked { block, dtype, mask })
}

fn shape(name: &str, error: &arrow::error::ArrowError) -> IoError {
    IoError::Schema {
        path: std::path::PathBuf::new(),
        column: name.to_owned(),
        message: format!("column '{name}': {error}"),
        hint: None,
    }
}

/// Integers as floats; NaN where null.
fn floats(mut block: Block, dtype: Dtype, nulls: &NullBuffer) -> Result<Block> {
    macro_rules! widened {
        ($type:ty) => {{
            let values = block.as_slice::<$type>();
            let mut wide = new_block(values.len() * 8)?;
            for (to, from) in wide.as_mut_slice::<f64>().iter_mut().zip(values) {
                *to = f64::from(*from);
            }
            wide
        }};
    }
    let mut wide = match dtype {
        Dtype::Int(1) => widened!(i8),
        Dtype::Int(2) => widened!(i16),
        Dtype::Int(4) => widened!(i32),
        Dtype::UInt(1) => widened!(u8),
        Dtype::UInt(2) => widened!(u16),
        Dtype::UInt(4) => widened!(u32),
        Dtype::UInt(_) => {
            for value in block.as_mut_slice::<u64>() {
                *value = (*value as f64).to_bits();
            }
            block
        }
        _ => {
            for value in block.as_mut_slice::<i64>() {
                *value = (*value as f64).to_bits() as i64;
            }
            block
        }
    };
    fill(wide.as_mut_slice::<f64>(), Some(nulls), f64::NAN);
    Ok(wide)
}

fn fill<T: Plain>(values: &mut [T], nulls: Option<&NullBuffer>, missing: T) {
    let Some(nulls) = nulls else { return };
    for (value, valid) in values.iter_mut().zip(nulls.iter()) {
        if !valid {
            *value = missing;
        }
    }
}

/// Types that are no fixed-width numbers.
fn other(
    data_type: &DataType,
    chunks: Vec<ArrayRef>,
    rows: usize,
    options: FrameOptions,
) -> Result<FrameColumn> {
    let has_nulls = chunks.iter().any(|chunk| chunk.null_count() > 0);
    match data_type {
        DataType::Boolean if !has_nulls => {
            let mut block = new_block(rows)?;
            let values = chunks.iter().flat_map(|chunk| chunk.as_boolean().values().iter());
            for (byte, value) in block.as_mut_slice::<u8>().iter_mut().zip(values) {
                *byte = u8::from(value);
            }
            Ok(FrameColumn::Numpy { block, dtype: Dtype::Bool })
        }
        DataType::Decimal128(..) | DataType::Decimal256(..)
            if options.decimals == Decimals::Float64 =>
        {
            let floats = chunks
                .iter()
                .map(|chunk| cast(chunk, &DataType::Float64))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| shape("", &error))?;
            let mut block = new_block(rows * 8)?;
            let values = floats.iter().flat_map(|chunk| chunk.as_primitive::<Float64Type>().iter());
            for (to, from) in block.as_mut_slice::<f64>().iter_mut().zip(values) {
                *to = from.unwrap_or(f64::NAN);
            }
            Ok(FrameColumn::Numpy { block, dtype: Dtype::Float(8) })
        }
        _ => Ok(FrameColumn::Arrow(chunks)),
    }
}
