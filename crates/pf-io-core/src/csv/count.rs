//! What can be told without reading a value: names, and how many rows there are.

use super::detect::detected;
use super::feed::Feed;
use super::input::InputOptions;
use super::options::CsvReadOptions;
use super::plan::Plan;
use super::read::read;
use super::regular::{RANGE_BYTES, Regular};
use super::simd::Simd;
use crate::{Context, IoError, Result, Source};

/// Bytes that are read to see the header and the width of the records; more if they are longer.
const HEAD_BYTES: usize = 64 << 10;

/// Names of the columns, and whether the file has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The first record, or the one that the caller said, has the names.
    pub header: bool,
    /// Names of all columns, in file order.
    pub names: Vec<String>,
}

/// Looks at the header and some records behind it.
pub fn contents(source: &Source, options: &CsvReadOptions, context: &Context) -> Result<Contents> {
    let path = source.path();
    let found = detected(source, options, context)?;
    let options = CsvReadOptions { columns: None, ..found.options.into_owned() };
    let simd = Simd::chosen().map_err(|message| IoError::unsupported(path, message))?;
    let mut feed = Feed::open(source, &options, simd, context)?;
    let plan = Plan::make(path, &mut feed, &options, simd)?;
    let names = plan.wanted.into_iter().map(|column| column.name).collect();
    Ok(Contents { header: plan.header, names })
}

/// How many rows a read would give, without a look into the cells: neither types that the caller set
/// nor whether the bytes of UTF-8 are text is checked.
pub fn count(source: &Source, options: &CsvReadOptions, context: &Context) -> Result<u64> {
    options.dialect.validate(source.path())?;
    let input = InputOptions { check: false, ..options.input.clone() };
    let options = CsvReadOptions { columns: Some(Vec::new()), input, ..options.clone() };
    let options = detected(source, &options, context)?.options;
    if let Some(rows) = count_regular(source, &options, context)? {
        return Ok(rows);
    }
    Ok(read(source, &options, context)?.table.rows as u64)
}

/// The rows of a plain file of which nothing is left out; none if its records must be read.
fn count_regular(
    source: &Source,
    options: &CsvReadOptions,
    context: &Context,
) -> Result<Option<u64>> {
    if options.n_rows.or(options.most_records).is_some() {
        return Ok(None);
    }
    let path = source.path();
    let simd = Simd::chosen().map_err(|message| IoError::unsupported(path, message))?;
    let chunk_bytes = if options.chunk_bytes == 0 { HEAD_BYTES } else { options.chunk_bytes };
    let head = CsvReadOptions { chunk_bytes, ..options.clone() };
    let mut feed = Feed::open(source, &head, simd, context)?;
    let plan = Plan::make(path, &mut feed, &head, simd)?;
    let start = feed.next_byte()?;
    let Some((source, _)) = feed.input().plain() else { return Ok(None) };
    let Some(start) = start else { return Ok(None) };
    let (width, dialect) = (plan.width, &options.dialect);
    let range_bytes = match options.chunk_bytes {
        0 => RANGE_BYTES,
        bytes => bytes as u64,
    };
    Regular { source, start, dialect, width, simd, range_bytes, context }.count()
}
