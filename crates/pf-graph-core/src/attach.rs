//! What a caller who has it already brings to a graph of ready rows: ids, edge rows, arcs by head;
//! and what a graph of arrays gives back.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array, new_empty_array};
use arrow::compute::{TakeOptions, cast, concat, take};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use rayon::prelude::*;

use crate::control::CHUNK;
use crate::ids::{IdIndex, type_name};
use crate::{Csr, Graph, GraphError};

impl Graph {
    /// Names the vertices: `ids` has one item per vertex, different ones and no nulls, of a type
    /// that [`build`](Self::build) takes.
    pub fn with_ids(mut self, ids: ArrayRef) -> Result<Self, GraphError> {
        let bad = |message: String| GraphError::BadParameter { name: "ids", message };
        if ids.len() != self.num_vertices() {
            return Err(bad(format!("{} ids for {} vertices", ids.len(), self.num_vertices())));
        }
        if ids.logical_null_count() > 0 {
            return Err(bad("one of them is null".into()));
        }
        if !IdIndex::can_hold(ids.data_type()) {
            return Err(bad(format!("type {} cannot be that of ids", type_name(ids.data_type()))));
        }
        self.ids = IdIndex::new(ids, false);
        Ok(self)
    }

    /// Ids of some vertices, null where the index is; a second thread helps with many.
    pub fn ids_at(&self, vertices: &UInt32Array) -> Result<ArrayRef, GraphError> {
        let failed = |error: ArrowError| {
            let message = error.to_string();
            GraphError::BadParameter { name: "vertices", message }
        };
        if self.ids.is_dense() {
            return cast(vertices, &DataType::Int64).map_err(failed);
        }
        let rows = vertices.len().div_ceil(rayon::current_num_threads()).max(CHUNK);
        let pieces = (0..vertices.len()).into_par_iter().step_by(rows).map(|start| {
            let piece = vertices.slice(start, rows.min(vertices.len() - start));
            take(self.ids(), &piece, Some(TakeOptions { check_bounds: true }))
        });
        let pieces: Vec<ArrayRef> = pieces.collect::<Result<_, _>>().map_err(failed)?;
        match &pieces[..] {
            [] => Ok(new_empty_array(self.ids().data_type())),
            [only] => Ok(Arc::clone(only)),
            all => concat(&all.iter().map(AsRef::as_ref).collect::<Vec<_>>()).map_err(failed),
        }
    }

    /// Says which edge, from 0, each arc of [`out`](Self::out) belongs to.
    pub fn with_edge_rows(mut self, rows: Vec<u32>) -> Result<Self, GraphError> {
        if rows.len() != self.out.num_arcs() {
            let message = format!("{} edge rows for {} arcs", rows.len(), self.out.num_arcs());
            return Err(GraphError::BadCsr { name: "edge_rows", message });
        }
        let first = |is_wanted: fn(f64) -> bool| {
            let weights = self.out.weights().unwrap_or_default().iter().zip(&rows);
            weights.filter(|(weight, _)| is_wanted(**weight)).map(|(_, row)| *row as usize).min()
        };
        let rows_of = (first(|weight| weight < 0.0), first(|weight| weight == f64::INFINITY));
        for (edge, row) in
            [(&mut self.first_negative, rows_of.0), (&mut self.first_infinite, rows_of.1)]
        {
            if let (Some(edge), Some(row)) = (edge, row) {
                edge.row = row;
            }
        }
        self.edge_rows = Some(rows);
        Ok(self)
    }

    /// Brings the same arcs by head, without weights, which saves making them. Each row should
    /// ascend by tail; where the arcs are others, answers are wrong.
    pub fn with_incoming(self, offsets: Vec<u64>, targets: Vec<u32>) -> Result<Self, GraphError> {
        let incoming = Csr::checked(offsets, targets, None)?;
        let bad = |message: String| Err(GraphError::BadCsr { name: "csc", message });
        let (n, arcs) = (self.num_vertices(), self.out.num_arcs());
        if self.is_weighted() || !self.is_directed() {
            return bad("goes with a directed graph without weights".into());
        }
        if incoming.num_vertices() != n || incoming.num_arcs() != arcs {
            let (found, found_arcs) = (incoming.num_vertices(), incoming.num_arcs());
            return bad(format!(
                "{found} vertices and {found_arcs} arcs; the rows have {n} and {arcs}"
            ));
        }
        self.views.bring_incoming(incoming);
        Ok(self)
    }

    /// The arcs by tail: offsets, targets and weights.
    pub fn into_rows(self) -> (Vec<u64>, Vec<u32>, Option<Vec<f64>>) {
        let Csr { offsets, targets, weights } = self.out;
        (offsets, targets, weights)
    }

    /// Edge row, from 0, of the first edge with a weight below zero.
    pub fn first_negative_row(&self) -> Option<usize> {
        self.first_negative.map(|edge| edge.row)
    }

    /// Edge row, from 0, of the first edge of weight `inf`.
    pub fn first_infinite_row(&self) -> Option<usize> {
        self.first_infinite.map(|edge| edge.row)
    }

    /// Edge row, from 0, of the first edge of weight 0; one pass over the weights.
    pub fn first_zero_row(&self) -> Option<usize> {
        let weights = self.out.weights()?;
        let zeros = weights.iter().enumerate().filter(|(_, weight)| **weight == 0.0);
        match self.edge_rows() {
            Some(rows) => zeros.map(|(arc, _)| rows[arc] as usize).min(),
            None => zeros.map(|(arc, _)| arc).next(),
        }
    }

    /// Bytes held now, views made so far included.
    pub fn nbytes(&self) -> usize {
        let edge_rows = self.edge_rows.as_ref().map_or(0, |rows| 4 * rows.capacity());
        self.out.nbytes() + edge_rows + self.ids.nbytes() + self.views.nbytes()
    }
}
