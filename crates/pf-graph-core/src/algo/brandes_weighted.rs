//! Dependencies on the shortest paths from one source by weight: Dijkstra's algorithm with counts of
//! paths, then backward in the order in which vertices were settled.
//!
//! An arc is the end of shortest paths if the distances of its ends differ by exactly its weight.
//! Source: see `brandes.rs`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::path_count::PathCount;
use crate::GraphError;
use crate::control::Meter;
use crate::simple::SimpleRows;

const UNSEEN: u32 = u32::MAX;

/// Working memory: 4 + 8 + 8 + 4 + 8 bytes per vertex.
pub(super) struct WeightedSearch<P> {
    /// The place in `order`.
    place: Vec<u32>,
    paths: Vec<P>,
    /// One plus the dependency, per path.
    share: Vec<P>,
    /// Reached vertices, nearest first.
    order: Vec<u32>,
    distance: Vec<f64>,
    heap: BinaryHeap<Reverse<(u64, u32)>>,
}

impl<P: PathCount> WeightedSearch<P> {
    pub(super) fn new(n: usize) -> Self {
        Self {
            place: vec![UNSEEN; n],
            paths: vec![P::ZERO; n],
            share: vec![P::ZERO; n],
            order: Vec::new(),
            distance: vec![f64::INFINITY; n],
            heap: BinaryHeap::new(),
        }
    }

    /// Adds what the paths from `source` give; false, and adds nothing, if there are too many.
    pub(super) fn run(
        &mut self,
        rows: &SimpleRows<f64>,
        source: u32,
        endpoints: bool,
        sums: &mut [f64],
        meter: &mut Meter,
    ) -> Result<bool, GraphError> {
        let fits = self.forward(rows, source, meter)?;
        if fits {
            let own = f64::from(u8::from(endpoints));
            for i in (0..self.order.len()).rev() {
                let v = self.order[i];
                meter.spend(rows.range(v).len())?;
                let paths = self.paths[v as usize];
                let dependency = paths.times(self.pull(rows, v)).value();
                self.share[v as usize] = paths.divide(1.0 + dependency);
                sums[v as usize] +=
                    if i == 0 { own * (self.order.len() - 1) as f64 } else { own + dependency };
            }
        }
        self.clean();
        Ok(fits)
    }

    /// Nearest first, equal distances by vertex; false if there are too many paths.
    fn forward(
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
            if self.place[u as usize] != UNSEEN || from > self.distance[u as usize] {
                continue; // was settled by a shorter way
            }
            self.place[u as usize] = self.order.len() as u32;
            self.order.push(u);
            let paths = self.paths[u as usize];
            fits &= !paths.is_too_large();
            let arcs = rows.range(u);
            meter.spend(arcs.len())?;
            for arc in arcs {
                let w = rows.targets[arc] as usize;
                let to = from + rows.values[arc];
                if self.place[w] != UNSEEN || to > self.distance[w] || to.is_infinite() {
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
    fn pull(&self, rows: &SimpleRows<f64>, v: u32) -> P {
        let (from, own) = (self.distance[v as usize], self.place[v as usize]);
        let mut pulled = P::ZERO;
        for arc in rows.range(v) {
            let w = rows.targets[arc] as usize;
            let place = self.place[w];
            let to = from + rows.values[arc];
            if place > own && place != UNSEEN && to.total_cmp(&self.distance[w]).is_eq() {
                pulled = pulled.plus(self.share[w]);
            }
        }
        pulled
    }

    fn clean(&mut self) {
        for &v in &self.order {
            self.place[v as usize] = UNSEEN;
            self.distance[v as usize] = f64::INFINITY;
        }
        self.order.clear();
    }
}
