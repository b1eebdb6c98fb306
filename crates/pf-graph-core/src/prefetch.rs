//! Hints to the processor that a place of an array is needed soon.
//!
//! Kernels on graphs jump: the processor cannot guess the next line of memory, and waits for it.
//! Told some vertices ahead, it fetches many at once, and other than a load a hint keeps nothing
//! waiting.

/// Has the cache line of `values[at]` fetched into the first cache; any `at` is fine.
#[inline]
pub(crate) fn prefetch<T>(values: &[T], at: usize) {
    let place = values.as_ptr().wrapping_add(at);
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: every x86-64 processor has the instruction, which reads nothing and never faults.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(place.cast());
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: every AArch64 processor has the instruction, which reads nothing and never faults.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) place, options(nostack, preserves_flags));
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = place;
}

/// The same into the second cache, for what is needed later: more lines can be under way to it.
#[inline]
pub(crate) fn prefetch_early<T>(values: &[T], at: usize) {
    let place = values.as_ptr().wrapping_add(at);
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: as above.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(place.cast());
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: as above.
    unsafe {
        std::arch::asm!("prfm pldl2keep, [{}]", in(reg) place, options(nostack, preserves_flags));
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = place;
}
