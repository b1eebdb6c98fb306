//! `DELTA_BYTE_ARRAY`: each value is the beginning of the one before it, and what follows.
//!
//! Parquet format, Encodings.md: delta-encoded lengths of the beginnings, then of the rest, then the
//! bytes of the rest. The first value of a page has nothing before it.

use super::{Chunk, Fault, Outcome, delta};

/// A page of byte strings, once its lengths are known.
pub(super) struct Prefixed<'p> {
    prefixes: &'p [u32],
    suffixes: &'p [u8],
    /// Bytes of all values.
    pub total: usize,
}

impl<'p> Prefixed<'p> {
    /// Reads the lengths of the values into `lengths`; `prefixes` are made anew.
    pub fn read(
        chunk: &Chunk<'_>,
        body: &'p [u8],
        prefixes: &'p mut Vec<u32>,
        lengths: &mut [i64],
    ) -> Outcome<Self> {
        let rest = read_prefixes(chunk, body, lengths.len(), prefixes)?;
        let suffixes = delta::read(rest, lengths.len(), |index, length| lengths[index] = length)?;
        let (mut before, mut stored, mut total) = (0, 0_usize, 0_usize);
        for (&prefix, length) in prefixes.iter().zip(lengths) {
            let suffix = usize::try_from(*length).ok().filter(|&size| size <= suffixes.len());
            let suffix = suffix.ok_or_else(cut)?;
            stored = stored.saturating_add(suffix);
            let whole = linked(prefix, before)?.saturating_add(suffix);
            total = total.saturating_add(whole);
            *length = whole as i64;
            before = whole;
        }
        if stored > suffixes.len() {
            return Err(cut());
        }
        Ok(Self { prefixes, suffixes, total })
    }

    /// Puts the values together at `start` of `out`, which has room for them; their lengths become
    /// their ends. Gives the end of the last one.
    pub fn join(&self, lengths: &mut [i64], out: &mut [u8], start: usize) -> usize {
        let (mut before, mut at) = (start, start);
        let mut rest = self.suffixes;
        for (&prefix, length) in self.prefixes.iter().zip(lengths) {
            let (prefix, end) = (prefix as usize, at + *length as usize);
            let (suffix, after) = rest.split_at(end - at - prefix);
            rest = after;
            out.copy_within(before..before + prefix, at);
            out[at + prefix..end].copy_from_slice(suffix);
            *length = end as i64;
            (before, at) = (at, end);
        }
        at
    }
}

/// Values of `N` bytes each; calls `each` with every one.
pub(super) fn fixed<const N: usize>(
    chunk: &Chunk<'_>,
    body: &[u8],
    count: usize,
    prefixes: &mut Vec<u32>,
    mut each: impl FnMut(usize, [u8; N]),
) -> Outcome<()> {
    let rest = read_prefixes(chunk, body, count, prefixes)?;
    let mut whole = true;
    let mut suffixes = delta::read(rest, count, |index, length| {
        whole &= i64::from(prefixes[index]).saturating_add(length) == N as i64;
    })?;
    if !whole {
        return Err(Fault::damaged("a value of another length than the column's"));
    }
    let mut value = [0; N];
    let mut before = 0;
    for (index, &prefix) in prefixes.iter().enumerate() {
        let tail = &mut value[linked(prefix, before)?..];
        let (suffix, after) = suffixes.split_at_checked(tail.len()).ok_or_else(cut)?;
        tail.copy_from_slice(suffix);
        suffixes = after;
        before = N;
        each(index, value);
    }
    Ok(())
}

/// Lengths of the beginnings; gives the bytes behind them.
fn read_prefixes<'p>(
    chunk: &Chunk<'_>,
    body: &'p [u8],
    count: usize,
    out: &mut Vec<u32>,
) -> Outcome<&'p [u8]> {
    let bytes = (count as u64).saturating_mul(4);
    chunk.context.budget().charge(chunk.path, bytes, "lengths").map_err(Fault::Stopped)?;
    out.clear();
    out.try_reserve_exact(count).map_err(|_| Fault::Limit { needed: bytes, limit: 0 })?;
    // A length that is none is longer than any value before it.
    delta::read(body, count, |_, length| out.push(u32::try_from(length).unwrap_or(u32::MAX)))
}

/// The length of a beginning, which is a part of the value before.
fn linked(prefix: u32, before: usize) -> Outcome<usize> {
    let prefix = prefix as usize;
    if prefix > before {
        return Err(Fault::damaged("a value begins with more than the one before it has"));
    }
    Ok(prefix)
}

fn cut() -> Fault {
    Fault::damaged("the values of a page are cut off")
}
