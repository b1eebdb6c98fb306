//! The nearest valid name, for hints.

/// The known name nearest to `name`: case aside, a shared prefix or at most two edits.
pub fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    known
        .iter()
        .map(|candidate| {
            let other = candidate.to_lowercase();
            let edits = distance(&wanted, &other);
            let prefix = wanted.len() >= 3
                && (other.starts_with(&wanted) || (other.len() >= 3 && wanted.starts_with(&other)));
            (if prefix { edits.min(2) } else { edits }, candidate)
        })
        .filter(|(distance, _)| *distance <= 2 && *distance < wanted.chars().count().max(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.as_str())
}

/// `did you mean 'arr_delay'? columns: a, b, c, ... (8)`.
pub fn suggestion(name: &str, known: &[String], what: &str) -> String {
    const SHOWN: usize = 8;
    let mut listed: Vec<&str> = known.iter().map(String::as_str).collect();
    listed.sort_unstable();
    let total = listed.len();
    listed.truncate(SHOWN);
    let more = if total > SHOWN { format!(", ... ({total})") } else { String::new() };
    let list = format!("{what}: {}{more}", listed.join(", "));
    match nearest(name, known) {
        Some(near) => format!("did you mean '{near}'? {list}"),
        None => list,
    }
}

/// Optimal string alignment distance: edits and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 2 {
        return a.len().max(b.len());
    }
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        rows[i][0] = i;
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best =
                (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        ["arr_delay", "carrier", "dest"].map(String::from).to_vec()
    }

    #[test]
    fn swapped_letters_are_near() {
        assert_eq!(nearest("arr_dealy", &known()), Some("arr_delay"));
        assert_eq!(nearest("Carrier", &known()), Some("carrier"));
        assert_eq!(nearest("destination", &known()), Some("dest"));
    }

    #[test]
    fn nothing_near_lists_what_there_is() {
        assert_eq!(nearest("xyz", &known()), None);
        assert_eq!(suggestion("xyz", &known(), "columns"), "columns: arr_delay, carrier, dest");
    }
}
