//! Groups of vertices.

use super::Answer;
use super::columns::integers;
use crate::algo::{self, LabelPropagationConfig, LouvainConfig};
use crate::{Control, Graph, GraphError};

pub(super) fn louvain(
    graph: &Graph,
    config: &LouvainConfig,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let found = algo::louvain(graph, config, control)?;
    Ok(Answer::default()
        .column("community_id", integers(found.community))
        .fact("modularity", found.modularity)
        .fact("levels", found.levels)
        .fact("communities", found.count))
}

pub(super) fn label_propagation(
    graph: &Graph,
    config: &LabelPropagationConfig,
    control: &Control<'_>,
) -> Result<Answer, GraphError> {
    let found = algo::label_propagation(graph, config, control)?;
    Ok(Answer::default()
        .column("community_id", integers(found.community))
        .fact("iterations", found.iterations)
        .fact("converged", found.converged)
        .fact("communities", found.count))
}
