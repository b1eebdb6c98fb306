//! Footers: what they tell, what they may claim, and what becomes of damaged ones.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod tables;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, UInt64Array,
};
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
    SortingColumn,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::statistics::Statistics;
use pf_io_core::parquet::{
    ColumnStatistics, Json, ParquetMetadata, ParquetWriteOptions, SortDirection, read_metadata,
    read_metadata_fast, read_statistics, write,
};
use pf_io_core::{Context, IoError, Source};

use tables::every_type;

fn source(bytes: Vec<u8>) -> Source {
    Source::memory("m.parquet", Bytes::from(bytes)).unwrap()
}

/// A file of `batches`, a row group each.
fn file(batches: &[RecordBatch], properties: Option<WriterProperties>) -> Vec<u8> {
    file_of(batches, &batches[0].schema(), properties)
}

fn file_of(
    batches: &[RecordBatch],
    schema: &SchemaRef,
    properties: Option<WriterProperties>,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, Arc::clone(schema), properties).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
    bytes
}

/// The pages of `bytes` under another footer.
fn with_footer(bytes: &[u8], change: impl FnOnce(ParquetMetaData) -> ParquetMetaData) -> Vec<u8> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::copy_from_slice(bytes));
    let size = bytes.len();
    let length = u32::from_le_bytes(bytes[size - 8..size - 4].try_into().unwrap()) as usize;
    let mut out = bytes[..size - 8 - length].to_vec();
    ParquetMetaDataWriter::new(&mut out, &change(metadata.unwrap())).finish().unwrap();
    out
}

fn column<A: arrow::array::Array + 'static>(array: A) -> RecordBatch {
    let array: ArrayRef = Arc::new(array);
    RecordBatch::try_from_iter_with_nullable([("a", array, true)]).unwrap()
}

fn only(bytes: Vec<u8>) -> ColumnStatistics {
    let mut all = read_statistics(&source(bytes), None).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn bounds(statistics: &ColumnStatistics) -> Option<(Json, Json)> {
    let value = |bound: &Option<pf_io_core::parquet::TypedValue>| {
        bound.as_ref().map(|bound| bound.value.clone())
    };
    value(&statistics.min).zip(value(&statistics.max))
}

fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

#[test]
fn test_metadata_tells_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let table = every_type(10);
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10));
    let mut columns = vec![("key", values)];
    let schema = table.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    columns.extend(names.zip(table.columns().iter().cloned()));
    let table = RecordBatch::try_from_iter(columns).unwrap();
    let options = ParquetWriteOptions {
        row_group_rows: 6,
        sorting: vec![("key".to_owned(), SortDirection::Asc)],
        metadata: [("who".to_owned(), "me".to_owned())].into(),
        ..ParquetWriteOptions::default()
    };
    let ctx = Context::new(2, None, Arc::default()).unwrap();
    write(std::iter::once(Ok(table.clone())), &table.schema(), &path, &options, &ctx).unwrap();

    let source = Source::open(&path).unwrap();
    let metadata = read_metadata(&source).unwrap();
    assert_eq!(metadata.rows, 10);
    let rows: Vec<u64> = metadata.row_groups.iter().map(|group| group.rows).collect();
    assert_eq!(rows, [6, 4]);
    let sorting = &metadata.row_groups[1].sorting[0];
    assert_eq!((sorting.column.as_str(), sorting.descending), ("key", false));
    assert!(metadata.created_by.as_ref().unwrap().starts_with("parquetframe"));
    assert!(metadata.key_values.contains(&("who".to_owned(), Some("me".to_owned()))));
    assert!(metadata.columns.iter().all(|column| column.page_index && !column.bloom));
    assert!(metadata.decoded_bytes > 10 * 39);
    assert_eq!(metadata.file_size, source.size());
    let column = metadata.columns.iter().find(|column| column.path == "struct.b").unwrap();
    assert_eq!((column.name.as_str(), column.kind.as_str()), ("struct", "string"));
    assert!(metadata.has_page_index && !metadata.has_bloom);
    assert_eq!(metadata.names.len(), 39);

    let fast = read_metadata_fast(&source).unwrap();
    assert_eq!((fast.rows, fast.row_groups), (10, 2));
    assert_eq!(fast.leaves, metadata.columns.len());
    assert_eq!(fast.footer_size, metadata.footer_size);
    let fields = table.schema();
    let names: Vec<_> = fields.fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(fast.names, names);
}

#[test]
fn test_statistics_are_merged_over_all_row_groups() {
    let groups = [
        column(Int64Array::from(vec![Some(5), None, Some(9)])),
        column(Int64Array::from(vec![None, None])),
        column(Int64Array::from(vec![Some(-2), Some(7)])),
    ];
    let merged = only(file(&groups, None));
    assert_eq!(bounds(&merged), Some((Json::Int(-2), Json::Int(9))));
    assert_eq!((merged.null_count, merged.distinct_count), (Some(3), None));
    assert!(merged.exact && merged.kind == "int64");

    // One row group without statistics, and the column has none.
    let bytes = with_footer(&file(&groups, None), |metadata| {
        let mut builder = metadata.into_builder();
        let mut groups = builder.take_row_groups();
        let last = groups.pop().unwrap();
        let chunk = last.column(0).clone().into_builder().clear_statistics().build().unwrap();
        groups.push(last.into_builder().set_column_metadata(vec![chunk]).build().unwrap());
        builder.set_row_groups(groups).build()
    });
    let missing = only(bytes);
    assert_eq!((bounds(&missing), missing.null_count, missing.exact), (None, None, false));

    let unknown = read_statistics(&source(file(&groups, None)), Some(&["b".to_owned()]));
    assert!(matches!(unknown, Err(IoError::Schema { .. })));
}

/// The statistics of a file of one chunk, replaced.
fn replaced(batch: RecordBatch, statistics: Statistics) -> ColumnStatistics {
    only(with_footer(&file(&[batch], None), |metadata| {
        let mut builder = metadata.into_builder();
        let group = builder.take_row_groups().remove(0);
        let chunk = group.column(0).clone().into_builder();
        let chunk = chunk.set_statistics(statistics).build().unwrap();
        let group = group.into_builder().set_column_metadata(vec![chunk]).build().unwrap();
        builder.set_row_groups(vec![group]).build()
    }))
}

#[test]
fn test_bounds_that_cannot_be_trusted_are_ignored() {
    let floats = || column(Float64Array::from(vec![1.0, f64::NAN]));
    assert_eq!(bounds(&only(file(&[floats()], None))), Some((Json::Float(1.0), Json::Float(1.0))));
    let nan = Statistics::double(Some(f64::NAN), Some(1.0), None, Some(0), false);
    assert_eq!(bounds(&replaced(floats(), nan)), None);
    let zeros = Statistics::double(Some(-0.0), Some(-0.0), None, Some(0), false);
    let (Some(min), Some(max)) = bounds(&replaced(floats(), zeros)).unzip() else { panic!() };
    assert!(
        [min, max].iter().all(|zero| matches!(zero, Json::Float(zero) if zero.is_sign_positive()))
    );
    // Deprecated bounds: signed numbers only.
    let old = Statistics::int64(Some(1), Some(3), None, Some(0), true);
    let ints = column(Int64Array::from(vec![1, 3]));
    assert_eq!(bounds(&replaced(ints, old.clone())), Some((Json::Int(1), Json::Int(3))));
    assert_eq!(bounds(&replaced(column(UInt64Array::from(vec![1, 3])), old)), None);
    let texts = || column(StringArray::from(vec!["a", "b"]));
    let pair = || (Some(b"a".to_vec().into()), Some(b"b".to_vec().into()));
    let (min, max) = pair();
    assert_eq!(
        bounds(&replaced(texts(), Statistics::byte_array(min, max, None, None, true))),
        None
    );
    let (min, max) = pair();
    let new = replaced(texts(), Statistics::byte_array(min, max, None, None, false));
    assert_eq!(bounds(&new), Some((text("a"), text("b"))));
    // The wrong way round, or not text.
    let (min, max) = pair();
    assert_eq!(
        bounds(&replaced(texts(), Statistics::byte_array(max, min, None, None, false))),
        None
    );
    let bad = Some(vec![0xff].into());
    let bad = Statistics::byte_array(Some(b"a".to_vec().into()), bad, None, None, false);
    assert_eq!(bounds(&replaced(texts(), bad)), None);
}

#[test]
fn test_cut_text_bounds_are_not_exact() {
    let long = "x".repeat(500);
    let properties = WriterProperties::builder().set_statistics_truncate_length(Some(8)).build();
    let table = column(StringArray::from(vec!["a", &long]));
    let cut = only(file(std::slice::from_ref(&table), Some(properties)));
    assert_eq!(bounds(&cut), Some((text("a"), text("xxxxxxxy"))));
    assert!(!cut.exact);
    let properties = WriterProperties::builder().set_statistics_truncate_length(None).build();
    assert!(only(file(&[table], Some(properties))).exact);
}

#[test]
fn test_bounds_are_typed() {
    let all = read_statistics(&source(file(&[every_type(50)], None)), None).unwrap();
    let find = |name: &str| all.iter().find(|column| column.name == name).unwrap();
    let min = |name: &str| {
        let min = find(name).min.clone().unwrap_or_else(|| panic!("{name}: {:?}", find(name)));
        (min.kind, min.value)
    };
    assert_eq!(min("bool"), ("bool".to_owned(), Json::Bool(false)));
    assert_eq!(min("uint64").0, "uint64");
    assert!(matches!(find("uint64").max.as_ref().unwrap().value, Json::UInt(max) if max > 1 << 63));
    assert!(
        matches!(min("float16"), (kind, Json::Float(min)) if kind == "float16" && min < -200.0)
    );
    assert!(
        matches!(min("date32"), (kind, Json::Text(date)) if kind == "date" && date.starts_with("1969-"))
    );
    let (kind, stamp) = min("stamp_us");
    assert_eq!(kind, "timestamp(us, UTC)");
    assert!(
        matches!(&stamp, Json::Text(text) if text.starts_with("1969-12-31T23:59:59.9") && text.ends_with('Z')),
        "{stamp:?}"
    );
    assert!(
        matches!(min("stamp_s"), (kind, Json::Text(text)) if kind == "timestamp(s)" && text.starts_with("1969-12-31T23:5"))
    );
    assert!(
        matches!(min("decimal"), (kind, Json::Text(text)) if kind == "decimal(10,2)" && text.starts_with('-') && text.contains('.'))
    );
    assert!(
        matches!(min("text"), (kind, Json::Text(text)) if kind == "string" && text.starts_with("text "))
    );
    assert!(
        matches!(min("binary"), (kind, Json::Text(hex)) if kind == "binary" && hex.len() == 16)
    );
    assert_eq!(min("words"), ("string".to_owned(), text("x")));
    assert_eq!(min("struct.a").0, "int64");
    let nested =
        read_statistics(&source(file(&[every_type(5)], None)), Some(&["struct".to_owned()]));
    assert_eq!(nested.unwrap().len(), 2);
}

#[test]
fn test_shared_ranges_and_impossible_sizes_are_refused() {
    let table = column(Int32Array::from_iter_values(0..1000));
    let bytes = file(&[table.clone(), table], None);
    read_metadata(&source(bytes.clone())).unwrap();
    let refused = |change: &dyn Fn(
        parquet::file::metadata::ColumnChunkMetaDataBuilder,
    ) -> parquet::file::metadata::ColumnChunkMetaDataBuilder,
                   times: i64| {
        let bomb = with_footer(&bytes, |metadata| {
            let file = metadata.file_metadata();
            let groups = metadata.row_groups();
            let rows = groups[0].num_rows() * times * 2;
            let mut builder = ParquetMetaData::new(
                parquet::file::metadata::FileMetaData::new(
                    1,
                    rows,
                    None,
                    None,
                    file.schema_descr_ptr(),
                    None,
                ),
                Vec::new(),
            )
            .into_builder();
            for group in groups {
                let chunk = change(group.column(0).clone().into_builder()).build().unwrap();
                let group = group.clone().into_builder().set_num_rows(1000 * times);
                let group = group.set_column_metadata(vec![chunk]).build().unwrap();
                builder = builder.add_row_group(group);
            }
            builder.build()
        });
        assert!(bomb.len() < 42_000);
        let error = read_metadata(&source(bomb)).unwrap_err();
        assert!(matches!(error, IoError::Parquet { .. }), "{error}");
        error.to_string()
    };
    let same = |chunk: parquet::file::metadata::ColumnChunkMetaDataBuilder| {
        chunk.set_data_page_offset(4).set_dictionary_page_offset(None)
    };
    assert!(refused(&same, 1).contains("share the bytes"));
    assert!(
        refused(&|chunk| chunk.set_total_uncompressed_size(1 << 50), 1)
            .contains("cannot come from")
    );
    assert!(refused(&|chunk| chunk.set_num_values(999), 1).contains("999 values"));
    let petabytes = 1 << 50;
    let text = refused(&|chunk| chunk.set_num_values(1000 * petabytes), petabytes);
    assert!(text.contains("values cannot come from"), "{text}");
    assert!(
        refused(&|chunk| chunk.set_total_compressed_size(1 << 40), 1).contains("outside the file")
    );
    assert!(refused(&|chunk| chunk.set_data_page_offset(-1), 1).contains("outside the file"));
}

#[test]
fn test_every_flipped_byte_of_a_footer_is_an_error_or_harmless() {
    let statistics = WriterProperties::builder().set_statistics_enabled(EnabledStatistics::Page);
    let bytes = file(
        &[column(StringArray::from(vec![Some("a"), None])), column(StringArray::from(vec!["b"]))],
        Some(statistics.build()),
    );
    let length = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap());
    let start = bytes.len() - 8 - length as usize;
    let (mut errors, mut fine, mut statistics) = (0, 0, 0);
    for at in start..bytes.len() {
        for flip in [0x01, 0x10, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let damaged = source(damaged);
            read_metadata_fast(&damaged).ok();
            match (read_metadata(&damaged), read_statistics(&damaged, None)) {
                (Ok(metadata), Ok(_)) => {
                    assert!(metadata.rows <= 3);
                    fine += 1;
                }
                // Metadata leaves statistics out, and does not mind if they are damaged.
                (Ok(_), Err(IoError::Parquet { .. })) => statistics += 1,
                (Err(IoError::Parquet { .. } | IoError::Unsupported { .. }), Err(_)) => errors += 1,
                other => panic!("byte {at} ^ {flip:#x}: {other:?}"),
            }
        }
    }
    assert!(errors > 100 && fine > 0, "{errors} errors, {fine} fine");
    assert!(statistics < errors / 10, "{statistics} statistics, {errors} errors");
    for cut in 0..bytes.len() - 1 {
        if cut == 0 {
            continue; // no source without bytes
        }
        let cut = source(bytes[..cut].to_vec());
        assert!(read_metadata(&cut).is_err() && read_metadata_fast(&cut).is_err());
    }
}

#[test]
fn test_fast_and_full_agree_on_the_row_count() {
    let table = column(Int32Array::from_iter_values(0..10));
    let mut wrong = file(&[table], None);
    // Field 3, the number of rows, and the header of field 4.
    let rows = [0x16, 20, 0x19];
    let at = wrong.windows(3).rposition(|bytes| bytes == rows).unwrap();
    wrong[at + 1] = 14;
    let wrong = source(wrong);
    let full = read_metadata(&wrong).unwrap_err().to_string();
    assert_eq!(read_metadata_fast(&wrong).unwrap_err().to_string(), full);
    assert!(full.ends_with("the row groups hold 10 rows, the footer says 7"), "{full}");
    assert_eq!(wrong.path(), Path::new("m.parquet"));
}

/// What arrow-rs makes of the same footer, in our words.
fn by_arrow_rs(bytes: &[u8], ours: &ParquetMetadata) {
    let theirs =
        ParquetMetaDataReader::new().parse_and_finish(&Bytes::copy_from_slice(bytes)).unwrap();
    let file = theirs.file_metadata();
    assert_eq!(ours.rows as i64, file.num_rows());
    assert_eq!((ours.version, ours.created_by.as_deref()), (file.version(), file.created_by()));
    let pairs = file.key_value_metadata().into_iter().flatten();
    let pairs: Vec<_> = pairs.map(|pair| (pair.key.clone(), pair.value.clone())).collect();
    assert_eq!(ours.key_values, pairs);
    assert_eq!(ours.row_groups.len(), theirs.num_row_groups());
    for (ours, theirs) in ours.row_groups.iter().zip(theirs.row_groups()) {
        assert_eq!(ours.rows as i64, theirs.num_rows());
        assert_eq!(ours.bytes as i64, theirs.total_byte_size());
        assert_eq!(ours.compressed_bytes as i64, theirs.compressed_size());
        let sorting = theirs.sorting_columns().into_iter().flatten().map(|order| {
            let column = theirs.column(order.column_idx as usize).column_path().string();
            (column, order.descending, order.nulls_first)
        });
        let ours = ours.sorting.iter();
        let ours = ours.map(|one| (one.column.clone(), one.descending, one.nulls_first));
        assert_eq!(ours.collect::<Vec<_>>(), sorting.collect::<Vec<_>>());
    }
    assert_eq!(ours.columns.len(), file.schema_descr().num_columns());
    for (leaf, ours) in ours.columns.iter().enumerate() {
        let chunks: Vec<_> = theirs.row_groups().iter().map(|group| group.column(leaf)).collect();
        let encodings = chunks.iter().flat_map(|chunk| chunk.encodings());
        let encodings: BTreeSet<_> = encodings.map(|encoding| encoding.to_string()).collect();
        assert_eq!(ours.encodings, encodings.into_iter().collect::<Vec<_>>(), "{}", ours.path);
        let codecs = chunks.iter().map(|chunk| format!("{:?}", chunk.compression()));
        let codecs: BTreeSet<_> =
            codecs.filter_map(|name| Some(name.split('(').next()?.to_lowercase())).collect();
        assert_eq!(ours.codecs, codecs.into_iter().collect::<Vec<_>>(), "{}", ours.path);
        let sum = |size: fn(&ColumnChunkMetaData) -> i64| chunks.iter().map(|one| size(one)).sum();
        let packed: i64 = sum(ColumnChunkMetaData::compressed_size);
        let bytes: i64 = sum(ColumnChunkMetaData::uncompressed_size);
        assert_eq!((ours.compressed_bytes as i64, ours.bytes as i64), (packed, bytes));
        let grouped = !chunks.is_empty();
        let index = grouped && chunks.iter().all(|chunk| chunk.offset_index_offset().is_some());
        let bloom = grouped && chunks.iter().all(|chunk| chunk.bloom_filter_offset().is_some());
        assert_eq!((ours.page_index, ours.bloom), (index, bloom), "{}", ours.path);
    }
}

#[test]
fn test_our_walk_and_arrow_rs_agree() {
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
    ];
    for (case, codec) in codecs.into_iter().enumerate() {
        let properties = WriterProperties::builder()
            .set_compression(codec)
            .set_dictionary_enabled(case % 2 == 0)
            .set_bloom_filter_enabled(case == 1)
            .set_writer_version([WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0][case % 2])
            .set_column_encoding("float64".into(), Encoding::BYTE_STREAM_SPLIT)
            .set_offset_index_disabled(case == 2)
            .set_statistics_enabled(if case == 3 {
                EnabledStatistics::None
            } else {
                EnabledStatistics::Page
            })
            .set_sorting_columns((case > 3).then(|| {
                vec![SortingColumn { column_idx: 1, descending: true, nulls_first: case == 4 }]
            }))
            .build();
        let table = every_type(9);
        let batches = [table.clone(), table.slice(2, 3), table.slice(0, 5)];
        let bytes = file_of(&batches[..case % 4], &table.schema(), Some(properties));
        let ours = read_metadata(&source(bytes.clone())).unwrap();
        assert_eq!(ours.rows, [0, 9, 12, 17][case % 4]);
        by_arrow_rs(&bytes, &ours);
    }
}
