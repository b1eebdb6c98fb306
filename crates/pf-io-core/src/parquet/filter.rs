//! Which rows satisfy a predicate.
//!
//! A row group is ruled out by its statistics or its bloom filters, pages of the others by the page
//! index. Of what is left the columns of the predicate are decoded, the cheapest condition first,
//! and each condition only for the rows that the ones before it left. The other columns are then
//! decoded for the rows that were found ([`super::whole`]).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, BooleanArray, new_empty_array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{filter, prep_null_mask_filter};
use arrow::error::ArrowError;
use parquet::file::statistics::Statistics;

use super::chunk::{Chunks, Group, Part};
use super::file::{OpenFile, Wanted};
use super::flat::Scratch;
use super::predicate::{Bounds, Predicate};
use super::selection::Selection;
use super::tasks::{self, Task};
use super::{bloom, page_index, statistics};
use crate::{IoError, Result};

/// A predicate and the columns it needs.
pub(super) struct Filter<'p> {
    predicate: &'p Predicate,
    columns: Vec<Wanted>,
}

/// Row groups with rows that satisfy a filter.
pub(super) struct Found {
    pub parts: Vec<Part>,
    /// Row groups that had to be looked into.
    pub opened: usize,
}

impl<'p> Filter<'p> {
    /// An error if the columns are not there, or cannot be compared with the values.
    pub fn new(file: &OpenFile, predicate: &'p Predicate) -> Result<Self> {
        let names: Vec<Vec<String>> =
            predicate.columns().into_iter().map(|name| vec![name.to_owned()]).collect();
        let columns = file.wanted(Some(&names))?;
        let empty: Vec<(usize, ArrayRef)> = columns
            .iter()
            .map(|column| new_empty_array(column.field.data_type()))
            .enumerate()
            .collect();
        let filter = Self { predicate, columns };
        filter.mask(file, predicate, 0, &empty)?;
        Ok(filter)
    }

    /// The rows of `groups` that satisfy the predicate, as many of the first as are asked for.
    pub fn parts(&self, chunks: Chunks<'_>, wanted: &[Wanted], groups: &[Group]) -> Result<Found> {
        let limit = usize::try_from(chunks.options.n_rows.unwrap_or(u64::MAX));
        let limit = limit.unwrap_or(usize::MAX);
        let rows = Mutex::new(vec![None; groups.len()]);
        let work = groups
            .iter()
            .enumerate()
            .map(|(order, &group)| Task { order, cost: 0, work: (order, group) })
            .collect();
        let parts = tasks::in_turn(work, chunks.context, |(order, group), scratch| {
            let part = self.part(chunks, wanted, group, scratch)?;
            let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
            rows[order] = Some(part.as_ref().map_or(0, Part::rows));
            Ok((part, enough(&rows, limit)))
        })?;
        let mut found = Found { parts: Vec::new(), opened: 0 };
        let mut left = limit;
        for mut part in parts.into_iter().flatten() {
            found.opened += 1;
            part.truncate(left);
            left -= part.rows();
            if part.rows() > 0 {
                found.parts.push(part);
            }
        }
        Ok(found)
    }

    /// The rows of `group`; none if it need not be opened.
    fn part(
        &self,
        chunks: Chunks<'_>,
        wanted: &[Wanted],
        group: Group,
        scratch: &mut Scratch,
    ) -> Result<Option<Part>> {
        if self.excludes(chunks.file, group) || self.bloom_excludes(chunks.file, group) {
            return Ok(None);
        }
        let selection = self.pages(chunks, group).map(Selection::new);
        if selection.as_ref().is_some_and(|selection| selection.count() == 0) {
            return Ok(None);
        }
        let selection = selection.filter(|selection| selection.count() < group.rows);
        let mut part = Part { selection, ..Part::whole(group) };
        // Places among the filter's columns for now.
        let mut known: Vec<(usize, ArrayRef)> = Vec::new();
        for condition in self.conditions(chunks, group) {
            for (place, column) in self.columns.iter().enumerate() {
                let needed = condition.columns().contains(column.field.name().as_str());
                if needed && known.iter().all(|(known, _)| *known != place) {
                    known.push((place, chunks.array(column, &part, scratch)?.0));
                }
            }
            let kept = self.mask(chunks.file, &condition, part.rows(), &known)?;
            if kept.count_set_bits() == kept.len() {
                continue;
            }
            let mask = BooleanArray::new(kept.clone(), None);
            for (_, array) in &mut known {
                *array = filter(array, &mask).map_err(|error| mismatch(chunks.file, &error))?;
            }
            part.selection = Some(match part.selection {
                None => Selection::new(kept),
                Some(selection) => selection.narrowed(&kept),
            });
            if part.rows() == 0 {
                break;
            }
        }
        let path = chunks.file.source.path();
        part.known = wanted
            .iter()
            .enumerate()
            .filter_map(|(at, column)| {
                let (_, array) = known.iter().find(|(place, _)| {
                    let other = &self.columns[*place];
                    other.leaves == column.leaves && other.field == column.field
                })?;
                Some((at, Arc::clone(array)))
            })
            .collect();
        for (_, array) in &part.known {
            let bytes = array.get_array_memory_size() as u64;
            part.charges.push(chunks.context.budget().charge(path, bytes, "filtered rows")?);
        }
        Ok(Some(part))
    }

    /// What all must hold, the cheapest to read first; conditions on the same columns are one.
    fn conditions(&self, chunks: Chunks<'_>, group: Group) -> Vec<Predicate> {
        let mut sets: Vec<(BTreeSet<&str>, Vec<Predicate>)> = Vec::new();
        for condition in self.predicate.conjuncts() {
            let columns = condition.columns();
            match sets.iter_mut().find(|(known, _)| *known == columns) {
                Some((_, conditions)) => conditions.push(condition.clone()),
                None => sets.push((columns, vec![condition.clone()])),
            }
        }
        sets.sort_by_key(|(columns, _)| {
            let named = |column: &&Wanted| columns.contains(column.field.name().as_str());
            let columns = self.columns.iter().filter(named);
            columns.map(|column| chunks.cost(column, group.index)).sum::<u64>()
        });
        sets.into_iter().map(|(_, args)| Predicate::And { args }).collect()
    }

    /// Which of `rows` rows satisfy `condition`; `known` has the values of its columns.
    fn mask(
        &self,
        file: &OpenFile,
        condition: &Predicate,
        rows: usize,
        known: &[(usize, ArrayRef)],
    ) -> Result<BooleanBuffer> {
        let of = |name: &str| {
            let place = self.columns.iter().position(|column| column.field.name() == name)?;
            known.iter().find(|(known, _)| *known == place).map(|(_, array)| array)
        };
        let mask = condition.evaluate(rows, &of).map_err(|error| mismatch(file, &error))?;
        let mask = if mask.null_count() > 0 { prep_null_mask_filter(&mask) } else { mask };
        Ok(mask.values().clone())
    }

    fn column(&self, name: &str) -> Option<&Wanted> {
        self.columns.iter().find(|column| column.field.name() == name && column.flat)
    }

    /// Whether the statistics of `group` rule out every row of it.
    fn excludes(&self, file: &OpenFile, group: Group) -> bool {
        self.predicate.excludes(group.rows as u64, &|name| {
            let column = self.column(name)?;
            let leaf = *column.leaves.first()?;
            let chunk = file.metadata().row_group(group.index).column(leaf);
            let order = file.metadata().file_metadata().column_order(leaf);
            let bounds = statistics::bounds(chunk, order);
            let of =
                |bound| statistics::as_array(chunk.column_descr(), column.field.data_type(), bound);
            Some(Bounds {
                least: bounds.as_ref().and_then(|bounds| of(&bounds.min)),
                greatest: bounds.as_ref().and_then(|bounds| of(&bounds.max)),
                nulls: chunk.statistics().and_then(Statistics::null_count_opt),
            })
        })
    }

    /// Whether bloom filters tell that no value is there.
    fn bloom_excludes(&self, file: &OpenFile, group: Group) -> bool {
        self.predicate.lacks(&|name, value| {
            let absent = || {
                let column = self.column(name)?;
                let chunk = file.metadata().row_group(group.index).column(*column.leaves.first()?);
                let value = value.of_type(column.field.data_type()).ok()??;
                bloom::lacks(&file.source, chunk, &value)
            };
            absent().unwrap_or(false)
        })
    }

    /// The rows of pages that may hold a row; `None` without a page index.
    fn pages(&self, chunks: Chunks<'_>, group: Group) -> Option<BooleanBuffer> {
        let file = chunks.file;
        let columns = self.columns.iter().filter(|column| column.flat).filter_map(|column| {
            let leaf = *column.leaves.first()?;
            let bounds =
                page_index::bounds(file, leaf, column.field.data_type(), group, chunks.context)?;
            Some((column.field.name().as_str(), bounds))
        });
        let columns: Vec<_> = columns.collect();
        if columns.is_empty() {
            return None;
        }
        Some(self.predicate.candidates(group.rows, &|name| {
            columns.iter().find(|(known, _)| *known == name).map(|(_, pages)| pages.as_slice())
        }))
    }
}

/// The row group after which no more rows are needed, as far as is known.
fn enough(rows: &[Option<usize>], limit: usize) -> usize {
    let mut sum = 0_usize;
    for (order, rows) in rows.iter().enumerate() {
        let Some(rows) = rows else { break };
        sum = sum.saturating_add(*rows);
        if sum >= limit {
            return order;
        }
    }
    usize::MAX
}

fn mismatch(file: &OpenFile, error: &ArrowError) -> IoError {
    let message = match error {
        ArrowError::ComputeError(text) | ArrowError::SchemaError(text) => text.clone(),
        other => other.to_string(),
    };
    IoError::Schema {
        path: file.source.path().to_path_buf(),
        column: String::new(),
        message: format!("filter: {message}"),
        hint: None,
    }
}
