//! Weak components by hooking roots under smaller ones, with a sample that saves most of the work.
//!
//! Every vertex first takes over the root of the least of a few neighbours; where it has none below
//! itself, and so stays a root, it does so once more, and what is then left is linked with two. On
//! real graphs that joins nearly all of the largest component; where a sample shows that it does not,
//! all others are linked with two neighbours. Vertices of the largest component need no further look:
//! an arc between it and the rest is met again at its other end, or, where only tails know their
//! arcs, looked for with a bitmap of the rest. `parent[v] <= v` always, and the roots end as the
//! smallest vertices of their components whatever the order of the links and the number of threads.
//! Pieces are taken in ascending order, so that vertices mostly find their smaller neighbours with
//! roots and chains stay short. O(n + m) in practice, 4 bytes per vertex and 40 per first root.
//!
//! Source: Sutton, Ben-Nun, Barak, "Optimizing parallel graph connectivity computation via subgraph
//! sampling", IPDPS 2018.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

use super::vertex_set::{VertexSet, bits};
use crate::control::Control;
use crate::crew::pull_jobs;
use crate::generate::Random;
use crate::par::row_blocks;
use crate::{Csr, Graph, GraphError};

/// Vertices looked at to find the largest component.
const SAMPLES: usize = 1024;
/// Vertices per piece of parallel work.
const PIECE: usize = 1 << 13;
/// Vertices between which the first roots are collected.
const FEW: usize = 1 << 8;
/// Roots per piece of parallel work.
const ROOTS: usize = 1 << 11;
/// Roots whose neighbours are fetched together.
const BATCH: usize = 16;
/// Of the vertices with neighbours all but one of so many must be in the largest component, or all
/// others are linked once more.
const MISSING: usize = 8;
/// Neighbours that are kept with a root.
const LAST: usize = 4;

/// A root and neighbours of it, itself for want of some.
type Root = (u32, [u32; LAST]);

/// The smallest vertex of each vertex's component.
pub(super) fn weak_labels(graph: &Graph, control: &Control<'_>) -> Result<Vec<u32>, GraphError> {
    control.check()?;
    let out = graph.out();
    let n = out.num_vertices();
    let incoming = graph.incoming_if_made();
    let turned = incoming.filter(|_| graph.is_directed());
    let parent: Vec<AtomicU32> =
        (0..n as u32).into_par_iter().with_min_len(PIECE).map(AtomicU32::new).collect();
    let roots = hook(&parent, out, turned, &control.part(0.0, 0.2))?;
    let pieces: Vec<&[Root]> = roots.iter().flat_map(|roots| roots.chunks(ROOTS)).collect();
    let left = hook_roots(&parent, &pieces, &control.part(0.2, 0.25))?;
    link_roots(&parent, &left, out, turned, &control.part(0.25, 0.3))?;
    // All others are one step above these: two steps lead to the root from anywhere.
    let compress_all = |(): &mut (), piece: usize| {
        for &(v, _) in pieces[piece] {
            compress(&parent, v);
        }
        Ok(())
    };
    pull_jobs(pieces.len(), usize::MAX, &control.part(0.3, 0.35), || (), compress_all)?;
    drop((left, pieces));
    drop(roots);

    let has_arcs = |v: u32| out.degree(v) + turned.map_or(0, |turned| turned.degree(v)) > 0;
    let mut largest = largest_component(&parent, has_arcs);
    if largest.missing > largest.sampled / MISSING {
        in_order(n, &control.part(0.35, 0.4), |v| {
            if compress(&parent, v) != largest.root {
                let [first, second, ..] = last_neighbours(out, turned, v);
                link(&parent, v, first);
                link(&parent, v, second);
            }
        })?;
        largest = largest_component(&parent, has_arcs);
    }

    let others = VertexSet::new(n);
    if collect_others(&parent, largest.root, &others, control)? > 0 {
        link_others(&parent, &others, graph, incoming, &control.part(0.6, 0.8))?;
        let top = root(&parent, largest.root);
        let point = |i: usize, outside: &AtomicU64| {
            let outside = outside.load(Relaxed);
            if top != largest.root {
                let few = &parent[64 * i..n.min(64 * (i + 1))];
                for (bit, above) in few.iter().enumerate() {
                    if outside >> bit & 1 == 0 {
                        above.store(top, Relaxed);
                    }
                }
            }
            bits(outside).for_each(|bit| {
                compress(&parent, 64 * i as u32 + bit);
            });
            0
        };
        others.sum_words(|| control.check(), point)?;
        control.progress(0.9)?;
    }
    Ok(parent.into_iter().map(AtomicU32::into_inner).collect())
}

/// Lets every vertex take over the root of the least of a few neighbours; the vertices that stay
/// roots.
fn hook(
    parent: &[AtomicU32],
    out: &Csr,
    turned: Option<&Csr>,
    control: &Control<'_>,
) -> Result<Vec<Vec<Root>>, GraphError> {
    let n = parent.len();
    let piece = |(roots, least, few): &mut (Vec<Root>, [u32; FEW], [u32; FEW]), piece: usize| {
        let end = ((piece + 1) * PIECE).min(n);
        for start in (piece * PIECE..end).step_by(FEW) {
            let least = &mut least[..FEW.min(end - start)];
            for (v, least) in (start as u32..).zip(&mut *least) {
                *least = least_neighbour(out, turned, v);
            }
            // A loop of its own has more of these words fetched at the same time. Which of two is
            // less can hardly be told before: no branch. Nor an exchange: no other thread writes
            // here.
            let mut count = 0;
            for (v, &least) in (start as u32..).zip(&*least) {
                let above = parent[least as usize].load(Relaxed);
                parent[v as usize].store(above.min(v), Relaxed);
                few[count] = v;
                count += usize::from(above >= v);
            }
            let found = few[..count].iter().map(|&v| (v, last_neighbours(out, turned, v)));
            roots.extend(found.filter(|(v, some)| some[0] != *v)); // with neighbours
        }
        Ok(())
    };
    let state = || (Vec::new(), [0; FEW], [0; FEW]);
    let states = pull_jobs(n.div_ceil(PIECE), usize::MAX, control, state, piece)?;
    Ok(states.into_iter().map(|(roots, ..)| roots).collect())
}

/// Does the same once more for the roots, now that neighbours above them have smaller parents; the
/// roots that are left.
fn hook_roots(
    parent: &[AtomicU32],
    pieces: &[&[Root]],
    control: &Control<'_>,
) -> Result<Vec<Vec<Root>>, GraphError> {
    let above = |v: u32| parent[v as usize].load(Relaxed);
    let piece = |left: &mut Vec<Root>, piece: usize| {
        for &(v, some) in pieces[piece] {
            let least = some.iter().fold(v, |least, &u| least.min(above(u)));
            parent[v as usize].store(least, Relaxed); // no other thread writes here
            if least == v {
                left.push((v, some));
            }
        }
        Ok(())
    };
    pull_jobs(pieces.len(), usize::MAX, control, Vec::new, piece)
}

/// Links roots with two neighbours each; where these have the same root already, as in undirected
/// graphs, with neighbours of theirs.
fn link_roots(
    parent: &[AtomicU32],
    roots: &[Vec<Root>],
    out: &Csr,
    turned: Option<&Csr>,
    control: &Control<'_>,
) -> Result<(), GraphError> {
    let pieces: Vec<&[Root]> = roots.iter().flat_map(|roots| roots.chunks(ROOTS)).collect();
    let above = |v: u32| parent[v as usize].load(Relaxed);
    let link_both = |few: &[Root]| {
        // Has the words fetched at the same time.
        let words = few.iter().map(|&(v, [a, b, ..])| above(v) ^ above(a) ^ above(b));
        black_box(words.fold(0, |all, word| all ^ word));
        for &(v, [first, second, ..]) in few {
            link(parent, v, first);
            link(parent, v, second);
        }
    };
    let piece = |far: &mut Vec<Root>, piece: usize| {
        for few in pieces[piece].chunks(BATCH) {
            link_both(few);
            let far_of = |v: u32| last_neighbours(out, turned, v)[0];
            let still = few.iter().filter(|&&(v, _)| above(v) == v);
            far.clear();
            far.extend(still.map(|&(v, some)| (v, some.map(far_of))));
            link_both(far);
        }
        Ok(())
    };
    pull_jobs(pieces.len(), usize::MAX, control, Vec::new, piece).map(drop)
}

/// Puts the vertices that have not this root into an empty set, and points all vertices at their
/// roots; how many there are.
fn collect_others(
    parent: &[AtomicU32],
    largest: u32,
    others: &VertexSet,
    control: &Control<'_>,
) -> Result<usize, GraphError> {
    let at = |v: u32| parent[v as usize].load(Relaxed);
    let collect = |i: usize, word: &AtomicU64| {
        let first = 64 * i;
        let few = &parent[first..parent.len().min(first + 64)];
        // Loops of their own have more words fetched at the same time.
        let mut roots = [0; 64];
        roots.iter_mut().zip(few).for_each(|(root, above)| *root = at(above.load(Relaxed)));
        let are_roots = roots[..few.len()].iter().fold(true, |all, &root| all & (at(root) == root));
        if !are_roots {
            (0..few.len()).for_each(|i| roots[i] = compress(parent, (first + i) as u32));
        }
        let mut outside = 0;
        for (bit, (above, &root)) in few.iter().zip(&roots).enumerate() {
            above.store(root, Relaxed);
            outside |= u64::from(root != largest) << bit;
        }
        word.store(outside, Relaxed);
        outside.count_ones() as usize
    };
    let count = others.sum_words(|| control.check(), collect)?;
    control.progress(0.6)?;
    Ok(count)
}

/// Links the others with all their neighbours. Without the arcs by head those that lead to them have
/// to be looked for.
fn link_others(
    parent: &[AtomicU32],
    others: &VertexSet,
    graph: &Graph,
    incoming: Option<&Csr>,
    control: &Control<'_>,
) -> Result<(), GraphError> {
    let out = graph.out();
    if let Some(incoming) = incoming {
        let turned = graph.is_directed().then_some(incoming);
        let link_word = |i: usize, word: &AtomicU64| {
            for bit in bits(word.load(Relaxed)) {
                let u = 64 * i as u32 + bit;
                let row = out.row(u).iter().chain(turned.map_or(&[][..], |rows| rows.row(u)));
                row.for_each(|&v| link(parent, u, v));
            }
            0
        };
        return others.sum_words(|| control.check(), link_word).map(drop);
    }
    let blocks = row_blocks(out.offsets());
    let block = |(): &mut (), block: usize| {
        for u in blocks[block].start as u32..blocks[block].end as u32 {
            if others.has(u) {
                out.row(u).iter().for_each(|&v| link(parent, u, v));
            } else if others.has_any(out.row(u)) {
                out.row(u).iter().filter(|&&v| others.has(v)).for_each(|&v| link(parent, u, v));
            }
        }
        Ok(())
    };
    pull_jobs(blocks.len(), usize::MAX, control, || (), block).map(drop)
}

/// Calls `work` for each vertex, on all threads.
fn in_order(n: usize, control: &Control<'_>, work: impl Fn(u32) + Sync) -> Result<(), GraphError> {
    let piece = |(): &mut (), piece: usize| {
        (piece * PIECE..((piece + 1) * PIECE).min(n)).for_each(|v| work(v as u32));
        Ok(())
    };
    pull_jobs(n.div_ceil(PIECE), usize::MAX, control, || (), piece).map(drop)
}

/// The least of the first eight, four, ... neighbours of `v`; itself for want of one.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a call costs as much as the work")]
fn least_neighbour(out: &Csr, turned: Option<&Csr>, v: u32) -> u32 {
    let least =
        |&[first, second, third, fourth]: &[u32; 4]| first.min(second).min(third.min(fourth));
    let row = out.row(v);
    match *row.as_chunks().0 {
        [ref some, ref others, ..] => return least(some).min(least(others)),
        [ref some] => return least(some),
        [] => {}
    }
    match *row {
        [first, second, third] => first.min(second).min(third),
        [first, second] => first.min(second),
        [first] => first,
        _ => turned.and_then(|turned| turned.row(v).first().copied()).unwrap_or(v),
    }
}

/// The last neighbours of `v`; itself for want of more. Where rows ascend the first ones often have
/// `v` for their least.
#[inline]
fn last_neighbours(out: &Csr, turned: Option<&Csr>, v: u32) -> [u32; LAST] {
    if let Some(&last) = out.row(v).last_chunk() {
        return last;
    }
    let of_heads = turned.map_or(&[][..], |turned| turned.row(v));
    let mut all = out.row(v).iter().chain(of_heads.iter().rev());
    [(); LAST].map(|()| all.next().copied().unwrap_or(v))
}

/// Makes `u` and `v` share a root.
#[inline]
fn link(parent: &[AtomicU32], u: u32, v: u32) {
    let at = |v: u32| parent[v as usize].load(Relaxed);
    let (mut above_u, mut above_v) = (at(u), at(v));
    while above_u != above_v {
        let (low, high) = (above_u.min(above_v), above_u.max(above_v));
        let above_high = at(high);
        if above_high == low {
            return;
        }
        if above_high == high
            && parent[high as usize].compare_exchange(high, low, Relaxed, Relaxed).is_ok()
        {
            return;
        }
        (above_u, above_v) = (at(at(high)), at(low)); // another link came first: go on from there
    }
}

/// The last vertex above `v`.
#[inline]
fn root(parent: &[AtomicU32], v: u32) -> u32 {
    let mut root = v;
    loop {
        let above = parent[root as usize].load(Relaxed);
        if above == root {
            return root;
        }
        root = above;
    }
}

/// Points `v` and what was above it at their root. Links change roots only, so no other thread's
/// store is undone.
#[inline]
fn compress(parent: &[AtomicU32], v: u32) -> u32 {
    let first = parent[v as usize].load(Relaxed);
    let root = root(parent, first);
    if root != first {
        parent[v as usize].store(root, Relaxed);
        parent[first as usize].store(root, Relaxed);
    }
    root
}

/// What a sample says of the largest component.
struct Largest {
    /// The root that most of the sample have; the smallest of equals.
    root: u32,
    /// Vertices of the sample with arcs, and those of them that have another root.
    sampled: usize,
    missing: usize,
}

fn largest_component(parent: &[AtomicU32], has_arcs: impl Fn(u32) -> bool) -> Largest {
    let mut random = Random::new(0, 0);
    let n = parent.len() as u64;
    let sample = (0..SAMPLES.min(parent.len())).map(|_| random.below(n) as u32);
    let mut roots: Vec<u32> = sample.filter(|&v| has_arcs(v)).map(|v| root(parent, v)).collect();
    roots.sort_unstable();
    let groups =
        roots.chunk_by(|a, b| a == b).map(|group| (group.len(), std::cmp::Reverse(group[0])));
    let (size, root) = groups.max().map_or((0, 0), |(size, root)| (size, root.0));
    Largest { root, sampled: roots.len(), missing: roots.len() - size }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::BuildOptions;

    static NEVER: AtomicBool = AtomicBool::new(false);
    static GO: Control<'static> = Control::new(&NEVER);

    fn smallest(n: u32, arcs: &[(u32, u32)]) -> Vec<u32> {
        let mut above: Vec<u32> = (0..n).collect();
        let root = |above: &[u32], mut v: u32| {
            while above[v as usize] != v {
                v = above[v as usize];
            }
            v
        };
        for &(u, v) in arcs {
            let (u, v) = (root(&above, u), root(&above, v));
            above[u.max(v) as usize] = u.min(v);
        }
        (0..n).map(|v| root(&above, v)).collect()
    }

    /// Shapes that join late or not at all, numbered in order and at random.
    #[test]
    fn hostile_shapes() {
        let n: u32 = if cfg!(miri) { 300 } else { 30_000 };
        let path: Vec<_> = (1..n).map(|v| (v - 1, v)).collect();
        let back: Vec<_> = path.iter().map(|&(u, v)| (v, u)).collect();
        let pairs: Vec<_> = path.iter().copied().step_by(2).collect();
        let mesh: Vec<_> = (0..n - 150).flat_map(|v| [(v, v + 1), (v, v + 150)]).collect();
        let star: Vec<_> = (0..n - 1).map(|v| (v, n - 1)).collect();
        let halves: Vec<_> = (2..n).map(|v| (v, v % 2)).collect();
        let mut random = Random::new(3, 0);
        let mut any = || random.below(u64::from(n)) as u32;
        let sparse: Vec<_> = (0..n).map(|_| (any(), any())).collect();
        let dense: Vec<_> = (0..10 * n).map(|_| (any(), any())).collect();
        let mut name: Vec<u32> = (0..n).collect();
        (1..n as usize).for_each(|i| name.swap(i, any() as usize % (i + 1)));
        for arcs in [path, back, pairs, mesh, star, halves, sparse, dense, vec![], vec![(7, 7)]] {
            let renamed = arcs.iter().map(|&(u, v)| (name[u as usize], name[v as usize])).collect();
            for arcs in [arcs, renamed] {
                let expected = smallest(n, &arcs);
                let (src, dst): (Vec<u32>, Vec<u32>) = arcs.into_iter().unzip();
                for directed in [true, false] {
                    let options = BuildOptions { directed, ..BuildOptions::default() };
                    let graph = Graph::from_arrays(&src, &dst, None, n as usize, &options, &GO);
                    let graph = graph.unwrap();
                    for turns in [false, true] {
                        if turns {
                            graph.incoming(&GO).unwrap();
                        }
                        for threads in [1, 2, 3, 8] {
                            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                            let run = || weak_labels(&graph, &GO).unwrap();
                            assert!(pool.build().unwrap().install(run) == expected, "{threads}");
                        }
                    }
                }
            }
        }
    }
}
