//! Ids of every type, in chunks, plain and coded, against a serial map over the rows.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};

use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, DictionaryArray,
    Int8Array, Int16Array, Int32Array, Int64Array, LargeBinaryArray, LargeStringArray,
    PrimitiveArray, StringArray, StringViewArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array, new_empty_array,
};
use arrow::datatypes::{ArrowDictionaryKeyType, ArrowNativeType, Int8Type, Int64Type, UInt16Type};
use common::GO;
use pf_graph_core::verify::{Edges, check_csr};
use pf_graph_core::{BuildOptions, Control, Graph, GraphError, IdOrder, generate};
use proptest::collection::vec;
use proptest::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Number names; their ids are in the order of the numbers.
/// Makes a column of the ids with these numbers.
type Column<'a> = &'a dyn Fn(&[u32]) -> ArrayRef;

const NAMES: u32 = 100;
const KINDS: usize = 19;

/// The ids of some numbers, as an array of the kind.
fn plain(kind: usize, names: &[u32]) -> ArrayRef {
    let signed = names.iter().map(|&v| i64::from(v) - 50);
    let far = |v: &u32| (i64::from(*v) - 50) * 0x0123_4567_89ab_cdef;
    // The number decides the order, the rest the length.
    let text = |v: &u32| format!("{v:03}{}", "é/x".repeat(*v as usize % 11));
    let texts: Vec<String> = names.iter().map(text).collect();
    let bytes = texts.iter().map(String::as_bytes);
    match kind {
        0 => Arc::new(Int8Array::from_iter_values(signed.map(|v| v as i8))),
        1 => Arc::new(Int16Array::from_iter_values(signed.map(|v| v as i16 * 300))),
        2 => Arc::new(Int32Array::from_iter_values(signed.map(|v| v as i32 * 40_000_000))),
        3 => Arc::new(Int64Array::from_iter_values(signed)),
        4 => Arc::new(Int64Array::from_iter_values(names.iter().map(far))),
        5 => Arc::new(UInt8Array::from_iter_values(names.iter().map(|&v| v as u8 + 150))),
        6 => Arc::new(UInt16Array::from_iter_values(names.iter().map(|&v| v as u16 * 600))),
        7 => Arc::new(UInt32Array::from_iter_values(names.iter().map(|&v| v * 40_000_000))),
        8 => {
            let far = |&v: &u32| u64::MAX - u64::from(NAMES - v) * 0x0001_2345_6789_abcd;
            Arc::new(UInt64Array::from_iter_values(names.iter().map(far)))
        }
        9 => Arc::new(Date32Array::from_iter_values(signed.map(|v| v as i32 * 365))),
        10 => Arc::new(names.iter().map(|&v| Some(v >= NAMES / 2)).collect::<BooleanArray>()),
        11 => Arc::new(StringArray::from_iter_values(&texts)),
        12 => Arc::new(LargeStringArray::from_iter_values(&texts)),
        13 => Arc::new(StringViewArray::from_iter_values(&texts)),
        14 => Arc::new(BinaryArray::from_iter_values(bytes)),
        15 => Arc::new(LargeBinaryArray::from_iter_values(bytes)),
        16 => Arc::new(BinaryViewArray::from_iter_values(bytes)),
        17 => {
            let short = names.iter().map(|&v| vec![v as u8; usize::from(v > 0)]);
            Arc::new(BinaryArray::from_iter_values(short))
        }
        18 => {
            // Fewer than eight bytes, and several lengths of one byte repeated.
            let zeros = names.iter().map(|&v| "\0".repeat(v as usize));
            Arc::new(StringArray::from_iter_values(zeros))
        }
        _ => unreachable!("{KINDS} kinds"),
    }
}

/// The same ids as codes of values, some of them unused.
fn coded<K: ArrowDictionaryKeyType>(kind: usize, names: &[u32]) -> ArrayRef {
    let mut values: Vec<u32> = names.iter().rev().copied().chain([3, NAMES - 1]).collect();
    let mut seen = [false; NAMES as usize];
    values.retain(|&v| !std::mem::replace(&mut seen[v as usize], true));
    let code = |v: &u32| {
        let place = values.iter().position(|value| value == v).unwrap();
        K::Native::from_usize(place).unwrap()
    };
    let codes = PrimitiveArray::<K>::from_iter_values(names.iter().map(code));
    Arc::new(DictionaryArray::new(codes, plain(kind, &values)))
}

/// A column in chunks of the given lengths, the last one as long as it takes.
fn column(kind: usize, names: &[u32], lens: &[usize], coding: usize) -> Vec<ArrayRef> {
    let mut rest = names;
    let mut chunks = Vec::new();
    for i in 0.. {
        let len = lens.get(i).map_or(rest.len(), |&len| len.min(rest.len()));
        let (chunk, after) = rest.split_at(len);
        rest = after;
        // A sliced array, as a part of a larger one is.
        let whole: Vec<u32> = [0, 1].into_iter().chain(chunk.iter().copied()).collect();
        let array = match coding + i % 2 * usize::from(coding == 3) {
            0 | 3 => plain(kind, &whole),
            1 => coded::<Int8Type>(kind, &whole),
            2 => coded::<UInt16Type>(kind, &whole),
            _ => coded::<Int64Type>(kind, &whole),
        };
        chunks.push(array.slice(2, len));
        if i >= lens.len() {
            break;
        }
    }
    chunks
}

fn pool(threads: usize) -> &'static ThreadPool {
    static POOLS: OnceLock<[ThreadPool; 4]> = OnceLock::new();
    let make = |threads| ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let pools = POOLS.get_or_init(|| [1, 2, 3, 8].map(make));
    pools.iter().find(|pool| pool.current_num_threads() == threads).unwrap()
}

/// Names by vertex, and the vertex of each row of `src` and `dst`.
fn oracle(
    src: &[u32],
    dst: &[u32],
    vertices: &[u32],
    order: IdOrder,
) -> (Vec<u32>, Vec<u32>, Vec<u32>) {
    let mut names: Vec<u32> = Vec::new();
    let mut index: HashMap<u32, u32> = HashMap::new();
    let ends = src.iter().zip(dst).flat_map(|(&u, &v)| [u, v]);
    for name in vertices.iter().copied().chain(ends) {
        index.entry(name).or_insert_with(|| {
            names.push(name);
            names.len() as u32 - 1
        });
    }
    if order == IdOrder::Sorted {
        names.sort_unstable();
        index = names.iter().zip(0..).map(|(&name, i)| (name, i)).collect();
    }
    let of = |column: &[u32]| column.iter().map(|name| index[name]).collect();
    (names.clone(), of(src), of(dst))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 20 } else { 600 }))]

    #[test]
    fn every_type_and_layout_maps_as_a_serial_map_does(
        kind in 0..KINDS,
        pairs in vec((0..NAMES, 0..NAMES), 0..70),
        vertices in prop::option::of(vec(0..NAMES, 0..20)),
        (src_lens, dst_lens) in (vec(0..40usize, 0..4), vec(0..40usize, 0..4)),
        (src_coding, dst_coding, vertex_coding) in (0..5usize, 0..5usize, 0..3usize),
        sorted in any::<bool>(),
        threads in prop::sample::select(vec![1usize, 2, 3, 8]),
    ) {
        let name = |v: u32| if kind == 10 { v / (NAMES / 2) * (NAMES / 2) } else { v };
        let (src, dst): (Vec<u32>, Vec<u32>) =
            pairs.iter().map(|&(u, v)| (name(u), name(v))).unzip();
        let vertices: Option<Vec<u32>> =
            vertices.map(|names| names.into_iter().map(name).collect());
        let id_order = if sorted { IdOrder::Sorted } else { IdOrder::Appearance };
        let options = BuildOptions { id_order, ..BuildOptions::default() };
        let (names, tails, heads) =
            oracle(&src, &dst, vertices.as_deref().unwrap_or_default(), id_order);

        let given = vertices.map(|names| column(kind, &names, &[5], vertex_coding));
        let (src, dst) =
            (column(kind, &src, &src_lens, src_coding), column(kind, &dst, &dst_lens, dst_coding));
        let build = || Graph::build(&src, &dst, None, given.as_deref(), &options, &GO).unwrap();
        let graph = pool(threads).install(build);
        prop_assert_eq!(graph.ids(), &plain(kind, &names));
        let edges =
            Edges { num_vertices: names.len(), src: &tails, dst: &heads, weight: None, directed: true };
        prop_assert_eq!(check_csr(&edges, graph.out(), !sorted), Ok(()));
        let found = graph.find_all(graph.ids());
        prop_assert!(found.into_iter().eq(0..names.len() as i64));
    }
}

/// Several batches, all hash tables, long dictionaries: the same for any number of threads.
#[test]
#[cfg_attr(miri, ignore = "large")]
fn large_columns_map_the_same_on_any_number_of_threads() {
    check_large(300_000, 2_200_000);
}

/// Tables that grow many times.
#[test]
#[cfg_attr(miri, ignore = "large")]
fn ids_that_hardly_repeat_map_the_same_on_any_number_of_threads() {
    check_large(900_000, 500_000);
}

fn check_large(len: u32, edges: usize) {
    let drawn = generate::uniform(len, edges, 5);
    let (src, dst) = (drawn.src, drawn.dst);
    let numbers: Vec<u32> = (0..len).rev().collect();
    let text = |names: &[u32]| -> ArrayRef {
        let text = |&v: &u32| format!("{v:06}{}", "x".repeat(v as usize % 20));
        Arc::new(LargeStringArray::from_iter_values(names.iter().map(text)))
    };
    let address = |names: &[u32]| -> ArrayRef {
        let address = |&v: &u32| format!("https://example.org/{v:06}/profile");
        Arc::new(StringViewArray::from_iter_values(names.iter().map(address)))
    };
    let sparse = |names: &[u32]| -> ArrayRef {
        let sparse = |&v: &u32| (i64::from(v) - 150_000) << 40;
        Arc::new(Int64Array::from_iter_values(names.iter().map(sparse)))
    };
    let dense = |names: &[u32]| -> ArrayRef { Arc::new(UInt32Array::from(names.to_vec())) };
    let dictionary = |names: &[u32]| -> ArrayRef {
        let last = len as i32 - 1;
        let codes = Int32Array::from_iter_values(names.iter().map(|&v| last - v as i32));
        Arc::new(DictionaryArray::new(codes, text(&numbers)))
    };
    let vertices: Vec<u32> = (0..400).map(|v| 7 * v).collect();
    for id_order in [IdOrder::Appearance, IdOrder::Sorted] {
        let (names, tails, heads) = oracle(&src, &dst, &vertices, id_order);
        let options = BuildOptions { id_order, ..BuildOptions::default() };
        let build =
            || Graph::from_arrays(&tails, &heads, None, names.len(), &options, &GO).unwrap();
        let expected = build();
        let columns: [(_, Column<'_>, Column<'_>); 5] = [
            ("text", &text, &text),
            ("address", &address, &address),
            ("sparse", &sparse, &sparse),
            ("dense", &dense, &dense),
            ("dictionary and text", &dictionary, &text),
        ];
        for (kind, src_ids, dst_ids) in columns {
            let (src, dst) = ([src_ids(&src)], [dst_ids(&dst)]);
            let given = [dst_ids(&vertices)];
            let ids = dst_ids(&names);
            for threads in [1, 2, 3, 8] {
                let graph = pool(threads).install(|| {
                    Graph::build(&src, &dst, None, Some(&given), &options, &GO).unwrap()
                });
                assert!(graph.ids() == &ids, "{kind} {threads} {id_order:?}");
                assert!(graph.out() == expected.out(), "{kind} {threads} {id_order:?}");
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "large")]
fn mapping_reports_progress_and_stops() {
    let drawn = generate::uniform(500_000, 3_000_000, 9);
    let sparse = |names: &[u32]| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(names.iter().map(|&v| i64::from(v) << 36)))
    };
    let (src, dst) = ([sparse(&drawn.src)], [sparse(&drawn.dst)]);
    for stop_at in [0.1, 2.0] {
        let cancel = AtomicBool::new(false);
        let heard = Mutex::new(Vec::new());
        let listen = |share: f64| {
            heard.lock().unwrap().push(share);
            cancel.fetch_or(share > stop_at, Relaxed);
        };
        let control = Control::new(&cancel).reporting(&listen);
        let built = Graph::build(&src, &dst, None, None, &BuildOptions::default(), &control);
        let heard = heard.into_inner().unwrap();
        assert!(heard.is_sorted(), "{heard:?}");
        if stop_at > 1.0 {
            assert_eq!(built.unwrap().num_edges(), 3_000_000);
            assert!(heard.len() > 4 && heard.last() == Some(&1.0), "{heard:?}");
        } else {
            assert_eq!(built.err(), Some(GraphError::Cancelled));
            assert!(heard.last() < Some(&0.5), "{heard:?}");
        }
    }
}

#[test]
fn no_rows_have_no_ids() {
    for kind in 0..KINDS {
        let none = new_empty_array(plain(kind, &[]).data_type());
        let coded = coded::<Int8Type>(kind, &[]);
        for src in [none, coded] {
            let src = [src];
            let graph =
                Graph::build(&src, &src, None, None, &BuildOptions::default(), &GO).unwrap();
            assert_eq!(graph.ids(), &plain(kind, &[]));
        }
    }
}
