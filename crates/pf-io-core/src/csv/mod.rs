//! Delimited text: RFC 4180 with the freedoms real files take.
//!
//! The whole text is held in memory (inflated if packed) and read twice: once to check every record
//! and to find the type of every column from all its cells, once to build the arrays. Both passes
//! use the same splitter and the same cell parsers, so a column never holds a cell that does not
//! fit the type found for it.
//!
//! Quoting: a quote opens a quoted cell only at the cell's start; inside, a doubled quote is one
//! quote; text after the closing quote is appended, as other readers do, and counted in a warning.
//! Lines end with LF, CR LF or CR. Blank lines are skipped. A comment byte counts at a line's start.

pub mod infer;
pub mod options;
pub mod read;
pub mod write;

mod columns;
mod header;
mod records;
mod value;

pub use options::{BadLines, CsvOptions};
pub use read::{CsvBatches, CsvFile};
