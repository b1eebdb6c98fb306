//! Memory for results: large blocks on huge pages.
//!
//! Writing memory for the first time costs more than decoding into it when the system hands out
//! 4 KiB pages one fault at a time. Blocks of [`HUGE_FROM`] bytes and more are mapped on their own,
//! aligned to 2 MiB, and the system is asked for huge pages; the thread that fills a page is the
//! first to touch it. Where that is not possible, a plain allocation does.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;
use std::sync::Arc;

use arrow::buffer::Buffer;

/// Blocks from this size on are mapped.
const HUGE_FROM: usize = 4 << 20;
/// The size of a huge page.
const HUGE_PAGE: usize = 2 << 20;
/// The alignment of every block; Arrow recommends it.
const ALIGN: usize = 64;

/// Types of which every bit pattern is a value.
///
/// # Safety
/// The type has no padding, no invalid bit patterns, no destructor, and an alignment up to 64.
pub unsafe trait Plain: Copy + Send + Sync + 'static {}

macro_rules! plain {
    ($($type:ty),*) => {
        // SAFETY: integers and floats are plain numbers.
        $(unsafe impl Plain for $type {})*
    };
}
plain!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64);
// SAFETY: arrays of bytes have no padding, and an alignment of one.
unsafe impl<const N: usize> Plain for [u8; N] {}

/// A block of memory that starts out as zeros.
#[derive(Debug)]
pub struct Block {
    start: NonNull<u8>,
    /// Bytes that can be used.
    size: usize,
    kind: Kind,
}

/// Has the alignment of blocks.
#[repr(align(64))]
struct Aligned;

#[derive(Debug)]
enum Kind {
    Empty,
    Plain {
        start: NonNull<u8>,
        layout: Layout,
    },
    #[cfg(unix)]
    Mapped {
        start: NonNull<u8>,
        length: usize,
    },
}

// SAFETY: a block owns its memory; access follows the borrow of the block.
unsafe impl Send for Block {}
// SAFETY: as above; shared access only reads.
unsafe impl Sync for Block {}

impl Block {
    /// `size` bytes of zeros; `None` if the system has not that much.
    pub fn zeroed(size: usize) -> Option<Self> {
        if size == 0 {
            return Some(Self { start: Self::nowhere(), size, kind: Kind::Empty });
        }
        #[cfg(unix)]
        if size >= HUGE_FROM
            && let Some(block) = Self::mapped(size)
        {
            return Some(block);
        }
        // With an alignment of its own the allocator would write the zeros itself, on this thread.
        let layout = Layout::from_size_align(size.checked_add(ALIGN)?, 1).ok()?;
        // SAFETY: the layout's size is not zero.
        let all = NonNull::new(unsafe { alloc_zeroed(layout) })?;
        // SAFETY: there are ALIGN bytes more than `size`.
        let start = unsafe { all.add(all.as_ptr().align_offset(ALIGN).min(ALIGN)) };
        Some(Self { start, size, kind: Kind::Plain { start: all, layout } })
    }

    /// An address for no bytes, aligned like any other.
    fn nowhere() -> NonNull<u8> {
        NonNull::<Aligned>::dangling().cast()
    }

    #[cfg(unix)]
    fn mapped(size: usize) -> Option<Self> {
        let length = size.checked_add(2 * HUGE_PAGE)? / HUGE_PAGE * HUGE_PAGE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: an anonymous private map at an address of the system's choice.
        let map = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                flags,
                -1,
                0,
            )
        };
        if map == libc::MAP_FAILED {
            return None;
        }
        let map = NonNull::new(map.cast::<u8>())?;
        let skip = map.as_ptr().align_offset(HUGE_PAGE).min(HUGE_PAGE);
        // SAFETY: `length` has room for a page of alignment before `size` bytes.
        let start = unsafe { map.add(skip) };
        #[cfg(target_os = "linux")]
        // SAFETY: the range lies inside the map; advice that is refused changes nothing.
        unsafe {
            libc::madvise(start.as_ptr().cast(), length - skip, libc::MADV_HUGEPAGE);
        }
        Some(Self { start, size, kind: Kind::Mapped { start: map, length } })
    }

    /// The block's size in bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The same block, of which only the first `size` bytes are used.
    #[must_use]
    pub fn truncated(mut self, size: usize) -> Self {
        self.size = size.min(self.size);
        self
    }

    /// The bytes as numbers.
    pub fn as_slice<T: Plain>(&self) -> &[T] {
        // SAFETY: the block is initialised, aligned to 64 bytes and holds `size` bytes.
        unsafe {
            std::slice::from_raw_parts(self.start.as_ptr().cast(), self.size / size_of::<T>())
        }
    }

    /// The bytes as numbers, to be written.
    pub fn as_mut_slice<T: Plain>(&mut self) -> &mut [T] {
        // SAFETY: as above, and the borrow is exclusive.
        unsafe {
            std::slice::from_raw_parts_mut(self.start.as_ptr().cast(), self.size / size_of::<T>())
        }
    }

    /// The first `length` bytes as a buffer that owns the block.
    pub fn into_buffer(self, length: usize) -> Buffer {
        let (start, length) = (self.start, length.min(self.size));
        // SAFETY: the block holds `length` bytes and lives as long as the buffer.
        unsafe { Buffer::from_custom_allocation(start, length, Arc::new(self)) }
    }
}

/// Memory that is used again and again: as large as the largest wish so far.
#[derive(Debug, Default)]
pub struct Room(Option<Block>);

impl Room {
    /// `size` bytes, with whatever was left in them; `None` if the system has not that much.
    pub fn bytes(&mut self, size: usize) -> Option<&mut [u8]> {
        if self.0.as_ref().is_none_or(|block| block.size() < size) {
            // The old block goes first: nobody needs what is in it.
            self.0 = None;
            self.0 = Some(Block::zeroed(size)?);
        }
        self.0.as_mut()?.as_mut_slice().get_mut(..size)
    }

    /// Gives back what is larger than `most` bytes.
    pub fn trim(&mut self, most: usize) {
        self.0 = self.0.take().filter(|block| block.size() <= most);
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        match self.kind {
            Kind::Empty => {}
            // SAFETY: allocated with this layout.
            Kind::Plain { start, layout } => unsafe { dealloc(start.as_ptr(), layout) },
            #[cfg(unix)]
            // SAFETY: mapped with this start and length.
            Kind::Mapped { start, length } => unsafe {
                libc::munmap(start.as_ptr().cast(), length);
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_blocks_are_zero_aligned_and_outlive_their_owner() {
        for size in [0, 1, 63, HUGE_FROM - 1, HUGE_FROM, HUGE_FROM + HUGE_PAGE + 5] {
            let mut block = Block::zeroed(size).unwrap();
            assert_eq!(block.size(), size);
            let bytes = block.as_mut_slice::<u8>();
            assert!(bytes.iter().all(|&byte| byte == 0));
            if let Some(last) = bytes.last_mut() {
                *last = 7;
            }
            assert_eq!(block.as_slice::<i128>().as_ptr() as usize % ALIGN, 0);
            let buffer = block.into_buffer(size);
            assert_eq!(buffer.len(), size);
            assert_eq!(buffer.last().copied(), (size > 0).then_some(7));
        }
    }

    #[test]
    fn test_room_grows_and_is_kept_up_to_a_size() {
        let mut room = Room::default();
        room.bytes(100).unwrap().fill(7);
        assert_eq!(room.bytes(40).unwrap(), [7; 40]);
        assert_eq!(room.bytes(200).unwrap(), [0; 200]);
        room.bytes(200).unwrap().fill(7);
        room.trim(200);
        assert_eq!(room.bytes(10).unwrap(), [7; 10]);
        room.trim(199);
        assert_eq!(room.bytes(10).unwrap(), [0; 10]);
        assert!(room.bytes(usize::MAX / 2).is_none());
        assert!(room.bytes(1).is_some());
    }

    #[test]
    fn test_what_the_system_has_not_is_none() {
        assert!(Block::zeroed(usize::MAX / 2).is_none());
    }
}
