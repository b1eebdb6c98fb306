//! Edge tables, index columns and ready rows as graphs.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, new_empty_array};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Float64Type, Int64Type, SchemaRef, UInt64Type,
};
use arrow::record_batch::RecordBatch;
use pf_graph_core::{BuildOptions, Control, Graph, GraphError, IdOrder, IdValue, VertexInt};
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::plain;
use crate::errors;

/// How an edge table becomes a graph.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableOptions {
    directed: bool,
    id_order: IdOrder,
    pub threads: Option<usize>,
}

impl TableOptions {
    pub fn new(directed: bool, sorted: bool) -> Self {
        let id_order = if sorted { IdOrder::Sorted } else { IdOrder::Appearance };
        Self { directed, id_order, threads: None }
    }

    /// The same for vertices without other ids.
    pub fn dense(&self, num_vertices: usize) -> IndexOptions {
        let sorted_rows = self.id_order == IdOrder::Sorted;
        IndexOptions { num_vertices, directed: self.directed, sorted_rows, threads: self.threads }
    }
}

/// How index columns become a graph.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IndexOptions {
    pub num_vertices: usize,
    directed: bool,
    sorted_rows: bool,
    pub threads: Option<usize>,
}

/// How ready rows become a graph.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RowOptions {
    directed: bool,
    pub threads: Option<usize>,
}

/// Reads the JSON object that Python made.
pub(super) fn options<T: DeserializeOwned>(text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|error| errors::internal(&format!("options: {error}")))
}

/// The columns of an edge table, in chunks.
pub(super) struct EdgeColumns {
    src: Vec<ArrayRef>,
    dst: Vec<ArrayRef>,
    weight: Option<Vec<ArrayRef>>,
}

impl EdgeColumns {
    pub fn read(edges: AnyRecordBatch) -> PyResult<Self> {
        let table = edges.into_table()?.into_inner();
        Ok(Self {
            src: column(&table, "src").unwrap_or_default(),
            dst: column(&table, "dst").unwrap_or_default(),
            weight: column(&table, "weight"),
        })
    }

    /// Short columns of plain values.
    pub fn plain(
        src: &Bound<'_, PyAny>,
        dst: &Bound<'_, PyAny>,
        weights: Option<&Bound<'_, PyAny>>,
    ) -> Option<Self> {
        let (src, dst) = (plain::ids(src)?, plain::ids(dst)?);
        let weight = match weights {
            None => None,
            Some(weights) => Some(plain::weights(weights)?),
        };
        Some(Self { src, dst, weight })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.src.iter().map(Array::len).sum()
    }

    pub fn build(
        &self,
        vertices: Option<&[ArrayRef]>,
        options: &TableOptions,
        control: &Control<'_>,
    ) -> Result<Graph, GraphError> {
        let options = BuildOptions {
            directed: options.directed,
            id_order: options.id_order,
            edge_rows: true,
            ..BuildOptions::default()
        };
        Graph::build(&self.src, &self.dst, self.weight.as_deref(), vertices, &options, control)
    }

    /// The columns as they lie in memory, unless one is in parts or not of 64-bit numbers.
    pub fn indices(&self) -> Option<IndexColumns<'_, i64>> {
        let weights = match &self.weight {
            None => None,
            Some(weights) => Some(values::<Float64Type>(weights)?),
        };
        Some((values::<Int64Type>(&self.src)?, values::<Int64Type>(&self.dst)?, weights))
    }
}

/// The items of a column in one chunk, without nulls.
fn values<T: ArrowPrimitiveType>(chunks: &[ArrayRef]) -> Option<&[T::Native]> {
    let [chunk] = chunks else { return None };
    let array = chunk.as_primitive_opt::<T>().filter(|array| array.null_count() == 0)?;
    Some(array.values())
}

/// The one column of a vertex table.
pub(super) fn vertex_ids(vertices: AnyRecordBatch) -> PyResult<Vec<ArrayRef>> {
    Ok(column(&vertices.into_table()?.into_inner(), "id").unwrap_or_default())
}

/// The chunks of a column, at least one; `None` if there is no such column.
fn column(table: &(Vec<RecordBatch>, SchemaRef), name: &str) -> Option<Vec<ArrayRef>> {
    let (index, field) = table.1.column_with_name(name)?;
    if table.0.is_empty() {
        return Some(vec![new_empty_array(field.data_type())]);
    }
    Some(table.0.iter().map(|batch| Arc::clone(batch.column(index))).collect())
}

/// Tails, heads, weights.
type IndexColumns<'a, T> = (&'a [T], &'a [T], Option<&'a [f64]>);

/// Sorts edges between indices into rows.
pub(super) fn from_indices<T: VertexInt>(
    (src, dst, weights): IndexColumns<'_, T>,
    ids: Option<ArrayRef>,
    options: &IndexOptions,
    control: &Control<'_>,
) -> Result<Graph, GraphError> {
    let n = options.num_vertices;
    let id_order = if options.sorted_rows { IdOrder::Sorted } else { IdOrder::Appearance };
    let options = BuildOptions {
        directed: options.directed,
        id_order,
        edge_rows: true,
        ..BuildOptions::default()
    };
    let graph = Graph::from_arrays(src, dst, weights, n, &options, control)?;
    named(graph, ids)
}

/// Rows as NumPy holds them, copied.
pub(super) struct Rows {
    pub offsets: Vec<u64>,
    pub targets: Vec<u32>,
    pub weights: Option<Vec<f64>>,
    pub edge_ids: Vec<u32>,
}

/// Takes ready rows over.
pub(super) fn from_csr(
    rows: Rows,
    ids: Option<ArrayRef>,
    options: &RowOptions,
    control: &Control<'_>,
) -> Result<Graph, GraphError> {
    let Rows { offsets, targets, weights, edge_ids } = rows;
    let graph = Graph::from_csr(offsets, targets, weights, options.directed, control)?;
    named(graph.with_edge_rows(edge_ids)?, ids)
}

fn named(graph: Graph, ids: Option<ArrayRef>) -> Result<Graph, GraphError> {
    match ids {
        None => Ok(graph),
        Some(ids) => graph.with_ids(ids),
    }
}

/// The first item of an array, as a graph is asked for it; `None` for binary ids, which resemble
/// nothing.
pub(super) fn id_value(array: &ArrayRef) -> Option<IdValue> {
    if array.is_empty() || array.is_null(0) {
        return None;
    }
    match array.data_type() {
        DataType::Boolean => Some(IdValue::Bool(array.as_boolean().value(0))),
        DataType::UInt64 => Some(IdValue::UInt(array.as_primitive::<UInt64Type>().value(0))),
        other if other.is_integer() => {
            let number = cast(array, &DataType::Int64).ok()?;
            Some(IdValue::Int(number.as_primitive::<Int64Type>().value(0)))
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Date32 => {
            let text = cast(array, &DataType::Utf8).ok()?;
            Some(IdValue::Str(text.as_string::<i32>().value(0).to_owned()))
        }
        _ => None,
    }
}
