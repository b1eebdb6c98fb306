//! What the CSV tests share: a read as one batch, and numbers that look random.
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::concat;
use bytes::Bytes;
use pf_io_core::csv::{CsvReadOptions, CsvReport, read};
use pf_io_core::{Context, IoError, Source};

/// Reads `text`; every array is checked, and every byte of the budget is given back.
pub fn table(
    text: impl Into<Bytes>,
    options: &CsvReadOptions,
    context: &Context,
) -> Result<(RecordBatch, CsvReport), IoError> {
    let source = Source::memory_text("test.csv", text.into());
    let found = read(&source, options, context);
    if found.is_err() {
        assert_eq!(context.budget().used(), 0, "an error gives all memory back");
    }
    let found = found?;
    let rows = found.table.rows;
    let (schema, columns, charges) = found.table.into_arrays();
    let arrays = columns.iter().zip(schema.fields()).map(|(chunks, field)| -> ArrayRef {
        let chunks: Vec<&dyn Array> = chunks.iter().map(AsRef::as_ref).collect();
        for chunk in &chunks {
            chunk.to_data().validate_full().unwrap();
        }
        match chunks.as_slice() {
            [] => arrow::array::new_empty_array(field.data_type()),
            chunks => concat(chunks).unwrap(),
        }
    });
    let shape = RecordBatchOptions::new().with_row_count(Some(rows));
    let arrays = arrays.collect();
    let batch = RecordBatch::try_new_with_options(schema.clone(), arrays, &shape).unwrap();
    drop(charges);
    assert_eq!(context.budget().used(), 0);
    Ok((batch, found.report))
}

/// Memory and threads of one read.
pub fn context(threads: usize, limit: Option<u64>) -> Context {
    Context::new(threads, limit, Arc::default()).unwrap()
}

/// Numbers that look random, the same in every run (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.roll() % end as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}
