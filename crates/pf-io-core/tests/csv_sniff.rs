//! The sniffer: no row is left out, one column is an answer, near ties are told.

#![allow(clippy::unwrap_used, reason = "helpers are part of the tests")]

use std::sync::LazyLock;

use pf_io_core::csv::sniff::{Ambiguity, Sample, Sniffed, Wishes, obvious, sniff};
use pf_io_core::csv::{BlankLines, Dialect};
use proptest::prelude::*;

/// What is found, which is the same on one thread and on several, and what is obvious.
fn on_any_threads(sample: &Sample<'_>, wishes: &Wishes) -> Sniffed {
    static POOL: LazyLock<rayon::ThreadPool> =
        LazyLock::new(|| rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap());
    let found = sniff(sample, wishes, None);
    assert_eq!(format!("{found:?}"), format!("{:?}", sniff(sample, wishes, Some(&POOL))));
    let known = Wishes { skip_rows: Some(wishes.skip_rows.unwrap_or(0)), ..wishes.clone() };
    let clear = obvious(sample, &known, None);
    assert_eq!(clear, obvious(sample, &known, Some(&POOL)));
    if let Some(dialect) = clear {
        let whole = sniff(sample, &known, None);
        assert_eq!((&whole.dialect, whole.ambiguity), (&dialect, Ambiguity::None));
        assert!(whole.candidates[0].columns > 1 && whole.misfits.is_empty());
    }
    found
}

fn whole(text: &str) -> Sniffed {
    with(text, &Wishes::default())
}

fn with(text: &str, wishes: &Wishes) -> Sniffed {
    on_any_threads(&Sample { head: text.as_bytes(), whole: true, later: &[] }, wishes)
}

fn separator(text: &str) -> char {
    char::from(whole(text).dialect.separator)
}

#[test]
fn test_separators_by_consistency_and_types() {
    assert_eq!(separator("a,b\n1,2\n"), ',');
    assert_eq!(separator("a;b\n1;2\n3;4\n"), ';');
    assert_eq!(separator("a\tb\n1\t2\n"), '\t');
    assert_eq!(separator("a|b|c\nx|y|z\n"), '|');
    assert_eq!(separator("a:b\n1:2\n3:4\n"), ':');
    assert_eq!(separator("x y\n1 2\n3 4\n"), ' ');
    // Decimal commas under a header, and without one.
    assert_eq!(separator("a;b\n1,5;2,5\n3,5;4,5\n"), ';');
    assert_eq!(separator("1,5;2,5\n3,5;4,5\n"), ';');
    // Commas in quotes are no separators.
    let found = whole("a;b\n\"1,2,3\";x\n\"4,5\";y\n");
    assert_eq!(
        (found.dialect.separator, found.names.as_slice()),
        (b';', &["a".into(), "b".into()][..])
    );
    assert_eq!(found.ambiguity, Ambiguity::None, "{:?}", found.candidates);
}

#[test]
fn test_what_is_obvious() {
    let wishes = Wishes { skip_rows: Some(0), quote: false, escape: false, ..Wishes::default() };
    let clear = |text: &str| {
        let sample = Sample { head: text.as_bytes(), whole: true, later: &[] };
        on_any_threads(&sample, &wishes);
        obvious(&sample, &wishes, None).map(|dialect| char::from(dialect.separator))
    };
    assert_eq!(clear("a,b\n1,x y\n2,z\n"), Some(','));
    assert_eq!(clear("a;b\n1,5;x\n2;z\n"), Some(';'));
    assert_eq!(clear("a,b\n\"1;2\",x\n\"3,4;5\",y\n"), Some(','));
    for unclear in ["a,b;c\n1,2;3\n", "a\nb\n", "x y\n1 2\n", "a,b\n1,2\n1,2,3\n", "a,b\n\"1,2\n"] {
        assert_eq!(clear(unclear), None, "{unclear}");
    }
    // How many lines come before the header is a question of its own.
    let text = Sample { head: b"a,b\n1,2\n", whole: true, later: &[] };
    assert_eq!(obvious(&text, &Wishes { skip_rows: None, ..wishes.clone() }, None), None);
}

#[test]
fn test_one_column_is_an_answer_and_no_row_is_lost() {
    for (text, rows) in [
        ("c0\nv0\na;b\n", 3),
        ("name\nNew York\nLos Angeles\n", 3),
        ("city\nParis, France\nRome\n", 3),
        ("t\n12:30\n13:45\n", 3),
        ("when\n2020-01-02 10:00:00\n2020-01-03 11:00:00\n", 3),
        ("just one line", 1),
        ("a;b,c:d|e f\tg\nx\n", 2),
    ] {
        let found = whole(text);
        assert_eq!((found.types.len(), found.skip_rows), (1, 0), "{text:?}: {found:?}");
        assert_eq!(found.candidates[0].records, rows, "{text:?}");
    }
    let found = whole("2020-01-02 10:00:00\n2020-01-03 11:00:00\n");
    assert_eq!((found.types, found.header), (vec!["timestamp"], false));
}

#[test]
fn test_few_misfits_are_named_not_dropped() {
    let mut text = "a,b,c\n".to_owned() + &"1,2,3\n".repeat(50);
    text += "1,2\n";
    text += &"4,5,6\n".repeat(50);
    let found = whole(&text);
    assert_eq!((found.dialect.separator, found.types.len(), found.skip_rows), (b',', 3, 0));
    assert_eq!((found.misfits.as_slice(), found.candidates[0].records), (&[52][..], 102));
    assert!(
        found.notes.iter().any(|note| note.contains("the first on line 52")),
        "{:?}",
        found.notes
    );
    let ragged = with(&text, &Wishes { ragged: true, ..Wishes::default() });
    assert!(ragged.misfits.is_empty() && ragged.types.len() == 3);
    // Where they are many, the lines stay whole, and that is told.
    let found = whole("a,b\n1,2\n3\n");
    assert_eq!((found.types.len(), found.ambiguity), (1, Ambiguity::Harmful));
    assert!(found.confidence <= 0.5);
}

#[test]
fn test_preambles_need_a_blank_line_or_comments() {
    let found = whole("Report of today\nmade by hand\n\na,b\n1,2\n3,4\n");
    assert_eq!((found.skip_rows, found.types.len(), found.header), (3, 2, true));
    assert_eq!(found.notes.len(), 1);
    let found = whole("# made by hand, today, here\n# and here\na,b\n1,2\n3,4\n");
    assert_eq!((found.skip_rows, found.names), (2, vec!["a".to_owned(), "b".to_owned()]));
    // A title on top without a gap is a row that nobody may drop.
    let found = whole("Report of today\na,b\n1,2\n3,4\n");
    assert_eq!((found.skip_rows, found.candidates[0].records), (0, 4));
    // A header that starts with a number sign is a header.
    let found = whole("#a,b\n1,2\n3,4\n");
    assert_eq!((found.skip_rows, found.names[0].as_str()), (0, "#a"));
    // A table before a blank line is a table.
    let found = whole("a,b\n1,2\n\nc,d,e\n1,2,3\n4,5,6\n");
    assert_eq!(found.skip_rows, 0, "{found:?}");
    // Blank lines in a table are blank lines.
    assert_eq!(whole("a,b\n\n1,2\n\n3,4\n").skip_rows, 0);
    let known = with("x\n\na,b\n1,2\n", &Wishes { skip_rows: Some(2), ..Wishes::default() });
    assert_eq!((known.skip_rows, known.types.len()), (2, 2));
}

#[test]
fn test_quotes_and_escapes() {
    let found = whole("a,b\n'x, y',1\n'z, w',2\n");
    assert_eq!((found.dialect.quote, found.types), (Some(b'\''), vec!["string", "int64"]));
    assert_eq!(whole("a,b\n'80s,1\nit's,2\n").dialect.quote, Some(b'"'));
    assert_eq!(whole("a,b\n\"x\ny, z\",1\n").dialect.quote, Some(b'"'));
    assert_eq!(whole("size,n\n5\",1\n6\",2\n").dialect.quote, Some(b'"'));
    let found = whole("a,b\n\"x \\\" y, z\",1\n\"w\",2\n");
    assert_eq!((found.dialect.quote, found.dialect.escape), (Some(b'"'), Some(b'\\')));
    assert_eq!(whole("a,b\n\"x \"\" y, z\",1\n\"w\",2\n").dialect.escape, None);
    // A quote that never closes is text where that makes a table.
    let found = whole("a,b\n\"x,1\ny,2\nz,3\n");
    assert_eq!((found.dialect.quote, found.types.len()), (None, 2));
    let known = Wishes { quote: false, ..Wishes::default() };
    assert!(with("a,b\n\"x,1\n", &known).notes.iter().any(|note| note.contains("does not end")));
}

#[test]
fn test_headers_names_and_types() {
    let found = whole(
        "id,when,ok,x,zip,none\n1,2020-01-02,true,1.5,01234,\n2,2020-01-03,false,2,00001,NA\n",
    );
    assert!(found.header);
    assert_eq!(found.types, ["int64", "date", "bool", "float64", "string", "null"]);
    let found = whole("1,a\n2,b\n");
    assert_eq!(
        (found.header, found.names),
        (false, vec!["column_1".into(), "column_2".to_owned()])
    );
    assert!(whole("x,y\na,b\n").header);
    assert!(whole("2019,2020\na,b\n").header);
    assert!(!whole("1,2,3\n").header);
    assert!(whole("a,b,c\n").header);
    assert!(!with("x,y\na,b\n", &Wishes { header: Some(false), ..Wishes::default() }).header);
    let found = whole("a,,a,a_1,a\n1,2,3,4,5\n");
    assert_eq!(found.names, ["a", "column_2", "a_2", "a_1", "a_3"]);
}

#[test]
fn test_near_ties_are_told() {
    let found = whole("a;b,c\nd;e,f\ng;h,i\n");
    assert_eq!(found.ambiguity, Ambiguity::Harmful);
    assert!(found.confidence <= 0.5 && found.candidates.len() > 1);
    let found = whole("a,b\n1,2\n3,4\n");
    assert_eq!((found.ambiguity, found.notes.len()), (Ambiguity::None, 0));
    assert!(found.confidence > 0.9, "{}", found.confidence);
}

#[test]
fn test_known_parts_stay() {
    let dialect = Dialect { separator: b';', blank_lines: BlankLines::Null, ..Dialect::default() };
    let wishes = Wishes { dialect, separator: false, ..Wishes::default() };
    let found = with("a,b\n1,2\n", &wishes);
    assert_eq!((found.dialect.separator, found.types.len()), (b';', 1));
    assert_eq!(found.dialect.blank_lines, BlankLines::Null);
    let dialect = Dialect { comment: Some(b"#".to_vec()), ..Dialect::default() };
    let found = with("a,b\n# x\n1,2\n", &Wishes { dialect, ..Wishes::default() });
    assert_eq!((found.types.len(), found.misfits.len()), (2, 0));
}

#[test]
fn test_samples_that_are_cut() {
    let text = "a,b\n".to_owned() + &"1,\"x\ny,z\"\n".repeat(1000);
    let block = text.as_bytes()[3000..6001].to_vec();
    for cut in [4000, 4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008] {
        let later = [block.clone()];
        let sample = Sample { head: &text.as_bytes()[..cut], whole: false, later: &later };
        let found = on_any_threads(&sample, &Wishes::default());
        assert_eq!((found.dialect.separator, found.misfits.len()), (b',', 0), "{cut}");
        assert!(found.notes.is_empty(), "{cut}: {:?}", found.notes);
    }
    let later = ["1;2;3\n".repeat(100).into_bytes()];
    let sample = Sample { head: text.as_bytes(), whole: false, later: &later };
    let found = on_any_threads(&sample, &Wishes::default());
    assert!(found.notes.iter().any(|note| note.contains("do not fit")) && found.confidence <= 0.5);
    let empty = whole("");
    assert!(empty.types.is_empty() && empty.names.is_empty());
    assert_eq!(whole("\n\n").types.len(), 0);
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}",
        "-?[1-9][0-9]{0,5}",
        "[1-9]\\.[0-9]{1,3}",
        Just("x, y; \"z\"\n|".into())
    ]
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(
        text in "[a,;\t|: \"'\\\\\r\n#1.]{0,120}",
        whole in any::<bool>(),
    ) {
        let sample = Sample { head: text.as_bytes(), whole, later: &[] };
        let found = on_any_threads(&sample, &Wishes::default());
        prop_assert!((0.0..=1.0).contains(&found.confidence));
        prop_assert_eq!(found.names.len(), found.types.len());
        let distinct: std::collections::HashSet<_> = found.names.iter().collect();
        prop_assert_eq!(distinct.len(), found.names.len());
        // Left out is only what stands before a blank line or is a comment.
        if found.skip_rows > 0 {
            prop_assert!(text.contains('#') || text.lines().any(|line| line.trim().is_empty()) || text.contains('\r'));
        }
    }

    #[test]
    fn printed_tables_are_found(
        rows in proptest::collection::vec((cell(), cell(), cell()), 5..30),
        which in 0..4_usize,
    ) {
        let separator = [',', ';', '\t', '|'][which];
        let mut text = format!("first{separator}second{separator}third\n");
        for (a, b, c) in &rows {
            let quoted = [a, b, c].map(|cell| {
                if cell.contains('"') { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
            });
            text += &quoted.join(&separator.to_string());
            text.push('\n');
        }
        let found = on_any_threads(&Sample { head: text.as_bytes(), whole: true, later: &[] }, &Wishes::default());
        prop_assert_eq!(found.dialect.separator, separator as u8);
        prop_assert_eq!(found.names, ["first", "second", "third"]);
        prop_assert_eq!(found.candidates[0].records as usize, rows.len() + 1);
    }
}
