//! Components are exactly as large as they must be, and numbered by first vertex.

use super::{Edges, Verdict, ensure};
use crate::algo::ComponentsResult;

/// Proves weak components: ends of arcs share a label, and each label is one connected piece.
pub fn check_weak_components(edges: &Edges, result: &ComponentsResult) -> Verdict {
    check_numbering(edges, result)?;
    for (u, v, _) in edges.arcs() {
        ensure(result.component[u] == result.component[v], || format!("arc {u}->{v} is cut"))?;
    }
    let undirected = Edges { directed: false, ..*edges };
    check_reach(&undirected.neighbours(false), result)
}

/// Proves strong components: within a label the first vertex reaches all and is reached by all, and
/// the labels with the arcs between them form no cycle. O(n + m).
pub fn check_strong_components(edges: &Edges, result: &ComponentsResult) -> Verdict {
    check_numbering(edges, result)?;
    check_reach(&edges.neighbours(false), result)?;
    check_reach(&edges.neighbours(true), result)?;

    // Kahn's algorithm on the condensation takes away every label only if there is no cycle.
    let label = |v: usize| result.component[v] as usize;
    let mut heads = vec![Vec::new(); result.count];
    let mut waiting = vec![0usize; result.count];
    for (u, v, _) in edges.arcs() {
        if label(u) != label(v) {
            heads[label(u)].push(label(v));
            waiting[label(v)] += 1;
        }
    }
    let mut ready: Vec<usize> = (0..result.count).filter(|&c| waiting[c] == 0).collect();
    let mut taken = 0;
    while let Some(c) = ready.pop() {
        taken += 1;
        for &head in &heads[c] {
            waiting[head] -= 1;
            if waiting[head] == 0 {
                ready.push(head);
            }
        }
    }
    ensure(taken == result.count, || "two components lie on one cycle".into())
}

/// Labels are `0..count` in the order of their first vertices.
fn check_numbering(edges: &Edges, result: &ComponentsResult) -> Verdict {
    ensure(result.component.len() == edges.num_vertices, || "wrong length".into())?;
    let mut known = 0;
    for (v, &component) in result.component.iter().enumerate() {
        ensure(component <= known, || format!("vertex {v}: label {component}"))?;
        known = known.max(component + 1);
    }
    ensure(known as usize == result.count, || {
        format!("{known} labels, count says {}", result.count)
    })
}

/// The first vertex of each label reaches the others without leaving the label.
fn check_reach(neighbours: &[Vec<usize>], result: &ComponentsResult) -> Verdict {
    let mut is_reached = vec![false; neighbours.len()];
    let mut known = 0;
    for first in 0..neighbours.len() {
        if result.component[first] < known {
            ensure(is_reached[first], || format!("vertex {first} is apart from its label"))?;
            continue;
        }
        known += 1;
        let mut stack = vec![first];
        is_reached[first] = true;
        while let Some(u) = stack.pop() {
            for &v in &neighbours[u] {
                if !is_reached[v] && result.component[v] == result.component[first] {
                    is_reached[v] = true;
                    stack.push(v);
                }
            }
        }
    }
    Ok(())
}
