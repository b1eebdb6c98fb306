//! What was seen of a column, to be merged over all pieces in any order.

use super::classify::{Class, Why};
use super::kind::{DECIMAL_DIGITS, Kind};
use super::parse::dates::Instant;
use super::parse::ints::count_digits;
use super::parse::nulls::Null;
use super::spec::IntOverflow;

pub(super) const BOOL: u8 = 1;
pub(super) const INT: u8 = 1 << 1;
pub(super) const FLOAT: u8 = 1 << 2;
pub(super) const DATE: u8 = 1 << 3;
pub(super) const NAIVE: u8 = 1 << 4;
pub(super) const ZONED: u8 = 1 << 5;
pub(super) const TEXT: u8 = 1 << 6;

/// Integers up to here are exact in float64, and so are all below them.
const EXACT: i128 = 1 << 53;

/// The offsets of a column's timestamps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Zone {
    /// None was seen.
    #[default]
    Unseen,
    /// All have this one, in seconds east of UTC.
    One(i32),
    /// They differ.
    Several,
}

/// A cell that matters, by its record.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// Number of the record in the file.
    pub record: u64,
    /// What the cell says, cut.
    pub text: String,
}

/// What was seen of a column. The merged facts decide the type, so it depends neither on the order
/// nor on the size of the pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// There is a cell, null or not.
    pub seen: bool,
    /// Some `""` is null in typed columns and empty in text.
    pub quoted_empty: bool,
    /// Some token such as `NA` is null in typed columns and itself in text.
    pub token: bool,
    /// What the other cells are, as bits.
    kinds: u8,
    /// Some cells mean true or false and are integers as well.
    bool_or_int: bool,
    /// The smallest and largest integer.
    range: Option<(i128, i128)>,
    /// Most digits before the point of any float.
    whole: u8,
    /// Most digits behind it.
    fraction: u8,
    /// A float that no decimal holds.
    unfixed: bool,
    /// Some timestamp has seven to nine digits behind the second.
    nanos: bool,
    /// Some date or timestamp does not fit nanoseconds.
    beyond_nanos: bool,
    zone: Zone,
    /// The first cell that is text, and why it is.
    pub text: Option<(Witness, Why)>,
    /// The first integer beyond int64.
    pub overflow: Option<Witness>,
}

/// The end of int64.
fn is_beyond(number: i128) -> bool {
    i64::try_from(number).is_err()
}

impl Facts {
    /// Takes one cell into account.
    pub(super) fn note(&mut self, class: &Class, witness: impl FnOnce() -> Witness) {
        self.seen = true;
        match *class {
            Class::Null(Null::Always) => {}
            Class::Null(Null::QuotedEmpty) => self.quoted_empty = true,
            Class::Null(Null::Token) => self.token = true,
            Class::Bool(_) => self.kinds |= BOOL,
            Class::BoolOrInt(_, number) => {
                self.bool_or_int = true;
                self.note_range(number, number);
                if is_beyond(number) {
                    self.note_overflow(witness());
                }
            }
            Class::Int(number) => {
                self.note_ints(number, number);
                if is_beyond(number) {
                    self.note_overflow(witness());
                }
            }
            Class::Float(float) => self.note_floats(float.whole, float.fraction, !float.fixed),
            Class::Date(days) => self.note_date(days),
            Class::Timestamp(instant) => self.note_instant(&instant),
            Class::Text(why) => {
                self.kinds |= TEXT;
                self.note_why(witness(), why);
            }
        }
    }

    /// Integers between these were seen.
    pub(super) fn note_ints(&mut self, least: i128, most: i128) {
        self.kinds |= INT;
        self.note_range(least, most);
    }

    fn note_range(&mut self, least: i128, most: i128) {
        let (low, high) = self.range.unwrap_or((least, most));
        self.range = Some((low.min(least), high.max(most)));
    }

    /// Floats of at most so many digits were seen.
    pub(super) fn note_floats(&mut self, whole: u8, fraction: u8, unfixed: bool) {
        self.kinds |= FLOAT;
        self.whole = self.whole.max(whole);
        self.fraction = self.fraction.max(fraction);
        self.unfixed |= unfixed;
    }

    /// This day was seen.
    pub(super) fn note_date(&mut self, days: i32) {
        self.kinds |= DATE;
        self.beyond_nanos |=
            (i64::from(days) * super::parse::dates::DAY).checked_mul(1_000_000_000).is_none();
    }

    /// This point in time was seen.
    pub(super) fn note_instant(&mut self, instant: &Instant) {
        self.nanos |= instant.digits > 6;
        self.beyond_nanos |= instant.ticks(1_000_000_000).is_none();
        match instant.offset {
            None => self.kinds |= NAIVE,
            Some(offset) => {
                self.kinds |= ZONED;
                self.zone = join(self.zone, Zone::One(offset));
            }
        }
    }

    /// The piece was read as text without a look at its cells.
    pub(super) fn note_text(&mut self) {
        self.seen = true;
        self.kinds |= TEXT;
    }

    fn note_why(&mut self, witness: Witness, why: Why) {
        if self.text.as_ref().is_none_or(|(first, _)| witness < *first) {
            self.text = Some((witness, why));
        }
    }

    fn note_overflow(&mut self, witness: Witness) {
        if self.overflow.as_ref().is_none_or(|first| witness < *first) {
            self.overflow = Some(witness);
        }
    }

    /// Takes the facts of another piece in.
    pub fn merge(&mut self, other: &Self) {
        self.seen |= other.seen;
        self.quoted_empty |= other.quoted_empty;
        self.token |= other.token;
        self.kinds |= other.kinds;
        self.bool_or_int |= other.bool_or_int;
        if let Some((least, most)) = other.range {
            self.note_range(least, most);
        }
        self.whole = self.whole.max(other.whole);
        self.fraction = self.fraction.max(other.fraction);
        self.unfixed |= other.unfixed;
        self.nanos |= other.nanos;
        self.beyond_nanos |= other.beyond_nanos;
        self.zone = join(self.zone, other.zone);
        if let Some((witness, why)) = &other.text {
            self.note_why(witness.clone(), *why);
        }
        if let Some(witness) = &other.overflow {
            self.note_overflow(witness.clone());
        }
    }

    /// The offsets seen.
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// What all cells so far are, without the last word on `""`: text stays text whatever follows.
    pub fn kind(&self, overflow: IntOverflow) -> Kind {
        let mut kinds = self.kinds;
        if self.bool_or_int {
            kinds |= if kinds & !BOOL == 0 { BOOL } else { INT };
        }
        match kinds {
            0 => Kind::Null,
            BOOL => Kind::Bool,
            INT => self.int_kind(overflow),
            FLOAT => Kind::Float64,
            _ if kinds == INT | FLOAT => self.float_kind(overflow),
            DATE => Kind::Date,
            NAIVE | ZONED => self.time_kind(kinds == ZONED),
            _ if kinds == DATE | NAIVE => self.time_kind(false),
            _ => Kind::Text,
        }
    }

    fn int_kind(&self, overflow: IntOverflow) -> Kind {
        let (least, most) = self.range.unwrap_or_default();
        if !is_beyond(least) && !is_beyond(most) {
            Kind::Int64
        } else if overflow != IntOverflow::Decimal {
            Kind::Text
        } else if least >= 0 && u64::try_from(most).is_ok() {
            Kind::UInt64
        } else {
            Kind::Decimal(0)
        }
    }

    fn float_kind(&self, overflow: IntOverflow) -> Kind {
        let (least, most) = self.range.unwrap_or_default();
        if -EXACT <= least && most <= EXACT {
            return Kind::Float64;
        }
        let digits = count_digits(least.unsigned_abs().max(most.unsigned_abs())).max(self.whole);
        let fits = digits.saturating_add(self.fraction) <= DECIMAL_DIGITS;
        let beyond = is_beyond(least) || is_beyond(most);
        if self.unfixed || !fits || (beyond && overflow != IntOverflow::Decimal) {
            Kind::Text
        } else {
            Kind::Decimal(self.fraction)
        }
    }

    fn time_kind(&self, zoned: bool) -> Kind {
        if self.nanos && self.beyond_nanos {
            return Kind::Text;
        }
        Kind::Timestamp { nanos: self.nanos, zoned }
    }

    /// The integer beyond int64 that stands in the way of a number; a column that is text for
    /// another reason has none.
    pub(super) fn refused_int(&self) -> Option<&Witness> {
        match &self.text {
            Some((witness, Why::Digits)) => Some(witness),
            Some(_) => None,
            // The piece behind the integer was read as text, but no cell of it is.
            None if self.kinds & !(INT | FLOAT | TEXT) == 0 => self.overflow.as_ref(),
            None => None,
        }
    }

    /// No cell has a type.
    pub(super) fn is_empty(&self) -> bool {
        self.kinds == 0 && !self.bool_or_int
    }

    /// Both integers and floats were seen.
    pub(super) fn has_ints_and_floats(&self) -> bool {
        self.kinds & (INT | FLOAT) == INT | FLOAT
    }
}

fn join(one: Zone, other: Zone) -> Zone {
    match (one, other) {
        (Zone::Unseen, zone) | (zone, Zone::Unseen) => zone,
        (Zone::One(a), Zone::One(b)) if a == b => one,
        _ => Zone::Several,
    }
}
