//! Records, one after the other, into columns.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::columns::Column;
use super::cursor::{Cursor, Fault, MAX_WEIGHTLESS};
use super::schema::Node;
use crate::batch::batch_of;

/// Records without any bytes that one block may claim.
const MAX_EMPTY_RECORDS: u64 = 1 << 31;
/// Bytes reserved ahead, at most: a header's counts are not to be trusted.
const MAX_RESERVED: usize = 64 << 20;

/// The columns wanted from a file's records.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// The file's fields, in its order.
    pub fields: Arc<[(String, Arc<Node>)]>,
    /// For each field the column it fills, if it is wanted.
    pub targets: Vec<Option<usize>>,
    /// The schema of the columns, each field once.
    pub schema: SchemaRef,
}

impl Layout {
    pub fn min_width(&self) -> usize {
        self.fields.iter().map(|(_, node)| node.min_width()).fold(0, usize::saturating_add)
    }

    /// Checks what a block claims before anything is made of it; a message if it cannot be.
    pub fn check_count(&self, records: u64, bytes: usize) -> Result<(), String> {
        let width = self.min_width() as u64;
        let fits = match width {
            0 if self.fields.iter().all(|(_, node)| **node == Node::Null) => {
                records <= MAX_EMPTY_RECORDS
            }
            0 => records <= MAX_WEIGHTLESS,
            _ => records <= bytes as u64 / width,
        };
        if fits { Ok(()) } else { Err(format!("damaged: {records} records in {bytes} bytes")) }
    }

    /// Passes over a block that another decoder will read, with all checks.
    pub fn check_records(&self, data: &[u8], records: u64) -> Result<(), String> {
        self.check_count(records, data.len())?;
        let mut cursor = Cursor::new(data);
        for record in 0..records {
            for (name, node) in self.fields.iter() {
                cursor.skip(node).map_err(|fault| place(record, name, &cursor, fault))?;
            }
            if self.min_width() == 0 && cursor.left() == 0 && self.fields.is_empty() {
                break;
            }
        }
        all_read(&cursor, records)
    }
}

fn place(record: u64, field: &str, cursor: &Cursor<'_>, fault: Fault) -> String {
    let (record, offset) = (record + 1, cursor.position());
    format!("damaged: record {record}, field '{field}', byte {offset}: {}", fault.text())
}

fn all_read(cursor: &Cursor<'_>, records: u64) -> Result<(), String> {
    match cursor.left() {
        0 => Ok(()),
        left => Err(format!("damaged: {left} bytes are left after {records} records")),
    }
}

/// What happens to a field.
#[derive(Debug)]
enum Step {
    Read(Column),
    Skip(Arc<Node>),
}

/// Columns filled from the blocks of a run.
#[derive(Debug)]
pub(super) struct RowDecoder<'a> {
    layout: &'a Layout,
    steps: Vec<Step>,
    rows: usize,
    /// Records that are expected in all.
    expected: u64,
}

impl<'a> RowDecoder<'a> {
    /// Ready for `expected` records, as far as the blocks themselves bear that out.
    pub fn new(layout: &'a Layout, expected: u64) -> Result<Self, ArrowError> {
        let steps = layout.fields.iter().zip(&layout.targets).map(|((_, node), target)| {
            let field = target.and_then(|target| layout.schema.fields().get(target));
            Ok(match field {
                Some(field) => Step::Read(Column::new(node, field.data_type())?),
                None => Step::Skip(Arc::clone(node)),
            })
        });
        let steps = steps.collect::<Result<_, ArrowError>>()?;
        Ok(Self { layout, steps, rows: 0, expected })
    }

    /// Reads all records of a block; a message if the block is not exactly those.
    pub fn block(&mut self, data: &[u8], records: u64) -> Result<(), String> {
        self.layout.check_count(records, data.len())?;
        let mut cursor = Cursor::new(data);
        if self.layout.min_width() == 0
            && self.layout.fields.iter().all(|(_, node)| **node == Node::Null)
        {
            for step in &mut self.steps {
                if let Step::Read(column) = step {
                    column.push_nulls(records as usize);
                }
            }
            self.rows += records as usize;
            return all_read(&cursor, records);
        }
        if records == 0 {
            return all_read(&cursor, records);
        }
        let first = self.rows == 0;
        let ahead = if first { self.expected } else { records };
        let most = MAX_RESERVED / 16 / self.steps.len().max(1);
        let ahead = (ahead as usize).min(most.max(records as usize));
        for step in &mut self.steps {
            if let Step::Read(column) = step {
                column.reserve(ahead);
            }
        }
        for record in 0..records {
            for (index, step) in self.steps.iter_mut().enumerate() {
                let read = match step {
                    Step::Read(column) => column.read(&mut cursor),
                    Step::Skip(node) => cursor.skip(node),
                };
                if let Err(fault) = read {
                    let name = self.layout.fields.get(index).map_or("", |(name, _)| name);
                    return Err(place(record, name, &cursor, fault));
                }
            }
        }
        if first && self.expected > records {
            let times = ((self.expected - records) / records) as usize + 1;
            for step in &mut self.steps {
                if let Step::Read(column) = step {
                    column.reserve_text(times, MAX_RESERVED / self.layout.fields.len().max(1));
                }
            }
        }
        self.rows += records as usize;
        all_read(&cursor, records)
    }

    /// The batch of all records read.
    pub fn finish(self) -> Result<RecordBatch, ArrowError> {
        let mut columns: Vec<Option<ArrayRef>> = vec![None; self.layout.schema.fields().len()];
        for (step, target) in self.steps.into_iter().zip(&self.layout.targets) {
            if let (Step::Read(column), Some(slot)) =
                (step, target.and_then(|target| columns.get_mut(target)))
            {
                *slot = Some(column.finish()?);
            }
        }
        let columns = columns.into_iter().flatten().collect();
        batch_of(&self.layout.schema, columns, self.rows)
    }
}
