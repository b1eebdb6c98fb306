//! A few rows as text, for error messages.

use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::dataset::Dataset;

/// The longest cell shown.
const CELL: usize = 40;

/// The first `limit` rows: `a=1, b='x'; a=2, b=NULL`.
pub fn rows(table: &Dataset, limit: usize) -> String {
    let options = FormatOptions::default().with_null("NULL");
    let mut shown = Vec::new();
    for batch in table.batches() {
        let schema = batch.schema();
        let cells: Vec<(&str, ArrayFormatter<'_>)> = batch
            .columns()
            .iter()
            .zip(schema.fields())
            .filter(|(_, field)| !field.name().starts_with("__"))
            .filter_map(|(array, field)| {
                let formatter = ArrayFormatter::try_new(array.as_ref(), &options).ok()?;
                Some((field.name().as_str(), formatter))
            })
            .collect();
        for row in 0..batch.num_rows() {
            if shown.len() >= limit {
                return shown.join("; ");
            }
            let text: Vec<String> = cells
                .iter()
                .map(|(name, cell)| format!("{name}={}", shorten(&cell.value(row).to_string())))
                .collect();
            shown.push(text.join(", "));
        }
    }
    shown.join("; ")
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= CELL {
        return text.to_owned();
    }
    text.chars().take(CELL - 3).chain("...".chars()).collect()
}
