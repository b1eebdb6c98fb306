//! Plain text: without a CR and without blank lines, which is most; counted block by block.
//!
//! A line end must be just every `width`-th end of a field. A quote that opens follows an end of a
//! field or the quote that it doubles, one that closes is followed by one of these. What is not so
//! makes [`Run::wrong`] not zero, and then the rest of the run means nothing.

use super::level::Level;

/// What the bytes are, and which ends of fields end records.
#[derive(Debug)]
pub(super) struct Plan {
    pub separator: u8,
    /// A CR if there are no quotes: plain text has none.
    pub quote: u8,
    /// Fields of a record.
    pub width: u64,
    /// Every `width`-th bit.
    pub pattern: u64,
    /// The kind of each byte below 127; 127 stands for all others.
    pub kinds: [u8; 128],
}

/// A kind of byte in [`Plan::kinds`]; some are of two.
pub(super) const QUOTE: u8 = 1;
/// A separator or a LF.
pub(super) const STOP: u8 = 2;
pub(super) const LF: u8 = 4;
pub(super) const CR: u8 = 8;

impl Plan {
    /// For bytes that it [knows](Self::knows).
    pub fn new(separator: u8, quote: Option<u8>, pattern: u64, width: usize) -> Self {
        let quote = quote.unwrap_or(b'\r');
        let mut kinds = [0; 128];
        for (byte, kind) in [(quote, QUOTE), (separator, STOP), (b'\n', STOP | LF), (b'\r', CR)] {
            kinds[usize::from(byte & 127)] |= kind;
        }
        Self { separator, quote, width: width as u64, pattern, kinds }
    }

    /// Whether the byte may be a separator or quote.
    pub fn knows(byte: u8) -> bool {
        byte < 127
    }
}

/// What is known behind a block.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    /// Records that ended.
    pub records: u64,
    /// Ends of fields before the one that must end the record.
    pub ahead: u64,
    /// All ones if the last byte is in quotes.
    pub inside: u64,
    /// The last byte was a quote, a separator, or a LF.
    pub special: u64,
    /// It was a closing quote.
    pub close: u64,
    /// Not zero if something is not as it should be.
    pub wrong: u64,
}

/// Counts on, one block after the other; any quote is wrong unless `QUOTES`.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn by_words<L: Level, const QUOTES: bool>(
    plan: &Plan,
    blocks: &[[u8; 64]],
    run: &mut Run,
) {
    let Run { mut records, mut ahead, mut inside, mut special, mut close, mut wrong } = *run;
    for block in blocks {
        // SAFETY: a block has 64 bytes; the caller vouches for the instructions.
        let (separators, lfs, crs, quotes) = unsafe {
            let block = L::load(block.as_ptr());
            let is = |byte| L::equal(block, byte);
            (is(plan.separator), is(b'\n'), is(b'\r'), is(plan.quote))
        };
        wrong |= crs;
        let (mut lines, mut ends) = (lfs, separators | lfs);
        let specials = ends | quotes;
        if QUOTES {
            // SAFETY: as above.
            let in_quotes = unsafe { L::parity(quotes) } ^ inside;
            let closed = quotes & !in_quotes;
            // Behind a quote that opens is no other that does, so it does not matter which it was.
            wrong |= quotes & in_quotes & !(specials << 1 | special);
            wrong |= (closed << 1 | close) & !specials;
            inside = (in_quotes.cast_signed() >> 63).cast_unsigned();
            close = closed >> 63;
            lines &= !in_quotes;
            ends &= !in_quotes;
        } else {
            wrong |= quotes;
        }
        special = specials >> 63;
        let ended = u64::from(lines.count_ones());
        // SAFETY: as above.
        wrong |= unsafe { L::misplaced(lines, ends, plan.pattern << (ahead & 63)) };
        records += ended;
        // Wraps in records that are too long, which are wrong.
        let stops = u64::from(ends.count_ones());
        ahead = ahead.wrapping_add(ended.wrapping_mul(plan.width)).wrapping_sub(stops);
    }
    *run = Run { records, ahead, inside, special, close, wrong };
}
