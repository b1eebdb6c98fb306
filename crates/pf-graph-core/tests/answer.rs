//! Kernels by name: columns, nulls, facts, refusals; and what the layer adds to kernels.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt32Type};
use common::{GO, Rows, message, on_any_threads, rows};
use pf_graph_core::algo::{
    BfsConfig, ClosenessConfig, ComponentsMode, DfsConfig, bfs, closeness, components, dfs,
    edge_components,
};
use pf_graph_core::answer::{ALGORITHMS, Answer, Vectors, answer};
use pf_graph_core::verify::{check_closeness, check_dfs};
use pf_graph_core::{BuildOptions, Direction, Graph, GraphError, IdOrder};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn run(graph: &Graph, name: &str, settings: &Value, vectors: Vectors<'_>) -> Answer {
    answer(graph, name, map(settings), vectors, &GO).unwrap()
}

fn whole(answer: &Answer, name: &str) -> Vec<Option<i64>> {
    let column = &answer.columns.iter().find(|column| column.0 == name).unwrap().1;
    match column.data_type() {
        DataType::Int64 => column.as_primitive::<Int64Type>().iter().collect(),
        _ => column.as_primitive::<UInt32Type>().iter().map(|v| v.map(i64::from)).collect(),
    }
}

fn with_edge_rows(rows: &Rows) -> Graph {
    let options =
        BuildOptions { directed: rows.directed, edge_rows: true, ..BuildOptions::default() };
    let (n, weight) = (rows.n as usize, rows.weight.as_deref());
    Graph::from_arrays(&rows.src, &rows.dst, weight, n, &options, &GO).unwrap()
}

fn diamond() -> Rows {
    Rows::weighted(5, &[(0, 1, 1.0), (0, 2, 2.0), (1, 3, 1.0), (2, 3, 1.0)], true)
}

#[test]
fn every_name_runs_on_its_defaults() {
    let graph = with_edge_rows(&diamond());
    for name in ALGORITHMS {
        let vectors = match name {
            "bfs" => Vectors::new().vertices("sources", &[0]),
            "shortest_paths" => Vectors::new().vertices("source", &[0]),
            _ => Vectors::new(),
        };
        let found = run(&graph, name, &json!({}), vectors);
        let is_fact = ["transitivity", "triangle_count"].contains(&name);
        assert_eq!(found.columns.is_empty(), is_fact, "{name}");
        for (column, values) in &found.columns {
            assert_eq!(values.len(), found.columns[0].1.len(), "{name}: {column}");
        }
    }
}

#[test]
fn nulls_stand_where_nothing_is() {
    let graph = with_edge_rows(&diamond());
    let found = run(&graph, "bfs", &json!({}), Vectors::new().vertices("sources", &[0]));
    assert_eq!(whole(&found, "distance"), [Some(0), Some(1), Some(1), Some(2), None]);
    assert_eq!(whole(&found, "predecessor"), [None, Some(0), Some(0), Some(1), None]);
    let found = run(&graph, "bfs", &json!({}), Vectors::new());
    assert_eq!(whole(&found, "distance"), [None; 5]);

    let source = || Vectors::new().vertices("source", &[0]);
    let found = run(&graph, "shortest_paths", &json!({"weighted": true}), source());
    let lengths: Vec<Option<f64>> =
        found.columns[0].1.as_primitive::<Float64Type>().iter().collect();
    assert_eq!(lengths, [Some(0.0), Some(1.0), Some(2.0), Some(2.0), None]);
    assert_eq!(found.facts["method"], "dijkstra");
    let settings = json!({"weighted": false, "predecessors": false, "cutoff": 1.5});
    let found = run(&graph, "shortest_paths", &settings, source());
    assert_eq!(whole(&found, "distance"), [Some(0), Some(1), Some(1), None, None]);
    assert_eq!((found.columns.len(), &found.facts["method"]), (1, &json!("bfs")));
}

#[test]
fn one_row_per_source_and_vertex() {
    let rows = Rows::new(6, &[(5, 4), (1, 0)], true);
    let graph = with_edge_rows(&rows);
    let sources = [0, 5, 5, 2];
    let vectors = || Vectors::new().vertices("sources", &sources);
    let found = run(&graph, "bfs", &json!({"per_source": true}), vectors());
    let of = |values: &[i64]| values.iter().map(|&v| Some(v)).collect::<Vec<_>>();
    assert_eq!(whole(&found, "source"), of(&[0, 5, 5, 5, 5, 2]));
    assert_eq!(whole(&found, "vertex"), of(&[0, 4, 5, 4, 5, 2]));
    assert_eq!(whole(&found, "distance"), of(&[0, 1, 0, 1, 0, 0]));
    let settings = json!({"per_source": true, "include_unreached": true});
    let found = run(&graph, "bfs", &settings, vectors());
    let distance = whole(&found, "distance");
    for (block, &source) in sources.iter().enumerate() {
        let config = BfsConfig::default();
        let one = bfs(&graph, &config, &[source], &GO).unwrap().distance;
        let one: Vec<_> = one.iter().map(|&d| (d >= 0).then(|| i64::from(d))).collect();
        assert_eq!(distance[6 * block..6 * block + 6], one[..]);
    }
}

#[test]
fn the_unknown_is_refused() {
    let graph = with_edge_rows(&diamond());
    let refused = |name, settings: Value, vectors: Vectors<'_>| {
        message(answer(&graph, name, map(&settings), vectors, &GO))
    };
    assert!(refused("pagerang", json!({}), Vectors::new()).contains("'pagerang' is none of"));
    let text = refused("pagerank", json!({"alfa": 0.5}), Vectors::new());
    assert!(text.contains("unknown field `alfa`"), "{text}");
    let text = refused("triangles", json!({"k": 1}), Vectors::new());
    assert!(text.contains("unknown field `k`"), "{text}");
    let text = refused("pagerank", json!({}), Vectors::new().vertices("sources", &[0]));
    assert!(text.contains("'sources'"), "{text}");
    let text = refused("pagerank", json!({}), Vectors::new().floats("dangling", &[1.0]));
    assert_eq!(text, "dangling: needs 5 numbers, one per vertex, not 1");
    let text = refused("shortest_paths", json!({}), Vectors::new());
    assert_eq!(text, "source: needs one vertex, not 0");
    assert!(
        refused("bfs", json!({}), Vectors::new().vertices("sources", &[5])).contains("index 5")
    );
}

#[test]
fn cycles_are_named_by_label_and_index() {
    let graph = with_edge_rows(&Rows::new(4, &[(0, 2), (2, 3), (3, 2)], true));
    match answer(&graph, "topological_sort", Map::new(), Vectors::new(), &GO) {
        Err(GraphError::NotADag { vertices, indices }) => {
            assert_eq!((vertices, indices), (vec!["2".to_owned(), "3".to_owned()], vec![2, 3]));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn rows_that_options_left_out_keep_their_numbers() {
    let options = BuildOptions {
        directed: false,
        edge_rows: true,
        self_loops: pf_graph_core::SelfLoops::Drop,
        ..BuildOptions::default()
    };
    let (src, dst) = ([1u32, 0, 2, 2], [1u32, 1, 2, 1]);
    let graph = Graph::from_arrays(&src, &dst, Some(&[9.0, 2.0, 9.0, 1.0]), 3, &options, &GO);
    let found = run(&graph.unwrap(), "minimum_spanning_forest", &json!({}), Vectors::new());
    assert_eq!(whole(&found, "edge_id"), [Some(3), Some(1)]);
    assert_eq!(whole(&found, "src"), [Some(1), Some(0)]);
    assert_eq!(found.facts["total_weight"], 3.0);
}

#[test]
fn attached_ids_and_rows() {
    let rows = diamond();
    let built = with_edge_rows(&rows);
    let (offsets, targets, weights) = with_edge_rows(&rows).into_rows();
    let again = || Graph::from_csr(offsets.clone(), targets.clone(), weights.clone(), true, &GO);
    assert_eq!(again().unwrap().edge_ids(&GO).unwrap(), [0, 1, 2, 3]);
    assert_eq!(built.incoming_edge_ids(&GO).unwrap(), [0, 1, 2, 3]);
    let graph = again().unwrap().with_edge_rows(vec![3, 2, 1, 0]).unwrap();
    assert_eq!(graph.edge_ids(&GO).unwrap(), [3, 2, 1, 0]);
    assert_eq!(graph.first_negative_row(), None);
    assert!(message(again().unwrap().with_edge_rows(vec![0])).contains("1 edge rows for 4 arcs"));
    let named = again().unwrap().with_ids(common::ints([10, 11, 12, 13, 7])).unwrap();
    assert_eq!(named.find_all(&common::ints([7, 8, 10])), [4, -1, 0]);
    assert_eq!(named.find_all(&common::ints(0..20)).iter().filter(|&&v| v >= 0).count(), 5);
    assert!(message(again().unwrap().with_ids(common::ints([1]))).contains("1 ids for 5 vertices"));
    assert!(graph.nbytes() > 4 * 4 + 8 * 4 + 8 * 6);

    let columns = (vec![0, 0, 1, 2, 4, 4], vec![0, 0, 1, 2]);
    let plain = Graph::from_csr(offsets.clone(), targets.clone(), None, true, &GO).unwrap();
    let expected = run(&plain, "pagerank", &json!({}), Vectors::new());
    let brought = Graph::from_csr(offsets, targets, None, true, &GO).unwrap();
    let brought = brought.with_incoming(columns.0, columns.1).unwrap();
    let found = run(&brought, "pagerank", &json!({}), Vectors::new());
    assert_eq!(found.columns[0].1.to_data(), expected.columns[0].1.to_data());
}

#[test]
fn edge_components_refuse_what_is_no_vertex() {
    assert_eq!(edge_components(&[0i32, 1], &[1i32, 2], 4, &GO).unwrap(), [0, 0, 0, 3]);
    assert!(edge_components::<u32, u32>(&[], &[], 0, &GO).unwrap().is_empty());
    let text = message(edge_components(&[0i32, -1], &[1i32, 2], 4, &GO));
    assert!(text.contains("edge row 2: src is -1"), "{text}");
    assert!(message(edge_components(&[0i32], &[1i32, 2], 4, &GO)).contains("dst has 2"));
}

#[test]
fn large_edge_components_on_any_threads() {
    let rows = common::large(true);
    let n = rows.n as usize;
    let labels = on_any_threads(|| edge_components(&rows.src, &rows.dst, n, &GO).unwrap());
    let parts = components(&rows.graph(IdOrder::Appearance), ComponentsMode::Weak, &GO).unwrap();
    let mut first = vec![u32::MAX; parts.count];
    for (v, &part) in (0u32..).zip(&parts.component) {
        first[part as usize] = first[part as usize].min(v);
    }
    let expected: Vec<u32> = parts.component.iter().map(|&part| first[part as usize]).collect();
    assert_eq!(labels, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn edge_ids_number_the_edges(rows in rows(0.0..1.0f64)) {
        let graph = with_edge_rows(&rows);
        for (of, ids) in [
            (graph.out(), graph.edge_ids(&GO).unwrap()),
            (graph.incoming(&GO).unwrap(), graph.incoming_edge_ids(&GO).unwrap()),
        ] {
            let mut arc = 0;
            for u in 0..rows.n {
                for &v in of.row(u) {
                    let id = ids[arc] as usize;
                    let found = [(rows.src[id], rows.dst[id]), (rows.dst[id], rows.src[id])];
                    prop_assert!(found.contains(&(u, v)));
                    arc += 1;
                }
            }
        }
        // Without edge rows, an arc and its counterpart still share a number.
        let (offsets, targets, weights) = with_edge_rows(&rows).into_rows();
        let bare = Graph::from_csr(offsets, targets, weights, rows.directed, &GO).unwrap();
        let mut times = vec![0; rows.src.len()];
        let mut loops = vec![false; rows.src.len()];
        let mut ids = bare.edge_ids(&GO).unwrap().into_iter();
        for u in 0..rows.n {
            for (&v, id) in bare.out().row(u).iter().zip(ids.by_ref()) {
                times[id as usize] += 1;
                loops[id as usize] = u == v;
            }
        }
        for (&is_loop, &times) in loops.iter().zip(&times) {
            prop_assert_eq!(times, if rows.directed || is_loop { 1 } else { 2 });
        }
    }

    #[test]
    fn edges_taken_both_ways(rows in rows(0.0..1.0f64)) {
        let graph = rows.graph(IdOrder::Appearance);
        let config = DfsConfig { direction: Direction::Both, ..DfsConfig::default() };
        let found = dfs(&graph, &config, None, &GO).unwrap();
        prop_assert_eq!(check_dfs(&rows.edges(), None, &config, &found), Ok(()));
        let config = ClosenessConfig { direction: Direction::Both, ..Default::default() };
        for some in [None, Some(&[0u32][..])] {
            let found = closeness(&graph, &config, some, &GO).unwrap();
            prop_assert_eq!(check_closeness(&rows.edges(), &config, some, &found), Ok(()));
        }
    }
}
