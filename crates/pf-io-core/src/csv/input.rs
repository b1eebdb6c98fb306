//! A file, packed or in another encoding, as blocks of UTF-8 in their order.
//!
//! A plain UTF-8 file is read by position straight into the blocks. Everything else is unpacked and
//! decoded on a thread of its own that is at most [`QUEUE`] blocks ahead. Offsets count decoded
//! bytes; [`Input::raw_offset`] tells where they were before decoding, in the unpacked bytes.
//!
//! The blocks hold the whole text or the last call is an error: a packed file that is cut short at
//! any byte never looks like a shorter one.

mod codec;
mod encoding;
mod lz4;
mod pump;
mod raw;
mod stream;
mod text;
mod unpack;
mod zip;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;

pub use codec::{Codec, Compression};

use self::pump::Pump;
use self::stream::{Fault, Setup, Stream};
use crate::context::Charge;
use crate::{Context, IoError, Result, Source};

/// Bytes of a block, unless the caller wants others.
pub const BLOCK_BYTES: usize = 1 << 20;
/// Blocks that may wait for the consumer.
const QUEUE: usize = 2;
/// Bytes that tell the encoding.
const HEAD: usize = 64 << 10;
/// Bytes that a guess of the encoding looks at.
const GUESS: usize = 1 << 20;

/// What becomes of bytes that are no text in their encoding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InvalidBytes {
    /// An error that names the place.
    #[default]
    Error,
    /// U+FFFD, counted.
    Replace,
    /// They stay as they are; only for UTF-8.
    Binary,
}

/// How the bytes of a file become text.
#[derive(Debug, Clone)]
pub struct InputOptions {
    /// How the file is packed.
    pub compression: Compression,
    /// `utf-8`, another label of the WHATWG Encoding Standard, or `auto`.
    pub encoding: String,
    /// What becomes of bytes that are no text.
    pub invalid: InvalidBytes,
    /// Whether UTF-8 is checked here; if not, whoever makes text of the blocks must do it and ask
    /// [`Input::invalid_at`] for the error.
    pub check: bool,
    /// The most text there may be, for readers that keep all of it.
    pub limit: Option<u64>,
    /// Bytes of a block.
    pub block_bytes: usize,
}

impl Default for InputOptions {
    fn default() -> Self {
        Self {
            compression: Compression::Auto,
            encoding: "utf-8".to_owned(),
            invalid: InvalidBytes::Error,
            check: true,
            limit: None,
            block_bytes: BLOCK_BYTES,
        }
    }
}

/// The text of one source.
pub struct Input {
    setup: Arc<Setup>,
    blocks: Blocks,
    notes: Vec<String>,
    _charge: Charge,
}

enum Blocks {
    Direct {
        stream: Box<Stream>,
        spare: Vec<Vec<u8>>,
    },
    Pumped(Pump),
    /// At the end, or behind an error.
    Ended,
}

impl Input {
    /// Opens `source`; the first bytes are read here.
    pub fn open(source: &Source, options: &InputOptions, context: &Context) -> Result<Self> {
        let path = source.path();
        let mut setup = Setup {
            source: source.clone(),
            codec: None,
            encoding: encoding_rs::UTF_8,
            mark: 0,
            invalid: options.invalid,
            check: options.check,
            limit: options.limit,
            block_bytes: options.block_bytes.max(text::Transcoder::ROOM),
            budget: context.budget().clone(),
            cancel: Arc::clone(context.cancel()),
            consumed: Arc::default(),
            replaced: Arc::default(),
            marks: Arc::default(),
        };
        setup.codec = unpack::detect(&mut setup.raw(), options.compression)?;

        let mut head = vec![0; if options.encoding == "auto" { GUESS } else { HEAD }];
        let mut reader = setup.reader()?;
        let count = reader.read_full(&mut head)?;
        let whole = count < head.len();
        head.truncate(count);
        let found = encoding::find(path, &options.encoding, &head, whole)?;
        setup.encoding = found.encoding;
        setup.mark = found.mark;
        if !setup.is_utf8() && options.invalid == InvalidBytes::Binary {
            let message = format!("bytes of {} cannot stay as they are", found.encoding.name());
            return Err(IoError::unsupported(path, message));
        }

        let direct = setup.codec.is_none() && !setup.decodes();
        let blocks = if direct { 1 } else { QUEUE as u64 + 2 };
        let bytes = blocks.saturating_mul(setup.block_bytes as u64);
        let charge = context.budget().charge(path, bytes, "blocks of text")?;
        let setup = Arc::new(setup);
        let blocks = if direct {
            setup.consumed.store(0, Ordering::Relaxed);
            let stream = Stream::new(&setup, setup.reader()?, Vec::new(), setup.mark as u64)?;
            Blocks::Direct { stream: Box::new(stream), spare: Vec::new() }
        } else {
            let stream = Stream::new(&setup, reader, head, setup.mark as u64)?;
            Blocks::Pumped(Pump::start(path, stream, QUEUE)?)
        };
        Ok(Self { setup, blocks, notes: found.notes, _charge: charge })
    }

    /// The next block, none at the end. Its edges may cut a character.
    pub fn next_block(&mut self) -> Result<Option<Vec<u8>>> {
        let block = match &mut self.blocks {
            Blocks::Direct { stream, spare } => stream.block(spare.pop().unwrap_or_default()),
            Blocks::Pumped(pump) => pump.next_block(),
            Blocks::Ended => return Ok(None),
        };
        match block {
            Ok(Some(block)) => Ok(Some(block)),
            Ok(None) => {
                self.blocks = Blocks::Ended;
                self.setup.source.check_unchanged()?;
                Ok(None)
            }
            Err(fault) => {
                self.blocks = Blocks::Ended;
                Err(match fault {
                    Fault::Error(error) => error,
                    Fault::Invalid(invalid) => self.setup.describe(invalid),
                })
            }
        }
    }

    /// Takes back the memory of a block that is done with.
    pub fn recycle(&mut self, block: Vec<u8>) {
        match &mut self.blocks {
            Blocks::Direct { spare, .. } if spare.len() < QUEUE => spare.push(block),
            Blocks::Pumped(pump) => pump.recycle(block),
            _ => {}
        }
    }

    /// Where a byte of the text was before it was decoded: an offset in the unpacked file, byte
    /// order mark included. Texts that are not UTF-8 are decoded again from the nearest mark.
    pub fn raw_offset(&self, decoded: u64) -> Result<u64> {
        self.setup.raw_offset(decoded)
    }

    /// The error for bytes at `decoded` that are no UTF-8, for those who check it themselves.
    pub fn invalid_at(&self, decoded: u64, count: usize) -> IoError {
        self.setup.describe(text::Invalid { raw: decoded, decoded, count })
    }

    /// What to add to an offset in the text for one in the unpacked file, where that is one number.
    pub fn base(&self) -> u64 {
        if self.setup.is_utf8() { self.setup.mark as u64 } else { 0 }
    }

    /// There is nothing, not even something packed.
    pub fn is_empty(&self) -> bool {
        self.setup.source.size() == 0
    }

    /// Bytes of the text, if they are known before it is read.
    pub fn size_hint(&self) -> Option<u64> {
        let size = self.setup.source.size() - self.setup.mark as u64;
        (self.setup.codec.is_none() && !self.setup.decodes()).then_some(size)
    }

    /// The source itself and where the text starts in it, if its bytes are the text: then any part
    /// of it can be read by position, by any thread.
    pub fn plain(&self) -> Option<(&Source, u64)> {
        self.size_hint().map(|_| (&self.setup.source, self.setup.mark as u64))
    }

    /// The encoding that is read, by its standard name.
    pub fn encoding(&self) -> &'static str {
        self.setup.encoding.name()
    }

    /// How the source is packed.
    pub fn codec(&self) -> Option<Codec> {
        self.setup.codec
    }

    /// What the user should know: guesses, and labels that a mark overruled.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Bytes of the source that are read.
    pub fn consumed(&self) -> u64 {
        self.setup.consumed.load(Ordering::Relaxed)
    }

    /// Sequences of bytes that became U+FFFD so far.
    pub fn replaced(&self) -> u64 {
        self.setup.replaced.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input")
            .field("path", &self.setup.source.path())
            .field("codec", &self.setup.codec)
            .field("encoding", &self.encoding())
            .finish_non_exhaustive()
    }
}

/// A counter that several threads see.
type Counter = Arc<AtomicU64>;

/// An error below the text, told apart by kind.
fn failed(path: &Path, error: io::Error) -> IoError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged(path, "the packed data end too early"),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            match error.downcast::<IoError>() {
                Ok(own) => own,
                Err(other) => damaged(path, &other.to_string()),
            }
        }
        _ => IoError::Os { path: path.to_path_buf(), source: error },
    }
}

fn damaged(path: &Path, reason: &str) -> IoError {
    IoError::csv(path, format!("cannot unpack: {reason}"))
}
