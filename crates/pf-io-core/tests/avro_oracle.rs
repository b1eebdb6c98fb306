//! Our decoder against arrow-avro's, over random schemas and records encoded here.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use arrow::array::{Array, ArrayData, RecordBatch, make_array};
use arrow::datatypes::{DataType, SchemaRef};
use arrow_avro::codec::Tz;
use arrow_avro::reader::ReaderBuilder;
use pf_io_core::avro::{self, AvroReadOptions, ColumnName};
use proptest::prelude::*;

mod avro_support;
use avro_support::{bare, container, context, joined, long, read, read_with, source, text, utf8};

/// A type, by what it takes to write a value.
#[derive(Debug, Clone)]
enum Kind {
    /// JSON of a type whose values are numbers below the limit, or any if it is 0.
    Int(&'static str, i64),
    Long(&'static str, i64),
    Boolean,
    Float,
    Double,
    Bytes,
    Text,
    Uuid,
    Fixed(usize),
    Duration,
    Decimal(bool),
    Enum(usize),
    Null,
    Array(Box<Kind>),
    Map(Box<Kind>),
    Record(Vec<Kind>),
    Nullable(bool, Box<Kind>),
    Union(Vec<Kind>),
}

fn leaf() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Int(r#""int""#, 0)),
        Just(Kind::Int(r#"{"type":"int","logicalType":"date"}"#, 0)),
        Just(Kind::Int(r#"{"type":"int","logicalType":"time-millis"}"#, 86_400_000)),
        Just(Kind::Long(r#""long""#, 0)),
        Just(Kind::Long(r#"{"type":"long","logicalType":"time-micros"}"#, 86_400_000_000)),
        Just(Kind::Long(r#"{"type":"long","logicalType":"timestamp-millis"}"#, 1 << 42)),
        Just(Kind::Long(r#"{"type":"long","logicalType":"timestamp-micros"}"#, 1 << 52)),
        Just(Kind::Long(r#"{"type":"long","logicalType":"local-timestamp-micros"}"#, 1 << 52)),
        Just(Kind::Long(r#"{"type":"long","logicalType":"timestamp-nanos"}"#, 0)),
        Just(Kind::Boolean),
        Just(Kind::Float),
        Just(Kind::Double),
        Just(Kind::Bytes),
        Just(Kind::Text),
        Just(Kind::Uuid),
        (1..20_usize).prop_map(Kind::Fixed),
        Just(Kind::Duration),
        any::<bool>().prop_map(Kind::Decimal),
        (1..5_usize).prop_map(Kind::Enum),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    let nested = leaf().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|kind| Kind::Array(Box::new(kind))),
            inner.clone().prop_map(|kind| Kind::Map(Box::new(kind))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Kind::Record),
            (any::<bool>(), inner.clone()).prop_map(|(first, kind)| nullable(first, kind)),
            Just(Kind::Union(vec![Kind::Null, Kind::Long(r#""long""#, 0), Kind::Text])),
            Just(Kind::Union(vec![Kind::Boolean, Kind::Array(Box::new(Kind::Double))])),
        ]
    });
    prop_oneof![
        3 => leaf(),
        2 => (any::<bool>(), leaf()).prop_map(|(first, kind)| nullable(first, kind)),
        3 => nested,
        1 => Just(Kind::Null),
    ]
}

fn nullable(first: bool, kind: Kind) -> Kind {
    match kind {
        Kind::Nullable(..) | Kind::Union(_) | Kind::Null => kind,
        kind => Kind::Nullable(first, Box::new(kind)),
    }
}

impl Kind {
    /// The type as JSON; named types are numbered.
    fn json(&self, names: &mut usize) -> String {
        let mut name = || {
            *names += 1;
            format!("n{names}")
        };
        match self {
            Self::Int(json, _) | Self::Long(json, _) => (*json).to_owned(),
            Self::Boolean => r#""boolean""#.to_owned(),
            Self::Float => r#""float""#.to_owned(),
            Self::Double => r#""double""#.to_owned(),
            Self::Bytes => r#""bytes""#.to_owned(),
            Self::Text => r#""string""#.to_owned(),
            Self::Null => r#""null""#.to_owned(),
            Self::Uuid => r#"{"type":"string","logicalType":"uuid"}"#.to_owned(),
            Self::Fixed(size) => {
                format!(r#"{{"type":"fixed","name":"{}","size":{size}}}"#, name())
            }
            Self::Duration => format!(
                r#"{{"type":"fixed","name":"{}","size":12,"logicalType":"duration"}}"#,
                name()
            ),
            Self::Decimal(true) => format!(
                r#"{{"type":"fixed","name":"{}","size":6,"logicalType":"decimal","precision":14,"scale":3}}"#,
                name()
            ),
            Self::Decimal(false) => {
                r#"{"type":"bytes","logicalType":"decimal","precision":38,"scale":2}"#.to_owned()
            }
            Self::Enum(count) => {
                let symbols: Vec<String> =
                    (0..*count).map(|symbol| format!("\"s{symbol}\"")).collect();
                let symbols = symbols.join(",");
                format!(r#"{{"type":"enum","name":"{}","symbols":[{symbols}]}}"#, name())
            }
            Self::Array(item) => format!(r#"{{"type":"array","items":{}}}"#, item.json(names)),
            Self::Map(value) => format!(r#"{{"type":"map","values":{}}}"#, value.json(names)),
            Self::Record(fields) => {
                let name = name();
                format!(
                    r#"{{"type":"record","name":"{name}","fields":{}}}"#,
                    fields_json(fields, names)
                )
            }
            Self::Nullable(true, inner) => format!(r#"["null",{}]"#, inner.json(names)),
            Self::Nullable(false, inner) => format!(r#"[{},"null"]"#, inner.json(names)),
            Self::Union(branches) => {
                let branches: Vec<String> =
                    branches.iter().map(|branch| branch.json(names)).collect();
                format!("[{}]", branches.join(","))
            }
        }
    }

    /// Appends a random value.
    fn write(&self, out: &mut Vec<u8>, random: &mut Random) {
        match self {
            Self::Int(_, limit) => long(out, i64::from(random.number(*limit) as i32)),
            Self::Long(_, limit) => long(out, random.number(*limit)),
            Self::Boolean => out.push((random.next() & 1) as u8),
            Self::Float => out.extend((random.next() as f32 / 1e9).to_le_bytes()),
            Self::Double => out.extend((random.next() as f64 / 1e9).to_le_bytes()),
            Self::Bytes => text(out, &random.bytes(30)),
            Self::Text => {
                let letters = ["a", "é", "漢", "😀", "xyz", ""];
                let count = random.below(12);
                let word: String = (0..count).map(|_| letters[random.below(6)]).collect();
                text(out, word.as_bytes());
            }
            Self::Uuid => {
                let mut hex = format!("{:016x}{:016x}", random.next(), random.next());
                for at in [20, 16, 12, 8] {
                    hex.insert(at, '-');
                }
                text(out, hex.as_bytes());
            }
            Self::Fixed(size) => out.extend((0..*size).map(|_| random.next() as u8)),
            Self::Duration => {
                for _ in 0..3 {
                    out.extend((random.next() as u32 >> 1).to_le_bytes());
                }
            }
            Self::Decimal(true) => {
                let number = random.number(0) % 100_000_000_000_000;
                out.extend_from_slice(&number.to_be_bytes()[2..]);
            }
            Self::Decimal(false) => {
                let number = random.number(0);
                let length = 8 + random.below(5);
                let mut bytes = vec![if number < 0 { 0xff } else { 0 }; length - 8];
                bytes.extend_from_slice(&number.to_be_bytes());
                text(out, &bytes);
            }
            Self::Enum(count) => long(out, random.below(*count) as i64),
            Self::Null => {}
            Self::Array(item) => {
                random.items(out, |out, random| item.write(out, random));
            }
            Self::Map(value) => random.items(out, |out, random| {
                text(out, format!("k{}", random.below(100)).as_bytes());
                value.write(out, random);
            }),
            Self::Record(fields) => {
                for field in fields {
                    field.write(out, random);
                }
            }
            Self::Nullable(first, inner) => {
                let null = random.below(3) == 0;
                out.push(if null == *first { 0 } else { 2 });
                if !null {
                    inner.write(out, random);
                }
            }
            Self::Union(branches) => {
                let branch = random.below(branches.len());
                long(out, branch as i64);
                branches[branch].write(out, random);
            }
        }
    }
}

fn fields_json(fields: &[Kind], names: &mut usize) -> String {
    let fields: Vec<String> = fields
        .iter()
        .enumerate()
        .map(|(index, kind)| format!(r#"{{"name":"f{index}","type":{}}}"#, kind.json(names)))
        .collect();
    format!("[{}]", fields.join(","))
}

/// Numbers without an order to see.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// Of any length, and not negative if there is a limit.
    fn number(&mut self, limit: i64) -> i64 {
        let shift = self.below(64);
        let number = self.next() as i64 >> shift;
        if limit == 0 { number } else { number.rem_euclid(limit) }
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let count = self.below(most);
        (0..count).map(|_| self.next() as u8).collect()
    }

    /// An array or map in parts, some of which tell their size.
    fn items(&mut self, out: &mut Vec<u8>, mut write: impl FnMut(&mut Vec<u8>, &mut Self)) {
        for _ in 0..self.below(3) {
            let count = 1 + self.below(3);
            let mut part = Vec::new();
            for _ in 0..count {
                write(&mut part, self);
            }
            if self.below(2) == 0 {
                long(out, -(count as i64));
                long(out, part.len() as i64);
            } else {
                long(out, count as i64);
            }
            out.extend(part);
        }
        long(out, 0);
    }
}

/// A file of these fields with blocks of these numbers of records.
fn file(fields: &[Kind], blocks: &[usize], seed: u64) -> Vec<u8> {
    let fields_json = fields_json(fields, &mut 0);
    let schema = format!(r#"{{"type":"record","name":"root","fields":{fields_json}}}"#);
    let mut random = Random(seed);
    let blocks: Vec<(i64, Vec<u8>)> = blocks
        .iter()
        .map(|&records| {
            let mut data = Vec::new();
            for _ in 0..records {
                for field in fields {
                    field.write(&mut data, &mut random);
                }
            }
            (records as i64, data)
        })
        .collect();
    container(&schema, "null", &blocks)
}

fn oracle(bytes: &[u8]) -> (SchemaRef, Vec<RecordBatch>) {
    let reader = ReaderBuilder::new().with_tz(Tz::Utc).build(bytes).unwrap();
    (reader.schema(), reader.collect::<Result<_, _>>().unwrap())
}

/// Arrays without the metadata of their types.
fn bare_data(data: &ArrayData) -> ArrayData {
    data.clone()
        .into_builder()
        .data_type(bare(data.data_type()))
        .child_data(data.child_data().iter().map(bare_data).collect())
        .build()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn decodes_as_arrow_avro_does(
        fields in prop::collection::vec(kind(), 1..6),
        blocks in prop::collection::vec(1..40_usize, 1..5),
        seed in any::<u64>(),
    ) {
        // arrow-avro takes records without any bytes for none.
        prop_assume!(fields.iter().any(|field| !matches!(field, Kind::Null)));
        let bytes = file(&fields, &blocks, seed);
        let (schema, expected) = oracle(&bytes);
        let got = read(&bytes, &utf8()).unwrap();
        prop_assert_eq!(got.num_rows(), blocks.iter().sum::<usize>());
        for (ours, theirs) in got.schema_ref().fields().iter().zip(schema.fields()) {
            prop_assert_eq!(ours.name(), theirs.name());
            prop_assert_eq!(ours.data_type(), &bare(theirs.data_type()));
            let null = *theirs.data_type() == DataType::Null;
            prop_assert_eq!(ours.is_nullable(), theirs.is_nullable() || null);
        }
        let expected = joined(&schema, &expected);
        for (ours, theirs) in got.columns().iter().zip(expected.columns()) {
            prop_assert_eq!(ours, &make_array(bare_data(&theirs.to_data())));
        }
    }

    #[test]
    fn neither_threads_nor_batches_nor_projection_change_values(
        fields in prop::collection::vec(kind(), 1..6),
        blocks in prop::collection::vec(0..60_usize, 1..12),
        (seed, batch_rows, n_rows) in (any::<u64>(), 1..50_usize, 0..200_u64),
        pick in prop::collection::vec(0..6_usize, 0..4),
    ) {
        let bytes = file(&fields, &blocks, seed);
        let all = read_with(&bytes, &AvroReadOptions::default(), &context(1)).unwrap();
        prop_assert_eq!(&all, &read_with(&bytes, &AvroReadOptions::default(), &context(3)).unwrap());
        let pick: Vec<usize> = pick.into_iter().filter(|&at| at < fields.len()).collect();
        let columns = pick.iter().map(|at| ColumnName::Name(format!("f{at}"))).collect();
        let options = AvroReadOptions {
            columns: Some(columns),
            n_rows: Some(n_rows),
            batch_rows,
            ..AvroReadOptions::default()
        };
        let rows = all.num_rows().min(n_rows as usize);
        let expected = all.slice(0, rows).project(&pick).unwrap();
        prop_assert_eq!(&expected, &read(&bytes, &options).unwrap());
        let stream = avro::stream(&source(&bytes), &options, &context(2)).unwrap();
        let schema = stream.schema();
        let batches: Vec<RecordBatch> = stream.collect::<Result<_, _>>().unwrap();
        prop_assert!(batches.iter().all(|batch| (1..=batch_rows).contains(&batch.num_rows())));
        prop_assert_eq!(&expected, &joined(&schema, &batches));
        prop_assert_eq!(avro::count(&source(&bytes)).unwrap(), all.num_rows() as u64);
    }
}
