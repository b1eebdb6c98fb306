//! `graph`: an algorithm of pf-graph-core over an edge table.
//!
//! Vertices are numbered by their sorted ids and results come in that order, so a plan that
//! delivers its edges in another order cannot change the answer.

mod edges;
mod tables;
mod vertices;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::LogicalPlan;
use pf_graph_core::answer::{Vectors, answer};
use pf_graph_core::{Control, Graph, GraphError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

use super::StepContext;
use crate::context;
use crate::dataset::Dataset;
use crate::error::{EngineError, KeyedError};
use crate::execute::Execution;

pub(crate) use self::tables::result_schema;

/// The keys that every algorithm has; the others are its own.
const COMMON: [&str; 6] = ["algorithm", "src", "dst", "weight", "directed", "vertices"];
/// Algorithms whose kernels take weights, and are told here whether to.
const WEIGHTED: [&str; 6] =
    ["betweenness", "hits", "louvain", "minimum_spanning_forest", "pagerank", "shortest_paths"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edges {
    algorithm: String,
    src: String,
    dst: String,
    weight: Option<String>,
    directed: bool,
    vertices: Option<String>,
}

impl Edges {
    /// The algorithm as pf-graph-core calls it.
    fn kernel(&self) -> &str {
        match self.algorithm.as_str() {
            "components" => "connected_components",
            "shortest_path" => "shortest_paths",
            same => same,
        }
    }
}

/// What the step says of its result and not to the kernel.
#[derive(Debug, Default)]
struct Wishes {
    include_unreached: bool,
    per_source: bool,
    target: Option<Json>,
    predecessors: bool,
    on_fail: OnFail,
}

/// What becomes of an iteration that did not reach its tolerance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnFail {
    #[default]
    Warn,
    Raise,
    Ignore,
}

/// The result table, and facts about the run for the step's record.
pub(crate) fn graph(
    context: &StepContext<'_>,
    execution: &Execution<'_>,
    inputs: &[LogicalPlan],
) -> Result<(Dataset, Map<String, Json>), KeyedError> {
    let (edges, own) = split(&context.step.config)?;
    // First the graph: its errors name the dataset.
    let graph = edges::build(context, execution, &edges, inputs.to_vec())?;
    let schema = result_schema(&context.step.config, inputs)?;
    let mut info = Map::new();
    info.insert("vertices".into(), json!(graph.num_vertices()));
    info.insert("edges".into(), json!(graph.num_edges()));
    let control = Control::new(execution.cancel);
    let run = || run(context, &graph, &edges, own, &schema, &control, &mut info);
    let batch = context::kernels()?.install(run)?;
    Ok((Dataset::new(schema, vec![batch]), info))
}

fn run(
    context: &StepContext<'_>,
    graph: &Graph,
    edges: &Edges,
    mut own: Map<String, Json>,
    schema: &SchemaRef,
    control: &Control<'_>,
    info: &mut Map<String, Json>,
) -> Result<RecordBatch, KeyedError> {
    let kernel = edges.kernel();
    if kernel == "degree" {
        let degrees = tables::degrees(graph, &parse(own)?, control)?;
        return Ok(tables::table(graph, schema, &[("degree", degrees)])?);
    }
    let named = vertices::named(graph, &mut own)?;
    let wishes = wishes(kernel, &mut own)?;
    if WEIGHTED.contains(&kernel) {
        own.insert("weighted".to_owned(), json!(edges.weight.is_some()));
    }
    let target = wishes.target.as_ref().map(|id| vertices::target(graph, id)).transpose()?;
    let mut vectors = Vectors::new();
    for (name, indices) in &named.indices {
        vectors = vectors.vertices(name, indices);
    }
    for (name, shares) in &named.shares {
        vectors = vectors.floats(name, shares);
    }
    let found = answer(graph, kernel, own, vectors, control).map_err(cancelled)?;
    let converged = found.facts.get("converged").and_then(Json::as_bool).unwrap_or(true);
    if !converged {
        let message = unconverged(kernel, &found.facts);
        match wishes.on_fail {
            OnFail::Ignore => {}
            OnFail::Warn => context.warn(format!("step '{}': {message}", context.step.name)),
            OnFail::Raise => return Err(EngineError::NotConverged { message }.into()),
        }
    }
    info.extend(found.facts);
    let columns = tables::columns(graph, kernel, found.columns, &wishes, target)?;
    Ok(tables::table(graph, schema, &columns)?)
}

fn unconverged(kernel: &str, facts: &Map<String, Json>) -> String {
    let iterations = facts.get("iterations").and_then(Json::as_u64).unwrap_or_default();
    let bound = facts.get("error_bound").and_then(Json::as_f64);
    let bound = bound.map_or_else(String::new, |bound| format!(" (error at most {bound:.1e})"));
    format!("{kernel} did not converge in {iterations} iterations{bound}; raise max_iter or tol")
}

/// Takes out of the step's own keys what the kernel has no say in.
fn wishes(kernel: &str, own: &mut Map<String, Json>) -> Result<Wishes, KeyedError> {
    let mut wishes = Wishes { predecessors: true, ..Wishes::default() };
    let flag = |value: &Json| value.as_bool().unwrap_or_default();
    if let Some(value) = own.get("include_unreached") {
        wishes.include_unreached = flag(value);
    }
    if kernel != "bfs" {
        own.remove("include_unreached");
    }
    if let Some(value) = own.get("per_source") {
        wishes.per_source = flag(value);
    }
    wishes.target = own.remove("target").filter(|target| !target.is_null());
    if let Some(value) = own.get_mut("predecessors") {
        wishes.predecessors = flag(value);
        if wishes.target.is_some() {
            *value = json!(true); // a path is found along them
        }
    }
    if let Some(value) = own.remove("on_fail") {
        wishes.on_fail = serde_json::from_value(value)
            .map_err(|error| EngineError::Config { message: error.to_string() })?;
    }
    Ok(wishes)
}

fn split(config: &Map<String, Json>) -> Result<(Edges, Map<String, Json>), KeyedError> {
    let (common, own): (Map<String, Json>, Map<String, Json>) = config
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .partition(|(key, _)| COMMON.contains(&key.as_str()));
    Ok((parse(common)?, own))
}

fn parse<T: DeserializeOwned>(config: Map<String, Json>) -> Result<T, KeyedError> {
    serde_json::from_value(Json::Object(config))
        .map_err(|error| EngineError::Config { message: error.to_string() }.into())
}

fn cancelled(error: GraphError) -> EngineError {
    match error {
        GraphError::Cancelled => EngineError::Cancelled,
        other => EngineError::Graph(other),
    }
}
