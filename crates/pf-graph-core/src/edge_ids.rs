//! The edge that each arc belongs to, and from arcs back to edges.
//!
//! A graph that was built without [`edge_rows`](crate::BuildOptions::edge_rows) numbers its edges by
//! their first arcs: all arcs of a directed graph, those to the same or a larger vertex of an
//! undirected one.

use crate::arcs::Reversed;
use crate::build::sort_arcs;
use crate::control::{Control, Meter};
use crate::{Graph, GraphError};

/// Edges in the order of their ids.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EdgesById {
    /// Tails; of an undirected edge the smaller vertex.
    pub src: Vec<u32>,
    /// Heads.
    pub dst: Vec<u32>,
    /// Weights, if the graph has any.
    pub weights: Option<Vec<f64>>,
}

impl Graph {
    /// The edges, given the [ids](Self::edge_ids) of all arcs. O(n + m).
    pub fn edges(&self, ids: &[i64], control: &Control<'_>) -> Result<EdgesById, GraphError> {
        let (out, m) = (&self.out, self.num_edges());
        let mut edges = EdgesById {
            src: vec![0; m],
            dst: vec![0; m],
            weights: out.weights().map(|_| vec![0.0; m]),
        };
        let mut meter = Meter::new(control)?;
        for u in 0..out.num_vertices() as u32 {
            let range = out.range(u);
            meter.spend(range.len())?;
            let row = ids.get(range).unwrap_or_default();
            for (&id, (v, weight)) in row.iter().zip(out.weighted_row(u)) {
                let id = usize::try_from(id).ok().filter(|&id| id < m);
                let Some(id) = id.filter(|_| self.is_directed() || u <= v) else { continue };
                (edges.src[id], edges.dst[id]) = (u, v);
                if let Some(weights) = &mut edges.weights {
                    weights[id] = weight;
                }
            }
        }
        Ok(edges)
    }

    /// Loops at each vertex. O(n + m).
    pub fn loops(&self, control: &Control<'_>) -> Result<Vec<i64>, GraphError> {
        let mut meter = Meter::new(control)?;
        let vertices = 0..self.num_vertices() as u32;
        vertices
            .map(|v| {
                let row = self.out.row(v);
                meter.spend(row.len())?;
                Ok(row.iter().filter(|&&u| u == v).count() as i64)
            })
            .collect()
    }

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::BuildOptions;

    #[test]
    fn edges_come_back_in_their_order() {
        let cancel = AtomicBool::new(false);
        let control = Control::new(&cancel);
        let (src, dst) = ([2u32, 0, 1, 1, 0, 2], [0u32, 2, 1, 0, 1, 0]);
        let weights = [1.0, 2.0, 3.0, 4.0, 5.0, f64::INFINITY];
        for edge_rows in [false, true] {
            for directed in [false, true] {
                let options = BuildOptions { directed, edge_rows, ..BuildOptions::default() };
                let built = Graph::from_arrays(&src, &dst, Some(&weights), 3, &options, &control);
                let graph = built.unwrap();
                let ids = graph.edge_ids(&control).unwrap();
                let found = graph.edges(&ids, &control).unwrap();
                let fold = |u: u32, v: u32| if directed { (u, v) } else { (u.min(v), u.max(v)) };
                let ends: Vec<(u32, u32)> = found.src.into_iter().zip(found.dst).collect();
                let found = found.weights.unwrap();
                for u in 0..3 {
                    let row = graph.out().range(u).zip(graph.out().weighted_row(u));
                    for (arc, (v, weight)) in row {
                        let id = usize::try_from(ids[arc]).unwrap();
                        assert_eq!((ends[id], found[id]), (fold(u, v), weight));
                    }
                }
                if edge_rows {
                    let given = src.iter().zip(&dst).map(|(&u, &v)| fold(u, v));
                    assert_eq!(ends, given.collect::<Vec<_>>());
                    assert_eq!(found, weights);
                }
                assert_eq!(graph.loops(&control).unwrap(), [0, 1, 0]);
            }
        }
    }
}
