//! How a caller watches and stops a call: a cancel flag that every long loop reads, and a share of
//! work done that it reports.
//!
//! Loops poll about every 2¹⁵ arcs, a few tens of microseconds of work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::GraphError;

/// Arcs of work between two looks at the cancel flag.
pub(crate) const CHUNK: usize = 1 << 15;
/// Reports come at most this often, so that a caller's function costs nothing.
const REPORT_STEP: f64 = 1.0 / 256.0;

/// A cancel flag and, if wanted, a listener for progress; the last argument of every kernel.
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use pf_graph_core::Control;
///
/// let cancel = AtomicBool::new(false);
/// let show = |share: f64| println!("{:.0} %", 100.0 * share);
/// let silent = Control::new(&cancel);
/// let spoken = Control::new(&cancel).reporting(&show);
/// # let _ = (silent, spoken);
/// ```
#[derive(Debug)]
pub struct Control<'a> {
    cancel: &'a AtomicBool,
    listener: Option<Listener<'a>>,
    from: f64,
    width: f64,
}

/// Where shares of work go; shared by a control and its parts.
#[derive(Debug)]
enum Listener<'a> {
    Own(Speaker<'a>),
    Shared(&'a Speaker<'a>),
}

/// The caller's function and the share it last heard.
struct Speaker<'a> {
    report: &'a (dyn Fn(f64) + Sync),
    last: Mutex<f64>,
}

impl std::fmt::Debug for Speaker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Speaker").field("last", &self.last).finish_non_exhaustive()
    }
}

impl<'a> Control<'a> {
    /// Stops soon after `cancel` is set, with [`GraphError::Cancelled`].
    pub const fn new(cancel: &'a AtomicBool) -> Self {
        Self { cancel, listener: None, from: 0.0, width: 1.0 }
    }

    /// Tells `report` the share of work done: ascending numbers from above 0 up to 1, from any
    /// thread, never two at a time. The last one of a successful call is 1.
    #[must_use]
    pub fn reporting(mut self, report: &'a (dyn Fn(f64) + Sync)) -> Self {
        self.listener = Some(Listener::Own(Speaker { report, last: Mutex::new(0.0) }));
        self
    }

    /// A control for the part of the work from share `from` to share `to`.
    pub(crate) fn part(&self, from: f64, to: f64) -> Control<'_> {
        Control {
            cancel: self.cancel,
            listener: self.speaker().map(Listener::Shared),
            from: self.from + from * self.width,
            width: (to - from) * self.width,
        }
    }

    /// A control that stops with this one and reports nothing, for work outside the accounts.
    pub(crate) fn silent(&self) -> Control<'_> {
        Control::new(self.cancel)
    }

    /// `Err(Cancelled)` once the flag is set.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), GraphError> {
        if self.cancel.load(Ordering::Relaxed) { Err(GraphError::Cancelled) } else { Ok(()) }
    }

    /// Reports that `share` of the work is done, then checks.
    pub(crate) fn progress(&self, share: f64) -> Result<(), GraphError> {
        if let Some(speaker) = self.speaker() {
            speaker.say((self.from + share * self.width).min(1.0));
        }
        self.check()
    }

    fn speaker(&self) -> Option<&Speaker<'a>> {
        match &self.listener {
            None => None,
            Some(Listener::Own(speaker)) => Some(speaker),
            Some(Listener::Shared(speaker)) => Some(speaker),
        }
    }
}

impl Speaker<'_> {
    fn say(&self, share: f64) {
        let last = if share >= 1.0 {
            // The end is always told; a panic of the caller's function must not hide it.
            Some(self.last.lock().unwrap_or_else(PoisonError::into_inner))
        } else {
            self.last.try_lock().ok() // another thread reports just now: that will do
        };
        let Some(mut last) = last else { return };
        if share >= *last + REPORT_STEP || (share >= 1.0 && *last < 1.0) {
            *last = share;
            (self.report)(share);
        }
    }
}

/// Looks at the flag each time a chunk of work has been spent, for loops with uneven steps.
pub(crate) struct Meter<'a> {
    control: &'a Control<'a>,
    spent: usize,
    done: f64,
    total: f64,
}

impl<'a> Meter<'a> {
    /// Looks once at the start, so that even an empty call hears a cancel.
    pub(crate) fn new(control: &'a Control<'a>) -> Result<Self, GraphError> {
        control.check()?;
        Ok(Self { control, spent: 0, done: 0.0, total: f64::INFINITY })
    }

    /// As [`new`](Self::new), and reports progress: all work is `steps` steps with `arcs` arcs.
    pub(crate) fn with_total(
        control: &'a Control<'a>,
        steps: usize,
        arcs: usize,
    ) -> Result<Self, GraphError> {
        let total = (steps as f64 + arcs as f64).max(1.0);
        Ok(Self { total, ..Self::new(control)? })
    }

    /// Accounts for `arcs` of work plus the step itself.
    #[inline]
    pub(crate) fn spend(&mut self, arcs: usize) -> Result<(), GraphError> {
        self.spent += arcs + 1;
        if self.spent < CHUNK {
            return Ok(());
        }
        self.look()
    }

    #[cold]
    fn look(&mut self) -> Result<(), GraphError> {
        self.done += self.spent as f64;
        self.spent = 0;
        self.control.progress((self.done / self.total).min(1.0))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn shares_ascend_to_one_over_parts_and_threads() {
        let cancel = AtomicBool::new(false);
        let heard = Mutex::new(Vec::new());
        let listen = |share| heard.lock().unwrap().push(share);
        let control = Control::new(&cancel).reporting(&listen);
        let first = control.part(0.0, 0.25);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope
                    .spawn(|| (0..=1000).for_each(|i| first.progress(f64::from(i) / 1e3).unwrap()));
            }
        });
        let second = control.part(0.25, 1.0);
        let half = second.part(0.0, 0.5);
        half.progress(1.0).unwrap();
        let mut meter = Meter::with_total(&second, 10, 10 * CHUNK).unwrap();
        (0..10).for_each(|_| meter.spend(CHUNK).unwrap());
        control.progress(1.0).unwrap();
        control.progress(1.0).unwrap();
        let heard = heard.into_inner().unwrap();
        assert!(heard.windows(2).all(|pair| pair[0] < pair[1]), "{heard:?}");
        assert!(heard.contains(&0.625), "{heard:?}");
        assert!(heard[0] > 0.0 && heard.len() < 600);
        assert_eq!(heard.last(), Some(&1.0));
    }

    #[test]
    fn a_set_flag_stops_parts_and_meters() {
        let cancel = AtomicBool::new(false);
        let control = Control::new(&cancel);
        let part = control.part(0.0, 0.5);
        let mut meter = Meter::new(&part).unwrap();
        assert_eq!(meter.spend(CHUNK), Ok(()));
        cancel.store(true, Ordering::Relaxed);
        assert_eq!(meter.spend(0), Ok(()), "not yet a chunk");
        assert_eq!(meter.spend(CHUNK), Err(GraphError::Cancelled));
        assert_eq!(part.progress(0.1), Err(GraphError::Cancelled));
        assert!(Meter::new(&control).is_err());
    }
}
