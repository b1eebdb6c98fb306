//! Closeness and harmonic centrality by one search per vertex.

use std::collections::VecDeque;

use super::{Edges, Verdict, ensure};
use crate::Direction;
use crate::algo::{ClosenessConfig, ClosenessResult, HarmonicConfig, HarmonicResult};

/// Proves closeness of all vertices, or of `vertices`, to the bit. O(m) per vertex.
pub fn check_closeness(
    edges: &Edges,
    config: &ClosenessConfig,
    vertices: Option<&[u32]>,
    result: &ClosenessResult,
) -> Verdict {
    let n = edges.num_vertices as f64;
    check(edges, config.direction, vertices, &result.closeness, |hops| {
        let (reached, total) = (hops.len() as f64, hops.iter().sum::<u64>() as f64);
        let value = if total == 0.0 { 0.0 } else { reached / total };
        let share = if total > 0.0 && config.wf_improved { reached / (n - 1.0) } else { 1.0 };
        (value * share, 0.0)
    })
}

/// Proves harmonic centrality of all vertices, or of `vertices`. O(m) per vertex.
pub fn check_harmonic(
    edges: &Edges,
    config: &HarmonicConfig,
    vertices: Option<&[u32]>,
    result: &HarmonicResult,
) -> Verdict {
    check(edges, config.direction, vertices, &result.harmonic, |hops| {
        let value = hops.iter().map(|&hops| 1.0 / hops as f64).sum::<f64>();
        (value, 1e-12 * value)
    })
}

/// `expected` makes a value and its tolerance of the hops to all other reached vertices.
fn check(
    edges: &Edges,
    direction: Direction,
    vertices: Option<&[u32]>,
    found: &[f64],
    expected: impl Fn(&[u64]) -> (f64, f64),
) -> Verdict {
    let both = Edges { directed: false, ..*edges };
    let edges = if direction == Direction::Both { &both } else { edges };
    let rows = edges.neighbours(direction == Direction::In);
    let all: Vec<u32> = (0..edges.num_vertices as u32).collect();
    let vertices = vertices.unwrap_or(&all);
    ensure(found.len() == vertices.len(), || "wrong length".into())?;
    for (&v, &found) in vertices.iter().zip(found) {
        let mut distance = vec![u64::MAX; rows.len()];
        let mut queue = VecDeque::from([v as usize]);
        distance[v as usize] = 0;
        let mut hops = Vec::new();
        while let Some(u) = queue.pop_front() {
            for &w in &rows[u] {
                if distance[w] == u64::MAX {
                    distance[w] = distance[u] + 1;
                    hops.push(distance[w]);
                    queue.push_back(w);
                }
            }
        }
        let (value, tolerance) = expected(&hops);
        ensure((found - value).abs() <= tolerance, || format!("vertex {v}: {found}, not {value}"))?;
    }
    Ok(())
}
