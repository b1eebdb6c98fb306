//! What a read of one file does: header, types, columns wanted, and the decoding of runs of blocks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::codec::Unpacker;
use super::container::{self, Block, Header, SYNC};
use super::options::{AvroReadOptions, ColumnName, OnBadBlock, RejectedBlock, Unions};
use super::resolve::{Resolution, plain};
use super::rows::{Layout, RowDecoder};
use super::schema::{self, Node};
use super::types::TypeOptions;
use super::unions::{reshape, without_unions};
use crate::batch::{batch_of, nearest_name};
use crate::context::{Charge, Context};
use crate::error::panic_text;
use crate::source::Source;
use crate::{IoError, Result};

/// A file, ready to be decoded by any number of workers.
#[derive(Debug)]
pub(super) struct Plan {
    pub source: Source,
    pub header: Header,
    /// The schema of every batch.
    pub schema: SchemaRef,
    layout: Layout,
    resolution: Option<Resolution>,
    /// What the decoder makes, before columns are put in order and unions are changed.
    decoded: SchemaRef,
    /// The decoded column behind each column of `schema`.
    order: Vec<usize>,
    /// Bytes of a row without what has no fixed size.
    row_bytes: u64,
    on_bad: OnBadBlock,
    workers: Mutex<Vec<Worker>>,
}

/// Memory of one worker, used again and again.
struct Worker {
    raw: Vec<u8>,
    unpacker: Unpacker,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("raw", &self.raw.len()).finish_non_exhaustive()
    }
}

/// What a run of blocks became.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    pub batches: Vec<(RecordBatch, Charge)>,
    pub blocks: u64,
    pub rejects: Vec<RejectedBlock>,
}

impl Plan {
    pub fn new(source: &Source, options: &AvroReadOptions) -> Result<Self> {
        let header = container::header(source)?;
        Self::with_header(source, header, options)
    }

    pub fn with_header(source: &Source, header: Header, options: &AvroReadOptions) -> Result<Self> {
        let path = source.path();
        let writer =
            schema::parse(&header.schema).map_err(|fault| container::schema_error(path, fault))?;
        let types = TypeOptions::from(options);
        let mut resolution = None;
        let fields = match &options.reader_schema {
            None => Arc::clone(&writer.fields),
            Some(text) => {
                let reader = schema::parse(text).map_err(|fault| reader_error(source, fault))?;
                let both = Resolution { writer: writer.text.clone(), reader: Some(reader.text) };
                both.check(path)?;
                resolution = Some(both);
                reader.fields
            }
        };
        let wanted = wanted(source, &fields, options.columns.as_deref())?;
        // The decoder is given each field once; order and repeats are made afterwards.
        let mut unique: Vec<usize> = match resolution {
            None => wanted.clone(),
            Some(_) => (0..fields.len()).collect(),
        };
        unique.sort_unstable();
        unique.dedup();
        let decoded: Vec<Field> =
            unique.iter().map(|&at| fields[at].1.field(&fields[at].0, types)).collect();
        let order: Vec<usize> =
            wanted.iter().filter_map(|at| unique.binary_search(at).ok()).collect();
        let columns = order.iter().map(|&at| {
            let field = &decoded[at];
            let strings = options.string_type;
            let data_type = without_unions(field.data_type(), options.unions, strings);
            Field::new(field.name(), data_type, field.is_nullable())
        });
        let schema = Arc::new(Schema::new(columns.collect::<Vec<_>>()));
        let row_bytes =
            decoded.iter().map(|field| slot_bytes(field.data_type())).fold(0, u64::saturating_add);
        let decoded = Arc::new(Schema::new(decoded));
        let targets = match resolution {
            None => (0..writer.fields.len()).map(|at| unique.binary_search(&at).ok()).collect(),
            Some(_) => vec![None; writer.fields.len()],
        };
        let layout = Layout { fields: writer.fields, targets, schema: Arc::clone(&decoded) };
        if resolution.is_some() && layout.min_width() == 0 {
            let message = "the file's records may have no data, so they cannot be resolved";
            if layout.fields.iter().all(|(_, node)| **node == Node::Null) {
                return Err(IoError::unsupported(path, message));
            }
        }
        let (source, on_bad, workers) = (source.clone(), options.on_bad_block, Mutex::default());
        Ok(Self {
            source,
            header,
            schema,
            layout,
            resolution,
            decoded,
            order,
            row_bytes,
            on_bad,
            workers,
        })
    }

    /// Decodes consecutive blocks; in file order, and with all errors at their block.
    pub fn run(&self, blocks: &[Block], context: &Context) -> Result<Decoded> {
        let kept = self.workers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut worker = match kept {
            Some(worker) => worker,
            None => Worker {
                raw: Vec::new(),
                unpacker: Unpacker::new(self.source.path(), context.budget())?,
            },
        };
        let decoded = self.decode(blocks, &mut worker, context);
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        decoded
    }

    fn decode(&self, blocks: &[Block], worker: &mut Worker, context: &Context) -> Result<Decoded> {
        let mut out = Decoded::default();
        match self.guarded(blocks, worker, context) {
            Ok(batch) => {
                out.batches.push(batch);
                out.blocks = blocks.len() as u64;
                return Ok(out);
            }
            Err(error) if !is_damage(&error) => return Err(error),
            Err(error) if self.on_bad == OnBadBlock::Error && error.block().is_some() => {
                return Err(error);
            }
            Err(_) => {}
        }
        // Block by block: to name the damaged one, or to leave it out.
        for block in blocks {
            match self.guarded(std::slice::from_ref(block), worker, context) {
                Ok(batch) => {
                    out.batches.push(batch);
                    out.blocks += 1;
                }
                Err(error) if is_damage(&error) && self.on_bad == OnBadBlock::Skip => {
                    out.rejects.push(RejectedBlock {
                        block: block.number,
                        offset: block.start,
                        bytes: block.end() - block.start,
                        records: Some(block.records),
                        reason: reason(error),
                    });
                }
                Err(IoError::Avro { path, message, .. }) => {
                    return Err(IoError::Avro { path, block: Some(block.number), message });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(out)
    }

    /// [`Self::blocks`], with panics of decoders turned into errors.
    fn guarded(
        &self,
        blocks: &[Block],
        worker: &mut Worker,
        context: &Context,
    ) -> Result<(RecordBatch, Charge)> {
        catch_unwind(AssertUnwindSafe(|| self.blocks(blocks, worker, context)))
            .unwrap_or_else(|panic| Err(self.bad(None, panic_text(&*panic))))
    }

    /// All records of `blocks` as one batch.
    fn blocks(
        &self,
        blocks: &[Block],
        worker: &mut Worker,
        context: &Context,
    ) -> Result<(RecordBatch, Charge)> {
        let path = self.source.path();
        let expected = blocks.iter().map(|block| block.records).fold(0, u64::saturating_add);
        let failed = |error| self.bad(None, format!("damaged: {}", plain(&error)));
        let mut rows = RowDecoder::new(&self.layout, expected).map_err(failed)?;
        let mut gathered = Vec::new();
        let mut charge = context.budget().charge(path, 0, "the rows")?;
        let Worker { raw, unpacker } = worker;
        let data = self.data(blocks, raw, context)?;
        let first = blocks.first().map_or(0, |block| block.offset);
        for block in blocks {
            context.check()?;
            let start = (block.offset - first) as usize;
            let packed = data.get(start..start + block.bytes as usize).unwrap_or_default();
            let body = unpacker.unpack(path, block, self.header.codec, packed)?;
            let at_block = |message| self.bad(Some(block), message);
            self.layout.check_count(block.records, body.len()).map_err(at_block)?;
            let bytes = block.records.saturating_mul(self.row_bytes);
            let bytes = bytes.saturating_add(body.len() as u64);
            charge.absorb(context.budget().charge(path, bytes, "the rows of a block")?);
            if self.resolution.is_some() {
                self.layout.check_records(body, block.records).map_err(at_block)?;
                gathered.extend_from_slice(body);
            } else {
                rows.block(body, block.records).map_err(at_block)?;
            }
            context.progress().add(block.end() - block.start, block.records);
        }
        let batch = match &self.resolution {
            Some(resolution) => resolution
                .read(&gathered, expected, &self.decoded)
                .map_err(|message| self.bad(None, message))?,
            None => rows.finish().map_err(failed)?,
        };
        Ok((self.shaped(&batch).map_err(failed)?, charge))
    }

    /// The bytes from the first block's data to the last block's.
    fn data<'a>(
        &'a self,
        blocks: &[Block],
        raw: &'a mut Vec<u8>,
        context: &Context,
    ) -> Result<&'a [u8]> {
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Ok(&[]) };
        let length = last.end() - SYNC as u64 - first.offset;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if let Some(bytes) = self.source.in_memory() {
            let start = usize::try_from(first.offset).unwrap_or(usize::MAX);
            let bytes = bytes.get(start..).and_then(|rest| rest.get(..length));
            return bytes.ok_or_else(|| self.bad(Some(first), "truncated".to_owned()));
        }
        if raw.len() < length {
            let path = self.source.path();
            drop(context.budget().charge(path, length as u64, "the packed blocks")?);
            raw.resize(length, 0);
        }
        let raw = &mut raw[..length];
        self.source.read_exact_at(first.offset, raw)?;
        Ok(raw)
    }

    /// Columns in the order wanted, unions as wanted.
    fn shaped(&self, batch: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
        let columns = self.order.iter().zip(self.schema.fields());
        let columns = columns.map(|(&at, field)| reshape(batch.column(at), field.data_type()));
        batch_of(&self.schema, columns.collect::<Result<_, _>>()?, batch.num_rows())
    }

    fn bad(&self, block: Option<&Block>, message: String) -> IoError {
        IoError::avro(self.source.path(), block.map(|block| block.number), message)
    }
}

/// Whether the bytes are at fault, and not the system, a limit or the caller.
fn is_damage(error: &IoError) -> bool {
    matches!(error, IoError::Avro { .. })
}

fn reason(error: IoError) -> String {
    match error {
        IoError::Avro { message, .. } => message,
        other => other.to_string(),
    }
}

fn reader_error(source: &Source, fault: schema::SchemaFault) -> IoError {
    match fault {
        schema::SchemaFault::Bad(message) => IoError::Schema {
            path: source.path().to_path_buf(),
            column: String::new(),
            message: format!("the reader schema is malformed: {message}"),
            hint: None,
        },
        fault @ schema::SchemaFault::Unsupported(_) => {
            container::schema_error(source.path(), fault)
        }
    }
}

/// The indices of the columns wanted.
fn wanted(
    source: &Source,
    fields: &[(String, Arc<Node>)],
    columns: Option<&[ColumnName]>,
) -> Result<Vec<usize>> {
    let Some(columns) = columns else { return Ok((0..fields.len()).collect()) };
    let find = |column: &ColumnName| {
        let name = match column {
            ColumnName::Name(name) => name,
            ColumnName::Path(parts) => match parts.as_slice() {
                [name] => name,
                parts => {
                    let message =
                        format!("column '{}': Avro columns are read whole", parts.join("."));
                    return Err(IoError::unsupported(source.path(), message));
                }
            },
        };
        fields.iter().position(|(other, _)| other == name).ok_or_else(|| IoError::Schema {
            path: source.path().to_path_buf(),
            column: name.clone(),
            message: format!("no column '{name}'"),
            hint: Some(nearest_name(name, fields.iter().map(|(name, _)| name.as_str()))),
        })
    };
    columns.iter().map(find).collect()
}

/// Bytes of a value in its array, without what has no fixed size.
fn slot_bytes(data_type: &DataType) -> u64 {
    match data_type {
        DataType::Null => 0,
        DataType::Boolean => 1,
        DataType::Utf8View | DataType::Interval(_) => 16,
        DataType::FixedSizeBinary(size) => u64::from(size.unsigned_abs()),
        DataType::Struct(fields) => {
            fields.iter().map(|field| slot_bytes(field.data_type())).fold(0, u64::saturating_add)
        }
        DataType::Union(fields, _) => {
            5 + fields.iter().map(|(_, field)| slot_bytes(field.data_type())).max().unwrap_or(0)
        }
        other => other.primitive_width().map_or(8, |width| width as u64),
    }
}

/// The options of a reader that changes nothing: what arrow-avro would make of the file.
pub(super) fn plain_options(columns: Option<&[String]>) -> AvroReadOptions {
    AvroReadOptions {
        columns: columns
            .map(|names| names.iter().map(|name| ColumnName::Name(name.clone())).collect()),
        string_type: crate::types::StringType::Utf8,
        unions: Unions::Arrow,
        ..AvroReadOptions::default()
    }
}
