//! From bytes to structure: which separators and line ends count, and whether that is certain.
//!
//! A byte is taken to be inside quotes if the number of quotes up to it is odd. That equals the
//! serial machine only if every quote opens at the start of a field, or right behind a closing
//! one (a doubled quote), and every closing quote is followed by a separator, a line end or a quote.
//! Both are tested for every quote with shifted masks. As long as no test has failed, the parity is
//! the machine's state, by induction over the quotes; from the first failure on nothing is claimed.

use super::level::Level;
use crate::csv::dialect::{Dialect, Newline};

/// The bytes that mean something, as a kernel wants them.
#[derive(Debug, Clone, Copy)]
pub struct Specials {
    pub(super) separator: u8,
    pub(super) quote: Option<u8>,
    pub(super) escape: Option<u8>,
    /// The first byte of a comment's prefix.
    pub(super) comment: Option<u8>,
    /// All ones if a LF may end a line.
    lf: u64,
    /// All ones if a CR may end a line.
    cr: u64,
    /// Only both together end a line.
    pair: bool,
}

/// What one block hands to the next, as bit 0 or as all bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carry {
    /// All ones if the block begins inside quotes.
    inside: u64,
    /// The byte before was a separator or ended a record.
    field: u64,
    /// The byte before ended a record.
    record: u64,
    /// The byte before was a CR.
    cr: u64,
    /// The byte before was a closing quote.
    close: u64,
}

/// The structure of one block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Masks {
    /// Separators, and first bytes of line ends, outside quotes.
    pub ends: u64,
    /// First bytes of line ends outside quotes.
    pub lines: u64,
    /// First bytes of line ends anywhere.
    pub all_lines: u64,
    /// Those of `lines` that end a record of no bytes.
    pub blank: u64,
    /// CRs that may be followed by a LF of the same line end.
    pub cr: u64,
    pub quotes: u64,
    /// From the first of these on, the masks may be wrong, and a comment may begin at it.
    pub doubt: u64,
}

impl Specials {
    /// The special bytes of a dialect.
    pub fn new(dialect: &Dialect) -> Self {
        let on = |is: bool| if is { u64::MAX } else { 0 };
        Self {
            separator: dialect.separator,
            quote: dialect.quote,
            escape: dialect.escape.filter(|escape| Some(*escape) != dialect.quote),
            comment: dialect.comment.as_ref().and_then(|prefix| prefix.first().copied()),
            lf: on(dialect.newline != Newline::Cr),
            cr: on(dialect.newline != Newline::Lf),
            pair: dialect.newline == Newline::CrLf,
        }
    }

    /// Whether a LF behind a CR belongs to the same line end.
    #[inline(always)]
    pub(super) fn pairs(&self) -> bool {
        self.lf & self.cr != 0
    }
}

impl Carry {
    /// At the start of a record.
    pub fn record() -> Self {
        Self { inside: 0, field: 1, record: 1, cr: 0, close: 0 }
    }
}

/// The masks of the block, of which `valid` bytes count, and whose next byte is `next`.
///
/// Without `QUOTES`, the caller knows that there is no quote.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn masks<L: Level, const QUOTES: bool>(
    specials: &Specials,
    block: L::Block,
    valid: u64,
    next: impl FnOnce() -> Option<u8>,
    carry: &mut Carry,
) -> Masks {
    // SAFETY: the caller vouches for the instructions, here and below.
    let (separators, raw_lf, raw_cr) = unsafe {
        (
            L::equal(block, specials.separator) & valid,
            L::equal(block, b'\n') & valid,
            L::equal(block, b'\r') & valid,
        )
    };
    let (lf, cr) = (raw_lf & specials.lf, raw_cr & specials.cr);
    let after_cr = cr << 1 | carry.cr;
    // `all_lines` holds the first byte of each line end, `endings` the bytes a record may start behind
    let (all_lines, endings) = if specials.pair {
        let last = cr >> 63 != 0 && next() == Some(b'\n');
        (cr & (lf >> 1 | u64::from(last) << 63), lf & after_cr)
    } else {
        (cr | lf & !after_cr, cr | lf)
    };
    let after_record = endings << 1 | carry.record;
    let mut doubt = 0;
    if let Some(comment) = specials.comment {
        // SAFETY: as above.
        doubt |= unsafe { L::equal(block, comment) } & valid & after_record;
    }
    let (mut outside, mut quotes) = (u64::MAX, 0);
    if QUOTES && let Some(quote) = specials.quote {
        // SAFETY: as above.
        quotes = unsafe { L::equal(block, quote) } & valid;
        // No branch on whether there are quotes: it would be guessed wrong too often.
        // SAFETY: as above.
        let inside = unsafe { L::parity(quotes) } ^ carry.inside;
        let (open, close) = (quotes & inside, quotes & !inside);
        let after_field = (separators | endings) << 1 | carry.field;
        let after_close = close << 1 | carry.close;
        let follows = if specials.pair { all_lines } else { endings };
        doubt &= !inside;
        doubt |= open & !(after_field | after_close);
        doubt |= after_close & !(separators | follows | quotes) & valid;
        if let Some(escape) = specials.escape {
            // SAFETY: as above.
            doubt |= unsafe { L::equal(block, escape) } & valid & inside;
        }
        carry.inside = ((inside as i64) >> 63) as u64;
        carry.close = close >> 63;
        outside = !inside;
    }
    carry.field = (separators | endings) >> 63;
    carry.record = endings >> 63;
    carry.cr = cr >> 63;
    let lines = all_lines & outside;
    Masks {
        ends: separators & outside | lines,
        lines,
        all_lines,
        blank: lines & after_record,
        cr,
        quotes,
        doubt,
    }
}

/// The bits below this one; `bit < 64`.
#[inline(always)]
pub(super) fn below(bit: u32) -> u64 {
    (1 << bit) - 1
}

/// The bits below the lowest one of `mask`, or all if there is none.
#[inline(always)]
pub(super) fn below_lowest(mask: u64) -> u64 {
    mask.wrapping_sub(1) & !mask
}
