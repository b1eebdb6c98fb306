//! Arrow columns that grow value by value from Avro's binary form.
//!
//! A column is a tree like its type. Reading a value either appends exactly one value or fails;
//! after a failure the column is not used again.

use std::sync::Arc;

use arrow::array::OffsetSizeTrait;
use arrow::buffer::{BooleanBuffer, Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, FieldRef, Fields, IntervalMonthDayNano, UnionFields, i256};
use arrow::error::ArrowError;

use super::cursor::{Cursor, Fault};
use super::scalars;
use super::schema::Node;

/// Milliseconds of a day.
const DAY_MILLIS: i32 = 86_400_000;
/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;

/// One column being filled.
#[derive(Debug)]
pub(super) struct Column {
    pub values: Values,
    pub data_type: DataType,
}

/// The values of a column, by their type in the file.
#[derive(Debug)]
pub(super) enum Values {
    Null(usize),
    Boolean(Bits),
    Int(Vec<i32>),
    TimeMillis(Vec<i32>),
    Long(Vec<i64>),
    TimeMicros(Vec<i64>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Offsets<i32>),
    Text(Offsets<i32>),
    LargeText(Offsets<i64>),
    Uuid(Vec<u8>, usize),
    Fixed { bytes: Vec<u8>, size: usize, count: usize },
    Decimal(Vec<i128>, Option<usize>),
    WideDecimal(Vec<i256>, Option<usize>),
    Duration(Vec<IntervalMonthDayNano>),
    Enum(Vec<i32>, Arc<[String]>),
    Array { offsets: Vec<i32>, item: Box<Column>, field: FieldRef, width: usize },
    Map { offsets: Vec<i32>, keys: Box<Column>, values: Box<Column>, entries: FieldRef },
    Record { columns: Vec<Column>, fields: Fields, count: usize },
    Nullable { null_first: bool, valid: Bits, inner: Box<Column> },
    Union { branches: Vec<Column>, types: Vec<i8>, places: Vec<i32>, fields: UnionFields },
}

/// Bits, packed as they come.
#[derive(Debug, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
    word: u64,
    pub count: usize,
    pub set: usize,
}

impl Bits {
    #[inline]
    fn push(&mut self, bit: bool) {
        self.word |= u64::from(bit) << (self.count % 64);
        self.set += usize::from(bit);
        self.count += 1;
        if self.count.is_multiple_of(64) {
            self.words.push(self.word);
            self.word = 0;
        }
    }

    pub fn finish(mut self) -> BooleanBuffer {
        if !self.count.is_multiple_of(64) {
            self.words.push(self.word);
        }
        // Arrow's bitmaps are little-endian bytes.
        if cfg!(target_endian = "big") {
            self.words.iter_mut().for_each(|word| *word = word.swap_bytes());
        }
        BooleanBuffer::new(Buffer::from_vec(self.words), 0, self.count)
    }
}

/// Values of any length.
#[derive(Debug)]
pub(super) struct Offsets<O> {
    offsets: Vec<O>,
    bytes: Vec<u8>,
}

impl<O: OffsetSizeTrait> Offsets<O> {
    fn new() -> Self {
        Self { offsets: vec![O::usize_as(0)], bytes: Vec::new() }
    }

    #[inline]
    fn push(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        cursor.copy_bytes(&mut self.bytes)?;
        self.end()
    }

    #[inline]
    fn end(&mut self) -> Result<(), Fault> {
        self.offsets.push(O::from_usize(self.bytes.len()).ok_or(Fault::Items)?);
        Ok(())
    }

    pub fn finish(self) -> (OffsetBuffer<O>, Buffer) {
        (OffsetBuffer::new(ScalarBuffer::from(self.offsets)), Buffer::from_vec(self.bytes))
    }
}

impl Column {
    /// An empty column of the values of `node`, which become `data_type`.
    pub fn new(node: &Node, data_type: &DataType) -> Result<Self, ArrowError> {
        let values = match (node, data_type) {
            (Node::Null, _) => Values::Null(0),
            (Node::Boolean, _) => Values::Boolean(Bits::default()),
            (Node::Int | Node::Date, _) => Values::Int(Vec::new()),
            (Node::TimeMillis, _) => Values::TimeMillis(Vec::new()),
            (Node::Long | Node::Timestamp(..), _) => Values::Long(Vec::new()),
            (Node::TimeMicros, _) => Values::TimeMicros(Vec::new()),
            (Node::Float, _) => Values::Float(Vec::new()),
            (Node::Double, _) => Values::Double(Vec::new()),
            (Node::Bytes, _) => Values::Bytes(Offsets::new()),
            (Node::Text, DataType::LargeUtf8) => Values::LargeText(Offsets::new()),
            (Node::Text, _) => Values::Text(Offsets::new()),
            (Node::Uuid, _) => Values::Uuid(Vec::new(), 0),
            (Node::Fixed { size, .. }, _) => {
                Values::Fixed { bytes: Vec::new(), size: *size, count: 0 }
            }
            (Node::Decimal { size, .. }, DataType::Decimal256(..)) => {
                Values::WideDecimal(Vec::new(), *size)
            }
            (Node::Decimal { size, .. }, _) => Values::Decimal(Vec::new(), *size),
            (Node::Duration { .. }, _) => Values::Duration(Vec::new()),
            (Node::Enum { symbols, .. }, _) => Values::Enum(Vec::new(), Arc::clone(symbols)),
            (Node::Array(item), DataType::List(field)) => Values::Array {
                offsets: vec![0],
                item: Box::new(Self::new(item, field.data_type())?),
                field: Arc::clone(field),
                width: item.min_width(),
            },
            (Node::Map(value), DataType::Map(entries, _)) => {
                let DataType::Struct(fields) = entries.data_type() else {
                    return Err(mismatch(data_type));
                };
                let [key, field] = &**fields else { return Err(mismatch(data_type)) };
                Values::Map {
                    offsets: vec![0],
                    keys: Box::new(Self::new(&Node::Text, key.data_type())?),
                    values: Box::new(Self::new(value, field.data_type())?),
                    entries: Arc::clone(entries),
                }
            }
            (Node::Record { fields: nodes, .. }, DataType::Struct(fields)) => {
                let columns = nodes
                    .iter()
                    .zip(fields)
                    .map(|((_, node), field)| Self::new(node, field.data_type()));
                let columns = columns.collect::<Result<_, _>>()?;
                Values::Record { columns, fields: fields.clone(), count: 0 }
            }
            (Node::Nullable { null_first, inner }, _) => Values::Nullable {
                null_first: *null_first,
                valid: Bits::default(),
                inner: Box::new(Self::new(inner, data_type)?),
            },
            (Node::Union(nodes), DataType::Union(fields, _)) => {
                let branches = nodes
                    .iter()
                    .zip(fields.iter())
                    .map(|(node, (_, field))| Self::new(node, field.data_type()));
                let branches = branches.collect::<Result<_, _>>()?;
                let (types, places) = (Vec::new(), Vec::new());
                Values::Union { branches, types, places, fields: fields.clone() }
            }
            _ => return Err(mismatch(data_type)),
        };
        Ok(Self { values, data_type: data_type.clone() })
    }

    /// Makes room for `rows` more values; only for what every row takes for certain.
    pub fn reserve(&mut self, rows: usize) {
        match &mut self.values {
            Values::Boolean(bits) => bits.words.reserve(rows / 64 + 1),
            Values::Int(values) | Values::TimeMillis(values) | Values::Enum(values, _) => {
                values.reserve(rows);
            }
            Values::Long(values) | Values::TimeMicros(values) => values.reserve(rows),
            Values::Float(values) => values.reserve(rows),
            Values::Double(values) => values.reserve(rows),
            Values::Bytes(values) | Values::Text(values) => values.offsets.reserve(rows),
            Values::LargeText(values) => values.offsets.reserve(rows),
            Values::Nullable { valid, inner, .. } => {
                valid.words.reserve(rows / 64 + 1);
                inner.reserve(rows);
            }
            _ => {}
        }
    }

    /// Makes room for text as if `times` as many values of the same size were to come.
    pub fn reserve_text(&mut self, times: usize, most: usize) {
        match &mut self.values {
            Values::Bytes(Offsets { bytes, .. })
            | Values::Text(Offsets { bytes, .. })
            | Values::LargeText(Offsets { bytes, .. }) => {
                let more = bytes.len().saturating_mul(times);
                bytes.reserve((more + more / 16).min(most));
            }
            Values::Nullable { inner, .. } => inner.reserve_text(times, most),
            _ => {}
        }
    }

    /// Reads one value.
    #[inline]
    pub fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        match &mut self.values {
            Values::Int(values) => values.push(cursor.int()?),
            Values::Long(values) => values.push(cursor.long()?),
            Values::Float(values) => values.push(f32::from_le_bytes(cursor.chunk()?)),
            Values::Double(values) => values.push(f64::from_le_bytes(cursor.chunk()?)),
            Values::Boolean(bits) => bits.push(cursor.boolean()?),
            Values::LargeText(values) => values.push(cursor)?,
            Values::Bytes(values) | Values::Text(values) => values.push(cursor)?,
            Values::Nullable { null_first, valid, inner } => {
                let branch = cursor.long()?;
                if !(0..=1).contains(&branch) {
                    return Err(Fault::Branch);
                }
                let is_valid = (branch == 0) != *null_first;
                valid.push(is_valid);
                if is_valid { inner.read(cursor)? } else { inner.push_default(cursor)? }
            }
            Values::Enum(values, symbols) => {
                let symbol = cursor.int()?;
                if usize::try_from(symbol).map_or(true, |symbol| symbol >= symbols.len()) {
                    return Err(Fault::Symbol);
                }
                values.push(symbol);
            }
            _ => self.read_other(cursor)?,
        }
        Ok(())
    }

    fn read_other(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        match &mut self.values {
            Values::Null(count) => *count += 1,
            Values::TimeMillis(values) => {
                let value = cursor.int()?;
                if !(0..DAY_MILLIS).contains(&value) {
                    return Err(Fault::Range);
                }
                values.push(value);
            }
            Values::TimeMicros(values) => {
                let value = cursor.long()?;
                if !(0..DAY_MICROS).contains(&value) {
                    return Err(Fault::Range);
                }
                values.push(value);
            }
            Values::Uuid(bytes, count) => {
                bytes.extend_from_slice(&scalars::uuid(cursor.bytes()?).ok_or(Fault::Uuid)?);
                *count += 1;
            }
            Values::Fixed { bytes, size, count } => {
                bytes.extend_from_slice(cursor.take(*size)?);
                *count += 1;
            }
            Values::Decimal(values, size) => {
                let bytes = match size {
                    Some(size) => cursor.take(*size)?,
                    None => cursor.bytes()?,
                };
                let value = scalars::extended::<16>(bytes).ok_or(Fault::Decimal)?;
                values.push(i128::from_be_bytes(value));
            }
            Values::WideDecimal(values, size) => {
                let bytes = match size {
                    Some(size) => cursor.take(*size)?,
                    None => cursor.bytes()?,
                };
                let value = scalars::extended::<32>(bytes).ok_or(Fault::Decimal)?;
                values.push(i256::from_be_bytes(value));
            }
            Values::Duration(values) => {
                let bytes: [u8; 12] = cursor.chunk()?;
                let part = |at: usize| {
                    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
                };
                let months = i32::try_from(part(0)).map_err(|_| Fault::Range)?;
                let days = i32::try_from(part(4)).map_err(|_| Fault::Range)?;
                let nanos = i64::from(part(8)) * 1_000_000;
                values.push(IntervalMonthDayNano::new(months, days, nanos));
            }
            Values::Array { offsets, item, width, .. } => {
                loop {
                    let count = cursor.items(*width)?;
                    if count == 0 {
                        break;
                    }
                    for _ in 0..count {
                        item.read(cursor)?;
                    }
                }
                offsets.push(i32::try_from(item.len()).map_err(|_| Fault::Items)?);
            }
            Values::Map { offsets, keys, values, .. } => {
                loop {
                    let count = cursor.items(1)?;
                    if count == 0 {
                        break;
                    }
                    for _ in 0..count {
                        keys.read(cursor)?;
                        values.read(cursor)?;
                    }
                }
                offsets.push(i32::try_from(keys.len()).map_err(|_| Fault::Items)?);
            }
            Values::Record { columns, count, .. } => {
                for column in columns {
                    column.read(cursor)?;
                }
                *count += 1;
            }
            Values::Union { branches, types, places, .. } => {
                let branch = usize::try_from(cursor.long()?).map_err(|_| Fault::Branch)?;
                let column = branches.get_mut(branch).ok_or(Fault::Branch)?;
                places.push(i32::try_from(column.len()).map_err(|_| Fault::Items)?);
                types.push(branch as i8);
                column.read(cursor)?;
            }
            // All others are in `read`, which is the only caller.
            _ => return Err(Fault::Branch),
        }
        Ok(())
    }

    /// Appends the value under a null.
    fn push_default(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        cursor.fill(8)?;
        match &mut self.values {
            Values::Null(count) => *count += 1,
            Values::Boolean(bits) => bits.push(false),
            Values::Int(values) | Values::TimeMillis(values) | Values::Enum(values, _) => {
                values.push(0);
            }
            Values::Long(values) | Values::TimeMicros(values) => values.push(0),
            Values::Float(values) => values.push(0.0),
            Values::Double(values) => values.push(0.0),
            Values::Bytes(values) | Values::Text(values) => values.end()?,
            Values::LargeText(values) => values.end()?,
            Values::Uuid(bytes, count) => {
                cursor.fill(8)?;
                bytes.extend_from_slice(&[0; 16]);
                *count += 1;
            }
            Values::Fixed { bytes, size, count } => {
                cursor.fill(*size)?;
                bytes.resize(bytes.len() + *size, 0);
                *count += 1;
            }
            Values::Decimal(values, _) => values.push(0),
            Values::WideDecimal(values, _) => values.push(i256::ZERO),
            Values::Duration(values) => values.push(IntervalMonthDayNano::ZERO),
            Values::Array { offsets, .. } | Values::Map { offsets, .. } => {
                offsets.push(offsets.last().copied().unwrap_or(0));
            }
            Values::Record { columns, count, .. } => {
                for column in columns {
                    column.push_default(cursor)?;
                }
                *count += 1;
            }
            Values::Nullable { valid, inner, .. } => {
                valid.push(false);
                inner.push_default(cursor)?;
            }
            Values::Union { branches, types, places, .. } => {
                let column = branches.first_mut().ok_or(Fault::Branch)?;
                places.push(i32::try_from(column.len()).map_err(|_| Fault::Items)?);
                types.push(0);
                column.push_default(cursor)?;
            }
        }
        Ok(())
    }

    /// Appends `rows` nulls to a column that holds nothing else.
    pub fn push_nulls(&mut self, rows: usize) {
        if let Values::Null(count) = &mut self.values {
            *count += rows;
        }
    }

    fn len(&self) -> usize {
        match &self.values {
            Values::Null(count)
            | Values::Uuid(_, count)
            | Values::Fixed { count, .. }
            | Values::Record { count, .. } => *count,
            Values::Boolean(bits) | Values::Nullable { valid: bits, .. } => bits.count,
            Values::Int(values) | Values::TimeMillis(values) | Values::Enum(values, _) => {
                values.len()
            }
            Values::Long(values) | Values::TimeMicros(values) => values.len(),
            Values::Float(values) => values.len(),
            Values::Double(values) => values.len(),
            Values::Bytes(values) | Values::Text(values) => values.offsets.len() - 1,
            Values::LargeText(values) => values.offsets.len() - 1,
            Values::Decimal(values, _) => values.len(),
            Values::WideDecimal(values, _) => values.len(),
            Values::Duration(values) => values.len(),
            Values::Array { offsets, .. } | Values::Map { offsets, .. } => offsets.len() - 1,
            Values::Union { types, .. } => types.len(),
        }
    }
}

pub(super) fn mismatch(data_type: &DataType) -> ArrowError {
    ArrowError::SchemaError(format!("a type that does not become {data_type}"))
}
