//! Times the mapping of ids: the build of a graph from ids less its build from ready indices.
//!
//! `id_mapping [edges] [vertices] [rounds] [type]...`; threads as `RAYON_NUM_THREADS` says. Prints
//! for each type of ids, or for those whose names hold one of the given words, nanoseconds per edge
//! and thread, the median of the rounds, and the most memory a build has at a time, its columns
//! aside, over the bytes of the finished graph. As many vertices as edges are the case of ids that
//! hardly repeat: 86 % of the vertices have an edge.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program to measure with")]

use std::alloc::{GlobalAlloc, Layout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use arrow::array::{
    Array, ArrayRef, DictionaryArray, Int32Array, Int64Array, LargeStringArray, StringViewArray,
};
use arrow::datatypes::Int32Type;
use pf_graph_core::{BuildOptions, Control, Graph, IdOrder, generate};

/// The allocator of the wheel, which here counts.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn add(size: usize) {
    PEAK.fetch_max(LIVE.fetch_add(size, Relaxed) + size, Relaxed);
}

// SAFETY: every block is the inner allocator's own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: as the caller promises.
        unsafe { pf_alloc::HugePages.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: as the caller promises.
        unsafe { pf_alloc::HugePages.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_sub(layout.size(), Relaxed); // large blocks move by their pages
        add(size);
        // SAFETY: as the caller promises.
        unsafe { pf_alloc::HugePages.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { pf_alloc::HugePages.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut numbers = args.iter().map(|text| text.parse::<usize>().unwrap());
    let edges = numbers.next().unwrap_or(10_000_000);
    let vertices = numbers.next().unwrap_or(1_000_000);
    let rounds = numbers.next().unwrap_or(5);
    let words = args.get(3..).unwrap_or_default();
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
        if !words.is_empty() && !words.iter().any(|word| name.contains(word)) {
            continue;
        }
        let (src, dst) = (make(&src), make(&dst));
        for id_order in [IdOrder::Appearance, IdOrder::Sorted] {
            let options = BuildOptions { id_order, ..options };
            let (mut peak, mut size) = (0, 0);
            let all = median(rounds, || {
                let before = LIVE.load(Relaxed);
                PEAK.store(before, Relaxed);
                let (src, dst) = (std::slice::from_ref(&src), std::slice::from_ref(&dst));
                let graph = Graph::build(src, dst, None, None, &options, &control).unwrap();
                (peak, size) = (PEAK.load(Relaxed) - before, graph.nbytes());
                assert_eq!(graph.out().num_arcs(), edges);
            });
            let per_edge = 1e9 * (all - dense) * threads as f64 / edges as f64;
            let peak = peak as f64 / size as f64;
            let order = format!("{id_order:?}");
            println!(
                "{name:14} {order:10} {all:.3} s, {per_edge:.0} ns per edge and thread, \
                 peak {peak:.2}"
            );
        }
        assert_eq!(src.len(), edges);
    }
}
