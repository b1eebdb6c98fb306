//! Build options against a plain reading of them, and the other ways into a graph.

#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "helpers of tests; weights are moved, not computed"
)]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use common::{GO, Rows, floats, ints, large, message, on_any_threads, rows};
use pf_graph_core::verify::{check_csr, check_transpose};
use pf_graph_core::{
    BuildOptions, Direction, Duplicates, Graph, IdOrder, LoopDegree, Nulls, SelfLoops,
};
use proptest::prelude::*;

const POLICIES: [Duplicates; 6] = [
    Duplicates::Keep,
    Duplicates::Sum,
    Duplicates::Min,
    Duplicates::Max,
    Duplicates::First,
    Duplicates::Last,
];

/// The rows that stay and their weights, by one look at each pair.
fn plain(rows: &Rows, duplicates: Duplicates, drop_loops: bool) -> Vec<(u32, u32, f64, u32)> {
    let mut groups: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
    for row in 0..rows.src.len() {
        let (u, v) = (rows.src[row], rows.dst[row]);
        let key = match (duplicates, rows.directed) {
            (Duplicates::Keep, _) => (row as u32, 0),
            (_, true) => (u, v),
            (_, false) => (u.min(v), u.max(v)),
        };
        groups.entry(key).or_default().push(row);
    }
    let weight = |row: usize| rows.weight.as_ref().map_or(1.0, |weights| weights[row]);
    let mut kept: Vec<(u32, u32, f64, u32)> = groups
        .into_values()
        .map(|group| {
            let lightest = group.iter().map(|&row| weight(row)).fold(f64::MAX, f64::min);
            let heaviest = group.iter().map(|&row| weight(row)).fold(f64::MIN, f64::max);
            let row = *match duplicates {
                Duplicates::Min => group.iter().find(|&&row| weight(row) == lightest).unwrap(),
                Duplicates::Max => group.iter().find(|&&row| weight(row) == heaviest).unwrap(),
                Duplicates::Last => group.last().unwrap(),
                _ => &group[0],
            };
            let value = match duplicates {
                Duplicates::Sum => group.iter().map(|&row| weight(row)).sum(),
                _ => weight(row),
            };
            (rows.src[row], rows.dst[row], value, row as u32)
        })
        .filter(|&(u, v, ..)| !(drop_loops && u == v))
        .collect();
    kept.sort_unstable_by_key(|edge| edge.3);
    kept
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn parallel_edges_and_loops(
        rows in rows((-3..4i32).prop_map(f64::from)),
        policy in 0..6usize,
        drop_loops in any::<bool>(),
        sorted in any::<bool>(),
        from_table in any::<bool>(),
    ) {
        let duplicates = POLICIES[policy];
        let options = BuildOptions {
            directed: rows.directed,
            id_order: if sorted { IdOrder::Sorted } else { IdOrder::Appearance },
            duplicates,
            self_loops: if drop_loops { SelfLoops::Drop } else { SelfLoops::Keep },
            edge_rows: true,
            ..BuildOptions::default()
        };
        let n = rows.n as usize;
        let weight = rows.weight.as_deref();
        let graph = if from_table {
            let weight = weight.map(floats);
            let weight = weight.as_ref().map(std::slice::from_ref);
            let (src, dst) = (ints(rows.src.iter().copied()), ints(rows.dst.iter().copied()));
            Graph::build(&[src], &[dst], weight, Some(&[ints(0..rows.n)]), &options, &GO).unwrap()
        } else {
            Graph::from_arrays(&rows.src, &rows.dst, weight, n, &options, &GO).unwrap()
        };
        let kept = plain(&rows, duplicates, drop_loops);
        prop_assert_eq!(graph.num_edges(), kept.len());
        let is_weighted = rows.weight.is_some() || duplicates == Duplicates::Sum;
        let expected = Rows {
            n: rows.n,
            src: kept.iter().map(|edge| edge.0).collect(),
            dst: kept.iter().map(|edge| edge.1).collect(),
            weight: is_weighted.then(|| kept.iter().map(|edge| edge.2).collect()),
            directed: rows.directed,
        };
        prop_assert_eq!(check_csr(&expected.edges(), graph.out(), !sorted), Ok(()));

        // Each arc names a row with its ends and, unless weights were added up, its weight.
        let named = graph.edge_rows().unwrap();
        prop_assert_eq!(named.len(), graph.out().num_arcs());
        for u in 0..rows.n {
            let start = graph.out().offsets()[u as usize] as usize;
            for (i, (v, w)) in graph.out().weighted_row(u).enumerate() {
                let row = named[start + i];
                let edge = kept.iter().find(|edge| edge.3 == row).unwrap();
                let is_there = (edge.0, edge.1) == (u, v);
                prop_assert!(is_there || (!rows.directed && (edge.1, edge.0) == (u, v)));
                prop_assert_eq!(edge.2, w);
            }
        }
    }

    #[test]
    fn views_are_what_they_say(rows in rows((0..5i32).prop_map(f64::from))) {
        let graph = rows.graph(IdOrder::Appearance);
        let sorted = graph.sorted(&GO).unwrap();
        prop_assert_eq!(check_csr(&rows.edges(), sorted, false), Ok(()));

        let mut neighbours = vec![std::collections::BTreeSet::new(); rows.n as usize];
        for (u, v, _) in rows.edges().arcs().filter(|arc| arc.0 != arc.1) {
            neighbours[u].insert(v as u32);
            neighbours[v].insert(u as u32);
        }
        let simple = graph.simple(&GO).unwrap();
        prop_assert_eq!(simple.weights(), None);
        for v in 0..rows.n {
            let expected: Vec<u32> = neighbours[v as usize].iter().copied().collect();
            prop_assert_eq!(simple.row(v), &expected[..]);
        }

        for (direction, loops) in [
            (Direction::Out, LoopDegree::Twice),
            (Direction::In, LoopDegree::Twice),
            (Direction::Both, LoopDegree::Twice),
            (Direction::Out, LoopDegree::Once),
        ] {
            let degrees = graph.degrees(direction, loops, &GO).unwrap();
            let mut expected = vec![0u64; rows.n as usize];
            for (&u, &v) in rows.src.iter().zip(&rows.dst) {
                if !rows.directed || direction != Direction::In {
                    expected[u as usize] += 1;
                }
                let head = if rows.directed { direction != Direction::Out } else { u != v || loops == LoopDegree::Twice };
                if head {
                    expected[v as usize] += 1;
                }
            }
            prop_assert_eq!(degrees, expected);
        }
    }

    #[test]
    fn rows_of_a_graph_make_the_same_graph(rows in rows(-9.0..9.0f64)) {
        let graph = rows.graph(IdOrder::Appearance);
        let out = graph.out();
        let (offsets, targets) = (out.offsets().to_vec(), out.targets().to_vec());
        let weights = out.weights().map(<[f64]>::to_vec);
        let again = Graph::from_csr(offsets, targets, weights, rows.directed, &GO).unwrap();
        prop_assert_eq!(again.out(), out);
        prop_assert_eq!(again.num_edges(), rows.src.len());
        prop_assert_eq!(again.has_negative_weight(), graph.has_negative_weight());
        if rows.directed {
            prop_assert_eq!(check_transpose(again.out(), again.incoming(&GO).unwrap()), Ok(()));
        }
    }
}

#[test]
fn arrays_of_any_integers_give_the_same_rows() {
    let rows = large(true);
    let options = BuildOptions::default();
    let n = rows.n as usize;
    let expected = Graph::from_arrays(&rows.src, &rows.dst, None, n, &options, &GO).unwrap();
    assert_eq!(expected.ids().len(), n);
    macro_rules! same {
        ($($int:ty),*) => { $({
            let src: Vec<$int> = rows.src.iter().map(|&v| v as $int).collect();
            let graph = Graph::from_arrays(&src, &rows.dst, None, n, &options, &GO).unwrap();
            assert_eq!(graph.out(), expected.out());
        })* };
    }
    same!(i32, i64, u64, u16);
}

#[test]
fn many_threads_build_the_same_rows() {
    for directed in [true, false] {
        let rows = large(directed);
        for duplicates in [Duplicates::Keep, Duplicates::Sum, Duplicates::Last] {
            let options = BuildOptions { directed, duplicates, ..BuildOptions::default() };
            let weight = rows.weight.as_deref();
            on_any_threads(|| {
                let n = rows.n as usize;
                let graph =
                    Graph::from_arrays(&rows.src, &rows.dst, weight, n, &options, &GO).unwrap();
                let views =
                    (graph.sorted(&GO).unwrap().clone(), graph.simple(&GO).unwrap().clone());
                (graph.out().clone(), views)
            });
        }
    }
}

#[test]
fn indices_out_of_range_are_named() {
    let build = |src: &[i64], dst: &[i32]| {
        message(Graph::from_arrays(src, dst, None, 3, &BuildOptions::default(), &GO))
    };
    let limits = "indices of 3 vertices are at least 0 and below 3";
    assert_eq!(build(&[0, 3], &[0, 7]), format!("edge row 2: src is 3; {limits}"));
    assert_eq!(build(&[0, 2], &[-1, 0]), format!("edge row 1: dst is -1; {limits}"));
    assert_eq!(build(&[0, -5], &[1, 0]), format!("edge row 2: src is -5; {limits}"));
    assert_eq!(build(&[i64::MAX], &[1]), format!("edge row 1: src is {}; {limits}", i64::MAX));
    assert_eq!(build(&[1], &[]), "src has 1 rows, dst has 0");
    let merged = BuildOptions { duplicates: Duplicates::First, ..BuildOptions::default() };
    let text = message(Graph::from_arrays(&[0, 1], &[1, 9], None, 3, &merged, &GO));
    assert_eq!(text, format!("edge row 2: dst is 9; {limits}"));
    let weight = [1.0, f64::NAN];
    let options = BuildOptions::default();
    let text = message(Graph::from_arrays(&[0, 1], &[1, 0], Some(&weight), 2, &options, &GO));
    assert_eq!(text, "edge row 2: weight is NaN; weights are finite numbers or inf");
    let huge = message(Graph::from_arrays(&[0], &[0], None, 1 << 32, &options, &GO));
    assert_eq!(huge, "4294967296 vertices are more than the limit of 4294967294");
}

#[test]
fn rows_that_are_none_are_refused() {
    let build = |offsets: &[u64], targets: &[u32], weights: Option<Vec<f64>>, directed| {
        message(Graph::from_csr(offsets.to_vec(), targets.to_vec(), weights, directed, &GO))
    };
    assert_eq!(build(&[], &[], None, true), "offsets: is empty; n vertices have n + 1 offsets");
    assert_eq!(build(&[1], &[], None, true), "offsets: starts at 1, not at 0");
    assert_eq!(build(&[0, 2, 1], &[0], None, true), "offsets: falls from 2 to 1 at vertex 1");
    assert_eq!(build(&[0, 2], &[0], None, true), "offsets: ends at 2, with 1 arcs");
    assert_eq!(build(&[0, 1], &[1], None, true), "targets: arc 0 leads to 1 of 1 vertices");
    let weights = Some(vec![]);
    assert_eq!(build(&[0, 1], &[0], weights, true), "weights: 0 values for 1 arcs");
    let text = build(&[0, 1, 1], &[1], None, false);
    assert!(text.starts_with("targets: the arcs of vertex 0 differ"), "{text}");
    let text = build(&[0, 1, 2], &[1, 0], Some(vec![1.0, 2.0]), false);
    assert!(text.starts_with("targets: the arcs of vertex 0 differ"), "{text}");
    let empty = Graph::from_csr(vec![0], vec![], None, false, &GO).unwrap();
    assert_eq!((empty.num_vertices(), empty.ids().len()), (0, 0));
}

fn nullable(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

#[test]
fn rows_without_an_end_can_be_dropped() {
    let src = [nullable(&[Some(5), None]), nullable(&[Some(6), Some(7)])];
    let dst = [nullable(&[Some(6), Some(6), None]), nullable(&[Some(5)])];
    let weight = [nullable(&[Some(1), None, Some(3), None])];
    let build = |default_weight| {
        let nulls = Nulls::Drop;
        let options =
            BuildOptions { nulls, default_weight, edge_rows: true, ..BuildOptions::default() };
        Graph::build(&src, &dst, Some(&weight), None, &options, &GO)
    };
    let text = "edge row 4: weight is null (pass default_weight to fill such rows)";
    assert_eq!(message(build(None)), text, "the row of the table, not of what is left");
    let graph = build(Some(9.0)).unwrap();
    assert_eq!((graph.ids(), graph.num_edges()), (&ints([5, 6, 7]), 2));
    assert_eq!(graph.out().targets(), [1, 0]);
    assert_eq!(graph.out().weights(), Some(&[1.0, 9.0][..]));
    assert_eq!(graph.edge_rows(), Some(&[0, 3][..]));
    let options = BuildOptions { default_weight: Some(1.0), ..BuildOptions::default() };
    let text = message(Graph::build(&[ints([1])], &[ints([1])], None, None, &options, &GO));
    assert_eq!(text, "default_weight: needs a weight column, whose nulls it fills");
    let text = message(build(Some(f64::NAN)));
    assert_eq!(text, "default_weight: NaN is not a finite number or inf");
}

#[test]
fn forbidden_edges_are_named() {
    let text: ArrayRef = Arc::new(arrow::array::StringArray::from(vec!["a", "b", "b", "a"]));
    let other: ArrayRef = Arc::new(arrow::array::StringArray::from(vec!["b", "b", "a", "b"]));
    let build = |options: BuildOptions| {
        let (src, dst) = (std::slice::from_ref(&text), std::slice::from_ref(&other));
        message(Graph::build(src, dst, None, None, &options, &GO))
    };
    let none = BuildOptions::default;
    assert_eq!(
        build(BuildOptions { self_loops: SelfLoops::Error, ..none() }),
        "edge row 2: 'b'->'b' is a loop (pass self_loops='drop' to skip loops)"
    );
    let duplicates = Duplicates::Error;
    assert_eq!(
        build(BuildOptions { duplicates, ..none() }),
        "edge row 4: 'a'->'b' is there already, in row 1"
    );
    assert_eq!(
        build(BuildOptions { duplicates, directed: false, ..none() }),
        "edge row 3: 'b'->'a' is there already, in row 1"
    );
}
