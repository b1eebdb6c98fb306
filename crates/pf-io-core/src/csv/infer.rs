//! From the facts of all pieces to the final type.

use arrow::datatypes::DataType;

use super::cell::Cells;
use super::classify::{Class, Why, classify};
use super::column::witness;
use super::dialect::Dialect;
use super::facts::{Facts, Witness, Zone};
use super::kind::Kind;
use super::slab::Slab;
use super::spec::{ColumnSpec, IntOverflow};

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Final {
    /// How its pieces are read.
    pub kind: Kind,
    /// Its Arrow type.
    pub data_type: DataType,
    /// Why it is this one; empty where there is nothing to say.
    pub reason: String,
}

/// The facts of a sample: all records of `slab`. Their [`kind`](Facts::kind) is what the column is
/// read as first. The sample must be part of what is read, else text in it binds nobody.
pub fn guess(slab: &Slab, column: usize, spec: &ColumnSpec, dialect: &Dialect) -> Facts {
    let cells = Cells::new(slab, column, dialect);
    let mut facts = Facts::default();
    let mut scratch = Vec::new();
    for row in 0..cells.rows {
        let cell = cells.cell(row);
        let class = classify(cell.as_ref(), spec, &mut scratch);
        facts.note(&class, || witness(slab, row, cell.as_ref()));
    }
    facts
}

/// Notes the first cell of the slab that is text by itself, if an earlier one than the one that is
/// known may be there: the reason for a type is then the same however the input is cut.
pub(super) fn look_for_text(
    slab: &Slab,
    column: usize,
    spec: &ColumnSpec,
    dialect: &Dialect,
    facts: &mut Facts,
) {
    if facts.text.as_ref().is_some_and(|(known, _)| known.record <= slab.first_record) {
        return;
    }
    let cells = Cells::new(slab, column, dialect);
    let mut scratch = Vec::new();
    for row in 0..cells.rows {
        let cell = cells.cell(row);
        let class = classify(cell.as_ref(), spec, &mut scratch);
        if matches!(class, Class::Text(_)) {
            return facts.note(&class, || witness(slab, row, cell.as_ref()));
        }
    }
}

impl Facts {
    /// The final type. An error is an integer beyond int64 that the caller refuses.
    pub fn resolve(&self, spec: &ColumnSpec) -> Result<Final, Witness> {
        if spec.int_overflow == IntOverflow::Error
            && let Some(witness) = self.refused_int()
        {
            return Err(witness.clone());
        }
        let kind = match self.kind(spec.int_overflow) {
            // Nothing types: `""` is then the empty text.
            Kind::Null if self.quoted_empty => Kind::Text,
            kind => kind,
        };
        let zone = match self.zone() {
            Zone::One(offset) => zone_name(offset),
            Zone::Unseen | Zone::Several => "UTC".to_owned(),
        };
        Ok(Final { kind, data_type: kind.data_type(&zone), reason: self.reason(kind) })
    }

    fn reason(&self, kind: Kind) -> String {
        let overflow = |what: &str| {
            self.overflow.as_ref().map_or_else(String::new, |Witness { record, text }| {
                format!("{text} in record {record} is beyond {what}")
            })
        };
        match kind {
            Kind::Text => match &self.text {
                Some((Witness { record, text }, why)) => {
                    let why = match why {
                        Why::Form => "is no other type",
                        Why::Zeros => "has leading zeros or a plus sign",
                        Why::Range => "is not held by float64",
                        Why::Digits => "has more digits than a decimal",
                    };
                    format!("{text} in record {record} {why}")
                }
                None if self.is_empty() => String::new(),
                None => "no other type holds all cells exactly".to_owned(),
            },
            Kind::UInt64 => overflow("int64"),
            Kind::Decimal(0) => overflow("int64 or uint64"),
            Kind::Decimal(_) => "integers that float64 does not hold, with fractions".to_owned(),
            Kind::Float64 if self.has_ints_and_floats() => {
                "integers that float64 holds, with floats".to_owned()
            }
            _ => String::new(),
        }
    }
}

/// The name of a fixed offset.
pub fn zone_name(offset: i32) -> String {
    if offset == 0 {
        return "UTC".to_owned();
    }
    let minutes = offset.unsigned_abs() / 60;
    let sign = if offset < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
