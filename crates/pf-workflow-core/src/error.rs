//! What can be wrong with a workflow before a step runs. Failures of steps are not in here: they
//! belong to the runner, see [`StepRunner::Failure`](crate::StepRunner::Failure).

use std::io;

/// A workflow that cannot be run as it is described.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkflowError {
    /// Two steps have the same name.
    #[error("two steps are named '{name}'")]
    DuplicateName {
        /// The name that is used twice.
        name: String,
    },
    /// Two steps produce the same dataset.
    #[error("steps '{first}' and '{second}' both produce '{output}'")]
    DuplicateOutput {
        /// The dataset that is produced twice.
        output: String,
        /// The step that produces it first, in file order.
        first: String,
        /// The step that produces it again.
        second: String,
    },
    /// Steps wait for each other in a circle.
    #[error("steps wait for each other: {}", path.join(" -> "))]
    Cycle {
        /// The circle in the direction of the data; the first name is also the last.
        path: Vec<String>,
    },
    /// A step refers to a dataset or a step that does not exist.
    #[error("step '{step}' waits for '{name}', which does not exist")]
    UnknownNode {
        /// The name that was looked for.
        name: String,
        /// The step that refers to it.
        step: String,
        /// Every name that would have been found, in file order.
        known: Vec<String>,
    },
    /// The caller wants a dataset back that no step produces.
    #[error("cannot keep '{name}': no step produces it")]
    UnknownOutput {
        /// The dataset that was asked for.
        name: String,
        /// Every dataset of the workflow, in file order.
        known: Vec<String>,
    },
    /// A step is described in a way that no engine can run.
    #[error("step '{step}': {message}")]
    InvalidSpec {
        /// The step's name, or `#<index>` counted from 0 if it has none.
        step: String,
        /// What is wrong with it.
        message: String,
    },
    /// A setting of the run is out of range.
    #[error("{option}: {message}")]
    InvalidOption {
        /// The setting's name.
        option: &'static str,
        /// What is wrong with its value.
        message: String,
    },
    /// An edge names a node that the graph does not have.
    #[error("edge {from} -> {to} leaves the graph of {nodes} nodes")]
    InvalidEdge {
        /// The node the edge comes from.
        from: u32,
        /// The node the edge goes to.
        to: u32,
        /// Number of nodes in the graph.
        nodes: usize,
    },
    /// The graph has more nodes or edges than ids.
    #[error("{nodes} steps with {edges} edges are too many, the limit is {} of each", u32::MAX - 1)]
    TooLarge {
        /// Number of nodes that were given.
        nodes: usize,
        /// Number of edges that were given.
        edges: usize,
    },
    /// The system refused the first worker thread.
    #[error("cannot start a worker thread: {source}")]
    Threads {
        /// The system's reason.
        source: io::Error,
    },
    /// The system has no random numbers for a run id.
    #[error("cannot draw random numbers for a run id: {source}")]
    Randomness {
        /// The system's reason.
        source: getrandom::Error,
    },
}
