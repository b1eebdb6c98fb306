//! Every error, with the text a user reads.

mod common;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use common::{GO, Rows, floats, ints, message};
use pf_graph_core::algo::{
    BfsConfig, ComponentsMode, PageRankConfig, PageRankVectors, ShortestPathConfig,
    ShortestPathMethod, bfs, components, pagerank, shortest_paths,
};
use pf_graph_core::{BuildOptions, Control, Graph, GraphError, IdOrder, Side};

fn build(
    src: &[ArrayRef],
    dst: &[ArrayRef],
    weight: Option<&[ArrayRef]>,
    vertices: Option<&[ArrayRef]>,
) -> Result<Graph, GraphError> {
    Graph::build(src, dst, weight, vertices, &BuildOptions::default(), &GO)
}

fn nullable(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

#[test]
fn nulls_are_named_by_row_over_chunks() {
    let good = [ints([1, 2, 3])];
    let bad = [nullable(&[Some(1)]), nullable(&[Some(1), None])];
    let error = build(&bad, &good, None, None).unwrap_err();
    assert_eq!(error, GraphError::NullEndpoint { row: 3, side: Side::Src });
    assert_eq!(error.to_string(), "edge row 3: src is null (pass nulls='drop' to skip such rows)");
    assert_eq!(
        message(build(&good, &bad, None, None)),
        "edge row 3: dst is null (pass nulls='drop' to skip such rows)"
    );
    assert_eq!(
        message(build(&bad, &bad, None, None)),
        "edge row 3: src is null (pass nulls='drop' to skip such rows)"
    );
    let vertices = Some(&bad[..]);
    assert_eq!(message(build(&good, &good, None, vertices)), "vertex row 3: vertices is null");
    let untyped: ArrayRef = Arc::new(arrow::array::NullArray::new(3));
    assert_eq!(
        message(build(&good, &[untyped], None, None)),
        "edge row 1: dst is null (pass nulls='drop' to skip such rows)"
    );
    assert_eq!(
        message(build(&good, &good, Some(&bad), None)),
        "edge row 3: weight is null (pass default_weight to fill such rows)"
    );
}

#[test]
fn bad_weights_are_named_by_row() {
    let ends = [ints([1, 2])];
    let weigh = |weight: f64| build(&ends, &ends, Some(&[floats(&[1.0, weight])]), None);
    let error = "edge row 2: weight is NaN; weights are finite numbers or inf";
    assert_eq!(message(weigh(f64::NAN)), error);
    let error = "edge row 2: weight is -inf; weights are finite numbers or inf";
    assert_eq!(message(weigh(f64::NEG_INFINITY)), error);
    let text: ArrayRef = Arc::new(StringArray::from(vec!["1", "2"]));
    let error = "weight has type string; weights are integers, floats or decimals";
    assert_eq!(message(build(&ends, &ends, Some(&[text]), None)), error);

    let graph = weigh(f64::INFINITY).unwrap();
    let error = "edge row 2: weight is inf; pagerank needs finite weights";
    assert_eq!(
        message(pagerank(&graph, &PageRankConfig::default(), &PageRankVectors::default(), &GO)),
        error
    );
}

#[test]
fn weights_of_any_numeric_type() {
    let ends = [ints([1, 2])];
    for data_type in [
        arrow::datatypes::DataType::Int8,
        arrow::datatypes::DataType::UInt64,
        arrow::datatypes::DataType::Float32,
        arrow::datatypes::DataType::Decimal128(10, 2),
    ] {
        let weight = arrow::compute::cast(&floats(&[3.0, 4.0]), &data_type).unwrap();
        let graph = build(&ends, &ends, Some(&[weight]), None).unwrap();
        assert_eq!(graph.out().weights(), Some(&[3.0, 4.0][..]));
    }
}

#[test]
fn unusable_id_types_are_named() {
    let numbers = [ints([1])];
    let text: [ArrayRef; 1] = [Arc::new(StringArray::from(vec!["1"]))];
    let real: [ArrayRef; 1] = [Arc::new(Float64Array::from(vec![1.0]))];
    let error = "dst has type float64; ids are integers, text, binary, dates or booleans";
    assert_eq!(message(build(&numbers, &real, None, None)), error);
    let error = "src has type int64, dst has type string; cast one of them, ids of both must be \
                 of one kind";
    assert_eq!(message(build(&numbers, &text, None, None)), error);
    let error = "src has type int64, vertices has type string; cast one of them, ids of both must \
                 be of one kind";
    assert_eq!(message(build(&numbers, &numbers, None, Some(&text))), error);
}

#[test]
fn lengths_must_agree() {
    let (two, three) = ([ints([1, 2])], [ints([1, 2, 3])]);
    assert_eq!(message(build(&two, &three, None, None)), "src has 2 rows, dst has 3");
    assert_eq!(message(build(&two, &two, Some(&three), None)), "src has 2 rows, weight has 3");
}

#[test]
fn negative_weights_are_named_by_edge() {
    let airports = |ids: Vec<&str>| -> [ArrayRef; 1] { [Arc::new(StringArray::from(ids))] };
    let (src, dst) = (airports(vec!["LAX", "JFK"]), airports(vec!["JFK", "BOS"]));
    let graph = build(&src, &dst, Some(&[floats(&[1.0, -3.5])]), None).unwrap();
    let config = ShortestPathConfig { method: ShortestPathMethod::Dijkstra, ..Default::default() };
    let error = "weight -3.5 on edge 'JFK'->'BOS' (row 2): dijkstra needs weights >= 0; use \
                 method 'bellman-ford'";
    assert_eq!(message(shortest_paths(&graph, &config, 0, &GO)), error);
    let error = "weight -3.5 on edge 'JFK'->'BOS' (row 2): pagerank needs weights >= 0";
    assert_eq!(
        message(pagerank(&graph, &PageRankConfig::default(), &PageRankVectors::default(), &GO)),
        error
    );
    let config = ShortestPathConfig { cutoff: Some(1.0), ..Default::default() };
    let error = "cutoff: needs weights >= 0: a path may come back from beyond it";
    assert_eq!(message(shortest_paths(&graph, &config, 0, &GO)), error);
}

#[test]
fn negative_cycles_are_spelled_out() {
    let edges = [(0, 1, 1.0), (1, 3, 2.0), (3, 2, -4.0), (2, 1, 1.0), (2, 4, 1.0)];
    let graph = Rows::weighted(5, &edges, true).graph(IdOrder::Sorted);
    let config = ShortestPathConfig::default();
    let error = "negative cycle reachable from the source: 1->3->2->1";
    assert_eq!(message(shortest_paths(&graph, &config, 0, &GO)), error);
    assert!(shortest_paths(&graph, &config, 4, &GO).is_ok(), "out of reach");

    let edges: Vec<_> = (0..30).map(|v| (v, (v + 1) % 30, -1.0)).collect();
    let graph = Rows::weighted(30, &edges, true).graph(IdOrder::Sorted);
    let error = "negative cycle reachable from the source: 0->1->2->3->4->5->6->7->8->9->...->0";
    assert_eq!(message(shortest_paths(&graph, &config, 7, &GO)), error);

    let graph = Rows::weighted(2, &[(0, 1, -1.0)], false).graph(IdOrder::Sorted);
    let error = "negative cycle reachable from the source: 0->1->0";
    assert_eq!(message(shortest_paths(&graph, &config, 0, &GO)), error);
}

#[test]
fn settings_outside_their_range_are_named() {
    let graph = Rows::new(2, &[(0, 1)], true).graph(IdOrder::Sorted);
    let rank = |config, jump: Option<&[(u32, f64)]>| {
        let vectors = PageRankVectors { personalization: jump, ..Default::default() };
        message(pagerank(&graph, &config, &vectors, &GO))
    };
    let default = PageRankConfig::default;
    let alpha = |alpha| PageRankConfig { alpha, ..default() };
    assert_eq!(rank(alpha(1.5), None), "alpha: 1.5 is not between 0 and 1");
    assert_eq!(rank(alpha(f64::NAN), None), "alpha: NaN is not between 0 and 1");
    let config = PageRankConfig { tol: -1.0, ..default() };
    assert_eq!(rank(config, None), "tol: -1 is not a number >= 0");
    let config = PageRankConfig { max_iter: 0, ..default() };
    assert_eq!(rank(config, None), "max_iter: needs at least 1");
    let error = "personalization: weights add up to 0; at least one must be above 0";
    assert_eq!(rank(default(), Some(&[(0, 0.0)])), error);
    assert_eq!(rank(default(), Some(&[])), error);
    let error = "personalization: weight -1 of vertex 1 is not a number >= 0";
    assert_eq!(rank(default(), Some(&[(1, -1.0)])), error);
    let error = "personalization: vertex index 2 of 2 vertices";
    assert_eq!(rank(default(), Some(&[(2, 1.0)])), error);
    let tiny = Rows::weighted(2, &[(0, 1, 5e-324)], true).graph(IdOrder::Sorted);
    let error = "weight: edges out of vertex 0 add up to 5e-324, beyond floating point";
    assert_eq!(message(pagerank(&tiny, &default(), &PageRankVectors::default(), &GO)), error);

    let search = |sources: &[u32]| message(bfs(&graph, &BfsConfig::default(), sources, &GO));
    assert_eq!(search(&[]), "sources: needs at least one vertex");
    assert_eq!(search(&[2]), "sources: vertex index 2 of 2 vertices");
    let path = |cutoff, source| {
        let config = ShortestPathConfig { cutoff, ..Default::default() };
        message(shortest_paths(&graph, &config, source, &GO))
    };
    assert_eq!(path(None, 9), "source: vertex index 9 of 2 vertices");
    assert_eq!(path(Some(-1.0), 0), "cutoff: -1 is not a number >= 0");
    assert_eq!(path(Some(f64::NAN), 0), "cutoff: NaN is not a number >= 0");
}

#[test]
fn a_set_flag_cancels_every_call() {
    let flag = AtomicBool::new(true);
    let stop = Control::new(&flag);
    let rows = Rows::weighted(2, &[(0, 1, 1.0)], true);
    let graph = rows.graph(IdOrder::Sorted);
    let ends = [ints([1])];
    let built = Graph::build(&ends, &ends, None, None, &BuildOptions::default(), &stop);
    assert_eq!(message(built), "cancelled");
    assert_eq!(message(graph.incoming(&stop)), "cancelled");
    assert_eq!(message(bfs(&graph, &BfsConfig::default(), &[0], &stop)), "cancelled");
    assert_eq!(
        message(pagerank(&graph, &PageRankConfig::default(), &PageRankVectors::default(), &stop)),
        "cancelled"
    );
    for mode in [ComponentsMode::Weak, ComponentsMode::Strong] {
        assert_eq!(message(components(&graph, mode, &stop)), "cancelled");
    }
    for method in
        [ShortestPathMethod::Bfs, ShortestPathMethod::Dijkstra, ShortestPathMethod::BellmanFord]
    {
        let config = ShortestPathConfig { method, ..Default::default() };
        assert_eq!(message(shortest_paths(&graph, &config, 0, &stop)), "cancelled");
    }
}

#[test]
fn errors_cross_threads() {
    fn assert_send_sync<T: Send + Sync + 'static>() {}
    assert_send_sync::<GraphError>();
    assert_send_sync::<Graph>();
}
