//! A file that is opened first and read later, as a query engine wants it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::container::{self, Header, Walk};
use super::options::{AvroReadOptions, OnBadBlock};
use super::plan::{Plan, plain_options};
use super::read::AvroStream;
use crate::batch::project_schema;
use crate::context::Context;
use crate::source::Source;
use crate::{IoError, Result};

/// A file whose header and blocks have been checked.
#[derive(Debug, Clone)]
pub struct AvroFile {
    source: Source,
    header: Arc<Header>,
    options: AvroReadOptions,
    schema: SchemaRef,
    rows: u64,
}

impl AvroFile {
    /// Checks header and blocks; `columns` are read in the order given, all without them.
    pub fn open(path: &Path, columns: Option<&[String]>) -> Result<Self> {
        let source = Source::open(path)?;
        let header = container::header(&source)?;
        let options = plain_options(columns);
        let schema = Plan::with_header(&source, header.clone(), &options)?.schema;
        let mut walk = Walk::new(&header, OnBadBlock::Error);
        let mut rows = 0_u64;
        while let Some(block) = walk.next(&source)? {
            rows = rows.saturating_add(block.records);
        }
        Ok(Self { source, header: Arc::new(header), options, schema, rows })
    }

    /// Names and types of the columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Records that the blocks declare.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The records as batches of at most `batch_rows`; `projection` indexes [`Self::schema`].
    pub fn batches(
        &self,
        projection: Option<&[usize]>,
        limit: Option<usize>,
        batch_rows: usize,
        cancel: Arc<AtomicBool>,
    ) -> Result<AvroBatches> {
        let mut options = self.options.clone();
        if let Some(indices) = projection {
            let fields = project_schema(&self.schema, Some(indices));
            let names = fields.fields().iter().map(|field| field.name().as_str().into());
            options.columns = Some(names.collect());
        }
        options.n_rows = limit.map(|limit| limit as u64);
        options.batch_rows = batch_rows;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let context = Context::new(threads, None, cancel)?;
        let plan = Plan::with_header(&self.source, Header::clone(&self.header), &options)?;
        let left = self.rows.min(options.n_rows.unwrap_or(u64::MAX));
        Ok(AvroBatches { stream: AvroStream::new(plan, &options, &context), left })
    }
}

/// The batches of an [`AvroFile`].
#[derive(Debug)]
pub struct AvroBatches {
    stream: AvroStream,
    /// Rows still to come.
    left: u64,
}

impl AvroBatches {
    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        self.stream.schema()
    }
}

impl Iterator for AvroBatches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.stream.next() {
            Some(Ok(batch)) => {
                self.left = self.left.saturating_sub(batch.num_rows() as u64);
                Some(Ok(batch))
            }
            Some(error) => {
                self.left = 0;
                Some(error)
            }
            None if self.left > 0 => {
                self.left = 0;
                let path = &self.stream.path();
                Some(Err(IoError::avro(path, None, "fewer records than declared")))
            }
            None => None,
        }
    }
}
