//! Louvain communities: vertices move to the neighbouring community that raises modularity most,
//! communities become the vertices of a smaller graph, and so on until nothing is gained.
//!
//! Sequential. Vertices are visited in a seeded random order from a queue; after a move only the
//! neighbours left outside are visited again. Of equally good communities the one with the smallest
//! number is taken. O(m) per round of visits; 40 bytes per vertex, and 12 per arc of the smaller
//! graphs.
//!
//! Modularity of a partition, with resolution γ: the weight within communities over the total
//! weight m, minus γ times the sum over communities of `out * in / m²` (Leicht, Newman, 2008); in
//! an undirected graph both are half the degree, where a loop counts twice (Newman, Girvan, 2004).
//! Results of other libraries differ with their random orders.
//! Source: Blondel, Guillaume, Lambiotte, Lefebvre, "Fast unfolding of communities in large
//! networks", J. Stat. Mech. P10008, 2008; queue as in Traag, Waltman, van Eck, 2019.

use std::collections::VecDeque;

use serde::Deserialize;

use super::numbering::number_by_first;
use crate::control::Meter;
use crate::random::Random;
use crate::{Control, Csr, Graph, GraphError};

/// Moves must gain more than this share of a vertex's weight: rounding must not move it in circles.
const LEAST_GAIN: f64 = 1e-11;

/// Settings of [`louvain`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `LouvainConfig::DEFAULT_*`
pub struct LouvainConfig {
    /// Above 1 favours smaller communities, below 1 larger ones; at least 0.
    pub resolution: f64,
    /// Seed of the orders of visits.
    pub seed: u64,
    /// A level that gains no more modularity than this is the last.
    pub threshold: f64,
    /// Most levels to build, at least 1; `None` for no limit.
    pub max_level: Option<u32>,
    /// Whether the weights of the graph count; otherwise every edge weighs 1.
    pub weighted: bool,
}

impl LouvainConfig {
    /// Modularity as first defined.
    pub const DEFAULT_RESOLUTION: f64 = 1.0;
    /// Any number is as good.
    pub const DEFAULT_SEED: u64 = 0;
    /// As in networkx.
    pub const DEFAULT_THRESHOLD: f64 = 1e-7;
    /// No limit.
    pub const DEFAULT_MAX_LEVEL: Option<u32> = None;
    /// The graph's weights, if it has any.
    pub const DEFAULT_WEIGHTED: bool = true;

    fn check(&self) -> Result<(), GraphError> {
        let bad = |name, message: String| Err(GraphError::BadParameter { name, message });
        if !(self.resolution >= 0.0 && self.resolution.is_finite()) {
            return bad("resolution", format!("{} is not a number >= 0", self.resolution));
        }
        if !self.threshold.is_finite() {
            return bad("threshold", format!("{} is not a finite number", self.threshold));
        }
        if self.max_level == Some(0) {
            return bad("max_level", "needs at least 1".into());
        }
        Ok(())
    }
}

impl Default for LouvainConfig {
    fn default() -> Self {
        Self {
            resolution: Self::DEFAULT_RESOLUTION,
            seed: Self::DEFAULT_SEED,
            threshold: Self::DEFAULT_THRESHOLD,
            max_level: Self::DEFAULT_MAX_LEVEL,
            weighted: Self::DEFAULT_WEIGHTED,
        }
    }
}

/// Answer of [`louvain`].
#[derive(Debug, Clone, PartialEq)]
pub struct LouvainResult {
    /// Community of each vertex, `0..count`, numbered by first vertex.
    pub community: Vec<i64>,
    /// Number of communities.
    pub count: usize,
    /// Modularity of the partition; 0 for a graph without edge weight, where it is not defined.
    pub modularity: f64,
    /// Levels built: rounds of moves that moved something.
    pub levels: u32,
}

/// Partitions the vertices into communities.
pub fn louvain(
    graph: &Graph,
    config: &LouvainConfig,
    control: &Control<'_>,
) -> Result<LouvainResult, GraphError> {
    config.check()?;
    if config.weighted {
        graph.refuse_negative("louvain", "")?;
        graph.refuse_infinite("louvain needs finite weights")?;
    }
    let n = graph.num_vertices();
    let mut level = Level::of_graph(graph, config.weighted, control)?;
    let total: f64 = level.out.iter().sum();
    if !total.is_finite() {
        let message = format!("edges add up to {total:e}, beyond floating point");
        return Err(GraphError::BadParameter { name: "weight", message });
    }
    let mut partition: Vec<u32> = (0..n as u32).collect();
    let (mut modularity, mut levels) = (0.0, 0);
    if total > 0.0 {
        let mut random = Random::new(config.seed);
        modularity = level.modularity(total, config.resolution);
        loop {
            let done = 1.0 - 1.0 / (f64::from(levels) + 1.0);
            let part = control.part(done, 1.0 - 1.0 / (f64::from(levels) + 2.0));
            let Some(moved) = move_vertices(&level, total, config.resolution, &mut random, &part)?
            else {
                break;
            };
            let (community, count) = number_by_first(&moved);
            for own in &mut partition {
                *own = community[*own as usize] as u32;
            }
            level = level.merged(&community, count, control)?;
            levels += 1;
            let before =
                std::mem::replace(&mut modularity, level.modularity(total, config.resolution));
            if modularity - before <= config.threshold || Some(levels) == config.max_level {
                break;
            }
        }
    }
    let (community, count) = number_by_first(&partition);
    control.progress(1.0)?;
    Ok(LouvainResult { community, count, modularity, levels })
}

/// A graph whose vertices are communities of the level before.
struct Level<'a> {
    rows: Rows<'a>,
    /// Weight of arcs out of each vertex; half its degree in an undirected graph.
    out: Vec<f64>,
    /// Weight of arcs in; empty if the same.
    incoming: Vec<f64>,
    /// Weight within each vertex.
    inner: Vec<f64>,
}

/// Who is joined to whom; an undirected edge stands in both rows, an arc also in that of its head.
enum Rows<'a> {
    Graph { out: &'a Csr, incoming: Option<&'a Csr>, weighted: bool },
    Merged { offsets: Vec<u64>, targets: Vec<u32>, weights: Vec<f64> },
}

impl Rows<'_> {
    /// Calls `f(other end, weight)` for the arcs of `u`, loops left out; how many there are.
    #[inline]
    fn visit(&self, u: u32, mut f: impl FnMut(u32, f64)) -> usize {
        match self {
            Self::Graph { out, incoming, weighted } => {
                let mut arcs = 0;
                for rows in std::iter::once(out).chain(incoming) {
                    arcs += rows.row(u).len();
                    if *weighted {
                        rows.weighted_row(u).filter(|arc| arc.0 != u).for_each(|(v, w)| f(v, w));
                    } else {
                        rows.row(u).iter().filter(|&&v| v != u).for_each(|&v| f(v, 1.0));
                    }
                }
                arcs
            }
            Self::Merged { offsets, targets, weights } => {
                let row = offsets[u as usize] as usize..offsets[u as usize + 1] as usize;
                let arcs = row.len();
                targets[row.clone()].iter().zip(&weights[row]).for_each(|(&v, &w)| f(v, w));
                arcs
            }
        }
    }
}

impl<'a> Level<'a> {
    fn of_graph(
        graph: &'a Graph,
        weighted: bool,
        control: &Control<'_>,
    ) -> Result<Self, GraphError> {
        let (rows, n) = (graph.out(), graph.num_vertices());
        let directed = graph.is_directed();
        let incoming = if directed { Some(graph.incoming(control)?) } else { None };
        let mut meter = Meter::new(control)?;
        let mut level = Level {
            rows: Rows::Graph { out: rows, incoming, weighted },
            out: vec![0.0; n],
            incoming: vec![0.0; if directed { n } else { 0 }],
            inner: vec![0.0; n],
        };
        for u in 0..n as u32 {
            meter.spend(rows.row(u).len())?;
            let (mut sum, mut loops) = (0.0, 0.0);
            for (v, weight) in rows.weighted_row(u) {
                let weight = if weighted { weight } else { 1.0 };
                sum += weight;
                if v == u {
                    loops += weight;
                }
                if let Some(incoming) = level.incoming.get_mut(v as usize) {
                    *incoming += weight;
                }
            }
            level.out[u as usize] = if directed { sum } else { f64::midpoint(sum, loops) };
            level.inner[u as usize] = loops;
        }
        Ok(level)
    }

    fn incoming(&self) -> &[f64] {
        if self.incoming.is_empty() { &self.out } else { &self.incoming }
    }

    /// Modularity with every vertex a community.
    fn modularity(&self, total: f64, resolution: f64) -> f64 {
        let expected = self.out.iter().zip(self.incoming()).map(|(o, i)| (o / total) * (i / total));
        let inner = self.inner.iter().map(|inner| inner / total);
        inner.zip(expected).map(|(inner, expected)| inner - resolution * expected).sum()
    }

    /// The graph of communities.
    fn merged(
        &self,
        community: &[i64],
        count: usize,
        control: &Control<'_>,
    ) -> Result<Level<'static>, GraphError> {
        let add_up = |values: &[f64]| {
            let mut sums = vec![0.0; if values.is_empty() { 0 } else { count }];
            values.iter().zip(community).for_each(|(value, &c)| sums[c as usize] += value);
            sums
        };
        let mut inner = add_up(&self.inner);
        // Members by community, ascending.
        let mut start = vec![0u32; count + 1];
        for &c in community {
            start[c as usize + 1] += 1;
        }
        for c in 0..count {
            start[c + 1] += start[c];
        }
        let mut members = vec![0u32; community.len()];
        let mut cursor = start.clone();
        for (v, &c) in community.iter().enumerate() {
            members[cursor[c as usize] as usize] = v as u32;
            cursor[c as usize] += 1;
        }

        let mut meter = Meter::new(control)?;
        let mut links = Links::new(count);
        let (mut offsets, mut targets, mut weights) = (vec![0], Vec::new(), Vec::new());
        for c in 0..count {
            for &u in &members[start[c] as usize..start[c + 1] as usize] {
                let arcs = self.rows.visit(u, |v, w| links.add(community[v as usize] as u32, w));
                meter.spend(arcs)?;
            }
            links.take(|d, weight| {
                if d as usize == c {
                    inner[c] += weight / 2.0; // every edge within was met from both ends
                } else {
                    targets.push(d);
                    weights.push(weight);
                }
            });
            offsets.push(targets.len() as u64);
        }
        let (out, incoming) = (add_up(&self.out), add_up(&self.incoming));
        Ok(Level { rows: Rows::Merged { offsets, targets, weights }, out, incoming, inner })
    }
}

/// Weights by community, with a list of those that have any.
struct Links {
    weight: Vec<f64>,
    is_listed: Vec<bool>,
    list: Vec<u32>,
}

impl Links {
    fn new(communities: usize) -> Self {
        Self {
            weight: vec![0.0; communities],
            is_listed: vec![false; communities],
            list: Vec::new(),
        }
    }

    #[inline]
    fn add(&mut self, community: u32, weight: f64) {
        self.weight[community as usize] += weight;
        if !std::mem::replace(&mut self.is_listed[community as usize], true) {
            self.list.push(community);
        }
    }

    /// Hands out all weights in the order of their first arcs and starts again from zero.
    fn take(&mut self, mut f: impl FnMut(u32, f64)) {
        for community in self.list.drain(..) {
            self.is_listed[community as usize] = false;
            f(community, std::mem::take(&mut self.weight[community as usize]));
        }
    }
}

/// Moves vertices until no single move gains; the community of each, or `None` if none moved.
fn move_vertices(
    level: &Level,
    total: f64,
    resolution: f64,
    random: &mut Random,
    control: &Control<'_>,
) -> Result<Option<Vec<u32>>, GraphError> {
    let n = level.out.len();
    let (out, incoming) = (&level.out, level.incoming());
    let mut community: Vec<u32> = (0..n as u32).collect();
    let (mut sum_out, mut sum_in) = (out.clone(), incoming.to_vec());
    let mut order = community.clone();
    random.shuffle(&mut order);
    let mut queue = VecDeque::from(order);
    let mut is_queued = vec![true; n];
    let mut links = Links::new(n);
    let mut has_moved = false;
    let mut meter = Meter::with_total(control, 4 * n, 0)?;
    while let Some(u) = queue.pop_front() {
        is_queued[u as usize] = false;
        let (own_out, own_in) = (out[u as usize], incoming[u as usize]);
        let old = community[u as usize];
        sum_out[old as usize] -= own_out;
        sum_in[old as usize] -= own_in;
        links.add(old, 0.0);
        let arcs = level.rows.visit(u, |v, weight| links.add(community[v as usize], weight));
        meter.spend(arcs)?;
        // What the vertex adds to modularity in a community, times the total weight.
        let score = |c: u32, weight: f64| {
            let (out, incoming) = (sum_out[c as usize], sum_in[c as usize]);
            weight - resolution * (own_out * (incoming / total) + own_in * (out / total))
        };
        let stay = score(old, links.weight[old as usize]);
        let least = stay + LEAST_GAIN * (own_out + own_in);
        let (mut best, mut best_score) = (old, least);
        links.take(|c, weight| {
            let score = score(c, weight);
            let is_better = score > best_score
                || (c < best && best != old && score.total_cmp(&best_score).is_eq());
            if is_better {
                (best, best_score) = (c, score);
            }
        });
        sum_out[best as usize] += own_out;
        sum_in[best as usize] += own_in;
        if best == old {
            continue;
        }
        has_moved = true;
        community[u as usize] = best;
        level.rows.visit(u, |v, _| {
            if community[v as usize] != best && !std::mem::replace(&mut is_queued[v as usize], true)
            {
                queue.push_back(v);
            }
        });
    }
    Ok(has_moved.then_some(community))
}
