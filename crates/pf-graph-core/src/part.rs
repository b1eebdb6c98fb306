//! The part of a graph that some vertices span. O(n + m) time, and memory for its edges.

use arrow::array::UInt32Array;

use crate::control::{Control, Meter};
use crate::{BuildOptions, Graph, GraphError, IdOrder, NO_VERTEX};

impl Graph {
    /// The vertices given, once each, in their order, and the edges between them in the order of
    /// [`edge_ids`](Self::edge_ids); and which edges of this graph these were.
    pub fn part(
        &self,
        vertices: &[u32],
        edge_ids: &[i64],
        row_order: IdOrder,
        control: &Control<'_>,
    ) -> Result<(Self, Vec<i64>), GraphError> {
        let mut place = vec![NO_VERTEX; self.num_vertices()];
        for (number, &vertex) in (0..).zip(vertices) {
            self.check_vertex("vertices", vertex)?;
            place[vertex as usize] = number;
        }
        let edges = self.edges(edge_ids, control)?;
        let (mut src, mut dst, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        let mut weights = edges.weights.as_ref().map(|_| Vec::new());
        let mut meter = Meter::new(control)?;
        for (edge, (&u, &v)) in edges.src.iter().zip(&edges.dst).enumerate() {
            meter.spend(0)?;
            let (u, v) = (place[u as usize], place[v as usize]);
            if u == NO_VERTEX || v == NO_VERTEX {
                continue;
            }
            src.push(u);
            dst.push(v);
            kept.push(edge as i64);
            if let (Some(weights), Some(all)) = (&mut weights, &edges.weights) {
                weights.push(all[edge]);
            }
        }
        let options = BuildOptions {
            directed: self.is_directed(),
            id_order: row_order,
            edge_rows: true,
            ..BuildOptions::default()
        };
        let part =
            Self::from_arrays(&src, &dst, weights.as_deref(), vertices.len(), &options, control)?;
        let ids = self.ids_at(&UInt32Array::from(vertices.to_vec()))?;
        Ok((part.with_ids(ids)?, kept))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::AtomicBool;

    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;

    use super::*;

    #[test]
    fn edges_between_the_vertices_stay() {
        let cancel = AtomicBool::new(false);
        let control = Control::new(&cancel);
        let (src, dst) = ([3u32, 0, 3, 1, 2], [1u32, 3, 3, 2, 0]);
        let weights = [1.0, 2.0, 3.0, 4.0, 5.0];
        for directed in [true, false] {
            let options = BuildOptions { directed, edge_rows: true, ..BuildOptions::default() };
            let whole =
                Graph::from_arrays(&src, &dst, Some(&weights), 4, &options, &control).unwrap();
            let ids = whole.edge_ids(&control).unwrap();
            let found = whole.part(&[0, 1, 3], &ids, IdOrder::Appearance, &control).unwrap();
            let (part, kept) = found;
            assert_eq!(kept, [0, 1, 2]);
            assert_eq!(part.ids().as_primitive::<Int64Type>().values(), &[0, 1, 3]);
            let edges = part.edges(&part.edge_ids(&control).unwrap(), &control).unwrap();
            let ends: Vec<(u32, u32)> = edges.src.into_iter().zip(edges.dst).collect();
            assert_eq!(
                ends,
                if directed { [(2, 1), (0, 2), (2, 2)] } else { [(1, 2), (0, 2), (2, 2)] }
            );
            assert_eq!(edges.weights.unwrap(), [1.0, 2.0, 3.0]);
            assert!(whole.part(&[4], &ids, IdOrder::Sorted, &control).is_err());
        }
    }
}
