//! How the values of a column are stored, and what becomes of them.

use crate::columnar::{Data, Kind, Outcome, Values, append, bad};
use crate::format::half;

/// Days from the start of the Julian calendar's count to 1970-01-01.
const EPOCH: i128 = 2_440_588;

/// Nanoseconds of a day.
const DAY: i128 = 86_400_000_000_000;

/// A stored type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Physical {
    Bool,
    I32,
    U32,
    I64,
    U64,
    /// A point in time: nanoseconds of a day, and the day.
    I96,
    Half,
    F32,
    F64,
    /// A string of bytes.
    Bytes,
    /// A string of bytes of this length.
    Fixed(usize),
}

impl Physical {
    /// The type of this number in the format; `length` is that of the values of a fixed length.
    pub(super) fn of(number: i64, length: i64) -> Outcome<Self> {
        Ok(match (number, usize::try_from(length)) {
            (0, _) => Self::Bool,
            (1, _) => Self::I32,
            (2, _) => Self::I64,
            (3, _) => Self::I96,
            (4, _) => Self::F32,
            (5, _) => Self::F64,
            (6, _) => Self::Bytes,
            (7, Ok(length)) if length > 0 => Self::Fixed(length),
            _ => return bad(format!("values of type {number} and length {length}")),
        })
    }

    /// The number of the type in the format.
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Bool => 0,
            Self::I32 | Self::U32 => 1,
            Self::I64 | Self::U64 => 2,
            Self::I96 => 3,
            Self::F32 => 4,
            Self::F64 => 5,
            Self::Bytes => 6,
            Self::Half | Self::Fixed(_) => 7,
        }
    }
}

/// The leaf of the schema of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) physical: Physical,
    pub(super) kind: Kind,
    /// Whether there may be nulls.
    pub(super) optional: bool,
}

impl Leaf {
    /// Bytes of a value; `None` for flags and for strings of any length.
    pub(super) fn width(self) -> Option<usize> {
        match self.physical {
            Physical::Bool | Physical::Bytes => None,
            Physical::Half => Some(2),
            Physical::I32 | Physical::U32 | Physical::F32 => Some(4),
            Physical::I64 | Physical::U64 | Physical::F64 => Some(8),
            Physical::I96 => Some(12),
            Physical::Fixed(length) => Some(length),
        }
    }

    /// No values, of the type that the column has.
    pub(super) fn empty(self) -> Values {
        Values::new(match (self.physical, self.kind) {
            (Physical::Bool | Physical::Half | Physical::F32 | Physical::F64, _) => Data::Real(Vec::new()),
            (_, Kind::Text) => Data::Text(Vec::new()),
            _ => Data::Whole(Vec::new()),
        })
    }

    /// Appends a flag.
    pub(super) fn push_flag(self, flag: bool, values: &mut Values) {
        if let Data::Real(values) = &mut values.data {
            values.push(f64::from(u8::from(flag)));
        }
    }

    /// Appends an integer.
    pub(super) fn push_integer(self, value: i64, values: &mut Values) {
        if let Data::Whole(values) = &mut values.data {
            values.push(match self.physical {
                Physical::U32 => (value as u32).into(),
                Physical::U64 => (value as u64).into(),
                _ => value.into(),
            });
        }
    }

    /// Appends a string of bytes: text, a decimal number or another value.
    pub(super) fn push_bytes(self, bytes: &[u8], values: &mut Values) -> Outcome<()> {
        match (&mut values.data, self.kind) {
            (Data::Text(_), _) => values.push_text(bytes),
            (Data::Whole(numbers), Kind::Decimal { .. }) => big_endian(bytes).map(|number| numbers.push(number)),
            _ if self.physical == Physical::Half && bytes.len() == 2 => self.extend(bytes, values),
            _ => bad(format!("a value of {} bytes", bytes.len())),
        }
    }

    /// Appends values of fixed width, of which there are whole ones.
    pub(super) fn extend(self, bytes: &[u8], values: &mut Values) -> Outcome<()> {
        match (&mut values.data, self.physical) {
            (Data::Real(values), Physical::Half) => append!(values, bytes, u16, half),
            (Data::Real(values), Physical::F32) => append!(values, bytes, f32, f64::from),
            (Data::Real(values), Physical::F64) => append!(values, bytes, f64, |value| value),
            (Data::Whole(values), Physical::I32) => append!(values, bytes, i32, i128::from),
            (Data::Whole(values), Physical::U32) => append!(values, bytes, u32, i128::from),
            (Data::Whole(values), Physical::I64) => append!(values, bytes, i64, i128::from),
            (Data::Whole(values), Physical::U64) => append!(values, bytes, u64, i128::from),
            (Data::Whole(values), Physical::I96) => {
                for &[a, b, c, d, e, f, g, h, day @ ..] in bytes.as_chunks::<12>().0 {
                    let nanoseconds = i128::from(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
                    values.push((i128::from(i32::from_le_bytes(day)) - EPOCH) * DAY + nanoseconds);
                }
            }
            (_, Physical::Fixed(length)) => return bytes.chunks(length).try_for_each(|b| self.push_bytes(b, values)),
            _ => return bad("values of another type"),
        }
        Ok(())
    }
}

/// A signed integer of at most 16 bytes.
fn big_endian(bytes: &[u8]) -> Outcome<i128> {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let filler = if negative { 0xff } else { 0 };
    let mut word = [filler; 16];
    // Longer ones are accepted if the bytes in front only repeat the sign.
    let (front, last) = bytes.split_at(bytes.len().saturating_sub(word.len()));
    let signed = last.first().is_some_and(|byte| (byte & 0x80 != 0) == negative);
    if front.iter().any(|&byte| byte != filler) || !front.is_empty() && !signed {
        return bad("a decimal number of more than 128 bits");
    }
    word[16 - last.len()..].copy_from_slice(last);
    Ok(i128::from_be_bytes(word))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn decimals_are_big_endian_and_signed() {
        assert_eq!(big_endian(&[]).unwrap(), 0);
        assert_eq!(big_endian(&[1, 0]).unwrap(), 256);
        assert_eq!(big_endian(&[0xff, 0xfe]).unwrap(), -2);
        assert_eq!(big_endian(&[0x7f; 16]).unwrap(), i128::from_be_bytes([0x7f; 16]));
        assert_eq!(big_endian(&[0xff; 20]).unwrap(), -1);
        assert_eq!(big_endian(&[&[0][..], &[0x7f; 16]].concat()).unwrap(), i128::from_be_bytes([0x7f; 16]));
        assert!(big_endian(&[&[0][..], &[0x80; 16]].concat()).is_err());
        assert!(big_endian(&[1; 17]).is_err());
    }

    #[test]
    fn points_in_time_of_96_bits_are_nanoseconds_since_1970() {
        let leaf = Leaf { physical: Physical::I96, kind: Kind::Time { per_second: 1_000_000_000 }, optional: false };
        let mut values = leaf.empty();
        let of = |nanoseconds: u64, day: i32| [&nanoseconds.to_le_bytes()[..], &day.to_le_bytes()].concat();
        leaf.extend(&[of(7, 2_440_588), of(1, 2_440_587)].concat(), &mut values).unwrap();
        assert_eq!(values.data, Data::Whole(vec![7, 1 - DAY]));
    }
}
