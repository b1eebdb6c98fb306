//! CSV batch by batch: bounded memory, cancelled reads, files that change.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod csv_streams;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use pf_io_core::csv::{CsvAsk, CsvReadOptions, CsvScan, read};
use pf_io_core::{Context, IoError, Source};

use csv_streams::*;

#[test]
fn test_memory_is_that_of_a_few_chunks() {
    let text = numbers(400_000);
    let options = CsvReadOptions { chunk_bytes: 64 << 10, ..CsvReadOptions::default() };
    let limit = 3 << 20;
    assert!(text.len() > 10 << 20);
    let context = Context::new(2, Some(limit), Arc::default()).unwrap();
    assert!(matches!(
        read(&memory(text.as_bytes()), &options, &context),
        Err(IoError::Limit { .. })
    ));
    let context = Context::new(2, Some(limit), Arc::default()).unwrap();
    let scan = CsvScan::open(memory(text.as_bytes()), &options, &context).unwrap();
    let mut rows = 0;
    for batch in scan.batches(None, CsvAsk::default(), context.clone()) {
        rows += batch.unwrap().num_rows();
    }
    assert_eq!((scan.rows(), rows), (Some(400_000), 400_000));
    assert!(context.budget().peak() < limit, "{}", context.budget().peak());
    assert!(all_given_back(&context));
}

#[test]
fn test_a_cancelled_read_stops_soon() {
    let text = numbers(300_000);
    let cancel = Arc::new(AtomicBool::new(false));
    let context = Context::new(2, None, Arc::clone(&cancel)).unwrap();
    let scan = CsvScan::open(memory(text.as_bytes()), &small_chunks(), &context).unwrap();
    let mut all = scan.batches(None, CsvAsk::default(), context.clone());
    all.next().unwrap().unwrap();
    cancel.store(true, Ordering::Relaxed);
    let start = Instant::now();
    assert!(matches!(all.next(), Some(Err(IoError::Cancelled))));
    assert!(all.next().is_none());
    drop(all);
    let opened = CsvScan::open(memory(text.as_bytes()), &small_chunks(), &context);
    assert!(matches!(opened, Err(IoError::Cancelled)));
    assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
}

#[test]
fn test_a_file_that_changes_between_the_passes_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let context = context(2);
    let open = |path: &Path| {
        CsvScan::open(Source::open(path).unwrap(), &small_chunks(), &context).unwrap()
    };
    std::fs::write(&path, numbers(5000)).unwrap();
    let scan = open(&path);
    std::fs::write(&path, numbers(5000).replace("1.5", "x,y,z")).unwrap();
    for part in scan.parts(3) {
        let error = batches(&scan, Some(part), &CsvAsk::default(), &context).unwrap_err();
        assert!(error.to_string().contains("changed"), "{error}");
    }
    // Also while it is read.
    std::fs::write(&path, numbers(50_000)).unwrap();
    let scan = open(&path);
    let mut all = scan.batches(None, CsvAsk::default(), context.clone());
    all.next().unwrap().unwrap();
    std::fs::write(&path, numbers(40_000)).unwrap();
    let error = all.find_map(Result::err).unwrap();
    assert!(error.to_string().contains("changed"), "{error}");
}

#[test]
fn test_a_thread_of_the_pool_may_read() {
    let text = numbers(20_000);
    let context = context(1);
    let rows = context.pool().install(|| {
        let scan = CsvScan::open(memory(text.as_bytes()), &small_chunks(), &context).unwrap();
        let found = batches(&scan, None, &CsvAsk::default(), &context).unwrap();
        found.iter().map(RecordBatch::num_rows).sum::<usize>()
    });
    assert_eq!(rows, 20_000);
}
