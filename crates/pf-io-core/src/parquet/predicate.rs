//! Simple predicates over columns: evaluated on batches, and on the bounds of row groups.
//!
//! SQL's three-valued logic; NaN is equal to itself and larger than every number, as everywhere in
//! parquetframe. What a row group's statistics cannot rule out is read and evaluated.

use std::collections::BTreeSet;
use std::ops::Range;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, Scalar, StringArray,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::CastOptions;
use arrow::compute::kernels::cmp;
use arrow::compute::{and_kleene, cast_with_options, is_not_null, is_null, not, or_kleene};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::error::ArrowError;
use serde::Deserialize;

/// A predicate over columns by name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Predicate {
    /// All of these.
    And {
        /// At least one.
        args: Vec<Predicate>,
    },
    /// Any of these.
    Or {
        /// At least one.
        args: Vec<Predicate>,
    },
    /// Not this.
    Not {
        /// What is denied.
        arg: Box<Predicate>,
    },
    /// Column = value.
    Eq(Comparison),
    /// Column <> value.
    Ne(Comparison),
    /// Column < value.
    Lt(Comparison),
    /// Column <= value.
    Le(Comparison),
    /// Column > value.
    Gt(Comparison),
    /// Column >= value.
    Ge(Comparison),
    /// Column IN values.
    In {
        /// The column.
        column: String,
        /// The values.
        values: Vec<Literal>,
    },
    /// Column IS NULL.
    IsNull {
        /// The column.
        column: String,
    },
    /// Column IS NOT NULL.
    IsNotNull {
        /// The column.
        column: String,
    },
}

/// A column and a value it is compared with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The column.
    pub column: String,
    /// The value.
    pub value: Literal,
}

/// A value as text, and the name of its type.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Literal {
    /// `int64`, `float64`, `string`, `bool`, `date`, `timestamp(us, UTC)`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// The value; numbers may stand as such.
    pub value: Value,
}

/// A JSON scalar.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// true or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// One above the range of `i64`.
    UInt(u64),
    /// Any other number.
    Float(f64),
    /// Everything else.
    Text(String),
}

impl Literal {
    fn text(&self) -> String {
        match &self.value {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::UInt(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::Text(value) => value.clone(),
        }
    }

    /// The value as one of `data_type`; `None` if that type cannot hold it exactly.
    pub(super) fn of_type(&self, data_type: &DataType) -> Result<Option<ArrayRef>, ArrowError> {
        let text = StringArray::from(vec![self.text()]);
        let options = CastOptions { safe: true, ..CastOptions::default() };
        let cast = cast_with_options(&text, data_type, &options)?;
        Ok(cast.is_valid(0).then_some(cast))
    }
}

impl Predicate {
    /// The columns it looks at.
    pub fn columns(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        self.visit(&mut |column| {
            found.insert(column);
        });
        found
    }

    fn visit<'p>(&'p self, each: &mut impl FnMut(&'p str)) {
        match self {
            Self::And { args } | Self::Or { args } => args.iter().for_each(|arg| arg.visit(each)),
            Self::Not { arg } => arg.visit(each),
            Self::Eq(c) | Self::Ne(c) | Self::Lt(c) | Self::Le(c) | Self::Gt(c) | Self::Ge(c) => {
                each(&c.column);
            }
            Self::In { column, .. } | Self::IsNull { column } | Self::IsNotNull { column } => {
                each(column);
            }
        }
    }

    /// Its value on each of `rows` rows; `column` gives the columns it names.
    pub fn evaluate<'a>(
        &self,
        rows: usize,
        column: &impl Fn(&str) -> Option<&'a ArrayRef>,
    ) -> Result<BooleanArray, ArrowError> {
        let array = |name: &str| {
            column(name).ok_or_else(|| ArrowError::SchemaError(format!("no column '{name}'")))
        };
        match self {
            Self::And { args } => {
                let mut result = BooleanArray::from(vec![true; rows]);
                for arg in args {
                    result = and_kleene(&result, &arg.evaluate(rows, column)?)?;
                }
                Ok(result)
            }
            Self::Or { args } => {
                let mut result = BooleanArray::from(vec![false; rows]);
                for arg in args {
                    result = or_kleene(&result, &arg.evaluate(rows, column)?)?;
                }
                Ok(result)
            }
            Self::Not { arg } => not(&arg.evaluate(rows, column)?),
            Self::IsNull { column } => is_null(array(column)?),
            Self::IsNotNull { column } => is_not_null(array(column)?),
            Self::In { column, values } => {
                let array = array(column)?;
                let mut result = BooleanArray::from(vec![false; rows]);
                for value in values {
                    result = or_kleene(&result, &compare(array, value, Op::Eq)?)?;
                }
                Ok(result)
            }
            Self::Eq(c) => compare(array(&c.column)?, &c.value, Op::Eq),
            Self::Ne(c) => compare(array(&c.column)?, &c.value, Op::Ne),
            Self::Lt(c) => compare(array(&c.column)?, &c.value, Op::Lt),
            Self::Le(c) => compare(array(&c.column)?, &c.value, Op::Le),
            Self::Gt(c) => compare(array(&c.column)?, &c.value, Op::Gt),
            Self::Ge(c) => compare(array(&c.column)?, &c.value, Op::Ge),
        }
    }

    /// The conditions that all must hold.
    pub fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::And { args } => args.iter().flat_map(Self::conjuncts).collect(),
            other => vec![other],
        }
    }

    /// Whether no row satisfies it where `absent` tells that a column holds nothing equal to a
    /// value.
    pub fn lacks(&self, absent: &impl Fn(&str, &Literal) -> bool) -> bool {
        match self {
            Self::And { args } => args.iter().any(|arg| arg.lacks(absent)),
            Self::Or { args } => !args.is_empty() && args.iter().all(|arg| arg.lacks(absent)),
            Self::Eq(c) => absent(&c.column, &c.value),
            Self::In { column, values } => values.iter().all(|value| absent(column, value)),
            _ => false,
        }
    }

    /// The rows that can satisfy it, by the bounds of their pages; `pages` gives those of a column,
    /// which have all `rows` rows.
    pub fn candidates<'p>(
        &self,
        rows: usize,
        pages: &impl Fn(&str) -> Option<&'p [PageBounds]>,
    ) -> BooleanBuffer {
        match self {
            Self::And { args } => args.iter().fold(BooleanBuffer::new_set(rows), |kept, arg| {
                &kept & &arg.candidates(rows, pages)
            }),
            Self::Or { args } if !args.is_empty() => {
                args.iter().fold(BooleanBuffer::new_unset(rows), |kept, arg| {
                    &kept | &arg.candidates(rows, pages)
                })
            }
            other => {
                let columns = other.columns();
                let only = columns.first().filter(|_| columns.len() == 1);
                let Some(pages) = only.and_then(|name| pages(name)) else {
                    return BooleanBuffer::new_set(rows);
                };
                let mut kept = BooleanBufferBuilder::new(rows);
                for page in pages {
                    let count = page.rows.len();
                    let none = other.excludes(count as u64, &|_| Some(page.bounds.clone()));
                    kept.append_n(count, !none);
                }
                kept.append_n(rows.saturating_sub(kept.len()), true);
                kept.finish()
            }
        }
    }

    /// Whether no row between the bounds can satisfy it: `bounds` gives least value, greatest
    /// value (arrays of one row; none if unknown) and number of nulls (if known) of a column.
    pub fn excludes(&self, rows: u64, bounds: &impl Fn(&str) -> Option<Bounds>) -> bool {
        let none = |column: &str, value: &Literal, op: Op| {
            bounds(column).is_some_and(|bounds| {
                bounds.nulls == Some(rows) || rules_out(&bounds, value, op).unwrap_or(false)
            })
        };
        match self {
            Self::And { args } => args.iter().any(|arg| arg.excludes(rows, bounds)),
            Self::Or { args } => {
                !args.is_empty() && args.iter().all(|arg| arg.excludes(rows, bounds))
            }
            Self::Not { .. } => false,
            Self::Eq(c) => none(&c.column, &c.value, Op::Eq),
            Self::Ne(c) => none(&c.column, &c.value, Op::Ne),
            Self::Lt(c) => none(&c.column, &c.value, Op::Lt),
            Self::Le(c) => none(&c.column, &c.value, Op::Le),
            Self::Gt(c) => none(&c.column, &c.value, Op::Gt),
            Self::Ge(c) => none(&c.column, &c.value, Op::Ge),
            Self::In { column, values } => values.iter().all(|value| none(column, value, Op::Eq)),
            Self::IsNull { column } => bounds(column).is_some_and(|b| b.nulls == Some(0)),
            Self::IsNotNull { column } => bounds(column).is_some_and(|b| b.nulls == Some(rows)),
        }
    }
}

/// What is known of a column's values in a row group or page.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// One row: no value is less.
    pub least: Option<ArrayRef>,
    /// One row: no value is greater.
    pub greatest: Option<ArrayRef>,
    /// How many are null.
    pub nulls: Option<u64>,
}

/// Some rows of a row group, and what is known of a column's values in them.
#[derive(Debug, Clone)]
pub struct PageBounds {
    /// Their numbers.
    pub rows: Range<usize>,
    /// Of these rows.
    pub bounds: Bounds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// `array <op> value`, null where `array` is.
fn compare(array: &ArrayRef, literal: &Literal, op: Op) -> Result<BooleanArray, ArrowError> {
    if *array.data_type() == DataType::Null {
        return Ok(BooleanArray::new_null(array.len()));
    }
    if let Some(value) = literal.of_type(array.data_type())? {
        let (array, value) = (settled(array), settled(&value));
        let value = Scalar::new(value);
        return match op {
            Op::Eq => cmp::eq(&array, &value),
            Op::Ne => cmp::neq(&array, &value),
            Op::Lt => cmp::lt(&array, &value),
            Op::Le => cmp::lt_eq(&array, &value),
            Op::Gt => cmp::gt(&array, &value),
            Op::Ge => cmp::gt_eq(&array, &value),
        };
    }
    // The column's type cannot hold the value: both sides as a type that can.
    let wide = match array.data_type() {
        t if t.is_integer() && literal.kind.starts_with("float") => DataType::Float64,
        t if t.is_integer() || matches!(t, DataType::Decimal128(..)) => {
            DataType::Decimal256(76, 20)
        }
        _ => {
            let name = array.data_type();
            return Err(ArrowError::ComputeError(format!(
                "cannot compare {name} with '{}' ({})",
                literal.text(),
                literal.kind
            )));
        }
    };
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let array = cast_with_options(array, &wide, &options)?;
    match literal.of_type(&wide)? {
        Some(_) => compare(&array, literal, op),
        None => Err(ArrowError::ComputeError(format!("'{}' is out of range", literal.text()))),
    }
}

/// One zero and one NaN.
fn settled(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Float64 => std::sync::Arc::new(
            array
                .as_primitive::<Float64Type>()
                .unary::<_, Float64Type>(|v| if v.is_nan() { f64::NAN } else { v + 0.0 }),
        ),
        DataType::Float32 => std::sync::Arc::new(
            array
                .as_primitive::<Float32Type>()
                .unary::<_, Float32Type>(|v| if v.is_nan() { f32::NAN } else { v + 0.0 }),
        ),
        _ => std::sync::Arc::clone(array),
    }
}

/// Whether no value within the bounds satisfies `op`; `None` if they do not tell.
fn rules_out(bounds: &Bounds, literal: &Literal, op: Op) -> Option<bool> {
    let holds = |bound: &Option<ArrayRef>, op: Op| -> Option<bool> {
        let result = compare(bound.as_ref()?, literal, op).ok()?;
        result.is_valid(0).then(|| result.value(0))
    };
    // NaN is above every greatest value that statistics know of.
    let float = [&bounds.least, &bounds.greatest]
        .iter()
        .any(|bound| bound.as_ref().is_some_and(|bound| bound.data_type().is_floating()));
    match op {
        Op::Lt => holds(&bounds.least, Op::Ge),
        Op::Le => holds(&bounds.least, Op::Gt),
        Op::Gt | Op::Ge | Op::Ne if float => Some(false),
        Op::Gt => holds(&bounds.greatest, Op::Le),
        Op::Ge => holds(&bounds.greatest, Op::Lt),
        Op::Eq => {
            let below = holds(&bounds.least, Op::Gt).unwrap_or(false);
            // `x = NaN` is beyond every greatest value, and may hold all the same.
            let above = !float && holds(&bounds.greatest, Op::Lt).unwrap_or(false);
            let above = above
                || float
                    && holds(&bounds.greatest, Op::Lt).unwrap_or(false)
                    && !literal.text().eq_ignore_ascii_case("nan");
            Some(below || above)
        }
        Op::Ne => Some(
            holds(&bounds.least, Op::Eq).unwrap_or(false)
                && holds(&bounds.greatest, Op::Eq).unwrap_or(false),
        ),
    }
}
