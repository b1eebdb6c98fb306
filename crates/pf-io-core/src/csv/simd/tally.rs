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
    /// There were quotes.
    quotes: bool,
    /// The text is not simple: [`plain`] need not be tried again.
    odd: bool,
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
            quotes: false,
            odd: false,
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
/// Most texts are simple: no CR, no blank line, perhaps no quotes. They are counted by [`plain`],
/// which notices what it does not understand; then the bytes are counted again with care.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn tally<L: Level>(marks: &Marks, bytes: &[u8], to: &mut Tally) {
    let (blocks, rest) = bytes.as_chunks::<64>();
    // SAFETY: the caller vouches for the instructions, here and below.
    unsafe {
        if !simple::<L>(marks, blocks, to) {
            if marks.quote.is_some() {
                careful::<L, true>(marks, blocks, to);
            } else {
                careful::<L, false>(marks, blocks, to);
            }
        }
        if rest.is_empty() {
            return;
        }
        let mut block = [0; 64];
        block[..rest.len()].copy_from_slice(rest);
        let block = L::load(block.as_ptr());
        to.high |= L::high(block);
        let (turns, valid) = (Turns::of(marks.width), below(rest.len() as u32));
        if marks.quote.is_some() {
            to.step::<L, true>(marks, &turns, block, valid);
        } else {
            to.step::<L, false>(marks, &turns, block, valid);
        }
    }
}

/// Counts on in simple text; if it is not that, nothing has changed but what kind of text it is.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
unsafe fn simple<L: Level>(marks: &Marks, blocks: &[[u8; 64]], to: &mut Tally) -> bool {
    // One field: blank lines look like records. More than fit in a word: another arithmetic.
    if to.odd || to.cr != 0 || to.wrong != 0 || !(2..=64).contains(&marks.width) {
        return false;
    }
    let mut tally = to.clone();
    // SAFETY: the caller vouches for the instructions.
    if !to.quotes && unsafe { plain::<L, false>(marks, blocks, &mut tally) } {
        *to = tally;
        return true;
    }
    if marks.quote.is_some() {
        tally = to.clone();
        // SAFETY: as above.
        if unsafe { plain::<L, true>(marks, blocks, &mut tally) } {
            tally.quotes = true;
            *to = tally;
            return true;
        }
    }
    to.odd = true;
    false
}

/// Counts blocks without a CR and without blank lines, and also without quotes unless `QUOTES`;
/// whether that is what they are, and all records are as they should be.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
unsafe fn plain<L: Level, const QUOTES: bool>(
    marks: &Marks,
    blocks: &[[u8; 64]],
    to: &mut Tally,
) -> bool {
    let Turns { pattern, last } = Turns::of(marks.width);
    let (width, quote) = (marks.width as u32, marks.quote.unwrap_or(b'\r'));
    let Tally { records, mut open, mut inside, mut field, mut close, .. } = *to;
    let (mut lines_seen, mut wrong, mut newline) = (0, 0, to.record);
    let mut all = None;
    for block in blocks {
        // SAFETY: a block has 64 bytes; the caller vouches for the instructions.
        let (separators, lfs, crs, quotes) = unsafe {
            let block = L::load(block.as_ptr());
            all = Some(all.map_or(block, |all| L::or(all, block)));
            let is = |byte| L::equal(block, byte);
            (is(marks.separator), is(b'\n'), is(b'\r'), is(quote))
        };
        wrong |= crs;
        let (mut lines, mut ends) = (lfs, separators | lfs);
        if QUOTES {
            // SAFETY: as above.
            let in_quotes = unsafe { L::parity(quotes) } ^ inside;
            let closed = quotes & !in_quotes;
            let after_close = closed << 1 | close;
            wrong |= quotes & in_quotes & !(ends << 1 | field | after_close);
            wrong |= after_close & !(ends | quotes);
            inside = (in_quotes.cast_signed() >> 63).cast_unsigned();
            close = closed >> 63;
            field = ends >> 63;
            lines &= !in_quotes;
            ends &= !in_quotes;
        } else {
            wrong |= quotes;
            field = ends >> 63;
        }
        newline = lfs >> 63;
        let ended = lines.count_ones();
        // SAFETY: as above.
        wrong |= unsafe { L::misplaced(lines, ends, pattern << (last.wrapping_sub(open) & 63)) };
        lines_seen += u64::from(ended);
        // Wraps in records that are too short, which are wrong.
        open = open.wrapping_add(ends.count_ones()).wrapping_sub(ended.wrapping_mul(width));
    }
    // SAFETY: the caller vouches for the instructions.
    to.high |= all.map_or(0, |all| unsafe { L::high(all) });
    *to =
        Tally { records: records + lines_seen, open, inside, field, close, record: newline, ..*to };
    wrong == 0
}

/// Counts any blocks.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
unsafe fn careful<L: Level, const QUOTES: bool>(
    marks: &Marks,
    blocks: &[[u8; 64]],
    to: &mut Tally,
) {
    let turns = Turns::of(marks.width);
    let mut tally = to.clone();
    let mut all = None;
    for block in blocks {
        // SAFETY: a block has 64 bytes; the caller vouches for the instructions.
        unsafe {
            let block = L::load(block.as_ptr());
            all = Some(all.map_or(block, |all| L::or(all, block)));
            tally.step::<L, QUOTES>(marks, &turns, block, u64::MAX);
        }
    }
    // SAFETY: as above.
    tally.high |= all.map_or(0, |all| unsafe { L::high(all) });
    *to = tally;
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
    /// Counts one block, of which `valid` bytes count.
    ///
    /// # Safety
    /// The processor must have the instructions of `L`.
    #[inline(always)]
    unsafe fn step<L: Level, const QUOTES: bool>(
        &mut self,
        marks: &Marks,
        turns: &Turns,
        block: L::Block,
        valid: u64,
    ) {
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
            self.wrong |= after_close & !(stops | quotes | crs) & valid;
            self.inside = (inside.cast_signed() >> 63).cast_unsigned();
            self.close = closed >> 63;
            outside = !inside;
        }
        let after_cr = crs << 1 | self.cr;
        // A lone CR, one on a line of its own, or one that is data.
        self.wrong |= after_cr & !lfs & valid;
        self.wrong |= if marks.crlf { crs & after_record } else { crs };
        self.cr = crs >> 63;
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
        // SAFETY: as above.
        self.wrong |= unsafe { L::misplaced(lines, ends, turn) };
        let behind = (ends & !(u64::MAX >> lines.leading_zeros().min(63))).count_ones();
        self.open = if lines == 0 { self.open + count } else { behind };
    }
}
