//! How many records there are, each with as many fields as it should have, and no place of any.
//!
//! Only what most files are made of is understood: lines that end with LF or CRLF, fields between
//! separators, whole fields in quotes, blank lines without a CR. All else is told, not counted.

use super::level::Level;
use super::masks::below;
use super::plain::{Plan, Run};

/// Blocks that are counted before it is known whether they are simple.
const RUN: usize = 256;

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
    /// There were quotes.
    quotes: bool,
    /// The text is not simple: that need not be tried again.
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
            quotes: false,
            odd: false,
        }
    }

    /// All records were as they should be.
    pub fn regular(&self) -> bool {
        self.wrong == 0
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
/// Most texts are simple: no CR, no blank line, perhaps no quotes. They are counted by [`plain`] in
/// runs of [`RUN`] blocks, which notices what it does not understand; that run is counted again with
/// care.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn tally<L: Level>(marks: &Marks, bytes: &[u8], to: &mut Tally) {
    let (blocks, rest) = bytes.as_chunks::<64>();
    // SAFETY: the caller vouches for the instructions, here and below.
    unsafe {
        let done = simple::<L>(marks, blocks, to);
        if marks.quote.is_some() {
            careful::<L, true>(marks, &blocks[done..], to);
        } else {
            careful::<L, false>(marks, &blocks[done..], to);
        }
        if rest.is_empty() {
            return;
        }
        let mut block = [0; 64];
        block[..rest.len()].copy_from_slice(rest);
        let block = L::load(block.as_ptr());
        let (turns, valid) = (Turns::of(marks.width), below(rest.len() as u32));
        if marks.quote.is_some() {
            to.step::<L, true>(marks, &turns, block, valid);
        } else {
            to.step::<L, false>(marks, &turns, block, valid);
        }
    }
}

/// Counts on in simple text, as far as it is that; how many blocks that was.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
unsafe fn simple<L: Level>(marks: &Marks, blocks: &[[u8; 64]], to: &mut Tally) -> usize {
    let known = Plan::knows(marks.separator) && marks.quote.is_none_or(Plan::knows);
    // One field: blank lines look like records. More than fit in a word: another arithmetic.
    if to.odd || to.cr != 0 || to.wrong != 0 || !known || !(2..=64).contains(&marks.width) {
        return 0;
    }
    let mut done = 0;
    if !to.quotes {
        // SAFETY: the caller vouches for the instructions.
        done = unsafe { plain::<L, false>(marks, blocks, to) };
    }
    if done < blocks.len() && marks.quote.is_some() {
        // SAFETY: as above.
        let more = unsafe { plain::<L, true>(marks, &blocks[done..], to) };
        to.quotes |= more > 0;
        done += more;
    }
    to.odd = done < blocks.len();
    done
}

/// Counts blocks without a CR and without blank lines, and also without quotes unless `QUOTES`, as
/// far as that is what they are and all records are as they should be; how many blocks that was.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
unsafe fn plain<L: Level, const QUOTES: bool>(
    marks: &Marks,
    blocks: &[[u8; 64]],
    to: &mut Tally,
) -> usize {
    let Turns { pattern, last } = Turns::of(marks.width);
    let plan = Plan::new(marks.separator, marks.quote, pattern, marks.width);
    let mut done = 0;
    for blocks in blocks.chunks(RUN) {
        let mut run = Run {
            ahead: u64::from(last).wrapping_sub(u64::from(to.open)),
            inside: to.inside,
            special: to.field | to.close,
            close: to.close,
            ..Run::default()
        };
        // SAFETY: the caller vouches for the instructions.
        unsafe { L::plain::<QUOTES>(&plan, blocks, &mut run) };
        let Some(&[.., byte]) = blocks.last() else { break };
        if run.wrong != 0 {
            break;
        }
        *to = Tally {
            records: to.records + run.records,
            open: last.wrapping_sub(run.ahead as u32),
            inside: run.inside,
            field: u64::from(byte == b'\n' || byte == marks.separator),
            record: u64::from(byte == b'\n'),
            close: run.close,
            ..*to
        };
        done += blocks.len();
    }
    done
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
    for block in blocks {
        // SAFETY: a block has 64 bytes; the caller vouches for the instructions.
        unsafe {
            let block = L::load(block.as_ptr());
            tally.step::<L, QUOTES>(marks, &turns, block, u64::MAX);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::super::Simd;
    use super::{Marks, Tally};

    struct Dice(u64);

    impl Dice {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % end as u64) as usize
        }

        fn pick<T: Copy>(&mut self, from: &[T]) -> T {
            from[self.below(from.len())]
        }
    }

    /// Records as they should be, in which quotes are about as frequent as `quoted` in eight.
    fn text(dice: &mut Dice, marks: &Marks, quoted: usize) -> Vec<u8> {
        let mut text = Vec::new();
        let size = dice.pick(&[100, 600, 5000, 30_000]);
        // Other bytes with the same lower bits as those that matter.
        let cells: [&[u8]; 6] = [b"", b"x", b"1234567.5", &[0xac, 0x8a, 0xa2], b"J", &[0x8d; 70]];
        while text.len() < size {
            for at in 0..marks.width {
                if at > 0 {
                    text.push(marks.separator);
                }
                match marks.quote.filter(|_| dice.below(8) < quoted) {
                    Some(quote) => {
                        text.push(quote);
                        for _ in 0..dice.below(4) {
                            let inner = [quote, quote];
                            let separator = [marks.separator];
                            text.extend_from_slice(dice.pick(&[&inner, b"\n", &separator, b"u"]));
                        }
                        text.push(quote);
                    }
                    // At least one byte, or the line of a record might be blank.
                    None => text.extend_from_slice(dice.pick(&cells[usize::from(at == 0)..])),
                }
            }
            text.push(b'\n');
        }
        text
    }

    fn tally(simd: Simd, marks: &Marks, text: &[u8], step: usize, mut from: Tally) -> Tally {
        let whole = text.len() & !63;
        for piece in text[..whole].chunks(step) {
            simd.tally(marks, piece, &mut from);
        }
        simd.tally(marks, &text[whole..], &mut from);
        from
    }

    /// What is told of a text, and nothing else if it is not regular.
    fn told(tally: &Tally) -> Option<[u64; 7]> {
        let Tally { records, blank, open, inside, field, record, close, .. } = *tally;
        tally.regular().then_some([records, blank, open.into(), inside, field, record, close])
    }

    #[test]
    fn what_is_fast_is_what_is_careful() {
        let portable = Simd::named("portable").unwrap();
        let (mut regular, mut damaged) = (0, 0);
        for seed in 1..3000 {
            let mut dice = Dice(seed * 0x9e37_79b9_7f4a_7c15);
            let marks = Marks {
                separator: dice.pick(b",;\t|\x7f\xa7"),
                quote: dice.pick(&[None, Some(b'"'), Some(b'"'), Some(b'\'')]),
                crlf: true,
                width: dice.pick(&[2, 3, 16, 17, 63, 64]),
            };
            let quoted = dice.pick(&[0, 1, 7]);
            let mut text = text(&mut dice, &marks, quoted);
            let damage = dice.pick(&[0, 0, 1, 1, 2]);
            for _ in 0..damage {
                let byte = dice.pick(&[b'\n', b'\r', b'a', marks.separator, b'"', 0xe9]);
                let at = dice.below(text.len());
                if dice.below(2) == 0 {
                    text[at] = byte;
                } else {
                    text.insert(at, byte);
                }
            }
            let careful = Tally { odd: true, ..Tally::at_record() };
            let expected = told(&tally(portable, &marks, &text, text.len().max(1), careful));
            for simd in Simd::levels() {
                let step = 64 * (1 + dice.below(200));
                let found = tally(simd, &marks, &text, step, Tally::at_record());
                assert_eq!(told(&found), expected, "{}, seed {seed}, {marks:?}", simd.name());
                let known = marks.separator < 127;
                assert!(!found.odd || damage > 0 || !known, "{}, seed {seed}", simd.name());
            }
            match expected {
                Some(_) => regular += 1,
                None => damaged += 1,
            }
        }
        assert!(regular > 1000 && damaged > 500, "{regular} regular, {damaged} not");
    }
}
