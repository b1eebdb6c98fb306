//! Where records end: enough to cut the input between them.

use super::level::Level;
use super::masks::{Carry, Specials, below, below_lowest, masks};

/// Whole records that were passed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Where the first record starts that was not passed over.
    pub next: usize,
    /// How many were, those of no bytes included; there is no comment among them.
    pub records: u64,
    /// How many of them had no bytes.
    pub blank: u64,
    /// Physical lines they cover.
    pub lines: u64,
    /// There was no byte above 127, also not in what follows.
    pub ascii: bool,
    /// There was a quote, maybe in what follows.
    pub quoted: bool,
}

/// Passes over the records that start at `from` until one may be a comment, or is not as parity
/// assumes, or has no end in `bytes`. A CR at the end of `bytes` is taken for a line end.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn records<L: Level>(specials: &Specials, bytes: &[u8], from: usize) -> Counted {
    let mut carry = Carry::record();
    let mut counted = Counted { next: from, ascii: true, ..Counted::default() };
    let (mut high, mut quotes, mut seen, mut end) = (0, 0, 0, None);
    let mut at = from;
    let mut rest = [0; 64];
    while at < bytes.len() {
        let left = bytes.len() - at;
        let (block, valid) = if left >= 64 {
            // SAFETY: 64 bytes follow `at`; the caller vouches for the instructions.
            (unsafe { L::load(bytes.as_ptr().add(at)) }, u64::MAX)
        } else {
            rest[..left].copy_from_slice(&bytes[at..]);
            // SAFETY: `rest` has 64 bytes; the caller vouches for the instructions.
            (unsafe { L::load(rest.as_ptr()) }, below(left as u32))
        };
        // SAFETY: the caller vouches for the instructions.
        let (mut found, above) = unsafe {
            let next = || bytes.get(at + 64).copied();
            (masks::<L, true>(specials, block, valid, next, &mut carry), L::high(block))
        };
        high |= above & valid;
        quotes |= found.quotes;
        if found.doubt != 0 {
            let sure = below_lowest(found.doubt);
            found.lines &= sure;
            found.blank &= sure;
        }
        if found.lines != 0 {
            let last = found.lines.ilog2();
            end = Some(at + last as usize);
            counted.records += u64::from(found.lines.count_ones());
            counted.blank += u64::from(found.blank.count_ones());
            let passed = found.all_lines & (below(last) | 1 << last);
            counted.lines = seen + u64::from(passed.count_ones());
        }
        if found.doubt != 0 {
            break;
        }
        seen += u64::from(found.all_lines.count_ones());
        at += 64;
    }
    if let Some(end) = end {
        let pair = specials.pairs() && bytes[end] == b'\r' && bytes.get(end + 1) == Some(&b'\n');
        counted.next = end + 1 + usize::from(pair);
    }
    counted.ascii = high == 0;
    counted.quoted = quotes != 0;
    counted
}

/// For each place (ascending), `first` and the line ends that begin between `from` and it.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn lines<L: Level>(
    specials: &Specials,
    bytes: &[u8],
    from: usize,
    places: &[u32],
    first: u64,
    to: &mut Vec<u64>,
) {
    let mut carry = Carry::record();
    let (mut line, mut at, mut done) = (first, from, 0);
    let mut rest = [0; 64];
    while at < bytes.len() && done < places.len() {
        let left = bytes.len() - at;
        let (block, valid) = if left >= 64 {
            // SAFETY: 64 bytes follow `at`; the caller vouches for the instructions.
            (unsafe { L::load(bytes.as_ptr().add(at)) }, u64::MAX)
        } else {
            rest[..left].copy_from_slice(&bytes[at..]);
            // SAFETY: `rest` has 64 bytes; the caller vouches for the instructions.
            (unsafe { L::load(rest.as_ptr()) }, below(left as u32))
        };
        // SAFETY: the caller vouches for the instructions.
        let found = unsafe {
            let next = || bytes.get(at + 64).copied();
            masks::<L, false>(specials, block, valid, next, &mut carry)
        };
        while let Some(&place) = places.get(done) {
            let inside = (place as usize).saturating_sub(at);
            if inside >= 64 {
                break;
            }
            let before = found.all_lines & below(inside as u32);
            to.push(line + u64::from(before.count_ones()));
            done += 1;
        }
        line += u64::from(found.all_lines.count_ones());
        at += 64;
    }
    to.extend(places[done..].iter().map(|_| line));
}
