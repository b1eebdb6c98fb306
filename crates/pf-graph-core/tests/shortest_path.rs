//! Shortest paths against their checker, petgraph and each other.

mod common;

use common::{GO, Rows, bits, large, on_any_threads, rows};
use petgraph::algo::{bellman_ford, dijkstra};
use petgraph::graph::{DiGraph, NodeIndex};
use pf_graph_core::algo::{
    ShortestPathConfig, ShortestPathMethod as Method, ShortestPathResult, path_to, shortest_paths,
};
use pf_graph_core::generate::{grid, rmat, uniform, weights};
use pf_graph_core::verify::{Edges, check_shortest_paths};
use pf_graph_core::{BuildOptions, Graph, GraphError, IdOrder, NO_VERTEX};
use proptest::prelude::*;

fn run(
    rows: &Rows,
    method: Method,
    cutoff: Option<f64>,
    source: u32,
) -> Result<ShortestPathResult, GraphError> {
    let config = ShortestPathConfig { method, cutoff, ..Default::default() };
    shortest_paths(&rows.graph(IdOrder::Appearance), &config, source, &GO)
}

fn oracle(rows: &Rows) -> DiGraph<(), f64> {
    let mut oracle = DiGraph::new();
    for _ in 0..rows.n {
        oracle.add_node(());
    }
    for (u, v, w) in rows.edges().arcs() {
        oracle.add_edge(NodeIndex::new(u), NodeIndex::new(v), w);
    }
    oracle
}

/// Weights that tie, vanish in sums, or shut an edge.
fn awkward() -> impl Strategy<Value = f64> + Clone {
    let fixed = [0.0, 0.0, -0.0, 1.0, 1.0, 2.0, 0.1, 0.2, 1e-17, 1e17, f64::INFINITY];
    prop_oneof![prop::sample::select(fixed.to_vec()), 0.0..10.0f64]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn all_methods_agree(
        rows in rows(awkward()),
        source in any::<prop::sample::Index>(),
        cutoff in prop::option::of(prop_oneof![0.0..12.0f64, Just(2.0), Just(0.0)]),
    ) {
        let source = source.index(rows.n as usize) as u32;
        let result = run(&rows, Method::Dijkstra, cutoff, source).unwrap();
        prop_assert_eq!(check_shortest_paths(&rows.edges(), source, cutoff, &result), Ok(()));

        let other = run(&rows, Method::BellmanFord, cutoff, source).unwrap();
        prop_assert_eq!(bits(&other.distance), bits(&result.distance));
        prop_assert_eq!(&other.predecessor, &result.predecessor);
        for delta in [None, Some(0.3), Some(1e-9), Some(1e9)] {
            let config = ShortestPathConfig { method: Method::Delta, cutoff, delta, ..Default::default() };
            let graph = rows.graph(IdOrder::Appearance);
            let ringed = shortest_paths(&graph, &config, source, &GO).unwrap();
            prop_assert_eq!(bits(&ringed.distance), bits(&result.distance));
            prop_assert_eq!(&ringed.predecessor, &result.predecessor);
        }
        let auto = run(&rows, Method::Auto, cutoff, source).unwrap();
        prop_assert_eq!(bits(&auto.distance), bits(&result.distance));
        prop_assert_eq!(&auto.predecessor, &result.predecessor);
        let expected = if rows.weight.is_some() { Method::Dijkstra } else { Method::Bfs };
        prop_assert_eq!(auto.method, expected);

        let found = dijkstra(&oracle(&rows), NodeIndex::new(source as usize), None, |e| *e.weight());
        for v in 0..rows.n as usize {
            let expected = found.get(&NodeIndex::new(v)).copied()
                .filter(|&d| d <= cutoff.unwrap_or(f64::MAX)).unwrap_or(f64::INFINITY);
            prop_assert_eq!(result.distance[v].to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn whole_weights(
        rows in rows(prop_oneof![(0..9u32).prop_map(f64::from), Just(4e9), Just(0.0)]),
        source in any::<prop::sample::Index>(),
        cutoff in prop::option::of(prop_oneof![Just(7.5), Just(3.0), Just(5e9)]),
    ) {
        let source = source.index(rows.n as usize) as u32;
        let expected = run(&rows, Method::Dijkstra, cutoff, source).unwrap();
        let found = run(&rows, Method::Delta, cutoff, source).unwrap();
        prop_assert_eq!(bits(&found.distance), bits(&expected.distance));
        prop_assert_eq!(check_shortest_paths(&rows.edges(), source, cutoff, &found), Ok(()));
        let config = ShortestPathConfig { method: Method::Delta, cutoff, predecessors: false, ..Default::default() };
        let short = shortest_paths(&rows.graph(IdOrder::Appearance), &config, source, &GO).unwrap();
        prop_assert_eq!(&short.distance, &found.distance);
        prop_assert!(short.predecessor.is_empty());
        prop_assert_eq!(path_to(&found, source), Some(vec![source]));
    }

    #[test]
    fn negative_weights(
        // Whole numbers, so that sums are exact and zero cycles are common.
        rows in rows((-2..6i32).prop_map(f64::from)),
        source in any::<prop::sample::Index>(),
    ) {
        let source = source.index(rows.n as usize) as u32;
        let expected = bellman_ford(&oracle(&rows), NodeIndex::new(source as usize));
        match run(&rows, Method::BellmanFord, None, source) {
            Ok(result) => {
                prop_assert_eq!(&result.distance, &expected.unwrap().distances);
                prop_assert_eq!(check_shortest_paths(&rows.edges(), source, None, &result), Ok(()));
            }
            Err(GraphError::NegativeCycle { vertices, .. }) => {
                prop_assert!(expected.is_err());
                let cycle: Vec<usize> = vertices.iter().map(|id| id.parse().unwrap()).collect();
                let total: f64 = (0..cycle.len()).map(|i| {
                    let (u, v) = (cycle[i], cycle[(i + 1) % cycle.len()]);
                    let lightest = rows.edges().arcs().filter(|arc| (arc.0, arc.1) == (u, v));
                    lightest.map(|arc| arc.2).fold(f64::INFINITY, f64::min)
                }).sum();
                prop_assert!(total < 0.0, "{:?} adds up to {}", cycle, total);
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn hops_ignore_weights(rows in rows(awkward()), cutoff in prop::option::of(0.0..5.0f64)) {
        let result = run(&rows, Method::Bfs, cutoff, 0).unwrap();
        let unweighted = Rows { weight: None, ..rows };
        prop_assert_eq!(check_shortest_paths(&unweighted.edges(), 0, cutoff, &result), Ok(()));
        let weighted_way = run(&unweighted, Method::Dijkstra, cutoff, 0).unwrap();
        prop_assert_eq!(result.distance, weighted_way.distance);
        prop_assert_eq!(result.predecessor, weighted_way.predecessor);
    }

    #[test]
    fn paths_add_up(rows in rows(0.0..10.0f64), target in any::<prop::sample::Index>()) {
        let target = target.index(rows.n as usize) as u32;
        let result = run(&rows, Method::Auto, None, 0).unwrap();
        let Some(path) = path_to(&result, target) else {
            prop_assert!(result.distance[target as usize].is_infinite());
            return Ok(());
        };
        prop_assert_eq!((path.first(), path.last()), (Some(&0), Some(&target)));
        let length = path.windows(2).fold(0.0, |length, step| {
            let ends = (step[0] as usize, step[1] as usize);
            let weights = rows.edges().arcs().filter(|arc| (arc.0, arc.1) == ends).map(|arc| arc.2);
            length + weights.fold(f64::INFINITY, f64::min)
        });
        prop_assert_eq!(length.to_bits(), result.distance[target as usize].to_bits());
    }
}

#[test]
fn zero_weights_make_no_circle_of_predecessors() {
    // 1 and 2 lie on a circle of zeros; 3 leads in. The smallest tight neighbour of 2 is 1, and of
    // 1 it would be 2 if ties could lead back.
    let edges = [(0, 3, 5.0), (3, 2, 0.0), (2, 1, 0.0), (1, 2, 0.0), (1, 3, 0.0)];
    for method in [Method::Dijkstra, Method::BellmanFord] {
        let result = run(&Rows::weighted(4, &edges, true), method, None, 0).unwrap();
        assert_eq!(result.distance, [0.0, 5.0, 5.0, 5.0]);
        assert_eq!(result.predecessor, [NO_VERTEX, 2, 3, 0]);
        assert_eq!(path_to(&result, 1), Some(vec![0, 3, 2, 1]));
    }
}

#[test]
fn ties_go_to_the_smallest_vertex() {
    let edges = [(0, 2, 1.0), (0, 1, 2.0), (2, 3, 3.0), (1, 3, 2.0), (1, 3, 9.0)];
    let result = run(&Rows::weighted(5, &edges, true), Method::Auto, None, 0).unwrap();
    assert_eq!(result.predecessor, [NO_VERTEX, 0, 0, 1, NO_VERTEX]);
    assert_eq!(path_to(&result, 4), None);
    assert_eq!(path_to(&result, 5), None);
}

#[test]
fn cutoff_is_inclusive() {
    let rows = Rows::weighted(3, &[(0, 1, 2.0), (1, 2, 0.5)], true);
    let reached = |cutoff| run(&rows, Method::Auto, Some(cutoff), 0).unwrap().distance;
    assert_eq!(reached(2.0), [0.0, 2.0, f64::INFINITY]);
    assert_eq!(reached(2.5), [0.0, 2.0, 2.5]);
    assert_eq!(reached(f64::INFINITY), [0.0, 2.0, 2.5]);
}

#[test]
fn large_graphs_at_any_threads() {
    for directed in [true, false] {
        let rows = large(directed);
        let result = on_any_threads(|| {
            let graph = rows.graph(IdOrder::Sorted);
            shortest_paths(&graph, &ShortestPathConfig::default(), 0, &GO).unwrap()
        });
        assert_eq!(check_shortest_paths(&rows.edges(), 0, None, &result), Ok(()));
    }
}

#[test]
fn generated_graphs_at_any_threads() {
    for shape in [rmat(14, 16, 5), uniform(40_000, 400_000, 5), grid(150, 200)] {
        let whole = weights(shape.src.len(), 255, 5);
        let real: Vec<f64> = whole.iter().map(|w| w / 7.0).collect();
        let vast: Vec<f64> = whole.iter().map(|w| w * 16e6).collect(); // beyond 32 bits in sum
        for weight in [whole, real, vast] {
            let edges = Edges {
                num_vertices: shape.num_vertices,
                src: &shape.src,
                dst: &shape.dst,
                weight: Some(&weight),
                directed: false,
            };
            let options = BuildOptions { directed: false, ..BuildOptions::default() };
            let n = shape.num_vertices;
            let source = shape.src[0];
            let graph = Graph::from_arrays(&shape.src, &shape.dst, Some(&weight), n, &options, &GO)
                .unwrap();
            let config = |method| ShortestPathConfig { method, ..Default::default() };
            let run = |method| shortest_paths(&graph, &config(method), source, &GO).unwrap();
            let ringed = on_any_threads(|| run(Method::Delta));
            let expected = run(Method::Dijkstra);
            assert_eq!(bits(&ringed.distance), bits(&expected.distance));
            assert_eq!(ringed.predecessor, expected.predecessor);
            for (u, v, w) in edges.arcs() {
                assert!(ringed.distance[u] + w >= ringed.distance[v]);
            }
        }
    }
}
