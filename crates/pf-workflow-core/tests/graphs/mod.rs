//! Random graphs for the property tests, and what is obvious about them.

use std::collections::BTreeSet;

use pf_workflow_core::Dag;
use proptest::collection::vec;
use proptest::prelude::*;

/// Names `s0`, `s1`, ...
pub fn names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("s{index}")).collect()
}

/// Up to `max_nodes` nodes; edges go up in a hidden order, so ids say nothing about it.
pub fn edges(max_nodes: usize) -> impl Strategy<Value = (usize, Vec<(u32, u32)>)> {
    (0..=max_nodes).prop_flat_map(move |count| {
        let order: Vec<u32> = (0..count as u32).collect();
        let pair = (0..count.max(1), 0..count.max(1));
        (Just(order).prop_shuffle(), vec(pair, 0..3 * count + 1)).prop_map(move |(order, pairs)| {
            let up = pairs.into_iter().filter(|(a, b)| a != b);
            let up = up.map(|(a, b)| (order[a.min(b)], order[a.max(b)]));
            (count, up.collect())
        })
    })
}

/// A graph without cycles.
pub fn dags(max_nodes: usize) -> impl Strategy<Value = Dag> {
    edges(max_nodes).prop_map(|(count, edges)| Dag::new(names(count), &edges).unwrap())
}

/// Everything that must have succeeded before `node`.
pub fn ancestors(dag: &Dag, node: u32) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut open = dag.dependencies(node).to_vec();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(dag.dependencies(next));
        }
    }
    found
}
