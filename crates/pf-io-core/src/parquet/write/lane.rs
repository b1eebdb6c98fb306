//! A column of a row group on its way: a queue of arrays, and the task that encodes them.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arrow::array::ArrayRef;
use arrow::datatypes::FieldRef;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::errors::ParquetError;

use super::dictionary;
use crate::context::Charge;
use crate::error::panic_text;
use crate::{Context, IoError, Result};

/// One column of one row group.
pub(super) struct Lane {
    pub field: FieldRef,
    pub queue: Mutex<Queue>,
    pub work: Mutex<Work>,
    /// Bytes of the encoded pages.
    pub size: AtomicUsize,
    pub shared: Arc<Shared>,
    pub ctx: Context,
}

/// What waits, and how far the lane is.
#[derive(Default)]
pub(super) struct Queue {
    pub arrays: VecDeque<(ArrayRef, Charge)>,
    pub closing: bool,
    pub running: bool,
    pub done: bool,
}

/// What the running task of a lane owns.
#[derive(Default)]
pub(super) struct Work {
    pub writers: Vec<ArrowColumnWriter>,
    /// The writers to take instead if the first rows show that a dictionary would not pay.
    pub plain: Vec<ArrowColumnWriter>,
    pub chunks: Vec<ArrowColumnChunk>,
}

/// What lanes tell the calling thread.
#[derive(Default)]
pub(super) struct Shared {
    pub state: Mutex<State>,
    pub signal: Condvar,
    pub stopped: AtomicBool,
    pub dest: PathBuf,
    pub dictionary_bytes: usize,
}

/// The part of [`Shared`] under one lock.
#[derive(Default)]
pub(super) struct State {
    /// Arrays and closings that wait or are being encoded.
    pub pending: usize,
    pub error: Option<IoError>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lanes that are still at work when the file is given up end at their next array.
pub(super) struct Stop(pub Arc<Shared>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::Release);
        let mut state = lock(&self.0.state);
        while state.pending > 0 {
            let waited = self.0.signal.wait_timeout(state, Duration::from_millis(5));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Lane {
    /// Encodes until the queue is empty.
    pub fn run(&self) {
        loop {
            let mut queue = lock(&self.queue);
            let array = queue.arrays.pop_front();
            let closing = array.is_none() && std::mem::take(&mut queue.closing);
            if array.is_none() && !closing {
                queue.running = false;
                return;
            }
            drop(queue);
            let result = self.step(array.as_ref().map(|(array, _)| array));
            drop(array);
            if let Err(error) = result {
                // Before anything else says that this lane is done.
                lock(&self.shared.state).error.get_or_insert(error);
                self.shared.stopped.store(true, Ordering::Release);
            }
            if closing {
                lock(&self.queue).done = true;
            }
            lock(&self.shared.state).pending -= 1;
            self.shared.signal.notify_all();
        }
    }

    /// Encodes one array, or closes the column without one.
    fn step(&self, array: Option<&ArrayRef>) -> Result<()> {
        if self.shared.stopped.load(Ordering::Acquire) {
            return Ok(());
        }
        self.ctx.check()?;
        let mut work = lock(&self.work);
        // A panic leaves writers that nobody uses again.
        let encoded = catch_unwind(AssertUnwindSafe(|| match array {
            Some(array) => work.encode(&self.field, array, self.shared.dictionary_bytes),
            None => work.close(),
        }));
        if array.is_some() {
            // What closing gives has about the size of what was closed.
            let size = work.writers.iter().map(ArrowColumnWriter::memory_size).sum();
            self.size.store(size, Ordering::Relaxed);
        }
        let reason = match encoded {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panic_text(&*panic),
        };
        let message = format!("column '{}': {reason}", self.field.name());
        Err(IoError::refused(&self.shared.dest, message))
    }
}

impl Work {
    fn encode(
        &mut self,
        field: &FieldRef,
        array: &ArrayRef,
        dictionary_bytes: usize,
    ) -> Result<(), ParquetError> {
        let plain = std::mem::take(&mut self.plain);
        if !plain.is_empty() && !dictionary::pays(array, dictionary_bytes) {
            self.writers = plain;
        }
        let leaves = compute_leaves(field, array)?;
        for (writer, leaf) in self.writers.iter_mut().zip(&leaves) {
            writer.write(leaf)?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), ParquetError> {
        let writers = std::mem::take(&mut self.writers);
        self.chunks =
            writers.into_iter().map(ArrowColumnWriter::close).collect::<Result<_, _>>()?;
        Ok(())
    }
}
