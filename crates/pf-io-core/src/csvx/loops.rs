//! The loops over the cells of a column, one for each kind.

use arrow::array::BooleanBufferBuilder;

use super::cell::Cell;
use super::classify::{Class, classify, decimal_of};
use super::column::{Climb, Fixed, NullBits, Piece, Values, Work, own_place, witness};
use super::facts::Facts;
use super::kind::{DECIMAL_DIGITS, Kind};
use super::parse::dates::{self, Instant};
use super::parse::floats::Float;
use super::parse::nulls::{self, Null};
use super::parse::text::Writer;
use super::parse::{floats, ints};
use super::spec::{Dates, Nulls};

/// Days and seconds around 1970 that nanoseconds surely hold.
const NANO_DAYS: u32 = 106_751;
const NANO_SECONDS: u64 = 9_223_372_036;

impl Work<'_> {
    /// Reads all cells as `kind`.
    pub(super) fn read(&mut self, kind: Kind, place: Option<&mut [u8]>) -> Result<Piece, Climb> {
        match kind {
            Kind::Null => self.nothing(),
            Kind::Bool => self.bools(),
            Kind::Int64 => self.ints(place),
            Kind::Float64 => self.floats(place),
            Kind::Text => Ok(self.texts()),
            Kind::UInt64 => self.fixed(kind, place, |class, _, _| match class {
                Class::Int(number) | Class::BoolOrInt(_, number) => u64::try_from(*number).ok(),
                _ => None,
            }),
            Kind::Decimal(scale) => self.fixed(kind, place, |class, cell, work| match class {
                Class::Int(_) | Class::BoolOrInt(..) | Class::Float(Float { fixed: true, .. }) => {
                    decimal_of(cell, work.spec, DECIMAL_DIGITS, scale, &mut work.scratch)
                }
                _ => None,
            }),
            Kind::Date => self.days(place),
            Kind::Timestamp { nanos, zoned } => self.instants(nanos, zoned, place),
        }
    }

    fn nothing(&mut self) -> Result<Piece, Climb> {
        let mut facts = Facts::default();
        let mut nulls = NullBits::new(self.cells.rows);
        for row in 0..self.cells.rows {
            nulls.set(row);
            let (start, end) = self.cells.place(row);
            if start == end && self.empty_is_null {
                facts.seen = true;
            } else if !matches!(self.note(row, &mut facts), Class::Null(_))
                && !self.goes_on_behind(row)
            {
                return Err(Climb { row, facts });
            }
        }
        let (kind, values) = (Kind::Null, Values::Nothing);
        Ok(Piece { kind, values, nulls: nulls.finish(), facts, failed: Vec::new() })
    }

    fn note(&mut self, row: usize, facts: &mut Facts) -> Class {
        let cell = self.cells.cell(row);
        let class = classify(cell.as_ref(), self.spec, &mut self.scratch);
        facts.note(&class, || witness(self.slab, row, cell.as_ref()));
        class
    }

    fn bools(&mut self) -> Result<Piece, Climb> {
        let mut facts = Facts::default();
        let mut nulls = NullBits::new(self.cells.rows);
        let mut bits = BooleanBufferBuilder::new(self.cells.rows);
        for row in 0..self.cells.rows {
            match self.note(row, &mut facts) {
                Class::Bool(value) | Class::BoolOrInt(value, _) => bits.append(value),
                Class::Null(_) => {
                    nulls.set(row);
                    bits.append(false);
                }
                _ if self.goes_on_behind(row) => {
                    nulls.set(row);
                    bits.append(false);
                }
                _ => return Err(Climb { row, facts }),
            }
        }
        let values = Values::Bits(bits.finish());
        Ok(Piece { kind: Kind::Bool, values, nulls: nulls.finish(), facts, failed: Vec::new() })
    }

    fn ints(&mut self, place: Option<&mut [u8]>) -> Result<Piece, Climb> {
        let (quick, bytes) = (self.quick, self.cells.bytes);
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        let piece = self.run(
            Kind::Int64,
            place,
            |start, end| {
                let number = if quick { ints::quick(bytes, start, end)? } else { return None };
                least = least.min(number);
                most = most.max(number);
                Some(number)
            },
            |class, _, _| match class {
                Class::Int(number) | Class::BoolOrInt(_, number) => i64::try_from(*number).ok(),
                _ => None,
            },
        );
        with_facts(piece, |facts| {
            if least <= most {
                facts.seen = true;
                facts.note_ints(i128::from(least), i128::from(most));
            }
        })
    }

    fn floats(&mut self, place: Option<&mut [u8]>) -> Result<Piece, Climb> {
        let (quick, bytes, point) = (self.quick, self.cells.bytes, self.spec.decimal);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut whole, mut fraction, mut any) = (0, 0, false);
        let piece = self.run(
            Kind::Float64,
            place,
            |start, end| {
                let float =
                    if quick { floats::quick(bytes, start, end, point)? } else { return None };
                if float.integer {
                    least = least.min(float.value);
                    most = most.max(float.value);
                } else {
                    whole = whole.max(float.whole);
                    fraction = fraction.max(float.fraction);
                    any = true;
                }
                Some(float.value)
            },
            |class, _, _| float_of(class),
        );
        with_facts(piece, |facts| {
            facts.seen |= any || least <= most;
            if any {
                facts.note_floats(whole, fraction, false);
            }
            if least <= most {
                facts.note_ints(least as i128, most as i128);
            }
        })
    }

    fn days(&mut self, place: Option<&mut [u8]>) -> Result<Piece, Climb> {
        let (bytes, iso) = (self.cells.bytes, self.quick && self.spec.dates == Dates::Iso);
        let mut any = None;
        let piece = self.run(
            Kind::Date,
            place,
            |start, end| {
                let days = dates::date(bytes.get(start..end).filter(|_| iso)?)?;
                // What nanoseconds may not hold is noted slowly.
                if days.unsigned_abs() >= NANO_DAYS {
                    return None;
                }
                any = Some(days);
                any
            },
            |class, _, _| match class {
                Class::Date(days) => Some(*days),
                _ => None,
            },
        );
        with_facts(piece, |facts| {
            if let Some(days) = any {
                facts.seen = true;
                facts.note_date(days);
            }
        })
    }

    fn instants(
        &mut self,
        nanos: bool,
        zoned: bool,
        place: Option<&mut [u8]>,
    ) -> Result<Piece, Climb> {
        let (bytes, iso) = (self.cells.bytes, self.quick && self.spec.dates == Dates::Iso);
        let (per_second, width) = if nanos { (1_000_000_000, 1) } else { (1_000_000, 1000) };
        let (mut last, mut fine): (Option<Instant>, Option<Instant>) = (None, None);
        let piece = self.run(
            Kind::Timestamp { nanos, zoned },
            place,
            |start, end| {
                let instant = dates::instant(bytes.get(start..end).filter(|_| iso)?)?;
                // What is not like the first one is noted slowly.
                let usual = instant.offset.is_some() == zoned
                    && (nanos || instant.digits <= 6)
                    && instant.seconds.unsigned_abs() < NANO_SECONDS
                    && last.is_none_or(|last| last.offset == instant.offset);
                if !usual {
                    return None;
                }
                last = Some(instant);
                if instant.digits > 6 {
                    fine = last;
                }
                Some(instant.seconds * per_second + instant.nanos / width)
            },
            |class, _, _| ticks(class, nanos, zoned),
        );
        with_facts(piece, |facts| {
            for instant in last.iter().chain(&fine) {
                facts.seen = true;
                facts.note_instant(instant);
            }
        })
    }

    fn fixed<T: Fixed>(
        &mut self,
        kind: Kind,
        place: Option<&mut [u8]>,
        take: impl Fn(&Class, Option<&Cell<'_>>, &mut Self) -> Option<T>,
    ) -> Result<Piece, Climb> {
        self.run(kind, place, |_, _| None, take)
    }

    /// Whether the cell starts and ends with a quote; what is between may still not be all.
    #[inline]
    fn is_quoted(&self, start: usize, end: usize) -> bool {
        let quote = self.cells.quote();
        quote.is_some()
            && end > start + 1
            && self.cells.bytes.get(start).copied() == quote
            && self.cells.bytes.get(end - 1).copied() == quote
    }

    /// The loop over a column of values of fixed width: `quick` takes a cell as it stands, `take`
    /// what it was classified as.
    #[inline]
    fn run<T: Fixed>(
        &mut self,
        kind: Kind,
        place: Option<&mut [u8]>,
        mut quick: impl FnMut(usize, usize) -> Option<T>,
        take: impl Fn(&Class, Option<&Cell<'_>>, &mut Self) -> Option<T>,
    ) -> Result<Piece, Climb> {
        let rows = self.cells.rows;
        let mut facts = Facts::default();
        let mut nulls = NullBits::new(rows);
        let (mut own, given) = own_place(place, rows * T::WIDTH);
        let (place, in_place) = match given {
            Some(place) => (place, true),
            None => (own.as_mut_slice(), false),
        };
        for (row, place) in place.chunks_exact_mut(T::WIDTH).enumerate() {
            let (start, end) = self.cells.place(row);
            if let Some(value) = quick(start, end) {
                value.put(place);
                continue;
            }
            if self.is_quoted(start, end)
                && let Some(value) = quick(start + 1, end - 1)
            {
                value.put(place);
                continue;
            }
            place.fill(0);
            if start == end && self.empty_is_null {
                facts.seen = true;
                nulls.set(row);
                continue;
            }
            let cell = self.cells.cell(row);
            let class = classify(cell.as_ref(), self.spec, &mut self.scratch);
            facts.note(&class, || witness(self.slab, row, cell.as_ref()));
            if let Class::Null(_) = class {
                nulls.set(row);
            } else if let Some(value) = take(&class, cell.as_ref(), self) {
                value.put(place);
            } else if self.goes_on_behind(row) {
                nulls.set(row);
            } else {
                return Err(Climb { row, facts });
            }
        }
        let values = if in_place { Values::InPlace } else { Values::Fixed(own) };
        Ok(Piece { kind, values, nulls: nulls.finish(), facts, failed: Vec::new() })
    }

    /// All cells as they are; only what is null everywhere is null.
    pub(super) fn texts(&mut self) -> Piece {
        let rows = self.cells.rows;
        let bytes = self.cells.bytes;
        let size = (0..rows)
            .map(|row| self.cells.place(row))
            .filter(|&(start, end)| start <= end && end <= bytes.len())
            .map(|(start, end)| end - start)
            .sum();
        let mut writer = Writer::new(rows, size);
        let mut nulls = NullBits::new(rows);
        // Only a list or the set of pandas makes texts null that are not empty.
        let plain = !self.cells.changes_unquoted()
            && matches!(self.spec.nulls, Nulls::Auto | Nulls::Strict);
        let quote = self.cells.quote();
        for row in 0..rows {
            let (start, end) = self.cells.place(row);
            if start < end && plain && bytes.get(start).copied() != quote && end <= bytes.len() {
                writer.push(bytes, start, end);
                continue;
            }
            match self.cells.cell(row) {
                Some(cell)
                    if nulls::null(&cell.text, cell.quoted, &self.spec.nulls)
                        != Some(Null::Always) =>
                {
                    writer.push_text(&cell.text);
                }
                _ => {
                    nulls.set(row);
                    writer.end();
                }
            }
        }
        let mut facts = Facts::default();
        facts.note_text();
        let values = Values::Texts(writer.finish());
        Piece { kind: Kind::Text, values, nulls: nulls.finish(), facts, failed: Vec::new() }
    }
}

fn with_facts(piece: Result<Piece, Climb>, note: impl FnOnce(&mut Facts)) -> Result<Piece, Climb> {
    match piece {
        Ok(mut piece) => {
            note(&mut piece.facts);
            Ok(piece)
        }
        Err(mut climb) => {
            note(&mut climb.facts);
            Err(climb)
        }
    }
}

/// A float, or an integer that is exact as one.
fn float_of(class: &Class) -> Option<f64> {
    match class {
        Class::Float(float) => Some(float.value),
        Class::Int(number) | Class::BoolOrInt(_, number) => {
            (number.unsigned_abs() <= 1 << 53).then_some(*number as f64)
        }
        _ => None,
    }
}

/// A point in time, or a day as its midnight where no offset is asked for.
fn ticks(class: &Class, nanos: bool, zoned: bool) -> Option<i64> {
    let per_second = if nanos { 1_000_000_000 } else { 1_000_000 };
    match class {
        Class::Date(days) if !zoned => (i64::from(*days) * dates::DAY).checked_mul(per_second),
        Class::Timestamp(instant)
            if instant.offset.is_some() == zoned && (nanos || instant.digits <= 6) =>
        {
            instant.ticks(per_second)
        }
        _ => None,
    }
}
