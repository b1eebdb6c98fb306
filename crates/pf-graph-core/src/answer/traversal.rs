//! Searches, paths and orders.

use std::sync::Arc;

use arrow::array::StringArray;
use serde::Deserialize;

use super::columns::{counts, integers, lengths, times, vertices};
use super::{Answer, NoSettings, Vectors};
use crate::algo::{
    self, BfsConfig, DfsConfig, DfsEdgesConfig, MultiBfsConfig, ShortestPathConfig,
    ShortestPathMethod,
};
use crate::control::Meter;
use crate::{Control, Direction, Graph, GraphError, NO_VERTEX};

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct BfsSettings {
    max_depth: Option<u32>,
    direction: Direction,
    per_source: bool,
    /// With `per_source`: also the vertices that a source does not reach.
    include_unreached: bool,
}

pub(super) fn bfs(
    graph: &Graph,
    settings: &BfsSettings,
    vectors: &mut Vectors<'_>,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let sources = vectors.take_vertices("sources").unwrap_or_default();
    vectors.finish()?;
    let &BfsSettings { max_depth, direction, .. } = settings;
    if settings.per_source {
        return per_source(graph, settings, sources, control);
    }
    if sources.is_empty() {
        let n = graph.num_vertices();
        let distance = times(&vec![-1i64; n]);
        let predecessor = vertices(vec![NO_VERTEX; n]);
        return Ok(Answer::default()
            .column("distance", distance)
            .column("predecessor", predecessor));
    }
    let found = algo::bfs(graph, &BfsConfig { max_depth, direction }, sources, control)?;
    Ok(Answer::default()
        .column("distance", times(&found.distance))
        .column("predecessor", vertices(found.predecessor)))
}

fn per_source(
    graph: &Graph,
    settings: &BfsSettings,
    sources: &[u32],
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let &BfsSettings { max_depth, direction, .. } = settings;
    let config = MultiBfsConfig { max_depth, direction };
    let found = if sources.is_empty() {
        algo::MultiBfsResult::default()
    } else {
        algo::multi_bfs(graph, &config, sources, control)?
    };
    if !settings.include_unreached {
        return Ok(Answer::default()
            .column("source", vertices(found.source))
            .column("vertex", vertices(found.vertex))
            .column("distance", counts(&found.distance)));
    }
    let n = graph.num_vertices();
    let Some(rows) = sources.len().checked_mul(n).filter(|&rows| rows <= isize::MAX as usize / 16)
    else {
        let message = format!("{} sources times {n} vertices are too many rows", sources.len());
        return Err(GraphError::BadParameter { name: "include_unreached", message });
    };
    let mut meter = Meter::new(control)?;
    let mut distance = vec![-1i64; rows];
    let (mut block, mut last) = (0, None);
    let pairs = found.source.iter().zip(&found.vertex).zip(&found.distance);
    for ((&source, &vertex), &hops) in pairs {
        // The vertices of one source ascend, so a repeated source starts again from below.
        if last.is_some_and(|last: (u32, u32)| source != last.0 || vertex <= last.1) {
            block += 1;
        }
        last = Some((source, vertex));
        meter.spend(0)?;
        distance[block * n + vertex as usize] = i64::from(hops);
    }
    let source = sources.iter().flat_map(|&source| std::iter::repeat_n(source, n)).collect();
    let vertex = sources.iter().flat_map(|_| 0..n as u32).collect();
    Ok(Answer::default()
        .column("source", vertices(source))
        .column("vertex", vertices(vertex))
        .column("distance", times(&distance)))
}

pub(super) fn dfs(
    graph: &Graph,
    config: &DfsConfig,
    vectors: &mut Vectors<'_>,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let source = root(vectors)?;
    let found = algo::dfs(graph, config, source, control)?;
    Ok(Answer::default()
        .column("discover", times(&found.discover))
        .column("finish", times(&found.finish))
        .column("predecessor", vertices(found.predecessor))
        .column("root", vertices(found.root)))
}

pub(super) fn dfs_edges(
    graph: &Graph,
    config: &DfsEdgesConfig,
    vectors: &mut Vectors<'_>,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let source = root(vectors)?;
    let found = algo::dfs_edges(graph, config, source, control)?;
    let classes = found.edge_class.iter().map(|class| class.name());
    Ok(Answer::default()
        .column("src", vertices(found.src))
        .column("dst", vertices(found.dst))
        .column("edge_class", Arc::new(StringArray::from_iter_values(classes))))
}

/// The one vertex to start from, or none.
fn root(vectors: &mut Vectors<'_>) -> Result<Option<u32>, GraphError> {
    let sources = vectors.take_vertices("sources");
    vectors.finish()?;
    match sources {
        None => Ok(None),
        Some(&[source]) => Ok(Some(source)),
        Some(sources) => Err(one_vertex("sources", sources)),
    }
}

fn one_vertex(name: &'static str, given: &[u32]) -> GraphError {
    let message = format!("needs one vertex, not {}", given.len());
    GraphError::BadParameter { name, message }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PathSettings {
    weighted: bool,
    method: ShortestPathMethod,
    delta: Option<f64>,
    cutoff: Option<f64>,
    predecessors: bool,
}

impl Default for PathSettings {
    fn default() -> Self {
        Self {
            weighted: true,
            method: ShortestPathConfig::DEFAULT_METHOD,
            delta: ShortestPathConfig::DEFAULT_DELTA,
            cutoff: ShortestPathConfig::DEFAULT_CUTOFF,
            predecessors: ShortestPathConfig::DEFAULT_PREDECESSORS,
        }
    }
}

pub(super) fn shortest_paths(
    graph: &Graph,
    settings: &PathSettings,
    vectors: &mut Vectors<'_>,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let source = match vectors.take_vertices("source") {
        Some(&[source]) => source,
        other => return Err(one_vertex("source", other.unwrap_or_default())),
    };
    vectors.finish()?;
    let by_hops = !(settings.weighted && graph.is_weighted());
    let config = ShortestPathConfig {
        method: if by_hops { ShortestPathMethod::Bfs } else { settings.method },
        cutoff: settings.cutoff,
        delta: settings.delta,
        predecessors: settings.predecessors,
    };
    let found = algo::shortest_paths(graph, &config, source, control)?;
    let distance = if by_hops || found.method == ShortestPathMethod::Bfs {
        let hops = |&length: &f64| if length.is_finite() { length as i64 } else { -1 };
        times(&found.distance.iter().map(hops).collect::<Vec<i64>>())
    } else {
        lengths(found.distance)
    };
    let answer = Answer::default().column("distance", distance);
    let answer = if settings.predecessors {
        answer.column("predecessor", vertices(found.predecessor))
    } else {
        answer
    };
    Ok(answer.fact("method", method_name(found.method)))
}

fn method_name(method: ShortestPathMethod) -> &'static str {
    match method {
        ShortestPathMethod::Auto => "auto",
        ShortestPathMethod::Bfs => "bfs",
        ShortestPathMethod::Dijkstra => "dijkstra",
        ShortestPathMethod::Delta => "delta",
        ShortestPathMethod::BellmanFord => "bellman-ford",
    }
}

pub(super) fn topological_sort(
    graph: &Graph,
    NoSettings {}: NoSettings,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let found = algo::topological_sort(graph, control)?;
    let generations = found.generation.last().map_or(0, |&last| u64::from(last) + 1);
    Ok(Answer::default()
        .column("position", integers((0..found.order.len() as i64).collect()))
        .column("vertex", vertices(found.order))
        .column("generation", counts(&found.generation))
        .fact("generations", generations))
}
