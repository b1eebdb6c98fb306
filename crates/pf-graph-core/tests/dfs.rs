//! Depth-first search against its checkers, plain recursion and petgraph.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;
mod small;

use common::{GO, Rows, large, on_any_threads, rows};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{DfsEvent, depth_first_search};
use pf_graph_core::algo::{DfsConfig, DfsEdgesConfig, DfsResult, EdgeClass, dfs, dfs_edges};
use pf_graph_core::verify::{check_dfs, check_dfs_edges};
use pf_graph_core::{Direction, IdOrder, NO_VERTEX};
use proptest::prelude::*;

fn search(rows: &Rows, config: &DfsConfig, source: Option<u32>) -> DfsResult {
    dfs(&rows.graph(IdOrder::Appearance), config, source, &GO).unwrap()
}

/// What the module documentation says, as recursion; edges in the order in which they are met.
struct Recursion<'a> {
    rows: &'a [Vec<(u32, usize)>], // neighbour and edge row
    directed: bool,
    clock: i64,
    discover: Vec<i64>,
    finish: Vec<i64>,
    is_met: Vec<bool>,
    edges: Vec<(u32, u32, EdgeClass)>,
}

impl Recursion<'_> {
    fn visit(&mut self, u: u32) {
        self.discover[u as usize] = self.clock;
        self.clock += 1;
        for &(v, row) in &self.rows[u as usize] {
            if !self.directed && std::mem::replace(&mut self.is_met[row], true) {
                continue;
            }
            if self.discover[v as usize] < 0 {
                self.edges.push((u, v, EdgeClass::Tree));
                self.visit(v);
            } else if self.finish[v as usize] < 0 {
                self.edges.push((u, v, EdgeClass::Back));
            } else if self.discover[u as usize] < self.discover[v as usize] {
                self.edges.push((u, v, EdgeClass::Forward));
            } else {
                self.edges.push((u, v, EdgeClass::Cross));
            }
        }
        self.finish[u as usize] = self.clock;
        self.clock += 1;
    }
}

fn check_all(rows: &Rows, source: Option<u32>, sort_neighbors: bool) {
    let mut adjacency = vec![Vec::new(); rows.n as usize];
    for (row, (&u, &v)) in rows.src.iter().zip(&rows.dst).enumerate() {
        adjacency[u as usize].push((v, row));
        if !rows.directed && u != v {
            adjacency[v as usize].push((u, row));
        }
    }
    if sort_neighbors {
        for row in &mut adjacency {
            row.sort_unstable();
        }
    }
    let n = rows.n as usize;
    let mut recursion = Recursion {
        rows: &adjacency,
        directed: rows.directed,
        clock: 0,
        discover: vec![-1; n],
        finish: vec![-1; n],
        is_met: vec![false; rows.src.len()],
        edges: Vec::new(),
    };
    for start in source.map_or(0..rows.n, |source| source..source + 1) {
        if recursion.discover[start as usize] < 0 {
            recursion.visit(start);
        }
    }
    let config = DfsConfig { sort_neighbors, ..DfsConfig::default() };
    let result = search(rows, &config, source);
    assert_eq!(check_dfs(&rows.edges(), source, &config, &result), Ok(()), "{rows:?}");
    assert_eq!((&result.discover, &result.finish), (&recursion.discover, &recursion.finish));
    let config = DfsEdgesConfig { sort_neighbors };
    let graph = rows.graph(IdOrder::Appearance);
    let edges = dfs_edges(&graph, &config, source, &GO).unwrap();
    assert_eq!(check_dfs_edges(&rows.edges(), &result, &edges), Ok(()), "{rows:?}");
    let found: Vec<_> =
        (0..edges.src.len()).map(|i| (edges.src[i], edges.dst[i], edges.edge_class[i])).collect();
    assert_eq!(found, recursion.edges, "{rows:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn order_and_classes_are_those_of_recursion(
        rows in rows(0.0..1.0f64),
        source in prop::option::of(any::<prop::sample::Index>()),
        sort in any::<bool>(),
    ) {
        check_all(&rows, source.map(|pick| pick.index(rows.n as usize) as u32), sort);
    }

    #[test]
    fn limits_and_directions(
        rows in rows(0.0..1.0f64),
        source in prop::option::of(any::<prop::sample::Index>()),
        max_depth in prop::option::of(0..6u32),
        direction in prop::sample::select(vec![Direction::Out, Direction::In, Direction::Both]),
        sort_neighbors in any::<bool>(),
    ) {
        let source = source.map(|pick| pick.index(rows.n as usize) as u32);
        let config = DfsConfig { max_depth, direction, sort_neighbors };
        let result = search(&rows, &config, source);
        prop_assert_eq!(check_dfs(&rows.edges(), source, &config, &result), Ok(()));
    }

    #[test]
    fn events_are_those_of_petgraph(rows in rows(0.0..1.0f64)) {
        let mut oracle = DiGraph::<(), ()>::new();
        (0..rows.n).for_each(|_| { oracle.add_node(()); });
        let mut arcs: Vec<_> = rows.edges().arcs().collect();
        arcs.reverse(); // petgraph hands out the latest edge first
        for (u, v, _) in arcs {
            oracle.add_edge(NodeIndex::new(u), NodeIndex::new(v), ());
        }
        let n = rows.n as usize;
        let (mut discover, mut finish) = (vec![-1i64; n], vec![-1i64; n]);
        let mut classes = Vec::new();
        depth_first_search(&oracle, (0..n).map(NodeIndex::new), |event| match event {
            DfsEvent::Discover(v, time) => discover[v.index()] = time.0 as i64,
            DfsEvent::Finish(v, time) => finish[v.index()] = time.0 as i64,
            DfsEvent::TreeEdge(u, v) => classes.push((u.index(), v.index(), 't')),
            DfsEvent::BackEdge(u, v) => classes.push((u.index(), v.index(), 'b')),
            DfsEvent::CrossForwardEdge(u, v) => classes.push((u.index(), v.index(), 'x')),
        });
        let result = search(&rows, &DfsConfig::default(), None);
        prop_assert_eq!(&result.discover, &discover);
        prop_assert_eq!(&result.finish, &finish);
        if rows.directed {
            let graph = rows.graph(IdOrder::Appearance);
            let config = DfsEdgesConfig::default();
            let edges = dfs_edges(&graph, &config, None, &GO).unwrap();
            let letter = |class| match class {
                EdgeClass::Tree => 't',
                EdgeClass::Back => 'b',
                EdgeClass::Forward | EdgeClass::Cross => 'x',
            };
            let found: Vec<_> = (0..edges.src.len())
                .map(|i| (edges.src[i] as usize, edges.dst[i] as usize, letter(edges.edge_class[i])))
                .collect();
            prop_assert_eq!(found, classes);
        }
    }
}

#[test]
fn every_small_graph() {
    for directed in [true, false] {
        for rows in small::every_graph(directed) {
            check_all(&rows, None, false);
            if rows.n > 0 {
                check_all(&rows, Some(rows.n - 1), true);
            }
            let config = DfsConfig { max_depth: Some(2), ..DfsConfig::default() };
            let result = search(&rows, &config, None);
            assert_eq!(check_dfs(&rows.edges(), None, &config, &result), Ok(()), "{rows:?}");
        }
    }
}

#[test]
fn a_worked_example() {
    // 1 stands before 2 in the row of 0, but 2 is found first, from 1.
    let rows = Rows::new(5, &[(0, 1), (0, 2), (1, 2), (2, 0), (3, 2), (0, 2)], true);
    let result = search(&rows, &DfsConfig::default(), None);
    assert_eq!(result.discover, [0, 1, 2, 6, 8]);
    assert_eq!(result.finish, [5, 4, 3, 7, 9]);
    assert_eq!(result.predecessor, [NO_VERTEX, 0, 1, NO_VERTEX, NO_VERTEX]);
    assert_eq!(result.root, [0, 0, 0, 3, 4]);
    assert_eq!(result.order, [0, 1, 2, 3, 4]);
    let graph = rows.graph(IdOrder::Appearance);
    let edges = dfs_edges(&graph, &DfsEdgesConfig::default(), None, &GO).unwrap();
    let names: Vec<&str> = edges.edge_class.iter().map(|class| class.name()).collect();
    assert_eq!(edges.src, [0, 1, 2, 0, 0, 3]);
    assert_eq!(edges.dst, [1, 2, 0, 2, 2, 2]);
    assert_eq!(names, ["tree", "tree", "back", "forward", "forward", "cross"]);
}

#[test]
fn the_depth_limit_is_that_of_networkx() {
    // 3 is met at depth 3 along 0-1-2-3 and not expanded, though 0->3 would bring it to depth 1:
    // networkx 3.6, list(nx.dfs_edges(G, 0, depth_limit=3)) is [(0, 1), (1, 2), (2, 3)].
    let rows = Rows::new(5, &[(0, 1), (1, 2), (2, 3), (3, 4), (0, 3)], true);
    let limit = |max_depth| {
        let config = DfsConfig { max_depth: Some(max_depth), ..DfsConfig::default() };
        search(&rows, &config, Some(0)).order
    };
    assert_eq!(limit(3), [0, 1, 2, 3]);
    assert_eq!(limit(2), [0, 1, 2, 3, 4]);
    assert_eq!(limit(1), [0, 1, 3]);
    assert_eq!(limit(0), [0]);
}

#[test]
fn parallel_edges_and_loops_of_undirected_graphs_are_back_edges() {
    let rows = Rows::new(2, &[(0, 0), (0, 1), (1, 0), (1, 1)], false);
    let graph = rows.graph(IdOrder::Appearance);
    let edges = dfs_edges(&graph, &DfsEdgesConfig::default(), None, &GO).unwrap();
    let names: Vec<&str> = edges.edge_class.iter().map(|class| class.name()).collect();
    assert_eq!(names, ["back", "tree", "back", "back"]);
}

#[test]
fn deep_graphs_need_no_call_stack() {
    let n = 300_000;
    let edges: Vec<(u32, u32)> = (1..n).map(|v| (v - 1, v)).collect();
    for directed in [true, false] {
        let rows = Rows::new(n, &edges, directed);
        let result = search(&rows, &DfsConfig::default(), Some(0));
        assert_eq!(result.finish[0], 2 * i64::from(n) - 1);
        assert_eq!(check_dfs(&rows.edges(), Some(0), &DfsConfig::default(), &result), Ok(()));
    }
}

#[test]
fn large_graphs_at_any_threads() {
    for directed in [true, false] {
        let rows = large(directed);
        let config = DfsConfig { sort_neighbors: true, ..DfsConfig::default() };
        let edge_config = DfsEdgesConfig { sort_neighbors: true };
        let (result, edges) = on_any_threads(|| {
            let graph = rows.graph(IdOrder::Appearance);
            let control = &GO;
            let result = dfs(&graph, &config, None, control).unwrap();
            (result, dfs_edges(&graph, &edge_config, None, control).unwrap())
        });
        assert_eq!(check_dfs(&rows.edges(), None, &config, &result), Ok(()));
        assert_eq!(check_dfs_edges(&rows.edges(), &result, &edges), Ok(()));
    }
}
