//! The edge that each arc belongs to.
//!
//! A graph that was built without [`edge_rows`](crate::BuildOptions::edge_rows) numbers its edges by
//! their first arcs: all arcs of a directed graph, those to the same or a larger vertex of an
//! undirected one.

use crate::arcs::Reversed;
use crate::build::sort_arcs;
use crate::control::{Control, Meter};
use crate::{Graph, GraphError};

impl Graph {
    /// The edge of each arc of [`out`](Self::out). O(m), undirected without edge rows O(m log d)
    /// for rows of d arcs.
    pub fn edge_ids(&self, control: &Control<'_>) -> Result<Vec<i64>, GraphError> {
        control.check()?;
        if let Some(rows) = self.edge_rows() {
            return Ok(rows.iter().map(|&row| i64::from(row)).collect());
        }
        if self.is_directed() {
            return Ok((0..self.out.num_arcs() as i64).collect());
        }
        self.paired_ids(control)
    }

    /// The edge of each arc of [`incoming`](Self::incoming).
    pub fn incoming_edge_ids(&self, control: &Control<'_>) -> Result<Vec<i64>, GraphError> {
        if !self.is_directed() {
            return self.edge_ids(control);
        }
        let rows = self.edge_rows();
        let id = |arc: usize| rows.map_or(arc as i64, |rows| i64::from(rows[arc]));
        Ok(sort_arcs(self.num_vertices(), Reversed(&self.out), id, &control.silent())?.payload)
    }

    /// Numbers the arcs to the same or a larger vertex, and gives each arc back the number of its
    /// counterpart: the i-th lightest of the arcs between two vertices is that of the other side.
    fn paired_ids(&self, control: &Control<'_>) -> Result<Vec<i64>, GraphError> {
        let out = &self.out;
        let mut ids = vec![-1i64; out.num_arcs()];
        // By vertex: its arcs in from smaller ones, as (tail, weight bits, id) in order of the tail.
        let mut from_below: Vec<Vec<(u32, f64, i64)>> = vec![Vec::new(); out.num_vertices()];
        let mut meter = Meter::new(control)?;
        let mut next = 0;
        for u in 0..out.num_vertices() as u32 {
            let range = out.range(u);
            meter.spend(range.len())?;
            for (arc, (v, weight)) in range.zip(out.weighted_row(u)) {
                if v < u {
                    continue;
                }
                ids[arc] = next;
                if v > u {
                    from_below[v as usize].push((u, weight, next));
                }
                next += 1;
            }
        }
        for (v, mut below) in (0u32..).zip(from_below) {
            let range = out.range(v);
            meter.spend(range.len())?;
            let mut arcs: Vec<(u32, f64, usize)> = range
                .zip(out.weighted_row(v))
                .filter(|(_, (u, _))| *u < v)
                .map(|(arc, (u, weight))| (u, weight, arc))
                .collect();
            arcs.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))); // stable
            below.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            for ((_, _, arc), (_, _, id)) in arcs.into_iter().zip(below) {
                ids[arc] = id;
            }
        }
        Ok(ids)
    }
}
