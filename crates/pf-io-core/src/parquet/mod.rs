//! Parquet: a guarded footer, arrow-rs behind it.
//!
//! arrow-rs decodes. Before it sees a file, [`footer`] bounds what the footer may make it allocate;
//! around it, panics become errors and the rows it gives are counted against the footer.

pub mod metadata;
pub mod options;
pub mod predicate;
pub mod read;
pub mod stream;
pub mod table;
pub mod write;

mod file;
mod filtered;
mod flat;
mod footer;

pub use metadata::{ColumnMetadata, ParquetMetadata, RowGroup};
pub use options::ReadOptions;
pub use read::{ParquetBatches, ParquetFile};
pub use stream::{ParquetStream, stream};
pub use table::{Column, Table, count, read, schema};
