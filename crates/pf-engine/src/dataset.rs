//! What a step hands to its consumers.

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::execution::memory_pool::MemoryReservation;

use crate::error::{EngineError, Foreign};

/// The output of a group of steps.
#[derive(Debug, Clone)]
pub enum Value {
    /// A table, held in memory until its last consumer is done.
    Table(Arc<Dataset>),
    /// A value of the caller's step handler.
    Foreign(Foreign),
    /// No data: a `save` that nobody reads, a step without a body.
    Nothing,
}

/// A materialised table: record batches in order, accounted for in the memory pool.
#[derive(Debug)]
pub struct Dataset {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    _reservation: Option<MemoryReservation>,
}

impl Dataset {
    /// A table of `batches`, all of `schema`.
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches, _reservation: None }
    }

    /// The same, with the memory that the pool granted for it.
    pub fn reserved(
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
        reservation: MemoryReservation,
    ) -> Self {
        Self { schema, batches, _reservation: Some(reservation) }
    }

    /// Columns and types.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows, in order.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Bytes held, shared buffers counted once per batch.
    pub fn bytes(&self) -> usize {
        self.batches.iter().map(RecordBatch::get_array_memory_size).sum()
    }

    /// The table as a source for plans: contiguous runs of rows, so that partitions in order of
    /// their index are the rows in order.
    pub fn provider(&self, partitions: usize) -> Result<Arc<dyn TableProvider>, EngineError> {
        let rows_each = self.rows().div_ceil(partitions.max(1)).max(1);
        let mut parts: Vec<Vec<RecordBatch>> = vec![Vec::new()];
        let mut filled = 0;
        for batch in &self.batches {
            if filled >= rows_each {
                parts.push(Vec::new());
                filled = 0;
            }
            filled += batch.num_rows();
            if let Some(last) = parts.last_mut() {
                last.push(batch.clone());
            }
        }
        Ok(Arc::new(MemTable::try_new(Arc::clone(&self.schema), parts)?))
    }
}
