//! Settings as they arrive from a declaration: documented defaults, unknown keys refused.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]
#![expect(clippy::float_cmp, reason = "settings are read, not computed")]

use pf_graph_core::algo::{
    BfsConfig, ComponentsMode, PageRankConfig, ShortestPathConfig, ShortestPathMethod,
};
use pf_graph_core::{BuildOptions, Direction, Duplicates, IdOrder, LoopDegree, Nulls, SelfLoops};
use serde::Deserialize;
use serde::de::value::{Error, MapDeserializer, StrDeserializer};

fn empty<'de, T: Deserialize<'de>>() -> T {
    let none = std::iter::empty::<(&str, &str)>();
    T::deserialize(MapDeserializer::<_, Error>::new(none)).unwrap()
}

fn one<'de, T: Deserialize<'de>>(key: &'de str, value: f64) -> Result<T, Error> {
    T::deserialize(MapDeserializer::new(std::iter::once((key, value))))
}

fn word<'de, T: Deserialize<'de>>(word: &'de str) -> Result<T, Error> {
    T::deserialize(StrDeserializer::new(word))
}

#[test]
fn defaults_are_the_constants() {
    let config: PageRankConfig = empty();
    assert_eq!(config, PageRankConfig::default());
    assert_eq!((config.alpha, config.tol, config.max_iter), (0.85, 1e-6, 100));
    let config: BfsConfig = empty();
    assert_eq!(config.max_depth, BfsConfig::DEFAULT_MAX_DEPTH);
    let config: ShortestPathConfig = empty();
    assert_eq!(config.method, ShortestPathConfig::DEFAULT_METHOD);
    assert_eq!(config.cutoff, ShortestPathConfig::DEFAULT_CUTOFF);
    let options: BuildOptions = empty();
    assert_eq!((options.directed, options.id_order), (true, IdOrder::Appearance));
}

#[test]
fn keys_are_read_and_unknown_ones_refused() {
    assert_eq!(one::<PageRankConfig>("alpha", 0.5).unwrap().alpha, 0.5);
    let error = one::<PageRankConfig>("alfa", 0.5).unwrap_err().to_string();
    assert!(error.contains("unknown field `alfa`"), "{error}");
    assert!(one::<BfsConfig>("depth", 1.0).is_err());
    assert!(one::<ShortestPathConfig>("target", 1.0).is_err());
    assert!(one::<BuildOptions>("ids", 1.0).is_err());
}

#[test]
fn words_are_those_of_the_documentation() {
    for (text, method) in [
        ("auto", ShortestPathMethod::Auto),
        ("bfs", ShortestPathMethod::Bfs),
        ("dijkstra", ShortestPathMethod::Dijkstra),
        ("delta", ShortestPathMethod::Delta),
        ("bellman-ford", ShortestPathMethod::BellmanFord),
    ] {
        assert_eq!(word(text), Ok(method));
    }
    assert_eq!(word("weak"), Ok(ComponentsMode::Weak));
    assert_eq!(word("strong"), Ok(ComponentsMode::Strong));
    assert_eq!(word("appearance"), Ok(IdOrder::Appearance));
    assert_eq!(word("sorted"), Ok(IdOrder::Sorted));
    assert_eq!(word("both"), Ok(Direction::Both));
    assert_eq!(word("sum"), Ok(Duplicates::Sum));
    assert_eq!(word("drop"), Ok(SelfLoops::Drop));
    assert_eq!(word("drop"), Ok(Nulls::Drop));
    assert_eq!(word("twice"), Ok(LoopDegree::Twice));
    assert!(word::<ShortestPathMethod>("astar").is_err());
}
