//! Text input of CSV: packed, cut short, blown up, in other encodings, at any edge of a block.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pf_io_core::csv::input::{Codec, Compression, Input, InputOptions, InvalidBytes};
use pf_io_core::{Context, IoError, Source};
use proptest::prelude::*;

const CODECS: [Codec; 6] =
    [Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz, Codec::Lz4, Codec::Zip];

fn context(limit: Option<u64>) -> Context {
    Context::new(1, limit, Arc::new(AtomicBool::new(false))).unwrap()
}

fn source(name: &str, bytes: &[u8]) -> Source {
    Source::memory(name, bytes.to_vec().into()).unwrap()
}

fn open(name: &str, bytes: &[u8], options: &InputOptions) -> Result<Input, IoError> {
    Input::open(&source(name, bytes), options, &context(None))
}

fn rest(mut input: Input) -> Result<Vec<u8>, IoError> {
    let mut text = Vec::new();
    while let Some(block) = input.next_block()? {
        assert!(!block.is_empty());
        text.extend_from_slice(&block);
        input.recycle(block);
    }
    assert!(input.next_block()?.is_none());
    Ok(text)
}

fn read(name: &str, bytes: &[u8], options: &InputOptions) -> Result<Vec<u8>, IoError> {
    rest(open(name, bytes, options)?)
}

fn encoded(label: &str) -> InputOptions {
    InputOptions { encoding: label.to_owned(), ..InputOptions::default() }
}

/// Repeats and noise, so that every codec has something to refer back to.
fn text(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut out = Vec::with_capacity(size + 64);
    while out.len() < size {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        out.extend(format!("{},abc,{}\n", state >> 50, state % 3).into_bytes());
    }
    out.truncate(size);
    out
}

fn zip(files: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes, deflate) in files {
        let mut sum = crc32fast::Hasher::new();
        sum.update(bytes);
        let body = if *deflate {
            let mut writer =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        } else {
            bytes.to_vec()
        };
        let start = out.len() as u32;
        let mut common = vec![20, 0, 0, 0, if *deflate { 8 } else { 0 }, 0, 0, 0, 0, 0];
        common.extend(sum.finalize().to_le_bytes());
        common.extend((body.len() as u32).to_le_bytes());
        common.extend((bytes.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(&body);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, count) = (out.len() as u32, files.len() as u16);
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn pack(codec: Codec, bytes: &[u8]) -> Vec<u8> {
    match codec {
        Codec::Gzip => {
            let mut writer =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Codec::Zstd => zstd::encode_all(bytes, 3).unwrap(),
        Codec::Bzip2 => {
            let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Codec::Xz => {
            let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 6);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Codec::Lz4 => lz4(bytes, lz4_flex::frame::FrameInfo::new()),
        Codec::Zip => zip(&[("a.csv", bytes, true)]),
    }
}

fn lz4(bytes: &[u8], info: lz4_flex::frame::FrameInfo) -> Vec<u8> {
    let mut writer = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

#[test]
fn test_every_codec_by_magic_by_name_and_by_order() {
    let text = text(3_000_000);
    for codec in CODECS {
        let packed = pack(codec, &text);
        assert_eq!(Codec::from_magic(&packed), Some(codec));
        for name in ["a.csv".to_owned(), format!("a.csv.{}", codec.name().to_uppercase())] {
            let input = open(&name, &packed, &InputOptions::default()).unwrap();
            assert_eq!((input.codec(), input.size_hint()), (Some(codec), None));
            assert!(input.plain().is_none());
            assert_eq!(rest(input).unwrap(), text, "{codec:?}");
        }
        let mut options =
            InputOptions { compression: Compression::Is(codec), ..InputOptions::default() };
        assert_eq!(read("a", &packed, &options).unwrap(), text);
        assert!(read("a", &text, &options).is_err(), "{codec:?} of plain text");
        options.compression = Compression::None;
        options.invalid = InvalidBytes::Binary;
        assert_eq!(read("a.gz", &packed, &options).unwrap(), packed);
        let error = read(&format!("a.{}", codec.name()), b"a,b\n", &InputOptions::default());
        assert!(error.unwrap_err().to_string().contains("the name says"), "{codec:?}");
    }
    assert_eq!(read("a", b"BZh9,x\n", &InputOptions::default()).unwrap(), b"BZh9,x\n");
}

#[test]
fn test_members_are_joined_and_what_lies_behind_is_an_error() {
    let (first, second) = (text(100_000), text(70_000));
    let whole = [first.clone(), second.clone()].concat();
    let options = InputOptions::default();
    for codec in [Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz, Codec::Lz4] {
        let empty = pack(codec, b"");
        let mut packed = [pack(codec, &first), empty, pack(codec, &second)].concat();
        assert_eq!(read("a", &packed, &options).unwrap(), whole, "{codec:?}");
        packed.extend(b"more");
        assert!(read("a", &packed, &options).is_err(), "{codec:?} with more behind");
        packed.truncate(packed.len() - 4);
        packed.extend([0; 8]);
        let padded = read("a", &packed, &options);
        match codec {
            Codec::Gzip | Codec::Xz => assert_eq!(padded.unwrap(), whole),
            _ => assert!(padded.is_err(), "{codec:?} with zeros behind"),
        }
    }
    // Frames to be passed over, before, between and behind.
    let skip = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    for codec in [Codec::Zstd, Codec::Lz4] {
        let (one, two) = (pack(codec, &first), pack(codec, &second));
        let packed = [&skip[..], &one, &skip, &two, &skip];
        let name = format!("a.{}", codec.name());
        assert_eq!(read(&name, &packed.concat(), &options).unwrap(), whole, "{codec:?}");
        let cut = packed.concat();
        assert!(read(&name, &cut[..cut.len() - 1], &options).is_err());
    }
    // Xz allows padding between streams, in words.
    let (a, b) = (pack(Codec::Xz, &first), pack(Codec::Xz, &second));
    assert_eq!(read("a", &[&a, &[0; 4][..], &b].concat(), &options).unwrap(), whole);
    assert!(read("a", &[&a, &[0; 3][..], &b].concat(), &options).is_err());
    assert!(read("a", &[&a, &[0; 3][..]].concat(), &options).is_err());
}

#[test]
fn test_a_packed_file_cut_at_any_byte_is_an_error() {
    use lz4_flex::frame::{BlockMode, BlockSize, FrameInfo};
    let text = text(700);
    let mut files: Vec<(String, Vec<u8>)> =
        CODECS.iter().map(|&codec| (format!("a.{}", codec.name()), pack(codec, &text))).collect();
    let summed = FrameInfo::new()
        .block_checksums(true)
        .content_checksum(true)
        .content_size(Some(text.len() as u64))
        .block_mode(BlockMode::Linked)
        .block_size(BlockSize::Max64KB);
    files.push(("b.lz4".into(), lz4(&text, summed)));
    files.push(("b.zip".into(), zip(&[("folder/", b"", false), ("b.csv", &text, false)])));
    for (name, packed) in files {
        let options = InputOptions {
            compression: Compression::from_name(name.rsplit('.').next().unwrap()).unwrap(),
            ..InputOptions::default()
        };
        assert_eq!(read(&name, &packed, &options).unwrap(), text, "{name}");
        for cut in 1..packed.len() {
            let error = read(&name, &packed[..cut], &options);
            assert!(error.is_err(), "{name} cut at {cut} of {}", packed.len());
        }
        // Two members, the second one cut: what the first held is not taken for the whole.
        if !name.ends_with("zip") {
            for cut in 1..packed.len() {
                let both = [&packed, &packed[..cut]].concat();
                assert!(read(&name, &both, &options).is_err(), "{name} + {cut}");
            }
        }
        for at in 0..packed.len() {
            let mut bent = packed.clone();
            bent[at] ^= 0x55;
            // Not every codec sums everything, but none may panic or hang.
            let _ = read(&name, &bent, &options);
        }
    }
}

#[test]
fn test_lz4_frames_of_every_kind() {
    use lz4_flex::frame::{BlockMode, BlockSize, FrameInfo};
    let text = text(6_000_000);
    for mode in [BlockMode::Independent, BlockMode::Linked] {
        for size in [BlockSize::Max64KB, BlockSize::Max256KB, BlockSize::Max1MB, BlockSize::Max4MB]
        {
            let info = FrameInfo::new().block_mode(mode).block_size(size).content_checksum(true);
            let packed = lz4(&text, info);
            assert!(read("a", &packed, &InputOptions::default()).unwrap() == text, "{size:?}");
        }
    }
    // A block that holds nothing does not end the frame.
    let head = lz4(b"", FrameInfo::new());
    let head = &head[..7];
    let hollow = [head, &[1, 0, 0, 0, 0], &[2, 0, 0, 0x80, b'a', b'b'], &[0; 4]].concat();
    assert_eq!(read("a", &hollow, &InputOptions::default()).unwrap(), b"ab");
}

#[test]
fn test_bombs_stop_at_the_limit() {
    let zeros = vec![b'0'; 64 << 20];
    for codec in CODECS {
        let packed = pack(codec, &zeros);
        let context = context(Some(32 << 20));
        let options =
            InputOptions { limit: Some(16 << 20), block_bytes: 1 << 16, ..InputOptions::default() };
        let input = Input::open(&source("a", &packed), &options, &context).unwrap();
        let error = rest(input).unwrap_err();
        assert!(matches!(error, IoError::Limit { .. }), "{codec:?}: {error}");
        assert!(context.budget().peak() <= 32 << 20);
        assert_eq!(context.budget().used(), 0, "{codec:?}");
    }
    // A window that does not fit is refused before it is allocated: 1 GiB in a frame of 9 bytes.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3, 1, 0, 0];
    let small = context(Some(64 << 20));
    let error = Input::open(&source("a", &frame), &InputOptions::default(), &small).unwrap_err();
    assert!(matches!(error, IoError::Limit { .. }), "{error}");
    // An xz dictionary of 64 MiB in 16.
    let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 9);
    writer.write_all(b"a,b\n").unwrap();
    let packed = writer.finish().unwrap();
    let small = context(Some(16 << 20));
    let error = Input::open(&source("a", &packed), &InputOptions::default(), &small).unwrap_err();
    assert!(matches!(error, IoError::Limit { .. }), "{error}");
}

#[test]
fn test_a_ratio_that_no_text_has_is_a_bomb_without_any_limit() {
    let mut frames = zstd::encode_all(vec![b'0'; 64 << 20].as_slice(), 19).unwrap();
    frames = frames.repeat(6);
    assert!(frames.len() * 10_000 < 384 << 20);
    let mut input = open("a", &frames, &InputOptions::default()).unwrap();
    let mut total = 0;
    let error = loop {
        match input.next_block() {
            Ok(Some(block)) => {
                total += block.len();
                input.recycle(block);
            }
            Ok(None) => panic!("not refused after {total}"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, IoError::Limit { .. }), "{error}");
    assert!(total <= 257 << 20);
}

#[test]
fn test_zip_holds_exactly_one_file() {
    let options = InputOptions::default();
    let two = zip(&[("a.csv", b"a\n", true), ("b.csv", b"b\n", true)]);
    let error = read("x.zip", &two, &options).unwrap_err();
    assert!(matches!(error, IoError::Csv { .. }), "{error}");
    assert!(error.to_string().contains("holds 2 files"), "{error}");
    assert!(read("x.zip", &zip(&[]), &options).unwrap_err().to_string().contains("0 files"));
    let mut locked = zip(&[("a.csv", b"a\n", false)]);
    let at = locked.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    locked[at + 8] |= 1;
    assert!(read("x.zip", &locked, &options).unwrap_err().to_string().contains("encrypted"));
    let mut wrong = zip(&[("a.csv", b"a\n", false)]);
    let at = wrong.windows(2).position(|two| two == b"a\n").unwrap();
    wrong[at] = b'b';
    assert!(read("x.zip", &wrong, &options).is_err());
    let mut commented = zip(&[("a.csv", b"a\n", true)]);
    let size = commented.len();
    commented[size - 2] = 4;
    commented.extend(b"PK\x05\x06");
    assert_eq!(read("x.zip", &commented, &options).unwrap(), b"a\n");
}

#[test]
fn test_plain_text_comes_as_it_is() {
    let text = text(2_500_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, [b"\xef\xbb\xbf", text.as_slice()].concat()).unwrap();
    let source = Source::open(&path).unwrap();
    let input = Input::open(&source, &InputOptions::default(), &context(None)).unwrap();
    assert_eq!((input.encoding(), input.codec()), ("UTF-8", None));
    assert_eq!(input.size_hint(), Some(text.len() as u64));
    assert_eq!(input.plain().unwrap().1, 3);
    assert_eq!((input.raw_offset(0).unwrap(), input.raw_offset(10).unwrap()), (3, 13));
    assert_eq!(rest(input).unwrap(), text);
    // A file that shrinks while it is read is an error, not a shorter text.
    let mut input = Input::open(&source, &InputOptions::default(), &context(None)).unwrap();
    input.next_block().unwrap().unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(1_500_000).unwrap();
    assert!(matches!(rest(input), Err(IoError::Os { .. })));
}

#[test]
fn test_cancelling_stops_both_ways_of_reading() {
    let text = text(8 << 20);
    for bytes in [text.clone(), pack(Codec::Gzip, &text)] {
        let cancel = Arc::new(AtomicBool::new(false));
        let context = Context::new(1, None, Arc::clone(&cancel)).unwrap();
        let options = InputOptions { block_bytes: 4096, ..InputOptions::default() };
        let mut input = Input::open(&source("a", &bytes), &options, &context).unwrap();
        input.next_block().unwrap().unwrap();
        cancel.store(true, Ordering::Relaxed);
        assert!(matches!(rest(input), Err(IoError::Cancelled)));
        // Dropped in the middle: the thread is gone, and so is its memory.
        cancel.store(false, Ordering::Relaxed);
        let mut input = Input::open(&source("a", &bytes), &options, &context).unwrap();
        input.next_block().unwrap().unwrap();
        drop(input);
        assert_eq!(context.budget().used(), 0);
    }
}

#[test]
fn test_labels_marks_and_guesses() {
    let utf16 = |text: &str, little: bool| -> Vec<u8> {
        let swap = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        text.encode_utf16().flat_map(swap).collect()
    };
    let text = "náme,ж\n1,😀\n";
    for little in [true, false] {
        let label = if little { "utf-16le" } else { "utf-16be" };
        let bare = utf16(text, little);
        let marked = utf16(&format!("\u{feff}{text}"), little);
        assert_eq!(read("a", &bare, &encoded(label)).unwrap(), text.as_bytes());
        for with in ["utf-8", "auto", label] {
            let input = open("a", &marked, &encoded(with)).unwrap();
            assert!(input.notes().is_empty(), "{:?}", input.notes());
            assert_eq!(input.encoding(), label.to_uppercase());
            assert_eq!(rest(input).unwrap(), text.as_bytes());
        }
        let guessed = open("a", &utf16("name,value\n1,2\n", little), &encoded("auto")).unwrap();
        assert_eq!(guessed.notes().len(), 1);
        assert_eq!(rest(guessed).unwrap(), b"name,value\n1,2\n");
        let packed = pack(Codec::Zstd, &marked);
        assert_eq!(read("a", &packed, &encoded("utf-8")).unwrap(), text.as_bytes());
        let error = read("a", &bare[..bare.len() - 1], &encoded(label)).unwrap_err();
        assert_eq!((error.line(), error.to_string().contains("is not UTF-16")), (Some(2), true));
    }
    for label in ["latin1", "latin_1", "ISO-8859-1", "cp1252", "windows-1252", "auto"] {
        let input = open("a", b"caf\xe9\n", &encoded(label)).unwrap();
        assert_eq!(
            (input.encoding(), input.notes().len()),
            ("windows-1252", usize::from(label == "auto"))
        );
        assert_eq!(rest(input).unwrap(), "café\n".as_bytes());
    }
    assert_eq!(read("a", b"\x83\x65\n", &encoded("cp932")).unwrap(), "テ\n".as_bytes());
    assert_eq!(read("a", b"\xef\xbb\xbfa\n", &encoded("utf-8-sig")).unwrap(), b"a\n");
    assert_eq!(open("a", b"\xef\xbb\xbfa\n", &encoded("latin1")).unwrap().notes().len(), 1);
    let auto = open("a", "né\n".as_bytes(), &encoded("auto")).unwrap();
    assert_eq!((auto.encoding(), auto.notes().len()), ("UTF-8", 0));
    for bytes in [&b"\xff\xfe\0\0a\0\0\0"[..], b"\0\0\xfe\xff\0\0\0a"] {
        assert!(matches!(open("a", bytes, &encoded("utf-8")), Err(IoError::Unsupported { .. })));
    }
    for label in ["klingon", "replacement", ""] {
        assert!(matches!(open("a", b"a", &encoded(label)), Err(IoError::Unsupported { .. })));
    }
}

#[test]
fn test_invalid_bytes_are_placed_replaced_or_kept() {
    let mut bytes = b"a,b\r\n1,2\r3,4\n".to_vec();
    let at = bytes.len() as u64 + 2;
    bytes.extend(b"5,\xe2\x82,\xff\n");
    for mark in [&b""[..], b"\xef\xbb\xbf"] {
        for packed in [false, true] {
            for block_bytes in [32, 33, 34, 35, 1 << 20] {
                let marked = [mark, bytes.as_slice()].concat();
                let all = if packed { pack(Codec::Gzip, &marked) } else { marked };
                let options = InputOptions { block_bytes, ..InputOptions::default() };
                let error = read("a", &all, &options).unwrap_err();
                assert_eq!(error.line(), Some(4), "{error}");
                let raw = at + mark.len() as u64;
                let want = format!("a: line 4, byte {raw}: 0xE2 0x82 is not UTF-8");
                assert_eq!(error.to_string(), want);
                let replace = InputOptions { invalid: InvalidBytes::Replace, ..options.clone() };
                let input = open("a", &all, &replace).unwrap();
                let want = String::from_utf8_lossy(&bytes).into_owned();
                assert_eq!(rest(input).unwrap(), want.into_bytes());
                let keep = InputOptions { invalid: InvalidBytes::Binary, ..options.clone() };
                assert_eq!(read("a", &all, &keep).unwrap(), bytes);
                let trust = InputOptions { check: false, ..options };
                let input = open("a", &all, &trust).unwrap();
                assert_eq!(input.invalid_at(at, 2).to_string(), error.to_string());
                assert_eq!(rest(input).unwrap(), bytes);
            }
        }
    }
    let binary = InputOptions { invalid: InvalidBytes::Binary, ..encoded("utf-16le") };
    assert!(matches!(open("a", b"a\0", &binary), Err(IoError::Unsupported { .. })));
    assert!(read("a", b"ab\xe2\x82", &InputOptions::default()).is_err());
}

#[test]
fn test_replacements_are_counted() {
    let options = InputOptions { invalid: InvalidBytes::Replace, ..InputOptions::default() };
    let mut input = open("a", &b"a\xff\xff\n".repeat(50_000), &options).unwrap();
    while let Some(block) = input.next_block().unwrap() {
        input.recycle(block);
    }
    assert_eq!(input.replaced(), 100_000);
}

fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("é".to_owned()),
        Just("😀".to_owned()),
        Just("漢字かな".to_owned()),
        "[a-z,\"]{1,8}",
    ];
    proptest::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn blocks_of_any_size_hold_the_text(
        text in texts(),
        block_bytes in 32_usize..80,
        which in 0..6_usize,
        packed in any::<bool>(),
        mark in any::<bool>(),
    ) {
        let text = format!("x{text}");
        let (label, bytes): (&str, Vec<u8>) = match which {
            0 | 1 => {
                let text = if mark { format!("\u{feff}{text}") } else { text.clone() };
                let swap = |unit: u16| if which == 0 { unit.to_le_bytes() } else { unit.to_be_bytes() };
                (["utf-16le", "utf-16be"][which], text.encode_utf16().flat_map(swap).collect())
            }
            2 => ("gb18030", encoding_rs::GB18030.encode(&text).0.into_owned()),
            3 => ("euc-jp", encoding_rs::EUC_JP.encode(&text).0.into_owned()),
            4 => ("iso-2022-jp", encoding_rs::ISO_2022_JP.encode(&text).0.into_owned()),
            _ => ("utf-8", text.clone().into_bytes()),
        };
        // What the encoding lacks was written as a reference.
        let want = match which {
            3 => encoding_rs::EUC_JP.decode(&bytes).0.into_owned(),
            4 => encoding_rs::ISO_2022_JP.decode(&bytes).0.into_owned(),
            _ => text,
        };
        let all = if packed { pack(Codec::Zstd, &bytes) } else { bytes.clone() };
        let options = InputOptions { block_bytes, ..encoded(label) };
        let mut input = open("a", &all, &options)?;
        let mut got = Vec::new();
        while let Some(block) = input.next_block()? {
            prop_assert!(block.len() <= block_bytes);
            got.extend(block);
        }
        prop_assert_eq!(String::from_utf8(got).unwrap(), want.clone());
        // Each character is where an encoder that stops before it says.
        if which < 3 || which == 5 {
            for (at, character) in want.char_indices().step_by(7) {
                let before = &want[..at];
                let raw = match which {
                    0 | 1 => 2 * (before.encode_utf16().count() + usize::from(mark)),
                    2 => encoding_rs::GB18030.encode(before).0.len(),
                    _ => at,
                };
                for inside in 0..character.len_utf8() {
                    let want = if which == 5 { raw + inside } else { raw };
                    prop_assert_eq!(input.raw_offset((at + inside) as u64)?, want as u64);
                }
            }
        }
    }

    #[test]
    fn any_bytes_end_in_text_or_an_error(
        bytes in proptest::collection::vec(any::<u8>(), 1..200),
        magic in 0..7_usize,
    ) {
        let magics: [&[u8]; 7] = [
            b"", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"BZh9\x31\x41\x59\x26\x53\x59",
            b"\xfd7zXZ\0", b"\x04\x22\x4d\x18", b"PK\x03\x04",
        ];
        let all = [magics[magic], &bytes].concat();
        let context = context(Some(64 << 20));
        let options = InputOptions { limit: Some(1 << 20), ..InputOptions::default() };
        if let Ok(input) = Input::open(&source("a", &all), &options, &context)
            && let Ok(text) = rest(input)
        {
            prop_assert!(std::str::from_utf8(&text).is_ok());
        }
        prop_assert_eq!(context.budget().used(), 0);
    }
}

#[test]
fn test_raw_offsets_far_into_a_file_are_exact() {
    let line = "größe,é,漢字\n";
    let text = line.repeat(60_000);
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for all in [bytes.clone(), pack(Codec::Lz4, &bytes)] {
        let mut input = open("a", &all, &encoded("utf-16le")).unwrap();
        while let Some(block) = input.next_block().unwrap() {
            input.recycle(block);
        }
        let units = line.encode_utf16().count() as u64;
        for row in [0_u64, 1, 17, 30_000, 59_999] {
            let decoded = row * line.len() as u64 + 2;
            assert_eq!(input.raw_offset(decoded).unwrap(), 2 * (row * units + 2));
        }
    }
}
