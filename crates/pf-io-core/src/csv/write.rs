//! Batches into delimited text that reads back to the same values.
//!
//! Null is the bare `null_value`; any other cell with that text is quoted, so that an empty string
//! (`""`) and a null stay apart. Floats are the shortest text that reads back to the same bits;
//! times are ISO 8601, those with a zone in UTC with a `Z`.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Decimal256Type, Float32Type,
    Float64Type, Int64Type, Schema, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::batch::{cast_exact, type_name};
use crate::format::Compression;
use crate::sink::AtomicFile;
use crate::writer::{QuoteStyle, WriteOptions};
use crate::{IoError, Result};

/// Text collected before it goes to the file.
const FLUSH: usize = 1 << 20;

/// One file being written.
pub(crate) struct CsvWriter {
    out: Packed,
    options: WriteOptions,
    numeric: Vec<bool>,
    buffer: String,
}

/// The file, packed or not.
enum Packed {
    Plain(AtomicFile),
    Gzip(flate2::write::GzEncoder<AtomicFile>),
    Zstd(zstd::Encoder<'static, AtomicFile>),
}

impl Packed {
    fn sink(&self) -> &AtomicFile {
        match self {
            Self::Plain(sink) => sink,
            Self::Gzip(encoder) => encoder.get_ref(),
            Self::Zstd(encoder) => encoder.get_ref(),
        }
    }

    fn write_all(&mut self, data: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.write_all(data),
            Self::Gzip(encoder) => encoder.write_all(data),
            Self::Zstd(encoder) => encoder.write_all(data),
        }
    }

    fn finish(self) -> io::Result<AtomicFile> {
        match self {
            Self::Plain(sink) => Ok(sink),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

/// The packing named by `name`, or by the suffix of `path` without a name.
pub(crate) fn codec(path: &Path, name: Option<&str>) -> Result<Option<Compression>> {
    match name {
        None => Ok(Compression::from_path(path)),
        Some("none") => Ok(None),
        Some("gzip") => Ok(Some(Compression::Gzip)),
        Some("zstd") => Ok(Some(Compression::Zstd)),
        Some(other) => {
            let message = format!("no CSV compression '{other}' (known: gzip, zstd, none)");
            Err(IoError::unsupported(path, message))
        }
    }
}

/// Every column has values that one cell can hold, and the dialect is unambiguous.
pub(crate) fn check(path: &Path, schema: &Schema, options: &WriteOptions) -> Result<()> {
    for field in schema.fields() {
        let mut plain = field.data_type();
        while let DataType::Dictionary(_, values) = plain {
            plain = values;
        }
        let fits = plain.is_numeric()
            || plain.is_temporal()
            || matches!(
                plain,
                DataType::Null
                    | DataType::Boolean
                    | DataType::Utf8
                    | DataType::LargeUtf8
                    | DataType::Utf8View
            );
        if !fits || matches!(plain, DataType::Interval(_) | DataType::Duration(_)) {
            let (name, data_type) = (field.name(), type_name(field.data_type()));
            let message = format!("column '{name}': CSV cannot hold {data_type}");
            return Err(IoError::unsupported(path, message));
        }
    }
    let (delimiter, quote) = (options.delimiter, options.quote);
    let special = |byte: u8| !byte.is_ascii() || matches!(byte, b'\n' | b'\r' | 0);
    if special(delimiter) || special(quote) || delimiter == quote {
        let message = "delimiter and quote must be two different ASCII characters, no line ends";
        return Err(IoError::unsupported(path, message));
    }
    let null = options.null_value.as_bytes();
    if null.iter().any(|&byte| byte == delimiter || byte == quote || special(byte)) {
        let message = "null_value must be ASCII without delimiter, quote and line end";
        return Err(IoError::unsupported(path, message));
    }
    Ok(())
}

impl CsvWriter {
    pub(crate) fn new(
        sink: AtomicFile,
        schema: &Schema,
        packing: Option<Compression>,
        options: &WriteOptions,
    ) -> Result<Self> {
        let dest = sink.dest().to_path_buf();
        let out = match packing {
            None => Packed::Plain(sink),
            Some(Compression::Gzip) => {
                Packed::Gzip(flate2::write::GzEncoder::new(sink, flate2::Compression::default()))
            }
            Some(Compression::Zstd) => Packed::Zstd(
                zstd::Encoder::new(sink, 1).map_err(|source| IoError::writing(&dest, source))?,
            ),
        };
        let numeric = schema.fields().iter().map(|field| field.data_type().is_numeric()).collect();
        let mut writer = Self { out, options: options.clone(), numeric, buffer: String::new() };
        if options.header {
            for (index, field) in schema.fields().iter().enumerate() {
                if index > 0 {
                    writer.buffer.push(char::from(options.delimiter));
                }
                writer.cell(field.name(), false)?;
            }
            writer.buffer.push('\n');
        }
        Ok(writer)
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let dest = self.out.sink().dest().to_path_buf();
        let bad = |error: arrow::error::ArrowError| IoError::refused(&dest, error.to_string());
        let arrays: Result<Vec<ArrayRef>, _> = batch.columns().iter().map(plain).collect();
        let arrays = arrays.map_err(bad)?;
        let cells: Result<Vec<Cells>, _> = arrays.iter().map(Cells::new).collect();
        let cells = cells.map_err(bad)?;
        let lone_null = arrays.len() == 1 && self.options.null_value.is_empty();
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            for (column, (cell, array)) in cells.iter().zip(&arrays).enumerate() {
                if column > 0 {
                    self.buffer.push(char::from(self.options.delimiter));
                }
                if array.is_null(row) || *array.data_type() == DataType::Null {
                    if lone_null {
                        return Err(IoError::refused(
                            &dest,
                            "a null in the only column would be a blank line; set null_value, \
                             such as \"NA\"",
                        ));
                    }
                    self.buffer.push_str(&self.options.null_value);
                    continue;
                }
                text.clear();
                cell.write(row, &mut text).map_err(|()| {
                    IoError::refused(&dest, format!("column {}: cannot be printed", column + 1))
                })?;
                self.cell(&text, self.numeric[column])?;
            }
            self.buffer.push('\n');
            if self.buffer.len() >= FLUSH {
                self.flush()?;
            }
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<AtomicFile> {
        self.flush()?;
        let dest = self.out.sink().dest().to_path_buf();
        self.out.finish().map_err(|source| IoError::writing(&dest, source))
    }

    fn flush(&mut self) -> Result<()> {
        let written = self.out.write_all(self.buffer.as_bytes());
        self.buffer.clear();
        written.map_err(|source| IoError::writing(self.out.sink().dest(), source))
    }

    fn cell(&mut self, text: &str, numeric: bool) -> Result<()> {
        let (delimiter, quote) = (self.options.delimiter, self.options.quote);
        let needed = text.is_empty()
            || text == self.options.null_value
            || text.starts_with('\u{feff}')
            || text
                .bytes()
                .any(|byte| byte == delimiter || byte == quote || byte == b'\n' || byte == b'\r');
        let quoted = match self.options.quote_style {
            QuoteStyle::Necessary => needed,
            QuoteStyle::Always => true,
            QuoteStyle::NonNumeric => needed || !numeric,
            QuoteStyle::Never if needed => {
                let text = crate::error::snippet(text.as_bytes());
                let message = format!("the cell {text} needs quotes, which are off");
                return Err(IoError::refused(self.out.sink().dest(), message));
            }
            QuoteStyle::Never => false,
        };
        if quoted {
            let quote = char::from(quote);
            self.buffer.push(quote);
            for character in text.chars() {
                if character == quote {
                    self.buffer.push(quote);
                }
                self.buffer.push(character);
            }
            self.buffer.push(quote);
        } else {
            self.buffer.push_str(text);
        }
        Ok(())
    }
}

/// Widened to one of the types that [`Cells`] prints.
fn plain(array: &ArrayRef) -> Result<ArrayRef, arrow::error::ArrowError> {
    let wide = match array.data_type() {
        DataType::Int8 | DataType::Int16 | DataType::Int32 => DataType::Int64,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => DataType::UInt64,
        DataType::Float16 => DataType::Float32,
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Dictionary(_, values) => {
            return plain(&cast_exact(array, values)?);
        }
        _ => return Ok(array.clone()),
    };
    // LargeUtf8 beyond 2 GiB fails here, by name, instead of wrapping.
    cast_exact(array, &wide)
}

/// Prints the cells of one column.
enum Cells<'a> {
    Int(&'a arrow::array::Int64Array),
    UInt(&'a arrow::array::UInt64Array),
    Float32(&'a arrow::array::Float32Array),
    Float64(&'a arrow::array::Float64Array),
    Bool(&'a arrow::array::BooleanArray),
    Text(&'a arrow::array::StringArray),
    Date(&'a arrow::array::Date32Array),
    Time { ticks: &'a [i64], per_second: i64, zoned: bool },
    Decimal128(&'a arrow::array::Decimal128Array),
    Decimal256(&'a arrow::array::Decimal256Array),
    Other(ArrayFormatter<'a>),
}

impl<'a> Cells<'a> {
    fn new(array: &'a ArrayRef) -> Result<Self, arrow::error::ArrowError> {
        fn ticks<T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef) -> &[i64] {
            array.as_primitive::<T>().values()
        }
        Ok(match array.data_type() {
            DataType::Int64 => Self::Int(array.as_primitive::<Int64Type>()),
            DataType::UInt64 => Self::UInt(array.as_primitive::<UInt64Type>()),
            DataType::Float32 => Self::Float32(array.as_primitive::<Float32Type>()),
            DataType::Float64 => Self::Float64(array.as_primitive::<Float64Type>()),
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Utf8 => Self::Text(array.as_string::<i32>()),
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>()),
            DataType::Decimal128(..) => Self::Decimal128(array.as_primitive::<Decimal128Type>()),
            DataType::Decimal256(..) => Self::Decimal256(array.as_primitive::<Decimal256Type>()),
            DataType::Timestamp(unit, zone) => {
                let (ticks, per_second) = match unit {
                    TimeUnit::Second => (ticks::<TimestampSecondType>(array), 1),
                    TimeUnit::Millisecond => (ticks::<TimestampMillisecondType>(array), 1000),
                    TimeUnit::Microsecond => (ticks::<TimestampMicrosecondType>(array), 1_000_000),
                    TimeUnit::Nanosecond => {
                        (ticks::<TimestampNanosecondType>(array), 1_000_000_000)
                    }
                };
                Self::Time { ticks, per_second, zoned: zone.is_some() }
            }
            _ => Self::Other(ArrayFormatter::try_new(array, &FormatOptions::default())?),
        })
    }

    fn write(&self, row: usize, out: &mut String) -> Result<(), ()> {
        match self {
            Self::Int(values) => write!(out, "{}", values.value(row)),
            Self::UInt(values) => write!(out, "{}", values.value(row)),
            // {:?} is the shortest text that reads back, and 1.0 stays a float
            Self::Float32(values) => write!(out, "{:?}", values.value(row)),
            Self::Float64(values) => write!(out, "{:?}", values.value(row)),
            Self::Bool(values) => write!(out, "{}", values.value(row)),
            Self::Text(values) => {
                out.push_str(values.value(row));
                Ok(())
            }
            Self::Date(values) => {
                write_date(i64::from(values.value(row)), out);
                Ok(())
            }
            Self::Time { ticks, per_second, zoned } => {
                write_time(ticks[row], *per_second, *zoned, out);
                Ok(())
            }
            Self::Decimal128(values) => {
                out.push_str(&values.value_as_string(row));
                Ok(())
            }
            Self::Decimal256(values) => {
                out.push_str(&values.value_as_string(row));
                Ok(())
            }
            Self::Other(formatter) => formatter.value(row).write(out).map_err(|_| std::fmt::Error),
        }
        .map_err(drop)
    }
}

/// `YYYY-MM-DD` of days since 1970 (Hinnant's inverse); years beyond 0..=9999 get a sign.
fn write_date(days: i64, out: &mut String) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let sign = match year {
        0..=9999 => "",
        10_000.. => "+",
        _ => "-",
    };
    write!(out, "{sign}{:04}-{month:02}-{day:02}", year.abs()).ok(); // a String takes everything
}

fn write_time(ticks: i64, per_second: i64, zoned: bool, out: &mut String) {
    let seconds = ticks.div_euclid(per_second);
    let fraction = ticks.rem_euclid(per_second);
    write_date(seconds.div_euclid(86_400), out);
    let clock = seconds.rem_euclid(86_400);
    write!(out, "T{:02}:{:02}:{:02}", clock / 3600, clock / 60 % 60, clock % 60).ok();
    if fraction > 0 {
        let nanos = fraction * (1_000_000_000 / per_second);
        if nanos % 1_000_000 == 0 {
            write!(out, ".{:03}", nanos / 1_000_000).ok();
        } else if nanos % 1000 == 0 {
            write!(out, ".{:06}", nanos / 1000).ok();
        } else {
            write!(out, ".{nanos:09}").ok();
        }
    }
    if zoned {
        out.push('Z');
    }
}
