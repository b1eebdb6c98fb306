//! The columns of an answer, or the edges, as Arrow arrays, ids in place of vertex indices.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, UInt32Type};
use arrow::error::ArrowError;
use pf_graph_core::answer::Answer;
use pf_graph_core::{Control, Graph, GraphError};

use super::answers::{rows_are_vertices, valid_rows};
use super::export::plain;

/// The answer with ids, and with a column of them before the others where its rows are all vertices.
/// With `reached` there are only the rows in which that column has a value.
pub(super) fn with_ids(
    graph: &Graph,
    answer: Answer,
    reached: Option<&str>,
) -> Result<Answer, GraphError> {
    let rows = reached.and_then(|name| valid_rows(&answer, name)).map(UInt32Array::from);
    let mut columns: Vec<(&'static str, ArrayRef)> = Vec::with_capacity(answer.columns.len() + 1);
    if rows_are_vertices(&answer) {
        let ids = match &rows {
            None => Arc::clone(graph.ids()),
            Some(rows) => graph.ids_at(rows)?,
        };
        columns.push(("vertex", plain(&ids).map_err(failed)?));
    }
    for (name, values) in answer.columns {
        let values = match &rows {
            None => values,
            Some(rows) => take(&values, rows, None).map_err(failed)?,
        };
        let values = match values.data_type() {
            DataType::UInt32 => {
                let ids = graph.ids_at(values.as_primitive::<UInt32Type>())?;
                plain(&ids).map_err(failed)?
            }
            _ => values,
        };
        columns.push((name, values));
    }
    Ok(Answer { columns, facts: answer.facts })
}

/// The edges in the order of their ids: ends, and weights if there are any.
pub(super) fn edges(
    graph: &Graph,
    edge_ids: &[i64],
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let edges = graph.edges(edge_ids, control)?;
    let mut columns: Vec<(&'static str, ArrayRef)> = vec![
        ("src", Arc::new(UInt32Array::from(edges.src))),
        ("dst", Arc::new(UInt32Array::from(edges.dst))),
    ];
    if let Some(weights) = edges.weights {
        columns.push(("weight", Arc::new(Float64Array::from(weights))));
    }
    with_ids(graph, Answer { columns, ..Answer::default() }, None)
}

fn failed(error: ArrowError) -> GraphError {
    GraphError::BadParameter { name: "columns", message: error.to_string() }
}
