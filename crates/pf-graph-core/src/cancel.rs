//! Cancellation: kernels read one flag about every 2¹⁵ arcs.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::GraphError;

/// Arcs of work between two looks at the cancel flag.
pub(crate) const CHUNK: usize = 1 << 15;

/// `Err(Cancelled)` once the flag is set.
pub(crate) fn check(cancel: &AtomicBool) -> Result<(), GraphError> {
    if cancel.load(Ordering::Relaxed) { Err(GraphError::Cancelled) } else { Ok(()) }
}

/// Looks at the flag each time a chunk of work has been spent, for loops with uneven steps.
pub(crate) struct Meter<'a> {
    cancel: &'a AtomicBool,
    spent: usize,
}

impl<'a> Meter<'a> {
    /// Looks once at the start, so that even an empty call hears a cancel.
    pub(crate) fn new(cancel: &'a AtomicBool) -> Result<Self, GraphError> {
        check(cancel)?;
        Ok(Self { cancel, spent: 0 })
    }

    /// Accounts for `arcs` of work plus the step itself.
    pub(crate) fn spend(&mut self, arcs: usize) -> Result<(), GraphError> {
        self.spent += arcs + 1;
        if self.spent < CHUNK {
            return Ok(());
        }
        self.spent = 0;
        check(self.cancel)
    }
}
