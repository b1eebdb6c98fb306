//! The weight column: any numeric type in, checked `f64` out.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};

use crate::GraphError;
use crate::ids::type_name;

/// Weights in row order, and the first rows that some kernels refuse.
pub(crate) struct Weights {
    pub(crate) values: Vec<f64>,
    pub(crate) first_negative: Option<usize>,
    pub(crate) first_infinite: Option<usize>,
}

/// Reads the chunks of a weight column; a null, NaN or `-inf` is an error with its row.
pub(crate) fn read_weights(chunks: &[ArrayRef], rows: usize) -> Result<Weights, GraphError> {
    let found = chunks.iter().map(Array::len).sum();
    if found != rows {
        return Err(GraphError::LengthsDiffer { src: rows, column: "weight", rows: found });
    }
    let mut values: Vec<f64> = Vec::with_capacity(rows);
    for chunk in chunks {
        if let Some(row) = first_null(chunk) {
            return Err(GraphError::NullWeight { row: (values.len() + row + 1) as u64 });
        }
        let refuse = || GraphError::WeightType { found: type_name(chunk.data_type()) };
        if !is_number(chunk.data_type()) {
            return Err(refuse());
        }
        let floats = cast(chunk, &DataType::Float64).map_err(|_| refuse())?;
        values.extend_from_slice(floats.as_primitive::<Float64Type>().values());
    }
    let unusable = |w: &f64| w.is_nan() || *w == f64::NEG_INFINITY;
    if let Some(row) = values.iter().position(unusable) {
        let needs = "weights are finite numbers or inf";
        return Err(GraphError::BadWeight { row: row as u64 + 1, weight: values[row], needs });
    }
    let first_negative = values.iter().position(|&w| w < 0.0);
    let first_infinite = values.iter().position(|w| w.is_infinite());
    Ok(Weights { values, first_negative, first_infinite })
}

/// Position of the first null, seen through dictionaries.
pub(crate) fn first_null(chunk: &ArrayRef) -> Option<usize> {
    let nulls = chunk.logical_nulls()?;
    if nulls.null_count() == 0 { None } else { (0..nulls.len()).find(|&i| nulls.is_null(i)) }
}

fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_number(values),
        other => other.is_numeric(),
    }
}
