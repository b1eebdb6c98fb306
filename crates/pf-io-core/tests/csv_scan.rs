//! Any block size, chunk size and SIMD level gives the records, fields and faults that the serial
//! machine gives for the whole text.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use pf_io_core::csv::index::Tally;
use pf_io_core::csv::serial::{Kind, Scan, Serial, Step};
use pf_io_core::csv::slab::MISSING;
use pf_io_core::csv::{
    Bad, BadKind, BlankLines, Chunk, Dialect, Fault, Newline, Simd, Slab, Splitter, index,
};
use proptest::prelude::*;
use proptest::sample::select;

/// A row with everything that may be asked about it, in places of the whole input.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    record: u64,
    line: u64,
    byte: u64,
    fields: Vec<Option<Vec<u8>>>,
}

/// A bad record: number, line, offset, fields, kind, raw bytes.
type Wrong = (u64, u64, u64, usize, BadKind, Vec<u8>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    rows: Vec<Row>,
    bad: Vec<Wrong>,
    blank: u64,
    anomalies: u64,
    first_anomaly: Option<u64>,
}

/// The whole text at once, by the definition.
fn oracle(dialect: &Dialect, width: usize, fill: bool, text: &[u8]) -> Outcome {
    let serial = Serial::new(dialect);
    let mut outcome = Outcome::default();
    let (mut at, mut record) = (0, 0);
    loop {
        let mut scan = Scan::at(at);
        let mut ends = Vec::new();
        let Step::Done(kind, next) = serial.run(text, true, &mut scan, |end| ends.push(end)) else {
            panic!("the text is whole");
        };
        let line = |place: usize| 1 + line_ends_before(dialect.newline, text, place);
        let mut wrong = |record, place: usize, found, kind, end: usize| {
            let raw = text[at..end].to_vec();
            outcome.bad.push((record, line(place), place as u64, found, kind, raw));
        };
        let mut row = |record| {
            let mut start = at;
            let mut fields: Vec<_> = ends
                .iter()
                .map(|end| {
                    let field = text[start..*end].to_vec();
                    start = end + 1;
                    Some(field)
                })
                .collect();
            fields.resize(width, None);
            outcome.rows.push(Row { record, line: line(at), byte: at as u64, fields });
        };
        match kind {
            Kind::End => return outcome,
            Kind::Comment => {}
            Kind::Blank => {
                outcome.blank += 1;
                record += u64::from(dialect.blank_lines != BlankLines::Skip);
                match dialect.blank_lines {
                    BlankLines::Skip => {}
                    BlankLines::Null => row(record),
                    BlankLines::Error => wrong(record, at, 0, BadKind::Blank, at),
                }
            }
            Kind::Open => {
                record += 1;
                wrong(record, scan.opened, ends.len() + 1, BadKind::OpenQuote, next);
            }
            Kind::Data => {
                record += 1;
                let (found, end) = (ends.len(), ends[ends.len() - 1]);
                match scan.anomaly {
                    Some((field, place)) if dialect.strict_quotes => {
                        wrong(record, place, field, BadKind::TextAfterQuote, end);
                    }
                    _ if found == width || found < width && fill => row(record),
                    _ if found < width => wrong(record, at, found, BadKind::TooFew, end),
                    _ => wrong(record, at, found, BadKind::TooMany, end),
                }
                outcome.anomalies += scan.anomalies as u64;
                let first = scan.anomaly.map(|(_, place)| line(place));
                outcome.first_anomaly = outcome.first_anomaly.or(first);
            }
        }
        at = next;
    }
}

/// Line ends that begin before a place, by looking at each byte.
fn line_ends_before(newline: Newline, text: &[u8], place: usize) -> u64 {
    let starts = |at: usize| {
        let (before, next) = (at.checked_sub(1).map(|at| text[at]), text.get(at + 1));
        match (newline, text[at]) {
            (Newline::Auto, b'\n') => before != Some(b'\r'),
            (Newline::Auto | Newline::Cr, b'\r') | (Newline::Lf, b'\n') => true,
            (Newline::CrLf, b'\r') => next == Some(&b'\n'),
            _ => false,
        }
    };
    (0..place).filter(|at| starts(*at)).count() as u64
}

/// How the text is cut on its way.
#[derive(Debug, Clone)]
struct Cut {
    block: usize,
    chunk: usize,
    simd: Simd,
}

fn chunks(dialect: &Dialect, cut: &Cut, text: &[u8]) -> Vec<Chunk> {
    let mut splitter = Splitter::new(dialect, cut.simd, cut.chunk);
    let mut chunks = Vec::new();
    for block in text.chunks(cut.block) {
        chunks.extend(splitter.push(block.to_vec()).unwrap());
    }
    chunks.extend(splitter.finish().unwrap());
    chunks
}

fn run(dialect: &Dialect, width: usize, fill: bool, cut: &Cut, text: &[u8]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut slab = Slab::default();
    let (mut line, mut record, mut byte) = (1, 1, 0);
    for chunk in chunks(dialect, cut, text) {
        assert_eq!((chunk.first_line, chunk.first_record), (line, record), "{chunk:?}");
        assert_eq!(chunk.base + chunk.from as u64, byte, "chunks follow each other");
        line += chunk.lines;
        record += chunk.records;
        byte = chunk.base + chunk.bytes.len() as u64;
        outcome.blank += chunk.blank;
        let bytes = &chunk.bytes[chunk.from..];
        assert!(!chunk.ascii || bytes.is_ascii());
        assert!(chunk.quoted || dialect.quote.is_none_or(|quote| !bytes.contains(&quote)));
        let records = chunk.records;
        let mut bad = Vec::new();
        let tally = index(chunk, dialect, width, fill, cut.simd, &mut slab, &mut bad).unwrap();
        assert_eq!(slab.rows() as u64 + bad.len() as u64, records);
        assert_eq!(slab.ends.len(), slab.rows() * width);
        assert_eq!(slab.missing, slab.ends.contains(&MISSING));
        collect(&slab, &bad, tally, &mut outcome);
    }
    assert_eq!(byte, text.len() as u64, "no byte is lost");
    outcome
}

fn collect(slab: &Slab, bad: &[Bad], tally: Tally, outcome: &mut Outcome) {
    for row in 0..slab.rows() {
        let line = slab.lines.as_ref().map_or(slab.first_line + row as u64, |lines| lines[row]);
        let record = slab.record(row);
        let byte = slab.base + u64::from(slab.starts[row]);
        let mut start = slab.starts[row] as usize;
        let ends = &slab.ends[row * slab.width..][..slab.width];
        let fields = ends.iter().map(|end| {
            let end = (*end != MISSING).then_some(*end as usize)?;
            let field = slab.bytes[start..end].to_vec();
            start = end + 1;
            Some(field)
        });
        outcome.rows.push(Row { record, line, byte, fields: fields.collect() });
    }
    outcome.bad.extend(bad.iter().map(|bad| {
        let raw = slab.bytes[bad.start as usize..bad.end as usize].to_vec();
        (bad.record, bad.line, bad.byte, bad.found, bad.kind, raw)
    }));
    outcome.anomalies += tally.anomalies;
    outcome.first_anomaly = outcome.first_anomaly.or(tally.first_anomaly);
}

fn dialects() -> impl Strategy<Value = Dialect> {
    let newline = prop_oneof![
        4 => Just(Newline::Auto),
        1 => Just(Newline::Lf),
        1 => Just(Newline::Cr),
        1 => Just(Newline::CrLf),
    ];
    (
        select(vec![b',', b';', b'\t']),
        select(vec![Some(b'"'), Some(b'"'), Some(b'"'), Some(b'\''), None]),
        select(vec![None, None, Some(b'\\'), Some(b'"')]),
        select(vec![None, None, Some("#"), Some("//"), Some("#,\"")]),
        newline,
        select(vec![BlankLines::Skip, BlankLines::Null, BlankLines::Error]),
        any::<bool>(),
    )
        .prop_map(
            |(separator, quote, escape, comment, newline, blank_lines, strict_quotes)| {
                let comment = comment.map(|text| text.as_bytes().to_vec());
                let rules = Dialect { separator, quote, escape, comment, ..Dialect::default() };
                Dialect { newline, blank_lines, strict_quotes, ..rules }
            },
        )
}

/// Texts of any bytes that matter, and of records that mostly are as they should be.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let wild = select(vec![
        "\"", "\"", "\"\"", ",", ",", "\n", "\r", "\r\n", "\n\n", "a", "bc", "\"\n", "\n\"", ",\"",
        "\",", "\\", "\\\"", "#", "\n#", "//", "#,\"", "é", "\0", "'", ";", " ", "\u{feff}",
    ]);
    let tame = select(vec![
        "1,2,3\n",
        "10,abc,2.5\n",
        "10,abc,2.5\r\n",
        "\"a\",\"b\",\"c\"\n",
        "\"a,\"\"b\"\"\",,\"\n\"\n",
        "\"a\r\nb\",\"\",\"\"\r\n",
        "\"é, ü\",a longer text of words without an end,-1.25e10\n",
        "a,b\n",
        "a,b,c,d\n",
        "\n",
        "# a comment, \"of a kind\n",
        "\"p\"q,b,c\n",
        "\"a \\\" b\",\"\\\\\",c\n",
        "this is a field that is longer than sixty-four bytes, which is what a kernel sees,1,2\n",
    ]);
    let piece = |text: &str| text.as_bytes().to_vec();
    prop_oneof![
        proptest::collection::vec(wild.clone().prop_map(piece), 0..60),
        proptest::collection::vec(tame.clone().prop_map(piece), 0..60),
        proptest::collection::vec(
            prop_oneof![12 => tame.prop_map(piece), 1 => wild.prop_map(piece)],
            0..200
        ),
        proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..3), 0..60),
    ]
    .prop_map(|pieces| pieces.concat())
}

fn cuts() -> impl Strategy<Value = Cut> {
    let block = prop_oneof![1..8usize, 1..100usize, 1..5000usize];
    let chunk = prop_oneof![0..8usize, 1..200usize, 1..8000usize];
    let cut = |(block, chunk, simd)| Cut { block, chunk, simd };
    (block, chunk, select(Simd::levels())).prop_map(cut)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn every_way_is_the_serial_one(
        dialect in dialects(),
        text in texts(),
        width in 1..5usize,
        fill: bool,
        cut in cuts(),
    ) {
        let expected = oracle(&dialect, width, fill, &text);
        prop_assert_eq!(run(&dialect, width, fill, &cut, &text), expected);
    }
}

/// Text of simple records with something at `place` that the parity does not carry.
fn with_trouble(place: usize, trouble: &str) -> Vec<u8> {
    let mut text = "ab,\"c\",d\n\"e\"\"f\",,\r\n".repeat(20);
    text.insert_str(place, trouble);
    text.into_bytes()
}

#[test]
fn trouble_at_each_place_of_a_block() {
    let dialect = Dialect { comment: Some(b"#".to_vec()), ..Dialect::default() };
    for simd in Simd::levels() {
        for place in 0..140 {
            for trouble in ["\"", "\r", "\n", "\n#\"\n", "x\"\"y", "\"\"z", "\r\n\r\n", "ü"] {
                let text = with_trouble(place, trouble);
                let expected = oracle(&dialect, 3, true, &text);
                for block in [1, 63, 64, 65, 1000] {
                    let cut = Cut { block, chunk: 100, simd };
                    assert_eq!(run(&dialect, 3, true, &cut, &text), expected, "{place} {trouble}");
                }
            }
        }
    }
}

#[test]
fn a_record_longer_than_the_limit_says_where_its_quote_opened() {
    let mut splitter = Splitter::new(&Dialect::default(), Simd::best(), 1000).limit(10_000);
    let mut fault = None;
    for block in [b"a,b\n\nc,\"".to_vec()].into_iter().chain((0..100).map(|_| vec![b'\n'; 1000])) {
        fault = splitter.push(block).err();
        if fault.is_some() {
            break;
        }
    }
    let quote = Some((3, 7));
    let expected = Fault::TooLong { record: 2, line: 3, byte: 5, limit: 10_000, quote };
    assert_eq!(fault, Some(expected));
}

#[test]
fn missing_fields_are_bounded() {
    let text = b"a\n".repeat(1 << 17);
    let dialect = Dialect::default();
    let cut = Cut { block: 1 << 20, chunk: 1 << 20, simd: Simd::best() };
    let chunk = chunks(&dialect, &cut, &text).remove(0);
    let result =
        index(chunk, &dialect, 1 << 20, true, cut.simd, &mut Slab::default(), &mut Vec::new());
    assert!(matches!(result, Err(Fault::TooManyMissing { .. })), "{result:?}");
}

#[test]
fn lines_and_a_header_are_taken_off_the_front() {
    let dialect = Dialect { comment: Some(b"#".to_vec()), ..Dialect::default() };
    for block in 1..40 {
        let mut splitter = Splitter::new(&dialect, Simd::best(), 8).skip_lines(2);
        let mut chunks = Vec::new();
        for block in b"\"not\r\nseen\r\n# c\n\n\"a\n\",b\n1,2\n3,4\n".chunks(block) {
            chunks.extend(splitter.push(block.to_vec()).unwrap());
        }
        chunks.extend(splitter.finish().unwrap());
        let serial = Serial::new(&dialect);
        let head = chunks.iter_mut().find_map(|chunk| {
            let head = chunk.take_first(&serial, BlankLines::Skip)?;
            Some((chunk.bytes[head.start..head.end].to_vec(), head.line, head.byte))
        });
        assert_eq!(head, Some((b"\"a\n\",b".to_vec(), 5, 17)), "blocks of {block}");
        let mut rows = Vec::new();
        for chunk in chunks {
            let mut slab = Slab::default();
            index(chunk, &dialect, 2, false, Simd::best(), &mut slab, &mut Vec::new()).unwrap();
            rows.extend((0..slab.rows()).map(|row| {
                let line = slab.lines.as_ref().map_or(slab.first_line + row as u64, |all| all[row]);
                (slab.record(row), line, slab.raw(row, 1).unwrap().to_vec())
            }));
        }
        assert_eq!(rows, [(2, 7, b"2".to_vec()), (3, 8, b"4".to_vec())], "blocks of {block}");
    }
}
