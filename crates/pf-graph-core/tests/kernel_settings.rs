//! Settings as they arrive from a declaration: documented defaults, unknown keys refused.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

use pf_graph_core::Direction;
use pf_graph_core::algo::{
    BetweennessConfig, ClosenessConfig, DfsConfig, DfsEdgesConfig, HarmonicConfig, HitsConfig,
    LabelPropagationConfig, LouvainConfig, SpanningForestConfig,
};
use serde::Deserialize;
use serde::de::value::{Error, MapDeserializer};

fn empty<'de, T: Deserialize<'de>>() -> T {
    T::deserialize(MapDeserializer::<_, Error>::new(std::iter::empty::<(&str, &str)>())).unwrap()
}

fn refuses<'de, T: Deserialize<'de> + std::fmt::Debug>(key: &'de str) -> bool {
    let one = MapDeserializer::<_, Error>::new(std::iter::once((key, 1.0)));
    T::deserialize(one).unwrap_err().to_string().contains("unknown field")
}

#[test]
fn defaults_are_the_constants() {
    let config: BetweennessConfig = empty();
    assert_eq!(config, BetweennessConfig::default());
    assert_eq!((config.k, config.seed, config.normalized), (None, 0, true));
    assert_eq!((config.endpoints, config.weighted), (false, false));
    let config: ClosenessConfig = empty();
    assert_eq!(config, ClosenessConfig::default());
    assert_eq!((config.direction, config.wf_improved), (Direction::In, true));
    let config: HarmonicConfig = empty();
    assert_eq!(config.direction, HarmonicConfig::DEFAULT_DIRECTION);
    let config: LouvainConfig = empty();
    assert_eq!(config, LouvainConfig::default());
    assert_eq!(config.seed, LouvainConfig::DEFAULT_SEED);
    assert_eq!((config.max_level, config.weighted), (None, true));
    assert_eq!(format!("{} {:e}", config.resolution, config.threshold), "1 1e-7");
    let config: LabelPropagationConfig = empty();
    assert_eq!((config.max_iter, LabelPropagationConfig::default().max_iter), (10, 10));
    let config: HitsConfig = empty();
    assert_eq!(config, HitsConfig::default());
    assert_eq!(
        (config.max_iter, config.weighted, format!("{:e}", config.tol)),
        (100, true, "1e-8".into())
    );
    let config: DfsConfig = empty();
    assert_eq!(config.max_depth, DfsConfig::DEFAULT_MAX_DEPTH);
    assert_eq!(config.direction, DfsConfig::DEFAULT_DIRECTION);
    assert_eq!(config.sort_neighbors, DfsConfig::DEFAULT_SORT_NEIGHBORS);
    let config: DfsEdgesConfig = empty();
    assert_eq!(config.sort_neighbors, DfsEdgesConfig::DEFAULT_SORT_NEIGHBORS);
    let config: SpanningForestConfig = empty();
    assert_eq!(config, SpanningForestConfig::default());
    assert_eq!(config.weighted, SpanningForestConfig::DEFAULT_WEIGHTED);
}

#[test]
fn unknown_keys_are_refused() {
    assert!(refuses::<BetweennessConfig>("normalised"));
    assert!(refuses::<ClosenessConfig>("vertices"));
    assert!(refuses::<HarmonicConfig>("wf_improved"));
    assert!(refuses::<LouvainConfig>("gamma"));
    assert!(refuses::<LabelPropagationConfig>("tol"));
    assert!(refuses::<HitsConfig>("alpha"));
    assert!(refuses::<DfsConfig>("depth"));
    assert!(refuses::<DfsEdgesConfig>("max_depth"));
    assert!(refuses::<SpanningForestConfig>("weight"));
}
