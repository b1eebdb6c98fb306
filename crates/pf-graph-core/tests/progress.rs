//! Every kernel tells how far it is, ends at 1, and stops when told to on the way.

mod common;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use common::large;
use pf_graph_core::algo::{
    BfsConfig, ComponentsMode, MultiBfsConfig, PageRankConfig, PageRankVectors, ShortestPathConfig,
    ShortestPathMethod, bfs, components, multi_bfs, pagerank, shortest_paths,
};
use pf_graph_core::{BuildOptions, Control, Duplicates, Graph, GraphError};

type Call<'a> = (&'a str, Box<dyn Fn(&Control<'_>) -> Result<(), GraphError> + 'a>);

#[test]
fn shares_ascend_to_one_and_cancel_is_heard() {
    let rows = large(true);
    let n = rows.n as usize;
    let build = |options: &BuildOptions, control: &Control<'_>| {
        Graph::from_arrays(&rows.src, &rows.dst, rows.weight.as_deref(), n, options, control)
    };
    let graph = build(&BuildOptions::default(), &common::GO).unwrap();
    let sources: Vec<u32> = (0..500).collect();
    let paths = |method, control: &Control<'_>| {
        let config = ShortestPathConfig { method, ..Default::default() };
        shortest_paths(&graph, &config, 0, control).map(drop)
    };
    let sum = BuildOptions { duplicates: Duplicates::Sum, ..BuildOptions::default() };
    let calls: [Call<'_>; 10] = [
        ("build", Box::new(|c| build(&BuildOptions::default(), c).map(drop))),
        ("merge", Box::new(|c| build(&sum, c).map(drop))),
        ("bfs", Box::new(|c| bfs(&graph, &BfsConfig::default(), &[0], c).map(drop))),
        (
            "multi_bfs",
            Box::new(|c| multi_bfs(&graph, &MultiBfsConfig::default(), &sources, c).map(drop)),
        ),
        ("weak", Box::new(|c| components(&graph, ComponentsMode::Weak, c).map(drop))),
        ("strong", Box::new(|c| components(&graph, ComponentsMode::Strong, c).map(drop))),
        (
            "pagerank",
            Box::new(|c| {
                let vectors = PageRankVectors::default();
                pagerank(&graph, &PageRankConfig::default(), &vectors, c).map(drop)
            }),
        ),
        ("dijkstra", Box::new(|c| paths(ShortestPathMethod::Dijkstra, c))),
        ("delta", Box::new(|c| paths(ShortestPathMethod::Delta, c))),
        ("bellman-ford", Box::new(|c| paths(ShortestPathMethod::BellmanFord, c))),
    ];
    for (name, call) in calls {
        let never = AtomicBool::new(false);
        let heard = Mutex::new(Vec::new());
        let listen = |share: f64| heard.lock().unwrap().push(share);
        assert_eq!(call(&Control::new(&never).reporting(&listen)), Ok(()), "{name}");
        let heard = heard.into_inner().unwrap();
        assert!(heard.windows(2).all(|pair| pair[0] < pair[1]), "{name}: {heard:?}");
        assert_eq!(heard.last(), Some(&1.0), "{name}");
        assert!(heard[0] > 0.0, "{name}");
        if name == "bellman-ford" {
            continue; // nobody knows how many rounds there are
        }
        assert!(heard.len() > 1, "{name}: {heard:?}");

        let stop = AtomicBool::new(false);
        let set = |share: f64| stop.store(share < 1.0, Ordering::Relaxed);
        let stopped = call(&Control::new(&stop).reporting(&set));
        assert_eq!(stopped, Err(GraphError::Cancelled), "{name}");
    }
}
