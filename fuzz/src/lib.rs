//! How the targets hand bytes to the readers, and what they ask of the answer.
//!
//! Streams by path are always read. With the feature `whole`, the readers of whole tables are
//! driven as well; see `whole.rs`.
//!
//! A reader may refuse; what it accepts must be valid Arrow. A panic that starts in our own code
//! ends the process, caught or not; arrow-rs panics on some damaged files, and those become errors.

#[cfg(feature = "whole")]
pub mod csv;
pub mod graph;
#[cfg(feature = "whole")]
mod whole;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};

use arrow::array::{ArrayRef, RecordBatch};
use pf_io_core::{AvroFile, IoError, ParquetFile};

/// What a file that goes on and on may give before it is left alone.
const MAX_ROWS: usize = 1 << 18;
const MAX_BYTES: usize = 64 << 20;
const BATCH_ROWS: usize = 4096;

/// Opens a Parquet file: its footer, its schema, its counts.
pub fn open_parquet(bytes: &[u8]) {
    judged(|| {
        if let Ok(file) = ParquetFile::open(store(bytes)) {
            let metadata = file.metadata();
            let rows: u64 = metadata.row_groups.iter().map(|group| group.rows).sum();
            assert_eq!(rows, file.rows(), "row groups and footer disagree");
            assert_eq!(metadata.file_size, bytes.len() as u64);
        }
    });
}

/// Reads a whole Parquet file.
pub fn read_parquet(bytes: &[u8]) {
    #[cfg(feature = "whole")]
    judged(|| whole::read_parquet(bytes));
    judged(|| {
        check(|| ParquetFile::open(store(bytes))?.batches(None, None, BATCH_ROWS, never()));
    });
}

/// Reads a whole Avro file.
pub fn read_avro(bytes: &[u8]) {
    #[cfg(feature = "whole")]
    judged(|| whole::read_avro(bytes));
    judged(|| {
        check(|| AvroFile::open(store(bytes), None)?.batches(None, None, BATCH_ROWS, never()));
    });
}

fn never() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}

/// Every array that a reader gives is valid, up to its end, its error or `MAX_ROWS`, `MAX_BYTES`.
fn check<B>(open: impl FnOnce() -> Result<B, IoError>)
where
    B: Iterator<Item = Result<RecordBatch, IoError>>,
{
    let Ok(batches) = open() else { return };
    let (mut rows, mut bytes) = (0, 0);
    for batch in batches {
        let Ok(batch) = batch else { return };
        batch.columns().iter().for_each(check_array);
        rows += batch.num_rows();
        bytes += batch.get_array_memory_size();
        if rows > MAX_ROWS || bytes > MAX_BYTES {
            return;
        }
    }
}

fn check_array(array: &ArrayRef) {
    if let Err(error) = array.to_data().validate_full() {
        panic!("an invalid array was given: {error}");
    }
}

/// The readers take paths: one file per process, overwritten, in memory where the system allows.
fn store(bytes: &[u8]) -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    let path = FILE.get_or_init(|| {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        folder.join(format!("pf-fuzz-{}", std::process::id()))
    });
    std::fs::write(path, bytes).expect("the input can be stored");
    path
}

/// Runs a reader and its checks. libFuzzer's own hook aborts on every panic, so that a guarded one
/// would count as a crash; ours aborts on those of our code, and here on those that nobody caught.
fn judged(work: impl FnOnce()) {
    static ONCE: Once = Once::new();
    static LAST: Mutex<String> = Mutex::new(String::new());
    let foreign = |file: &str| file.contains("/registry/src/") || file.starts_with("/rustc/");
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(move |panic| {
            let text = format!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
            if panic.location().is_none_or(|place| !foreign(place.file())) {
                eprintln!("{text}");
                std::process::abort();
            }
            *LAST.lock().unwrap_or_else(PoisonError::into_inner) = text;
        }));
    });
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        eprintln!("not caught: {}", LAST.lock().unwrap_or_else(PoisonError::into_inner));
        std::process::abort();
    }
}

/// Splits a Parquet file at its footer: pages, then footer with length and magic.
pub fn split_footer(file: &[u8]) -> Option<(usize, usize)> {
    let tail = file.len().checked_sub(8)?;
    let length = file.get(tail..tail + 4)?.try_into().map(u32::from_le_bytes).ok()?;
    let footer = tail.checked_sub(length as usize)?;
    (footer >= 4 && file.ends_with(b"PAR1")).then_some((4, footer))
}
