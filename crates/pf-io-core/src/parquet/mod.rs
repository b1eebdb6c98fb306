//! Parquet: a guarded footer, our own decoder for flat columns, arrow-rs for the rest.
//!
//! Before arrow-rs sees a file, [`footer`] bounds what the footer may make it allocate; around it,
//! panics become errors and the rows it gives are counted against the footer. [`read`] gives whole
//! tables in parallel, [`stream`] batches within bounded memory, [`write`] encodes columns side by
//! side. [`ParquetFile`] is the sequential reader behind the workflow's scans.

pub mod metadata;
pub mod options;
pub mod predicate;
pub mod read;
pub mod statistics;
pub mod stream;
pub mod whole;
pub mod write;
mod zones;

mod bloom;
mod chunk;
mod claims;
mod file;
mod filter;
mod flat;
mod footer;
mod layout;
mod page_index;
mod pages;
mod selection;
mod tasks;
mod thrift;
mod unfolding;

pub use metadata::{
    ColumnMetadata, ParquetFooter, ParquetMetadata, QuickMetadata, RowGroup, Sorting, read_footer,
    read_metadata, read_metadata_fast, read_statistics,
};
pub use options::ReadOptions;
pub use read::{ParquetBatches, ParquetFile};
pub use statistics::{Bounds, ColumnStatistics, Json, Scalar, TypedValue, bounds};
pub use stream::{ParquetStream, stream};
pub use whole::{read, schema};
pub use write::{
    BloomOption, DictionaryOption, ParquetWriteOptions, SortDirection, StatisticsOption, write,
};
