//! Parquet, CSV and Avro to and from Arrow: bytes in, record batches out, and back.
//!
//! The promises, in order: no value changes silently; every error names its place; no reader
//! returns fewer rows than the file holds without an error; no bytes, however damaged, panic,
//! abort or allocate without bound; a written file is either the old one or the complete new one.
//!
//! Readers open a file first ([`ParquetFile`], [`CsvScan`], [`AvroFile`]: metadata, schema, checks)
//! and then hand out iterators of batches that own what they need. Writers go through one door,
//! [`TableWriter`]. The crate knows neither Python nor a query engine.

pub mod avro;
pub mod batch;
pub mod context;
pub mod csv;
pub mod error;
pub mod format;
pub mod frame;
mod glob;
#[cfg_attr(
    not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))),
    path = "no_lease.rs"
)]
mod lease;
pub mod mem;
pub mod parquet;
pub mod sink;
pub mod source;
pub mod table;
pub mod types;
pub mod writer;

pub use avro::{AvroBatches, AvroFile};
pub use context::{Budget, Context};
pub use csv::{CsvBatches, CsvScan};
pub use error::IoError;
pub use format::{Compression, Format};
pub use parquet::{
    ColumnMetadata, ParquetBatches, ParquetFile, ParquetMetadata, ParquetWriteOptions, RowGroup,
};
pub use sink::{AtomicFile, SinkOptions, WriteMode};
pub use source::{Source, expand};
pub use writer::{QuoteStyle, TableWriter, WriteOptions, WriteReport};

/// What every function of this crate returns.
pub type Result<T, E = IoError> = std::result::Result<T, E>;
