//! Avro object container files: our own walk over the blocks and our own decoder for the records.
//!
//! The walk checks every count, size and sync marker before anything is decoded, so a damaged or
//! truncated file is an error and never a shorter table. Each block must hold exactly the records
//! it declares. Runs of blocks are decoded in parallel, straight into Arrow columns; arrow-avro
//! resolves reader schemas and encodes what is written. A block is the least that one thread
//! decodes: records have no marks between them, so a file of one huge block is read by one thread.

pub mod file;
pub mod options;
pub mod read;
pub mod write;

mod codec;
mod columns;
mod container;
mod cursor;
mod encode;
mod finish;
mod json;
mod plan;
mod resolve;
mod rows;
mod scalars;
mod schema;
mod symbols;
mod types;
mod unions;

pub use file::{AvroBatches, AvroFile};
pub use options::{
    AvroReadOptions, AvroReport, ColumnName, Enums, OnBadBlock, RejectedBlock, Unions,
};
pub use read::{AvroHeader, AvroStream, count, header, read, read_reported, schema, stream};
pub use write::{AvroWriteOptions, AvroWriter};
