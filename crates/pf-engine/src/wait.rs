//! Waits for a future on a thread that keeps looking at its cancel flag.
//!
//! Tokio's timers stand still while all its workers compute; this thread's own clock does not.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

/// How often the flag is looked at.
const POLL: Duration = Duration::from_millis(10);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The result of `future`, or `None` once `cancel` is set. Must be called inside a runtime.
pub fn until_cancelled<F: Future>(future: F, cancel: &AtomicBool) -> Option<F::Output> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        thread::park_timeout(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_never_ends_is_left_when_the_flag_is_set() {
        let cancel = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                cancel.store(true, Ordering::Relaxed);
            });
            assert_eq!(until_cancelled(std::future::pending::<()>(), &cancel), None);
        });
        assert_eq!(until_cancelled(async { 7 }, &AtomicBool::new(false)), Some(7));
    }
}
