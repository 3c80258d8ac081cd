//! Converts little-endian bytes to numbers.

use super::npy_header::Dtype;
use crate::element::{Element, cast};

/// Bytes converted at a time; a multiple of both element sizes.
pub(crate) const CHUNK: usize = 1 << 20;

/// Appends the elements in `bytes`, whose length is a multiple of the element size.
pub(crate) fn decode<F: Element>(bytes: &[u8], dtype: Dtype, values: &mut Vec<F>) {
    let first = values.len();
    values.resize(first + bytes.len() / dtype.size(), F::zero());
    decode_into(bytes, dtype, &mut values[first..]);
}

/// Fills `values` with the elements in `bytes`; the counts match.
pub(crate) fn decode_into<F: Element>(bytes: &[u8], dtype: Dtype, values: &mut [F]) {
    match dtype {
        Dtype::F32 => {
            let (words, _) = bytes.as_chunks::<4>();
            for (value, &word) in values.iter_mut().zip(words) {
                *value = cast(f64::from(f32::from_le_bytes(word)));
            }
        }
        Dtype::F64 => {
            let (words, _) = bytes.as_chunks::<8>();
            for (value, &word) in values.iter_mut().zip(words) {
                *value = cast(f64::from_le_bytes(word));
            }
        }
    }
}
