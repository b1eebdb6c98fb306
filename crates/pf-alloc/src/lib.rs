//! The system's allocator, with huge pages for large blocks.
//!
//! Kernels on graphs read and write arrays of many megabytes at random places. On pages of 4 KiB
//! nearly every such access misses the processor's table of pages as well, and the first access to
//! each page is a fault. Linux usually gives larger pages only to who asks for them; NumPy does so
//! for its arrays.

use std::alloc::{GlobalAlloc, Layout, System};

/// To be the `#[global_allocator]` of what ends as a program or an extension.
#[derive(Debug, Clone, Copy, Default)]
pub struct HugePages;

/// Blocks from this size on: smaller ones have few pages, and would share theirs with others.
const LARGE: usize = 4 << 20;

// SAFETY: every block is the system allocator's own; advice does not change what is in it.
unsafe impl GlobalAlloc for HugePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        advised(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        advised(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        advised(unsafe { System.realloc(block, layout, size) }, size)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Asks for huge pages where the block has whole ones. Advice that is refused changes nothing.
#[cfg(target_os = "linux")]
#[inline]
fn advised(block: *mut u8, size: usize) -> *mut u8 {
    const HUGE_PAGE: usize = 2 << 20;
    if size >= LARGE && !block.is_null() {
        let skip = block.addr().next_multiple_of(HUGE_PAGE) - block.addr();
        let length = (size - skip) / HUGE_PAGE * HUGE_PAGE; // skip < HUGE_PAGE < LARGE
        // SAFETY: the range lies within the block, which is writable memory without a file.
        unsafe {
            libc::madvise(block.wrapping_add(skip).cast(), length, libc::MADV_HUGEPAGE);
        }
    }
    block
}

#[cfg(not(target_os = "linux"))]
#[inline]
fn advised(block: *mut u8, _size: usize) -> *mut u8 {
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[global_allocator]
    static ALLOCATOR: HugePages = HugePages;

    #[test]
    fn blocks_keep_what_is_in_them() {
        for size in [1, LARGE - 1, LARGE, LARGE + 1, 5 * LARGE + 12_345] {
            let mut block = vec![0u8; size];
            assert!(block.iter().all(|&byte| byte == 0));
            block.fill(7);
            block.extend(std::iter::repeat_n(8, 2 * size));
            assert!(block[..size].iter().all(|&byte| byte == 7));
            assert!(block[size..].iter().all(|&byte| byte == 8));
            block.truncate(size / 2);
            block.shrink_to_fit();
            assert!(block.iter().all(|&byte| byte == 7));
        }
    }

    /// Where the system has huge pages for those who ask, a large block gets some.
    #[test]
    #[cfg(target_os = "linux")]
    fn large_blocks_are_advised() {
        if !std::path::Path::new("/sys/kernel/mm/transparent_hugepage").exists() {
            return;
        }
        let block = vec![1u8; 8 * LARGE];
        let Ok(maps) = std::fs::read_to_string("/proc/self/smaps") else { return };
        let middle = block.as_ptr().addr() + 4 * LARGE;
        let mut is_inside = false;
        for line in maps.lines() {
            let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
            if let Some((from, to)) = range
                && let (Ok(from), Ok(to)) =
                    (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16))
            {
                is_inside = (from..to).contains(&middle);
            } else if is_inside && let Some(flags) = line.strip_prefix("VmFlags:") {
                assert!(flags.split(' ').any(|flag| flag == "hg"), "{flags}");
            }
        }
        assert!(block.iter().all(|&byte| byte == 1));
    }
}
