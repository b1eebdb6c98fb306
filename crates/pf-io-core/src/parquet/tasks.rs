//! Tasks on the threads of a call; what comes out does not depend on who ran what.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::flat::Scratch;
use crate::context::Context;
use crate::{IoError, Result};

/// What is done, and its place in the order of results and errors.
pub(super) struct Task<T> {
    pub order: usize,
    /// Compressed bytes, or whatever tells how long it takes.
    pub cost: u64,
    pub work: T,
}

/// Runs `tasks`, largest first; gives the results, or the first error, in their order.
pub(super) fn run<T: Send, R: Send>(
    mut tasks: Vec<Task<T>>,
    context: &Context,
    work: impl Fn(T, &mut Scratch) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    tasks.sort_by_key(|task| std::cmp::Reverse(task.cost));
    in_turn(tasks, context, |task, scratch| work(task, scratch).map(|result| (result, usize::MAX)))
}

/// Runs `tasks` as they come. `work` also tells after which place nothing is needed any more.
pub(super) fn in_turn<T: Send, R: Send>(
    tasks: Vec<Task<T>>,
    context: &Context,
    work: impl Fn(T, &mut Scratch) -> Result<(R, usize)> + Sync,
) -> Result<Vec<R>> {
    let count = tasks.len();
    let queue = Mutex::new(tasks.into_iter());
    // A task before the failed one may fail too, and its error comes first.
    let last = AtomicUsize::new(usize::MAX);
    let done = Mutex::new(Vec::with_capacity(count));
    let worker = || {
        let mut scratch = Scratch::of_thread();
        loop {
            let task = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(task) = task else { break };
            if task.order > last.load(Ordering::Relaxed) {
                continue;
            }
            let result = work(task.work, &mut scratch);
            let order = match &result {
                Err(IoError::Cancelled) => 0,
                _ => task.order,
            };
            last.fetch_min(result.as_ref().map_or(order, |(_, last)| *last), Ordering::Relaxed);
            let result = result.map(|(result, _)| result);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((order, result));
        }
    };
    context.pool().in_place_scope(|scope| {
        for _ in 0..context.threads().min(count.max(1)) {
            scope.spawn(|_| worker());
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let last = last.into_inner();
    done.retain(|(order, _)| *order <= last);
    // Of two results with one place, the error counts: it is that the call was cancelled.
    done.sort_by_key(|(order, result)| (*order, result.is_ok()));
    done.into_iter().map(|(_, result)| result).collect()
}
