//! What a law of base densities is applied to.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use pdmap_core::contract::Draw;
use pdmap_core::{Base, Input, LayerError, ParametricExt, Real, Registry, Tensors};
use rand::Rng;

/// A base density, and registries that know its kind. In double precision it is the oracle for scores and
/// gradients.
#[derive(Debug)]
pub struct BaseCase<'a, F: Real> {
    base: Box<dyn Base<F>>,
    seed: u64,
    registry: &'a Registry<F>,
    wide: &'a Registry<f64>,
}

impl<'a, F: Real> BaseCase<'a, F> {
    /// A base density.
    pub fn new(base: &dyn Base<F>, registry: &'a Registry<F>, wide: &'a Registry<f64>) -> Self {
        Self { base: base.duplicate(), seed: 1, registry, wide }
    }

    /// The same with another seed for whatever a law draws.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The density.
    pub fn base(&self) -> &dyn Base<F> {
        &*self.base
    }

    /// The seed for whatever a law draws.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The registry that knows the density.
    pub(super) fn registry(&self) -> &Registry<F> {
        self.registry
    }

    /// Features of a row: those of the density, or `any` if it has any number of them.
    pub(super) fn features(&self, any: usize) -> usize {
        self.base.features().unwrap_or(any)
    }

    /// The same density in double precision.
    pub(super) fn widened(&self) -> Result<Box<dyn Base<f64>>, LayerError> {
        self.wide.restore_base(&self.base.spec(), &mut Tensors::from_iter(self.wide_tensors()))
    }

    /// The tensors in double precision.
    pub(super) fn wide_tensors(&self) -> Vec<(String, ndarray::ArrayD<f64>)> {
        let tensors = self.base.tensors().into_iter();
        tensors.map(|(name, tensor)| (name, tensor.mapv(F::f64))).collect()
    }
}

/// A condition for so many rows of a density that needs one, the same for each row.
pub(super) fn condition<F: Real>(base: &dyn Base<F>, rows: usize) -> Option<Array2<F>> {
    let width = base.conditions();
    (width > 0).then(|| Array2::from_shape_fn((rows, width), |(_, column)| F::of(0.5 - column as f64)))
}

/// Calls `body` with rows and their condition.
pub(super) fn given<F: Real, T>(base: &dyn Base<F>, z: ArrayView2<'_, F>, body: impl FnOnce(Input<'_, F>) -> T) -> T {
    let condition = condition(base, z.nrows());
    body(Input::new(z, condition.as_ref().map(|condition| condition.view())))
}

/// `log p` of each row.
pub(super) fn log_density<F: Real>(base: &dyn Base<F>, z: ArrayView2<'_, F>) -> Result<Vec<f64>, LayerError> {
    let mut out = vec![0.0; z.nrows()];
    given(base, z, |z| base.add_log_density(z, &mut out))?;
    Ok(out)
}

/// Draws at a temperature.
pub(super) fn draw_into<F: Real>(
    base: &dyn Base<F>,
    temperature: f64,
    rng: &mut dyn Rng,
    z: ArrayViewMut2<'_, F>,
) -> Result<(), LayerError> {
    let condition = condition(base, z.nrows());
    base.sample_into(Draw { temperature, condition: condition.as_ref().map(|condition| condition.view()) }, rng, z)
}

/// Rows of numbers near 0 and far out, and of 0 itself; none so near that a central difference reaches over
/// a corner at 0.
pub(super) fn points<F: Real>(features: usize) -> Array2<F> {
    let away = [0.01, 0.3, 0.9, 1.7, 4.0, 9.0, 31.0];
    let all: Vec<F> = away.iter().flat_map(|&z| [F::of(z), F::of(-z)]).chain([F::zero()]).collect();
    // Other numbers in each column.
    Array2::from_shape_fn((all.len(), features), |(row, column)| all[(row + 4 * column) % all.len()])
}
