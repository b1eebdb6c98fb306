//! Packed bombs meet the memory limit before memory does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod csv_table;

use std::io::Write;

use csv_table::{context, table};
use pf_io_core::IoError;
use pf_io_core::csv::CsvReadOptions;

const MB: usize = 1 << 20;

/// `size` bytes of `line` again and again, packed.
fn bomb(codec: &str, line: &[u8], size: usize) -> Vec<u8> {
    let piece = line.repeat(MB / line.len());
    let fill = |writer: &mut dyn Write| {
        writer.write_all(b"a\n").unwrap();
        for _ in 0..size / MB {
            writer.write_all(&piece).unwrap();
        }
    };
    match codec {
        "gz" => {
            let level = flate2::Compression::fast();
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
            fill(&mut writer);
            writer.finish().unwrap()
        }
        "zst" => {
            let mut writer = zstd::Encoder::new(Vec::new(), 1).unwrap();
            fill(&mut writer);
            writer.finish().unwrap()
        }
        "bz2" => {
            let level = bzip2::Compression::fast();
            let mut writer = bzip2::write::BzEncoder::new(Vec::new(), level);
            fill(&mut writer);
            writer.finish().unwrap()
        }
        "xz" => {
            let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 0);
            fill(&mut writer);
            writer.finish().unwrap()
        }
        _ => {
            let mut writer = lz4_flex::frame::FrameEncoder::new(Vec::new());
            fill(&mut writer);
            writer.finish().unwrap()
        }
    }
}

#[test]
fn bombs_stop_at_the_memory_limit() {
    let limit = 48 * MB as u64;
    for codec in ["gz", "zst", "bz2", "xz", "lz4"] {
        // Many rows, a long cell, one with quotes in it.
        for line in [&b"12345\n"[..], b"x", b"\"x"] {
            let packed = bomb(codec, line, 80 * MB);
            let context = context(2, Some(limit));
            let found = table(packed, &CsvReadOptions::default(), &context);
            assert!(matches!(found, Err(IoError::Limit { .. })), "{codec} {line:?}");
            assert!(context.budget().peak() <= limit);
            assert_eq!(context.budget().used(), 0);
        }
    }
}
