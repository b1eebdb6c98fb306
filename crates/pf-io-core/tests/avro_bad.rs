//! Damaged and hostile Avro: an error that names the place, or exactly the rows there are.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pf_io_core::avro::{self, AvroReadOptions, OnBadBlock};
use pf_io_core::{Context, IoError};

mod avro_support;
use avro_support::{SYNC, container, context, long, read, read_with, record, source, text};

const FIELDS: [(&str, &str); 5] = [
    ("id", r#""long""#),
    ("name", r#"["null","string"]"#),
    ("tags", r#"{"type":"array","items":"string"}"#),
    ("e", r#"{"type":"enum","name":"e","symbols":["A","B"]}"#),
    ("d", r#"{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}"#),
];

/// Records of [`FIELDS`].
fn records(from: i64, count: i64) -> Vec<u8> {
    let mut out = Vec::new();
    for id in from..from + count {
        long(&mut out, id * 1_000_003);
        if id % 3 == 0 {
            long(&mut out, 0);
        } else {
            long(&mut out, 1);
            text(&mut out, format!("name {id}").as_bytes());
        }
        long(&mut out, 2);
        text(&mut out, b"a");
        text(&mut out, "é".as_bytes());
        long(&mut out, 0);
        long(&mut out, id % 2);
        text(&mut out, &(id as i16).to_be_bytes());
    }
    out
}

fn pack(codec: &str, data: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut out = Vec::new();
    match codec {
        "null" => out.extend_from_slice(data),
        "deflate" => {
            let level = flate2::Compression::default();
            flate2::read::DeflateEncoder::new(data, level).read_to_end(&mut out).unwrap();
        }
        "snappy" => {
            out = snap::raw::Encoder::new().compress_vec(data).unwrap();
            out.extend(crc32fast::hash(data).to_be_bytes());
        }
        "zstandard" => out = zstd::stream::encode_all(data, 3).unwrap(),
        "bzip2" => {
            let level = bzip2::Compression::default();
            bzip2::bufread::BzEncoder::new(data, level).read_to_end(&mut out).unwrap();
        }
        "xz" => {
            liblzma::bufread::XzEncoder::new(data, 6).read_to_end(&mut out).unwrap();
        }
        other => panic!("no codec {other}"),
    }
    out
}

const CODECS: [&str; 6] = ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"];

/// Three blocks of four records, and the places where the file may end.
fn sample(codec: &str) -> (Vec<u8>, Vec<usize>) {
    let blocks: Vec<_> = (0..3).map(|block| (4, pack(codec, &records(block * 4, 4)))).collect();
    let ends = (0..=3).map(|count| container(&record(&FIELDS), codec, &blocks[..count]).len());
    let ends = ends.collect();
    (container(&record(&FIELDS), codec, &blocks), ends)
}

fn message(bytes: &[u8]) -> (Option<u64>, String) {
    let error = read(bytes, &AvroReadOptions::default()).unwrap_err();
    assert!(matches!(error, IoError::Avro { .. }), "{error:?}");
    (error.block(), error.to_string())
}

#[test]
fn test_every_codec_reads_and_every_truncation_is_noticed() {
    for codec in CODECS {
        let (bytes, ends) = sample(codec);
        assert_eq!(read(&bytes, &AvroReadOptions::default()).unwrap().num_rows(), 12, "{codec}");
        for length in 1..bytes.len() {
            let cut = &bytes[..length];
            let got = read(cut, &AvroReadOptions::default());
            let count = avro::count(&source(cut));
            match ends.iter().position(|&end| end == length) {
                Some(blocks) => {
                    assert_eq!(got.unwrap().num_rows(), blocks * 4);
                    assert_eq!(count.unwrap(), blocks as u64 * 4);
                }
                None => assert!(got.is_err() && count.is_err(), "{codec} at {length}"),
            }
        }
    }
}

#[test]
fn test_every_flipped_bit_is_an_error_or_valid_arrays() {
    for codec in CODECS {
        let (bytes, _) = sample(codec);
        let context = context(1);
        let mut errors = 0;
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            // `read_with` validates what comes back.
            errors +=
                usize::from(read_with(&bytes, &AvroReadOptions::default(), &context).is_err());
        }
        assert!(errors > bytes.len(), "{codec}: only {errors} errors");
    }
}

#[test]
fn test_a_wrong_marker_names_its_block() {
    let (mut bytes, ends) = sample("null");
    bytes[ends[2] - 1] ^= 1;
    let (block, text) = message(&bytes);
    assert_eq!(block, Some(2));
    assert!(text.contains("sync marker"), "{text}");
    assert!(avro::count(&source(&bytes)).is_err());
}

#[test]
fn test_blocks_hold_exactly_their_records() {
    let schema = record(&FIELDS);
    let data = records(0, 4);
    for (claimed, part) in [(3, "bytes are left"), (5, "the data end"), (0, "bytes are left")] {
        let blocks = [(4, records(9, 4)), (claimed, data.clone())];
        let (block, text) = message(&container(&schema, "null", &blocks));
        assert_eq!(block, Some(2));
        assert!(text.contains(part), "{text}");
    }
    let (block, text) = message(&container(&schema, "null", &[(-4, data)]));
    assert_eq!((block, text.contains("negative")), (Some(1), true), "{text}");
    // An empty block is a block.
    let blocks = [(0, Vec::new()), (4, records(0, 4))];
    let bytes = container(&schema, "null", &blocks);
    assert_eq!(read(&bytes, &AvroReadOptions::default()).unwrap().num_rows(), 4);
}

#[test]
fn test_errors_name_record_and_field() {
    let schema = record(&[("a", r#""int""#), ("flag", r#""boolean""#)]);
    let (block, text) =
        message(&container(&schema, "null", &[(1, vec![2, 1]), (2, vec![2, 1, 4, 7])]));
    assert_eq!(block, Some(2));
    assert!(text.contains("record 2, field 'flag', byte 4"), "{text}");
}

#[test]
fn test_bad_values_are_errors() {
    let number = |number: i64| {
        let mut out = Vec::new();
        long(&mut out, number);
        out
    };
    let bytes_of = |bytes: &[u8]| {
        let mut out = Vec::new();
        text(&mut out, bytes);
        out
    };
    let time = r#"{"type":"int","logicalType":"time-millis"}"#;
    let micros = r#"{"type":"long","logicalType":"time-micros"}"#;
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":3}"#;
    let uuid = r#"{"type":"string","logicalType":"uuid"}"#;
    let duration = r#"{"type":"fixed","name":"f","size":12,"logicalType":"duration"}"#;
    let choice = r#"{"type":"enum","name":"f","symbols":["A"]}"#;
    for (kind, data) in [
        (r#""int""#, number(1 << 33)),
        (r#""long""#, vec![0xff; 11]),
        (r#""string""#, bytes_of(b"\xff")),
        (r#""string""#, number(-1)),
        (r#""string""#, number(i64::MAX)),
        (r#"["null","string"]"#, number(2)),
        (r#"["null","string"]"#, number(-1)),
        (r#"["int","string","null"]"#, number(3)),
        (choice, number(1)),
        (choice, number(-1)),
        (time, number(86_400_000)),
        (micros, number(-1)),
        (decimal, bytes_of(&1000_i16.to_be_bytes())),
        (decimal, bytes_of(&[1; 40])),
        (uuid, bytes_of(b"no uuid")),
        (duration, vec![0xff; 12]),
        (r#"{"type":"array","items":"int"}"#, number(i64::MIN)),
        (r#"{"type":"array","items":"int"}"#, number(1 << 40)),
        (r#"{"type":"map","values":"int"}"#, number(1 << 40)),
    ] {
        let bytes = container(&record(&[("a", kind)]), "null", &[(1, data)]);
        let (block, text) = message(&bytes);
        assert_eq!(block, Some(1), "{kind}: {text}");
    }
}

#[test]
fn test_records_without_bytes_are_bounded() {
    let empty = record(&[]);
    let nulls = record(&[("a", r#""null""#)]);
    for schema in [&empty, &nulls] {
        let bytes = container(schema, "null", &[(1000, Vec::new()), (5, Vec::new())]);
        assert_eq!(read(&bytes, &AvroReadOptions::default()).unwrap().num_rows(), 1005);
        message(&container(schema, "null", &[(1 << 40, Vec::new())]));
        message(&container(schema, "null", &[(1, vec![0])]));
    }
    let start = Instant::now();
    let items = r#"{"type":"array","items":"null"}"#;
    let mut data = Vec::new();
    for _ in 0..1000 {
        long(&mut data, 1 << 23);
    }
    long(&mut data, 0);
    message(&container(&record(&[("a", items)]), "null", &[(1, data)]));
    let nested = r#"{"type":"record","name":"n","fields":[{"name":"x","type":"null"}]}"#;
    message(&container(&record(&[("a", nested)]), "null", &[(1 << 30, Vec::new())]));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn test_nulls_do_not_stand_for_gigabytes() {
    let wide = r#"["null",{"type":"fixed","name":"f","size":16000000}]"#;
    let bytes = container(&record(&[("a", wide)]), "null", &[(100_000, vec![0; 100_000])]);
    let small = Context::new(1, Some(64 << 20), Arc::default()).unwrap();
    let error = read_with(&bytes, &AvroReadOptions::default(), &small).unwrap_err();
    assert!(matches!(error, IoError::Limit { .. }), "{error}");
    message(&bytes);
}

#[test]
fn test_packed_bombs_meet_the_limit() {
    let schema = record(&[("a", r#""string""#)]);
    let mut data = Vec::new();
    text(&mut data, &vec![b'x'; 60 << 20]);
    for codec in &CODECS[1..] {
        let bytes = container(&schema, codec, &[(1, pack(codec, &data))]);
        let small = Context::new(2, Some(20 << 20), Arc::default()).unwrap();
        let error = read_with(&bytes, &AvroReadOptions::default(), &small).unwrap_err();
        assert!(matches!(error, IoError::Limit { .. }), "{codec}: {error}");
        assert!(small.budget().peak() <= 20 << 20);
        assert_eq!(small.budget().used(), 0);
    }
    // Lengths that are only claimed.
    let mut snappy = vec![0xff, 0xff, 0xff, 0xff, 0x0f];
    snappy.extend([0; 8]);
    for length in 0..snappy.len() {
        assert!(
            read(
                &container(&schema, "snappy", &[(1, snappy[..length].to_vec())]),
                &AvroReadOptions::default()
            )
            .is_err()
        );
    }
}

#[test]
fn test_a_wrong_checksum_is_noticed() {
    let mut data = pack("snappy", &records(0, 4));
    *data.last_mut().unwrap() ^= 1;
    let (block, text) = message(&container(&record(&FIELDS), "snappy", &[(4, data)]));
    assert_eq!((block, text.contains("checksum")), (Some(1), true), "{text}");
}

#[test]
fn test_hostile_headers() {
    let deep = "[".repeat(1 << 20);
    let wide = (0..40).fold(r#""int""#.to_owned(), |inner, level| {
        let second = if level == 0 { "\"int\"".to_owned() } else { format!("\"r{}\"", level - 1) };
        let fields = format!(r#"{{"name":"a","type":{inner}}},{{"name":"b","type":{second}}}"#);
        format!(r#"{{"type":"record","name":"r{level}","fields":[{fields}]}}"#)
    });
    for schema in [
        deep.as_str(),
        wide.as_str(),
        "",
        "{}",
        "5",
        r#""nothing""#,
        r#"["int",["null"]]"#,
        r#"{"type":"fixed","name":"f","size":99999999999}"#,
        r#"["int","int"]"#,
        r#"{"type":"record","name":"r","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}"#,
    ] {
        message(&container(schema, "null", &[]));
    }
    let recursive =
        r#"{"type":"record","name":"n","fields":[{"name":"next","type":["null","n"]}]}"#;
    let error = read(&container(recursive, "null", &[]), &AvroReadOptions::default()).unwrap_err();
    assert!(matches!(error, IoError::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("field 'next': the schema is recursive"), "{error}");
    let deep = r#"{"type":"record","name":"n","fields":[{"name":"tree","type":{"type":"array",
        "items":{"type":"map","values":{"type":"record","name":"m","fields":[
            {"name":"up","type":["null","n"]}]}}}}]}"#;
    let error = read(&container(deep, "null", &[]), &AvroReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("field 'tree[]{}.up': "), "{error}");

    let (_, text) = message(&container(&record(&FIELDS), "lzo", &[]));
    assert!(text.contains("unknown codec 'lzo'"), "{text}");
    let (_, text) = message(b"PAR1 is not Avro");
    assert!(text.contains("no Avro file"), "{text}");
    let mut bytes = b"Obj\x01".to_vec();
    long(&mut bytes, i64::MAX);
    bytes.extend([0; 100]);
    message(&bytes);
    let mut bytes = b"Obj\x01".to_vec();
    long(&mut bytes, 1);
    long(&mut bytes, i64::MAX);
    bytes.extend([0; 100]);
    message(&bytes);
}

#[test]
fn test_bad_blocks_can_be_left_out_and_are_counted() {
    let options = AvroReadOptions { on_bad_block: OnBadBlock::Skip, ..AvroReadOptions::default() };
    let schema = record(&FIELDS);
    let blocks: Vec<_> = (0..6).map(|block| (4, records(block * 4, 4))).collect();
    let start = |count: usize| container(&schema, "null", &blocks[..count]).len();
    let mut bytes = container(&schema, "null", &blocks);
    bytes[start(1) - 16] ^= 1; // the marker of block 1: block 2 goes with it
    bytes[start(4) - 16 - 3] = 0x7e; // the last length in block 4
    bytes.truncate(start(6) - 3); // the end of block 6
    for threads in [1, 2, 5] {
        let context = context(threads);
        let (_, batches, report) =
            avro::read_reported(&source(&bytes), &options, &context).unwrap();
        let rows: usize = batches.iter().map(arrow::array::RecordBatch::num_rows).sum();
        assert_eq!(rows as u64, report.rows);
        assert_eq!((report.rows, report.blocks), (8, 2));
        let lost: Vec<_> = report
            .rejects
            .iter()
            .map(|reject| (reject.offset as usize, reject.bytes as usize, reject.records))
            .collect();
        let part = |from: usize, to: usize| (start(from), start(to) - start(from), Some(4));
        assert_eq!(lost[0], part(0, 2));
        assert_eq!(lost[1], part(3, 4));
        assert_eq!(lost[2], (start(5), bytes.len() - start(5), Some(4)));
        assert_eq!(lost.len(), 3);
        let mut stream = avro::stream(&source(&bytes), &options, &context).unwrap();
        assert_eq!(stream.by_ref().map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 8);
        assert_eq!(stream.report().rejects, report.rejects);
        let first = AvroReadOptions { n_rows: Some(6), ..options.clone() };
        assert_eq!(read_with(&bytes, &first, &context).unwrap().num_rows(), 6);
    }
    assert!(read(&bytes, &AvroReadOptions::default()).is_err());
}

#[test]
fn test_the_first_bad_block_is_the_error_whatever_the_threads() {
    let schema = record(&[("a", r#""string""#)]);
    let good = || {
        let mut data = Vec::new();
        text(&mut data, "x".repeat(20_000).as_bytes());
        (1, data)
    };
    let mut blocks: Vec<_> = (0..60).map(|_| good()).collect();
    for bad in [17, 23, 51] {
        blocks[bad].1[10] = 0xff;
    }
    let bytes = container(&schema, "null", &blocks);
    for threads in [1, 2, 3, 8] {
        let options = AvroReadOptions::default();
        let error = read_with(&bytes, &options, &context(threads)).unwrap_err();
        assert_eq!(error.block(), Some(18), "{error}");
        let mut stream = avro::stream(&source(&bytes), &options, &context(threads)).unwrap();
        let error = stream.find_map(Result::err).unwrap();
        assert_eq!(error.block(), Some(18), "{error}");
        assert!(stream.next().is_none());
    }
}

#[test]
fn test_cancel_stops_reading() {
    let (bytes, _) = sample("deflate");
    let cancel = Arc::new(AtomicBool::new(false));
    let context = Context::new(2, None, Arc::clone(&cancel)).unwrap();
    let mut stream = avro::stream(&source(&bytes), &AvroReadOptions::default(), &context).unwrap();
    cancel.store(true, Ordering::Relaxed);
    assert!(matches!(stream.next(), Some(Err(IoError::Cancelled))));
    assert!(stream.next().is_none());
    let error = read_with(&bytes, &AvroReadOptions::default(), &context).unwrap_err();
    assert!(matches!(error, IoError::Cancelled));
    assert_eq!(context.budget().used(), 0);
}

#[test]
fn test_the_marker_is_compared_whole() {
    let (bytes, ends) = sample("null");
    for at in 0..SYNC.len() {
        let mut bytes = bytes.clone();
        bytes[ends[1] - 16 + at] ^= 0x80;
        assert_eq!(message(&bytes).0, Some(1));
    }
}
