//! A folder of Parquet files, one subfolder per value: `year=2024/month=3/part-0.parquet`.
//!
//! Everything is written to a temporary sibling folder that takes the destination's name at the
//! end ([`Stage`]). Rows wait in memory until all partitions together hold [`HELD_BYTES`], or a
//! quarter of the budget; then the largest becomes a file. So neither open files nor memory grow
//! with the number of partitions.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::{DataType, SchemaRef};
use rayon::prelude::*;

use super::options::{ParquetWriteOptions, position};
use super::stage::Stage;
use super::{encode_all, schema_without};
use crate::batch::{slice_bytes, type_name};
use crate::context::Charge;
use crate::sink::{AtomicFile, SinkOptions, WriteMode};
use crate::writer::{WriteReport, same_columns};
use crate::{Context, IoError, Result};

/// Bytes of rows that wait for their file, all partitions together.
const HELD_BYTES: usize = 512 << 20;
/// The folder of rows whose key is null.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

pub(super) fn write(
    batches: impl Iterator<Item = Result<RecordBatch>>,
    schema: &SchemaRef,
    dest: &Path,
    options: &ParquetWriteOptions,
    ctx: &Context,
) -> Result<WriteReport> {
    // Encoding what one of them holds takes about as much again.
    let most = HELD_BYTES.min(usize::try_from(ctx.budget().limit() / 4).unwrap_or(HELD_BYTES));
    let mut parts = Parts::new(schema, dest, options, ctx)?;
    let stage = Stage::create(dest, options.overwrite, options.fsync)?;
    for batch in batches {
        ctx.check()?;
        let batch = batch?;
        same_columns(dest, schema, &batch)?;
        parts.add(&batch, stage.folder())?;
        while parts.held > most && parts.write_largest(stage.folder())? {}
    }
    parts.write_rest(stage.folder())?;
    ctx.check()?;
    stage.publish()?;
    let Parts { rows, bytes, files, .. } = parts;
    Ok(WriteReport { path: dest.to_path_buf(), rows, bytes, files, checksum: String::new() })
}

/// Rows by partition, and what became of them.
struct Parts<'a> {
    dest: &'a Path,
    options: &'a ParquetWriteOptions,
    ctx: &'a Context,
    /// Columns that become folders, and their names in a path.
    keys: Vec<(usize, String)>,
    /// Columns that stay, and their schema.
    columns: Vec<usize>,
    inner: SchemaRef,
    index: HashMap<String, usize>,
    all: Vec<Part>,
    held: usize,
    rows: u64,
    bytes: u64,
    files: u64,
}

struct Part {
    folder: String,
    batches: Vec<RecordBatch>,
    held: usize,
    charge: Option<Charge>,
    files: usize,
}

impl<'a> Parts<'a> {
    fn new(
        schema: &SchemaRef,
        dest: &'a Path,
        options: &'a ParquetWriteOptions,
        ctx: &'a Context,
    ) -> Result<Self> {
        let mut keys: Vec<(usize, String)> = Vec::new();
        for name in &options.partition_by {
            let column = position(dest, schema, name)?;
            if keys.iter().any(|(other, _)| *other == column) {
                let message = format!("partition_by names '{name}' twice");
                return Err(IoError::unsupported(dest, message));
            }
            if !fits_a_path(schema.field(column).data_type()) {
                let kind = type_name(schema.field(column).data_type());
                let message = format!("partition_by: column '{name}' is {kind}");
                return Err(IoError::unsupported(dest, message));
            }
            let mut text = String::new();
            encode_into(&mut text, name);
            keys.push((column, text));
        }
        let indices: Vec<usize> = keys.iter().map(|(column, _)| *column).collect();
        let inner = schema_without(dest, schema, &indices)?;
        options.properties(dest, &inner)?; // options that name a folder's column are refused here
        let columns =
            (0..schema.fields().len()).filter(|column| !indices.contains(column)).collect();
        Ok(Self {
            dest,
            options,
            ctx,
            keys,
            columns,
            inner,
            index: HashMap::new(),
            all: Vec::new(),
            held: 0,
            rows: 0,
            bytes: 0,
            files: 0,
        })
    }

    /// Deals the rows of a batch out to their partitions.
    fn add(&mut self, batch: &RecordBatch, stage: &Path) -> Result<()> {
        let dest = self.dest;
        let failed = |error: arrow::error::ArrowError| IoError::refused(dest, error.to_string());
        let mut texts: Vec<(&str, StringArray)> = Vec::with_capacity(self.keys.len());
        for (column, name) in &self.keys {
            let text = cast(batch.column(*column), &DataType::Utf8).map_err(failed)?;
            texts.push((name, text.as_string::<i32>().clone()));
        }
        let mut rows: HashMap<usize, Vec<u32>> = HashMap::new();
        let (mut folder, mut last) = (String::new(), (String::new(), 0));
        for row in 0..batch.num_rows() {
            folder.clear();
            for (name, values) in &texts {
                if !folder.is_empty() {
                    folder.push('/');
                }
                folder.push_str(name);
                folder.push('=');
                if values.is_null(row) {
                    folder.push_str(NULL_FOLDER);
                } else if values.value(row) == NULL_FOLDER {
                    let message = format!("a value reads '{NULL_FOLDER}', which stands for null");
                    return Err(IoError::refused(self.dest, message));
                } else {
                    encode_into(&mut folder, values.value(row));
                }
            }
            if row == 0 || folder != last.0 {
                let part = self.index.get(&folder).copied().unwrap_or_else(|| {
                    let batches = Vec::new();
                    let (name, files, held, charge) = (folder.clone(), 0, 0, None);
                    self.all.push(Part { folder: name, batches, held, charge, files });
                    self.index.insert(folder.clone(), self.all.len() - 1);
                    self.all.len() - 1
                });
                last.1 = part;
                last.0.clone_from(&folder);
            }
            rows.entry(last.1).or_default().push(row as u32);
        }
        let inner = batch.project(&self.columns).map_err(failed)?;
        for (part, rows) in rows {
            let taken = if rows.len() == batch.num_rows() {
                inner.clone()
            } else {
                take_record_batch(&inner, &UInt32Array::from(rows)).map_err(failed)?
            };
            let size: usize = taken.columns().iter().map(slice_bytes).sum::<usize>() + 256;
            let charge = self.charge(size, stage)?;
            match &mut self.all[part].charge {
                Some(held) => held.absorb(charge),
                none => *none = Some(charge),
            }
            self.all[part].held += size;
            self.held += size;
            self.all[part].batches.push(taken);
        }
        Ok(())
    }

    /// Memory for rows that wait; partitions become files until there is enough.
    fn charge(&mut self, size: usize, stage: &Path) -> Result<Charge> {
        loop {
            match self.ctx.budget().charge(self.dest, size as u64, "rows of a partition") {
                Err(IoError::Limit { .. }) if self.write_largest(stage)? => {}
                charged => return charged,
            }
        }
    }

    /// Turns the partition that holds most into a file; false if none holds anything.
    fn write_largest(&mut self, stage: &Path) -> Result<bool> {
        let Some(part) = self.all.iter_mut().max_by_key(|part| part.held) else {
            return Ok(false);
        };
        if part.held == 0 {
            return Ok(false);
        }
        self.held -= std::mem::take(&mut part.held);
        let batches = std::mem::take(&mut part.batches);
        let _held = part.charge.take();
        let (folder, number) = (part.folder.clone(), part.files);
        part.files += 1;
        let (rows, bytes) = self.write_file(stage, &folder, number, batches)?;
        self.rows += rows;
        self.bytes += bytes;
        self.files += 1;
        Ok(true)
    }

    /// Few partitions share the threads by column, many by file.
    fn write_rest(&mut self, stage: &Path) -> Result<()> {
        if self.all.len() < 2 * self.ctx.threads() {
            while self.write_largest(stage)? {}
            return Ok(());
        }
        let mut parts = std::mem::take(&mut self.all);
        parts.retain(|part| part.held > 0);
        let this = &*self;
        let written: Result<Vec<(u64, u64)>> = this.ctx.pool().install(|| {
            let write = |part: Part| this.write_file(stage, &part.folder, part.files, part.batches);
            parts.into_par_iter().map(write).collect()
        });
        for (rows, bytes) in written? {
            self.rows += rows;
            self.bytes += bytes;
            self.files += 1;
        }
        Ok(())
    }

    fn write_file(
        &self,
        stage: &Path,
        folder: &str,
        number: usize,
        batches: Vec<RecordBatch>,
    ) -> Result<(u64, u64)> {
        self.ctx.check()?;
        let folder = stage.join(folder);
        fs::create_dir_all(&folder).map_err(|source| IoError::writing(self.dest, source))?;
        let path = folder.join(format!("part-{number}.parquet"));
        // The stage is what makes it atomic.
        let fsync = self.options.fsync;
        let sink = SinkOptions { mkdir: false, mode: WriteMode::Error, atomic: false, fsync };
        let sink = AtomicFile::create_with(&path, sink)?;
        let batches = batches.into_iter().map(Ok);
        let (sink, rows) = encode_all(sink, batches, &self.inner, &path, self.options, self.ctx)?;
        Ok((rows, sink.commit()?.0))
    }
}

/// Types whose text tells their value.
fn fits_a_path(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => fits_a_path(values),
        DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Date32
        | DataType::Timestamp(..)
        | DataType::Decimal128(..) => true,
        other => other.is_integer(),
    }
}

/// Percent-encodes all but letters, digits and `-._~`.
fn encode_into(out: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}
