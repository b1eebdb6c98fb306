//! Vertices that the configuration names, as indices.

use pf_graph_core::{Graph, IdValue};
use serde_json::{Map, Value as Json, json};

use super::cancelled;
use crate::error::{AtKey, EngineError, KeyedError};

/// Lists of vertices, and numbers for all of them, by the names the kernels know.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub indices: Vec<(&'static str, Vec<u32>)>,
    pub shares: Vec<(&'static str, Vec<f64>)>,
}

/// Takes the keys that name vertices out of a step's own ones.
pub(super) fn named(graph: &Graph, own: &mut Map<String, Json>) -> Result<Named, KeyedError> {
    let mut named = Named::default();
    if let Some(Json::Array(sources)) = own.remove("sources") {
        let found = sources.iter().enumerate();
        let found = found.map(|(i, id)| find(graph, id).at(format!("sources.{i}")));
        named.indices.push(("sources", found.collect::<Result<_, KeyedError>>()?));
    }
    if let Some(source) = own.remove("source").filter(|source| !source.is_null()) {
        // A path has a source; a search in depth has a list of at most one.
        let name = if own.contains_key("method") { "source" } else { "sources" };
        named.indices.push((name, vec![find(graph, &source).at("source")?]));
    }
    for name in ["personalization", "dangling", "nstart"] {
        let Some(Json::Object(weights)) = own.remove(name) else { continue };
        let mut shares = vec![0.0; graph.num_vertices()];
        let mut any = false;
        for (id, weight) in &weights {
            let key = format!("{name}.{id}");
            let vertex = find_text(graph, id).at(key.as_str())?;
            let weight = weight.as_f64().ok_or_else(|| EngineError::Config {
                message: format!("the weight of {id} is no number"),
            });
            let weight = weight.at(key.as_str())?;
            any |= weight != 0.0;
            if let Some(share) = shares.get_mut(vertex as usize) {
                *share += weight;
            }
        }
        if !any {
            let message = format!("{name}: weights add up to 0; at least one must be above 0");
            return Err(EngineError::Config { message }).at(name);
        }
        named.shares.push((name, shares));
    }
    Ok(named)
}

/// The end of a path.
pub(super) fn target(graph: &Graph, id: &Json) -> Result<u32, KeyedError> {
    find(graph, id).at("target")
}

/// The vertex that a value of the workflow file names.
fn find(graph: &Graph, id: &Json) -> Result<u32, EngineError> {
    let value = match id {
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => IdValue::Int(int),
            (None, Some(int)) => IdValue::UInt(int),
            _ => return Err(EngineError::Config { message: format!("{id} is no vertex id") }),
        },
        Json::String(text) => IdValue::Str(text.clone()),
        Json::Bool(flag) => IdValue::Bool(*flag),
        other => return Err(EngineError::Config { message: format!("{other} is no vertex id") }),
    };
    graph.find(&value).map_err(cancelled)
}

/// The vertex of a mapping's key, which is text even where ids are numbers.
fn find_text(graph: &Graph, id: &str) -> Result<u32, EngineError> {
    let numeric = graph.ids().data_type().is_integer();
    match id.parse::<i64>() {
        Ok(number) if numeric => find(graph, &json!(number)),
        _ => find(graph, &json!(id)),
    }
}
