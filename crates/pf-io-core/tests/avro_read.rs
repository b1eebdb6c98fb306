//! What the Avro reader offers: columns, types, unions, enums, reader schemas, odd roots.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, TimeUnit};
use pf_io_core::avro::{self, AvroReadOptions, ColumnName, Enums, Unions};
use pf_io_core::types::StringType;
use pf_io_core::{AvroFile, IoError};

mod avro_support;
use avro_support::{container, long, read, record, source, text};

fn options() -> AvroReadOptions {
    AvroReadOptions::default()
}

/// Three records of `a: long`, `b: string`, `e: enum`.
fn sample() -> Vec<u8> {
    let fields = [
        ("a", r#""long""#),
        ("b", r#""string""#),
        ("e", r#"{"type":"enum","name":"e","symbols":["RED","BLUE"]}"#),
    ];
    let mut data = Vec::new();
    for (a, b, e) in [(1, "x", 1), (-2, "", 0), (3, "é", 1)] {
        long(&mut data, a);
        text(&mut data, b.as_bytes());
        long(&mut data, e);
    }
    container(&record(&fields), "null", &[(3, data)])
}

fn strings(batch: &RecordBatch, column: usize) -> Vec<Option<String>> {
    let array = arrow::compute::cast(batch.column(column), &DataType::LargeUtf8).unwrap();
    array.as_string::<i64>().iter().map(|text| text.map(str::to_owned)).collect()
}

#[test]
fn test_columns_come_in_the_order_asked_and_unknown_ones_are_errors() {
    let bytes = sample();
    let pick = |names: &[&str]| AvroReadOptions {
        columns: Some(names.iter().map(|&name| name.into()).collect()),
        ..options()
    };
    let batch = read(&bytes, &pick(&["e", "a", "e"])).unwrap();
    let names: Vec<&str> =
        batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["e", "a", "e"]);
    assert_eq!(batch.column(1).as_primitive::<Int64Type>().values(), &[1, -2, 3]);
    assert_eq!(read(&bytes, &pick(&[])).unwrap().num_rows(), 3);
    let error = read(&bytes, &pick(&["A1"])).unwrap_err();
    assert!(matches!(&error, IoError::Schema { column, .. } if column == "A1"), "{error}");
    assert!(error.hint().unwrap().contains("did you mean 'a'?"));
    let nested = AvroReadOptions {
        columns: Some(vec![ColumnName::Path(vec!["a".into(), "x".into()])]),
        ..options()
    };
    assert!(matches!(read(&bytes, &nested), Err(IoError::Unsupported { .. })));
}

#[test]
fn test_strings_and_enums_have_the_types_asked_for() {
    let bytes = sample();
    for (string_type, data_type) in [
        (StringType::Large, DataType::LargeUtf8),
        (StringType::View, DataType::Utf8View),
        (StringType::Utf8, DataType::Utf8),
    ] {
        for enums in [Enums::Dictionary, Enums::String] {
            let options = AvroReadOptions { string_type, enums, ..options() };
            let batch = read(&bytes, &options).unwrap();
            assert_eq!(batch.schema(), avro::schema(&source(&bytes), &options).unwrap());
            assert_eq!(*batch.column(1).data_type(), data_type);
            assert_eq!(
                strings(&batch, 1),
                [Some("x".into()), Some(String::new()), Some("é".into())]
            );
            assert_eq!(
                *batch.column(2).data_type(),
                match enums {
                    Enums::Dictionary => {
                        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
                    }
                    Enums::String => data_type.clone(),
                }
            );
            assert_eq!(strings(&batch, 2)[..2], [Some("BLUE".into()), Some("RED".into())]);
        }
    }
}

#[test]
fn test_wide_unions_as_union_struct_or_json() {
    let stamp = r#"{"type":"long","logicalType":"timestamp-millis"}"#;
    let point = r#"{"type":"record","name":"p","fields":[{"name":"x","type":"double"},{"name":"b","type":"bytes"}]}"#;
    let kind = format!(
        r#"["null","int","string",{stamp},{point},{{"type":"array","items":["int","string"]}}]"#
    );
    let mut data = vec![2, 14]; // 7
    data.extend([4, 4, b'"', b'h']);
    data.extend([0]);
    data.push(6);
    long(&mut data, 86_400_000);
    data.push(8);
    data.extend(f64::NAN.to_le_bytes());
    data.extend([2, 0xe9]);
    data.extend([10, 4, 0, 2, 2, 2, b'z', 0]);
    let fields = [("id", r#""null""#), ("u", kind.as_str())];
    let bytes = container(&record(&fields), "null", &[(6, data)]);

    let batch = read(&bytes, &options()).unwrap();
    assert!(matches!(batch.column(1).data_type(), DataType::Union(fields, _) if fields.len() == 6));

    let json = AvroReadOptions { unions: Unions::Json, ..options() };
    let batch = read(&bytes, &json).unwrap();
    assert_eq!(*batch.column(1).data_type(), DataType::LargeUtf8);
    let text: Vec<Option<&str>> = batch.column(1).as_string::<i64>().iter().collect();
    assert_eq!(
        text,
        [
            Some("7"),
            Some(r#""\"h""#),
            None,
            Some(r#""1970-01-02T00:00:00Z""#),
            Some(r#"{"x":"NaN","b":"é"}"#),
            Some(r#"[1,"z"]"#)
        ]
    );

    let structs = AvroReadOptions { unions: Unions::Struct, ..options() };
    let batch = read(&bytes, &structs).unwrap();
    let column = batch.column(1).as_struct();
    let names: Vec<&str> = column.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["int", "string", "timestamp_millis_utc", "p", "array"]);
    assert!(column.fields().iter().all(|field| field.is_nullable()));
    assert!(column.is_null(2) && column.is_valid(0));
    assert_eq!(
        column.column(0).as_primitive::<Int32Type>().iter().flatten().collect::<Vec<_>>(),
        [7]
    );
    assert_eq!(column.column(1).as_string::<i64>().iter().flatten().collect::<Vec<_>>(), ["\"h"]);
    assert_eq!(column.column(2).null_count(), 5);
    // A union inside a union's branch follows.
    let items = column.column(4).as_list::<i32>().value(5);
    assert_eq!(items.as_struct().column_names(), ["int", "string"]);
}

#[test]
fn test_a_reader_schema_resolves_names_defaults_and_promotions() {
    let bytes = sample();
    let reader = r#"{"type":"record","name":"r","fields":[
        {"name":"more","type":"int","default":5},
        {"name":"a","type":"double"},
        {"name":"text","aliases":["b"],"type":"string"},
        {"name":"e","type":{"type":"enum","name":"e","symbols":["BLUE","RED"]}}]}"#;
    for codec_options in [options(), AvroReadOptions { n_rows: Some(2), ..options() }] {
        let options = AvroReadOptions { reader_schema: Some(reader.into()), ..codec_options };
        let batch = read(&bytes, &options).unwrap();
        let types: Vec<DataType> =
            batch.columns().iter().map(|column| column.data_type().clone()).collect();
        assert_eq!(types[..3], [DataType::Int32, DataType::Float64, DataType::LargeUtf8]);
        assert_eq!(batch.column(0).as_primitive::<Int32Type>().value(1), 5);
        assert_eq!(strings(&batch, 1)[1], Some("-2.0".into()));
        assert_eq!(strings(&batch, 3)[..2], [Some("BLUE".into()), Some("RED".into())]);
        let columns = Some(vec!["text".into()]);
        let batch = read(&bytes, &AvroReadOptions { columns, ..options.clone() }).unwrap();
        assert_eq!(batch.num_columns(), 1);
        assert_eq!(strings(&batch, 0)[0], Some("x".into()));
    }
    for reader in [
        r#"{"type":"record","name":"r","fields":[{"name":"z","type":"int"}]}"#,
        r#"{"type":"record","name":"r","fields":[{"name":"b","type":"int"}]}"#,
        "{",
    ] {
        let options = AvroReadOptions { reader_schema: Some(reader.into()), ..options() };
        let error = read(&bytes, &options).unwrap_err();
        assert!(matches!(error, IoError::Schema { .. }), "{reader}: {error}");
    }
}

#[test]
fn test_damage_is_noticed_with_a_reader_schema_too() {
    let mut bytes = sample();
    let reader = record(&[("b", r#""string""#)]);
    let options = AvroReadOptions { reader_schema: Some(reader), ..options() };
    assert_eq!(read(&bytes, &options).unwrap().num_rows(), 3);
    let at = bytes.len() - 17;
    bytes[at] = 9; // a symbol of the enum that is passed over
    let error = read(&bytes, &options).unwrap_err();
    assert_eq!(error.block(), Some(1), "{error}");
}

#[test]
fn test_roots_that_are_no_records_and_errors_that_are() {
    let mut data = Vec::new();
    long(&mut data, 1);
    long(&mut data, -1);
    for schema in [r#""long""#, r#"{"type":"long"}"#, "long"] {
        let batch = read(&container(schema, "null", &[(2, data.clone())]), &options()).unwrap();
        assert_eq!(batch.schema().field(0), &Field::new("value", DataType::Int64, false));
        assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[1, -1]);
    }
    let schema = r#"["null","long"]"#;
    let batch = read(&container(schema, "null", &[(2, vec![2, 8, 0])]), &options()).unwrap();
    assert_eq!(batch.column(0).null_count(), 1);
    let schema = r#"{"type":"error","name":"x","fields":[{"name":"a","type":"long"}]}"#;
    let bytes = container(schema, "null", &[(2, data)]);
    assert_eq!(read(&bytes, &options()).unwrap().num_rows(), 2);
}

#[test]
fn test_logical_types_that_do_not_fit_are_ignored() {
    for (kind, data_type) in [
        (r#"{"type":"int","logicalType":"timestamp-millis"}"#, DataType::Int32),
        (r#"{"type":"bytes","logicalType":"decimal"}"#, DataType::LargeBinary),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":2,"scale":3}"#,
            DataType::LargeBinary,
        ),
        (
            r#"{"type":"fixed","name":"f","size":2,"logicalType":"decimal","precision":9}"#,
            DataType::FixedSizeBinary(2),
        ),
        (
            r#"{"type":"long","logicalType":"local-timestamp-nanos"}"#,
            DataType::Timestamp(TimeUnit::Nanosecond, None),
        ),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":39,"scale":1}"#,
            DataType::Decimal256(39, 1),
        ),
    ] {
        let bytes = container(&record(&[("a", kind)]), "null", &[]);
        let schema = avro::schema(&source(&bytes), &options()).unwrap();
        assert_eq!(*schema.field(0).data_type(), data_type, "{kind}");
        // Also where arrow-avro has to understand the schema.
        let with_reader =
            AvroReadOptions { reader_schema: Some(record(&[("a", kind)])), ..options() };
        let schema = avro::schema(&source(&bytes), &with_reader).unwrap();
        assert_eq!(*schema.field(0).data_type(), data_type, "{kind}");
    }
}

#[test]
fn test_names_and_namespaces() {
    let fields = [
        ("a", r#"{"type":"fixed","name":"x.F","size":1}"#),
        ("b", r#""x.F""#),
        ("c", r#"{"type":"record","name":"R","namespace":"x","fields":[{"name":"d","type":"F"}]}"#),
    ];
    let bytes = container(&record(&fields), "null", &[(1, vec![1, 2, 3])]);
    let batch = read(&bytes, &options()).unwrap();
    assert_eq!(batch.column(1).as_fixed_size_binary().value(0), [2]);
    assert_eq!(*batch.column(2).as_struct().column(0).data_type(), DataType::FixedSizeBinary(1));
}

#[test]
fn test_header_and_count() {
    let bytes = sample();
    let header = avro::header(&source(&bytes)).unwrap();
    assert_eq!(header.codec, "null");
    assert!(header.schema.contains(r#""name":"e""#));
    assert_eq!(header.metadata, [("note".to_owned(), b"by hand".to_vec())]);
    assert_eq!(avro::count(&source(&bytes)).unwrap(), 3);
}

#[test]
fn test_files_and_bytes_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.avro");
    std::fs::write(&path, sample()).unwrap();
    let file = AvroFile::open(&path, Some(&["b".into(), "a".into()])).unwrap();
    assert_eq!(file.rows(), 3);
    let batches = file.batches(Some(&[1, 0, 1]), Some(2), 1, std::sync::Arc::default()).unwrap();
    let schema = batches.schema();
    let batches: Vec<RecordBatch> = batches.collect::<Result<_, _>>().unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(schema.field(0).name(), "a");
    assert_eq!(*schema.field(1).data_type(), DataType::Utf8);
    assert_eq!(batches[1].column(2).as_primitive::<Int64Type>().value(0), -2);
}
