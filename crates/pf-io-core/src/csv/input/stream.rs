//! From a source to blocks of text: read, unpack, decode.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use encoding_rs::{Encoding, UTF_8};

use super::codec::Codec;
use super::raw::Raw;
use super::text::{Invalid, Transcoder, Utf8Check};
use super::unpack::Unpacked;
use super::{Counter, InvalidBytes};
use crate::context::Budget;
use crate::{IoError, Result, Source};

/// Bytes that are decoded in one go.
const PIECE: usize = 64 << 10;

/// All that is needed to read a source from its start, once or again.
pub(super) struct Setup {
    pub source: Source,
    pub codec: Option<Codec>,
    pub encoding: &'static Encoding,
    /// Bytes of the byte order mark.
    pub mark: usize,
    pub invalid: InvalidBytes,
    pub check: bool,
    pub limit: Option<u64>,
    pub block_bytes: usize,
    pub budget: Budget,
    pub cancel: Arc<AtomicBool>,
    pub consumed: Counter,
    pub replaced: Counter,
    /// Offsets, decoded and raw, at which decoding can begin again.
    pub marks: Arc<Mutex<Vec<(u64, u64)>>>,
}

/// Why there is no block.
#[derive(Debug)]
pub(super) enum Fault {
    Error(IoError),
    Invalid(Invalid),
}

impl From<IoError> for Fault {
    fn from(error: IoError) -> Self {
        Self::Error(error)
    }
}

/// Unpacked bytes.
pub(super) enum Reader {
    Plain(Raw),
    Packed(Box<Unpacked>),
}

impl Reader {
    /// Fills `out`, or as much of it as there is.
    pub fn read_full(&mut self, out: &mut [u8]) -> Result<usize> {
        match self {
            Self::Plain(raw) => {
                let count = raw.read_full(out);
                count.map_err(|error| super::failed(raw.source().path(), error))
            }
            Self::Packed(unpacked) => unpacked.read_full(out),
        }
    }

    fn skip(&mut self, mut count: u64) -> Result<()> {
        if let Self::Plain(raw) = self {
            raw.skip(count);
            return Ok(());
        }
        let mut scratch = vec![0; PIECE];
        while count > 0 {
            let part = count.min(PIECE as u64) as usize;
            let read = self.read_full(&mut scratch[..part])?;
            if read == 0 {
                break;
            }
            count -= read as u64;
        }
        Ok(())
    }
}

impl Setup {
    pub fn is_utf8(&self) -> bool {
        self.encoding == UTF_8
    }

    /// Whether the text has other bytes than the unpacked file.
    pub fn decodes(&self) -> bool {
        !self.is_utf8() || self.invalid == InvalidBytes::Replace
    }

    pub fn raw(&self) -> Raw {
        let consumed = Arc::clone(&self.consumed);
        Raw::new(self.source.clone(), Arc::clone(&self.cancel), consumed)
    }

    /// The unpacked bytes from the start.
    pub fn reader(&self) -> Result<Reader> {
        Ok(match self.codec {
            None => Reader::Plain(self.raw()),
            Some(codec) => {
                let budget = self.budget.clone();
                Reader::Packed(Box::new(Unpacked::new(codec, self.raw(), self.limit, budget)?))
            }
        })
    }

    /// As [`Self::reader`], for a second look: what it reads is no progress.
    fn reader_again(&self) -> Result<Reader> {
        let raw = Raw::new(self.source.clone(), Arc::clone(&self.cancel), Counter::default());
        Ok(match self.codec {
            None => Reader::Plain(raw),
            Some(codec) => {
                let budget = self.budget.clone();
                Reader::Packed(Box::new(Unpacked::new(codec, raw, self.limit, budget)?))
            }
        })
    }

    pub fn raw_offset(&self, decoded: u64) -> Result<u64> {
        let mark = self.mark as u64;
        if !self.decodes() {
            return Ok(mark + decoded);
        }
        let (at, raw) = {
            let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
            let next = marks.partition_point(|&(at, _)| at <= decoded);
            next.checked_sub(1).and_then(|last| marks.get(last).copied()).unwrap_or((0, 0))
        };
        let mut reader = self.reader_again()?;
        reader.skip(mark + raw)?;
        let mut transcoder = Transcoder::new(self.encoding, true);
        let mut piece = vec![0; PIECE];
        let mut out = [0; 4 * Transcoder::ROOM];
        // The first raw byte of the character that holds the decoded one.
        let mut start = 0;
        loop {
            let count = reader.read_full(&mut piece)?;
            for byte in &piece[..count] {
                if at + transcoder.decoded >= decoded {
                    // Bytes that gave nothing yet belong to the character that comes next.
                    return Ok(mark + raw + start);
                }
                let before = transcoder.decoded;
                let one = std::slice::from_ref(byte);
                if transcoder.step(one, &mut out, false).is_err() {
                    return Ok(mark + raw + start);
                }
                if transcoder.decoded > before {
                    if at + transcoder.decoded > decoded {
                        return Ok(mark + raw + start);
                    }
                    start = transcoder.raw;
                }
            }
            if count < piece.len() {
                return Ok(mark + raw + start);
            }
        }
    }

    /// The error for bytes that are no text.
    pub fn describe(&self, invalid: Invalid) -> IoError {
        match self.described(invalid) {
            Ok(error) | Err(error) => error,
        }
    }

    fn described(&self, invalid: Invalid) -> Result<IoError> {
        let raw = self.mark as u64 + invalid.raw;
        let mut reader = self.reader_again()?;
        reader.skip(raw)?;
        let mut bytes = [0; 4];
        let count = reader.read_full(&mut bytes)?.min(invalid.count);
        let line = self.line(invalid.decoded)?;
        let hex: Vec<String> = bytes[..count].iter().map(|byte| format!("0x{byte:02X}")).collect();
        let beside =
            if self.is_utf8() { String::new() } else { format!(" (byte {raw} of the file)") };
        let message = format!("{} is not {}{beside}", hex.join(" "), self.encoding.name());
        let hint = if self.is_utf8() {
            "say the encoding, such as encoding: windows-1252, or invalid_bytes: replace"
        } else {
            "another encoding, or invalid_bytes: replace"
        };
        let path = self.source.path().to_path_buf();
        let byte = Some(if self.is_utf8() { raw } else { invalid.decoded });
        Ok(IoError::Csv { path, line, record: 0, byte, column: None, message, hint: Some(hint) })
    }

    /// The line, from 1, of a byte of the text, found by reading all before it.
    fn line(&self, decoded: u64) -> Result<u64> {
        let again = Self {
            source: self.source.clone(),
            invalid: if self.is_utf8() { InvalidBytes::Binary } else { InvalidBytes::Replace },
            check: false,
            block_bytes: 1 << 20,
            budget: self.budget.clone(),
            cancel: Arc::clone(&self.cancel),
            consumed: Counter::default(),
            replaced: Counter::default(),
            marks: Arc::default(),
            ..*self
        };
        let mut stream = Stream::new(&again, again.reader()?, Vec::new(), self.mark as u64)?;
        let (mut line, mut left, mut after_cr) = (1, decoded, false);
        let mut spare = Vec::new();
        while left > 0 {
            let block = match stream.block(spare) {
                Ok(Some(block)) => block,
                Ok(None) | Err(Fault::Invalid(_)) => break,
                Err(Fault::Error(error)) => return Err(error),
            };
            let count = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            for &byte in &block[..count] {
                line += u64::from(byte == b'\r' || byte == b'\n' && !after_cr);
                after_cr = byte == b'\r';
            }
            left -= count as u64;
            spare = block;
        }
        Ok(line)
    }
}

/// Makes the blocks, in order.
pub(super) struct Stream {
    reader: Reader,
    /// Unpacked bytes that were read to look at them.
    head: Vec<u8>,
    head_at: usize,
    block_bytes: usize,
    text: Text,
    ended: bool,
    /// Bytes of all blocks so far.
    given: u64,
    /// What comes behind the last block.
    invalid: Option<Invalid>,
    replaced: Counter,
    marks: Arc<Mutex<Vec<(u64, u64)>>>,
}

enum Text {
    AsIs,
    Checked(Utf8Check),
    Decoded(Box<Decoding>),
}

struct Decoding {
    transcoder: Transcoder,
    piece: Vec<u8>,
    /// `piece[start..cut]` is decoded next, then the rest.
    start: usize,
    cut: usize,
    last: bool,
}

impl Stream {
    /// Goes on with `reader`, of which `head` was read before; `skip` bytes are passed over.
    pub fn new(setup: &Setup, mut reader: Reader, head: Vec<u8>, skip: u64) -> Result<Self> {
        let head_at = head.len().min(usize::try_from(skip).unwrap_or(usize::MAX));
        reader.skip(skip - head_at as u64)?;
        let text = if setup.decodes() {
            let replace = setup.invalid == InvalidBytes::Replace;
            Text::Decoded(Box::new(Decoding {
                transcoder: Transcoder::new(setup.encoding, replace),
                piece: Vec::new(),
                start: 0,
                cut: 0,
                last: false,
            }))
        } else if setup.check && setup.invalid == InvalidBytes::Error {
            Text::Checked(Utf8Check::default())
        } else {
            Text::AsIs
        };
        let (replaced, marks) = (Arc::clone(&setup.replaced), Arc::clone(&setup.marks));
        let block_bytes = setup.block_bytes;
        Ok(Self {
            reader,
            head,
            head_at,
            block_bytes,
            text,
            ended: false,
            given: 0,
            invalid: None,
            replaced,
            marks,
        })
    }

    /// The next block in the memory of `block`. All that comes before bytes that are no text is in
    /// blocks, so that the error does not hide it.
    pub fn block(&mut self, mut block: Vec<u8>) -> Result<Option<Vec<u8>>, Fault> {
        if let Some(invalid) = self.invalid.take() {
            self.ended = true;
            return Err(Fault::Invalid(invalid));
        }
        if self.ended {
            return Ok(None);
        }
        block.resize(self.block_bytes, 0);
        let mut count;
        let mut invalid = None;
        match &mut self.text {
            Text::Decoded(decoding) => {
                let source = &mut |out: &mut [u8]| {
                    filled(&mut self.head, &mut self.head_at, &mut self.reader, out)
                };
                match decoding.fill(&mut block, source, &self.marks) {
                    Ok((given, ended)) => (count, self.ended) = (given, ended),
                    Err(Fault::Invalid(found)) => {
                        count = found.decoded.saturating_sub(self.given) as usize;
                        invalid = Some(found);
                    }
                    Err(error) => return Err(error),
                }
                self.replaced.store(decoding.transcoder.replaced, Ordering::Relaxed);
            }
            text => {
                count = filled(&mut self.head, &mut self.head_at, &mut self.reader, &mut block)?;
                self.ended = count < block.len();
                if let Text::Checked(check) = text
                    && let Err(found) = check.piece(&block[..count], self.ended)
                {
                    // With the first byte that is wrong, which ends no record: in another cut it
                    // may have been given already.
                    let good = found.decoded.saturating_add(1).saturating_sub(self.given);
                    count = count.min(usize::try_from(good).unwrap_or(usize::MAX));
                    invalid = Some(found);
                }
            }
        }
        if let Some(invalid) = invalid {
            if count == 0 {
                self.ended = true;
                return Err(Fault::Invalid(invalid));
            }
            self.invalid = Some(invalid);
        }
        self.given += count as u64;
        block.truncate(count);
        Ok((count > 0).then_some(block))
    }
}

/// Fills `out` from what is left of `head`, then from `reader`.
fn filled(
    head: &mut Vec<u8>,
    head_at: &mut usize,
    reader: &mut Reader,
    out: &mut [u8],
) -> Result<usize> {
    let count = (head.len() - *head_at).min(out.len());
    out[..count].copy_from_slice(&head[*head_at..*head_at + count]);
    *head_at += count;
    if *head_at == head.len() && !head.is_empty() {
        *head = Vec::new();
        *head_at = 0;
    }
    Ok(count + reader.read_full(&mut out[count..])?)
}

impl Decoding {
    /// Fills `out` with text; the second value says that there is no more.
    fn fill(
        &mut self,
        out: &mut [u8],
        source: &mut dyn FnMut(&mut [u8]) -> Result<usize>,
        marks: &Mutex<Vec<(u64, u64)>>,
    ) -> Result<(usize, bool), Fault> {
        let mut given = 0;
        while out.len() - given >= Transcoder::ROOM {
            if self.start == self.piece.len() && !self.last {
                self.piece.resize(PIECE, 0);
                let count = source(&mut self.piece)?;
                self.last = count < PIECE;
                self.piece.truncate(count);
                self.start = 0;
                self.cut = self.transcoder.neutral(&self.piece).unwrap_or(count);
            }
            let last = self.last && self.cut == self.piece.len();
            let piece = &self.piece[self.start..self.cut];
            let step = self.transcoder.step(piece, &mut out[given..], last);
            let (taken, written, done) = step.map_err(Fault::Invalid)?;
            self.start += taken;
            given += written;
            if !done {
                break;
            }
            if last {
                return Ok((given, true));
            }
            if self.cut < self.piece.len() {
                let mark = (self.transcoder.decoded, self.transcoder.raw);
                marks.lock().unwrap_or_else(PoisonError::into_inner).push(mark);
                self.cut = self.piece.len();
            }
        }
        Ok((given, false))
    }
}
