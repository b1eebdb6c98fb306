//! Damaged, truncated and hostile files: a stated error or valid data, never a panic, never fewer
//! rows without an error.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use pf_io_core::csv::{BadLines, ColumnSpec, CsvAsk, CsvReadOptions, CsvScan};
use pf_io_core::{
    AvroFile, Context, Format, IoError, ParquetFile, Source, TableWriter, WriteOptions,
};

const ROWS: usize = 30;

fn sample() -> RecordBatch {
    let ints: Int64Array = (0..ROWS as i64).map(|n| (n % 7 != 0).then_some(n * 1000)).collect();
    let texts = StringArray::from_iter_values((0..ROWS).map(|n| format!("text {}", n % 5)));
    let floats = Float64Array::from_iter_values((0..ROWS).map(|n| n as f64 / 3.0));
    let bools: BooleanArray = (0..ROWS).map(|n| Some(n % 2 == 0)).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("int", Arc::new(ints)),
        ("text", Arc::new(texts)),
        ("float", Arc::new(floats)),
        ("bool", Arc::new(bools)),
    ];
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap()
}

/// Rows of the whole file, with every array checked, or the first error.
fn read(path: &Path) -> Result<usize, IoError> {
    let cancel = Arc::new(AtomicBool::new(false));
    let batches: Box<dyn Iterator<Item = Result<RecordBatch, IoError>>> =
        match Format::from_suffix(path).unwrap() {
            Format::Parquet => {
                Box::new(ParquetFile::open(path)?.batches(None, None, 1024, cancel)?)
            }
            Format::Avro => {
                Box::new(AvroFile::open(path, None)?.batches(None, None, 1024, cancel)?)
            }
            Format::Csv => {
                let context = Context::new(2, None, cancel)?;
                let source = Source::open(path)?;
                let scan = CsvScan::open(source, &CsvReadOptions::default(), &context)?;
                Box::new(scan.batches(None, CsvAsk::default(), context))
            }
        };
    let mut rows = 0;
    for batch in batches {
        let batch = batch?;
        for column in batch.columns() {
            column.to_data().validate_full().unwrap();
        }
        rows += batch.num_rows();
    }
    Ok(rows)
}

fn csv_error(text: &[u8], options: &CsvReadOptions) -> IoError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    let context = Context::new(2, None, Arc::default()).unwrap();
    match CsvScan::open(Source::open(&path).unwrap(), options, &context) {
        Err(error) => error,
        Ok(scan) => {
            let failed = scan.batches(None, CsvAsk::default(), context).find_map(Result::err);
            failed.unwrap_or_else(|| panic!("{:?} was read", String::from_utf8_lossy(text)))
        }
    }
}

fn text_after_path(error: &IoError) -> String {
    let text = error.to_string();
    let path = error.path().unwrap().display().to_string();
    text.trim_start_matches(&path).trim_start_matches(": ").to_owned()
}

/// One small file of each kind.
fn files(folder: &Path) -> Vec<PathBuf> {
    let kinds: [(&str, Format, Option<&str>); 10] = [
        ("plain.parquet", Format::Parquet, Some("none")),
        ("snappy.parquet", Format::Parquet, Some("snappy")),
        ("zstd.parquet", Format::Parquet, None),
        ("null.avro", Format::Avro, Some("null")),
        ("deflate.avro", Format::Avro, None),
        ("snappy.avro", Format::Avro, Some("snappy")),
        ("zstd.avro", Format::Avro, Some("zstd")),
        ("bzip2.avro", Format::Avro, Some("bzip2")),
        ("t.csv.gz", Format::Csv, None),
        ("t.csv.zst", Format::Csv, None),
    ];
    kinds
        .into_iter()
        .map(|(name, format, codec)| {
            let path = folder.join(name);
            let options = WriteOptions {
                compression: codec.map(str::to_owned),
                row_group_rows: 12,
                ..WriteOptions::new(format)
            };
            let mut writer = TableWriter::create(&path, sample().schema(), &options).unwrap();
            writer.write(&sample().slice(0, 10)).unwrap();
            writer.write(&sample().slice(10, ROWS - 10)).unwrap();
            writer.finish().unwrap();
            assert_eq!(read(&path).unwrap(), ROWS, "{name}");
            path
        })
        .collect()
}

#[test]
fn test_truncated_at_every_byte_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    assert_eq!(files.len(), 10);
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let cut = folder.path().join(format!("cut-{}", path.file_name().unwrap().display()));
        for length in 0..bytes.len() {
            std::fs::write(&cut, &bytes[..length]).unwrap();
            match read(&cut) {
                Err(IoError::Empty { .. }) => assert_eq!(length, 0),
                Err(error) => assert!(error.path().is_some(), "{error}"),
                // An Avro file that ends after a block, or after its header, is complete.
                Ok(rows) => {
                    let avro = cut.extension().is_some_and(|suffix| suffix == "avro");
                    assert!(avro && (rows == 10 || rows == 0), "{} at {length}", cut.display());
                }
            }
        }
    }
}

#[test]
fn test_flipped_bits_never_panic_or_lose_rows() {
    let folder = tempfile::tempdir().unwrap();
    for path in files(folder.path()) {
        let good = std::fs::read(&path).unwrap();
        let flipped = folder.path().join(format!("bad-{}", path.file_name().unwrap().display()));
        // A Parquet file takes milliseconds without optimisation; the others are tried whole.
        let stride =
            if flipped.extension().is_some_and(|suffix| suffix == "parquet") { 7 } else { 1 };
        for at in (0..good.len()).step_by(stride) {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 8);
            std::fs::write(&flipped, &bytes).unwrap();
            match read(&flipped) {
                Ok(rows) => assert_eq!(rows, ROWS, "{} byte {at}", path.display()),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    }
}

#[test]
fn test_random_bytes_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = 42_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize
    };
    for path in files(folder.path()) {
        let good = std::fs::read(&path).unwrap();
        let spliced = folder.path().join(format!("mix-{}", path.file_name().unwrap().display()));
        for _ in 0..60 {
            let mut bytes = good.clone();
            for _ in 0..=random() % 4 {
                let (from, to) = (random() % bytes.len(), random() % bytes.len());
                let length = (random() % 16).min(bytes.len() - from.max(to));
                for offset in 0..length {
                    bytes[to + offset] =
                        if random() % 2 == 0 { bytes[from + offset] } else { random() as u8 };
                }
            }
            std::fs::write(&spliced, &bytes).unwrap();
            read(&spliced).ok(); // an error or valid arrays
        }
    }
}

#[test]
fn test_missing_directory_and_empty() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["t.parquet", "t.avro", "t.csv"] {
        let path = folder.path().join(name);
        let missing = read(&path).unwrap_err();
        assert!(missing.to_string().starts_with("File not found: "), "{missing}");
        std::fs::write(&path, "").unwrap();
        assert!(matches!(read(&path), Err(IoError::Empty { .. })), "{name}");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(matches!(read(&path), Err(IoError::IsDirectory { .. })), "{name}");
    }
    let unknown = folder.path().join("t.bin");
    std::fs::write(&unknown, "PAR1").unwrap();
    assert_eq!(Format::detect(&unknown).unwrap(), Format::Parquet);
    std::fs::write(&unknown, "hello").unwrap();
    assert!(matches!(Format::detect(&unknown), Err(IoError::UnknownFormat { .. })));
}

#[test]
fn test_ragged_records() {
    let text = b"a,b\n1,2\n\n3\n4,5,6\n7,8\n";
    let error = csv_error(text, &CsvReadOptions::default());
    assert_eq!(text_after_path(&error), "line 4, record 3, byte 9: expected 2 fields, found 1");
    assert_eq!((error.line(), error.record()), (Some(4), Some(3)));

    let options = CsvReadOptions { bad_lines: BadLines::Collect, ..CsvReadOptions::default() };
    let context = Context::new(2, None, Arc::default()).unwrap();
    let source = Source::memory("t.csv", text.to_vec().into()).unwrap();
    let scan = CsvScan::open(source, &options, &context).unwrap();
    assert_eq!((scan.rows(), scan.report().rejects.len()), (Some(2), 2));
    let batches = scan.batches(None, CsvAsk::default(), context);
    assert_eq!(batches.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 2);
}

#[test]
fn test_csv_errors_name_their_place() {
    let default = CsvReadOptions::default();
    let cases: [(&[u8], &str); 3] = [
        (b"a,b\n1,\"x\n", "line 2, record 2, byte 6: the quote that opens here is not closed"),
        (b"a\nx\n\xff\n", "line 3, byte 4: 0xFF is not UTF-8"),
        (b"\"a\n", "line 1, byte 0: the quote that opens in the header is not closed"),
    ];
    for (text, wanted) in cases {
        assert_eq!(text_after_path(&csv_error(text, &default)), wanted);
    }
    // A type found by inference keeps its strict form: 007 is no int64.
    let options = CsvReadOptions { infer_records: Some(1), ..CsvReadOptions::default() };
    for (text, wanted) in [
        (
            &b"a,b\n1,2\n3,\"x\ny\"\n"[..],
            "line 3, record 3, column 'b', byte 10: \"x\\ny\" is not int64, the type of the sample",
        ),
        (
            b"a\n1\n007\n",
            "line 3, record 3, column 'a', byte 4: \"007\" is not int64, the type of the sample",
        ),
    ] {
        assert_eq!(text_after_path(&csv_error(text, &options)), wanted);
    }
    let typed = |name: &str| CsvReadOptions {
        specs: vec![(name.to_owned(), ColumnSpec::typed(DataType::Int8))],
        ..CsvReadOptions::default()
    };
    let error = csv_error(b"a\n300\n", &typed("a"));
    let wanted = "line 2, record 2, column 'a', byte 2: \"300\" is not int8: it is out of range";
    assert_eq!((text_after_path(&error).as_str(), error.column()), (wanted, Some("a")));
    let columns = Some(vec!["arr_dely".to_owned()]);
    for options in [CsvReadOptions { columns, ..CsvReadOptions::default() }, typed("arr_dely")] {
        let error = csv_error(b"arr_delay,b\n1,2\n", &options);
        assert_eq!(text_after_path(&error), "no column 'arr_dely'");
        let hint = "did you mean 'arr_delay'? columns: arr_delay, b (2)";
        assert_eq!(error.hint().as_deref(), Some(hint));
    }
    let mut same = CsvReadOptions::default();
    same.dialect.separator = b'"';
    assert!(matches!(csv_error(b"a\n", &same), IoError::Unsupported { .. }));
}

#[test]
fn test_packed_bombs_take_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.csv.gz");
    let file = std::fs::File::create(&path).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::best());
    encoder.write_all(b"a\n").unwrap();
    for _ in 0..64 {
        encoder.write_all(&vec![b'\n'; 1 << 20]).unwrap();
    }
    encoder.finish().unwrap();
    // A bomb of blank lines is read in the memory of a few blocks.
    let context = Context::new(1, Some(24 << 20), Arc::default()).unwrap();
    let source = Source::open(&path).unwrap();
    let scan = CsvScan::open(source, &CsvReadOptions::default(), &context).unwrap();
    assert_eq!((scan.rows(), scan.report().blank_lines), (Some(0), 64 << 20));
}

#[test]
fn test_several_members_are_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv.gz");
    let mut bytes = Vec::new();
    for part in ["a\n1\n", "2\n", "3\n"] {
        let mut encoder = flate2::write::GzEncoder::new(&mut bytes, flate2::Compression::default());
        encoder.write_all(part.as_bytes()).unwrap();
        encoder.finish().unwrap();
    }
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(read(&path).unwrap(), 3);
    std::fs::write(&path, "a\n1\n").unwrap();
    let error = read(&path).unwrap_err();
    assert!(error.to_string().contains("the name says gz"), "{error}");
}

#[test]
fn test_cancel_stops_every_reader() {
    let folder = tempfile::tempdir().unwrap();
    let cancel = Arc::new(AtomicBool::new(true));
    for path in files(folder.path()) {
        let error = match Format::from_suffix(&path).unwrap() {
            Format::Parquet => {
                let file = ParquetFile::open(&path).unwrap();
                file.batches(None, None, 10, Arc::clone(&cancel)).unwrap().next().unwrap().err()
            }
            Format::Avro => {
                let file = AvroFile::open(&path, None).unwrap();
                file.batches(None, None, 10, Arc::clone(&cancel)).unwrap().next().unwrap().err()
            }
            Format::Csv => {
                let context = Context::new(1, None, Arc::clone(&cancel)).unwrap();
                let source = Source::open(&path).unwrap();
                CsvScan::open(source, &CsvReadOptions::default(), &context).err()
            }
        };
        assert!(matches!(error, Some(IoError::Cancelled)), "{}", path.display());
    }
}
