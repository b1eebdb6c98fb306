//! Every graph of three vertices with loops and of four without, directed and not, through every
//! kernel and its checker.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;

use common::{GO, Rows, bits};
use pf_graph_core::algo::{
    BfsConfig, ComponentsMode, PageRankConfig, PageRankVectors, ShortestPathConfig,
    ShortestPathMethod as Method, bfs, components, pagerank, shortest_paths,
};
use pf_graph_core::verify::{
    check_bfs, check_csr, check_pagerank, check_shortest_paths, check_strong_components,
    check_transpose, check_weak_components,
};
use pf_graph_core::{BuildOptions, Graph};

fn check(rows: &Rows) -> Result<(), String> {
    let (edges, n) = (rows.edges(), rows.n as usize);
    let options = BuildOptions { directed: rows.directed, ..BuildOptions::default() };
    let weight = rows.weight.as_deref();
    let graph = Graph::from_arrays(&rows.src, &rows.dst, weight, n, &options, &GO).unwrap();
    check_csr(&edges, graph.out(), true)?;
    if rows.directed {
        check_transpose(graph.out(), graph.incoming(&GO).unwrap())?;
    }
    let weak = components(&graph, ComponentsMode::Weak, &GO).unwrap();
    check_weak_components(&edges, &weak)?;
    let strong = components(&graph, ComponentsMode::Strong, &GO).unwrap();
    check_strong_components(&edges, &strong)?;
    let (config, vectors) = (PageRankConfig::default(), PageRankVectors::default());
    let ranks = pagerank(&graph, &config, &vectors, &GO).unwrap();
    check_pagerank(&edges, &config, &vectors, &ranks)?;
    for source in 0..rows.n {
        let found = bfs(&graph, &BfsConfig::default(), &[source], &GO).unwrap();
        check_bfs(&edges, &[source], None, &found)?;
        let paths = [Method::Dijkstra, Method::Delta, Method::BellmanFord].map(|method| {
            let config = ShortestPathConfig { method, ..Default::default() };
            shortest_paths(&graph, &config, source, &GO).unwrap()
        });
        for path in &paths {
            check_shortest_paths(&edges, source, None, path)?;
            assert_eq!(bits(&path.distance), bits(&paths[0].distance));
        }
    }
    Ok(())
}

#[test]
fn every_small_graph() {
    for (n, with_loops) in [(1, true), (2, true), (3, true), (4, false)] {
        for directed in [true, false] {
            let pairs: Vec<(u32, u32)> = (0..n * n)
                .map(|i| (i / n, i % n))
                .filter(|&(u, v)| (with_loops || u != v) && (directed || u <= v))
                .collect();
            for chosen in 0..1u32 << pairs.len() {
                let edges: Vec<(u32, u32, f64)> = pairs
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| chosen >> i & 1 != 0)
                    .map(|(i, &(u, v))| (u, v, (i * i % 5) as f64))
                    .collect();
                let rows = Rows::weighted(n, &edges, directed);
                assert_eq!(check(&rows), Ok(()), "{rows:?}");
            }
        }
    }
}
