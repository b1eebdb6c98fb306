//! What is settled before the records: the encoding, the names, the columns asked for.

use std::path::Path;

use arrow::datatypes::DataType;

use super::columns::is_readable;
use super::options::CsvOptions;
use super::records::{Cell, Dialect};
use crate::batch::{nearest_name, type_name};
use crate::{IoError, Result};

/// One column of the result.
#[derive(Debug)]
pub(super) struct Selected {
    pub name: String,
    /// Its cell in each record.
    pub cell: usize,
    pub data_type: DataType,
    /// Found by inference, so later cells must have the strict form too.
    pub inferred: bool,
}

/// The whole text is UTF-8; else the error names the line.
pub(super) fn check_utf8(path: &Path, bytes: &[u8]) -> Result<()> {
    let Err(error) = std::str::from_utf8(bytes) else { return Ok(()) };
    let good = &bytes[..error.valid_up_to()];
    let breaks = good.iter().enumerate().filter(|&(at, &byte)| {
        byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
    });
    let line = 1 + breaks.count() as u64;
    let encoding = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        "; the text is UTF-16"
    } else {
        ""
    };
    let bad = bytes[error.valid_up_to()];
    let message = format!("byte {} (0x{bad:02x}) is not UTF-8{encoding}", error.valid_up_to());
    let hint = Some("convert the file to UTF-8, the only encoding that is read");
    Err(IoError::Csv { path: path.to_path_buf(), line, record: 0, column: None, message, hint })
}

/// Names from the header; empty ones become `column_3`, repeated ones `a_1`.
pub(super) fn header_names(
    bytes: &[u8],
    dialect: Dialect,
    cells: &[Cell],
    warnings: &mut Vec<String>,
) -> Vec<String> {
    let texts: Vec<String> = cells
        .iter()
        .map(|cell| {
            let raw = &bytes[cell.start..cell.end];
            let mut value = Vec::new();
            if cell.plain {
                value.extend_from_slice(raw);
            } else {
                dialect.unescape(raw, cell.quoted, &mut value);
            }
            String::from_utf8_lossy(&value).into_owned()
        })
        .collect();
    let mut used: std::collections::HashSet<String> = std::collections::HashSet::new();
    let written: std::collections::HashSet<&String> = texts.iter().collect();
    let mut names = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let base = if text.is_empty() { format!("column_{}", index + 1) } else { text.clone() };
        let mut name = base.clone();
        let mut number = 0;
        while used.contains(&name) || (name != *text && written.contains(&name)) {
            number += 1;
            name = format!("{base}_{number}");
        }
        if name != *text {
            warnings.push(format!("column {} has the name '{text}', read as '{name}'", index + 1));
        }
        used.insert(name.clone());
        names.push(name);
    }
    names
}

/// The columns asked for, with the types the caller set.
pub(super) fn select(path: &Path, names: &[String], options: &CsvOptions) -> Result<Vec<Selected>> {
    let position = |name: &str| {
        names.iter().position(|known| known == name).ok_or_else(|| IoError::Schema {
            path: path.to_path_buf(),
            column: name.to_owned(),
            message: format!("no column '{name}'"),
            hint: Some(nearest_name(name, names.iter().map(String::as_str))),
        })
    };
    for (name, data_type) in &options.schema {
        position(name)?;
        if !is_readable(data_type) {
            let data_type = type_name(data_type);
            let message = format!("column '{name}': CSV cannot be read as {data_type}");
            return Err(IoError::unsupported(path, message));
        }
    }
    let wanted = options.columns.as_deref().unwrap_or(names);
    let mut columns: Vec<Selected> = Vec::with_capacity(wanted.len());
    for name in wanted {
        let cell = position(name)?;
        let set = options.schema.iter().find(|(known, _)| known == name);
        columns.push(Selected {
            name: name.clone(),
            cell,
            data_type: set.map_or(DataType::Utf8, |(_, data_type)| data_type.clone()),
            inferred: set.is_none(),
        });
    }
    Ok(columns)
}
