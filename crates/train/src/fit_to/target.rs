//! An unnormalized density as the base density of a flow.

use std::fmt::{Debug, Formatter};
use std::sync::Arc;

use ndarray::{ArrayView1, ArrayViewMut1, ArrayViewMut2};
use pdmap_core::contract::{Draw, Out};
use pdmap_core::{Base, BaseSpec, Input, LayerError, Parametric, Real, Result};
use rand::Rng;

/// `log p̃(x)` of a row, in nats.
type LogDensity<F> = Arc<dyn Fn(ArrayView1<'_, F>) -> f64 + Send + Sync>;

/// Writes `∂ log p̃/∂x` of a row.
type Gradient<F> = Arc<dyn Fn(ArrayView1<'_, F>, ArrayViewMut1<'_, F>) + Send + Sync>;

/// A density up to a factor, with its gradient.
#[derive(Clone)]
pub(super) struct Target<F> {
    features: usize,
    log_density: LogDensity<F>,
    gradient: Gradient<F>,
}

/// Its name in errors; it is in no registry, since closures cannot be saved.
const KIND: &str = "unnormalized";

impl<F: Real> Target<F> {
    pub(super) fn new(
        features: usize,
        log_density: impl Fn(ArrayView1<'_, F>) -> f64 + Send + Sync + 'static,
        gradient: impl Fn(ArrayView1<'_, F>, ArrayViewMut1<'_, F>) + Send + Sync + 'static,
    ) -> Self {
        Self { features, log_density: Arc::new(log_density), gradient: Arc::new(gradient) }
    }

    pub(super) fn log_density(&self, x: ArrayView1<'_, F>) -> f64 {
        (self.log_density)(x)
    }
}

impl<F> Debug for Target<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(KIND)
    }
}

impl<F: Real> Parametric<F> for Target<F> {}

impl<F: Real> Base<F> for Target<F> {
    fn spec(&self) -> BaseSpec {
        BaseSpec::plain(KIND)
    }

    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()> {
        out.iter_mut().zip(z.x.rows()).for_each(|(out, row)| *out += self.log_density(row));
        Ok(())
    }

    fn score(&self, z: Input<'_, F>, mut delta: ArrayViewMut2<'_, F>) -> Result<()> {
        for (row, delta) in z.x.rows().into_iter().zip(delta.rows_mut()) {
            (self.gradient)(row, delta);
        }
        Ok(())
    }

    fn sample_into(&self, _: Draw<'_, F>, _: &mut dyn Rng, _: Out<F>) -> Result<()> {
        let reason = "an unnormalized density has no sampler: draw from the flow that was fitted to it";
        Err(LayerError::NotBuildable { kind: KIND.to_owned(), reason })
    }
}
