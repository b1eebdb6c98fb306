//! One column of one slab: typed values straight to their place.

use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};

use super::cell::{Cell, Cells};
use super::classify::{Class, Scratch, classify};
use super::dialect::Dialect;
use super::facts::{Facts, Witness};
use super::kind::Kind;
use super::parse::text::Texts;
use super::parse::{bools, nulls};
use super::slab::Slab;
use super::spec::{ColumnSpec, Nulls, Target};
use super::typed;

/// A column of a slab.
#[derive(Debug)]
pub struct Piece {
    /// What its values are; it may have left the kind asked for.
    pub kind: Kind,
    /// The values.
    pub values: Values,
    /// Which rows are null; `None` if none is.
    pub nulls: Option<NullBuffer>,
    /// What inference must know.
    pub facts: Facts,
    /// Cells that do not fit a type that is set: the first one, or all if the spec says so.
    pub failed: Vec<Failure>,
}

/// Values of a piece.
#[derive(Debug)]
pub enum Values {
    /// In the place that was given; nulls are zeros.
    InPlace,
    /// The same bytes in memory of their own.
    Fixed(Vec<u8>),
    /// One bit each.
    Bits(BooleanBuffer),
    /// Texts.
    Texts(Texts),
    /// All null.
    Nothing,
}

/// The cell is not of the type that a sample settled.
pub(super) const SAMPLE: &str = "is not of the type of the sample";

/// A cell that is not of its column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The row of the slab.
    pub row: usize,
    /// What the cell says.
    pub text: Vec<u8>,
    /// What is wrong with it.
    pub why: &'static str,
}

/// A value of fixed width.
pub(super) trait Fixed: Copy {
    /// Its bytes.
    const WIDTH: usize;
    fn put(self, place: &mut [u8]);
}

macro_rules! fixed {
    ($($type:ty),*) => { $(
        impl Fixed for $type {
            const WIDTH: usize = size_of::<$type>();
            #[inline]
            fn put(self, place: &mut [u8]) {
                place.copy_from_slice(&self.to_ne_bytes());
            }
        }
    )* };
}
fixed!(i8, i16, i32, i64, i128, u8, u16, u32, u64, f32, f64);

/// Which rows are null, allocated with the first one.
pub(super) struct NullBits {
    rows: usize,
    bits: Vec<u8>,
    pub count: usize,
}

impl NullBits {
    pub(super) fn new(rows: usize) -> Self {
        Self { rows, bits: Vec::new(), count: 0 }
    }

    pub(super) fn set(&mut self, row: usize) {
        if self.bits.is_empty() {
            self.bits = vec![0xff; self.rows.div_ceil(8)];
        }
        self.bits[row / 8] &= !(1 << (row % 8));
        self.count += 1;
    }

    pub(super) fn finish(self) -> Option<NullBuffer> {
        if self.count == 0 {
            return None;
        }
        Some(NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(self.bits), 0, self.rows)))
    }
}

/// A slab's column with all that its loops need.
pub(super) struct Work<'a> {
    pub slab: &'a Slab,
    pub cells: Cells<'a>,
    pub spec: &'a ColumnSpec,
    /// Numbers in their usual form are not null and not bool.
    pub quick: bool,
    pub empty_is_null: bool,
    pub scratch: Scratch,
    failed: Vec<Failure>,
}

/// The cell at this row does not fit; the facts cover it.
pub(super) struct Climb {
    pub row: usize,
    pub facts: Facts,
}

/// The text that reports show of a cell.
pub(super) fn witness(slab: &Slab, row: usize, cell: Option<&Cell<'_>>) -> Witness {
    let text = cell.map_or_else(String::new, |cell| crate::error::snippet(&cell.text));
    Witness { record: slab.record(row), text }
}

/// Reads a column of a slab as `kind`, or as the kind that the spec settles. `place` has room for all rows of that kind's
/// [`width`](Kind::width).
///
/// Under inference a piece whose cells do not fit becomes what they are. A set type stays, and the
/// piece names the cells that failed.
pub fn parse(
    slab: &Slab,
    column: usize,
    spec: &ColumnSpec,
    dialect: &Dialect,
    kind: Kind,
    place: Option<&mut [u8]>,
) -> Piece {
    let numeric = |text: &String| {
        text.bytes().next().is_some_and(|first| {
            first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.') || first == spec.decimal
        })
    };
    let quick = !bools::are_custom(spec)
        && !matches!(&spec.nulls, Nulls::List(list) if list.iter().any(numeric));
    let mut work = Work {
        slab,
        cells: Cells::new(slab, column, dialect),
        spec,
        quick,
        empty_is_null: nulls::empty_is_null(&spec.nulls),
        scratch: Vec::new(),
        failed: Vec::new(),
    };
    match &spec.target {
        Target::Typed(data_type) => typed::parse(&mut work, data_type, kind, place),
        Target::Settled(kind) => work.settled(*kind, place),
        Target::Infer => work.inferred(kind, place),
    }
}

impl Work<'_> {
    fn inferred(&mut self, mut kind: Kind, mut place: Option<&mut [u8]>) -> Piece {
        let mut known = Facts::default();
        loop {
            match self.read(kind, place.as_deref_mut()) {
                Ok(mut piece) => {
                    piece.facts.merge(&known);
                    return piece;
                }
                Err(Climb { row, facts }) => {
                    let next = facts.kind(self.spec.int_overflow);
                    kind = if next == kind { Kind::Text } else { next };
                    place = None;
                    known.merge(&facts);
                    if kind == Kind::Text && known.text.is_none() {
                        self.find_text(row + 1, &mut known);
                    }
                }
            }
        }
    }

    /// Notes the first cell from `row` on that is text by itself, so that the reason given for a
    /// column of several types does not depend on where slabs end.
    fn find_text(&mut self, row: usize, facts: &mut Facts) {
        for row in row..self.cells.rows {
            let cell = self.cells.cell(row);
            let class = classify(cell.as_ref(), self.spec, &mut self.scratch);
            if let Class::Text(_) = class {
                facts.note(&class, || witness(self.slab, row, cell.as_ref()));
                return;
            }
        }
    }

    /// The kind stays: cells that do not fit are failures, and null.
    fn settled(&mut self, kind: Kind, place: Option<&mut [u8]>) -> Piece {
        let mut piece = self.read(kind, place).unwrap_or_else(|Climb { row, facts }| {
            self.fail(row);
            Piece { kind, values: Values::Nothing, nulls: None, facts, failed: Vec::new() }
        });
        piece.failed = std::mem::take(&mut self.failed);
        piece
    }

    fn fail(&mut self, row: usize) {
        let text = self.cells.cell(row).map_or_else(Vec::new, |cell| cell.text.into_owned());
        self.failed.push(Failure { row, text, why: SAMPLE });
    }

    /// A cell does not fit: whether the loop goes on, the cell being null.
    pub(super) fn goes_on_behind(&mut self, row: usize) -> bool {
        let goes_on = self.spec.all_failures && matches!(self.spec.target, Target::Settled(_));
        if goes_on {
            self.fail(row);
        }
        goes_on
    }
}

/// The place that was given, if it is large enough, else memory of its own.
pub(super) fn own_place(place: Option<&mut [u8]>, size: usize) -> (Vec<u8>, Option<&mut [u8]>) {
    match place.and_then(|place| place.get_mut(..size)) {
        Some(place) => (Vec::new(), Some(place)),
        None => (vec![0; size], None),
    }
}
