//! Little-endian bytes into numbers.

use super::npy_header::Dtype;
use crate::element::{Element, cast};

/// Appends the elements that `bytes` hold; their number is a multiple of the element's size.
pub(crate) fn decode<F: Element>(bytes: &[u8], dtype: Dtype, values: &mut Vec<F>) {
    match dtype {
        Dtype::F32 => {
            let (words, _) = bytes.as_chunks::<4>();
            values.extend(words.iter().map(|&word| cast::<F>(f64::from(f32::from_le_bytes(word)))));
        }
        Dtype::F64 => {
            let (words, _) = bytes.as_chunks::<8>();
            values.extend(words.iter().map(|&word| cast::<F>(f64::from_le_bytes(word))));
        }
    }
}
