//! True and false.

use crate::csv::spec::ColumnSpec;

/// The value, by the caller's texts or by `true`, `True`, `TRUE` and the three falses.
#[inline]
pub fn parse(text: &[u8], spec: &ColumnSpec) -> Option<bool> {
    let among = |set: Option<&Vec<String>>, usual: [&[u8]; 3]| match set {
        Some(set) => set.iter().any(|one| one.as_bytes() == text),
        None => usual.contains(&text),
    };
    if among(spec.true_values.as_ref(), [b"true", b"True", b"TRUE"]) {
        Some(true)
    } else if among(spec.false_values.as_ref(), [b"false", b"False", b"FALSE"]) {
        Some(false)
    } else {
        None
    }
}

/// `true`, `false` and their usual forms, told apart by length from most other texts.
#[inline]
pub fn usual(text: &[u8]) -> Option<bool> {
    let is = |among: [&[u8]; 3]| among.contains(&text);
    match text.len() {
        4 | 5 => {
            let value = is([b"true", b"True", b"TRUE"]);
            (value || is([b"false", b"False", b"FALSE"])).then_some(value)
        }
        _ => None,
    }
}

/// The caller's texts replace the usual ones, so a number may mean true.
pub fn are_custom(spec: &ColumnSpec) -> bool {
    spec.true_values.is_some() || spec.false_values.is_some()
}
