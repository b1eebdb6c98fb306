//! What `DataFusion` and Arrow report, in the words of [`EngineError`].

use std::sync::Arc;

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError as DfSchemaError;
use datafusion::error::DataFusionError;
use pf_io_core::IoError;

use super::{EngineError, Tagged};

impl From<DataFusionError> for EngineError {
    fn from(error: DataFusionError) -> Self {
        match error {
            DataFusionError::External(source) => from_external(source),
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
                (*inner).into()
            }
            DataFusionError::Shared(inner) => match Arc::try_unwrap(inner) {
                Ok(inner) => inner.into(),
                Err(shared) => from_shared(&shared),
            },
            DataFusionError::Collection(all) => match all.into_iter().next() {
                Some(first) => first.into(),
                None => Self::internal("an error without content"),
            },
            DataFusionError::ArrowError(inner, _) => (*inner).into(),
            DataFusionError::SchemaError(inner, _) => from_schema_error(*inner),
            DataFusionError::SQL(inner, _) => Self::Expression {
                code: "E300",
                message: syntax_message(&inner.to_string()),
                text: None,
                hint: None,
            },
            DataFusionError::ResourcesExhausted(message) => {
                Self::Memory { message: one_line(&message) }
            }
            DataFusionError::Plan(message) => from_plan_message(&message),
            DataFusionError::NotImplemented(message) => {
                Self::types(lowercase_first(&message), None)
            }
            DataFusionError::Execution(message) => {
                Self::Data { message: lowercase_first(&message), hint: None }
            }
            DataFusionError::ParquetError(inner) => parquet(&inner.to_string()),
            DataFusionError::IoError(source) => {
                Self::Io(IoError::Os { path: std::path::PathBuf::new(), source })
            }
            DataFusionError::ExecutionJoin(inner) if inner.is_cancelled() => Self::Cancelled,
            other => Self::internal(other.strip_backtrace()),
        }
    }
}

impl From<ArrowError> for EngineError {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::DivideByZero => Self::Data {
                message: "division by zero".into(),
                hint: Some("guard the divisor, e.g. a / NULLIF(b, 0)".into()),
            },
            ArrowError::ArithmeticOverflow(message) => Self::Data {
                message: format!("integer overflow: {}", lowercase_first(&message)),
                hint: Some("cast to a wider type first, e.g. CAST(a AS DOUBLE)".into()),
            },
            ArrowError::CastError(message) | ArrowError::ParseError(message) => Self::Data {
                message: lowercase_first(&message),
                hint: Some("TRY_CAST gives NULL where a value does not fit".into()),
            },
            ArrowError::ExternalError(source) => from_external(source),
            ArrowError::MemoryError(message) => Self::Memory { message },
            ArrowError::ParquetError(message) => parquet(&message),
            ArrowError::InvalidArgumentError(message) | ArrowError::ComputeError(message) => {
                Self::Data { message: lowercase_first(&message), hint: None }
            }
            other => Self::Data { message: lowercase_first(&other.to_string()), hint: None },
        }
    }
}

/// Damaged pages; whoever knows the file adds its path.
fn parquet(message: &str) -> EngineError {
    let path = std::path::PathBuf::new();
    EngineError::Io(IoError::Parquet { path, message: lowercase_first(message) })
}

fn from_external(source: Box<dyn std::error::Error + Send + Sync>) -> EngineError {
    match source.downcast::<EngineError>() {
        Ok(own) => *own,
        Err(source) => match source.downcast::<IoError>() {
            Ok(io) => EngineError::Io(*io),
            Err(source) => match source.downcast::<Tagged>() {
                Ok(tagged) => {
                    let Tagged { step, source } = *tagged;
                    EngineError::InStep { step, error: Box::new(source.into()) }
                }
                Err(other) => match other.downcast::<DataFusionError>() {
                    Ok(inner) => (*inner).into(),
                    Err(other) => EngineError::Data {
                        message: lowercase_first(&other.to_string()),
                        hint: None,
                    },
                },
            },
        },
    }
}

/// A shared error cannot be taken apart by value: rebuild what callers look at.
fn from_shared(error: &DataFusionError) -> EngineError {
    match error {
        DataFusionError::Shared(inner) => from_shared(inner),
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
            from_shared(inner)
        }
        DataFusionError::ResourcesExhausted(message) => {
            EngineError::Memory { message: one_line(message) }
        }
        DataFusionError::External(source) => match source.downcast_ref::<Tagged>() {
            Some(tagged) => EngineError::InStep {
                step: tagged.step.clone(),
                error: Box::new(from_shared(&tagged.source)),
            },
            None => {
                match (source.downcast_ref::<EngineError>(), source.downcast_ref::<IoError>()) {
                    (Some(EngineError::Cancelled), _) => EngineError::Cancelled,
                    (_, Some(error)) => from_shared_io(error),
                    _ => EngineError::Data { message: source.to_string(), hint: None },
                }
            }
        },
        DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
            ArrowError::DivideByZero => ArrowError::DivideByZero.into(),
            ArrowError::ArithmeticOverflow(m) => ArrowError::ArithmeticOverflow(m.clone()).into(),
            ArrowError::CastError(m) => ArrowError::CastError(m.clone()).into(),
            other => EngineError::Data { message: lowercase_first(&other.to_string()), hint: None },
        },
        other => {
            EngineError::Data { message: lowercase_first(&other.strip_backtrace()), hint: None }
        }
    }
}

/// The errors of a file that several partitions wait for.
fn from_shared_io(error: &IoError) -> EngineError {
    EngineError::Io(match error {
        IoError::Parquet { path, message } => {
            IoError::Parquet { path: path.clone(), message: message.clone() }
        }
        IoError::NotFound { path } => IoError::NotFound { path: path.clone() },
        IoError::Os { path, source } => {
            let source = std::io::Error::new(source.kind(), source.to_string());
            IoError::Os { path: path.clone(), source }
        }
        IoError::Cancelled => return EngineError::Cancelled,
        other => return EngineError::Data { message: other.to_string(), hint: None },
    })
}

fn from_schema_error(error: DfSchemaError) -> EngineError {
    match error {
        DfSchemaError::FieldNotFound { field, valid_fields } => EngineError::UnknownColumn {
            name: field.name.clone(),
            input: None,
            known: valid_fields.into_iter().map(|c| c.name).collect(),
        },
        DfSchemaError::DuplicateUnqualifiedField { name }
        | DfSchemaError::DuplicateQualifiedField { name, .. } => EngineError::Schema {
            code: "E301",
            message: format!("two columns are called '{name}'"),
            column: Some(name),
            hint: Some("give one of them another name".into()),
        },
        DfSchemaError::AmbiguousReference { field } => EngineError::Schema {
            code: "E301",
            message: format!("column '{}' is ambiguous", field.name),
            column: Some(field.name.clone()),
            hint: Some("put the table's name before it".into()),
        },
    }
}

/// `DataFusion` reports unknown functions and wrong argument types as text.
fn from_plan_message(message: &str) -> EngineError {
    let text = message.split("\n\nbacktrace").next().unwrap_or_default();
    let first = lowercase_first(text.lines().next().unwrap_or_default());
    if let Some(rest) = text.strip_prefix("Invalid function '") {
        let name = rest.split('\'').next().unwrap_or_default();
        let hint = text.split("Did you mean '").nth(1).and_then(|t| t.split('\'').next());
        return EngineError::Expression {
            code: "E303",
            message: format!("no function '{name}'"),
            text: None,
            hint: hint.map(|h| format!("did you mean '{h}'?")),
        };
    }
    if text.contains("table '") && text.contains("not found") {
        let name = text.split("table '").nth(1).and_then(|t| t.split('\'').next()).unwrap_or("?");
        let bare = name.rsplit('.').next().unwrap_or(name);
        return EngineError::Expression {
            code: "E305",
            message: format!("no table '{bare}' among the inputs"),
            text: None,
            hint: None,
        };
    }
    EngineError::types(first, None)
}

fn syntax_message(text: &str) -> String {
    let text = text.trim_start_matches("sql parser error: ").trim_start_matches("ParserError(");
    format!("syntax error: {}", lowercase_first(text.trim_matches(['"', ')'])))
}

/// An out-of-memory report without its line breaks.
fn one_line(message: &str) -> String {
    let words: Vec<&str> = message.split_whitespace().collect();
    lowercase_first(&words.join(" "))
}

fn lowercase_first(text: &str) -> String {
    let text = text.split("\n\nbacktrace").next().unwrap_or_default().trim();
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(std::iter::once(second)).chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
