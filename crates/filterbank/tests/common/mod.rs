//! What the tests of banks share: fixtures, random signals, distances.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use ndarray::{Array, ArrayD, ArrayView, Dimension, IxDyn};
use pdmap_core::flow::base::{Normal, draw};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// Numbers of a fixture.
pub(crate) struct Fixture(Value);

impl Fixture {
    pub(crate) fn read(name: &str) -> Self {
        let path = format!("{}/../filterbank/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
        Self(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    /// The array at a path such as `banks/dct2_8`; its shape is that of the nested lists.
    pub(crate) fn array(&self, path: &str) -> ArrayD<f64> {
        let (mut shape, mut numbers) = (vec![], vec![]);
        let value = self.0.pointer(&format!("/{path}")).unwrap_or_else(|| panic!("no {path} in the fixture"));
        let mut level = value;
        while let Value::Array(list) = level {
            shape.push(list.len());
            level = &list[0];
        }
        flatten(value, &mut numbers);
        ArrayD::from_shape_vec(IxDyn(&shape), numbers).unwrap()
    }

    pub(crate) fn number(&self, path: &str) -> f64 {
        self.0.pointer(&format!("/{path}")).unwrap().as_f64().unwrap()
    }

    pub(crate) fn keys(&self, path: &str) -> Vec<String> {
        self.0.pointer(&format!("/{path}")).unwrap().as_object().unwrap().keys().cloned().collect()
    }
}

fn flatten(value: &Value, numbers: &mut Vec<f64>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| flatten(value, numbers)),
        other => numbers.push(other.as_f64().unwrap()),
    }
}

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Standard normal numbers.
pub(crate) fn normal(shape: &[usize], seed: u64) -> ArrayD<f64> {
    let size = shape.iter().product();
    let sample = draw::<f64>(&Normal, 1, size, &mut rng(seed)).unwrap();
    ArrayD::from_shape_vec(IxDyn(shape), sample.into_raw_vec_and_offset().0).unwrap()
}

/// `max|a − b|`; NaN where a number is, infinite where the shapes differ.
pub(crate) fn distance<D: Dimension, E: Dimension>(a: ArrayView<'_, f64, D>, b: ArrayView<'_, f64, E>) -> f64 {
    if a.shape() != b.shape() {
        return f64::INFINITY;
    }
    a.iter()
        .zip(b.iter())
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |worst, d| if f64::is_nan(worst) || d.is_nan() { f64::NAN } else { f64::max(worst, d) })
}

pub(crate) fn dot<D: Dimension>(a: &Array<f64, D>, b: &Array<f64, D>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
