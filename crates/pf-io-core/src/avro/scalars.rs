//! Values that need more than a copy: sign extension of decimals, and UUIDs from text.

/// A big-endian number of any length as one of `N` bytes; `None` if it does not fit.
pub(super) fn extended<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let Some(&first) = bytes.first() else { return Some([0; N]) };
    let fill = if first & 0x80 == 0 { 0 } else { 0xff };
    let mut out = [fill; N];
    if bytes.len() <= N {
        out[N - bytes.len()..].copy_from_slice(bytes);
        return Some(out);
    }
    let (spare, kept) = bytes.split_at(bytes.len() - N);
    let same_sign = kept.first().is_some_and(|byte| (byte ^ fill) & 0x80 == 0);
    if spare.iter().any(|&byte| byte != fill) || !same_sign {
        return None;
    }
    out.copy_from_slice(kept);
    Some(out)
}

/// The bytes of a UUID: 32 hexadecimal digits, with or without hyphens, braces or `urn:uuid:`.
pub(super) fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    let text = text.strip_prefix(b"urn:uuid:").unwrap_or(text);
    let inner = text.strip_prefix(b"{").and_then(|text| text.strip_suffix(b"}"));
    let text = inner.unwrap_or(text);
    let mut out = [0; 16];
    let hyphens = match text.len() {
        32 => false,
        36 => true,
        _ => return None,
    };
    let mut digits = 0;
    for (at, &byte) in text.iter().enumerate() {
        if hyphens && matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = char::from(byte).to_digit(16)? as u8;
        *out.get_mut(digits / 2)? |= if digits % 2 == 0 { digit << 4 } else { digit };
        digits += 1;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_extension_keeps_the_value_or_refuses() {
        assert_eq!(extended::<16>(&[]).map(i128::from_be_bytes), Some(0));
        assert_eq!(extended::<16>(&[0xff]).map(i128::from_be_bytes), Some(-1));
        assert_eq!(extended::<16>(&[0, 0x80]).map(i128::from_be_bytes), Some(128));
        let mut long = vec![0xff; 4];
        long.extend_from_slice(&i128::MIN.to_be_bytes());
        assert_eq!(extended::<16>(&long).map(i128::from_be_bytes), Some(i128::MIN));
        long[4] = 0;
        assert_eq!(extended::<16>(&long), None);
        long[0] = 0;
        assert_eq!(extended::<16>(&long), None);
    }

    #[test]
    fn test_uuid_forms() {
        let bytes = uuid(b"00112233-4455-6677-8899-aAbBcCdDeEfF").unwrap();
        assert_eq!(bytes[..3], [0, 0x11, 0x22]);
        assert_eq!(uuid(b"00112233445566778899aabbccddeeff"), Some(bytes));
        assert_eq!(uuid(b"{00112233-4455-6677-8899-aabbccddeeff}"), Some(bytes));
        assert_eq!(uuid(b"urn:uuid:00112233-4455-6677-8899-aabbccddeeff"), Some(bytes));
        for text in
            ["", "00112233-4455-6677-8899-aabbccddeef", "0011223304455-6677-8899-aabbccddeeff"]
        {
            assert_eq!(uuid(text.as_bytes()), None);
        }
        assert_eq!(uuid(&[b'g'; 32]), None);
    }
}
