//! Batches into an Avro file. Types Avro lacks are cast where no value changes, else refused.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use arrow_avro::compression::CompressionCodec;
use arrow_avro::errors::AvroError;
use arrow_avro::writer::format::AvroOcfFormat;
use arrow_avro::writer::{Writer, WriterBuilder};

use crate::batch::{batch_of, cast_exact, type_name};
use crate::sink::AtomicFile;
use crate::{IoError, Result};

/// Codec names, for messages.
const CODECS: &str = "deflate, snappy, zstd, bzip2, xz, null";
/// Uncompressed bytes of a block, about.
const BLOCK_BYTES: usize = 256 << 10;

/// One file being written.
pub(crate) struct AvroWriter {
    writer: Writer<AtomicFile, AvroOcfFormat>,
    schema: SchemaRef,
    dest: PathBuf,
}

impl AvroWriter {
    pub(crate) fn new(
        sink: AtomicFile,
        schema: &SchemaRef,
        codec: Option<CompressionCodec>,
    ) -> Result<Self> {
        let dest = sink.dest().to_path_buf();
        let schema = Arc::new(writable_schema(&dest, schema)?);
        let writer = WriterBuilder::new(schema.as_ref().clone())
            .with_compression(codec)
            .build(sink)
            .map_err(|error| failed(&dest, error))?;
        Ok(Self { writer, schema, dest })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (column, field) in batch.columns().iter().zip(self.schema.fields()) {
            columns.push(cast_exact(column, field.data_type()).map_err(|error| {
                let (name, wanted) = (field.name(), type_name(field.data_type()));
                let message = format!("column '{name}': a value does not fit {wanted} ({error})");
                IoError::unsupported(&self.dest, message)
            })?);
        }
        let rows = batch.num_rows();
        let batch = batch_of(&self.schema, columns, rows)
            .map_err(|error| IoError::refused(&self.dest, error.to_string()))?;
        let row_bytes = (batch.get_array_memory_size() / rows.max(1)).max(1);
        let step = (BLOCK_BYTES / row_bytes).clamp(1, 1 << 16);
        for start in (0..rows).step_by(step) {
            let part = batch.slice(start, step.min(rows - start));
            self.writer.write(&part).map_err(|error| failed(&self.dest, error))?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<AtomicFile> {
        self.writer.finish().map_err(|error| failed(&self.dest, error))?;
        Ok(self.writer.into_inner())
    }
}

/// The codec named by `name`; deflate without one.
pub(crate) fn codec(path: &Path, name: Option<&str>) -> Result<Option<CompressionCodec>> {
    Ok(match name.unwrap_or("deflate") {
        "null" | "none" => None,
        "deflate" => Some(CompressionCodec::Deflate),
        "snappy" => Some(CompressionCodec::Snappy),
        "zstd" | "zstandard" => Some(CompressionCodec::ZStandard),
        "bzip2" => Some(CompressionCodec::Bzip2),
        "xz" => Some(CompressionCodec::Xz),
        other => {
            let message = format!("no Avro codec '{other}' (known: {CODECS})");
            return Err(IoError::unsupported(path, message));
        }
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

fn is_avro_name(name: &str) -> bool {
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
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => data_type.clone(),
        _ => return None,
    })
}

/// An error of the system keeps its kind through the writer.
fn failed(path: &Path, error: AvroError) -> IoError {
    match error {
        AvroError::IoError(_, source) => IoError::writing(path, source),
        AvroError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => IoError::writing(path, *source),
            Err(other) => IoError::refused(path, other.to_string()),
        },
        other => IoError::refused(path, other.to_string()),
    }
}
