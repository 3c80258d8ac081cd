//! A hash of all weights.

use ndarray::ArrayD;
use pdmap_core::{Flow, ParametricExt, Real};
use xxhash_rust::xxh3::Xxh3;

use crate::rows::hash_numbers;

/// XXH3 (64 bits) of names, shapes and bits of all tensors, in hexadecimal: equal for equal
/// weights, on any number of threads.
pub fn weights_hash<F: Real>(flow: &Flow<F>) -> String {
    hash_with(flow, &[])
}

/// The same of a flow and other tensors.
pub(crate) fn hash_with<F: Real>(flow: &Flow<F>, others: &[(String, ArrayD<f64>)]) -> String {
    let mut hash = Xxh3::new();
    hash.update(F::DTYPE.as_bytes());
    for (name, tensor) in flow.tensors() {
        add(&mut hash, &name, &tensor);
    }
    others.iter().for_each(|(name, tensor)| add(&mut hash, name, tensor));
    format!("{:016x}", hash.digest())
}

fn add<F: Real>(hash: &mut Xxh3, name: &str, tensor: &ArrayD<F>) {
    hash.update(name.as_bytes());
    tensor.shape().iter().for_each(|&size| hash.update(&(size as u64).to_le_bytes()));
    hash_numbers(hash, tensor.iter());
}
