//! Converts the bytes of an array to numbers.

use super::npy_dtype::{Dtype, Field, Number, RECORD_LIMIT};
use crate::element::{Element, cast};

/// Bytes converted at a time; at least one item.
const CHUNK: usize = RECORD_LIMIT;

/// An integer that no `f64` holds exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inexact {
    /// Its place among the decoded numbers.
    pub(crate) at: usize,
    pub(crate) value: i128,
}

/// Items converted at a time.
pub(crate) fn items_a_chunk(dtype: &Dtype) -> usize {
    CHUNK / dtype.size
}

/// Appends the numbers in `bytes`, which are whole items.
pub(crate) fn decode<F: Element>(bytes: &[u8], dtype: &Dtype, values: &mut Vec<F>) -> Result<(), Inexact> {
    let first = values.len();
    values.resize(first + bytes.len() / dtype.size * dtype.fields.len(), F::zero());
    decode_into(bytes, dtype, &mut values[first..])
}

/// Fills `values` with the numbers in `bytes`; the counts match.
pub(crate) fn decode_into<F: Element>(bytes: &[u8], dtype: &Dtype, values: &mut [F]) -> Result<(), Inexact> {
    let mut inexact: Option<Inexact> = None;
    for (place, field) in dtype.fields.iter().enumerate() {
        let stride = Stride { size: dtype.size, place, columns: dtype.fields.len() };
        if let Some(other) = decode_field(bytes, field, stride, values) {
            // Report the first in the order of the file.
            inexact = Some(inexact.filter(|first| first.at < other.at).unwrap_or(other));
        }
    }
    inexact.map_or(Ok(()), Err)
}

/// The places of a field: bytes from one item to the next, and the column that it fills.
#[derive(Clone, Copy)]
struct Stride {
    size: usize,
    place: usize,
    columns: usize,
}

fn decode_field<F: Element>(bytes: &[u8], field: &Field, stride: Stride, values: &mut [F]) -> Option<Inexact> {
    let at = field.offset;
    macro_rules! floats {
        ($type:ty, $convert:expr) => {{
            let convert = $convert;
            if field.scalar.big_endian {
                exact(bytes, at, stride, values, |word| convert(<$type>::from_be_bytes(word)))
            } else {
                exact(bytes, at, stride, values, |word| convert(<$type>::from_le_bytes(word)))
            }
        }};
    }
    macro_rules! wide {
        ($type:ty) => {{
            if field.scalar.big_endian {
                checked(bytes, at, stride, values, |word| <$type>::from_be_bytes(word).into())
            } else {
                checked(bytes, at, stride, values, |word| <$type>::from_le_bytes(word).into())
            }
        }};
    }
    match field.scalar.number {
        Number::Bool => floats!(u8, |byte: u8| f64::from(u8::from(byte != 0))),
        Number::I8 => floats!(i8, f64::from),
        Number::I16 => floats!(i16, f64::from),
        Number::I32 => floats!(i32, f64::from),
        Number::U8 => floats!(u8, f64::from),
        Number::U16 => floats!(u16, f64::from),
        Number::U32 => floats!(u32, f64::from),
        Number::F16 => floats!(u16, half),
        Number::F32 => floats!(f32, f64::from),
        Number::F64 => floats!(f64, |value: f64| value),
        Number::I64 => wide!(i64),
        Number::U64 => wide!(u64),
    }
}

/// The stored words of a field, item by item.
fn words<const N: usize>(bytes: &[u8], at: usize, size: usize) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.chunks_exact(size).map(move |item| {
        let mut word = [0; N];
        // Fields lie within their item.
        word.iter_mut().zip(item.iter().skip(at)).for_each(|(to, from)| *to = *from);
        word
    })
}

/// Decodes a field whose values all are `f64`.
fn exact<F: Element, const N: usize>(
    bytes: &[u8],
    at: usize,
    stride: Stride,
    values: &mut [F],
    convert: impl Fn([u8; N]) -> f64,
) -> Option<Inexact> {
    if stride.size == N {
        let (words, _) = bytes.as_chunks::<N>();
        values.iter_mut().zip(words).for_each(|(value, &word)| *value = cast(convert(word)));
    } else {
        let places = values.iter_mut().skip(stride.place).step_by(stride.columns);
        places.zip(words(bytes, at, stride.size)).for_each(|(value, word)| *value = cast(convert(word)));
    }
    None
}

/// Decodes a field of integers, and returns the first that is not an `f64`.
fn checked<F: Element, const N: usize>(
    bytes: &[u8],
    at: usize,
    stride: Stride,
    values: &mut [F],
    convert: impl Fn([u8; N]) -> i128,
) -> Option<Inexact> {
    let places = values.iter_mut().enumerate().skip(stride.place).step_by(stride.columns);
    let mut inexact = None;
    for ((at, value), word) in places.zip(words(bytes, at, stride.size)) {
        let integer = convert(word);
        let float = integer as f64;
        let small = integer.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS;
        if !small && inexact.is_none() && float as i128 != integer {
            inexact = Some(Inexact { at, value: integer });
        }
        *value = cast(float);
    }
    inexact
}

/// An IEEE 754 number of 16 bits: 1 of sign, 5 of exponent, 10 of fraction.
pub(crate) fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let size = match (bits >> 10) & 0x1f {
        0 => fraction * 2.0_f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        exponent => (1024.0 + fraction) * 2.0_f64.powi(i32::from(exponent) - 25),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp)]
    use super::super::npy_literal::parse;
    use super::*;

    fn dtype(descr: &str) -> Dtype {
        Dtype::parse(&parse(descr).unwrap()).unwrap()
    }

    fn decoded(descr: &str, bytes: &[u8]) -> Result<Vec<f64>, Inexact> {
        let mut values = vec![];
        decode(bytes, &dtype(descr), &mut values).map(|()| values)
    }

    #[test]
    fn halves_are_exact() {
        let known = [
            (0x0000, 0.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x03ff, 6.097_555_160_522_461e-5),
            (0x0400, 6.103_515_625e-5),
            (0x3555, 0.333_251_953_125),
            (0x3c00, 1.0),
            (0x3c01, 1.000_976_562_5),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0xfc00, f64::NEG_INFINITY),
        ];
        for (bits, value) in known {
            assert_eq!(half(bits), value, "{bits:#06x}");
        }
        assert!(half(0x7e00).is_nan() && half(0xfc01).is_nan());
        assert!(half(0x8000).is_sign_negative());
        // Ascending up to infinity.
        assert!((0..0x7c00).all(|bits| half(bits) < half(bits + 1)));
    }

    #[test]
    fn every_number_in_both_byte_orders() {
        assert_eq!(decoded("'|b1'", &[0, 1, 2]), Ok(vec![0.0, 1.0, 1.0]));
        assert_eq!(decoded("'|i1'", &[0xff, 0x7f]), Ok(vec![-1.0, 127.0]));
        assert_eq!(decoded("'|u1'", &[0xff]), Ok(vec![255.0]));
        macro_rules! both {
            ($($code:literal $type:ty: $value:expr;)*) => {$(
                let value: $type = $value;
                assert_eq!(decoded(concat!("'<", $code, "'"), &value.to_le_bytes()), Ok(vec![value as f64]));
                assert_eq!(decoded(concat!("'>", $code, "'"), &value.to_be_bytes()), Ok(vec![value as f64]));
            )*};
        }
        both! {
            "i2" i16: -513; "u2" u16: 65_534; "i4" i32: -70_000; "u4" u32: 4_000_000_000;
            "i8" i64: -(1 << 53); "u8" u64: 1 << 63; "f4" f32: -0.1; "f8" f64: 0.1;
        }
        assert_eq!(decoded("'<f2'", &[0x01, 0x3c]), Ok(vec![1.000_976_562_5]));
        assert_eq!(decoded("'>f2'", &[0x3c, 0x01]), Ok(vec![1.000_976_562_5]));
    }

    #[test]
    fn integers_between_two_floats_are_not_rounded() {
        let odd = (1_i64 << 53) + 1;
        let bytes: Vec<u8> = [1 << 60, odd, odd + 2].iter().flat_map(|v: &i64| v.to_le_bytes()).collect();
        assert_eq!(decoded("'<i8'", &bytes), Err(Inexact { at: 1, value: odd.into() }));
        assert_eq!(decoded("'<u8'", &[0xff; 8]), Err(Inexact { at: 0, value: u64::MAX.into() }));
        assert_eq!(decoded("'<i8'", &i64::MAX.to_le_bytes()), Err(Inexact { at: 0, value: i64::MAX.into() }));
        assert_eq!(decoded("'<i8'", &i64::MIN.to_le_bytes()), Ok(vec![-(2.0_f64.powi(63))]));
    }

    #[test]
    fn records_are_gathered_by_row_and_padding_is_skipped() {
        let descr = "[('a', '|u1'), ('', '|V3'), (('title', 'b'), '>f4'), ('c', '<i8')]";
        let item = |a: u8, b: f32, c: i64| [&[a, 9, 9, 9][..], &b.to_be_bytes(), &c.to_le_bytes()].concat();
        let bytes = [item(1, 0.5, -3), item(2, 1.5, 4)].concat();
        assert_eq!(decoded(descr, &bytes), Ok(vec![1.0, 0.5, -3.0, 2.0, 1.5, 4.0]));
        assert_eq!(dtype(descr).names.unwrap(), ["a", "b", "c"]);
        // The first in the order of rows, not of fields.
        let odd = (1_i64 << 53) + 1;
        let pairs = [[0, odd], [odd, odd]];
        let bytes: Vec<u8> = pairs.iter().flatten().flat_map(|v: &i64| v.to_le_bytes()).collect();
        let twice = "[('a', '<i8'), ('b', '<i8')]";
        assert_eq!(decoded(twice, &bytes), Err(Inexact { at: 1, value: odd.into() }));
    }
}
