//! What layers that are fitted to data share.

use ndarray::ArrayView1;
use pdmap_core::{LayerError, LayerSpec, Real, Result};

/// A layer that is fitted to all training rows cannot stand among those that are trained.
pub(super) fn fitted(spec: &LayerSpec) -> LayerError {
    let reason = "it is fitted to the training rows: name it under `preprocess`";
    LayerError::NotBuildable { kind: spec.kind.clone(), reason }
}

/// Positive and finite deviations.
pub(super) fn positive<F: Real>(deviation: ArrayView1<'_, F>) -> Result<()> {
    match deviation.iter().position(|s| !(s.f64() > 0.0 && s.f64().is_finite())) {
        Some(index) => Err(LayerError::NotPositive { index, value: deviation[index].f64() }),
        None => Ok(()),
    }
}
