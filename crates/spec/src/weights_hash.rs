//! A hash of all weights.

use pdmap_core::{Flow, ParametricExt, Real};
use xxhash_rust::xxh3::Xxh3;

use crate::rows::hash_numbers;

/// XXH3 (64 bits) of names, shapes and bits of all tensors, in hexadecimal: equal for equal
/// weights, on any number of threads.
pub fn weights_hash<F: Real>(flow: &Flow<F>) -> String {
    let mut hash = Xxh3::new();
    hash.update(F::DTYPE.as_bytes());
    for (name, tensor) in flow.tensors() {
        hash.update(name.as_bytes());
        tensor.shape().iter().for_each(|&size| hash.update(&(size as u64).to_le_bytes()));
        hash_numbers(&mut hash, tensor.iter());
    }
    format!("{:016x}", hash.digest())
}
