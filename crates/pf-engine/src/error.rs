//! Why a step failed: one enum for the crate, and the failure that carries the step's name.

use std::any::Any;
use std::sync::Arc;

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError as DfSchemaError;
use datafusion::error::DataFusionError;
use pf_graph_core::GraphError;
use pf_io_core::IoError;
use pf_workflow_core::StepSpec;

use crate::names;

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
            Self::Graph(_) => "E601",
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
                GraphError::TooLarge { .. } => "GraphTooLarge",
                GraphError::IdTypesDiffer { .. }
                | GraphError::IdType { .. }
                | GraphError::WeightType { .. } => "SchemaError",
                _ => "GraphError",
            },
            Self::UnknownColumn { .. } | Self::Schema { .. } => "SchemaError",
            Self::Expression { .. } | Self::Data { .. } => "ExpressionError",
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

/// A failed step of a run: which, where in its configuration, and why.
#[derive(Debug, thiserror::Error)]
#[error("step '{step}': {error}")]
pub struct StepFailure {
    /// Name of the step.
    pub step: String,
    /// Key of the step's configuration, dotted (`columns.late`).
    pub key: Option<String>,
    /// The reason.
    #[source]
    pub error: EngineError,
}

impl StepFailure {
    /// A failure of `step` that no single key explains.
    pub fn new(step: impl Into<String>, error: EngineError) -> Self {
        Self { step: step.into(), key: None, error }
    }
}

impl pf_workflow_core::StepFailure for StepFailure {
    fn panicked(message: String) -> Self {
        Self::new("", EngineError::internal(format!("a step panicked: {message}")))
    }

    fn is_cancelled(&self) -> bool {
        matches!(self.error, EngineError::Cancelled)
    }
}

/// An error with the key of the configuration that caused it, as step handlers return it.
#[derive(Debug)]
pub struct KeyedError {
    /// Dotted key, if one is to blame.
    pub key: Option<String>,
    /// The reason.
    pub error: EngineError,
}

impl<E: Into<EngineError>> From<E> for KeyedError {
    fn from(error: E) -> Self {
        Self { key: None, error: error.into() }
    }
}

impl KeyedError {
    /// Names the dataset in which a column is missing, where the step has only one.
    #[must_use]
    pub(crate) fn in_dataset_of(self, step: &StepSpec) -> Self {
        match step.inputs.as_slice() {
            [only] => Self { key: self.key, error: self.error.in_dataset(only) },
            _ => self,
        }
    }

    /// Names the step.
    pub fn in_step(self, step: &str) -> StepFailure {
        match self.error {
            EngineError::InStep { step, error } => StepFailure { step, key: None, error: *error },
            EngineError::Function { class, key, message, hint } => StepFailure {
                step: step.to_owned(),
                key: self.key.or(key.clone()),
                error: EngineError::Function { class, key, message, hint },
            },
            error => StepFailure { step: step.to_owned(), key: self.key, error },
        }
    }
}

/// Attaches the configuration key that an error comes from.
pub(crate) trait AtKey<T> {
    /// Blames `key`.
    fn at(self, key: impl Into<String>) -> Result<T, KeyedError>;
}

impl<T, E: Into<EngineError>> AtKey<T> for Result<T, E> {
    fn at(self, key: impl Into<String>) -> Result<T, KeyedError> {
        self.map_err(|error| KeyedError { key: Some(key.into()), error: error.into() })
    }
}

/// An error inside a running plan, tagged by the marker of the step in which it arose.
#[derive(Debug, thiserror::Error)]
#[error("step '{step}': {source}")]
pub(crate) struct Tagged {
    /// Name of the step.
    pub step: String,
    /// What the operator reported.
    pub source: DataFusionError,
}

/// The step that a marker blamed, if any.
pub(crate) fn blamed_step(error: &DataFusionError) -> Option<&str> {
    match error {
        DataFusionError::External(source) => {
            source.downcast_ref::<Tagged>().map(|tagged| tagged.step.as_str())
        }
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
            blamed_step(inner)
        }
        DataFusionError::Shared(inner) => blamed_step(inner),
        DataFusionError::Collection(all) => all.iter().find_map(blamed_step),
        _ => None,
    }
}

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
