//! Times the mapping of ids: the build of a graph from ids less its build from ready indices.
//!
//! `id_mapping [edges] [vertices] [rounds]`; threads as `RAYON_NUM_THREADS` says. Prints
//! nanoseconds per edge and thread, the median of the rounds, for each type of ids.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program to measure with")]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use arrow::array::{
    Array, ArrayRef, DictionaryArray, Int32Array, Int64Array, LargeStringArray, StringViewArray,
};
use arrow::datatypes::Int32Type;
use pf_graph_core::{BuildOptions, Control, Graph, IdOrder, generate};

/// Makes the column of ids of some vertices.
type Make = Box<dyn Fn(&[u32]) -> ArrayRef>;

fn median(rounds: usize, mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>().unwrap());
    let edges = numbers.next().unwrap_or(10_000_000);
    let vertices = numbers.next().unwrap_or(1_000_000);
    let rounds = numbers.next().unwrap_or(5);
    let never = AtomicBool::new(false);
    let control = Control::new(&never);
    let drawn = generate::uniform(u32::try_from(vertices).unwrap(), edges, 1);
    let (src, dst) = (drawn.src, drawn.dst);
    let threads = rayon::current_num_threads();

    let options = BuildOptions { edge_rows: true, ..BuildOptions::default() };
    let dense = median(rounds, || {
        Graph::from_arrays(&src, &dst, None, vertices, &options, &control).unwrap();
    });
    println!("{edges} edges, {vertices} vertices, {threads} threads; from indices {dense:.3} s");

    let text = |v: u32| format!("u{v:07}");
    let values: ArrayRef =
        Arc::new(LargeStringArray::from_iter_values((0..vertices as u32).map(text)));
    let makes: [(&str, Make); 7] = [
        (
            "int64 dense",
            Box::new(|v| Arc::new(Int64Array::from_iter_values(v.iter().map(|&v| i64::from(v))))),
        ),
        (
            "int64 sparse",
            Box::new(|v| {
                let sparse =
                    |&v: &u32| (i64::from(v) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64);
                Arc::new(Int64Array::from_iter_values(v.iter().map(sparse)))
            }),
        ),
        (
            "large string",
            Box::new(move |v| {
                Arc::new(LargeStringArray::from_iter_values(v.iter().map(|&v| text(v))))
            }),
        ),
        (
            "string view",
            Box::new(move |v| {
                Arc::new(StringViewArray::from_iter_values(v.iter().map(|&v| text(v))))
            }),
        ),
        (
            "long string",
            Box::new(move |v| {
                let long = |&v: &u32| format!("https://example.org/users/{v:07}/profile");
                Arc::new(LargeStringArray::from_iter_values(v.iter().map(long)))
            }),
        ),
        (
            "dictionary",
            Box::new(move |v| {
                let codes = Int32Array::from_iter_values(v.iter().map(|&v| v as i32));
                Arc::new(DictionaryArray::<Int32Type>::new(codes, Arc::clone(&values)))
            }),
        ),
        (
            "100 strings",
            Box::new(move |v| {
                Arc::new(LargeStringArray::from_iter_values(v.iter().map(|&v| text(v % 100))))
            }),
        ),
    ];
    for (name, make) in makes {
        let (src, dst) = (make(&src), make(&dst));
        for id_order in [IdOrder::Appearance, IdOrder::Sorted] {
            let options = BuildOptions { id_order, ..options };
            let all = median(rounds, || {
                let (src, dst) = (std::slice::from_ref(&src), std::slice::from_ref(&dst));
                let graph = Graph::build(src, dst, None, None, &options, &control).unwrap();
                assert_eq!(graph.out().num_arcs(), edges);
            });
            let per_edge = 1e9 * (all - dense) * threads as f64 / edges as f64;
            println!("{name:14} {id_order:?}: {all:.3} s, {per_edge:.0} ns per edge and thread");
        }
        assert_eq!(src.len(), edges);
    }
}
