//! What is known before the records are read: names, columns, and the kinds to begin with.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use arrow::datatypes::DataType;

use super::facts::Facts;
use super::feed::Feed;
use super::head::{Passed, Sample, looks_like_header, take_record, undo};
use super::infer::Final;
use super::kind::Kind;
use super::names::{places, unique};
use super::options::{BadLines, CsvReadOptions, Header};
use super::serial::Serial;
use super::simd::Simd;
use super::spec::{ColumnSpec, Target};
use super::split::Head;
use crate::batch::nearest_name;
use crate::{IoError, Result};

/// What is kept for each column beside its values, at least.
const COLUMN_BYTES: u64 = 4 * (size_of::<Wanted>() + size_of::<Facts>()) as u64;

/// A column of the result.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub name: String,
    /// Its number among the fields of a record.
    pub field: usize,
    pub spec: ColumnSpec,
    pub category: bool,
    /// What a sample says.
    pub guess: Facts,
    /// What it is, if that is settled before the values are read.
    pub settled: Option<Final>,
}

/// What is read, and how.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    /// Fields of a record.
    pub width: usize,
    pub wanted: Vec<Wanted>,
    /// A record has the names.
    pub header: bool,
    pub notes: Vec<String>,
}

impl Plan {
    /// Takes the header off the first chunk of `feed`, and looks at some records behind it.
    pub fn make(
        path: &Path,
        feed: &mut Feed,
        options: &CsvReadOptions,
        simd: Simd,
    ) -> Result<Self> {
        let serial = Serial::new(&options.dialect);
        let mut passed = Passed::default();
        let mut before = 1;
        if let Header::Record(number) = options.header {
            while before < number && take_record(feed, options, &serial, &mut passed)?.is_some() {
                passed = Passed::default();
                before += 1;
            }
        }
        let Some(first) = take_record(feed, options, &serial, &mut passed)? else {
            let Some(names) = &options.names else {
                let empty = feed.input().is_empty();
                let message = if empty {
                    "the file is empty"
                } else {
                    "the file is empty: it has no header and no rows"
                };
                return Err(empty_error(path, message));
            };
            // Blank lines may be rows.
            undo(feed, None, passed)?;
            let plan = Self { width: names.len(), ..Self::default() };
            return plan.with(path, names, options, None);
        };
        let width = serial.width(&first.bytes);
        feed.hold(COLUMN_BYTES.saturating_mul(width as u64), "columns")?;
        feed.widen(width);
        let mut sample = Sample::take(path, feed, options, simd, width)?;
        let header = match options.header {
            Header::No => false,
            Header::Yes | Header::Record(_) => true,
            Header::Auto => looks_like_header(path, &first, width, &sample, options, simd)?,
        };
        let mut plan = Self { width, header, ..Self::default() };
        let names = if header {
            if first.head.open {
                let message = "the quote that opens in the header is not closed";
                return Err(problem(path, &first.head, message));
            }
            let fields = serial.fields(&first.bytes);
            let texts = fields.iter().map(|raw| {
                String::from_utf8(serial.value(raw).into_owned())
                    .map_err(|_| problem(path, &first.head, "a name is not UTF-8"))
            });
            let texts = texts.collect::<Result<Vec<String>>>()?;
            // No name with a NUL gets over the C data interface of Arrow.
            if options.names.is_none() && texts.iter().any(|name| name.contains('\0')) {
                return Err(problem(path, &first.head, "a name has a NUL byte"));
            }
            texts
        } else {
            vec![String::new(); width]
        };
        // Rows behind the last one that is wanted say nothing about its type.
        if let Some(limit) = options.n_rows {
            let behind = limit.saturating_sub(u64::from(!header));
            sample.keep(usize::try_from(behind).unwrap_or(usize::MAX));
        }
        let names = match &options.names {
            None => unique(names, header, &mut plan.notes),
            Some(names) if names.len() == width => names.clone(),
            Some(names) => {
                let message =
                    format!("names has {} names, but there are {width} columns", names.len());
                return Err(schema_error(path, String::new(), message, None));
            }
        };
        let plan = plan.with(path, &names, options, Some(&sample))?;
        sample.put_back(feed);
        if !header {
            undo(feed, Some(&first), passed)?;
        }
        Ok(plan)
    }

    /// Inferred columns get the types of a sample, unless nothing was in it.
    pub fn settle(&mut self, finals: &[Final]) {
        for (column, last) in self.wanted.iter_mut().zip(finals) {
            if column.spec.target == Target::Infer && last.kind != Kind::Null {
                column.spec.target = Target::Settled(last.kind);
                let string = "the type of the first records".to_owned();
                column.settled = Some(Final { reason: string, ..last.clone() });
            }
        }
    }

    /// The same without what is guessed.
    pub fn without_guess(&self) -> Self {
        let mut plan = self.clone();
        for column in &mut plan.wanted {
            column.guess = Facts::default();
        }
        plan
    }

    fn with(
        mut self,
        path: &Path,
        names: &[String],
        options: &CsvReadOptions,
        sample: Option<&Sample>,
    ) -> Result<Self> {
        let fields = places(names).map_err(|name| {
            let message = format!("two columns are called '{name}'");
            schema_error(path, name.to_owned(), message, None)
        })?;
        let field_of = |name: &String| {
            fields.get(name.as_str()).copied().ok_or_else(|| {
                let hint = nearest_name(name, names.iter().map(String::as_str));
                schema_error(path, name.clone(), format!("no column '{name}'"), Some(hint))
            })
        };
        let mut specs = HashMap::new();
        for (name, spec) in &options.specs {
            field_of(name)?;
            specs.entry(name.as_str()).or_insert(spec);
        }
        let mut categories = HashSet::new();
        for name in &options.categories {
            field_of(name)?;
            categories.insert(name.as_str());
        }
        let wanted = options.columns.as_deref().unwrap_or(names);
        for name in wanted {
            let field = field_of(name)?;
            let own = specs.get(name.as_str()).copied();
            let mut spec = own.unwrap_or(&options.spec).clone();
            spec.all_failures |= options.bad_lines == BadLines::Collect;
            let category = categories.contains(name.as_str());
            if category {
                spec.target = Target::Typed(DataType::LargeUtf8);
            }
            let guess =
                sample.map_or_else(Facts::default, |sample| sample.guess(field, &spec, options));
            let name = name.clone();
            self.wanted.push(Wanted { name, field, spec, category, guess, settled: None });
        }
        Ok(self)
    }
}

fn problem(path: &Path, head: &Head, message: &str) -> IoError {
    let (path, message) = (path.to_path_buf(), message.to_owned());
    let (line, byte) = (head.line, Some(head.byte));
    IoError::Csv { path, line, record: 0, byte, column: None, message, hint: None }
}

fn empty_error(path: &Path, message: &str) -> IoError {
    let (path, message) = (path.to_path_buf(), message.to_owned());
    let hint = Some("names= says what the columns are called");
    IoError::Csv { path, line: 0, record: 0, byte: None, column: None, message, hint }
}

fn schema_error(path: &Path, column: String, message: String, hint: Option<String>) -> IoError {
    IoError::Schema { path: path.to_path_buf(), column, message, hint }
}
