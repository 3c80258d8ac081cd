//! The contract of elementwise functions.

use std::fmt::Debug;

use pdmap_core::{Real, Result, parallel};
use serde::{Serialize, de::DeserializeOwned};

/// A strictly increasing scalar function with a positive slope everywhere.
pub trait Activation: Clone + Debug + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// Name in the registry.
    const KIND: &'static str;

    /// Number of partial sums of log-slopes. 1 sums them in order.
    const LANES: usize = parallel::LANES;

    /// Checks that the options are in their ranges.
    ///
    /// # Errors
    /// [`LayerError::Range`](pdmap_core::LayerError::Range).
    fn validate(&self) -> Result<()>;

    /// `f(x)`.
    fn value<F: Real>(&self, x: F) -> F;

    /// `f(x)` and `log f'(x)`.
    fn value_and_log_slope<F: Real>(&self, x: F) -> (F, f64);

    /// `f'(x)` and `d log f'(x) / dx`.
    fn slope_and_curvature<F: Real>(&self, x: F) -> (F, F);

    /// `f⁻¹(y)`, to full precision.
    fn inverse<F: Real>(&self, y: F) -> F;

    /// `x = f⁻¹(y)` and `log f'(x)`.
    #[inline(always)]
    fn inverse_and_log_slope<F: Real>(&self, y: F) -> (F, f64) {
        let x = self.inverse(y);
        (x, self.value_and_log_slope(x).1)
    }

    /// `∂/∂x` of `dy·f(x) + log f'(x)`.
    #[inline(always)]
    fn gradient<F: Real>(&self, x: F, dy: F) -> F {
        let (slope, curvature) = self.slope_and_curvature(x);
        dy * slope + curvature
    }

    /// `∂/∂y` of `dx·f⁻¹(y) − log f'(f⁻¹(y))`, where `x = f⁻¹(y)`.
    #[inline(always)]
    fn inverse_gradient<F: Real>(&self, y: F, x: F, dx: F) -> F {
        let _ = y;
        let (slope, curvature) = self.slope_and_curvature(x);
        (dx - curvature) / slope
    }
}
