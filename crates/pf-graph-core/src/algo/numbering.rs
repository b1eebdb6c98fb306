//! Labels become numbers `0..k` in the order in which they first occur.

use crate::NO_VERTEX;

/// The number of each label, and how many there are. Labels are below `labels.len()`.
pub(super) fn number_by_first(labels: &[u32]) -> (Vec<i64>, usize) {
    let mut number = vec![NO_VERTEX; labels.len()];
    let mut count = 0;
    let numbered = labels
        .iter()
        .map(|&label| {
            let number = &mut number[label as usize];
            if *number == NO_VERTEX {
                *number = count;
                count += 1;
            }
            i64::from(*number)
        })
        .collect();
    (numbered, count as usize)
}
