//! How important a vertex is.

use super::columns::{floats, vertices};
use super::{Answer, Vectors};
use crate::algo::{
    self, BetweennessConfig, ClosenessConfig, HarmonicConfig, HitsConfig, PageRankConfig,
    PageRankVectors,
};
use crate::{Control, Graph, GraphError};

pub(super) fn pagerank(
    graph: &Graph,
    config: &PageRankConfig,
    vectors: &mut Vectors<'_>,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let n = graph.num_vertices();
    let personalization = vectors.take_shares("personalization", n)?;
    let dangling = vectors.take_shares("dangling", n)?;
    let nstart = vectors.take_shares("nstart", n)?;
    vectors.finish()?;
    let given = PageRankVectors {
        personalization: personalization.as_deref(),
        dangling: dangling.as_deref(),
        nstart: nstart.as_deref(),
    };
    let found = algo::pagerank(graph, config, &given, control)?;
    Ok(Answer::default()
        .column("rank", floats(found.rank))
        .fact("iterations", found.iterations)
        .fact("converged", found.converged)
        .fact("error_bound", found.error_bound))
}

pub(super) fn hits(
    graph: &Graph,
    config: &HitsConfig,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let found = algo::hits(graph, config, control)?;
    Ok(Answer::default()
        .column("hub", floats(found.hub))
        .column("authority", floats(found.authority))
        .fact("iterations", found.iterations)
        .fact("converged", found.converged))
}

pub(super) fn betweenness(
    graph: &Graph,
    config: &BetweennessConfig,
    vectors: &mut Vectors<'_>,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let sources = vectors.take_vertices("sources");
    vectors.finish()?;
    let weighted = config.weighted && graph.is_weighted();
    let config = BetweennessConfig { weighted, ..config.clone() };
    let found = algo::betweenness(graph, &config, sources, control)?;
    let searched = found.sources.as_ref().map_or(graph.num_vertices(), Vec::len);
    Ok(Answer::default().column("betweenness", floats(found.betweenness)).fact("sources", searched))
}

pub(super) fn closeness(
    graph: &Graph,
    config: &ClosenessConfig,
    vectors: &mut Vectors<'_>,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let wanted = vectors.take_vertices("vertices");
    vectors.finish()?;
    let found = algo::closeness(graph, config, wanted, control)?;
    Ok(Answer::default()
        .column("vertex", vertices(all_or(graph, wanted)))
        .column("closeness", floats(found.closeness)))
}

pub(super) fn harmonic(
    graph: &Graph,
    config: &HarmonicConfig,
    vectors: &mut Vectors<'_>,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let wanted = vectors.take_vertices("vertices");
    vectors.finish()?;
    let found = algo::harmonic(graph, config, wanted, control)?;
    Ok(Answer::default()
        .column("vertex", vertices(all_or(graph, wanted)))
        .column("harmonic", floats(found.harmonic)))
}

fn all_or(graph: &Graph, wanted: Option<&[u32]>) -> Vec<u32> {
    wanted.map_or_else(|| (0..graph.num_vertices() as u32).collect(), <[u32]>::to_vec)
}
