//! Why a step failed: one enum for the crate.

use std::any::Any;
use std::sync::Arc;

use pf_graph_core::GraphError;
use pf_io_core::IoError;

use crate::names;

mod failure;
mod from_datafusion;

pub(crate) use failure::{AtKey, Tagged, blamed_step};
pub use failure::{KeyedError, StepFailure};

/// What went wrong inside a step.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
    /// The edges or parameters do not fit the algorithm.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A column that the input does not have.
    #[error("no column '{name}'{}", input.as_ref().map_or(String::new(), |i| format!(" in '{i}'")))]
    UnknownColumn {
        /// The name as written.
        name: String,
        /// The dataset that was looked at.
        input: Option<String>,
        /// The columns there are.
        known: Vec<String>,
    },
    /// An expression that does not parse, names an unknown function or mixes types.
    #[error("{message}")]
    Expression {
        /// `E300` syntax, `E302` types, `E303` unknown function.
        code: &'static str,
        /// What is wrong.
        message: String,
        /// The expression.
        text: Option<String>,
        /// What to write instead.
        hint: Option<String>,
    },
    /// Columns that do not fit together: duplicate names, other types.
    #[error("{message}")]
    Schema {
        /// `E301` names, `E302` types.
        code: &'static str,
        /// The column.
        column: Option<String>,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A value on which the step cannot go on, such as a division by zero.
    #[error("{message}")]
    Data {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// An iteration that did not reach its tolerance, where that is to be an error.
    #[error("{message}")]
    NotConverged {
        /// Which, and how near it came.
        message: String,
    },
    /// Rules of a `check` step that do not hold.
    #[error("{message}")]
    Check {
        /// The rules with counts and samples.
        message: String,
    },
    /// The memory pool is exhausted.
    #[error("{message}")]
    Memory {
        /// Who holds how much.
        message: String,
    },
    /// A function of the user raised.
    #[error("{message}")]
    Callback {
        /// Type and text of the exception.
        message: String,
        /// The exception itself, opaque to this crate.
        source: Foreign,
    },
    /// A function of the user cannot be found, or returned what is no table.
    #[error("{message}")]
    Function {
        /// The class of the public error.
        class: &'static str,
        /// The key of the step to blame.
        key: Option<String>,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A step's configuration that the engine cannot take.
    #[error("{message}")]
    Config {
        /// What is wrong.
        message: String,
    },
    /// An error that a marker blamed on one step of a fused plan.
    #[error("{error}")]
    InStep {
        /// Name of the step.
        step: String,
        /// The reason.
        error: Box<EngineError>,
    },
    /// The run was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A defect of this crate or of one that it uses.
    #[error("{message}")]
    Internal {
        /// What is known of it.
        message: String,
    },
}

/// A value of the caller's world (a Python exception) that travels through the engine.
#[derive(Clone)]
pub struct Foreign(pub Arc<dyn Any + Send + Sync>);

impl std::fmt::Debug for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Foreign")
    }
}

impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("exception of the caller")
    }
}

impl std::error::Error for Foreign {}

impl EngineError {
    /// The error code of the design: E1xx keys, E3xx expressions, E5xx files, E6xx run time.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownColumn { .. } => "E301",
            Self::Expression { code, .. } => code,
            Self::Schema { code, .. } => code,
            Self::Io(IoError::NotFound { .. } | IoError::NoDataFiles { .. }) => "E501",
            Self::Io(IoError::Write { .. } | IoError::Exists { .. }) => "E503",
            Self::Io(IoError::Schema { .. }) => "E301",
            Self::Io(IoError::Unsupported { .. }) => "E605",
            Self::Io(_) => "E502",
            Self::Config { .. } => "E105",
            Self::Check { .. } => "E602",
            Self::Graph(
                GraphError::IdTypesDiffer { .. }
                | GraphError::IdType { .. }
                | GraphError::WeightType { .. },
            ) => "E302",
            Self::Graph(_) | Self::NotConverged { .. } => "E601",
            Self::Data { .. } => "E601",
            Self::Callback { .. } | Self::Function { .. } => "E603",
            Self::Memory { .. } => "E604",
            Self::InStep { error, .. } => error.code(),
            Self::Cancelled => "E606",
            Self::Internal { .. } => "E699",
        }
    }

    /// The kind that retry policies look at.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InStep { error, .. } => error.kind(),
            Self::Io(IoError::Limit { .. }) | Self::Memory { .. } => "memory",
            Self::Io(
                IoError::Csv { .. }
                | IoError::Dialect { .. }
                | IoError::Parquet { .. }
                | IoError::Avro { .. }
                | IoError::Empty { .. }
                | IoError::Schema { .. },
            ) => "data",
            Self::Io(_) => "io",
            Self::Callback { .. } => "python",
            Self::Internal { .. } => "internal",
            Self::Cancelled => "cancelled",
            _ => "data",
        }
    }

    /// The family of the error, named as the public exceptions are.
    pub fn class(&self) -> &'static str {
        match self {
            Self::InStep { error, .. } => error.class(),
            Self::Io(error) => match error {
                IoError::NotFound { .. } | IoError::NoDataFiles { .. } => "SourceNotFound",
                IoError::Parquet { .. } => "ParquetError",
                IoError::Csv { .. } => "CsvError",
                IoError::Dialect { .. } => "AmbiguousDialect",
                IoError::Avro { .. } => "AvroError",
                IoError::Schema { .. } => "SchemaError",
                IoError::Empty { path } => match pf_io_core::Format::from_suffix(path) {
                    Some(pf_io_core::Format::Parquet) => "ParquetError",
                    Some(pf_io_core::Format::Avro) => "AvroError",
                    Some(pf_io_core::Format::Csv) => "CsvError",
                    None => "IoError",
                },
                IoError::Limit { .. } => "LimitExceeded",
                IoError::Write { .. } | IoError::Exists { .. } => "WriteError",
                IoError::Unsupported { .. } => "UnsupportedFeature",
                _ => "IoError",
            },
            Self::Graph(error) => match error {
                GraphError::VertexNotFound { .. } => "VertexNotFound",
                GraphError::NegativeWeight { .. } => "NegativeWeight",
                GraphError::NegativeCycle { .. } => "NegativeCycle",
                GraphError::NotADag { .. } => "NotADag",
                GraphError::TooLarge { .. } => "GraphTooLarge",
                GraphError::IdTypesDiffer { .. }
                | GraphError::IdType { .. }
                | GraphError::WeightType { .. } => "SchemaError",
                _ => "GraphError",
            },
            Self::UnknownColumn { .. } | Self::Schema { .. } => "SchemaError",
            Self::Expression { .. } | Self::Data { .. } => "ExpressionError",
            Self::NotConverged { .. } => "NotConverged",
            Self::Check { .. } => "CheckError",
            Self::Memory { .. } => "LimitExceeded",
            Self::Callback { .. } => "StepError",
            Self::Function { class, .. } => class,
            Self::Config { .. } => "ValidationError",
            Self::Cancelled => "RunCancelled",
            _ => "InternalError",
        }
    }

    /// The hint for the user, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownColumn { name, known, .. } => {
                Some(names::suggestion(name, known, "columns"))
            }
            Self::Expression { hint, .. }
            | Self::Schema { hint, .. }
            | Self::Function { hint, .. }
            | Self::Data { hint, .. } => hint.clone(),
            Self::InStep { error, .. } => error.hint(),
            Self::Io(error) => error.hint(),
            Self::Memory { .. } => Some(
                "raise settings.memory_limit, read fewer columns, or filter before the join".into(),
            ),
            Self::Internal { .. } => {
                Some("this is a defect of parquetframe, please report it".into())
            }
            _ => None,
        }
    }

    /// An expression or column that mixes types.
    pub(crate) fn types(message: impl Into<String>, hint: Option<String>) -> Self {
        Self::Expression { code: "E302", message: message.into(), text: None, hint }
    }

    /// Columns whose types do not go together.
    pub(crate) fn column_types(message: impl Into<String>, hint: Option<String>) -> Self {
        Self::Schema { code: "E302", column: None, message: message.into(), hint }
    }

    /// Names the dataset in which a column is missing.
    #[must_use]
    pub(crate) fn in_dataset(self, dataset: &str) -> Self {
        match self {
            Self::UnknownColumn { name, input: None, known } => {
                Self::UnknownColumn { name, input: Some(dataset.to_owned()), known }
            }
            other => other,
        }
    }

    /// A defect.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::Internal { message: message.into() }
    }
}
