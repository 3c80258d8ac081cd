//! Numbers of any width in bits, the lowest bit first.

/// The mask of the lowest `width` bits, at most 64.
pub(super) fn mask(width: u32) -> u64 {
    if width >= u64::BITS { u64::MAX } else { (1 << width) - 1 }
}

/// The number of `width` bits, at most 64, that starts at `bit`; bits beyond the end are 0.
pub(super) fn number(bytes: &[u8], bit: usize, width: u32) -> u64 {
    let from = bytes.get(bit / 8..).unwrap_or_default();
    let mut word = [0; 16];
    match from.first_chunk::<16>() {
        Some(whole) => word = *whole,
        None => word.iter_mut().zip(from).for_each(|(to, &byte)| *to = byte),
    }
    (u128::from_le_bytes(word) >> (bit % 8)) as u64 & mask(width)
}

/// An unsigned number, 7 bits a byte, the lowest first, and the place behind it.
pub(super) fn varint(bytes: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = *bytes.get(at)?;
        at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some((value, at));
        }
    }
    None
}

/// A signed number: 0, -1, 1, -2, ...
pub(super) fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_out_of_bytes() {
        let bytes: Vec<u8> = (0..40_u8).map(|byte| byte.wrapping_mul(151)).collect();
        let bits: Vec<u64> = bytes.iter().flat_map(|&byte| (0..8).map(move |k| u64::from(byte >> k & 1))).collect();
        for width in 0..=64 {
            for at in 0..bits.len() - 64 {
                let expected = bits[at..at + width].iter().rev().fold(0, |sum, bit| sum << 1 | bit);
                assert_eq!(number(&bytes, at, width as u32), expected, "{width} bits at {at}");
            }
        }
        assert_eq!(number(&bytes, 8 * 40 - 4, 8), u64::from(bytes[39] >> 4));
        assert_eq!(number(&bytes, 1000, 8), 0);
        assert_eq!(varint(&[0x80, 0x80, 1, 9], 0), Some((1 << 14, 3)));
        assert_eq!((varint(&[0x80], 0), varint(&[0xff; 11], 0)), (None, None));
        assert_eq!([0, 1, 2, 3].map(zigzag), [0, -1, 1, -2]);
    }
}
