//! Rows into blocks: arrow-avro encodes, the cutting, packing and framing is ours.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow_avro::errors::AvroError;
use arrow_avro::schema::{AvroSchema, SCHEMA_METADATA_KEY};
use arrow_avro::writer::format::AvroBinaryFormat;
use arrow_avro::writer::{EncodedRows, Encoder, WriterBuilder};

use super::codec::Packer;
use super::container::{SYNC, put_long};
use super::options::Enums;
use super::schema::{self, Parsed, SchemaFault};
use super::symbols::{self, Symbols};
use super::types::TypeOptions;
use crate::batch::{batch_of, cast_exact, type_name};
use crate::error::panic_text;
use crate::types::StringType;
use crate::{IoError, Result};

/// Rows in memory into rows of Avro, without a container.
#[derive(Debug)]
pub(super) struct RowEncoder {
    /// What the batches have, with the Avro schema as metadata.
    schema: SchemaRef,
    text: String,
    /// Of each column that is written as an enum.
    symbols: Vec<Option<Symbols>>,
}

impl RowEncoder {
    /// An encoder of `schema`, as `text` or as the derived Avro schema says; in the latter the
    /// text columns that `enums` names become enums of these symbols.
    pub fn new(
        dest: &Path,
        schema: &Schema,
        text: Option<&str>,
        enums: &BTreeMap<String, Vec<String>>,
    ) -> Result<Self> {
        let refused = |reason: String| match text {
            None => IoError::unsupported(dest, format!("no Avro schema for this table: {reason}")),
            Some(_) => IoError::Schema {
                path: dest.to_path_buf(),
                column: String::new(),
                message: format!("this table cannot have the schema given: {reason}"),
                hint: None,
            },
        };
        let (mut schema, symbols, avro) = match text {
            Some(text) => given(schema, text),
            None => derived(schema, enums),
        }
        .map_err(refused)?;
        schema.metadata.insert(SCHEMA_METADATA_KEY.to_owned(), avro.clone());
        let encoder = Self { schema: Arc::new(schema), text: avro, symbols };
        Self::build(&encoder.schema).map_err(|error| refused(plain(&error)))?;
        Ok(encoder)
    }

    /// The types that the columns must have before they are encoded.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// `array` as the column at `index` is encoded.
    pub fn column(&self, dest: &Path, index: usize, array: &ArrayRef) -> Result<ArrayRef> {
        let field = self.schema.field(index);
        let name = field.name();
        match self.symbols.get(index).and_then(Option::as_ref) {
            Some(symbols) => symbols.keys(array).map_err(|reason| IoError::Schema {
                path: dest.to_path_buf(),
                column: name.clone(),
                message: format!("column '{name}': {reason}"),
                hint: None,
            }),
            None => cast_exact(array, field.data_type()).map_err(|error| {
                let wanted = type_name(field.data_type());
                let message = format!("column '{name}': a value does not fit {wanted} ({error})");
                IoError::unsupported(dest, message)
            }),
        }
    }

    /// The Avro schema.
    pub fn schema_text(&self) -> &str {
        &self.text
    }

    fn build(schema: &SchemaRef) -> Result<Encoder, AvroError> {
        WriterBuilder::new(schema.as_ref().clone()).build_encoder::<AvroBinaryFormat>()
    }

    /// The rows of `batches`.
    pub fn rows(&self, dest: &Path, batches: &[RecordBatch]) -> Result<EncodedRows> {
        let encode = || {
            let mut encoder = Self::build(&self.schema)?;
            for batch in batches {
                encoder.encode(batch)?;
            }
            Ok::<_, AvroError>(encoder.flush())
        };
        let reason = match catch_unwind(AssertUnwindSafe(encode)) {
            Ok(Ok(rows)) => return Ok(rows),
            Ok(Err(error)) => plain(&error),
            Err(panic) => panic_text(&*panic),
        };
        let message = match self.failing(batches) {
            Some(column) => format!("column '{column}': {reason}"),
            None => reason,
        };
        Err(IoError::refused(dest, message))
    }

    /// The first column that cannot be encoded alone.
    fn failing(&self, batches: &[RecordBatch]) -> Option<&str> {
        for (index, field) in self.schema.fields().iter().enumerate() {
            let alone = Arc::new(Schema::new(vec![field.as_ref().clone()]));
            let fails = |batch: &RecordBatch| {
                let columns = vec![Arc::clone(batch.column(index))];
                let encode = || {
                    let batch = batch_of(&alone, columns, batch.num_rows())?;
                    Self::build(&alone)?.encode(&batch)
                };
                !matches!(catch_unwind(AssertUnwindSafe(encode)), Ok(Ok(())))
            };
            if batches.iter().any(fails) {
                return Some(field.name());
            }
        }
        None
    }
}

/// All that a slab needs to become blocks.
pub(super) struct Frame {
    pub encoder: RowEncoder,
    pub packer: Packer,
    pub sync: [u8; SYNC],
    pub block_bytes: usize,
}

impl Frame {
    /// The blocks of `slab`, of about equal size and of `block_bytes` at most, as far as rows allow.
    pub fn blocks(&self, dest: &Path, slab: &[RecordBatch]) -> Result<Vec<u8>> {
        let rows = self.encoder.rows(dest, slab)?;
        let (bytes, offsets) = (rows.bytes(), rows.offsets());
        let mut out = Vec::new();
        let mut start = 0;
        while start + 1 < offsets.len() {
            let left = offsets[offsets.len() - 1] - offsets[start];
            let share = left.div_ceil(left.div_ceil(self.block_bytes).max(1));
            let limit = offsets[start] + share;
            let end = offsets.partition_point(|&offset| offset <= limit) - 1;
            let end = end.max(start + 1);
            let packed = self
                .packer
                .pack(&bytes[offsets[start]..offsets[end]])
                .map_err(|source| IoError::writing(dest, source))?;
            put_long(&mut out, (end - start) as i64);
            put_long(&mut out, packed.len() as i64);
            out.extend_from_slice(&packed);
            out.extend_from_slice(&self.sync);
            start = end;
        }
        Ok(out)
    }
}

fn plain(error: &AvroError) -> String {
    let text = error.to_string();
    text.strip_prefix("Invalid argument error: ").unwrap_or(&text).to_owned()
}

/// A schema with the symbols of its enums, and the Avro schema as text.
type Resolved = (Schema, Vec<Option<Symbols>>, String);

/// `schema` as the Avro schema `text` has it.
fn given(schema: &Schema, text: &str) -> Result<Resolved, String> {
    let parsed = schema::parse(text).map_err(|fault| match fault {
        SchemaFault::Bad(reason) | SchemaFault::Unsupported(reason) => reason,
    })?;
    let known = |name: &String| parsed.fields.iter().any(|(field, _)| field == name);
    if let Some(field) = schema.fields().iter().find(|field| !known(field.name())) {
        return Err(format!("it lacks the column '{}'", field.name()));
    }
    let (schema, symbols) = promoted(schema, &parsed)?;
    Ok((schema, symbols, parsed.text))
}

/// `schema` with the Avro schema that follows from it.
fn derived(schema: &Schema, enums: &BTreeMap<String, Vec<String>>) -> Result<Resolved, String> {
    let mut fields = Vec::with_capacity(schema.fields().len());
    let mut symbols = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let own = enums.get(field.name()).map(|names| Symbols::new(names)).transpose()?;
        fields.push(match &own {
            Some(own) => Arc::new(own.field(field)?),
            None => Arc::clone(field),
        });
        symbols.push(own);
    }
    let schema = Schema::new(fields);
    let text = AvroSchema::try_from(&schema).map_err(|error| error.to_string())?.json_string;
    let plain = symbols.iter().all(Option::is_none);
    let text = if plain { text } else { symbols::once(text) };
    Ok((schema, symbols, text))
}

/// `schema` with the numbers that the Avro schema asks for. arrow-avro writes a column as it is,
/// whatever the schema says, so a type that does not fit must be refused here.
fn promoted(schema: &Schema, given: &Parsed) -> Result<(Schema, Vec<Option<Symbols>>), String> {
    let mut fields = Vec::with_capacity(schema.fields().len());
    let mut symbols = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let node = given.fields.iter().find(|(name, _)| name == field.name());
        let Some((_, node)) = node else { continue };
        let options = TypeOptions { strings: StringType::Utf8, enums: Enums::String };
        let (has, wants) = (field.data_type(), node.data_type(options));
        let number = |data_type: &DataType| data_type.is_integer() || data_type.is_floating();
        let kept = same_kind(has, &wants);
        let promotes = number(has) && number(&wants);
        if !kept && !promotes {
            return Err(format!(
                "column '{}' is {}, the schema says {}",
                field.name(),
                type_name(has),
                type_name(&wants)
            ));
        }
        let data_type = if kept { has.clone() } else { wants };
        let own = symbols::of(node).map(Symbols::new).transpose()?;
        fields.push(match &own {
            Some(own) => own.field(field)?,
            None => field.as_ref().clone().with_data_type(data_type),
        });
        symbols.push(own);
    }
    Ok((Schema::new_with_metadata(fields, schema.metadata().clone()), symbols))
}

/// Whether values of `has` are encoded as a schema of `wants` reads them.
fn same_kind(has: &DataType, wants: &DataType) -> bool {
    use DataType as D;
    let text = |data_type: &D| matches!(data_type, D::Utf8 | D::LargeUtf8 | D::Utf8View);
    let bytes = |data_type: &D| matches!(data_type, D::Binary | D::LargeBinary | D::BinaryView);
    let number = |data_type: &D| data_type.is_integer() || data_type.is_floating();
    if number(has) || number(wants) || matches!(has, D::Boolean) || matches!(wants, D::Boolean) {
        return has == wants;
    }
    if text(has) || bytes(has) {
        return text(has) && text(wants) || bytes(has) && bytes(wants);
    }
    // Dates, times, decimals and nested types: arrow-avro compares those itself.
    true
}
