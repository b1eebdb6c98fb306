//! The options of a read as they come from outside: plain values under the names that users write.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::datatypes::{DataType, TimeUnit};
use serde::Deserialize;

use super::answers::Answers;
use super::dialect::{BlankLines, Dialect, Newline};
use super::input::{Codec, Compression, InputOptions, InvalidBytes};
use super::options::{BadLines, CsvReadOptions, Header};
use super::parse::patterns::Pattern;
use super::spec::{ColumnSpec, Dates, IntOverflow, Nulls, Target};
use crate::types::{StringType, parse_type};
use crate::{IoError, Result};

/// Options of a CSV read. What is missing is off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvSettings {
    sep: String,
    #[serde(default)]
    quote: Option<char>,
    #[serde(default)]
    escape: Option<char>,
    header: HeaderSetting,
    #[serde(default)]
    names: Option<Vec<String>>,
    #[serde(default)]
    dtypes: BTreeMap<String, String>,
    infer: Infer,
    nulls: NullsSetting,
    #[serde(default)]
    true_values: Option<Vec<String>>,
    #[serde(default)]
    false_values: Option<Vec<String>>,
    parse_dates: DatesSetting,
    decimal: char,
    #[serde(default)]
    thousands: Option<char>,
    leading_zeros: LeadingZeros,
    on_int_overflow: IntOverflow,
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    skip_rows: u64,
    blank_lines: BlankLines,
    newline: Newline,
    #[serde(default)]
    strict_quotes: bool,
    #[serde(default)]
    trim: bool,
    ragged: Ragged,
    on_bad_lines: Policy,
    encoding: String,
    invalid_bytes: InvalidBytes,
    compression: String,
    #[serde(default)]
    replacements: Option<Answers>,
    #[serde(default)]
    columns: Option<Vec<String>>,
    #[serde(default)]
    n_rows: Option<u64>,
    #[serde(default)]
    string_type: StringType,
    #[serde(default)]
    batch_rows: Option<usize>,
}

/// What becomes of bad lines, as the caller says it; telling of them is the caller's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// The first one ends the read.
    Error,
    /// They are left out, and one warning tells of them.
    Warn,
    /// They are left out.
    Skip,
    /// They are left out and listed.
    Collect,
    /// A function decides; without its answers they are left out.
    Callable,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum HeaderSetting {
    Known(bool),
    Record(u64),
    Named(Auto),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Auto {
    Auto,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Full {
    Full,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Infer {
    Full(Full),
    Sample(usize),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NullsRule {
    Auto,
    Strict,
    Pandas,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum NullsSetting {
    Rule(NullsRule),
    List(Vec<String>),
    Columns(BTreeMap<String, Vec<String>>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum DatesSetting {
    Iso(bool),
    Patterns(BTreeMap<String, String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LeadingZeros {
    String,
    Number,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ragged {
    Error,
    Fill,
}

/// Columns that are read in a way of their own.
type Specs = Vec<(String, ColumnSpec)>;

const CATEGORY: &str = "category";

impl CsvSettings {
    /// What becomes of bad lines.
    pub fn policy(&self) -> Policy {
        self.on_bad_lines
    }

    /// Most rows of a batch, when streaming.
    pub fn batch_rows(&self) -> Option<usize> {
        self.batch_rows
    }

    /// The options of a read of `path`, which errors name.
    pub fn options(&self, path: &Path) -> Result<CsvReadOptions> {
        let byte = |name: &str, character: char| {
            u8::try_from(character).ok().filter(u8::is_ascii).ok_or_else(|| {
                IoError::unsupported(path, format!("{name} must be one ASCII character"))
            })
        };
        let sniff = self.sep == "auto";
        let mut characters = self.sep.chars();
        let separator = match (characters.next(), characters.next()) {
            _ if sniff => b',',
            (Some(one), None) => byte("sep", one)?,
            _ => return Err(IoError::unsupported(path, "sep must be one ASCII character")),
        };
        let dialect = Dialect {
            separator,
            quote: self.quote.map(|quote| byte("quote", quote)).transpose()?,
            escape: self.escape.map(|escape| byte("escape", escape)).transpose()?,
            comment: self.comment.as_ref().map(|prefix| prefix.clone().into_bytes()),
            newline: self.newline,
            blank_lines: self.blank_lines,
            strict_quotes: self.strict_quotes,
            trim: self.trim,
        };
        let input = InputOptions {
            compression: self.compression(path)?,
            encoding: self.encoding.clone(),
            invalid: self.invalid_bytes,
            ..InputOptions::default()
        };
        let spec = self.common(&byte)?;
        let (specs, categories) = self.columns(path, &spec)?;
        Ok(CsvReadOptions {
            dialect,
            sniff,
            input,
            header: match self.header {
                HeaderSetting::Named(Auto::Auto) => Header::Auto,
                HeaderSetting::Known(true) => Header::Yes,
                HeaderSetting::Known(false) => Header::No,
                HeaderSetting::Record(number) => Header::Record(number),
            },
            names: self.names.clone(),
            columns: self.columns.clone(),
            spec,
            specs,
            categories,
            infer_records: match self.infer {
                Infer::Full(Full::Full) => None,
                Infer::Sample(records) => Some(records),
            },
            skip_lines: self.skip_rows,
            ragged_fill: self.ragged == Ragged::Fill,
            bad_lines: match self.on_bad_lines {
                Policy::Error => BadLines::Error,
                Policy::Warn | Policy::Skip | Policy::Collect | Policy::Callable => {
                    BadLines::Collect
                }
            },
            answers: self.replacements.clone().unwrap_or_default(),
            n_rows: self.n_rows,
            most_records: None,
            string_type: self.string_type,
            chunk_bytes: 0,
        })
    }

    fn compression(&self, path: &Path) -> Result<Compression> {
        match self.compression.as_str() {
            "auto" => Ok(Compression::Auto),
            "none" => Ok(Compression::None),
            name => Codec::from_name(name).map(Compression::Is).ok_or_else(|| {
                IoError::unsupported(path, format!("no compression is called '{name}'"))
            }),
        }
    }

    fn common(&self, byte: &impl Fn(&str, char) -> Result<u8>) -> Result<ColumnSpec> {
        // The usual ones are not kept as lists: they have a faster way.
        let own = |list: &Option<Vec<String>>, usual: [&str; 3]| match list {
            Some(list) if *list != usual => Some(list.clone()),
            _ => None,
        };
        Ok(ColumnSpec {
            target: Target::Infer,
            nulls: match &self.nulls {
                NullsSetting::Rule(NullsRule::Auto) | NullsSetting::Columns(_) => Nulls::Auto,
                NullsSetting::Rule(NullsRule::Strict) => Nulls::Strict,
                NullsSetting::Rule(NullsRule::Pandas) => Nulls::Pandas,
                NullsSetting::List(list) => Nulls::List(list.clone()),
            },
            true_values: own(&self.true_values, ["true", "True", "TRUE"]),
            false_values: own(&self.false_values, ["false", "False", "FALSE"]),
            decimal: byte("decimal", self.decimal)?,
            thousands: self.thousands.map(|mark| byte("thousands", mark)).transpose()?,
            leading_zeros_are_numbers: self.leading_zeros == LeadingZeros::Number,
            int_overflow: self.on_int_overflow,
            dates: match self.parse_dates {
                DatesSetting::Iso(false) => Dates::Off,
                DatesSetting::Iso(true) | DatesSetting::Patterns(_) => Dates::Iso,
            },
            all_failures: false,
        })
    }

    /// Columns with a type, a list of nulls or a pattern of their own, and those of categories.
    fn columns(&self, path: &Path, common: &ColumnSpec) -> Result<(Specs, Vec<String>)> {
        let mut specs: BTreeMap<String, ColumnSpec> = BTreeMap::new();
        let mut categories = Vec::new();
        let spec = |specs: &mut BTreeMap<String, ColumnSpec>, name: &String| {
            specs.entry(name.clone()).or_insert_with(|| common.clone()).clone()
        };
        if let NullsSetting::Columns(lists) = &self.nulls {
            for (name, list) in lists {
                let own = ColumnSpec { nulls: Nulls::List(list.clone()), ..spec(&mut specs, name) };
                specs.insert(name.clone(), own);
            }
        }
        if let DatesSetting::Patterns(patterns) = &self.parse_dates {
            for (name, pattern) in patterns {
                let target = Target::Typed(pattern_type(path, name, pattern)?);
                let dates = Dates::Pattern(pattern.clone());
                let own = ColumnSpec { target, dates, ..spec(&mut specs, name) };
                specs.insert(name.clone(), own);
            }
        }
        for (name, text) in &self.dtypes {
            let data_type = if text == CATEGORY {
                categories.push(name.clone());
                DataType::Utf8
            } else {
                named_type(path, name, text)?
            };
            let data_type = match data_type {
                DataType::Utf8 => self.string_type.text(),
                DataType::Binary => self.string_type.binary(),
                other => other,
            };
            let data_type = if text == CATEGORY { DataType::LargeUtf8 } else { data_type };
            let target = Target::Typed(data_type);
            let own = ColumnSpec { target, ..spec(&mut specs, name) };
            specs.insert(name.clone(), own);
        }
        Ok((specs.into_iter().collect(), categories))
    }
}

/// A type by name; times are told as Arrow does, for no step of a workflow has them.
fn named_type(path: &Path, column: &str, text: &str) -> Result<DataType> {
    Ok(match text {
        "time32[s]" => DataType::Time32(TimeUnit::Second),
        "time32[ms]" => DataType::Time32(TimeUnit::Millisecond),
        "time64[us]" => DataType::Time64(TimeUnit::Microsecond),
        "time64[ns]" => DataType::Time64(TimeUnit::Nanosecond),
        other => parse_type(other).map_err(|unknown| IoError::Schema {
            path: path.to_path_buf(),
            column: column.to_owned(),
            message: format!("column '{column}': {}", unknown.message),
            hint: Some(unknown.hint),
        })?,
    })
}

/// What a pattern makes: days if it has no clock in it, else points in time.
fn pattern_type(path: &Path, column: &str, pattern: &str) -> Result<DataType> {
    let parsed = Pattern::new(pattern).ok_or_else(|| IoError::Schema {
        path: path.to_path_buf(),
        column: column.to_owned(),
        message: format!("column '{column}': the pattern '{pattern}' is not understood"),
        hint: Some("directives are those of strptime, such as %d.%m.%Y".to_owned()),
    })?;
    Ok(if parsed.has_offset() {
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
    } else if parsed.has_time() {
        DataType::Timestamp(TimeUnit::Microsecond, None)
    } else {
        DataType::Date32
    })
}
