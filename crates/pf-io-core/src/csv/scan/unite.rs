//! Several files as one table: a column is what the cells of all files make it.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};

use super::{CsvScan, File};
use crate::csv::assemble::type_of;
use crate::csv::facts::Facts;
use crate::csv::infer::Final;
use crate::csv::kind::Kind;
use crate::csv::spec::{ColumnSpec, Target};
use crate::{IoError, Result};

impl CsvScan {
    /// The same files with one type for each column that is inferred and that all of them have, by
    /// its name: the one that it had if they were one file. Columns without any value get the type
    /// `empty`. Nothing is read again.
    pub fn united(scans: &[Self], empty: &DataType) -> Result<Vec<Self>> {
        let mut files: Vec<File> = scans.iter().map(|scan| File::clone(&scan.file)).collect();
        let Some(first) = scans.first() else { return Ok(Vec::new()) };
        for column in &first.file.plan.wanted {
            let places: Option<Vec<usize>> = files.iter().map(|f| f.place(&column.name)).collect();
            let Some(places) = places else { continue };
            let each = || files.iter().zip(&places);
            let Some(finals) = each().map(|(f, &at)| f.finals.get(at)).collect::<Option<Vec<_>>>()
            else {
                continue;
            };
            if each().any(|(file, &at)| !file.inferred(at)) {
                continue;
            }
            let facts: Option<Vec<&Facts>> =
                each().map(|(file, &at)| file.facts.get(at)?.as_ref()).collect();
            let mut last = match facts {
                Some(facts) => resolved(first, &column.spec, &facts).map_err(|text| {
                    let path = first.file.source.path().to_path_buf();
                    let message = format!("{text} is beyond int64");
                    IoError::Schema { path, column: column.name.clone(), message, hint: None }
                })?,
                None => joined(first, &finals),
            };
            if last.kind == Kind::Null {
                last.data_type = empty.clone();
            } else if last.kind == Kind::Text {
                let binary = first.file.options.string_type.binary();
                if finals.iter().any(|last| last.data_type == binary) {
                    last.data_type = binary;
                }
            }
            for (file, at) in files.iter_mut().zip(places) {
                if let (Some(own), Some(wanted)) =
                    (file.finals.get_mut(at), file.plan.wanted.get_mut(at))
                {
                    last.reason.clone_from(&own.reason);
                    wanted.spec.target = Target::Settled(last.kind);
                    wanted.settled = Some(last.clone());
                    *own = last.clone();
                }
            }
        }
        for file in &mut files {
            let columns = file.plan.wanted.iter().zip(&file.finals);
            let fields: Vec<Field> = columns
                .map(|(column, last)| Field::new(&column.name, type_of(column, last), true))
                .collect();
            file.schema = Arc::new(Schema::new(fields));
        }
        Ok(files.into_iter().map(|file| Self { file: Arc::new(file) }).collect())
    }
}

impl File {
    fn place(&self, name: &str) -> Option<usize> {
        self.plan.wanted.iter().position(|column| column.name == name)
    }

    fn inferred(&self, at: usize) -> bool {
        let column = self.plan.wanted.get(at);
        column.is_some_and(|column| {
            !column.category && matches!(column.spec.target, Target::Settled(_))
        })
    }
}

/// The type that all cells make; an error is an integer that the caller refuses.
fn resolved(first: &CsvScan, spec: &ColumnSpec, facts: &[&Facts]) -> Result<Final, String> {
    let mut all = Facts::default();
    for facts in facts {
        all.merge(facts);
    }
    let mut last = all.resolve(spec).map_err(|witness| witness.text)?;
    if last.kind == Kind::Text {
        last.data_type = first.file.options.string_type.text();
    }
    Ok(last)
}

/// The type that holds what samples showed.
fn joined(first: &CsvScan, finals: &[&Final]) -> Final {
    let kind = finals.iter().fold(Kind::Null, |kind, last| join(kind, last.kind));
    let same = finals.iter().find(|last| last.kind == kind).map(|last| &last.data_type);
    let one = same.filter(|same| {
        finals.iter().all(|last| last.kind == Kind::Null || last.data_type == **same)
    });
    let data_type = match (kind, one) {
        (_, Some(one)) => one.clone(),
        (Kind::Text, None) => first.file.options.string_type.text(),
        (kind, None) => kind.data_type("UTC"),
    };
    Final { kind, data_type, reason: String::new() }
}

fn join(one: Kind, other: Kind) -> Kind {
    match (one, other) {
        _ if one == other => one,
        (Kind::Null, kind) | (kind, Kind::Null) => kind,
        (Kind::Int64, Kind::Float64) | (Kind::Float64, Kind::Int64) => Kind::Float64,
        (Kind::Int64, Kind::UInt64) | (Kind::UInt64, Kind::Int64) => Kind::Decimal(0),
        (Kind::Decimal(a), Kind::Decimal(b)) => Kind::Decimal(a.max(b)),
        (Kind::Int64 | Kind::UInt64, Kind::Decimal(scale))
        | (Kind::Decimal(scale), Kind::Int64 | Kind::UInt64) => Kind::Decimal(scale),
        (Kind::Date, time @ Kind::Timestamp { zoned: false, .. })
        | (time @ Kind::Timestamp { zoned: false, .. }, Kind::Date) => time,
        (
            Kind::Timestamp { nanos: a, zoned: first },
            Kind::Timestamp { nanos: b, zoned: second },
        ) if first == second => Kind::Timestamp { nanos: a || b, zoned: first },
        _ => Kind::Text,
    }
}
