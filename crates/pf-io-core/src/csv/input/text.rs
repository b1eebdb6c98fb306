//! Bytes of some encoding to UTF-8, block by block, with the state carried over.

use encoding_rs::{Decoder, DecoderResult, Encoding, ISO_2022_JP, UTF_16BE, UTF_16LE};

/// Bytes that are no text in their encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::csv) struct Invalid {
    /// Where the first of them is, before decoding.
    pub raw: u64,
    /// The same place in the decoded text.
    pub decoded: u64,
    /// How many they are.
    pub count: usize,
}

/// Checks UTF-8 that comes in pieces, without copying it.
#[derive(Debug, Default)]
pub(super) struct Utf8Check {
    /// The start of a character that the last piece did not finish.
    pending: [u8; 4],
    kept: usize,
    /// Bytes seen.
    at: u64,
}

impl Utf8Check {
    /// Checks the next piece; the offset of an error counts from the first piece's start.
    pub fn piece(&mut self, piece: &[u8], last: bool) -> Result<(), Invalid> {
        let mut rest = piece;
        while self.kept > 0 && !rest.is_empty() {
            self.pending[self.kept] = rest[0];
            match std::str::from_utf8(&self.pending[..=self.kept]) {
                Ok(_) => {
                    self.at += self.kept as u64 + 1;
                    self.kept = 0;
                    rest = &rest[1..];
                }
                // At most three bytes start a character, so there is room for the next.
                Err(error) if error.error_len().is_none() => {
                    self.kept += 1;
                    rest = &rest[1..];
                }
                Err(_) => return Err(self.invalid(self.kept)),
            }
        }
        if self.kept == 0 && simdutf8::basic::from_utf8(rest).is_err() {
            if let Err(error) = std::str::from_utf8(rest) {
                self.at += error.valid_up_to() as u64;
                let Some(tail) = rest.get(error.valid_up_to()..) else { return Ok(()) };
                if let Some(count) = error.error_len() {
                    return Err(self.invalid(count));
                }
                self.kept = tail.len().min(3);
                self.pending[..self.kept].copy_from_slice(&tail[..self.kept]);
            }
        } else {
            self.at += rest.len() as u64;
        }
        if last && self.kept > 0 { Err(self.invalid(self.kept)) } else { Ok(()) }
    }

    fn invalid(&self, count: usize) -> Invalid {
        Invalid { raw: self.at, decoded: self.at, count }
    }
}

/// Decodes text that comes in pieces.
pub(super) struct Transcoder {
    encoding: &'static Encoding,
    decoder: Decoder,
    replace: bool,
    /// Bytes taken and given so far.
    pub raw: u64,
    pub decoded: u64,
    /// Sequences that became U+FFFD.
    pub replaced: u64,
}

impl Transcoder {
    /// Bytes of room in which every step makes progress.
    pub const ROOM: usize = 32;

    /// Decodes from the state at the start of a text whose mark is already passed over.
    pub fn new(encoding: &'static Encoding, replace: bool) -> Self {
        let decoder = encoding.new_decoder_without_bom_handling();
        Self { encoding, decoder, replace, raw: 0, decoded: 0, replaced: 0 }
    }

    /// Decodes from `piece` into `out`; tells how many bytes were taken and how many given.
    ///
    /// `out` must have [`Self::ROOM`]. The third value says that all was taken and given; if it does
    /// so for the end of the text (`last`), there must be no further call.
    pub fn step(
        &mut self,
        piece: &[u8],
        out: &mut [u8],
        last: bool,
    ) -> Result<(usize, usize, bool), Invalid> {
        let (mut taken, mut given) = (0, 0);
        // A replacement mark always finds room.
        let end = out.len().saturating_sub('\u{fffd}'.len_utf8());
        loop {
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                &piece[taken..],
                &mut out[given..end],
                last,
            );
            taken += read;
            given += written;
            self.raw += read as u64;
            self.decoded += written as u64;
            match result {
                DecoderResult::InputEmpty => return Ok((taken, given, true)),
                DecoderResult::OutputFull => return Ok((taken, given, false)),
                DecoderResult::Malformed(length, after) => {
                    let raw = self.raw.saturating_sub(u64::from(length) + u64::from(after));
                    if !self.replace {
                        let count = usize::from(length);
                        return Err(Invalid { raw, decoded: self.decoded, count });
                    }
                    self.replaced += 1;
                    let mark = '\u{fffd}'.len_utf8();
                    '\u{fffd}'.encode_utf8(&mut out[given..]);
                    given += mark;
                    self.decoded += mark as u64;
                    if given + 16 > end {
                        return Ok((taken, given, false));
                    }
                }
            }
        }
    }

    /// The end of the last line in `piece`: there the decoder's state is that of a start, so that
    /// decoding can begin again. `piece` starts at the current place.
    pub fn neutral(&self, piece: &[u8]) -> Option<usize> {
        let utf16 = self.encoding == UTF_16LE || self.encoding == UTF_16BE;
        if !utf16 {
            // A line feed is never the later byte of a character, except within escapes.
            let found = (self.encoding != ISO_2022_JP)
                .then(|| piece.iter().rposition(|&byte| byte == b'\n'));
            return found.flatten().map(|at| at + 1);
        }
        let unit = if self.encoding == UTF_16LE { [b'\n', 0] } else { [0, b'\n'] };
        let odd = (self.raw % 2) as usize;
        let units = piece.get(odd..)?.chunks_exact(2);
        units.enumerate().rfind(|(_, two)| *two == unit).map(|(at, _)| odd + 2 * at + 2)
    }
}
