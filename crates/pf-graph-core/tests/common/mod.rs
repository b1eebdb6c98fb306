//! Small random graphs, and the way from vertex indices to a [`Graph`].
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "part of tests, though not inside a test function")]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use pf_graph_core::verify::Edges;
use pf_graph_core::{BuildOptions, Control, Graph, GraphError, IdOrder};
use proptest::collection::vec;
use proptest::prelude::*;

static NEVER: AtomicBool = AtomicBool::new(false);

/// Runs to the end in silence.
pub static GO: Control<'static> = Control::new(&NEVER);

/// Edges by index, owned.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    pub n: u32,
    pub src: Vec<u32>,
    pub dst: Vec<u32>,
    pub weight: Option<Vec<f64>>,
    pub directed: bool,
}

impl Rows {
    pub fn new(n: u32, edges: &[(u32, u32)], directed: bool) -> Self {
        let (src, dst) = edges.iter().copied().unzip();
        Self { n, src, dst, weight: None, directed }
    }

    pub fn weighted(n: u32, edges: &[(u32, u32, f64)], directed: bool) -> Self {
        let pairs: Vec<(u32, u32)> = edges.iter().map(|&(u, v, _)| (u, v)).collect();
        let weight = Some(edges.iter().map(|&(_, _, w)| w).collect());
        Self { weight, ..Self::new(n, &pairs, directed) }
    }

    pub fn edges(&self) -> Edges<'_> {
        Edges {
            num_vertices: self.n as usize,
            src: &self.src,
            dst: &self.dst,
            weight: self.weight.as_deref(),
            directed: self.directed,
        }
    }

    /// The graph whose vertex indices are those of the rows.
    pub fn graph(&self, id_order: IdOrder) -> Graph {
        let vertices = ints(0..self.n);
        let weight = self.weight.as_ref().map(|w| floats(w));
        let options = BuildOptions { directed: self.directed, id_order, ..BuildOptions::default() };
        Graph::build(
            &[ints(self.src.iter().copied())],
            &[ints(self.dst.iter().copied())],
            weight.as_ref().map(std::slice::from_ref),
            Some(&[vertices]),
            &options,
            &GO,
        )
        .unwrap()
    }

    /// The same rows in another order.
    pub fn shuffled(&self, order: &[usize]) -> Self {
        Self {
            src: order.iter().map(|&row| self.src[row]).collect(),
            dst: order.iter().map(|&row| self.dst[row]).collect(),
            weight: self.weight.as_ref().map(|w| order.iter().map(|&row| w[row]).collect()),
            ..*self
        }
    }
}

pub fn ints(values: impl IntoIterator<Item = u32>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values.into_iter().map(i64::from)))
}

pub fn floats(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// Directed or not, with loops, parallel edges and isolated vertices; sparse and dense ones.
pub fn rows(weight: impl Strategy<Value = f64> + Clone) -> impl Strategy<Value = Rows> {
    (1..24u32, 0..70usize, any::<bool>(), any::<bool>()).prop_flat_map(
        move |(n, m, directed, has_weight)| {
            let edges = vec((0..n, 0..n, weight.clone()), 0..=m);
            edges.prop_map(move |edges| {
                let rows = Rows::weighted(n, &edges, directed);
                if has_weight { rows } else { Rows { weight: None, ..rows } }
            })
        },
    )
}

/// A graph large enough for parallel code paths, from a fixed generator.
pub fn large(directed: bool) -> Rows {
    let mut state = 42u64;
    let mut next = move |bound: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) * bound) >> 31
    };
    let n = 20_000;
    let edges: Vec<(u32, u32, f64)> = (0..150_000)
        .map(|_| {
            let skewed = next(n).min(next(n)).min(next(n)) as u32; // a few vertices have many edges
            (skewed, next(n / 2) as u32, next(1000) as f64 / 7.0)
        })
        .collect();
    Rows::weighted(n as u32, &edges, directed)
}

/// Runs `work` on 1, 2, 3 and 8 threads and returns the one answer.
pub fn on_any_threads<T: PartialEq + std::fmt::Debug + Send>(work: impl Fn() -> T + Sync) -> T {
    let on = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(&work)
    };
    let answer = on(1);
    for threads in [2, 3, 8] {
        assert!(answer == on(threads), "{threads} threads differ from 1");
    }
    answer
}

/// The bits of floats, for exact comparison.
pub fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

pub fn message<T: std::fmt::Debug>(result: Result<T, GraphError>) -> String {
    result.unwrap_err().to_string()
}
