//! The loops over the cells of a column, one for each kind.

use std::alloc::{Layout, handle_alloc_error};
use std::marker::PhantomData;

use arrow::array::BooleanBufferBuilder;

use super::cell::Cell;
use super::classify::{Class, classify, decimal_of};
use super::column::{Climb, Fixed, NullBits, Piece, Values, Work, own_place, witness};
use super::facts::{Facts, Witness};
use super::kind::{DECIMAL_DIGITS, Kind};
use super::parse::bools;
use super::parse::dates;
use super::parse::floats::Float;
use super::parse::nulls::{self, Null};
use super::parse::text::{Texts, Writer};
use super::spec::{Dates, Nulls};
use super::usual::{Days, Floats, Instants, Ints, Never, Usual, take_all};

/// What became of a cell.
enum Taken<T> {
    Value(T),
    Null,
    /// It is of another kind.
    Misfit,
}

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
        // A list of nulls may have the usual texts in it.
        let quick = self.quick && !matches!(self.spec.nulls, Nulls::List(_));
        let mut any = None;
        for row in 0..self.cells.rows {
            let (start, end) = self.cells.place(row);
            let usual = self.cells.bytes.get(start..end).filter(|_| quick).and_then(bools::usual);
            if let Some(value) = usual {
                bits.append(value);
                any = usual;
                continue;
            }
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
                _ => {
                    note_bool(&mut facts, any);
                    return Err(Climb { row, facts });
                }
            }
        }
        note_bool(&mut facts, any);
        let values = Values::Bits(bits.finish());
        Ok(Piece { kind: Kind::Bool, values, nulls: nulls.finish(), facts, failed: Vec::new() })
    }

    fn ints(&mut self, place: Option<&mut [u8]>) -> Result<Piece, Climb> {
        let usual = Ints::new(self.quick);
        self.run(Kind::Int64, place, usual, |class, _, _| match class {
            Class::Int(number) | Class::BoolOrInt(_, number) => i64::try_from(*number).ok(),
            _ => None,
        })
    }

    fn floats(&mut self, place: Option<&mut [u8]>) -> Result<Piece, Climb> {
        let usual = Floats::new(self.quick, self.spec.decimal);
        self.run(Kind::Float64, place, usual, |class, _, _| float_of(class))
    }

    fn days(&mut self, place: Option<&mut [u8]>) -> Result<Piece, Climb> {
        let usual = Days::new(self.quick && self.spec.dates == Dates::Iso);
        self.run(Kind::Date, place, usual, |class, _, _| match class {
            Class::Date(days) => Some(*days),
            _ => None,
        })
    }

    fn instants(
        &mut self,
        nanos: bool,
        zoned: bool,
        place: Option<&mut [u8]>,
    ) -> Result<Piece, Climb> {
        let usual = Instants::new(self.quick && self.spec.dates == Dates::Iso, nanos, zoned);
        let kind = Kind::Timestamp { nanos, zoned };
        self.run(kind, place, usual, |class, _, _| ticks(class, nanos, zoned))
    }

    fn fixed<T: Fixed>(
        &mut self,
        kind: Kind,
        place: Option<&mut [u8]>,
        take: impl Fn(&Class, Option<&Cell<'_>>, &mut Self) -> Option<T>,
    ) -> Result<Piece, Climb> {
        self.run(kind, place, Never(PhantomData), take)
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

    /// The loop over a column of values of fixed width: `usual` takes cells as they stand, `take`
    /// what the others were classified as.
    fn run<U: Usual>(
        &mut self,
        kind: Kind,
        place: Option<&mut [u8]>,
        mut usual: U,
        take: impl Fn(&Class, Option<&Cell<'_>>, &mut Self) -> Option<U::Value>,
    ) -> Result<Piece, Climb> {
        let (cells, width) = (self.cells, U::Value::WIDTH);
        let mut facts = Facts::default();
        let mut nulls = NullBits::new(cells.rows);
        let (mut own, given) = own_place(place, cells.rows * width);
        let in_place = given.is_some();
        let place = given.unwrap_or(own.as_mut_slice());
        let mut row = 0;
        loop {
            row = take_all(&mut usual, &cells, row, place);
            let Some(place) = place.get_mut(row * width..(row + 1) * width) else { break };
            let (start, end) = cells.place(row);
            if start == end && self.empty_is_null {
                facts.seen = true;
                nulls.set(row);
                place.fill(0);
                row += 1;
                continue;
            }
            let quotes = usize::from(self.is_quoted(start, end));
            if let Some(value) = usual.take_next(cells.bytes, start + quotes, end - quotes) {
                value.put(place);
            } else {
                match self.slowly(row, &mut facts, &take) {
                    Taken::Value(value) => value.put(place),
                    Taken::Null => {
                        nulls.set(row);
                        place.fill(0);
                    }
                    Taken::Misfit => {
                        usual.note(&mut facts);
                        return Err(Climb { row, facts });
                    }
                }
            }
            row += 1;
        }
        usual.note(&mut facts);
        let values = if in_place { Values::InPlace } else { Values::Fixed(own) };
        Ok(Piece { kind, values, nulls: nulls.finish(), facts, failed: Vec::new() })
    }

    /// Takes a cell that is not in its usual form.
    #[cold]
    #[inline(never)]
    fn slowly<T: Fixed>(
        &mut self,
        row: usize,
        facts: &mut Facts,
        take: &impl Fn(&Class, Option<&Cell<'_>>, &mut Self) -> Option<T>,
    ) -> Taken<T> {
        let cell = self.cells.cell(row);
        let class = classify(cell.as_ref(), self.spec, &mut self.scratch);
        facts.note(&class, || witness(self.slab, row, cell.as_ref()));
        if let Class::Null(_) = class {
            return Taken::Null;
        }
        match take(&class, cell.as_ref(), self) {
            Some(value) => Taken::Value(value),
            None if self.goes_on_behind(row) => Taken::Null,
            None => Taken::Misfit,
        }
    }

    /// All cells as they are; only what is null everywhere is null.
    pub(super) fn texts(&mut self) -> Piece {
        let mut size = self.cells.bytes.len();
        loop {
            if let Some(piece) = self.texts_within(size) {
                return piece;
            }
            // Not reached: cells do not overlap, so a column has no more bytes than its slab.
            size = size.saturating_mul(2);
        }
    }

    /// The texts, if they take at most `size` bytes.
    fn texts_within(&self, size: usize) -> Option<Piece> {
        let (cells, rows, bytes) = (self.cells, self.cells.rows, self.cells.bytes);
        let mut piles = self.slab.piles.through(cells.column);
        let pile = piles.get_mut(cells.column)?;
        let room = size.saturating_add(Writer::BEHIND);
        let Some((offsets, to)) = pile.take(rows, room) else {
            // As a vector would do.
            handle_alloc_error(Layout::array::<u8>(room).unwrap_or(Layout::new::<u8>()))
        };
        let mut writer = Writer::new(offsets, to);
        let mut nulls = NullBits::new(rows);
        // Only a list or the set of pandas makes texts null that are not empty.
        let plain = matches!(self.spec.nulls, Nulls::Auto | Nulls::Strict);
        let plain = plain && !cells.changes_unquoted();
        // Any byte will do if there are no quotes: what has it in it takes a little longer.
        let quote = cells.quote().unwrap_or(b'"');
        let quotes = cells.quote().is_some() && !cells.escapes();
        for row in 0..rows {
            let (start, end) = cells.place(row);
            if plain && start < end {
                let inside = quotes && self.is_quoted(start, end);
                let text = start + usize::from(inside)..end - usize::from(inside);
                if writer.push(bytes, text.clone(), quote)
                    || inside && writer.push_doubled(bytes, text, quote)
                {
                    continue;
                }
            }
            match cells.cell(row) {
                Some(cell)
                    if nulls::null(&cell.text, cell.quoted, &self.spec.nulls)
                        != Some(Null::Always) =>
                {
                    if !writer.push_text(&cell.text) {
                        return None;
                    }
                }
                _ => {
                    nulls.set(row);
                    writer.end();
                }
            }
        }
        let (length, utf8) = writer.finish();
        let (offsets, bytes) = pile.keep(rows, length)?;
        let mut facts = Facts::default();
        facts.note_text();
        // SAFETY: the writer wrote `rows + 1` offsets, none before the one before it or behind the
        // bytes it counted, and looked whether these are UTF-8.
        let values = Values::Texts(unsafe { Texts::of_writer(offsets, bytes, utf8) });
        Some(Piece { kind: Kind::Text, values, nulls: nulls.finish(), facts, failed: Vec::new() })
    }
}

fn note_bool(facts: &mut Facts, any: Option<bool>) {
    if let Some(value) = any {
        facts.note(&Class::Bool(value), Witness::default);
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
