//! Batches into an Avro file. Types Avro lacks are cast where no value changes, else refused.
//!
//! Rows are gathered into slabs; slabs are encoded and packed in parallel and written in order. How
//! rows are cut into blocks depends on the rows alone, not on the number of threads.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, Schema, SchemaRef, TimeUnit};
use rayon::prelude::*;

use super::codec::{Codec, Packer};
use super::container::{SYNC, put_header};
use super::encode::{Frame, RowEncoder};
use crate::batch::{batch_of, slice_bytes, type_name};
use crate::context::{Charge, Context};
use crate::sink::AtomicFile;
use crate::{IoError, Result};

/// Codec names, for messages.
const CODECS: &str = "deflate, snappy, zstandard, bzip2, xz, null";
/// Blocks of a slab, about.
const SLAB_BLOCKS: usize = 8;
/// Slabs gathered before they are encoded, per thread.
const SLABS_PER_THREAD: usize = 2;
/// Memory of a slab, in times its rows: they themselves and what they are encoded as.
const HELD_TIMES: u64 = 2;

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvroWriteOptions {
    /// `deflate` (default), `snappy`, `zstandard`, `bzip2`, `xz`, `null`.
    pub codec: Option<String>,
    /// The codec's level; its usual one without.
    pub codec_level: Option<i32>,
    /// Bytes of a block before packing, at most unless one record has more.
    pub block_bytes: usize,
    /// The marker between blocks; random without.
    pub sync: Option<[u8; 16]>,
    /// The Avro schema, as JSON text, instead of the derived one.
    pub schema: Option<String>,
    /// Text columns that the derived schema has as enums, with all their symbols.
    pub enums: BTreeMap<String, Vec<String>>,
    /// More pairs for the header; keys that begin with `avro.` are the format's own.
    pub metadata: BTreeMap<String, String>,
}

impl AvroWriteOptions {
    /// Bytes of a block unless said otherwise.
    pub const DEFAULT_BLOCK_BYTES: usize = 256 << 10;
}

impl Default for AvroWriteOptions {
    fn default() -> Self {
        Self {
            codec: None,
            codec_level: None,
            block_bytes: Self::DEFAULT_BLOCK_BYTES,
            sync: None,
            schema: None,
            enums: BTreeMap::new(),
            metadata: BTreeMap::new(),
        }
    }
}

/// One file being written.
pub struct AvroWriter {
    sink: AtomicFile,
    schema: SchemaRef,
    dest: PathBuf,
    context: Context,
    frame: Frame,
    /// The slab that takes rows.
    slab: Slab,
    /// Slabs that are full.
    full: Vec<Slab>,
}

/// Rows that are encoded together.
#[derive(Default)]
struct Slab {
    batches: Vec<RecordBatch>,
    /// Their size in memory.
    bytes: usize,
    charges: Vec<Charge>,
}

impl std::fmt::Debug for AvroWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AvroWriter").field("dest", &self.dest).finish_non_exhaustive()
    }
}

impl AvroWriter {
    pub(crate) fn new(
        sink: AtomicFile,
        schema: &SchemaRef,
        codec: Codec,
        context: &Context,
    ) -> Result<Self> {
        let options = AvroWriteOptions {
            codec: Some(codec.name().to_owned()),
            ..AvroWriteOptions::default()
        };
        Self::with_options(sink, schema, &options, context)
    }

    /// Starts a file of `schema` with the threads of `context`.
    pub fn with_options(
        mut sink: AtomicFile,
        schema: &SchemaRef,
        options: &AvroWriteOptions,
        context: &Context,
    ) -> Result<Self> {
        let dest = sink.dest().to_path_buf();
        let codec = codec(&dest, options.codec.as_deref())?;
        let packer = Packer::new(codec, options.codec_level);
        packer.check_level().map_err(|reason| IoError::unsupported(&dest, reason))?;
        let schema = Arc::new(writable_schema(&dest, schema)?);
        let encoder = RowEncoder::new(&dest, &schema, options.schema.as_deref(), &options.enums)?;
        let schema = Arc::clone(encoder.schema());
        let sync = options.sync.unwrap_or_else(random_sync);
        let mut header = Vec::new();
        if let Some(key) = options.metadata.keys().find(|key| key.starts_with("avro.")) {
            let message = format!("metadata: '{key}' is a key of the format itself");
            return Err(IoError::unsupported(&dest, message));
        }
        put_header(&mut header, encoder.schema_text(), codec.name(), &options.metadata, sync);
        sink.write_all(&header).map_err(|source| IoError::writing(&dest, source))?;
        let block_bytes = options.block_bytes.max(1);
        let frame = Frame { encoder, packer, sync, block_bytes };
        let context = context.clone();
        let slab = Slab::default();
        Ok(Self { sink, schema, dest, context, frame, slab, full: Vec::new() })
    }

    /// Appends a batch of the schema given at the start.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.context.check()?;
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (index, column) in batch.columns().iter().enumerate().take(self.schema.fields().len()) {
            columns.push(self.frame.encoder.column(&self.dest, index, column)?);
        }
        let rows = batch.num_rows();
        let batch = batch_of(&self.schema, columns, rows)
            .map_err(|error| IoError::refused(&self.dest, error.to_string()))?;
        let bytes: usize = batch.columns().iter().map(slice_bytes).sum();
        let row_bytes = (bytes / rows.max(1)).max(1);
        let slab_bytes = self.frame.block_bytes.saturating_mul(SLAB_BLOCKS);
        let mut start = 0;
        while start < rows {
            let room = slab_bytes.saturating_sub(self.slab.bytes) / row_bytes;
            let step = room.clamp(1, 1 << 20).min(rows - start);
            let bytes = step.saturating_mul(row_bytes);
            let charge = self.charge(bytes as u64)?;
            self.slab.charges.push(charge);
            self.slab.batches.push(batch.slice(start, step));
            self.slab.bytes += bytes;
            start += step;
            if self.slab.bytes.saturating_add(row_bytes) > slab_bytes {
                self.full.push(std::mem::take(&mut self.slab));
                if self.full.len() >= self.context.threads() * SLABS_PER_THREAD {
                    self.flush()?;
                }
            }
        }
        Ok(())
    }

    /// Memory for rows of `bytes`; slabs that are full are written where it is short.
    fn charge(&mut self, bytes: u64) -> Result<Charge> {
        loop {
            let wanted = bytes.saturating_mul(HELD_TIMES);
            match self.context.budget().charge(&self.dest, wanted, "rows to encode") {
                Err(IoError::Limit { .. }) if !self.full.is_empty() => self.flush()?,
                charged => return charged,
            }
        }
    }

    /// Encodes and writes the slabs that are full.
    fn flush(&mut self) -> Result<()> {
        let slabs = std::mem::take(&mut self.full);
        let (frame, context, dest) = (&self.frame, &self.context, &self.dest);
        let encode = |slab: &Slab| {
            context.check()?;
            frame.blocks(dest, &slab.batches)
        };
        let encoded: Vec<Result<Vec<u8>>> =
            context.pool().install(|| slabs.par_iter().with_max_len(1).map(encode).collect());
        for (slab, bytes) in slabs.iter().zip(encoded) {
            let bytes = bytes?;
            self.sink.write_all(&bytes).map_err(|source| IoError::writing(dest, source))?;
            let rows: usize = slab.batches.iter().map(RecordBatch::num_rows).sum();
            context.progress().add(bytes.len() as u64, rows as u64);
        }
        Ok(())
    }

    /// Writes what is left; the file is complete once the sink is committed.
    pub fn finish(mut self) -> Result<AtomicFile> {
        if !self.slab.batches.is_empty() {
            self.full.push(std::mem::take(&mut self.slab));
        }
        self.flush()?;
        Ok(self.sink)
    }
}

/// Bytes that no other file has.
fn random_sync() -> [u8; SYNC] {
    let mut sync = [0; SYNC];
    for half in sync.chunks_exact_mut(8) {
        half.copy_from_slice(&RandomState::new().hash_one(std::process::id()).to_le_bytes());
    }
    sync
}

/// The codec named by `name`; deflate without one.
pub(crate) fn codec(path: &Path, name: Option<&str>) -> Result<Codec> {
    let name = match name.unwrap_or("deflate") {
        "none" => "null",
        "zstd" => "zstandard",
        other => other,
    };
    Codec::from_name(name).filter(|_| !name.is_empty()).ok_or_else(|| {
        IoError::unsupported(path, format!("no Avro codec '{name}' (known: {CODECS})"))
    })
}

/// The schema as Avro holds it; fails on names and types it cannot hold.
pub(crate) fn writable_schema(path: &Path, schema: &Schema) -> Result<Schema> {
    let mut fields = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let name = field.name();
        let refused =
            |reason: String| IoError::unsupported(path, format!("column '{name}': {reason}"));
        if !is_avro_name(name) {
            return Err(refused(
                "Avro names have letters, digits and '_' and begin with no digit; rename it".into(),
            ));
        }
        let data_type = avro_type(field.data_type())
            .ok_or_else(|| refused(format!("Avro cannot hold {}", type_name(field.data_type()))))?;
        let nullable = field.is_nullable() || *field.data_type() == DataType::Null;
        fields.push(Field::new(name, data_type, nullable));
    }
    // Metadata of other formats would steer the encoder; Avro has its own schema.
    Ok(Schema::new(fields))
}

pub(super) fn is_avro_name(name: &str) -> bool {
    !name.is_empty()
        && !name.as_bytes()[0].is_ascii_digit()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The type that Avro writes a column as, with the same values; `None` if there is none.
fn avro_type(data_type: &DataType) -> Option<DataType> {
    let inner = |field: &Arc<Field>| {
        let data_type = avro_type(field.data_type())?;
        Some(Arc::new(Field::new(field.name(), data_type, field.is_nullable())))
    };
    Some(match data_type {
        DataType::Null | DataType::Utf8View => DataType::Utf8,
        DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16 => DataType::Int32,
        // uint64 beyond int64 fails when it is met
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::BinaryView => DataType::Binary,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale)
            if *scale >= 0 =>
        {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) if *scale < 0 => {
            return None;
        }
        DataType::Date64 => DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Time32(_) => DataType::Time32(TimeUnit::Millisecond),
        DataType::Timestamp(unit, zone) => {
            let unit = if *unit == TimeUnit::Second { TimeUnit::Millisecond } else { *unit };
            // Avro keeps the instant, not the zone's name.
            DataType::Timestamp(unit, zone.as_ref().map(|_| "UTC".into()))
        }
        DataType::Dictionary(_, values) => avro_type(values)?,
        DataType::List(item) => DataType::List(inner(item)?),
        DataType::LargeList(item) => DataType::LargeList(inner(item)?),
        DataType::FixedSizeList(item, _) => DataType::List(inner(item)?),
        DataType::Struct(fields) => {
            if !fields.iter().all(|field| is_avro_name(field.name())) {
                return None;
            }
            DataType::Struct(fields.iter().map(inner).collect::<Option<Fields>>()?)
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(fields) = entries.data_type() else { return None };
            let plain = fields
                .iter()
                .all(|field| avro_type(field.data_type()).as_ref() == Some(field.data_type()));
            return plain.then(|| data_type.clone());
        }
        DataType::Boolean
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::FixedSizeBinary(_)
        | DataType::Date32
        | DataType::Time64(TimeUnit::Microsecond)
        | DataType::Interval(IntervalUnit::MonthDayNano)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => data_type.clone(),
        _ => return None,
    })
}
