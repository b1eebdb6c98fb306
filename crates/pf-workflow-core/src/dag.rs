//! The graph of steps: compressed rows of dependencies and dependents with `u32` ids.
//!
//! Built and searched for cycles with petgraph, then stored as two pairs of arrays (row starts
//! and targets), 8 bytes per node and 8 per edge beside the names. Nothing here recurses, so a
//! chain of any length is fine. Invariant: no cycles, no self-loops, no repeated edges, and every
//! id is below [`Dag::len`].

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet, VecDeque};

use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::WorkflowError;

/// A directed graph without cycles; node ids are positions in the list of names.
#[derive(Debug, Clone)]
pub struct Dag {
    names: Vec<String>,
    dependencies: Rows,
    dependents: Rows,
}

/// Row `i` is `targets[starts[i]..starts[i + 1]]`.
#[derive(Debug, Clone)]
struct Rows {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Dag {
    /// Checks names and edges. An edge `(from, to)` says that `to` waits for `from`; repeated
    /// edges count once. O(n + m) time and memory.
    ///
    /// A cycle is reported as the shortest one through some node of it, in the direction of the
    /// edges, starting and ending at its lowest id.
    ///
    /// ```
    /// use pf_workflow_core::Dag;
    ///
    /// let names = ["read", "filter", "save"].map(String::from).to_vec();
    /// let dag = Dag::new(names.clone(), &[(0, 1), (1, 2)])?;
    /// assert_eq!(dag.dependencies(2), [1]);
    /// assert_eq!(dag.levels(), [[0], [1], [2]]);
    ///
    /// let error = Dag::new(names, &[(0, 1), (1, 2), (2, 1)]).unwrap_err();
    /// assert_eq!(error.to_string(), "steps wait for each other: filter -> save -> filter");
    /// # Ok::<(), pf_workflow_core::WorkflowError>(())
    /// ```
    pub fn new(names: Vec<String>, edges: &[(u32, u32)]) -> Result<Self, WorkflowError> {
        let nodes = names.len();
        if nodes.max(edges.len()) >= u32::MAX as usize {
            return Err(WorkflowError::TooLarge { nodes, edges: edges.len() });
        }
        let mut seen = HashSet::with_capacity(nodes);
        if let Some(name) = names.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(WorkflowError::DuplicateName { name: name.clone() });
        }
        let outside = |&&(from, to): &&(u32, u32)| from.max(to) as usize >= nodes;
        if let Some(&(from, to)) = edges.iter().find(outside) {
            return Err(WorkflowError::InvalidEdge { from, to, nodes });
        }
        let dependencies = Rows::distinct(nodes, edges.iter().map(|&(from, to)| (to, from)));
        let dependents = Rows::distinct(nodes, dependencies.pairs().map(|(to, from)| (from, to)));
        let dag = Self { names, dependencies, dependents };
        match dag.find_cycle() {
            Some(path) => Err(WorkflowError::Cycle { path }),
            None => Ok(dag),
        }
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Name of a node.
    pub fn name(&self, node: u32) -> &str {
        &self.names[node as usize]
    }

    /// Nodes that must succeed before `node` may start, in the order their edges were given.
    pub fn dependencies(&self, node: u32) -> &[u32] {
        self.dependencies.row(node)
    }

    /// Nodes that wait for `node`, ascending.
    pub fn dependents(&self, node: u32) -> &[u32] {
        self.dependents.row(node)
    }

    /// All edges `(from, to)`, by ascending `from`, then `to`.
    pub fn edges(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.dependents.pairs()
    }

    /// All nodes, dependencies first; of several that could come next, the lowest id comes first.
    /// This is the order in which one worker runs them. O((n + m) log n).
    pub fn topological_order(&self) -> Vec<u32> {
        let mut waits_for = self.in_degrees();
        let ready = (0..self.len() as u32).filter(|&node| waits_for[node as usize] == 0);
        let mut ready: BinaryHeap<Reverse<u32>> = ready.map(Reverse).collect();
        let mut order = Vec::with_capacity(self.len());
        while let Some(Reverse(node)) = ready.pop() {
            order.push(node);
            for &next in self.dependents(node) {
                waits_for[next as usize] -= 1;
                if waits_for[next as usize] == 0 {
                    ready.push(Reverse(next));
                }
            }
        }
        order
    }

    /// Nodes by the number of edges on the longest path that leads to them, ascending within a
    /// level. Nodes of one level do not depend on each other.
    pub fn levels(&self) -> Vec<Vec<u32>> {
        let mut waits_for = self.in_degrees();
        let mut level: Vec<u32> =
            (0..self.len() as u32).filter(|&node| waits_for[node as usize] == 0).collect();
        let mut levels = Vec::new();
        while !level.is_empty() {
            let mut next_level = Vec::new();
            for &next in level.iter().flat_map(|&node| self.dependents(node)) {
                waits_for[next as usize] -= 1;
                if waits_for[next as usize] == 0 {
                    next_level.push(next);
                }
            }
            next_level.sort_unstable();
            levels.push(std::mem::replace(&mut level, next_level));
        }
        levels
    }

    /// Number of dependencies of each node.
    pub(crate) fn in_degrees(&self) -> Vec<u32> {
        self.dependencies.lengths()
    }

    /// Number of dependents of each node.
    pub(crate) fn out_degrees(&self) -> Vec<u32> {
        self.dependents.lengths()
    }

    /// Names along a cycle, if there is one.
    fn find_cycle(&self) -> Option<Vec<String>> {
        let mut graph = DiGraph::<(), ()>::with_capacity(self.len(), self.dependents.targets.len());
        for _ in 0..self.len() {
            graph.add_node(());
        }
        for (from, to) in self.edges() {
            graph.add_edge(NodeIndex::new(from as usize), NodeIndex::new(to as usize), ());
        }
        let on_cycle = toposort(&graph, None).err()?.node_id().index() as u32;
        let mut path = self.shortest_cycle(on_cycle);
        let lowest = path.iter().enumerate().min_by_key(|&(_, node)| node).map_or(0, |(at, _)| at);
        path.rotate_left(lowest);
        path.push(path[0]);
        Some(path.into_iter().map(|node| self.name(node).to_owned()).collect())
    }

    /// The nodes of a shortest cycle through `start`, which lies on one; breadth first.
    fn shortest_cycle(&self, start: u32) -> Vec<u32> {
        const UNSEEN: u32 = u32::MAX;
        let mut parent = vec![UNSEEN; self.len()];
        parent[start as usize] = start;
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for &next in self.dependents(node) {
                if next == start {
                    let mut path = vec![node];
                    let mut at = node;
                    while at != start {
                        at = parent[at as usize];
                        path.push(at);
                    }
                    path.reverse();
                    return path;
                }
                if parent[next as usize] == UNSEEN {
                    parent[next as usize] = node;
                    queue.push_back(next);
                }
            }
        }
        vec![start]
    }
}

impl Rows {
    /// Groups `(row, target)` pairs by row, stable, each pair once.
    fn distinct(rows: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0u32; rows + 1];
        for (row, _) in pairs.clone() {
            starts[row as usize + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut sorted = vec![0u32; starts[rows] as usize];
        let mut next = starts.clone();
        for (row, target) in pairs {
            sorted[next[row as usize] as usize] = target;
            next[row as usize] += 1;
        }
        // Keep the first of equal targets in a row; `seen_by` remembers the last row of a target.
        let mut seen_by = vec![u32::MAX; rows];
        let mut targets = Vec::with_capacity(sorted.len());
        let mut distinct_starts = Vec::with_capacity(rows + 1);
        for row in 0..rows {
            distinct_starts.push(targets.len() as u32);
            for &target in &sorted[starts[row] as usize..starts[row + 1] as usize] {
                if seen_by[target as usize] != row as u32 {
                    seen_by[target as usize] = row as u32;
                    targets.push(target);
                }
            }
        }
        distinct_starts.push(targets.len() as u32);
        Self { starts: distinct_starts, targets }
    }

    fn row(&self, row: u32) -> &[u32] {
        let row = row as usize;
        &self.targets[self.starts[row] as usize..self.starts[row + 1] as usize]
    }

    fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + Clone + '_ {
        (0..self.starts.len() as u32 - 1)
            .flat_map(|row| self.row(row).iter().map(move |&target| (row, target)))
    }

    fn lengths(&self) -> Vec<u32> {
        self.starts.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}
