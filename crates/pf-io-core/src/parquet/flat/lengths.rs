//! How many bytes text takes once it is unfolded, for pages that arrow-rs decodes.

use super::bits::{Hybrid, LANE, Run};
use super::{Fault, Outcome, delta};

/// Lengths of the values of a dictionary of byte strings.
pub(super) fn dictionary(body: &[u8], count: usize) -> Outcome<Vec<u32>> {
    let cut = || Fault::damaged("the dictionary is cut off");
    if count > body.len() / 4 {
        return Err(cut());
    }
    let mut lengths = Vec::with_capacity(count);
    let mut rest = body;
    for _ in 0..count {
        let (head, tail) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let length = u32::from_le_bytes(*head);
        rest = tail.get(length as usize..).ok_or_else(cut)?;
        lengths.push(length);
    }
    Ok(lengths)
}

/// Bytes of the values that the indices in `body` mean, `most` of them at most.
pub(super) fn indexed(body: &[u8], lengths: &[u32], most: usize) -> Outcome<u64> {
    let Some((&width, body)) = body.split_first() else { return Ok(0) };
    let mut hybrid = Hybrid::new(body, width, most)?;
    let length = |index: u32| lengths.get(index as usize).map_or(0, |&length| u64::from(length));
    let mut sum = 0_u64;
    let mut lane = [0; LANE];
    // There are fewer values than `most` where some are null.
    while !hybrid.is_empty()
        && let Some(run) = hybrid.next()?
    {
        match run {
            Run::Same { value, count } => {
                sum = sum.saturating_add(length(value).saturating_mul(count as u64));
            }
            Run::Packed(mut packed) => {
                while packed.left > 0 {
                    let count = packed.next(&mut lane);
                    let bytes: u64 = lane[..count].iter().map(|&index| length(index)).sum();
                    sum = sum.saturating_add(bytes);
                }
            }
        }
    }
    Ok(sum)
}

/// Bytes of `count` prefix-encoded values, or a little more.
pub(super) fn prefixed(body: &[u8], count: usize) -> Outcome<u64> {
    let mut sum = 0_u64;
    let mut whole = true;
    let rest = delta::read(body, count, |_, length| match i32::try_from(length) {
        Ok(length @ 0..) => sum = sum.saturating_add(u64::from(length.unsigned_abs())),
        _ => whole = false,
    })?;
    if whole {
        Ok(sum.saturating_add(rest.len() as u64))
    } else {
        Err(Fault::damaged("a negative length"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_indices_mean_bytes() {
        let body = [&[3, 0, 0, 0][..], b"abc", &[0; 4], &[1, 0, 0, 0], b"d"].concat();
        let lengths = dictionary(&body, 3).unwrap();
        assert_eq!(lengths, [3, 0, 1]);
        assert!(dictionary(&body, 4).is_err());
        assert!(dictionary(&body[..body.len() - 1], 3).is_err());
        // Five times the first, then eight packed: 0 1 2 0 0 0 0 0.
        let indices = [2, 5 << 1, 0, 3, 0b0010_0100, 0];
        assert_eq!(indexed(&indices, &lengths, 13).unwrap(), 15 + 3 + 1 + 15);
        assert_eq!(indexed(&indices, &lengths, 6).unwrap(), 15 + 3);
        assert_eq!(indexed(&indices, &lengths, 100).unwrap(), 15 + 3 + 1 + 15, "the rest is null");
        assert!(indexed(&indices[..5], &lengths, 13).is_err());
        assert_eq!(indexed(&[2, 0xfe, 0xff, 3, 0], &lengths, 1 << 30).unwrap(), 3 * 0x7fff);
    }
}
