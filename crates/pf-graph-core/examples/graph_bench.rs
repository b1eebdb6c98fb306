//! Times the kernels on the graphs of the benchmark, and writes those graphs in the serialized form
//! of the GAP benchmark suite (`.sg`, `.wsg`), so that other engines run on the same arcs.
//!
//! ```text
//! graph_bench make NAME DIR                     DIR/<name>.sg, .wsg, .sources; also <name>-symmetric
//! graph_bench prove KERNEL DIR/<name>           runs the checker of each answer, then `run` once
//! graph_bench run KERNEL DIR/<name> ROUNDS      build, transpose, bfs, cc, scc, pr, tc, core, ...
//! graph_bench run pr DIR/<name> ROUNDS ITERATIONS
//! ```
//! Names: uniform, rmat, grid, and the smaller medium and small (uniform too). Further kernels:
//! dijkstra, bellman-ford, sssp, predecessors, hits, labels (label propagation), louvain,
//! betweenness, topological (each edge from the smaller vertex on), mst
//! (each edge once, in the order of its ends and in no order). `prove pr` prints how many iterations
//! bring the L1 distance to the fixed point to 1e-6, and how many sweeps a solver needs for it that
//! updates in place and drops dangling mass.
//! Threads: `RAYON_NUM_THREADS`. Views (arcs by head, integer weights) are made before the clock
//! starts, and their time is printed; answers are freed after it stops. `check` is a sum over the
//! answers of a round, the same for every run and every number of threads: vertices reached,
//! distances, components, triangles; bits of values; places times what stands there.
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
    BetweennessConfig, BfsConfig, ComponentsMode, HitsConfig, LabelPropagationConfig,
    LouvainConfig, PageRankConfig, PageRankVectors, ShortestPathConfig, ShortestPathMethod,
    SpanningForestConfig, betweenness, bfs, components, core_number, hits, label_propagation,
    louvain, minimum_spanning_forest, pagerank, shortest_paths, topological_sort, triangle_count,
    triangles,
};
use pf_graph_core::generate::{Generated, Random, grid, rmat, uniform, weights};
use pf_graph_core::verify::{
    Edges, check_betweenness_sum, check_bfs, check_core_number, check_hits,
    check_label_propagation, check_louvain, check_pagerank, check_shortest_paths,
    check_spanning_forest, check_strong_components, check_topological_sort, check_triangles,
    check_weak_components,
};
use pf_graph_core::{BuildOptions, Control, Csr, Duplicates, Graph, IdOrder, SelfLoops};

#[global_allocator]
static ALLOCATOR: pf_alloc::HugePages = pf_alloc::HugePages; // that of the wheel

static NEVER: AtomicBool = AtomicBool::new(false);
static GO: Control<'static> = Control::new(&NEVER);
const SEED: u64 = 1;
const SOURCES: usize = 64;
/// Error at which `PageRank` is compared, L1.
const ERROR: f64 = 1e-6;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", name, dir] => make(name, dir),
        ["prove", kernel, path] => run(kernel, path, 1, true, None),
        ["run", kernel, path, rounds] => run(kernel, path, rounds.parse().unwrap(), false, None),
        ["run", kernel, path, rounds, iterations] => {
            run(kernel, path, rounds.parse().unwrap(), false, Some(iterations.parse().unwrap()));
        }
        _ => println!("graph_bench make NAME DIR | prove KERNEL PATH | run KERNEL PATH ROUNDS"),
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
        "medium" => (uniform(100_000, 1_000_000, SEED), true),
        "small" => (uniform(4000, 16_000, SEED), true),
        "rmat" => (rmat(20, 16, SEED), true),
        "grid" => (grid(1000, 1000), false),
        other => panic!("no graph {other}"),
    };
    let mut raw = BufWriter::new(File::create(format!("{dir}/{name}.edges")).unwrap());
    put(&mut raw, edges.src.iter().chain(&edges.dst).map(|v| v.to_le_bytes()));
    let graph = clean(&edges, directed);
    write(&graph, &format!("{dir}/{name}"));
    if directed {
        write(&clean(&edges, false), &format!("{dir}/{name}-symmetric"));
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

/// Median, least and most of the seconds of `rounds` runs of `units` pieces of work, per piece, and
/// the sum of what `check` finds in the answers of one round.
fn time<T>(
    what: &str,
    rounds: usize,
    units: usize,
    mut work: impl FnMut(usize) -> T,
    check: impl Fn(&T) -> u64,
) {
    let mut sum = 0;
    let mut round = |_| {
        sum = 0;
        let mut seconds = 0.0;
        for unit in 0..units {
            let start = Instant::now();
            let answer = work(unit);
            seconds += start.elapsed().as_secs_f64();
            sum = check(&answer).wrapping_add(sum);
        }
        seconds / units as f64
    };
    let mut seconds: Vec<f64> = (0..rounds).map(&mut round).collect();
    seconds.sort_by(f64::total_cmp);
    let (least, most) = (seconds[0], seconds[rounds - 1]);
    println!("{what} median {:.6} min {least:.6} max {most:.6} check {sum}", seconds[rounds / 2]);
}

/// The arcs of a graph as a directed edge list.
fn arcs_of(graph: &Graph) -> (Vec<u32>, Vec<u32>) {
    let n = graph.num_vertices() as u32;
    let tails = (0..n).flat_map(|v| std::iter::repeat_n(v, graph.out().degree(v))).collect();
    (tails, graph.out().targets().to_vec())
}

fn run(kernel: &str, path: &str, rounds: usize, proves: bool, iterations: Option<u32>) {
    let bytes = read(format!("{path}.sources")).unwrap();
    let sources: Vec<u32> =
        bytes.chunks(4).map(|four| u32::from_le_bytes(four.try_into().unwrap())).collect();
    if kernel == "build" {
        return build(path, rounds);
    }
    let weighted = matches!(kernel, "sssp" | "dijkstra" | "bellman-ford" | "predecessors" | "mst");
    let graph = load(path, weighted);
    if kernel == "mst" {
        return spanning_forest(&graph, rounds, proves);
    }
    let (src, dst) = if proves { arcs_of(&graph) } else { <_>::default() };
    let edges = Edges {
        num_vertices: graph.num_vertices(),
        src: &src,
        dst: &dst,
        weight: graph.out().weights().filter(|_| proves),
        directed: true,
    };
    time("views", 1, 1, |_| graph.incoming(&GO).unwrap().num_arcs(), |_| 0);
    match kernel {
        "transpose" => {
            let copies: Vec<Graph> = (0..rounds).map(|_| load_free(&graph)).collect();
            let mut copies = copies.iter();
            let turn = |_| copies.next().unwrap().incoming(&GO).unwrap().num_arcs();
            time(kernel, rounds, 1, turn, |_| 0);
        }
        "bfs" => {
            let config = BfsConfig::default();
            let search = |i: usize| bfs(&graph, &config, &[sources[i]], &GO).unwrap();
            for (i, &source) in sources.iter().enumerate().filter(|_| proves) {
                check_bfs(&edges, &[source], None, &search(i)).unwrap();
            }
            time(kernel, rounds, sources.len(), search, |answer| {
                answer.distance.iter().filter(|&&hops| hops >= 0).count() as u64
            });
        }
        "cc" => {
            let find = |_| components(&graph, ComponentsMode::Weak, &GO).unwrap();
            if proves {
                check_weak_components(&edges, &find(0)).unwrap();
            }
            time(kernel, rounds, 1, find, |answer| answer.count as u64);
        }
        "scc" => {
            let find = |_| components(&graph, ComponentsMode::Strong, &GO).unwrap();
            if proves {
                check_strong_components(&edges, &find(0)).unwrap();
            }
            time(kernel, rounds, 1, find, |answer| answer.count as u64);
        }
        "topological" => {
            let graph = acyclic(&graph);
            let find = |_| topological_sort(&graph, &GO).unwrap();
            if proves {
                let (src, dst) = arcs_of(&graph);
                let edges = Edges { src: &src, dst: &dst, weight: None, ..edges };
                check_topological_sort(&edges, &find(0)).unwrap();
            }
            time(kernel, rounds, 1, find, |answer| {
                let all = answer.order.iter().zip(&answer.generation).enumerate();
                all.map(|(i, (&v, &g))| (i as u64 + 1) * (u64::from(v) << 16 ^ u64::from(g)))
                    .fold(0, u64::wrapping_add)
            });
        }
        "core" => {
            graph.simple(&GO).unwrap();
            let find = |_| core_number(&graph, &GO).unwrap();
            if proves {
                let edges = Edges { directed: graph.is_directed(), ..edges };
                check_core_number(&edges, &find(0)).unwrap();
            }
            time(kernel, rounds, 1, find, |answer| {
                answer.core_number.iter().map(|&core| u64::from(core)).sum()
            });
        }
        "betweenness" => {
            let config = BetweennessConfig { normalized: false, ..Default::default() };
            let find = |_| betweenness(&graph, &config, None, &GO).unwrap();
            if proves {
                let edges = Edges { directed: graph.is_directed(), ..edges };
                check_betweenness_sum(&edges, &find(0).betweenness).unwrap();
            }
            time(kernel, rounds, 1, find, |answer| {
                answer.betweenness.iter().fold(0, |sum, share| share.to_bits().wrapping_add(sum))
            });
        }
        "tc" => {
            graph.simple(&GO).unwrap();
            if proves {
                check_triangles(&edges, &triangles(&graph, &GO).unwrap()).unwrap();
            }
            time(kernel, rounds, 1, |_| triangle_count(&graph, &GO).unwrap(), |&total| total);
        }
        "pr" => {
            let vectors = PageRankVectors::default();
            let rank = |config: &_| pagerank(&graph, config, &vectors, &GO).unwrap();
            let until = |tol, max_iter| PageRankConfig { tol, max_iter, ..Default::default() };
            let mut config = until(0.0, iterations.unwrap_or(20));
            if proves {
                let settled = until(1e-13, 1000);
                let fixed = rank(&settled);
                check_pagerank(&edges, &settled, &vectors, &fixed).unwrap();
                let error = |k: &u32| distance(&rank(&until(0.0, *k)).rank, &fixed.rank);
                config.max_iter = (1..=1000).find(|k| error(k) <= ERROR).unwrap();
                let error = error(&config.max_iter);
                let (sweeps, theirs) = sweeps_in_place(&graph);
                println!("iterations {} error {error:.2e}", config.max_iter);
                println!("sweeps {sweeps} error {theirs:.2e}");
            }
            let rank = |_| rank(&config);
            time(kernel, rounds, 1, rank, |answer| {
                answer.rank.iter().fold(0, |sum, rank| rank.to_bits().wrapping_add(sum))
            });
        }
        "hits" => {
            let config = HitsConfig { tol: 0.0, max_iter: 20, ..Default::default() };
            if proves {
                let settled = HitsConfig { max_iter: 1000, ..Default::default() };
                check_hits(&edges, &settled, &hits(&graph, &settled, &GO).unwrap()).unwrap();
            }
            let find = |_| hits(&graph, &config, &GO).unwrap();
            time(kernel, rounds, 1, find, |answer| {
                let values = answer.hub.iter().chain(&answer.authority);
                values.fold(0, |sum, value| value.to_bits().wrapping_add(sum))
            });
        }
        "labels" => {
            let config = LabelPropagationConfig::default();
            let find = |_| label_propagation(&graph, &config, &GO).unwrap();
            if proves {
                let edges = Edges { directed: graph.is_directed(), ..edges };
                check_label_propagation(&edges, &config, &find(0)).unwrap();
            }
            time(kernel, rounds, 1, find, |answer| sum_of_labels(&answer.community));
        }
        "louvain" => {
            let config = LouvainConfig::default();
            let find = |_| louvain(&graph, &config, &GO).unwrap();
            if proves {
                let edges = Edges { directed: graph.is_directed(), ..edges };
                check_louvain(&edges, &config, &find(0)).unwrap();
            }
            time(kernel, rounds, 1, find, |answer| sum_of_labels(&answer.community));
        }
        "sssp" | "dijkstra" | "bellman-ford" | "predecessors" => {
            let method = match kernel {
                "dijkstra" => ShortestPathMethod::Dijkstra,
                "bellman-ford" => ShortestPathMethod::BellmanFord,
                _ => ShortestPathMethod::Delta,
            };
            let predecessors = kernel == "predecessors";
            let config = ShortestPathConfig { method, predecessors, ..Default::default() };
            let search =
                |i: usize, config: &_| shortest_paths(&graph, config, sources[i], &GO).unwrap();
            let full = ShortestPathConfig { predecessors: true, ..config.clone() };
            for (i, &source) in sources.iter().take(4).enumerate().filter(|_| proves) {
                check_shortest_paths(&edges, source, None, &search(i, &full)).unwrap();
            }
            time(
                kernel,
                rounds,
                sources.len(),
                |i| search(i, &config),
                |answer| {
                    let reached = answer.distance.iter().filter(|length| length.is_finite());
                    reached.fold(0, |sum, &length| length as u64 + (1 << 40) + sum)
                },
            );
        }
        other => panic!("no kernel {other}"),
    }
}

/// A sum in which each vertex counts otherwise.
fn sum_of_labels(labels: &[i64]) -> u64 {
    let products = labels.iter().zip(1u64..).map(|(&label, v)| v.wrapping_mul(label as u64));
    products.fold(0, u64::wrapping_add)
}

/// Sum of the absolute differences.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
}

/// The sweeps after which `PageRank` that updates in place and drops dangling mass is within
/// [`ERROR`] of its own fixed point, and its error then.
fn sweeps_in_place(graph: &Graph) -> (u32, f64) {
    let (n, incoming) = (graph.num_vertices(), graph.incoming(&GO).unwrap());
    let share = |v: usize, rank: f64| rank / graph.out().degree(v as u32) as f64;
    let start = || {
        let rank = vec![1.0 / n as f64; n];
        let given: Vec<f64> = rank.iter().enumerate().map(|(v, &rank)| share(v, rank)).collect();
        (rank, given)
    };
    let sweep = |(rank, given): &mut (Vec<f64>, Vec<f64>)| {
        let mut step = 0.0;
        for v in 0..n {
            let received: f64 = incoming.row(v as u32).iter().map(|&u| given[u as usize]).sum();
            let new = 0.15 / n as f64 + 0.85 * received;
            step += (new - rank[v]).abs();
            rank[v] = new;
            given[v] = share(v, new);
        }
        step
    };
    let mut fixed = start();
    while sweep(&mut fixed) > 1e-12 {}
    let mut state = start();
    for sweeps in 1.. {
        sweep(&mut state);
        let error = distance(&state.0, &fixed.0);
        if error <= ERROR {
            return (sweeps, error);
        }
    }
    unreachable!("it converges")
}

/// Each edge once, from the smaller vertex to the larger.
fn acyclic(graph: &Graph) -> Graph {
    let (src, dst) = arcs_of(graph);
    let ends: Vec<(u32, u32)> =
        src.into_iter().zip(dst).map(|(u, v)| (u.min(v), u.max(v))).collect();
    let (src, dst): (Vec<u32>, Vec<u32>) = ends.into_iter().unzip();
    let options = BuildOptions { duplicates: Duplicates::First, ..BuildOptions::default() };
    Graph::from_arrays(&src, &dst, None, graph.num_vertices(), &options, &GO).unwrap()
}

/// The lightest trees of the graph without directions: of an edge table that is ordered by its ends,
/// and of one in no order.
fn spanning_forest(graph: &Graph, rounds: usize, proves: bool) {
    let mut rows: Vec<(u32, u32, f64)> = (0..graph.num_vertices() as u32)
        .flat_map(|u| graph.out().weighted_row(u).map(move |(v, w)| (u.min(v), u.max(v), w)))
        .collect();
    rows.sort_by_key(|&(u, v, _)| (u, v));
    rows.dedup_by_key(|&mut (u, v, _)| (u, v));
    let mut random = Random::new(SEED, 2 << 40);
    for what in ["mst", "mst, rows in no order"] {
        let (src, dst): (Vec<u32>, Vec<u32>) = rows.iter().map(|&(u, v, _)| (u, v)).unzip();
        let weight: Vec<f64> = rows.iter().map(|&(_, _, weight)| weight).collect();
        let options = BuildOptions { directed: false, edge_rows: true, ..BuildOptions::default() };
        let n = graph.num_vertices();
        let built = Graph::from_arrays(&src, &dst, Some(&weight), n, &options, &GO).unwrap();
        let config = SpanningForestConfig::default();
        let find = |_| minimum_spanning_forest(&built, &config, &GO).unwrap();
        if proves {
            let weight = Some(&weight[..]);
            let edges = Edges { num_vertices: n, src: &src, dst: &dst, weight, directed: false };
            check_spanning_forest(&edges, &find(0)).unwrap();
        }
        time(what, rounds, 1, find, |answer| {
            let rows = answer.edge_id.iter().enumerate();
            rows.map(|(i, &row)| (i as u64 + 1) * u64::from(row)).fold(0, u64::wrapping_add)
        });
        (1..rows.len()).rev().for_each(|i| rows.swap(i, random.below(i as u64 + 1) as usize));
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
        let make = |_| Graph::from_arrays(src, dst, weight, n, &both(directed), &GO).unwrap();
        time(what, rounds, 1, make, |graph| graph.num_edges() as u64);
    }
    let make = |_| Graph::from_arrays(&long, dst, None, n, &both(true), &GO).unwrap();
    time("build, int64 tails", rounds, 1, make, |graph| graph.num_edges() as u64);
    let graph = Graph::from_arrays(src, dst, None, n, &both(true), &GO).unwrap();
    let make = |_| {
        let graph = Graph::from_arrays(src, dst, None, n, &both(true), &GO).unwrap();
        graph.incoming(&GO).unwrap();
        graph
    };
    time("build and transpose", rounds, 1, make, |graph| graph.num_edges() as u64);
    let edges = Edges {
        num_vertices: n,
        src: &src.iter().map(|&v| v as u32).collect::<Vec<_>>(),
        dst: &dst.iter().map(|&v| v as u32).collect::<Vec<_>>(),
        weight: None,
        directed: true,
    };
    pf_graph_core::verify::check_csr(&edges, graph.out(), true).unwrap();
}
