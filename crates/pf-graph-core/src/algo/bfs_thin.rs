//! Thin levels of a breadth-first search, by several threads of which each writes its own vertices.
//!
//! A level of some thousand arcs is too little for a fork and a join, and for an exchange under
//! lock per arc, which waits until all loads before it are done. So threads stand by, and blocks of
//! consecutive vertices are dealt out to owners. An owner follows the arcs of its part of the
//! frontier. A head of its own it claims with a plain store; to the owner of another head it posts
//! the arc, and that owner claims the head when the next level begins. All offers to a vertex come
//! before its own arcs are followed, so its predecessor is the least, as in the other searches.

use std::convert::Infallible;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError, RwLock};

use super::bfs::{PARALLEL_ARCS, Search, Wave, word};
use crate::team::lead;
use crate::{Control, GraphError};

/// A level with fewer arcs is quicker on one thread, even if others stand by.
pub(super) const THIN_ARCS: usize = 1 << 9;
/// After so many such levels in a row the others go.
const PATIENCE: u32 = 32;
/// More owners than this have too little each.
const OWNERS: usize = 8;
/// Each owner has so many blocks of vertices, about: enough that neighbours mostly have the same
/// owner, not so many that a wave through numbered space is with one.
const BLOCKS: usize = 32;
/// A block is no smaller, so that owners rarely write to the same line of memory.
const LEAST_BLOCK: usize = 64;

/// Goes on level by level while they are thin.
pub(super) fn thin_levels(
    search: &Search<'_>,
    wave: &mut Wave,
    max_depth: u32,
    control: &Control<'_>,
) -> Result<(), GraphError> {
    let threads = rayon::current_num_threads();
    let owners = Owners::new(search, threads, wave);
    let work = |owner| owners.follow(owner);
    let n = search.found.len();
    let mut arcs = THIN_ARCS;
    lead(threads.min(OWNERS) - 1, &work, |call| {
        let mut small = 0;
        loop {
            small = if arcs < THIN_ARCS { small + 1 } else { 0 };
            let goes_on = arcs > 0 && wave.may_go_on(n, max_depth);
            if !goes_on || arcs >= PARALLEL_ARCS || small > PATIENCE {
                return Ok(());
            }
            wave.step(search, owners.followed.swap(0, Relaxed), control)?;
            owners.level.store(wave.level, Relaxed);
            if small > 0 {
                (0..owners.parts.len()).for_each(work);
            } else {
                call(owners.parts.len());
            }
            wave.reached += owners.reached.swap(0, Relaxed);
            arcs = owners.ahead.swap(0, Relaxed);
        }
    })?;
    owners.gather(wave);
    Ok(())
}

/// Vertices, in the high halves, and the predecessors offered to them, in the low.
#[derive(Default)]
#[repr(align(128))]
struct Offers(Vec<u64>);

/// Who owns what, and how far they are.
struct Owners<'s> {
    search: &'s Search<'s>,
    /// A block has so many vertices, as a power of two; blocks go to the owners in turns. The number
    /// of owners is a power of two as well.
    shift: u32,
    parts: Vec<Mutex<Part>>,
    /// Offers from one owner to each other: of the last level, and of the one before, in turns.
    posts: [Vec<RwLock<Vec<Offers>>>; 2],
    /// The level that is searched.
    level: AtomicI32,
    /// Vertices claimed on it.
    reached: AtomicUsize,
    /// Arcs followed on it.
    followed: AtomicUsize,
    /// Arcs of the next, at most.
    ahead: AtomicUsize,
}

/// Aligned, as the other structures of one owner, so that no other writes to the same line.
#[derive(Default)]
#[repr(align(128))]
struct Part {
    frontier: Vec<u32>,
    next: Vec<u32>,
}

/// `mask` is the number of owners less one.
#[inline]
fn owner_of(v: u32, shift: u32, mask: usize) -> usize {
    (v >> shift) as usize & mask
}

impl<'s> Owners<'s> {
    fn new(search: &'s Search<'s>, threads: usize, wave: &mut Wave) -> Self {
        let owners = threads.next_power_of_two().min(OWNERS);
        let block = (search.found.len() / (owners * BLOCKS)).max(LEAST_BLOCK);
        let offers = || RwLock::new((0..owners).map(|_| Offers::default()).collect());
        let post = || (0..owners).map(|_| offers()).collect();
        let all = Self {
            search,
            shift: block.next_power_of_two().trailing_zeros(),
            parts: (0..owners).map(|_| Mutex::default()).collect(),
            posts: [post(), post()],
            level: AtomicI32::new(wave.level),
            reached: AtomicUsize::new(0),
            followed: AtomicUsize::new(0),
            ahead: AtomicUsize::new(0),
        };
        for v in wave.frontier.drain(..) {
            let owner = owner_of(v, all.shift, owners - 1);
            let mut part = all.parts[owner].lock().unwrap_or_else(PoisonError::into_inner);
            part.frontier.push(v);
        }
        all
    }

    /// The part of one owner in the level: claims what was offered on the last, then follows arcs.
    fn follow(&self, owner: usize) {
        let level = self.level.load(Relaxed);
        let (now, before) = (level as usize % 2, (level as usize + 1) % 2);
        let (search, rows) = (self.search, self.search.forward);
        let (shift, mask) = (self.shift, self.parts.len() - 1);
        let mut part = self.parts[owner].lock().unwrap_or_else(PoisonError::into_inner);
        let Part { frontier, next } = &mut *part;
        let mut reached = self.collect(before, owner, level - 1, frontier);
        let mut posts = self.posts[now][owner].write().unwrap_or_else(PoisonError::into_inner);
        posts.iter_mut().for_each(|to| to.0.clear());
        next.clear();
        let mut followed = 0;
        let Ok(()) = search.follow::<Infallible>(frontier, |u, row| {
            let offered = word(level, u);
            followed += row.len();
            for &v in row {
                let to = owner_of(v, shift, mask);
                if to == owner {
                    if search.claim(v, offered) {
                        next.push(v);
                    }
                } else if offered < search.found[v as usize].load(Relaxed) {
                    posts[to].0.push(u64::from(v) << 32 | u64::from(u));
                    rows.prefetch_range(v);
                }
            }
            Ok(())
        });
        // Not sooner: the boundaries of the rows were asked for, but are not here at once.
        let mut ahead: usize = next.iter().map(|&v| rows.degree(v)).sum();
        for to in &*posts {
            ahead += to.0.iter().map(|offer| rows.degree((offer >> 32) as u32)).sum::<usize>();
        }
        reached += next.len();
        std::mem::swap(frontier, next);
        self.reached.fetch_add(reached, Relaxed);
        self.followed.fetch_add(followed, Relaxed);
        self.ahead.fetch_add(ahead, Relaxed);
    }

    /// Claims what others offered to this one; how many are new in the frontier.
    fn collect(&self, turn: usize, owner: usize, level: i32, frontier: &mut Vec<u32>) -> usize {
        let before = frontier.len();
        for posts in &self.posts[turn] {
            let posts = posts.read().unwrap_or_else(PoisonError::into_inner);
            let offers = posts[owner].0.iter().map(|offer| ((offer >> 32) as u32, *offer as u32));
            let new = offers.filter(|&(v, u)| self.search.claim(v, word(level, u)));
            frontier.extend(new.map(|(v, _)| v));
        }
        frontier.len() - before
    }

    /// The frontier of all.
    fn gather(self, wave: &mut Wave) {
        let turn = wave.level as usize % 2;
        for owner in 0..self.parts.len() {
            let mut part = self.parts[owner].lock().unwrap_or_else(PoisonError::into_inner);
            wave.reached += self.collect(turn, owner, wave.level, &mut part.frontier);
            wave.frontier.append(&mut part.frontier);
        }
    }
}
