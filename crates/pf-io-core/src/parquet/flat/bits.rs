//! Bit-packed integers and the RLE/bit-packing hybrid (Parquet format, Encodings.md).

use super::{Fault, Outcome};

/// Values that are unpacked at once.
pub(super) const LANE: usize = 32;

/// Unpacks 32 integers of `W` bits each, least significant bit first.
#[inline]
pub(super) fn unpack<const W: usize>(input: &[u8], out: &mut [u32; LANE]) {
    if W == 0 {
        *out = [0; LANE];
        return;
    }
    let mut words = [0_u32; LANE + 1];
    let (bytes, _) = input.as_chunks::<4>();
    let Some(bytes) = bytes.first_chunk::<W>() else { return };
    for (word, bytes) in words.iter_mut().zip(bytes) {
        *word = u32::from_le_bytes(*bytes);
    }
    let mask = if W == 32 { u32::MAX } else { (1 << W) - 1 };
    macro_rules! lanes {
        ($($i:literal)*) => {$(
            let (word, shift) = ($i * W / 32, $i * W % 32);
            // Both words as one: no shift by 32 and no branch on the width.
            let pair = u64::from(words[word]) | u64::from(words[word + 1]) << 32;
            out[$i] = (pair >> shift) as u32 & mask;
        )*};
    }
    lanes!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
}

/// Unpacks 32 integers from the start of the bytes, which may be more than those take.
pub(super) type Unpack = fn(&[u8], &mut [u32; LANE]);

macro_rules! table {
    ($($w:literal)*) => {
        [$(unpack::<$w> as Unpack),*]
    };
}

/// A function for each width.
pub(super) static PORTABLE: [Unpack; 33] = table!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24
    25 26 27 28 29 30 31 32);

/// The fastest function for `width` bits that this processor has.
fn kernel(width: usize) -> Unpack {
    #[cfg(target_arch = "x86_64")]
    if let Some(kernel) = super::avx2::kernel(width) {
        return kernel;
    }
    PORTABLE[width]
}

/// A stretch of values in the hybrid encoding.
pub(super) enum Run<'a> {
    /// The same value `count` times.
    Same { value: u32, count: usize },
    /// `count` values, packed; a reader of at most that many.
    Packed(Packed<'a>),
}

/// Bit-packed values, 32 at a time.
pub(super) struct Packed<'a> {
    data: &'a [u8],
    unpack: Unpack,
    width: usize,
    pub left: usize,
}

impl<'a> Packed<'a> {
    /// The packed bytes that are left.
    pub fn bytes(&self) -> &'a [u8] {
        self.data
    }

    /// The value at `index` of those that are left.
    #[inline]
    pub fn get(&self, index: usize) -> u32 {
        let (byte, shift) = (index * self.width / 8, index * self.width % 8);
        let rest = self.data.get(byte..).unwrap_or_default();
        let word = rest.first_chunk::<8>().copied().unwrap_or_else(|| {
            let mut padded = [0; 8];
            padded[..rest.len()].copy_from_slice(rest);
            padded
        });
        // 32 bits and a shift of at most 7.
        let mask = (1_u64 << self.width) - 1;
        (u64::from_le_bytes(word) >> shift & mask) as u32
    }

    /// The next values, at most 32; how many is returned.
    #[inline]
    pub fn next(&mut self, out: &mut [u32; LANE]) -> usize {
        let bytes = self.width * 4;
        if let Some(rest) = self.data.get(bytes..) {
            (self.unpack)(self.data, out);
            self.data = rest;
        } else {
            let mut padded = [0; 4 * 32];
            padded[..self.data.len()].copy_from_slice(self.data);
            (self.unpack)(&padded[..bytes], out);
            self.data = &[];
        }
        let count = self.left.min(LANE);
        self.left -= count;
        count
    }
}

/// Reads the hybrid encoding run by run.
pub(super) struct Hybrid<'a> {
    data: &'a [u8],
    width: usize,
    /// Values that are still wanted.
    left: usize,
}

impl<'a> Hybrid<'a> {
    /// `count` values of `width` bits.
    pub fn new(data: &'a [u8], width: u8, count: usize) -> Outcome<Self> {
        if width > 32 {
            return Err(Fault::damaged("integers of more than 32 bits"));
        }
        Ok(Self { data, width: usize::from(width), left: count })
    }

    /// The next run, cut to the values that are wanted; `None` when there are enough.
    pub fn next(&mut self) -> Outcome<Option<Run<'a>>> {
        while self.left > 0 {
            let header = self.varint()?;
            let count = (header >> 1) as usize;
            if header & 1 == 0 {
                let bytes = self.width.div_ceil(8);
                let value = self.take(bytes)?;
                let mut word = [0; 4];
                word[..bytes].copy_from_slice(value);
                let count = count.min(self.left);
                self.left -= count;
                if count > 0 {
                    return Ok(Some(Run::Same { value: u32::from_le_bytes(word), count }));
                }
            } else {
                // Groups of eight; the last may be cut off where its values are padding.
                let bytes = count.saturating_mul(self.width).min(self.data.len());
                let data = self.take(bytes)?;
                let whole = (data.len() * 8).checked_div(self.width).unwrap_or(self.left);
                let count = count.saturating_mul(8).min(self.left);
                if whole < count {
                    return Err(Fault::damaged("packed integers are cut off"));
                }
                self.left -= count;
                if count > 0 {
                    let unpack = kernel(self.width);
                    return Ok(Some(Run::Packed(Packed {
                        data,
                        unpack,
                        width: self.width,
                        left: count,
                    })));
                }
            }
        }
        Ok(None)
    }

    /// Whether no bytes are left.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    fn take(&mut self, count: usize) -> Outcome<&'a [u8]> {
        let cut = || Fault::damaged("run-length data are cut off");
        let (taken, rest) = self.data.split_at_checked(count).ok_or_else(cut)?;
        self.data = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Outcome<u64> {
        let mut number = 0;
        for shift in (0..42).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Fault::damaged("a run is too long"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pack(values: &[u32], width: usize) -> Vec<u8> {
        let mut bytes = vec![0_u8; (values.len() * width).div_ceil(8)];
        for (i, value) in values.iter().enumerate() {
            for bit in 0..width {
                if value >> bit & 1 == 1 {
                    bytes[(i * width + bit) / 8] |= 1 << ((i * width + bit) % 8);
                }
            }
        }
        bytes
    }

    fn read(data: &[u8], width: u8, count: usize) -> Outcome<Vec<u32>> {
        let mut hybrid = Hybrid::new(data, width, count)?;
        let mut found = Vec::new();
        while let Some(run) = hybrid.next()? {
            match run {
                Run::Same { value, count } => found.extend(std::iter::repeat_n(value, count)),
                Run::Packed(mut packed) => {
                    let one_by_one: Vec<u32> = (0..packed.left).map(|i| packed.get(i)).collect();
                    let mut lane = [0; LANE];
                    let start = found.len();
                    while packed.left > 0 {
                        let count = packed.next(&mut lane);
                        found.extend_from_slice(&lane[..count]);
                    }
                    assert_eq!(found[start..], one_by_one);
                }
            }
        }
        Ok(found)
    }

    proptest! {
        #[test]
        fn test_packed_values_come_back(
            width in 0_usize..=32,
            values in prop::collection::vec(any::<u32>(), 1..200),
        ) {
            let mask = if width == 32 { u32::MAX } else { (1 << width) - 1 };
            let values: Vec<u32> = values.iter().map(|value| value & mask).collect();
            let groups = values.len().div_ceil(8);
            let mut padded = values.clone();
            padded.resize(groups * 8, 0);
            let mut data = Vec::new();
            let mut head = (groups as u64) << 1 | 1;
            while head >= 0x80 {
                data.push(head as u8 | 0x80);
                head >>= 7;
            }
            data.push(head as u8);
            data.extend(pack(&padded, width));
            prop_assert_eq!(read(&data, width as u8, values.len()).unwrap(), values);
        }

        #[test]
        fn test_no_bytes_panic(data in prop::collection::vec(any::<u8>(), 0..100), width in 0_u8..40, count in 0_usize..2000) {
            if let Ok(values) = read(&data, width, count) {
                prop_assert_eq!(values.len(), count);
            }
        }
    }

    #[test]
    fn test_runs_repeat() {
        assert_eq!(read(&[6 << 1, 3], 2, 6).unwrap(), [3; 6]);
        assert_eq!(read(&[6 << 1, 3], 2, 4).unwrap(), [3; 4]);
        assert!(read(&[6 << 1, 3], 2, 7).is_err());
    }
}
