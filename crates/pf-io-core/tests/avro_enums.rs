//! Text columns as Avro enums: the symbols come from the options or from a schema that is given.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int8Type, Int32Type, Schema};
use pf_io_core::avro::{self, AvroReadOptions, AvroWriteOptions, AvroWriter};
use pf_io_core::{AtomicFile, IoError, WriteMode};

mod avro_support;
use avro_support::{context, read, source};

fn write(batches: &[RecordBatch], options: &AvroWriteOptions) -> Result<Vec<u8>, IoError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.avro");
    let sink = AtomicFile::create(&path, false, WriteMode::Replace)?;
    let mut writer = AvroWriter::with_options(sink, &batches[0].schema(), options, &context(2))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()?.commit()?;
    Ok(std::fs::read(path).unwrap())
}

fn options(symbols: &[&str]) -> AvroWriteOptions {
    let symbols = symbols.iter().map(ToString::to_string).collect();
    AvroWriteOptions {
        enums: BTreeMap::from([("c".to_owned(), symbols)]),
        ..AvroWriteOptions::default()
    }
}

fn batch(values: ArrayRef, nullable: bool) -> RecordBatch {
    let field = Field::new("c", values.data_type().clone(), nullable);
    RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![values]).unwrap()
}

fn texts(batch: &RecordBatch) -> Vec<Option<String>> {
    let array = batch.column(0).as_dictionary::<Int32Type>();
    let values = array.downcast_dict::<StringArray>().unwrap();
    values.into_iter().map(|value| value.map(str::to_owned)).collect()
}

#[test]
fn test_batches_with_dictionaries_of_their_own_share_the_symbols() {
    let first: DictionaryArray<Int8Type> = [Some("b"), None, Some("a")].into_iter().collect();
    let second: DictionaryArray<Int8Type> = [Some("c"), Some("b")].into_iter().collect();
    let batches = [batch(Arc::new(first), true), batch(Arc::new(second), true)];
    let bytes = write(&batches, &options(&["a", "b", "c"])).unwrap();
    let header = avro::header(&source(&bytes)).unwrap().schema;
    assert!(header.contains(r#""symbols":["a","b","c"]"#), "{header}");
    assert!(!header.contains("avro.enum"), "{header}");
    let got = read(&bytes, &AvroReadOptions::default()).unwrap();
    let wanted = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    assert_eq!(got.column(0).data_type(), &wanted);
    let expected = [Some("b"), None, Some("a"), Some("c"), Some("b")];
    assert_eq!(texts(&got), expected.map(|text| text.map(str::to_owned)));
    // Another implementation agrees.
    let theirs = arrow_avro::reader::ReaderBuilder::new().build(bytes.as_slice()).unwrap();
    let theirs: Vec<RecordBatch> = theirs.map(Result::unwrap).collect();
    assert_eq!(theirs.iter().flat_map(texts).collect::<Vec<_>>(), texts(&got));
}

#[test]
fn test_plain_text_and_nulls_behind_keys() {
    let plain = batch(Arc::new(StringArray::from(vec!["x", "y", "x"])), false);
    let got = write(&[plain], &options(&["y", "x"])).unwrap();
    let got = read(&got, &AvroReadOptions::default()).unwrap();
    assert_eq!(texts(&got), ["x", "y", "x"].map(|text| Some(text.to_owned())));
    let values = Arc::new(StringArray::from(vec![None, Some("x")]));
    let keys = arrow::array::Int32Array::from(vec![Some(0), Some(1), None]);
    let holes = batch(Arc::new(DictionaryArray::try_new(keys, values).unwrap()), true);
    let got = read(&write(&[holes], &options(&["x"])).unwrap(), &AvroReadOptions::default());
    assert_eq!(texts(&got.unwrap()), [None, Some("x".to_owned()), None]);
}

#[test]
fn test_a_schema_that_is_given_may_have_enums() {
    let schema = r#"{"type":"record","name":"r","fields":[{"name":"c","type":
        ["null",{"type":"enum","name":"Colour","symbols":["red","green"]}]}]}"#;
    let given = AvroWriteOptions { schema: Some(schema.to_owned()), ..AvroWriteOptions::default() };
    let table = batch(Arc::new(StringArray::from(vec![Some("green"), None])), true);
    let bytes = write(&[table], &given).unwrap();
    assert!(avro::header(&source(&bytes)).unwrap().schema.contains("Colour"));
    let got = read(&bytes, &AvroReadOptions::default()).unwrap();
    assert_eq!(texts(&got), [Some("green".to_owned()), None]);
    let table = batch(Arc::new(StringArray::from(vec!["blue"])), true);
    let error = write(&[table], &given).unwrap_err().to_string();
    assert!(error.contains("column 'c': the enum has no symbol 'blue'"), "{error}");
}

#[test]
fn test_what_cannot_be_an_enum_is_refused() {
    let table = batch(Arc::new(StringArray::from(vec!["a"])), false);
    for (symbols, says) in [
        (vec!["a", "no name"], "'no name' cannot be a symbol"),
        (vec!["a", ""], "'' cannot be a symbol"),
        (vec!["a", "a"], "the symbol 'a' twice"),
    ] {
        let error = write(std::slice::from_ref(&table), &options(&symbols)).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    let numbers = batch(Arc::new(arrow::array::Int64Array::from(vec![1])), false);
    let error = write(&[numbers], &options(&["a"])).unwrap_err().to_string();
    assert!(error.contains("column 'c' is int64"), "{error}");
}
