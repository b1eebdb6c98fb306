//! An error with the place it comes from: the step, and the key of its configuration.

use datafusion::error::DataFusionError;
use pf_workflow_core::StepSpec;

use super::EngineError;

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
