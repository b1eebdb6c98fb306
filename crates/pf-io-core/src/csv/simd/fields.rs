//! Where fields end, for records that have as many as they should.

use super::level::Level;
use super::masks::{Carry, Specials, below, below_lowest, masks};

/// Places of records and fields, and how many fields each record has.
#[derive(Debug)]
pub struct Places<'a> {
    /// Where each record starts.
    pub starts: &'a mut Vec<u32>,
    /// Where each field ends, `width` for each record.
    pub ends: &'a mut Vec<u32>,
    /// Fields of a record; not 0.
    pub width: usize,
}

/// Appends the places of the records from `from` on, and says where the first record starts that is
/// not as it should be (of other width, no bytes, maybe a comment, or not as parity assumes), does
/// not end in `bytes`, or for which there is no room in the two vectors. `bytes` are at most 4 GiB
/// and end with a whole line end if they end with one.
///
/// Without `QUOTES`, the caller knows that there is no quote.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn fields<L: Level, const QUOTES: bool>(
    specials: &Specials,
    bytes: &[u8],
    from: usize,
    places: &mut Places<'_>,
) -> usize {
    let mut carry = Carry::record();
    let width = places.width;
    let (rows, fields) = (places.starts.len(), places.ends.len());
    let row_room = places.starts.capacity() - rows;
    let field_room = places.ends.capacity() - fields;
    // SAFETY: one past what is filled is still in the allocation.
    let (starts, ends) =
        unsafe { (places.starts.as_mut_ptr().add(rows), places.ends.as_mut_ptr().add(fields)) };
    let (mut new_rows, mut new_fields, mut want) = (0, 0, width);
    let (mut start, mut at) = (from, from);
    let mut rest = [0; 64];
    'blocks: while at < bytes.len() && new_fields + 64 <= field_room && new_rows + 64 <= row_room {
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
        let mut found = unsafe {
            let next = || bytes.get(at + 64).copied();
            masks::<L, QUOTES>(specials, block, valid, next, &mut carry)
        };
        if found.doubt != 0 {
            found.lines &= below_lowest(found.doubt);
        }
        // SAFETY: there is room for 64 places behind the `new_fields` that are filled.
        unsafe { L::places(found.ends, at as u32, ends.add(new_fields)) };
        let mut lines = found.lines;
        while lines != 0 {
            let bit = lines.trailing_zeros();
            let end = at + bit as usize;
            let before = (found.ends & below(bit)).count_ones() as usize;
            if new_fields + before + 1 != want || end == start {
                break 'blocks;
            }
            // SAFETY: there is room for 64 more rows at the start of a block, which ends 64 at most.
            unsafe { *starts.add(new_rows) = start as u32 };
            new_rows += 1;
            want += width;
            start = end + 1;
            if specials.pairs() && found.cr >> bit & 1 != 0 && bytes.get(start) == Some(&b'\n') {
                start += 1;
            }
            lines &= lines - 1;
        }
        if found.doubt != 0 {
            break;
        }
        new_fields += found.ends.count_ones() as usize;
        at += 64;
    }
    // SAFETY: that many rows were written, each with `width` fields, all within the capacity.
    unsafe {
        places.starts.set_len(rows + new_rows);
        places.ends.set_len(fields + new_rows * width);
    }
    start
}
