//! Whether rows come in the order that the file will promise.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float32Array, Float64Array, RecordBatch, make_comparator,
};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Schema};

use super::options::{SortDirection, position};
use crate::{IoError, Result};

/// Compares each row with the one before, also across batches.
pub(super) struct OrderCheck {
    dest: PathBuf,
    keys: Vec<Key>,
    /// The key columns of the last row.
    last: Option<Vec<ArrayRef>>,
    rows: u64,
}

struct Key {
    name: String,
    column: usize,
    direction: SortDirection,
}

impl OrderCheck {
    pub(super) fn new(
        dest: &Path,
        schema: &Schema,
        sorting: &[(String, SortDirection)],
    ) -> Result<Self> {
        let keys = sorting.iter().map(|(name, direction)| {
            let column = position(dest, schema, name)?;
            Ok(Key { name: name.clone(), column, direction: *direction })
        });
        let keys = keys.collect::<Result<_>>()?;
        Ok(Self { dest: dest.to_path_buf(), keys, last: None, rows: 0 })
    }

    /// An error that names the first row out of order and its column.
    pub(super) fn check(&mut self, batch: &RecordBatch) -> Result<()> {
        if self.keys.is_empty() || batch.num_rows() == 0 {
            return Ok(());
        }
        let columns: Vec<ArrayRef> =
            self.keys.iter().map(|key| one_zero_one_nan(batch.column(key.column))).collect();
        if let Some(last) = &self.last {
            let compare = self.comparators(last, &columns)?;
            self.in_order(&compare, 0, 0, 0)?;
        }
        let compare = self.comparators(&columns, &columns)?;
        for row in 1..batch.num_rows() {
            self.in_order(&compare, row - 1, row, row)?;
        }
        self.rows += batch.num_rows() as u64;
        let end = batch.num_rows() - 1;
        self.last = Some(columns.iter().map(|column| column.slice(end, 1)).collect());
        Ok(())
    }

    fn in_order(
        &self,
        compare: &[impl Fn(usize, usize) -> Ordering],
        before: usize,
        after: usize,
        row: usize,
    ) -> Result<()> {
        for (key, compare) in self.keys.iter().zip(compare) {
            match compare(before, after) {
                Ordering::Less => return Ok(()),
                Ordering::Equal => {}
                Ordering::Greater => {
                    let direction = match key.direction {
                        SortDirection::Asc => "asc",
                        SortDirection::Desc => "desc",
                    };
                    let row = self.rows + row as u64 + 1;
                    let name = &key.name;
                    let message = format!("column '{name}', row {row}: not in order ({direction})");
                    return Err(IoError::refused(&self.dest, message));
                }
            }
        }
        Ok(())
    }

    fn comparators(
        &self,
        left: &[ArrayRef],
        right: &[ArrayRef],
    ) -> Result<Vec<arrow::array::DynComparator>> {
        let compare = self.keys.iter().zip(left.iter().zip(right)).map(|(key, (left, right))| {
            let descending = key.direction == SortDirection::Desc;
            make_comparator(left, right, SortOptions { descending, nulls_first: false }).map_err(
                |error| {
                    let message = format!("sorting: column '{}': {error}", key.name);
                    IoError::unsupported(&self.dest, message)
                },
            )
        });
        compare.collect()
    }
}

/// -0.0 as 0.0, and every NaN as the one above all numbers.
fn one_zero_one_nan(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Float64 => {
            let same = |value: f64| if value.is_nan() { f64::NAN } else { value + 0.0 };
            let values: Float64Array = column.as_primitive::<Float64Type>().unary(same);
            Arc::new(values)
        }
        DataType::Float32 => {
            let same = |value: f32| if value.is_nan() { f32::NAN } else { value + 0.0 };
            let values: Float32Array = column.as_primitive::<Float32Type>().unary(same);
            Arc::new(values)
        }
        _ => Arc::clone(column),
    }
}
