//! Breadth-first search against its checker and petgraph.

mod common;

use common::{GO, Rows, large, on_any_threads, rows};
use petgraph::algo::dijkstra;
use petgraph::graph::{DiGraph, NodeIndex};
use pf_graph_core::algo::{BfsConfig, MultiBfsConfig, bfs, multi_bfs};
use pf_graph_core::generate::{grid, rmat, uniform};
use pf_graph_core::verify::{Edges, check_bfs, check_multi_bfs};
use pf_graph_core::{BuildOptions, Direction, Graph, IdOrder, NO_VERTEX};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn levels_and_parents(
        rows in rows(0.0..1.0f64),
        picks in vec(any::<prop::sample::Index>(), 1..4),
        max_depth in prop::option::of(0..6u32),
    ) {
        let graph = rows.graph(IdOrder::Appearance);
        let sources: Vec<u32> = picks.iter().map(|pick| pick.index(rows.n as usize) as u32).collect();
        let result = bfs(&graph, &BfsConfig { max_depth, ..BfsConfig::default() }, &sources, &GO).unwrap();
        prop_assert_eq!(check_bfs(&rows.edges(), &sources, max_depth, &result), Ok(()));

        let arcs = rows.edges().arcs().map(|(u, v, _)| (u as u32, v as u32));
        let mut oracle = DiGraph::<(), ()>::from_edges(arcs);
        while oracle.node_count() < rows.n as usize {
            oracle.add_node(());
        }
        for v in 0..rows.n {
            let hops = |source: &u32| {
                dijkstra(&oracle, NodeIndex::new(*source as usize), None, |_| 1)
                    .get(&NodeIndex::new(v as usize)).copied()
            };
            let expected = sources.iter().filter_map(hops).min()
                .filter(|&hops: &u32| max_depth.is_none_or(|max| hops <= max));
            prop_assert_eq!(result.distance[v as usize], expected.map_or(-1, |hops| hops as i32));
        }
    }
}

#[test]
fn parent_is_the_smallest_on_the_level_before() {
    // 4 is met first from 3, then from 1; 2 is nearer to 4 in index but on the same level.
    let graph = Rows::new(5, &[(0, 3), (0, 1), (3, 4), (1, 4), (1, 2), (2, 4)], true);
    let result = bfs(&graph.graph(IdOrder::Appearance), &BfsConfig::default(), &[0], &GO).unwrap();
    assert_eq!(result.distance, [0, 1, 2, 1, 2]);
    assert_eq!(result.predecessor, [NO_VERTEX, 0, 1, 0, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn directions_and_second_searches(
        rows in rows(0.0..1.0f64),
        source in any::<prop::sample::Index>(),
        max_depth in prop::option::of(0..4u32),
    ) {
        let source = [source.index(rows.n as usize) as u32];
        let turned = Rows { src: rows.dst.clone(), dst: rows.src.clone(), ..rows.clone() };
        let both = Rows { directed: false, ..rows.clone() };
        for (direction, edges) in
            [(Direction::Out, &rows), (Direction::In, &turned), (Direction::Both, &both)]
        {
            let graph = rows.graph(IdOrder::Appearance);
            let config = BfsConfig { max_depth, direction };
            let first = bfs(&graph, &config, &source, &GO).unwrap();
            prop_assert_eq!(check_bfs(&edges.edges(), &source, max_depth, &first), Ok(()));
            prop_assert_eq!(&bfs(&graph, &config, &source, &GO).unwrap(), &first);
        }
    }

    #[test]
    fn many_searches_are_as_many_single_ones(
        rows in rows(0.0..1.0f64),
        picks in vec(any::<prop::sample::Index>(), 1..150),
        max_depth in prop::option::of(0..4u32),
        direction in prop::sample::select(vec![Direction::Out, Direction::In, Direction::Both]),
    ) {
        let graph = rows.graph(IdOrder::Appearance);
        let sources: Vec<u32> = picks.iter().map(|pick| pick.index(rows.n as usize) as u32).collect();
        let config = MultiBfsConfig { max_depth, direction };
        let result = multi_bfs(&graph, &config, &sources, &GO).unwrap();
        let edges = match direction {
            Direction::Out => rows,
            Direction::In => Rows { src: rows.dst, dst: rows.src, ..rows },
            Direction::Both => Rows { directed: false, ..rows },
        };
        prop_assert_eq!(check_multi_bfs(&edges.edges(), &sources, max_depth, &result), Ok(()));
    }
}

#[test]
fn many_searches_at_any_threads() {
    let rows = large(true);
    let sources: Vec<u32> = (0..520).map(|i| i * 37).collect(); // 64 at a time, on one thread 512
    let result = on_any_threads(|| {
        let graph = rows.graph(IdOrder::Sorted);
        multi_bfs(&graph, &MultiBfsConfig::default(), &sources, &GO).unwrap()
    });
    assert_eq!(check_multi_bfs(&rows.edges(), &sources, None, &result), Ok(()));
}

/// Levels of some hundred vertices, whose neighbours have numbers anywhere, and one that is large.
#[test]
fn thin_levels_at_any_threads() {
    let (side, leaves) = (300, 20_000);
    let shape = grid(side, side);
    let n = side * side;
    let anywhere = |v: &u32| (u64::from(*v) * 7919 % u64::from(n)) as u32;
    for renumbered in [false, true] {
        let number = |v: &u32| if renumbered { anywhere(v) } else { *v };
        let mut src: Vec<u32> = shape.src.iter().map(number).collect();
        let mut dst: Vec<u32> = shape.dst.iter().map(number).collect();
        src.extend((0..leaves).map(|_| number(&(n / 2))));
        dst.extend(n..n + leaves);
        let rows = Rows { n: n + leaves, src, dst, weight: None, directed: false };
        for (source, max_depth) in [(0, None), (n / 3, None), (0, Some(171)), (n - 1, Some(260))] {
            let source = [number(&source)];
            let config = BfsConfig { max_depth, ..BfsConfig::default() };
            let graph = rows.graph(IdOrder::Appearance);
            let result = on_any_threads(|| bfs(&graph, &config, &source, &GO).unwrap());
            assert_eq!(check_bfs(&rows.edges(), &source, max_depth, &result), Ok(()));
        }
    }
}

/// Graphs on which levels are searched bottom-up, and long thin ones.
#[test]
fn generated_graphs_both_ways_at_any_threads() {
    let shapes = [rmat(15, 16, 3), uniform(50_000, 500_000, 3), grid(200, 300), grid(1, 50_000)];
    for shape in shapes {
        for directed in [true, false] {
            let edges = Edges {
                num_vertices: shape.num_vertices,
                src: &shape.src,
                dst: &shape.dst,
                weight: None,
                directed,
            };
            let options = BuildOptions { directed, ..BuildOptions::default() };
            let n = shape.num_vertices;
            let source = shape.src[shape.src.len() / 3];
            for max_depth in [None, Some(3)] {
                let config = BfsConfig { max_depth, ..BfsConfig::default() };
                let (first, second) = on_any_threads(|| {
                    let graph =
                        Graph::from_arrays(&shape.src, &shape.dst, None, n, &options, &GO).unwrap();
                    let search = || bfs(&graph, &config, &[source], &GO).unwrap();
                    (search(), search())
                });
                assert_eq!(check_bfs(&edges, &[source], max_depth, &first), Ok(()));
                assert!(first == second, "top-down and bottom-up differ");
            }
        }
    }
}

#[test]
fn large_graphs_at_any_threads() {
    for directed in [true, false] {
        let rows = large(directed);
        let result = on_any_threads(|| {
            bfs(&rows.graph(IdOrder::Sorted), &BfsConfig::default(), &[0, 7], &GO).unwrap()
        });
        assert_eq!(check_bfs(&rows.edges(), &[0, 7], None, &result), Ok(()));
    }
}

/// Levels that threads share without a fork, in a pool whose threads all lead such searches.
#[test]
fn thin_graphs_from_many_callers_of_one_pool() {
    let shape = grid(300, 300);
    let options = BuildOptions { directed: false, ..BuildOptions::default() };
    let graph = Graph::from_arrays(&shape.src, &shape.dst, None, shape.num_vertices, &options, &GO)
        .unwrap();
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let shared = pool(2);
    for max_depth in [None, Some(250)] {
        let config = BfsConfig { max_depth, ..BfsConfig::default() };
        let search = || bfs(&graph, &config, &[45_150], &GO).unwrap();
        let alone = pool(1).install(search);
        std::thread::scope(|scope| {
            let callers = (0..4).map(|_| scope.spawn(|| shared.install(search)));
            for caller in callers.collect::<Vec<_>>() {
                assert!(caller.join().unwrap() == alone, "depth {max_depth:?}");
            }
        });
    }
}
