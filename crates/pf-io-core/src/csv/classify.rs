//! What one cell is: the definition that every quick path agrees with.

use super::cell::Cell;
use super::parse::dates::Instant;
use super::parse::floats::{Float, NoFloat};
use super::parse::nulls::Null;
use super::parse::{bools, dates, decimals, floats, ints, nulls};
use super::spec::{ColumnSpec, Dates};

/// A cell under inference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Class {
    /// No value.
    Null(Null),
    /// True or false.
    Bool(bool),
    /// Means true or false by the caller's texts, and is an integer as well.
    BoolOrInt(bool, i128),
    /// An integer of at most 38 digits.
    Int(i128),
    /// A float.
    Float(Float),
    /// Days since 1970-01-01.
    Date(i32),
    /// A point in time.
    Timestamp(Instant),
    /// Anything else.
    Text(Why),
}

/// Why a cell is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No type has this form.
    Form,
    /// Leading zeros or a plus sign, which a number would not keep.
    Zeros,
    /// A float that would become infinite or zero.
    Range,
    /// More digits than a decimal holds.
    Digits,
}

/// Memory for a number in its plain form.
pub(super) type Scratch = Vec<u8>;

/// Classifies one cell.
pub(super) fn classify(cell: Option<&Cell<'_>>, spec: &ColumnSpec, scratch: &mut Scratch) -> Class {
    let Some(cell) = cell else { return Class::Null(Null::Always) };
    let text: &[u8] = &cell.text;
    if let Some(null) = nulls::null(text, cell.quoted, &spec.nulls) {
        return Class::Null(null);
    }
    let bool = bools::parse(text, spec);
    match (bool, bools::are_custom(spec)) {
        (Some(value), false) => return Class::Bool(value),
        (Some(value), true) => {
            return match value_of(text, spec, scratch) {
                Class::Int(number) => Class::BoolOrInt(value, number),
                _ => Class::Bool(value),
            };
        }
        (None, _) => {}
    }
    value_of(text, spec, scratch)
}

fn value_of(text: &[u8], spec: &ColumnSpec, scratch: &mut Scratch) -> Class {
    let Some(&first) = text.first() else { return Class::Text(Why::Form) };
    let number = matches!(first, b'0'..=b'9' | b'-' | b'+' | b'n' | b'N' | b'i' | b'I');
    if !number && first != spec.decimal {
        return Class::Text(Why::Form);
    }
    if text.len() >= 10 && text[4] == b'-' && spec.dates == Dates::Iso {
        if let Some(days) = dates::date(text) {
            return Class::Date(days);
        }
        if let Some(instant) = dates::instant(text) {
            return Class::Timestamp(instant);
        }
    }
    match plain(text, spec, scratch) {
        Some(text) => number_of(text, spec),
        None => Class::Text(Why::Form),
    }
}

fn number_of(text: &[u8], spec: &ColumnSpec) -> Class {
    let (sign, digits) = match text {
        [sign @ (b'-' | b'+'), digits @ ..] => (Some(*sign), digits),
        _ => (None, text),
    };
    let zeros = sign == Some(b'+') || (digits.len() > 1 && digits[0] == b'0');
    if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        if zeros && !spec.leading_zeros_are_numbers {
            return Class::Text(Why::Zeros);
        }
        return match ints::digits(digits) {
            None => Class::Text(Why::Digits),
            // Minus zero is kept by a float.
            Some(0) if sign == Some(b'-') => {
                Class::Float(Float { value: -0.0, whole: 1, fraction: 0, fixed: false })
            }
            Some(number) => {
                // 38 digits fit.
                let number = number as i128;
                Class::Int(if sign == Some(b'-') { -number } else { number })
            }
        };
    }
    let zeros = sign == Some(b'+') || (zeros && digits[1].is_ascii_digit());
    match floats::parse64(text) {
        Ok(_) if zeros && !spec.leading_zeros_are_numbers => Class::Text(Why::Zeros),
        Ok(float) => Class::Float(float),
        Err(NoFloat::Form) => Class::Text(Why::Form),
        Err(NoFloat::Range) => Class::Text(Why::Range),
    }
}

/// A number with a point as its decimal sign and no groups; `None` if it cannot be one.
pub(super) fn plain<'a>(
    text: &'a [u8],
    spec: &ColumnSpec,
    scratch: &'a mut Scratch,
) -> Option<&'a [u8]> {
    if spec.decimal == b'.' && spec.thousands.is_none() {
        return Some(text);
    }
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let point = text.iter().position(|&byte| byte == spec.decimal).unwrap_or(text.len());
    scratch.clear();
    scratch.extend_from_slice(&text[..sign]);
    let whole = text.get(sign..point)?;
    match spec.thousands {
        Some(comma) if whole.contains(&comma) => {
            // Groups of three, but for the first; anything else is no number.
            for (index, group) in whole.split(|&byte| byte == comma).enumerate() {
                let right =
                    if index == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 };
                if !right || !group.iter().all(u8::is_ascii_digit) {
                    return None;
                }
                scratch.extend_from_slice(group);
            }
        }
        _ => scratch.extend_from_slice(whole),
    }
    let foreign = |byte: &u8| *byte == b'.' && spec.decimal != b'.';
    if scratch.iter().any(foreign) {
        return None;
    }
    if let Some(fraction) = text.get(point + 1..) {
        if fraction.iter().any(foreign) {
            return None;
        }
        scratch.push(b'.');
        scratch.extend_from_slice(fraction);
    }
    Some(scratch)
}

/// The value at `scale` of a cell that is an integer or a float.
pub(super) fn decimal_of(
    cell: Option<&Cell<'_>>,
    spec: &ColumnSpec,
    precision: u8,
    scale: u8,
    scratch: &mut Scratch,
) -> Option<i128> {
    decimals::parse(plain(&cell?.text, spec, scratch)?, precision, scale)
}
