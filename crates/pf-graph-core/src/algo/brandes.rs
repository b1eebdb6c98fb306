//! The share of each vertex in the shortest paths from one source: search forward counting paths,
//! then add up the dependencies backward.
//!
//! No lists of predecessors: the backward sweep pulls over the same rows, where the next level, or
//! the exact distance, tells which arcs are tight. Counts of paths may leave the range of floats,
//! see `path_count.rs`.
//! Source: Brandes, "A faster algorithm for betweenness centrality", J. Math. Sociol. 25(2), 2001.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::path_count::PathCount;
use crate::GraphError;
use crate::control::Meter;
use crate::simple::SimpleRows;

const UNSEEN: u32 = u32::MAX;

/// Working memory of searches, clean between them: 4 + 8 + 8 + 4 bytes per vertex, 8 more with
/// weights.
pub(super) struct Search<P> {
    /// Hops from the source, or with weights the place in `order`.
    level: Vec<u32>,
    paths: Vec<P>,
    /// One plus the dependency, per path.
    share: Vec<P>,
    /// Reached vertices, nearest first.
    order: Vec<u32>,
    distance: Vec<f64>,
    heap: BinaryHeap<Reverse<(u64, u32)>>,
}

/// What a search adds.
pub(super) enum Searched {
    Done,
    /// Nothing was added: paths are too many for this type.
    TooManyPaths,
}

impl<P: PathCount> Search<P> {
    pub(super) fn new(rows: &SimpleRows<f64>) -> Self {
        let n = rows.num_vertices();
        let distances = if rows.values.is_empty() { 0 } else { n };
        Self {
            level: vec![UNSEEN; n],
            paths: vec![P::ZERO; n],
            share: vec![P::ZERO; n],
            order: Vec::new(),
            distance: vec![f64::INFINITY; distances],
            heap: BinaryHeap::new(),
        }
    }

    /// Adds the dependencies of `source` on all vertices to `sums`; with `endpoints`, paths also
    /// count at their ends.
    pub(super) fn run(
        &mut self,
        rows: &SimpleRows<f64>,
        source: u32,
        endpoints: bool,
        sums: &mut [f64],
        meter: &mut Meter,
    ) -> Result<Searched, GraphError> {
        let is_weighted = !rows.values.is_empty();
        let fits = if is_weighted {
            self.forward_weighted(rows, source, meter)?
        } else {
            self.forward(rows, source, meter)?
        };
        if fits {
            let own = f64::from(u8::from(endpoints));
            for i in (0..self.order.len()).rev() {
                let v = self.order[i];
                let arcs = rows.range(v);
                meter.spend(arcs.len())?;
                let pulled = if is_weighted {
                    self.pull_weighted(rows, v)
                } else {
                    let next = self.level[v as usize] + 1;
                    let mut pulled = P::ZERO;
                    for &w in &rows.targets[arcs] {
                        if self.level[w as usize] == next {
                            pulled = pulled.plus(self.share[w as usize]);
                        }
                    }
                    pulled
                };
                let paths = self.paths[v as usize];
                let dependency = paths.times(pulled).value();
                self.share[v as usize] = paths.divide(1.0 + dependency);
                sums[v as usize] +=
                    if i == 0 { own * (self.order.len() - 1) as f64 } else { own + dependency };
            }
        }
        self.clean();
        Ok(if fits { Searched::Done } else { Searched::TooManyPaths })
    }

    /// Breadth first; false if there are too many paths.
    fn forward(
        &mut self,
        rows: &SimpleRows<f64>,
        source: u32,
        meter: &mut Meter,
    ) -> Result<bool, GraphError> {
        self.level[source as usize] = 0;
        self.paths[source as usize] = P::ONE;
        self.order.push(source);
        let mut head = 0;
        while let Some(&u) = self.order.get(head) {
            head += 1;
            let next = self.level[u as usize] + 1;
            let paths = self.paths[u as usize];
            if paths.is_too_large() {
                return Ok(false);
            }
            let row = rows.row(u);
            meter.spend(row.len())?;
            for &w in row {
                let level = &mut self.level[w as usize];
                if *level == UNSEEN {
                    *level = next;
                    self.paths[w as usize] = paths;
                    self.order.push(w);
                } else if *level == next {
                    self.paths[w as usize] = self.paths[w as usize].plus(paths);
                }
            }
        }
        Ok(true)
    }

    /// Nearest first, equal distances by vertex; false if there are too many paths.
    fn forward_weighted(
        &mut self,
        rows: &SimpleRows<f64>,
        source: u32,
        meter: &mut Meter,
    ) -> Result<bool, GraphError> {
        self.distance[source as usize] = 0.0;
        self.paths[source as usize] = P::ONE;
        self.heap.push(Reverse((0, source))); // bits of floats >= 0 order like the floats
        let mut fits = true;
        while let Some(Reverse((bits, u))) = self.heap.pop() {
            let from = f64::from_bits(bits);
            if self.level[u as usize] != UNSEEN || from > self.distance[u as usize] {
                continue; // was settled by a shorter way
            }
            self.level[u as usize] = self.order.len() as u32;
            self.order.push(u);
            let paths = self.paths[u as usize];
            fits &= !paths.is_too_large();
            let arcs = rows.range(u);
            meter.spend(arcs.len())?;
            for arc in arcs {
                let w = rows.targets[arc] as usize;
                let to = from + rows.values[arc];
                if self.level[w] != UNSEEN || to > self.distance[w] || to.is_infinite() {
                    continue;
                }
                if to < self.distance[w] {
                    self.distance[w] = to;
                    self.paths[w] = paths;
                    self.heap.push(Reverse((to.to_bits(), w as u32)));
                } else {
                    self.paths[w] = self.paths[w].plus(paths);
                }
            }
        }
        Ok(fits)
    }

    /// Shares of the vertices settled after `v` to which an arc of `v` is the end of shortest paths.
    fn pull_weighted(&self, rows: &SimpleRows<f64>, v: u32) -> P {
        let (from, place) = (self.distance[v as usize], self.level[v as usize]);
        let mut pulled = P::ZERO;
        for arc in rows.range(v) {
            let w = rows.targets[arc] as usize;
            let level = self.level[w];
            let to = from + rows.values[arc];
            if level > place && level != UNSEEN && to.total_cmp(&self.distance[w]).is_eq() {
                pulled = pulled.plus(self.share[w]);
            }
        }
        pulled
    }

    fn clean(&mut self) {
        for &v in &self.order {
            self.level[v as usize] = UNSEEN;
            if let Some(distance) = self.distance.get_mut(v as usize) {
                *distance = f64::INFINITY;
            }
        }
        self.order.clear();
    }
}
