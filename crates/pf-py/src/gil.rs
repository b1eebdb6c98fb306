//! The door: long work runs on a thread of its own while the calling thread, detached from the
//! interpreter, passes on messages and listens for Ctrl-C.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;

use crate::errors;

/// How often the calling thread looks for signals.
const POLL: Duration = Duration::from_millis(50);

/// Planning recurses over expressions.
const STACK: usize = 32 << 20;

/// Messages from the work to the calling thread.
pub(crate) struct Mailbox<M> {
    state: Mutex<State<M>>,
    changed: Condvar,
}

struct State<M> {
    messages: VecDeque<M>,
    finished: bool,
}

impl<M> Mailbox<M> {
    fn new() -> Self {
        let state = State { messages: VecDeque::new(), finished: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Leaves a message; never waits for the interpreter.
    #[cfg(feature = "engine")]
    pub fn post(&self, message: M) {
        self.lock().messages.push_back(message);
        self.changed.notify_one();
    }

    fn finish(&self) {
        self.lock().finished = true;
        self.changed.notify_one();
    }

    /// Waits a little for messages; says whether the work is over.
    fn wait(&self) -> (VecDeque<M>, bool) {
        let state = self.lock();
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, POLL, |s| s.messages.is_empty() && !s.finished)
            .unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut state.messages), state.finished)
    }

    fn lock(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `work` without the interpreter. `deliver` gets its messages, on the calling thread; an
/// exception there, or Ctrl-C, sets `cancel` and is raised once the work has stopped.
#[cfg(feature = "engine")]
pub(crate) fn enter<T: Send, M: Send>(
    py: Python<'_>,
    cancel: &AtomicBool,
    work: impl FnOnce(&Mailbox<M>) -> T + Send,
    deliver: impl FnMut(Python<'_>, M) -> PyResult<()>,
) -> PyResult<T> {
    enter_with(py, cancel, work, deliver, |_| Ok(()))
}

/// The same for work without messages; `tick` is called again and again while it goes on.
pub(crate) fn enter_ticking<T: Send>(
    py: Python<'_>,
    cancel: &AtomicBool,
    work: impl FnOnce() -> T + Send,
    tick: impl FnMut(Python<'_>) -> PyResult<()>,
) -> PyResult<T> {
    enter_with(py, cancel, |_: &Mailbox<()>| work(), |_, ()| Ok(()), tick)
}

fn enter_with<T: Send, M: Send>(
    py: Python<'_>,
    cancel: &AtomicBool,
    work: impl FnOnce(&Mailbox<M>) -> T + Send,
    mut deliver: impl FnMut(Python<'_>, M) -> PyResult<()>,
    mut tick: impl FnMut(Python<'_>) -> PyResult<()>,
) -> PyResult<T> {
    let mailbox = Mailbox::new();
    let mut raised: Option<PyErr> = None;
    let outcome = std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .name("pf-run".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || {
                let outcome = catch_unwind(AssertUnwindSafe(|| work(&mailbox)));
                mailbox.finish();
                outcome
            });
        let worker = worker.map_err(|error| errors::internal(&error.to_string()))?;
        loop {
            let (messages, finished) = py.detach(|| mailbox.wait());
            let delivered = messages.into_iter().try_for_each(|message| match raised {
                None => deliver(py, message),
                Some(_) => Ok(()),
            });
            let ticked = match (&raised, finished) {
                (None, false) => tick(py),
                _ => Ok(()),
            };
            let heard = delivered.and(ticked).and_then(|()| py.check_signals());
            if let Err(error) = heard {
                cancel.store(true, Ordering::Relaxed);
                raised.get_or_insert(error);
            }
            if finished {
                break;
            }
        }
        py.detach(|| worker.join()).map_err(|_| errors::internal("a worker thread died"))
    })?;
    match (raised, outcome) {
        (Some(error), _) => Err(error),
        (None, Ok(value)) => Ok(value),
        (None, Err(panic)) => {
            let text = panic
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
                .unwrap_or("without a text");
            Err(errors::internal(text))
        }
    }
}
