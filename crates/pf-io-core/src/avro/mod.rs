//! Avro object container files: our own walk over the blocks, arrow-avro for the records.
//!
//! The walk checks every count, size and sync marker before anything is decoded, so a damaged or
//! truncated file is an error and never a shorter table. Each block is decoded alone and must give
//! exactly the records it declares.

pub mod read;
pub mod write;

mod blocks;

pub use read::{AvroBatches, AvroFile};
