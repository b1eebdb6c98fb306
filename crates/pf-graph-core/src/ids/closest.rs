//! "Did you mean": texts within a small edit distance.

/// Ids listed in a message.
pub(super) const MAX_CLOSEST: usize = 3;
/// Ids looked at, so that an error on a huge graph still comes at once.
const MAX_LOOKED_AT: usize = 1 << 20;

/// Up to [`MAX_CLOSEST`] candidates that resemble `text`, best first, ties in candidate order.
///
/// A candidate resembles if, ignoring case, at most a third of the longer text has to change.
pub(super) fn closest_texts<'a>(
    text: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Vec<&'a str> {
    let wanted: Vec<char> = text.to_lowercase().chars().collect();
    let mut best: Vec<(usize, &str)> = Vec::new();
    let mut scratch = Vec::new();
    for candidate in candidates.take(MAX_LOOKED_AT) {
        if candidate.len() > 4 * wanted.len() + 8 {
            continue; // even with four bytes per character much longer
        }
        let found: Vec<char> = candidate.to_lowercase().chars().collect();
        let limit = (wanted.len().max(found.len()) / 3).max(1);
        if wanted.len().abs_diff(found.len()) > limit {
            continue;
        }
        let distance = edit_distance(&wanted, &found, &mut scratch);
        if distance <= limit
            && best.last().is_none_or(|l| best.len() < MAX_CLOSEST || distance < l.0)
        {
            let place = best.partition_point(|&(d, _)| d <= distance);
            best.insert(place, (distance, candidate));
            best.truncate(MAX_CLOSEST);
        }
    }
    best.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Insertions, deletions and replacements that turn `a` into `b` (Wagner, Fischer, J. ACM 21(1),
/// 1974), in one row of memory.
fn edit_distance(a: &[char], b: &[char], row: &mut Vec<usize>) -> usize {
    row.clear();
    row.extend(0..=b.len());
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_first_and_nothing_far() {
        let ids = ["BOS", "XYR", "xyz", "XAR", "LAX", "a much longer id"];
        assert_eq!(closest_texts("XYZ", ids.into_iter()), ["xyz", "XYR"]);
        assert!(closest_texts("Q", ["abc"].into_iter()).is_empty());
    }
}
