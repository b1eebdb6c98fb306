//! Strongly connected components.
//!
//! Where each arc has its opposite, as in undirected graphs that were stored both ways, these are the
//! weak components, which are found in a fraction of the time.
//!
//! Most other large graphs have one component that holds much of them: it is what a vertex of many arcs
//! both leads to and is reached from, two searches that all threads share. The vertices beside it
//! are mostly components of their own, which shows when none of their neighbours on one side is
//! left; they are taken away in a few sweeps. What remains is searched in depth by one thread. Small
//! graphs, and those whose vertices lie in long thin rows, are searched in depth altogether.
//!
//! O(n + m); the arcs by head are made and kept for large graphs, beside 9 bytes per vertex.
//! Sources: Fleischer, Hendrickson, Pinar, "On identifying strongly connected components in
//! parallel", IPDPS workshops 2000; `McLendon`, Hendrickson, Plimpton, Rauchwerger, "Finding
//! strongly connected components in distributed graphs", J. Parallel Distrib. Comput. 65(8), 2005,
//! for the sweeps; Slota, Rajamanickam, Madduri, "BFS and coloring-based parallel algorithms for
//! strongly connected components and related problems", IPDPS 2014, for the choice of the vertex and
//! the order of the steps. See also `pearce.rs`, `reach.rs`.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

use super::afforest::weak_labels;
use super::pearce::{self, DONE};
use super::reach::{Pace, Reach, Reached, Walk};
use super::vertex_set::{VertexSet, bits};
use crate::control::{CHUNK, Control, Meter};
use crate::opposites::Opposites;
use crate::{Csr, Graph, GraphError};

/// With fewer vertices and arcs one thread is as quick.
const LARGE: usize = 100_000;
/// After a component with less than this part of what is left, the next is not searched like it.
const WORTHWHILE: usize = 4;
/// So few vertices are done by one thread sooner than bitmaps of all are filled.
const FEW: usize = 1 << 12;
/// Sweeps go on while each takes at least this part of what is left.
const SWEEP: usize = 4;
/// Vertices whose arcs are looked at to see whether they are short.
const SAMPLES: usize = 1024;
/// Vertices that are this close by number lie in the same few cache lines.
const NEAR: usize = 64;

/// The smallest vertex of each vertex's component.
pub(super) fn strong_labels(graph: &Graph, control: &Control<'_>) -> Result<Vec<u32>, GraphError> {
    let out = graph.out();
    let (n, arcs) = (out.num_vertices(), out.num_arcs());
    if n + arcs < LARGE {
        let mut label = vec![0; n];
        let mut meter = Meter::with_total(control, n, arcs)?;
        pearce::search(out, vec![0; n], &mut label, &mut meter)?;
        return Ok(label);
    }
    control.progress(0.01)?;
    if graph.opposites(control)? != Opposites::Missing {
        return weak_labels(graph, control);
    }
    let back = graph.incoming(control)?;
    let walk = if is_local(out) { Walk::Deep } else { Walk::Broad };
    in_steps(out, back, walk, Pace::USUAL, control)
}

/// As [`strong_labels`], for large graphs.
fn in_steps(
    out: &Csr,
    back: &Csr,
    walk: Walk,
    pace: Pace,
    control: &Control<'_>,
) -> Result<Vec<u32>, GraphError> {
    let n = out.num_vertices();
    control.progress(0.05)?;
    let mut label: Vec<u32> = (0..n as u32).into_par_iter().with_min_len(CHUNK).collect();
    // Vertices with arcs on both sides; all others are done.
    let rest = VertexSet::new(n);
    let has_both = |i: usize, word: &AtomicU64| {
        let vertices = (64 * i as u32..(n as u32)).take(64);
        let is_inner = |v: u32| u64::from(out.degree(v) > 0 && back.degree(v) > 0);
        let inner = vertices.enumerate().fold(0, |word, (bit, v)| word | is_inner(v) << bit);
        word.store(inner, Relaxed);
        inner.count_ones() as usize
    };
    let mut left = rest.sum_words(|| control.check(), has_both)?;

    let (first_search, others) = (control.part(0.05, 0.5), control.silent());
    let mut search = &first_search;
    while left > 0 {
        let pivot = most_joined(out, back, &rest);
        let found = component_of(pivot, [out, back], &rest, left, (walk, pace), search)?;
        let Some(found) = found else { break };
        let first = found.set.first().unwrap_or(0);
        label
            .par_chunks_mut(64)
            .with_min_len(64)
            .zip(found.set.words())
            .zip(rest.words())
            .for_each(|((labels, found), rest)| {
                let found = found.load(Relaxed);
                rest.fetch_and(!found, Relaxed);
                bits(found).for_each(|bit| labels[bit as usize] = first);
            });
        left -= found.count;
        if left < FEW || found.count < left / WORTHWHILE {
            break;
        }
        search = &others; // nobody knows how many more there are
    }
    control.progress(0.5)?;
    while left > 0 {
        let taken = sweep(out, back, &rest, control)?;
        left -= taken;
        if taken <= left / SWEEP {
            break;
        }
    }
    control.progress(0.55)?;
    if left > 0 {
        let mut order = vec![DONE; n];
        let open = order.par_chunks_mut(64).with_min_len(64).zip(rest.words());
        open.for_each(|(order, rest)| {
            bits(rest.load(Relaxed)).for_each(|bit| order[bit as usize] = 0);
        });
        let last = control.part(0.55, 1.0);
        let share = left as f64 / n as f64;
        let mut meter = Meter::with_total(&last, left, (share * out.num_arcs() as f64) as usize)?;
        pearce::search(out, order, &mut label, &mut meter)?;
    }
    Ok(label)
}

/// The vertex of `rest` with the largest product of arcs out and in; the smallest of equals.
fn most_joined(out: &Csr, back: &Csr, rest: &VertexSet) -> u32 {
    let best = |(i, word): (usize, &AtomicU64)| {
        let vertices = bits(word.load(Relaxed)).map(|bit| 64 * i as u32 + bit);
        vertices.map(|v| (out.degree(v) as u128 * back.degree(v) as u128, Reverse(v))).max()
    };
    let words = rest.words().par_iter().enumerate().with_min_len(64);
    words.filter_map(best).max().map_or(0, |(_, v)| v.0)
}

/// Whether many arcs lead to vertices close by, as in grids whose vertices are numbered row by row.
fn is_local(out: &Csr) -> bool {
    let n = out.num_vertices();
    let (mut near, mut all) = (0, 0);
    for v in (0..n).step_by(n.div_ceil(SAMPLES)) {
        let row = out.row(v as u32);
        all += row.len();
        near += row.iter().filter(|&&u| (u as usize).abs_diff(v) <= NEAR).count();
    }
    3 * near >= all
}

/// The component of a vertex of `rest`; nothing if it is not worth it to go on with such searches.
fn component_of(
    pivot: u32,
    [out, back]: [&Csr; 2],
    rest: &VertexSet,
    left: usize,
    (walk, pace): (Walk, Pace),
    control: &Control<'_>,
) -> Result<Option<Reached>, GraphError> {
    let forward = Reach { rows: out, back, within: rest, size: left, walk, pace };
    let backward = Reach { rows: back, back: out, ..forward };
    if walk == Walk::Deep {
        // Each has a thread.
        let silent = control.silent();
        let (ahead, behind) =
            rayon::join(|| forward.from(pivot, control), || backward.from(pivot, &silent));
        let (Some(ahead), Some(behind)) = (ahead?, behind?) else { return Ok(None) };
        let set = ahead.set.minus(&ahead.set.minus(&behind.set));
        let count = set.words().iter().map(|word| word.load(Relaxed).count_ones() as usize).sum();
        return Ok(Some(Reached { set, count }));
    }
    let Some(ahead) = forward.from(pivot, &control.part(0.0, 0.5))? else { return Ok(None) };
    // Ways from the component back to the vertex do not leave what it leads to.
    let backward = Reach { within: &ahead.set, size: ahead.count, ..backward };
    backward.from(pivot, &control.part(0.5, 1.0))
}

/// Takes the vertices out of `rest` that have no neighbour there on one side: they are components
/// of their own. One taken in the same sweep no longer counts. The answer is how many went.
fn sweep(
    out: &Csr,
    back: &Csr,
    rest: &VertexSet,
    control: &Control<'_>,
) -> Result<usize, GraphError> {
    let is_joined = |rows: &Csr, v: u32| rows.row(v).iter().any(|&u| u != v && rest.has(u));
    let take = |i: usize, word: &AtomicU64| {
        let before = word.load(Relaxed);
        let mut now = before;
        for bit in bits(before) {
            let v = 64 * i as u32 + bit;
            if !(is_joined(out, v) && is_joined(back, v)) {
                now ^= 1 << bit;
                word.store(now, Relaxed); // this thread alone has the word
            }
        }
        (now ^ before).count_ones() as usize
    };
    rest.sum_words(|| control.check(), take)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::AtomicBool;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::BuildOptions;
    use crate::generate::Random;

    static NEVER: AtomicBool = AtomicBool::new(false);
    static GO: Control<'static> = Control::new(&NEVER);

    /// Paces that take small graphs through all steps: meet after each vertex, sweep at once or
    /// never, give up at once or never.
    fn paces() -> Vec<Pace> {
        let mut paces = vec![Pace::USUAL];
        for alone in [1, 8] {
            for least_arcs in [0, usize::MAX] {
                for narrow_part in [1, usize::MAX] {
                    paces.push(Pace { alone, least_arcs, narrow_part });
                }
            }
        }
        paces
    }

    fn graph(n: u32, arcs: &[(u32, u32)]) -> Graph {
        let (src, dst): (Vec<u32>, Vec<u32>) = arcs.iter().copied().unzip();
        Graph::from_arrays(&src, &dst, None, n as usize, &BuildOptions::default(), &GO).unwrap()
    }

    fn in_depth(graph: &Graph) -> Vec<u32> {
        let n = graph.num_vertices();
        let mut label = vec![0; n];
        let mut meter = Meter::new(&GO).unwrap();
        pearce::search(graph.out(), vec![0; n], &mut label, &mut meter).unwrap();
        label
    }

    fn check(graph: &Graph, walks: &[Walk], paces: &[Pace]) {
        let expected = in_depth(graph);
        let (out, back) = (graph.out(), graph.incoming(&GO).unwrap());
        for &walk in walks {
            for &pace in paces {
                for threads in [1, 2, 3, 8] {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                    let run = || in_steps(out, back, walk, pace, &GO).unwrap();
                    assert!(pool.build().unwrap().install(run) == expected, "{walk:?} {threads}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 60 }))]

        #[test]
        fn small_graphs_in_steps(
            n in 1..200u32,
            arcs in vec((0..200u32, 0..200u32), 0..500),
            reach in 1..200u32,
        ) {
            // With a small `reach` ends are close, and there are many components.
            let end = |v: u32, by: u32| (v % n + by % reach) % n;
            let arcs: Vec<_> = arcs.iter().map(|&(u, v)| (u % n, end(u, v))).collect();
            check(&graph(n, &arcs), &[Walk::Deep, Walk::Broad], &paces());
        }
    }

    /// Shapes of which every step has its worst, numbered in order and at random.
    #[test]
    fn hostile_shapes() {
        let n: u32 = if cfg!(miri) { 200 } else { 40_000 };
        let side = if cfg!(miri) { 10 } else { 200 };
        let path: Vec<_> = (1..n).map(|v| (v - 1, v)).collect();
        let cycle: Vec<_> = path.iter().copied().chain([(n - 1, 0)]).collect();
        let tree: Vec<_> = (1..n).map(|v| (v / 2, v)).collect();
        let triples: Vec<_> = (0..n).map(|v| (v, v / 3 * 3 + (v + 1) % 3)).collect();
        let triples = triples.into_iter().map(|(u, v)| (u.min(n - 1), v.min(n - 1))).collect();
        let right = (0..n).filter(|v| v % side + 1 < side).map(|v| (v, v + 1));
        let down = (0..n - side).map(|v| (v, v + side));
        let one_way: Vec<_> = right.chain(down).collect();
        let both_ways = one_way.iter().flat_map(|&(u, v)| [(u, v), (v, u)]).collect();
        let star = (1..n).flat_map(|v| if v % 3 == 0 { [(0, v), (v, 0)] } else { [(0, v); 2] });
        let halves: Vec<_> = cycle[..cycle.len() - 1]
            .iter()
            .copied()
            .filter(|arc| arc.1 != n / 2)
            .chain([(n / 2 - 1, 0), (n - 1, n / 2), (0, n / 2)])
            .collect();
        let shapes: [Vec<(u32, u32)>; 9] =
            [path, cycle, tree, triples, one_way, both_ways, star.collect(), halves, vec![]];
        let mut random = Random::new(5, 0);
        let mut name: Vec<u32> = (0..n).collect();
        (1..n as usize).for_each(|i| name.swap(i, random.below(i as u64 + 1) as usize));
        for arcs in shapes {
            let renamed: Vec<_> =
                arcs.iter().map(|&(u, v)| (name[u as usize], name[v as usize])).collect();
            for arcs in [arcs, renamed] {
                let usual = [Pace::USUAL, Pace { narrow_part: usize::MAX, ..Pace::USUAL }];
                check(&graph(n, &arcs), &[Walk::Deep, Walk::Broad], &usual);
            }
        }
    }

    #[test]
    fn arcs_both_ways() {
        let side = 200u32;
        let n = side * side;
        let right = (0..n).filter(|v| v % side + 1 < side).map(|v| (v, v + 1));
        let down = (0..n - side).map(|v| (v, v + side));
        let all: Vec<_> = right.chain(down).flat_map(|(u, v)| [(u, v), (v, u)]).collect();
        for arcs in [&all[..], &all[1..], &[&all[..], &all[..5], &[(3, 3)]].concat()] {
            let graph = graph(n + 1, arcs);
            assert!(strong_labels(&graph, &GO).unwrap() == in_depth(&graph));
        }
    }
}
