//! From what a kernel found to the step's table: ids for indices, and the rows that are wanted.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, UInt32Array};
use datafusion::arrow::compute::{cast, is_not_null, take};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::LogicalPlan;
use pf_graph_core::{Control, Direction, Graph, LoopDegree};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{Wishes, cancelled, split};
use crate::error::{AtKey, EngineError, KeyedError};
use crate::execute::delivered_schema;
use crate::expression::column;

pub(super) type Columns = Vec<(&'static str, ArrayRef)>;

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
    let id = match id {
        DataType::Dictionary(_, values) => *values,
        id => id,
    };
    let given = |key: &str| own.get(key).is_some_and(|value| !value.is_null());
    let flag = |key: &str| own.get(key).and_then(Json::as_bool);
    let (int, float) = (DataType::Int64, DataType::Float64);
    let length = if edges.weight.is_some() { float.clone() } else { int.clone() };
    let fields = match edges.kernel() {
        "pagerank" => vec![("vertex", id), ("rank", float)],
        "hits" => vec![("vertex", id), ("hub", float.clone()), ("authority", float)],
        "betweenness" => vec![("vertex", id), ("betweenness", float)],
        "closeness" => vec![("vertex", id), ("closeness", float)],
        "harmonic" => vec![("vertex", id), ("harmonic", float)],
        "clustering" => vec![("vertex", id), ("clustering", float)],
        "connected_components" => vec![("vertex", id), ("component_id", int)],
        "louvain" | "label_propagation" => vec![("vertex", id), ("community_id", int)],
        "core_number" => vec![("vertex", id), ("core_number", int)],
        "triangles" => vec![("vertex", id), ("triangles", int)],
        "degree" => vec![("vertex", id), ("degree", int)],
        "dfs" => vec![
            ("vertex", id.clone()),
            ("discover", int.clone()),
            ("finish", int),
            ("predecessor", id.clone()),
            ("root", id),
        ],
        "dfs_edges" => vec![("src", id.clone()), ("dst", id), ("edge_class", DataType::Utf8)],
        "topological_sort" => {
            vec![("position", int.clone()), ("vertex", id), ("generation", int)]
        }
        "minimum_spanning_forest" => {
            vec![("src", id.clone()), ("dst", id), ("weight", float), ("edge_id", int)]
        }
        "bfs" if flag("per_source") == Some(true) => {
            vec![("source", id.clone()), ("vertex", id), ("distance", int)]
        }
        "bfs" => vec![("vertex", id.clone()), ("distance", int), ("predecessor", id)],
        "shortest_paths" if given("target") => {
            vec![("position", int), ("vertex", id), ("distance", length)]
        }
        "shortest_paths" if flag("predecessors") == Some(false) => {
            vec![("vertex", id), ("distance", length)]
        }
        "shortest_paths" => vec![("vertex", id.clone()), ("distance", length), ("predecessor", id)],
        other => {
            let message = format!("no graph algorithm '{other}'");
            return Err(EngineError::Config { message }).at("algorithm");
        }
    };
    let fields: Vec<Field> =
        fields.into_iter().map(|(name, data_type)| Field::new(name, data_type, true)).collect();
    Ok(Arc::new(Schema::new(fields)))
}

/// The columns of the table, in any order; vertices are indices still.
pub(super) fn columns(
    graph: &Graph,
    kernel: &str,
    mut found: Columns,
    wishes: &Wishes,
    target: Option<u32>,
) -> Result<Columns, EngineError> {
    if let Some(target) = target {
        return path(&found, target);
    }
    let reached = match kernel {
        "bfs" if wishes.per_source => return Ok(found),
        "bfs" | "shortest_paths" if !wishes.include_unreached => "distance",
        "dfs" => "discover",
        _ => return Ok(found),
    };
    let mask = is_not_null(named(&found, reached)?)?;
    let kept: UInt32Array =
        (0..graph.num_vertices() as u32).filter(|&v| mask.value(v as usize)).collect();
    for (_, column) in &mut found {
        *column = take(column, &kept, None)?;
    }
    found.push(("vertex", Arc::new(kept)));
    Ok(found)
}

/// From the source to `target`, if it was reached.
fn path(found: &Columns, target: u32) -> Result<Columns, EngineError> {
    let distance = named(found, "distance")?;
    let before = named(found, "predecessor")?.as_primitive::<UInt32Type>();
    let mut steps = Vec::new();
    let mut next = distance.is_valid(target as usize).then_some(target);
    while let Some(vertex) = next {
        steps.push(vertex);
        let place = vertex as usize;
        next = before.is_valid(place).then(|| before.value(place));
    }
    steps.reverse();
    let positions: Int64Array = (0..steps.len() as i64).collect();
    let steps = UInt32Array::from(steps);
    let distance = take(distance, &steps, None)?;
    Ok(vec![("position", Arc::new(positions)), ("vertex", Arc::new(steps)), ("distance", distance)])
}

fn named<'c>(found: &'c Columns, name: &str) -> Result<&'c ArrayRef, EngineError> {
    let column = found.iter().find(|column| column.0 == name);
    let column = column.ok_or_else(|| EngineError::internal(format!("no column {name}")))?;
    Ok(&column.1)
}

/// The table of `schema`: ids in place of indices, all vertices where none are named.
pub(super) fn table(
    graph: &Graph,
    schema: &SchemaRef,
    found: &[(&'static str, ArrayRef)],
) -> Result<RecordBatch, EngineError> {
    let arrays = schema.fields().iter().map(|field| {
        let column = found.iter().find(|column| column.0 == field.name());
        let values = match column {
            Some((_, indices)) if indices.data_type() == &DataType::UInt32 => {
                take(graph.ids(), indices, None)?
            }
            Some((_, values)) => Arc::clone(values),
            None => Arc::clone(graph.ids()),
        };
        Ok(cast(&values, field.data_type())?)
    });
    let arrays = arrays.collect::<Result<Vec<ArrayRef>, EngineError>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), arrays)?)
}

/// Settings of `degree`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DegreeStep {
    direction: Direction,
    loops: LoopDegree,
}

/// Edges at each vertex.
pub(super) fn degrees(
    graph: &Graph,
    step: &DegreeStep,
    control: &Control<'_>,
) -> Result<ArrayRef, EngineError> {
    let mut degrees = graph.degrees(step.direction, step.loops, control).map_err(cancelled)?;
    let once = step.loops == LoopDegree::Once && step.direction == Direction::Both;
    if graph.is_directed() && once {
        // There a loop leads out and in.
        for (v, degree) in (0u32..).zip(&mut degrees) {
            *degree -= graph.out().row(v).iter().filter(|&&u| u == v).count() as u64;
        }
    }
    let degrees: Int64Array = degrees.into_iter().map(|degree| degree as i64).collect();
    Ok(Arc::new(degrees))
}
