//! Dependencies on the shortest paths from one source by hops, level by level, without a branch per
//! arc and with one access per arc each way.
//!
//! Forward, every arc adds the paths of its tail to its head. What the arcs of one level add to the
//! next are its counts of paths; later arcs spoil the sum, but the counts were taken when their level
//! began. A sum of zero tells that a vertex is new. Backward, shares are zero except on the next
//! level, so every arc can be added.
//! Source: see `brandes.rs`.

use super::path_count::PathCount;
use crate::GraphError;
use crate::control::Meter;
use crate::simple::SimpleRows;

/// Working memory: 8 + 8 + 4 + 8 bytes per vertex, and the levels.
pub(super) struct HopSearch<P> {
    /// Paths to each vertex and whatever was added after that; zero if it was not reached.
    reached: Vec<P>,
    /// One plus the dependency, per path, of the vertices of one level; zero for all others.
    share: Vec<P>,
    /// Vertices nearest first. One place more than vertices, for what is written before it is known
    /// to be new.
    order: Vec<u32>,
    /// By place in `order`: first the paths, later the share.
    at_place: Vec<P>,
    /// Places where levels begin, then where the last ends.
    levels: Vec<usize>,
}

impl<P: PathCount> HopSearch<P> {
    pub(super) fn new(n: usize) -> Self {
        Self {
            reached: vec![P::ZERO; n],
            share: vec![P::ZERO; n],
            order: vec![0; n + 1],
            at_place: vec![P::ZERO; n],
            levels: Vec::new(),
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
        self.levels.clear();
        self.levels.push(0);
        let (count, fits) = self.forward(rows, source, meter)?;
        if fits {
            self.backward(rows, endpoints, sums, meter)?;
            sums[source as usize] += if endpoints { (count - 1) as f64 } else { 0.0 };
        }
        for &v in &self.order[..count] {
            self.reached[v as usize] = P::ZERO;
        }
        Ok(fits)
    }

    /// How many vertices are reached, and whether the counts of paths fit their type.
    fn forward(
        &mut self,
        rows: &SimpleRows<f64>,
        source: u32,
        meter: &mut Meter,
    ) -> Result<(usize, bool), GraphError> {
        let levels = &mut self.levels;
        let (reached, order) = (&mut self.reached[..], &mut self.order[..]);
        let at_place = &mut self.at_place[..];
        reached[source as usize] = P::ONE;
        order[0] = source;
        let (mut start, mut count) = (0, 1);
        while start < count {
            let end = count;
            for (&u, paths) in order[start..end].iter().zip(&mut at_place[start..end]) {
                *paths = reached[u as usize];
                if paths.is_too_large() {
                    return Ok((count, false));
                }
            }
            for place in start..end {
                let paths = at_place[place];
                let row = rows.row(order[place]);
                meter.spend(row.len())?;
                for &w in row {
                    let before = reached[w as usize];
                    reached[w as usize] = before.plus(paths);
                    order[count] = w;
                    count += usize::from(before.is_zero());
                }
            }
            levels.push(end);
            start = end;
        }
        Ok((count, true))
    }

    /// Adds up from the last level to that after the source.
    fn backward(
        &mut self,
        rows: &SimpleRows<f64>,
        endpoints: bool,
        sums: &mut [f64],
        meter: &mut Meter,
    ) -> Result<(), GraphError> {
        let (share, at_place) = (&mut self.share[..], &mut self.at_place[..]);
        let (order, levels) = (&self.order[..], &self.levels);
        let own = f64::from(u8::from(endpoints));
        let mut after: &[u32] = &[]; // the vertices of the next level
        for level in levels.windows(2).skip(1).rev() {
            let places = level[0]..level[1];
            let vertices = &order[places.clone()];
            for (&v, paths) in vertices.iter().zip(&mut at_place[places.clone()]) {
                let mut pulled = P::ZERO;
                if !after.is_empty() {
                    let row = rows.row(v);
                    meter.spend(row.len())?;
                    for &w in row {
                        pulled = pulled.plus(share[w as usize]);
                    }
                }
                let dependency = paths.times(pulled).value();
                *paths = paths.divide(1.0 + dependency);
                sums[v as usize] += own + dependency;
            }
            for &v in after {
                share[v as usize] = P::ZERO;
            }
            for (&v, &fresh) in vertices.iter().zip(&at_place[places]) {
                share[v as usize] = fresh;
            }
            after = vertices;
        }
        for &v in after {
            share[v as usize] = P::ZERO;
        }
        Ok(())
    }
}
