//! Steps of a workflow as `DataFusion` plans, and the runner that executes them.
//!
//! A [`Plan`](pf_workflow_core::Plan) comes in as typed steps. [`Groups`] fuses chains of
//! relational steps; [`run`] hands the groups to the executor of pf-workflow-core, which calls
//! back into this crate for each. A group becomes one `DataFusion` plan over the tables of the
//! groups before it; files are read and written by pf-io-core, graphs are computed by
//! pf-graph-core, and functions of the caller are reached through [`Callbacks`].
//!
//! This is the only crate that knows `DataFusion`. It does not know Python.

mod callbacks;
mod checked;
mod context;
mod damage;
mod dataset;
mod depth;
mod describe;
mod error;
mod execute;
mod expression;
mod floats;
mod group;
mod guard;
mod marker;
mod names;
mod order;
mod plain;
mod pushdown;
mod run;
mod runner;
mod sample;
mod scan;
mod steps;
mod strict;
mod sum;
mod through;
mod types;
mod wait;

pub use callbacks::{Answer, Callbacks, NoCallbacks};
pub use context::cores;
pub use dataset::{Dataset, Value};
pub use describe::{Description, describe};
pub use error::{EngineError, Foreign, StepFailure};
pub use group::{Group, Groups};
pub use run::{ErrorFacts, RunError, RunResult, StepEvent, StepOutcome, run};
pub use runner::StepFacts;
pub use steps::SavedFile;
