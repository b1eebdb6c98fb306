//! Arrow types by name, and the layouts of text.
//!
//! The one grammar of type names: `int64`, `decimal(18,2)`, `timestamp(us, UTC)`, ...

use arrow::datatypes::{DataType, TimeUnit};
use serde::Deserialize;
use thiserror::Error;

use crate::batch::nearest;

/// A text that names no type.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct UnknownType {
    /// What is wrong.
    pub message: String,
    /// What may help.
    pub hint: String,
}

const NAMES: &[(&str, DataType)] = &[
    ("int8", DataType::Int8),
    ("int16", DataType::Int16),
    ("int32", DataType::Int32),
    ("int64", DataType::Int64),
    ("uint8", DataType::UInt8),
    ("uint16", DataType::UInt16),
    ("uint32", DataType::UInt32),
    ("uint64", DataType::UInt64),
    ("float32", DataType::Float32),
    ("float64", DataType::Float64),
    ("bool", DataType::Boolean),
    ("string", DataType::Utf8),
    ("binary", DataType::Binary),
    ("date", DataType::Date32),
];

/// Reads a type name.
pub fn parse_type(text: &str) -> Result<DataType, UnknownType> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if let Some((_, data_type)) = NAMES.iter().find(|(name, _)| *name == compact) {
        return Ok(data_type.clone());
    }
    if let Some(arguments) = arguments(&compact, "decimal") {
        return decimal(text, &arguments);
    }
    if let Some(arguments) = arguments(&compact, "timestamp") {
        return timestamp(text, &arguments);
    }
    Err(unknown(text))
}

fn arguments<'a>(text: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let inner = text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')?;
    Some(inner.split(',').collect())
}

fn decimal(text: &str, arguments: &[&str]) -> Result<DataType, UnknownType> {
    let parsed = match arguments {
        [p] => p.parse::<u8>().ok().map(|p| (p, 0)),
        [p, s] => p.parse::<u8>().ok().zip(s.parse::<i8>().ok()),
        _ => None,
    };
    match parsed {
        Some((p, s)) if (1..=38).contains(&p) && s >= 0 && s as u8 <= p => {
            Ok(DataType::Decimal128(p, s))
        }
        Some((p, s)) if (39..=76).contains(&p) && s >= 0 && s as u8 <= p => {
            Ok(DataType::Decimal256(p, s))
        }
        _ => Err(UnknownType {
            message: format!("'{text}' is no decimal type"),
            hint: "decimal(precision,scale) with precision 1..76 and scale 0..precision".to_owned(),
        }),
    }
}

fn timestamp(text: &str, arguments: &[&str]) -> Result<DataType, UnknownType> {
    let unit = match arguments.first() {
        Some(&"s") => TimeUnit::Second,
        Some(&"ms") => TimeUnit::Millisecond,
        Some(&"us") => TimeUnit::Microsecond,
        Some(&"ns") => TimeUnit::Nanosecond,
        _ => return Err(unknown(text)),
    };
    match arguments {
        [_] => Ok(DataType::Timestamp(unit, None)),
        [_, zone] if !zone.is_empty() => Ok(DataType::Timestamp(unit, Some((*zone).into()))),
        _ => Err(unknown(text)),
    }
}

fn unknown(text: &str) -> UnknownType {
    let mut known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    known.extend(["decimal(p,s)", "timestamp(unit[, zone])"]);
    let near = nearest(text, known.iter().copied());
    let near = near.map_or_else(String::new, |name| format!("did you mean '{name}'? "));
    let message = format!("no type '{text}'");
    UnknownType { message, hint: format!("{near}types: {}", known.join(", ")) }
}

/// Layouts of text and binary columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StringType {
    /// 64-bit offsets.
    #[default]
    Large,
    /// Views.
    View,
    /// 32-bit offsets; more than 2 GiB in one chunk is an error.
    Utf8,
}

impl StringType {
    /// The type of text.
    pub fn text(self) -> DataType {
        match self {
            Self::Large => DataType::LargeUtf8,
            Self::View => DataType::Utf8View,
            Self::Utf8 => DataType::Utf8,
        }
    }

    /// The type of bytes.
    pub fn binary(self) -> DataType {
        match self {
            Self::Large => DataType::LargeBinary,
            Self::View => DataType::BinaryView,
            Self::Utf8 => DataType::Binary,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::type_name;

    #[test]
    fn names_round_trip() {
        for name in ["int8", "uint64", "float32", "bool", "string", "binary", "date"] {
            assert_eq!(type_name(&parse_type(name).unwrap()), name);
        }
        for name in ["decimal(18,2)", "decimal(40,0)", "timestamp(us)", "timestamp(ns, UTC)"] {
            assert_eq!(type_name(&parse_type(name).unwrap()), name);
        }
    }

    #[test]
    fn nonsense_is_refused_with_the_nearest_name() {
        assert!(parse_type("flaot64").unwrap_err().hint.contains("float64"));
        for bad in ["", "decimal(0,0)", "decimal(5,9)", "timestamp(h)", "timestamp(us,)"] {
            assert!(parse_type(bad).is_err(), "{bad}");
        }
    }
}
