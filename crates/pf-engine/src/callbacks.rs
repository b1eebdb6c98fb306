//! The caller's code inside a run: functions of `python` steps, and step handlers.

use std::sync::Arc;

use pf_workflow_core::StepSpec;

use crate::dataset::{Dataset, Value};
use crate::error::{EngineError, Foreign};

/// What a function of the caller answered.
#[derive(Debug)]
pub enum Answer {
    /// A table.
    Table(Dataset),
    /// Anything else that a handler hands on.
    Foreign(Foreign),
    /// Nothing.
    Nothing,
}

/// Runs code that the engine cannot: pf-py implements it. Called from several threads.
pub trait Callbacks: Send + Sync {
    /// Calls the function of a `python` step with its input tables.
    fn call(&self, step: &StepSpec, inputs: &[Arc<Dataset>]) -> Result<Answer, EngineError>;

    /// Calls the step handler with the values of the steps that `step` waits for.
    fn handle(&self, step: &StepSpec, data: &[(String, Value)]) -> Result<Answer, EngineError>;
}

/// For plans without code of the caller.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCallbacks;

impl Callbacks for NoCallbacks {
    fn call(&self, step: &StepSpec, _: &[Arc<Dataset>]) -> Result<Answer, EngineError> {
        Err(EngineError::Config {
            message: format!("nobody can run the function of '{}'", step.name),
        })
    }

    fn handle(&self, step: &StepSpec, _: &[(String, Value)]) -> Result<Answer, EngineError> {
        Err(EngineError::Config { message: format!("nobody handles the step '{}'", step.name) })
    }
}
