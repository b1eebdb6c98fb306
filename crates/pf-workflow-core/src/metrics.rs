//! Totals over all runs of a process.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

/// Adds up runs; all methods may be called from any thread.
#[derive(Debug, Default)]
pub struct Metrics {
    totals: Mutex<Totals>,
}

/// What one run adds. The engine fills it in, because only it knows which steps of the workflow
/// were cached or ran as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunSample {
    /// Steps that ran to their end, cached ones not included.
    pub steps: u64,
    /// Steps whose result was taken from a cache.
    pub cached_steps: u64,
    /// Whether the run ended in anything but success.
    pub failed: bool,
    /// Duration of the run.
    pub wall: Duration,
    /// Sum of the durations of its steps.
    pub busy: Duration,
}

/// The totals at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct MetricsSnapshot {
    /// Runs.
    pub total_workflows: u64,
    /// Steps that ran to their end.
    pub total_steps: u64,
    /// Runs that ended in anything but success.
    pub failed_workflows: u64,
    /// Steps whose result was taken from a cache.
    pub cached_steps: u64,
    /// Mean duration of a run in milliseconds; 0 before the first.
    pub avg_execution_ms: f64,
    /// Time in steps over time in runs; 0 before the first run that took any time.
    pub parallel_speedup: f64,
}

#[derive(Debug, Default)]
struct Totals {
    workflows: u64,
    failed_workflows: u64,
    steps: u64,
    cached_steps: u64,
    wall: Duration,
    busy: Duration,
}

impl Metrics {
    /// Totals that start at zero.
    pub const fn new() -> Self {
        let totals = Totals {
            workflows: 0,
            failed_workflows: 0,
            steps: 0,
            cached_steps: 0,
            wall: Duration::ZERO,
            busy: Duration::ZERO,
        };
        Self { totals: Mutex::new(totals) }
    }

    /// The totals of this process.
    pub fn process() -> &'static Self {
        static PROCESS: Metrics = Metrics::new();
        &PROCESS
    }

    /// Adds a run.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pf_workflow_core::{Metrics, RunSample};
    ///
    /// let metrics = Metrics::new();
    /// let wall = Duration::from_millis(10);
    /// metrics.record(&RunSample { steps: 3, wall, busy: wall * 2, ..RunSample::default() });
    /// assert_eq!(metrics.snapshot().avg_execution_ms, 10.0);
    /// assert_eq!(metrics.snapshot().parallel_speedup, 2.0);
    /// ```
    pub fn record(&self, run: &RunSample) {
        let mut totals = self.lock();
        totals.workflows += 1;
        totals.failed_workflows += u64::from(run.failed);
        totals.steps += run.steps;
        totals.cached_steps += run.cached_steps;
        totals.wall = totals.wall.saturating_add(run.wall);
        totals.busy = totals.busy.saturating_add(run.busy);
    }

    /// The totals now, consistent with each other.
    pub fn snapshot(&self) -> MetricsSnapshot {
        let totals = self.lock();
        let wall_ms = totals.wall.as_secs_f64() * 1e3;
        let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        MetricsSnapshot {
            total_workflows: totals.workflows,
            total_steps: totals.steps,
            failed_workflows: totals.failed_workflows,
            cached_steps: totals.cached_steps,
            avg_execution_ms: ratio(wall_ms, totals.workflows as f64),
            parallel_speedup: ratio(totals.busy.as_secs_f64() * 1e3, wall_ms),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_recorded_is_zero() {
        assert_eq!(Metrics::new().snapshot(), MetricsSnapshot::default());
    }

    #[test]
    fn totals_add_up_across_threads() {
        let metrics = Metrics::new();
        std::thread::scope(|scope| {
            for thread in 0..4u64 {
                let metrics = &metrics;
                scope.spawn(move || {
                    for _ in 0..100 {
                        let wall = Duration::from_millis(2);
                        metrics.record(&RunSample {
                            steps: 3,
                            cached_steps: 1,
                            failed: thread == 0,
                            wall,
                            busy: wall * 3 / 2,
                        });
                    }
                });
            }
        });
        let totals = metrics.snapshot();
        assert_eq!((totals.total_workflows, totals.failed_workflows), (400, 100));
        assert_eq!((totals.total_steps, totals.cached_steps), (1200, 400));
        assert!((totals.avg_execution_ms - 2.0).abs() < 1e-9);
        assert!((totals.parallel_speedup - 1.5).abs() < 1e-9);
    }
}
