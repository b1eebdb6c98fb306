//! Avro files made by hand, for tests that must not trust the writer.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses a part")]

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, SchemaRef, UnionFields};
use bytes::Bytes;
use pf_io_core::avro::{self, AvroReadOptions};
use pf_io_core::types::StringType;
use pf_io_core::{Context, IoError, Source};

/// The marker of files made here.
pub const SYNC: [u8; 16] = *b"sixteen bytes ok";

/// Appends a zigzag number.
pub fn long(out: &mut Vec<u8>, number: i64) {
    let mut bits = ((number << 1) ^ (number >> 63)) as u64;
    while bits >= 0x80 {
        out.push(bits as u8 | 0x80);
        bits >>= 7;
    }
    out.push(bits as u8);
}

/// Appends bytes after their length.
pub fn text(out: &mut Vec<u8>, text: &[u8]) {
    long(out, text.len() as i64);
    out.extend_from_slice(text);
}

/// A file of blocks: the records each claims, and its data as they stand in the file.
pub fn container(schema: &str, codec: &str, blocks: &[(i64, Vec<u8>)]) -> Vec<u8> {
    let mut out = b"Obj\x01".to_vec();
    long(&mut out, 3);
    let entries = [("avro.schema", schema), ("avro.codec", codec), ("note", "by hand")];
    for (key, value) in entries {
        text(&mut out, key.as_bytes());
        text(&mut out, value.as_bytes());
    }
    long(&mut out, 0);
    out.extend_from_slice(&SYNC);
    for (records, data) in blocks {
        long(&mut out, *records);
        long(&mut out, data.len() as i64);
        out.extend_from_slice(data);
        out.extend_from_slice(&SYNC);
    }
    out
}

/// A record schema of these fields, in JSON.
pub fn record(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(name, kind)| format!(r#"{{"name":"{name}","type":{kind}}}"#)).collect();
    format!(r#"{{"type":"record","name":"r","fields":[{}]}}"#, fields.join(","))
}

pub fn source(bytes: &[u8]) -> Source {
    Source::memory("t.avro", Bytes::copy_from_slice(bytes)).unwrap()
}

pub fn context(threads: usize) -> Context {
    Context::new(threads, None, Arc::default()).unwrap()
}

/// The whole file as one batch.
pub fn read(bytes: &[u8], options: &AvroReadOptions) -> Result<RecordBatch, IoError> {
    read_with(bytes, options, &context(2))
}

pub fn read_with(
    bytes: &[u8],
    options: &AvroReadOptions,
    context: &Context,
) -> Result<RecordBatch, IoError> {
    let (schema, batches) = avro::read(&source(bytes), options, context)?;
    for batch in &batches {
        for column in batch.columns() {
            column.to_data().validate_full().unwrap();
        }
    }
    Ok(joined(&schema, &batches))
}

pub fn joined(schema: &SchemaRef, batches: &[RecordBatch]) -> RecordBatch {
    if schema.fields().is_empty() {
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        return pf_io_core::batch::batch_of(schema, Vec::new(), rows).unwrap();
    }
    concat_batches(schema, batches).unwrap()
}

/// Options whose strings are what arrow-avro makes.
pub fn utf8() -> AvroReadOptions {
    AvroReadOptions { string_type: StringType::Utf8, ..AvroReadOptions::default() }
}

/// A type without the metadata of its fields; a field of nulls is nullable.
pub fn bare(data_type: &DataType) -> DataType {
    let field = |field: &Arc<Field>| {
        let nullable = field.is_nullable() || *field.data_type() == DataType::Null;
        Arc::new(Field::new(field.name(), bare(field.data_type()), nullable))
    };
    match data_type {
        DataType::List(item) => DataType::List(field(item)),
        DataType::Map(entries, sorted) => DataType::Map(field(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::Union(fields, mode) => {
            let fields = fields.iter().map(|(id, branch)| (id, field(branch)));
            DataType::Union(fields.collect::<UnionFields>(), *mode)
        }
        other => other.clone(),
    }
}
