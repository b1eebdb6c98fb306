//! Minimum spanning forest: a tree of least weight for every connected component.
//!
//! Filter-Kruskal: edges are split around a pivot weight, the light ones are done first, and of the
//! heavy ones only those are kept that still join two trees. Splits are stable, so edges of equal
//! weight come in row order, and the whole is Kruskal's algorithm with ties by row: the order of
//! networkx. A group of equal weights needs no sorting. O(m + n log n log(m/n)) expected, sequential
//! but for the filter; 48 bytes per edge at most.
//! Edges have no direction here; loops are never part of a tree.
//! Source: Osipov, Sanders, Singler, "The filter-Kruskal minimum spanning tree algorithm", ALENEX
//! 2009.

use rayon::prelude::*;
use serde::Deserialize;

use crate::control::{CHUNK, Meter};
use crate::{Control, Graph, GraphError, NO_VERTEX};

/// Groups up to this size are sorted.
const SORTED: usize = 1 << 12;
/// Splits after which a group is sorted whatever its size: pivots have failed.
const MAX_SPLITS: u32 = 48;
/// Weights looked at to choose a pivot.
const SAMPLE: usize = 63;

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
    let columns = Columns::of(graph, config.weighted, control)?;
    let candidates: Vec<Candidate> = columns.candidates();
    let total = candidates.len().max(1) as f64;
    let mut left = candidates.len();
    let mut forest = Forest::new(graph.num_vertices(), &columns);
    let mut groups = vec![Group { edges: candidates, splits: 0, is_even: false, forest_edges: 0 }];
    while let Some(mut group) = groups.pop() {
        control.progress(1.0 - left as f64 / total)?;
        if forest.num_trees <= 1 {
            break;
        }
        let before = group.edges.len();
        if !group.is_even && forest.edges.len() > group.forest_edges {
            forest.filter(&mut group.edges, control)?;
        }
        left -= before - group.edges.len();
        if group.is_even || group.edges.len() <= SORTED || group.splits == MAX_SPLITS {
            if !group.is_even {
                group.edges.par_sort_by_key(|edge| edge.key); // stable: ties stay in row order
            }
            forest.join(&group.edges, control)?;
            left -= group.edges.len();
            continue;
        }
        let [less, equal, more] = split(&group.edges, control)?;
        let (splits, forest_edges) = (group.splits + 1, forest.edges.len());
        for (edges, is_even) in [(more, false), (equal, true), (less, false)] {
            groups.push(Group { edges, splits, is_even, forest_edges });
        }
    }
    let (edge_id, num_trees) = (forest.edges, forest.num_trees);
    let pick = |column: &[u32]| edge_id.iter().map(|&row| column[row as usize]).collect();
    let (src, dst) = (pick(&columns.src), pick(&columns.dst));
    let weight: Vec<f64> = edge_id.iter().map(|&row| columns.weight(row)).collect();
    let total_weight = weight.iter().sum();
    control.progress(1.0)?;
    Ok(SpanningForestResult { edge_id, src, dst, weight, total_weight, num_trees })
}

/// The edge table by rows, found again from the arcs.
struct Columns {
    /// [`NO_VERTEX`] for loops, and for rows that are not in the graph.
    src: Vec<u32>,
    dst: Vec<u32>,
    weight: Option<Vec<f64>>,
}

impl Columns {
    fn of(graph: &Graph, weighted: bool, control: &Control<'_>) -> Result<Self, GraphError> {
        let Some(edge_rows) = graph.edge_rows() else {
            let message = "minimum_spanning_forest needs a graph built with edge_rows".into();
            return Err(GraphError::BadParameter { name: "edge_rows", message });
        };
        let out = graph.out();
        let rows = edge_rows.par_iter().max().map_or(0, |&row| row as usize + 1);
        let (mut src, mut dst) = (vec![NO_VERTEX; rows], vec![0; rows]);
        let mut weight = (weighted && graph.is_weighted()).then(|| vec![0.0; rows]);
        let mut meter = Meter::new(control)?;
        for u in 0..graph.num_vertices() as u32 {
            let range = out.range(u);
            meter.spend(range.len())?;
            for arc in range {
                let v = out.targets()[arc];
                // An undirected edge is met from both ends.
                if u == v || (!graph.is_directed() && u > v) {
                    continue;
                }
                let row = edge_rows[arc] as usize;
                (src[row], dst[row]) = (u, v);
                if let (Some(to), Some(from)) = (&mut weight, out.weights()) {
                    to[row] = from[arc];
                }
            }
        }
        Ok(Self { src, dst, weight })
    }

    fn weight(&self, row: u32) -> f64 {
        self.weight.as_ref().map_or(1.0, |weight| weight[row as usize])
    }

    /// All edges, in row order.
    fn candidates(&self) -> Vec<Candidate> {
        let rows = (0..self.src.len() as u32).filter(|&row| self.src[row as usize] != NO_VERTEX);
        rows.map(|row| Candidate { key: ordered_bits(self.weight(row)), row }).collect()
    }
}

/// An edge that may become part of the forest.
#[derive(Clone, Copy)]
struct Candidate {
    /// The weight as an integer of the same order.
    key: u64,
    row: u32,
}

/// Candidates in row order, none lighter than an edge of the forest.
struct Group {
    edges: Vec<Candidate>,
    /// Splits it comes from.
    splits: u32,
    /// Whether all weights are equal.
    is_even: bool,
    /// Edges the forest had when it was made.
    forest_edges: usize,
}

/// The trees so far, as sets of vertices. Invariant: `parent[v] <= v`.
struct Forest<'a> {
    columns: &'a Columns,
    parent: Vec<u32>,
    edges: Vec<u32>,
    num_trees: usize,
}

impl<'a> Forest<'a> {
    fn new(num_vertices: usize, columns: &'a Columns) -> Self {
        let parent = (0..num_vertices as u32).collect();
        Self { columns, parent, edges: Vec::new(), num_trees: num_vertices }
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

    fn roots(&mut self, edge: Candidate) -> (u32, u32) {
        let row = edge.row as usize;
        (self.root(self.columns.src[row]), self.root(self.columns.dst[row]))
    }

    /// Adds those edges that join two trees, in the given order.
    fn join(&mut self, edges: &[Candidate], control: &Control<'_>) -> Result<(), GraphError> {
        let mut meter = Meter::new(control)?;
        for &edge in edges {
            meter.spend(0)?;
            let (u, v) = self.roots(edge);
            if u != v {
                self.parent[u.max(v) as usize] = u.min(v);
                self.edges.push(edge.row);
                self.num_trees -= 1;
            }
        }
        Ok(())
    }

    /// Drops edges within a tree.
    fn filter(
        &mut self,
        edges: &mut Vec<Candidate>,
        control: &Control<'_>,
    ) -> Result<(), GraphError> {
        control.check()?;
        if edges.len() < self.parent.len() {
            edges.retain(|&edge| {
                let (u, v) = self.roots(edge);
                u != v
            });
            return Ok(());
        }
        for v in 0..self.parent.len() {
            self.parent[v] = self.parent[self.parent[v] as usize]; // ascending: parents are roots
        }
        let (Columns { src, dst, .. }, parent) = (self.columns, &self.parent);
        let joins = |edge: &&Candidate| {
            let row = edge.row as usize;
            parent[src[row] as usize] != parent[dst[row] as usize]
        };
        let kept = edges.par_chunks(CHUNK).map(|chunk| {
            control.check()?;
            Ok(chunk.iter().filter(joins).copied().collect())
        });
        let kept: Vec<Vec<Candidate>> = kept.collect::<Result<_, GraphError>>()?;
        *edges = kept.concat();
        Ok(())
    }
}

/// An integer that orders as the weight; both zeros are one.
fn ordered_bits(weight: f64) -> u64 {
    let bits = (weight + 0.0).to_bits(); // -0 + 0 is +0
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// Edges lighter than a pivot, as heavy, and heavier, each in row order.
fn split(edges: &[Candidate], control: &Control<'_>) -> Result<[Vec<Candidate>; 3], GraphError> {
    let mut sample: Vec<u64> =
        (0..SAMPLE).map(|i| edges[i * (edges.len() - 1) / SAMPLE].key).collect();
    sample.sort_unstable();
    let pivot = sample[SAMPLE / 2];
    let mut parts = [Vec::new(), Vec::new(), Vec::new()];
    for chunk in edges.chunks(CHUNK) {
        control.check()?;
        for &edge in chunk {
            parts[(edge.key.cmp(&pivot) as i8 + 1) as usize].push(edge);
        }
    }
    Ok(parts)
}
