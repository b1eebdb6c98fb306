//! `GraphError` as the classes of `parquetframe.errors`, with its facts as attributes.

use pf_graph_core::{Graph, GraphError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::export::NativeArray;

/// The exception for an error; the ids of `graph` name the vertices of a cycle.
pub(super) fn raised(py: Python<'_>, graph: Option<&Graph>, error: &GraphError) -> PyErr {
    let made = || -> PyResult<PyErr> {
        let facts = PyDict::new(py);
        let column = match error {
            GraphError::NullEndpoint { row, side }
            | GraphError::IndexOutOfRange { row, side, .. } => {
                facts.set_item("row", row)?;
                Some(side.to_string())
            }
            GraphError::NullWeight { row } | GraphError::BadWeight { row, .. } => {
                facts.set_item("row", row)?;
                Some("weight".to_owned())
            }
            GraphError::WeightType { .. } => Some("weight".to_owned()),
            GraphError::IdType { column, .. } => Some(column.to_string()),
            GraphError::IdTypesDiffer { right, .. } => Some(right.to_string()),
            GraphError::VertexNotFound { id, .. } => {
                facts.set_item("vertex", id)?;
                None
            }
            GraphError::NegativeWeight { row, weight, .. } => {
                facts.set_item("row", row)?;
                facts.set_item("weight", weight)?;
                None
            }
            GraphError::NegativeCycle { vertices, indices }
            | GraphError::NotADag { vertices, indices } => {
                match graph {
                    Some(graph) => facts.set_item("vertices", ids_at(py, graph, indices)?)?,
                    None => facts.set_item("vertices", vertices)?,
                }
                None
            }
            GraphError::SelfLoop { row, .. } | GraphError::DuplicateEdge { row, .. } => {
                facts.set_item("row", row)?;
                None
            }
            _ => None,
        };
        if let Some(column) = column {
            facts.set_item("column", column)?;
        }
        let class = py.import("parquetframe.errors")?.getattr(class_of(error))?;
        Ok(PyErr::from_value(class.call((error.to_string(),), Some(&facts))?))
    };
    made().unwrap_or_else(|other| other)
}

fn class_of(error: &GraphError) -> &'static str {
    match error {
        GraphError::WeightType { .. }
        | GraphError::IdType { .. }
        | GraphError::IdTypesDiffer { .. } => "SchemaError",
        GraphError::VertexNotFound { .. } => "VertexNotFound",
        GraphError::NegativeWeight { .. } => "NegativeWeight",
        GraphError::NegativeCycle { .. } => "NegativeCycle",
        GraphError::NotADag { .. } => "NotADag",
        GraphError::TooLarge { .. } | GraphError::TooManyRows { .. } => "GraphTooLarge",
        GraphError::Cancelled => "Cancelled",
        _ => "GraphError",
    }
}

/// Ids as plain Python values.
fn ids_at<'py>(py: Python<'py>, graph: &Graph, indices: &[u32]) -> PyResult<Bound<'py, PyAny>> {
    let ids = Bound::new(py, NativeArray::taken(graph.ids(), indices)?)?;
    py.import("pyarrow")?.call_method1("array", (ids,))?.call_method0("to_pylist")
}
