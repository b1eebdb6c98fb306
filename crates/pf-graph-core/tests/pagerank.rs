//! PageRank against its checker, a dense power iteration and known answers.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

mod common;

use common::{GO, Rows, bits, large, on_any_threads, rows};
use pf_graph_core::IdOrder;
use pf_graph_core::algo::{
    PageRankConfig, PageRankMethod, PageRankResult, PageRankVectors, pagerank,
};
use pf_graph_core::verify::check_pagerank;
use proptest::prelude::*;

/// Iterates the full n x n matrix, dangling columns and all, far beyond any tolerance.
fn dense(rows: &Rows, alpha: f64, jump: Option<&[(u32, f64)]>) -> Vec<f64> {
    let n = rows.n as usize;
    let mut target = vec![if jump.is_some() { 0.0 } else { 1.0 }; n];
    for &(v, weight) in jump.unwrap_or_default() {
        target[v as usize] += weight;
    }
    let total: f64 = target.iter().sum();
    let mut matrix = vec![vec![0.0; n]; n];
    for (u, v, w) in rows.edges().arcs() {
        matrix[u][v] += w;
    }
    for row in &mut matrix {
        let out: f64 = row.iter().sum();
        for (v, entry) in row.iter_mut().enumerate() {
            let share = target[v] / total;
            let follow = if out > 0.0 { *entry / out } else { share };
            *entry = alpha * follow + (1.0 - alpha) * share;
        }
    }
    let mut rank = vec![1.0 / n as f64; n];
    for _ in 0..1000 {
        let mut next = vec![0.0; n];
        for (u, row) in matrix.iter().enumerate() {
            for (v, entry) in row.iter().enumerate() {
                next[v] += rank[u] * entry;
            }
        }
        rank = next;
    }
    rank
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
}

fn rank(rows: &Rows, config: &PageRankConfig) -> PageRankResult {
    pagerank(&rows.graph(IdOrder::Appearance), config, &PageRankVectors::default(), &GO).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn within_its_error_bound(
        // Many zero weights: vertices with edges and yet without out-weight.
        rows in rows(prop_oneof![Just(0.0), 0.0..10.0f64]),
        picks in prop::option::of(prop::collection::vec((any::<prop::sample::Index>(), 0.1..2.0f64), 1..4)),
        alpha in prop_oneof![Just(0.85), 0.0..0.95f64],
        tol in prop_oneof![Just(1e-6), Just(1e-12), Just(1e-2)],
    ) {
        let jump: Option<Vec<(u32, f64)>> = picks.map(|picks| {
            picks.iter().map(|(pick, w)| (pick.index(rows.n as usize) as u32, *w)).collect()
        });
        let config = PageRankConfig { alpha, tol, max_iter: 1000, ..PageRankConfig::default() };
        let graph = rows.graph(IdOrder::Appearance);
        let vectors = PageRankVectors { personalization: jump.as_deref(), ..Default::default() };
        let result = pagerank(&graph, &config, &vectors, &GO).unwrap();
        prop_assert!(result.converged);
        prop_assert_eq!(check_pagerank(&rows.edges(), &config, &vectors, &result), Ok(()));
        let error = distance(&result.rank, &dense(&rows, alpha, jump.as_deref()));
        prop_assert!(error <= result.error_bound + 1e-12, "{} > {}", error, result.error_bound);
    }

    #[test]
    fn all_vectors(
        rows in rows(prop_oneof![Just(0.0), 0.0..10.0f64]),
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0.1..2.0f64), 3..6),
        which in 1..8u32,
        weighted in any::<bool>(),
    ) {
        let pairs: Vec<(u32, f64)> =
            picks.iter().map(|(pick, w)| (pick.index(rows.n as usize) as u32, *w)).collect();
        let take = |bit: u32, from: usize| (which & bit != 0).then(|| &pairs[from..=from + 1]);
        let vectors = PageRankVectors {
            personalization: take(1, 0),
            dangling: take(2, 1),
            nstart: which.checked_sub(4).map(|_| &pairs[2..]),
        };
        let config = PageRankConfig { tol: 1e-10, max_iter: 1000, weighted, ..PageRankConfig::default() };
        let graph = rows.graph(IdOrder::Appearance);
        let result = pagerank(&graph, &config, &vectors, &GO).unwrap();
        prop_assert!(result.converged);
        prop_assert_eq!(check_pagerank(&rows.edges(), &config, &vectors, &result), Ok(()));
        let plain = PageRankVectors { nstart: None, ..vectors };
        let expected = pagerank(&graph, &config, &plain, &GO).unwrap();
        prop_assert!(distance(&result.rank, &expected.rank) < 1e-8, "the start is forgotten");
    }

    #[test]
    fn doubled_weights_give_the_same_bits(rows in rows(0.0..10.0f64)) {
        let doubled = Rows {
            weight: rows.weight.as_ref().map(|w| w.iter().map(|w| 2.0 * w).collect()),
            ..rows.clone()
        };
        let config = PageRankConfig::default();
        prop_assert_eq!(rank(&rows, &config), rank(&doubled, &config));
    }

    #[test]
    fn sorted_graphs_give_the_same_bits_for_any_row_order(
        (rows, order) in rows(0.0..10.0f64).prop_flat_map(|rows| {
            let order: Vec<usize> = (0..rows.src.len()).collect();
            (Just(rows), Just(order).prop_shuffle())
        })
    ) {
        let run = |rows: &Rows| {
            let graph = rows.graph(IdOrder::Sorted);
            bits(&pagerank(&graph, &PageRankConfig::default(), &PageRankVectors::default(), &GO).unwrap().rank)
        };
        prop_assert_eq!(run(&rows), run(&rows.shuffled(&order)));
    }
}

#[test]
fn known_answers() {
    let close = |found: Vec<f64>, expected: &[f64]| {
        assert!(distance(&found, expected) < 1e-9, "{found:?}");
    };
    let exact = PageRankConfig { tol: 1e-14, max_iter: 1000, ..PageRankConfig::default() };
    let cycle = Rows::new(4, &[(0, 1), (1, 2), (2, 3), (3, 0)], true);
    close(rank(&cycle, &exact).rank, &[0.25; 4]);
    // Star into vertex 0, whose mass is spread: x = 0.05 + 0.85 c / 3, c = x + 0.85 (1 - c).
    let star = Rows::new(3, &[(1, 0), (2, 0)], true);
    let centre = (0.05 + 0.85) / (1.0 + 0.85 - 0.85 / 3.0);
    let leaf = (1.0 - centre) / 2.0;
    close(rank(&star, &exact).rank, &[centre, leaf, leaf]);
    // Two parallel edges weigh as much as one of weight 2.
    let parallel = Rows::new(3, &[(0, 1), (0, 1), (0, 2)], true);
    let weighted = Rows::weighted(3, &[(0, 1, 2.0), (0, 2, 1.0)], true);
    close(rank(&parallel, &exact).rank, &rank(&weighted, &exact).rank);
    // Without edges, jumps are all there is.
    let apart = Rows::new(2, &[], true).graph(IdOrder::Sorted);
    let jump = [(1, 3.0), (0, 1.0)];
    let vectors = PageRankVectors { personalization: Some(&jump), ..Default::default() };
    let result = pagerank(&apart, &exact, &vectors, &GO).unwrap();
    close(result.rank, &[0.25, 0.75]);
    assert_eq!(rank(&Rows::new(0, &[], true), &exact).rank, [0f64; 0]);
}

#[test]
fn a_run_that_stops_early_says_so() {
    let star = Rows::new(3, &[(1, 0), (2, 0)], true);
    let result = rank(&star, &PageRankConfig { max_iter: 2, ..PageRankConfig::default() });
    assert_eq!((result.iterations, result.converged), (2, false));
    assert!(result.error_bound > 1e-3);
    let walk = rank(&star, &PageRankConfig { alpha: 1.0, ..PageRankConfig::default() });
    assert!(walk.error_bound.is_infinite(), "without jumps nothing bounds the error");
    let jumps = rank(&star, &PageRankConfig { alpha: 0.0, ..PageRankConfig::default() });
    assert_eq!((jumps.rank, jumps.error_bound), (vec![1.0 / 3.0; 3], 0.0));
}

#[test]
fn same_bits_at_any_threads() {
    for directed in [true, false] {
        let weighted = large(directed);
        for rows in [Rows { weight: None, ..weighted.clone() }, weighted] {
            let config = PageRankConfig::default();
            let run = || {
                pagerank(&rows.graph(IdOrder::Sorted), &config, &PageRankVectors::default(), &GO)
                    .unwrap()
            };
            on_any_threads(|| bits(&run().rank));
            assert_eq!(
                check_pagerank(&rows.edges(), &config, &PageRankVectors::default(), &run()),
                Ok(())
            );
        }
    }
}

/// A grid, a path beside it and a vertex alone.
fn three_parts(side: u32) -> (u32, Vec<(u32, u32)>) {
    let n = side * side;
    let right = (0..n).filter(|v| v % side + 1 < side).map(|v| (v, v + 1));
    let down = (0..n - side).map(|v| (v, v + side));
    let path = (n..n + side).map(|v| (v, v + 1));
    (n + side + 2, right.chain(down).chain(path).collect())
}

#[test]
fn arcs_both_ways_take_half_as_many_iterations() {
    let (n, pairs) = three_parts(50);
    let both: Vec<_> = pairs.iter().flat_map(|&(u, v)| [(u, v), (v, u)]).collect();
    let weighted = |pairs: &[(u32, u32)], directed| {
        let edges: Vec<_> = pairs.iter().map(|&(u, v)| (u, v, 1.0)).collect();
        Rows::weighted(n, &edges, directed)
    };
    let corner = [(0, 1.0)];
    let many: Vec<_> = (0..n).step_by(3).map(|v| (v, f64::from(v % 5) + 1.0)).collect();
    for vectors in [
        PageRankVectors::default(),
        // Then true ranks are 0 on the path, and the start is large there.
        PageRankVectors { personalization: Some(&corner), ..Default::default() },
        PageRankVectors {
            personalization: Some(&corner),
            dangling: Some(&many),
            nstart: Some(&many),
        },
        PageRankVectors { nstart: Some(&corner), ..Default::default() },
    ] {
        for tol in [1e-2, 1e-6, 1e-12] {
            let config = PageRankConfig { tol, max_iter: 1000, ..PageRankConfig::default() };
            let run = |rows: &Rows| {
                let graph = rows.graph(IdOrder::Appearance);
                let result = pagerank(&graph, &config, &vectors, &GO).unwrap();
                assert!(result.converged);
                assert_eq!(check_pagerank(&rows.edges(), &config, &vectors, &result), Ok(()));
                result
            };
            // Nothing is said of the eigenvalues of directed graphs with weights.
            let plain = run(&weighted(&both, true));
            for rows in
                [weighted(&pairs, false), Rows::new(n, &pairs, false), Rows::new(n, &both, true)]
            {
                let power = PageRankConfig { method: PageRankMethod::Power, ..config.clone() };
                let graph = rows.graph(IdOrder::Appearance);
                let power = pagerank(&graph, &power, &vectors, &GO).unwrap();
                assert_eq!(power.iterations, plain.iterations);
                assert!(distance(&power.rank, &plain.rank) < 1e-12);
                let fast = run(&rows);
                let apart = distance(&fast.rank, &plain.rank);
                assert!(apart <= fast.error_bound + plain.error_bound, "{apart:e}");
                assert!(fast.error_bound <= 3.0 * 0.85 / 0.15 * tol, "{:e}", fast.error_bound);
                if tol < 1e-3 {
                    let counts = (fast.iterations, plain.iterations);
                    assert!(10 * counts.0 <= 6 * counts.1, "{counts:?}");
                }
            }
        }
    }
}

#[test]
fn parallel_and_missing_arcs_keep_plain_steps_apart() {
    // The walk round a ring that goes one way more often has complex eigenvalues.
    let n = 300;
    let ring = (0..n).flat_map(|v| [(v, (v + 1) % n), ((v + 1) % n, v), (v, (v + 1) % n)]);
    let ring: Vec<_> = ring.collect();
    let exact = PageRankConfig { tol: 1e-13, max_iter: 1000, ..PageRankConfig::default() };
    let seed = [(7, 1.0)];
    let vectors = PageRankVectors { personalization: Some(&seed), ..Default::default() };
    for pairs in [&ring[..], &ring[1..]] {
        let rows = Rows::new(n, pairs, true);
        let result = pagerank(&rows.graph(IdOrder::Appearance), &exact, &vectors, &GO).unwrap();
        assert!(result.converged);
        assert_eq!(check_pagerank(&rows.edges(), &exact, &vectors, &result), Ok(()));
    }
}
