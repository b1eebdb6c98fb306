//! What settings cannot hold: lists of vertices, and numbers for all of them.

use crate::GraphError;

/// Named vectors of a call.
#[derive(Debug, Clone, Default)]
pub struct Vectors<'a> {
    vertices: Vec<(&'a str, &'a [u32])>,
    floats: Vec<(&'a str, &'a [f64])>,
}

impl<'a> Vectors<'a> {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a list of vertex indices.
    #[must_use]
    pub fn vertices(mut self, name: &'a str, indices: &'a [u32]) -> Self {
        self.vertices.push((name, indices));
        self
    }

    /// Adds one number per vertex.
    #[must_use]
    pub fn floats(mut self, name: &'a str, values: &'a [f64]) -> Self {
        self.floats.push((name, values));
        self
    }

    pub(super) fn take_vertices(&mut self, name: &str) -> Option<&'a [u32]> {
        let place = self.vertices.iter().position(|vector| vector.0 == name)?;
        Some(self.vertices.swap_remove(place).1)
    }

    /// The numbers that are not 0, with their vertices.
    pub(super) fn take_shares(
        &mut self,
        name: &'static str,
        num_vertices: usize,
    ) -> Result<Option<Vec<(u32, f64)>>, GraphError> {
        let Some(place) = self.floats.iter().position(|vector| vector.0 == name) else {
            return Ok(None);
        };
        let values = self.floats.swap_remove(place).1;
        if values.len() != num_vertices {
            let message =
                format!("needs {num_vertices} numbers, one per vertex, not {}", values.len());
            return Err(GraphError::BadParameter { name, message });
        }
        let shares = (0u32..).zip(values).filter(|(_, share)| **share != 0.0);
        // A graph without vertices has nowhere to go.
        Ok((num_vertices > 0).then(|| shares.map(|(vertex, share)| (vertex, *share)).collect()))
    }

    /// An error if a vector is left that nobody asked for.
    pub(super) fn finish(&self) -> Result<(), GraphError> {
        let names = self.vertices.iter().map(|v| v.0).chain(self.floats.iter().map(|v| v.0));
        match names.min() {
            None => Ok(()),
            Some(name) => Err(GraphError::BadParameter {
                name: "vectors",
                message: format!("'{name}' is not one that this algorithm takes"),
            }),
        }
    }
}
