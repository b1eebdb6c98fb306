//! Betweenness: how many of the shortest paths between others lead over a vertex.
//!
//! One search per source, sources in parallel. Sources belong to slots by their number, each slot
//! adds its sources in order and slots are added in order: the bits do not depend on the number of
//! threads. O(n m), or O(k m) for k sampled sources; O(n (m + n log n)) with weights. Memory: 8
//! bytes per vertex and slot, 28 (32 with weights) per vertex and thread.
//!
//! Definitions, scaling and the treatment of samples and endpoints are those of networkx from 3.6
//! on: parallel edges are one way (the lightest), sampled sources scale differently from other
//! vertices unless endpoints count. With weights, edges of weight `inf` are unusable and weights of
//! 0 are refused, because the number of shortest paths is then not defined; distances are equal if
//! their floating-point sums are.
//! Sources: see `brandes.rs`; Brandes, Pich, "Centrality estimation in large networks", Int. J.
//! Bifurcation and Chaos 17(7), 2007, for samples.

use rayon::prelude::*;
use serde::Deserialize;

use super::brandes::{Search, Searched};
use super::path_count::Wide;
use crate::control::{CHUNK, Meter};
use crate::random::Random;
use crate::simple::{SimpleRows, arcs_once};
use crate::{Control, Graph, GraphError};

/// Slots of sources, fewer for very large graphs.
const SLOTS: usize = 16;
/// Sums of all slots are at most about this many.
const MAX_SUMS: usize = 1 << 27;

/// Settings of [`betweenness`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)] // defaults: `BetweennessConfig::DEFAULT_*`
pub struct BetweennessConfig {
    /// Number of sources drawn at random, 1 to n; `None` takes every vertex.
    pub k: Option<u32>,
    /// Seed of the draw.
    pub seed: u64,
    /// Whether to divide by the number of pairs.
    pub normalized: bool,
    /// Whether paths count at their ends too.
    pub endpoints: bool,
    /// Whether the weights of the graph are lengths; otherwise edges have length 1.
    pub weighted: bool,
}

impl BetweennessConfig {
    /// Exact.
    pub const DEFAULT_K: Option<u32> = None;
    /// Any number is as good.
    pub const DEFAULT_SEED: u64 = 0;
    /// Values between 0 and 1.
    pub const DEFAULT_NORMALIZED: bool = true;
    /// Inner vertices only.
    pub const DEFAULT_ENDPOINTS: bool = false;
    /// Hops.
    pub const DEFAULT_WEIGHTED: bool = false;
}

impl Default for BetweennessConfig {
    fn default() -> Self {
        Self {
            k: Self::DEFAULT_K,
            seed: Self::DEFAULT_SEED,
            normalized: Self::DEFAULT_NORMALIZED,
            endpoints: Self::DEFAULT_ENDPOINTS,
            weighted: Self::DEFAULT_WEIGHTED,
        }
    }
}

/// Answer of [`betweenness`].
#[derive(Debug, Clone, PartialEq)]
pub struct BetweennessResult {
    /// Betweenness of each vertex. NaN where a sample says nothing: at the only source.
    pub betweenness: Vec<f64>,
    /// The sampled sources in the order in which they were searched; `None` if every vertex was.
    pub sources: Option<Vec<u32>>,
}

/// Finds the betweenness of every vertex.
///
/// `sources`, if given, is the sample to use instead of one drawn by `config.k` and `config.seed`.
pub fn betweenness(
    graph: &Graph,
    config: &BetweennessConfig,
    sources: Option<&[u32]>,
    control: &Control<'_>,
) -> Result<BetweennessResult, GraphError> {
    let n = graph.num_vertices();
    let sources = choose_sources(graph, config, sources)?;
    if config.weighted {
        graph.refuse_negative("betweenness", "")?;
    }
    let rows = arcs_once(graph.out(), config.weighted, control)?;
    if let Some(arc) = rows.values.iter().position(|&weight| weight <= 0.0) {
        let tail = rows.offsets.partition_point(|&offset| offset <= arc as u64) - 1;
        let (tail, head) = (graph.label(tail as u32), graph.label(rows.targets[arc]));
        let message = format!("edge {tail}->{head} has weight 0; betweenness needs weights > 0");
        return Err(GraphError::BadParameter { name: "weight", message });
    }
    let mut betweenness = match &sources {
        None => add_up(&rows, n, |i| i as u32, config.endpoints, control)?,
        Some(sources) => add_up(&rows, sources.len(), |i| sources[i], config.endpoints, control)?,
    };
    rescale(&mut betweenness, config, sources.as_deref(), graph.is_directed());
    control.progress(1.0)?;
    Ok(BetweennessResult { betweenness, sources })
}

/// The sample; `None` if it is all vertices.
fn choose_sources(
    graph: &Graph,
    config: &BetweennessConfig,
    sources: Option<&[u32]>,
) -> Result<Option<Vec<u32>>, GraphError> {
    let n = graph.num_vertices();
    let bad = |name, message: String| Err(GraphError::BadParameter { name, message });
    let Some(sources) = sources else {
        let Some(k) = config.k else { return Ok(None) };
        if k == 0 || k as usize > n {
            return bad("k", format!("{k} is not between 1 and the {n} vertices"));
        }
        let is_all = k as usize == n;
        return Ok((!is_all).then(|| Random::new(config.seed).sample(n as u32, k)));
    };
    if config.k.is_some() {
        return bad("k", "sources are given".into());
    }
    if sources.is_empty() {
        return bad("sources", "needs at least one vertex".into());
    }
    let mut is_source = vec![false; n];
    for &source in sources {
        graph.check_vertex("sources", source)?;
        if std::mem::replace(&mut is_source[source as usize], true) {
            return bad("sources", format!("vertex {} is repeated", graph.label(source)));
        }
    }
    Ok((sources.len() < n).then(|| sources.to_vec()))
}

/// Dependencies of `count` sources on every vertex.
fn add_up(
    rows: &SimpleRows<f64>,
    count: usize,
    source: impl Fn(usize) -> u32 + Sync,
    endpoints: bool,
    control: &Control<'_>,
) -> Result<Vec<f64>, GraphError> {
    let n = rows.num_vertices();
    let slots = (MAX_SUMS / n.max(1)).clamp(2, SLOTS).min(count);
    let done = std::sync::atomic::AtomicUsize::new(0);
    let slot_sums = |slot: usize| {
        let mut sums = vec![0.0; n];
        let mut search = Search::<f64>::new(rows);
        let mut wide_search: Option<Search<Wide>> = None;
        let mut meter = Meter::new(control)?;
        for i in (slot..count).step_by(slots) {
            let run = search.run(rows, source(i), endpoints, &mut sums, &mut meter)?;
            if matches!(run, Searched::TooManyPaths) {
                let search = wide_search.get_or_insert_with(|| Search::new(rows));
                search.run(rows, source(i), endpoints, &mut sums, &mut meter)?;
            }
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            control.progress(done as f64 / count as f64)?;
        }
        Ok(sums)
    };
    // Small graphs are done before a second thread wakes up.
    let arcs = count * (n + rows.targets.len());
    let at_once = if arcs < CHUNK { slots } else { 1 };
    let sums: Vec<Vec<f64>> = (0..slots)
        .into_par_iter()
        .with_min_len(at_once)
        .with_max_len(at_once)
        .map(slot_sums)
        .collect::<Result<_, GraphError>>()?;
    let mut sums = sums.into_iter();
    let mut total = sums.next().unwrap_or_else(|| vec![0.0; n]);
    for slot in sums {
        total.iter_mut().zip(slot).for_each(|(total, sum)| *total += sum);
    }
    Ok(total)
}

/// Divides by the number of pairs, or undoes what sampling and direction left out.
fn rescale(
    betweenness: &mut [f64],
    config: &BetweennessConfig,
    sources: Option<&[u32]>,
    directed: bool,
) {
    // The number of other ends of a path over a vertex.
    let others = betweenness.len() as f64 - if config.endpoints { 0.0 } else { 1.0 };
    if others < 2.0 {
        return;
    }
    let both_ways = if directed { 1.0 } else { 2.0 };
    let factor = |sources: f64| {
        if config.normalized {
            1.0 / (sources * (others - 1.0))
        } else {
            others / (sources * both_ways)
        }
    };
    let searched = sources.map_or(others, |sources| sources.len() as f64);
    let usual = factor(searched);
    let sampled = match sources {
        Some(sources) if !config.endpoints => sources,
        _ => &[],
    };
    // A source is no inner vertex of its own paths: one search less says something about it.
    let at_source = if searched > 1.0 { factor(searched - 1.0) } else { f64::NAN };
    let raw: Vec<f64> = sampled.iter().map(|&v| betweenness[v as usize]).collect();
    for value in betweenness.iter_mut() {
        *value *= usual;
    }
    for (&v, raw) in sampled.iter().zip(raw) {
        betweenness[v as usize] = raw * at_source;
    }
}
