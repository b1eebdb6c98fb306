//! NumPy arrays of callers as slices and vectors.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicI32, AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};

use numpy::{Element, PyArray1, PyArrayMethods, PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyList;
use rayon::prelude::*;

/// The items in place if they lie side by side, else a copy.
pub(super) fn slice<'a, T: Element + Copy>(array: &'a PyReadonlyArray1<'_, T>) -> Cow<'a, [T]> {
    match array.as_slice() {
        Ok(items) => Cow::Borrowed(items),
        Err(_) => Cow::Owned(gathered(array)),
    }
}

/// A copy of items with gaps between them, or at addresses that do not suit their type.
fn gathered<T: Element + Copy>(array: &PyReadonlyArray1<'_, T>) -> Vec<T> {
    let stride = array.strides().first().copied().unwrap_or(0);
    let start = array.data().cast::<u8>();
    let item = |i: usize| {
        // SAFETY: NumPy's item i of so many; unaligned reads need nothing else.
        unsafe { start.offset(i as isize * stride).cast::<T>().read_unaligned() }
    };
    (0..array.len()).map(item).collect()
}

/// A copy, which nobody else writes to.
pub(super) fn copied<T: Element + Copy>(array: &PyReadonlyArray1<'_, T>) -> Vec<T> {
    slice(array).into_owned()
}

/// Items per piece of a copy.
const PIECE: usize = 1 << 15;

/// The items of an array that other Python threads may write to while the interpreter is free.
///
/// Nothing vouches for them: a read-only array may have a view that is not. So they are never
/// looked at as a slice, but copied once, item by item as atomics, by all threads of the pool;
/// whoever writes meanwhile gets some of its items copied, and what is checked is the copy.
pub(super) struct Shared<'a, T> {
    first: *mut T,
    len: usize,
    array: PhantomData<&'a T>,
}

// SAFETY: the items are only read, as atomics; the array lives as long as `'a`.
unsafe impl<T> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Shared<'_, T> {}

/// A type of which single items are read as atomics.
pub(super) trait Item: Element + Copy {
    /// The item at a place that is valid and aligned.
    ///
    /// # Safety
    /// As for `AtomicI32::from_ptr`.
    unsafe fn load(place: *mut Self) -> Self;
}

impl Item for i32 {
    unsafe fn load(place: *mut Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { AtomicI32::from_ptr(place) }.load(Relaxed)
    }
}

impl Item for u32 {
    unsafe fn load(place: *mut Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { AtomicU32::from_ptr(place) }.load(Relaxed)
    }
}

impl Item for i64 {
    unsafe fn load(place: *mut Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { AtomicI64::from_ptr(place) }.load(Relaxed)
    }
}

impl Item for f64 {
    unsafe fn load(place: *mut Self) -> Self {
        // SAFETY: the caller's promise; an f64 has the size and alignment of its bits.
        Self::from_bits(unsafe { AtomicU64::from_ptr(place.cast()) }.load(Relaxed))
    }
}

impl<'a, T: Item> Shared<'a, T> {
    /// `None` if the items do not lie side by side and aligned.
    fn new(array: &'a PyReadonlyArray1<'_, T>) -> Option<Self> {
        let first = array.data();
        let is_plain = array.is_contiguous() && first.is_aligned();
        is_plain.then_some(Self { first, len: array.len(), array: PhantomData })
    }

    fn copy<U: Send>(&self, convert: impl Fn(T) -> U + Sync) -> Vec<U> {
        let item = |i: usize| {
            // SAFETY: `i` is below the length, and the items are aligned. Saves holding the
            // interpreter while 10 M arcs are copied, and half of the time.
            convert(unsafe { T::load(self.first.add(i)) })
        };
        (0..self.len).into_par_iter().with_min_len(PIECE).map(item).collect()
    }
}

/// The items of a caller's array, to be copied when the interpreter is free.
pub(super) enum Items<'a, T> {
    Shared(Shared<'a, T>),
    Copied(Vec<T>),
}

impl<'a, T: Item> Items<'a, T> {
    pub fn new(array: &'a PyReadonlyArray1<'_, T>) -> Self {
        let odd = || Self::Copied(gathered(array));
        Shared::new(array).map_or_else(odd, Self::Shared)
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Shared(shared) => shared.len,
            Self::Copied(items) => items.len(),
        }
    }

    /// A copy that nobody else writes to.
    pub fn copy<U: Send>(&self, convert: impl Fn(T) -> U + Sync) -> Vec<U> {
        match self {
            Self::Shared(shared) => shared.copy(convert),
            Self::Copied(items) => items.iter().map(|&item| convert(item)).collect(),
        }
    }
}

/// A list of vertices, or numbers for all of them.
pub(super) enum Vector {
    Vertices(Vec<u32>),
    Floats(Vec<f64>),
}

impl Vector {
    pub fn len(&self) -> usize {
        match self {
            Self::Vertices(vertices) => vertices.len(),
            Self::Floats(numbers) => numbers.len(),
        }
    }

    /// A copy of a NumPy array of `uint32` or `float64`; of a list, if these are few vertices.
    pub fn read(array: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(vertices) = array.cast_exact::<PyList>() {
            return Ok(Self::Vertices(vertices.extract()?));
        }
        if let Ok(vertices) = array.cast::<PyArray1<u32>>() {
            return Ok(Self::Vertices(copied(&vertices.try_readonly()?)));
        }
        let floats: PyReadonlyArray1<'_, f64> = array.extract()?;
        Ok(Self::Floats(copied(&floats)))
    }
}
