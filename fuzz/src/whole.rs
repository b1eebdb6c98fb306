//! The readers of whole tables, which size their buffers by what a file claims, and their streams.

use bytes::Bytes;
use pf_io_core::{Context, IoError, Source, avro, parquet};

use crate::{check, check_array, never};

/// Small, so that claims are refused and not touched.
const MEMORY: u64 = 64 << 20;

fn source(bytes: &[u8]) -> Result<Source, IoError> {
    Source::memory("input", Bytes::copy_from_slice(bytes))
}

fn context() -> Result<Context, IoError> {
    Context::new(1, Some(MEMORY), never())
}

/// By our decoder and by arrow-rs; where both read the file, they give as many rows.
pub fn read_parquet(bytes: &[u8]) {
    let options = |decoder| parquet::ReadOptions {
        decoder,
        verify_checksums: bytes.len() % 2 == 0,
        batch_rows: Some(100),
        ..parquet::ReadOptions::default()
    };
    let read = |decoder| -> Result<usize, IoError> {
        let table = parquet::read(&source(bytes)?, &options(decoder), &context()?)?;
        let rows = table.rows;
        let (schema, columns, _charges) = table.into_arrays();
        assert_eq!(schema.fields().len(), columns.len());
        for chunks in &columns {
            chunks.iter().for_each(check_array);
            assert_eq!(chunks.iter().map(|chunk| chunk.len()).sum::<usize>(), rows);
        }
        Ok(rows)
    };
    let ours = read(parquet::options::Decoder::Auto);
    let theirs = read(parquet::options::Decoder::Arrow);
    if let (Ok(ours), Ok(theirs)) = (&ours, &theirs) {
        assert_eq!(ours, theirs, "the decoders give different numbers of rows");
    }
    let auto = options(parquet::options::Decoder::Auto);
    check(|| parquet::stream(&source(bytes)?, &auto, &context()?));
}

/// With the defaults, with every union as JSON, and past bad blocks.
pub fn read_avro(bytes: &[u8]) {
    let plain = avro::AvroReadOptions::default();
    let lenient = avro::AvroReadOptions {
        on_bad_block: avro::OnBadBlock::Skip,
        unions: avro::Unions::Json,
        ..avro::AvroReadOptions::default()
    };
    for options in [&plain, &lenient] {
        check(|| avro::read(&source(bytes)?, options, &context()?).map(|(_, batches)| ok(batches)));
        check(|| avro::stream(&source(bytes)?, options, &context()?));
    }
}

fn ok<T>(batches: Vec<T>) -> impl Iterator<Item = Result<T, IoError>> {
    batches.into_iter().map(Ok)
}
