//! Helpers of layers that are fitted to data.

use ndarray::ArrayView1;
use pdmap_core::{LayerError, LayerSpec, Real, Result};

/// The error for a fitted layer among the trained layers of a description: it needs all training
/// rows.
pub(super) fn fitted(spec: &LayerSpec) -> LayerError {
    let reason = "it is fitted to the training rows: name it under `preprocess`";
    LayerError::NotBuildable { kind: spec.kind.clone(), reason }
}

/// Checks that standard deviations are positive and finite.
pub(super) fn positive<F: Real>(deviation: ArrayView1<'_, F>) -> Result<()> {
    match deviation.iter().position(|s| !(s.f64() > 0.0 && s.f64().is_finite())) {
        Some(index) => Err(LayerError::NotPositive { index, value: deviation[index].f64() }),
        None => Ok(()),
    }
}
