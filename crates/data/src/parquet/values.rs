//! The values of a page, in the encodings of the format.

use super::bits::number;
use super::bytes::Strings;
use super::delta::Delta;
use super::hybrid::Hybrid;
use super::leaf::{Leaf, Physical};
use crate::columnar::{Data, Outcome, Values, bad};

/// Memory that is used again for each part of a column.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Whether each value is there.
    pub(super) present: Vec<bool>,
    places: Vec<u64>,
    bytes: Vec<u8>,
}

/// The values of a page from a place on.
#[derive(Debug)]
pub(super) enum Encoded {
    /// Values of fixed width, one after the other.
    Plain {
        at: usize,
    },
    /// Flags of one bit.
    Flags {
        bit: usize,
    },
    /// Flags in runs.
    Runs(Hybrid),
    /// Places in a dictionary.
    Places(Hybrid),
    /// Integers as differences.
    Delta(Delta),
    Strings(Strings),
    /// The first bytes of all values, then the second bytes, ...: `count` values.
    Split {
        at: usize,
        from: usize,
        count: usize,
    },
}

impl Encoded {
    /// The values of a page in this encoding, at most `most`. They start at `at`.
    pub(super) fn new(encoding: i64, leaf: Leaf, bytes: &[u8], at: usize, most: usize) -> Outcome<Self> {
        let unsupported = || bad(format!("encoding {encoding} of values of type {:?}", leaf.physical));
        Ok(match (encoding, leaf.physical) {
            (0, Physical::Bool) => Self::Flags { bit: 8 * at },
            (0, Physical::Bytes) => Self::Strings(Strings::Plain { at }),
            (0, _) => Self::Plain { at },
            (2 | 8, _) => {
                let Some(&width) = bytes.get(at) else { return bad("a page ends early") };
                Self::Places(Hybrid::new(at + 1, bytes.len(), width.into())?)
            }
            (3, Physical::Bool) => {
                let length = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
                let end = length.and_then(|&length| (at + 4).checked_add(u32::from_le_bytes(length) as usize));
                match end.filter(|&end| end <= bytes.len()) {
                    Some(end) => Self::Runs(Hybrid::new(at + 4, end, 1)?),
                    None => return bad("a page ends early"),
                }
            }
            (5, Physical::I32 | Physical::U32) => Self::Delta(Delta::new(bytes, at, true, most)?),
            (5, Physical::I64 | Physical::U64) => Self::Delta(Delta::new(bytes, at, false, most)?),
            (6, Physical::Bytes) => Self::Strings(Strings::after_lengths(bytes, at, most)?),
            (7, Physical::Bytes | Physical::Fixed(_) | Physical::Half) => {
                Self::Strings(Strings::after_prefixes(bytes, at, most)?)
            }
            (9, _) => match leaf.width() {
                Some(width) if (bytes.len() - at.min(bytes.len())).is_multiple_of(width) => {
                    Self::Split { at, from: 0, count: (bytes.len() - at) / width }
                }
                _ => return unsupported(),
            },
            _ => return unsupported(),
        })
    }

    /// Appends the next `count` values.
    pub(super) fn next(
        &mut self,
        leaf: Leaf,
        bytes: &[u8],
        dictionary: Option<&Values>,
        count: usize,
        (scratch, values): (&mut Scratch, &mut Values),
    ) -> Outcome<()> {
        const FEWER: &str = "a page has fewer values than it states";
        // A page of nulls may lack all that the values need: their bytes, and even a dictionary.
        if count == 0 {
            return Ok(());
        }
        match self {
            Self::Plain { at } => {
                let Some(width) = leaf.width() else { return bad("values without a width") };
                let end = count.checked_mul(width).and_then(|length| at.checked_add(length));
                let Some(part) = end.and_then(|end| bytes.get(*at..end)) else { return bad(FEWER) };
                *at += part.len();
                leaf.extend(part, values)
            }
            Self::Flags { bit } => {
                if bit.checked_add(count).is_none_or(|end| end > 8 * bytes.len()) {
                    return bad(FEWER);
                }
                (0..count).for_each(|k| leaf.push_flag(number(bytes, *bit + k, 1) == 1, values));
                *bit += count;
                Ok(())
            }
            Self::Runs(hybrid) => hybrid.next(bytes, count, |flag| leaf.push_flag(flag == 1, values)),
            Self::Places(hybrid) => {
                let Some(dictionary) = dictionary else { return bad("a page of a dictionary that is missing") };
                scratch.places.clear();
                hybrid.next(bytes, count, |place| scratch.places.push(place.into()))?;
                values.gather(dictionary, scratch.places.iter().copied())
            }
            Self::Delta(delta) => delta.next(bytes, count, |value| leaf.push_integer(value, values)),
            Self::Strings(strings) => (0..count).try_for_each(|_| leaf.push_bytes(strings.next(bytes)?, values)),
            Self::Split { at, from, count: all } => {
                if count > *all - *from {
                    return bad(FEWER);
                }
                let width = leaf.width().unwrap_or_default();
                scratch.bytes.clear();
                for k in *from..*from + count {
                    scratch.bytes.extend((0..width).filter_map(|byte| bytes.get(*at + byte * *all + k)));
                }
                *from += count;
                leaf.extend(&scratch.bytes, values)
            }
        }
    }
}

/// The values of a dictionary.
pub(super) fn dictionary(leaf: Leaf, bytes: &[u8], count: usize) -> Outcome<Values> {
    let mut values = leaf.empty();
    if leaf.physical == Physical::Bool {
        return bad("a dictionary of flags");
    }
    let whole = (&mut Scratch::default(), &mut values);
    Encoded::new(0, leaf, bytes, 0, count)?.next(leaf, bytes, None, count, whole)?;
    if let Data::Text(texts) = &mut values.data {
        texts.shrink_to_fit();
    }
    Ok(values)
}
