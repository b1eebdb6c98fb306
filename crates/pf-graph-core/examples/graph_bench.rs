//! Times the kernels on the graphs of the benchmark, and writes those graphs in the serialized form
//! of the GAP benchmark suite (`.sg`, `.wsg`), so that other engines run on the same arcs.
//!
//! ```text
//! graph_bench make uniform|rmat|grid DIR        DIR/<name>.sg, .wsg, .sources, and a symmetric R-MAT
//! graph_bench run KERNEL DIR/<name> ROUNDS      build, transpose, bfs, cc, pr, dijkstra, sssp, ...
//! ```
//! Threads: `RAYON_NUM_THREADS`. Every answer is proved by its checker before it is timed; views
//! (arcs by head, integer weights) are made before the clock starts, and their time is printed.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a program for the terminal"
)]

use std::fs::{File, read};
use std::io::{BufWriter, Write};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use pf_graph_core::algo::{
    BfsConfig, ComponentsMode, PageRankConfig, PageRankVectors, ShortestPathConfig,
    ShortestPathMethod, bfs, components, pagerank, shortest_paths,
};
use pf_graph_core::generate::{Generated, Random, grid, rmat, uniform, weights};
use pf_graph_core::verify::{
    Edges, check_bfs, check_pagerank, check_shortest_paths, check_weak_components,
};
use pf_graph_core::{BuildOptions, Control, Csr, Duplicates, Graph, IdOrder, SelfLoops};

static NEVER: AtomicBool = AtomicBool::new(false);
static GO: Control<'static> = Control::new(&NEVER);
const SEED: u64 = 1;
const SOURCES: usize = 64;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", name, dir] => make(name, dir),
        ["run", kernel, path, rounds] => run(kernel, path, rounds.parse().unwrap()),
        _ => println!("graph_bench make NAME DIR | run KERNEL PATH ROUNDS"),
    }
}

/// Builds without loops and parallel arcs, rows ascending, as GAP's own builder leaves them.
fn clean(edges: &Generated, directed: bool) -> Graph {
    let weight = weights(edges.src.len(), 255, SEED);
    let options = BuildOptions {
        directed,
        id_order: IdOrder::Sorted,
        duplicates: Duplicates::First,
        self_loops: SelfLoops::Drop,
        ..BuildOptions::default()
    };
    Graph::from_arrays(&edges.src, &edges.dst, Some(&weight), edges.num_vertices, &options, &GO)
        .unwrap()
}

fn make(name: &str, dir: &str) {
    let (edges, directed) = match name {
        "uniform" => (uniform(1_000_000, 10_000_000, SEED), true),
        "rmat" => (rmat(20, 16, SEED), true),
        "grid" => (grid(1000, 1000), false),
        other => panic!("no graph {other}"),
    };
    let mut raw = BufWriter::new(File::create(format!("{dir}/{name}.edges")).unwrap());
    put(&mut raw, edges.src.iter().chain(&edges.dst).map(|v| v.to_le_bytes()));
    let graph = clean(&edges, directed);
    write(&graph, &format!("{dir}/{name}"));
    if name == "rmat" {
        write(&clean(&edges, false), &format!("{dir}/rmat-symmetric"));
    }
    println!("{name}: {} vertices, {} arcs", graph.num_vertices(), graph.out().num_arcs());
}

fn put<const N: usize>(to: &mut impl Write, values: impl Iterator<Item = [u8; N]>) {
    values.for_each(|bytes| to.write_all(&bytes).unwrap());
}

fn write(graph: &Graph, path: &str) {
    for weighted in [false, true] {
        let suffix = if weighted { "wsg" } else { "sg" };
        let mut to = BufWriter::new(File::create(format!("{path}.{suffix}")).unwrap());
        let arcs = graph.out().num_arcs() as u64;
        put(&mut to, [[u8::from(graph.is_directed())]].into_iter());
        put(&mut to, [arcs, graph.num_vertices() as u64].map(u64::to_le_bytes).into_iter());
        let mut part = |rows: &Csr| {
            put(&mut to, rows.offsets().iter().map(|offset| offset.to_le_bytes()));
            let weights = rows.weights().unwrap();
            for (target, weight) in rows.targets().iter().zip(weights) {
                put(&mut to, [target.to_le_bytes()].into_iter());
                if weighted {
                    put(&mut to, [(*weight as u32).to_le_bytes()].into_iter());
                }
            }
        };
        part(graph.out());
        if graph.is_directed() {
            part(graph.incoming(&GO).unwrap());
        }
    }
    let mut random = Random::new(SEED, 1 << 40);
    let n = graph.num_vertices() as u64;
    let draws = std::iter::repeat_with(|| random.below(n) as u32);
    let sources = draws.filter(|&v| graph.out().degree(v) > 0).take(SOURCES);
    let mut to = BufWriter::new(File::create(format!("{path}.sources")).unwrap());
    put(&mut to, sources.map(u32::to_le_bytes));
}

fn load(path: &str, weighted: bool) -> Graph {
    let bytes = read(format!("{path}.{}", if weighted { "wsg" } else { "sg" })).unwrap();
    let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let int = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (directed, arcs, n) = (bytes[0] != 0, long(1) as usize, long(9) as usize);
    let offsets = (0..=n).map(|v| long(17 + 8 * v)).collect();
    let start = 17 + 8 * (n + 1);
    let width = if weighted { 8 } else { 4 };
    let targets = (0..arcs).map(|arc| int(start + width * arc)).collect();
    let weights =
        weighted.then(|| (0..arcs).map(|arc| f64::from(int(start + width * arc + 4))).collect());
    Graph::from_csr(offsets, targets, weights, directed, &GO).unwrap()
}

/// Median, least and most of the seconds of `rounds` runs, per `per` units.
fn time(what: &str, rounds: usize, per: usize, mut work: impl FnMut()) {
    let mut seconds: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() / per as f64
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let (least, most) = (seconds[0], seconds[rounds - 1]);
    println!("{what} median {:.6} min {least:.6} max {most:.6}", seconds[rounds / 2]);
}

/// The arcs of a graph as a directed edge list.
fn arcs_of(graph: &Graph) -> (Vec<u32>, Vec<u32>) {
    let n = graph.num_vertices() as u32;
    let tails = (0..n).flat_map(|v| std::iter::repeat_n(v, graph.out().degree(v))).collect();
    (tails, graph.out().targets().to_vec())
}

fn run(kernel: &str, path: &str, rounds: usize) {
    let bytes = read(format!("{path}.sources")).unwrap();
    let sources: Vec<u32> =
        bytes.chunks(4).map(|four| u32::from_le_bytes(four.try_into().unwrap())).collect();
    if kernel == "build" {
        return build(path, rounds);
    }
    let weighted = matches!(kernel, "sssp" | "dijkstra" | "predecessors");
    let graph = load(path, weighted);
    let (src, dst) = arcs_of(&graph);
    let edges = Edges {
        num_vertices: graph.num_vertices(),
        src: &src,
        dst: &dst,
        weight: graph.out().weights(),
        directed: true,
    };
    time("views", 1, 1, || {
        graph.incoming(&GO).unwrap();
    });
    match kernel {
        "transpose" => time(kernel, rounds, 1, || {
            load_free(&graph).incoming(&GO).unwrap();
        }),
        "bfs" => {
            let config = BfsConfig::default();
            let search = |source| bfs(&graph, &config, &[source], &GO).unwrap();
            for &source in &sources[..4] {
                check_bfs(&edges, &[source], None, &search(source)).unwrap();
            }
            time(kernel, rounds, sources.len(), || {
                for &source in &sources {
                    search(source);
                }
            });
        }
        "cc" => {
            let find = || components(&graph, ComponentsMode::Weak, &GO).unwrap();
            check_weak_components(&edges, &find()).unwrap();
            time(kernel, rounds, 1, || {
                find();
            });
        }
        "pr" => {
            // The tolerance that leaves an error of 1e-6 at most.
            let config = PageRankConfig { tol: 1e-6 * 0.15 / 0.85, ..PageRankConfig::default() };
            let rank = || pagerank(&graph, &config, &PageRankVectors::default(), &GO).unwrap();
            let result = rank();
            check_pagerank(&edges, &config, &PageRankVectors::default(), &result).unwrap();
            println!("iterations {} error bound {:e}", result.iterations, result.error_bound);
            time(kernel, rounds, 1, || {
                rank();
            });
        }
        "sssp" | "dijkstra" | "predecessors" => {
            let method = match kernel {
                "dijkstra" => ShortestPathMethod::Dijkstra,
                _ => ShortestPathMethod::Delta,
            };
            let predecessors = kernel == "predecessors";
            let config = ShortestPathConfig { method, predecessors, ..Default::default() };
            let search = |source, config: &_| shortest_paths(&graph, config, source, &GO).unwrap();
            let full = ShortestPathConfig { predecessors: true, ..config.clone() };
            let result = search(sources[0], &full);
            check_shortest_paths(&edges, sources[0], None, &result).unwrap();
            time(kernel, rounds, sources.len(), || {
                for &source in &sources {
                    search(source, &config);
                }
            });
        }
        other => panic!("no kernel {other}"),
    }
}

/// A copy without views.
fn load_free(graph: &Graph) -> Graph {
    let out = graph.out();
    let weights = out.weights().map(<[f64]>::to_vec);
    let (offsets, targets) = (out.offsets().to_vec(), out.targets().to_vec());
    Graph::from_csr(offsets, targets, weights, graph.is_directed(), &GO).unwrap()
}

/// From int32 arrays to rows, with and without weights.
fn build(path: &str, rounds: usize) {
    let bytes = read(format!("{path}.edges")).unwrap();
    let ends: Vec<i32> =
        bytes.chunks(4).map(|four| i32::from_le_bytes(four.try_into().unwrap())).collect();
    let (src, dst) = ends.split_at(ends.len() / 2);
    let n = src.iter().chain(dst).max().map_or(0, |&max| max as usize + 1);
    let weight = weights(src.len(), 255, SEED);
    let long: Vec<i64> = src.iter().map(|&v| i64::from(v)).collect();
    let both = |directed| BuildOptions { directed, ..BuildOptions::default() };
    for (what, directed, weight) in [
        ("build", true, None),
        ("build, weighted", true, Some(&weight[..])),
        ("build, undirected", false, None),
    ] {
        time(what, rounds, 1, || {
            Graph::from_arrays(src, dst, weight, n, &both(directed), &GO).unwrap();
        });
    }
    time("build, int64 tails", rounds, 1, || {
        Graph::from_arrays(&long, dst, None, n, &both(true), &GO).unwrap();
    });
    let graph = Graph::from_arrays(src, dst, None, n, &both(true), &GO).unwrap();
    time("build and transpose", rounds, 1, || {
        Graph::from_arrays(src, dst, None, n, &both(true), &GO).unwrap().incoming(&GO).unwrap();
    });
    let edges = Edges {
        num_vertices: n,
        src: &src.iter().map(|&v| v as u32).collect::<Vec<_>>(),
        dst: &dst.iter().map(|&v| v as u32).collect::<Vec<_>>(),
        weight: None,
        directed: true,
    };
    pf_graph_core::verify::check_csr(&edges, graph.out(), true).unwrap();
}
