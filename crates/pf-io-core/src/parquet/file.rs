//! A source whose footer has been read and checked, and the schema its columns come out with.

use std::io::Read;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, RowSelection,
};
use parquet::basic::Type;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::SchemaDescriptor;

use super::metadata::read_footer;
use super::options::{Int96Unit, ReadOptions};
use super::read::guard;
use super::unfolding::Unfolding;
use super::zones::with_zones_of_seconds;
use super::{claims, footer, pages};
use crate::batch::nearest_name;
use crate::source::Source;
use crate::types::StringType;
use crate::{IoError, Result};

/// An opened file.
#[derive(Debug, Clone)]
pub(super) struct OpenFile {
    pub source: Source,
    inner: ArrowReaderMetadata,
}

/// One column of the result.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub field: FieldRef,
    /// Leaf columns it is made of.
    pub leaves: Vec<usize>,
    /// All leaves of one top-level column that is no group.
    pub flat: bool,
}

impl OpenFile {
    /// Reads the footer; text columns get 64-bit offsets.
    pub fn open(source: Source, options: &ReadOptions) -> Result<Self> {
        let path = source.path().to_path_buf();
        footer::check(&source)?;
        let plain = guard(&path, || ArrowReaderMetadata::load(&source, ArrowReaderOptions::new()))?;
        claims::check(plain.metadata(), source.size())
            .map_err(|reason| IoError::parquet(&path, reason))?;
        let schema = delivered_schema(&path, &plain, options)?;
        let inner = if schema == *plain.schema() {
            plain
        } else {
            let metadata = Arc::clone(plain.metadata());
            let wished = ArrowReaderOptions::new().with_schema(schema);
            guard(&path, || ArrowReaderMetadata::try_new(metadata, wished))?
        };
        Ok(Self { source, inner })
    }

    /// Reads the footer, but keeps only the schema: the file seems to have no rows.
    pub fn outline(source: Source, options: &ReadOptions) -> Result<Self> {
        let path = source.path().to_path_buf();
        let metadata = Arc::new(read_footer(&source)?.outline()?);
        let with =
            |metadata, options| guard(&path, || ArrowReaderMetadata::try_new(metadata, options));
        let plain = with(Arc::clone(&metadata), ArrowReaderOptions::new())?;
        let schema = delivered_schema(&path, &plain, options)?;
        let inner = with(metadata, ArrowReaderOptions::new().with_schema(schema))?;
        Ok(Self { source, inner })
    }

    /// The footer.
    pub fn metadata(&self) -> &ParquetMetaData {
        self.inner.metadata()
    }

    /// The file's own schema of leaves.
    pub fn leaves(&self) -> &SchemaDescriptor {
        self.inner.parquet_schema()
    }

    /// Names and types of all columns.
    pub fn schema(&self) -> &SchemaRef {
        self.inner.schema()
    }

    /// The columns that `paths` name, in their order; nested leaves of one column come together.
    pub fn wanted(&self, paths: Option<&[Vec<String>]>) -> Result<Vec<Wanted>> {
        let roots = self.schema().fields();
        let Some(paths) = paths else {
            return Ok((0..roots.len()).map(|root| self.root(root)).collect());
        };
        let mut found: Vec<(usize, Wanted)> = Vec::with_capacity(paths.len());
        for path in paths {
            let Some((root, _)) = path
                .first()
                .and_then(|name| roots.iter().enumerate().find(|(_, field)| field.name() == name))
            else {
                return Err(self.unknown(path, roots.iter().map(|field| field.name().as_str())));
            };
            let leaves = self.leaves_of(root, path)?;
            match found.iter_mut().find(|(known, _)| *known == root) {
                Some((_, wanted)) if path.len() > 1 => {
                    wanted.leaves.extend(leaves);
                    wanted.leaves.sort_unstable();
                    wanted.leaves.dedup();
                }
                _ => {
                    let wanted = Wanted { leaves, ..self.root(root) };
                    found.push((root, wanted));
                }
            }
        }
        found.into_iter().map(|(root, wanted)| self.pruned(root, wanted)).collect()
    }

    fn root(&self, root: usize) -> Wanted {
        let leaves: Vec<usize> = (0..self.leaves().num_columns())
            .filter(|&leaf| self.leaves().get_column_root_idx(leaf) == root)
            .collect();
        let flat = leaves.len() == 1
            && leaves.iter().all(|&leaf| self.leaves().column(leaf).path().parts().len() == 1);
        Wanted { field: Arc::clone(&self.schema().fields()[root]), leaves, flat }
    }

    /// Leaves of `root` whose path is `path`, or lies under it. The names of the groups that lists
    /// and maps are made of may be left out.
    fn leaves_of(&self, root: usize, path: &[String]) -> Result<Vec<usize>> {
        let all = self.root(root).leaves;
        let found: Vec<usize> = all
            .iter()
            .copied()
            .filter(|&leaf| begins_with(self.leaves().column(leaf).path().parts(), path))
            .collect();
        if found.is_empty() {
            let known: Vec<String> =
                all.iter().map(|&leaf| self.leaves().column(leaf).path().string()).collect();
            return Err(self.unknown(path, known.iter().map(String::as_str)));
        }
        Ok(found)
    }

    /// The field as it is once leaves were left out.
    fn pruned(&self, root: usize, wanted: Wanted) -> Result<Wanted> {
        if wanted.leaves.len() == self.root(root).leaves.len() {
            return Ok(wanted);
        }
        let reader = self.reader(&wanted.leaves, Vec::new(), 1, None, None)?;
        let schema = arrow::array::RecordBatchReader::schema(&reader);
        let Some(field) = schema.fields().first() else {
            return Err(IoError::parquet(self.source.path(), "a projection without columns"));
        };
        Ok(Wanted { field: Arc::clone(field), ..wanted })
    }

    fn unknown<'n>(&self, path: &[String], known: impl Iterator<Item = &'n str>) -> IoError {
        let name = path.join(".");
        IoError::Schema {
            path: self.source.path().to_path_buf(),
            message: format!("no column '{name}'"),
            hint: Some(nearest_name(&name, known)),
            column: name,
        }
    }

    /// arrow-rs over some leaves of some row groups; text that unfolds is charged to `unfolding`.
    pub fn reader(
        &self,
        leaves: &[usize],
        row_groups: Vec<usize>,
        batch_rows: usize,
        selection: Option<RowSelection>,
        unfolding: Option<&Arc<Unfolding>>,
    ) -> Result<ParquetRecordBatchReader> {
        guard(self.source.path(), || {
            let source = self.source.clone();
            pages::reader(source, &self.inner, leaves, row_groups, batch_rows, selection, unfolding)
        })
    }
}

/// Whether `parts` start with `path`, where parts that only structure lists and maps may be skipped.
fn begins_with(parts: &[String], path: &[String]) -> bool {
    let mut parts = parts.iter();
    path.iter().all(|wanted| {
        parts.by_ref().find(|part| {
            *part == wanted
                || !matches!(
                    part.as_str(),
                    "list" | "element" | "item" | "array" | "key_value" | "bag"
                )
        }) == Some(wanted)
    })
}

/// The file's schema with the layouts that were asked for.
fn delivered_schema(
    path: &std::path::Path,
    file: &ArrowReaderMetadata,
    options: &ReadOptions,
) -> Result<SchemaRef> {
    let leaves = file.parquet_schema();
    let mut unknown: Vec<&String> = options.dictionary_columns.iter().collect();
    let mut fields = Vec::with_capacity(file.schema().fields().len());
    for (root, field) in with_zones_of_seconds(file).iter().enumerate() {
        let as_dictionary = options.dictionary_columns.contains(field.name());
        unknown.retain(|name| *name != field.name());
        let int96 = matches!(field.data_type(), DataType::Timestamp(..))
            && (0..leaves.num_columns()).any(|leaf| {
                leaves.get_column_root_idx(leaf) == root
                    && leaves.column(leaf).physical_type() == Type::INT96
            });
        let data_type = match field.data_type() {
            DataType::Timestamp(_, zone) if int96 => DataType::Timestamp(
                match options.int96_unit {
                    Int96Unit::S => TimeUnit::Second,
                    Int96Unit::Ms => TimeUnit::Millisecond,
                    Int96Unit::Us => TimeUnit::Microsecond,
                    Int96Unit::Ns => TimeUnit::Nanosecond,
                },
                zone.clone(),
            ),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View if as_dictionary => {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
            }
            DataType::Dictionary(..) => field.data_type().clone(),
            other if as_dictionary => {
                return Err(IoError::Schema {
                    path: path.to_path_buf(),
                    column: field.name().clone(),
                    message: format!("column '{}' is {other}, not text", field.name()),
                    hint: Some("dictionary_columns takes columns of text".to_owned()),
                });
            }
            other => layout(other, options.string_type),
        };
        fields.push(field.as_ref().clone().with_data_type(data_type));
    }
    if let Some(name) = unknown.first() {
        let known = file.schema().fields().iter().map(|field| field.name().as_str());
        return Err(IoError::Schema {
            path: path.to_path_buf(),
            column: (*name).clone(),
            message: format!("no column '{name}'"),
            hint: Some(nearest_name(name, known)),
        });
    }
    Ok(Arc::new(Schema::new_with_metadata(fields, file.schema().metadata().clone())))
}

/// `data_type` with text and binary in one layout, at any depth.
fn layout(data_type: &DataType, text: StringType) -> DataType {
    let field = |field: &FieldRef| -> FieldRef {
        Arc::new(field.as_ref().clone().with_data_type(layout(field.data_type(), text)))
    };
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => text.text(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => text.binary(),
        DataType::List(inner) => DataType::List(field(inner)),
        DataType::LargeList(inner) => DataType::LargeList(field(inner)),
        DataType::FixedSizeList(inner, size) => DataType::FixedSizeList(field(inner), *size),
        DataType::Map(inner, sorted) => DataType::Map(field(inner), *sorted),
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(field).collect::<Vec<Arc<Field>>>().into())
        }
        other => other.clone(),
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.size()
    }
}

/// A sequential reader from one position on.
#[derive(Debug)]
pub struct SourceReader {
    source: Source,
    pos: u64,
}

impl Read for SourceReader {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let left = self.source.size().saturating_sub(self.pos);
        let count = out.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.source
            .read_exact_at(self.pos, &mut out[..count])
            .map_err(|error| std::io::Error::other(error.to_string()))?;
        self.pos += count as u64;
        Ok(count)
    }
}

impl ChunkReader for Source {
    type T = std::io::BufReader<SourceReader>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(std::io::BufReader::new(SourceReader { source: self.clone(), pos: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let inside = start.checked_add(length as u64).is_some_and(|end| end <= self.size());
        if !inside {
            return Err(ParquetError::EOF("a range outside the file".to_owned()));
        }
        if let Some(bytes) = self.in_memory() {
            return Ok(bytes.slice(start as usize..start as usize + length));
        }
        let mut bytes = vec![0; length];
        self.read_exact_at(start, &mut bytes)
            .map_err(|error| ParquetError::External(Box::new(error)))?;
        Ok(bytes.into())
    }
}
