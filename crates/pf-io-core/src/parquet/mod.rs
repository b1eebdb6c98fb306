//! Parquet: a guarded footer, arrow-rs behind it.
//!
//! arrow-rs decodes. Before it sees a file, [`footer`] bounds what the footer may make it allocate;
//! around it, panics become errors and the rows it gives are counted against the footer.

pub mod metadata;
pub mod read;
pub mod write;

mod footer;

pub use metadata::{ColumnMetadata, ParquetMetadata, RowGroup};
pub use read::{ParquetBatches, ParquetFile};
pub use write::{
    BloomOption, DictionaryOption, ParquetWriteOptions, SortDirection, StatisticsOption, write,
};
