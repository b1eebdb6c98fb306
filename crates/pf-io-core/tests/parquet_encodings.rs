//! Rare types and encodings of flat columns: our decoder, arrow-rs and what was written agree.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Decimal128Array, FixedSizeBinaryArray, Float16Array,
    LargeStringArray, RecordBatch, TimestampNanosecondArray,
};
use arrow::compute::{cast, concat};
use arrow::datatypes::DataType;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType};
use parquet::data_type::{Int96, Int96Type};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use pf_io_core::parquet::options::{Decoder, Int96Unit};
use pf_io_core::parquet::{ReadOptions, read};
use pf_io_core::{Context, Source};
use proptest::prelude::*;

/// The first column, read as `options` say.
fn column(bytes: &[u8], options: &ReadOptions) -> Result<ArrayRef, String> {
    let source = Source::memory("test.parquet", Bytes::copy_from_slice(bytes)).unwrap();
    let context = Context::new(2, Some(1 << 30), Arc::default()).unwrap();
    let table = read(&source, options, &context).map_err(|error| error.to_string())?;
    let (schema, columns, _charges) = table.into_arrays();
    let chunks: Vec<&dyn Array> = columns[0].iter().map(AsRef::as_ref).collect();
    for chunk in &chunks {
        chunk.to_data().validate_full().unwrap();
    }
    if chunks.is_empty() {
        return Ok(arrow::array::new_empty_array(schema.field(0).data_type()));
    }
    Ok(concat(&chunks).unwrap())
}

/// Both decoders give `expected`; `flat` means that ours must know all of it.
fn assert_both(bytes: &[u8], expected: &dyn Array, flat: bool) {
    let ours = if flat { Decoder::Flat } else { Decoder::Auto };
    for decoder in [ours, Decoder::Arrow] {
        let options = ReadOptions { decoder, ..ReadOptions::default() };
        let found = column(bytes, &options).unwrap();
        assert_eq!(found.data_type(), expected.data_type(), "{decoder:?}");
        assert_eq!(found.to_data(), expected.to_data(), "{decoder:?}");
    }
}

/// What varies in how a column is stored.
fn properties() -> impl Strategy<Value = WriterPropertiesBuilder> {
    let version = prop_oneof![Just(WriterVersion::PARQUET_1_0), Just(WriterVersion::PARQUET_2_0)];
    let codec = prop_oneof![Just(Compression::UNCOMPRESSED), Just(Compression::SNAPPY)];
    (version, codec, 1_usize..300, 16_usize..512).prop_map(|(version, codec, page, dictionary)| {
        WriterProperties::builder()
            .set_writer_version(version)
            .set_compression(codec)
            .set_data_page_row_count_limit(page)
            .set_write_batch_size(16)
            .set_dictionary_page_size_limit(dictionary)
    })
}

/// An encoding, or a dictionary.
fn encodings(all: &'static [Encoding]) -> impl Strategy<Value = Option<Encoding>> {
    prop::option::of(prop::sample::select(all))
}

fn with_encoding(builder: WriterPropertiesBuilder, encoding: Option<Encoding>) -> WriterProperties {
    match encoding {
        None => builder.set_dictionary_enabled(true).build(),
        Some(encoding) => builder.set_dictionary_enabled(false).set_encoding(encoding).build(),
    }
}

fn write(array: ArrayRef, properties: WriterProperties) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable([("c", array, true)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// Values of a physical type that Arrow's writer would not choose; `None` is null.
fn write_physical<T: parquet::data_type::DataType>(
    leaf: &str,
    values: &[Option<T::T>],
    properties: WriterProperties,
) -> Vec<u8> {
    let schema = parse_message_type(&format!("message m {{ optional {leaf}; }}")).unwrap();
    let mut bytes = Vec::new();
    let mut file =
        SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties)).unwrap();
    let mut group = file.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let present: Vec<T::T> = values.iter().flatten().cloned().collect();
    column.typed::<T>().write_batch(&present, Some(&levels), None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    file.close().unwrap();
    bytes
}

fn texts() -> impl Strategy<Value = Vec<Option<String>>> {
    // Paths share beginnings, and cut characters of several bytes.
    let path = (0_usize..6, "[aä€]{0,5}", 0_u32..50).prop_map(|(depth, name, number)| {
        format!("{}{name}/{number}", "/usr/share/ö".repeat(depth))
    });
    prop::collection::vec(prop::option::weighted(0.8, path), 0..500)
}

fn numbers() -> impl Strategy<Value = Vec<Option<i64>>> {
    let number = prop_oneof![any::<i64>(), -3_i64..4];
    prop::collection::vec(prop::option::weighted(0.8, number), 0..500)
}

/// The lowest `length` bytes, most significant first.
fn big_endian(number: i64, length: usize) -> Vec<u8> {
    i128::from(number).to_be_bytes()[16 - length..].to_vec()
}

const TEXT: &[Encoding] =
    &[Encoding::PLAIN, Encoding::DELTA_BYTE_ARRAY, Encoding::DELTA_LENGTH_BYTE_ARRAY];
const FIXED: &[Encoding] =
    &[Encoding::PLAIN, Encoding::DELTA_BYTE_ARRAY, Encoding::BYTE_STREAM_SPLIT];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn test_text(values in texts(), builder in properties(), encoding in encodings(TEXT)) {
        let array = LargeStringArray::from(values);
        let bytes = write(Arc::new(array.clone()), with_encoding(builder, encoding));
        assert_both(&bytes, &array, true);
    }

    #[test]
    fn test_binary_of_one_length(
        numbers in numbers(),
        length in prop_oneof![1_usize..=17, Just(32)],
        builder in properties(),
        encoding in encodings(FIXED),
    ) {
        let values = numbers.iter().map(|number| number.map(|n| {
            let mut bytes = n.to_le_bytes().repeat(4);
            bytes.truncate(length);
            bytes
        }));
        let array = FixedSizeBinaryArray::try_from_sparse_iter_with_size(values, length as i32);
        let array = array.unwrap();
        let bytes = write(Arc::new(array.clone()), with_encoding(builder, encoding));
        assert_both(&bytes, &array, length != 17);
    }

    #[test]
    fn test_half_floats(
        numbers in numbers(),
        builder in properties(),
        encoding in encodings(FIXED),
    ) {
        let bits = numbers.iter().map(|n| n.map(|n| half(n as u16)));
        let array: Float16Array = bits.collect();
        let bytes = write(Arc::new(array.clone()), with_encoding(builder, encoding));
        assert_both(&bytes, &array, true);
    }

    #[test]
    fn test_decimals_of_any_length(
        numbers in numbers(),
        length in 1_usize..=16,
        builder in properties(),
        encoding in encodings(FIXED),
    ) {
        // Numbers whose digits the length holds in full.
        let digits = ((length * 8 - 1) as f64 * 2_f64.log10()) as u8;
        let bound = 10_i128.pow(u32::from(digits)).min(1 << 63);
        let cut = |n: i64| (i128::from(n) % bound) as i64;
        let numbers: Vec<_> = numbers.into_iter().map(|n| n.map(cut)).collect();
        let stored: Vec<_> = numbers
            .iter()
            .map(|n| n.map(|n| FixedLenByteArray::from(big_endian(n, length))))
            .collect();
        let leaf = format!("fixed_len_byte_array({length}) c (DECIMAL({digits},1))");
        let properties = with_encoding(builder, encoding);
        let bytes = write_physical::<FixedLenByteArrayType>(&leaf, &stored, properties);
        let array: Decimal128Array = numbers.iter().map(|n| n.map(i128::from)).collect();
        assert_both(&bytes, &array.with_precision_and_scale(digits, 1).unwrap(), true);
    }

    #[test]
    fn test_decimals_of_changing_length(
        numbers in numbers(),
        builder in properties(),
        encoding in encodings(TEXT),
    ) {
        let stored: Vec<_> = numbers
            .iter()
            .enumerate()
            .map(|(row, n)| n.map(|n| ByteArray::from(big_endian(n, 8 + row % 9))))
            .collect();
        let properties = with_encoding(builder, encoding);
        let bytes = write_physical::<ByteArrayType>("binary c (DECIMAL(20,3))", &stored, properties);
        let array: Decimal128Array = numbers.iter().map(|n| n.map(i128::from)).collect();
        assert_both(&bytes, &array.with_precision_and_scale(20, 3).unwrap(), true);
    }

    #[test]
    fn test_damaged_pages_are_errors_without_a_panic(
        values in texts(),
        builder in properties(),
        delta in any::<bool>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let encoding = delta.then_some(Encoding::DELTA_BYTE_ARRAY);
        let fixed = values.iter().map(|text| text.as_ref().map(|text| [text.len() as u8; 3]));
        let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(fixed, 3).unwrap();
        let text: ArrayRef = Arc::new(LargeStringArray::from(values));
        for array in [text, Arc::new(fixed)] {
            let mut bytes = write(array, with_encoding(builder.clone(), encoding));
            let footer = u32::from_le_bytes(*bytes[..bytes.len() - 4].last_chunk().unwrap());
            let pages = bytes.len() - 12 - footer as usize;
            for (at, byte) in &flips {
                // The footer stays whole, so that the pages are read.
                bytes[4 + at.index(pages.max(1))] = *byte;
            }
            let options = ReadOptions { decoder: Decoder::Flat, ..ReadOptions::default() };
            if let Err(error) = column(&bytes, &options) {
                prop_assert!(!error.contains("gave up"), "{}", error);
            }
        }
    }

    #[test]
    fn test_int96_in_every_unit(
        numbers in numbers(),
        builder in properties(),
        encoding in encodings(&[Encoding::PLAIN]),
    ) {
        let stored: Vec<_> = numbers.iter().map(|n| n.map(int96)).collect();
        let bytes =
            write_physical::<Int96Type>("int96 c", &stored, with_encoding(builder, encoding));
        let array = TimestampNanosecondArray::from(numbers.clone());
        assert_both(&bytes, &array, true);
        for (int96_unit, per_second) in
            [(Int96Unit::S, 1_i64), (Int96Unit::Ms, 1_000), (Int96Unit::Us, 1_000_000)]
        {
            let expected: Vec<_> =
                numbers.iter().map(|n| n.map(|n| n.div_euclid(1_000_000_000 / per_second))).collect();
            for decoder in [Decoder::Flat, Decoder::Arrow] {
                let options = ReadOptions { decoder, int96_unit, ..ReadOptions::default() };
                let found = cast(&column(&bytes, &options).unwrap(), &DataType::Int64).unwrap();
                let found: Vec<_> =
                    found.as_primitive::<arrow::datatypes::Int64Type>().iter().collect();
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}

fn half(
    bits: u16,
) -> <arrow::datatypes::Float16Type as arrow::datatypes::ArrowPrimitiveType>::Native {
    let bytes = arrow::buffer::Buffer::from(bits.to_le_bytes());
    arrow::buffer::ScalarBuffer::new(bytes, 0, 1)[0]
}

/// Nanoseconds since the epoch as a day and nanoseconds of it.
fn int96(nanoseconds: i64) -> Int96 {
    let of_day = 86_400_000_000_000;
    let day = nanoseconds.div_euclid(of_day) + 2_440_588;
    let rest = nanoseconds.rem_euclid(of_day);
    Int96::from(vec![rest as u32, (rest >> 32) as u32, day as u32])
}

#[test]
fn test_int96_beyond_the_unit_is_an_error() {
    let year_3000 = Int96::from(vec![0, 0, 2_440_588 + 376_200]);
    for dictionary in [true, false] {
        let properties = WriterProperties::builder().set_dictionary_enabled(dictionary).build();
        let bytes = write_physical::<Int96Type>("int96 c", &[None, Some(year_3000)], properties);
        for decoder in [Decoder::Flat, Decoder::Arrow] {
            let read = |int96_unit| {
                column(&bytes, &ReadOptions { decoder, int96_unit, ..ReadOptions::default() })
            };
            let error = read(Int96Unit::Ns).unwrap_err();
            assert!(error.contains("int96_unit=\"us\""), "{error}");
            let found = read(Int96Unit::Us).unwrap();
            assert_eq!(cast(&found, &DataType::Int64).unwrap().len(), 2);
        }
    }
}

#[test]
fn test_decimals_with_too_many_digits_are_an_error() {
    let stored = [Some(ByteArray::from(big_endian(1_000, 2)))];
    let of =
        |leaf: &str| write_physical::<ByteArrayType>(leaf, &stored, WriterProperties::default());
    for decoder in [Decoder::Flat, Decoder::Arrow] {
        let options = ReadOptions { decoder, ..ReadOptions::default() };
        assert!(column(&of("binary c (DECIMAL(4,0))"), &options).is_ok());
        assert!(column(&of("binary c (DECIMAL(3,0))"), &options).is_err());
    }
    let long = [Some(ByteArray::from(vec![0; 17]))];
    let bytes = write_physical::<ByteArrayType>(
        "binary c (DECIMAL(30,0))",
        &long,
        WriterProperties::default(),
    );
    for decoder in [Decoder::Flat, Decoder::Arrow] {
        let options = ReadOptions { decoder, ..ReadOptions::default() };
        assert!(column(&bytes, &options).is_err());
    }
}

#[test]
fn test_binary_without_annotation_is_binary() {
    let array = BinaryArray::from(vec![Some(&b"\xff"[..]), None, Some(b"")]);
    let properties = with_encoding(WriterProperties::builder(), Some(Encoding::DELTA_BYTE_ARRAY));
    let bytes = write(Arc::new(array.clone()), properties);
    assert_both(&bytes, &cast(&array, &DataType::LargeBinary).unwrap(), true);
}

#[test]
fn test_pages_of_nulls_alone() {
    let array = LargeStringArray::from(vec![None::<&str>; 100]);
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for encoding in TEXT {
            let builder = WriterProperties::builder().set_writer_version(version);
            let bytes = write(Arc::new(array.clone()), with_encoding(builder, Some(*encoding)));
            assert_both(&bytes, &array, true);
        }
    }
}
