//! The weight column: any numeric type in, checked `f64` out, and what kernels want to know of it.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use rayon::prelude::*;

use crate::GraphError;
use crate::control::CHUNK;
use crate::ids::type_name;

/// What the weights of all edges have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WeightFacts {
    /// First edge with a weight below zero.
    pub(crate) first_negative: Option<usize>,
    /// First edge of weight `inf`.
    pub(crate) first_infinite: Option<usize>,
    /// Largest finite weight.
    pub(crate) max: f64,
    /// Whether every weight is a whole number from 0 to 2³² - 1.
    pub(crate) are_small_integers: bool,
}

/// Reads the chunks of a weight column of `rows` rows; `row_of` tells the row in the table.
///
/// A null without a `default`, a NaN or `-inf` is an error with its row.
pub(crate) fn read_weights(
    chunks: &[ArrayRef],
    rows: usize,
    default: Option<f64>,
    row_of: impl Fn(usize) -> usize,
) -> Result<Vec<f64>, GraphError> {
    let found = chunks.iter().map(Array::len).sum();
    if found != rows {
        return Err(GraphError::LengthsDiffer { src: rows, column: "weight", rows: found });
    }
    let mut values: Vec<f64> = Vec::with_capacity(rows);
    for chunk in chunks {
        let nulls = chunk.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        if default.is_none() && nulls.is_some() {
            let row = values.len() + first_null(chunk).unwrap_or_default();
            return Err(GraphError::NullWeight { row: row_of(row) as u64 + 1 });
        }
        let refuse = || GraphError::WeightType { found: type_name(chunk.data_type()) };
        if !is_number(chunk.data_type()) {
            return Err(refuse());
        }
        let floats = cast(chunk, &DataType::Float64).map_err(|_| refuse())?;
        let start = values.len();
        values.extend_from_slice(floats.as_primitive::<Float64Type>().values());
        if let (Some(nulls), Some(default)) = (nulls, default) {
            for i in (0..nulls.len()).filter(|&i| nulls.is_null(i)) {
                values[start + i] = default;
            }
        }
    }
    refuse_unusable(&values, row_of)?;
    Ok(values)
}

/// An error that names the first weight no graph can have.
pub(crate) fn refuse_unusable(
    values: &[f64],
    row_of: impl Fn(usize) -> usize,
) -> Result<(), GraphError> {
    let is_unusable = |w: &f64| w.is_nan() || *w == f64::NEG_INFINITY;
    match values.par_iter().position_first(is_unusable) {
        None => Ok(()),
        Some(edge) => Err(GraphError::BadWeight {
            row: row_of(edge) as u64 + 1,
            weight: values[edge],
            needs: "weights are finite numbers or inf",
        }),
    }
}

/// One pass over weights that are no NaN.
pub(crate) fn weight_facts(values: &[f64]) -> WeightFacts {
    let none = || WeightFacts {
        first_negative: None,
        first_infinite: None,
        max: 0.0,
        are_small_integers: true,
    };
    let of_chunk = |(chunk, values): (usize, &[f64])| {
        let mut facts = none();
        for (i, &weight) in values.iter().enumerate() {
            if weight < 0.0 {
                facts.first_negative = facts.first_negative.or(Some(chunk * CHUNK + i));
            }
            if weight == f64::INFINITY {
                facts.first_infinite = facts.first_infinite.or(Some(chunk * CHUNK + i));
            } else {
                facts.max = facts.max.max(weight);
            }
            let cut = f64::from(weight as u32); // saturates
            facts.are_small_integers &= cut.total_cmp(&(weight + 0.0)).is_eq(); // -0 is 0
        }
        facts
    };
    let first = |a: Option<usize>, b: Option<usize>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let both = |a: WeightFacts, b: WeightFacts| WeightFacts {
        first_negative: first(a.first_negative, b.first_negative),
        first_infinite: first(a.first_infinite, b.first_infinite),
        max: a.max.max(b.max),
        are_small_integers: a.are_small_integers && b.are_small_integers,
    };
    values.par_chunks(CHUNK).enumerate().map(of_chunk).reduce(none, both)
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
