//! Slabs of rows, printed and packed in parallel, written in order.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::{RecordBatch, new_empty_array};
use arrow::datatypes::{Schema, SchemaRef};

use super::cells::{self, Column};
use super::options::{CsvWriteOptions, Layout};
use super::pack::{PIECE, Packing, SIP, Stream};
use super::rows::{self, Slab};
use super::text::Text;
use crate::batch::batch_of;
use crate::context::{Charge, Context};
use crate::writer::same_columns;
use crate::{IoError, Result};

/// The most bytes that the text of a slab may have, unless one row has more.
const SLAB_BYTES: usize = 1 << 20;
/// Rows that are measured together.
const BLOCK_ROWS: usize = 1 << 16;
/// Slabs that are printed in one turn, per thread.
const SLABS_PER_THREAD: usize = 6;

/// One file being written.
pub struct CsvWriter<W: Write> {
    stream: Stream<W>,
    schema: SchemaRef,
    dest: PathBuf,
    layout: Layout,
    context: Context,
    rows: u64,
    /// Rows to be printed.
    slabs: Vec<Slab>,
    /// Text that is not yet a piece.
    rest: Chunk,
    /// Text to be packed.
    pieces: Vec<Chunk>,
    /// What can be written.
    ready: Vec<Chunk>,
    /// A member or frame was cut.
    packed: bool,
    /// Memory of texts, to be used again.
    spare: Vec<Vec<u8>>,
    /// What follows a failed write would be half a table.
    failed: bool,
}

/// Bytes on their way to the file.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    /// How many of the bytes count.
    length: usize,
    rows: u64,
    charges: Vec<Charge>,
}

impl<W: Write> std::fmt::Debug for CsvWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvWriter").field("dest", &self.dest).finish_non_exhaustive()
    }
}

/// There are columns, their types have a text, and their names differ where they are written.
pub(super) fn check_schema(dest: &Path, schema: &Schema, layout: &Layout) -> Result<()> {
    if schema.fields().is_empty() {
        return Err(IoError::unsupported(dest, "the table has no columns"));
    }
    let mut names = HashSet::new();
    for field in schema.fields() {
        let name = field.name();
        if layout.header && !names.insert(name) {
            return Err(IoError::unsupported(dest, format!("two columns are named '{name}'")));
        }
        let refused =
            |reason: String| IoError::unsupported(dest, format!("column '{name}': {reason}"));
        cells::check(field.data_type()).map_err(refused)?;
        let empty = cells::flatten(&new_empty_array(field.data_type()))
            .map_err(|error| refused(error.to_string()))?;
        Column::new(&empty, layout).map_err(refused)?;
    }
    rows::head(dest, layout, schema).map(drop)
}

impl<W: Write> CsvWriter<W> {
    /// Starts a file of `schema` in `sink`; `dest` is its name in messages and for the suffix.
    pub fn new(
        sink: W,
        dest: &Path,
        schema: &SchemaRef,
        options: &CsvWriteOptions,
        context: &Context,
    ) -> Result<Self> {
        let layout = options.layout(dest)?;
        check_schema(dest, schema, &layout)?;
        let mut writer = Self {
            stream: Stream::new(sink, layout.packing),
            schema: SchemaRef::clone(schema),
            dest: dest.to_path_buf(),
            context: context.clone(),
            rows: 0,
            slabs: Vec::new(),
            rest: Chunk::default(),
            pieces: Vec::new(),
            ready: Vec::new(),
            packed: false,
            spare: Vec::new(),
            failed: false,
            layout,
        };
        let head = rows::head(dest, &writer.layout, schema)?;
        writer.take(Chunk::printed(head, 0, Vec::new()));
        Ok(writer)
    }

    /// How many rows came so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Appends a batch of the schema given at the start.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let written = self.write_blocks(batch);
        self.failed |= written.is_err();
        written
    }

    fn write_blocks(&mut self, batch: &RecordBatch) -> Result<()> {
        self.context.check()?;
        same_columns(&self.dest, &self.schema, batch)?;
        let mut start = 0;
        while start < batch.num_rows() {
            let step = BLOCK_ROWS.min(batch.num_rows() - start);
            self.write_block(&batch.slice(start, step))?;
            start += step;
        }
        Ok(())
    }

    /// Cuts a block into slabs.
    fn write_block(&mut self, block: &RecordBatch) -> Result<()> {
        let columns: Result<Vec<_>, _> = block.columns().iter().map(cells::flatten).collect();
        let block = columns
            .and_then(|columns| {
                let fields = block.schema_ref().fields().iter().zip(&columns);
                let fields = fields.map(|(field, column)| {
                    field.as_ref().clone().with_data_type(column.data_type().clone())
                });
                let schema = SchemaRef::new(Schema::new(fields.collect::<Vec<_>>()));
                batch_of(&schema, columns, block.num_rows())
            })
            .map_err(|error| IoError::refused(&self.dest, error.to_string()))?;
        let bounds = rows::bound(&self.dest, &self.layout, &block)?;
        let mut start = 0;
        while start < bounds.len() {
            let mut bytes = bounds[start];
            let mut end = start + 1;
            while end < bounds.len() && bytes + bounds[end] <= SLAB_BYTES {
                bytes += bounds[end];
                end += 1;
            }
            // Memory may be short: then fewer rows at a time.
            let charge = loop {
                match self.charge(bytes as u64) {
                    Err(IoError::Limit { .. }) if end - start > 1 => {
                        end = start + (end - start) / 2;
                        bytes = bounds[start..end].iter().sum();
                    }
                    charged => break charged?,
                }
            };
            let batch = block.slice(start, end - start);
            self.slabs.push(Slab { batch, first_row: self.rows + 1, charge });
            self.rows += (end - start) as u64;
            if self.slabs.len() >= self.context.threads() * SLABS_PER_THREAD {
                self.turn()?;
            }
            start = end;
        }
        Ok(())
    }

    /// Memory for `bytes` of text; what is under way is written where it is short.
    fn charge(&mut self, bytes: u64) -> Result<Charge> {
        // The packed bytes lie beside the text.
        let wanted = if self.layout.packing.in_pieces() { bytes.saturating_mul(2) } else { bytes };
        loop {
            let busy = !(self.slabs.is_empty() && self.pieces.is_empty() && self.ready.is_empty());
            match self.context.budget().charge(&self.dest, wanted, "text to write") {
                Err(IoError::Limit { .. }) if busy => {
                    // Memory that is kept for later is memory too.
                    self.spare.clear();
                    self.turn()?;
                }
                charged => return charged,
            }
        }
    }

    /// Prints, packs and writes what can be printed, packed and written, at the same time.
    fn turn(&mut self) -> Result<()> {
        let slabs = std::mem::take(&mut self.slabs);
        let pieces = std::mem::take(&mut self.pieces);
        let ready = std::mem::take(&mut self.ready);
        let mut texts: Vec<Option<Result<Text>>> = Vec::new();
        texts.resize_with(slabs.len(), || None);
        let mut packs: Vec<Option<Result<Vec<u8>>>> = Vec::new();
        packs.resize_with(pieces.len(), || None);
        let pool = self.context.clone();
        let (dest, layout, context) = (&self.dest, &self.layout, &self.context);
        let (stream, spare) = (&mut self.stream, &mut self.spare);
        let mut written = Ok(());
        // A single thread is one: it does not write beside another that prints.
        let alone = pool.threads() == 1;
        if alone {
            written = put_all(stream, dest, context, &ready);
        }
        pool.pool().in_place_scope(|scope| {
            for (piece, pack) in pieces.iter().zip(&mut packs) {
                scope.spawn(move |_| *pack = Some(pack_one(dest, layout.packing, piece, context)));
            }
            for (slab, text) in slabs.iter().zip(&mut texts) {
                let memory = Text::over(spare.pop().unwrap_or_default());
                scope
                    .spawn(move |_| *text = Some(rows::print(dest, layout, slab, memory, context)));
            }
            if !alone {
                written = put_all(stream, dest, context, &ready);
            }
        });
        written?;
        let kept = context.threads() * SLABS_PER_THREAD;
        for chunk in ready {
            self.keep(chunk.bytes, kept);
        }
        for (piece, pack) in pieces.into_iter().zip(packs) {
            let bytes = done(&self.dest, pack)?;
            let length = bytes.len();
            self.ready.push(Chunk { bytes, length, ..piece });
        }
        for (slab, text) in slabs.into_iter().zip(texts) {
            let text = done(&self.dest, text)?;
            let rows = slab.batch.num_rows() as u64;
            self.take(Chunk::printed(text, rows, vec![slab.charge]));
        }
        Ok(())
    }

    /// Printed text goes to the file, or into pieces that are packed.
    fn take(&mut self, chunk: Chunk) {
        if !self.layout.packing.in_pieces() {
            self.ready.push(chunk);
            return;
        }
        let mut bytes = &chunk.bytes[..chunk.length];
        while self.rest.bytes.len() + bytes.len() >= PIECE {
            let (now, later) = bytes.split_at(PIECE - self.rest.bytes.len());
            self.rest.bytes.extend_from_slice(now);
            bytes = later;
            self.cut();
        }
        self.rest.bytes.extend_from_slice(bytes);
        self.rest.rows += chunk.rows;
        self.rest.charges.extend(chunk.charges);
        self.keep(chunk.bytes, self.context.threads() * SLABS_PER_THREAD);
    }

    /// Ends a piece.
    fn cut(&mut self) {
        let mut piece = std::mem::take(&mut self.rest);
        piece.length = piece.bytes.len();
        self.pieces.push(piece);
        self.packed = true;
    }

    /// Keeps memory for the next text, unless there is enough of it or it is unusually large.
    fn keep(&mut self, memory: Vec<u8>, most: usize) {
        if self.spare.len() < most && memory.len() <= 2 * SLAB_BYTES && !self.tight() {
            self.spare.push(memory);
        }
    }

    /// The budget has no room for memory that lies idle.
    fn tight(&self) -> bool {
        self.context.budget().limit() < (64 << 20)
    }

    /// Writes what is left and gives the sink back; an atomic one is still to be committed.
    pub fn finish(mut self) -> Result<W> {
        if self.failed {
            return Err(IoError::refused(&self.dest, "an earlier batch could not be written"));
        }
        self.turn()?;
        if self.layout.packing.in_pieces() && (!self.rest.bytes.is_empty() || !self.packed) {
            self.cut();
        }
        while !(self.pieces.is_empty() && self.ready.is_empty()) {
            self.turn()?;
        }
        let dest = self.dest;
        self.stream.finish().map_err(|source| IoError::writing(&dest, source))
    }
}

impl Chunk {
    fn printed(text: Text, rows: u64, charges: Vec<Charge>) -> Self {
        Self { length: text.len(), bytes: text.into_memory(), rows, charges }
    }
}

fn pack_one(dest: &Path, packing: Packing, piece: &Chunk, context: &Context) -> Result<Vec<u8>> {
    context.check()?;
    packing.pack(&piece.bytes[..piece.length]).map_err(|source| IoError::writing(dest, source))
}

/// Writes chunks, in order.
fn put_all<W: Write>(
    stream: &mut Stream<W>,
    dest: &Path,
    context: &Context,
    ready: &[Chunk],
) -> Result<()> {
    let sip = if matches!(stream, Stream::Plain(_)) { usize::MAX } else { SIP };
    for chunk in ready {
        for bytes in chunk.bytes[..chunk.length].chunks(sip) {
            context.check()?;
            stream.write_all(bytes).map_err(|source| IoError::writing(dest, source))?;
        }
        context.progress().add(chunk.length as u64, chunk.rows);
    }
    Ok(())
}

/// What a task left behind.
fn done<T>(dest: &Path, result: Option<Result<T>>) -> Result<T> {
    result.unwrap_or_else(|| Err(IoError::refused(dest, "a task did not end")))
}
