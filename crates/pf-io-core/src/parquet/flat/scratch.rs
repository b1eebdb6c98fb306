//! Memory and codec contexts that a thread keeps from one column chunk to the next, and from one
//! read to the next.

use std::cell::RefCell;

use super::unpack::Unpacker;
use crate::mem::Room;

/// Scratch above this size go when a read ends.
const KEPT_BYTES: usize = 16 << 20;

thread_local! {
    static KEPT: RefCell<Option<Scratch>> = const { RefCell::new(None) };
}

/// What tasks use again.
#[derive(Default)]
pub(in super::super) struct Scratch {
    /// The bytes of a chunk.
    pub chunk: Room,
    pub(super) page: Unpacker,
    pub(super) indices: Vec<u32>,
}

/// A thread's scratch, until dropped.
pub(in super::super) struct Kept(Scratch);

impl Scratch {
    /// What the last read on this thread left.
    pub fn of_thread() -> Kept {
        let kept = KEPT.try_with(|kept| kept.try_borrow_mut().ok()?.take());
        Kept(kept.ok().flatten().unwrap_or_default())
    }
}

impl std::ops::Deref for Kept {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.0
    }
}

impl std::ops::DerefMut for Kept {
    fn deref_mut(&mut self) -> &mut Scratch {
        &mut self.0
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut scratch = std::mem::take(&mut self.0);
        scratch.chunk.trim(KEPT_BYTES);
        scratch.page.trim(KEPT_BYTES);
        if scratch.indices.capacity() * size_of::<u32>() > KEPT_BYTES {
            scratch.indices = Vec::new();
        }
        // A thread that ends has nothing to keep them in.
        let _ended = KEPT.try_with(|kept| kept.replace(Some(scratch)));
    }
}
