//! Workers that pull numbered jobs, for uneven work whose parts add up in whole numbers.
//!
//! Which worker gets which job depends on the schedule: only states that are merged by commutative
//! exact operations (integer sums) may be built this way.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rayon::prelude::*;

use crate::{Control, GraphError};

/// Runs jobs `0..jobs`, each once, on the threads of the caller's pool, at most `limit` of them;
/// returns the states of the workers. Reports progress by finished jobs.
pub(crate) fn pull_jobs<S: Send>(
    jobs: usize,
    limit: usize,
    control: &Control<'_>,
    new_state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> Result<(), GraphError> + Sync,
) -> Result<Vec<S>, GraphError> {
    control.check()?;
    let workers = rayon::current_num_threads().min(limit).min(jobs).max(1);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let run = |_| {
        let mut state = new_state();
        loop {
            let job = next.fetch_add(1, Relaxed);
            if job >= jobs {
                return Ok(state);
            }
            work(&mut state, job)?;
            control.progress((done.fetch_add(1, Relaxed) + 1) as f64 / jobs as f64)?;
        }
    };
    if workers == 1 {
        return Ok(vec![run(0)?]);
    }
    (0..workers).into_par_iter().with_max_len(1).map(run).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn every_job_is_done_once() {
        let cancel = AtomicBool::new(false);
        let control = Control::new(&cancel);
        for (jobs, limit) in [(0, 4), (1, 4), (1000, 1), (1000, 7)] {
            let push = |state: &mut Vec<usize>, job| {
                state.push(job);
                Ok(())
            };
            let states = pull_jobs(jobs, limit, &control, Vec::new, push).unwrap();
            assert!(states.len() <= limit);
            let mut done: Vec<usize> = states.into_iter().flatten().collect();
            done.sort_unstable();
            assert_eq!(done, (0..jobs).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_error_or_a_cancel_ends_all() {
        let cancel = AtomicBool::new(false);
        let control = Control::new(&cancel);
        let fail = |(): &mut (), job| {
            if job == 10 { Err(GraphError::TooLarge { vertices: 1, limit: 0 }) } else { Ok(()) }
        };
        assert!(pull_jobs(100, 3, &control, || (), fail).is_err());
        let stop = |(): &mut (), job| {
            cancel.fetch_or(job == 10, Relaxed);
            Ok(())
        };
        assert_eq!(pull_jobs(100, 3, &control, || (), stop), Err(GraphError::Cancelled));
    }
}
