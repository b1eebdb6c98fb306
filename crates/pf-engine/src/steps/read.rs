//! `read`: files as a table. Parquet goes through `DataFusion`'s scan, which prunes by filters;
//! CSV and Avro through pf-io-core.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::common::config::TableParquetOptions;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, cast as cast_expr};
use pf_io_core::{AvroFile, Format, ParquetFile};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::filter::keep_where;
use super::{Planned, StepContext, csv, project, select, unqualified};
use crate::context;
use crate::damage::guarded;
use crate::error::{AtKey, EngineError, KeyedError};
use crate::expression::column;
use crate::scan::{FileTable, OpenFile};
use crate::types::parse_type;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FormatName {
    Auto,
    Parquet,
    Csv,
    Avro,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadStep {
    path: Vec<PathBuf>,
    format: FormatName,
    columns: Option<Vec<String>>,
    r#where: Option<String>,
    schema: Option<Map<String, Json>>,
    limit: Option<usize>,
    /// Options of `read_csv` by their names.
    #[serde(default)]
    csv: Map<String, Json>,
}

pub(super) fn read(context: &StepContext<'_>) -> Result<Planned, KeyedError> {
    let step: ReadStep = context.config()?;
    let paths = pf_io_core::expand(&step.path).at("path")?;
    let schema = typed_columns(&step)?;
    let first = paths
        .first()
        .ok_or_else(|| EngineError::Config { message: "a read step needs a path".to_owned() })?;
    let format = match step.format {
        FormatName::Auto => Format::detect(first).at("path")?,
        FormatName::Parquet => Format::Parquet,
        FormatName::Csv => Format::Csv,
        FormatName::Avro => Format::Avro,
    };
    let tables: Vec<Arc<dyn TableProvider>> = match format {
        Format::Parquet => parquet_tables(context, &paths).at("path")?,
        Format::Csv => {
            // With a condition the limit counts rows that meet it.
            let limit = step.limit.filter(|_| step.r#where.is_none());
            vec![csv::table(context, &step.csv, step.schema.as_ref(), limit, &paths)?]
        }
        Format::Avro => vec![avro_table(context, &paths).at("path")?],
    };
    let mut plan = one_after_the_other(context, tables)?;
    if format != Format::Csv {
        plan = cast_columns(plan, &schema)?;
    }
    if let Some(condition) = &step.r#where {
        plan = keep_where(context, plan, condition).at("where")?;
    }
    if let Some(columns) = &step.columns {
        let chosen = columns
            .iter()
            .enumerate()
            .map(|(i, name)| {
                let expr = column(name, plan.schema()).at(format!("columns.{i}"))?;
                Ok((name.clone(), expr))
            })
            .collect::<Result<_, KeyedError>>()?;
        plan = project(plan, chosen).at("columns")?;
    }
    if let Some(limit) = step.limit {
        plan = LogicalPlanBuilder::from(plan).limit(0, Some(limit))?.build()?;
    }
    // A text reader gains nothing from a condition of a later step; its rows are those of the file.
    Ok(Planned { plan, fallible: BTreeSet::new(), fence: format != Format::Parquet })
}

fn typed_columns(step: &ReadStep) -> Result<Vec<(String, DataType)>, KeyedError> {
    let Some(schema) = &step.schema else { return Ok(Vec::new()) };
    schema
        .iter()
        .map(|(name, wanted)| {
            let parsed = parse_type(wanted.as_str().unwrap_or_default());
            Ok((name.clone(), parsed.at(format!("schema.{name}"))?))
        })
        .collect()
}

fn cast_columns(
    plan: LogicalPlan,
    schema: &[(String, DataType)],
) -> Result<LogicalPlan, KeyedError> {
    if schema.is_empty() {
        return Ok(plan);
    }
    let mut columns = select::same_columns(&plan)?;
    for (name, wanted) in schema {
        let source = column(name, plan.schema()).at(format!("schema.{name}"))?;
        if let Some(place) = columns.iter_mut().find(|(other, _)| other == name) {
            place.1 = cast_expr(source, wanted.clone());
        }
    }
    Ok(project(plan, columns)?)
}

/// The rows of all tables, in order.
fn one_after_the_other(
    context: &StepContext<'_>,
    tables: Vec<Arc<dyn TableProvider>>,
) -> Result<LogicalPlan, EngineError> {
    let name = TableReference::bare(context.step.output.as_str());
    let mut whole: Option<LogicalPlanBuilder> = None;
    for table in tables {
        let source = provider_as_source(table);
        let scan = unqualified(LogicalPlanBuilder::scan(name.clone(), source, None)?.build()?)?;
        whole = Some(match whole {
            None => LogicalPlanBuilder::from(scan),
            Some(before) => before.union(scan)?,
        });
    }
    let whole = whole.ok_or_else(|| EngineError::internal("a read step without files"))?;
    unqualified(whole.build()?)
}

/// One table for files in the order of their names, else one for each file: a listing sorts.
fn parquet_tables(
    context: &StepContext<'_>,
    paths: &[PathBuf],
) -> Result<Vec<Arc<dyn TableProvider>>, EngineError> {
    let sorted = paths
        .windows(2)
        .all(|pair| pair[0].to_string_lossy().as_bytes() < pair[1].to_string_lossy().as_bytes());
    let runs: Vec<&[PathBuf]> = if sorted { vec![paths] } else { paths.chunks(1).collect() };
    // All files must agree before any is read.
    check_parquet(paths)?;
    runs.into_iter().map(|run| parquet_table(context, run)).collect()
}

fn parquet_table(
    context: &StepContext<'_>,
    paths: &[PathBuf],
) -> Result<Arc<dyn TableProvider>, EngineError> {
    let urls = paths
        .iter()
        .map(|path| {
            url::Url::from_file_path(path).map_err(|()| EngineError::Config {
                message: format!("{} is no absolute path", path.display()),
            })
        })
        .map(|url| Ok(ListingTableUrl::try_new(url?, None)?))
        .collect::<Result<Vec<_>, EngineError>>()?;
    let mut format = TableParquetOptions::default();
    let mut options = ListingOptions::new(Arc::new(ParquetFormat::default()));
    if has_floats(paths)? {
        // Statistics of floats leave NaN out, the largest number here: rows that hold it would be
        // pruned away, and a column whose other values are all equal taken for a constant.
        format.global.pruning = false;
        format.global.enable_page_index = false;
        let format = ParquetFormat::default().with_options(format);
        options = ListingOptions::new(Arc::new(format));
    }
    let options = options.with_file_extension("");
    let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options);
    let runtime = context::runtime()?;
    let inferred =
        guarded(paths, context.halt, || runtime.block_on(config.infer_schema(context.state)))?;
    Ok(Arc::new(ListingTable::try_new(inferred)?))
}

/// Whether a column of the files, or a part of one, is a float.
fn has_floats(paths: &[PathBuf]) -> Result<bool, EngineError> {
    let Some(first) = paths.first() else { return Ok(false) };
    let schema = ParquetFile::open(first)?.schema();
    Ok(schema.fields().iter().any(|field| holds_float(field.data_type())))
}

fn holds_float(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => holds_float(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds_float(field.data_type())),
        DataType::Dictionary(_, value) => holds_float(value),
        other => other.is_floating(),
    }
}

/// Our own look at each footer gives the better error for a damaged or different file.
fn check_parquet(paths: &[PathBuf]) -> Result<(), EngineError> {
    let mut schemas = Vec::with_capacity(paths.len());
    for path in paths {
        schemas.push(ParquetFile::open(path)?.schema());
    }
    same_schema(paths, &schemas).map(|_| ())
}

fn avro_table(
    context: &StepContext<'_>,
    paths: &[PathBuf],
) -> Result<Arc<dyn TableProvider>, EngineError> {
    let mut files = Vec::new();
    for path in paths {
        files.push(OpenFile::Avro(AvroFile::open(path, None)?));
    }
    let schemas: Vec<SchemaRef> = files.iter().map(OpenFile::schema).collect();
    let schema = same_schema(paths, &schemas)?;
    Ok(Arc::new(FileTable::new(schema, files, Arc::clone(context.halt))))
}

/// The one schema of all files; another one is an error that names the file.
pub(super) fn same_schema(
    paths: &[PathBuf],
    schemas: &[SchemaRef],
) -> Result<SchemaRef, EngineError> {
    let Some(schema) = schemas.first() else { return Ok(Arc::new(Schema::empty())) };
    for (path, other) in paths.iter().zip(schemas).skip(1) {
        // Columns are matched by name, whatever their order.
        let differing = schema.fields().iter().find(|field| {
            let found = other.field_with_name(field.name());
            found.map_or(true, |found| found.data_type() != field.data_type())
        });
        if differing.is_some() || schema.fields().len() != other.fields().len() {
            return Err(differs(path, &paths[0], differing.map(|field| field.name().as_str())));
        }
    }
    Ok(Arc::clone(schema))
}

fn differs(path: &Path, first: &Path, column: Option<&str>) -> EngineError {
    let what = column.map_or_else(
        || "the number of columns differs".to_owned(),
        |column| format!("column '{column}' differs"),
    );
    EngineError::Schema {
        code: "E301",
        column: column.map(str::to_owned),
        message: format!("{}: {what} from {}", path.display(), first.display()),
        hint: Some("read the files in separate steps and union them by name".into()),
    }
}
