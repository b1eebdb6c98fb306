//! Generated graphs have their shape and do not depend on the threads.

mod common;

use common::on_any_threads;
use pf_graph_core::generate::{Random, grid, rmat, uniform, weights};

#[test]
fn same_edges_at_any_threads_and_others_for_other_seeds() {
    let one = on_any_threads(|| (rmat(12, 16, 7), uniform(1000, 200_000, 7), weights(99, 255, 7)));
    assert_ne!(one.0, rmat(12, 16, 8));
    assert_ne!(one.1, uniform(1000, 200_000, 8));
    assert!(one.2.iter().all(|w| (1.0..=255.0).contains(w) && w.fract() == 0.0));
}

#[test]
fn shapes() {
    let skewed = rmat(12, 16, 1);
    assert_eq!((skewed.num_vertices, skewed.src.len()), (4096, 65536));
    let mut degree = vec![0; 4096];
    skewed.src.iter().for_each(|&v| degree[v as usize] += 1);
    assert!(degree.iter().max() > Some(&500) && degree.iter().filter(|&&d| d == 0).count() > 500);

    let even = uniform(100, 100_000, 1);
    let mut degree = vec![0; 100];
    even.dst.iter().for_each(|&v| degree[v as usize] += 1);
    assert!(degree.iter().all(|&d| (850..1150).contains(&d)), "{degree:?}");
    assert_eq!(uniform(0, 5, 1).src.len(), 0);

    let squares = grid(2, 3);
    let edges: Vec<(u32, u32)> = squares.src.into_iter().zip(squares.dst).collect();
    assert_eq!(edges, [(0, 1), (0, 3), (1, 2), (1, 4), (2, 5), (3, 4), (4, 5)]);
}

#[test]
fn streams_repeat_and_stay_in_bounds() {
    let first = Random::new(0, 0).next_u64();
    let mut seeded = Random::new(0, 0);
    assert_eq!(seeded.next_u64(), first);
    assert!((0..1000).all(|_| seeded.below(10) < 10));
    assert_eq!(seeded.below(0), 0);
}
