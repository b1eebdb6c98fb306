//! Connected components, numbered `0..k` by their first vertex.
//!
//! Weak: see `afforest.rs`. Strong: see `strong.rs`.

use rayon::prelude::*;
use serde::Deserialize;

use super::afforest::weak_labels;
use super::strong::strong_labels;
use crate::control::{CHUNK, Control};
use crate::{Graph, GraphError};

/// What makes two vertices of a directed graph belong together; undirected graphs have one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComponentsMode {
    /// Edges taken both ways connect them. The default.
    #[default]
    Weak,
    /// Each can reach the other along the edges.
    Strong,
}

/// Answer of [`components`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentsResult {
    /// Component of each vertex, `0..count`, numbered by first vertex.
    pub component: Vec<u32>,
    /// Number of components.
    pub count: usize,
}

/// Labels every vertex with its component.
pub fn components(
    graph: &Graph,
    mode: ComponentsMode,
    control: &Control<'_>,
) -> Result<ComponentsResult, GraphError> {
    let labels = match mode {
        ComponentsMode::Strong if graph.is_directed() => strong_labels(graph, control)?,
        _ => weak_labels(graph, control)?,
    };
    number_by_first_vertex(labels, control)
}

/// Renumbers labels in the order in which they first occur; a label is the first vertex that has it.
fn number_by_first_vertex(
    mut label: Vec<u32>,
    control: &Control<'_>,
) -> Result<ComponentsResult, GraphError> {
    // A vertex that is its own label opens a component: count those before each chunk.
    let opens = |start: usize, labels: &[u32]| {
        labels.iter().enumerate().filter(|&(i, &label)| label as usize == start + i).count()
    };
    let counts: Vec<usize> =
        label.par_chunks(CHUNK).enumerate().map(|(c, labels)| opens(c * CHUNK, labels)).collect();
    let mut first = Vec::with_capacity(counts.len());
    let mut count = 0;
    for opened in counts {
        first.push(count as u32);
        count += opened;
    }
    control.check()?;
    if count <= 1 {
        control.progress(1.0)?;
        return Ok(ComponentsResult { component: label, count }); // all labels are 0
    }
    let mut number = vec![0u32; label.len()];
    number.par_chunks_mut(CHUNK).zip(label.par_chunks(CHUNK)).zip(first).enumerate().for_each(
        |(c, ((number, labels), mut next))| {
            for (i, (number, &label)) in number.iter_mut().zip(labels).enumerate() {
                if label as usize == c * CHUNK + i {
                    *number = next;
                    next += 1;
                }
            }
        },
    );
    label.par_iter_mut().with_min_len(CHUNK).for_each(|label| *label = number[*label as usize]);
    control.progress(1.0)?;
    Ok(ComponentsResult { component: label, count })
}
