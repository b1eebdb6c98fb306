//! Opens an Avro file, walks its blocks, and decodes them in file order.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{RecordBatch, new_null_array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow_avro::codec::Tz;
use arrow_avro::reader::{Reader, ReaderBuilder};

use super::blocks::{self, Block, Header};
use crate::batch::{batch_of, nearest_name, project_schema};
use crate::error::panic_text;
use crate::{IoError, Result, source};

/// Decoded bytes that small blocks are joined up to.
const JOIN_BYTES: usize = 128 << 20;
/// Records of no bytes at all that one block may claim.
const MAX_EMPTY_RECORDS: u64 = 1 << 31;

/// A file whose header and blocks have been checked.
#[derive(Debug, Clone)]
pub struct AvroFile {
    path: PathBuf,
    header: Arc<Header>,
    blocks: Arc<[Block]>,
    schema: SchemaRef,
    /// Field of the file behind each column of `schema`.
    fields: Vec<usize>,
    /// No record takes any bytes (all fields are null).
    weightless: bool,
}

impl AvroFile {
    /// Checks header and blocks; `columns` are read in the order given, all without them.
    pub fn open(path: &Path, columns: Option<&[String]>) -> Result<Self> {
        let (file, size) = source::open_nonempty(path)?;
        let header = blocks::header(path, &file)?;
        let all = decoder(path, None, &header.empty_container(path)?, None, 1)?.schema();
        let blocks = header.blocks(path, file, size)?;
        let fields = match columns {
            None => (0..all.fields().len()).collect(),
            Some(names) => {
                let find = |name: &String| {
                    all.index_of(name).map_err(|_| IoError::Schema {
                        path: path.to_path_buf(),
                        column: name.clone(),
                        message: format!("no column '{name}'"),
                        hint: Some(nearest_name(
                            name,
                            all.fields().iter().map(|field| field.name().as_str()),
                        )),
                    })
                };
                names.iter().map(find).collect::<Result<Vec<_>>>()?
            }
        };
        Ok(Self {
            path: path.to_path_buf(),
            header: Arc::new(header),
            blocks: blocks.into(),
            weightless: all.fields().iter().all(|field| weighs_nothing(field.data_type())),
            schema: project_schema(&all, Some(&fields)),
            fields,
        })
    }

    /// Names and types of the columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Records that the blocks declare.
    pub fn rows(&self) -> u64 {
        self.blocks.iter().map(|block| block.records).fold(0, u64::saturating_add)
    }

    /// The records as batches of at most `batch_rows`; `projection` indexes [`Self::schema`].
    pub fn batches(
        &self,
        projection: Option<&[usize]>,
        limit: Option<usize>,
        batch_rows: usize,
        cancel: Arc<AtomicBool>,
    ) -> Result<AvroBatches> {
        let wanted: Vec<usize> = match projection {
            Some(indices) => {
                indices.iter().copied().filter(|&index| index < self.fields.len()).collect()
            }
            None => (0..self.fields.len()).collect(),
        };
        // The decoder is given each field once; order and repeats are made afterwards.
        let fields: Vec<usize> = wanted.iter().map(|&index| self.fields[index]).collect();
        let mut decoded = fields.clone();
        decoded.sort_unstable();
        decoded.dedup();
        let order = fields.iter().filter_map(|field| decoded.binary_search(field).ok()).collect();
        Ok(AvroBatches {
            source: source::open(&self.path)?,
            file: self.clone(),
            schema: project_schema(&self.schema, Some(&wanted)),
            decoded,
            order,
            next_block: 0,
            pending: VecDeque::new(),
            left: self.rows().min(limit.map_or(u64::MAX, |limit| limit as u64)),
            batch_rows: batch_rows.max(1),
            cancel,
        })
    }
}

/// The batches of an [`AvroFile`].
#[derive(Debug)]
pub struct AvroBatches {
    file: AvroFile,
    source: File,
    schema: SchemaRef,
    decoded: Vec<usize>,
    order: Vec<usize>,
    next_block: usize,
    /// Decoded, not yet handed out.
    pending: VecDeque<RecordBatch>,
    /// Rows still to come.
    left: u64,
    batch_rows: usize,
    cancel: Arc<AtomicBool>,
}

impl AvroBatches {
    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Decodes blocks until a batch is full, then hands it out.
    fn read(&mut self) -> Result<RecordBatch> {
        let wanted = self.left.min(self.batch_rows as u64) as usize;
        let (mut rows, mut bytes) = (0, 0);
        for batch in &self.pending {
            rows += batch.num_rows();
        }
        while rows < wanted && bytes < JOIN_BYTES {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(IoError::Cancelled);
            }
            let number = self.next_block as u64 + 1;
            let Some(&block) = self.file.blocks.get(self.next_block) else { break };
            self.next_block += 1;
            if block.records == 0 {
                continue;
            }
            let batch = self.block(number, block)?;
            rows += batch.num_rows();
            bytes += batch.get_array_memory_size();
            self.pending.push_back(batch);
        }
        let mut parts = Vec::new();
        let mut taken = 0;
        while taken < wanted {
            let Some(batch) = self.pending.pop_front() else { break };
            let room = wanted - taken;
            if batch.num_rows() > room {
                self.pending.push_front(batch.slice(room, batch.num_rows() - room));
                parts.push(batch.slice(0, room));
                taken = wanted;
            } else {
                taken += batch.num_rows();
                parts.push(batch);
            }
        }
        if taken == 0 {
            return Err(IoError::avro(&self.file.path, None, "fewer records than declared"));
        }
        self.left -= taken as u64;
        if let [batch] = parts.as_slice() {
            return Ok(batch.clone());
        }
        if self.schema.fields().is_empty() {
            return self.build(batch_of(&self.schema, Vec::new(), taken));
        }
        self.build(concat_batches(&self.schema, &parts))
    }

    fn build(&self, batch: Result<RecordBatch, ArrowError>) -> Result<RecordBatch> {
        batch.map_err(|error| IoError::avro(&self.file.path, None, error.to_string()))
    }

    /// All records of one block.
    fn block(&mut self, number: u64, block: Block) -> Result<RecordBatch> {
        let path = &self.file.path;
        let bad = |message: String| IoError::avro(path, Some(number), message);
        if self.file.weightless {
            return self.weightless(number, block);
        }
        if self.decoded.is_empty() {
            return self.build(batch_of(&self.schema, Vec::new(), block.records as usize));
        }
        let mut data = Vec::new();
        self.source
            .seek(SeekFrom::Start(block.offset))
            .and_then(|_| (&self.source).take(block.bytes).read_to_end(&mut data))
            .map_err(|source| IoError::reading(path, source))?;
        if data.len() as u64 != block.bytes {
            return Err(bad("truncated while it was read".to_owned()));
        }
        let container = self.file.header.container(path, number, block, data)?;
        let rows = usize::try_from(block.records).map_err(|_| bad("too many records".into()))?;
        let mut reader = decoder(path, Some(number), &container, Some(self.decoded.clone()), rows)?;
        let mut decode = || match catch_unwind(AssertUnwindSafe(|| reader.next())) {
            Ok(batch) => batch.transpose().map_err(|error| bad(plain(&error))),
            Err(panic) => Err(bad(panic_text(&*panic))),
        };
        let batch = decode()?.ok_or_else(|| bad(format!("no records, {rows} declared")))?;
        if batch.num_rows() != rows {
            return Err(bad(format!("{} records, {rows} declared", batch.num_rows())));
        }
        if !matches!(decode(), Ok(None)) {
            return Err(bad(format!("damaged: bytes are left after {rows} records")));
        }
        let columns = self.order.iter().map(|&index| Arc::clone(batch.column(index))).collect();
        batch_of(&self.schema, columns, rows).map_err(|error| bad(plain(&error)))
    }

    /// A block of records without bytes, which a decoder would take for none.
    fn weightless(&self, number: u64, block: Block) -> Result<RecordBatch> {
        let bad = |message: String| IoError::avro(&self.file.path, Some(number), message);
        if self.file.header.codec.is_none() && block.bytes > 0 {
            return Err(bad("damaged: data, where records have none".into()));
        }
        if block.records > MAX_EMPTY_RECORDS {
            return Err(bad(format!("{} records without data", block.records)));
        }
        let rows = block.records as usize;
        let fields = self.schema.fields();
        let columns = fields.iter().map(|field| new_null_array(field.data_type(), rows)).collect();
        batch_of(&self.schema, columns, rows).map_err(|error| bad(plain(&error)))
    }
}

impl Iterator for AvroBatches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let batch = self.read();
        if batch.is_err() {
            self.left = 0;
        }
        Some(batch)
    }
}

/// Whether values of this type take no bytes; only nulls count, other such types are refused.
fn weighs_nothing(data_type: &DataType) -> bool {
    *data_type == DataType::Null
}

fn decoder<'a>(
    path: &Path,
    block: Option<u64>,
    container: &'a [u8],
    projection: Option<Vec<usize>>,
    batch_rows: usize,
) -> Result<Reader<&'a [u8]>> {
    let build = AssertUnwindSafe(|| {
        let builder = ReaderBuilder::new().with_batch_size(batch_rows).with_tz(Tz::Utc);
        match projection {
            Some(projection) => builder.with_projection(projection),
            None => builder,
        }
        .build(container)
    });
    match catch_unwind(build) {
        Ok(Ok(reader)) => Ok(reader),
        Ok(Err(error)) => {
            Err(IoError::avro(path, block, format!("cannot read: {}", plain(&error))))
        }
        Err(panic) => Err(IoError::avro(path, block, panic_text(&*panic))),
    }
}

/// The text without the name of its class.
fn plain(error: &ArrowError) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("Parser error: ").unwrap_or(&text);
    text.strip_prefix("Avro error: ").unwrap_or(text).to_owned()
}
