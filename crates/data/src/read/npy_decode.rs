//! Little-endian bytes into numbers.

use super::npy_header::Dtype;
use crate::element::{Element, cast};

/// Appends the elements that `bytes` hold; their number is a multiple of the element's size.
pub(crate) fn decode<F: Element>(bytes: &[u8], dtype: Dtype, values: &mut Vec<F>) {
    let first = values.len();
    values.resize(first + bytes.len() / dtype.size(), F::zero());
    decode_into(bytes, dtype, &mut values[first..]);
}

/// Fills `values` with the elements that `bytes` hold, of which there are as many.
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
