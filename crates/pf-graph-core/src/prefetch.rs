//! Hints to the processor that a place of an array is needed soon.
//!
//! Kernels on graphs jump: the processor cannot guess the next line of memory, and waits for it.
//! Told some vertices ahead, it fetches many at once, and other than a load a hint keeps nothing
//! waiting.

/// Has the cache line of `values[at]` fetched into the first cache; any `at` is fine.
#[inline]
pub(crate) fn prefetch<T>(values: &[T], at: usize) {
    hint::<T, false>(values, at);
}

/// The same into the second cache, for what is needed later: more lines can be under way to it.
#[inline]
pub(crate) fn prefetch_early<T>(values: &[T], at: usize) {
    hint::<T, true>(values, at);
}

#[inline]
fn hint<T, const EARLY: bool>(values: &[T], at: usize) {
    let place = values.as_ptr().wrapping_add(at);
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: every x86-64 processor has the instructions, which read nothing and never fault.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
        if EARLY {
            _mm_prefetch::<_MM_HINT_T1>(place.cast());
        } else {
            _mm_prefetch::<_MM_HINT_T0>(place.cast());
        }
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: every AArch64 processor has the instructions, which read nothing and never fault.
    unsafe {
        use std::arch::asm;
        if EARLY {
            asm!("prfm pldl2keep, [{}]", in(reg) place, options(nostack, preserves_flags));
        } else {
            asm!("prfm pldl1keep, [{}]", in(reg) place, options(nostack, preserves_flags));
        }
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = place;
}
