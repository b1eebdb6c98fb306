//! `graph`: an algorithm of pf-graph-core over an edge table.
//!
//! Vertices are numbered by their sorted ids and results come in that order, so a plan that
//! delivers its edges in another order cannot change the answer.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, Float64Array, Int64Array, UInt32Array, new_empty_array,
};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::LogicalPlan;
use pf_graph_core::algo::{
    BfsConfig, ComponentsMode, PageRankConfig, ShortestPathConfig, ShortestPathMethod,
};
use pf_graph_core::{BuildOptions, Graph, GraphError, IdOrder, IdValue, NO_VERTEX, algo};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

use super::{StepContext, project};
use crate::context;
use crate::dataset::Dataset;
use crate::error::{AtKey, EngineError, KeyedError};
use crate::execute::{Execution, delivered_schema};
use crate::expression::column;

/// The keys that every algorithm has; the others are its own.
const COMMON: [&str; 6] = ["algorithm", "src", "dst", "weight", "directed", "vertices"];

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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageRankStep {
    alpha: f64,
    tol: f64,
    max_iter: u32,
    personalization: Option<Map<String, Json>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComponentsStep {
    mode: ComponentsMode,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BfsStep {
    sources: Vec<Json>,
    max_depth: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShortestPathStep {
    source: Json,
    target: Option<Json>,
    method: ShortestPathMethod,
    cutoff: Option<f64>,
}

/// The result table, and facts about the run for the step's record.
pub(crate) fn graph(
    context: &StepContext<'_>,
    execution: &Execution<'_>,
    inputs: Vec<LogicalPlan>,
) -> Result<(Dataset, Map<String, Json>), KeyedError> {
    let (edges, own) = split(&context.step.config)?;
    let graph = build(context, execution, &edges, inputs)?;
    let mut info = Map::new();
    info.insert("vertices".into(), json!(graph.num_vertices()));
    info.insert("edges".into(), json!(graph.num_edges()));
    let columns = context::kernels()?.install(|| match edges.algorithm.as_str() {
        "pagerank" => pagerank(context, execution, &graph, own, &mut info),
        "components" => {
            let step: ComponentsStep = parse(own)?;
            let result = algo::components(&graph, step.mode, execution.cancel)?;
            info.insert("components".into(), json!(result.count));
            let labels: ArrayRef = Arc::new(Int64Array::from(result.component));
            Ok(vec![("vertex", Arc::clone(graph.ids())), ("component_id", labels)])
        }
        "bfs" => bfs(execution, &graph, own),
        "shortest_path" => shortest_path(execution, &graph, own, edges.weight.is_some(), &mut info),
        other => Err(EngineError::Config { message: format!("no graph algorithm '{other}'") })
            .at("algorithm"),
    })?;
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns
        .into_iter()
        .map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array))
        .unzip();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    Ok((Dataset::new(schema, vec![batch]), info))
}

/// Columns and types of the result, without running anything.
pub(crate) fn result_schema(
    config: &Map<String, Json>,
    inputs: &[LogicalPlan],
) -> Result<SchemaRef, KeyedError> {
    let (edges, own) = split(config)?;
    let Some(plan) = inputs.first() else { return Ok(Arc::new(Schema::empty())) };
    for (key, name) in [("src", &edges.src), ("dst", &edges.dst)] {
        column(name, plan.schema()).at(key)?;
    }
    if let Some(weight) = &edges.weight {
        column(weight, plan.schema()).at("weight")?;
    }
    if let (Some(vertices), Some(table)) = (&edges.vertices, inputs.get(1)) {
        column(vertices, table.schema()).at("vertices")?;
    }
    let id = delivered_schema(plan).field_with_name(&edges.src)?.data_type().clone();
    let path = own.get("target").is_some_and(|target| !target.is_null());
    let length = if edges.weight.is_some() { DataType::Float64 } else { DataType::Int64 };
    let fields = match edges.algorithm.as_str() {
        "pagerank" => vec![("vertex", id), ("rank", DataType::Float64)],
        "components" => vec![("vertex", id), ("component_id", DataType::Int64)],
        "bfs" => vec![("vertex", id.clone()), ("distance", DataType::Int64), ("predecessor", id)],
        _ if path => vec![("position", DataType::Int64), ("vertex", id), ("distance", length)],
        _ => vec![("vertex", id.clone()), ("distance", length), ("predecessor", id)],
    };
    let fields: Vec<Field> =
        fields.into_iter().map(|(name, data_type)| Field::new(name, data_type, true)).collect();
    Ok(Arc::new(Schema::new(fields)))
}

type Columns = Vec<(&'static str, ArrayRef)>;

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

fn build(
    context: &StepContext<'_>,
    execution: &Execution<'_>,
    edges: &Edges,
    inputs: Vec<LogicalPlan>,
) -> Result<Graph, KeyedError> {
    let mut inputs = inputs.into_iter();
    let table = inputs.next().ok_or_else(|| EngineError::Config {
        message: "a graph step needs an edges dataset".to_owned(),
    })?;
    let mut wanted = vec![("src", &edges.src), ("dst", &edges.dst)];
    if let Some(weight) = &edges.weight {
        wanted.push(("weight", weight));
    }
    let columns = wanted
        .iter()
        .map(|(key, name)| {
            let found = column(name, table.schema());
            let found = found.map_err(|error| error.in_dataset(&context.step.inputs[0]));
            Ok(((*key).to_owned(), found.at(*key)?))
        })
        .collect::<Result<Vec<_>, KeyedError>>()?;
    let rows = execution.collect(context.state, &project(table, columns)?, "edges")?;
    let chunks = |index: usize| -> Vec<ArrayRef> {
        rows.batches().iter().map(|batch| Arc::clone(batch.column(index))).collect()
    };
    // A table without rows has no chunks, but its columns have types.
    let or_empty = |mut chunks: Vec<ArrayRef>, data_type: &DataType| {
        if chunks.is_empty() {
            chunks.push(new_empty_array(data_type));
        }
        chunks
    };
    let typed = |index: usize| or_empty(chunks(index), rows.schema().field(index).data_type());
    let weights = edges.weight.is_some().then(|| typed(2));
    let vertices = match (&edges.vertices, inputs.next()) {
        (Some(name), Some(table)) => {
            let id = column(name, table.schema());
            let id =
                id.map_err(|error| error.in_dataset(&context.step.inputs[1])).at("vertices")?;
            let plan = project(table, vec![("id".to_owned(), id)])?;
            let ids = execution.collect(context.state, &plan, "vertices")?;
            let arrays: Vec<ArrayRef> =
                ids.batches().iter().map(|batch| Arc::clone(batch.column(0))).collect();
            Some(or_empty(arrays, ids.schema().field(0).data_type()))
        }
        _ => None,
    };
    let options = BuildOptions { directed: edges.directed, id_order: IdOrder::Sorted };
    let graph = context::kernels()?.install(|| {
        Graph::build(
            &typed(0),
            &typed(1),
            weights.as_deref(),
            vertices.as_deref(),
            &options,
            execution.cancel,
        )
    });
    Ok(graph.map_err(cancelled)?)
}

fn pagerank(
    context: &StepContext<'_>,
    execution: &Execution<'_>,
    graph: &Graph,
    own: Map<String, Json>,
    info: &mut Map<String, Json>,
) -> Result<Columns, KeyedError> {
    let step: PageRankStep = parse(own)?;
    let personal = match &step.personalization {
        None => None,
        Some(weights) => {
            let mut pairs = Vec::with_capacity(weights.len());
            for (id, weight) in weights {
                let key = format!("personalization.{id}");
                let vertex = find_text(graph, id).at(key.as_str())?;
                let weight = weight.as_f64().ok_or_else(|| EngineError::Config {
                    message: format!("the weight of {id} is no number"),
                });
                pairs.push((vertex, weight.at(key.as_str())?));
            }
            Some(pairs)
        }
    };
    let config = PageRankConfig { alpha: step.alpha, tol: step.tol, max_iter: step.max_iter };
    let result =
        algo::pagerank(graph, &config, personal.as_deref(), execution.cancel).map_err(cancelled)?;
    info.insert("iterations".into(), json!(result.iterations));
    info.insert("converged".into(), json!(result.converged));
    info.insert("error_bound".into(), json!(result.error_bound));
    if !result.converged {
        context.warn(format!(
            "step '{}': pagerank did not converge in {} iterations (error at most {:.1e}); \
             raise max_iter or tol",
            context.step.name, result.iterations, result.error_bound
        ));
    }
    let rank: ArrayRef = Arc::new(Float64Array::from(result.rank));
    Ok(vec![("vertex", Arc::clone(graph.ids())), ("rank", rank)])
}

fn bfs(
    execution: &Execution<'_>,
    graph: &Graph,
    own: Map<String, Json>,
) -> Result<Columns, KeyedError> {
    let step: BfsStep = parse(own)?;
    let sources = step
        .sources
        .iter()
        .enumerate()
        .map(|(i, id)| find(graph, id).at(format!("sources.{i}")))
        .collect::<Result<Vec<u32>, KeyedError>>()?;
    let config = BfsConfig { max_depth: step.max_depth };
    let result = algo::bfs(graph, &config, &sources, execution.cancel).map_err(cancelled)?;
    let reached: Vec<u32> = indices(result.distance.iter().map(|d| *d >= 0));
    let distance: Int64Array =
        reached.iter().map(|v| i64::from(result.distance[*v as usize])).collect();
    Ok(vec![
        ("vertex", ids_of(graph, &reached)?),
        ("distance", Arc::new(distance)),
        ("predecessor", predecessors(graph, &reached, &result.predecessor)?),
    ])
}

fn shortest_path(
    execution: &Execution<'_>,
    graph: &Graph,
    own: Map<String, Json>,
    weighted: bool,
    info: &mut Map<String, Json>,
) -> Result<Columns, KeyedError> {
    let step: ShortestPathStep = parse(own)?;
    let source = find(graph, &step.source).at("source")?;
    let target = step.target.as_ref().map(|id| find(graph, id).at("target")).transpose()?;
    let config = ShortestPathConfig { method: step.method, cutoff: step.cutoff };
    let result =
        algo::shortest_paths(graph, &config, source, execution.cancel).map_err(cancelled)?;
    info.insert("method".into(), json!(format!("{:?}", result.method).to_lowercase()));
    let lengths = |vertices: &[u32]| -> ArrayRef {
        let values = vertices.iter().map(|v| result.distance[*v as usize]);
        if weighted {
            Arc::new(values.collect::<Float64Array>())
        } else {
            Arc::new(values.map(|d| d as i64).collect::<Int64Array>())
        }
    };
    if let Some(target) = target {
        let path = algo::path_to(&result, target).unwrap_or_default();
        let positions: Int64Array = (0..path.len() as i64).collect();
        return Ok(vec![
            ("position", Arc::new(positions)),
            ("vertex", ids_of(graph, &path)?),
            ("distance", lengths(&path)),
        ]);
    }
    let reached: Vec<u32> = indices(result.distance.iter().map(|d| d.is_finite()));
    Ok(vec![
        ("vertex", ids_of(graph, &reached)?),
        ("distance", lengths(&reached)),
        ("predecessor", predecessors(graph, &reached, &result.predecessor)?),
    ])
}

fn indices(chosen: impl Iterator<Item = bool>) -> Vec<u32> {
    chosen.enumerate().filter(|(_, chosen)| *chosen).map(|(index, _)| index as u32).collect()
}

fn ids_of(graph: &Graph, vertices: &[u32]) -> Result<ArrayRef, EngineError> {
    Ok(take(graph.ids(), &UInt32Array::from(vertices.to_vec()), None)?)
}

fn predecessors(
    graph: &Graph,
    vertices: &[u32],
    predecessor: &[u32],
) -> Result<ArrayRef, EngineError> {
    let before: UInt32Array = vertices
        .iter()
        .map(|v| Some(predecessor[*v as usize]).filter(|before| *before != NO_VERTEX))
        .collect();
    Ok(take(graph.ids(), &before, None)?)
}

/// The vertex that a value of the workflow file names.
fn find(graph: &Graph, id: &Json) -> Result<u32, EngineError> {
    let value = match id {
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => IdValue::Int(int),
            (None, Some(int)) => IdValue::UInt(int),
            _ => return Err(EngineError::Config { message: format!("{id} is no vertex id") }),
        },
        Json::String(text) => IdValue::Str(text.clone()),
        Json::Bool(flag) => IdValue::Bool(*flag),
        other => return Err(EngineError::Config { message: format!("{other} is no vertex id") }),
    };
    graph.find(&value).map_err(cancelled)
}

/// The vertex of a mapping's key, which is text even where ids are numbers.
fn find_text(graph: &Graph, id: &str) -> Result<u32, EngineError> {
    let numeric = graph.ids().data_type().is_integer();
    match id.parse::<i64>() {
        Ok(number) if numeric => find(graph, &json!(number)),
        _ => find(graph, &json!(id)),
    }
}

fn cancelled(error: GraphError) -> EngineError {
    match error {
        GraphError::Cancelled => EngineError::Cancelled,
        other => EngineError::Graph(other),
    }
}
