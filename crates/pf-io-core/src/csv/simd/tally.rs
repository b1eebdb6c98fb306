//! How many records there are, each with as many fields as it should have, and no place of any.
//!
//! Only what most files are made of is understood: lines that end with LF or CRLF, fields between
//! separators, whole fields in quotes, blank lines without a CR. All else is told, not counted.

use super::level::Level;
use super::masks::below;

/// The bytes that matter.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    /// Between fields.
    pub separator: u8,
    /// Around fields.
    pub quote: Option<u8>,
    /// A LF may have a CR before it.
    pub crlf: bool,
    /// Fields of a record.
    pub width: usize,
}

/// What was counted so far, from the start of a record on.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Records that ended, those of no bytes included.
    pub records: u64,
    /// Those of no bytes.
    pub blank: u64,
    /// Fields that ended in the record that is open.
    open: u32,
    /// All ones if the last byte is in quotes.
    inside: u64,
    /// The last byte was a separator or ended a record.
    field: u64,
    /// It ended a record.
    record: u64,
    /// It was a closing quote.
    close: u64,
    /// It was a CR.
    cr: u64,
    /// Not zero if something is not as it should be: then nothing of the rest is true.
    wrong: u64,
    /// Not zero if there were bytes above 127.
    high: u64,
}

impl Tally {
    /// At the start of a record.
    pub fn at_record() -> Self {
        Self {
            records: 0,
            blank: 0,
            open: 0,
            inside: 0,
            field: 1,
            record: 1,
            close: 0,
            cr: 0,
            wrong: 0,
            high: 0,
        }
    }

    /// All records were as they should be.
    pub fn regular(&self) -> bool {
        self.wrong == 0
    }

    /// Whether all bytes since the last call were ASCII.
    pub fn take_ascii(&mut self) -> bool {
        std::mem::take(&mut self.high) == 0
    }

    /// The last byte is in quotes that are still open.
    pub fn inside(&self) -> bool {
        self.inside != 0
    }

    /// The record that the end of the input ends, counted too if it has `width` fields.
    pub fn close(&mut self, width: usize) {
        self.wrong |= (u64::from(self.open) + 1) ^ width as u64;
        self.records += 1;
    }
}

/// Counts on in `bytes`; all but the last ones of an input are a multiple of 64.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn tally<L: Level>(marks: &Marks, bytes: &[u8], to: &mut Tally) {
    let before = to.clone();
    // SAFETY: the caller vouches for the instructions, here and below.
    let cr = unsafe {
        match marks.quote {
            Some(_) => counted::<L, true, false>(marks, bytes, to),
            None => counted::<L, false, false>(marks, bytes, to),
        }
    };
    // Few texts have them, and without it is faster.
    if cr || before.cr != 0 {
        *to = before;
        // SAFETY: as above.
        unsafe {
            match marks.quote {
                Some(_) => counted::<L, true, true>(marks, bytes, to),
                None => counted::<L, false, true>(marks, bytes, to),
            }
        };
    }
}

/// Counts on as [`tally`] does; whether there were CRs, which do not count without `CRS`.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
unsafe fn counted<L: Level, const QUOTES: bool, const CRS: bool>(
    marks: &Marks,
    bytes: &[u8],
    to: &mut Tally,
) -> bool {
    let turns = Turns::of(marks.width);
    let mut tally = to.clone();
    let (blocks, rest) = bytes.as_chunks::<64>();
    let (mut all, mut crs) = (None, 0);
    for block in blocks {
        // SAFETY: a block has 64 bytes; the caller vouches for the instructions.
        unsafe {
            let block = L::load(block.as_ptr());
            all = Some(all.map_or(block, |all| L::or(all, block)));
            crs |= tally.step::<L, QUOTES, CRS>(marks, &turns, block, u64::MAX);
        }
    }
    if !rest.is_empty() {
        let mut block = [0; 64];
        block[..rest.len()].copy_from_slice(rest);
        // SAFETY: as above.
        unsafe {
            let block = L::load(block.as_ptr());
            all = Some(all.map_or(block, |all| L::or(all, block)));
            crs |= tally.step::<L, QUOTES, CRS>(marks, &turns, block, below(rest.len() as u32));
        }
    }
    // SAFETY: as above.
    tally.high |= all.map_or(0, |all| unsafe { L::high(all) });
    *to = tally;
    crs != 0
}

/// Which ends of fields are ends of records.
struct Turns {
    /// Every `width`-th bit.
    pattern: u64,
    /// How far the first is from the start of a record.
    last: u32,
}

impl Turns {
    fn of(width: usize) -> Self {
        let pattern = (0..64).step_by(width.max(1)).fold(0_u64, |bits, at| bits | 1 << at);
        Self { pattern, last: width.saturating_sub(1) as u32 }
    }
}

impl Tally {
    /// Counts one block, of which `valid` bytes count; its CRs.
    ///
    /// # Safety
    /// The processor must have the instructions of `L`.
    #[inline(always)]
    unsafe fn step<L: Level, const QUOTES: bool, const CRS: bool>(
        &mut self,
        marks: &Marks,
        turns: &Turns,
        block: L::Block,
        valid: u64,
    ) -> u64 {
        // SAFETY: the caller vouches for the instructions, here and below.
        let (separators, lfs, crs) = unsafe {
            (
                L::equal(block, marks.separator) & valid,
                L::equal(block, b'\n') & valid,
                L::equal(block, b'\r') & valid,
            )
        };
        let stops = separators | lfs;
        let after_record = lfs << 1 | self.record;
        let mut outside = u64::MAX;
        if QUOTES {
            // SAFETY: as above.
            let quotes = unsafe { L::equal(block, marks.quote.unwrap_or_default()) } & valid;
            // SAFETY: as above.
            let inside = unsafe { L::parity(quotes) } ^ self.inside;
            let closed = quotes & !inside;
            let after_field = stops << 1 | self.field;
            let after_close = closed << 1 | self.close;
            self.wrong |= quotes & inside & !(after_field | after_close);
            let follows = stops | quotes | if CRS { crs } else { 0 };
            self.wrong |= after_close & !follows & valid;
            self.inside = (inside.cast_signed() >> 63).cast_unsigned();
            self.close = closed >> 63;
            outside = !inside;
        }
        if CRS {
            let after_cr = crs << 1 | self.cr;
            // A lone CR, one on a line of its own, or one that is data.
            self.wrong |= after_cr & !lfs & valid;
            self.wrong |= if marks.crlf { crs & after_record } else { crs };
            self.cr = crs >> 63;
        }
        self.field = stops >> 63;

        let mut lines = lfs & outside;
        let mut ends = stops & outside;
        self.records += u64::from(lines.count_ones());
        let blank = lines & after_record;
        self.record = lfs >> 63;
        if blank != 0 {
            self.blank += u64::from(blank.count_ones());
            lines &= !blank;
            ends &= !blank;
        }
        // Line ends must be every `width`-th end, and no other.
        let count = ends.count_ones();
        let turn = turns.pattern.checked_shl(turns.last.wrapping_sub(self.open)).unwrap_or(0);
        let turn = turn & u64::MAX.checked_shr(64 - count).unwrap_or(0);
        // SAFETY: as above.
        self.wrong |= unsafe { L::extract(lines, ends) } ^ turn;
        let behind = (ends & !(u64::MAX >> lines.leading_zeros().min(63))).count_ones();
        self.open = if lines == 0 { self.open + count } else { behind };
        crs
    }
}
