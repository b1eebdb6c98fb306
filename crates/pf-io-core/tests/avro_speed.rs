//! How long a file takes to read, and a copy to write. Run by hand, with a file in `AVRO_FILE` and
//! a codec in `AVRO_CODEC`: `cargo test --release --test avro_speed -- --ignored --nocapture`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use pf_io_core::avro::{self, AvroReadOptions, AvroWriteOptions, AvroWriter};
use pf_io_core::{AtomicFile, Context, Source, WriteMode};

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

#[test]
#[ignore = "measures time"]
fn speed_of_a_copy() {
    let path = PathBuf::from(std::env::var("AVRO_FILE").unwrap());
    let codec = std::env::var("AVRO_CODEC").unwrap_or_else(|_| "snappy".to_owned());
    let context = Context::new(2, None, Arc::default()).unwrap();
    let source = Source::open(&path).unwrap();
    let (schema, batches) = avro::read(&source, &AvroReadOptions::default(), &context).unwrap();
    let start = Instant::now();
    let copy = path.with_extension(format!("{codec}.avro"));
    let sink = AtomicFile::create(&copy, false, WriteMode::Replace).unwrap();
    let options = AvroWriteOptions { codec: Some(codec), ..AvroWriteOptions::default() };
    let mut writer = AvroWriter::with_options(sink, &schema, &options, &context).unwrap();
    for batch in &batches {
        writer.write(batch).unwrap();
    }
    let (bytes, _) = writer.finish().unwrap().commit().unwrap();
    println!("{}: {bytes} bytes in {:?}", copy.display(), start.elapsed());
}
