//! Text that is short in a file and long in memory.
//!
//! A few kilobytes of indices can ask for one long dictionary entry a million times, and a value can
//! begin with all of the one before it. What the pages on their way to arrow-rs will unfold to is
//! summed up and charged before arrow-rs reserves it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use arrow::datatypes::DataType;

use crate::IoError;
use crate::context::{Budget, Charge};

/// Memory for the pages that a reader took since its last batch.
#[derive(Debug)]
pub(super) struct Unfolding {
    budget: Budget,
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    charge: Option<Charge>,
    refusal: Option<IoError>,
}

impl Unfolding {
    pub fn new(budget: &Budget, path: &Path) -> Self {
        Self { budget: budget.clone(), path: path.to_path_buf(), state: Mutex::default() }
    }

    /// Charges `bytes` until the next batch is there.
    pub fn charge(&self, bytes: u64) -> Result<(), String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match self.budget.charge(&self.path, bytes, "the text of a page") {
            Ok(charge) => {
                match &mut state.charge {
                    Some(held) => held.absorb(charge),
                    held => *held = Some(charge),
                }
                Ok(())
            }
            Err(error) => {
                let message = error.to_string();
                state.refusal = Some(error);
                Err(message)
            }
        }
    }

    /// Gives back what is charged: the batch that was made of it is charged for itself.
    pub fn settle(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).charge = None;
    }

    /// The error that made the reader fail, if it was the budget.
    pub fn refusal(&self) -> Option<IoError> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).refusal.take()
    }
}

/// The type of the leaf at position `index` below `data_type`, in the order of the file's leaves.
pub(super) fn leaf_type(data_type: &DataType, index: usize) -> Option<&DataType> {
    fn walk<'t>(data_type: &'t DataType, left: &mut usize) -> Option<&'t DataType> {
        match data_type {
            DataType::Struct(fields) => {
                fields.iter().find_map(|field| walk(field.data_type(), left))
            }
            DataType::List(field)
            | DataType::LargeList(field)
            | DataType::FixedSizeList(field, _)
            | DataType::ListView(field)
            | DataType::LargeListView(field)
            | DataType::Map(field, _) => walk(field.data_type(), left),
            leaf if *left == 0 => Some(leaf),
            _ => {
                *left -= 1;
                None
            }
        }
    }
    let mut left = index;
    walk(data_type, &mut left)
}

/// Whether values of `data_type` are copied out of their dictionary.
pub(super) fn unfolds(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary
    )
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{Field, Fields};

    use super::*;

    #[test]
    fn test_leaves_are_found_in_order() {
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let pair = Fields::from(vec![field("a", DataType::Int32), field("b", DataType::Utf8)]);
        let list = DataType::new_list(DataType::Struct(pair), true);
        let root = DataType::Struct(Fields::from(vec![
            field("x", DataType::Boolean),
            field("list", list),
            field("y", DataType::LargeBinary),
        ]));
        let found: Vec<_> = (0..5).map(|index| leaf_type(&root, index)).collect();
        let expected = [
            Some(&DataType::Boolean),
            Some(&DataType::Int32),
            Some(&DataType::Utf8),
            Some(&DataType::LargeBinary),
            None,
        ];
        assert_eq!(found, expected);
        assert_eq!(leaf_type(&DataType::Int8, 0), Some(&DataType::Int8));
    }

    #[test]
    fn test_charges_add_up_until_they_are_settled() {
        let budget = Budget::new(Some(100));
        let unfolding = Unfolding::new(&budget, Path::new("a.parquet"));
        unfolding.charge(60).unwrap();
        unfolding.charge(40).unwrap();
        assert!(unfolding.charge(1).is_err());
        assert!(matches!(unfolding.refusal(), Some(IoError::Limit { needed: 101, .. })));
        unfolding.settle();
        assert_eq!(budget.used(), 0);
        unfolding.charge(100).unwrap();
    }
}
