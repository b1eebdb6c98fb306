//! Ids of every type map to indices and back.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, DictionaryArray,
    Int8Array, Int16Array, Int32Array, Int64Array, LargeBinaryArray, LargeStringArray, StringArray,
    StringViewArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Int8Type, Int32Type};
use common::{GO, message};
use pf_graph_core::{BuildOptions, Graph, GraphError, IdOrder, IdValue};
use proptest::collection::vec;
use proptest::prelude::*;

/// Makes a column of two ids, each given by its rank among three.
type Make = Box<dyn Fn([usize; 2]) -> ArrayRef>;

fn build(src: &ArrayRef, dst: &ArrayRef, id_order: IdOrder) -> Result<Graph, GraphError> {
    let options = BuildOptions { id_order, ..BuildOptions::default() };
    Graph::build(std::slice::from_ref(src), std::slice::from_ref(dst), None, None, &options, &GO)
}

/// Reads every edge back from the graph by its ids and compares with the rows of the input.
fn assert_edges_read_back(graph: &Graph, src: &ArrayRef, dst: &ArrayRef) {
    let data_type = graph.ids().data_type();
    let (mut tails, mut heads) = (Vec::new(), Vec::new());
    for u in 0..graph.num_vertices() as u32 {
        for &v in graph.out().row(u) {
            tails.push(u);
            heads.push(v);
        }
    }
    let show = |array: &ArrayRef| -> Vec<String> {
        let array = cast(array, data_type).unwrap();
        let row = |i| arrow::util::display::array_value_to_string(&array, i).unwrap();
        (0..array.len()).map(row).collect()
    };
    let pick = |indices| show(&take(graph.ids(), &UInt32Array::from(indices), None).unwrap());
    let mut found: Vec<_> = pick(tails).into_iter().zip(pick(heads)).collect();
    let mut expected: Vec<_> = show(src).into_iter().zip(show(dst)).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn every_type_keeps_its_type_and_order() {
    // Rows (b, a), (c, b) with a < b < c: appearance gives b, a, c.
    let text = |i: [usize; 2]| i.map(|i| ["ant", "bee", "cat"][i]);
    let bytes = |i: [usize; 2]| i.map(|i| [&b"\x00"[..], b"\x01\xff", b"\xfe"][i]);
    let cases: Vec<Make> = vec![
        Box::new(|i| Arc::new(Int8Array::from(i.map(|i| [-128, 0, 127][i]).to_vec()))),
        Box::new(|i| Arc::new(Int16Array::from(i.map(|i| [-300, 0, 300][i]).to_vec()))),
        Box::new(|i| Arc::new(Int32Array::from(i.map(|i| [i32::MIN, 0, i32::MAX][i]).to_vec()))),
        Box::new(|i| Arc::new(Int64Array::from(i.map(|i| [i64::MIN, -1, i64::MAX][i]).to_vec()))),
        Box::new(|i| Arc::new(UInt8Array::from(i.map(|i| [0, 128, 255][i]).to_vec()))),
        Box::new(|i| Arc::new(UInt16Array::from(i.map(|i| [0, 9, u16::MAX][i]).to_vec()))),
        Box::new(|i| Arc::new(UInt32Array::from(i.map(|i| [0, 9, u32::MAX][i]).to_vec()))),
        Box::new(|i| Arc::new(UInt64Array::from(i.map(|i| [0, 1 << 63, u64::MAX][i]).to_vec()))),
        Box::new(|i| Arc::new(Date32Array::from(i.map(|i| [-5, 0, 20_000][i]).to_vec()))),
        Box::new(move |i| Arc::new(StringArray::from(text(i).to_vec()))),
        Box::new(move |i| Arc::new(LargeStringArray::from(text(i).to_vec()))),
        Box::new(move |i| Arc::new(StringViewArray::from(text(i).to_vec()))),
        Box::new(move |i| Arc::new(BinaryArray::from(bytes(i).to_vec()))),
        Box::new(move |i| Arc::new(LargeBinaryArray::from(bytes(i).to_vec()))),
        Box::new(move |i| Arc::new(BinaryViewArray::from(bytes(i).to_vec()))),
    ];
    for make in cases {
        let (src, dst) = (make([1, 2]), make([0, 1]));
        for (order, expected) in [(IdOrder::Appearance, [1, 0, 2]), (IdOrder::Sorted, [0, 1, 2])] {
            let graph = build(&src, &dst, order).unwrap();
            let first = make([expected[0], expected[1]]);
            assert_eq!(graph.ids().data_type(), src.data_type());
            assert_eq!(&graph.ids().slice(0, 2), &first);
            assert_eq!(&graph.ids().slice(2, 1), &make([2, 2]).slice(0, 1));
            assert_edges_read_back(&graph, &src, &dst);
        }
    }
}

#[test]
fn booleans_are_ids() {
    let src: ArrayRef = Arc::new(BooleanArray::from(vec![true, true]));
    let dst: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
    let graph = build(&src, &dst, IdOrder::Sorted).unwrap();
    let expected: ArrayRef = Arc::new(BooleanArray::from(vec![false, true]));
    assert_eq!(graph.ids(), &expected);
    assert_eq!(graph.find(&IdValue::Bool(true)), Ok(1));
}

#[test]
fn dictionaries_give_their_used_values() {
    let text: DictionaryArray<Int8Type> = vec!["x", "y", "x", "z"].into_iter().collect();
    let text: ArrayRef = Arc::new(text.slice(0, 3)); // "z" stays in the dictionary, unused
    let plain: ArrayRef = Arc::new(StringViewArray::from(vec!["y", "y", "w"]));
    let graph = build(&text, &plain, IdOrder::Sorted).unwrap();
    let expected: ArrayRef = Arc::new(StringArray::from(vec!["w", "x", "y"]));
    assert_eq!(graph.ids(), &expected);

    let keys = Int32Array::from(vec![1, 0]);
    let values = Arc::new(Int64Array::from(vec![70, 80]));
    let numbers: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::new(keys, values));
    let graph = build(&numbers, &numbers, IdOrder::Appearance).unwrap();
    let expected: ArrayRef = Arc::new(Int64Array::from(vec![80, 70]));
    assert_eq!(graph.ids(), &expected);
}

#[test]
fn texts_with_a_common_start_are_sorted_by_the_rest() {
    let ids = ["ab", "ab\0", "ab\0\0\0\0\0\0\0\0", "ab\0\0\0\0\0\0\0\0c", "aba", "abé"];
    for common in ["", "https://example.org/"] {
        let texts = ids.map(|id| format!("{common}{id}"));
        let column = |rows: &[usize]| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(rows.iter().map(|&row| &texts[row])))
        };
        let graph = build(&column(&[3, 1, 0, 5]), &column(&[4, 2, 0, 3]), IdOrder::Sorted).unwrap();
        assert_eq!(graph.ids(), &column(&[0, 1, 2, 3, 4, 5]));
    }
}

#[test]
fn integers_widen_to_hold_both_columns() {
    let i8s: ArrayRef = Arc::new(Int8Array::from(vec![-1]));
    let i32s: ArrayRef = Arc::new(Int32Array::from(vec![1 << 20]));
    let u8s: ArrayRef = Arc::new(UInt8Array::from(vec![200]));
    let u32s: ArrayRef = Arc::new(UInt32Array::from(vec![u32::MAX]));
    let i64s: ArrayRef = Arc::new(Int64Array::from(vec![5]));
    let negative: ArrayRef = Arc::new(Int64Array::from(vec![-5]));
    let small: ArrayRef = Arc::new(UInt64Array::from(vec![7]));
    let large: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
    for (src, dst, expected) in [
        (&i8s, &i32s, DataType::Int32),
        (&i32s, &u8s, DataType::Int32),
        (&i8s, &u8s, DataType::Int64),
        (&i32s, &u32s, DataType::Int64),
        (&u8s, &u32s, DataType::UInt32),
        (&u32s, &large, DataType::UInt64),
        (&i64s, &small, DataType::Int64),
        (&negative, &small, DataType::Int64),
        (&large, &i64s, DataType::UInt64),
    ] {
        let graph = build(src, dst, IdOrder::Appearance).unwrap();
        assert_eq!(graph.ids().data_type(), &expected);
        assert_edges_read_back(&graph, src, dst);
    }
    let error = "src has type int64, dst has type uint64; cast one of them, ids of both must be \
                 of one kind";
    assert_eq!(message(build(&negative, &large, IdOrder::Sorted)), error);
}

#[test]
fn vertices_come_first_once_and_stay_isolated() {
    let ids = |values: &[i64]| -> ArrayRef { Arc::new(Int64Array::from(values.to_vec())) };
    let build = |id_order| {
        let options = BuildOptions { id_order, ..BuildOptions::default() };
        let (src, dst, vertices) = ([ids(&[1, 9])], [ids(&[4, 1])], [ids(&[4, 7, 4])]);
        Graph::build(&src, &dst, None, Some(&vertices), &options, &GO).unwrap()
    };
    assert_eq!(build(IdOrder::Appearance).ids(), &ids(&[4, 7, 1, 9]));
    assert_eq!(build(IdOrder::Sorted).ids(), &ids(&[1, 4, 7, 9]));
    assert!(build(IdOrder::Sorted).out().row(2).is_empty());
}

#[test]
fn ids_are_found_in_their_own_kind_only() {
    let text: ArrayRef = Arc::new(StringArray::from(vec!["JFK", "XYR", "1"]));
    let numbers: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX, 1, 30]));
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![19_723, 0, 1])); // 2024-01-01
    let str = |text: &str| IdValue::Str(text.into());
    for order in [IdOrder::Appearance, IdOrder::Sorted] {
        let index = |appearance: u32, sorted| {
            Ok(if order == IdOrder::Appearance { appearance } else { sorted })
        };
        let graph = build(&text, &text, order).unwrap();
        assert_eq!(graph.find(&str("JFK")), index(0, 1));
        assert_eq!(graph.find(&str("1")), index(2, 0));
        let error = "vertex 1 not in graph (3 vertices)";
        assert_eq!(message(graph.find(&IdValue::Int(1))), error);
        let error = "vertex 'XYZ' not in graph (3 vertices; closest: 'XYR')";
        assert_eq!(message(graph.find(&str("XYZ"))), error);

        let graph = build(&numbers, &numbers, order).unwrap();
        assert_eq!(graph.find(&IdValue::UInt(u64::MAX)), index(0, 2));
        assert_eq!(graph.find(&IdValue::Int(30)), index(2, 1));
        let error = "vertex 29 not in graph (3 vertices; closest: 30, 1, 18446744073709551615)";
        assert_eq!(message(graph.find(&IdValue::Int(29))), error);
        assert_eq!(message(graph.find(&str("1"))), "vertex '1' not in graph (3 vertices)");

        let graph = build(&dates, &dates, order).unwrap();
        assert_eq!(graph.find(&str("2024-01-01")), index(0, 2));
        assert_eq!(graph.find(&str("1970-01-01")), index(1, 0));
        let error = "vertex '2023-12-31' not in graph (3 vertices; closest: 2024-01-01, 1970-01-02, 1970-01-01)";
        assert_eq!(message(graph.find(&str("2023-12-31"))), error);
        assert_eq!(message(graph.find(&str("today"))), "vertex 'today' not in graph (3 vertices)");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn integers_read_back(
        pairs in vec((any::<i64>(), any::<i64>()), 0..80),
        shift in 0u32..64,
        sorted in any::<bool>(),
    ) {
        // The shift makes spans of every size: direct tables, hash tables, repeated ids.
        let column = |of: fn(&(i64, i64)) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(pairs.iter().map(|pair| of(pair) >> shift)))
        };
        let (src, dst) = (column(|pair| pair.0), column(|pair| pair.1));
        check_mapping(&src, &dst, sorted)?;
    }

    #[test]
    fn texts_read_back(
        pairs in vec(("[ab]{0,3}", "[abé]{0,20}"), 0..80),
        sorted in any::<bool>(),
    ) {
        let src: ArrayRef = Arc::new(StringArray::from_iter_values(pairs.iter().map(|p| &p.0)));
        let dst: ArrayRef = Arc::new(StringArray::from_iter_values(pairs.iter().map(|p| &p.1)));
        check_mapping(&src, &dst, sorted)?;
    }
}

/// Ids are distinct, in the promised order, and give the edges back; each is found at its index.
fn check_mapping(src: &ArrayRef, dst: &ArrayRef, sorted: bool) -> Result<(), TestCaseError> {
    let order = if sorted { IdOrder::Sorted } else { IdOrder::Appearance };
    let graph = build(src, dst, order).unwrap();
    assert_edges_read_back(&graph, src, dst);
    let mut expected: Vec<IdValue> = Vec::new();
    for row in 0..src.len() {
        for column in [src, dst] {
            let id = value(column, row);
            if !expected.contains(&id) {
                expected.push(id);
            }
        }
    }
    if sorted {
        expected.sort_by(|a, b| match (a, b) {
            (IdValue::Int(a), IdValue::Int(b)) => a.cmp(b),
            (IdValue::Str(a), IdValue::Str(b)) => a.cmp(b),
            _ => unreachable!(),
        });
    }
    let found: Vec<IdValue> = (0..graph.num_vertices()).map(|i| value(graph.ids(), i)).collect();
    prop_assert_eq!(&found, &expected);
    for (index, id) in found.iter().enumerate() {
        prop_assert_eq!(graph.find(id), Ok(index as u32));
    }
    Ok(())
}

fn value(array: &ArrayRef, row: usize) -> IdValue {
    let any = array.as_any();
    if let Some(numbers) = any.downcast_ref::<Int64Array>() {
        return IdValue::Int(numbers.value(row));
    }
    IdValue::Str(any.downcast_ref::<StringArray>().unwrap().value(row).into())
}
