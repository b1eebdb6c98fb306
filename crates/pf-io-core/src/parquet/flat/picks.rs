//! The wanted rows of a chunk, page by page: pages without one are passed over unopened.

use std::ops::Range;

use arrow::buffer::NullBuffer;
use parquet::basic::Encoding;

use super::bits::{Hybrid, Run};
use super::levels::{self, Validity};
use super::page::{Found, Kind, Page};
use super::unpack::Unpacker;
use super::{Chunk, Fault, Outcome};

/// What [`each_page`] comes across.
pub(super) enum Step<'p> {
    Dictionary(Page<'p>),
    Values(Picked<'p>),
}

/// A page with wanted rows.
pub(super) struct Picked<'p> {
    pub encoding: Encoding,
    pub body: &'p [u8],
    /// Values the page holds, nulls left out.
    pub present: usize,
    /// Which of these are wanted, ascending.
    pub positions: &'p [u32],
    /// Where the page's wanted rows, nulls included, come out.
    pub out: Range<usize>,
    validity: &'p Validity,
}

impl Picked<'_> {
    /// Whether the wanted row `index` of this page is valid.
    pub fn is_valid(&self, index: usize) -> bool {
        self.validity.is_valid(self.out.start + index)
    }

    /// A function that is called with all values in turn and calls `each` with the wanted ones.
    pub fn only<V>(&self, mut each: impl FnMut(usize, V)) -> impl FnMut(usize, V) {
        let mut wanted = self.positions.iter().enumerate().peekable();
        move |index, value| {
            if let Some((at, _)) = wanted.next_if(|(_, position)| **position as usize == index) {
                each(at, value);
            }
        }
    }
}

/// Calls `visit` with the dictionary and with every page that has one of `rows`, which ascend;
/// gives their validity.
pub(super) fn each_page(
    chunk: &Chunk<'_>,
    rows: &[u32],
    unpacker: &mut Unpacker,
    mut visit: impl FnMut(Step<'_>) -> Outcome<()>,
) -> Outcome<Option<NullBuffer>> {
    let mut pages = chunk.pages();
    let mut places = chunk.places.iter().flatten();
    let mut validity = Validity::new(rows.len());
    let mut positions = Vec::new();
    let (mut at, mut done) = (0_usize, 0);
    loop {
        let mut wanted = 0..0;
        let mut misfit = false;
        let found = pages.next_wanted(unpacker, |values| {
            if chunk.places.is_some() {
                // Only pages of the index are here.
                let place = places.next();
                misfit = place.is_none_or(|rows| rows.len() != values);
                at = place.map_or(at, |rows| rows.start);
            }
            let end = at.saturating_add(values);
            let count = rows[done..].partition_point(|&row| (row as usize) < end);
            wanted = done..done + count;
            count > 0
        })?;
        if misfit {
            return Err(misplaced());
        }
        let page = match found {
            None => break,
            Some(Found::Passed(values)) => {
                at = at.checked_add(values).ok_or_else(|| chunk.too_many())?;
                continue;
            }
            Some(Found::Page(page)) => page,
        };
        chunk.check()?;
        if page.kind == Kind::Dictionary {
            visit(Step::Dictionary(page))?;
            continue;
        }
        let end = at.checked_add(page.values).filter(|&end| end <= chunk.rows);
        let end = end.ok_or_else(|| chunk.too_many())?;
        let mut valid = Validity::new(page.values);
        let (present, body) = levels::read(&page, chunk.optional, &mut valid)?;
        if rows[wanted.start] < u32::try_from(at).unwrap_or(u32::MAX) {
            return Err(misplaced());
        }
        let of_page = rows[wanted.clone()].iter().map(|&row| row as usize - at);
        positions.clear();
        valid.positions(of_page, |position| {
            validity.append_n(1, position.is_some());
            positions.extend(position);
        });
        visit(Step::Values(Picked {
            encoding: page.encoding,
            body,
            present,
            positions: &positions,
            out: wanted.clone(),
            validity: &validity,
        }))?;
        done = wanted.end;
        at = end;
    }
    // With the places of pages from an index, only some of them are here.
    if chunk.places.is_none() && at != chunk.rows {
        return Err(if at > chunk.rows { chunk.too_many() } else { chunk.too_few(at) });
    }
    if done != rows.len() {
        return Err(misplaced());
    }
    Ok(validity.finish())
}

fn misplaced() -> Fault {
    Fault::damaged("pages are not where their index says")
}

/// Calls `each` with the integers at `positions` among the `count` in a page of indices.
pub(super) fn indices(
    body: &[u8],
    count: usize,
    positions: &[u32],
    mut each: impl FnMut(usize, u32) -> Outcome<()>,
) -> Outcome<()> {
    if positions.is_empty() {
        return Ok(());
    }
    let cut = || Fault::damaged("the values of a page are cut off");
    let (&width, body) = body.split_first().ok_or_else(cut)?;
    let mut hybrid = Hybrid::new(body, width, count)?;
    let (mut start, mut next) = (0, 0);
    while next < positions.len() {
        let run = hybrid.next()?.ok_or_else(cut)?;
        let length = match &run {
            Run::Same { count, .. } => *count,
            Run::Packed(packed) => packed.left,
        };
        let end = start + length;
        let inside = positions[next..].partition_point(|&position| (position as usize) < end);
        for (at, &position) in positions.iter().enumerate().skip(next).take(inside) {
            let value = match &run {
                Run::Same { value, .. } => *value,
                Run::Packed(packed) => packed.get(position as usize - start),
            };
            each(at, value)?;
        }
        next += inside;
        start = end;
    }
    Ok(())
}
