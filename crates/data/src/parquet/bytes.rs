//! Strings of bytes, in three encodings.

use super::delta::Delta;
use crate::columnar::{Outcome, bad};

/// Strings in a page, from a place on.
#[derive(Clone, Debug)]
pub(super) enum Strings {
    /// Each after its length in four bytes.
    Plain { at: usize },
    /// All lengths before all bytes (`DELTA_LENGTH_BYTE_ARRAY`).
    Lengths { lengths: Delta, at: usize },
    /// Each as the length of the start that it shares with the one before, and its rest
    /// (`DELTA_BYTE_ARRAY`).
    Prefixes { prefixes: Delta, suffixes: Delta, at: usize, last: Vec<u8> },
}

/// The longest string that is rebuilt from shared starts, bytes.
const LONGEST: usize = 1 << 16;

/// The largest number of lengths in a page: equal ones take no bytes, so that a short page can state
/// any number.
const MOST: u64 = 1 << 24;

impl Strings {
    /// Strings after their lengths, of which there are `most` at most.
    pub(super) fn after_lengths(bytes: &[u8], at: usize, most: usize) -> Outcome<Self> {
        let (lengths, at) = lengths(bytes, at, most)?;
        Ok(Self::Lengths { lengths, at })
    }

    /// Strings that share their starts, of which there are `most` at most.
    pub(super) fn after_prefixes(bytes: &[u8], at: usize, most: usize) -> Outcome<Self> {
        let (prefixes, at) = lengths(bytes, at, most)?;
        let (suffixes, at) = lengths(bytes, at, most)?;
        Ok(Self::Prefixes { prefixes, suffixes, at, last: Vec::new() })
    }

    /// The next string.
    pub(super) fn next<'a>(&'a mut self, bytes: &'a [u8]) -> Outcome<&'a [u8]> {
        match self {
            Self::Plain { at } => {
                let length = bytes.get(*at..).and_then(|rest| rest.first_chunk::<4>());
                let Some(&length) = length else { return bad("a page has fewer values than it states") };
                *at += 4;
                cut(bytes, at, u32::from_le_bytes(length).into())
            }
            Self::Lengths { lengths, at } => {
                let length = next(lengths, bytes)?;
                cut(bytes, at, length)
            }
            Self::Prefixes { prefixes, suffixes, at, last } => {
                let shared = usize::try_from(next(prefixes, bytes)?).unwrap_or(usize::MAX);
                let rest = cut(bytes, at, next(suffixes, bytes)?)?;
                if shared > last.len() || shared + rest.len() > LONGEST {
                    return bad("the shared start of two values");
                }
                last.truncate(shared);
                last.extend_from_slice(rest);
                Ok(last)
            }
        }
    }
}

fn next(lengths: &mut Delta, bytes: &[u8]) -> Outcome<i64> {
    let mut next = 0;
    lengths.next(bytes, 1, |length| next = length)?;
    Ok(next)
}

/// Cuts off the next `length` bytes.
fn cut<'a>(bytes: &'a [u8], at: &mut usize, length: i64) -> Outcome<&'a [u8]> {
    let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length));
    match end.and_then(|end| bytes.get(*at..end)) {
        Some(found) => {
            *at += found.len();
            Ok(found)
        }
        None => bad("a value ends beyond its page"),
    }
}

/// The lengths, and the place behind them, which is found by reading them all.
fn lengths(bytes: &[u8], at: usize, most: usize) -> Outcome<(Delta, usize)> {
    let lengths = Delta::new(bytes, at, true, most)?;
    if lengths.left() > MOST {
        return bad(format!("{} strings in a page, at most {MOST} are read", lengths.left()));
    }
    let mut read = lengths.clone();
    read.next(bytes, lengths.left() as usize, |_| {})?;
    Ok((lengths, read.end()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn all(mut strings: Strings, bytes: &[u8], count: usize) -> Outcome<Vec<String>> {
        (0..count).map(|_| strings.next(bytes).map(|text| String::from_utf8_lossy(text).into_owned())).collect()
    }

    /// Lengths in one block of one part, with differences of 8 bits.
    fn deltas(lengths: &[i64]) -> Vec<u8> {
        let mut bytes = vec![64, 1, lengths.len() as u8, (lengths[0] << 1) as u8, 0x7f, 8];
        let differences: Vec<u8> = lengths.windows(2).map(|pair| (pair[1] - pair[0] + 64) as u8).collect();
        bytes.extend(&differences);
        bytes.resize(6 + 64, 0);
        bytes
    }

    #[test]
    fn strings_are_read_in_each_encoding() {
        let plain = b"\x02\0\0\0ab\0\0\0\0\x01\0\0\0c";
        assert_eq!(all(Strings::Plain { at: 0 }, plain, 3).unwrap(), ["ab", "", "c"]);
        let lengths = [&deltas(&[2, 0, 1])[..], b"abc"].concat();
        assert_eq!(all(Strings::after_lengths(&lengths, 0, 3).unwrap(), &lengths, 3).unwrap(), ["ab", "", "c"]);
        let prefixes = [&deltas(&[0, 2, 1])[..], &deltas(&[3, 1, 2]), b"axisesbc"].concat();
        let strings = Strings::after_prefixes(&prefixes, 0, 3).unwrap();
        assert_eq!(all(strings, &prefixes, 3).unwrap(), ["axi", "axs", "aes"]);
        assert!(all(Strings::Plain { at: 0 }, plain, 4).is_err());
        assert!(all(Strings::after_lengths(&lengths, 0, 3).unwrap(), &lengths, 4).is_err());
        for length in 0..lengths.len() {
            let cut = &lengths[..length];
            assert!(Strings::after_lengths(cut, 0, 3).and_then(|strings| all(strings, cut, 3)).is_err(), "{length}");
        }
        assert!(Strings::after_lengths(&lengths, 0, 2).is_err());
        // 2^25 strings of length 0, in 512 blocks of 2^16 differences of no bits.
        let many = [&[0x80, 0x80, 4, 1, 0x80, 0x80, 0x80, 0x10, 0][..], &[0; 1024]].concat();
        let refused = Strings::after_lengths(&many, 0, usize::MAX).map(|_| ()).unwrap_err();
        assert!(format!("{refused:?}").contains("33554432 strings in a page, at most 16777216"), "{refused:?}");
        let negative = [&deltas(&[2, -1])[..], b"abc"].concat();
        assert!(all(Strings::after_lengths(&negative, 0, 3).unwrap(), &negative, 2).is_err());
        let beyond = [&deltas(&[1, 0])[..], &deltas(&[1, 1]), b"ab"].concat();
        assert!(all(Strings::after_prefixes(&beyond, 0, 3).unwrap(), &beyond, 1).is_err());
    }
}
