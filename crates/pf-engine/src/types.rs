//! The one type-name grammar: `int64`, `decimal(18,2)`, `timestamp(us, UTC)`, ...

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::arrow::datatypes::{Field, FieldRef};
use datafusion::common::Result as PlanResult;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::DataType as SqlType;

use crate::error::EngineError;
use crate::names;

/// The grammar's names in SQL casts: `int8` has eight bits there too.
#[derive(Debug)]
pub struct TypeNames;

impl TypePlanner for TypeNames {
    fn plan_type_field(&self, sql_type: &SqlType) -> PlanResult<Option<FieldRef>> {
        let own = match sql_type {
            SqlType::Int8(None) => DataType::Int8,
            SqlType::Int16 => DataType::Int16,
            SqlType::Int32 => DataType::Int32,
            SqlType::Int64 => DataType::Int64,
            SqlType::UInt8 => DataType::UInt8,
            SqlType::UInt16 => DataType::UInt16,
            SqlType::UInt32 => DataType::UInt32,
            SqlType::UInt64 => DataType::UInt64,
            SqlType::Float32 => DataType::Float32,
            SqlType::Float64 => DataType::Float64,
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(Field::new("", own, true))))
    }
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
pub fn parse_type(text: &str) -> Result<DataType, EngineError> {
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

/// Writes a type as the grammar spells it; types outside of it as Arrow does.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::LargeUtf8 | DataType::Utf8View => "string".to_owned(),
        DataType::LargeBinary | DataType::BinaryView => "binary".to_owned(),
        DataType::Dictionary(_, value) => type_name(value),
        DataType::Decimal128(p, s) | DataType::Decimal256(p, s) => format!("decimal({p},{s})"),
        DataType::Timestamp(unit, None) => format!("timestamp({})", unit_name(*unit)),
        DataType::Timestamp(unit, Some(zone)) => format!("timestamp({}, {zone})", unit_name(*unit)),
        other => NAMES
            .iter()
            .find(|(_, known)| known == other)
            .map_or_else(|| other.to_string().to_lowercase(), |(name, _)| (*name).to_owned()),
    }
}

fn arguments<'a>(text: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let inner = text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')?;
    Some(inner.split(',').collect())
}

fn decimal(text: &str, arguments: &[&str]) -> Result<DataType, EngineError> {
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
        _ => Err(EngineError::column_types(
            format!("'{text}' is no decimal type"),
            Some("decimal(precision,scale) with precision 1..76 and scale 0..precision".into()),
        )),
    }
}

fn timestamp(text: &str, arguments: &[&str]) -> Result<DataType, EngineError> {
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

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

fn unknown(text: &str) -> EngineError {
    let mut known: Vec<String> = NAMES.iter().map(|(name, _)| (*name).to_owned()).collect();
    known.extend(["decimal(p,s)".to_owned(), "timestamp(unit[, zone])".to_owned()]);
    let near =
        names::nearest(text, &known).map_or(String::new(), |n| format!("did you mean '{n}'? "));
    EngineError::column_types(
        format!("no type '{text}'"),
        Some(format!("{near}types: {}", known.join(", "))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let error = parse_type("flaot64").unwrap_err();
        assert!(error.hint().unwrap().contains("did you mean 'float64'"));
        for bad in ["", "decimal(0,0)", "decimal(5,9)", "timestamp(h)", "timestamp(us,)"] {
            assert!(parse_type(bad).is_err(), "{bad}");
        }
    }
}
