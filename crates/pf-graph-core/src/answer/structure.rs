//! How a graph hangs together.

use serde::Deserialize;

use super::columns::{counts, floats, integers, vertices};
use super::{Answer, NoSettings};
use crate::algo::{self, ComponentsMode, SpanningForestConfig};
use crate::{Control, Graph, GraphError};

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ComponentsSettings {
    mode: ComponentsMode,
}

pub(super) fn connected_components(
    graph: &Graph,
    settings: &ComponentsSettings,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let found = algo::components(graph, settings.mode, control)?;
    Ok(Answer::default()
        .column("component_id", counts(&found.component))
        .fact("components", found.count))
}

pub(super) fn core_number(
    graph: &Graph,
    NoSettings {}: NoSettings,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let found = algo::core_number(graph, control)?;
    Ok(Answer::default()
        .column("core_number", counts(&found.core_number))
        .fact("max_core", found.degeneracy))
}

pub(super) fn triangles(
    graph: &Graph,
    NoSettings {}: NoSettings,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let found = algo::triangles(graph, control)?;
    let at_vertices = found.triangles.iter().map(|&count| count as i64).collect();
    Ok(Answer::default().column("triangles", integers(at_vertices)).fact("triangles", found.total))
}

pub(super) fn triangle_count(
    graph: &Graph,
    NoSettings {}: NoSettings,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    Ok(Answer::default().fact("triangles", algo::triangle_count(graph, control)?))
}

pub(super) fn transitivity(
    graph: &Graph,
    NoSettings {}: NoSettings,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    Ok(Answer::default().fact("transitivity", algo::transitivity(graph, control)?))
}

pub(super) fn clustering(
    graph: &Graph,
    NoSettings {}: NoSettings,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let found = algo::clustering(graph, control)?;
    Ok(Answer::default().column("clustering", floats(found.clustering)))
}

pub(super) fn minimum_spanning_forest(
    graph: &Graph,
    settings: &SpanningForestConfig,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let found = algo::minimum_spanning_forest(graph, settings, control)?;
    let edge_ids = found.edge_id.into_iter().map(i64::from).collect();
    Ok(Answer::default()
        .column("src", vertices(found.src))
        .column("dst", vertices(found.dst))
        .column("weight", floats(found.weight))
        .column("edge_id", integers(edge_ids))
        .fact("trees", found.num_trees)
        .fact("total_weight", found.total_weight))
}
