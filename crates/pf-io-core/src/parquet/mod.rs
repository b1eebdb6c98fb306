//! Parquet: a guarded footer, arrow-rs behind it.
//!
//! arrow-rs decodes. Before it sees a file, [`footer`] bounds what the footer may make it allocate;
//! around it, panics become errors and the rows it gives are counted against the footer.

pub mod metadata;
pub mod read;
pub mod statistics;
pub mod write;

mod claims;
mod footer;

pub use metadata::{
    ColumnMetadata, ParquetMetadata, QuickMetadata, RowGroup, Sorting, read_metadata,
    read_metadata_fast, read_statistics,
};
pub use read::{ParquetBatches, ParquetFile};
pub use statistics::{Bounds, ColumnStatistics, Json, Scalar, TypedValue, bounds};
pub use write::{
    BloomOption, DictionaryOption, ParquetWriteOptions, SortDirection, StatisticsOption, write,
};
