//! Every kernel stops in the middle when it is told to, and reports progress that ascends to 1.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use common::{GO, Rows, large, message};
use pf_graph_core::algo::{
    BetweennessConfig, ClosenessConfig, DfsConfig, DfsEdgesConfig, HarmonicConfig, HitsConfig,
    LabelPropagationConfig, LouvainConfig, SpanningForestConfig, betweenness, closeness,
    clustering, core_number, dfs, dfs_edges, harmonic, hits, label_propagation, louvain,
    minimum_spanning_forest, topological_sort, transitivity, triangle_count, triangles,
};
use pf_graph_core::{BuildOptions, Control, Graph, GraphError};

type Kernel = (&'static str, fn(&Graph, &Control<'_>) -> Result<(), GraphError>);

const KERNELS: [Kernel; 15] = [
    ("dfs", |g, c| dfs(g, &DfsConfig::default(), None, c).map(|_| ())),
    ("dfs_edges", |g, c| dfs_edges(g, &DfsEdgesConfig::default(), None, c).map(|_| ())),
    ("topological_sort", |g, c| topological_sort(g, c).map(|_| ())),
    ("spanning_forest", |g, c| {
        minimum_spanning_forest(g, &SpanningForestConfig::default(), c).map(|_| ())
    }),
    ("triangles", |g, c| triangles(g, c).map(|_| ())),
    ("triangle_count", |g, c| triangle_count(g, c).map(|_| ())),
    ("clustering", |g, c| clustering(g, c).map(|_| ())),
    ("transitivity", |g, c| transitivity(g, c).map(|_| ())),
    ("core_number", |g, c| core_number(g, c).map(|_| ())),
    ("betweenness", |g, c| {
        let config = BetweennessConfig { k: Some(64), ..BetweennessConfig::default() };
        betweenness(g, &config, None, c).map(|_| ())
    }),
    ("closeness", |g, c| closeness(g, &ClosenessConfig::default(), None, c).map(|_| ())),
    ("harmonic", |g, c| {
        let some: Vec<u32> = (0..3000).collect();
        harmonic(g, &HarmonicConfig::default(), Some(&some), c).map(|_| ())
    }),
    ("louvain", |g, c| louvain(g, &LouvainConfig::default(), c).map(|_| ())),
    ("label_propagation", |g, c| {
        label_propagation(g, &LabelPropagationConfig::default(), c).map(|_| ())
    }),
    ("hits", |g, c| hits(g, &HitsConfig::default(), c).map(|_| ())),
];

/// Arcs ascend: no cycles, so that every kernel runs.
fn rows() -> Rows {
    let mut rows = large(true);
    for (u, v) in rows.src.iter_mut().zip(&mut rows.dst) {
        (*u, *v) = ((*u).min(*v), (*u).max(*v) + u32::from(*u == *v));
    }
    rows
}

fn graph(rows: &Rows) -> Graph {
    let options = BuildOptions { edge_rows: true, ..BuildOptions::default() };
    let weight = rows.weight.as_deref();
    Graph::from_arrays(&rows.src, &rows.dst, weight, rows.n as usize, &options, &GO).unwrap()
}

#[test]
fn progress_ascends_to_one() {
    let rows = rows();
    let never = AtomicBool::new(false);
    for (name, kernel) in KERNELS {
        let graph = graph(&rows);
        let heard = Mutex::new(Vec::new());
        let listen = |share: f64| heard.lock().unwrap().push(share);
        kernel(&graph, &Control::new(&never).reporting(&listen)).unwrap();
        let heard = heard.into_inner().unwrap();
        assert!(
            heard.len() > 1 && heard.windows(2).all(|pair| pair[0] < pair[1]),
            "{name} {heard:?}"
        );
        assert_eq!(heard.last(), Some(&1.0), "{name}");
    }
}

#[test]
fn a_cancel_in_the_middle_ends_every_kernel() {
    let rows = rows();
    for (name, kernel) in KERNELS {
        let graph = graph(&rows);
        let cancel = AtomicBool::new(false);
        let heard = Mutex::new(Vec::new());
        let listen = |share: f64| {
            heard.lock().unwrap().push(share);
            cancel.store(true, Relaxed);
        };
        let result = kernel(&graph, &Control::new(&cancel).reporting(&listen));
        assert_eq!(message(result), "cancelled", "{name}");
        let heard = heard.into_inner().unwrap();
        assert!(heard.iter().all(|&share| share < 1.0), "{name} went on: {heard:?}");
    }
}

#[test]
fn a_set_flag_stops_every_kernel_at_once() {
    let stop = AtomicBool::new(true);
    for rows in [rows(), Rows::new(2, &[(0, 1)], true), Rows::new(0, &[], true)] {
        let graph = graph(&rows);
        for (name, kernel) in KERNELS {
            if name == "harmonic" && rows.n < 3000 || name == "betweenness" && rows.n < 64 {
                continue; // they ask for more vertices than there are
            }
            assert_eq!(message(kernel(&graph, &Control::new(&stop))), "cancelled", "{name}");
        }
    }
}
