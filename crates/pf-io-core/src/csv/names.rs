//! Names of columns: each one once, and found without a search. O(n) for n names.

use std::collections::{HashMap, HashSet};

/// Empty and repeated names get a number; a note tells of each change. If the names are not those
/// of a header (`in_file`), all columns are numbered.
pub(super) fn unique(names: Vec<String>, in_file: bool, notes: &mut Vec<String>) -> Vec<String> {
    let all: HashSet<String> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
    let mut used: HashSet<String> = HashSet::new();
    // The number that may be free next; those before are taken for good.
    let mut next: HashMap<String, usize> = HashMap::new();
    let mut numbered = |name: &str, used: &HashSet<String>| {
        let number = next.entry(name.to_owned()).or_insert(1);
        loop {
            let found = format!("{name}_{number}");
            *number += 1;
            if !used.contains(&found) && !all.contains(&found) {
                return found;
            }
        }
    };
    let mut found = Vec::with_capacity(names.len());
    for (field, name) in names.into_iter().enumerate() {
        let plain = format!("column_{}", field + 1);
        let given = if !in_file {
            plain
        } else if name.is_empty() {
            let taken = used.contains(&plain) || all.contains(&plain);
            if taken { numbered(&plain, &used) } else { plain }
        } else if used.contains(&name) {
            numbered(&name, &used)
        } else {
            name.clone()
        };
        if in_file && given != name {
            let number = field + 1;
            notes.push(format!("column {number} has the name '{name}', read as '{given}'"));
        }
        used.insert(given.clone());
        found.push(given);
    }
    found
}

/// Where each name is; an error is a name that is there twice.
pub(super) fn places(names: &[String]) -> Result<HashMap<&str, usize>, &str> {
    let mut places = HashMap::with_capacity(names.len());
    for (field, name) in names.iter().enumerate() {
        if places.insert(name.as_str(), field).is_some() {
            return Err(name);
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Vec<String> {
        unique(names.iter().map(|&name| name.to_owned()).collect(), true, &mut Vec::new())
    }

    #[test]
    fn names_become_unique_and_take_none_that_is_there() {
        assert_eq!(named(&["a", "", "a", "a_1"]), ["a", "column_2", "a_2", "a_1"]);
        assert_eq!(named(&["a", "a", "a", "a_1", "a"]), ["a", "a_2", "a_3", "a_1", "a_4"]);
        assert_eq!(named(&["column_2", ""]), ["column_2", "column_2_1"]);
        let many = named(&vec!["x"; 200_000]);
        assert_eq!(many.last().map(String::as_str), Some("x_199999"));
        assert!(places(&many).is_ok());
        assert_eq!(places(&["a".to_owned(), "a".to_owned()]), Err("a"));
    }
}
