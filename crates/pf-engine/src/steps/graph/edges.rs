//! From plans to a graph.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, new_empty_array};
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::LogicalPlan;
use pf_graph_core::{BuildOptions, Control, Graph, IdOrder};

use super::{Edges, cancelled};
use crate::context;
use crate::error::{AtKey, EngineError, KeyedError};
use crate::execute::Execution;
use crate::expression::column;
use crate::steps::{StepContext, project};

/// The graph of the first input, and of the vertices of a second one.
pub(super) fn build(
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
    let options = BuildOptions {
        directed: edges.directed,
        id_order: IdOrder::Sorted,
        edge_rows: edges.kernel() == "minimum_spanning_forest",
        ..BuildOptions::default()
    };
    let graph = context::kernels()?.install(|| {
        Graph::build(
            &typed(0),
            &typed(1),
            weights.as_deref(),
            vertices.as_deref(),
            &options,
            &Control::new(execution.cancel),
        )
    });
    Ok(graph.map_err(cancelled)?)
}
