//! How long a file takes; run by hand: `AVRO_FILE=... cargo test --release --test avro_speed -- --ignored --nocapture`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use pf_io_core::avro::{self, AvroReadOptions};
use pf_io_core::{Context, Source};

#[test]
#[ignore = "measures time"]
fn speed_of_a_file() {
    let path = PathBuf::from(std::env::var("AVRO_FILE").unwrap());
    for threads in [1, 2] {
        let context = Context::new(threads, None, Arc::default()).unwrap();
        let mut times = Vec::new();
        for _ in 0..7 {
            let start = Instant::now();
            let source = Source::open(&path).unwrap();
            let (_, batches) = avro::read(&source, &AvroReadOptions::default(), &context).unwrap();
            let rows: usize = batches.iter().map(arrow::array::RecordBatch::num_rows).sum();
            times.push((start.elapsed(), rows));
        }
        times.sort();
        println!("{threads} threads: median {:?}, best {:?}", times[3], times[0]);
    }
}
