//! CSV: bytes to columns and back.
//!
//! [`split`] cuts the input into chunks of whole records, in order and with the true state, so that
//! the parallel result is the serial one by construction. Each chunk is then indexed ([`index()`])
//! and parsed column by column ([`column`]) on any thread. The grammar is defined by [`serial`].

pub mod answers;
pub mod arrays;
pub mod classify;
pub mod column;
pub mod convert;
pub mod count;
pub mod dialect;
pub mod facts;
pub mod index;
pub mod infer;
pub mod input;
pub mod kind;
pub mod options;
pub mod parse;
pub mod read;
pub mod report;
pub mod scan;
pub mod serial;
pub mod settings;
pub mod simd;
pub mod slab;
pub mod sniff;
pub mod sniff_source;
pub mod spec;
pub mod split;
pub mod typed;
pub mod write;

mod assemble;
mod cell;
mod detect;
mod faults;
mod feed;
mod head;
mod loops;
mod names;
mod pieces;
mod plan;
mod regular;
mod rooms;
mod usual;

pub use answers::Answers;
pub use column::{Failure, Piece, Values};
pub use count::{Contents, contents, count};
pub use dialect::{BlankLines, Dialect, Newline};
pub use facts::Facts;
pub use index::{Bad, BadKind, index};
pub use infer::Final;
pub use input::{Input, InputOptions};
pub use kind::Kind;
pub use options::{BadLines, CsvReadOptions, Header};
pub use read::{CsvTable, read};
pub use report::{CsvReport, Reject};
pub use scan::{CsvAsk, CsvBatches, CsvPart, CsvScan};
pub use settings::{CsvSettings, Policy};
pub use simd::Simd;
pub use slab::Slab;
pub use sniff_source::{SniffSettings, SourceDialect, sniff_source};
pub use spec::{ColumnSpec, Dates, IntOverflow, Nulls, Target};
pub use split::{Chunk, Fault, Splitter};
