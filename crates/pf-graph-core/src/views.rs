//! The same arcs in other arrangements, each made at the first call and kept with the graph: by
//! head, by head and sorted, without direction and parallel arcs, with integer weights; and degrees.
//!
//! A view of a graph whose rows have its form already is the rows themselves.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use serde::Deserialize;

use crate::control::Control;
use crate::opposites::Opposites;
use crate::par::{row_blocks, split_mut};
use crate::{Csr, Graph, GraphError};

/// Which way arcs are followed; on an undirected graph all are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From tail to head.
    #[default]
    Out,
    /// From head to tail.
    In,
    /// Both ways.
    Both,
}

/// How often a loop counts in the degree of its vertex in an undirected graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoopDegree {
    /// Both ends count: degrees add up to twice the number of edges.
    #[default]
    Twice,
    /// As the one entry it is in the rows.
    Once,
}

/// What has been made so far. `None` inside: the rows of the graph will do.
#[derive(Debug, Default)]
pub(crate) struct Views {
    incoming: OnceLock<Csr>,
    pub(crate) opposites: OnceLock<Opposites>,
    sorted: OnceLock<Option<Csr>>,
    simple: OnceLock<Option<Csr>>,
    integers: OnceLock<Option<Vec<u32>>>,
    /// Whether a search would have liked to see the arcs from the other end.
    is_searched: AtomicBool,
}

impl Views {
    /// Arcs by head that a caller made; nothing if they are there.
    pub(crate) fn bring_incoming(&self, incoming: Csr) {
        self.incoming.get_or_init(|| incoming);
    }

    /// Bytes of the views made so far.
    pub(crate) fn nbytes(&self) -> usize {
        let views = [
            self.incoming.get(),
            self.sorted.get().and_then(Option::as_ref),
            self.simple.get().and_then(Option::as_ref),
        ];
        let integers = self.integers.get().and_then(Option::as_ref);
        views.into_iter().flatten().map(Csr::nbytes).sum::<usize>()
            + integers.map_or(0, |weights| 4 * weights.len())
    }
}

impl Graph {
    /// Arcs by head, each row by ascending tail; those of an undirected graph are its `out`.
    /// 8 bytes per vertex, 4 (12 with weights) per arc.
    pub fn incoming(&self, control: &Control<'_>) -> Result<&Csr, GraphError> {
        if !self.is_directed() {
            return Ok(&self.out);
        }
        if let Some(incoming) = self.views.incoming.get() {
            return Ok(incoming);
        }
        let made = self.out.transposed(&control.silent())?;
        Ok(self.views.incoming.get_or_init(|| made)) // a racing caller made the same rows
    }

    /// Arcs by tail, each row by ascending head, parallel arcs in the order they have in `out`.
    pub fn sorted(&self, control: &Control<'_>) -> Result<&Csr, GraphError> {
        let sorted = if let Some(sorted) = self.views.sorted.get() {
            sorted
        } else {
            control.check()?;
            let made = if self.out.is_sorted() {
                None
            } else {
                // Turned round, rows are sorted; those of an undirected graph are its rows.
                Some(self.incoming(control)?.transposed(&control.silent())?)
            };
            self.views.sorted.get_or_init(|| made)
        };
        Ok(sorted.as_ref().unwrap_or(&self.out))
    }

    /// The neighbours of each vertex in either direction: ascending, each once, never itself;
    /// without weights. 8 bytes per vertex, at most 8 per arc.
    pub fn simple(&self, control: &Control<'_>) -> Result<&Csr, GraphError> {
        let simple = if let Some(simple) = self.views.simple.get() {
            simple
        } else {
            let made = self.make_simple(control)?;
            self.views.simple.get_or_init(|| made)
        };
        Ok(simple.as_ref().unwrap_or(&self.out))
    }

    fn make_simple(&self, control: &Control<'_>) -> Result<Option<Csr>, GraphError> {
        control.check()?;
        let out = &self.out;
        let incoming = if self.is_directed() { Some(self.incoming(control)?) } else { None };
        let blocks = row_blocks(out.offsets());
        let is_simple = |v: u32| {
            let row = out.row(v);
            row.is_sorted_by(|a, b| a < b) && !row.contains(&v)
        };
        if incoming.is_none()
            && out.weights().is_none()
            && blocks.par_iter().all(|block| (block.start as u32..block.end as u32).all(is_simple))
        {
            return Ok(None);
        }
        let made = blocks.par_iter().map(|block| {
            control.check()?;
            let mut targets: Vec<u32> = Vec::new();
            let mut lens: Vec<u64> = Vec::with_capacity(block.len());
            let mut row: Vec<u32> = Vec::new();
            for v in block.start as u32..block.end as u32 {
                row.clear();
                row.extend_from_slice(out.row(v));
                row.extend_from_slice(incoming.map_or(&[], |incoming| incoming.row(v)));
                row.sort_unstable();
                row.dedup();
                targets.extend(row.iter().copied().filter(|&u| u != v));
                lens.push(targets.len() as u64);
            }
            Ok((targets, lens))
        });
        let made: Vec<(Vec<u32>, Vec<u64>)> = made.collect::<Result<_, GraphError>>()?;
        let mut offsets = Vec::with_capacity(out.num_vertices() + 1);
        offsets.push(0);
        let mut start = 0;
        for (targets, ends) in &made {
            offsets.extend(ends.iter().map(|end| start + end));
            start += targets.len() as u64;
        }
        let mut targets = vec![0; start as usize];
        let pieces = split_mut(&mut targets, made.iter().map(|(targets, _)| targets.len()));
        pieces.into_par_iter().zip(&made).for_each(|(to, (from, _))| to.copy_from_slice(from));
        Ok(Some(Csr { offsets, targets, weights: None }))
    }

    /// The weights of `out` as integers, if all of them are whole numbers from 0 to 2³² - 1: exact
    /// sums, a third of the traffic. 4 bytes per arc.
    pub(crate) fn integer_weights(&self) -> Option<&[u32]> {
        if !self.weight_facts().are_small_integers {
            return None;
        }
        let made = self.views.integers.get_or_init(|| {
            self.out.weights().map(|weights| weights.par_iter().map(|&w| w as u32).collect())
        });
        made.as_deref()
    }

    /// Rows to search along and, if at hand, the same arcs by head with ascending tails.
    ///
    /// The second costs more than one search gains from it, so it is made for the second search.
    pub(crate) fn search_rows(
        &self,
        direction: Direction,
        control: &Control<'_>,
    ) -> Result<(&Csr, Option<&Csr>), GraphError> {
        let views = &self.views;
        let again = views.is_searched.swap(true, Ordering::Relaxed);
        match direction {
            Direction::Both if self.is_directed() => {
                let simple = self.simple(control)?;
                Ok((simple, Some(simple)))
            }
            Direction::In if self.is_directed() => {
                let incoming = self.incoming(control)?;
                let back = if again || views.sorted.get().is_some() {
                    Some(self.sorted(control)?)
                } else {
                    None
                };
                Ok((incoming, back))
            }
            _ if self.is_directed() => {
                let back = if again || views.incoming.get().is_some() {
                    Some(self.incoming(control)?)
                } else {
                    None
                };
                Ok((&self.out, back))
            }
            _ => {
                // To see that rows ascend takes one look at the arcs, to make them ascend many.
                let back = if again || views.sorted.get().is_some() || self.out.is_sorted() {
                    Some(self.sorted(control)?)
                } else {
                    None
                };
                Ok((back.unwrap_or(&self.out), back))
            }
        }
    }

    /// Whether the arcs by head are at hand.
    pub(crate) fn incoming_if_made(&self) -> Option<&Csr> {
        if self.is_directed() { self.views.incoming.get() } else { Some(&self.out) }
    }

    /// Arcs of each vertex in a direction; parallel arcs count, a loop of a directed graph is one
    /// arc out and one in.
    pub fn degrees(
        &self,
        direction: Direction,
        loops: LoopDegree,
        control: &Control<'_>,
    ) -> Result<Vec<u64>, GraphError> {
        control.check()?;
        let n = self.num_vertices() as u32;
        let out = &self.out;
        let loops_of = |v: u32| match loops {
            LoopDegree::Once => 0,
            LoopDegree::Twice => out.row(v).iter().filter(|&&u| u == v).count(),
        };
        let degrees = if !self.is_directed() {
            (0..n).into_par_iter().map(|v| (out.degree(v) + loops_of(v)) as u64).collect()
        } else if direction == Direction::Out {
            (0..n).into_par_iter().map(|v| out.degree(v) as u64).collect()
        } else {
            let incoming = self.incoming(control)?;
            let both = direction == Direction::Both;
            let degree = |v| incoming.degree(v) + if both { out.degree(v) } else { 0 };
            (0..n).into_par_iter().map(|v| degree(v) as u64).collect()
        };
        control.progress(1.0)?;
        Ok(degrees)
    }
}
