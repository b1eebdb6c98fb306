//! Threads that stand by between many small rounds of parallel work.
//!
//! A fork and a join of the pool cost some microseconds: more than there is to do on one level of a
//! search in a thin graph. Here helpers spin until the leader calls a round out, which costs two
//! transfers of a cache line. The leader takes part, and waits only for pieces that a helper has
//! begun: one that never comes, since its thread is busy elsewhere, is not missed.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::yield_now;

/// Looks at the state, some 50 microseconds, after which a waiting thread lets others run.
const SPINS: u32 = 1 << 11;
const PIECE: u64 = 1 << 16;

/// The rounds of one leader.
struct Team {
    /// Number of the round, then the next piece to take, then how many there are: 32, 16, 16 bits.
    state: AtomicU64,
    /// Pieces of this round that are done.
    done: AtomicU32,
    is_over: AtomicBool,
}

/// Runs `leader` with `helpers` other threads of its pool at its side, if they are free: each time
/// it calls its argument with a number of pieces, `work` is done once for each, by whoever is there.
///
/// Neither may fork: a thread that waits for the other half takes any job, also that of a helper,
/// which ends only when its leader goes on.
pub(crate) fn lead<R>(
    helpers: usize,
    work: &(impl Fn(usize) + Sync),
    leader: impl FnOnce(&mut dyn FnMut(usize)) -> R,
) -> R {
    let team =
        Team { state: AtomicU64::new(0), done: AtomicU32::new(0), is_over: AtomicBool::new(false) };
    rayon::in_place_scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|_| team.help(work));
        }
        let _over = Over(&team.is_over); // also when the leader panics
        leader(&mut |pieces| team.round(pieces, work))
    })
}

impl Team {
    fn round(&self, pieces: usize, work: &impl Fn(usize)) {
        // What the state cannot count, the leader does; nobody has so many threads.
        let shared = pieces.min(PIECE as usize - 1);
        (shared..pieces).for_each(work);
        if shared < 2 {
            (0..shared).for_each(work);
            return;
        }
        let pieces = shared as u64;
        self.done.store(0, Ordering::Relaxed);
        let number = (self.state.load(Ordering::Relaxed) >> 32).wrapping_add(1);
        // The leader has the first piece.
        self.state.store(number << 32 | PIECE | pieces, Ordering::Release);
        self.run(0, work);
        while let Some(piece) = self.take() {
            self.run(piece, work);
        }
        let mut waited = 0;
        while u64::from(self.done.load(Ordering::Acquire)) < pieces {
            wait(&mut waited);
        }
    }

    fn help(&self, work: &impl Fn(usize)) {
        let mut waited = 0;
        loop {
            if let Some(piece) = self.take() {
                self.run(piece, work);
                waited = 0;
            } else if self.is_over.load(Ordering::Acquire) {
                return;
            } else {
                wait(&mut waited);
            }
        }
    }

    /// The next piece, if there is one. While it is not done the round cannot end.
    fn take(&self) -> Option<usize> {
        let mut state = self.state.load(Ordering::Acquire);
        loop {
            let (piece, pieces) = (state >> 16 & 0xffff, state & 0xffff);
            if piece >= pieces {
                return None;
            }
            let taken = state + PIECE;
            let order = (Ordering::AcqRel, Ordering::Acquire);
            match self.state.compare_exchange_weak(state, taken, order.0, order.1) {
                Ok(_) => return Some(piece as usize),
                Err(now) => state = now,
            }
        }
    }

    fn run(&self, piece: usize, work: &impl Fn(usize)) {
        let _done = Done(&self.done); // also when the work panics, or the leader would wait forever
        work(piece);
    }
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

struct Done<'a>(&'a AtomicU32);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

fn wait(waited: &mut u32) {
    if *waited < SPINS {
        *waited += 1;
        spin_loop();
    } else {
        yield_now();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn every_piece_of_every_round_is_done_once() {
        for threads in [1, 2, 3, 8] {
            let (round, counts) = (AtomicUsize::new(0), (0..50).map(|_| AtomicUsize::new(0)));
            let counts: Vec<AtomicUsize> = counts.collect();
            let work = |piece: usize| {
                counts[piece].fetch_add(1 + round.load(Ordering::Relaxed), Ordering::Relaxed);
            };
            let rounds = if cfg!(miri) { 20 } else { 2000 };
            let sum = pool(threads).install(|| {
                lead(threads - 1, &work, |call| {
                    let mut sum = 0;
                    for number in 0..rounds {
                        let pieces = number % 50;
                        round.store(number, Ordering::Relaxed);
                        call(pieces);
                        let found = counts.iter().map(|count| count.swap(0, Ordering::Relaxed));
                        assert_eq!(found.sum::<usize>(), pieces * (number + 1));
                        sum += pieces;
                    }
                    sum
                })
            });
            assert_eq!(sum, (0..rounds).map(|number| number % 50).sum::<usize>());
        }
    }

    #[test]
    fn leaders_in_one_pool_need_not_wait_for_each_other() {
        let pool = pool(2);
        let done = AtomicUsize::new(0);
        let work = |_| {
            done.fetch_add(1, Ordering::Relaxed);
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    pool.install(|| lead(1, &work, |call| (0..100).for_each(|_| call(2))));
                });
            }
        });
        assert_eq!(done.into_inner(), 800);
    }

    #[test]
    fn a_panic_ends_the_round() {
        for bad in [0, 1] {
            let work = |piece| assert!(piece != bad, "this piece is bad");
            let run = || pool(2).install(|| lead(1, &work, |call| call(2)));
            assert!(std::panic::catch_unwind(run).is_err());
        }
    }
}
