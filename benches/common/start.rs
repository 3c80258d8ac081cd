//! Initial weights and batches that are cheap at any size.

use anyhow::Result;
use ndarray::{Array1, Array2, ArrayD, Ix1};
use pdmap::{Architecture, Flow, ParametricExt, Preprocess, Preset, Real, base, registry};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Number of batches that the steps cycle through. On a single batch a flow overfits without bound,
/// and its guard does work that is absent in training.
pub(crate) const BATCHES: usize = 32;

/// Standard normal batches.
pub(crate) fn batches<F: Real>(features: usize, batch: usize, seed: u64) -> Result<Vec<Array2<F>>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..BATCHES).map(|_| Ok(base::draw(&base::Normal, batch, features, &mut rng)?)).collect()
}

/// `I − 2 v vᵀ` for a random unit vector `v`: orthonormal, dense, and O(D²), whereas a Haar matrix
/// costs O(D³).
pub(crate) fn reflection<F: Real>(features: usize, seed: u64) -> Result<Array2<F>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let v: Array1<f64> = base::draw::<f64>(&base::Normal, 1, features, &mut rng)?.row(0).to_owned();
    let scale = 2.0 / v.dot(&v);
    Ok(Array2::from_shape_fn((features, features), |(i, j)| F::of(f64::from(u8::from(i == j)) - scale * v[i] * v[j])))
}

/// The flow of a preset, with reflections as its matrices. The layers come from building the preset
/// at a small size, so changes of the preset are reflected in the timing.
pub(crate) fn flow<F: Real>(preset: Preset, features: usize) -> Result<Flow<F>> {
    let small: Flow<F> = preset.build(Array2::zeros((4, 2)).view(), Preprocess::None, Architecture::default(), 1)?;
    let mut tensors = Vec::new();
    for (index, (name, tensor)) in small.tensors().into_iter().enumerate() {
        let grown: ArrayD<F> = match tensor.into_dimensionality::<Ix1>() {
            Ok(vector) => Array1::from_elem(features, vector[0]).into_dyn(),
            Err(_) => reflection(features, index as u64)?.into_dyn(),
        };
        tensors.push((name, grown));
    }
    let tensors = tensors.into_iter().collect();
    Ok(Flow::restore(features, &small.chain().specs(), &small.base().spec(), tensors, &registry())?)
}
