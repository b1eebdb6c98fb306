//! Minimum spanning forest: a tree of least weight for every connected component.
//!
//! Filter-Kruskal: the lightest edges, some times as many as there are vertices, are ordered and
//! joined; of the others only those are kept that still join two trees, mostly few. Edges are
//! ordered by weight and then by row, which is the order of networkx; no two are equal, so there is
//! one answer. O(m + n log n log(m/n)) expected for weights in no order, O(m log m) at worst; edges
//! are joined by one thread, and chosen, ordered and filtered by all. Up to 64 bytes per edge that
//! is ordered.
//! Edges have no direction here; loops are never part of a tree.
//! Source: Osipov, Sanders, Singler, "The filter-Kruskal minimum spanning tree algorithm", ALENEX
//! 2009.

use std::ops::Range;

use rayon::prelude::*;
use serde::Deserialize;

use crate::control::Meter;
use crate::par::row_blocks;
use crate::prefetch::prefetch;
use crate::{Control, Csr, Graph, GraphError};

/// Edges to join at first, per vertex: with random ends they leave few of the others to join.
const PER_VERTEX: usize = 2;
/// Fewer are not worth a choice.
const LEAST: usize = 1 << 12;
/// How many times more edges are joined next.
const GROWTH: usize = 4;
/// Edges looked at to choose a pivot.
const SAMPLE: usize = 1 << 11;
/// Arcs of a row that are looked at together.
const STRETCH: usize = 64;
/// How many edges ahead the parents of parents of their ends are fetched; the parents twice as far
/// ahead, and the edges three times.
const AHEAD: usize = 16;

/// Settings of [`minimum_spanning_forest`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `SpanningForestConfig::DEFAULT_*`
pub struct SpanningForestConfig {
    /// Whether the weights of the graph count; otherwise every edge weighs 1.
    pub weighted: bool,
}

impl SpanningForestConfig {
    /// The graph's weights, if it has any.
    pub const DEFAULT_WEIGHTED: bool = true;
}

impl Default for SpanningForestConfig {
    fn default() -> Self {
        Self { weighted: Self::DEFAULT_WEIGHTED }
    }
}

/// Answer of [`minimum_spanning_forest`]: edges by weight and then by row.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanningForestResult {
    /// Rows of the edge table, counted from 0.
    pub edge_id: Vec<u32>,
    /// One end of each edge, in a directed graph its tail, else the smaller.
    pub src: Vec<u32>,
    /// The other.
    pub dst: Vec<u32>,
    /// Weights.
    pub weight: Vec<f64>,
    /// Their sum.
    pub total_weight: f64,
    /// Trees, single vertices included.
    pub num_trees: usize,
}

/// Spans the vertices with a forest of least weight; the graph must have been built with edge rows.
pub fn minimum_spanning_forest(
    graph: &Graph,
    config: &SpanningForestConfig,
    control: &Control<'_>,
) -> Result<SpanningForestResult, GraphError> {
    if config.weighted {
        graph.refuse_infinite("minimum_spanning_forest needs finite weights")?;
    }
    let Some(edge_rows) = graph.edge_rows() else {
        let message = "minimum_spanning_forest needs a graph built with edge_rows".into();
        return Err(GraphError::BadParameter { name: "edge_rows", message });
    };
    let weights = graph.out().weights().filter(|_| config.weighted);
    let arcs = Arcs { rows: graph.out(), edge_rows, weights, directed: graph.is_directed() };
    let mut forest = Forest::new(graph.num_vertices());
    let mut at_once = (PER_VERTEX * graph.num_vertices()).max(LEAST);
    let pivot = arcs.pivot(at_once);
    let light = match pivot {
        None => arcs.edges(|u, v, _| arcs.other_end(u, v) != u, |_| true, control)?,
        Some(pivot) => {
            let most = weight_at(pivot);
            let may = |u, v, arc| (arcs.other_end(u, v) != u) & (arcs.weight(arc) <= most);
            arcs.edges(may, |arc| arcs.place(arc) <= pivot, control)?
        }
    };
    control.progress(0.3)?;
    forest.join(&light, control)?;
    drop(light);
    control.progress(0.6)?;
    if let Some(pivot) = pivot
        && forest.num_trees > 1
    {
        forest.flatten();
        let may = |u, v, _| forest.joins(u, arcs.other_end(u, v));
        let mut rest = arcs.edges(may, |arc| arcs.place(arc) > pivot, control)?;
        let total = rest.len() as f64;
        while !rest.is_empty() && forest.num_trees > 1 {
            control.progress(1.0 - 0.2 * rest.len() as f64 / total)?;
            at_once = at_once.saturating_mul(GROWTH);
            let pivot = pivot_of(rest.len(), at_once, |i| rest[i].place());
            let is_light = |edge: &Edge| pivot.is_none_or(|pivot| edge.place() <= pivot);
            let (light, heavy): (Vec<Edge>, Vec<Edge>) = rest.into_par_iter().partition(is_light);
            forest.join(&light, control)?;
            forest.flatten();
            let joins = |edge: &Edge| forest.joins(edge.src, edge.dst);
            rest = heavy.into_par_iter().filter(joins).collect();
        }
    }
    let Forest { edges, num_trees, .. } = forest;
    let edge_id = edges.iter().map(|edge| edge.row).collect();
    let (src, dst) = edges.iter().map(|edge| (edge.src, edge.dst)).unzip();
    let weight: Vec<f64> = edges.iter().map(|edge| edge.weight).collect();
    let total_weight = weight.iter().sum();
    control.progress(1.0)?;
    Ok(SpanningForestResult { edge_id, src, dst, weight, total_weight, num_trees })
}

/// Where an edge comes in the order: weight and row in 96 bits.
type Place = u128;

/// An edge that may become part of the forest.
#[derive(Clone, Copy)]
struct Edge {
    weight: f64,
    row: u32,
    src: u32,
    dst: u32,
}

impl Edge {
    fn place(&self) -> Place {
        place(self.weight, self.row)
    }
}

fn place(weight: f64, row: u32) -> Place {
    u128::from(ordered_bits(weight)) << 32 | u128::from(row)
}

/// An integer that orders as the weight; both zeros are one.
fn ordered_bits(weight: f64) -> u64 {
    let bits = (weight + 0.0).to_bits(); // -0 + 0 is +0
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// The weight of a place.
fn weight_at(place: Place) -> f64 {
    let bits = (place >> 32) as u64;
    f64::from_bits(if bits >> 63 == 0 { !bits } else { bits & !(1 << 63) })
}

/// The edges of a graph, as its arcs have them.
struct Arcs<'a> {
    rows: &'a Csr,
    edge_rows: &'a [u32],
    weights: Option<&'a [f64]>,
    directed: bool,
}

impl Arcs<'_> {
    fn weight(&self, arc: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[arc])
    }

    fn place(&self, arc: usize) -> Place {
        place(self.weight(arc), self.edge_rows[arc])
    }

    /// A place that about `count` edges do not come behind, `None` if all do not.
    fn pivot(&self, count: usize) -> Option<Place> {
        let arcs = if self.directed { count } else { 2 * count };
        pivot_of(self.edge_rows.len(), arcs, |arc| self.place(arc))
    }

    /// The edges that `suits` takes by arc, of those that `may` takes by ends and arc. What `may`
    /// says can mostly not be told before, so it should not branch, and is not branched upon.
    fn edges(
        &self,
        may: impl Fn(u32, u32, usize) -> bool + Sync,
        suits: impl Fn(usize) -> bool + Sync,
        control: &Control<'_>,
    ) -> Result<Vec<Edge>, GraphError> {
        let of_block = |block: Range<usize>| {
            control.check()?;
            let mut edges = Vec::new();
            let mut found = [0; STRETCH + 1];
            for u in block.start as u32..block.end as u32 {
                let row = self.rows.range(u);
                for start in row.clone().step_by(STRETCH) {
                    let arcs = start..row.end.min(start + STRETCH);
                    let mut count = 0;
                    for (arc, &v) in arcs.clone().zip(&self.rows.targets()[arcs]) {
                        found[count] = arc;
                        count += usize::from(may(u, v, arc));
                    }
                    let found = found[..count].iter().filter(|&&arc| suits(arc));
                    edges.extend(found.map(|&arc| Edge {
                        weight: self.weight(arc),
                        row: self.edge_rows[arc],
                        src: u,
                        dst: self.rows.targets()[arc],
                    }));
                }
            }
            Ok(edges)
        };
        let blocks = row_blocks(self.rows.offsets()).into_par_iter().map(of_block);
        Ok(blocks.collect::<Result<Vec<_>, GraphError>>()?.concat())
    }

    /// The other end of an edge, `u` itself at its second meeting: an undirected one is met from
    /// both ends, and counts at the smaller.
    fn other_end(&self, u: u32, v: u32) -> u32 {
        if self.directed { v } else { u.max(v) }
    }
}

/// About the place that `count` of `len` come before, `None` if there are not so many.
fn pivot_of(len: usize, count: usize, place: impl Fn(usize) -> Place) -> Option<Place> {
    if len <= count {
        return None;
    }
    let mut sample: Vec<Place> = (0..SAMPLE).map(|i| place((i * len + len / 2) / SAMPLE)).collect();
    let at = (count as f64 / len as f64 * SAMPLE as f64) as usize;
    Some(*sample.select_nth_unstable(at.min(SAMPLE - 1)).1)
}

/// The trees so far, as sets of vertices. Invariant: `parent[v] <= v`.
struct Forest {
    parent: Vec<u32>,
    edges: Vec<Edge>,
    num_trees: usize,
}

impl Forest {
    fn new(num_vertices: usize) -> Self {
        let parent = (0..num_vertices as u32).collect();
        Self { parent, edges: Vec::with_capacity(num_vertices), num_trees: num_vertices }
    }

    /// The smallest vertex of a tree; shortens the path to it.
    fn root(&mut self, mut v: u32) -> u32 {
        while self.parent[v as usize] != v {
            let above = self.parent[self.parent[v as usize] as usize];
            self.parent[v as usize] = above;
            v = above;
        }
        v
    }

    /// Adds those edges that join two trees, in order.
    fn join(&mut self, edges: &[Edge], control: &Control<'_>) -> Result<(), GraphError> {
        control.check()?;
        // Numbers are quicker to sort than edges; there are fewer than 2³² of these.
        let number = |(i, edge): (usize, &Edge)| edge.place() << 32 | i as u128;
        let numbers = edges.par_iter().enumerate().with_min_len(LEAST).map(number);
        let mut order: Vec<u128> = numbers.collect();
        order.par_sort_unstable();
        let edge_of = |number: &u128| (*number as u32) as usize;
        let mut meter = Meter::new(control)?;
        for (i, number) in order.iter().enumerate() {
            if let Some(later) = order.get(i + 3 * AHEAD) {
                prefetch(edges, edge_of(later));
            }
            if let Some(later) = order.get(i + 2 * AHEAD) {
                let Edge { src, dst, .. } = edges[edge_of(later)];
                prefetch(&self.parent, src as usize);
                prefetch(&self.parent, dst as usize);
            }
            if let Some(soon) = order.get(i + AHEAD) {
                let Edge { src, dst, .. } = edges[edge_of(soon)];
                prefetch(&self.parent, self.parent[src as usize] as usize);
                prefetch(&self.parent, self.parent[dst as usize] as usize);
            }
            let edge = edges[edge_of(number)];
            meter.spend(0)?;
            let (u, v) = (self.root(edge.src), self.root(edge.dst));
            if u != v {
                self.parent[u.max(v) as usize] = u.min(v);
                self.edges.push(edge);
                self.num_trees -= 1;
            }
        }
        Ok(())
    }

    /// Makes every parent a root.
    fn flatten(&mut self) {
        for v in 0..self.parent.len() {
            self.parent[v] = self.parent[self.parent[v] as usize]; // ascending: parents are roots
        }
    }

    /// Whether two vertices are in different trees, after [`flatten`](Self::flatten).
    fn joins(&self, u: u32, v: u32) -> bool {
        self.parent[u as usize] != self.parent[v as usize]
    }
}
