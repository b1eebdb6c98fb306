//! Filters: whatever statistics, page index, bloom filters and the picking of single rows save, the
//! rows are those of a whole read that is filtered afterwards.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Decimal128Array, FixedSizeBinaryArray,
    Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, LargeStringArray, ListArray,
    RecordBatch, TimestampMicrosecondArray, UInt64Array,
};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{Int32Type, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use pf_io_core::parquet::options::Decoder;
use pf_io_core::parquet::predicate::{Comparison, Literal, Predicate, Value};
use pf_io_core::parquet::{ReadOptions, read, stream};
use pf_io_core::{Context, Source};
use proptest::prelude::*;

fn some<T>(keys: &[i64], null: impl Fn(usize) -> bool, make: impl Fn(i64) -> T) -> Vec<Option<T>> {
    keys.iter().enumerate().map(|(row, key)| (!null(row)).then(|| make(*key))).collect()
}

/// A column of every kind; `key` decides what is kept, `sorted` has narrow pages.
fn table(keys: &[i64], nulls: &[bool]) -> RecordBatch {
    let null = |row: usize| nulls[row % nulls.len()];
    let sorted: Vec<i64> = (0..keys.len() as i64).collect();
    let text = |key: i64| "ä".repeat(key as usize % 23) + &key.to_string();
    let lists = keys.iter().map(|&key| Some((0..key % 3).map(|item| Some(item as i32))));
    let decimals = Decimal128Array::from(some(keys, null, |key| i128::from(key) * 7 - 9));
    let fixed = some(keys, null, |key| (key as u32).to_be_bytes());
    let fixed = fixed.iter().map(|value| value.as_ref().map(<[u8; 4]>::as_slice));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("key", Arc::new(Int64Array::from(keys.to_vec()))),
        ("sorted", Arc::new(Int32Array::from_iter_values(sorted.iter().map(|&key| key as i32)))),
        ("optional", Arc::new(Int64Array::from(some(keys, null, |key| key)))),
        ("small", Arc::new(Int8Array::from(some(keys, null, |key| key as i8)))),
        ("unsigned", Arc::new(UInt64Array::from(some(keys, null, |key| (key as u64) << 40)))),
        (
            "float",
            Arc::new(Float64Array::from(some(keys, null, |key| match key % 11 {
                0 => f64::NAN,
                1 => -0.0,
                2 => 0.0,
                other => other as f64 / 4.0,
            }))),
        ),
        ("single", Arc::new(Float32Array::from(some(keys, null, |key| key as f32 / 8.0)))),
        ("bool", Arc::new(BooleanArray::from(some(keys, null, |key| key % 2 == 0)))),
        ("text", Arc::new(LargeStringArray::from(some(keys, null, text)))),
        ("word", Arc::new(LargeStringArray::from(some(keys, null, |key| text(key % 5))))),
        (
            "bytes",
            Arc::new(
                arrow::compute::cast(
                    &BinaryArray::from_iter(some(keys, null, |key| {
                        vec![key as u8; key as usize % 5]
                    })),
                    &arrow::datatypes::DataType::LargeBinary,
                )
                .unwrap(),
            ),
        ),
        ("time", Arc::new(TimestampMicrosecondArray::from(some(keys, null, |key| key * 1000)))),
        ("decimal", Arc::new(decimals.with_precision_and_scale(25, 2).unwrap())),
        (
            "fixed",
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(fixed, 4).unwrap()),
        ),
        ("list", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| {
        let nullable = !matches!(name, "key" | "sorted");
        (name, array, nullable)
    }))
    .unwrap()
}

#[expect(clippy::struct_excessive_bools, reason = "each varies on its own")]
#[derive(Debug, Clone)]
struct Stored {
    page: usize,
    group: usize,
    v2: bool,
    compressed: bool,
    encoding: Option<Encoding>,
    index: bool,
    bloom: bool,
}

fn stored() -> impl Strategy<Value = Stored> {
    let encoding = prop::option::of(prop::sample::select(vec![
        Encoding::PLAIN,
        Encoding::DELTA_BINARY_PACKED,
        Encoding::DELTA_LENGTH_BYTE_ARRAY,
        Encoding::DELTA_BYTE_ARRAY,
        Encoding::BYTE_STREAM_SPLIT,
    ]));
    (1_usize..60, 1_usize..300, any::<[bool; 4]>(), encoding).prop_map(
        |(page, group, [v2, compressed, index, bloom], encoding)| Stored {
            page,
            group,
            v2,
            compressed,
            encoding,
            index,
            bloom,
        },
    )
}

fn write(table: &RecordBatch, stored: &Stored) -> Bytes {
    use arrow::datatypes::DataType as D;
    let version = if stored.v2 { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
    let codec = if stored.compressed { Compression::SNAPPY } else { Compression::UNCOMPRESSED };
    let level = if stored.index { EnabledStatistics::Page } else { EnabledStatistics::Chunk };
    let mut properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_compression(codec)
        .set_statistics_enabled(level)
        .set_offset_index_disabled(!stored.index)
        .set_bloom_filter_enabled(stored.bloom)
        .set_bloom_filter_max_ndv(100)
        .set_data_page_row_count_limit(stored.page)
        .set_write_batch_size(8)
        .set_max_row_group_row_count(Some(stored.group));
    if let Some(encoding) = stored.encoding {
        properties = properties.set_dictionary_enabled(false);
        for field in table.schema().fields() {
            let fits = match (encoding, field.data_type()) {
                (Encoding::DELTA_BINARY_PACKED, kind) => {
                    kind.is_integer() || matches!(kind, D::Timestamp(..))
                }
                (Encoding::DELTA_LENGTH_BYTE_ARRAY, kind) => {
                    matches!(kind, D::LargeUtf8 | D::LargeBinary)
                }
                (Encoding::DELTA_BYTE_ARRAY, kind) => {
                    matches!(kind, D::LargeUtf8 | D::LargeBinary | D::FixedSizeBinary(_))
                }
                (Encoding::BYTE_STREAM_SPLIT, kind) => {
                    kind.is_floating() || matches!(kind, D::Int64 | D::FixedSizeBinary(_))
                }
                _ => false,
            };
            if fits {
                let column = field.name().as_str().into();
                properties = properties.set_column_encoding(column, encoding);
            }
        }
    }
    let mut writer =
        ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties.build())).unwrap();
    writer.write(table).unwrap();
    writer.into_inner().unwrap().into()
}

fn int(value: i64) -> Literal {
    Literal { kind: "int64".to_owned(), value: Value::Int(value) }
}

fn condition() -> impl Strategy<Value = Predicate> {
    let number = prop::sample::select(vec![
        "key", "sorted", "optional", "small", "unsigned", "float", "single",
    ]);
    let numbers = (number, 0_i64..400, 0_usize..7).prop_map(|(column, value, op)| {
        let value = if column == "unsigned" { value << 40 } else { value };
        let value = if column == "small" { value % 128 } else { value };
        let (column, value) = (column.to_owned(), int(value));
        let comparison = Comparison { column: column.clone(), value: value.clone() };
        match op {
            0 => Predicate::Eq(comparison),
            1 => Predicate::Ne(comparison),
            2 => Predicate::Lt(comparison),
            3 => Predicate::Le(comparison),
            4 => Predicate::Gt(comparison),
            5 => Predicate::Ge(comparison),
            _ => Predicate::In { column, values: vec![value, int(3)] },
        }
    });
    let texts = (prop::sample::select(vec!["text", "word"]), 0_i64..400, any::<bool>()).prop_map(
        |(column, key, equal)| {
            let text = "ä".repeat(key as usize % 23) + &key.to_string();
            let value = Literal { kind: "string".to_owned(), value: Value::Text(text) };
            let comparison = Comparison { column: column.to_owned(), value };
            if equal { Predicate::Eq(comparison) } else { Predicate::Ge(comparison) }
        },
    );
    let nulls = prop::sample::select(vec![
        Predicate::IsNull { column: "optional".to_owned() },
        Predicate::IsNotNull { column: "text".to_owned() },
        Predicate::Eq(Comparison {
            column: "time".to_owned(),
            value: Literal {
                kind: "timestamp(us)".to_owned(),
                value: Value::Text("1970-01-01T00:00:00.250".to_owned()),
            },
        }),
        Predicate::Lt(Comparison {
            column: "decimal".to_owned(),
            value: Literal {
                kind: "decimal(5,2)".to_owned(),
                value: Value::Text("4.5".to_owned()),
            },
        }),
        Predicate::Eq(Comparison {
            column: "float".to_owned(),
            value: Literal { kind: "float64".to_owned(), value: Value::Text("NaN".to_owned()) },
        }),
    ]);
    prop_oneof![6 => numbers, 2 => texts, 2 => nulls]
}

fn predicate() -> impl Strategy<Value = Predicate> {
    condition().prop_recursive(2, 6, 3, |inner| {
        let args = prop::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            3 => args.clone().prop_map(|args| Predicate::And { args }),
            2 => args.prop_map(|args| Predicate::Or { args }),
            1 => inner.prop_map(|arg| Predicate::Not { arg: Box::new(arg) }),
        ]
    })
}

fn filtered(table: &RecordBatch, predicate: &Predicate) -> RecordBatch {
    let mask = predicate.evaluate(table.num_rows(), &|name| table.column_by_name(name)).unwrap();
    // filter leaves out rows whose mask is null.
    filter_record_batch(table, &mask).unwrap()
}

fn batches(schema: &Arc<Schema>, columns: &[Vec<ArrayRef>], rows: usize) -> RecordBatch {
    let columns = columns.iter().zip(schema.fields()).map(|(chunks, field)| {
        let chunks: Vec<&dyn Array> = chunks.iter().map(AsRef::as_ref).collect();
        for chunk in &chunks {
            chunk.to_data().validate_full().unwrap();
        }
        if chunks.is_empty() {
            return arrow::array::new_empty_array(field.data_type());
        }
        arrow::compute::concat(&chunks).unwrap()
    });
    let batch = RecordBatch::try_new(Arc::clone(schema), columns.collect()).unwrap();
    assert_eq!(batch.num_rows(), rows);
    batch
}

/// Equal values, NaN and the sign of zero included.
fn assert_same(found: &RecordBatch, expected: &RecordBatch) {
    assert_eq!(found.num_rows(), expected.num_rows());
    for (field, column) in expected.schema().fields().iter().zip(expected.columns()) {
        let found = found.column_by_name(field.name()).unwrap();
        let text = |array: &ArrayRef| format!("{:?}", array.slice(0, array.len()).to_data());
        let same = found.to_data() == column.to_data() || text(found) == text(column);
        assert!(same, "{}: {found:?} is not {column:?}", field.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn test_filtered_reads_are_reads_filtered(
        keys in prop::collection::vec(0_i64..400, 1..600),
        nulls in prop::collection::vec(prop::bool::weighted(0.3), 1..40),
        stored in stored(),
        predicate in predicate(),
        limit in prop::option::weighted(0.3, 0_u64..50),
        threads in 1_usize..4,
    ) {
        let table = table(&keys, &nulls);
        let bytes = write(&table, &stored);
        let source = Source::memory("test.parquet", bytes).unwrap();
        let context = Context::new(threads, Some(1 << 30), Arc::default()).unwrap();
        let mut expected = filtered(&table, &predicate);
        if let Some(limit) = limit {
            expected = expected.slice(0, expected.num_rows().min(limit as usize));
        }
        for decoder in [Decoder::Auto, Decoder::Arrow] {
            let options = ReadOptions {
                predicate: Some(predicate.clone()),
                n_rows: limit,
                decoder,
                batch_rows: Some(7),
                ..ReadOptions::default()
            };
            let table = read(&source, &options, &context).unwrap();
            let rows = table.rows;
            let (schema, columns, _charges) = table.into_arrays();
            assert_same(&batches(&schema, &columns, rows), &expected);
            let streamed = stream(&source, &options, &context).unwrap();
            let schema = streamed.schema();
            let streamed: Vec<RecordBatch> = streamed.map(Result::unwrap).collect();
            prop_assert!(streamed.iter().all(|batch| (1..=7).contains(&batch.num_rows())));
            assert_same(&concat_batches(&schema, &streamed).unwrap(), &expected);
        }
        prop_assert_eq!(context.budget().used(), 0);
    }

    #[test]
    fn test_first_rows_are_the_first_rows(
        keys in prop::collection::vec(0_i64..400, 1..600),
        stored in stored(),
        limit in 0_usize..700,
    ) {
        let table = table(&keys, &[false, true]);
        let source = Source::memory("test.parquet", write(&table, &stored)).unwrap();
        let context = Context::new(2, Some(1 << 30), Arc::default()).unwrap();
        let options = ReadOptions { n_rows: Some(limit as u64), ..ReadOptions::default() };
        let found = read(&source, &options, &context).unwrap();
        let rows = found.rows;
        let (schema, columns, _charges) = found.into_arrays();
        let expected = table.slice(0, limit.min(table.num_rows()));
        assert_same(&batches(&schema, &columns, rows), &expected);
    }
}

#[test]
fn test_pages_and_row_groups_are_left_out() {
    let keys: Vec<i64> = (0..6000).collect();
    let table = table(&keys, &[false]);
    let stored = Stored {
        page: 100,
        group: 2000,
        v2: false,
        compressed: true,
        encoding: Some(Encoding::PLAIN),
        index: true,
        bloom: true,
    };
    let source = Source::memory("test.parquet", write(&table, &stored)).unwrap();
    let context = Context::new(1, Some(1 << 30), Arc::default()).unwrap();
    let opened = |predicate: Predicate| {
        let options = ReadOptions { predicate: Some(predicate), ..ReadOptions::default() };
        let found = read(&source, &options, &context).unwrap();
        (found.parts, found.rows)
    };
    let of = |column: &str, value: i64| Comparison { column: column.to_owned(), value: int(value) };
    // By statistics.
    assert_eq!(opened(Predicate::Lt(of("sorted", 50))), ((1, 3), 50));
    // By the page index: no page of any row group can hold both.
    let both = vec![Predicate::Lt(of("key", 50)), Predicate::Gt(of("sorted", 150))];
    assert_eq!(opened(Predicate::And { args: both }), ((0, 3), 0));
    // By the bloom filter alone: the value lies between the bounds.
    let text = |text: &str| Comparison {
        column: "word".to_owned(),
        value: Literal { kind: "string".to_owned(), value: Value::Text(text.to_owned()) },
    };
    assert_eq!(opened(Predicate::Eq(text("ää"))).1, 0);
    assert_eq!(opened(Predicate::Eq(text("ää"))).0.0, 0);
    assert_eq!(opened(Predicate::Eq(text("ää2"))), ((3, 3), 1200));
}
