//! One LZ4 frame. Source: "LZ4 Frame Format Description", version 1.6.4.
//!
//! The library's own frame reader takes a frame that is cut between two blocks for a whole one.

use std::io::{self, Read};

use super::raw::Raw;

pub(super) const MAGIC: u32 = 0x184d_2204;
/// How far back a linked block may refer.
const WINDOW: usize = 64 << 10;
/// The largest block a frame may have.
pub(super) const MAX_BLOCK: usize = 4 << 20;

/// A frame that is being read; the magic number is still unread when it is made.
#[derive(Debug)]
pub(super) struct Frame {
    raw: Raw,
    linked: bool,
    block_sums: bool,
    max_block: usize,
    /// Bytes the frame says it holds.
    size: Option<u64>,
    sum: Option<Xxh32>,
    done: u64,
    packed: Vec<u8>,
    /// The window before the current block, then the block.
    text: Vec<u8>,
    /// Where the part not yet handed out starts.
    start: usize,
    finished: bool,
}

impl Frame {
    pub fn new(mut raw: Raw) -> io::Result<Self> {
        let mut head = [0_u8; 6];
        exact(&mut raw, &mut head)?;
        let (flags, sizes) = (head[4], head[5]);
        if flags >> 6 != 1 || flags & 2 != 0 || sizes & 0x8f != 0 {
            return Err(bad("an lz4 frame of an unknown version"));
        }
        let max_block = match sizes >> 4 {
            4 => 64 << 10,
            5 => 256 << 10,
            6 => 1 << 20,
            7 => MAX_BLOCK,
            _ => return Err(bad("an lz4 frame with an unknown block size")),
        };
        let mut descriptor = vec![flags, sizes];
        let size = if flags & 8 == 0 {
            None
        } else {
            let mut bytes = [0; 8];
            exact(&mut raw, &mut bytes)?;
            descriptor.extend(bytes);
            Some(u64::from_le_bytes(bytes))
        };
        if flags & 1 != 0 {
            return Err(bad("an lz4 frame that needs a dictionary"));
        }
        let mut check = [0; 1];
        exact(&mut raw, &mut check)?;
        if (xxh32(&descriptor) >> 8) as u8 != check[0] {
            return Err(bad("the checksum of the lz4 header is wrong"));
        }
        Ok(Self {
            raw,
            linked: flags & 0x20 == 0,
            block_sums: flags & 0x10 != 0,
            max_block,
            size,
            sum: (flags & 4 != 0).then(Xxh32::new),
            done: 0,
            packed: Vec::new(),
            text: Vec::new(),
            start: 0,
            finished: false,
        })
    }

    pub fn into_inner(self) -> Raw {
        self.raw
    }

    fn block(&mut self) -> io::Result<()> {
        let head = self.word()?;
        if head == 0 {
            if let Some(sum) = self.sum.take()
                && self.word()? != sum.finish()
            {
                return Err(bad("the checksum of the lz4 frame is wrong"));
            }
            if self.size.is_some_and(|size| size != self.done) {
                return Err(bad("the lz4 frame has another size than it says"));
            }
            self.finished = true;
            return Ok(());
        }
        let length = (head & 0x7fff_ffff) as usize;
        if length > self.max_block {
            return Err(bad("an lz4 block is larger than its frame allows"));
        }
        self.packed.resize(length, 0);
        exact(&mut self.raw, &mut self.packed)?;
        if self.block_sums && self.word()? != xxh32(&self.packed) {
            return Err(bad("the checksum of an lz4 block is wrong"));
        }
        let keep = if self.linked { self.text.len().min(WINDOW) } else { 0 };
        self.text.drain(..self.text.len() - keep);
        self.start = keep;
        if head >> 31 == 1 {
            self.text.extend_from_slice(&self.packed);
        } else {
            self.text.resize(keep + self.max_block, 0);
            let (window, out) = self.text.split_at_mut(keep);
            let count = lz4_flex::block::decompress_into_with_dict(&self.packed, out, window)
                .map_err(|error| bad(&error.to_string()))?;
            self.text.truncate(keep + count);
        }
        let block = &self.text[self.start..];
        self.done += block.len() as u64;
        if let Some(sum) = &mut self.sum {
            sum.update(block);
        }
        Ok(())
    }

    fn word(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        exact(&mut self.raw, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }
}

impl Read for Frame {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.start == self.text.len() && !self.finished {
            self.block()?;
        }
        let count = (self.text.len() - self.start).min(out.len());
        out[..count].copy_from_slice(&self.text[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }
}

fn exact(raw: &mut Raw, out: &mut [u8]) -> io::Result<()> {
    if raw.read_full(out)? == out.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn bad(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

const PRIMES: [u32; 5] = [0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d, 0x27d4_eb2f, 0x1656_67b1];

/// The 32-bit xxHash with seed 0, as its specification defines it.
#[derive(Debug)]
struct Xxh32 {
    lanes: [u32; 4],
    rest: Vec<u8>,
    total: u64,
}

impl Xxh32 {
    fn new() -> Self {
        let lanes =
            [PRIMES[0].wrapping_add(PRIMES[1]), PRIMES[1], 0, 0_u32.wrapping_sub(PRIMES[0])];
        Self { lanes, rest: Vec::with_capacity(16), total: 0 }
    }

    fn update(&mut self, mut bytes: &[u8]) {
        self.total += bytes.len() as u64;
        if !self.rest.is_empty() {
            let (fill, behind) = bytes.split_at((16 - self.rest.len()).min(bytes.len()));
            self.rest.extend_from_slice(fill);
            bytes = behind;
            if self.rest.len() < 16 {
                return;
            }
            let stripe = std::mem::take(&mut self.rest);
            self.stripe(&stripe);
        }
        let stripes = bytes.chunks_exact(16);
        let rest = stripes.remainder();
        for stripe in stripes {
            self.stripe(stripe);
        }
        self.rest.extend_from_slice(rest);
    }

    fn stripe(&mut self, stripe: &[u8]) {
        for (lane, bytes) in self.lanes.iter_mut().zip(stripe.chunks_exact(4)) {
            *lane = lane
                .wrapping_add(word(bytes).wrapping_mul(PRIMES[1]))
                .rotate_left(13)
                .wrapping_mul(PRIMES[0]);
        }
    }

    fn finish(&self) -> u32 {
        let mut hash = if self.total >= 16 {
            let turns = [1, 7, 12, 18];
            self.lanes
                .iter()
                .zip(turns)
                .fold(0_u32, |sum, (lane, turn)| sum.wrapping_add(lane.rotate_left(turn)))
        } else {
            PRIMES[4]
        };
        hash = hash.wrapping_add(self.total as u32);
        let words = self.rest.chunks_exact(4);
        let bytes = words.remainder();
        for four in words {
            hash = hash
                .wrapping_add(word(four).wrapping_mul(PRIMES[2]))
                .rotate_left(17)
                .wrapping_mul(PRIMES[3]);
        }
        for &byte in bytes {
            hash = hash
                .wrapping_add(u32::from(byte).wrapping_mul(PRIMES[4]))
                .rotate_left(11)
                .wrapping_mul(PRIMES[0]);
        }
        hash = (hash ^ (hash >> 15)).wrapping_mul(PRIMES[1]);
        hash = (hash ^ (hash >> 13)).wrapping_mul(PRIMES[2]);
        hash ^ (hash >> 16)
    }
}

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte))
}

fn xxh32(bytes: &[u8]) -> u32 {
    let mut hash = Xxh32::new();
    hash.update(bytes);
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_xxh32_equals_the_published_sums() {
        assert_eq!(xxh32(b""), 0x02cc_5d05);
        assert_eq!(xxh32(b"abc"), 0x32d1_53ff);
        let text: Vec<u8> = (0..=255).collect();
        for cut in 0..text.len() {
            let mut hash = Xxh32::new();
            hash.update(&text[..cut]);
            hash.update(&text[cut..]);
            assert_eq!(hash.finish(), xxh32(&text), "{cut}");
        }
    }
}
