//! Cells in their usual form, one after the other until one is not.
//!
//! The loop is apart from all that other cells need, so that what it works with stays in registers.

#![expect(clippy::inline_always, reason = "the loop over a column is around it")]

use super::cell::Cells;
use super::column::Fixed;
use super::facts::Facts;
use super::parse::dates::{self, Instant};
use super::parse::{floats, ints};

/// Days and seconds around 1970 that nanoseconds surely hold.
const NANO_DAYS: u32 = 106_751;
const NANO_SECONDS: u64 = 9_223_372_036;

/// Takes cells of one kind, and keeps what inference must know of those it took.
pub(super) trait Usual: Copy {
    type Value: Fixed;

    /// The value of `bytes[start..end]` if it is in its usual form; else nothing is kept of it.
    fn take(&mut self, bytes: &[u8], start: usize, end: usize) -> Option<Self::Value>;

    /// As [`Self::take`], for a form that is not quite as usual.
    fn take_next(&mut self, bytes: &[u8], start: usize, end: usize) -> Option<Self::Value> {
        self.take(bytes, start, end)
    }

    /// Notes what was taken.
    fn note(&self, facts: &mut Facts);
}

/// Writes the values of the cells from row `from` on; gives the first row whose cell is not in its
/// usual form, or which is not in `place`.
pub(super) fn take_all<U: Usual>(
    usual: &mut U,
    cells: &Cells<'_>,
    from: usize,
    place: &mut [u8],
) -> usize {
    if cells.column == 0 {
        take_rows::<U, true>(usual, cells, from, place)
    } else {
        take_rows::<U, false>(usual, cells, from, place)
    }
}

#[inline(never)]
fn take_rows<U: Usual, const FIRST: bool>(
    usual: &mut U,
    cells: &Cells<'_>,
    from: usize,
    place: &mut [u8],
) -> usize {
    let rows = cells.there().min(place.len() / U::Value::WIDTH);
    let (bytes, mut taken, mut row) = (cells.bytes, *usual, from);
    let place = place.as_mut_ptr().cast::<U::Value>();
    while row < rows {
        // SAFETY: the row is there, and `FIRST` says whether its column is the first.
        let (start, end) = unsafe { cells.place_unchecked::<FIRST>(row) };
        let Some(value) = taken.take(bytes, start, end) else { break };
        // SAFETY: there is room for `rows` values.
        unsafe { place.add(row).write_unaligned(value) };
        row += 1;
    }
    *usual = taken;
    row
}

/// Nothing is usual.
#[derive(Clone, Copy)]
pub(super) struct Never<T>(pub std::marker::PhantomData<T>);

impl<T: Fixed> Usual for Never<T> {
    type Value = T;

    #[inline(always)]
    fn take(&mut self, _: &[u8], _: usize, _: usize) -> Option<T> {
        None
    }

    fn note(&self, _: &mut Facts) {}
}

/// Integers.
#[derive(Clone, Copy)]
pub(super) struct Ints {
    quick: bool,
    least: i64,
    most: i64,
}

impl Ints {
    pub fn new(quick: bool) -> Self {
        Self { quick, least: i64::MAX, most: i64::MIN }
    }
}

impl Usual for Ints {
    type Value = i64;

    #[inline(always)]
    fn take(&mut self, bytes: &[u8], start: usize, end: usize) -> Option<i64> {
        let number = if self.quick { ints::quick(bytes, start, end)? } else { return None };
        self.least = self.least.min(number);
        self.most = self.most.max(number);
        Some(number)
    }

    fn note(&self, facts: &mut Facts) {
        if self.least <= self.most {
            facts.seen = true;
            facts.note_ints(i128::from(self.least), i128::from(self.most));
        }
    }
}

/// Floats, and integers among them.
#[derive(Clone, Copy)]
pub(super) struct Floats {
    quick: bool,
    point: u8,
    least: f64,
    most: f64,
    whole: u8,
    fraction: u8,
    any: bool,
}

impl Floats {
    pub fn new(quick: bool, point: u8) -> Self {
        let (least, most) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { quick, point, least, most, whole: 0, fraction: 0, any: false }
    }

    #[inline(always)]
    fn took(&mut self, float: floats::Quick) -> f64 {
        if float.integer {
            self.least = self.least.min(float.value);
            self.most = self.most.max(float.value);
        } else {
            self.whole = self.whole.max(float.whole);
            self.fraction = self.fraction.max(float.fraction);
            self.any = true;
        }
        float.value
    }
}

impl Usual for Floats {
    type Value = f64;

    #[inline(always)]
    fn take(&mut self, bytes: &[u8], start: usize, end: usize) -> Option<f64> {
        let float =
            if self.quick { floats::quick(bytes, start, end, self.point)? } else { return None };
        Some(self.took(float))
    }

    fn take_next(&mut self, bytes: &[u8], start: usize, end: usize) -> Option<f64> {
        if let Some(value) = self.take(bytes, start, end) {
            return Some(value);
        }
        let float = floats::long(bytes, start, end, self.point).filter(|_| self.quick)?;
        Some(self.took(float))
    }

    fn note(&self, facts: &mut Facts) {
        facts.seen |= self.any || self.least <= self.most;
        if self.any {
            facts.note_floats(self.whole, self.fraction, false);
        }
        if self.least <= self.most {
            facts.note_ints(self.least as i128, self.most as i128);
        }
    }
}

/// Days, ISO 8601.
#[derive(Clone, Copy)]
pub(super) struct Days {
    quick: bool,
    any: Option<i32>,
}

impl Days {
    pub fn new(quick: bool) -> Self {
        Self { quick, any: None }
    }
}

impl Usual for Days {
    type Value = i32;

    #[inline(always)]
    fn take(&mut self, bytes: &[u8], start: usize, end: usize) -> Option<i32> {
        if !self.quick {
            return None;
        }
        let days = dates::date(bytes.get(start..end)?)?;
        // What nanoseconds may not hold is noted slowly.
        if days.unsigned_abs() >= NANO_DAYS {
            return None;
        }
        self.any = Some(days);
        self.any
    }

    fn note(&self, facts: &mut Facts) {
        if let Some(days) = self.any {
            facts.seen = true;
            facts.note_date(days);
        }
    }
}

/// Points in time, ISO 8601.
#[derive(Clone, Copy)]
pub(super) struct Instants {
    quick: bool,
    nanos: bool,
    zoned: bool,
    /// One without an offset and a fraction, in seconds.
    plain: Option<i64>,
    last: Option<Instant>,
    /// One with more than six digits behind the second.
    fine: Option<Instant>,
}

impl Instants {
    pub fn new(quick: bool, nanos: bool, zoned: bool) -> Self {
        Self { quick, nanos, zoned, plain: None, last: None, fine: None }
    }
}

impl Usual for Instants {
    type Value = i64;

    #[inline(always)]
    fn take(&mut self, bytes: &[u8], start: usize, end: usize) -> Option<i64> {
        if !self.quick {
            return None;
        }
        let text = bytes.get(start..end)?;
        let (per_second, width) = if self.nanos { (1_000_000_000, 1) } else { (1_000_000, 1000) };
        if text.len() == 19 && !self.zoned {
            let seconds = dates::plain(text)?;
            if seconds.unsigned_abs() >= NANO_SECONDS {
                return None;
            }
            self.plain = Some(seconds);
            return Some(seconds * per_second);
        }
        let instant = dates::instant(text)?;
        // What is not like the first one is noted slowly.
        let usual = instant.offset.is_some() == self.zoned
            && (self.nanos || instant.digits <= 6)
            && instant.seconds.unsigned_abs() < NANO_SECONDS
            && self.last.is_none_or(|last| last.offset == instant.offset);
        if !usual {
            return None;
        }
        self.last = Some(instant);
        if instant.digits > 6 {
            self.fine = self.last;
        }
        Some(instant.seconds * per_second + instant.nanos / width)
    }

    fn note(&self, facts: &mut Facts) {
        let plain =
            self.plain.map(|seconds| Instant { seconds, nanos: 0, digits: 0, offset: None });
        for instant in plain.iter().chain(&self.last).chain(&self.fine) {
            facts.seen = true;
            facts.note_instant(instant);
        }
    }
}
